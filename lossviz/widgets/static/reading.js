// Reads a result as a reader would: which terms there are, whom they join, what each adds, and one sentence about it all.
// Pure functions of (spec, state, result).
//
// A term is {index, points, links, kind, valid, active, value, letters, names, formula, note}:
//   points  the sentences it concerns
//   links   whom it pulls together or pushes apart: [{from, to, side: "positive" | "negative" | "both", weight}]
//   names   the sentences by name, in the order of the formula
//   kind    what it is called when it is described: "positive", "negative", "both", "triplet" or "anchor"
//   note    one sentence about it

import { lossOf, situationOf, variantOf } from "./state.js";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const ROUNDING = 1e-12; // what is smaller is the rounding of numbers near 1

// A number with so many digits after the point; one too small to show two of them as a power of ten, never as zero.
export function fixed(value, digits = 4) {
  const sign = value < -ROUNDING ? "−" : "";
  const size = Math.abs(value);
  if (size >= 1e7) return sign + size.toExponential(1).replace("e+", "·10^");
  if (size < ROUNDING || size >= 10 ** (1 - digits)) return sign + size.toFixed(digits);
  const [mantissa, exponent] = size.toExponential(1).split("e-");
  if (!exponent) return sign + size.toFixed(digits); // 0.99…, which rounds to 1
  return `${sign}${mantissa}·10⁻${[...exponent].map((digit) => SUPERSCRIPTS[digit]).join("")}`;
}

// A number with as many digits as it needs: at most `digits` after the point, or two that count where it is small.
export function brief(value, digits = 3) {
  const size = Math.abs(value);
  const few = size >= 1e-4 && size < 10 ** (1 - digits);
  const text = few ? (value < 0 ? "−" : "") + Number(size.toPrecision(2)) : fixed(value, digits);
  return text.includes("·") || !text.includes(".") ? text : text.replace(/\.?0+$/, "");
}

// A share of the whole; never shown as nothing or all where it is not.
export const percent = (share) =>
  share > 0 && share < 0.005 ? "<1 %" : share < 1 && share >= 0.995 ? ">99 %" : `${Math.round(100 * share)} %`;

export const letter = (index) => String.fromCharCode(65 + index);

const quoted = (short) => `“${short}”`;
const both = (names) => names.map(quoted).join(" and ");
const plural = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;

// "{d}" and the like in a formula, filled with numbers.
export function fill(template, numbers) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => {
    if (!(name in numbers)) throw new Error(`formula: expected one of ${Object.keys(numbers)}, got ${whole}`);
    return numbers[name];
  });
}

// ---- pairs: one term a pair, its distance in the matrix

const SIDE_WORDS = { positive: "positive", negative: "negative", both: "weighed" };
const PAIR_VERBS = { positive: "pulled together", negative: "pushed apart", both: "pulled and pushed" };

const sideOf = (positive, negative) => (positive && negative ? "both" : positive ? "positive" : "negative");

// A number between 0 and 1 as a label weighs both halves of a term.
function pairFormula(templates, side, label, numbers) {
  if (!templates) return null;
  if (side !== "both") return fill(templates[side], numbers);
  const halves = [[label, templates.positive], [1 - label, templates.negative]];
  return halves.map(([weight, template]) => `${brief(weight, 4)} · ${fill(template, numbers)}`).join(" + ");
}

function readPairs({ situation, templates, numbers, terms }) {
  const [first, second] = Object.values(situation.rows);
  return first.map((anchor, index) => {
    const points = [anchor, second[index]];
    const side = sideOf(terms.positive[index], terms.negative[index]);
    const own = { ...numbers, d: fixed(terms.matrix[index], 5), B: first.length };
    const names = points.map((point) => situation.sentences[point].short);
    const letters = points.map(letter).join("–");
    const active = Boolean(terms.active[index]);
    const stand = `${letters}, the ${SIDE_WORDS[side]} pair of ${both(names)}, stands at distance ${fixed(terms.matrix[index])}`;
    return {
      index, points, letters, names, active,
      kind: side,
      links: [{ from: anchor, to: second[index], side, weight: 1 }],
      label: situation.labels[index],
      distance: terms.matrix[index],
      valid: Boolean(terms.valid[index]),
      value: terms.values[index],
      formula: terms.values[index] ? pairFormula(templates, side, situation.labels[index], own) : null,
      note: active ? `${stand} and is ${PAIR_VERBS[side]}: it adds ${fixed(terms.values[index], 5)}.` : `${stand} and is left alone.`,
    };
  });
}

