// The lowest and the highest loss as one point moves, and where they are. They lie between the places of a grid.

import { angleOf, atAngle } from "../geometry.js";
import { gridPositions, roundAngles } from "../scan.js";
import { bounded } from "./place.js";

export const FINE = { free: 101, circle: 181 }; // places of the grid
const FINER = { free: 21, circle: 41 }; // about each end

export const gridOf = (shape, count, extent) =>
  shape === "circle" ? roundAngles(count).map(atAngle) : gridPositions(count, extent);

export function endsOf(places, losses) {
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  return { low, high, lowest: places[losses.indexOf(low)], highest: places[losses.indexOf(high)] };
}

// Places about one, as far as its neighbours in the grid.
function around(place, shape, extent) {
  const reach = 2 / (FINE[shape] - 1);
  if (shape === "circle") return roundAngles(FINER.circle).map((angle) => atAngle(angleOf(place) + reach * angle));
  const near = gridPositions(FINER.free, reach * extent);
  return near.map((way) => bounded(way.map((value, axis) => place[axis] + value), extent));
}

// Of the fine grid, whose losses may be known, of finer places about its own ends, and of the points, where a loss may
// have its peaks; null where lossesOf(places) gives it up.
export async function sharpEnds(shape, extent, points, lossesOf, known = null) {
  const grid = gridOf(shape, FINE[shape], extent);
  const losses = known ?? await lossesOf(grid);
  if (!losses) return null;
  const { lowest, highest } = endsOf(grid, losses);
  const finer = [...[lowest, highest].flatMap((place) => around(place, shape, extent)), ...points];
  const more = await lossesOf(finer);
  return more && endsOf([...grid, ...finer], [...losses, ...more]);
}
