// Labels: a name stands in the first free box beside its place, or farther away, joined to it by a line. The boxes are
// chosen by placing.js.

import { setAttributes, setText } from "../dom.js";
import { TAU, polyline } from "../geometry.js";

export const LINE = 16; // the height of a label
const BASE = 12; // from the top of its box to the line that it is written on
const FONT = '13px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'; // that of explorer.css

let ruler = null;
const widths = new Map();

// How wide words are written.
export function widthOf(words, weight = 400) {
  const key = `${weight} ${words}`;
  if (!widths.has(key)) {
    ruler ??= document.createElement("canvas").getContext("2d");
    ruler.font = `${weight} ${FONT}`;
    widths.set(key, Math.ceil(ruler.measureText(words).width) + 2);
  }
  return widths.get(key);
}

export const boxAround = ([x, y], width, height = LINE) => ({ x: x - width / 2, y: y - height / 2, width, height });

// Boxes of one width beside a place, each moved by one of the offsets: the first that is free will be taken.
export const besides = ([x, y], offsets, width) => offsets.map(([dx, dy]) => boxAround([x + dx, y + dy], width));

// Pixels, from a mark to a ring of boxes.
export const NEAR_GAPS = [6, 16, 28, 42, 58];
export const FAR_GAPS = [76, 96, 120];
const WAYS = 16;

// Boxes all round a mark of some radius, ring after ring, each beginning in the direction `out` (pixels, clockwise).
export function rings([x, y], width, radius, out = 0, gaps = [...NEAR_GAPS, ...FAR_GAPS]) {
  const aside = (k) => (k % 2 ? 1 : -1) * Math.ceil(k / 2);
  const ways = Array.from({ length: WAYS }, (_, k) => {
    const way = out + (aside(k) * TAU) / WAYS;
    return [Math.cos(way), Math.sin(way)];
  });
  return gaps.flatMap((gap) => ways.map(([dx, dy]) =>
    boxAround([x + dx * (radius + gap + width / 2), y + dy * (radius + gap + LINE / 2)], width)));
}

// The lines from labels to their places.
export const drawLeaders = (path, boxes) =>
  setAttributes(path, { d: boxes.map((box) => (box?.leader ? polyline(box.leader) : "")).join("") });

// Words that are wider than their room are written narrower, so that they are not cut.
export function fit(text, words, room, weight) {
  const tight = widthOf(words, weight) > room;
  return setAttributes(text, { textLength: tight ? room : null, lengthAdjust: tight ? "spacingAndGlyphs" : null });
}

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
