// What a mask's table is made of, as plain descriptions: a cell is {words, said, look, head}, a row {index, terms,
// cells, look}. `index` is the term that the row stands for, null for none; `terms` are those in it, where there are
// several.

import { fixed, inCell } from "../words.js";

export const VALID = ["valid", "the labels allow it"];
export const ACTIVE = ["active", "passes gradient on"];
export const ADDS = ["adds", "adds to the loss"];

export const number = (words, look = "") => ({ words, look: `number ${look}` });
export const head = (words) => ({ words, head: true });
export const empty = () => ({ words: "", look: "" });

// Yes or no: a dot to those who see it, a word to those who hear it.
const [YES, NO] = [{ words: "●", said: "yes", look: "flag on" }, { words: "·", said: "no", look: "flag" }];
export const flag = (value) => (value ? YES : NO);
export const flags = (term) => [flag(term.valid), flag(term.active)];

// A term in a row of its own: its name, its numbers, and what becomes of it.
export const rowOf = (term, cells) => ({
  index: term.index,
  look: `${term.kind}${term.active ? " active" : ""}`,
  cells: [head(term.letters), ...cells, ...flags(term), number(fixed(term.value, 5))],
});

// An entry of the matrix: shaded by what the labels say, empty where it takes no part, framed where the loss chose it.
export function entry({ matrix, positive, negative }, k, chosen) {
  if (!positive[k] && !negative[k]) return number("·", "cell out");
  return number(inCell(matrix[k]), `cell ${positive[k] ? "positive" : "negative"}${chosen ? " chosen" : ""}`);
}

// A row of the matrix, with the columns that were chosen in it.
export const entries = (terms, row, width, chosen = []) =>
  Array.from({ length: width }, (_, column) => entry(terms, row * width + column, chosen.includes(column)));
