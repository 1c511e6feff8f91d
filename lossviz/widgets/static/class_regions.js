// The class regions: the first sentence of a pair held fast, the plane shaded by the class that the classifier would give
// the pair wherever the second one stood; below, what it gives every pair. Without a plane, the bars alone.

import { html, idle, keep, lights, setAttributes, setText, svg } from "./dom.js";
import { contour, frame, glyph } from "./geometry.js";
import { parseHex } from "./colour.js";
import { theme } from "./heat_picture.js";
import { litTerms } from "./reading.js";
import { situationOf } from "./state.js";
import { className, letter, percent } from "./words.js";

const GRID = 61;
const EDGE = 10; // of a point, in pixels
const SHADE = 0.32; // how strong a class tints its region
const ROW = 44;
const SPACE = 30;
// What tells regions apart beside their hue: plain, stripes, dots, crossed stripes.
const PATTERNS = [() => false, (x, y) => (x + y) % 10 < 2, (x, y) => x % 8 < 2 && y % 8 < 2, (x, y) => (x + y) % 12 < 2 || (x - y + 1200) % 12 < 2];

// The pair whose regions are shown: the touched one, else one in which the chosen sentence stands.
export function shownPair(state, terms) {
  const touched = state.lit?.kind === "term" ? terms.find(({ index }) => index === state.lit.index) : null;
  return touched ?? terms.find(({ points }) => points.includes(state.chosen)) ?? terms[0];
}

// Where the grid stands, y up, row by row.
export const gridPlaces = (extent) =>
  Array.from({ length: GRID * GRID }, (_, k) => [((k % GRID) / (GRID - 1)) * 2 - 1, (Math.floor(k / GRID) / (GRID - 1)) * 2 - 1].map((share) => share * extent));

// How far a class is above the best of the others, at every place of the grid.
export function lead(logs, classes, kind) {
  return Array.from({ length: logs.length / classes }, (_, place) => {
    let best = -Infinity;
    for (let other = 0; other < classes; other++) if (other !== kind) best = Math.max(best, logs[place * classes + other]);
    return logs[place * classes + kind] - best;
  });
}

// The class with the most at a place between those of the grid, by the four around it; row 0 at the bottom.
function classAt(logs, classes, across, up) {
  const [column, row] = [Math.min(GRID - 2, Math.floor(across)), Math.min(GRID - 2, Math.floor(up))];
  const [u, v] = [across - column, up - row];
  const corner = row * GRID + column;
  let [best, found] = [-Infinity, 0];
  for (let kind = 0; kind < classes; kind++) {
    const at = (place) => logs[place * classes + kind];
    const value = (1 - v) * ((1 - u) * at(corner) + u * at(corner + 1)) + v * ((1 - u) * at(corner + GRID) + u * at(corner + GRID + 1));
    if (value > best) [best, found] = [value, kind];
  }
  return found;
}

