// The score matrix: a row per anchor, a column per candidate; each row is a softmax, drawn as bars whose lengths add up
// to one. The diagonal, outlined, is where the positives stand.

import { html, keep, setAttributes, setText, svg } from "./dom.js";
import { litTerms } from "./reading.js";
import { brief, percent } from "./words.js";

const SPACE = { left: 34, top: 46, bottom: 34 };
const ROW = 64;
const GAP = 3;

export function createScoreMatrix(spec, engine, actions) {
  const heads = svg("g", { class: "heads" });
  const rows = svg("g", { class: "rows" });
  const note = svg("text", { class: "quiet", x: 2, y: 14 });
  const foot = svg("text", { class: "quiet", x: 2 });
  const picture = svg("svg", { class: "score-matrix", role: "group", "aria-label": "What each anchor makes of each candidate" }, note, heads, rows, foot);
  const root = html("div", {}, picture);
  let width = 300;

  function makeRow(index) {
    const row = svg("g", { tabindex: 0, role: "button" }, svg("rect", { class: "back" }), svg("text", { class: "name", "text-anchor": "middle" }), svg("g", { class: "cells" }));
    const on = () => actions.light({ kind: "term", index });
    const off = () => actions.light(null);
    for (const event of ["pointerenter", "focus", "click"]) row.addEventListener(event, on);
    for (const event of ["pointerleave", "blur"]) row.addEventListener(event, off);
    return row;
  }

  const makeCell = () => svg("g", {}, svg("rect", { class: "frame" }), svg("rect", { class: "bar" }), svg("text", { class: "share", "text-anchor": "middle" }), svg("text", { class: "logit quiet", "text-anchor": "middle" }));

  function drawCell(cell, term, column, left, top, size) {
    const share = term.shares[column];
    const room = ROW - 2 * GAP;
    const [frame, bar, text, logit] = cell.children;
    setAttributes(cell, { class: column === term.target ? "target positive" : "negative" });
    setAttributes(frame, { x: left + GAP, y: top + GAP, width: size - 2 * GAP, height: room, rx: 5 });
    setAttributes(bar, { x: left + GAP + 3, y: top + GAP + room - 3 - share * (room - 6), width: 8, height: Math.max(1, share * (room - 6)) });
    setText(setAttributes(text, { x: left + size / 2 + 5, y: top + ROW / 2 - 2 }), percent(share));
    setText(setAttributes(logit, { x: left + size / 2 + 5, y: top + ROW / 2 + 15 }), brief(term.logits[column], 1));
  }

  return {
    root,
    measure() {
      width = Math.max(240, root.clientWidth);
    },
    draw(state, result, reading) {
      const { terms } = reading;
      const lit = litTerms(state, terms);
      const columns = terms[0].candidates.length;
      const size = (width - SPACE.left) / columns;
      const height = SPACE.top + ROW * terms.length + SPACE.bottom;
      setAttributes(picture, { width, height, viewBox: `0 0 ${width} ${height}` });
      setText(note, "Each row shares out 100 %. Outlined: its positive");
      setText(setAttributes(foot, { y: height - 8 }), "below the share: the logit, scale × similarity");
      keep(heads, columns, () => svg("text", { "text-anchor": "middle" })).forEach((head, column) =>
        setText(setAttributes(head, { x: SPACE.left + (column + 0.5) * size, y: SPACE.top - 8 }), terms[0].candidates[column]));
      keep(rows, terms.length, makeRow).forEach((row, index) => {
        const term = terms[index];
        const top = SPACE.top + index * ROW;
        const faded = lit && !lit.has(term.index) ? "faded" : null;
        setAttributes(row, { class: faded, "aria-label": term.note });
        setAttributes(row.children[0], { x: 0, y: top, width, height: ROW });
        setText(setAttributes(row.children[1], { x: SPACE.left / 2, y: top + ROW / 2 + 5 }), term.letters);
        keep(row.children[2], columns, makeCell).forEach((cell, column) => drawCell(cell, term, column, SPACE.left + column * size, top, size));
      });
    },
  };
}
