// The score plane: across, the score that a pair was given; up, how similar the model finds it. Where the definition
// says what a similarity shall be, that is a line, and how far each pair stands from it is drawn; where only the order
// counts, every two pairs that stand the wrong way round are joined by a falling line, as wide as their share. Exact in
// any dimension.

import { html, keep, lights, setAttributes, setText, svg } from "../../dom.js";
import { glyph, niceCeiling, polyline, rectangle } from "../../geometry.js";
import { below, createAxes, leftOf, line, text } from "../../marks/axes.js";
import { CROWD, createCrowd } from "../../marks/crowd.js";
import { createDots } from "../../marks/dots.js";
import { besides } from "../../marks/labels.js";
import { faded } from "../../marks/looks.js";
import { roomOf } from "../../marks/room.js";
import { brief, inWords, percent } from "../../words.js";
import { scoredPairs } from "./read.js";

const SPACE = { left: 46, right: 20, top: 34, bottom: 48 };
const DOT = 7;
const BESIDES = [[26, -10], [-26, -10], [26, 10], [-26, 10], [0, -18], [0, 18], [30, 0], [-30, 0]]; // where names go
const NAME = 34; // so wide is a name
const TICKS = 10; // no axis has more, or its numbers would touch
const SHARES = { height: 62, bar: 14 };

// From the lowest to the highest that the axis must hold, in whole and half steps.
export function span(values, low, high) {
  const step = (value, round) => round(value * 2) / 2;
  return [Math.min(low, step(Math.min(...values), Math.floor)), Math.max(high, step(Math.max(...values), Math.ceil))];
}

// Where the numbers stand on an axis: every half, or farther apart where that would be too many.
export function ticks([from, to]) {
  const step = Math.max(0.5, niceCeiling((to - from) / TICKS));
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, k) => from + k * step);
}

// The softmax of the orders: wrong ones first, each as large as its share, then the rest and the 1 of the formula.
export function shares(terms, one) {
  const wrong = terms.filter((term) => term.wrong).sort((a, b) => b.share - a.share);
  const others = terms.filter((term) => !term.wrong);
  const levels = others.filter(({ level }) => level).length;
  const words = levels === 0 ? "in order" : levels === others.length ? "level" : "in order or level";
  return [
    ...wrong.map(({ letters, share, index }) => ({ kind: "negative", words: letters, share, index })),
    { kind: "positive", words, share: others.reduce((sum, term) => sum + term.share, 0) },
    { kind: "one", words: inWords("the_1"), share: one },
  ];
}

// Where everything stands: both axes as [from, to], and the pixels of a score and of a similarity.
function layoutOf(scene, { width, height: most }) {
  const { loss, result, reading: { terms } } = scene;
  const pairs = scoredPairs(scene);
  const orders = loss.axes.length > 1;
  const aimed = !orders && terms.length > 0 && terms.every((term) => term.aimed);
  const scores = span(pairs.map(({ score }) => score), 0, 1);
  const similarities = [...pairs.map(({ similarity }) => similarity), ...(aimed ? scores : [])];
  const heights = span(similarities, loss.reads === "cosine" ? -1 : 0, 1);
  const one = orders ? result.terms.thresholds.the_1 : undefined;
  const softmax = one !== undefined && terms.every(({ share }) => share !== undefined);
  const bottom = Math.round(Math.max(220, Math.min(400, width * 0.9, most - (softmax ? SHARES.height : 0))));
  const start = SPACE.left + 10;
  const part = (value, [from, to]) => (value - from) / (to - from);
  return {
    width, bottom, pairs, orders, aimed, scores, heights, softmax, one,
    height: bottom + (softmax ? SHARES.height : 0),
    x: (score) => start + part(score, scores) * (width - start - SPACE.right),
    y: (similarity) => bottom - SPACE.bottom - part(similarity, heights) * (bottom - SPACE.top - SPACE.bottom),
  };
}

