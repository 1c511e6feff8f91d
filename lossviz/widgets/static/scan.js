// Questions to the engine that may take longer than a frame: what happens as one point moves to other places. They are
// answered in idle time, coarse first and then finer, and what is drawn is drawn again when an answer comes.

import { idle } from "./dom.js";
import { TAU } from "./geometry.js";

// What an answer depends on: everything but where the point stands that is asked about at other places.
export function scanKey(state, point) {
  const others = state.points.map((each, index) => (index === point ? null : each));
  return JSON.stringify([state.loss, state.parameters, state.tensors, state.situation, point, others]);
}

// A grid over the plane, row by row, y growing.
export function gridPositions(size, extent) {
  const at = (k) => ((k / (size - 1)) * 2 - 1) * extent;
  return Array.from({ length: size * size }, (_, k) => [at(k % size), at(Math.floor(k / size))]);
}

// Angles once round the circle, both ends at half a turn.
export const roundAngles = (count) => Array.from({ length: count }, (_, k) => -TAU / 2 + (TAU * k) / (count - 1));

// scan(question) → the newest answer, or null where there is none yet. A question is {subject, key, answers(signal)}:
// what an answer must be about to be shown at all, all that it depends on, and an async iterable; or null for none.
// The first answer of a question is waited for, even when the next question stands, so that who drags sees it follow.
// Finer answers give way, and so does all that is about something else. `late` is called when an answer has come.
export function createScan(late) {
  let asked = null; // the newest question
  let found = null; // the newest answer
  let waiting = false; // whether the newest question is still to be put
  let running = null; // {stop, answered}: the question that is being answered

  async function put(question) {
    const { signal } = running.stop;
    for await (const answer of question.answers(signal)) {
      if (signal.aborted) return;
      found = answer;
      running.answered = true;
      late();
      if (waiting) return;
      await idle(); // the finer answer may wait, the frame may not
    }
  }

  async function work() {
    try {
      while (waiting) {
        waiting = false;
        running = { stop: new AbortController(), answered: false };
        await put(asked);
      }
    } finally {
      running = null;
    }
  }

  return function scan(question) {
    if (question?.key === asked?.key && question?.subject === asked?.subject) return found;
    const other = question?.subject !== asked?.subject;
    if (other) found = null;
    if (other || running?.answered) running?.stop.abort();
    asked = question;
    waiting = question !== null;
    if (waiting && !running) work();
    return found;
  };
}
