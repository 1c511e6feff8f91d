// The mask: what the loss reads, and which of it counts. One row per term; for a square matrix, one cell per entry.

import { html } from "./dom.js";
import { brief, fixed, letter, litTerms } from "./reading.js";
import { situationOf } from "./state.js";

const MARK = { true: "●", false: "·" };
const WORD = { true: "yes", false: "no" };

function flag(value) {
  return html("td", { class: `flag ${value ? "on" : ""}` }, html("span", { "aria-hidden": "true" }, MARK[value]), html("span", { class: "spoken" }, WORD[value]));
}

function termRow(term, faded, actions) {
  const row = html("tr", { class: `${term.sign} ${term.active ? "active" : ""} ${faded ? "faded" : ""}` },
    html("th", { scope: "row" }, term.letters), html("td", { class: "number" }, brief(term.label, 2)),
    html("td", { class: "number" }, fixed(term.distance)), flag(term.sign !== "negative"), flag(term.sign !== "positive"),
    flag(term.valid), flag(term.active), html("td", { class: "number" }, fixed(term.value, 5)));
  row.addEventListener("pointerenter", () => actions.light({ kind: "term", index: term.index }));
  row.addEventListener("pointerleave", () => actions.light(null));
  return row;
}

const TERM_COLUMNS = { pair: "pair", label: "label", d: "distance", "▲": "positive", "▼": "negative", valid: "the labels allow it", active: "passes gradient on", adds: "adds to the loss" };

function termTable(state, reading, actions) {
  const lit = litTerms(state, reading.terms);
  const head = html("tr", {}, ...Object.entries(TERM_COLUMNS).map(([name, meaning]) => html("th", { scope: "col", title: meaning, "aria-label": meaning }, name)));
  const rows = reading.terms.map((term) => termRow(term, lit && !lit.has(term.index), actions));
  return html("table", { class: "mask" }, html("thead", {}, head), html("tbody", {}, ...rows));
}

// Any loss with a matrix that is not a row of pairs: its entries, coloured by what the labels say of them.
function matrixTable(spec, state, { terms, shapes }) {
  const columns = shapes.matrix.at(-1);
  const head = html("tr", {}, html("th"), ...Array.from({ length: columns }, (_, k) => html("th", { scope: "col" }, letter(k))));
  const rows = Array.from({ length: terms.matrix.length / columns }, (_, row) =>
    html("tr", {}, html("th", { scope: "row" }, letter(row)), ...Array.from({ length: columns }, (_, column) => {
      const k = row * columns + column;
      const side = terms.positive[k] ? "positive" : terms.negative[k] ? "negative" : "";
      return html("td", { class: `number ${side}` }, fixed(terms.matrix[k], 2));
    })));
  return html("table", { class: "mask" }, html("thead", {}, head), html("tbody", {}, ...rows));
}

export function createMask(spec, engine, actions) {
  const root = html("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Mask" });
  let shown = "";
  return {
    root,
    draw(state, result, reading) {
      const table = reading.terms.length ? termTable(state, reading, actions) : matrixTable(spec, state, result);
      if (table.outerHTML === shown) return; // keeps the row under the pointer
      shown = table.outerHTML;
      root.replaceChildren(table);
    },
  };
}
