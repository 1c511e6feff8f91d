// Regions of the plane, or of the circle, in which the same is chosen, and the borders between them. A coarse scan
// finds what is chosen where; each place where two neighbours differ is then halved until it is sharp.

import { atAngle } from "../geometry.js";
import { gridPositions, roundAngles } from "../scan.js";

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
  const places = roundAngles(ANGLES).map((angle) => [angle]);
  return { places, neighbours: places.slice(1).map((_, k) => [k, k + 1]), locate: ([angle]) => atAngle(angle) };
}

// What is chosen at every place, and a cut between every two neighbours that differ; null when it is no longer wanted.
// choose(positions) → the choice at each, or null.
export async function regions({ places, neighbours, locate }, choose) {
  const choices = await choose(places.map(locate));
  if (!choices) return null;
  const cuts = neighbours.filter(([a, b]) => choices[a] !== choices[b]).map((pair) => ({ pair, low: 0, high: 1 }));
  const at = ({ pair: [a, b], low, high }) => between(places[a], places[b], (low + high) / 2);
  for (let round = 0; round < HALVINGS && cuts.length; round++) {
    const found = await choose(cuts.map(at).map(locate));
    if (!found) return null;
    cuts.forEach((cut, k) => {
      cut[found[k] === choices[cut.pair[0]] ? "low" : "high"] = (cut.low + cut.high) / 2;
    });
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
export function namePlaces({ places, choices, cuts }, clear, edge) {
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
