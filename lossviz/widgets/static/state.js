// The explorer's one state: a plain object, and pure functions from one state to the next.
//
//   loss         name of the loss shown
//   parameters   name → value
//   tensors      name → nested lists: what the loss trains beside the points
//   trains       whether Step and Play train those too
//   situation    index into spec.situations
//   points       one position per sentence
//   chosen       index of the point whose loss is drawn behind it
//   lit          {kind: "point" | "term", index} that is touched, or null
//   tab          "chart" | "mask"
//   rate         the step size: how far Step goes against the gradient; null until the first result sets a calm one
//   calm         that first step size
//   playing      whether Play runs
//   origin       where the points stood when the run began: since the last move by hand
//   history      the loss before each step of this run
//   posed        index of the situation whose question is asked, or was answered
//   asked        whether that question waits for its answer
//   guess        the reader's answer: an option's index, indices of terms, an arrow; null for none
//   runs         the runs of other losses from the same origin: [{loss, history}]

import { descend, ontoCircle } from "./geometry.js";
import { descended } from "./tensors.js";

export const LONGEST_PLAY = 400;
const FARTHEST = 100; // beyond it a step size is too large for good: the points fly apart, faster at every step

export const lossOf = (spec, state) => spec.losses[state.loss];
export const situationOf = (spec, state) => spec.situations[state.situation];

// The points in the columns of a loss's matrix: its candidates, or all sentences of the batch.
export function columnsOf({ rows }) {
  const [anchors, ...others] = Object.values(rows);
  return others.length ? others.flat() : anchors;
}

// What chooses a lowered variant, as its key: the parameters with a list of choices, and the number of arguments.
export function variantKey(loss, situation, parameters) {
  const count = Object.keys(situation.rows).length + (situation.labels ? 1 : 0);
  return [...loss.statics.map((name) => String(parameters[name])), count].join("|");
}

// Whether a situation speaks of the loss that is shown.
const concerns = ({ loss }, state) => loss === null || loss === state.loss;

// The question that is asked or was answered, and the symptom of the batch, if it has one; null where it is about another loss.
export function questionOf(spec, state) {
  const posed = spec.situations[state.posed];
  return concerns(posed, state) ? posed.question : null;
}

export function symptomOf(spec, state) {
  const situation = situationOf(spec, state);
  return concerns(situation, state) ? situation.symptom : null;
}

export const variantOf = (spec, state) => {
  const loss = lossOf(spec, state);
  return loss.variants[variantKey(loss, situationOf(spec, state), state.parameters)];
};

export const shapeOf = (spec, state) => variantOf(spec, state).shape;

// Whether there is such a loss: a classifier that reads nothing is none.
export const exists = (spec, state, parameters) => variantKey(lossOf(spec, state), situationOf(spec, state), parameters) in lossOf(spec, state).variants;

// What the loss trains, as it was at first; another variant has tensors of its own.
const untrained = (spec, state) => ({ ...state, tensors: variantOf(spec, state).tensors });
const refitted = (spec, before, state) => (variantOf(spec, before) === variantOf(spec, state) ? state : untrained(spec, state));

// Points on the circle where the loss sees directions only.
function settled(spec, state) {
  if (shapeOf(spec, state) !== "circle" || spec.dimension !== 2) return state;
  return { ...state, points: state.points.map(ontoCircle) };
}

// A new beginning: what was run before started elsewhere and is forgotten.
const fresh = (state, points) => ({ ...state, points, origin: points, playing: false, history: [], runs: [] });

const FIRST_STEP = 0.25; // how far the first Step moves the point that moves most

// The longest gradient there is, of a point or, where it is trained, of a tensor.
function longestPull(state, result) {
  const tensors = state.trains ? Object.keys(state.tensors).map((name) => result.rowGradients[name]) : [];
  return Math.max(...[...result.pointGradients, ...tensors].map((gradient) => Math.hypot(...gradient)));
}

// A step size, to two digits, from which Play is smooth: set once for a batch and a loss, then the reader's.
export function calmed(state, result) {
  if (state.rate !== null) return state;
  const pull = longestPull(state, result);
  const calm = pull > 1e-9 ? Number((FIRST_STEP / pull).toPrecision(2)) : (state.calm ?? 1);
  return { ...state, rate: calm, calm };
}

// A situation from its start, with the loss's own parameters and those that the situation needs.
export function enter(spec, before, index) {
  const situation = spec.situations[index];
  const state = situation.loss && situation.loss !== before.loss ? switchLoss(spec, before, situation.loss) : before;
  const parameters = { ...lossOf(spec, state).parameters, ...known(spec, state, situation.parameters) };
  const question = { posed: index, asked: situation.question !== null, guess: null };
  const entered = { ...state, ...question, parameters, rate: null, situation: index, chosen: situation.chosen, lit: null };
  return untrained(spec, settled(spec, fresh(entered, situation.points)));
}

