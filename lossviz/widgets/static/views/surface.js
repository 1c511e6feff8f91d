// The surface: the loss over the plane, in 3-D, as the chosen point moves; every point stands on it by its letter.
// Where only directions count the surface is a ring: along each of its rays the height is the same.

import { html, keep, setAttributes, setText, svg } from "../dom.js";
import { NEAR, TAU, angleOf, atAngle, niceCeiling, stacks } from "../geometry.js";
import { boxAround, drawLeaders, rings, widthOf, writeLabel } from "../marks/labels.js";
import { placeLabels } from "../marks/placing.js";
import { endsOf, gridOf, sharpEnds } from "../plane/ends.js";
import { lossesAt } from "../plane/heat.js";
import { theme } from "../plane/heat_picture.js";
import { zoomed } from "../plane/place.js";
import { loadPlotly } from "../plotly.js";
import { createScan, scanKey } from "../scan.js";
import { brief, fixed, letter } from "../words.js";
import { ASPECT, fromAfar, sight, turnBy, turned } from "./eye.js";

const ACROSS = { free: [21, 51], circle: [91, 181] }; // places of its grids, one after the other
const RADII = [0.6, 1, 1.4]; // of the ring; the middle one is the circle
const LIFT = 0.02; // of the height: so far above the surface the marks stand
const MARK = 6; // pixels: half of a mark; nearer than this marks share their label
const FILLED = 0.35; // of the height: a surface that fills less of it gets another scale
const PATIENCE = 10_000; // milliseconds until a reader hears that plotly may not come
const CONFIG = { displayModeBar: false, scrollZoom: false }; // a wheel scrolls the page
const MISSING = "No surface yet: its library, plotly, comes from the page of the book or from a running kernel, and "
  + "neither has answered.";
const NO_3D = "No surface: this browser draws nothing in 3-D (WebGL is off).";

// ---- what the engine is asked

// The triangles of a grid of places, row by row: the indices of their corners.
export function trianglesOf(columns, rows) {
  const corners = { i: [], j: [], k: [] };
  for (let row = 0; row < rows - 1; row++) {
    for (let column = 0; column < columns - 1; column++) {
      const [at, above] = [row * columns + column, (row + 1) * columns + column];
      corners.i.push(at, at + 1);
      corners.j.push(at + 1, above + 1);
      corners.k.push(above, above);
    }
  }
  return corners;
}

// {asked, places, source, corners}: where the loss is asked for, the places of the surface, which answer is the height
// of each, and its triangles.
export function meshOf(shape, count, extent) {
  const asked = gridOf(shape, count, extent);
  if (shape !== "circle") {
    return { asked, places: asked, source: asked.map((_, k) => k), corners: trianglesOf(count, count) };
  }
  const places = RADII.flatMap((radius) => asked.map(([x, y]) => [radius * x, radius * y]));
  return { asked, places, source: places.map((_, k) => k % count), corners: trianglesOf(count, RADII.length) };
}

// The heights of the surface, and below each point: the loss if the chosen one stood there.
export async function* surfaces(spec, engine, state, shape, extent, signal) {
  const lossesOf = (positions) => lossesAt(spec, engine, state, positions, signal);
  let found = null;
  for (const count of ACROSS[shape]) {
    const mesh = meshOf(shape, count, extent);
    const losses = await lossesOf([...mesh.asked, ...state.points]);
    if (!losses) return;
    const [asked, below] = [losses.slice(0, mesh.asked.length), [...losses.slice(mesh.asked.length)]];
    found = { ...mesh, count, heights: mesh.source.map((k) => asked[k]), below, ...endsOf(mesh.asked, asked) };
    yield found;
  }
  const ends = await sharpEnds(shape, extent, state.points, lossesOf);
  if (ends) yield { ...found, ...ends };
}

// ---- what plotly draws

// Nothing but rounding is between the ends.
const isFlat = (low, high) => high - low <= 1e-12 * Math.abs(high);

