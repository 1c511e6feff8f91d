// Engines: what turns points into a loss, its gradient and its terms. The page engine calls the torch definition
// lowered to JavaScript; the kernel engine asks torch in Python. types.d.ts says what a question and an answer are.

import { apart, movement, stepped } from "./descent.js";
import { idle } from "./dom.js";
import { lastingOf, lossOf, situationOf, variantOf } from "./state.js";
import { flat, shape } from "./tensors.js";

const CHUNK = 16; // batches between two looks at the clock; no more than these are answered at once
const WHOLE = -1; // the term that stands for the loss itself
export const UNSEEN = 1e-9; // a gradient that no reader can see; scene.py has the same
export const VISIBLE = 1e-12; // a term that adds less is shown as 0: it is the rounding of numbers near 1
export const STEP = 1e-6; // to the sides of such a term

// ---- points and rows

const each = (named, turn) => Object.fromEntries(Object.entries(named).map(([name, value]) => [name, turn(value)]));

// The rows of one embedding argument, (B, d), as one array: each row is a point, and a point may stand in many rows.
export function gather(points, rows) {
  const dimension = points[0].length;
  const array = new Float64Array(rows.length * dimension);
  rows.forEach((point, row) => array.set(points[point], row * dimension));
  return array;
}

// The gradient of each point: the sum over the rows in which it stands.
export function scatter(rowGradients, rows, count, dimension) {
  const gradients = Array.from({ length: count }, () => new Array(dimension).fill(0));
  for (const [argument, points] of Object.entries(rows)) {
    const from = rowGradients[argument];
    points.forEach((point, row) => {
      for (let axis = 0; axis < dimension; axis++) gradients[point][axis] += from[row * dimension + axis];
    });
  }
  return gradients;
}

// The batch of a state, to ask something about.
export function ownQuestion(spec, state) {
  const { rows, labels } = situationOf(spec, state);
  return { state, points: state.points, rows, labels };
}

const NONE = { chosen: {}, thresholds: {}, numbers: {}, shares: {} }; // of what a loss need not have

// Every field of a loss that has one term, or one number in its matrix, is an array too.
const asArray = (part) => (typeof part === "number" ? Float64Array.of(part) : part);
const completed = (terms) => ({ ...NONE, ...each(terms, asArray) });

// The result of a state, out of the answer about its own batch.
export function resultOf(spec, state, { loss, gradients, terms, shapes }) {
  const { rows } = situationOf(spec, state);
  const pointGradients = scatter(gradients, rows, state.points.length, state.points[0].length);
  return { loss, rowGradients: gradients, pointGradients, terms: completed(terms), shapes };
}

// ---- the inputs of a lowered function

// Exactly those it takes: float parameters yes, strings and flags (already baked in) no.
function inputsOf(spec, { state, points, rows, labels }) {
  const inputs = { ...state.parameters, ...each(state.tensors, flat), ...each(rows, (row) => gather(points, row)) };
  if (labels) inputs[lossOf(spec, state).label] = Float64Array.from(labels);
  return Object.fromEntries(variantOf(spec, state).inputs.map((name) => [name, inputs[name]]));
}

// The sizes of all rows, of the labels and of what is trained.
function shapesOf(spec, { state, points, rows, labels }) {
  const shapes = { ...each(rows, (row) => [row.length, points[0].length]), ...each(state.tensors, shape) };
  return labels ? { ...shapes, [lossOf(spec, state).label]: [labels.length] } : shapes;
}

// moveTo(position): puts one point of a question's batch there, in the arrays of the inputs themselves.
function mover({ rows }, inputs, point) {
  const places = Object.entries(rows).flatMap(([argument, points]) =>
    points.flatMap((standing, row) => (standing === point ? [[inputs[argument], row]] : [])));
  return (position) => {
    for (const [array, row] of places) {
      for (let axis = 0; axis < position.length; axis++) array[row * position.length + axis] = position[axis];
    }
  };
}

// ---- answers

// A lowered function writes its next answer into the same arrays.
function copied(value) {
  if (value instanceof Float64Array) return value.slice();
  return value && typeof value === "object" && !Array.isArray(value) ? each(value, copied) : value;
}

