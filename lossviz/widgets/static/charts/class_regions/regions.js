// Which class a pair would get, wherever its second sentence stood: the question to the engine and its answer as a
// picture.

import { html, idle, setAttributes, svg } from "../../dom.js";
import { parseHex } from "../../colour.js";
import { contour } from "../../geometry.js";
import { theme } from "../../plane/heat_picture.js";
import { createScan, gridPositions } from "../../scan.js";

const GRID = 61;
const SHADE = 0.32; // how strong a class tints its region
// What tells regions apart beside their hue: plain, stripes, dots, crossed stripes.
const PATTERNS = [
  () => false,
  (x, y) => (x + y) % 10 < 2,
  (x, y) => x % 8 < 2 && y % 8 < 2,
  (x, y) => (x + y) % 12 < 2 || (x - y + 1200) % 12 < 2,
];

// One batch of a pair for each place of the grid: the held sentence with one that stands there.
export function regionsQuestion(state, { rows }, held, extent) {
  const [first, second] = Object.keys(rows);
  const places = gridPositions(GRID, extent);
  return {
    state,
    points: [state.points[held], ...places],
    rows: { [first]: places.map(() => 0), [second]: places.map((_, k) => k + 1) },
    labels: places.map(() => 0),
    keep: [["terms", "matrix"]],
  };
}

// How far a class is above the best of the others, at every place of the grid.
export function lead(numbers, classes, kind) {
  return Array.from({ length: numbers.length / classes }, (_, place) => {
    let best = -Infinity;
    for (let other = 0; other < classes; other++) {
      if (other !== kind) best = Math.max(best, numbers[place * classes + other]);
    }
    return numbers[place * classes + kind] - best;
  });
}

// The class with the most at a place between those of the grid, by the four around it; row 0 at the bottom.
function classAt(numbers, classes, across, up) {
  const [column, row] = [Math.min(GRID - 2, Math.floor(across)), Math.min(GRID - 2, Math.floor(up))];
  const [u, v] = [across - column, up - row];
  const corner = row * GRID + column;
  let [best, found] = [-Infinity, 0];
  for (let kind = 0; kind < classes; kind++) {
    const at = (place) => numbers[place * classes + kind];
    const below = (1 - u) * at(corner) + u * at(corner + 1);
    const above = (1 - u) * at(corner + GRID) + u * at(corner + GRID + 1);
    const value = (1 - v) * below + v * above;
    if (value > best) [best, found] = [value, kind];
  }
  return found;
}

function paint(context, size, { numbers, classes }, colour) {
  const image = context.createImageData(size, size);
  const paper = colour("--paper");
  const hues = Array.from({ length: classes }, (_, kind) => colour(`--class${kind % 4}`));
  const scale = (GRID - 1) / (size - 1);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const kind = classAt(numbers, classes, column * scale, GRID - 1 - row * scale);
      const strength = PATTERNS[kind % 4](column, row) ? 2 * SHADE : kind ? SHADE * 0.6 : 0.08;
      const at = 4 * (row * size + column);
      for (let channel = 0; channel < 3; channel++) {
        image.data[at + channel] = paper[channel] + (hues[kind][channel] - paper[channel]) * strength;
      }
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

function bordersOf({ numbers, classes }, size) {
  const border = (_, kind) => contour(lead(numbers, classes, kind), GRID, GRID, 0, size, size);
  return Array.from({ length: classes }, border).join("");
}

// `late` is called when an answer has come.
export function createRegions(engine, late) {
  const canvas = html("canvas", { "aria-hidden": "true" });
  const borders = svg("path", { class: "border" });
  const scan = createScan(late);
  let painted = {}; // what the canvas shows

  async function* answers(question, classes, signal) {
    await idle(); // the regions may wait, the frame may not
    const found = await engine.answer(question, signal);
    if (found) yield { numbers: found[0].terms.matrix, classes };
  }

  return {
    canvas, borders,
    draw({ state, situation, result }, held, { size, extent }) {
      const { loss, parameters, tensors, points } = state;
      const regions = scan({
        subject: JSON.stringify([loss, state.situation, held, extent]), // else what stood there stays until the answer
        key: JSON.stringify([parameters, tensors, points[held]]),
        answers: (signal) =>
          answers(regionsQuestion(state, situation, held, extent), result.shapes.matrix[1], signal),
      });
      const look = `${size} ${theme()}`;
      if (regions === painted.regions && look === painted.look) return;
      painted = { regions, look };
      Object.assign(canvas, { width: size, height: size }); // and clears it
      setAttributes(borders, { d: regions ? bordersOf(regions, size) : "" });
      const style = getComputedStyle(canvas);
      if (regions) paint(canvas.getContext("2d"), size, regions, (name) => parseHex(style.getPropertyValue(name)));
    },
  };
}
