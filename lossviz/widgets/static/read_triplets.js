// Reads anchors with their hardest positive and hardest negative: one term an anchor, distances in a square matrix.

import { fill, fixed, letter, quoted } from "./words.js";

const SYMBOLS = { positive: "▲", negative: "▼" };
// What the loss counts for an anchor that has no such sentence in the batch.
const STAND_INS = {
  positive: { counted: "distance 0", far: () => 0 },
  negative: { counted: "the largest distance of its row", far: (entries) => Math.max(...entries.map(({ distance }) => distance)) },
};

// The hardest sentence of one side, as the loss chose it, or what stands in for it.
function hardest(side, place, entries, nameOf) {
  if (entries.some((entry) => entry[side])) {
    const { distance } = entries[place];
    return { side, place, distance, told: `its hardest ${side} ${quoted(nameOf(place))} at ${fixed(distance)}`, who: `${SYMBOLS[side]} ${nameOf(place)}` };
  }
  const { counted, far } = STAND_INS[side];
  const distance = far(entries);
  const standIn = `no ${side} in the batch: counted as ${counted}`;
  return { side, standIn, distance, told: `no ${side}, counted at ${fixed(distance)}`, who: `${SYMBOLS[side]} none` };
}

function deed(value, active) {
  if (!value) return "it adds nothing";
  return `it adds ${fixed(value, 5)}${active ? "" : ", and moves nothing"}`;
}

export function readTriplets({ situation, templates, numbers, terms }) {
  const [rows] = Object.values(situation.rows);
  const size = rows.length;
  const nameOf = (place) => situation.sentences[rows[place]].short;
  return rows.map((anchor, index) => {
    const entries = rows.map((_, column) => {
      const k = index * size + column;
      return { distance: terms.matrix[k], positive: terms.positive[k], negative: terms.negative[k] };
    });
    const both = ["positive", "negative"].map((side) => hardest(side, terms.chosen[`hardest ${side}`][index], entries, nameOf));
    const there = both.filter(({ standIn }) => !standIn);
    const [toPositive, toNegative] = both.map(({ distance }) => distance);
    const [value, active] = [terms.values[index], Boolean(terms.active[index])];
    const own = { ...numbers, d_ap: fixed(toPositive, 5), d_an: fixed(toNegative, 5), B: size };
    return {
      index, value, active, toPositive, toNegative, entries,
      kind: "triplet",
      points: [anchor, ...there.map(({ place }) => rows[place])],
      letters: letter(anchor),
      who: [nameOf(index), ...both.map(({ who }) => who)].join(" "),
      links: there.map(({ side, place }) => ({ from: anchor, to: rows[place], side, weight: 1 })),
      valid: Boolean(terms.valid[index]),
      standIns: both.flatMap(({ standIn }) => standIn ?? []),
      formula: value && templates ? fill(templates.triplet, own) : null,
      note: `${letter(anchor)}, ${quoted(nameOf(index))}, has ${both.map(({ told }) => told).join(" and ")}; ${deed(value, active)}.`,
    };
  });
}