// What the paths name, copied; a path that leads nowhere is left out.
function kept(answer, paths) {
  const found = {};
  for (const path of paths) {
    const value = path.reduce((part, name) => part?.[name], answer);
    if (value === undefined) continue;
    const owner = path.slice(0, -1).reduce((part, name) => (part[name] ??= {}), found);
    owner[path.at(-1)] = copied(value);
  }
  return found;
}

const wayOf = (number) => Math.cos(number * number); // of every coordinate its own, which no others make up for

// Which valid terms move a point so that it can be seen: whose pulls change as all points move, each its own way. Not
// one of which rounding leaves a little on the edge of its margin: to one side it adds nothing at all. scene.py asks
// the same.
function felt({ points, rows }, { valid, values }, evaluate, inputs) {
  const ways = points.map((point, k) => point.map((_, axis) => wayOf(k * point.length + axis + 1)));
  const along = alongOf(evaluate, inputs, each(rows, (row) => gather(ways, row)), valid.length);
  const active = valid.map((allowed, index) => Number(allowed && Math.abs(along[index]) > UNSEEN));
  const nothing = active.map((moves, index) => moves && Math.abs(values[index]) <= VISIBLE);
  if (!nothing.some(Boolean)) return active;
  const [one, other] = [STEP, -STEP].map((step) => {
    const stepped = points.map((point, k) => point.map((value, axis) => value + step * ways[k][axis]));
    return asArray(copied(evaluate({ ...inputs, ...each(rows, (row) => gather(stepped, row)) }).terms.values));
  });
  return active.map((moves, index) => Number(moves && (!nothing[index] || one[index] * other[index] !== 0)));
}

// How every pull changes as the rows move these ways; one after the other where torch had no derivative of them all.
function alongOf(evaluate, inputs, ways, count) {
  if (evaluate.along) return asArray(evaluate.along(ways));
  return Float64Array.from({ length: count }, (_, term) => {
    const { gradients } = evaluate.again(Object.assign(inputs, { term }));
    return Object.entries(ways).reduce((sum, [name, way]) =>
      way.reduce((total, value, k) => total + value * gradients[name][k], sum), 0);
  });
}

const isLossAlone = ({ keep, gradients, terms }) => keep?.join() === "loss" && !gradients && !terms;

// ---- in the page

const imported = new Map(); // source text → its module, for all explorers of the page

function importText(source) {
  if (!imported.has(source)) {
    imported.set(source, import(URL.createObjectURL(new Blob([source], { type: "text/javascript" }))));
  }
  return imported.get(source);
}

// The lowered functions: ready(state) resolves when those of its variant can be called; functionOf(name, shapes) is
// one of them, allocated for the sizes of a batch.
function createFunctions(spec, modules) {
  const loaded = new Map();
  const made = new Map();
  const load = async (name) => loaded.set(name, await importText(modules[name]));

  return {
    async ready(state) {
      const { module, value } = variantOf(spec, state);
      await Promise.all([module, value].filter((name) => name && !loaded.has(name)).map(load));
    },
    functionOf(name, shapes) {
      const key = name + JSON.stringify(shapes);
      if (!made.has(key)) made.set(key, loaded.get(name).create(shapes));
      return made.get(key);
    },
  };
}

// The frames of a run, one after the other. kernel.py goes the same way.
function* descend({ state, points, rows, descent }, evaluate) {
  let frame = { points, tensors: state.tensors };
  for (let taken = 0; ; taken++) {
    const { loss, gradients } = evaluate(frame);
    const pointGradients = scatter(gradients, rows, points.length, points[0].length);
    const next = stepped(frame, { pointGradients, rowGradients: gradients }, descent);
    yield { ...frame, loss }; // here others may evaluate
    if (taken === descent.steps || apart(frame, descent.farthest)) return;
    if (!(movement(frame, next) >= descent.least)) return;
    frame = next;
  }
}

function descentAnswers(spec, functionOf, question) {
  const evaluate = functionOf(variantOf(spec, question.state).module, shapesOf(spec, question));
  const inputs = ({ points, tensors }) =>
    inputsOf(spec, { ...question, points, state: { ...question.state, tensors } });
  const frames = descend(question, (frame) => evaluate({ ...inputs(frame), term: WHOLE }));
  return { count: question.descent.steps + 1, answerOf: () => frames.next().value };
}