// ---- anchors with their hardest positive and hardest negative: one term an anchor, distances in a square matrix

function readTriplets({ situation, templates, numbers, terms }) {
  const [rows] = Object.values(situation.rows);
  const size = rows.length;
  const row = (index) => Array.from({ length: size }, (_, column) => terms.matrix[index * size + column]);
  const any = (mask, index) => row(index).some((_, column) => mask[index * size + column]);
  return rows.map((anchor, index) => {
    const positive = any(terms.positive, index) ? terms.chosen["hardest positive"][index] : null;
    const negative = any(terms.negative, index) ? terms.chosen["hardest negative"][index] : null;
    const toPositive = positive === null ? 0 : row(index)[positive];
    const toNegative = negative === null ? Math.max(...row(index)) : row(index)[negative];
    const own = { ...numbers, d_ap: fixed(toPositive, 5), d_an: fixed(toNegative, 5), B: size };
    const point = (place) => (place === null ? null : rows[place]);
    const points = [anchor, point(positive), point(negative)].filter((each) => each !== null);
    const active = Boolean(terms.active[index]);
    const short = (each) => (each === null ? "none" : quoted(situation.sentences[each].short));
    const stand = `${letter(anchor)}, ${short(anchor)}, has its hardest positive ${short(point(positive))} at ${fixed(toPositive)} and its hardest negative ${short(point(negative))} at ${fixed(toNegative)}`;
    return {
      index, points, active, toPositive, toNegative,
      kind: "triplet",
      letters: letter(anchor),
      names: points.map((each) => situation.sentences[each].short),
      links: [
        ...(positive === null ? [] : [{ from: anchor, to: rows[positive], side: "positive", weight: 1 }]),
        ...(negative === null ? [] : [{ from: anchor, to: rows[negative], side: "negative", weight: 1 }]),
      ],
      row: row(index).map((distance, column) => ({ distance, positive: terms.positive[index * size + column], negative: terms.negative[index * size + column] })),
      valid: Boolean(terms.valid[index]),
      value: terms.values[index],
      formula: terms.values[index] && templates ? fill(templates.triplet, own) : null,
      note: `${stand}; ${active ? `it adds ${fixed(terms.values[index], 5)}` : "it moves nothing"}.`,
    };
  });
}

// ---- anchors against candidates: one term an anchor, logits in a matrix, a softmax over each row

