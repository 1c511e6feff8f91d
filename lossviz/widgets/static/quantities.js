// The numbers that a question is graded by, read off a scene, or asked of the engine where they are of single terms'
// gradients: no answer is stored. situations/base.py says what each of them is.

import { UNSEEN, ownQuestion, resultOf, scatter } from "./engine.js";
import { TAU, angleOf, lengthOf, turn } from "./geometry.js";
import { degreesOf, pushes } from "./plane/push.js";
import { read } from "./readings/reading.js";
import { scanKey } from "./scan.js";

// ---- terms by their letters

export const namedTerms = ({ reading: { terms } }, names) =>
  terms.filter(({ letters }) => names.some((name) => letters.startsWith(name)));

const sumOf = (terms) => terms.reduce((sum, { value }) => sum + value, 0);
const countOf = (terms) => terms.filter(({ active }) => active).length;

// ---- what a scene tells at once

const AT_ONCE = {
  loss: ({ result }) => result.loss,
  adds: (scene, { terms }) => sumOf(namedTerms(scene, terms)),
  costs: (scene, { terms }) => sumOf(namedTerms(scene, terms)) * scene.reading.terms.length,
  active: (scene, { terms }) => countOf(terms.length ? namedTerms(scene, terms) : scene.reading.terms),
  angle: ({ state: { points } }, { points: [one, other] }) =>
    (Math.abs(turn(angleOf(points[one]), angleOf(points[other]))) * 360) / TAU,
};

export const isAtOnce = ({ name }) => Object.hasOwn(AT_ONCE, name);
export const numberAtOnce = (scene, quantity) => AT_ONCE[quantity.name](scene, quantity);

// ---- what the engine is asked

// The length of the gradient of some terms together at a point; of no terms, that of the loss.
async function pushOn(engine, scene, { terms, points: [point] }, signal) {
  const { spec, state, result } = scene;
  if (!terms.length) return lengthOf(result.pointGradients[point]);
  const own = ownQuestion(spec, state);
  const asked = namedTerms(scene, terms).map(({ index }) => index);
  if (!asked.length) return 0;
  const answers = await engine.answer({ ...own, terms: asked, gradients: true, keep: [["loss"]] }, signal);
  const [count, dimension] = [state.points.length, state.points[0].length];
  const all = answers?.map(({ gradients }) => scatter(gradients, own.rows, count, dimension)[point]);
  return all && lengthOf(all[0].map((_, axis) => all.reduce((sum, gradient) => sum + gradient[axis], 0)));
}

// {height, peaks, term}: how hard a term pushes a point at most, as it goes round, and where. What was found last is
// remembered: it does not depend on where the point stands.
export function createHardest(engine) {
  let known = { key: null, found: null };
  return async ({ spec, state, reading }, letters, point, signal) => {
    const key = JSON.stringify([scanKey(state, point), letters]);
    if (key === known.key) return known.found;
    const [term] = namedTerms({ reading }, [letters]);
    let last = { values: [0], peaks: [] };
    const round = { ...state, chosen: point };
    if (term) for await (const each of pushes(spec, engine, round, term.index, signal)) last = each;
    if (signal?.aborted) return null;
    const height = Math.max(...last.values, ...last.peaks.map((peak) => peak.height));
    known = { key, found: { height, peaks: last.peaks, term } };
    return known.found;
  };
}

// Promises of a quantity's number; null where the question was given up.
export function createNumbers(engine) {
  const hardest = createHardest(engine);
  const asked = {
    push: (scene, quantity, signal) => pushOn(engine, scene, quantity, signal),
    async part(scene, quantity, signal) {
      const here = await pushOn(engine, scene, quantity, signal);
      const most = await hardest(scene, quantity.terms[0], quantity.points[0], signal);
      return most && (most.height > UNSEEN ? here / most.height : 0);
    },
    async hardest(scene, { terms: [letters], points: [chosen] }, signal) {
      const most = await hardest(scene, letters, chosen, signal);
      const { points } = scene.state;
      return most && (most.peaks.length ? degreesOf(most.peaks[0], most.term, { points, chosen }) : NaN);
    },
  };
  return {
    hardest,
    numberOf: async (scene, quantity, signal) =>
      (isAtOnce(quantity) ? numberAtOnce(scene, quantity) : asked[quantity.name](scene, quantity, signal)),
  };
}

// A scene of a state that is not shown, as far as quantities need it; null where it was given up.
export async function sceneAt(spec, engine, state, signal) {
  await engine.ready(state);
  const answers = await engine.answer({ ...ownQuestion(spec, state), gradients: true, felt: true }, signal);
  if (!answers) return null;
  const result = resultOf(spec, state, answers[0]);
  return { spec, state, result, reading: read(spec, state, result) };
}