export const alike = (one, other) => String(one) === String(other); // a choice may be a list

// Whether nothing has moved or been set since the situation was entered.
export function asItBegan(spec, state) {
  const { points, parameters } = enter(spec, state, state.situation);
  const stands = points.every((point, k) => Math.hypot(...point.map((value, axis) => value - state.points[k][axis])) < 1e-6);
  return stands && Object.keys(parameters).every((name) => alike(parameters[name], state.parameters[name]));
}

// Of the parameters given those that a loss can be set to here: its numbers, and what chooses its variant.
const settable = (loss, parameters) =>
  Object.fromEntries(Object.entries(parameters).filter(([name]) => loss.statics.includes(name) || typeof loss.parameters[name] === "number"));
const known = (spec, state, parameters) => settable(lossOf(spec, state), parameters);

export const reset = (spec, state) => enter(spec, state, state.situation);

// Another loss on the same batch, from where this one's run began; parameters that both have stay as they are.
export function switchLoss(spec, state, name) {
  if (name === state.loss) return state;
  const runs = state.runs.filter((run) => run.loss !== name && run.loss !== state.loss);
  if (state.history.length > 1) runs.push({ loss: state.loss, history: state.history });
  const next = { ...state, loss: name, parameters: { ...spec.losses[name].parameters, ...settable(spec.losses[name], state.parameters) }, rate: null, playing: false, history: [], runs };
  return untrained(spec, settled(spec, { ...next, asked: state.asked && questionOf(spec, next) !== null, points: state.origin, lit: null }));
}

export const answer = (state, guess) => ({ ...state, asked: false, guess: guess === undefined ? state.guess : guess });

// A term marked as active, or no longer.
export function mark(state, index) {
  const marked = state.guess ?? [];
  return { ...state, guess: marked.includes(index) ? marked.filter((each) => each !== index) : [...marked, index] };
}

export const sketch = (state, arrow) => ({ ...state, guess: arrow });

// What the answer to a question looks like; question and answer stay beside it.
export function demonstrate(spec, state) {
  const { posed, guess } = state;
  return { ...apply(spec, state, questionOf(spec, state)), posed, guess, asked: false };
}

// What an answer or a cure changes: another batch, another loss, other parameters, points elsewhere; with a new step size,
// because the old one may come from a state in which nothing pulled.
export function apply(spec, before, { situation, loss, parameters, moves }) {
  const index = spec.situations.findIndex(({ name }) => name === situation);
  const there = index < 0 ? before : enter(spec, before, index);
  const state = loss ? switchLoss(spec, there, loss) : there;
  const points = state.points.map((point, k) => moves[k] ?? point);
  return refitted(spec, state, settled(spec, fresh({ ...state, rate: null, parameters: { ...state.parameters, ...known(spec, state, parameters) } }, points)));
}

export function move(spec, state, index, position) {
  const place = shapeOf(spec, state) === "circle" ? ontoCircle(position) : position;
  return { ...fresh(state, state.points.map((point, k) => (k === index ? place : point))), chosen: index };
}

export function setParameter(spec, state, name, value) {
  const parameters = { ...state.parameters, [name]: value };
  if (!exists(spec, state, parameters)) return state;
  const rate = lossOf(spec, state).statics.includes(name) ? null : state.rate; // another distance has another length
  return refitted(spec, state, settled(spec, fresh({ ...state, rate, parameters }, state.points)));
}

// Whether Step trains the loss's tensors too; what is then longest is another gradient, so the step size is set anew.
export const train = (state, trains) => ({ ...state, trains, rate: null });

export const choose = (state, index) => (state.chosen === index ? state : { ...state, chosen: index });

export function light(state, lit) {
  const same = lit?.kind === state.lit?.kind && lit?.index === state.lit?.index;
  return same ? state : { ...state, lit };
}

// One step of gradient descent, all points at once, with the loss it started from remembered.
export function step(spec, state, result) {
  const shape = shapeOf(spec, state);
  const points = state.points.map((point, k) => descend(point, result.pointGradients[k], state.rate, shape));
  const trained = Object.entries(state.tensors).map(([name, tensor]) => [name, descended(tensor, result.rowGradients[name], state.rate)]);
  return { ...state, points, tensors: state.trains ? Object.fromEntries(trained) : state.tensors, history: [...state.history, result.loss] };
}

// Play ends where nothing pulls any more, where the points fly apart, or after LONGEST_PLAY steps.
export function finished(state, result) {
  if (state.points.some((point) => Math.hypot(...point) > FARTHEST)) return true;
  return longestPull(state, result) * state.rate < 1e-4 || state.history.length >= LONGEST_PLAY;
}
