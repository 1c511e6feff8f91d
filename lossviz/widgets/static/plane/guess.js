// The arrow that the reader drew for an answer, or the ghost of a point where one placed it: it stays beside the true
// one until the point moves on.

import { setAttributes, setText, svg } from "../dom.js";
import { lengthOf } from "../geometry.js";
import { questionOf } from "../state.js";
import { letter } from "../words.js";
import { fromPoint, makeArrow, setArrow } from "./arrows.js";
import { RADIUS } from "./place.js";

const HEAD = 12; // pixels

function drawnIn(spec, { state }, { unit, toPixel }) {
  const point = state.points[questionOf(spec, state)?.point];
  if (!point || !state.guess || state.at || lengthOf(state.guess) === 0) return null;
  const [x, y] = toPixel(point);
  return fromPoint([x, y], [x + state.guess[0] * unit, y - state.guess[1] * unit], HEAD);
}

export function createGuess(spec) {
  const root = svg("g", { class: "guess" });
  const arrow = makeArrow();
  const name = svg("text", { dy: "0.36em", "text-anchor": "middle" });
  const ghost = svg("g", { class: "ghost" }, svg("circle", { r: RADIUS }), name);
  root.append(arrow, ghost);
  return {
    root,
    draw(scene, place) {
      const { state } = scene;
      const question = questionOf(spec, state);
      const placed = question?.kind === "place";
      setArrow(arrow, null, placed ? null : drawnIn(spec, scene, place));
      const shown = placed && state.guess && state.posed === state.situation;
      setAttributes(ghost, {
        visibility: shown ? null : "hidden", transform: shown ? `translate(${place.toPixel(state.guess)})` : null,
      });
      setText(name, placed ? `${letter(question.point)}?` : "");
    },
  };
}
