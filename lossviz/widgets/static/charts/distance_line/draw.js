// The distance line: every pair as a dot on the axis of distances (or of dot products …), positives above it, negatives
// below, each on the curve that says what such a pair costs. Exact in any dimension, for it reads nothing else.

import { html, keep, setAttributes, svg } from "../../dom.js";
import { niceCeiling, polyline } from "../../geometry.js";
import { createAxes, evenly, line, text } from "../../marks/axes.js";
import { createDots } from "../../marks/dots.js";
import { LINE, besides, boxAround } from "../../marks/labels.js";
import { faded } from "../../marks/looks.js";
import { createScan } from "../../scan.js";
import { roomOf } from "../../marks/room.js";
import { ROUNDING, brief } from "../../words.js";
import { SIDES, curvesOf } from "./curves.js";
import { drawThresholds } from "./thresholds.js";

const MARKS = {
  positive: "M0,-8L7.5,5.5L-7.5,5.5Z", negative: "M0,8L7.5,-5.5L-7.5,-5.5Z", both: "M0,-8L7,0L0,8L-7,0Z",
};
const SPACE = { left: 48, right: 14, top: 26, bottom: 26, middle: 22 };
const DOT = 9;
const PIECE = 8; // steps of a curve
const NAME = 30; // the width of a name
const TICK = 34; // and of a number of the axis
const LEAST = 82; // the height of a side on which little is added: for dots, names and thresholds
const SIGNS = { "distance": "d", "dot product": "u·v" };
export const NO_CURVES = { positive: [], negative: [] };

// Which way either side is drawn, of pairs that are given and of sentences that are encoded twice.
function wordsOf({ loss: { reads }, situation: { rows } }) {
  const [positive, negative] =
    reads === "distance" ? ["positive pairs: pulled to d = 0", "negative pairs: pushed to the right"]
    : "second" in rows ? ["a sentence with itself: pulled to the right", "with another: pushed to the left"]
    : [`positive pairs: pulled to a larger ${reads}`, `negative pairs: pushed to a smaller ${reads}`];
  return { positive: `▲ ${positive}`, negative: `▼ ${negative}` };
}

const sideOf = (term) => (term.kind === "negative" ? "negative" : "positive");

// The axis is as long as the farthest pair needs, in steps, so that it holds still while points move.
export function endsOf({ loss, shape, reading: { terms } }) {
  const measured = terms.map((term) => term.measured);
  const least = shape === "circle" ? (loss.reads === "distance" ? 2 : 1) : 3;
  const farthest = Math.max(least, niceCeiling(Math.max(0, ...measured.map(Math.abs))));
  return [loss.reads === "distance" && !measured.some((value) => value < -ROUNDING) ? 0 : -farthest, farthest];
}

// A side holds its dots, and its curve as far as they stand, in steps, so that it holds still.
function ceilingOf(side, { loss, reading: { terms } }, curve, farthest) {
  const own = terms.filter((term) => sideOf(term) === side);
  const stands = niceCeiling(Math.max(0, ...own.map((term) => term.measured)));
  const near = loss.reads === "distance" ? Math.min(farthest / 2, stands) : farthest;
  const costs = curve.filter(([where]) => where <= near).map(([, cost]) => cost);
  const highest = Math.max(0, ...costs, ...own.map((term) => term.value));
  return highest > 0 ? niceCeiling(highest) : 0;
}

// Both sides have one scale, so that what adds more is drawn farther from the axis; each has its part of the height.
function scaleOf(ceilings, room) {
  const [lower, higher] = SIDES.toSorted((a, b) => ceilings[a] - ceilings[b]);
  const least = Math.max(LEAST, room * (ceilings[lower] / (ceilings[lower] + ceilings[higher] || 1)));
  return { higher, halves: { [lower]: least, [higher]: room - least }, unit: (room - least) / (ceilings[higher] || 1) };
}

export function layoutOf(scene, ends, curves, { width, height: most = Infinity }) {
  const height = Math.round(Math.max(260, Math.min(480, width * 1.2, most)));
  const [nearest, farthest] = ends;
  const ceilings = Object.fromEntries(SIDES.map((side) => [side, ceilingOf(side, scene, curves[side], farthest)]));
  const length = width - SPACE.left - SPACE.right - 2 * DOT;
  const x = (where) => SPACE.left + DOT + ((where - nearest) / (farthest - nearest)) * length;
  const { higher, halves, unit } = scaleOf(ceilings, height - SPACE.top - SPACE.bottom - 2 * SPACE.middle);
  const base = { positive: SPACE.top + halves.positive, negative: SPACE.top + halves.positive + 2 * SPACE.middle };
  const y = (side, cost) => base[side] + (side === "positive" ? -1 : 1) * cost * unit;
  const middle = (base.positive + base.negative) / 2;
  const scales = SIDES.filter((side) => ceilings[side]).map((side) =>
    ({ side, at: y(side, ceilings[side]) + (side === "positive" ? 8 : 0), words: brief(ceilings[side], 4) }));
  const ticks = evenly(nearest, farthest, 5);
  return { width, height, halves, higher, farthest, scales, base, x, y, ticks, middle };
}

