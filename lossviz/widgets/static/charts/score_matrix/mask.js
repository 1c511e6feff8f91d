// The mask of a search: a cell per entry of the matrix, shaded by what the labels say, framed where it is the target;
// where each column searches too, its flags stand below it.

import { ACTIVE, VALID, empty, entries, flag, flags, head } from "../../marks/cells.js";
import { inWords, letter } from "../../words.js";
import { candidatesOf, targetOf } from "./read.js";

function rowsOf(scene, count) {
  const along = scene.reading.terms.filter(({ row }) => row !== undefined);
  return along.map((term) => ({
    index: term.index, look: term.active ? "active" : "",
    cells: [
      head(term.letters), ...entries(scene.result.terms, term.row, count, [targetOf(term.candidates)?.column]),
      ...flags(term),
    ],
  }));
}

function endsOf(scene, count) {
  const searches = scene.reading.terms.filter(({ column }) => column !== undefined);
  const down = new Map(searches.map((term) => [term.column, term]));
  const ending = (name, read) => {
    const cells = Array.from({ length: count }, (_, k) => (down.has(k) ? flag(read(down.get(k))) : empty()));
    return { index: null, look: "", cells: [head(name), ...cells, empty(), empty()] };
  };
  if (!down.size) return [];
  return [ending("valid ↓", ({ valid }) => valid), ending("active ↓", ({ active }) => active)];
}

export function mask(scene) {
  const columns = candidatesOf(scene);
  const blocks = scene.variant.blocks.flat();
  const several = blocks.length > 1 && columns.some(({ block }) => block);
  const widthOf = (name) => columns.filter(({ block }) => block === name).length;
  const groups = several ? blocks.map((name) => [inWords(name), widthOf(name)]) : [];
  const headed = columns.map(({ point, block }, k) => {
    const name = point === null ? String(k + 1) : letter(point);
    return [name, `${several ? inWords(block) : "candidate"} ${name}`];
  });
  const rows = [...rowsOf(scene, columns.length), ...endsOf(scene, columns.length)];
  return { groups, columns: [["", "anchor"], ...headed, VALID, ACTIVE], rows };
}