export function softmax(logits) {
  const top = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function readAnchors({ situation, templates, numbers, terms }) {
  const [anchors, ...others] = Object.values(situation.rows);
  const candidates = others.flat();
  return anchors.map((anchor, index) => {
    const logits = candidates.map((_, column) => terms.matrix[index * candidates.length + column]);
    const shares = softmax(logits);
    const target = terms.chosen.target[index];
    const rival = shares.map((_, column) => column).filter((column) => column !== target).reduce((best, column) => (best === null || shares[column] > shares[best] ? column : best), null);
    const name = (point) => situation.sentences[point].short;
    const against = rival === null ? "it has no rival" : `its strongest rival ${quoted(name(candidates[rival]))} has ${percent(shares[rival])}`;
    return {
      index, logits, shares, target,
      kind: "anchor",
      points: [...new Set([anchor, candidates[target], ...candidates.filter((_, column) => shares[column] >= 0.01)])],
      letters: letter(anchor),
      names: [name(anchor), name(candidates[target])],
      candidates: candidates.map(letter),
      links: candidates.map((to, column) => ({ from: anchor, to, side: column === target ? "positive" : "negative", weight: column === target ? 1 - shares[column] : shares[column] })),
      valid: Boolean(terms.valid[index]),
      active: Boolean(terms.active[index]),
      value: terms.values[index],
      formula: terms.values[index] && templates ? fill(templates.anchor, { ...numbers, p: fixed(shares[target], 5), B: anchors.length }) : null,
      note: `${letter(anchor)}, ${quoted(name(anchor))}, gives its positive ${quoted(name(candidates[target]))} a share of ${percent(shares[target])}; ${against}.`,
    };
  });
}

const READERS = { "distance line": readPairs, "triplet plane": readTriplets, "score matrix": readAnchors };

export function read(spec, state, result) {
  const situation = situationOf(spec, state);
  const numbers = Object.fromEntries(
    Object.entries(state.parameters).filter(([, value]) => typeof value === "number").map(([name, value]) => [name, brief(value, 4)]),
  );
  const reader = READERS[lossOf(spec, state).chart];
  const terms = reader ? reader({ situation, templates: variantOf(spec, state).term, numbers, terms: result.terms }) : [];
  return { loss: result.loss, terms, ranked: ranked(terms), classes: classesOf(situation), measures: measures(spec, state, result, terms), caption: caption(spec, state, result, terms) };
}

// What one measures in a state that has gone wrong: label counts, mean distance, gradient norm, active terms.
function measures(spec, state, { terms, pointGradients }, read) {
  const counted = (mask) => mask.filter(Boolean).length;
  const entries = Array.from(terms.matrix).filter((_, k) => terms.positive[k] || terms.negative[k]);
  const mean = entries.reduce((sum, value) => sum + value, 0) / Math.max(1, entries.length);
  const norm = Math.hypot(...pointGradients.flat());
  const name = lossOf(spec, state).chart === "score matrix" ? "mean logit" : "mean distance";
  return [
    `${counted(Array.from(terms.positive))} positive and ${counted(Array.from(terms.negative))} negative entries`,
    `${name} ${fixed(mean)}`, `gradient norm ${fixed(norm)}`, `${read.filter((term) => term.active).length} of ${read.length} terms active`,
  ].join("; ") + ".";
}

// The class of each point, where sentences have labels of their own.
function classesOf({ rows, labels, sentences }) {
  const [points, ...others] = Object.values(rows);
  if (!labels || others.length) return null;
  const kinds = [...new Set(labels)];
  return sentences.map((_, point) => kinds.indexOf(labels[points.indexOf(point)]));
}

export const ranked = (terms) => terms.filter((term) => term.value !== 0).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));

// The terms in which a lit point or term takes part; null when nothing is lit.
export function litTerms(state, terms) {
  if (!state.lit) return null;
  const { kind, index } = state.lit;
  return new Set(terms.filter((term) => (kind === "term" ? term.index === index : term.points.includes(index))).map((term) => term.index));
}

export function litPoints(state, terms) {
  if (!state.lit) return null;
  const own = state.lit.kind === "point" ? [state.lit.index] : [];
  const lit = litTerms(state, terms);
  return new Set([...own, ...terms.filter((term) => lit.has(term.index)).flatMap((term) => term.points)]);
}

function caption(spec, state, result, terms) {
  if (!terms.length) return `The loss is ${fixed(result.loss)}.`;
  const axis = lossOf(spec, state).axes.at(-1);
  const { lit } = state;
  if (lit?.kind === "term") return terms[lit.index].note;
  if (lit?.kind === "point") return describePoint(spec, state, terms, lit.index, axis);
  const active = terms.filter((term) => term.active);
  const count = `${active.length} of ${plural(terms.length, axis)} ${terms.length === 1 ? "is" : "are"} active`;
  if (!active.length) return `${count}: nothing pulls and nothing pushes, so no point will move.`;
  const [largest] = ranked(terms);
  if (!largest) return `${count}.`; // a loss of a reader's own may let terms pull that add nothing
  return `${count}. The largest term, ${percent(largest.value / result.loss)} of the loss: ${largest.note}`;
}

const PULLS = { positive: "pulled to", negative: "pushed from", both: "weighed against" };

function describePoint(spec, state, terms, index, axis) {
  const name = `${letter(index)}, ${quoted(situationOf(spec, state).sentences[index].short)},`;
  const own = terms.filter((term) => term.points.includes(index));
  const active = own.filter((term) => term.active);
  const stands = `${name} stands in ${plural(own.length, axis === "pair" ? "pair" : "term")}`;
  if (!active.length) return `${stands}; none is active, so it stays where it is.`;
  const links = active.flatMap((term) => term.links).filter(({ from, to }) => from === index || to === index);
  const pulls = new Set(links.map(({ from, to, side }) => `${PULLS[side]} ${letter(from === index ? to : from)}`));
  return `${stands} and is ${[...pulls].join(", ")}.`;
}
