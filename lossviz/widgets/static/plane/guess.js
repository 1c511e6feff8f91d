// The arrow that the reader drew for an answer; it stays beside the true one until the point moves on.

import { svg } from "../dom.js";
import { questionOf } from "../state.js";
import { fromPoint, makeArrow, setArrow } from "./arrows.js";

const HEAD = 12; // pixels

function drawnIn(spec, { state }, { unit, toPixel }) {
  const point = state.points[questionOf(spec, state)?.point];
  if (!point || state.guess === null || state.at) return null;
  const [x, y] = toPixel(point);
  return fromPoint([x, y], [x + state.guess[0] * unit, y - state.guess[1] * unit], HEAD);
}

export function createGuess(spec) {
  const root = svg("g", { class: "guess" });
  const arrow = makeArrow();
  root.append(arrow);
  return { root, draw: (scene, place) => setArrow(arrow, null, drawnIn(spec, scene, place)) };
}
