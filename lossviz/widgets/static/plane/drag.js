// A mouse or a finger that drags a point. Where a question wants an arrow, it draws that instead.

import { nearest } from "../geometry.js";
import { questionOf } from "../state.js";
import { FINGER, bounded } from "./place.js";

function pixelOf(event, stage) {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

// `focus(index)` gives a point the keyboard.
export function createDrag(spec, stage, actions, focus) {
  let held = null; // {index, pointer, draws}: the point that is dragged
  let [shown, where] = [null, null]; // the scene that is drawn, and its place

  function take(event) {
    const { state } = shown;
    const index = nearest(state.points.map(where.toPixel), pixelOf(event, stage), FINGER);
    if (index < 0 || event.button > 0) return;
    event.preventDefault();
    const question = state.asked ? questionOf(spec, state) : null;
    if (question && question.point !== index) return;
    held = { index, pointer: event.pointerId, draws: Boolean(question) };
    stage.setPointerCapture(event.pointerId);
    focus(index);
    actions.choose(index);
    actions.light({ kind: "point", index });
  }

  function drag(event) {
    if (held?.pointer !== event.pointerId) return;
    const from = shown.state.points[held.index];
    if (!from) return; // another batch came under the hand
    const position = where.toPlane(pixelOf(event, stage));
    if (held.draws) actions.sketch(position.map((value, axis) => value - from[axis]));
    else actions.move(held.index, where.extent === null ? position : bounded(position, where.extent));
  }

  function release(event) {
    if (held?.pointer !== event.pointerId) return;
    const drew = held.draws && shown.state.guess !== null;
    held = null;
    actions.light(null);
    if (drew) actions.answer(undefined);
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
