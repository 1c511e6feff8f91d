// The mask: what the loss reads, and which of it counts. One row per pair; or, for a matrix, one cell per entry.

import { html } from "./dom.js";
import { litTerms } from "./reading.js";
import { situationOf } from "./state.js";
import { brief, fixed, letter } from "./words.js";

const MARK = { true: "●", false: "·" };
const WORD = { true: "yes", false: "no" };
const PAIR_COLUMNS = { pair: "pair", label: "label", d: "distance", "▲": "positive", "▼": "negative", valid: "the labels allow it", active: "passes gradient on", adds: "adds to the loss" };

const spoken = (shown, said) => [html("span", { "aria-hidden": "true" }, shown), html("span", { class: "spoken" }, said)];
const flag = (value) => html("td", { class: `flag ${value ? "on" : ""}` }, ...spoken(MARK[value], WORD[value]));

function pairRow(term) {
  return [html("th", { scope: "row" }, term.letters), html("td", { class: "number" }, brief(term.label, 2)),
    html("td", { class: "number" }, fixed(term.distance)), flag(term.kind !== "negative"), flag(term.kind !== "positive"),
    flag(term.valid), flag(term.active), html("td", { class: "number" }, fixed(term.value, 5))];
}

// The entries of one row of a matrix: shaded by what the labels say, framed where the loss chose them.
function matrixRow(spec, state, { terms, shapes }, index) {
  const columns = shapes.matrix.at(-1);
  const chosen = Object.values(terms.chosen ?? {}).map((places) => places[index]);
  const cells = Array.from({ length: columns }, (_, column) => {
    const k = index * columns + column;
    const side = terms.positive[k] ? "positive" : terms.negative[k] ? "negative" : "out";
    const classes = `number cell ${side}${chosen.includes(column) && side !== "out" ? " chosen" : ""}`;
    return html("td", { class: classes }, side === "out" ? "·" : fixed(terms.matrix[k], 2));
  });
  const [anchors] = Object.values(situationOf(spec, state).rows);
  return [html("th", { scope: "row" }, letter(anchors[index])), ...cells, flag(Boolean(terms.valid[index])), flag(Boolean(terms.active[index]))];
}

function matrixColumns(spec, state) {
  const [anchors, ...others] = Object.values(situationOf(spec, state).rows);
  const columns = others.length ? others.flat() : anchors;
  const names = columns.map((point) => [letter(point), `candidate ${letter(point)}`]);
  return [["", "anchor"], ...names, ["valid", "the labels allow it"], ["active", "passes gradient on"]];
}

// "D, E: no positive in the batch …", one sentence for each thing that is lacking.
export function standIns(terms) {
  const lacking = [...new Set(terms.flatMap((term) => term.standIns ?? []))];
  return lacking.map((words) => `${terms.filter((term) => term.standIns?.includes(words)).map(({ letters }) => letters).join(", ")}: ${words}.`);
}

export function createMask(spec, engine, actions) {
  const root = html("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Mask" });
  let shown = "";

  function table(state, result, reading) {
    const square = result.shapes.matrix.length > 1;
    const lit = litTerms(state, reading.terms);
    const columns = square ? matrixColumns(spec, state) : Object.entries(PAIR_COLUMNS);
    const head = html("tr", {}, ...columns.map(([name, meaning]) => html("th", { scope: "col", title: meaning, "aria-label": meaning }, name)));
    const count = square ? result.shapes.matrix.at(-2) : reading.terms.length;
    const rows = Array.from({ length: count }, (_, index) => {
      const term = reading.terms[index];
      const classes = [term?.kind, term?.active && "active", lit && !lit.has(index) && "faded"].filter(Boolean).join(" ");
      const row = html("tr", { class: classes }, ...(square ? matrixRow(spec, state, result, index) : pairRow(term)));
      row.addEventListener("pointerenter", () => actions.light({ kind: "term", index }));
      row.addEventListener("pointerleave", () => actions.light(null));
      return row;
    });
    const words = standIns(reading.terms).map((each) => html("caption", {}, each));
    return html("table", { class: "mask" }, ...words, html("thead", {}, head), html("tbody", {}, ...rows));
  }

  return {
    root,
    draw(state, result, reading) {
      const next = table(state, result, reading);
      if (next.outerHTML === shown) return; // keeps the row under the pointer
      shown = next.outerHTML;
      root.replaceChildren(next);
    },
  };
}
