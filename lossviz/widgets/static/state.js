// The explorer's one state: what lasts and what passes (types.d.ts says what is in each), and pure functions from one
// state to the next. What does not exist (a point, a term, a situation that the batch or the explorer has not got)
// changes nothing: the same state comes back.

import { descend, lengthOf, ontoCircle } from "./geometry.js";
import { descended } from "./tensors.js";

const LONGEST_PLAY = 400;
const FARTHEST = 100; // beyond it a step size is too large for good: the points fly apart, faster at every step
const FIRST_STEP = 0.25; // how far the first Step moves the point that moves most
const PACES = [0.1, 10]; // the slowest and the fastest, of the calm step

// ---- what a state is about

export const lossOf = (spec, state) => spec.losses[state.loss];
export const situationOf = (spec, state) => spec.situations[state.situation];

// Whether two values of a parameter are the same; a choice may be a list.
export function alike(one, other) {
  if (Object.is(one, other)) return true;
  const lists = Array.isArray(one) && Array.isArray(other) && one.length === other.length;
  return lists && one.every((value, k) => alike(value, other[k]));
}

function sameRecord(one, other) {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => alike(one[name], other[name]));
}

// The lowered variant for these parameters, or undefined where there is no such loss: a classifier that reads nothing.
function variantWith(spec, state, parameters) {
  const { rows, labels } = situationOf(spec, state);
  const count = Object.keys(rows).length + (labels ? 1 : 0);
  const fits = ({ choices }) => Object.keys(choices).every((name) => alike(choices[name], parameters[name]));
  return lossOf(spec, state).variants.find((variant) => variant.count === count && fits(variant));
}

export const variantOf = (spec, state) => variantWith(spec, state, state.parameters);
export const shapeOf = (spec, state) => variantOf(spec, state).shape;
export const exists = (spec, state, parameters) => variantWith(spec, state, parameters) !== undefined;

// The points in the columns of a loss's matrix: its candidates, or all sentences of the batch.
export function columnsOf({ rows }) {
  const [anchors, ...others] = Object.values(rows);
  return others.length ? others.flat() : anchors;
}

// Whether a situation speaks of the loss that is shown.
const concerns = ({ loss }, state) => loss === null || loss === state.loss;

// The question that is asked or was answered, and the symptom of the batch, if it has one; null where it is about
// another loss.
export function questionOf(spec, state) {
  const posed = spec.situations[state.posed];
  return concerns(posed, state) ? posed.question : null;
}

export function symptomOf(spec, state) {
  const situation = situationOf(spec, state);
  return concerns(situation, state) ? situation.symptom : null;
}

const waitingFor = (spec, state, kind) => state.asked && questionOf(spec, state)?.kind === kind;

// ---- what there is

const isIndex = (index, length) => Number.isInteger(index) && index >= 0 && index < length;
const isPlace = (place, dimension) =>
  Array.isArray(place) && place.length === dimension && place.every((value) => Number.isFinite(value));

// How many terms there can be at most, by the axes of the loss: one that is not known is no longer than the matrix.
const KNOWN_AXES = /^(anchor|positive|negative|triplet|.*pair)$/;

function mostTerms(spec, state) {
  const situation = situationOf(spec, state);
  const batch = Object.values(situation.rows)[0].length;
  const widest = Math.max(batch, columnsOf(situation).length);
  const lengthOf = (axis) => (axis === "direction" ? 2 : KNOWN_AXES.test(axis) ? batch : widest);
  return lossOf(spec, state).axes.reduce((product, axis) => product * lengthOf(axis), 1);
}

function canBeLit(spec, state, lit) {
  const { rows } = situationOf(spec, state);
  const lengths = { point: state.points.length, term: mostTerms(spec, state), pair: Object.values(rows)[0].length };
  return Object.hasOwn(lengths, lit.kind) && isIndex(lit.index, lengths[lit.kind]);
}

// ---- what lasts

const LASTING = ["loss", "parameters", "tensors", "situation", "points"];

export const lastingOf = (state) => Object.fromEntries(LASTING.map((name) => [name, state[name]]));

// Whether two states are the same in what lasts: most often the very same objects.
export function sameLasting(one, other) {
  const plain = (name) => (name === "parameters" || name === "tensors" ? sameRecord : alike);
  return LASTING.every((name) => one[name] === other[name] || plain(name)(one[name], other[name]));
}

// The calm step is measured anew in this state, and the reader's factor of it is forgotten.
const repaced = (state) => ({ ...state, pace: 1, paced: lastingOf(state) });

