// The arrow of each point: one Step long. It starts at the edge of its point, or runs beside the circle, so that it
// hides nothing.

import { keep, setAttributes, svg } from "../dom.js";
import { angleOf, arcArrow, descend, straightArrow } from "../geometry.js";
import { faded } from "../marks/looks.js";
import { RADIUS } from "./place.js";

export const ARROW_GAP = RADIUS + 8; // from the circle to the arrows outside it

// Both ends moved on, so that the arrow starts beyond the edge of its point.
function fromEdge(from, to) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
  const shift = [0, 1].map((axis) => ((to[axis] - from[axis]) / length) * (RADIUS + 2));
  return [from, to].map(([x, y]) => [x + shift[0], y + shift[1]]);
}

export const fromPoint = (from, to, head) => straightArrow(...fromEdge(from, to), head);

// From a point to where a step against this gradient would put it; null where that is too near to see.
export function stepArrow({ state, shape, rate }, { size, unit, toPixel }, index, gradient, gap = ARROW_GAP) {
  const point = state.points[index];
  const target = descend(point, gradient, rate, shape);
  if (shape !== "circle") return fromPoint(toPixel(point), toPixel(target));
  return arcArrow([size / 2, size / 2], unit + gap, angleOf(point), angleOf(target));
}

export const makeArrow = () => svg("g", {}, svg("path", { class: "shaft" }), svg("path", { class: "head" }));

export function setArrow(mark, look, arrow) {
  const [shaft, head] = setAttributes(mark, { class: look }).children;
  setAttributes(shaft, { d: arrow?.shaft ?? "" });
  setAttributes(head, { d: arrow?.head ?? "" });
}

export function createArrows() {
  const root = svg("g", { class: "arrows" });
  return {
    root,
    // Answers with the arrows, as obstacles.
    draw(scene, place) {
      const arrows = scene.result.pointGradients.map((gradient, index) => stepArrow(scene, place, index, gradient));
      keep(root, arrows.length, makeArrow).forEach((mark, index) =>
        setArrow(mark, `arrow${faded(scene.litPoints, index)}`, arrows[index]));
      return arrows.filter(Boolean);
    },
  };
}
