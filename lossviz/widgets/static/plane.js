// The plane: sentences as points that move, each with the arrow of its next step; behind them the loss as the chosen one
// moves, as a heat map when points are free and as a strip of loss against angle when they are held on the circle.

import { borderPath, borderScan } from "./borders.js";
import { html, keep, setAttributes, setText, svg } from "./dom.js";
import {
  NEAR, TAU, angleOf, arcArrow, atAngle, contour, descend, frame, glyph, nearest, niceCeiling, placeLabels, polyline, reachOf,
  straightArrow,
} from "./geometry.js";
import { heatScan, stripScan } from "./heat.js";
import { createHeatPicture, theme } from "./heat_picture.js";
import { gathered, piecesOf, reachPath, ropesOf } from "./pulls.js";
import { litPoints, litTerms } from "./reading.js";
import { columnsOf, questionOf, shapeOf, situationOf } from "./state.js";
import { createStrip } from "./strip.js";
import { brief, fixed, letter } from "./words.js";

const RADIUS = 12; // of a point, in pixels
const REACH = 24; // how near a finger must come to a point
const NUDGE = 0.05; // of an arrow key: radians on the circle, units in the plane
const ARROW_GAP = RADIUS + 8; // from the circle to the arrows outside it
const BAR = 36; // pixels: the shortest bar of the plane's measure
const MOST_PIECES = 8; // of one arrow
const CONTOURS = [0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9];

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export function createPlane(spec, engine, actions) {
  const heading = html("h3");
  const canvas = html("canvas", { "aria-hidden": "true" });
  const layers = Object.fromEntries(["ring", "contours", "borders", "lines", "points", "arrows", "pieces", "guess", "labels"].map((name) => [name, svg("g", { class: name })]));
  const stage = svg("svg", { class: "stage", role: "group", "aria-label": "Sentences as points; arrow keys move the focused one" });
  stage.append(...Object.values(layers));
  const strip = createStrip();
  const scale = html("p", { class: "note" });
  const root = html("section", { class: "plane" }, heading, html("div", { class: "frame" }, canvas, stage), strip.root, scale);

  let seen = null; // the last {state, result, reading}, for pointers and for scans that finish later
  let width = 0; // of the page's column, measured when it changes
  let place = null; // between plane and pixels
  let ropes = []; // what each line draws
  let arrowPlaces = []; // pixels that an arrow covers: no label goes there
  let heat = null; // {size, values, low, high}
  const picture = createHeatPicture(canvas);
  let painted = {}; // what the canvas shows
  const contours = svg("path");
  layers.contours.append(contours);
  let reach = NEAR; // how far the free plane reaches from its centre
  let scanHeat = heatUpTo(reach);
  let borders = null; // where the watched anchor's choice changes
  const scanBorders = borderScan(engine, (found) => {
    borders = found;
    if (!root.isConnected) return;
    drawBorders();
    if (onCircle()) drawStrip();
    else drawHeat();
  });

  function heatUpTo(extent) {
    return heatScan(engine, extent, ({ size, values }) => {
      if (extent !== reach) return; // the plane was zoomed meanwhile
      heat = { size, values, low: Math.min(...values), high: Math.max(...values) };
      drawHeat();
    });
  }

  // The plane zooms out when a point leaves it, and in again when a run is over; never under a dragging hand.
  function zoom({ points, history }) {
    const needed = reachOf(points);
    const wanted = dragged || history.length ? Math.max(reach, needed) : needed;
    if (wanted === reach) return;
    reach = wanted;
    heat = null;
    scanHeat = heatUpTo(reach);
  }
  const scanStrip = stripScan(engine, ({ values }) => {
    strip.scan(values, seen.state);
    drawStrip();
  });

  // The question that waits for its answer, if one does.
  const waiting = (state) => (state.asked ? questionOf(spec, state) : null);

  const onCircle = () => shapeOf(spec, seen.state) === "circle";

  function layOut() {
    const size = Math.max(240, Math.min(width, 420));
    if (!onCircle()) zoom(seen.state);
    place = frame(size, size, onCircle() ? size / (size - 2 * 44) : reach);
    setAttributes(stage, { width: size, height: size, viewBox: `0 0 ${size} ${size}` });
    const dense = Math.min(2, window.devicePixelRatio || 1);
    if (canvas.width !== Math.round(size * dense)) Object.assign(canvas, { width: Math.round(size * dense), height: Math.round(size * dense) });
    canvas.style.width = canvas.style.height = `${size}px`;
    return size;
  }

  const circle = svg("circle", { class: "circle" });
  const unit = svg("g", { class: "unit" }, svg("path"), svg("text"));
  const within = svg("path", { class: "within" });
  layers.ring.append(circle, unit, within);

  // What gives the plane its measure: the unit circle, or a bar of length 1.
  function drawMeasure(size) {
    setAttributes(circle, { visibility: onCircle() ? null : "hidden", cx: size / 2, cy: size / 2, r: place.unit });
    setAttributes(unit, { visibility: onCircle() ? "hidden" : null });
    const length = Math.max(1, niceCeiling(BAR / place.unit));
    setAttributes(unit.firstChild, { d: polyline([[10, size - 10], [10 + length * place.unit, size - 10]]) });
    const zoomed = reach > NEAR ? `, zoomed out ${reach / NEAR}×` : "";
    setText(setAttributes(unit.lastChild, { x: 10, y: size - 16 }), `length ${length}${zoomed}`);
  }

  function drawLines({ state, reading }) {
    const lit = litTerms(state, reading.terms);
    ropes = ropesOf(reading.terms, lit);
    const lines = keep(layers.lines, ropes.length, (k) => {
      const line = svg("path");
      line.addEventListener("pointerenter", () => actions.light({ kind: "term", index: ropes[k].terms[0] }));
      line.addEventListener("pointerleave", () => actions.light(null));
      line.addEventListener("click", () => waiting(seen.state)?.kind === "terms" && actions.mark(ropes[k].terms[0]));
      return line;
    });
    ropes.forEach(({ from, to, side, weight, terms, aside, ...rope }, k) => {
      const faded = lit && !terms.some((term) => lit.has(term)) ? " faded" : "";
      const ends = beside([from, to].map((point) => place.toPixel(state.points[point])), 5 * aside);
      const active = rope.active && !state.asked;
      const width = active ? 0.75 + 2.75 * weight : 1.25;
      const marked = state.asked && Array.isArray(state.guess) && state.guess.includes(terms[0]) ? " marked" : "";
      setAttributes(lines[k], { class: `pair ${side}${active ? " active" : ""}${marked}${faded}`, d: polyline(ends), "stroke-width": width.toFixed(2) });
    });
  }

  // A line moved to its side by so many pixels.
  function beside([from, to], shift) {
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
    const normal = [(from[1] - to[1]) / length, (to[0] - from[0]) / length];
    return [from, to].map((end) => end.map((value, axis) => value + shift * normal[axis]));
  }

  // How far the anchor of a touched term has its positive: only beyond that are its negatives semi-hard.
  function drawReach({ state, reading }) {
    const ends = state.lit?.kind === "term" && reading.terms.find(({ index }) => index === state.lit.index)?.reach;
    setAttributes(within, { d: ends ? reachPath(state.parameters.distance, state.points[ends.from], state.points[ends.to], place.toPixel) : "" });
  }

  function drawPoints({ state, result, reading }) {
    const lit = litPoints(state, reading.terms);
    const { sentences } = situationOf(spec, state);
    const points = keep(layers.points, state.points.length, makePoint);
    points.forEach((point, index) => {
      const kind = reading.classes?.[index];
      setAttributes(point.querySelector(".dot"), { d: glyph(kind ?? 0, RADIUS) });
      const [x, y] = place.toPixel(state.points[index]);
      const still = !state.asked && Math.hypot(...result.pointGradients[index]) < 1e-9;
      const classes = ["point", still && "still", index === state.chosen && "chosen", kind !== undefined && `class${kind % 4}`, lit && !lit.has(index) && "faded"];
      setAttributes(point, {
        class: classes.filter(Boolean).join(" "),
        transform: `translate(${x.toFixed(2)},${y.toFixed(2)})`,
        "aria-label": `${letter(index)}, ${sentences[index].text}, ${whereabouts(state.points[index])}${still ? ", nothing pulls" : ""}`,
      });
    });
  }

  const whereabouts = (point) =>
    onCircle() ? `at ${Math.round((angleOf(point) * 360) / TAU)} degrees` : `at ${brief(point[0], 2)}, ${brief(point[1], 2)}`;

  function makePoint(index) {
    const point = svg("g", { tabindex: 0, role: "button" },
      svg("circle", { class: "hit", r: REACH }), svg("circle", { class: "halo", r: RADIUS + 5 }),
      svg("path", { class: "dot" }), setText(svg("text", { dy: "0.36em", "text-anchor": "middle" }), letter(index)));
    point.addEventListener("keydown", (event) => nudge(event, index));
    point.addEventListener("focus", () => actions.choose(index));
    point.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && !dragged && actions.light({ kind: "point", index }));
    point.addEventListener("pointerleave", () => !dragged && actions.light(null));
    return point;
  }

  function nudge(event, index) {
    const direction = KEYS[event.key];
    if (!direction || seen.state.asked) return;
    event.preventDefault();
    const size = event.shiftKey ? NUDGE * 4 : NUDGE;
    const [x, y] = seen.state.points[index];
    if (onCircle()) actions.move(index, atAngle(angleOf([x, y]) + size * (direction[1] || -direction[0])));
    else actions.move(index, bounded([x + size * direction[0], y + size * direction[1]]));
  }

  const bounded = (point) => point.map((value) => Math.max(-reach, Math.min(reach, value)));

  // An arrow is one Step long. It starts at the edge of its point, or runs beside the circle, so that it hides nothing.
  function drawArrows({ state, result, reading }, size) {
    const shape = shapeOf(spec, state);
    const lit = litPoints(state, reading.terms);
    const arrows = keep(layers.arrows, state.points.length, () => svg("g", {}, svg("path", { class: "shaft" }), svg("path", { class: "head" })));
    arrowPlaces = [];
    state.points.forEach((point, index) => {
      const target = descend(point, result.pointGradients[index], state.rate, shape);
      const arrow = arrowOf(shape, point, target, size, ARROW_GAP);
      if (arrow) arrowPlaces.push(...arrow.places);
      setAttributes(arrows[index], { class: `arrow${lit && !lit.has(index) ? " faded" : ""}` });
      setAttributes(arrows[index].children[0], { d: arrow?.shaft ?? "" });
      setAttributes(arrows[index].children[1], { d: arrow?.head ?? "" });
    });
  }

  // A touched point's arrow, unfolded: one piece per term. They add up to the arrow.
  async function drawPieces({ state, result, reading }) {
    const touched = state.lit?.kind === "point" && !state.asked ? state.lit.index : null;
    const pieces = touched === null ? [] : await piecesOf(engine, state, reading.terms, touched);
    if (seen.state !== state) return;
    const shape = shapeOf(spec, state);
    const size = Number(stage.getAttribute("width"));
    const drawn = gathered(pieces, MOST_PIECES);
    const marks = keep(layers.pieces, drawn.length < 2 ? 0 : drawn.length, () => svg("g", {}, svg("path", { class: "shaft" }), svg("path", { class: "head" })));
    marks.forEach((mark, k) => {
      const { kind, gradient } = drawn[k];
      const point = state.points[touched];
      const arrow = arrowOf(shape, point, descend(point, gradient, state.rate, shape), size, ARROW_GAP + 9 + 7 * k);
      setAttributes(mark, { class: `piece ${kind}` });
      setAttributes(mark.children[0], { d: arrow?.shaft ?? "" });
      setAttributes(mark.children[1], { d: arrow?.head ?? "" });
    });
  }

  // The arrow that the reader drew; it stays beside the true one until the point moves on.
  function drawGuess({ state }) {
    const point = questionOf(spec, state)?.point ?? null;
    const drawn = point !== null && state.guess !== null && !state.history.length;
    const from = drawn && place.toPixel(state.points[point]);
    const arrow = drawn && straightArrow(...fromEdge(from, [from[0] + state.guess[0] * place.unit, from[1] - state.guess[1] * place.unit]), 12);
    const [shaft, head] = keep(layers.guess, 2, (k) => svg("path", { class: k ? "head" : "shaft" }));
    setAttributes(shaft, { d: arrow ? arrow.shaft : "" });
    setAttributes(head, { d: arrow ? arrow.head : "" });
  }

  const arrowOf = (shape, point, target, size, gap) =>
    shape === "circle"
      ? arcArrow([size / 2, size / 2], place.unit + gap, angleOf(point), angleOf(target))
      : straightArrow(...fromEdge(place.toPixel(point), place.toPixel(target)));

  function fromEdge(from, to) {
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
    const shift = [0, 1].map((axis) => ((to[axis] - from[axis]) / length) * (RADIUS + 2));
    return [from, to].map(([x, y]) => [x + shift[0], y + shift[1]]);
  }

  function drawLabels({ state, reading }, size) {
    const { sentences } = situationOf(spec, state);
    const lit = litPoints(state, reading.terms) ?? new Set([state.chosen]);
    const pixels = state.points.map(place.toPixel);
    const labels = sentences.map((sentence, index) => ({ candidates: candidates(pixels[index], sentence.short, size), insists: lit.has(index) }));
    const around = ([x, y], radius) => ({ x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius });
    const obstacles = [...pixels.map((pixel) => around(pixel, RADIUS)), ...arrowPlaces.map((pixel) => around(pixel, 4))];
    const named = [...borderNames.children].map((text) => around([Number(text.getAttribute("x")), Number(text.getAttribute("y")) - 5], 10));
    obstacles.push(...named);
    const boxes = placeLabels(labels, obstacles, { x: 0, y: 0, width: size, height: size });
    const texts = keep(layers.labels, sentences.length, () => svg("text", { "text-anchor": "middle" }));
    boxes.forEach((box, index) => {
      const at = box && { x: box.x + box.width / 2, y: box.y + box.height - 4 };
      setText(setAttributes(texts[index], { x: at?.x, y: at?.y, visibility: at ? null : "hidden" }), sentences[index].short);
    });
  }

  // Outside the circle first, beyond the arrows; else beside the point, else inside.
  function candidates([x, y], text, size) {
    const [width, height] = [text.length * 6.9 + 4, 16];
    const angle = Math.atan2(y - size / 2, x - size / 2);
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
    const box = (cx, cy) => ({ x: cx - width / 2, y: cy - height / 2, width, height });
    const away = (gap, aside = 0) => {
      const reach = gap + Math.sign(gap) * ((Math.abs(dx) * width) / 2 + (Math.abs(dy) * height) / 2);
      return box(x + dx * reach - dy * aside, y + dy * reach + dx * aside);
    };
    const beside = RADIUS + width / 2 + 4;
    const around = [box(x + beside, y), box(x - beside, y), box(x, y - RADIUS - 12), box(x, y + RADIUS + 12)];
    return onCircle() ? [...[0, 24, -24, 48, -48].map((aside) => away(ARROW_GAP + 9, aside)), away(-RADIUS - 6), ...around] : around;
  }

  // The heat map is drawn again only when its values, its size or its colours are other ones.
  function drawHeat() {
    if (!root.isConnected) return; // a scan may end after its explorer was taken away
    const wanted = onCircle() ? null : heat;
    const edge = Number(stage.getAttribute("width"));
    const look = `${edge} ${theme()}`;
    if (wanted !== painted.heat || look !== painted.look) {
      painted = { heat: wanted, look };
      picture.clear();
      setAttributes(contours, { d: wanted ? contoursOf(wanted, edge) : "" });
      if (wanted) picture.paint(wanted);
    }
    if (wanted) setText(scale, `${arrowNote()} Behind: the loss if ${letter(seen.state.chosen)} stood there, ${range(wanted)}.${borderNote()}`);
  }

  const range = ({ low, high }) => (fixed(low) === fixed(high) ? `${fixed(low)} everywhere` : `from ${fixed(low)} (clear) to ${fixed(high)} (full shade)`);

  // Whose choice is watched: the term of one anchor, and the last hardest that the loss finds for it (of two, the negative).
  function watch({ state, result, reading }) {
    const role = Object.keys(result.terms.chosen ?? {}).filter((name) => name.startsWith("hardest")).at(-1);
    const anchor = situationOf(spec, state).watched ?? state.chosen;
    const term = reading.terms.find(({ points }) => points[0] === anchor);
    if (!role || !term || state.asked || state.playing) return null;
    return { role, term: term.index, anchor, extent: onCircle() ? null : reach };
  }

  const columnName = (choice) => letter(columnsOf(situationOf(spec, seen.state))[choice]);
  const signOf = (role) => (role.includes("positive") ? "▲" : "▼");

  const borderNote = () =>
    borders ? ` ${signOf(borders.role)} between the borders: the ${borders.role} of ${letter(borders.anchor)}.` : "";

  const borderLine = svg("path");
  const borderNames = svg("g");
  layers.borders.append(borderLine, borderNames);

  function drawBorders() {
    const shown = onCircle() ? null : borders;
    setAttributes(borderLine, { d: shown ? borderPath(shown.lines, place.toPixel) : "" });
    keep(borderNames, shown?.names.length ?? 0, () => svg("text", { "text-anchor": "middle" })).forEach((text, k) => {
      const [x, y] = place.toPixel(shown.names[k].place);
      setText(setAttributes(text, { x, y: y + 5 }), signOf(shown.role) + columnName(shown.names[k].choice));
    });
  }

  function contoursOf({ size, values, low, high }, edge) {
    if (high - low < 1e-12) return ""; // flat: no line has a meaning
    return CONTOURS.map((share) => contour(values, size, size, low + share * (high - low), edge, edge)).join("");
  }

  function drawStrip() {
    if (!onCircle()) return;
    strip.draw(seen, Number(stage.getAttribute("width")), borders, (choice) => signOf(borders.role) + columnName(choice));
    setText(scale, `${arrowNote()} Below: the loss as ${letter(seen.state.chosen)} goes round; letters mark where the others stand.${borderNote()}`);
  }

  const arrowNote = () => `Step moves each point by its arrow, ${brief(seen.state.rate, 2)} × the gradient. A hollow point has gradient 0.`;

  let dragged = null;
  const pointerPlace = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  stage.addEventListener("pointerdown", (event) => {
    const index = nearest(seen.state.points.map(place.toPixel), pointerPlace(event), REACH);
    if (index < 0 || event.button > 0) return;
    event.preventDefault();
    const question = waiting(seen.state);
    if (question && question.point !== index) return;
    dragged = { index, pointer: event.pointerId, draws: Boolean(question) };
    stage.setPointerCapture(event.pointerId);
    layers.points.children[index].focus({ preventScroll: true });
    actions.choose(index);
    actions.light({ kind: "point", index });
  });
  // touch-action means nothing inside an SVG: without this, a finger that drags a point scrolls the page instead.
  stage.addEventListener("touchstart", (event) => dragged && event.preventDefault(), { passive: false });
  stage.addEventListener("pointermove", (event) => {
    if (dragged?.pointer !== event.pointerId) return;
    const position = place.toPlane(pointerPlace(event));
    if (dragged.draws) actions.sketch(position.map((value, axis) => value - seen.state.points[dragged.index][axis]));
    else actions.move(dragged.index, onCircle() ? position : bounded(position));
  });
  const release = (event) => {
    if (dragged?.pointer !== event.pointerId) return;
    const drew = dragged.draws && seen.state.guess !== null;
    dragged = null;
    actions.light(null);
    if (drew) actions.answer(undefined);
  };
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);

  return {
    root,
    measure() {
      width = stage.parentElement.clientWidth;
    },
    draw(state, result, reading) {
      seen = { state, result, reading };
      const size = layOut();
      const chosen = letter(state.chosen);
      setText(heading, state.asked ? "Sentences as points" : onCircle() ? "Sentences on the unit circle" : `Sentences, and the loss as ${chosen} moves`);
      setAttributes(strip.root, { hidden: onCircle() ? null : "" });
      drawMeasure(size);
      drawLines(seen);
      drawReach(seen);
      drawPoints(seen);
      drawArrows(seen, size);
      drawPieces(seen);
      drawGuess(seen);
      scanBorders(state, watch(seen));
      drawBorders();
      drawLabels(seen, size);
      if (onCircle()) {
        drawHeat();
        scanStrip(state);
        drawStrip();
      } else {
        setText(scale, arrowNote());
        scanHeat(state);
        drawHeat();
      }
    },
  };
}
