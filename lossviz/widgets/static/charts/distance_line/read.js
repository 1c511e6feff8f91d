// Reads labelled pairs: each pair is a term, with its distance, or another number of its own, in the matrix.

import { ROUNDING, fixed, letter, quoted } from "../../words.js";

const SIDES = { positive: "positive", negative: "negative", both: "weighed" };
const VERBS = { positive: "pulled together", negative: "pushed apart", both: "pulled and pushed" };

const sideOf = (positive, negative) => (positive && negative ? "both" : positive ? "positive" : "negative");

// "stands at distance 0.2", "has the dot product 1.3".
export const stands = (reads, value) =>
  reads === "distance" ? `stands at distance ${fixed(value)}` : `has the ${reads} ${fixed(value)}`;

// Two sentences a row, a number and a term for each row.
export function fits({ situation, result: { shapes } }) {
  const rows = Object.values(situation.rows);
  const each = (shape) => shape.length === 1 && shape[0] === rows[0].length;
  return rows.length === 2 && each(shapes.matrix) && each(shapes.values);
}

function pairOf({ situation, loss, result }, term) {
  const { index, active, value } = term;
  const points = Object.values(situation.rows).map((rows) => rows[index]);
  const names = points.map((point) => situation.sentences[point].short);
  const side = sideOf(result.terms.positive[index], result.terms.negative[index]);
  const measured = result.terms.matrix[index];
  const label = situation.labels?.[index];
  const letters = points.map(letter).join("–");
  return Object.assign(term, {
    points, letters, label, measured,
    kind: side,
    links: [{ from: points[0], to: points[1], side, weight: 1 }],
    words: {
      who: () => names.join(" / "),
      note: () => {
        const whose = `${letters}, the ${SIDES[side]} pair of ${names.map(quoted).join(" and ")}`;
        const stand = `${whose}, ${stands(loss.reads, measured)}`;
        if (active) return `${stand} and is ${VERBS[side]}: it adds ${fixed(value, 5)}.`;
        return Math.abs(value) > ROUNDING
          ? `${stand} and adds ${fixed(value, 5)}, but moves nothing.` : `${stand} and is left alone.`;
      },
    },
  });
}

export const read = (given, terms) => terms.map((term) => pairOf(given, term));
