// Where the plane stands on the page: a square that shows the unit circle, or the free plane as far as its points go.

import { frame, reachOf } from "../geometry.js";

export const RADIUS = 12; // of a point, in pixels
export const FINGER = 24; // how near a finger must come to a point
const [NARROWEST, WIDEST] = [240, 420]; // pixels of the square
const AROUND = 44; // pixels between the circle and the edge, for arrows and names

// {size, extent, unit, toPixel, toPlane}: the side of the square, how far the free plane reaches from its centre (null
// on the circle), pixels of a unit, and the ways between plane and pixels.
export function placeOf(width, extent) {
  const size = Math.max(NARROWEST, Math.min(width, WIDEST));
  return { size, extent, ...frame(size, size, extent ?? size / (size - 2 * AROUND)) };
}

// The plane zooms out when a point leaves it, and in again when a run is over; never under a dragging hand.
export function zoomed(extent, { points, at }, held) {
  const needed = reachOf(points);
  return held || at ? Math.max(extent, needed) : needed;
}

export const bounded = (position, extent) => position.map((value) => Math.max(-extent, Math.min(extent, value)));
