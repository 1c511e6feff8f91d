// Where a margin begins on a short way of the moved point: where the number of a pair passes the margin, or where a
// term of several numbers switches on or off. The engine is asked; nothing here knows how a loss measures.

import { ownQuestion } from "../engine.js";
import { angleOf, atAngle, turn } from "../geometry.js";
import { letter } from "../words.js";
import { partnersOf } from "./targets.js";

const MOST = 8; // partners, so that one question is answered at once
const CUTS = 15; // places between two ends that are asked about together
const ROUNDS = 13; // until the two ends are neighbours among numbers

// Ways from 0 to 1: along the circle, or straight.
const roundWay = (from, to) => (share) => atAngle(from + share * turn(from, to));
const straightWay = (from, to) => (share) => from.map((value, axis) => value + share * (to[axis] - value));

// The way of a key.
export const wayBetween = (from, to, round) =>
  round ? roundWay(angleOf(from), angleOf(to)) : straightWay(from, to);

// The ways through a position, so far to either side: along the circle, or to each partner.
export function waysThrough({ state: { points }, reading, shape }, index, position, far) {
  if (shape === "circle") return [roundWay(angleOf(position) - far, angleOf(position) + far)];
  return partnersOf(reading.terms, index).slice(0, MOST).flatMap((partner) => {
    const way = position.map((value, axis) => value - points[partner][axis]);
    const length = Math.hypot(...way);
    if (length <= far) return [];
    const at = (side) => position.map((value, axis) => value + (side * far * way[axis]) / length);
    return [straightWay(at(-1), at(1))];
  });
}

const links = ({ links: all }, index) => all.some(({ from, to }) => from === index || to === index);

// On which side of the margin a term stands.
function sideOf({ index }, { matrix, values, active, thresholds }) {
  const single = matrix.length === values.length; // a number for each term
  return single ? matrix[index] < thresholds.margin : Boolean(active[index]);
}

const KEEP = ["matrix", "values", "active", "thresholds"].map((name) => ["terms", name]);

// crossings(…) → [{position, words, share}], nearest to the middle of its way first. `ways` lead from 0 to 1. A pair
// that is pulled together has no margin.
export async function crossings(spec, engine, { state, reading }, index, ways) {
  async function termsAt(positions) {
    const question = { ...ownQuestion(spec, state), moving: { point: index, positions }, keep: KEEP };
    return (await engine.answer(question)).map(({ terms }) => terms);
  }
  const own = reading.terms.filter((term) => term.kind !== "positive" && links(term, index));

  async function narrowed(way, term, begins) {
    let [low, high] = [0, 1];
    for (let round = 0; round < ROUNDS; round++) {
      const shares = Array.from({ length: CUTS }, (_, k) => low + ((k + 1) / (CUTS + 1)) * (high - low));
      const changed = (await termsAt(shares.map(way))).findIndex((terms) => sideOf(term, terms) !== begins);
      [low, high] = [changed === 0 ? low : shares.at(changed - 1), changed < 0 ? high : shares[changed]];
    }
    const share = begins ? high : low; // where it no longer counts
    const others = term.points.filter((point) => point !== index).map(letter).join("–");
    return { share, position: way(share), words: `at the margin of ${others}` };
  }

  const ends = ways.length ? await termsAt(ways.flatMap((way) => [way(0), way(1)])) : [];
  const found = [];
  for (const [k, way] of ways.entries()) {
    const [before, after] = ends.slice(2 * k, 2 * k + 2);
    const passed = own.filter((term) => sideOf(term, before) !== sideOf(term, after));
    for (const term of passed.slice(0, 2)) found.push(await narrowed(way, term, sideOf(term, before)));
  }
  return found.sort((a, b) => Math.abs(a.share - 0.5) - Math.abs(b.share - 0.5));
}
