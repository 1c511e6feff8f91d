// Labels: a name stands in the first free box beside its place, and is hidden where there is no room for it. The
// boxes are chosen by `placeLabels` of geometry.js.

import { setAttributes, setText } from "../dom.js";

export const LINE = 16; // the height of a label
const BASE = 12; // from the top of its box to the line that it is written on

export const boxAround = ([x, y], width, height = LINE) => ({ x: x - width / 2, y: y - height / 2, width, height });

// Boxes of one width beside a place, each moved by one of the offsets: the first that is free will be taken.
export const besides = ([x, y], offsets, width) => offsets.map(([dx, dy]) => boxAround([x + dx, y + dy], width));

// Writes words in the middle of a box, or hides them where there is none; `origin` is where the text's own group
// stands.
export function writeLabel(text, box, words, [left, top] = [0, 0]) {
  const at = box && { x: box.x + box.width / 2 - left, y: box.y + BASE - top };
  return setText(setAttributes(text, { x: at?.x, y: at?.y, visibility: at ? null : "hidden" }), words);
}

// Writes words along a box that stands beside an upright line: they begin, or end, on the side of the line.
export function writeBeside(text, box, words, line) {
  const left = box.x < line;
  const x = left ? box.x + box.width : box.x;
  return setText(setAttributes(text, { x, y: box.y + BASE, "text-anchor": left ? "end" : "start" }), words);
}
