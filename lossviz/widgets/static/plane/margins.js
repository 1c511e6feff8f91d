// Where a margin begins: where a term of the moved point switches on or off on a short way. The engine is asked; nothing
// here knows how a loss measures.

import { ownQuestion } from "../engine.js";
import { angleOf, atAngle, turn } from "../geometry.js";
import { letter } from "../words.js";
import { partnersOf } from "./targets.js";

const MOST = 8; // partners, so that one question is answered at once
const CUTS = 15; // places between two ends that are asked about together
const ROUNDS = 13; // until the two ends are neighbours among numbers
const NEAR = 1e-6;

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

// What a term's place is called: the margin, where its number is the margin's or is made of several.
function wordsOf(term, index, { matrix, values, thresholds }) {
  const single = matrix.length === values.length;
  const others = term.points.filter((point) => point !== index).map(letter).join("–");
  if (!single || Math.abs(matrix[term.index] - thresholds.margin) < NEAR) return `at the margin of ${others}`;
  return `where ${term.letters} begins to count`;
}

// crossings(…) → [{position, words, share}], nearest to the middle of its way first. `ways` lead from 0 to 1.
export async function crossings(spec, engine, { state, reading }, index, ways) {
  const ask = (positions, keep) =>
    engine.answer({ ...ownQuestion(spec, state), moving: { point: index, positions }, keep });
  const flagsAt = async (positions) => (await ask(positions, [["terms", "active"]])).map(({ terms }) => terms.active);
  const own = reading.terms.filter((term) => links(term, index));

  async function narrowed(way, term, begins) {
    let [low, high] = [0, 1];
    for (let round = 0; round < ROUNDS; round++) {
      const shares = Array.from({ length: CUTS }, (_, k) => low + ((k + 1) / (CUTS + 1)) * (high - low));
      const flags = await flagsAt(shares.map(way));
      const changed = flags.findIndex((active) => Boolean(active[term.index]) !== begins);
      [low, high] = [changed === 0 ? low : shares.at(changed - 1), changed < 0 ? high : shares[changed]];
    }
    const share = begins ? high : low; // where it no longer counts
    const [{ terms }] = await ask([way(share)], [["terms"]]);
    return { share, position: way(share), words: wordsOf(term, index, terms) };
  }

  const ends = ways.length ? await flagsAt(ways.flatMap((way) => [way(0), way(1)])) : [];
  const found = [];
  for (const [k, way] of ways.entries()) {
    const [before, after] = ends.slice(2 * k, 2 * k + 2);
    const flips = own.filter(({ index: at }) => Boolean(before[at]) !== Boolean(after[at]));
    for (const term of flips.slice(0, 2)) found.push(await narrowed(way, term, Boolean(before[term.index])));
  }
  return found.sort((a, b) => Math.abs(a.share - 0.5) - Math.abs(b.share - 0.5));
}
