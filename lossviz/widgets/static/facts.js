// What the page finds out for the question that is posed, while it waits and when it was answered: what is so before
// and after a choice's changes, where a point will be, how far a task is. The engine computes it, in idle time.

import { TAU, angleOf, atAngle, lengthOf, turn } from "./geometry.js";
import { createNumbers, isAtOnce, numberAtOnce, sceneAt } from "./quantities.js";
import { findRun } from "./run.js";
import { createScan } from "./scan.js";
import { demonstrate, enter, lastingOf, questionOf, switchLoss } from "./state.js";

const keyOf = (state) => JSON.stringify(lastingOf(state));

// ---- where a ghost should stand

// How far two places are from each other: degrees on the circle, units in the plane.
export const apart = (one, other, shape) =>
  (shape === "circle"
    ? (Math.abs(turn(angleOf(one), angleOf(other))) * 360) / TAU
    : lengthOf(one.map((value, axis) => value - other[axis])));

export const nearestTo = (place, places, shape) =>
  places.toSorted((one, other) => apart(place, one, shape) - apart(place, other, shape))[0];

// ---- what each kind needs, as answers of a scan

// By the kind of a question: find(question, state, signal) → what is so; null where it was given up.
function createFinders(spec, engine) {
  const { numberOf, hardest } = createNumbers(engine);

  async function numbersAt(state, quantities, signal) {
    const scene = await sceneAt(spec, engine, state, signal);
    const numbers = [];
    for (const quantity of quantities) numbers.push(scene && await numberOf(scene, quantity, signal));
    return numbers;
  }

  return {
    async choice({ keys }, state, signal) {
      const quantities = keys.map(({ quantity }) => quantity);
      const before = await numbersAt(state, quantities, signal);
      const after = await numbersAt(demonstrate(spec, state), quantities, signal);
      return { numbers: keys.map((_, k) => ({ before: before[k], now: after[k] })) };
    },
    async place({ point, truth, pushing }, state, signal) {
      if (truth === "rest") return { places: [(await findRun(spec, engine, state)).frames.at(-1).points[point]] };
      const scene = await sceneAt(spec, engine, state, signal);
      const most = scene && await hardest(scene, pushing, point, signal);
      return most && { places: most.peaks.map(({ angle }) => atAngle(angle)) };
    },
    async reach({ goal }, state, signal) {
      const asked = goal.map(({ quantity }) => quantity).filter((quantity) => !isAtOnce(quantity));
      return { asked: await numbersAt(state, asked, signal) };
    },
  };
}

async function* found(find, question, state, key, signal) {
  const facts = await find(question, state, signal);
  if (facts && !signal.aborted) yield { ...facts, key };
}

export function createFacts(spec, engine, late) {
  const [scan, finders] = [createScan(late), createFinders(spec, engine)];
  let origin = null; // the state that was asked about: what moves after the answer is no part of it

  // The state that is judged: of a task the one that is shown; else the one that was asked about, or the start of the
  // situation where another loss is asked the same.
  function stateOf(question, state) {
    if (state.asked) origin = state;
    if (question.kind === "reach" || state.asked) return state;
    if (origin?.posed === state.posed && origin.loss === state.loss) return origin;
    return switchLoss(spec, enter(spec, state, state.posed), state.loss);
  }

  const needs = ({ kind, keys }) => Object.hasOwn(finders, kind) && (kind !== "choice" || keys.length);

  // {numbers} of a choice, {places} for a ghost, {numbers} of a task with `current`: whether they are of this very
  // state. Null where nothing is known yet, or nothing is needed.
  return function facts(scene) {
    const { state } = scene;
    const question = questionOf(spec, state);
    if (!question || !needs(question)) return scan(null);
    const judged = stateOf(question, state);
    const key = keyOf(judged);
    const task = question.kind === "reach";
    if (task && question.goal.every(({ quantity }) => isAtOnce(quantity))) {
      return { numbers: question.goal.map(({ quantity }) => numberAtOnce(scene, quantity)), current: true };
    }
    const subject = JSON.stringify([state.posed, state.loss, task ? null : key]);
    const find = finders[question.kind];
    const known = scan({ subject, key, answers: (signal) => found(find, question, judged, key, signal) });
    if (!known || !task) return known;
    const asked = [...known.asked];
    const numbers = question.goal.map(({ quantity }) =>
      (isAtOnce(quantity) ? numberAtOnce(scene, quantity) : asked.shift()));
    return { numbers, current: known.key === key };
  };
}
