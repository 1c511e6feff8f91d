// The arrow of each point: against its gradient, all on one scale. It starts at the edge of its point, or runs beside
// the circle, so that it hides nothing. What is too small to see is a ring, what is too long is cut: two heads.

import { keep, setAttributes, setText, svg } from "../dom.js";
import { UNSEEN } from "../engine.js";
import { angleOf, arcArrow, atAngle, lengthOf, straightArrow } from "../geometry.js";
import { boxAround, rings, widthOf } from "../marks/labels.js";
import { faded } from "../marks/looks.js";
import { gapTo, placeLabels } from "../marks/placing.js";
import { brief } from "../words.js";
import { RADIUS } from "./place.js";

export const ARROW_GAP = RADIUS + 8; // from the circle to the arrows outside it
const SHORTEST = 3; // pixels: what is shorter is a ring
const LONGEST = 1; // units of the plane, or radians: what is longer is cut
const HEADS = 10; // pixels between two heads
const RING = 10; // pixels: the box of a ring
const LINE = 14; // pixels: the height of a number beside an arrow
const NEARBY = 64; // places round its end where it may stand

// Both ends moved on, so that the arrow starts beyond the edge of its point.
function fromEdge(from, to) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
  const shift = [0, 1].map((axis) => ((to[axis] - from[axis]) / length) * (RADIUS + 2));
  return [from, to].map(([x, y]) => [x + shift[0], y + shift[1]]);
}

export const fromPoint = (from, to, head) => straightArrow(...fromEdge(from, to), head);

// How an arrow along a way of so many units is drawn, `at(length)` and where its ring stands; null for no gradient.
function drawn(length, unit, at, ring, shortest) {
  if (length * unit < shortest) return { ring, places: [ring] };
  if (length <= LONGEST) return at(length);
  const [arrow, short] = [at(LONGEST), at(LONGEST - HEADS / unit)];
  return { ...arrow, head: arrow.head + short.head, cut: true };
}

// Along the circle: as far as the gradient has a part along it.
function arc(point, gradient, scale, { size, unit }, { gap, shortest }) {
  const angle = angleOf(point);
  const along = scale * (gradient[0] * point[1] - gradient[1] * point[0]);
  const [centre, radius] = [[size / 2, size / 2], unit + gap];
  const at = (length) => arcArrow(centre, radius, angle, angle + Math.sign(along) * length);
  const [x, y] = atAngle(angle);
  return drawn(Math.abs(along), unit, at, [size / 2 + radius * x, size / 2 - radius * y], shortest);
}

function line(point, gradient, scale, { unit, toPixel }, { shortest }) {
  const from = toPixel(point);
  const length = lengthOf(gradient);
  const way = [-gradient[0] / length, gradient[1] / length]; // in pixels y goes down
  const to = (pixels) => [from[0] + way[0] * pixels, from[1] + way[1] * pixels];
  return drawn(scale * length, unit, (units) => fromPoint(from, to(units * unit)), to(RADIUS + 7), shortest);
}

const WHOLE = { gap: ARROW_GAP, shortest: SHORTEST };

// The arrow of a gradient at a point, {shaft, head, places} or {ring, places}; null where it is 0. Its `look`: how far
// outside the circle it runs, and how many pixels are too few for an arrow.
export function gradientArrow({ state, shape, rate }, place, index, gradient, look = WHOLE) {
  if (lengthOf(gradient) < UNSEEN) return null;
  const along = shape === "circle" ? arc : line;
  return along(state.points[index], gradient, rate * state.magnified, place, look);
}

export const makeArrow = () => svg("g", {}, svg("path", { class: "shaft" }), svg("path", { class: "head" }),
  svg("circle", { class: "ring", r: 3 }), svg("text"));

export function setArrow(mark, look, arrow) {
  const [shaft, head, ring] = setAttributes(mark, { class: look }).children;
  setAttributes(shaft, { d: arrow?.shaft ?? "" });
  setAttributes(head, { d: arrow?.head ?? "" });
  const [cx, cy] = arrow?.ring ?? [null, null];
  setAttributes(ring, { cx, cy, visibility: arrow?.ring ? null : "hidden" });
}

// The gradient as a number, beside an arrow whose length does not tell it; away from the middle of the plane, and not
// nearer to another point, whose number it would seem, where that can be.
function numberOf(arrow, gradient, { size }, own, others) {
  const words = brief(lengthOf(gradient), 3);
  const width = widthOf(words);
  const [x, y] = arrow.places.at(-1);
  const around = rings([x, y], width, 0).map((box) => ({ ...box, height: LINE }));
  const [near, far] = y < size / 2 ? [y - 18, y - 18 - LINE] : [y + 4, y + 4 + LINE];
  const left = x - 8 - width;
  const sides = x + 8 + width < size ? [x + 8, left, x + 8 + LINE] : [left, left - LINE];
  const candidates = [near, far].flatMap((top) => sides.map((side) => ({ x: side, y: top, width, height: LINE })));
  const all = [...candidates, ...around.slice(0, NEARBY)];
  const isOwn = (box) => others.every((other) => gapTo(box, other) > gapTo(box, own));
  return { words, candidates: [...all.filter(isOwn), ...all.filter((box) => !isOwn(box))] };
}

// Writes the numbers of those arrows, each where nothing else stands, if there is such a place. Answers with their
// boxes, as obstacles.
function setNumbers(marks, arrows, gradients, isTold, place, pixels, taken) {
  const tells = (arrow) => !arrow || (!arrow.ring && !arrow.cut);
  const told = [...arrows.keys()].filter((index) => isTold(index) && !tells(arrows[index]));
  const numbers = told.map((index) =>
    numberOf(arrows[index], gradients[index], place, pixels[index], pixels.filter((_, other) => other !== index)));
  const boxes = placeLabels(numbers, taken, { x: 0, y: 0, width: place.size, height: place.size });
  marks.forEach((mark, index) => {
    const at = told.indexOf(index);
    const box = boxes[at];
    const text = setAttributes(mark.children[3], { x: box?.x, y: box && box.y + 12 });
    setText(text, box ? numbers[at].words : "");
  });
  return boxes.filter(Boolean);
}

export function createArrows() {
  const root = svg("g", { class: "arrows" });
  return {
    root,
    // `covered`: what no number may cover beside the points. Answers with the arrows, as obstacles.
    draw(scene, place, covered) {
      const { spec, result: { pointGradients }, state, litPoints } = scene;
      const arrows = pointGradients.map((gradient, index) => gradientArrow(scene, place, index, gradient));
      const marks = keep(root, arrows.length, makeArrow);
      marks.forEach((mark, index) => setArrow(mark, `arrow${faded(litPoints, index)}`, arrows[index]));
      const isTold = (index) => !spec.compact && (index === state.chosen || litPoints?.has(index));
      const pixels = state.points.map(place.toPixel);
      const ringed = arrows.filter((arrow) => arrow?.ring).map(({ ring }) => boxAround(ring, RING, RING));
      const shafts = arrows.filter((arrow) => arrow && !arrow.ring);
      const dots = pixels.map((pixel) => boxAround(pixel, 2 * RADIUS, 2 * RADIUS));
      const taken = [...covered, ...ringed, ...shafts, ...dots];
      const numbers = setNumbers(marks, arrows, pointGradients, isTold, place, pixels, taken);
      return [...arrows.filter(Boolean), ...numbers];
    },
  };
}
