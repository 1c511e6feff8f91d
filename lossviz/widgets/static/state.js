// The explorer's one state: what lasts and what passes (types.d.ts says what is in each), and pure functions from one
// state to the next. What does not exist (a point, a term, a situation that the batch or the explorer has not got)
// changes nothing: the same state comes back.

import { lengthOf, ontoCircle } from "./geometry.js";

const PACES = [0.1, 10]; // the smallest and the largest multiple of the step size that is found
export const SPEEDS = [0.25, 0.5, 1, 2, 4]; // of Play
export const VIEWS = ["chart", "mask", "sum", "strip", "surface", "gradient", "run", "sentences", "code"];
const NONE = Object.freeze([]); // notes on a link: gone with the next thing that a reader does
export const MAGNIFIERS = [1, 10, 100, 1000]; // of the arrows

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
  return posed && concerns(posed, state) ? posed.question : null;
}

export function symptomOf(spec, state) {
  const situation = situationOf(spec, state);
  return concerns(situation, state) ? situation.symptom : null;
}

const waitingFor = (spec, state, ...kinds) => state.asked && kinds.includes(questionOf(spec, state)?.kind);

// Whether the question that waits is a task: points and parameters move, but only those that it names.
export const isTask = (spec, state) => waitingFor(spec, state, "reach");

export const settableIn = (spec, state) => (isTask(spec, state) ? questionOf(spec, state).settable : []);

// Whether what would give the answer away is out of sight.
export const hides = (spec, state) =>
  state.asked && !(questionOf(spec, state)?.shown ?? isTask(spec, state));

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

// No run yet: one would begin where the points stand.
const unrun = (points) => ({ origin: points, run: null, at: 0, playing: false });

// What a reader set of the run and of the arrows is forgotten.
const PLAIN = { pace: 1, magnified: 1 };

const isThere = ({ situations, losses }, { situation, loss }) =>
  isIndex(situation, situations.length) && Object.hasOwn(losses, loss);

// The state of an explorer that begins with what lasts; what passes of one that stood before stays where it still makes
// sense.
export function begin(spec, lasting, before = null) {
  if (before && (sameLasting(before, lasting) || !isThere(spec, lasting))) return before;
  const { chosen, question } = situationOf(spec, lasting);
  const run = { ...unrun(lasting.points), runs: [] };
  if (before?.situation === lasting.situation) {
    const state = { ...before, ...lasting, ...run };
    const next = { ...state, asked: state.asked && questionOf(spec, state) !== null };
    return variantOf(spec, before) === variantOf(spec, next) ? next : { ...next, lit: null, pace: 1 };
  }
  const { view, trains, speed, named } = before ?? { view: VIEWS[0], trains: true, speed: 1, named: [] };
  const posed = { ...UNPOSED, posed: lasting.situation, asked: question !== null };
  const state = { ...lasting, ...run, ...PLAIN, ...posed, chosen, lit: null, view, trains, speed, named, notes: NONE };
  return { ...state, asked: state.asked && questionOf(spec, state) !== null };
}

// ---- a situation and its loss

// A new beginning: what was run before started elsewhere and is forgotten.
const fresh = (state, points) => ({ ...state, points, ...unrun(points), runs: [] });

// Points on the circle where the loss sees directions only; one at its centre has none, and stays.
function settled(spec, state) {
  if (shapeOf(spec, state) !== "circle" || spec.dimension !== 2) return state;
  return { ...state, points: state.points.map((point) => (lengthOf(point) > 0 ? ontoCircle(point) : point)) };
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
  const asked = { ...UNPOSED, posed: index, asked: question !== null };
  const entered = { ...PLAIN, loss, ...start, ...asked, situation: index, chosen, lit: null, notes: NONE };
  return fresh({ ...before, ...entered }, points);
}

// Where a state would begin that is asked for: a situation, under its own loss if no other is named; or as it stands.
export function startOf(spec, state, { situation = state.situation, loss }) {
  const { starts, loss: own } = spec.situations[situation];
  const name = [loss, own, state.loss].find((each) => Object.hasOwn(starts, each)) ?? Object.keys(starts)[0];
  return { situation, loss: name, ...starts[name] };
}

