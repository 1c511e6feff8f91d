// Dots: each a mark with its name beside it, wide enough for a finger, one stop of the keyboard, lighting what it
// stands for.

import { keep, lights, setAttributes, svg } from "../dom.js";
import { placeLabels } from "../geometry.js";
import { boxAround, writeLabel } from "./labels.js";

const FINGER = 22; // pixels: half of what a finger needs

// A dot is {place, d, look, letters, note, light, candidates, insists}: where it stands and its outline about that
// place, its classes, its name and its sentence, what it lights ({kind, index}), the boxes where its name may stand,
// and whether the name must be seen.
export function createDots(actions) {
  const root = svg("g", { class: "dots" });
  let shown = [];

  function make(k) {
    const parts = [svg("circle", { class: "hit", r: FINGER }), svg("path", { class: "shown" })];
    const dot = svg("g", { role: "button" }, ...parts, svg("text", { "text-anchor": "middle" }));
    return lights(dot, actions, () => shown[k].light);
  }

  return {
    root,
    // Names stay within the bounds, off the dots (of this size) and off the obstacles. Dots that others stand for, as a
    // crowd does, are `untouched`. Answers with the boxes of the names, null for a hidden one.
    draw(dots, { size, bounds, obstacles = [], untouched = false }) {
      shown = dots;
      const own = dots.map(({ place }) => boxAround(place, size, size));
      const names = placeLabels(dots, [...own, ...obstacles], bounds);
      keep(root, dots.length, make).forEach((dot, k) => {
        const { place, d, look, letters, note } = dots[k];
        const transform = `translate(${place.map((value) => value.toFixed(2))})`;
        setAttributes(dot, { class: `dot ${look}`, transform, "aria-label": note, tabindex: untouched ? null : 0 });
        const [hit, mark, name] = dot.children;
        setAttributes(hit, { visibility: untouched ? "hidden" : null });
        setAttributes(mark, { d });
        writeLabel(name, names[k], letters, place);
      });
      setAttributes(root, { "pointer-events": untouched ? "none" : null });
      return names;
    },
  };
}
