// A mouse or a finger that drags a point. Where a question wants an arrow or a place, it draws that instead. A press on
// points that cover one another takes the one on top; pressed again, it goes below the next.

import { nearest, stacks } from "../geometry.js";
import { ghostIn, isTask, questionOf } from "../state.js";
import { COVERED, FINGER, MARK, topOf } from "./place.js";
import { isSlow } from "./targets.js";

const SNAPS = { mouse: 8, pen: 8, touch: 12 }; // pixels
const MOVED = 3; // pixels: what is less is a press

const away = (one, other) => Math.hypot(one[0] - other[0], one[1] - other[1]);

const minus = (one, other) => one.map((value, axis) => value - other[axis]);

function pixelOf(event, stage) {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

// {index, next}: the point on top of those at a pixel, and the one that a second press would take; null for none. A
// question is about its own point alone, or its ghost.
function takenAt(pixel, { points, chosen }, { toPixel }, question, ghost) {
  const pixels = points.map(toPixel);
  if (question) {
    const { point } = question;
    const own = [points[point], ghost?.place].filter(Boolean).map(toPixel);
    return own.some((each) => away(each, pixel) <= FINGER) ? { index: point, next: point } : null;
  }
  const touched = nearest(pixels, pixel, FINGER);
  if (touched < 0) return null;
  const group = stacks(pixels, COVERED).find((each) => each.includes(touched));
  const index = topOf(group, chosen);
  return { index, next: index === chosen ? group[(group.indexOf(index) + 1) % group.length] : index };
}

// Whether a hand wants no snapping: with a key, or because it goes on slowly where the point has snapped.
function createFreedom() {
  let [zone, trace, slow] = [null, [], false];
  return {
    caught(place) {
      zone ??= place;
    },
    wanted({ altKey, timeStamp: time }, pixel, radius, { toPixel }) {
      if (zone && away(toPixel(zone), pixel) > radius) zone = null;
      if (zone) trace.push({ time, pixel });
      else [trace, slow] = [[], false];
      slow ||= trace.length > 0 && isSlow(trace);
      return altKey || slow;
    },
  };
}

// `focus(index)` gives a point the keyboard.
export function createDrag(spec, stage, actions, snap, focus) {
  let held = null; // the point that is dragged: {index, next, pointer, draws (for a question), start, moved, freedom}
  let [shown, where] = [null, null]; // the scene that is drawn, and its place

  function choose(index) {
    focus(index);
    actions.choose(index);
    actions.light({ kind: "point", index });
  }

  function take(event) {
    const { state } = shown;
    const start = pixelOf(event, stage);
    const question = state.asked && !isTask(spec, state) ? questionOf(spec, state) : null;
    const found = takenAt(start, state, where, question, ghostIn(spec, state));
    if (!found || event.button > 0) return;
    event.preventDefault();
    const pointer = event.pointerId;
    held = { ...found, pointer, draws: question?.kind, start, moved: false, freedom: createFreedom() };
    stage.setPointerCapture(pointer);
    choose(found.index);
  }

  function drag(event) {
    if (held?.pointer !== event.pointerId) return;
    const from = shown.state.points[held.index];
    if (!from) return; // another batch came under the hand
    const pixel = pixelOf(event, stage);
    held.moved ||= away(pixel, held.start) > MOVED;
    if (!held.moved) return;
    const inside = pixel.map((value) => Math.max(MARK, Math.min(where.size - MARK, value))); // no mark is cut
    const position = where.toPlane(inside);
    if (held.draws) return actions.sketch(held.draws === "place" ? position : minus(position, from));
    const radius = SNAPS[event.pointerType] ?? SNAPS.mouse;
    const { freedom } = held;
    snap.pull(held.index, position, radius, freedom.wanted(event, inside, radius, where), freedom.caught);
  }

  function release(event) {
    if (held?.pointer !== event.pointerId) return;
    const { index, next, moved, draws } = held;
    held = null;
    if (!moved && !draws && next !== index && event.type === "pointerup") choose(next);
    actions.light(null);
    if (draws === "draw" && shown.state.guess !== null) actions.answer(undefined);
  }

  stage.addEventListener("pointerdown", take);
  stage.addEventListener("pointermove", drag);
  for (const event of ["pointerup", "pointercancel"]) stage.addEventListener(event, release);
  // touch-action means nothing inside an SVG: without this, a finger that drags a point scrolls the page instead.
  stage.addEventListener("touchstart", (event) => held && event.preventDefault(), { passive: false });

  return {
    held: () => held !== null,
    see(scene, place) {
      [shown, where] = [scene, place];
    },
  };
}
