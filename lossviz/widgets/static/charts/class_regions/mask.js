// The mask of pairs with a class: a row for each, with the number of every class, framed for the true one.

import { ACTIVE, ADDS, VALID, number, rowOf } from "../../marks/cells.js";
import { inCell } from "../../words.js";

const SHORT = { "log-probability": "ln p" };

export function mask({ loss: { reads }, reading: { terms }, result }) {
  const classes = Array.from({ length: result.shapes.matrix[1] }, (_, kind) => [
    `${SHORT[reads] ?? reads}(${kind})`, `${reads} of class ${kind}`,
  ]);
  const cellsOf = ({ gives, target }) => gives.map((value, kind) =>
    number(inCell(value), `cell ${kind === target ? "positive chosen" : "out"}`));
  return {
    columns: [["", "pair"], ...classes, VALID, ACTIVE, ADDS],
    rows: terms.map((term) => rowOf(term, cellsOf(term))),
  };
}