// The state of an explorer that begins with what lasts; what passes of one that stood before stays where it still makes
// sense.
export function begin(spec, lasting, before = null) {
  if (before && sameLasting(before, lasting)) return before;
  const { chosen, question } = situationOf(spec, lasting);
  const run = { playing: false, origin: lasting.points, history: [], runs: [] };
  if (before?.situation === lasting.situation) {
    const state = { ...before, ...lasting, ...run };
    const next = { ...state, asked: state.asked && questionOf(spec, state) !== null };
    return variantOf(spec, before) === variantOf(spec, next) ? next : repaced({ ...next, lit: null });
  }
  const { tab, trains } = before ?? { tab: "chart", trains: true };
  const posed = { posed: lasting.situation, asked: question !== null, guess: null };
  const state = { ...lasting, ...run, ...posed, chosen, lit: null, tab, trains };
  return repaced({ ...state, asked: state.asked && questionOf(spec, state) !== null });
}

// ---- a situation and its loss

// A new beginning: what was run before started elsewhere and is forgotten.
const fresh = (state, points) => ({ ...state, points, origin: points, playing: false, history: [], runs: [] });

// Points on the circle where the loss sees directions only.
function settled(spec, state) {
  if (shapeOf(spec, state) !== "circle" || spec.dimension !== 2) return state;
  return { ...state, points: state.points.map(ontoCircle) };
}

// What the loss trains, as it was at first; another variant has tensors of its own.
const untrained = (spec, state) => ({ ...state, tensors: variantOf(spec, state).tensors });
const refitted = (spec, before, state) =>
  variantOf(spec, before) === variantOf(spec, state) ? state : untrained(spec, state);

// A situation from its start, under the loss that it is about.
export function enter(spec, before, index) {
  if (!isIndex(index, spec.situations.length)) return before;
  const { loss: own, chosen, starts, question } = spec.situations[index];
  const loss = Object.hasOwn(starts, own) ? own : before.loss;
  if (!Object.hasOwn(starts, loss)) return before;
  const { points, ...start } = starts[loss];
  const asked = { posed: index, asked: question !== null, guess: null };
  return repaced(fresh({ ...before, loss, ...start, ...asked, situation: index, chosen, lit: null }, points));
}

export const reset = (spec, state) => enter(spec, state, state.situation);

// Whether nothing has moved or been set since the situation was entered.
export function asItBegan(spec, state) {
  const { points, parameters } = situationOf(spec, state).starts[state.loss];
  const near = (one, other) => lengthOf(one.map((value, axis) => value - other[axis])) < 1e-6;
  return points.every((point, k) => near(point, state.points[k])) && sameRecord(parameters, state.parameters);
}

// Of the parameters given those that a loss can be set to: its numbers, and what chooses its variant.
function settable({ parameters: own, variants }, parameters) {
  const isSettable = (name) => Object.hasOwn(variants[0].choices, name) || typeof own[name] === "number";
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => isSettable(name)));
}

// Another loss on the same batch, from where this one's run began; parameters that both have stay as they are.
export function switchLoss(spec, state, name) {
  const { starts } = situationOf(spec, state);
  if (name === state.loss || !Object.hasOwn(starts, name)) return state;
  const own = starts[name].parameters;
  const kept = { ...own, ...settable(spec.losses[name], state.parameters) };
  const parameters = exists(spec, { ...state, loss: name }, kept) ? kept : own;
  const runs = state.runs.filter((run) => run.loss !== name && run.loss !== state.loss);
  if (state.history.length > 1) runs.push({ loss: state.loss, history: state.history });
  const next = { ...state, loss: name, parameters, points: state.origin, lit: null, playing: false, history: [], runs };
  const asked = state.asked && questionOf(spec, next) !== null;
  return repaced(untrained(spec, settled(spec, { ...next, asked })));
}

// What an answer or a cure changes: another batch, another loss, other parameters, points elsewhere.
export function apply(spec, before, change) {
  if (!change) return before;
  const { situation, loss, parameters, moves } = change;
  const there = enter(spec, before, spec.situations.findIndex(({ name }) => name === situation));
  const state = loss ? switchLoss(spec, there, loss) : there;
  const changed = { ...state.parameters, ...settable(lossOf(spec, state), parameters) };
  if (!exists(spec, state, changed)) return before;
  const points = state.points.map((point, k) => moves[k] ?? point);
  return repaced(refitted(spec, state, settled(spec, fresh({ ...state, parameters: changed }, points))));
}

// ---- questions

