// What gives the plane its measure: the unit circle, or a bar of a round length.

import { setAttributes, setText, svg } from "../dom.js";
import { NEAR, atAngle, niceCeiling, polyline } from "../geometry.js";
import { roundAngles } from "../scan.js";
import { LINE, widthOf } from "../marks/labels.js";
import { gapTo } from "../marks/placing.js";
import { RADIUS } from "./place.js";

const BAR = 36; // pixels: the shortest bar
const EDGE = 10; // pixels from the corner
const HEIGHT = 30; // and of the bar from above
const ROUND = roundAngles(73).map(atAngle); // the circle, as a line

export function createBackground() {
  const circle = svg("circle", { class: "circle" });
  const [bar, words] = [svg("path"), svg("text")];
  const unit = svg("g", { class: "unit" }, bar, words);

  // In the first corner in which no point stands.
  function drawBar({ size, unit: pixels, extent }, points) {
    const length = Math.max(1, niceCeiling(BAR / pixels));
    const zoomed = extent > NEAR ? `, zoomed out ${Math.round((100 * extent) / NEAR) / 100}×` : "";
    const text = `length ${length}${widthOf(`length ${length}${zoomed}`) < size - 2 * EDGE ? zoomed : ""}`;
    const width = Math.max(length * pixels, widthOf(text));
    const corners = [size - EDGE, HEIGHT].flatMap((foot) => [EDGE, size - EDGE - width].map((left) => [left, foot]));
    const boxOf = ([left, foot]) => ({ x: left, y: foot - 6 - LINE, width, height: LINE + 8 });
    const isFree = (corner) => points.every((point) => gapTo(boxOf(corner), point) > RADIUS);
    const [left, foot] = corners.find(isFree) ?? corners[0];
    setAttributes(bar, { d: polyline([[left, foot], [left + length * pixels, foot]]) });
    setText(setAttributes(words, { x: left, y: foot - 6 }), text);
    return boxOf([left, foot]);
  }

  return {
    root: svg("g", { class: "ring" }, circle, unit),
    // Answers with what no label may cover.
    draw(scene, place) {
      const { size, unit: radius, extent } = place;
      const round = extent === null;
      setAttributes(circle, { visibility: round ? null : "hidden", cx: size / 2, cy: size / 2, r: radius });
      setAttributes(unit, { visibility: round ? "hidden" : null });
      return round ? [{ places: ROUND.map(place.toPixel) }] : [drawBar(place, scene.state.points.map(place.toPixel))];
    },
  };
}
