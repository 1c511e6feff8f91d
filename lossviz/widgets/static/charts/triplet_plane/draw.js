// The triplet plane: across, how far an anchor's positive is; up, how far its negative is. Above the line y = x +
// margin a triplet is satisfied; below it, the drop from the line is what it costs. Exact in any dimension.

import { html, keep, setAttributes, svg } from "../../dom.js";
import { glyph, niceCeiling, polyline } from "../../geometry.js";
import { below, createAxes, evenly, leftOf, line, text } from "../../marks/axes.js";
import { CROWD, createCrowd } from "../../marks/crowd.js";
import { createDots } from "../../marks/dots.js";
import { LINE, besides } from "../../marks/labels.js";
import { faded, hue } from "../../marks/looks.js";
import { roomOf } from "../../marks/room.js";
import { createScan } from "../../scan.js";
import { ROUNDING, roleOf } from "../../words.js";
import { SIDES, batchOf } from "./ends.js";
import { createRegion, marginOf } from "./region.js";
import { SLOPE, createSlope, slopesOf } from "./slope.js";

const SPACE = { left: 52, right: 14, top: 56, bottom: 54 }; // above: two lines of words; beside: room for a dot at 0
const DOT = 8;
const LEAST = 200; // pixels of its width and of its height
const LETTERS = 24; // of all names: for more there is no room
const CORNER = { side: "end", look: "quiet" };

// Every (positive, negative) of one anchor, as points of the chart: a lattice whose bottom-right corner is the hardest.
export function lattice({ matrix, positive, negative }, size, row) {
  const among = (mask) => Array.from(matrix.slice(row * size, (row + 1) * size)).filter((_, k) => mask[row * size + k]);
  const toNegatives = among(negative);
  return among(positive).flatMap((toPositive) => toNegatives.map((toNegative) => [toPositive, toNegative]));
}

// The axes hold every distance, and the line above all that costs, so that a drop is as long as its cost. They are as
// wide as they are high; beside them is room for words.
export function layoutOf(scene, width, soft, room = width) {
  const { reading: { terms } } = scene;
  const wanted = width + SPACE.top + SPACE.bottom - SPACE.left - SPACE.right;
  const height = Math.round(Math.max(LEAST, Math.min(520, wanted)));
  const margin = marginOf(scene) ?? 0;
  const distances = terms.flatMap((term) => [term.toPositive, term.toNegative]);
  const tops = terms.filter(({ value }) => value > 0).map(({ toPositive }) => toPositive + margin);
  const reach = Math.max(1, niceCeiling(Math.max(0, ...distances.map(Math.abs), ...tops)));
  const low = distances.some((distance) => distance < -ROUNDING) ? -reach : 0; // a reader's own may be negative
  const side = Math.min(width - SPACE.left - SPACE.right, height - SPACE.top - SPACE.bottom);
  const along = (distance) => ((distance - low) / (reach - low)) * side;
  const x = (distance) => SPACE.left + along(distance);
  const y = (distance) => SPACE.top + side - along(distance);
  const bottom = side + SPACE.top + SPACE.bottom;
  return { room, bottom, side, low, reach, x, y, height: bottom + (soft ? SLOPE.height : 0) };
}

function drawAxes(axes, sources, many, { bottom, low, reach, x, y }) {
  const [positive, negative] = sources.map(({ side, role }) => roleOf(role).onAxis(side));
  const ticks = evenly(low, reach, 5);
  return axes.draw([line([[x(low), y(reach)], [x(low), y(low)], [x(reach), y(low)]])], [
    ...(many ? [text(x(reach) - 6, y(reach) + 16, `${many} marks: touch one for its name`, CORNER)] : []),
    ...below(ticks, x, y(low) + 24),
    ...leftOf(ticks.slice(1), x(low) - 14, y),
    text(x(reach), bottom - 6, `▲ distance of ${positive} →`, { side: "end", look: "positive" }),
    text(2, 12, `▼ ↑ distance of ${negative}`, { look: "negative" }),
  ]);
}

// The lattice of the anchor that is touched, where each anchor is one term.
function drawLattice(layer, { state, reading, lit, loss, result }, { rows, square }, { x, y }) {
  const touched = (term) => lit?.has(term.index) && (state.lit.kind === "term" || term.points[0] === state.lit.index);
  const own = square && loss.axes.length === 1 && reading.terms.find(touched);
  const points = own ? lattice(result.terms, rows.length, own.place[0]) : [];
  keep(layer, points.length, () => svg("circle", { r: 3.5 })).forEach((mark, k) => {
    setAttributes(mark, { cx: x(points[k][0]), cy: y(points[k][1]) });
  });
}

// From the line down to each triplet below it: what it costs.
export function dropsOf(scene, { x, y }) {
  const margin = marginOf(scene);
  const below = scene.reading.terms.filter(({ value }) => margin !== undefined && value > 0);
  return below.map(({ index, toPositive, toNegative }) =>
    ({ index, places: [toPositive + margin, toNegative].map((up) => [x(toPositive), y(up)]) }));
}

