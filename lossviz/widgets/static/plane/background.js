// What gives the plane its measure: the unit circle, or a bar of a round length.

import { setAttributes, setText, svg } from "../dom.js";
import { NEAR, atAngle, niceCeiling, polyline } from "../geometry.js";
import { roundAngles } from "../scan.js";
import { LINE, widthOf } from "../marks/labels.js";

const BAR = 36; // pixels: the shortest bar
const EDGE = 10; // pixels from the corner
const ROUND = roundAngles(73).map(atAngle); // the circle, as a line

export function createBackground() {
  const circle = svg("circle", { class: "circle" });
  const [bar, words] = [svg("path"), svg("text")];
  const unit = svg("g", { class: "unit" }, bar, words);

  function drawBar({ size, unit: pixels, extent }) {
    const length = Math.max(1, niceCeiling(BAR / pixels));
    const zoomed = extent > NEAR ? `, zoomed out ${Math.round((100 * extent) / NEAR) / 100}×` : "";
    const [left, bottom] = [EDGE, size - EDGE];
    setAttributes(bar, { d: polyline([[left, bottom], [left + length * pixels, bottom]]) });
    const text = `length ${length}${widthOf(`length ${length}${zoomed}`) < size - 2 * EDGE ? zoomed : ""}`;
    setText(setAttributes(words, { x: left, y: bottom - 6 }), text);
    const width = Math.max(length * pixels, widthOf(text));
    return { x: left, y: bottom - 6 - LINE, width, height: LINE + 8 };
  }

  return {
    root: svg("g", { class: "ring" }, circle, unit),
    // Answers with what no label may cover.
    draw(scene, place) {
      const { size, unit: radius, extent } = place;
      const round = extent === null;
      setAttributes(circle, { visibility: round ? null : "hidden", cx: size / 2, cy: size / 2, r: radius });
      setAttributes(unit, { visibility: round ? "hidden" : null });
      return round ? [{ places: ROUND.map(place.toPixel) }] : [drawBar(place)];
    },
  };
}
