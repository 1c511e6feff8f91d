// Engines: what turns a state into a loss, its gradient and its terms. Both answer through a callback with
//   {loss, rowGradients: {argument: [...]}, pointGradients: [[...]], terms, shapes}
// `rowGradients` also holds those of the tensors that the loss trains.
// The page engine calls the lowered torch definition; the kernel engine asks torch in Python.

import { idle } from "./dom.js";
import { lossOf, situationOf, variantOf } from "./state.js";
import { flat, shape } from "./tensors.js";

const NUDGED = 1e-6; // the step of a difference: its error is far below what an arrow shows
const CHUNK = 16; // positions of a scan between two looks at the clock

const importText = (source) => import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));

// The rows of one embedding argument, (B, d), as one array: each row is a point, and a point may stand in many rows.
export function gather(points, rows, into) {
  const dimension = points[0].length;
  const array = into ?? new Float64Array(rows.length * dimension);
  rows.forEach((point, row) => array.set(points[point], row * dimension));
  return array;
}

// The gradient of each point: the sum over the rows in which it stands.
export function scatter(rowGradients, rows, count, dimension) {
  const gradients = Array.from({ length: count }, () => new Array(dimension).fill(0));
  for (const [argument, points] of Object.entries(rows)) {
    points.forEach((point, row) => {
      for (let axis = 0; axis < dimension; axis++) gradients[point][axis] += rowGradients[argument][row * dimension + axis];
    });
  }
  return gradients;
}

const each = (named, turn) => Object.fromEntries(Object.entries(named).map(([name, value]) => [name, turn(value)]));

// The lowered function takes exactly its own inputs: float parameters yes, strings and flags (already baked in) no.
function inputsOf(spec, state, rows, labels) {
  const inputs = { ...state.parameters, ...each(state.tensors, flat), ...rows };
  if (labels) inputs[lossOf(spec, state).label] = Float64Array.from(labels);
  return Object.fromEntries(variantOf(spec, state).inputs.map((name) => [name, inputs[name]]));
}

// The inputs of a state: its points stand in the rows.
function ownInputs(spec, state) {
  const { rows, labels } = situationOf(spec, state);
  return inputsOf(spec, state, each(rows, (points) => gather(state.points, points)), labels);
}

// The sizes of a batch, of all rows and of what is trained.
function shapesOf(spec, state, count, dimension) {
  const { rows, labels } = situationOf(spec, state);
  const shapes = { ...each(rows, () => [count, dimension]), ...each(state.tensors, shape) };
  return labels ? { ...shapes, [lossOf(spec, state).label]: [count] } : shapes;
}

const batchOf = (spec, state) => Object.values(situationOf(spec, state).rows)[0].length;
const ownShapes = (spec, state) => shapesOf(spec, state, batchOf(spec, state), state.points[0].length);

const copied = (value) =>
  value instanceof Float64Array ? value.slice()
  : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copied(each)]))
  : value;

