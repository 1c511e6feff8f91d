// The push of one term alone, or its pull, as the chosen point goes round: how long the term's gradient by that point
// is. The strip draws it, because its own curve is the whole loss, whose slope is the work of many terms.

import { UNSEEN } from "../engine.js";
import { TAU, angleOf, atAngle, lengthOf, turn } from "../geometry.js";
import { gradientsAt } from "./heat.js";
import { createScan, roundAngles, scanKey } from "../scan.js";
import { questionOf } from "../state.js";

export const ANGLES = roundAngles(181);
const FINE = 41; // angles from one before a peak to one after it
const MOST = 4; // peaks; more are a plateau
const LEVEL = 0.999; // peaks as high as this part of the highest are marked

// The touched term, or the one that an answered question names by its letters, where the chosen point is in it.
export function pushedTerm({ spec, state, reading: { terms } }) {
  const own = terms.filter(({ points }) => points.includes(state.chosen));
  if (state.lit?.kind === "term") return own.find(({ index }) => index === state.lit.index) ?? null;
  const question = state.asked ? null : questionOf(spec, state);
  const named = ({ letters }) => letters.includes("–") && question?.prompt.includes(letters);
  return own.find(named) ?? null;
}

// Where the highest of evenly spaced numbers would lie between its neighbours, in steps from the first: the top of the
// parabola through the three.
export function topOf(values) {
  const at = values.indexOf(Math.max(...values));
  const [before, here, after] = [values[at - 1], values[at], values[at + 1]];
  if (before === undefined || after === undefined) return at;
  return at + (before - after) / (2 * (before - 2 * here + after) || 1);
}

// The places among ANGLES, which end where they begin, that are higher than their neighbours.
export function peaksOf(values) {
  const round = ANGLES.length - 1;
  const highest = Math.max(...values);
  const at = (k) => values[(k + round) % round];
  const found = [...ANGLES.keys()].slice(0, round).filter((k) => at(k) >= at(k - 1) && at(k) > at(k + 1));
  const high = found.filter((k) => values[k] > 0.9 * highest);
  return highest > UNSEEN && high.length <= MOST ? high : [];
}

export async function* pushes(spec, engine, state, index, signal) {
  const at = async (angles) =>
    (await gradientsAt(spec, engine, state, angles.map(atAngle), signal, [index]))?.map(lengthOf);
  const values = await at(ANGLES);
  if (!values) return;
  yield { values, peaks: [] };
  const step = ANGLES[1] - ANGLES[0];
  const peaks = [];
  for (const k of peaksOf(values)) {
    const angles = Array.from({ length: FINE }, (_, n) => ANGLES[k] + ((2 * n) / (FINE - 1) - 1) * step);
    const near = await at(angles);
    if (!near) return;
    peaks.push({ angle: angles[0] + (topOf(near) * 2 * step) / (FINE - 1), height: Math.max(...near) });
  }
  const highest = Math.max(...peaks.map(({ height }) => height));
  yield { values, peaks: peaks.filter(({ height }) => height > LEVEL * highest) };
}

// How far a peak is from the other sentence of a pair, in degrees; where it is, for a term of more.
export function degreesOf({ angle }, term, { points, chosen }) {
  const others = term.points.filter((point) => point !== chosen);
  const from = others.length === 1 ? Math.abs(turn(angleOf(points[others[0]]), angle)) : turn(0, angle);
  return (from * 360) / TAU;
}

export function createPush(spec, engine, late) {
  const scan = createScan(late);
  // {term, values, peaks}, or null: what is known of the push of the term that is touched, or asked about.
  return (scene) => {
    const { state, shape } = scene;
    const term = shape === "circle" ? pushedTerm(scene) : null;
    const found = scan(term && {
      subject: JSON.stringify([state.loss, state.situation, state.chosen, term.index]),
      key: scanKey(state, state.chosen),
      answers: (signal) => pushes(spec, engine, state, term.index, signal),
    });
    return term && found && { term, ...found };
  };
}
