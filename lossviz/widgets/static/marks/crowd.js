// A crowd: many marks drawn as one path for each look, because a frame has no time for as many elements. It is one
// stop of the keyboard, in which the arrow keys go from mark to mark; a pointer touches the nearest mark.

import { keep, setAttributes, svg } from "../dom.js";
import { distanceTo, polyline } from "../geometry.js";

export const CROWD = 12; // more marks than this are a crowd
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

const byIndex = (a, b) => a.index - b.index;

// The outlines of all marks of one look, as one.
function together(marks) {
  const paths = new Map();
  for (const { look, d } of marks) {
    const key = Object.values(look).join();
    if (!paths.has(key)) paths.set(key, { ...look, d: "" });
    paths.get(key).d += d;
  }
  return [...paths.values()];
}

// Where a pointer touches: along each mark, or on the spot.
const touchable = (marks) =>
  marks.map(({ places }) => polyline(places.length > 1 ? places : [places[0], places[0]])).join("");

export function createCrowd(picture, actions) {
  const looks = svg("g");
  const reach = svg("path", { class: "reach" });
  const root = svg("g", { class: "crowd", role: "group" }, looks, reach);
  let marks = []; // in the order of the terms, whichever is drawn above which
  let at = 0; // where the keyboard is

  const touch = (mark) => actions.light(mark ? { kind: "term", index: mark.index } : null);

  function nearestTo({ clientX, clientY }) {
    const { left, top } = picture.getBoundingClientRect();
    const distances = marks.map(({ places }) => distanceTo(places, [clientX - left, clientY - top]));
    return marks[distances.indexOf(Math.min(...distances))];
  }

  function walk(event) {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    at = (at + STEPS[event.key] + marks.length) % marks.length;
    touch(marks[at]);
  }

  for (const event of ["pointermove", "click"]) root.addEventListener(event, (happened) => touch(nearestTo(happened)));
  for (const event of ["pointerleave", "blur"]) root.addEventListener(event, () => touch(null));
  root.addEventListener("focus", () => touch(marks[at]));
  root.addEventListener("keydown", walk);

  return {
    root,
    // Marks are {index, places, d, look, note}: the term, the pixels that a mark stands on or joins, its outline, its
    // attributes and its words. `what` they are is said to one who does not see them.
    draw(drawn, what, lit) {
      marks = drawn.toSorted(byIndex);
      at = Math.min(at, Math.max(0, marks.length - 1));
      const touched = lit?.kind === "term" && marks.find(({ index }) => index === lit.index);
      const words = touched ? touched.note : `${what}; the arrow keys go through them`;
      const [tabindex, visibility] = marks.length ? [0, null] : [null, "hidden"];
      setAttributes(root, { tabindex, visibility, "aria-label": words });
      const paths = together(drawn);
      keep(looks, paths.length, () => svg("path")).forEach((path, k) => {
        setAttributes(path, { "stroke-width": null, ...paths[k] });
      });
      setAttributes(reach, { d: touchable(marks) });
    },
  };
}
