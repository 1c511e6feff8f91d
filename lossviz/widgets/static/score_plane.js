// The score plane: across, the score that a pair was given; up, how similar the model finds it. Each pair by itself shall
// stand on the line y = x, and is drawn there; or only the order counts, and every two pairs that stand the wrong way
// round are joined by a falling line, as wide as their share. Exact in any dimension.

import { CROWD, createCrowd } from "./crowd.js";
import { html, keep, lights, setAttributes, setText, svg } from "./dom.js";
import { placeLabels, polyline, rectangle } from "./geometry.js";
import { scoredPairs } from "./read_scores.js";
import { litTerms } from "./reading.js";
import { lossOf, situationOf } from "./state.js";
import { brief, tenths } from "./words.js";

const SPACE = { left: 46, right: 20, top: 34, bottom: 48 };
const DOT = 7;
const SHARES = { height: 62, bar: 14 };

// From the lowest to the highest that the axis must hold, in whole and half steps.
export function span(values, low, high) {
  const step = (value, round) => round(value * 2) / 2;
  return [Math.min(low, step(Math.min(...values), Math.floor)), Math.max(high, step(Math.max(...values), Math.ceil))];
}

// The softmax of the orders: wrong ones first, each as large as its share, then the rest and the 1 of the formula.
export function shares(terms, one) {
  const wrong = terms.filter((term) => term.wrong).sort((a, b) => b.share - a.share);
  const right = terms.filter((term) => !term.wrong).reduce((sum, term) => sum + term.share, 0);
  return [...wrong.map(({ letters, share, index }) => ({ kind: "negative", words: letters, share, index })),
    { kind: "positive", words: "in order", share: right }, { kind: "one", words: "the 1", share: one }];
}

