// The triplet plane: across, how far an anchor's positive is; up, how far its negative is. Above the line y = x + margin
// a triplet is satisfied; below it, the drop from the line is what it costs. A loss without a margin has a shade in place
// of the line, as deep as its slope. Exact in any dimension.

import { CROWD, createCrowd } from "./crowd.js";
import { html, keep, lights, setAttributes, setText, svg } from "./dom.js";
import { glyph, niceCeiling, placeLabels, polyline } from "./geometry.js";
import { litTerms } from "./reading.js";
import { lossOf, shapeOf } from "./state.js";
import { brief } from "./words.js";

const SPACE = { left: 52, right: 14, top: 56, bottom: 54 }; // above: two lines of words; beside: room for a dot at 0
const DOT = 8;
const SLOPE = { height: 116, top: 30, bottom: 22 }; // the strip of slopes
const STOPS = 16; // of the shade
// What stands on the two axes, by whose terms they are.
const ENDS = { "anchor": ["the hardest positive", "the hardest negative"], "anchor positive": ["the positive", "the chosen negative"] };

const slopeAt = (gap) => 1 / (1 + Math.exp(-gap));

// Every (positive, negative) of one anchor, as points of the chart: a lattice whose bottom-right corner is the hardest.
export function lattice(entries) {
  const positives = entries.filter(({ positive }) => positive).map(({ distance }) => distance);
  const negatives = entries.filter(({ negative }) => negative).map(({ distance }) => distance);
  return positives.flatMap((toPositive) => negatives.map((toNegative) => [toPositive, toNegative]));
}

