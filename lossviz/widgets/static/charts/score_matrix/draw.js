// The score matrix: a row per anchor, a column per candidate; each row is a softmax, drawn as bars whose lengths add up
// to one. Outlined are the positives. Where each column is a softmax too, its bars lie on their side. Without shares a
// bar is a number, from the smallest of the matrix to its largest.

import { html, keep, lights, setAttributes, setText, svg } from "../../dom.js";
import { rectangle } from "../../geometry.js";
import { fit } from "../../marks/labels.js";
import { faded } from "../../marks/looks.js";
import { brief, inWords, letter, percent } from "../../words.js";
import { candidatesOf, isOutside } from "./read.js";

const SPACE = { left: 34, top: 46, bottom: 34, blocks: 20 };
const GAP = 3;
const HEADING = 132; // of a block: no narrower than its words
const ONE_WAY = { row: 64, narrowest: 58 };
const BOTH_WAYS = { row: 80, narrowest: 76 };
const MOST_CELLS = 64; // of more than this only the touched ones have numbers: a frame has no time to write so many

// ---- where everything stands

function layoutOf(scene, width) {
  const { situation, reading: { terms }, result } = scene;
  const columns = candidatesOf(scene);
  const anchors = Object.values(situation.rows)[0];
  const { row: shared, column: downward } = result.terms.shares;
  const { row, narrowest } = downward ? BOTH_WAYS : ONE_WAY;
  const blocks = columns.map((column, at) => ({ ...column, at })).filter(({ first }) => first);
  const several = blocks.length > 1;
  const room = several ? HEADING / anchors.length : 0;
  const size = Math.max(narrowest, room, (width - SPACE.left) / columns.length);
  const along = new Map(terms.filter((term) => term.row !== undefined).map((term) => [term.row, term]));
  const down = new Map(terms.filter((term) => term.column !== undefined).map((term) => [term.column, term]));
  const start = SPACE.top + (several ? SPACE.blocks : 0);
  return {
    columns, anchors, shared, downward, row, size, along, down,
    blocks: several ? blocks : [],
    apart: columns.at(-1).sum > 0,
    start,
    whole: SPACE.left + size * columns.length,
    height: start + row * anchors.length + SPACE.bottom,
    crowded: columns.length * anchors.length > MOST_CELLS,
  };
}

// What stands in a cell.
function footOf({ loss: { reads }, result }, { shared, crowded }) {
  if (crowded) return `touch a letter for its ${shared ? "shares" : "numbers"}; the mask has every ${reads}`;
  const { scale } = result.terms.thresholds;
  const at = scale === undefined ? "" : ` (scale ${brief(scale)})`;
  return shared ? `below the share: the ${reads} it is made from${at}` : `in a cell: the ${reads}${at}`;
}

function noteOf({ loss }, { shared, downward, apart }) {
  if (downward) return "→ each row, ↓ each column shares out 100 %";
  if (!shared) return `A bar: the ${loss.reads}, from the lowest to the highest`;
  return `${apart ? "100 % per row and block" : "Each row shares out 100 %"}. Outlined: its positive`;
}

// ---- the cells: {share, logit, out, down, look, told, left, top}, row by row

// How long a bar is that stands for a number of the matrix, from 0 to 1; an infinite one is masked out.
function scaleOf(terms) {
  const counted = terms.matrix.filter((value, at) => Number.isFinite(value) && !isOutside(terms, at));
  const [low, high] = [Math.min(...counted), Math.max(...counted)];
  return (value) => (high > low ? Math.max(0, Math.min(1, (value - low) / (high - low))) : 1);
}

function cellsOf({ state, lit, result: { terms } }, layout) {
  const { columns, anchors, shared, downward, along, down, size, start, row } = layout;
  const scale = shared ? null : scaleOf(terms);
  const isTouched = (term) => state.lit?.kind === "term" && term?.index === state.lit.index;
  const isLit = (term) => term !== undefined && lit.has(term.index);
  return anchors.map((_, place) => columns.map((_, column) => {
    const at = place * columns.length + column;
    const searches = [along.get(place), down.get(column)];
    const out = isOutside(terms, at);
    const logit = out ? 0 : terms.matrix[at];
    return {
      out, logit,
      share: out ? 0 : shared ? shared[at] : scale(logit),
      down: column < anchors.length ? downward?.[place * anchors.length + column] : undefined,
      look: (terms.positive[at] ? "target positive" : "negative") + (lit && !searches.some(isLit) ? " faded" : ""),
      told: searches.some(isTouched),
      left: SPACE.left + column * size,
      top: start + place * row,
    };
  }));
}

