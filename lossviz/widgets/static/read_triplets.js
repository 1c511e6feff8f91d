// Reads triplets: an anchor with a positive and a negative, and how far each is. Which triplets there are is said by the
// axes of the loss: one an anchor, one a positive pair, every one of the batch, or those that the batch is made of.

import { fill, fixed, letter, quoted } from "./words.js";

const SYMBOLS = { positive: "▲", negative: "▼" };
// What the loss counts for an anchor that has no such sentence in the batch.
const STAND_INS = {
  positive: { counted: "distance 0", far: () => 0 },
  negative: { counted: "the largest distance of its row", far: (entries) => Math.max(...entries.map(({ distance }) => distance)) },
};

function deed(value, active) {
  if (!value) return "it adds nothing";
  return `it adds ${fixed(value, 5)}${active ? "" : ", and moves nothing"}`;
}

const missing = (side, distance, counted) => ({
  side, distance, standIn: `no ${side} in the batch: counted as ${counted}`, told: `no ${side}, counted at ${fixed(distance)}`, weight: 0,
});

// Words are made when they are read: a batch can have hundreds of triplets.

// One term out of its parts: {index, anchor, letters} and both sides, each {side, point, distance, told, weight} or missing.
function term({ situation, templates, numbers, terms }, count, { index, anchor, letters, both, ...others }) {
  const nameOf = (point) => situation.sentences[point].short;
  const there = both.filter(({ standIn }) => !standIn);
  const [toPositive, toNegative] = both.map(({ distance }) => distance);
  const [value, active] = [terms.values[index], Boolean(terms.active[index])];
  const own = () => ({ ...numbers, d_ap: fixed(toPositive, 5), d_an: fixed(toNegative, 5), ...count });
  return {
    index, value, active, toPositive, toNegative, ...others,
    kind: "triplet",
    points: [anchor, ...there.map(({ point }) => point)],
    letters: letters ?? [anchor, ...there.map(({ point }) => point)].map(letter).join(""),
    get who() { return [nameOf(anchor), ...both.map(({ side, point, standIn }) => `${SYMBOLS[side]} ${standIn ? "none" : nameOf(point)}`)].join(" "); },
    links: there.map(({ side, point, weight }) => ({ from: anchor, to: point, side, weight })),
    valid: Boolean(terms.valid[index]),
    standIns: both.flatMap(({ standIn }) => standIn ?? []),
    get formula() { return value && templates ? fill(templates.triplet, own()) : null; },
    get note() { return `${letter(anchor)}, ${quoted(nameOf(anchor))}, has ${both.map(({ told }) => told).join(" and ")}; ${deed(value, active)}.`; },
  };
}

// What a square matrix holds in the row of one sentence.
function entriesOf({ terms }, size, row) {
  return Array.from({ length: size }, (_, column) => {
    const k = row * size + column;
    return { distance: terms.matrix[k], positive: terms.positive[k], negative: terms.negative[k] };
  });
}

// ---- one an anchor: with its hardest positive and its hardest negative

function ofAnchors(given) {
  const { situation, terms } = given;
  const [rows] = Object.values(situation.rows);
  const hardest = (side, place, entries) => {
    if (!entries.some((entry) => entry[side])) return missing(side, STAND_INS[side].far(entries), STAND_INS[side].counted);
    const { distance } = entries[place];
    return { side, distance, point: rows[place], weight: 1, told: `its hardest ${side} ${quoted(situation.sentences[rows[place]].short)} at ${fixed(distance)}` };
  };
  return rows.map((anchor, index) => {
    const entries = entriesOf(given, rows.length, index);
    const both = ["positive", "negative"].map((side) => hardest(side, terms.chosen[`hardest ${side}`][index], entries));
    return term(given, { B: rows.length }, { index, anchor, both, entries, letters: letter(anchor) });
  });
}

// ---- one a positive pair: with the nearest negative beyond the positive, or the farthest where none is beyond

function ofPositivePairs(given) {
  const { situation, terms } = given;
  const [rows] = Object.values(situation.rows);
  const size = rows.length;
  const pairs = indices(terms.valid);
  return pairs.map((index) => {
    const [row, column] = [Math.floor(index / size), index % size];
    const entries = entriesOf(given, size, row);
    const { distance } = entries[column];
    const place = terms.chosen["semi-hard negative"][index];
    const found = entries[place];
    const name = quoted(situation.sentences[rows[place]].short);
    const how = found.distance > distance ? `the nearest negative beyond it, ${name},` : `its farthest negative ${name}, none being beyond,`;
    const positive = { side: "positive", point: rows[column], distance, weight: 1, told: `its positive ${quoted(situation.sentences[rows[column]].short)} at ${fixed(distance)}` };
    const negative = found.negative
      ? { side: "negative", point: rows[place], distance: found.distance, weight: 1, told: `${how} at ${fixed(found.distance)}` }
      : missing("negative", Math.min(...entries.map((entry) => entry.distance)), "the smallest distance of its row");
    return term(given, { B: pairs.length }, { index, anchor: rows[row], both: [positive, negative], reach: { from: rows[row], to: rows[column] } });
  });
}

// ---- every triplet of the batch. A link is as strong as the share of the anchor's triplets over it that count.

function ofAll(given) {
  const { situation, terms } = given;
  const [rows] = Object.values(situation.rows);
  const size = rows.length;
  const found = indices(terms.valid);
  const counted = found.filter((index) => terms.active[index]).length;
  const among = (mask, row) => rows.filter((_, column) => mask[row * size + column]).length;
  return found.map((index) => {
    const [row, column, other] = [Math.floor(index / size ** 2), Math.floor(index / size) % size, index % size];
    const end = (side, place, rivals) => {
      const distance = terms.matrix[row * size + place];
      return { side, distance, point: rows[place], weight: 1 / rivals, get told() { return `its ${side} ${quoted(situation.sentences[rows[place]].short)} at ${fixed(distance)}`; } };
    };
    const both = [end("positive", column, among(terms.negative, row)), end("negative", other, among(terms.positive, row))];
    return term(given, { B: found.length, A: counted }, { index, anchor: rows[row], both });
  });
}

// ---- the triplets that the batch is made of

function ofRows(given) {
  const { situation, terms } = given;
  const [anchors, positives, negatives] = Object.values(situation.rows);
  return anchors.map((anchor, index) => {
    const end = (side, points, column) => {
      const distance = terms.matrix[2 * index + column];
      return { side, distance, point: points[index], weight: 1, told: `its ${side} ${quoted(situation.sentences[points[index]].short)} at ${fixed(distance)}` };
    };
    return term(given, { B: anchors.length }, { index, anchor, both: [end("positive", positives, 0), end("negative", negatives, 1)] });
  });
}

const indices = (mask) => Array.from(mask.keys()).filter((k) => mask[k]);

const BY_AXES = { anchor: ofAnchors, "anchor positive": ofPositivePairs, "anchor positive negative": ofAll, triplet: ofRows };

export const readTriplets = (given) => BY_AXES[given.loss.axes.join(" ")](given);
