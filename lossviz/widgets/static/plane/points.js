// The points: a sentence each, with its letter, in the shape and hue of its class; hollow where nothing pulls. An arrow
// key moves the focused one, with Alt a little; a letter puts it onto that letter's point. The chosen one is drawn once
// more above the others, so that none covers it.

import { keep, setAttributes, setText, svg } from "../dom.js";
import { UNSEEN } from "../engine.js";
import { TAU, angleOf, atAngle, glyph, nearest, stacks } from "../geometry.js";
import { faded, hue } from "../marks/looks.js";
import { ghostIn, hides, isTask } from "../state.js";
import { brief, letter } from "../words.js";
import { COVERED, FINGER, RADIUS, bounded, topOf } from "./place.js";

const NUDGE = 0.05; // of an arrow key: radians on the circle, units in the plane
const TIMES = { altKey: 0.1, shiftKey: 4 };
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

// Where a key leads a point: a little farther round the circle, or in the plane; null for any other key.
export function nudged(event, [x, y], { extent, reach }) {
  if (!(event.key in KEYS)) return null;
  const [right, up] = KEYS[event.key];
  const size = Object.keys(TIMES).reduce((product, key) => (event[key] ? product * TIMES[key] : product), NUDGE);
  if (extent === null) return atAngle(angleOf([x, y]) + size * (up || -right));
  return bounded([x + size * right, y + size * up], reach);
}

// The point that a key names, or −1.
function namedBy({ key, altKey, ctrlKey, metaKey }, points) {
  return altKey || ctrlKey || metaKey ? -1 : points.findIndex((_, index) => letter(index) === key.toUpperCase());
}

const whereabouts = ([x, y], { extent }) =>
  extent === null ? `at ${Math.round((angleOf([x, y]) * 360) / TAU)} degrees` : `at ${brief(x, 2)}, ${brief(y, 2)}`;

const drawn = (index) => [
  svg("circle", { class: "halo", r: RADIUS + 5 }), svg("path", { class: "dot" }),
  setText(svg("text", { dy: "0.36em", "text-anchor": "middle" }), letter(index)),
];

function lookOf(name, index, { spec, state, result, reading, litPoints }) {
  const still = isStill(index, { spec, state, result }) && "still";
  const kind = reading.classes?.[index];
  const words = [name, still, index === state.chosen && "chosen", kind !== undefined && hue(kind)];
  return words.filter(Boolean).join(" ") + faded(litPoints, index);
}

const isStill = (index, { spec, state, result }) =>
  !hides(spec, state) && Math.hypot(...result.pointGradients[index]) < UNSEEN;

function drawPoint(mark, name, index, scene, place) {
  setAttributes(mark.querySelector(".dot"), { d: glyph(scene.reading.classes?.[index] ?? 0, RADIUS) });
  setAttributes(mark, {
    class: lookOf(name, index, scene),
    transform: `translate(${place.toPixel(scene.state.points[index]).map((value) => value.toFixed(2))})`,
  });
}

function saidOf(index, scene, place, said) {
  const { state, situation } = scene;
  const words = [
    letter(index), situation.sentences[index].text, whereabouts(state.points[index], place),
    said?.index === index && said.words, isStill(index, scene) && "nothing pulls",
  ];
  return words.filter(Boolean).join(", ");
}

// `held()` tells whether a point is dragged: then nothing else is pointed at.
export function createPoints(actions, snap, held) {
  const [all, raised] = [svg("g"), svg("g", { "aria-hidden": "true", "pointer-events": "none" })];
  let [shown, where] = [null, null]; // the scene that is drawn, and its place

  function press(event, index) {
    const { spec, state } = shown;
    const ghost = ghostIn(spec, state);
    const placed = ghost?.point === index;
    const from = placed ? ghost.place : state.points[index];
    const [position, other] = [nudged(event, from, where), namedBy(event, state.points)];
    if ((state.asked && !placed && !isTask(spec, state)) || (!position && other < 0)) return;
    event.preventDefault();
    if (placed) actions.sketch(position ?? state.points[other]);
    else if (position) snap.step(index, position, event.altKey);
    else if (other !== index) snap.onto(index, other);
  }

  // What a press would take is pointed at: the nearest, of points that cover one another the one on top.
  function point({ pointerType, clientX, clientY, currentTarget }) {
    if (pointerType !== "mouse" || held()) return;
    const { points, chosen } = shown.state;
    const { left, top } = currentTarget.ownerSVGElement.getBoundingClientRect();
    const pixels = points.map(where.toPixel);
    const touched = nearest(pixels, [clientX - left, clientY - top], Infinity);
    const group = stacks(pixels, COVERED).find((each) => each.includes(touched));
    actions.light({ kind: "point", index: topOf(group, chosen) });
  }

  function make(index) {
    const mark = svg("g", { tabindex: 0, role: "button" }, svg("circle", { class: "hit", r: FINGER }), ...drawn(index));
    mark.addEventListener("keydown", (event) => press(event, index));
    mark.addEventListener("focus", () => actions.choose(index));
    for (const event of ["pointerenter", "pointermove"]) mark.addEventListener(event, point);
    mark.addEventListener("pointerleave", () => !held() && actions.light(null));
    return mark;
  }

  // The chosen one once more.
  function raise(scene, place) {
    const { chosen } = scene.state;
    const [mark] = keep(raised, 1, () => svg("g", {}, ...drawn(chosen)));
    setText(mark.lastChild, letter(chosen));
    drawPoint(mark, "raised", chosen, scene, place);
  }

  return {
    root: svg("g", { class: "points" }, all, raised),
    // `said`: what a point has snapped to, or null.
    draw(scene, place, said) {
      [shown, where] = [scene, place];
      keep(all, scene.state.points.length, make).forEach((mark, index) => {
        drawPoint(mark, "point", index, scene, place);
        setAttributes(mark, { "aria-label": saidOf(index, scene, place, said) });
      });
      raise(scene, place);
    },
    focus: (index) => all.children[index].focus({ preventScroll: true }),
  };
}