// What the loss would train from there with those parameters: another variant has tensors of its own, untrained.
export function tensorsOf(spec, start, parameters) {
  const [own, other] = [start.parameters, parameters].map((each) => variantWith(spec, start, each));
  return other && other !== own ? other.tensors : start.tensors;
}

// What an address asks for (address.js reads it): another situation from its start or another loss on the same batch,
// then whatever else it names; nothing else changes.
export function follow(spec, before, { parameters, points, tensors, notes, ...wanted }) {
  const { situation = before.situation, loss, chosen, view, ask, reset: anew } = wanted;
  let state = { ...before, notes };
  if (wanted.situation !== undefined || anew) {
    const { points: places, ...start } = startOf(spec, before, { situation, loss });
    const { chosen: first } = spec.situations[situation];
    state = fresh({ ...state, ...PLAIN, ...start, chosen: first, lit: null, ...UNPOSED }, places);
  } else if (loss) state = switchLoss(spec, state, loss);
  state = placed(spec, state, { parameters, points, tensors });
  if (chosen !== undefined) state = choose(spec, state, chosen);
  if (view) state = open(spec, state, view);
  const asked = Boolean(ask && situationOf(spec, state).question);
  if (!asked) return state;
  const shown = state.view === "code" && !view ? "chart" : state.view; // the answer is a picture
  return { ...state, ...UNPOSED, posed: state.situation, asked, view: shown };
}

// No question is asked, and none was answered.
const UNPOSED = { posed: null, asked: false, guess: null, refused: null, past: false };

function placed(spec, state, { parameters, points, tensors }) {
  if (![parameters, points, tensors].some((each) => Object.keys(each).length)) return state;
  const changed = { ...state.parameters, ...parameters };
  if (!exists(spec, state, changed)) {
    return { ...state, notes: [...state.notes, "These parameters do not go together."] };
  }
  const places = state.points.map((place, index) => points[index] ?? place);
  const there = refitted(spec, state, settled(spec, fresh({ ...state, parameters: changed }, places)));
  const named = Object.keys(parameters).length ? Object.keys(parameters) : state.named;
  return { ...there, tensors: { ...there.tensors, ...tensors }, named };
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
  if (state.at > 1) runs.push({ loss: state.loss, rate: state.run.rate, losses: lossesOf(state) });
  const begun = { points: state.origin, ...unrun(state.origin), ...PLAIN };
  const next = { ...state, ...begun, loss: name, parameters, lit: null, runs };
  const asked = state.asked && questionOf(spec, next) !== null;
  return untrained(spec, settled(spec, { ...next, asked }));
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
  return refitted(spec, state, settled(spec, fresh({ ...state, parameters: changed }, points)));
}

// ---- questions

// `guess` is the option chosen, null for "Show me", undefined for what was marked, drawn or placed, true for a task
// that is done.
export function answer(spec, state, guess) {
  const question = state.asked ? questionOf(spec, state) : null;
  const known = guess === undefined || guess === null || isIndex(guess, question?.options.length ?? 0);
  if (!question || !(known || (guess === true && question.kind === "reach"))) return state;
  return { ...state, asked: false, guess: guess === undefined ? state.guess : guess };
}

// A term marked as active, or no longer.
export function mark(spec, state, index) {
  if (!waitingFor(spec, state, "terms") || !isIndex(index, mostTerms(spec, state))) return state;
  const marked = state.guess ?? [];
  return { ...state, guess: marked.includes(index) ? marked.filter((each) => each !== index) : [...marked, index] };
}

// An arrow, or the place of a ghost.
export function sketch(spec, state, drawn) {
  if (!waitingFor(spec, state, "draw", "place") || !isPlace(drawn, 2)) return state;
  const round = shapeOf(spec, state) === "circle" && waitingFor(spec, state, "place");
  return { ...state, guess: round ? ontoCircle(drawn) : drawn };
}

