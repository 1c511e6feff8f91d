// The lines between points: whom the terms pull together and push apart.

import { keep, setAttributes, svg } from "../dom.js";
import { polyline } from "../geometry.js";
import { hides, questionOf } from "../state.js";

const APART = 5; // pixels: how far two lines between the same points lie aside

const sideways = (k, count, { from, to }) => (k - (count - 1) / 2) * Math.sign(to - from || 1);

// One rope for all links of one side between two points, as strong as its active terms together, up to one; only the
// lit ones where some are lit. Two points that are pulled together and pushed apart have two ropes, which lie `aside`.
export function ropesOf(terms, lit) {
  const ropes = new Map();
  for (const term of terms) {
    for (const { from, to, side, weight } of term.links) {
      const ends = `${Math.min(from, to)},${Math.max(from, to)}`;
      const key = `${ends} ${side}`;
      if (!ropes.has(key)) ropes.set(key, { from, to, side, ends, terms: [], weight: 0, active: false });
      const rope = ropes.get(key);
      rope.terms.push(term.index);
      if (!term.active) continue;
      rope.active = true;
      if (!lit || lit.has(term.index)) rope.weight = Math.min(1, rope.weight + weight);
    }
  }
  const all = [...ropes.values()];
  return all.map((rope) => {
    const twins = all.filter(({ ends }) => ends === rope.ends);
    return { ...rope, aside: sideways(twins.indexOf(rope), twins.length, rope) };
  });
}

// A line moved to its side by so many pixels.
function beside([from, to], shift) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
  const normal = [(from[1] - to[1]) / length, (to[0] - from[0]) / length];
  return [from, to].map((end) => end.map((value, axis) => value + shift * normal[axis]));
}

function lookOf({ side, active, weight, terms }, { spec, state, lit }) {
  const strong = active && !hides(spec, state);
  const marked = state.asked && Array.isArray(state.guess) && state.guess.includes(terms[0]);
  const faint = lit && !terms.some((term) => lit.has(term));
  return {
    class: ["pair", side, strong && "active", marked && "marked", faint && "faded"].filter(Boolean).join(" "),
    "stroke-width": (strong ? 0.75 + 2.75 * weight : 1.25).toFixed(2),
  };
}

export function createLines(spec, actions) {
  const root = svg("g", { class: "lines" });
  let ropes = [];
  let marks = false; // whether the question that waits wants terms marked

  function make(k) {
    const line = svg("path");
    line.addEventListener("pointerenter", () => actions.light({ kind: "term", index: ropes[k].terms[0] }));
    line.addEventListener("pointerleave", () => actions.light(null));
    line.addEventListener("click", () => marks && actions.mark(ropes[k].terms[0]));
    return line;
  }

  return {
    root,
    // Answers with the lines, as obstacles.
    draw(scene, { toPixel }) {
      const { state, reading, lit } = scene;
      ropes = ropesOf(reading.terms, lit);
      marks = state.asked && questionOf(spec, state)?.kind === "terms";
      const ends = ropes.map(({ from, to, aside }) =>
        beside([from, to].map((point) => toPixel(state.points[point])), APART * aside));
      keep(root, ropes.length, make).forEach((line, k) =>
        setAttributes(line, { ...lookOf(ropes[k], scene), d: polyline(ends[k]) }));
      return ends.map((places) => ({ places }));
    },
  };
}
