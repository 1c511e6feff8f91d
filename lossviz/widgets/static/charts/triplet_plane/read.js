// Reads triplets: an anchor with a positive and a negative, and how far each is. Which triplets there are is said by
// the axes of the loss: one an anchor, one a positive pair, every one of the batch, or those that the batch is made
// of.

import { ROUNDING, fixed, letter, quoted, roleOf } from "../../words.js";
import { SIDES, anchorOf, batchOf, columnOf, distanceOf } from "./ends.js";

const SYMBOLS = { positive: "▲", negative: "▼" };

function deed({ value, active }) {
  if (Math.abs(value) < ROUNDING) return "it adds nothing";
  return `it adds ${fixed(value, 5)}${active ? "" : ", and moves nothing"}`;
}

// A sentence that was chosen though it is none of its side stands in for one that the batch does not have.
function isMissing({ result: { terms } }, { rows, square }, { side, role }, term, column) {
  return square && role !== null && !terms[side][anchorOf(term) * rows.length + column];
}

// How strong the links of either side are, for each anchor: where every triplet is a term, as strong as the share of
// the anchor's triplets over one of them.
function weightsOf({ loss, result: { terms } }, { rows, square }) {
  const whole = square && SIDES.every((side) => loss.axes.includes(side));
  const count = (mask, row) => rows.reduce((sum, _, column) => sum + mask[row * rows.length + column], 0);
  const weights = (rivals) => rows.map((_, row) => (whole ? 1 / count(terms[rivals], row) : 1));
  return { positive: weights("negative"), negative: weights("positive") };
}

// One side of a term, {side, distance, point, …}: without a point where the sentence is missing, or not told.
function endOf(given, batch, source, term) {
  const { side, role, argument } = source;
  const column = columnOf(given, source, term);
  const distance = distanceOf(given, batch, side, term, column);
  if (column === undefined) return { side, distance };
  if (isMissing(given, batch, source, term, column)) return { side, distance, missing: true };
  return { side, role, distance, point: (argument ?? batch.rows)[column], weight: batch.weights[side][anchorOf(term)] };
}

// "its hardest positive “cat” at 0.2000"; `beyond`: whether the negative is farther than the positive.
function toldOf({ situation }, { side, role, distance, missing, point }, beyond) {
  if (missing) return `no ${side}, counted at ${fixed(distance)}`;
  if (point === undefined) return `a ${side} at ${fixed(distance)}`;
  return `${roleOf(role).has(side, quoted(situation.sentences[point].short), beyond)} at ${fixed(distance)}`;
}

function tripletOf(given, batch, term) {
  const { situation, loss } = given;
  const ends = batch.sources.map((source) => endOf(given, batch, source, term));
  const [toPositive, toNegative] = ends.map(({ distance }) => distance);
  const there = ends.filter(({ point }) => point !== undefined);
  const anchor = batch.rows[anchorOf(term)];
  const points = [anchor, ...there.map(({ point }) => point)];
  const nameOf = (point) => situation.sentences[point].short;
  const named = ({ side, point, missing }) => `${SYMBOLS[side]} ${missing ? "none" : nameOf(point)}`;
  const semiHard = roleOf(ends[1].role).manner === "semi-hard";
  return Object.assign(term, {
    points, toPositive, toNegative,
    kind: "triplet",
    letters: (batch.alone && loss.axes.length === 1 ? [anchor] : points).map(letter).join(""),
    links: there.map(({ side, point, weight }) => ({ from: anchor, to: point, side, weight })),
    lacking: ends.filter(({ missing }) => missing),
    reach: semiHard ? { from: anchor, to: ends[0].point } : null,
    words: {
      who: () => {
        const shown = ends.filter(({ missing, point }) => missing || point !== undefined);
        return [nameOf(anchor), ...shown.map(named)].join(" ");
      },
      note: () => {
        const has = ends.map((end) => toldOf(given, end, toNegative > toPositive)).join(" and ");
        return `${letter(anchor)}, ${quoted(nameOf(anchor))}, has ${has}; ${deed(term)}.`;
      },
    },
  });
}

export function read(given, terms) {
  const found = batchOf(given);
  const batch = { ...found, weights: weightsOf(given, found) };
  return terms.map((term) => tripletOf(given, batch, term));
}
