// The eye before a picture in 3-D: where it stands, how it is turned, and where it sees a place of the picture.

import { TAU, atAngle } from "../geometry.js";

const START = { eye: { x: 0.75, y: -1.46, z: 1.42 }, center: { x: 0, y: 0, z: -0.19 }, up: { x: 0, y: 0, z: 1 } };
const ROOMY = 1.4; // times as wide as high: in a narrower room the eye is farther away
const TURN = TAU / 36; // of an arrow key
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const SWIPE = 0.01; // of a turn in radians, for each pixel of a finger
export const ASPECT = { x: 1, y: 1, z: 0.7 }; // sides of the box that is seen
const OPEN = TAU / 8; // between the eye's lowest and highest look: plotly's

export function fromAfar({ width, height }) {
  const times = Math.max(1, (ROOMY * height) / width);
  const { x, y, z } = START.eye;
  return { ...START, eye: { x: times * x, y: times * y, z: times * z } };
}

// Round the upright axis, and over the surface, never below it.
export function turned({ eye, ...camera }, [aside, over]) {
  const far = Math.hypot(eye.x, eye.y);
  const [angle, rise] = [Math.atan2(eye.y, eye.x) + aside, Math.atan2(eye.z, far) + over];
  const [reach, up] = [Math.hypot(far, eye.z), Math.min(1.5, Math.max(0.05, rise))];
  const [x, y] = atAngle(angle).map((value) => value * reach * Math.cos(up));
  return { ...camera, eye: { x, y, z: reach * Math.sin(up) } };
}

// Plotly takes the mouse; the arrow keys turn too, and a finger that goes aside. One that goes up or down scrolls the
// page, so plotly hears nothing of fingers.
export function turnBy(box, turn) {
  let finger = null; // where it was
  for (const event of ["touchstart", "touchmove", "touchend", "touchcancel"]) {
    box.addEventListener(event, (happened) => happened.stopPropagation(), { capture: true, passive: true });
  }
  box.addEventListener("pointerdown", (event) => {
    finger = event.pointerType === "touch" ? event.clientX : null;
  });
  box.addEventListener("pointermove", ({ clientX }) => {
    if (finger === null) return;
    turn([(finger - clientX) * SWIPE, 0]);
    finger = clientX;
  });
  for (const event of ["pointerup", "pointercancel"]) box.addEventListener(event, () => { finger = null; });
  box.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    turn(KEYS[event.key].map((way) => way * TURN));
  });
}

const inside = (a, b) => a.reduce((sum, value, axis) => sum + value * b[axis], 0);
const across = ([a, b, c], [x, y, z]) => [b * z - c * y, c * x - a * z, a * y - b * x];
const unit = (vector) => vector.map((value) => value / Math.hypot(...vector));
const numbersOf = ({ x, y, z }) => [x, y, z];

// sees(place) → pixels: a place within the ranges of the three axes, from a camera, in a room.
export function sight({ eye, center, up }, { width, height }, ranges) {
  const [stand, sides] = [eye, ASPECT].map(numbersOf);
  const ahead = unit(numbersOf(center).map((value, axis) => value - stand[axis]));
  const right = unit(across(ahead, numbersOf(up)));
  const over = across(right, ahead);
  return (place) => {
    const way = place.map((value, axis) => {
      const [low, high] = ranges[axis];
      return sides[axis] * ((value - low) / (high - low) - 0.5) - stand[axis];
    });
    const scale = height / 2 / Math.tan(OPEN / 2) / inside(way, ahead);
    return [width / 2 + scale * inside(way, right), height / 2 - scale * inside(way, over)];
  };
}
