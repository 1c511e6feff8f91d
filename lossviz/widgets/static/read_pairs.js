// Reads labelled pairs: one term a pair, its distance or its dot product in the matrix.

import { brief, fill, fixed, letter, quoted } from "./words.js";

const SIDE_WORDS = { positive: "positive", negative: "negative", both: "weighed" };
const PAIR_VERBS = { positive: "pulled together", negative: "pushed apart", both: "pulled and pushed" };

const sideOf = (positive, negative) => (positive && negative ? "both" : positive ? "positive" : "negative");

// A number between 0 and 1 as a label weighs both halves of a term.
function pairFormula(templates, side, label, numbers) {
  if (!templates) return null;
  if (side !== "both") return fill(templates[side], numbers);
  const halves = [[label, templates.positive], [1 - label, templates.negative]];
  return halves.map(([weight, template]) => `${brief(weight, 4)} · ${fill(template, numbers)}`).join(" + ");
}

const PLACES = { distance: "stands at distance", "dot product": "has the dot product" };

export function readPairs({ situation, templates, numbers, terms, loss }) {
  const [first, second] = Object.values(situation.rows);
  return first.map((anchor, index) => {
    const points = [anchor, second[index]];
    const side = sideOf(terms.positive[index], terms.negative[index]);
    const found = fixed(terms.matrix[index], 5);
    const own = { ...numbers, d: found, z: found, B: first.length }; // a distance or a dot product
    const names = points.map((point) => situation.sentences[point].short);
    const letters = points.map(letter).join("–");
    const active = Boolean(terms.active[index]);
    const stand = `${letters}, the ${SIDE_WORDS[side]} pair of ${names.map(quoted).join(" and ")}, ${PLACES[loss.matrix]} ${fixed(terms.matrix[index])}`;
    return {
      index, points, letters, active,
      who: names.join(" / "),
      kind: side,
      links: [{ from: anchor, to: second[index], side, weight: 1 }],
      label: situation.labels[index],
      distance: terms.matrix[index],
      valid: Boolean(terms.valid[index]),
      value: terms.values[index],
      formula: terms.values[index] ? pairFormula(templates, side, situation.labels[index], own) : null,
      note: active ? `${stand} and is ${PAIR_VERBS[side]}: it adds ${fixed(terms.values[index], 5)}.` : `${stand} and is left alone.`,
    };
  });
}
