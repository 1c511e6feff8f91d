// The score matrix: a row per anchor, a column per candidate; each row is a softmax, drawn as bars whose lengths add up
// to one. Outlined are the positives. Where each column is a softmax too, its bars lie on their side. Without shares a
// bar is a number, from the smallest of the matrix to its largest.

import { html, keep, lights, setAttributes, setText, svg } from "../../dom.js";
import { rectangle } from "../../geometry.js";
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
    apart: new Set(columns.map(({ sum }) => sum)).size > 1,
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

// How long a bar is that stands for a number of the matrix, from 0 to 1.
function scaleOf(terms) {
  const counted = terms.matrix.filter((_, at) => !isOutside(terms, at));
  const [low, high] = [Math.min(...counted), Math.max(...counted)];
  return (value) => (high > low ? (value - low) / (high - low) : 1);
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

// What is said in a cell: its share and its number, or its number alone.
const wordsOf = ({ share, logit, down }, shared) => (shared
  ? { main: (down === undefined ? "" : "→ ") + percent(share), second: brief(logit, 1) }
  : { main: brief(logit, 2), second: "" });

const across = (share, size) => share * (size - 2 * GAP - 18);
const upward = (share, row) => share * (row - 2 * GAP - 6);

const part = (name) => svg("rect", { class: name });
const words = (name) => svg("text", { class: name, "text-anchor": "middle" });
const makeCell = () =>
  svg("g", {}, part("frame"), part("bar"), words("share"), words("logit quiet"), part("across"), words("down"));

// A cell where the candidate takes no part in the search stays empty.
function drawCell(cell, given, { size, row, shared }) {
  const { share, down, look, out, left, top } = given;
  const [frame, bar, text, logit, lying, below] = cell.children;
  const middle = left + size / 2 + 5;
  const lies = down !== undefined;
  const height = Math.max(1, upward(share, row));
  const { main, second } = wordsOf(given, shared);
  setAttributes(cell, { class: look, visibility: out ? "hidden" : null });
  setAttributes(frame, { x: left + GAP, y: top + GAP, width: size - 2 * GAP, height: row - 2 * GAP, rx: 5 });
  setAttributes(bar, { x: left + GAP + 3, y: top + row - GAP - 3 - height, width: 8, height });
  setText(setAttributes(text, { x: middle, y: top + (lies ? 24 : row / 2 + (second ? -2 : 5)) }), main);
  setText(setAttributes(logit, { x: middle, y: top + (lies ? 58 : row / 2 + 15) }), second);
  for (const each of [lying, below]) setAttributes(each, { visibility: lies ? null : "hidden" });
  setText(below, lies ? `↓ ${percent(down)}` : "");
  if (!lies) return;
  const [x, y, width] = [left + GAP + 14, top + row - GAP - 10, Math.max(1, across(down, size))];
  setAttributes(lying, { x, y, width, height: 7 });
  setAttributes(below, { x: middle, y: top + 41 });
}

// Of many cells: a path for each look, and words for those that are touched.
function createMany() {
  const [outlines, numbers] = [svg("g"), svg("g")];
  const make = () => svg("g", {}, svg("path", { class: "frame" }), svg("path", { class: "bar" }));
  return {
    root: svg("g", { class: "many" }, outlines, numbers),
    draw(cells, layout) {
      const looks = outlinesOf(cells, layout);
      keep(outlines, looks.length, make).forEach((group, k) => {
        setAttributes(group, { class: looks[k].look });
        setAttributes(group.children[0], { d: looks[k].frame });
        setAttributes(group.children[1], { d: looks[k].bar });
      });
      const said = cells.filter(({ told }) => told).flatMap((cell) => saidIn(cell, layout));
      keep(numbers, said.length, () => words("share")).forEach((text, k) => {
        setText(setAttributes(text, { x: said[k].x, y: said[k].y }), said[k].words);
      });
    },
  };
}

function outlinesOf(cells, { size, row }) {
  const looks = new Map();
  for (const { look, left, top, share, down } of cells) {
    if (!looks.has(look)) looks.set(look, { look, frame: "", bar: "" });
    const paths = looks.get(look);
    paths.frame += rectangle(left + GAP, top + GAP, size - 2 * GAP, row - 2 * GAP);
    const height = Math.max(1, upward(share, row));
    paths.bar += rectangle(left + GAP + 3, top + row - GAP - 3 - height, 8, height);
    if (down === undefined) continue;
    paths.bar += rectangle(left + GAP + 14, top + row - GAP - 10, Math.max(1, across(down, size)), 7);
  }
  return [...looks.values()];
}

function saidIn(cell, { size, row, shared }) {
  const { down, left, top } = cell;
  const x = left + size / 2 + 5;
  const along = { x, y: top + (down === undefined ? row / 2 + 5 : 24), words: wordsOf(cell, shared).main };
  return down === undefined ? [along] : [along, { x, y: top + 41, words: `↓ ${percent(down)}` }];
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
  const many = createMany();
  const [note, foot] = [svg("text", { class: "quiet", x: 2, y: 14 }), svg("text", { class: "quiet", x: 2 })];
  const label = "What each anchor makes of each candidate";
  const picture = svg("svg", { class: "score-matrix", role: "group", "aria-label": label });
  picture.append(note, blocks, heads, rows, many.root, svg("g", { class: "foot" }, foot));
  const root = html("div", { class: "scroll" }, picture);
  let width = 300;
  let searches = { along: new Map(), down: new Map() }; // the terms of rows and of columns

  const touched = (term) => (term ? { kind: "term", index: term.index } : null);
  const makeRow = (k) => {
    const row = svg("g", {}, part("back"), words("name"), svg("g", { class: "cells" }));
    return lights(row, actions, () => touched(searches.along.get(k)));
  };
  const makeHead = (k) => {
    return lights(svg("g", {}, part("back"), words(null)), actions, () => touched(searches.down.get(k)));
  };

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
      many.draw(crowded ? cells.flat().filter(({ out }) => !out) : [], layout);
      setText(setAttributes(foot, { y: height - 8 }), footOf(scene, layout));
    },
  };
}
