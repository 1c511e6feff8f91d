// The mask of triplets: a row for each with its two distances where each has its own; else the matrix of the batch, a
// row for each anchor, in which every entry is shaded by what the labels say and framed where the loss chose it.

import { ACTIVE, ADDS, VALID, entries, flag, flags, head, number, rowOf } from "../../marks/cells.js";
import { fixed, letter } from "../../words.js";
import { SIDES, batchOf } from "./ends.js";

function tripletTable({ reading: { terms } }) {
  const distances = [["d(a,p)", "distance of the positive"], ["d(a,n)", "distance of the negative"]];
  const cellsOf = ({ toPositive, toNegative }) =>
    [number(fixed(toPositive), "positive"), number(fixed(toNegative), "negative")];
  return {
    columns: [["", "triplet"], ...distances, VALID, ACTIVE, ADDS],
    rows: terms.map((term) => rowOf(term, cellsOf(term))),
  };
}

// How many of an anchor's terms there are, and count: with one term an anchor, a flag says it.
function tallied(own, several) {
  if (!several) return own.length ? flags(own[0]) : [flag(false), flag(false)];
  return [number(String(own.length)), number(String(own.filter(({ active }) => active).length))];
}

function anchorRow({ loss, result: { terms } }, { rows }, own, anchor, row) {
  const several = loss.axes.length > 1;
  const chosen = own.flatMap(({ index }) => Object.values(terms.chosen).map((columns) => columns[index]));
  return {
    index: several ? null : own[0]?.index ?? null,
    terms: own.map(({ index }) => index),
    cells: [head(letter(anchor)), ...entries(terms, row, rows.length, chosen), ...tallied(own, several)],
    look: own.some(({ active }) => active) ? "active" : "",
  };
}

function anchorTable(scene, batch) {
  const ownOf = (row) => scene.reading.terms.filter(({ place }) => place[0] === row);
  const columns = batch.rows.map((point) => [letter(point), `sentence ${letter(point)}`]);
  return {
    columns: [["", "anchor"], ...columns, VALID, ACTIVE],
    rows: batch.rows.map((anchor, row) => anchorRow(scene, batch, ownOf(row), anchor, row)),
  };
}

// "No negative in the batch. Counted instead: D at 0.7850, E at 0.6000."
export function lackOf(terms) {
  const lacks = (side) => terms.flatMap(({ letters, lacking }) =>
    lacking.filter((end) => end.side === side).map(({ distance }) => `${letters} at ${fixed(distance)}`));
  const told = (side) => `No ${side} in the batch. Counted instead: ${lacks(side).join(", ")}.`;
  return SIDES.filter((side) => lacks(side).length).map(told).join(" ");
}

export function mask(scene) {
  const batch = batchOf(scene);
  const table = batch.square ? anchorTable(scene, batch) : tripletTable(scene);
  return { ...table, note: lackOf(scene.reading.terms) };
}
