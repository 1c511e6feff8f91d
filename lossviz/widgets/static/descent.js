// Gradient descent as training does it: one step size for a run. Pure functions over frames, {points, tensors, loss}:
// the steps, and which of several runs is the one to watch.

import { descend, lengthOf } from "./geometry.js";
import { descended, flat } from "./tensors.js";

export const LONGEST = 400; // steps
export const SHORTEST = 30; // steps in which most of the way can be watched
const MOST = 0.9; // of the way
const STEEPEST = 0.3; // of the fall of a run that one step may take: else there is nothing to watch
const FRAMES = 2 ** 22; // numbers that the points of all frames have at most
const STILL = 5e-5; // a step that moves nothing farther is the last: it cannot be seen
const FARTHEST = 100; // beyond it the points fly apart, faster at every step
const FARTHEST_STEP = 0.5; // that a typical gradient may move a point
const RUNGS = 8; // step sizes tried, three to a power of ten
const RISES = 0.01; // of what a run falls it may rise, all its rises together
const JUMP = 3; // times what its slope tells: so much more is no slope, but other terms that count

// ---- one step

const moves = (before, after) => lengthOf(before.map((value, k) => value - after[k]));

// Against the gradients, all points at once.
export function stepped({ points, tensors }, { pointGradients, rowGradients }, { rate, shape, trains }) {
  const after = ([name, tensor]) => [name, trains ? descended(tensor, rowGradients[name], rate) : tensor];
  return {
    points: points.map((point, k) => descend(point, pointGradients[k], rate, shape)),
    tensors: Object.fromEntries(Object.entries(tensors).map(after)),
  };
}

// How far each point moves between two frames, and what is trained beside them.
function movements(before, after) {
  const trained = Object.keys(before.tensors).map((name) =>
    moves([...flat(before.tensors[name])], flat(after.tensors[name])));
  return [...before.points.map((point, k) => moves(point, after.points[k])), ...trained];
}

export const movement = (before, after) => Math.max(...movements(before, after));

export const apart = ({ points }, farthest = FARTHEST) => points.some((point) => lengthOf(point) > farthest);

const sizeOf = (points) => points.length * points[0].length;

// What an engine is asked to do: so many steps of one size.
export function descentOf({ points, trains }, shape, rate) {
  const steps = Math.min(LONGEST, Math.floor(FRAMES / sizeOf(points)));
  return { rate, steps, shape, trains, least: STILL, farthest: FARTHEST };
}

// ---- step sizes

// The longest gradient there is, of a point or, where it is trained, of a tensor.
export function longestPull({ trains, tensors }, { pointGradients, rowGradients }) {
  const trained = trains ? Object.keys(tensors).map((name) => rowGradients[name]) : [];
  return Math.max(...[...pointGradients, ...trained].map(lengthOf));
}

// The same points, each somewhere else: what this batch may come to look like.
export function scattered(points, count) {
  const size = points.reduce((sum, point) => sum + lengthOf(point), 0) / points.length || 1;
  let seed = 1;
  const next = () => (seed = (seed * 1664525 + 1013904223) % 2 ** 32) / 2 ** 31 - 1;
  const anywhere = (point) => {
    const place = point.map(next);
    const length = lengthOf(place) || 1;
    return place.map((value) => (value * size) / length);
  };
  return Array.from({ length: count }, () => points.map(anywhere));
}

// The step sizes to try, largest first: 1, 2 or 5 times a power of ten, none so large that a typical gradient moves a
// point too far. A small gradient makes small steps.
export function stepSizes(typical) {
  const highest = typical > 0 ? FARTHEST_STEP / typical : 1;
  const power = Math.floor(Math.log10(highest)) + 1;
  const all = Array.from({ length: RUNGS + 5 }, (_, k) => [5, 2, 1][k % 3] * 10 ** (power - Math.floor(k / 3)));
  return all.map((size) => Number(size.toPrecision(1))).filter((size) => size <= highest).slice(0, RUNGS);
}

