// The score matrix: a row per anchor, a column per candidate; each row is a softmax, drawn as bars whose lengths add up
// to one, and beside them, outlined, how hard it pushes each. Framed are the positives. Where each column is a softmax
// too, its bars lie on their side. Without shares a bar is a number, from the smallest of the matrix to its largest.

import { html, keep, lights, setAttributes, setText, svg } from "../../dom.js";
import { rectangle } from "../../geometry.js";
import { fit } from "../../marks/labels.js";
import { faded } from "../../marks/looks.js";
import { roomOf } from "../../marks/room.js";
import { createScan, scanKey } from "../../scan.js";
import { brief, inCell, inWords, letter, percent } from "../../words.js";
import { canPush, pushesOf } from "./push.js";
import { candidatesOf, isOutside } from "./read.js";

const SPACE = { left: 34, top: 62, bottom: 52, blocks: 20 };
const GAP = 3;
const BAR = { width: 6, lying: 7, gap: 7 }; // of the bars of a share and of a push, pixels
const HEADING = 132; // of a block: no narrower than its words
const ONE_WAY = { rows: [48, 64], narrowest: 68 }; // heights of a row: where there is little room, and where there is
const BOTH_WAYS = { rows: [84, 92], narrowest: 86 };
const MOST_CELLS = 64; // of more than this only the touched ones have numbers: a frame has no time to write so many

// ---- where everything stands

function layoutOf(scene, { width, height }, pushes) {
  const { situation, reading: { terms }, result } = scene;
  const columns = candidatesOf(scene);
  const anchors = Object.values(situation.rows)[0];
  const { row: shared, column: downward } = result.terms.shares;
  const { rows: [low, high], narrowest } = downward ? BOTH_WAYS : ONE_WAY;
  const blocks = columns.map((column, at) => ({ ...column, at })).filter(({ first }) => first);
  const several = blocks.length > 1;
  const room = several ? HEADING / anchors.length : 0;
  const size = Math.max(narrowest, room, (width - SPACE.left) / columns.length);
  const along = new Map(terms.filter((term) => term.row !== undefined).map((term) => [term.row, term]));
  const down = new Map(terms.filter((term) => term.column !== undefined).map((term) => [term.column, term]));
  const start = SPACE.top + (several ? SPACE.blocks : 0);
  const row = Math.max(low, Math.min(high, Math.floor((height - start - SPACE.bottom) / anchors.length)));
  return {
    pushes, columns, anchors, shared, downward, row, size, along, down,
    blocks: several ? blocks : [],
    apart: columns.at(-1).sum > 0,
    start,
    whole: SPACE.left + size * columns.length,
    height: start + row * anchors.length + SPACE.bottom,
    crowded: columns.length * anchors.length > MOST_CELLS,
  };
}

// What stands in a cell.
function footOf({ state, loss: { reads } }, { shared, crowded }) {
  if (crowded) return `touch a letter for its ${shared ? "shares" : "numbers"}; the mask has every ${reads}`;
  const { scale } = state.parameters;
  const at = scale === undefined ? "" : ` (scale ${brief(scale)})`;
  return shared ? `below the share: the ${reads} it is made from${at}` : `in a cell: the ${reads}${at}`;
}

// What the bars are, in two lines, and what makes a push differ from a share: that holds for directions alone.
function noteOf({ loss }, { shared, downward, apart }) {
  if (downward) return "Filled: shares, → of each row, ↓ of each column";
  if (!shared) return `A bar: the ${loss.reads}, from the lowest to the highest`;
  return `Filled: share, 100 % per row${apart ? ", block" : ""}. Framed: positive`;
}

const pushNote = ({ pushes }) => (pushes ? "Outlined: how hard it is pushed, or pulled" : "");
const pushFoot = ({ variant }, { pushes, shared }) => (pushes && shared && variant.push) || "";

// ---- the cells: {share, logit, out, down, look, told, left, top}, row by row

// How long a bar is that stands for a number of the matrix, from 0 to 1; an infinite one is masked out.
function scaleOf(terms) {
  const counted = terms.matrix.filter((value, at) => Number.isFinite(value) && !isOutside(terms, at));
  const [low, high] = [Math.min(...counted), Math.max(...counted)];
  return (value) => (high > low ? Math.max(0, Math.min(1, (value - low) / (high - low))) : 1);
}

function cellsOf({ state, lit, result: { terms } }, layout) {
  const { columns, anchors, shared, downward, along, down, size, start, row, pushes } = layout;
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
      push: out || !pushes ? undefined : pushes.along.get(place)?.[column] / pushes.strongest,
      pushDown: pushes?.down.get(column)?.[place] / pushes?.strongest,
      down: column < anchors.length ? downward?.[place * anchors.length + column] : undefined,
      look: (terms.positive[at] ? "target positive" : "negative") + (lit && !searches.some(isLit) ? " faded" : ""),
      told: searches.some(isTouched),
      left: SPACE.left + column * size,
      top: start + place * row,
    };
  }));
}