// The axis of the loss, [from, to]: as long as it can it stays, for the same loss on the same batch.
export function createRange() {
  let [known, range] = [null, [0, 1]];
  const fits = (low, high) => low >= range[0] && high <= range[1] && high - low >= FILLED * (range[1] - range[0]);
  return (family, low, high) => {
    if (family === known && fits(low, high)) return range;
    const step = niceCeiling(isFlat(low, high) ? Math.abs(high) / 2 : (high - low) / 4);
    range = [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
    if (range[0] === range[1]) range = [range[0], range[0] + 2 * step]; // flat
    known = family;
    return range;
  };
}

const column = (places, axis) => places.map((place) => place[axis]);

const surfaceTrace = ({ places, heights, corners }, [cmin, cmax], { low, high }) => ({
  type: "mesh3d", hoverinfo: "skip", showscale: false, colorscale: [[0, low], [1, high]], cmin, cmax,
  x: column(places, 0), y: column(places, 1), z: heights, intensity: heights, ...corners,
  lighting: { ambient: 0.75, diffuse: 0.5, specular: 0.05 },
});

// The unit circle, on the ring.
function circleTrace({ places, heights, count }, [low, high], { ink }) {
  const at = (values) => values.slice(count, 2 * count);
  const z = at(heights).map((height) => height + 0.25 * LIFT * (high - low));
  const [x, y] = [0, 1].map((axis) => at(column(places, axis)));
  return { type: "scatter3d", mode: "lines", hoverinfo: "skip", x, y, z, line: { color: ink, width: 3 } };
}

// Where every point stands on the surface, the chosen one at the loss that there is.
function standing({ state: { points, chosen }, result }, { below }, [low, high]) {
  const height = (index) => (index === chosen ? result.loss : below[index]) + LIFT * (high - low);
  return points.map((point, index) => [...point, height(index)]);
}

// The chosen one is a diamond.
function marksTrace(places, chosen, { ink, paper }) {
  const of = (own, others) => places.map((_, index) => (index === chosen ? own : others));
  return {
    type: "scatter3d", mode: "markers", hoverinfo: "skip",
    x: column(places, 0), y: column(places, 1), z: column(places, 2),
    marker: {
      size: of(9, 4), symbol: of("diamond", "circle"), color: of("#d55e00", ink), line: { color: paper, width: 1 },
    },
  };
}

function layoutOf({ shape }, { width, height }, extent, range, { ink, line, font }, camera) {
  const reach = shape === "circle" ? RADII.at(-1) : extent;
  const axis = (words, between) => ({
    title: { text: words, font: { size: 15 } }, range: between, nticks: 5, tickfont: { size: 13 }, color: ink,
    gridcolor: line, zerolinecolor: line, linecolor: line, showbackground: false, showspikes: false,
  });
  return {
    width, height, margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, hovermode: false,
    paper_bgcolor: "rgba(0,0,0,0)", font: { color: ink, family: font },
    scene: {
      xaxis: axis("x", [-reach, reach]), yaxis: axis("y", [-reach, reach]), zaxis: axis("loss", range),
      aspectmode: "manual", aspectratio: ASPECT, hovermode: false, camera,
    },
  };
}

function createLook(root) {
  let [known, look] = [null, null];
  return () => {
    if (known === theme()) return look;
    const style = getComputedStyle(root);
    const names = ["ink", "quiet", "line", "paper", "low", "high"];
    const colours = names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
    [known, look] = [theme(), { ...Object.fromEntries(colours), font: style.fontFamily }];
    return look;
  };
}

// ---- the letters of the points

// Over the picture of a box, so that no slope hides them.
function createLetters(box) {
  const [leaders, texts] = [svg("path", { class: "leaders" }), svg("g")];
  const root = svg("svg", { class: "letters", "aria-hidden": "true" }, leaders, svg("g", { class: "labels" }, texts));
  let [places, room] = [[], null];

  function write(camera) {
    const { width, height } = room;
    const ranges = ["x", "y", "z"].map((name) => box.layout.scene[`${name}axis`].range);
    const pixels = places.map(sight(camera, room, ranges));
    const labels = stacks(pixels, MARK).map((group) => {
      const [place, words] = [pixels[group[0]], group.map(letter).join(" ")];
      return { place, words, candidates: rings(place, widthOf(words, 700), MARK, -TAU / 4) };
    });
    const marks = pixels.map((pixel) => boxAround(pixel, 2 * MARK, 2 * MARK));
    const boxes = placeLabels(labels, marks, { x: 0, y: 0, width, height });
    setAttributes(root, { viewBox: `0 0 ${width} ${height}` });
    keep(texts, labels.length, () => svg("text", { "text-anchor": "middle" })).forEach((text, k) =>
      writeLabel(text, boxes[k], labels[k].words));
    drawLeaders(leaders, boxes);
  }

  return {
    root,
    draw(stand, size, camera) {
      [places, room] = [stand, size];
      write(camera);
    },
    // Once plotly has drawn in the box: they follow as it is turned.
    follow() {
      for (const event of ["plotly_relayouting", "plotly_relayout"]) {
        box.on(event, ({ "scene.camera": camera }) => camera && write(camera));
      }
    },
  };
}

// ---- the view

// "0.3, 1", or "30°".
const whereIs = (place, shape) => shape === "circle" ? `${brief((angleOf(place) * 360) / TAU, 0)}°`
  : place.map((value) => brief(value, 2)).join(", ");

// The chosen point itself may stand lower, or higher, than what was found.
function noteOf({ state, shape, result }, { low, high, lowest }) {
  const where = result.loss < low ? state.points[state.chosen] : lowest;
  const here = `${letter(state.chosen)}, the diamond: ${fixed(result.loss)}`;
  if (isFlat(Math.min(low, result.loss), Math.max(high, result.loss))) return `${here}, as everywhere.`;
  return [
    `${here}.`,
    `Lowest ${fixed(Math.min(low, result.loss))}, at ${whereIs(where, shape)};`,
    `highest ${fixed(Math.max(high, result.loss))}.`,
    shape === "circle" && "Along each ray the height is the same.",
  ].filter(Boolean).join(" ");
}

const canDraw = () => Boolean(document.createElement("canvas").getContext("webgl"));

// The library once it is there, or why it is not; `late` is called with either. Who was offline asks again.
function createLibrary(engine, late) {
  let [plotly, trouble] = [null, canDraw() ? "" : NO_3D];
  const miss = () => {
    if (!plotly) trouble = MISSING;
    late();
  };
  function load() {
    const patience = setTimeout(miss, PATIENCE);
    loadPlotly(engine.ask).then((found) => {
      clearTimeout(patience);
      [plotly, trouble] = [found, ""];
      late();
    }, () => {
      clearTimeout(patience);
      addEventListener("online", load, { once: true });
      miss();
    });
  }
  if (!trouble) load();
  return { get plotly() { return plotly; }, get trouble() { return trouble; } };
}

export function createSurface(spec, engine) {
  const [heading, note] = [html("h3"), html("p", { class: "note" })];
  const box = html("div", { class: "plot", role: "group", tabindex: 0 });
  const letters = createLetters(box);
  const root = html("section", { class: "surface" }, heading, html("div", { class: "seen" }, box, letters.root), note);
  const late = () => root.isConnected && scene && draw(scene);
  const [scan, rangeOf, lookNow] = [createScan(late), createRange(), createLook(root)];
  const library = createLibrary(engine, late);
  let [room, extent, scene, found] = [{ width: 0, height: 0 }, NEAR, null, null];
  let frame = 0;

  // One drawing for each frame, whatever has changed: to plotly all changes are as dear.
  function plot() {
    frame = 0;
    const { plotly } = library;
    if (!root.isConnected || !plotly || !found || !room.height) return;
    const { state, shape } = scene;
    const range = rangeOf(`${state.loss} ${state.situation}`, found.low, Math.max(found.high, scene.result.loss));
    const look = lookNow();
    const isFirst = !box.layout;
    const camera = box.layout?.scene.camera ?? fromAfar(room); // as the reader has turned it
    const stand = standing(scene, found, range);
    const traces = [surfaceTrace(found, range, look), marksTrace(stand, state.chosen, look)];
    if (shape === "circle") traces.push(circleTrace(found, range, look));
    plotly.react(box, traces, layoutOf(scene, room, extent, range, look, camera), CONFIG);
    letters.draw(stand, room, camera);
    if (isFirst) letters.follow();
  }

  turnBy(box, (way) => {
    if (box.layout) library.plotly.relayout(box, { "scene.camera": turned(box.layout.scene.camera, way) });
  });

  function draw(shown) {
    scene = shown;
    const { state, shape } = scene;
    extent = shape === "circle" ? NEAR : zoomed(extent, state, false);
    found = scan({
      subject: `${shape} ${extent} ${state.situation}`,
      key: scanKey(state, state.chosen),
      answers: (signal) => surfaces(spec, engine, state, shape, extent, signal),
    });
    setText(heading, `The loss as ${letter(state.chosen)} moves`);
    const words = library.trouble || (found && library.plotly ? noteOf(scene, found) : "The surface is coming …");
    setText(note, words);
    setAttributes(box, { "aria-label": `${heading.textContent}, in 3-D; the arrow keys turn it. ${words}` });
    frame ||= requestAnimationFrame(plot);
  }

  return {
    root, draw,
    measure() {
      room = { width: box.clientWidth, height: box.clientHeight };
    },
  };
}