// Answers with them, as obstacles.
function drawDrops(layer, scene, layout) {
  const paths = { faded: "", shown: "" };
  const all = dropsOf(scene, layout);
  for (const { index, places } of all) {
    paths[faded(scene.lit, index) ? "faded" : "shown"] += polyline(places);
  }
  keep(layer, 2, (k) => svg("path", { class: Object.keys(paths)[k] })).forEach((drop, k) => {
    setAttributes(drop, { d: Object.values(paths)[k] });
  });
  return all;
}

// Where a name may stand: aslant, above or below.
function candidates(place, letters) {
  const half = 4 + 4.5 * letters.length;
  const aslant = [half + 9, -half - 9].flatMap((aside) => [[aside, -10], [aside, 10]]);
  return besides(place, [...aslant, [0, -19], [0, 19], [half + 9, 0], [-half - 9, 0]], 2 * half);
}

function dotOf(term, { state, reading, lit }, { x, y }) {
  const kind = reading.classes?.[term.points[0]] ?? 0;
  return {
    term, kind,
    place: [x(term.toPositive), y(term.toNegative)],
    look: `${hue(kind)}${term.active ? " active" : ""}${faded(lit, term.index)}`,
    touched: state.lit?.kind === "term" && Boolean(lit?.has(term.index)),
  };
}

// Names have the room beside the axes, too.
function drawDots(dots, all, many, obstacles, { bottom, room }) {
  const shown = many ? all.filter(({ touched }) => touched) : all; // of a crowd only the touched one has its name
  const drawn = shown.map(({ term, kind, place, look, touched }) => ({
    place, look, d: glyph(kind, DOT), letters: term.letters, note: term.note,
    light: { kind: "term", index: term.index }, candidates: candidates(place, term.letters), insists: touched,
  }));
  const left = SPACE.left - DOT - 6; // the numbers of the axis stand there
  const bounds = { x: left, y: SPACE.top - 14, width: room - left, height: bottom - SPACE.top - SPACE.bottom + 28 };
  dots.draw(drawn, { size: LINE, bounds, obstacles, untouched: many });
}

// Those that are left alone first, so that they hide none that counts.
function drawCrowd(crowd, dots, lit) {
  const rank = ({ look }) => Number(look.includes("active")) - 2 * Number(look.includes("faded"));
  const marks = dots.toSorted((a, b) => rank(a) - rank(b)).map(({ term, kind, place, look }) => ({
    index: term.index, places: [place], d: glyph(kind, DOT - 2, place), look: { class: look },
    get note() { return term.note; },
  }));
  crowd.draw(marks, `${marks.length} triplets`, lit);
}

export function createTripletPlane(spec, engine, actions) {
  const label = "Anchors by the distance of positive and negative";
  const picture = svg("svg", { class: "triplet-plane", role: "group", "aria-label": label });
  const [axes, region, slope, dots] = [createAxes(), createRegion(), createSlope(), createDots(actions)];
  const [latticeLayer, drops] = ["lattice", "drops"].map((name) => svg("g", { class: name }));
  const crowd = createCrowd(picture, actions);
  picture.append(axes.root, region.root, slope.root, latticeLayer, drops, crowd.root, dots.root);
  const root = html("div", {}, picture);
  const scan = createScan(() => root.isConnected && draw(seen));
  let seen = null; // the last scene, for slopes that come later
  let [width, room] = [300, 300]; // of the axes, and of the whole picture; measured when they change

  // What the slopes depend on: nothing that moves with a point but the ends of the axes.
  function slopeQuestion(scene, { reach }) {
    const { loss, parameters, tensors, situation } = scene.state;
    async function* answers(signal) {
      yield await slopesOf(engine, scene, reach, signal);
    }
    return { subject: `${loss} ${situation}`, key: JSON.stringify([parameters, tensors, reach]), answers };
  }

  function draw(scene) {
    seen = scene;
    const margin = marginOf(scene);
    const soft = "slope" in scene.result.terms.numbers;
    const batch = batchOf(scene);
    const layout = layoutOf(scene, width, soft, room);
    const samples = scan(soft ? slopeQuestion(scene, layout) : null) ?? (soft ? [] : null);
    const { terms } = scene.reading;
    const many = terms.length > CROWD || terms.reduce((sum, { letters }) => sum + letters.length, 0) > LETTERS;
    const all = scene.reading.terms.map((term) => dotOf(term, scene, layout));
    const striped = roleOf(batch.sources[SIDES.indexOf("negative")].role).manner === "semi-hard";
    setAttributes(picture, { width: room, height: layout.height, viewBox: `0 0 ${room} ${layout.height}` });
    const ground = drawAxes(axes, batch.sources, many && terms.length, layout);
    const lines = region.draw({ margin, samples, striped }, layout);
    setAttributes(slope.root, { visibility: soft ? null : "hidden" });
    if (soft) slope.draw(scene, samples, layout);
    drawLattice(latticeLayer, scene, batch, layout);
    const obstacles = [...ground, ...lines, ...drawDrops(drops, scene, layout)];
    drawCrowd(crowd, many ? all : [], scene.state.lit);
    drawDots(dots, all, many, many ? [] : obstacles, layout);
  }

  return {
    root,
    measure() {
      const { width: across, height } = roomOf(root);
      width = Math.max(LEAST, Math.min(across, height - SPACE.top - SPACE.bottom + SPACE.left + SPACE.right));
      room = Math.max(width, across);
    },
    draw,
  };
}
