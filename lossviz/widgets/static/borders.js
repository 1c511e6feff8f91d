// Where a loss changes its mind as one point moves: the borders of the regions in which a term chooses the same sentence.
// A coarse scan finds who is chosen where; each place where two neighbours differ is then halved until it is sharp.

import { TAU, atAngle, polyline } from "./geometry.js";
import { gridPositions, scanKey } from "./heat.js";

const SIZE = 41;
const ANGLES = 121;
const HALVINGS = 6;

const between = (a, b, share) => a.map((value, axis) => value + share * (b[axis] - value));

// Places to ask, and the pairs of neighbours among them; `locate` makes a position of a place.
export function planeGrid(extent) {
  const neighbours = [];
  for (let k = 0; k < SIZE * SIZE; k++) {
    if (k % SIZE < SIZE - 1) neighbours.push([k, k + 1]);
    if (k + SIZE < SIZE * SIZE) neighbours.push([k, k + SIZE]);
  }
  return { places: gridPositions(SIZE, extent), neighbours, locate: (place) => place };
}

export function roundGrid() {
  const places = Array.from({ length: ANGLES }, (_, k) => [-TAU / 2 + (TAU * k) / (ANGLES - 1)]);
  return { places, neighbours: places.slice(1).map((_, k) => [k, k + 1]), locate: ([angle]) => atAngle(angle) };
}

// Who is chosen at every place, and a cut between every two neighbours that differ; null when it is no longer wanted.
// choose(positions) → the choice at each, or null.
export async function regions({ places, neighbours, locate }, choose) {
  const choices = await choose(places.map(locate));
  if (!choices) return null;
  const cuts = neighbours.filter(([a, b]) => choices[a] !== choices[b]).map((pair) => ({ pair, low: 0, high: 1 }));
  const at = ({ pair: [a, b], low, high }) => between(places[a], places[b], (low + high) / 2);
  for (let round = 0; round < HALVINGS && cuts.length; round++) {
    const found = await choose(cuts.map(at).map(locate));
    if (!found) return null;
    cuts.forEach((cut, k) => { cut[found[k] === choices[cut.pair[0]] ? "low" : "high"] = (cut.low + cut.high) / 2; });
  }
  return { places, choices: Array.from(choices), cuts: cuts.map((cut) => ({ pair: cut.pair, place: at(cut) })) };
}

// The borders in the plane as lines, [[place, place], …]: through each cell of the grid, from cut to cut.
export function borderLines({ cuts }) {
  const found = new Map(cuts.map(({ pair, place }) => [pair.join(), place]));
  const corners = new Set(cuts.flatMap(({ pair: [a, b] }) => (b === a + 1 ? [a, a - SIZE] : [a, a - 1])));
  return [...corners].flatMap((k) => {
    const sides = [[k, k + 1], [k, k + SIZE], [k + 1, k + 1 + SIZE], [k + SIZE, k + SIZE + 1]];
    const ends = sides.map((pair) => found.get(pair.join())).filter(Boolean);
    if (ends.length < 3) return ends.length === 2 ? [ends] : [];
    const middle = [0, 1].map((axis) => ends.reduce((sum, end) => sum + end[axis], 0) / ends.length);
    return ends.map((end) => [end, middle]); // three regions or more meet
  });
}

// Where to write the name of each choice: as far as can be from the borders, the edge, and what is to be kept clear.
export function names({ places, choices, cuts }, clear, edge) {
  const kept = [...cuts.map(({ place }) => place), ...clear];
  const room = ([x, y]) => {
    let least = Math.min(edge - Math.abs(x), edge - Math.abs(y)) ** 2;
    for (const [left, up] of kept) least = Math.min(least, (left - x) ** 2 + (up - y) ** 2);
    return least;
  };
  const best = new Map();
  places.forEach((place, k) => {
    if (k % 2) return; // half of the places are enough to choose from
    const free = room(place);
    if (!best.has(choices[k]) || free > best.get(choices[k]).free) best.set(choices[k], { free, place });
  });
  return [...best].map(([choice, { place }]) => ({ choice, place }));
}

export const borderPath = (lines, toPixel) => lines.map((line) => polyline(line.map(toPixel))).join("");

// `show` is called with the regions of a state when they are known, and with null when there are none to show.
// wanted: {role, term, anchor, extent}, where the extent is that of the plane, or null on the circle; null for none.
export function borderScan(engine, show) {
  let key = null;
  let stop = new AbortController();
  return async (state, wanted) => {
    const about = wanted && JSON.stringify([state.loss, state.situation, state.chosen, wanted]);
    const next = wanted && about + scanKey(state);
    if (next === key) return;
    if (!about || !key?.startsWith(about)) show(null); // what is shown is about something else
    key = next;
    stop.abort();
    if (!wanted) return;
    stop = new AbortController();
    const { signal } = stop;
    const round = wanted.extent === null;
    const ask = (positions) => engine.choices(state, state.chosen, wanted, positions, signal);
    const found = await regions(round ? roundGrid() : planeGrid(wanted.extent), ask);
    if (!found || signal.aborted) return;
    const several = found.cuts.length > 0;
    const others = state.points.filter((_, index) => index !== state.chosen);
    show(several ? { ...wanted, ...found, ...(round ? {} : { lines: borderLines(found), names: names(found, others, wanted.extent) }) } : null);
  };
}
