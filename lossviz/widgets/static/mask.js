// The mask: what the loss reads, and which of it counts. One row per term where each reads numbers of its own; one cell
// per entry where they share a matrix; for orders, one cell for every two pairs, sorted by score.

import { html } from "./dom.js";
import { BLOCKS, candidatesOf } from "./read_anchors.js";
import { scoredPairs } from "./read_scores.js";
import { litTerms } from "./reading.js";
import { lossOf, situationOf, variantOf } from "./state.js";
import { brief, fixed, letter, percent, tenths } from "./words.js";

const MARK = { true: "●", false: "·" };
const WORD = { true: "yes", false: "no" };
const VALID = ["valid", "the labels allow it"];
const ACTIVE = ["active", "passes gradient on"];
const ADDS = ["adds", "adds to the loss"];
const SHORT = { distance: "d", "dot product": "u·v" };

const spoken = (shown, said) => [html("span", { "aria-hidden": "true" }, shown), html("span", { class: "spoken" }, said)];
const flag = (value) => html("td", { class: `flag ${value ? "on" : ""}` }, ...spoken(MARK[Boolean(value)], WORD[Boolean(value)]));
const number = (text, classes = "") => html("td", { class: `number ${classes}` }, text);
const head = (text) => html("th", { scope: "row" }, text);
const flags = (term) => [flag(term.valid), flag(term.active)];

// ---- a row per term: {columns: [[name, meaning]], rows: [{index, cells, classes}]}

const rowOf = (term, cells) => ({ index: term.index, cells: [head(term.letters), ...cells, ...flags(term), number(fixed(term.value, 5))], classes: `${term.kind}${term.active ? " active" : ""}` });
const perTerm = (name, columns, cellsOf) => (given) => ({
  columns: [["", name], ...columns(given), VALID, ACTIVE, ADDS],
  rows: given.reading.terms.map((term) => rowOf(term, cellsOf(term, given))),
});

const ofPairs = perTerm("pair", ({ loss }) => [["label", "label"], [SHORT[loss.matrix], loss.matrix], ["▲", "positive"], ["▼", "negative"]],
  (term) => [number(brief(term.label, 2)), number(fixed(term.distance)), flag(term.kind !== "negative"), flag(term.kind !== "positive")]);

const ofScores = perTerm("pair", ({ loss }) => [["score", "score"], [loss.matrix, loss.matrix]], (term, { situation, result }) => {
  const { score, similarity } = scoredPairs(situation, result.terms)[term.index];
  return [number(brief(score, 2)), number(fixed(similarity))];
});

const ofTriplets = perTerm("triplet", () => [["d(a,p)", "distance of the positive"], ["d(a,n)", "distance of the negative"]],
  (term) => [number(fixed(term.toPositive), "positive"), number(fixed(term.toNegative), "negative")]);

const ofClasses = perTerm("pair", ({ reading }) => reading.terms[0].shares.map((_, kind) => [`ln p(${kind})`, `log-probability of class ${kind}`]),
  (term, { result }) => term.shares.map((_, kind) => number(fixed(result.terms.matrix[term.index * term.shares.length + kind], 2), `cell ${kind === term.target ? "positive chosen" : "out"}`)));

// ---- a cell per entry of the matrix, shaded by what the labels say, framed where the loss chose them

function entry({ terms }, k, chosen) {
  const side = terms.positive[k] ? "positive" : terms.negative[k] ? "negative" : "out";
  return number(side === "out" ? "·" : fixed(terms.matrix[k], 2), `cell ${side}${chosen && side !== "out" ? " chosen" : ""}`);
}

const entries = (result, row, width, chosen) => Array.from({ length: width }, (_, column) => entry(result, row * width + column, chosen.includes(column)));

// How many of an anchor's terms there are, and count: with one term an anchor, a flag says it.
function tallied(own, several) {
  if (!several) return own.length ? flags(own[0]) : [flag(false), flag(false)];
  return [number(String(own.length)), number(String(own.filter(({ active }) => active).length))];
}

function ofSquare({ situation, result, reading, loss }) {
  const [anchors] = Object.values(situation.rows);
  const size = anchors.length;
  const several = loss.axes.length > 1;
  const rows = anchors.map((anchor, row) => {
    const own = reading.terms.filter(({ index }) => Math.floor(index / size ** (loss.axes.length - 1)) === row);
    const chosen = Object.values(result.terms.chosen ?? {}).flatMap((places) => (several ? own.map(({ index }) => places[index]) : [places[row]]));
    return { index: several ? null : row, terms: own.map(({ index }) => index), cells: [head(letter(anchor)), ...entries(result, row, size, chosen), ...tallied(own, several)], classes: own.some(({ active }) => active) ? "active" : "" };
  });
  return { columns: [["", "anchor"], ...anchors.map((point) => [letter(point), `sentence ${letter(point)}`]), VALID, ACTIVE], rows };
}

