// The strip: the whole loss as the chosen point goes once round the circle, with letters where the others stand; over
// it, dashed, the push of one term alone.

import { keep, setAttributes, setText, svg } from "../dom.js";
import { UNSEEN } from "../engine.js";
import { TAU, angleOf, atAngle, niceCeiling, polyline, spread, turn } from "../geometry.js";
import * as axis from "../marks/axes.js";
import { widthOf } from "../marks/labels.js";
import { brief, letter } from "../words.js";
import { lossesAt } from "./heat.js";
import { ANGLES, createPush, degreesOf } from "./push.js";
import { createScan, scanKey } from "../scan.js";

const SPACE = { height: 148, left: 40, right: 12, top: 42, bottom: 38 };
const NARROWEST = 18; // pixels: a region in which its name has room
const DEGREES = [-180, -90, 0, 90, 180];
const PUSH = 0.8; // of the height: so high is the highest push, in a scale of its own

async function* curves(spec, engine, state, signal) {
  const values = await lossesAt(spec, engine, state, ANGLES.map(atAngle), signal);
  if (!values) return;
  const family = JSON.stringify([state.loss, state.situation, state.parameters]);
  yield { values, family, highest: niceCeiling(Math.max(...values)) };
}

// The scale never shrinks while the same loss and situation are shown, so that heights can be compared.
function createScale() {
  let [known, ceiling] = [null, 0];
  return ({ family, highest }) => {
    [known, ceiling] = [family, family === known ? Math.max(ceiling, highest) : highest];
    return ceiling;
  };
}

function layoutOf(width, ceiling) {
  const x = (angle) => SPACE.left + ((angle + TAU / 2) / TAU) * (width - SPACE.left - SPACE.right);
  const y = (value) => SPACE.height - SPACE.bottom - (value / ceiling) * (SPACE.height - SPACE.top - SPACE.bottom);
  return { width, ceiling, x, y, left: x(-TAU / 2), right: x(TAU / 2), floor: y(0) };
}

function drawAxes(axes, { ceiling, x, y, left, right, floor }) {
  const height = (value, words) => axis.text(SPACE.left - 6, y(value) + 4, words, { side: "end" });
  const turn = (degrees) => axis.text(x((degrees / 360) * TAU), SPACE.height - 4, `${degrees}°`.replace("-", "−"), {
    side: degrees === 180 ? "end" : "middle",
  });
  const texts = [height(ceiling, brief(ceiling, 4)), height(0, "0"), ...DEGREES.map(turn)];
  axes.draw([axis.line([[left, floor], [right, floor]])], texts);
}

function drawCurve([area, curve], values, { x, y, left, right, floor }) {
  const places = ANGLES.map((angle, k) => [x(angle), y(values[k])]);
  setAttributes(area, { d: `${polyline([[left, floor], ...places, [right, floor]])}Z` });
  setAttributes(curve, { d: polyline(places) });
}

// What the curves are, in one line.
function headingOf({ chosen }, push) {
  if (!push) return `The whole loss as ${letter(chosen)} goes round`;
  const { term: { kind, letters }, values } = push;
  const deed = { positive: "pull of", negative: "push of" }[kind] ?? "gradient of term";
  return `Dashed, in a scale of its own: ${deed} ${letters}${Math.max(...values) > UNSEEN ? "" : ", 0 everywhere"}`;
}

// The push of one term, and how far its strongest is from the other sentence of the pair: that number stands beside the
// line on which the chosen point is.
function drawPush([curve, tops], push, state, { x, floor }) {
  const room = PUSH * (floor - SPACE.top);
  const highest = push ? Math.max(UNSEEN, ...push.values) : 1;
  const y = (value) => floor - (value / highest) * room;
  const places = push ? ANGLES.map((angle, k) => [x(angle), y(push.values[k])]) : [];
  setAttributes(curve, { d: polyline(places), class: `push ${push?.term.kind ?? ""}` });
  const peaks = (push?.peaks ?? []).map((peak) => {
    const [at, words] = [x(turn(0, peak.angle)), `${brief(degreesOf(peak, push.term, state), 1)}°`];
    const half = widthOf(words, 700) / 2 + 4;
    const here = x(angleOf(state.points[state.chosen]));
    const aside = at < here ? here - half : here + half;
    return { top: [at, y(peak.height)], words, half, at: Math.abs(at - here) < half ? aside : at };
  });
  const make = () => svg("g", { class: "peak" }, svg("circle", { r: 3.5 }), svg("text", { "text-anchor": "middle" }));
  const spaced = spread(peaks, 2 * Math.max(0, ...peaks.map(({ half }) => half)));
  keep(tops, spaced.length, make).forEach((mark, k) => {
    const { top: [cx, cy], words, at } = spaced[k];
    setAttributes(mark.firstChild, { cx, cy });
    setText(setAttributes(mark.lastChild, { x: at, y: cy - 7 }), words);
  });
}

