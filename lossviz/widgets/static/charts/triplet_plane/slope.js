// The slope of a loss without a margin, over the gap d(a,p) − d(a,n): the loss itself is asked about triplets that
// are made for it, and says the slope of each. Drawn as a strip below the triplet plane, with a mark for each term.

import { keep, setAttributes, svg } from "../../dom.js";
import { TAU, atAngle, glyph, niceCeiling } from "../../geometry.js";
import { createAxes, line, text } from "../../marks/axes.js";
import { faded, hue } from "../../marks/looks.js";
import { numberAt } from "../../readings/terms.js";
import { brief } from "../../words.js";
import { inDimension } from "../samples.js";

export const SLOPE = { height: 116, top: 30, bottom: 22 };
const SAMPLES = 31; // for each of the two sentences
const MARK = 4.5;
const NUMBERS = ["d_ap", "d_an", "slope"];

// From the anchor's own place to as far as the axes reach.
export function places(shape, reach) {
  const place = shape === "circle" ? (share) => atAngle((TAU / 2) * share) : (share) => [1 + reach * share, 0];
  return Array.from({ length: SAMPLES }, (_, k) => place(k / (SAMPLES - 1)));
}

// An anchor, a positive and a negative, all in one place, from which one of the two moves away.
export function slopeQuestion({ state, situation }, side, moving) {
  const names = Object.keys(situation.rows);
  const of = (place) => inDimension(state.points[0].length, place);
  const rows = names.length === 1 ? [[0, 1, 2]] : [[0], [1], [2]];
  return {
    state,
    rows: Object.fromEntries(names.map((name, k) => [name, rows[k]])),
    points: [0, 1, 2].map(() => of([1, 0])),
    labels: situation.labels && [0, 0, 1],
    moving: { point: side === "positive" ? 1 : 2, positions: moving.map(of) },
    keep: [...NUMBERS.map((name) => ["terms", "numbers", name]), ["shapes", "numbers"]],
  };
}

// The term of (anchor 0, positive 1, negative 2) in a batch of three, by the axes of the loss.
const PLACES = { positive: 1, negative: 2 };

function sampleOf({ terms: { numbers }, shapes }, axes) {
  const place = axes.map((axis) => PLACES[axis] ?? 0);
  const [toPositive, toNegative, slope] = NUMBERS.map((name) => numberAt(numbers[name], shapes.numbers[name], place));
  return { gap: toPositive - toNegative, slope };
}

// [{gap, slope}, …] by their gap; null once they are no longer wanted.
export async function slopesOf(engine, scene, reach, signal) {
  const moving = places(scene.shape, reach);
  const ask = (side) => engine.answer(slopeQuestion(scene, side, moving), signal);
  const answers = await Promise.all(["negative", "positive"].map(ask));
  if (answers.includes(null)) return null;
  return answers.flat().map((answer) => sampleOf(answer, scene.loss.axes)).sort((a, b) => a.gap - b.gap);
}

// The slope where both are equally far.
export const slopeAtEquality = (samples) => samples.find(({ gap }) => gap === 0)?.slope;

// "½" reads better than 0.5.
export const halved = (value) => (value === 0.5 ? "½" : brief(value, 2));

function drawAxes(axes, samples, { x, bottom, low, widest, across, up, top }) {
  const floor = bottom + SLOPE.height - 6;
  const end = (gap) => text(across(gap), floor, brief(gap, 2), { side: gap > 0 ? "end" : "middle", look: "quiet" });
  const level = (slope) => text(x(low) - 14, up(slope) + 4, halved(slope), { side: "end", look: "quiet" });
  const foot = line([[across(-widest), up(0)], [across(widest), up(0)]]);
  const curve = line(samples.map(({ gap, slope }) => [across(gap), up(slope)]), "curve");
  axes.draw([foot, curve], [
    text(2, bottom + 14, "slope of each term, over d(a,p) − d(a,n)", { look: "quiet" }),
    ...[0, top / 2, top].map(level),
    ...[-widest, 0, widest].map(end),
  ]);
}

export function createSlope() {
  const axes = createAxes("axes-of-slope");
  const marks = svg("g");
  const root = svg("g", { class: "slope" }, axes.root, marks);

  function draw({ reading, lit }, samples, layout) {
    const { bottom, low, reach, side, x } = layout;
    const widest = reach - low; // the widest gap that the axes have
    const top = niceCeiling(Math.max(1, ...samples.map(({ slope }) => slope)));
    const height = SLOPE.height - SLOPE.top - SLOPE.bottom;
    const across = (gap) => x(low) + ((gap / widest + 1) / 2) * side;
    const up = (slope) => bottom + SLOPE.height - SLOPE.bottom - (slope / top) * height;
    drawAxes(axes, samples, { ...layout, widest, across, up, top });
    keep(marks, reading.terms.length, () => svg("path")).forEach((mark, k) => {
      const { index, points, toPositive, toNegative, numbers } = reading.terms[k];
      const kind = reading.classes?.[points[0]] ?? 0;
      const at = [across(toPositive - toNegative), up(numbers.slope)];
      setAttributes(mark, {
        class: `mark ${hue(kind)}${faded(lit, index)}`, d: glyph(kind, MARK),
        transform: `translate(${at.map((value) => value.toFixed(2))})`,
      });
    });
  }

  return { root, draw };
}