export function createClassRegions(spec, engine, actions) {
  const plane = spec.dimension === 2;
  const canvas = html("canvas", { "aria-hidden": "true" });
  const borders = svg("path", { class: "border" });
  const points = svg("g", { class: "places" });
  const stage = svg("svg", { class: "regions", role: "img" }, borders, points);
  const heading = html("p", { class: "note" });
  const bars = svg("svg", { class: "class-bars", role: "group", "aria-label": "What the classifier gives each pair" });
  const [title, rows] = [svg("text", { class: "quiet", x: 2, y: 12 }), svg("g")];
  bars.append(title, rows);
  const legend = html("ul", { class: "class-names", "aria-label": "Classes" });
  const root = html("div", {}, legend, ...(plane ? [heading, html("div", { class: "frame" }, canvas, stage)] : []), bars);
  let width = 300;
  let seen = null;
  let shown = null; // {logs, classes, extent, key}: the regions
  let wanted = null;
  let busy = false;

  const variable = (name) => getComputedStyle(root).getPropertyValue(name);

  // One question at a time: what is asked meanwhile waits, and only the newest of it.
  async function refresh() {
    if (busy) return;
    busy = true;
    while (shown?.key !== wanted.key) {
      await idle(); // the regions may wait, the frame may not
      const { key, state, held, extent } = wanted;
      const pairs = gridPlaces(extent).map((place) => [held, place]);
      const logs = await engine.classify(state, pairs);
      shown = { key, extent, logs, classes: logs.length / pairs.length };
      if (root.isConnected && shown.key === wanted.key) drawRegions();
    }
    busy = false;
  }

  function drawRegions() {
    const { logs, classes } = shown;
    const size = canvas.width;
    const context = canvas.getContext("2d");
    const image = context.createImageData(size, size);
    const paper = parseHex(variable("--paper"));
    const hues = Array.from({ length: classes }, (_, kind) => parseHex(variable(`--class${kind % 4}`)));
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const kind = classAt(logs, classes, (column / (size - 1)) * (GRID - 1), (1 - row / (size - 1)) * (GRID - 1));
        const strength = PATTERNS[kind % 4](column, row) ? 2 * SHADE : kind ? SHADE * 0.6 : 0.08;
        const at = 4 * (row * size + column);
        for (let channel = 0; channel < 3; channel++) image.data[at + channel] = paper[channel] + (hues[kind][channel] - paper[channel]) * strength;
        image.data[at + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
    const paths = Array.from({ length: classes }, (_, kind) => contour(lead(logs, classes, kind), GRID, GRID, 0, size, size));
    setAttributes(borders, { d: paths.join("") });
  }

  // The sentence that is held fast, and each that is paired with it, in the shape of its own class.
  function drawPlaces(state, terms, held, place) {
    const paired = terms.filter(({ points: [first] }) => first === held);
    const marks = [...paired.map(({ points: [, second], target }) => ({ point: second, kind: target })), { point: held, kind: null }];
    keep(points, marks.length, () => svg("g", {}, svg("path"), svg("text", { "text-anchor": "middle", dy: "0.36em" }))).forEach((mark, k) => {
      const { point, kind } = marks[k];
      const [x, y] = place.toPixel(state.points[point]);
      setAttributes(mark, { class: kind === null ? "held" : `moves class${kind % 4}`, transform: `translate(${x.toFixed(2)},${y.toFixed(2)})` });
      setAttributes(mark.firstChild, { d: glyph(kind ?? 0, EDGE) });
      setText(mark.lastChild, letter(point));
    });
  }

  // Which class has which shape and hue. The names wrap, so they fit where the bars leave no room for them.
  function drawLegend(state, classes) {
    keep(legend, classes, () => html("li", {}, svg("svg", { width: 12, height: 12, viewBox: "-6 -6 12 12", "aria-hidden": "true" }, svg("path")), html("span"))).forEach((item, kind) => {
      setAttributes(item, { class: `class${kind % 4}` });
      setAttributes(item.firstChild.firstChild, { d: glyph(kind, 5) });
      setText(item.lastChild, className(situationOf(spec, state).classes, kind));
    });
  }

  function drawPlane(state, terms) {
    const size = Math.round(Math.max(220, Math.min(width, 340)));
    const [held, second] = shownPair(state, terms).points;
    const farthest = Math.max(...state.points.flat().map(Math.abs));
    const extent = 1.6 * 2 ** Math.max(0, Math.ceil(Math.log2(farthest / 1.55)));
    const place = frame(size, size, extent);
    if (canvas.width !== size) Object.assign(canvas, { width: size, height: size });
    setAttributes(stage, { width: size, height: size, viewBox: `0 0 ${size} ${size}` });
    drawPlaces(state, terms, held, place);
    const key = JSON.stringify([state.parameters, state.tensors, state.points[held], extent, size, theme()]);
    wanted = { key, state, held: state.points[held], extent };
    const words = `Ringed: ${letter(held)}. Shaded: the class that its pair with ${letter(second)} would get, wherever ${letter(second)} stood.`;
    setText(heading, words);
    setAttributes(stage, { "aria-label": words });
    refresh();
  }

  const makeRow = (k) => lights(svg("g", { tabindex: 0, role: "button" },
    svg("rect", { class: "back" }), svg("text", { class: "name", x: 2 }), svg("g")), actions, () => ({ kind: "term", index: seen.terms[k].index }));
  const makeBar = () => svg("g", {}, svg("path"), svg("rect", { class: "room" }), svg("rect", { class: "part" }), svg("text"));

  function drawBars(state, terms) {
    const lit = litTerms(state, terms);
    const classes = terms[0].shares.length;
    const left = 52;
    const step = (width - left) / classes;
    const height = SPACE + ROW * terms.length;
    setAttributes(bars, { width, height, viewBox: `0 0 ${width} ${height}` });
    setText(title, "What it gives each class; framed: the true one");
    keep(rows, terms.length, makeRow).forEach((row, k) => {
      const { letters, shares, target, note, index } = terms[k];
      const top = SPACE + k * ROW;
      setAttributes(row, { class: lit && !lit.has(index) ? "faded" : null, "aria-label": note });
      setAttributes(row.children[0], { x: 0, y: top, width, height: ROW });
      setText(setAttributes(row.children[1], { y: top + 27 }), letters);
      keep(row.children[2], classes, makeBar).forEach((bar, kind) => {
        const at = left + kind * step;
        const room = step - 28;
        setAttributes(bar, { class: `class${kind % 4}${kind === target ? " target" : ""}` });
        setAttributes(bar.children[0], { d: glyph(kind, 5), transform: `translate(${(at + 8).toFixed(2)},${top + 13})` });
        setAttributes(bar.children[1], { x: at + 18, y: top + 6, width: room, height: 14, rx: 3 });
        setAttributes(bar.children[2], { x: at + 18, y: top + 6, width: (room * shares[kind]).toFixed(2), height: 14, rx: 3 });
        setText(setAttributes(bar.children[3], { x: at + 18, y: top + 35 }), percent(shares[kind]));
      });
    });
  }

  return {
    root,
    measure() {
      width = Math.max(240, root.clientWidth);
    },
    draw(state, result, { terms }) {
      seen = { state, terms };
      drawLegend(state, terms[0].shares.length);
      if (plane) drawPlane(state, terms);
      drawBars(state, terms);
    },
  };
}
