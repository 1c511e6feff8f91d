// The score matrix: a row per anchor, a column per candidate; each row is a softmax, drawn as bars whose lengths add up
// to one. Outlined are the positives. Where each column is a softmax too, its bars lie on their side.

import { html, keep, lights, setAttributes, setText, svg } from "./dom.js";
import { rectangle } from "./geometry.js";
import { BLOCKS, candidatesOf } from "./read_anchors.js";
import { litTerms } from "./reading.js";
import { situationOf, variantOf } from "./state.js";
import { brief, letter, percent } from "./words.js";

const SPACE = { left: 34, top: 46, bottom: 18, blocks: 20, line: 16 };
const GAP = 3;
const HEADING = 132; // of a block: no narrower than its words
const ONE_WAY = { row: 64, narrowest: 58 };
const BOTH_WAYS = { row: 80, narrowest: 76 };
const MOST_CELLS = 64; // of more than this only the touched ones have numbers: a frame has no time to write so many

export function createScoreMatrix(spec, engine, actions) {
  const heads = svg("g", { class: "heads" });
  const rows = svg("g", { class: "rows" });
  const blocks = svg("g", { class: "blocks" });
  const many = svg("g", { class: "many" }, svg("g"), svg("g"));
  const note = svg("text", { class: "quiet", x: 2, y: 14 });
  const foot = svg("g", { class: "foot" });
  const picture = svg("svg", { class: "score-matrix", role: "group", "aria-label": "What each anchor makes of each candidate" }, note, blocks, heads, rows, many, foot);
  const root = html("div", { class: "scroll" }, picture);
  let width = 300;
  let searches = { rows: [], columns: [] }; // the terms of rows and of columns

  const makeRow = (k) => lights(svg("g", { tabindex: 0, role: "button" },
    svg("rect", { class: "back" }), svg("text", { class: "name", "text-anchor": "middle" }), svg("g", { class: "cells" })),
  actions, () => ({ kind: "term", index: searches.rows[k].index }));

  const makeHead = (k) => lights(svg("g", {}, svg("rect", { class: "back" }), svg("text", { "text-anchor": "middle" })),
    actions, () => (searches.columns[k] ? { kind: "term", index: searches.columns[k].index } : null));

  const makeCell = () => svg("g", {}, svg("rect", { class: "frame" }), svg("rect", { class: "bar" }),
    svg("text", { class: "share", "text-anchor": "middle" }), svg("text", { class: "logit quiet", "text-anchor": "middle" }),
    svg("rect", { class: "across" }), svg("text", { class: "down", "text-anchor": "middle" }));

  const across = (share, size) => share * (size - 2 * GAP - 18);
  const upward = (share, row) => share * (row - 2 * GAP - 6);

  // Of many cells: a path for each look, and words for those that are touched.
  function drawMany(cells, { size, row }) {
    const looks = new Map();
    for (const { look, left, top, along, down } of cells) {
      if (!looks.has(look)) looks.set(look, { frame: "", bar: "" });
      const paths = looks.get(look);
      paths.frame += rectangle(left + GAP, top + GAP, size - 2 * GAP, row - 2 * GAP);
      const height = Math.max(1, upward(along.share, row));
      paths.bar += rectangle(left + GAP + 3, top + row - GAP - 3 - height, 8, height);
      if (down) paths.bar += rectangle(left + GAP + 14, top + row - GAP - 10, Math.max(1, across(down.share, size)), 7);
    }
    const shown = [...looks];
    keep(many.firstChild, shown.length, () => svg("g", {}, svg("path", { class: "frame" }), svg("path", { class: "bar" }))).forEach((group, k) => {
      const [look, paths] = shown[k];
      setAttributes(group, { class: look });
      for (const part of group.children) setAttributes(part, { d: paths[part.getAttribute("class")] });
    });
    const words = cells.filter(({ told }) => told).flatMap(({ left, top, along, down }) => [
      { x: left + size / 2 + 5, y: top + (down ? 24 : row / 2 + 5), words: (down ? "→ " : "") + percent(along.share) },
      ...(down ? [{ x: left + size / 2 + 5, y: top + 41, words: `↓ ${percent(down.share)}` }] : []),
    ]);
    keep(many.lastChild, words.length, () => svg("text", { class: "share", "text-anchor": "middle" })).forEach((text, k) => setText(setAttributes(text, { x: words[k].x, y: words[k].y }), words[k].words));
  }

  // A cell where the candidate takes no part in the search stays empty.
  function drawCell(cell, along, down, look, { left, top, size, row }) {
    const [frame, bar, text, logit, lying, below] = cell.children;
    const room = row - 2 * GAP;
    const middle = left + size / 2 + 5;
    setAttributes(cell, { class: look, visibility: along.out ? "hidden" : null });
    setAttributes(frame, { x: left + GAP, y: top + GAP, width: size - 2 * GAP, height: room, rx: 5 });
    setAttributes(bar, { x: left + GAP + 3, y: top + row - GAP - 3 - upward(along.share, row), width: 8, height: Math.max(1, upward(along.share, row)) });
    setText(setAttributes(text, { x: middle, y: top + (down ? 24 : row / 2 - 2) }), (down ? "→ " : "") + percent(along.share));
    setText(setAttributes(logit, { x: middle, y: top + (down ? 58 : row / 2 + 15) }), brief(along.logit, 1));
    for (const part of [lying, below]) setAttributes(part, { visibility: down ? null : "hidden" });
    if (!down) return setText(below, "");
    setAttributes(lying, { x: left + GAP + 14, y: top + row - GAP - 10, width: Math.max(1, across(down.share, size)), height: 7 });
    return setText(setAttributes(below, { x: middle, y: top + 41 }), `↓ ${percent(down.share)}`);
  }

  // What stands in a cell, line by line.
  function explained({ parameters }, crowded) {
    if (crowded) return ["touch a letter for its shares; the logits stand in the mask"];
    const harder = parameters.hardness_mode ? ["of a harder rival (scale + α) × similarity"] : [];
    return ["below the share: the logit, scale × similarity", ...harder];
  }

  function drawBlocks(columns, size) {
    const first = columns.map((column, at) => ({ ...column, at })).filter(({ first }) => first);
    const shown = first.length > 1 ? first : [];
    keep(blocks, shown.length, () => svg("g", {}, svg("path", { class: "axis" }), svg("text", { class: "quiet" }))).forEach((block, k) => {
      const left = SPACE.left + shown[k].at * size;
      setAttributes(block.firstChild, { d: `M${left},${SPACE.top - 26}V${SPACE.top + 8}` });
      setText(setAttributes(block.lastChild, { x: left + 5, y: SPACE.top - 14 }), BLOCKS[shown[k].block]);
    });
    return shown.length ? SPACE.blocks : 0;
  }

  return {
    root,
    measure() {
      width = Math.max(240, root.clientWidth);
    },
    draw(state, result, reading) {
      const { terms } = reading;
      const lit = litTerms(state, terms);
      searches = { rows: terms.filter(({ row }) => row !== undefined), columns: terms.filter(({ column }) => column !== undefined) };
      const both = searches.columns.length > 0;
      const { row, narrowest } = both ? BOTH_WAYS : ONE_WAY;
      const columns = candidatesOf(situationOf(spec, state), variantOf(spec, state).searches);
      const several = columns.filter(({ first }) => first).length > 1;
      const room = several ? HEADING / searches.rows.length : 0;
      const size = Math.max(narrowest, room, (width - SPACE.left) / columns.length);
      const whole = SPACE.left + size * columns.length;
      const start = SPACE.top + drawBlocks(columns, size);
      const crowded = columns.length * searches.rows.length > MOST_CELLS;
      const lines = explained(state, crowded);
      const height = start + row * searches.rows.length + SPACE.bottom + SPACE.line * lines.length;
      setAttributes(picture, { width: whole, height, viewBox: `0 0 ${whole} ${height}` });
      const apart = variantOf(spec, state).searches.length > 1;
      const shared = apart ? "100 % per row and block. Outlined: its positive" : "Each row shares out 100 %. Outlined: its positive";
      setText(note, both ? "→ each row, ↓ each column shares out 100 %" : shared);
      keep(foot, lines.length, () => svg("text", { class: "quiet", x: 2 })).forEach((text, k) => setText(setAttributes(text, { y: height - 8 - SPACE.line * (lines.length - 1 - k) }), lines[k]));
      keep(heads, columns.length, makeHead).forEach((head, k) => {
        const term = searches.columns[k];
        setAttributes(head, { tabindex: term ? 0 : null, role: term ? "button" : null, "aria-label": term?.note });
        setAttributes(head.firstChild, { x: SPACE.left + k * size, y: start - 24, width: size, height: 24 });
        setText(setAttributes(head.lastChild, { x: SPACE.left + (k + 0.5) * size, y: start - 8 }), letter(columns[k].point));
      });
      const all = [];
      keep(rows, searches.rows.length, makeRow).forEach((group, index) => {
        const term = searches.rows[index];
        const top = start + index * row;
        const isLit = (each) => Boolean(each && lit.has(each.index));
        const isTouched = (each) => state.lit?.kind === "term" && isLit(each);
        setAttributes(group, { "aria-label": term.note });
        setAttributes(group.children[0], { x: 0, y: top, width: whole, height: row });
        setText(setAttributes(group.children[1], { x: SPACE.left / 2, y: top + row / 2 + 5, class: `name${lit && !isLit(term) && !both ? " faded" : ""}` }), term.letters);
        const cells = columns.map((_, k) => {
          const along = term.candidates.find(({ column }) => column === k) ?? { out: true, share: 0, logit: 0 };
          const search = searches.columns[k];
          const faded = lit && !isLit(term) && !isLit(search) ? " faded" : "";
          const look = (along.positive ? "target positive" : "negative") + faded;
          return { along, down: search?.candidates[index] ?? null, look, told: isTouched(term) || isTouched(search), left: SPACE.left + k * size, top };
        });
        keep(group.children[2], crowded ? 0 : columns.length, makeCell).forEach((cell, k) => {
          const { along, down, look, left } = cells[k];
          drawCell(cell, along, down, look, { left, top, size, row });
        });
        if (crowded) all.push(...cells.filter(({ along }) => !along.out));
      });
      drawMany(all, { size, row });
    },
  };
}