// The boxes of a cell: its frame, the bars of its share and its push, and the lying ones of the column, if it has them.
function boxesOf({ share, push, down, pushDown, left, top }, { size, row }) {
  const foot = top + row - GAP - 3;
  const upright = (part, x) => {
    const height = Math.max(1, part * (row - 2 * GAP - 6));
    return part >= 0 ? { x, y: foot - height, width: BAR.width, height } : null;
  };
  const lying = (part, y) =>
    (part >= 0 ? { x: left + GAP + 26, y, width: Math.max(1, part * (size - 2 * GAP - 30)), height: BAR.lying } : null);
  return {
    frame: { x: left + GAP, y: top + GAP, width: size - 2 * GAP, height: row - 2 * GAP },
    bar: upright(share, left + GAP + 3),
    push: upright(push, left + GAP + 3 + BAR.gap),
    across: lying(down, foot - 18),
    pushAcross: lying(pushDown, foot - 8),
  };
}

// What is said in a cell: its share or, without shares, its number; the number below; its share of the column.
function textsOf({ share, logit, down, left, top }, { columns, size, row, shared, crowded }) {
  const rivals = columns.length > 1;
  const x = left + size / 2 + 8; // between the bars and the frame
  const both = down !== undefined;
  const second = shared && !crowded;
  const middle = top + row / 2 + (second ? -2 : 5);
  return [
    { x, y: both ? top + 24 : middle, words: shared ? (both ? "→ " : "") + percent(share, { rivals }) : inCell(logit) },
    { x, y: both ? top + 56 : top + row / 2 + 15, words: second ? inCell(logit) : "" },
    { x, y: top + 40, words: both ? `↓ ${percent(down, { rivals })}` : "" },
  ];
}

const BOXES = ["frame", "bar", "push", "across", "push-across"];
const part = (name) => svg("rect", { class: name });
const words = (name) => svg("text", { class: name, "text-anchor": "middle" });
const makeCell = () =>
  svg("g", {}, ...BOXES.map(part), words("share"), words("logit quiet"), words("down"));

function write(text, { x, y, words: said }) {
  setText(setAttributes(text, { x, y }), said);
}

// A cell where the candidate takes no part in the search stays empty.
function drawCell(cell, given, layout) {
  const parts = [...cell.children];
  const boxes = boxesOf(given, layout);
  const look = given.out ? "hidden" : null;
  setAttributes(cell, { class: given.look, visibility: look });
  [{ ...boxes.frame, rx: 5 }, boxes.bar, boxes.push, boxes.across, boxes.pushAcross].forEach((box, k) =>
    setAttributes(parts[k], box ? { ...box, visibility: look } : { visibility: "hidden" }));
  textsOf(given, layout).forEach((each, k) => write(parts[BOXES.length + k], each));
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
  const line = (y) => svg("text", { class: "quiet", x: 2, y });
  const [note, second, foot, last] = [14, 31, null, null].map(line);
  const label = "What each anchor makes of each candidate";
  const picture = svg("svg", { class: "score-matrix", role: "group", "aria-label": label });
  picture.append(note, second, blocks, heads, rows, many, svg("g", { class: "foot" }, foot, last));
  const root = html("div", { class: "scroll" }, picture);
  const scan = createScan(() => root.isConnected && draw(seen));
  let seen = null; // the last scene, for pushes that come later
  let room = { width: 300, height: 400 };
  let searches = { along: new Map(), down: new Map() }; // the terms of rows and of columns

  const touched = (term) => (term ? { kind: "term", index: term.index } : null);
  const makeRow = (k) => {
    const row = svg("g", {}, part("back"), words("name"), svg("g", { class: "cells" }));
    return lights(row, actions, () => touched(searches.along.get(k)));
  };
  const makeHead = (k) =>
    lights(svg("g", {}, part("back"), words(null)), actions, () => touched(searches.down.get(k)));

  function pushQuestion(scene) {
    const { state } = scene;
    const columns = candidatesOf(scene);
    const cells = columns.length * Object.values(scene.situation.rows)[0].length;
    if (!canPush(scene, columns) || cells > MOST_CELLS) return null;
    async function* answers(signal) {
      const found = await pushesOf(engine, scene, signal);
      if (found) yield found;
    }
    return { subject: `${state.loss} ${state.situation} ${columns.length}`, key: scanKey(state, null), answers };
  }

  function draw(scene) {
    seen = scene;
    const layout = layoutOf(scene, room, scan(pushQuestion(scene)));
    const { whole, height, crowded } = layout;
    const cells = cellsOf(scene, layout);
    searches = layout;
    setAttributes(picture, { width: whole, height, viewBox: `0 0 ${whole} ${height}` });
    setText(note, noteOf(scene, layout));
    setText(second, [pushNote(layout), whole > room.width && "scroll →"].filter(Boolean).join("; "));
    drawBlocks(blocks, layout);
    drawHeads(heads, layout, makeHead);
    drawRows(rows, scene, layout, cells, makeRow);
    drawMany(many, crowded ? cells.flat().filter(({ out }) => !out) : [], layout);
    for (const [line, words, up] of [[foot, footOf(scene, layout), 26], [last, pushFoot(scene, layout), 8]]) {
      setText(setAttributes(fit(line, words, room.width - 4), { y: height - up }), words);
    }
  }

  return {
    root, draw,
    measure() {
      room = roomOf(root);
    },
  };
}
