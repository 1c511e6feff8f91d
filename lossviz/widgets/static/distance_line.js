// The distance line: every pair as a dot on the axis of distances (or of dot products), positives above it and negatives
// below, each on the curve that says what such a pair costs. Exact in any dimension, for it reads nothing else.

import { keep, html, lights, setAttributes, setText, svg } from "./dom.js";
import { TAU, atAngle, niceCeiling, placeLabels, polyline } from "./geometry.js";
import { litTerms } from "./reading.js";
import { lossOf, shapeOf } from "./state.js";
import { brief } from "./words.js";

const MARKS = { positive: "M0,-8L7.5,5.5L-7.5,5.5Z", negative: "M0,8L7.5,-5.5L-7.5,-5.5Z", both: "M0,-8L7,0L0,8L-7,0Z" };
const SPACE = { left: 48, right: 14, top: 26, bottom: 26, middle: 22 };
const DOT = 9;
const SAMPLES = 96;
const GATES = { "nearest negative": "positive" };
const SIDES = ["positive", "negative"];
const WORDS = {
  distance: { sign: "d", positive: "▲ positive pairs: each is pulled to d = 0", negative: "▼ negative pairs: each is pushed to the right" },
  "dot product": { sign: "u·v", positive: "▲ a sentence with itself: pulled to the right", negative: "▼ with another: pushed to the left" },
};

// Synthetic pairs that run over the axis: turned apart on the circle, drawn apart, or with a dot product of their own.
export function samplePairs(measure, shape, [nearest, farthest]) {
  const at = (k) => nearest + ((farthest - nearest) * k) / (SAMPLES - 1);
  const other = {
    "dot product": (k) => [at(k), 0],
    distance: (k) => (shape === "circle" ? atAngle((TAU / 2) * (k / (SAMPLES - 1))) : [1 + at(k), 0]),
  }[measure];
  return Array.from({ length: SAMPLES }, (_, k) => [[1, 0], other(k)]);
}