function drawAxes(axes, { loss }, { orders, aimed, scores, heights, x, y, bottom }) {
  const [[left, right], [low, high]] = [scores, heights];
  const zero = low < 0 ? [line([[x(left), y(0)], [x(right), y(0)]], "grid")] : [];
  const key = orders ? "; dashed: the wrong way round" : aimed ? "; dotted: where it should be" : "";
  return axes.draw([line([[x(left), y(high)], [x(left), y(low)], [x(right), y(low)]]), ...zero], [
    ...below(ticks(scores), x, y(low) + 20),
    ...leftOf(ticks(heights), x(left) - 14, y),
    text(x(right), bottom - 6, "score →", { side: "end" }),
    text(2, 14, `↑ ${loss.reads}${key}`),
  ]);
}

// An order is a line from the pair with the lower score to that with the higher, as wide as it is strong.
function orderMark(term, { pairs, x, y }, lit) {
  const places = term.pairs.map((k) => [x(pairs[k].score), y(pairs[k].similarity)]);
  const look = `${term.wrong ? "falling" : "rising"}${faded(lit, term.index)}`;
  const width = term.wrong ? 1.5 + 6 * term.strength : 1;
  const { index, wrong } = term;
  return { index, wrong, places, d: polyline(places), look, width, get note() { return term.note; } };
}

// Of many, in half pixels: few looks.
const crowded = (mark) =>
  Object.assign(mark, { look: { class: `shown ${mark.look}`, "stroke-width": Math.round(2 * mark.width) / 2 } });

function createSegments(actions) {
  const root = svg("g", { class: "segments" });
  let shown = [];

  function make(k) {
    const segment = svg("g", { role: "button" }, svg("path", { class: "hit" }), svg("path", { class: "shown" }));
    return lights(segment, actions, () => ({ kind: "term", index: shown[k].index }));
  }

  return {
    root,
    draw(marks) {
      shown = marks;
      keep(root, marks.length, make).forEach((segment, k) => {
        const { d, look, width, wrong, note } = marks[k];
        setAttributes(segment, { class: look, "aria-label": note, tabindex: wrong ? 0 : null });
        setAttributes(segment.children[0], { d });
        setAttributes(segment.children[1], { d, "stroke-width": width.toFixed(2) });
      });
    },
  };
}

// Answers with the lines that names keep off: of a few orders all, of a crowd none.
function drawOrders(crowd, segments, { state, lit, reading }, layout) {
  const orders = layout.orders ? reading.terms : [];
  const upwards = [...orders].sort((a, b) => Number(a.wrong) - Number(b.wrong)); // the wrong ones above
  const marks = upwards.map((term) => orderMark(term, layout, lit));
  const many = marks.length > CROWD;
  crowd.draw(many ? marks.map(crowded) : [], `${marks.length} orders`, state.lit);
  segments.draw(many ? [] : marks);
  return many ? [] : marks.map(({ places }) => ({ places }));
}

// What a pair by itself costs: how far it stands from its score. Answers with these lines.
function drawDrops(drops, { reading, lit }, { pairs, aimed, x, y }) {
  const terms = aimed ? reading.terms : [];
  const lines = terms.map(({ index }) => {
    const { score, similarity } = pairs[index];
    return [[x(score), y(similarity)], [x(score), y(score)]];
  });
  keep(drops, terms.length, () => svg("path")).forEach((drop, k) => {
    setAttributes(drop, { class: `${terms[k].kind}${faded(lit, terms[k].index)}`, d: polyline(lines[k]) });
  });
  return terms.length > CROWD ? [] : lines.map((places) => ({ places }));
}

// The pairs that belong to what is lit; null where nothing is.
function litPairs({ state, lit, reading }) {
  if (!lit) return null;
  if (state.lit.kind === "pair") return new Set([state.lit.index]);
  return new Set(reading.terms.filter(({ index }) => lit.has(index)).flatMap(({ pairs }) => pairs));
}

