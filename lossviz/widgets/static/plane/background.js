// What gives the plane its measure: the unit circle, or a bar of a round length.

import { setAttributes, setText, svg } from "../dom.js";
import { NEAR, niceCeiling, polyline } from "../geometry.js";

const BAR = 36; // pixels: the shortest bar
const EDGE = 10; // pixels from the corner

export function createBackground() {
  const circle = svg("circle", { class: "circle" });
  const [bar, words] = [svg("path"), svg("text")];
  const unit = svg("g", { class: "unit" }, bar, words);

  function drawBar({ size, unit: pixels, extent }) {
    const length = Math.max(1, niceCeiling(BAR / pixels));
    const zoomed = extent > NEAR ? `, zoomed out ${extent / NEAR}×` : "";
    const [left, bottom] = [EDGE, size - EDGE];
    setAttributes(bar, { d: polyline([[left, bottom], [left + length * pixels, bottom]]) });
    setText(setAttributes(words, { x: left, y: bottom - 6 }), `length ${length}${zoomed}`);
  }

  return {
    root: svg("g", { class: "ring" }, circle, unit),
    draw(scene, place) {
      const { size, unit: radius, extent } = place;
      const round = extent === null;
      setAttributes(circle, { visibility: round ? null : "hidden", cx: size / 2, cy: size / 2, r: radius });
      setAttributes(unit, { visibility: round ? "hidden" : null });
      if (!round) drawBar(place);
    },
  };
}
