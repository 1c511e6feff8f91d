// What pulls a point: the links of all terms as ropes between two points, and the pieces of one point's arrow.

import { TAU, angleOf, atAngle, polyline, turn } from "./geometry.js";

// One rope for all links of one side between two points, as strong as its active terms together, up to one; only the lit
// ones where some are lit. Two points that are pulled together and pushed apart have two ropes, which lie `aside`.
export function ropesOf(terms, lit) {
  const ropes = new Map();
  for (const term of terms) {
    for (const { from, to, side, weight } of term.links) {
      const ends = [Math.min(from, to), Math.max(from, to)];
      const key = [...ends, side].join();
      if (!ropes.has(key)) ropes.set(key, { from, to, side, ends: ends.join(), terms: [], weight: 0, active: false });
      const rope = ropes.get(key);
      rope.terms.push(term.index);
      if (!term.active) continue;
      rope.active = true;
      if (!lit || lit.has(term.index)) rope.weight = Math.min(1, rope.weight + weight);
    }
  }
  const all = [...ropes.values()];
  return all.map((rope) => {
    const twins = all.filter(({ ends }) => ends === rope.ends);
    return { ...rope, aside: twins.length > 1 ? (twins.indexOf(rope) - (twins.length - 1) / 2) * Math.sign(rope.to - rope.from || 1) : 0 };
  });
}

// The gradient of each term by one point: [{kind, gradient}] of those that pull. Where a term names the exponents by which
// it pulls, it is made of the gradients of these entries of the matrix.
export async function piecesOf(engine, state, terms, point) {
  const named = terms.some(({ exponents }) => exponents);
  const slopes = await engine.pieces(state, point, named ? "matrix" : "values");
  const sum = (exponents) => state.points[point].map((_, axis) => exponents.reduce((whole, { at, weight }) => whole + weight * slopes[at][axis], 0));
  return terms.map(({ kind, index, exponents }) => ({ kind, gradient: named ? sum(exponents) : slopes[index] })).filter(({ gradient }) => Math.hypot(...gradient) > 1e-9);
}

// The gradients of all terms, [{kind, gradient}]; of very many the largest, and one for all the rest. They add up to the same.
export function gathered(pieces, most) {
  if (pieces.length <= most) return pieces;
  const sorted = [...pieces].sort((a, b) => Math.hypot(...b.gradient) - Math.hypot(...a.gradient));
  const rest = sorted.slice(most - 1).map(({ gradient }) => gradient);
  const sum = rest[0].map((_, axis) => rest.reduce((whole, gradient) => whole + gradient[axis], 0));
  return [...sorted.slice(0, most - 1), { kind: "rest", gradient: sum }];
}

// All places as far from a point as another is, as a path in the plane: a circle, a diamond, or an arc of the unit circle.
export function reachPath(distance, centre, through, toPixel) {
  const [dx, dy] = through.map((value, axis) => value - centre[axis]);
  const steps = Array.from({ length: 97 }, (_, k) => (k / 96) * TAU);
  const shapes = {
    euclidean: () => steps.map((angle) => atAngle(angle).map((part, axis) => centre[axis] + Math.hypot(dx, dy) * part)),
    manhattan: () => [[1, 0], [0, 1], [-1, 0], [0, -1], [1, 0]].map((way) => way.map((part, axis) => centre[axis] + (Math.abs(dx) + Math.abs(dy)) * part)),
    cosine: () => {
      const reach = Math.abs(turn(angleOf(centre), angleOf(through)));
      return steps.map((_, k) => atAngle(angleOf(centre) + reach * (k / 48 - 1)));
    },
  };
  return distance in shapes ? polyline(shapes[distance]().map(toPixel)) : "";
}