export function createTripletPlane(spec, engine, actions) {
  const layers = Object.fromEntries(["axes", "region", "slope", "lattice", "drops", "dots"].map((name) => [name, svg("g", { class: name })]));
  const picture = svg("svg", { class: "triplet-plane", role: "group", "aria-label": "Anchors by the distance of positive and negative" });
  picture.append(...Object.values(layers));
  const root = html("div", {}, picture);
  const crowd = createCrowd(picture, actions);
  layers.dots.before(crowd.root);
  const cost = svg("path", { class: "cost" });
  const band = svg("path", { class: "band" });
  const line = svg("path", { class: "line" });
  const equal = svg("path", { class: "equal" });
  const name = svg("text", { class: "quiet", x: 2, y: 32 });
  const own = Math.random().toString(36).slice(2); // unique on the page, also where each explorer loads this module anew
  const shade = svg("linearGradient", { id: `lossviz-shade-${own}`, gradientUnits: "userSpaceOnUse" });
  const stripes = svg("pattern", { id: `lossviz-stripes-${own}`, width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)" }, svg("path", { d: "M0,0H8" }));
  layers.region.append(shade, stripes, cost, band, equal, line, name);
  let width = 300;
  let axes = null;
  let slope = null; // what the axes of the slope were drawn for
  const slopeAxes = svg("g");
  const slopeMarks = svg("g");
  layers.slope.append(slopeAxes, slopeMarks);
  let order = []; // the index of the term of each dot

  function drawAxes([positive, negative], { bottom, reach, x, y }) {
    const wanted = JSON.stringify([width, bottom, reach, positive]);
    if (axes === wanted) return;
    axes = wanted;
    const ticks = [0, 1, 2, 3, 4].map((k) => (k * reach) / 4);
    const text = (attributes, content) => setText(svg("text", attributes), content);
    layers.axes.replaceChildren(
      svg("path", { class: "axis", d: polyline([[x(0), y(reach)], [x(0), y(0)], [x(reach), y(0)]]) }),
      ...ticks.map((tick) => text({ x: x(tick), y: y(0) + 24, "text-anchor": "middle", class: "quiet" }, brief(tick, 2))),
      ...ticks.slice(1).map((tick) => text({ x: x(0) - 14, y: y(tick) + 4, "text-anchor": "end", class: "quiet" }, brief(tick, 2))),
      text({ x: x(reach), y: bottom - 6, "text-anchor": "end", class: "positive" }, `▲ distance of ${positive} →`),
      text({ x: 2, y: 12, class: "negative" }, `▼ ↑ distance of ${negative}`),
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

  const diagonal = ({ reach, x, y }) => polyline([[x(0), y(0)], [x(reach), y(reach)]]);

  // Between y = x and the margin the negatives are semi-hard: farther than the positive, but not far enough.
  function drawBand(margin, layout) {
    const { reach, x, y } = layout;
    const inside = [[0, 0], [0, Math.min(reach, margin)], [Math.max(0, reach - margin), reach], [reach, reach]];
    setAttributes(band, { d: `${polyline(inside.map(([a, b]) => [x(a), y(b)]))}Z`, style: `fill: url(#${stripes.id})` });
    setAttributes(equal, { d: diagonal(layout) });
    setText(name, `striped, between y = x and y = x + ${brief(margin, 2)}: semi-hard`);
  }

  // As deep as the slope: ½ on the line of equal distances, 1 far below it.
  function drawShade(layout) {
    const { reach, x, y } = layout;
    setAttributes(shade, { x1: x(0), y1: y(reach), x2: x(reach), y2: y(0) });
    keep(shade, STOPS + 1, (k) => svg("stop", { offset: k / STOPS })).forEach((stop, k) =>
      setAttributes(stop, { "stop-opacity": slopeAt((2 * k / STOPS - 1) * reach).toFixed(3) }));
    setAttributes(cost, { d: `${polyline([[x(0), y(0)], [x(0), y(reach)], [x(reach), y(reach)], [x(reach), y(0)]])}Z`, style: `fill: url(#${shade.id})` });
    setAttributes(equal, { d: diagonal(layout) });
    setText(name, "the darker, the steeper; dashed: equal, slope ½");
  }

  // The slope against d(a, p) − d(a, n), with a dot for each term.
  function drawSlope({ reading, state }, { reach, x, bottom, side }) {
    const across = (gap) => x(0) + ((gap / reach + 1) / 2) * side;
    const up = (slope) => bottom + SLOPE.height - SLOPE.bottom - slope * (SLOPE.height - SLOPE.top - SLOPE.bottom);
    const lit = litTerms(state, reading.terms);
    const text = (attributes, content) => setText(svg("text", { class: "quiet", ...attributes }), content);
    const wanted = JSON.stringify([width, reach, bottom]);
    if (slope !== wanted) {
      slope = wanted;
      const curve = Array.from({ length: 61 }, (_, k) => (k / 30 - 1) * reach).map((gap) => [across(gap), up(slopeAt(gap))]);
      slopeAxes.replaceChildren(
        svg("path", { class: "axis", d: polyline([[across(-reach), up(0)], [across(reach), up(0)]]) }),
        svg("path", { class: "curve", d: polyline(curve) }),
        text({ x: 2, y: bottom + 14 }, "slope of each term, over d(a,p) − d(a,n)"),
        ...[[0, "0"], [0.5, "½"], [1, "1"]].map(([slope, words]) => text({ x: x(0) - 14, y: up(slope) + 4, "text-anchor": "end" }, words)),
        ...[-1, 0, 1].map((end) => text({ x: across(end * reach), y: bottom + SLOPE.height - 6, "text-anchor": end > 0 ? "end" : "middle" }, brief(end * reach, 2))),
      );
    }
    keep(slopeMarks, reading.terms.length, () => svg("path")).forEach((mark, k) => {
      const term = reading.terms[k];
      const gap = term.toPositive - term.toNegative;
      const kind = reading.classes?.[term.points[0]] ?? 0;
      const faded = lit && !lit.has(term.index) ? " faded" : "";
      setAttributes(mark, { class: `mark class${kind % 4}${faded}`, d: glyph(kind, 4.5), transform: `translate(${across(gap).toFixed(2)},${up(slopeAt(gap)).toFixed(2)})` });
    });
  }

  return {
    root,
    measure() {
      width = Math.max(240, root.clientWidth);
    },
    draw(state, result, reading) {
      const height = Math.round(Math.max(300, Math.min(520, width)));
      const { margin } = result.terms.thresholds ?? {};
      const soft = margin === undefined;
      setAttributes(layers.slope, { visibility: soft ? null : "hidden" });
      const owners = lossOf(spec, state).axes.join(" ");
      const farthest = Math.max(0, ...reading.terms.flatMap((term) => [term.toPositive, term.toNegative]));
      const reach = shapeOf(spec, state) === "circle" ? 2 : Math.max(3, niceCeiling(farthest));
      const side = Math.min(width - SPACE.left - SPACE.right, height - SPACE.top - SPACE.bottom);
      const x = (distance) => SPACE.left + (distance / reach) * side;
      const y = (distance) => SPACE.top + side - (distance / reach) * side;
      const bottom = side + SPACE.top + SPACE.bottom;
      const layout = { bottom, side, reach, x, y };
      const whole = bottom + (soft ? SLOPE.height : 0);
      setAttributes(picture, { width, height: whole, viewBox: `0 0 ${width} ${whole}` });
      drawAxes(ENDS[owners] ?? ["the positive", "the negative"], layout);
      setAttributes(cost, { style: null });
      for (const path of [band, equal, line]) setAttributes(path, { d: "" });
      if (soft) {
        drawShade(layout);
        drawSlope({ reading, state }, layout);
      } else drawLine(margin, layout);
      if (owners === "anchor positive") drawBand(margin, layout);
      drawLattice(state, reading, layout);
      drawDrops(state, reading, soft ? -Infinity : margin, layout);
      drawDots(state, reading, layout);
    },
  };

  function drawLattice(state, reading, { x, y }) {
    const lit = litTerms(state, reading.terms);
    const touched = state.lit?.kind === "term" ? () => true : (term) => term.points[0] === state.lit.index;
    const own = reading.terms.find((term) => lit?.has(term.index) && touched(term));
    const points = own?.entries ? lattice(own.entries) : [];
    keep(layers.lattice, points.length, () => svg("circle", { r: 3.5 })).forEach((mark, k) => setAttributes(mark, { cx: x(points[k][0]), cy: y(points[k][1]) }));
  }

  function drawDrops(state, reading, margin, { x, y, reach }) {
    const lit = litTerms(state, reading.terms);
    const paths = { faded: "", shown: "" };
    for (const term of reading.terms) {
      const top = Math.min(reach, term.toPositive + margin);
      if (!(term.value > 0 && top > term.toNegative)) continue;
      paths[lit && !lit.has(term.index) ? "faded" : "shown"] += polyline([[x(term.toPositive), y(top)], [x(term.toPositive), y(term.toNegative)]]);
    }
    keep(layers.drops, 2, (k) => svg("path", { class: Object.keys(paths)[k] })).forEach((drop, k) => setAttributes(drop, { d: Object.values(paths)[k] }));
  }

  function drawDots(state, reading, { x, y, bottom }) {
    const lit = litTerms(state, reading.terms);
    const touched = (term) => state.lit?.kind === "term" && lit.has(term.index);
    const dotOf = (term) => {
      const kind = reading.classes?.[term.points[0]] ?? 0;
      const faded = lit && !lit.has(term.index) ? " faded" : "";
      return { term, kind, place: [x(term.toPositive), y(term.toNegative)], look: `class${kind % 4}${term.active ? " active" : ""}${faded}` };
    };
    const all = reading.terms.map(dotOf);
    const many = all.length > CROWD;
    const few = many ? all.filter(({ term }) => touched(term)) : all; // of a crowd only the touched one has its name
    drawCrowd(many ? all : [], state.lit);
    const box = ([left, top], dx, dy, half = 8) => ({ x: left + dx - half, y: top + dy - 8, width: 2 * half, height: 16 });
    const candidates = ({ place, term: { letters } }) => {
      const half = 4 + 4.5 * letters.length;
      return [[half + 7, -10], [half + 7, 10], [-half - 7, -10], [-half - 7, 10], [0, -19], [0, 19]].map(([dx, dy]) => box(place, dx, dy, half));
    };
    const named = few.map((dot) => ({ candidates: candidates(dot), insists: touched(dot.term) }));
    const names = placeLabels(named, few.map(({ place }) => box(place, 0, 0)), { x: 0, y: SPACE.top - 14, width, height: bottom - SPACE.top - SPACE.bottom + 28 });
    order = few.map(({ term }) => term.index);
    keep(layers.dots, few.length, makeDot).forEach((dot, k) => {
      const { term, kind, place: [left, top], look } = few[k];
      setAttributes(dot, { class: `dot ${look}`, transform: `translate(${left.toFixed(2)},${top.toFixed(2)})`, "aria-label": term.note, tabindex: many ? null : 0 });
      setAttributes(dot.children[0], { visibility: many ? "hidden" : null });
      setAttributes(dot.children[1], { d: glyph(kind, DOT) });
      setText(setAttributes(dot.children[2], { x: names[k] && names[k].x + names[k].width / 2 - left, y: names[k] && names[k].y + 12 - top, visibility: names[k] ? null : "hidden" }), term.letters);
    });
    setAttributes(layers.dots, { "pointer-events": many ? "none" : null });
  }

  // Those that are left alone first, so that they hide none that counts.
  function drawCrowd(dots, lit) {
    const rank = ({ look }) => Number(look.includes("active")) - 2 * Number(look.includes("faded"));
    const marks = dots.toSorted((a, b) => rank(a) - rank(b)).map(({ term, kind, place, look }) => ({
      index: term.index, places: [place], d: glyph(kind, DOT - 2, place), look: { class: look }, get note() { return term.note; },
    }));
    crowd.draw(marks, `${marks.length} triplets`, lit);
  }

  function makeDot(k) {
    const dot = svg("g", { role: "button" }, svg("circle", { class: "hit", r: 22 }), svg("path"), svg("text", { "text-anchor": "middle" }));
    return lights(dot, actions, () => ({ kind: "term", index: order[k] }));
  }
}