function ofSearches({ situation, result, reading, variant }) {
  const columns = candidatesOf(situation, variant.searches);
  const along = reading.terms.filter(({ row }) => row !== undefined);
  const down = reading.terms.filter(({ column }) => column !== undefined);
  const rows = along.map((term) => ({
    index: term.index, classes: term.active ? "active" : "",
    cells: [head(term.letters), ...entries(result, term.row, columns.length, [result.terms.chosen.target[term.row]]), ...flags(term)],
  }));
  const ending = (name, read) => ({ index: null, classes: "", cells: [head(name), ...columns.map((_, k) => (down[k] ? flag(read(down[k])) : html("td"))), html("td"), html("td")] });
  const ends = down.length ? [ending("valid ↓", ({ valid }) => valid), ending("active ↓", ({ active }) => active)] : [];
  const blocks = variant.searches.flat();
  const groups = blocks.length > 1 ? blocks.map((name) => [BLOCKS[name], columns.filter(({ block }) => block === name).length]) : [];
  return { groups, columns: [["", "anchor"], ...columns.map(({ point, block }) => [letter(point), `${groups.length ? BLOCKS[block] : "candidate"} ${letter(point)}`]), VALID, ACTIVE], rows: [...rows, ...ends] };
}

// ---- orders: the pair of a row has the lower score, that of a column the higher; a cell is their share of the softmax

function ofOrders({ situation, result, reading }) {
  const pairs = scoredPairs(situation, result.terms).sort((a, b) => a.score - b.score);
  const cellOf = (lower, higher) => {
    const term = reading.terms.find(({ pairs: [low, high] }) => low === lower.index && high === higher.index);
    return term ? number(percent(term.share), `cell ${term.wrong ? "negative chosen" : "positive"}`) : number("·", "cell out");
  };
  return {
    columns: [["lower \\ higher", "pair with the lower score"], ["score", "score"], ...pairs.map(({ letters, score }) => [letters, `pair ${letters} with score ${brief(score, 2)}`])],
    rows: pairs.map((lower) => ({ index: null, classes: "", cells: [head(lower.letters), number(brief(lower.score, 2)), ...pairs.map((higher) => cellOf(lower, higher))] })),
    note: `A cell is the share of an order in the softmax; framed: the wrong way round. The 1 has ${tenths(result.terms.thresholds["the 1"])}.`,
  };
}

// A matrix of a reader's own loss, of which nothing more is known.
function ofMatrix({ result }) {
  const width = result.shapes.matrix.at(-1);
  const rows = Array.from({ length: result.shapes.matrix.length > 1 ? result.shapes.matrix.at(-2) : 1 }, (_, row) => ({ index: null, classes: "", cells: [head(String(row + 1)), ...entries(result, row, width, [])] }));
  return { columns: ["", ...Array.from({ length: width }, (_, k) => String(k + 1))].map((name) => [name, name ? `column ${name}` : "row"]), rows };
}

const TABLES = { "distance line": ofPairs, "class regions": ofClasses, "score matrix": ofSearches };

function tableOf({ chart, axes }) {
  if (chart === "score plane") return axes.length > 1 ? ofOrders : ofScores;
  if (chart === "triplet plane") return axes[0] === "triplet" ? ofTriplets : ofSquare;
  return TABLES[chart] ?? ofMatrix;
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
    const loss = lossOf(spec, state);
    const make = tableOf(loss);
    const lit = litTerms(state, reading.terms);
    const { columns, rows, note, groups = [] } = make({ situation: situationOf(spec, state), variant: variantOf(spec, state), loss, result, reading });
    const top = html("tr", {}, ...columns.map(([name, meaning]) => html("th", { scope: "col", title: meaning, "aria-label": meaning }, name)));
    const above = groups.length ? [html("tr", {}, html("td"), ...groups.map(([name, width]) => html("th", { scope: "colgroup", colspan: width }, name)))] : [];
    const body = rows.map(({ index, terms, cells, classes }) => {
      const faded = lit && !(terms ?? [index]).some((each) => each === null || lit.has(each)) ? " faded" : "";
      const row = html("tr", { class: classes + faded }, ...cells);
      if (index !== null) {
        row.addEventListener("pointerenter", () => actions.light({ kind: "term", index }));
        row.addEventListener("pointerleave", () => actions.light(null));
      }
      return row;
    });
    const words = [...(note ? [note] : []), ...standIns(reading.terms)].map((each) => html("caption", {}, each));
    return html("table", { class: "mask" }, ...words, html("thead", {}, ...above, top), html("tbody", {}, ...body));
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
