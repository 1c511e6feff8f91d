// The explorer's one state: a plain object, and pure functions from one state to the next.
//
//   loss         name of the loss shown
//   parameters   name → value
//   situation    index into spec.situations
//   points       one position per sentence
//   chosen       index of the point whose loss is drawn behind it
//   lit          {kind: "point" | "term", index} that is touched, or null
//   tab          "chart" | "mask"
//   rate         the step size: how far Step goes against the gradient
//   playing      whether Play runs
//   history      the loss before each step taken since the last move by hand or Reset

import { descend, ontoCircle } from "./geometry.js";

export const LONGEST_PLAY = 400;
const FARTHEST = 100; // beyond it a step size is too large for good: the points fly apart, faster at every step

export const lossOf = (spec, state) => spec.losses[state.loss];
export const situationOf = (spec, state) => spec.situations[state.situation];

// The parameters that choose a lowered variant (strings and flags), as its key.
export const variantKey = (loss, parameters) => loss.statics.map((name) => String(parameters[name])).join("|");

export const variantOf = (spec, state) => {
  const loss = lossOf(spec, state);
  return loss.variants[variantKey(loss, state.parameters)];
};

export const shapeOf = (spec, state) => variantOf(spec, state).shape;

function settled(spec, state) {
  if (shapeOf(spec, state) !== "circle" || spec.dimension !== 2) return state;
  return { ...state, points: state.points.map(ontoCircle) };
}

// A situation from its start; parameters that the situation names are set, the others stay as the reader left them.
export function enter(spec, state, index) {
  const situation = spec.situations[index];
  const fresh = { situation: index, points: situation.points, chosen: situation.chosen, lit: null, playing: false, history: [] };
  return settled(spec, { ...state, ...fresh, parameters: { ...state.parameters, ...situation.parameters } });
}

export function reset(spec, state) {
  const start = { ...state, parameters: { ...lossOf(spec, state).parameters }, rate: spec.rate };
  return enter(spec, start, state.situation);
}

export function move(spec, state, index, position) {
  const place = shapeOf(spec, state) === "circle" ? ontoCircle(position) : position;
  const points = state.points.map((point, k) => (k === index ? place : point));
  return { ...state, points, chosen: index, playing: false, history: [] };
}

export function setParameter(spec, state, name, value) {
  return settled(spec, { ...state, parameters: { ...state.parameters, [name]: value }, history: [] });
}

export const choose = (state, index) => ({ ...state, chosen: index });

export function light(state, lit) {
  const same = lit?.kind === state.lit?.kind && lit?.index === state.lit?.index;
  return same ? state : { ...state, lit };
}

// One step of gradient descent, all points at once, with the loss it started from remembered.
export function step(spec, state, result) {
  const shape = shapeOf(spec, state);
  const points = state.points.map((point, k) => descend(point, result.pointGradients[k], state.rate, shape));
  return { ...state, points, history: [...state.history, result.loss] };
}

// Play ends where nothing pulls any more, where the points fly apart, or after LONGEST_PLAY steps.
export function finished(state, result) {
  if (state.points.some((point) => Math.hypot(...point) > FARTHEST)) return true;
  const pull = Math.max(...result.pointGradients.map((gradient) => Math.hypot(...gradient)));
  return pull * state.rate < 1e-4 || state.history.length >= LONGEST_PLAY;
}