// The boxes of a cell: its frame, the bar of its share, and the lying one of its share of the column, if it has one.
function boxesOf({ share, down, left, top }, { size, row }) {
  const height = Math.max(1, share * (row - 2 * GAP - 6));
  const width = Math.max(1, down * (size - 2 * GAP - 18));
  return {
    frame: { x: left + GAP, y: top + GAP, width: size - 2 * GAP, height: row - 2 * GAP },
    bar: { x: left + GAP + 3, y: top + row - GAP - 3 - height, width: 8, height },
    across: down === undefined ? null : { x: left + GAP + 14, y: top + row - GAP - 10, width, height: 7 },
  };
}

// What is said in a cell: its share or, without shares, its number; the number below; its share of the column.
function textsOf({ share, logit, down, left, top }, { size, row, shared, crowded }) {
  const x = left + size / 2 + 5;
  const both = down !== undefined;
  const second = shared && !crowded;
  const middle = top + row / 2 + (second ? -2 : 5);
  return [
    { x, y: both ? top + 24 : middle, words: shared ? (both ? "→ " : "") + percent(share) : brief(logit, 2) },
    { x, y: both ? top + 58 : top + row / 2 + 15, words: second ? brief(logit, 1) : "" },
    { x, y: top + 41, words: both ? `↓ ${percent(down)}` : "" },
  ];
}

const part = (name) => svg("rect", { class: name });
const words = (name) => svg("text", { class: name, "text-anchor": "middle" });
const makeCell = () =>
  svg("g", {}, part("frame"), part("bar"), part("across"), words("share"), words("logit quiet"), words("down"));

function write(text, { x, y, words: said }) {
  setText(setAttributes(text, { x, y }), said);
}

// A cell where the candidate takes no part in the search stays empty.
function drawCell(cell, given, layout) {
  const [frame, bar, across, ...texts] = cell.children;
  const boxes = boxesOf(given, layout);
  setAttributes(cell, { class: given.look, visibility: given.out ? "hidden" : null });
  setAttributes(frame, { ...boxes.frame, rx: 5 });
  setAttributes(bar, boxes.bar);
  setAttributes(across, boxes.across ? { ...boxes.across, visibility: null } : { visibility: "hidden" });
  textsOf(given, layout).forEach((each, k) => write(texts[k], each));
}

// The outlines of many cells, as a path for each look.
function outlinesOf(cells, layout) {
  const outline = ({ x, y, width, height }) => rectangle(x, y, width, height);
  const looks = new Map();
  for (const cell of cells) {
    const { frame, bar, across } = boxesOf(cell, layout);
    if (!looks.has(cell.look)) looks.set(cell.look, { look: cell.look, frame: "", bar: "" });
    const paths = looks.get(cell.look);
    paths.frame += outline(frame);
    paths.bar += outline(bar) + (across ? outline(across) : "");
  }
  return [...looks.values()];
}

// Of many cells only those that are touched have words.
function drawMany(many, cells, layout) {
  const [outlines, numbers] = many.children;
  const looks = outlinesOf(cells, layout);
  const make = () => svg("g", {}, svg("path", { class: "frame" }), svg("path", { class: "bar" }));
  keep(outlines, looks.length, make).forEach((group, k) => {
    setAttributes(group, { class: looks[k].look });
    setAttributes(group.children[0], { d: looks[k].frame });
    setAttributes(group.children[1], { d: looks[k].bar });
  });
  const said = cells.filter((cell) => cell.told).flatMap((cell) => textsOf(cell, layout)).filter((text) => text.words);
  keep(numbers, said.length, () => words("share")).forEach((text, k) => write(text, said[k]));
}

