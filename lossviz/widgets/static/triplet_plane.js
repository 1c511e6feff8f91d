// The triplet plane: across, how far an anchor's positive is; up, how far its negative is. Above the line y = x + margin
// a triplet is satisfied; below it, the drop from the line is what it costs. Exact in any dimension.

import { html, keep, setAttributes, setText, svg } from "./dom.js";
import { glyph, niceCeiling, placeLabels, polyline } from "./geometry.js";
import { litTerms } from "./reading.js";
import { shapeOf } from "./state.js";
import { brief } from "./words.js";

const SPACE = { left: 52, right: 14, top: 56, bottom: 54 }; // above: two lines of words; beside: room for a dot at 0
const DOT = 8;

// Every (positive, negative) of one anchor, as points of the chart: a lattice whose bottom-right corner is the hardest.
export function lattice(entries) {
  const positives = entries.filter(({ positive }) => positive).map(({ distance }) => distance);
  const negatives = entries.filter(({ negative }) => negative).map(({ distance }) => distance);
  return positives.flatMap((toPositive) => negatives.map((toNegative) => [toPositive, toNegative]));
}

export function createTripletPlane(spec, engine, actions) {
  const layers = Object.fromEntries(["axes", "region", "lattice", "drops", "dots"].map((name) => [name, svg("g", { class: name })]));
  const picture = svg("svg", { class: "triplet-plane", role: "group", "aria-label": "Anchors by the distance of positive and negative" });
  picture.append(...Object.values(layers));
  const root = html("div", {}, picture);
  const cost = svg("path", { class: "cost" });
  const line = svg("path", { class: "line" });
  const name = svg("text", { class: "quiet", x: 2, y: 32 });
  layers.region.append(cost, line, name);
  let width = 300;
  let axes = null;

  function drawAxes({ height, reach, x, y }) {
    const wanted = JSON.stringify([width, height, reach]);
    if (axes === wanted) return;
    axes = wanted;
    const ticks = [0, 1, 2, 3, 4].map((k) => (k * reach) / 4);
    const text = (attributes, content) => setText(svg("text", attributes), content);
    layers.axes.replaceChildren(
      svg("path", { class: "axis", d: polyline([[x(0), y(reach)], [x(0), y(0)], [x(reach), y(0)]]) }),
      ...ticks.map((tick) => text({ x: x(tick), y: y(0) + 24, "text-anchor": "middle", class: "quiet" }, brief(tick, 2))),
      ...ticks.slice(1).map((tick) => text({ x: x(0) - 14, y: y(tick) + 4, "text-anchor": "end", class: "quiet" }, brief(tick, 2))),
      text({ x: x(reach), y: height - 6, "text-anchor": "end", class: "positive" }, "▲ distance of the hardest positive →"),
      text({ x: 2, y: 12, class: "negative" }, "▼ ↑ distance of the hardest negative"),
    );
  }

  // The line y = x + margin, and all that lies below it.
  function drawLine(margin, { reach, x, y }) {
    const cut = (distance) => Math.max(0, Math.min(reach, distance));
    const start = [cut(-margin), cut(margin)];
    const end = [cut(reach - margin), cut(reach + margin)];
    const above = margin >= reach; // the whole square costs
    const border = above ? [[0, reach], [reach, reach]] : [start, end, ...(end[1] >= reach ? [[reach, reach]] : [])];
    const area = [[0, 0], ...(margin < 0 ? [] : [[0, cut(margin)]]), ...border, [reach, 0]];
    setAttributes(cost, { d: `${polyline(area.map(([a, b]) => [x(a), y(b)]))}Z` });
    setAttributes(line, { d: above ? "" : polyline([start, end].map(([a, b]) => [x(a), y(b)])) });
    const formula = `y = x + ${brief(margin, 2)}`;
    setText(name, above ? `${formula} lies above: all of this costs` : `shaded, below ${formula}: what costs`);
  }

  return {
    root,
    measure() {
      width = Math.max(240, root.clientWidth);
    },
    draw(state, result, reading) {
      const height = Math.round(Math.max(300, Math.min(460, width)));
      const margin = result.terms.thresholds.margin;
      const farthest = Math.max(...reading.terms.flatMap((term) => [term.toPositive, term.toNegative]));
      const reach = shapeOf(spec, state) === "circle" ? 2 : Math.max(3, niceCeiling(farthest));
      const side = Math.min(width - SPACE.left - SPACE.right, height - SPACE.top - SPACE.bottom);
      const x = (distance) => SPACE.left + (distance / reach) * side;
      const y = (distance) => SPACE.top + side - (distance / reach) * side;
      const layout = { height: side + SPACE.top + SPACE.bottom, reach, x, y };
      setAttributes(picture, { width, height: layout.height, viewBox: `0 0 ${width} ${layout.height}` });
      drawAxes(layout);
      drawLine(margin, layout);
      drawLattice(state, reading, layout);
      drawDrops(state, reading, margin, layout);
      drawDots(state, reading, layout);
    },
  };

  function drawLattice(state, reading, { x, y }) {
    const lit = litTerms(state, reading.terms);
    const own = state.lit?.kind === "term" ? reading.terms[state.lit.index] : reading.terms.find((term) => lit?.has(term.index) && term.points[0] === state.lit.index);
    const points = own ? lattice(own.entries) : [];
    keep(layers.lattice, points.length, () => svg("circle", { r: 3.5 })).forEach((mark, k) => setAttributes(mark, { cx: x(points[k][0]), cy: y(points[k][1]) }));
  }

  function drawDrops(state, reading, margin, { x, y, reach }) {
    const lit = litTerms(state, reading.terms);
    keep(layers.drops, reading.terms.length, () => svg("path")).forEach((drop, k) => {
      const term = reading.terms[k];
      const top = Math.min(reach, term.toPositive + margin);
      const faded = lit && !lit.has(term.index) ? "faded" : null;
      const shown = term.value > 0 && top > term.toNegative;
      setAttributes(drop, { class: faded, d: shown ? polyline([[x(term.toPositive), y(top)], [x(term.toPositive), y(term.toNegative)]]) : "" });
    });
  }

  function drawDots(state, reading, { x, y, height }) {
    const lit = litTerms(state, reading.terms);
    const places = reading.terms.map((term) => [x(term.toPositive), y(term.toNegative)]);
    const box = ([left, top], dx, dy) => ({ x: left + dx - 8, y: top + dy - 8, width: 16, height: 16 });
    const candidates = (place) => [[15, -10], [15, 10], [-15, -10], [-15, 10], [0, -19], [0, 19]].map(([dx, dy]) => box(place, dx, dy));
    const names = placeLabels(
      places.map((place, k) => ({ candidates: candidates(place), insists: Boolean(lit?.has(k)) })),
      places.map((place) => box(place, 0, 0)), { x: 0, y: SPACE.top - 14, width, height: height - SPACE.top - SPACE.bottom + 28 });
    keep(layers.dots, reading.terms.length, makeDot).forEach((dot, k) => {
      const term = reading.terms[k];
      const [left, top] = places[k];
      const kind = reading.classes?.[term.points[0]] ?? 0;
      const faded = lit && !lit.has(term.index) ? " faded" : "";
      setAttributes(dot, {
        class: `dot class${kind % 4}${term.active ? " active" : ""}${faded}`,
        transform: `translate(${left.toFixed(2)},${top.toFixed(2)})`,
        "aria-label": term.note,
      });
      setAttributes(dot.children[1], { d: glyph(kind, DOT) });
      setText(setAttributes(dot.children[2], { x: names[k] && names[k].x + 8 - left, y: names[k] && names[k].y + 12 - top, visibility: names[k] ? null : "hidden" }), term.letters);
    });
  }

  function makeDot(index) {
    const dot = svg("g", { tabindex: 0, role: "button" }, svg("circle", { class: "hit", r: 22 }), svg("path"), svg("text", { "text-anchor": "middle" }));
    const on = () => actions.light({ kind: "term", index });
    const off = () => actions.light(null);
    for (const event of ["pointerenter", "focus", "click"]) dot.addEventListener(event, on);
    for (const event of ["pointerleave", "blur"]) dot.addEventListener(event, off);
    return dot;
  }
}