export function createScorePlane(spec, engine, actions) {
  const layers = Object.fromEntries(["axes", "region", "segments", "drops", "dots", "shares"].map((name) => [name, svg("g", { class: name })]));
  const line = svg("path", { class: "line" });
  layers.region.append(line);
  const picture = svg("svg", { class: "score-plane", role: "group", "aria-label": "Pairs by their score and their similarity" });
  picture.append(...Object.values(layers));
  const root = html("div", {}, picture);
  const crowd = createCrowd(picture, actions);
  layers.segments.before(crowd.root);
  const shareBars = svg("g");
  const shareWords = [svg("text", { class: "quiet" }), svg("text"), svg("text", { "text-anchor": "end" })];
  layers.shares.append(shareBars, ...shareWords);
  let width = 300;
  let axes = null;
  let drawn = []; // the orders that the segments draw

  function drawAxes(name, orders, { left, right, low, high, x, y, bottom }) {
    const wanted = JSON.stringify([width, left, right, low, high, bottom, name]);
    if (axes === wanted) return;
    axes = wanted;
    const ticks = (from, to) => Array.from({ length: Math.round((to - from) * 2) + 1 }, (_, k) => from + k / 2);
    const text = (attributes, content) => setText(svg("text", attributes), content);
    layers.axes.replaceChildren(
      svg("path", { class: "axis", d: polyline([[x(left), y(high)], [x(left), y(low)], [x(right), y(low)]]) }),
      ...(low < 0 ? [svg("path", { class: "grid", d: polyline([[x(left), y(0)], [x(right), y(0)]]) })] : []),
      ...ticks(left, right).map((tick) => text({ x: x(tick), y: y(low) + 20, "text-anchor": "middle", class: "quiet" }, brief(tick, 2))),
      ...ticks(low, high).map((tick) => text({ x: x(left) - 14, y: y(tick) + 4, "text-anchor": "end", class: "quiet" }, brief(tick, 2))),
      text({ x: x(right), y: bottom - 6, "text-anchor": "end" }, "score →"),
      text({ x: 2, y: 14 }, `↑ ${name}${orders ? "; dashed: the wrong way round" : "; dotted: where it should be"}`),
    );
  }

  function drawSegments(state, terms, pairs, { x, y }) {
    const lit = litTerms(state, terms);
    const sorted = [...terms].sort((a, b) => Number(a.wrong) - Number(b.wrong)); // the wrong ones above
    const place = (k) => [x(pairs[k].score), y(pairs[k].similarity)];
    const many = sorted.length > CROWD;
    drawn = many ? [] : sorted;
    crowd.draw(many ? sorted.map((term) => markOf(term, term.pairs.map(place), lit)) : [], `${sorted.length} orders`, state.lit);
    keep(layers.segments, drawn.length, makeSegment).forEach((segment, k) => {
      const { pairs: ends, wrong, share, note, index } = drawn[k];
      const d = polyline(ends.map(place));
      setAttributes(segment, { class: `${wrong ? "falling" : "rising"}${lit && !lit.has(index) ? " faded" : ""}`, "aria-label": note, tabindex: wrong ? 0 : null });
      setAttributes(segment.children[0], { d });
      setAttributes(segment.children[1], { d, "stroke-width": (wrong ? 1.5 + 6 * share : 1).toFixed(2) });
    });
  }

  function markOf(term, places, lit) {
    const width = term.wrong ? Math.round(2 * (1.5 + 6 * term.share)) / 2 : 1; // of many, in half pixels: few looks
    const look = { class: `shown ${term.wrong ? "falling" : "rising"}${lit && !lit.has(term.index) ? " faded" : ""}`, "stroke-width": width };
    return { index: term.index, places, d: polyline(places), look, get note() { return term.note; } };
  }

  function makeSegment(k) {
    const segment = svg("g", { role: "button" }, svg("path", { class: "hit" }), svg("path", { class: "shown" }));
    return lights(segment, actions, () => ({ kind: "term", index: drawn[k].index }));
  }

  // What a pair by itself costs: how far it stands from its score.
  function drawDrops(state, terms, pairs, { x, y }) {
    const lit = litTerms(state, terms);
    keep(layers.drops, terms.length, () => svg("path")).forEach((drop, k) => {
      const { score, similarity } = pairs[k];
      setAttributes(drop, { class: `${terms[k].kind}${lit && !lit.has(terms[k].index) ? " faded" : ""}`, d: polyline([[x(score), y(similarity)], [x(score), y(score)]]) });
    });
  }

  function drawDots(state, terms, pairs, orders, { x, y, bottom }) {
    const lit = litTerms(state, terms);
    const touched = (k) => !state.lit || (state.lit.kind === "pair" ? state.lit.index === k : terms.some((term) => lit.has(term.index) && term.pairs.includes(k)));
    const places = pairs.map(({ score, similarity }) => [x(score), y(similarity)]);
    const box = ([left, top], dx, dy, half) => ({ x: left + dx - half, y: top + dy - 8, width: 2 * half, height: 16 });
    const labels = places.map((place, k) => ({
      candidates: [[26, -10], [-26, -10], [26, 10], [-26, 10], [0, -18], [0, 18], [30, 0], [-30, 0]].map(([dx, dy]) => box(place, dx, dy, 17)), insists: Boolean(state.lit) && touched(k),
    }));
    const names = placeLabels(labels, places.map((place) => box(place, 0, 0, DOT + 1)), { x: SPACE.left - 8, y: SPACE.top - 12, width: width - SPACE.left + 8, height: bottom - SPACE.top - SPACE.bottom + 20 });
    keep(layers.dots, pairs.length, (k) => makeDot(k, orders)).forEach((dot, k) => {
      const [left, top] = places[k];
      const { letters, names: said, score, similarity } = pairs[k];
      const kind = orders ? "" : ` ${terms[k].kind}${terms[k].active ? " active" : ""}`;
      setAttributes(dot, {
        class: `dot pair-dot${kind}${touched(k) ? "" : " faded"}`,
        transform: `translate(${left.toFixed(2)},${top.toFixed(2)})`,
        "aria-label": `${letters}, ${said.join(" and ")}: score ${brief(score)}, ${lossOf(spec, state).matrix} ${brief(similarity)}`,
      });
      const label = names[k];
      setText(setAttributes(dot.children[2], { x: label && label.x + label.width / 2 - left, y: label && label.y + 12 - top, visibility: label ? null : "hidden" }), letters);
    });
  }

  function makeDot(index, orders) {
    const dot = svg("g", { tabindex: 0, role: "button" }, svg("circle", { class: "hit", r: 22 }), svg("circle", { class: "shown", r: DOT }), svg("text", { "text-anchor": "middle" }));
    return lights(dot, actions, () => ({ kind: orders ? "pair" : "term", index }));
  }

  function drawShares(parts, { bottom }) {
    const inner = width - 4;
    const y = bottom + 20;
    let at = 2;
    const bars = { negative: "", positive: "", one: "" }; // a path for each kind: there may be many wrong orders
    for (const { kind, share } of parts) {
      const size = share * inner;
      bars[kind] += rectangle(at, y, Math.max(0, size - 1), SHARES.bar);
      at += size;
    }
    keep(shareBars, 3, (k) => svg("path", { class: Object.keys(bars)[k] })).forEach((bar, k) => setAttributes(bar, { d: Object.values(bars)[k] }));
    const first = parts.find(({ kind }) => kind === "negative");
    const one = parts.at(-1);
    setText(setAttributes(shareWords[0], { x: 2, y: bottom + 12 }), "The softmax: orders, and the 1 of the formula");
    setText(setAttributes(shareWords[1], { x: 2, y: y + 30, class: first ? "negative" : "positive" }), first ? `${first.words}: ${tenths(first.share)}` : `in order: ${tenths(parts[0].share)}`);
    setText(setAttributes(shareWords[2], { x: width - 2, y: y + 30 }), `the 1: ${tenths(one.share)}`);
  }

  return {
    root,
    measure() {
      width = Math.max(240, root.clientWidth);
    },
    draw(state, result, reading) {
      const { terms } = reading;
      const pairs = scoredPairs(situationOf(spec, state), result.terms);
      const { axes: kinds, matrix } = lossOf(spec, state);
      const orders = kinds.length > 1;
      const [left, right] = span(pairs.map(({ score }) => score), 0, 1);
      const [low, high] = span([...pairs.map(({ similarity }) => similarity), ...(orders ? [] : [left, right])], matrix === "cosine" ? -1 : 0, 1);
      const height = Math.round(Math.max(280, Math.min(400, width * 0.9)));
      const x = (score) => SPACE.left + 10 + ((score - left) / (right - left)) * (width - SPACE.left - SPACE.right - 10);
      const y = (similarity) => height - SPACE.bottom - ((similarity - low) / (high - low)) * (height - SPACE.top - SPACE.bottom);
      const layout = { left, right, low, high, x, y, bottom: height };
      const whole = height + (orders ? SHARES.height : 0);
      setAttributes(picture, { width, height: whole, viewBox: `0 0 ${width} ${whole}` });
      drawAxes(matrix, orders, layout);
      setAttributes(line, { d: orders ? "" : polyline([left, right].map((score) => [x(score), y(score)])) });
      drawSegments(state, orders ? terms : [], pairs, layout);
      drawDrops(state, orders ? [] : terms, pairs, layout);
      if (layers.dots.dataset.orders !== String(orders)) layers.dots.replaceChildren();
      layers.dots.dataset.orders = orders;
      drawDots(state, terms, pairs, orders, layout);
      setAttributes(layers.shares, { visibility: orders ? null : "hidden" });
      if (orders) drawShares(shares(terms, result.terms.thresholds["the 1"]), layout);
    },
  };
}
