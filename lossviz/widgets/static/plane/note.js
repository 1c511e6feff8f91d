// What stands above and below the plane in words.

import { brief, fixed, inWords, letter, roleSign } from "../words.js";

export function headingOf({ state, shape }) {
  if (state.asked) return "Sentences as points";
  if (shape === "circle") return "Sentences on the unit circle";
  return `Sentences; shaded: the loss as ${letter(state.chosen)} moves`;
}

function rangeOf({ low, high }) {
  const [lowest, highest] = [low, high].map((value) => fixed(value));
  return lowest === highest ? `${lowest} everywhere` : `from ${lowest} (clear) to ${highest} (full shade)`;
}

const choiceOf = ({ role, anchor }) =>
  `${roleSign(role)} between the borders: the ${inWords(role)} of ${letter(anchor)}.`;

// `heat`: what is shown of the loss in the plane; `borders`: of a choice that changes; null for none.
export function noteOf({ state, shape, rate }, heat, borders) {
  const chosen = letter(state.chosen);
  return [
    `Step moves each point by its arrow, ${brief(rate, 2)} × the gradient. A hollow point has gradient 0.`,
    shape === "circle" && `Below: the whole loss as ${chosen} goes round; letters mark where the others stand.`,
    heat && `Behind: the loss if ${chosen} stood there, ${rangeOf(heat)}.`,
    borders && choiceOf(borders),
  ].filter(Boolean).join(" ");
}