export function createDistanceLine(spec, engine, actions) {
  const layers = Object.fromEntries(["axes", "curves", "thresholds", "dots"].map((name) => [name, svg("g", { class: name })]));
  // Unique on the page, also where each explorer loads this module anew, as in JupyterLab.
  const clip = svg("clipPath", { id: `lossviz-clip-${Math.random().toString(36).slice(2)}` }, svg("rect"));
  setAttributes(layers.curves, { "clip-path": `url(#${clip.id})` });
  const picture = svg("svg", { class: "distance-line", role: "group", "aria-label": "Pairs on the axis of distance" });
  picture.append(clip, ...Object.values(layers));
  const root = html("div", {}, picture);
  let seen = null;
  let width = 300; // measured when it changes
  let axes = null; // what the axes show
  let curves = { key: null, positive: [], negative: [] };

  const measureOf = (state) => lossOf(spec, state).matrix;

  // The axis is as long as the farthest pair needs, in steps, so that it holds still while points move.
  function reach(state, terms) {
    if (shapeOf(spec, state) === "circle") return [0, 2];
    const farthest = Math.max(3, niceCeiling(Math.max(...terms.map((term) => Math.abs(term.distance)))));
    return [measureOf(state) === "distance" ? 0 : -farthest, farthest];
  }

  async function refreshCurves(state, ends) {
    const key = JSON.stringify([state.loss, state.parameters, state.situation, ends]);
    if (key === curves.key) return;
    curves = { ...curves, key };
    const pairs = samplePairs(measureOf(state), shapeOf(spec, state), ends);
    const [positive, negative] = await Promise.all([engine.probe(state, 1, pairs, pairs[0]), engine.probe(state, 0, pairs, pairs.at(-1))]);
    if (curves.key !== key) return;
    curves = { key, positive, negative };
    draw();
  }

  function draw() {
    const { state, reading } = seen;
    const height = Math.round(Math.max(340, Math.min(480, width * 1.2)));
    const half = (height - SPACE.top - SPACE.bottom - 2 * SPACE.middle) / 2;
    const [nearest, farthest] = reach(state, reading.terms);
    const ceilings = Object.fromEntries(SIDES.map((side) => [side, ceiling(side, measureOf(state) === "distance" ? farthest / 2 : farthest)]));
    const x = (distance) => SPACE.left + DOT + ((distance - nearest) / (farthest - nearest)) * (width - SPACE.left - SPACE.right - 2 * DOT);
    const base = { positive: SPACE.top + half, negative: SPACE.top + half + 2 * SPACE.middle };
    const y = (side, value) => base[side] + (side === "positive" ? -1 : 1) * (value / ceilings[side]) * half;
    const ticks = [0, 1, 2, 3, 4].map((k) => nearest + (k * (farthest - nearest)) / 4);
    const middle = (base.positive + base.negative) / 2;
    const layout = { height, half, farthest, ceilings, base, x, y, ticks, middle };
    setAttributes(picture, { width, height, viewBox: `0 0 ${width} ${height}` });
    setAttributes(clip.firstChild, { x: 0, y: SPACE.top - 4, width, height: height - SPACE.top - SPACE.bottom + 8 });
    drawAxes(layout);
    drawCurves(layout);
    drawThresholds(layout, drawDots(layout));
  }

  // A side is as high as its curve in the near half of the axis, so that it holds still; higher only for a higher dot.
  function ceiling(side, middle) {
    const near = curves[side].filter(([distance]) => distance <= middle).map(([, value]) => value);
    const own = seen.reading.terms.filter((term) => sideOf(term) === side).map((term) => term.value);
    return niceCeiling(Math.max(0, ...near, ...own));
  }

  function drawAxes({ height, x, base, ceilings, half, ticks, middle }) {
    const words = WORDS[measureOf(seen.state)];
    const wanted = JSON.stringify([width, height, ceilings, ticks, words.sign]);
    if (axes === wanted) return;
    axes = wanted;
    const right = width - SPACE.right;
    const line = (y) => svg("path", { class: "axis", d: polyline([[SPACE.left, y], [right, y]]) });
    const text = (attributes, content) => setText(svg("text", attributes), content);
    layers.axes.replaceChildren(
      line(base.positive), line(base.negative),
      ...ticks.map((tick) => text({ x: x(tick), y: middle + 4, "text-anchor": "middle", class: "quiet" }, brief(tick, 2))),
      text({ x: SPACE.left - 8, y: middle + 4, "text-anchor": "end" }, words.sign),
      text({ x: 2, y: 12, class: "positive" }, words.positive),
      text({ x: 2, y: height - 4, class: "negative" }, words.negative),
      text({ x: SPACE.left - 8, y: SPACE.top + 8, "text-anchor": "end", class: "quiet" }, brief(ceilings.positive, 4)),
      text({ x: SPACE.left - 8, y: SPACE.top + 24, "text-anchor": "end", class: "quiet" }, "adds"),
      text({ x: SPACE.left - 8, y: base.negative + half, "text-anchor": "end", class: "quiet" }, brief(ceilings.negative, 4)),
    );
  }

  function drawCurves({ x, y }) {
    const paths = keep(layers.curves, 2, (k) => svg("path", { class: `curve ${SIDES[k]}` }));
    SIDES.forEach((side, k) => setAttributes(paths[k], { d: polyline(curves[side].map(([distance, value]) => [x(distance), y(side, value)])) }));
  }

  // A threshold stands on the side of the pairs that it gates: positives count beyond the nearest negative, negatives
  // within the margin and the farthest positive. Its name stands beside it, at its outer end or where there is room.
  function drawThresholds({ height, x, base, half, farthest }, taken) {
    const thresholds = Object.entries(seen.result.terms.thresholds ?? {}).map(([name, value]) => {
      const side = GATES[name] ?? "negative";
      return { side, out: side === "positive" ? -1 : 1, at: x(Math.min(value, farthest)), words: `${name} ${brief(value, 2)}` };
    });
    const levels = Array.from({ length: Math.floor(half / 16) }, (_, k) => half - 8 - 16 * k);
    const beside = ({ side, out, at, words }) => {
      const size = { width: 6.8 * words.length, height: 16 };
      const right = { ...size, x: at + 6 };
      const left = { ...size, x: at - 6 - size.width };
      const fits = [right, left].filter((box) => box.x >= 0 && box.x + box.width <= width);
      return levels.flatMap((level) => (fits.length ? fits : [right]).map((box) => ({ ...box, y: base[side] + out * level - 8 })));
    };
    const ends = [SPACE.top - 4, base.negative + half - 14].map((y) => ({ x: 0, y, width: SPACE.left - 4, height: 34 })); // of the scales
    const boxes = placeLabels(thresholds.map((each) => ({ candidates: beside(each), insists: true })), [...taken, ...ends], { x: 0, y: 0, width, height });
    keep(layers.thresholds, thresholds.length, () => svg("g", { class: "threshold" }, svg("path"), svg("text"))).forEach((mark, k) => {
      const { side, out, at, words } = thresholds[k];
      setAttributes(mark.children[0], { d: polyline([[at, base[side]], [at, base[side] + out * half]]) });
      setText(setAttributes(mark.children[1], { x: boxes[k].x < at ? boxes[k].x + boxes[k].width : boxes[k].x, y: boxes[k].y + 12, "text-anchor": boxes[k].x < at ? "end" : "start" }), words);
    });
  }

  const sideOf = (term) => (term.kind === "negative" ? "negative" : "positive");

  // Answers with the boxes of the dots and of their names.
  function drawDots({ x, y, ceilings, height, ticks, middle }) {
    const { state, reading } = seen;
    const lit = litTerms(state, reading.terms);
    const dots = keep(layers.dots, reading.terms.length, makeDot);
    const places = reading.terms.map((term) => [x(term.distance), y(sideOf(term), Math.min(term.value, ceilings[sideOf(term)]))]);
    const names = placeLabels(places.map((place, k) => ({ candidates: besides(place, sideOf(reading.terms[k])), insists: Boolean(lit?.has(k)) })), [...places.map(around), ...ticks.map((tick) => around([x(tick), middle]))], { x: 0, y: 14, width, height: height - 28 });
    reading.terms.forEach((term, k) => {
      const [left, top] = places[k];
      const faded = lit && !lit.has(term.index) ? " faded" : "";
      setAttributes(dots[k], {
        class: `dot ${term.kind}${term.active ? " active" : ""}${faded}`,
        transform: `translate(${left.toFixed(2)},${top.toFixed(2)})`,
        "aria-label": term.note,
      });
      setAttributes(dots[k].children[1], { d: MARKS[term.kind] });
      const box = names[k];
      setText(setAttributes(dots[k].children[2], { x: box && box.x + box.width / 2 - left, y: box && box.y + 12 - top, visibility: box ? null : "hidden" }), term.letters);
    });
    return [...places.map(around), ...names.filter(Boolean)];
  }

  const around = ([x, y]) => ({ x: x - DOT, y: y - DOT, width: 2 * DOT, height: 2 * DOT });

  // Away from the axis first.
  function besides([x, y], side) {
    const [width, height] = [30, 16];
    const out = side === "negative" ? 1 : -1;
    const box = (cx, cy) => ({ x: cx - width / 2, y: cy - height / 2, width, height });
    const level = [18, 34, 50].map((gap) => box(x, y + out * gap));
    const aslant = [24, -24].map((aside) => box(x + aside, y + out * 14));
    return [level[0], ...aslant, level[1], box(x + 26, y), box(x - 26, y), ...[24, -24].map((aside) => box(x + aside, y - out * 14)), level[2]];
  }

  function makeDot(index) {
    const dot = svg("g", { tabindex: 0, role: "button" },
      svg("circle", { class: "hit", r: 22 }), svg("path"), svg("text", { "text-anchor": "middle" }));
    return lights(dot, actions, () => ({ kind: "term", index }));
  }

  return {
    root,
    measure() {
      width = Math.max(240, root.clientWidth);
    },
    draw(state, result, reading) {
      seen = { state, result, reading };
      draw();
      refreshCurves(state, reach(state, reading.terms));
    },
  };
}