// Where the others stand, below the axis.
function drawOthers(marks, { points, chosen }, { width, x, floor }) {
  const all = points.map((point, index) => ({ index, at: x(angleOf(point)) }));
  const spaced = spread(all.filter(({ index }) => index !== chosen), 11, width - 6);
  keep(marks, spaced.length, () => svg("text", { class: "mark", "text-anchor": "middle" })).forEach((mark, k) =>
    setText(setAttributes(mark, { x: spaced[k].at, y: floor + 15 }), letter(spaced[k].index)));
}

// Borders are lines across, and each region between them has its name above.
function drawBorders([lines, names], found, { x, left, right, floor }) {
  const cuts = (found?.cuts ?? []).map(({ place: [angle] }) => x(angle));
  const ends = [left, ...cuts, right];
  const choices = found ? [found.choices[0], ...found.cuts.map(({ pair }) => found.choices[pair[1]])] : [];
  const all = choices.map((choice, k) => ({ choice, from: ends[k], to: ends[k + 1] }));
  const wide = all.filter(({ from, to }) => to - from > NARROWEST);
  keep(lines, cuts.length, () => svg("path", { class: "border" })).forEach((line, k) =>
    setAttributes(line, { d: polyline([[cuts[k], SPACE.top - 6], [cuts[k], floor]]) }));
  const makeName = () => svg("text", { class: "negative", y: 30, "text-anchor": "middle" });
  keep(names, wide.length, makeName).forEach((text, k) =>
    setText(setAttributes(text, { x: (wide[k].from + wide[k].to) / 2 }), found.nameOf(wide[k].choice)));
}

function drawHere([line, dot], angle, loss, { x, y, floor }) {
  setAttributes(line, { d: polyline([[x(angle), SPACE.top - 8], [x(angle), floor]]) });
  setAttributes(dot, { cx: x(angle), cy: y(loss) });
}

export function createStrip(spec, engine, late) {
  const curve = [svg("path", { class: "area" }), svg("path", { class: "curve" })];
  const axes = axis.createAxes();
  const [marks, ...borders] = [svg("g"), svg("g"), svg("g")];
  const here = [svg("path", { class: "here" }), svg("circle", { class: "here", r: 5 })];
  const root = svg("svg", { class: "strip", role: "img" });
  const heading = svg("text", { x: 2, y: 12, class: "quiet" });
  const push = [svg("path", { class: "push" }), svg("g")];
  root.append(heading, ...curve, axes.root, marks, ...borders, ...push, ...here);
  const [scan, pushOf] = [createScan(late), createPush(spec, engine, late)];
  const ceilingOf = createScale();
  let drawn = {}; // the curve that is drawn: {values, width, ceiling}

  return {
    root,
    // `found`: the borders of a choice, or null.
    draw(scene, width, found) {
      const { state, shape, result } = scene;
      const scanned = scan(shape !== "circle" ? null : {
        subject: "round", // what is drawn stays until there is something better
        key: scanKey(state, state.chosen),
        answers: (signal) => curves(spec, engine, state, signal),
      });
      const pushed = pushOf(scene);
      if (!scanned) return;
      const layout = layoutOf(width, ceilingOf(scanned));
      const angle = angleOf(state.points[state.chosen]);
      const degrees = Math.round((angle * 360) / TAU);
      setAttributes(root, {
        width, height: SPACE.height, viewBox: `0 0 ${width} ${SPACE.height}`,
        "aria-label": `Loss as ${letter(state.chosen)} goes round the circle; it stands at ${degrees} degrees`,
      });
      setText(heading, headingOf(state, pushed));
      const { values } = scanned;
      drawAxes(axes, layout);
      if (values !== drawn.values || width !== drawn.width || layout.ceiling !== drawn.ceiling) {
        drawn = { values, width, ceiling: layout.ceiling };
        drawCurve(curve, values, layout);
      }
      drawOthers(marks, state, layout);
      drawBorders(borders, found, layout);
      drawPush(push, pushed, state, layout);
      drawHere(here, angle, result.loss, layout);
    },
  };
}