// How many answers a question has at most, and answerOf(k), which evaluates a lowered function for one of them, one
// after the other; undefined where there is none.
function answersOf(spec, functionOf, question) {
  if (question.descent) return descentAnswers(spec, functionOf, question);
  const { moving, terms = [WHOLE], gradients: wanted = false, keep } = question;
  const { module, value } = variantOf(spec, question.state);
  const alone = value && isLossAlone(question);
  const evaluate = functionOf(alone ? value : module, shapesOf(spec, question));
  const inputs = inputsOf(spec, question);
  const moveTo = moving && mover(question, inputs, moving.point);

  function answerOf(k) {
    if (moving) moveTo(moving.positions[k]);
    if (alone) return { loss: evaluate(inputs).loss };
    inputs.term = terms[moving ? 0 : k];
    const { loss, gradients, terms: parts } = moving ? evaluate(inputs) : evaluate.again(inputs);
    const whole = { loss, terms: parts, shapes: evaluate.shapes.terms };
    const answer = { ...(keep ? kept(whole, keep) : copied(whole)), ...(wanted && { gradients: copied(gradients) }) };
    if (question.felt) answer.terms.active = felt(question, completed(answer.terms), evaluate, inputs);
    return answer;
  }

  return { count: moving ? moving.positions.length : terms.length, answerOf };
}

// A few more answers; whether these were the last.
function take(answers, answerOf, count) {
  const stop = Math.min(answers.length + CHUNK, count);
  while (answers.length < stop) {
    const answer = answerOf(answers.length);
    if (answer === undefined) return true;
    answers.push(answer);
  }
  return stop === count;
}

export function pageEngine(spec, modules, ask) {
  const { ready, functionOf } = createFunctions(spec, modules);

  return {
    ready, ask,
    evaluate(state, done) {
      const { answerOf } = answersOf(spec, functionOf, { ...ownQuestion(spec, state), gradients: true, felt: true });
      done(resultOf(spec, state, answerOf(0)));
    },
    // A few answers at once, many while the page is idle.
    async answer(question, signal) {
      await ready(question.state);
      const { count, answerOf } = answersOf(spec, functionOf, question);
      const answers = [];
      let isDone = false;
      while (!isDone) {
        const deadline = count > CHUNK ? await idle() : Infinity;
        if (signal?.aborted) return null;
        while (!isDone && performance.now() < deadline) isDone = take(answers, answerOf, count);
      }
      return signal?.aborted ? null : answers;
    },
  };
}

// ---- in the kernel

// ask(message): what Python says to it, as soon as it does; without a kernel nobody ever does.
export function createAsking(model) {
  const waiting = new Map();
  let asked = 0;

  model.on("msg:custom", ({ id, ...reply }) => {
    waiting.get(id)?.(reply);
    waiting.delete(id);
  });

  return (message) =>
    new Promise((resolve) => {
      waiting.set(++asked, resolve);
      model.send({ id: asked, ...message });
    });
}

// Lists of numbers, as they come from Python, as the page has them; shapes are none. JSON has no number that is not
// finite: it comes by its name.
function asArrays(value) {
  if (Array.isArray(value)) return Float64Array.from(value, Number);
  return value && typeof value === "object" ? each(value, asArrays) : Number(value);
}

const asNumbers = (value) => (Array.isArray(value) ? value.map(asNumbers) : Number(value));
const received = ({ shapes, points, tensors, ...answer }) => ({
  ...asArrays(answer),
  ...(shapes && { shapes }),
  ...(points && { points: asNumbers(points), tensors: each(tensors, asNumbers) }),
});

// Asks torch in Python: while it thinks, only the newest state waits.
export function kernelEngine(spec, ask) {
  let busy = false;
  let newest = null;

  async function answersTo(question) {
    const { answer } = await ask({ question: { ...question, state: lastingOf(question.state) } });
    return answer.map(received);
  }

  async function evaluateNewest() {
    busy = true;
    while (newest) {
      const { state, done } = newest;
      newest = null;
      const [answer] = await answersTo({ ...ownQuestion(spec, state), gradients: true, felt: true });
      done(resultOf(spec, state, answer));
    }
    busy = false;
  }

  return {
    ask,
    async ready() {},
    evaluate(state, done) {
      newest = { state, done };
      if (!busy) evaluateNewest();
    },
    async answer(question, signal) {
      const answers = await answersTo(question);
      return signal?.aborted ? null : answers;
    },
  };
}