function drawAxes(axes, scene, { width, height, x, base, scales, higher, ticks, middle }) {
  const { reads } = scene.loss;
  const sides = wordsOf(scene);
  const sign = SIGNS[reads] ?? "";
  const across = (y) => line([[SPACE.left, y], [width - SPACE.right, y]]);
  const beside = { side: "end", look: "quiet" };
  const left = SPACE.left - 8;
  return axes.draw([across(base.positive), across(base.negative)], [
    ...ticks.map((tick) => text(x(tick), middle + 4, brief(tick, 2), { side: "middle", look: "quiet" })),
    text(left, middle + 4, sign, { side: "end" }),
    text(2, 12, sides.positive, { look: "positive" }),
    text(2, height - 4, sides.negative, { look: "negative" }),
    ...scales.map(({ at, words }) => text(left, at, words, beside)),
    ...scales.filter(({ side }) => side === higher).map(({ at }) =>
      text(left, at + (higher === "positive" ? 16 : -16), "adds", beside)),
  ]);
}

// A line in short pieces, each soon seen to be far from a name.
const piecesOf = (places) =>
  Array.from({ length: Math.ceil((places.length - 1) / PIECE) }, (_, k) =>
    ({ places: places.slice(k * PIECE, (k + 1) * PIECE + 1) }));

// Answers with the curves, as obstacles.
function drawCurves(layer, curves, { x, y }) {
  const lines = SIDES.map((side) => curves[side].map(([where, cost]) => [x(where), y(side, cost)]));
  keep(layer, SIDES.length, (k) => svg("path", { class: `curve ${SIDES[k]}` })).forEach((path, k) => {
    setAttributes(path, { d: polyline(lines[k]) });
  });
  return lines.flatMap(piecesOf);
}

// Where a name may stand, away from the axis first.
function candidates(place, side) {
  const out = side === "negative" ? 1 : -1;
  const aslant = (way) => [24, -24].map((aside) => [aside, way * out * 14]);
  const level = [18, 34, 50].map((gap) => [0, out * gap]);
  return besides(place, [level[0], ...aslant(1), level[1], [26, 0], [-26, 0], ...aslant(-1), level[2]], NAME);
}

export function dotOf(term, { lit }, { x, y }) {
  const side = sideOf(term);
  const place = [x(term.measured), y(side, term.value)];
  return {
    place, d: MARKS[term.kind], letters: term.letters, note: term.note,
    look: `${term.kind}${term.active ? " active" : ""}${faded(lit, term.index)}`,
    light: { kind: "term", index: term.index },
    candidates: candidates(place, side),
    insists: Boolean(lit?.has(term.index)),
  };
}

const around = ({ place }) => boxAround(place, 2 * DOT, 2 * DOT);

// `taken`: where no name may stand, beside the numbers of the axes.
function drawDots(dots, drawn, taken, { width, height, x, scales, ticks, middle }) {
  const bounds = { x: 0, y: LINE - 2, width, height: height - 2 * (LINE - 2) };
  const numbers = scales.map(({ at, side }) => boxAround([SPACE.left / 2, at + (side === "positive" ? 4 : -12)],
    SPACE.left, 2 * LINE)); // and "adds" below or above it
  const below = [SPACE.left - 12, ...ticks.map(x)].map((at) => boxAround([at, middle], TICK));
  dots.draw(drawn, { size: 2 * DOT, bounds, obstacles: [...numbers, ...below, ...taken] });
}

export function createDistanceLine(spec, engine, actions) {
  const [axes, dots] = [createAxes(), createDots(actions)];
  const [curveLayer, thresholdLayer] = ["curves", "thresholds"].map((name) => svg("g", { class: name }));
  // Unique on the page, also where each explorer loads this module anew, as in JupyterLab.
  const clip = svg("clipPath", { id: `lossviz-clip-${Math.random().toString(36).slice(2)}` }, svg("rect"));
  setAttributes(curveLayer, { "clip-path": `url(#${clip.id})` });
  const picture = svg("svg", { class: "distance-line", role: "group" });
  picture.append(clip, axes.root, curveLayer, thresholdLayer, dots.root);
  const root = html("div", {}, picture);
  const scan = createScan(() => root.isConnected && draw(seen));
  let seen = null; // the last scene, for curves that come later
  let room = { width: 300 }; // measured when it changes

  // What the curves depend on: nothing that moves with a point but the ends of the axis.
  function questionOf(scene, ends) {
    const { loss, parameters, tensors, situation } = scene.state;
    async function* answers(signal) {
      yield await curvesOf(engine, scene, ends, signal);
    }
    return { subject: `${loss} ${situation}`, key: JSON.stringify([parameters, tensors, ends]), answers };
  }

  function draw(scene) {
    seen = scene;
    const ends = endsOf(scene);
    const curves = scan(questionOf(scene, ends)) ?? NO_CURVES;
    const layout = layoutOf(scene, ends, curves, room);
    const { width, height } = layout;
    const label = `Pairs on the axis of ${scene.loss.reads}`;
    setAttributes(picture, { width, height, viewBox: `0 0 ${width} ${height}`, "aria-label": label });
    setAttributes(clip.firstChild, { x: 0, y: SPACE.top - 4, width, height: height - SPACE.top - SPACE.bottom + 8 });
    const [ground, drawnCurves] = [drawAxes(axes, scene, layout), drawCurves(curveLayer, curves, layout)];
    const drawn = scene.reading.terms.map((term) => dotOf(term, scene, layout));
    const names = drawThresholds(thresholdLayer, scene, layout, drawn.map(around), drawnCurves);
    drawDots(dots, drawn, [...ground, ...drawnCurves, ...names], layout);
  }

  return {
    root,
    measure() {
      room = roomOf(root);
    },
    draw,
  };
}
