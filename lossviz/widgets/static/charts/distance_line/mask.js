// The mask of pairs: a row for each, with its label, its number and its sides.

import { ACTIVE, ADDS, VALID, flag, number, rowOf } from "../../marks/cells.js";
import { brief, fixed } from "../../words.js";

const SHORT = { "distance": "d", "dot product": "u·v" };

export function mask({ loss: { reads }, reading: { terms } }) {
  const labelled = terms.some(({ label }) => label !== undefined);
  const cellsOf = ({ label, measured, kind }) => [
    ...(labelled ? [number(brief(label, 2))] : []),
    number(fixed(measured)), flag(kind !== "negative"), flag(kind !== "positive"),
  ];
  const labels = labelled ? [["label", "label"]] : [];
  const columns = [["", "pair"], ...labels, [SHORT[reads] ?? reads, reads], ["▲", "positive"], ["▼", "negative"]];
  return { columns: [...columns, VALID, ACTIVE, ADDS], rows: terms.map((term) => rowOf(term, cellsOf(term))) };
}