export function pageEngine(spec, modules) {
  const loaded = new Map();
  const made = new Map();

  const load = async (name) => loaded.set(name, await importText(modules[name]));

  // One allocated function per module and shape of the batch.
  function evaluator(name, shapes) {
    const key = name + JSON.stringify(shapes);
    if (!made.has(key)) made.set(key, loaded.get(name).create(shapes));
    return made.get(key);
  }

  // Fills values with what is read of the loss when one point stands at each position.
  function scanner(state, point, positions, kind, read) {
    const situation = situationOf(spec, state);
    const evaluate = evaluator(variantOf(spec, state)[kind], ownShapes(spec, state));
    const inputs = ownInputs(spec, state);
    const places = Object.entries(situation.rows).flatMap(([argument, rows]) =>
      rows.flatMap((each, row) => (each === point ? [[inputs[argument], row * 2]] : [])),
    );
    return (values, start, stop) => {
      for (let k = start; k < stop; k++) {
        for (const [array, offset] of places) [array[offset], array[offset + 1]] = positions[k];
        values[k] = read(evaluate(inputs));
      }
    };
  }

  // Works while the page is idle, and resolves with the values, or with null once the signal says that they are no longer
  // wanted.
  async function sliced(fill, count, signal) {
    const values = new Float64Array(count);
    let next = 0;
    while (next < count) {
      const deadline = await idle();
      if (signal.aborted) return null;
      while (next < count && performance.now() < deadline) {
        const stop = Math.min(next + CHUNK, count);
        fill(values, next, stop);
        next = stop;
      }
    }
    return values;
  }

  return {
    // Resolves when the state's variant can be evaluated without waiting.
    async ready(state) {
      const variant = variantOf(spec, state);
      await Promise.all([variant.module, variant.value].filter((name) => name && !loaded.has(name)).map(load));
    },

    evaluate(state, done) {
      const situation = situationOf(spec, state);
      const evaluate = evaluator(variantOf(spec, state).module, ownShapes(spec, state));
      const { loss, gradients, terms } = evaluate(ownInputs(spec, state));
      const pointGradients = scatter(gradients, situation.rows, state.points.length, state.points[0].length);
      done({ loss, rowGradients: copied(gradients), pointGradients, terms: copied(terms), shapes: evaluate.shapes.terms });
    },

    // The loss with one point moved to each position.
    scan: (state, point, positions, signal) =>
      sliced(scanner(state, point, positions, "value", ({ loss }) => loss), positions.length, signal),

    // What a term chooses in a role with one point moved to each position: indices into the matrix's last axis.
    choices: (state, point, { role, term }, positions, signal) =>
      sliced(scanner(state, point, positions, "module", ({ terms }) => terms.chosen[role][term]), positions.length, signal),

    // The gradient of every term by one point, [[…], …], or of every entry of the matrix: central differences of that part of
    // the terms, one axis at a time.
    async pieces(state, point, part = "values") {
      const evaluate = evaluator(variantOf(spec, state).module, ownShapes(spec, state));
      // What hardness adds to a logit is a number without gradient: slopes are taken without it.
      const parameters = part === "matrix" ? { ...state.parameters, hardness_strength: 0 } : state.parameters;
      const valuesAt = (shift, axis) => {
        const points = state.points.map((each, k) => (k === point ? each.map((value, j) => (j === axis ? value + shift : value)) : each));
        return evaluate(ownInputs(spec, { ...state, parameters, points })).terms[part].slice();
      };
      const slopes = state.points[point].map((_, axis) => {
        const [before, after] = [valuesAt(-NUDGED, axis), valuesAt(NUDGED, axis)];
        return Array.from(after, (value, term) => (value - before[term]) / (2 * NUDGED));
      });
      return slopes[0].map((_, term) => slopes.map((slope) => slope[term]));
    },

    // What pairs of one label cost at each distance, [[distance, value], …]: the loss itself, on synthetic pairs. Each
    // batch ends with a foil of the other label, placed so that every pair counts: nearest negative, farthest positive.
    async probe(state, label, pairs, foil) {
      const [first, second] = Object.keys(situationOf(spec, state).rows);
      const batch = batchOf(spec, state);
      const evaluate = evaluator(variantOf(spec, state).module, shapesOf(spec, state, batch, 2));
      const foils = batch > 1 ? [foil] : []; // a single pair has no other beside it
      const room = batch - foils.length;
      const samples = [];
      for (let start = 0; start < pairs.length; start += room) {
        const slice = Array.from({ length: room }, (_, k) => pairs[Math.min(start + k, pairs.length - 1)]);
        const labels = [...slice.map(() => label), ...foils.map(() => 1 - label)];
        const [anchors, others] = [0, 1].map((side) => Float64Array.from([...slice, ...foils].flatMap((pair) => pair[side])));
        const { terms } = evaluate(inputsOf(spec, state, { [first]: anchors, [second]: others }, labels));
        for (let k = 0; k < slice.length && start + k < pairs.length; k++) samples.push([terms.matrix[k], terms.values[k]]);
      }
      return samples;
    },

    // The log-probability of every class for each of many pairs, [(first, second), …], one after another.
    async classify(state, pairs) {
      const [first, second] = Object.keys(situationOf(spec, state).rows);
      const evaluate = evaluator(variantOf(spec, state).module, shapesOf(spec, state, pairs.length, 2));
      const [firsts, seconds] = [0, 1].map((side) => Float64Array.from(pairs.flatMap((pair) => pair[side])));
      return evaluate(inputsOf(spec, state, { [first]: firsts, [second]: seconds }, pairs.map(() => 0))).terms.matrix.slice();
    },
  };
}

// Asks torch in Python, one question at a time: while it thinks, only the newest state waits.
export function kernelEngine(spec, model) {
  const waiting = new Map();
  let asked = 0;
  let busy = false;
  let newest = null;

  model.on("msg:custom", ({ id, answer }) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });

  const ask = (question) =>
    new Promise((resolve) => {
      waiting.set(++asked, resolve);
      model.send({ id: asked, ...question });
    });

  async function evaluateNewest() {
    busy = true;
    while (newest) {
      const { state, done } = newest;
      newest = null;
      const { loss, gradients, terms, shapes } = await ask({ ask: "evaluate", state });
      const rows = situationOf(spec, state).rows;
      const pointGradients = scatter(gradients, rows, state.points.length, state.points[0].length);
      done({ loss, rowGradients: gradients, pointGradients, terms, shapes });
    }
    busy = false;
  }

  return {
    async ready() {},
    evaluate(state, done) {
      newest = { state, done };
      if (!busy) evaluateNewest();
    },
    async scan(state, point, positions, signal) {
      const values = await ask({ ask: "scan", state, point, positions });
      return signal.aborted ? null : Float64Array.from(values);
    },
    async choices(state, point, { role, term }, positions, signal) {
      const values = await ask({ ask: "choices", state, point, role, term, positions });
      return signal.aborted ? null : values;
    },
    pieces: (state, point, part = "values") => ask({ ask: "pieces", state, point, part }),
    probe: (state, label, pairs, foil) => ask({ ask: "probe", state, label, pairs, foil }),
    classify: (state, pairs) => ask({ ask: "classify", state, pairs }),
  };
}
