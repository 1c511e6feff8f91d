// Thresholds of the distance line: each an upright line on the side of the pairs that it gates, its name beside it.

import { keep, setAttributes, svg } from "../../dom.js";
import { polyline } from "../../geometry.js";
import { LINE, writeBeside } from "../../marks/labels.js";
import { placeLabels } from "../../marks/placing.js";
import { brief, gatedBy, inWords } from "../../words.js";

const LETTER = 6.8; // the width of one
const AWAY = [6, 24, 42, 60, 78]; // from the line to its name
const SCALE = { width: 44, height: 34 }; // of a number beside the axes

function thresholdsOf({ result: { terms } }, { x, farthest }) {
  return Object.entries(terms.thresholds).map(([name, value]) => {
    const side = gatedBy(name) ?? "negative";
    const words = `${inWords(name)} ${brief(value, 2)}`;
    return { side, words, out: side === "positive" ? -1 : 1, at: x(Math.min(value, farthest)) };
  });
}

// At the outer end first, right of the line before left of it, and farther away where there is no other room.
function candidates({ side, out, at, words }, { width, halves, base }) {
  const size = { width: LETTER * words.length, height: LINE };
  const beside = AWAY.flatMap((gap) => [{ ...size, x: at + gap }, { ...size, x: at - gap - size.width }]);
  const fitting = beside.filter((box) => box.x >= 0 && box.x + box.width <= width);
  const boxes = fitting.length ? fitting : beside.slice(0, 1);
  const half = halves[side];
  const step = LINE / 4;
  const count = Math.floor((half - LINE) / step) + 1;
  const levels = Array.from({ length: count }, (_, k) => half - LINE / 2 - step * k);
  return levels.flatMap((level) => boxes.map((box) => ({ ...box, y: base[side] + out * level - LINE / 2 })));
}

const makeThreshold = () => svg("g", { class: "threshold" }, svg("path"), svg("text"));

// Where the names stand: off all lines, or, where there is no room, off what is `taken` alone.
function boxesOf(thresholds, layout, taken, lines) {
  const { width, height } = layout;
  const bounds = { x: 0, y: 0, width, height };
  const labels = thresholds.map((each) => ({ candidates: candidates(each, layout) }));
  const first = placeLabels(labels, [...taken, ...lines], bounds);
  const others = labels.filter((_, k) => !first[k]).map((label) => ({ ...label, insists: true }));
  const second = placeLabels(others, [...taken, ...first.filter(Boolean)], bounds);
  return first.map((box) => box ?? second.shift());
}

// `taken` are boxes of what stands there already, `crossed` the curves. Answers with the lines and the boxes of their
// names.
export function drawThresholds(layer, scene, layout, taken, crossed) {
  const { halves, base } = layout;
  const thresholds = thresholdsOf(scene, layout);
  const scales = layout.scales.map(({ at }) => ({ x: 0, y: at - 16, ...SCALE }));
  const lines = thresholds.map(({ side, out, at }) =>
    ({ places: [[at, base[side]], [at, base[side] + out * halves[side]]] }));
  const boxes = boxesOf(thresholds, layout, [...taken, ...scales], [...lines, ...crossed]);
  keep(layer, thresholds.length, makeThreshold).forEach((mark, k) => {
    const { at, words } = thresholds[k];
    const [line, name] = mark.children;
    setAttributes(line, { d: polyline(lines[k].places) });
    writeBeside(name, boxes[k], words, at);
  });
  return [...lines, ...boxes];
}
