// What Python asks of the page's own modules, where there is no page (javascript.py): JSON in, JSON out. A state is
// what lasts, and the point that is chosen.

import { addressOf, expectedOf, namesOf, oneOf, readAddress } from "./address.js";
import { kernelEngine } from "./engine.js";
import { ropesOf } from "./plane/lines.js";
import { sceneAt } from "./quantities.js";
import { counted } from "./readings/reading.js";
import { LONGEST_ARROW, createScales } from "./run.js";
import * as states from "./state.js";
import { fixed, letter } from "./words.js";

const lasting = (state) => ({ ...states.lastingOf(state), chosen: state.chosen });
const whole = (spec, state) => ({ ...states.begin(spec, state), chosen: state.chosen });

// The state that an explorer begins with.
export function first({ spec }) {
  const [loss] = Object.keys(spec.losses);
  return lasting(states.begin(spec, states.startOf(spec, { situation: 0, loss }, {})));
}

// The state after an address; what it could not mean, as [argument, what was expected, what came].
export function follow({ spec, state, query }) {
  const before = whole(spec, state);
  const wanted = readAddress(spec, before, query);
  const after = states.follow(spec, before, wanted);
  const missed = wanted.missed.map(([key, text]) => {
    const expected = expectedOf(spec, after, key);
    return expected ? [key, expected, text] : ["address", oneOf(namesOf(spec, after)), key];
  });
  return { missed, notes: after.notes, state: lasting(after) };
}

export const address = ({ spec, state }) => addressOf({ ...spec, compact: true }, whole(spec, state));

// What a picture of a state shows: its numbers and words, at most so many terms, the lines, the arrows and their scale.
// `torch(question)` answers as the kernel does.
export async function picture({ spec, state, most }, torch) {
  const engine = kernelEngine(spec, async ({ question }) => ({ answer: torch(question) }));
  const { result, reading } = await sceneAt(spec, engine, whole(spec, state));
  const { terms, ranked, classes, caption } = reading;
  const scales = createScales(spec, engine);
  if (spec.dimension === 2) await scales.measure(whole(spec, state));
  const rest = ranked.slice(most);
  const sum = rest.reduce((total, { value }) => total + value, 0);
  return {
    loss: fixed(result.loss), caption, count: counted(states.lossOf(spec, state), terms),
    terms: ranked.slice(0, most).map(({ letters, value, kind, points }) =>
      ({ letters, value, side: points.length === 2 ? kind : null, said: fixed(value) })),
    rest: rest.length ? `${rest.length} more add ${fixed(sum)}` : "",
    ropes: ropesOf(terms, null).map(({ from, to, side, active, weight }) =>
      ({ from, to, side, weight: active ? weight : 0 })),
    classes, gradients: result.pointGradients, scale: scales.of(whole(spec, state)), longest: LONGEST_ARROW,
    letters: state.points.map((_, point) => letter(point)),
    circle: states.shapeOf(spec, state) === "circle",
  };
}
