// What such a pair costs, wherever it stands: the curves of the distance line. The loss itself is asked about pairs
// that are made for it, positive ones and negative ones apart.

import { TAU, atAngle } from "../../geometry.js";
import { inDimension } from "../samples.js";

const SAMPLES = 96;
export const SIDES = ["positive", "negative"];

// Beside [1, 0], places that run over the axis: turned round the circle, drawn apart, or with a product of their own.
export function places(reads, shape, [nearest, farthest]) {
  const at = (k) => nearest + ((farthest - nearest) * k) / (SAMPLES - 1);
  if (shape === "circle") return Array.from({ length: SAMPLES }, (_, k) => atAngle((TAU / 2) * (k / (SAMPLES - 1))));
  return Array.from({ length: SAMPLES }, (_, k) => (reads === "distance" ? [1 + at(k), 0] : [at(k), 0]));
}

// One batch for each place, as large as the reader's own, for a loss may be a mean: the first pair moves, the others
// have the other label and stand where every pair counts, be it a nearest negative or a farthest positive that
// decides it.
export function curveQuestion(state, { rows, labels }, side, moving) {
  const [first, second] = Object.keys(rows);
  const size = rows[first].length;
  const label = Number(side === "positive");
  const others = side === "positive" ? moving[0] : moving.at(-1);
  const of = (place) => inDimension(state.points[0].length, place);
  return {
    state,
    points: [of([1, 0]), of(moving[0]), of(others)],
    rows: { [first]: Array(size).fill(0), [second]: Array.from({ length: size }, (_, row) => Math.min(row + 1, 2)) },
    labels: labels && Array.from({ length: size }, (_, row) => (row ? 1 - label : label)),
    moving: { point: 1, positions: moving.map(of) },
    keep: [["terms", "matrix"], ["terms", "values"]],
  };
}

// Both curves, {positive: [[where, cost], …], negative: …}; null once the signal says that they are no longer wanted.
export async function curvesOf(engine, { state, situation, loss, shape }, ends, signal) {
  const moving = places(loss.reads, shape, ends);
  const ask = (side) => engine.answer(curveQuestion(state, situation, side, moving), signal);
  const answers = await Promise.all(SIDES.map(ask));
  if (answers.includes(null)) return null;
  const samples = answers.map((batches) => batches.map(({ terms }) => [terms.matrix[0], terms.values[0]]));
  return { positive: samples[0], negative: samples[1] };
}
