// The loss as one point moves: over the plane (a grid, coarse first, then finer) or round the circle (a list of angles).
// A scan is kept while only its own point moves, and dropped when anything else changes.

import { idle } from "./dom.js";
import { TAU, atAngle } from "./geometry.js";

const STRIDES = [8, 4, 2, 1];
const FINEST = 101;
const ANGLES = 181;

// What a scan depends on: everything but where its own point stands.
export function scanKey(state) {
  const others = state.points.map((point, index) => (index === state.chosen ? null : point));
  return JSON.stringify([state.loss, state.parameters, state.tensors, state.situation, state.chosen, others]);
}

export function gridPositions(size, extent) {
  const at = (k) => ((k / (size - 1)) * 2 - 1) * extent;
  return Array.from({ length: size * size }, (_, k) => [at(k % size), at(Math.floor(k / size))]);
}

export const stripAngles = Array.from({ length: ANGLES }, (_, k) => -TAU / 2 + (TAU * k) / (ANGLES - 1));

// `show({size, values})` is called for every grid that is done; a finer one follows unless the state has changed.
function scans(engine, show, levels) {
  let key = null;
  let stop = new AbortController();
  return async (state) => {
    const wanted = scanKey(state);
    if (wanted === key) return;
    key = wanted;
    stop.abort();
    stop = new AbortController();
    const { signal } = stop;
    for (const { size, positions } of levels) {
      const values = await engine.scan(state, state.chosen, positions, signal);
      if (!values || signal.aborted) return;
      show({ size, values });
      await idle(); // the finer grid may wait, the frame may not
      if (signal.aborted) return;
    }
  };
}

export function heatScan(engine, extent, show) {
  const levels = STRIDES.map((stride) => {
    const size = Math.floor((FINEST - 1) / stride) + 1;
    return { size, positions: gridPositions(size, extent) };
  });
  return scans(engine, show, levels);
}

export function stripScan(engine, show) {
  return scans(engine, show, [{ size: ANGLES, positions: stripAngles.map(atAngle) }]);
}
