// The strip: the loss as the chosen point goes once round the circle, with letters where the others stand.

import { keep, setAttributes, setText, svg } from "./dom.js";
import { TAU, angleOf, niceCeiling, polyline, spread } from "./geometry.js";
import { stripAngles } from "./heat.js";
import { brief, letter } from "./words.js";

const SPACE = { height: 130, left: 40, right: 12, top: 24, bottom: 38 };
const NARROWEST = 18; // pixels: a region in which its name has room
const DEGREES = [-180, -90, 0, 90, 180];

export function createStrip() {
  const root = svg("svg", { class: "strip", role: "img" });
  const axes = svg("g");
  const curves = [svg("path", { class: "area" }), svg("path", { class: "curve" })];
  const marks = svg("g");
  const borders = svg("g");
  const names = svg("g");
  const here = [svg("path", { class: "here" }), svg("circle", { class: "here", r: 5 })];
  root.append(...curves, axes, marks, borders, names, ...here);
  let scanned = null; // {values, ceiling, family}
  let drawnFor = null; // what the axes were drawn for
  let drawn = null; // the values that the curve shows

  // The scale never shrinks while the same loss and situation are shown, so that heights can be compared.
  function scan(values, { loss, situation, parameters }) {
    const family = JSON.stringify([loss, situation, parameters]);
    const ceiling = niceCeiling(Math.max(...values));
    scanned = { values, family, ceiling: scanned?.family === family ? Math.max(scanned.ceiling, ceiling) : ceiling };
  }

  function drawAxes({ width, ceiling, x, y }) {
    const wanted = `${width} ${ceiling}`;
    if (drawnFor === wanted) return;
    drawnFor = wanted;
    drawn = null;
    const text = (attributes, words) => setText(svg("text", attributes), words);
    axes.replaceChildren(
      svg("path", { class: "axis", d: polyline([[x(-TAU / 2), y(0)], [x(TAU / 2), y(0)]]) }),
      text({ x: SPACE.left - 6, y: y(ceiling) + 4, "text-anchor": "end" }, brief(ceiling, 4)),
      text({ x: SPACE.left - 6, y: y(0) + 4, "text-anchor": "end" }, "0"),
      ...DEGREES.map((degrees) => text({ x: x((degrees / 360) * TAU), y: SPACE.height - 4, "text-anchor": degrees === 180 ? "end" : "middle" }, `${String(degrees).replace("-", "−")}°`)),
    );
  }

  function drawCurve({ x, y }) {
    if (drawn === scanned.values) return;
    drawn = scanned.values;
    const curve = stripAngles.map((angle, k) => [x(angle), y(drawn[k])]);
    setAttributes(curves[0], { d: `${polyline([[x(-TAU / 2), y(0)], ...curve, [x(TAU / 2), y(0)]])}Z` });
    setAttributes(curves[1], { d: polyline(curve) });
  }

  // Borders are lines across, and each region between them has its name above.
  function drawBorders(found, name, { x, y }) {
    const cuts = (found?.cuts ?? []).map(({ place: [angle] }) => x(angle));
    const ends = [x(-TAU / 2), ...cuts, x(TAU / 2)];
    const choices = found ? [found.choices[0], ...found.cuts.map(({ pair }) => found.choices[pair[1]])] : [];
    const wide = choices.map((choice, k) => ({ choice, left: ends[k], right: ends[k + 1] })).filter(({ left, right }) => right - left > NARROWEST);
    keep(borders, cuts.length, () => svg("path", { class: "border" })).forEach((line, k) => setAttributes(line, { d: polyline([[cuts[k], SPACE.top - 6], [cuts[k], y(0)]]) }));
    keep(names, wide.length, () => svg("text", { class: "negative", y: 12, "text-anchor": "middle" })).forEach((text, k) =>
      setText(setAttributes(text, { x: (wide[k].left + wide[k].right) / 2 }), name(wide[k].choice)));
  }

  return {
    root,
    scan,
    // `found`: the borders of a choice, as borders.js finds them, and how to `name` a choice.
    draw({ state, result }, width, found, name) {
      if (!scanned) return;
      const { ceiling } = scanned;
      const x = (angle) => SPACE.left + ((angle + TAU / 2) / TAU) * (width - SPACE.left - SPACE.right);
      const y = (value) => SPACE.height - SPACE.bottom - (value / ceiling) * (SPACE.height - SPACE.top - SPACE.bottom);
      const layout = { width, ceiling, x, y };
      const own = angleOf(state.points[state.chosen]);
      const others = state.points.map((point, index) => ({ index, at: x(angleOf(point)) })).filter(({ index }) => index !== state.chosen);
      setAttributes(root, { width, height: SPACE.height, viewBox: `0 0 ${width} ${SPACE.height}`,
        "aria-label": `Loss as ${letter(state.chosen)} goes round the circle; it stands at ${Math.round((own * 360) / TAU)} degrees` });
      drawAxes(layout);
      drawCurve(layout);
      const spaced = spread(others, 11, width - 6);
      keep(marks, spaced.length, () => svg("text", { class: "mark", "text-anchor": "middle" })).forEach((mark, k) =>
        setText(setAttributes(mark, { x: spaced[k].at, y: y(0) + 15 }), letter(spaced[k].index)));
      drawBorders(found, name, layout);
      setAttributes(here[0], { d: polyline([[x(own), SPACE.top - 8], [x(own), y(0)]]) });
      setAttributes(here[1], { cx: x(own), cy: y(result.loss) });
    },
  };
}
