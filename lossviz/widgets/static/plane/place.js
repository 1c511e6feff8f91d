// Where the plane stands on the page: a square that shows the unit circle, or the free plane as far as its points go.

import { frame, reachOf } from "../geometry.js";

export const RADIUS = 12; // of a point, in pixels
export const FINGER = 24; // how near a finger must come to a point
export const MARK = 18; // the farthest that a mark reaches from its point: a triangle's corner
export const COVERED = 15; // nearer than this one point hides the letter of the other
const [NARROWEST, WIDEST] = [150, 420]; // pixels of the square
export const NAMED = 220; // of a smaller one: letters alone, names have no room
const aroundOf = (size) => (size < NAMED ? 26 : 44); // pixels between the circle and the edge, for arrows and names

const sizeOf = (width) => Math.max(NARROWEST, Math.min(width, WIDEST));

// The share of the square that its edge takes, where no point may stand because its mark would be cut.
export const edgeOf = (width) => (2 * MARK) / sizeOf(width);

// {size, extent, reach, unit, toPixel, toPlane}: the side of the square, how far the free plane and its points reach
// from its centre (null on the circle), pixels of a unit, and the ways between plane and pixels.
export function placeOf(width, extent) {
  const size = sizeOf(width);
  const reach = extent && extent * (1 - edgeOf(width));
  return { size, extent, reach, ...frame(size, size, extent ?? size / (size - 2 * aroundOf(size))) };
}

// The plane zooms out when a point's mark leaves it, and in again when a run is over; never under a dragging hand.
export function zoomed(extent, { points, at }, held, edge = 0) {
  const needed = reachOf(points.map((point) => point.map((value) => value / (1 - edge))));
  return held || at ? Math.max(extent, needed) : needed;
}

export const bounded = (position, reach) => position.map((value) => Math.max(-reach, Math.min(reach, value)));

// The point of a group that is seen and taken: the chosen one, else the one that is drawn last.
export const topOf = (group, chosen) => (group.includes(chosen) ? chosen : group.at(-1));
