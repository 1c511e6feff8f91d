// Step and Play, and the scale of the arrows. A run is computed first, with the largest step size at which the loss
// goes down and which can be watched; then it is played, frame by frame.

import {
  SHORTEST, descentOf, filmed, goesOn, isBetter, isGood, joined, longestPull, runOf, scattered, stepSizes,
} from "./descent.js";
import { ownQuestion, scatter } from "./engine.js";
import * as states from "./state.js";

const PLACES = 8; // batches of the same sentences elsewhere
const [BRIEFEST, LONGEST] = [2000, 8000]; // milliseconds that a run is played, at speed 1
const EACH = 20; // milliseconds of a step, between these two
export const LONGEST_ARROW = 0.35; // of the arrows of a situation, in units of the plane
const FAINTEST = 20; // how many times smaller than a typical gradient that one is at most

// ---- gradients

// The longest gradient of a state with its points there.
async function pullAt(spec, engine, state, points) {
  const question = { ...ownQuestion(spec, state), points, gradients: true, keep: [["loss"]] };
  const [{ gradients }] = await engine.answer(question);
  const { rows } = states.situationOf(spec, state);
  const pointGradients = scatter(gradients, rows, points.length, points[0].length);
  return { points: longestPull({ tensors: {} }, { pointGradients }),
    all: longestPull(state, { pointGradients, rowGradients: gradients }) };
}

// The same with the batch's sentences anywhere: what this loss, at these parameters, may ask of a step.
async function typicalPull(spec, engine, state) {
  const all = scattered(state.points, PLACES).map((points) => pullAt(spec, engine, state, points));
  return (await Promise.all(all)).reduce((found, pull) => ({
    points: Math.max(found.points, pull.points), all: Math.max(found.all, pull.all),
  }));
}

// ---- arrows

// A situation as it begins under a loss, and what its question and its cures make of it.
function statesOf(spec, state) {
  const begun = states.switchLoss(spec, states.enter(spec, state, state.situation), state.loss);
  const { question, cures } = states.situationOf(spec, state);
  const after = [question, ...cures].map((change) => states.apply(spec, begun, change));
  return [begun, ...after.filter(({ situation, loss }) => situation === state.situation && loss === state.loss)];
}

// How long an arrow is for each unit of the gradient: one scale for a situation under a loss, whatever is moved or set.
// The longest there is what one can see well; where all are small beside what the loss can do, they look small.
export function createScales(spec, engine) {
  const known = new Map();
  const keyOf = ({ situation, loss }) => `${situation} ${loss}`;

  return {
    of: (state) => (spec.dimension === 2 ? known.get(keyOf(state)) : 1),
    async measure(state) {
      const all = statesOf(spec, state);
      const pulls = await Promise.all(all.map((each) => pullAt(spec, engine, each, each.points)));
      const typical = await typicalPull(spec, engine, all[0]);
      const longest = Math.max(...pulls.map(({ points }) => points), typical.points / FAINTEST);
      known.set(keyOf(state), longest > 0 ? Number((LONGEST_ARROW / longest).toPrecision(2)) : 1);
    },
  };
}

// ---- one run

async function descend(spec, engine, state, rate) {
  const descent = descentOf(state, states.shapeOf(spec, state), rate);
  return runOf(await engine.answer({ ...ownQuestion(spec, state), descent }), descent);
}

// The run from a state, at the step size that suits it, or the reader's multiple of that.
export async function findRun(spec, engine, state) {
  let best = null;
  const typical = await typicalPull(spec, engine, state);
  for (const rate of stepSizes(typical.all)) {
    const run = await descend(spec, engine, state, rate);
    if (isBetter(run, best)) best = run;
    if (isGood(run) || run.ended === "still") break;
  }
  return state.pace === 1 ? best : descend(spec, engine, state, best.rate * state.pace);
}

// The training that was watched, for a state that is as it began.
const filmOf = (spec, state) =>
  (spec.film && state.pace === 1 && states.asItBegan(spec, state) ? filmed(spec.film) : null);

// The run of a state, new or with more frames, so that there is a frame after the one shown, if there can be one.
async function completed(spec, engine, state) {
  const { run, at } = state;
  if (!run) return filmOf(spec, state) ?? findRun(spec, engine, state);
  if (at < states.lastOf(state) || !goesOn(run)) return run;
  return joined(run, await descend(spec, engine, state, run.rate));
}

// ---- Step and Play

// Which frame of a run is due; a page that is late skips only so many that enough are seen.
function createClock() {
  let [last, share] = [null, 0]; // when that was asked, and how much of the time of the run had passed

  return {
    stop: () => { last = null; },
    due({ when }, at, speed) {
      const now = performance.now();
      const steps = when.length - 1;
      const lasts = Math.min(LONGEST, Math.max(BRIEFEST, EACH * steps));
      share = last === null ? when[at] : share + ((now - last) / lasts) * speed;
      last = now;
      const farthest = Math.min(steps, at + Math.max(1, Math.floor(steps / SHORTEST) * Math.ceil(speed)));
      let frame = at;
      while (frame < farthest && when[frame + 1] <= share + 1e-9) frame += 1;
      share = Math.min(share, when[Math.min(steps, frame + 1)]);
      return frame;
    },
  };
}

export function createRun(spec, engine, store) {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const clock = createClock();
  let waiting = 0; // for a frame in which no step is due
  let finding = 0; // runs that are asked for: what they add is not shown yet

  // False where the reader did something else meanwhile.
  async function prepare() {
    const asked = store.state;
    finding += 1;
    const run = await completed(spec, engine, asked).finally(() => { finding -= 1; });
    const { state } = store;
    const same = states.sameLasting(asked, state) && asked.run === state.run;
    if (same && asked.pace === state.pace && asked.trains === state.trains) store.change({ ...state, run });
    else if (!state.run && state.playing) store.change({ ...state, playing: false });
    return Boolean(store.state.run);
  }

  // The next frame of Play, once the one before has been shown.
  function advance() {
    const { state } = store;
    if (!state.playing || !state.run) return clock.stop();
    const last = states.lastOf(state);
    if (state.at === last) return finding ? clock.stop() : store.change({ ...state, playing: false });
    const due = still.matches ? last : clock.due(state.run, state.at, state.speed);
    if (due > state.at) return store.change({ ...states.scrub(spec, state, due), playing: true });
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      advance();
    });
  }

  return {
    advance,
    async step() {
      if (store.state.asked || !await prepare()) return;
      const { state } = store;
      store.change(states.scrub(spec, { ...state, playing: false }, Math.min(states.lastOf(state), state.at + 1)));
    },
    async play() {
      const { state } = store;
      if (state.asked) return;
      if (state.playing) return store.change({ ...state, playing: false });
      const over = state.run && state.at === states.lastOf(state) && !goesOn(state.run);
      store.change({ ...(over ? states.scrub(spec, state, 0) : state), playing: true });
      await prepare();
    },
  };
}
