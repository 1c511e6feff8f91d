// A crowd: many marks drawn as one path for each look, because a frame has no time for as many elements. It is one stop of
// the keyboard, in which the arrow keys go from mark to mark; a pointer touches the nearest mark.

import { keep, setAttributes, svg } from "./dom.js";
import { distanceTo, polyline } from "./geometry.js";

export const CROWD = 12; // more marks than this are a crowd
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export function createCrowd(picture, actions) {
  const looks = svg("g");
  const reach = svg("path", { class: "reach" }); // where a pointer touches
  const root = svg("g", { class: "crowd", role: "group" }, looks, reach);
  // In the order of the terms, whichever is drawn above which: {index, places, d, look, note} are the term, the pixels that
  // the mark stands on or joins, its outline, its attributes and its words.
  let marks = [];
  let at = 0; // where the keyboard is

  const touch = (mark) => actions.light(mark ? { kind: "term", index: mark.index } : null);

  function nearestTo({ clientX, clientY }) {
    const { left, top } = picture.getBoundingClientRect();
    const distances = marks.map(({ places }) => distanceTo(places, [clientX - left, clientY - top]));
    return marks[distances.indexOf(Math.min(...distances))];
  }

  for (const event of ["pointermove", "click"]) root.addEventListener(event, (happened) => touch(nearestTo(happened)));
  root.addEventListener("focus", () => touch(marks[at]));
  for (const event of ["pointerleave", "blur"]) root.addEventListener(event, () => touch(null));
  root.addEventListener("keydown", (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    at = (at + STEPS[event.key] + marks.length) % marks.length;
    touch(marks[at]);
  });

  return {
    root,
    // `what` they are, to one who does not see them.
    draw(drawn, what, lit) {
      marks = drawn.toSorted((a, b) => a.index - b.index);
      at = Math.min(at, Math.max(0, marks.length - 1));
      const touched = lit?.kind === "term" && marks.find(({ index }) => index === lit.index);
      setAttributes(root, { tabindex: marks.length ? 0 : null, "aria-label": touched ? touched.note : `${what}; the arrow keys go through them` });
      const paths = new Map();
      for (const { look, d } of drawn) {
        const key = JSON.stringify(look);
        if (!paths.has(key)) paths.set(key, { look, d: "" });
        paths.get(key).d += d;
      }
      const shown = [...paths.values()];
      keep(looks, shown.length, () => svg("path")).forEach((path, k) => setAttributes(path, { "stroke-width": null, ...shown[k].look, d: shown[k].d }));
      setAttributes(reach, { d: marks.map(({ places }) => polyline(places.length > 1 ? places : [places[0], places[0]])).join("") });
    },
  };
}
