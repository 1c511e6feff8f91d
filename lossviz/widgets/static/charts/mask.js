// The mask: what the loss reads, and which of it counts. Each chart says the table that suits it; a matrix of which
// nothing more is known is shown as it is.

import { html, keep, setAttributes, setText } from "../dom.js";
import { ACTIVE, ADDS, VALID, empty, entries, flags, head, number } from "../marks/cells.js";
import { faded } from "../marks/looks.js";
import { fixed, inCell, letter } from "../words.js";
import { CHARTS } from "./index.js";

// ---- a matrix of which nothing more is known

// A cell for each entry, and, where each row is a term, what becomes of it. A list is a column: an entry for each row.
const sizeOf = ([rows = 1, ...columns]) => [rows, columns.reduce((product, size) => product * size, 1)];

function columnsOf({ situation, loss: { reads } }, [rows, count]) {
  const [first, ...others] = Object.values(situation.rows);
  if (count === 1) return [[reads, reads]];
  if (count === rows && !others.length) return first.map(letter).map((name) => [name, `sentence ${name}`]);
  return Array.from({ length: count }, (_, k) => [String(k + 1), `column ${k + 1}`]);
}

// Entries without a side, where the labels say nothing of the whole matrix.
const plain = ({ matrix }, row, count) =>
  Array.from(matrix.slice(row * count, (row + 1) * count), (value) => number(inCell(value), "cell"));

const fateOf = (term) => (term ? [...flags(term), number(fixed(term.value, 5))] : [empty(), empty(), empty()]);

export function matrixTable(scene) {
  const { result: { terms, shapes }, reading } = scene;
  const [count, width] = sizeOf(shapes.matrix);
  const sided = terms.positive.some(Boolean) || terms.negative.some(Boolean);
  const fated = shapes.values.join() === String(count); // a term for each row
  const own = new Map(fated ? reading.terms.map((term) => [term.index, term]) : []);
  const rows = Array.from({ length: count }, (_, row) => {
    const term = own.get(row);
    const chosen = term ? Object.values(terms.chosen).map((columns) => columns[row]) : [];
    const found = sided ? entries(terms, row, width, chosen) : plain(terms, row, width);
    const cells = [head(term?.letters ?? String(row + 1)), ...found, ...(fated ? fateOf(term) : [])];
    return { index: term?.index ?? null, look: term?.active ? "active" : "", cells };
  });
  const fate = fated ? [VALID, ACTIVE, ADDS] : [];
  return { columns: [["", "row"], ...columnsOf(scene, [count, width]), ...fate], rows };
}

// ---- drawing: rows and cells are kept, so that the row under the pointer stays

const UPRIGHT = [VALID, ACTIVE].map(([name]) => name); // heads of columns of dots: upright where there is little room

const columnHead = () => html("th", { scope: "col" });
const groupHead = (k) => (k ? html("th", { scope: "colgroup" }) : html("td"));
const cell = (k) => (k ? html("td") : html("th", { scope: "row" }));

function drawCell(element, { words, said, look }) {
  setAttributes(element, { class: look });
  const spoken = said !== undefined;
  const [shown, heard] = keep(element, spoken ? 2 : 1, (k) => html("span", { class: k ? "spoken" : null }));
  setText(setAttributes(shown, { "aria-hidden": spoken ? "true" : null }), words);
  if (spoken) setText(heard, said);
}

function drawHeads(top, above, { columns, groups = [] }) {
  keep(top, columns.length, columnHead).forEach((element, k) => {
    const [name, meaning] = columns[k];
    const look = UPRIGHT.includes(name) ? "upright" : null;
    setText(setAttributes(element, { class: look, title: meaning, "aria-label": meaning }), name);
  });
  setAttributes(above, { hidden: groups.length ? null : "" });
  keep(above, groups.length + 1, groupHead).slice(1).forEach((element, k) => {
    setText(setAttributes(element, { colspan: groups[k][1] }), groups[k][0]);
  });
}

function drawRow(element, { index, terms, cells, look }, lit) {
  const concerned = terms ?? (index === null ? [] : [index]);
  const stands = !lit || (index === null && !terms) || concerned.some((each) => lit.has(each));
  setAttributes(element, { class: `${look}${stands ? "" : " faded"}` });
  keep(element, cells.length, cell).forEach((each, k) => drawCell(each, cells[k]));
}

export function createMask(spec, engine, actions) {
  const [top, above] = [html("tr"), html("tr")];
  const [note, body] = [html("caption"), html("tbody")];
  const table = html("table", { class: "mask" }, note, html("thead", {}, above, top), body);
  const root = html("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Mask" }, table);
  let shown = []; // the rows

  function makeRow(k) {
    const row = html("tr");
    row.addEventListener("pointerenter", () => {
      const { index } = shown[k];
      if (index !== null) actions.light({ kind: "term", index });
    });
    row.addEventListener("pointerleave", () => actions.light(null));
    return row;
  }

  return {
    root,
    draw(scene) {
      const made = (CHARTS[scene.reading.chart]?.mask ?? matrixTable)(scene);
      shown = made.rows;
      setText(setAttributes(note, { hidden: made.note ? null : "" }), made.note ?? "");
      drawHeads(top, above, made);
      keep(body, shown.length, makeRow).forEach((row, k) => drawRow(row, shown[k], scene.lit));
    },
  };
}
