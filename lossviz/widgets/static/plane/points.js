// The points: a sentence each, with its letter, in the shape and hue of its class; hollow where nothing pulls. An arrow
// key moves the focused one.

import { keep, setAttributes, setText, svg } from "../dom.js";
import { TAU, angleOf, atAngle, glyph } from "../geometry.js";
import { faded, hue } from "../marks/looks.js";
import { brief, letter } from "../words.js";
import { FINGER, RADIUS, bounded } from "./place.js";

const NUDGE = 0.05; // of an arrow key: radians on the circle, units in the plane
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

// Where a key puts a point: a little farther round the circle, or in the plane; null for any other key.
function nudged(event, [x, y], { extent }) {
  if (!(event.key in KEYS)) return null;
  const [right, up] = KEYS[event.key];
  const size = event.shiftKey ? NUDGE * 4 : NUDGE;
  if (extent === null) return atAngle(angleOf([x, y]) + size * (up || -right));
  return bounded([x + size * right, y + size * up], extent);
}

const whereabouts = ([x, y], { extent }) =>
  extent === null ? `at ${Math.round((angleOf([x, y]) * 360) / TAU)} degrees` : `at ${brief(x, 2)}, ${brief(y, 2)}`;

const markOf = (index) => svg("g", { tabindex: 0, role: "button" },
  svg("circle", { class: "hit", r: FINGER }), svg("circle", { class: "halo", r: RADIUS + 5 }),
  svg("path", { class: "dot" }), setText(svg("text", { dy: "0.36em", "text-anchor": "middle" }), letter(index)));

function lookOf(index, still, { state, reading, litPoints }) {
  const kind = reading.classes?.[index];
  const words = ["point", still && "still", index === state.chosen && "chosen", kind !== undefined && hue(kind)];
  return words.filter(Boolean).join(" ") + faded(litPoints, index);
}

function drawPoint(mark, index, scene, place) {
  const { state, result, reading, situation } = scene;
  const point = state.points[index];
  const still = !state.asked && Math.hypot(...result.pointGradients[index]) < 1e-9;
  const words = [letter(index), situation.sentences[index].text, whereabouts(point, place), still && "nothing pulls"];
  setAttributes(mark.children[2], { d: glyph(reading.classes?.[index] ?? 0, RADIUS) });
  setAttributes(mark, {
    class: lookOf(index, still, scene),
    transform: `translate(${place.toPixel(point).map((value) => value.toFixed(2))})`,
    "aria-label": words.filter(Boolean).join(", "),
  });
}

// `held()` tells whether a point is dragged: then nothing else is pointed at.
export function createPoints(actions, held) {
  const root = svg("g", { class: "points" });
  let [shown, where] = [null, null]; // the scene that is drawn, and its place

  function nudge(event, index) {
    const { state } = shown;
    const position = state.asked ? null : nudged(event, state.points[index], where);
    if (!position) return;
    event.preventDefault();
    actions.move(index, position);
  }

  function make(index) {
    const mark = markOf(index);
    const point = ({ pointerType }) => pointerType === "mouse" && !held() && actions.light({ kind: "point", index });
    mark.addEventListener("keydown", (event) => nudge(event, index));
    mark.addEventListener("focus", () => actions.choose(index));
    mark.addEventListener("pointerenter", point);
    mark.addEventListener("pointerleave", () => !held() && actions.light(null));
    return mark;
  }

  return {
    root,
    draw(scene, place) {
      [shown, where] = [scene, place];
      keep(root, scene.state.points.length, make).forEach((mark, index) => drawPoint(mark, index, scene, place));
    },
    focus: (index) => root.children[index].focus({ preventScroll: true }),
  };
}
