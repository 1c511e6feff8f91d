// The class regions: the first sentence of a pair held fast, the plane shaded by the class that the classifier would
// give the pair wherever the second one stood; below, what it gives every pair. Without a plane, the bars alone.

import { html, keep, lights, setAttributes, setText, svg } from "../../dom.js";
import { frame, glyph, reachOf } from "../../geometry.js";
import { faded, hue } from "../../marks/looks.js";
import { roomOf } from "../../marks/room.js";
import { brief, className, letter, percent } from "../../words.js";
import { createRegions } from "./regions.js";

const EDGE = 10; // of a point, in pixels
const ROW = 44; // the height of a pair's bars
const SPACE = { left: 52, top: 30, right: 28 };
const PLANE = { least: 180, most: 340, besides: 70 }; // its side; above it stand the names and what is shown

// The pair whose regions are shown: the touched one, else one in which the chosen sentence stands.
export function shownPair({ lit, chosen }, terms) {
  const touched = lit?.kind === "term" ? terms.find(({ index }) => index === lit.index) : null;
  return touched ?? terms.find(({ points }) => points.includes(chosen)) ?? terms[0];
}

// Which class has which shape and hue. The names wrap, so they fit where the bars leave no room for them.
function drawLegend(legend, { situation, result }) {
  const box = { width: 12, height: 12, viewBox: "-6 -6 12 12", "aria-hidden": "true" };
  const mark = (kind) => svg("svg", box, svg("path", { d: glyph(kind, 5) }));
  const make = (kind) => html("li", { class: hue(kind) }, mark(kind), html("span"));
  keep(legend, result.shapes.matrix[1], make).forEach((item, kind) => {
    setText(item.lastChild, className(situation.classes, kind));
  });
}

// The sentence that is held fast, and each that is paired with it, in the shape of its own class.
function drawPlaces(places, { state, reading }, held, { toPixel }) {
  const paired = reading.terms.filter(({ points: [first] }) => first === held);
  const others = paired.map(({ points: [, point], target }) => ({ point, kind: target }));
  const marks = [...others, { point: held, kind: null }];
  const make = () => svg("g", {}, svg("path"), svg("text", { "text-anchor": "middle", dy: "0.36em" }));
  keep(places, marks.length, make).forEach((mark, k) => {
    const { point, kind } = marks[k];
    const transform = `translate(${toPixel(state.points[point]).map((value) => value.toFixed(2))})`;
    setAttributes(mark, { class: kind === null ? "held" : `moves ${hue(kind)}`, transform });
    setAttributes(mark.firstChild, { d: glyph(kind ?? 0, EDGE) });
    setText(mark.lastChild, letter(point));
  });
}

function createPlane(engine, late) {
  const regions = createRegions(engine, late);
  const places = svg("g", { class: "places" });
  const stage = svg("svg", { class: "regions", role: "img" }, regions.borders, places);
  const heading = html("p", { class: "note" });
  return {
    elements: [heading, html("div", { class: "frame" }, regions.canvas, stage)],
    draw(scene, { width, height }) {
      const size = Math.round(Math.max(PLANE.least, Math.min(width, PLANE.most, height - PLANE.besides)));
      const extent = reachOf(scene.state.points);
      const [held, second] = shownPair(scene.state, scene.reading.terms).points;
      const [one, other] = [held, second].map(letter);
      const words = `The classes. Ringed: ${one}. Shaded: the class that its pair with ${other} would get, `
        + `wherever ${other} stood.`;
      setText(heading, words);
      setAttributes(stage, { width: size, height: size, viewBox: `0 0 ${size} ${size}`, "aria-label": words });
      drawPlaces(places, scene, held, frame(size, size, extent));
      regions.draw(scene, held, { size, extent });
    },
  };
}

// ---- the bars: a row for each pair, a bar for each class

const makeBar = () =>
  svg("g", {}, svg("path"), svg("rect", { class: "room" }), svg("rect", { class: "part" }), svg("text"));

function drawBar(bar, kind, { lengths, shares, gives, target }, { left, top, room }) {
  const [mark, frame, part, text] = bar.children;
  setAttributes(bar, { class: `${hue(kind)}${kind === target ? " target" : ""}` });
  setAttributes(mark, { d: glyph(kind, 5), transform: `translate(${(left + 8).toFixed(2)},${top + 13})` });
  setAttributes(frame, { x: left + 18, y: top + 6, width: room, height: 14, rx: 3 });
  setAttributes(part, { x: left + 18, y: top + 6, width: (room * lengths[kind]).toFixed(2), height: 14, rx: 3 });
  setText(setAttributes(text, { x: left + 18, y: top + 35 }), shares ? percent(shares[kind]) : brief(gives[kind], 2));
}

function createBars(actions) {
  const title = svg("text", { class: "quiet", x: 2, y: 12 }, "What each pair gets; framed: its true class");
  const rows = svg("g");
  const words = "What the classifier gives each pair";
  let shown = [];

  function make(k) {
    const name = svg("text", { class: "name", x: 2 });
    const row = svg("g", { tabindex: 0, role: "button" }, svg("rect", { class: "back" }), name, svg("g"));
    return lights(row, actions, () => ({ kind: "term", index: shown[k].index }));
  }

  const root = svg("svg", { class: "class-bars", role: "group", "aria-label": words }, title, rows);
  return {
    root,
    draw({ reading: { terms }, lit, result }, width) {
      shown = terms;
      const classes = result.shapes.matrix[1];
      const step = (width - SPACE.left) / classes;
      const height = SPACE.top + ROW * terms.length;
      setAttributes(root, { width, height, viewBox: `0 0 ${width} ${height}` });
      keep(rows, terms.length, make).forEach((row, k) => {
        const { index, letters, note } = terms[k];
        const top = SPACE.top + k * ROW;
        const [back, name, bars] = row.children;
        setAttributes(row, { class: faded(lit, index).trim() || null, "aria-label": note });
        setAttributes(back, { x: 0, y: top, width, height: ROW });
        setText(setAttributes(name, { y: top + 27 }), letters);
        keep(bars, classes, makeBar).forEach((bar, kind) => {
          drawBar(bar, kind, terms[k], { left: SPACE.left + kind * step, top, room: step - SPACE.right });
        });
      });
    },
  };
}

export function createClassRegions(spec, engine, actions) {
  let room = { width: 300, height: 400 };
  let seen = null; // what is drawn, for an answer that comes later
  const late = () => root.isConnected && plane.draw(seen, room);
  const legend = html("ul", { class: "class-names", "aria-label": "Classes" });
  const plane = spec.dimension === 2 ? createPlane(engine, late) : null;
  const bars = createBars(actions);
  const root = html("div", {}, legend, ...(plane ? plane.elements : []), bars.root);
  return {
    root,
    measure() {
      room = roomOf(root);
    },
    draw(scene) {
      seen = scene;
      drawLegend(legend, scene);
      if (scene.reading.terms.length) plane?.draw(scene, room);
      bars.draw(scene, room.width);
    },
  };
}
