// What costs in the triplet plane: all below the line y = x + margin, or, for a loss that says its slope, a shade as
// deep as that. Between y = x and the margin the negatives are semi-hard: farther than the positive, but not far
// enough.

import { keep, setAttributes, setText, svg } from "../../dom.js";
import { polyline } from "../../geometry.js";
import { fit } from "../../marks/labels.js";
import { brief } from "../../words.js";
import { halved, slopeAtEquality } from "./slope.js";

const diagonal = ({ low, reach, x, y }) => [[x(low), y(low)], [x(reach), y(reach)]];
const areaOf = (corners, { x, y }) => `${polyline(corners.map(([across, up]) => [x(across), y(up)]))}Z`;

const EDGE = 1e-9; // so near the line a triplet stands on neither side

// The margin, if it is where the loss begins to cost: a reader's own may have another use for it.
export function marginOf({ reading: { terms }, result: { terms: { thresholds: { margin } } } }) {
  const below = ({ toPositive, toNegative }) => toPositive + margin - toNegative;
  const agrees = (term) => Math.abs(below(term)) < EDGE || (term.value > 0) === (below(term) > 0);
  return terms.every(agrees) ? margin : undefined;
}

// The line y = x + margin, as places, and all that lies below it: {line, cost, words}.
export function lineOf(margin, layout) {
  const { low, reach, x, y } = layout;
  const cut = (distance) => Math.max(low, Math.min(reach, distance));
  const ends = [[cut(low - margin), cut(low + margin)], [cut(reach - margin), cut(reach + margin)]];
  const above = margin >= reach - low; // the whole square costs
  const border = above ? [[low, reach], [reach, reach]] : [...ends, ...(margin >= 0 ? [[reach, reach]] : [])];
  const formula = `y = x + ${brief(margin, 2)}`;
  return {
    line: above ? [] : ends.map(([across, up]) => [x(across), y(up)]),
    cost: areaOf([[low, low], ...border, [reach, low]], layout),
    words: above ? `${formula} lies above: all of this costs` : `shaded, below ${formula}: what costs`,
  };
}

function bandOf(margin, layout) {
  const { low, reach } = layout;
  const ends = [[low, Math.min(reach, low + margin)], [Math.max(low, reach - margin), reach]];
  return areaOf([[low, low], ...ends, [reach, reach]], layout);
}

// A shade across the square, along the gap d(a,p) − d(a,n), from the top left to the bottom right.
function drawShade(shade, samples, { low, reach, x, y }) {
  setAttributes(shade, { x1: x(low), y1: y(reach), x2: x(reach), y2: y(low) });
  const steepest = Math.max(1, ...samples.map(({ slope }) => slope));
  keep(shade, samples.length, () => svg("stop")).forEach((stop, k) => {
    const { gap, slope } = samples[k];
    const [offset, opacity] = [(0.5 + gap / (reach - low) / 2).toFixed(4), (slope / steepest).toFixed(3)];
    setAttributes(stop, { offset, "stop-opacity": opacity });
  });
}

const bandWords = (margin) => `striped, between y = x and y = x + ${brief(margin, 2)}: semi-hard`;

function shadeWords(samples) {
  const level = slopeAtEquality(samples);
  return `the darker, the steeper; dashed: equal${level === undefined ? "" : `, slope ${halved(level)}`}`;
}

function makePaints() {
  const own = Math.random().toString(36).slice(2); // unique on the page, also where a module is loaded more than once
  const turned = { width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)" };
  return {
    shade: svg("linearGradient", { id: `lossviz-shade-${own}`, gradientUnits: "userSpaceOnUse" }),
    stripes: svg("pattern", { id: `lossviz-stripes-${own}`, ...turned }, svg("path", { d: "M0,0H8" })),
  };
}

export function createRegion() {
  const { shade, stripes } = makePaints();
  const looks = ["cost", "cost", "band", "equal", "line"];
  const [shaded, cost, band, equal, line] = looks.map((look) => svg("path", { class: look }));
  setAttributes(shaded, { style: `fill: url(#${shade.id})` });
  setAttributes(band, { style: `fill: url(#${stripes.id})` });
  const name = svg("text", { class: "quiet", x: 2, y: 32 });
  const root = svg("g", { class: "region" }, shade, stripes, shaded, cost, band, equal, line, name);

  return {
    root,
    // `margin` and `samples` of the slope where the loss has them; striped where it chooses semi-hard negatives.
    // Answers with its lines, as obstacles.
    draw({ margin, samples, striped }, layout) {
      const { low, reach } = layout;
      const below = margin === undefined ? { line: [], cost: "", words: "" } : lineOf(margin, layout);
      const square = areaOf([[low, low], [low, reach], [reach, reach], [reach, low]], layout);
      const banded = striped && margin !== undefined;
      setAttributes(shaded, { d: samples ? square : "" });
      setAttributes(cost, { d: samples ? "" : below.cost });
      const equally = samples || banded ? diagonal(layout) : [];
      setAttributes(line, { d: polyline(below.line) });
      setAttributes(band, { d: banded ? bandOf(margin, layout) : "" });
      setAttributes(equal, { d: polyline(equally) });
      if (samples) drawShade(shade, samples, layout);
      const words = samples ? shadeWords(samples) : banded ? bandWords(margin) : below.words;
      setText(fit(name, words, layout.room - 2), words);
      return [below.line, equally].filter(({ length }) => length).map((places) => ({ places }));
    },
  };
}
