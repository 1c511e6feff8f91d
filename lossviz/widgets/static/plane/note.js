// What stands above and below the plane in words.

import { hides } from "../state.js";
import { brief, fixed, inWords, letter, roleSign } from "../words.js";

export function headingOf({ spec, state, shape }) {
  if (hides(spec, state)) return "Sentences as points";
  if (shape === "circle") return "Sentences on the unit circle";
  return `Sentences; shaded: the loss as ${letter(state.chosen)} moves`;
}

function rangeOf({ low, high }) {
  const [lowest, highest] = [low, high].map((value) => fixed(value));
  return lowest === highest ? `${lowest} everywhere` : `from ${lowest} (clear) to ${highest} (full shade)`;
}

const choiceOf = ({ role, anchor }) =>
  `${roleSign(role)} between the borders: the ${inWords(role)} of ${letter(anchor)}.`;

// One scale for the situation, and what a step makes of it, once its size is known.
function arrowsOf({ state: { run, magnified }, rate }) {
  const scale = rate * magnified;
  const times = run?.rate && brief(run.rate / scale, 2);
  const step = times ? `${times === "1" ? "just" : `${times} times`} as far` : "by a length of its own";
  return `Arrows: ${brief(scale, 2)} × the gradient, whatever you move or set here. Step goes the same way, ${step}.`
    + " Hollow point: gradient 0; ring beside a point: too small to draw; two heads: cut;"
    + " beside either: how long it is.";
}

// `heat`: what is shown of the loss in the plane; `borders`: of a choice that changes; null for none.
export function noteOf(scene, heat, borders) {
  const { state } = scene;
  const chosen = letter(state.chosen);
  return [
    arrowsOf(scene),
    state.view === "strip" && `Strip: the whole loss as ${chosen} goes round; letters mark where the others stand.`,
    heat && `Behind: the loss if ${chosen} stood there, ${rangeOf(heat)}.`,
    borders && choiceOf(borders),
  ].filter(Boolean).join(" ");
}
