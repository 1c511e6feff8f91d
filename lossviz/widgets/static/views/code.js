// The code: the definition of the loss as it is written in torch, one of its terms in numbers, and what is shown as
// Python to copy.

import { putOnClipboard } from "../copy.js";
import { button, html, setAttributes, setText } from "../dom.js";
import { sameLasting } from "../state.js";
import { fixed } from "../words.js";
import { cellOf, tokensOf } from "./python.js";

const HANGING = 4; // letters: how much farther in a line goes on that is too long

// ---- the definition

// A line goes on below where it does not fit, and farther in than it began.
function lineOf(text) {
  const from = text.search(/\S|$/) + HANGING;
  const parts = tokensOf(text).map(([kind, part]) => html("span", { class: kind || null }, part));
  return html("span", { class: "line", style: `--from:${from}ch` }, ...parts, "\n");
}

function createDefinition() {
  const code = html("code");
  const nothing = html("p", {}, "The source of this loss is not kept where Python could read it, so it is not shown.");
  let shown = null; // the loss
  return {
    root: html("pre", {}, code, nothing),
    draw({ state, loss }) {
      if (state.loss === shown) return;
      shown = state.loss;
      code.replaceChildren(...(loss.code ? loss.code.split("\n").map(lineOf) : []));
      setAttributes(nothing, { hidden: loss.code ? "" : null });
    },
  };
}

// ---- a term

// The term that is told: a lit one, or else the largest.
function toldOf({ reading: { terms, ranked }, lit }) {
  const isLit = ({ index }) => lit?.has(index);
  return ranked.find(isLit) ?? terms.find(isLit) ?? ranked[0];
}

// What it adds in letters, where there is a formula of its own.
function inLetters({ variant: { formulas } }, { kind }) {
  const [only, ...others] = Object.values(formulas ?? {});
  return (others.length ? formulas[kind] : only)?.replace(/\{(\w+)\}/g, "$1");
}

function createTerm() {
  const [letters, who, rest] = [html("b"), html("span", { class: "who" }), html("span", { class: "formula" })];
  return {
    root: html("p", { class: "told" }, letters, who, rest),
    draw(scene) {
      const term = toldOf(scene);
      const formulas = term?.formula ? [inLetters(scene, term), term.formula] : [];
      setText(letters, term?.letters ?? "");
      setText(who, term?.who ?? scene.reading.caption);
      setText(rest, term ? [...formulas.filter(Boolean), fixed(term.value, 5)].join(" = ") : "");
    },
  };
}

// ---- Python to copy

const COPIED = "Copied: paste it into a cell.";
const BY_HAND = "The browser does not let this page copy. The text below is selected: press Ctrl+C or ⌘C.";

// A button for each cell, or why there is none; what became of it; and a fold with the text itself.
function createCells(spec) {
  const said = html("p", { class: "note", role: "status" });
  const fold = html("details", {}, html("summary", {}, "Read it first"));
  let [shown, copied] = [null, null]; // the scene; the state that was copied

  async function copy(k, area) {
    const text = cellOf(shown.loss.cells[k], shown);
    copied = shown.state;
    if (await putOnClipboard(text)) return buttons.append(setText(said, COPIED));
    fold.open = true;
    area.before(setText(said, BY_HAND));
    area.value = text;
    area.focus();
    area.select();
    area.scrollTop = 0;
    said.scrollIntoView({ block: "nearest" });
  }

  const parts = Object.values(spec.losses)[0].cells.map(({ title }, k) => {
    const area = html("textarea", { readonly: "", rows: 10, wrap: "off", spellcheck: "false", "aria-label": title });
    return { area, why: html("p", { class: "note" }), press: button(title, () => copy(k, area)) };
  });
  const buttons = html("div", { class: "copies" }, ...parts.flatMap(({ press, why }) => [press, why]), said);
  fold.append(...parts.map(({ area }) => area));
  fold.addEventListener("toggle", () => draw(shown));

  // The texts are long: they follow where they are read, and not through a run.
  function draw(scene) {
    shown = scene;
    if (copied && !sameLasting(copied, scene.state)) setText(said, "");
    setAttributes(fold, { hidden: scene.loss.cells.some(({ text }) => text !== null) ? null : "" });
    parts.forEach(({ area, why, press }, k) => {
      const cell = scene.loss.cells[k];
      const hidden = cell.text === null ? "" : null;
      for (const part of [area, press]) setAttributes(part, { hidden });
      setText(setAttributes(why, { hidden: hidden === null ? "" : null }), cell.why);
      if (!fold.open || scene.state.playing || hidden !== null) return;
      const text = cellOf(cell, scene);
      if (area.value !== text) area.value = text;
    });
  }

  return { buttons, fold, draw };
}

export function createCode(spec) {
  const [definition, term, cells] = [createDefinition(), createTerm(), createCells(spec)];
  const below = html("div", { class: "below-code" }, term.root, cells.buttons);
  return {
    root: html("section", { class: "code" }, definition.root, below, cells.fold),
    draw(scene) {
      for (const part of [definition, term, cells]) part.draw(scene);
    },
  };
}