function drawDots(dots, scene, { width, bottom, pairs, orders, x, y }, obstacles) {
  const touched = litPairs(scene);
  const byPair = new Map(scene.reading.terms.map((term) => [term.index, term]));
  const marks = pairs.map(({ index, letters, names, score, similarity }) => {
    const term = orders ? null : byPair.get(index);
    const kind = term ? ` ${term.kind}${term.active ? " active" : ""}` : "";
    const place = [x(score), y(similarity)];
    return {
      place, letters,
      d: glyph(0, DOT),
      look: `pair-dot${kind}${faded(touched, index)}`,
      note: `${letters}, ${names.join(" and ")}: score ${brief(score)}, ${scene.loss.reads} ${brief(similarity)}`,
      light: { kind: orders ? "pair" : "term", index },
      candidates: besides(place, BESIDES, NAME),
      insists: Boolean(touched?.has(index)),
    };
  });
  const [left, top] = [SPACE.left - 8, SPACE.top - 12];
  const bounds = { x: left, y: top, width: width - left, height: bottom - top - SPACE.bottom + 8 };
  dots.draw(marks, { size: 2 * DOT + 2, bounds, obstacles });
}

function createShares() {
  const kinds = ["negative", "positive", "one"]; // a path for each: there may be many wrong orders
  const bars = Object.fromEntries(kinds.map((kind) => [kind, svg("path", { class: kind })]));
  const [title, first, last] = [svg("text", { class: "quiet" }), svg("text"), svg("text", { "text-anchor": "end" })];
  return {
    root: svg("g", { class: "shares" }, svg("g", {}, ...Object.values(bars)), title, first, last),
    draw(parts, { width, bottom }) {
      const top = bottom + 20;
      const paths = Object.fromEntries(kinds.map((kind) => [kind, ""]));
      let at = 2;
      for (const { kind, share } of parts) {
        const size = share * (width - 4);
        paths[kind] += rectangle(at, top, Math.max(0, size - 1), SHARES.bar);
        at += size;
      }
      for (const kind of kinds) setAttributes(bars[kind], { d: paths[kind] });
      const largest = parts[0]; // the largest that is wrong, or all that are in order
      setText(setAttributes(title, { x: 2, y: bottom + 12 }), "The sum: each order, and the 1 of the formula");
      setAttributes(first, { x: 2, y: top + 30, class: largest.kind });
      setText(first, `${largest.words}: ${percent(largest.share)}`);
      setText(setAttributes(last, { x: width - 2, y: top + 30 }), `the 1: ${percent(parts.at(-1).share)}`);
    },
  };
}

export function createScorePlane(spec, engine, actions) {
  const words = "Pairs by their score and their similarity";
  const picture = svg("svg", { class: "score-plane", role: "group", "aria-label": words });
  const [axes, crowd] = [createAxes(), createCrowd(picture, actions)];
  const [segments, dots, softmax] = [createSegments(actions), createDots(actions), createShares()];
  const diagonal = svg("path", { class: "line" });
  const drops = svg("g", { class: "drops" });
  const region = svg("g", { class: "region" }, diagonal);
  picture.append(axes.root, region, crowd.root, segments.root, drops, dots.root, softmax.root);
  const root = html("div", {}, picture);
  let room = { width: 300, height: 400 };

  return {
    root,
    measure() {
      room = roomOf(root);
    },
    draw(scene) {
      const layout = layoutOf(scene, room);
      const { width, height, aimed, scores, x, y } = layout;
      setAttributes(picture, { width, height, viewBox: `0 0 ${width} ${height}` });
      const ground = drawAxes(axes, scene, layout);
      const aim = aimed ? scores.map((score) => [x(score), y(score)]) : [];
      setAttributes(diagonal, { d: polyline(aim) });
      const lines = [...drawOrders(crowd, segments, scene, layout), ...drawDrops(drops, scene, layout)];
      drawDots(dots, scene, layout, [...ground, ...lines, ...(aimed ? [{ places: aim }] : [])]);
      setAttributes(softmax.root, { visibility: layout.softmax ? null : "hidden" });
      if (layout.softmax) softmax.draw(shares(scene.reading.terms, layout.one), layout);
    },
  };
}