// `guess` is the option chosen, null for "Show me", undefined for what was marked or drawn.
export function answer(spec, state, guess) {
  const question = state.asked ? questionOf(spec, state) : null;
  const known = guess === undefined || guess === null || isIndex(guess, question?.options.length ?? 0);
  if (!question || !known) return state;
  return { ...state, asked: false, guess: guess === undefined ? state.guess : guess };
}

// A term marked as active, or no longer.
export function mark(spec, state, index) {
  if (!waitingFor(spec, state, "terms") || !isIndex(index, mostTerms(spec, state))) return state;
  const marked = state.guess ?? [];
  return { ...state, guess: marked.includes(index) ? marked.filter((each) => each !== index) : [...marked, index] };
}

export const sketch = (spec, state, arrow) =>
  waitingFor(spec, state, "draw") && isPlace(arrow, 2) ? { ...state, guess: arrow } : state;

// What the answer to a question looks like; question and answer stay beside it.
export function demonstrate(spec, state) {
  const { posed, guess } = state;
  const question = questionOf(spec, state);
  return question ? { ...apply(spec, state, question), posed, guess, asked: false } : state;
}

// ---- what a reader moves and touches

export function move(spec, state, index, position) {
  if (!isIndex(index, state.points.length) || !isPlace(position, spec.dimension)) return state;
  const place = shapeOf(spec, state) === "circle" && spec.dimension === 2 ? ontoCircle(position) : position;
  return { ...fresh(state, state.points.map((point, k) => (k === index ? place : point))), chosen: index };
}

export function setParameter(spec, state, name, value) {
  if (!Object.hasOwn(settable(lossOf(spec, state), { [name]: value }), name)) return state;
  const parameters = { ...state.parameters, [name]: value };
  const number = typeof lossOf(spec, state).parameters[name] === "number" && !chooses(spec, state, name);
  if ((number && !Number.isFinite(value)) || !exists(spec, state, parameters)) return state;
  const next = refitted(spec, state, settled(spec, fresh({ ...state, parameters }, state.points)));
  return number ? next : repaced(next); // another distance has another length
}

const chooses = (spec, state, name) => Object.hasOwn(variantOf(spec, state).choices, name);

export const setPace = (spec, state, pace) =>
  Number.isFinite(pace) ? { ...state, pace: Math.min(PACES[1], Math.max(PACES[0], pace)) } : state;

// Whether Step trains the loss's tensors too; what is then longest is another gradient.
export const train = (spec, state, trains) =>
  Boolean(trains) === state.trains ? state : repaced({ ...state, trains: Boolean(trains) });

export const choose = (spec, state, index) =>
  isIndex(index, state.points.length) && index !== state.chosen ? { ...state, chosen: index } : state;

export const open = (spec, state, tab) => (["chart", "mask"].includes(tab) ? { ...state, tab } : state);

export function light(spec, state, lit) {
  if (lit && !canBeLit(spec, state, lit)) return state;
  const same = lit?.kind === state.lit?.kind && lit?.index === state.lit?.index;
  return same ? state : { ...state, lit };
}

// ---- a run

// The longest gradient there is, of a point or, where it is trained, of a tensor.
function longestPull({ trains, tensors }, { pointGradients, rowGradients }) {
  const trained = trains ? Object.keys(tensors).map((name) => rowGradients[name]) : [];
  return Math.max(...[...pointGradients, ...trained].map(lengthOf));
}

// A step size, to two digits, from which Play is smooth; the one before where nothing pulls.
export function calmStep(state, result, before = 1) {
  const pull = longestPull(state, result);
  return pull > 1e-9 ? Number((FIRST_STEP / pull).toPrecision(2)) : before;
}

// One step of gradient descent, all points at once, with the loss it started from remembered.
export function step(spec, state, { loss, pointGradients, rowGradients }, rate) {
  const shape = shapeOf(spec, state);
  const points = state.points.map((point, k) => descend(point, pointGradients[k], rate, shape));
  const after = ([name, tensor]) => [name, descended(tensor, rowGradients[name], rate)];
  const tensors = state.trains ? Object.fromEntries(Object.entries(state.tensors).map(after)) : state.tensors;
  return { ...state, points, tensors, history: [...state.history, loss] };
}

// Play ends where nothing pulls any more, where the points fly apart, or after LONGEST_PLAY steps.
export function finished(state, result, rate) {
  if (state.points.some((point) => lengthOf(point) > FARTHEST)) return true;
  return longestPull(state, result) * rate < 1e-4 || state.history.length >= LONGEST_PLAY;
}