// What the answer to a question looks like; question and answer stay beside it. The way to a task's goal begins at its
// start, whatever was tried.
export function demonstrate(spec, state) {
  const { posed, guess } = state;
  const question = questionOf(spec, state);
  if (!question) return state;
  const from = question.kind === "reach" ? enter(spec, state, posed) : state;
  return { ...apply(spec, from, question), posed, guess, asked: false, past: false };
}

// {point, place} of the ghost that a question wants placed, at first upon its point; null where none does.
export function ghostIn(spec, state) {
  if (!waitingFor(spec, state, "place")) return null;
  const { point } = questionOf(spec, state);
  return { point, place: state.guess ?? state.points[point] };
}

// What a task leaves fixed stays as it is, and is named; once answered, a question is past when a hand goes on.
function byHand(list, transition) {
  return (spec, state, which, value) => {
    if (isTask(spec, state) && !questionOf(spec, state)[list].includes(which)) return { ...state, refused: which };
    const next = transition(spec, state, which, value);
    return next === state ? state : { ...next, refused: null, past: !next.asked };
  };
}

// ---- what a reader moves and touches

export function move(spec, state, index, position) {
  if (!isIndex(index, state.points.length) || !isPlace(position, spec.dimension)) return state;
  const place = shapeOf(spec, state) === "circle" && spec.dimension === 2 ? ontoCircle(position) : position;
  const moved = fresh(state, state.points.map((point, k) => (k === index ? place : point)));
  return { ...moved, chosen: index, notes: NONE };
}

export function setParameter(spec, state, name, value) {
  if (!Object.hasOwn(settable(lossOf(spec, state), { [name]: value }), name)) return state;
  const parameters = { ...state.parameters, [name]: value };
  const number = typeof lossOf(spec, state).parameters[name] === "number" && !chooses(spec, state, name);
  if ((number && !Number.isFinite(value)) || !exists(spec, state, parameters)) return state;
  return refitted(spec, state, settled(spec, fresh({ ...state, parameters }, state.points)));
}

export const moveByHand = byHand("movable", move);
export const setByHand = byHand("settable", setParameter);

const chooses = (spec, state, name) => Object.hasOwn(variantOf(spec, state).choices, name);

export const choose = (spec, state, index) =>
  isIndex(index, state.points.length) && index !== state.chosen ? { ...state, chosen: index } : state;

export const open = (spec, state, view) => (VIEWS.includes(view) ? { ...state, view } : state);

export function light(spec, state, lit) {
  if (lit && !canBeLit(spec, state, lit)) return state;
  const same = lit?.kind === state.lit?.kind && lit?.index === state.lit?.index;
  return same ? state : { ...state, lit };
}

// How many times longer the arrows are drawn.
export const magnify = (spec, state, magnified) =>
  MAGNIFIERS.includes(magnified) && magnified !== state.magnified ? { ...state, magnified } : state;

// ---- a run

// The losses of the run as far as it is shown, the first before its first step.
export const lossesOf = ({ run, at }) => (run ? run.frames.slice(0, at + 1).map(({ loss }) => loss) : []);

export const lastOf = ({ run }) => (run ? run.frames.length - 1 : 0);

// Another frame of the run.
export function scrub(spec, state, at) {
  if (!isIndex(at, lastOf(state) + 1) || (at === state.at && !state.playing)) return state;
  const { points, tensors } = state.run?.frames[at] ?? state;
  return { ...state, points, tensors, at, playing: false };
}

// Back to where the run began, for another one from there.
function again(state) {
  const { points, tensors } = state.run?.frames[0] ?? state;
  return { ...state, points, tensors, ...unrun(points) };
}

// A multiple of the step size: the run begins anew with it.
export const setPace = (spec, state, pace) =>
  Number.isFinite(pace) ? { ...again(state), pace: Math.min(PACES[1], Math.max(PACES[0], pace)) } : state;

// Whether Step and Play train the loss's tensors too: another run.
export const train = (spec, state, trains) =>
  Boolean(trains) === state.trains ? state : { ...again(state), trains: Boolean(trains) };

export const setSpeed = (spec, state, speed) =>
  SPEEDS.includes(speed) && speed !== state.speed ? { ...state, speed } : state;