// ---- runs

// What the loss may change by at a step, by its slope: the square of the way over the step size.
const sloped = (before, after, rate) =>
  movements(before, after).reduce((sum, way) => sum + way * way, 0) / rate;

// How a run went: {rate, frames, rises, jumps, ended}. `rises` counts the steps at which the loss goes up, if together
// they matter; `jumps` those at which it changes by much more than its slope tells.
export function runOf(frames, { rate, steps }) {
  const taken = frames.length - 1;
  const changes = Array.from({ length: taken }, (_, k) => frames[k + 1].loss - frames[k].loss);
  const ups = changes.filter((change) => change > 0);
  const fall = frames[0].loss - frames[taken].loss;
  const isCalm = ups.reduce((sum, up) => sum + up, 0) <= RISES * fall || Math.max(0, ...ups) < 1e-12;
  const jumps = changes.filter((change, k) => Math.abs(change) > RISES * Math.abs(frames[0].loss)
    && Math.abs(change) > JUMP * sloped(frames[k], frames[k + 1], rate));
  return {
    rate, frames, rises: isCalm ? 0 : ups.length, jumps: jumps.length,
    ended: endOf(frames, steps), when: whenOf(frames),
  };
}

// A training that was watched, as a run: nothing of it is computed here.
export const filmed = ({ steps, frames }) =>
  ({ rate: null, steps, frames, rises: 0, jumps: 0, ended: "filmed", when: whenOf(frames) });

// When each frame is due, as a share of the time that the run is played: half of it is even, half goes by the way made.
function whenOf(frames) {
  const ways = frames.slice(1).map((frame, k) => movement(frames[k], frame));
  const whole = ways.reduce((sum, way) => sum + way, 0) || 1;
  let sum = 0;
  return [0, ...ways.map((way) => (sum += 0.5 / ways.length + (0.5 * way) / whole))];
}

function endOf(frames, steps) {
  const taken = frames.length - 1;
  if (taken === 0) return "still";
  if (apart(frames[taken])) return "apart";
  if (taken < steps) return "arrived";
  return frames[taken].loss < frames[Math.floor(0.9 * taken)].loss ? "falling" : "restless";
}

const last = ({ frames }) => frames[frames.length - 1].loss;

// In how many steps most of the way is made, as far as that matters.
function watchable({ frames, when }) {
  const steps = frames.length - 1;
  const isMost = (share, k) => 2 * share - k / steps >= MOST; // what is not even of it is the way
  return Math.min(SHORTEST, when.findIndex(isMost));
}

// Whether no step takes too much of the fall; where the loss jumps, one does at any step size.
function isGradual({ frames, jumps }) {
  const fall = frames[0].loss - frames[frames.length - 1].loss;
  return jumps > 0 || frames.every(({ loss }, k) => k === 0 || frames[k - 1].loss - loss <= STEEPEST * fall);
}

export const isGood = (run) =>
  run.rises === 0 && run.ended !== "apart" && watchable(run) === SHORTEST && isGradual(run);

// Whether a run is better to watch than another, which is none of the good ones: long enough; then the lower.
export function isBetter(run, other) {
  if (isGood(run) || other === null) return true;
  const [steps, others] = [run, other].map(watchable);
  return steps === others ? last(run) < last(other) - RISES * (other.frames[0].loss - last(other)) : steps > others;
}

// Whether a run can go on from its end: it moves, and there is room for as many frames again.
export const goesOn = ({ ended, frames }) =>
  ["falling", "restless"].includes(ended) && (frames.length + LONGEST) * sizeOf(frames[0].points) <= FRAMES;

// The frames of a run that goes on where another stopped.
export const joined = (run, more) =>
  runOf([...run.frames, ...more.frames.slice(1)], { rate: run.rate, steps: run.frames.length - 1 + LONGEST });