// ---- letters of the columns, names of the blocks, rows

function drawBlocks(layer, { blocks, size }) {
  const make = () => svg("g", {}, svg("path", { class: "axis" }), svg("text", { class: "quiet" }));
  keep(layer, blocks.length, make).forEach((group, k) => {
    const left = SPACE.left + blocks[k].at * size;
    setAttributes(group.firstChild, { d: `M${left},${SPACE.top - 26}V${SPACE.top + 8}` });
    setText(setAttributes(group.lastChild, { x: left + 5, y: SPACE.top - 14 }), inWords(blocks[k].block));
  });
}

function drawHeads(layer, { columns, down, start, size }, make) {
  keep(layer, columns.length, make).forEach((head, k) => {
    const term = down.get(k);
    const { point } = columns[k];
    setAttributes(head, { tabindex: term ? 0 : null, role: term ? "button" : null, "aria-label": term?.note });
    setAttributes(head.firstChild, { x: SPACE.left + k * size, y: start - 24, width: size, height: 24 });
    setAttributes(head.lastChild, { x: SPACE.left + (k + 0.5) * size, y: start - 8 });
    setText(head.lastChild, point === null ? String(k + 1) : letter(point));
  });
}

function drawRows(layer, { lit }, layout, cells, make) {
  const { anchors, along, down, start, row, whole, crowded } = layout;
  keep(layer, anchors.length, make).forEach((group, k) => {
    const term = along.get(k);
    const top = start + k * row;
    const [back, name, inner] = group.children;
    setAttributes(group, { "aria-label": term?.note, tabindex: term ? 0 : null, role: term ? "button" : null });
    setAttributes(back, { x: 0, y: top, width: whole, height: row });
    const look = term && !down.size ? faded(lit, term.index) : ""; // a letter that is a column's too stays
    setAttributes(name, { x: SPACE.left / 2, y: top + row / 2 + 5, class: `name${look}` });
    setText(name, term?.letters ?? letter(anchors[k]));
    const shown = crowded ? [] : cells[k];
    keep(inner, shown.length, makeCell).forEach((cell, column) => drawCell(cell, shown[column], layout));
  });
}

export function createScoreMatrix(spec, engine, actions) {
  const layer = (name) => svg("g", { class: name });
  const [heads, rows, blocks] = ["heads", "rows", "blocks"].map(layer);
  const many = svg("g", { class: "many" }, svg("g"), svg("g"));
  const [note, foot] = [svg("text", { class: "quiet", x: 2, y: 14 }), svg("text", { class: "quiet", x: 2 })];
  const label = "What each anchor makes of each candidate";
  const picture = svg("svg", { class: "score-matrix", role: "group", "aria-label": label });
  picture.append(note, blocks, heads, rows, many, svg("g", { class: "foot" }, foot));
  const root = html("div", { class: "scroll" }, picture);
  let width = 300;
  let searches = { along: new Map(), down: new Map() }; // the terms of rows and of columns

  const touched = (term) => (term ? { kind: "term", index: term.index } : null);
  const makeRow = (k) => {
    const row = svg("g", {}, part("back"), words("name"), svg("g", { class: "cells" }));
    return lights(row, actions, () => touched(searches.along.get(k)));
  };
  const makeHead = (k) =>
    lights(svg("g", {}, part("back"), words(null)), actions, () => touched(searches.down.get(k)));

  return {
    root,
    measure() {
      width = Math.max(240, root.clientWidth);
    },
    draw(scene) {
      const layout = layoutOf(scene, width);
      const { whole, height, crowded } = layout;
      const cells = cellsOf(scene, layout);
      searches = layout;
      setAttributes(picture, { width: whole, height, viewBox: `0 0 ${whole} ${height}` });
      setText(note, noteOf(scene, layout));
      drawBlocks(blocks, layout);
      drawHeads(heads, layout, makeHead);
      drawRows(rows, scene, layout, cells, makeRow);
      drawMany(many, crowded ? cells.flat().filter(({ out }) => !out) : [], layout);
      const words = footOf(scene, layout);
      setText(setAttributes(fit(foot, words, width - 4), { y: height - 8 }), words);
    },
  };
}
