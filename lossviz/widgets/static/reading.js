// Reads a result as a reader would: which terms there are, whom they join, what each adds, and one sentence about it all.
// Pure functions of (spec, state, result).

import { lossOf, situationOf, variantOf } from "./state.js";

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

// A number with so many digits after the point; one too small to show two of them as a power of ten, never as zero.
export function fixed(value, digits = 4) {
  const sign = value < 0 ? "−" : "";
  const size = Math.abs(value);
  if (size === 0 || size >= 10 ** (1 - digits)) return sign + size.toFixed(digits);
  const [mantissa, exponent] = size.toExponential(1).split("e-");
  return `${sign}${mantissa}·10⁻${[...exponent].map((digit) => SUPERSCRIPTS[digit]).join("")}`;
}

// A number with as many digits as it needs, at most `digits`.
export const brief = (value, digits = 3) => {
  const text = fixed(value, digits);
  return text.includes("·") ? text : text.replace(/\.?0+$/, "");
};

export const letter = (index) => String.fromCharCode(65 + index);

const quoted = (short) => `“${short}”`;
const both = (term) => term.names.map(quoted).join(" and ");

// "{d}" and the like in a formula, filled with numbers.
export function fill(template, numbers) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => {
    if (!(name in numbers)) throw new Error(`formula: expected one of ${Object.keys(numbers)}, got ${whole}`);
    return numbers[name];
  });
}

const signOf = (positive, negative) => (positive && negative ? "both" : positive ? "positive" : "negative");

// A number between 0 and 1 as a label weighs both halves of a term.
function pairFormula(templates, sign, label, numbers) {
  if (!templates) return null;
  if (sign !== "both") return fill(templates[sign], numbers);
  const halves = [[label, templates.positive], [1 - label, templates.negative]];
  return halves.map(([weight, template]) => `${brief(weight, 4)} · ${fill(template, numbers)}`).join(" + ");
}

function readPairs(spec, state, { terms }) {
  const situation = situationOf(spec, state);
  const templates = variantOf(spec, state).term;
  const [first, second] = Object.values(situation.rows);
  const parameters = Object.fromEntries(
    Object.entries(state.parameters).filter(([, value]) => typeof value === "number").map(([name, value]) => [name, brief(value, 4)]),
  );
  return first.map((anchor, index) => {
    const points = [anchor, second[index]];
    const [a, b] = points.map((point) => situation.sentences[point]);
    const sign = signOf(terms.positive[index], terms.negative[index]);
    const numbers = { ...parameters, d: fixed(terms.matrix[index], 5), B: first.length };
    return {
      index,
      points,
      sign,
      label: situation.labels[index],
      distance: terms.matrix[index],
      valid: Boolean(terms.valid[index]),
      active: Boolean(terms.active[index]),
      value: terms.values[index],
      letters: points.map(letter).join("–"),
      names: [a, b].map((sentence) => sentence.short),
      formula: terms.active[index] ? pairFormula(templates, sign, situation.labels[index], numbers) : null,
    };
  });
}

const READERS = { pair: readPairs };

export function read(spec, state, result) {
  const reader = READERS[lossOf(spec, state).axes.join(", ")];
  const terms = reader ? reader(spec, state, result) : [];
  return { loss: result.loss, terms, ranked: ranked(terms), caption: caption(spec, state, result, terms) };
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

const plural = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;
const SIDE_WORDS = { positive: "positive", negative: "negative", both: "weighed" };

function caption(spec, state, result, terms) {
  const axis = lossOf(spec, state).axes.at(-1);
  const active = terms.filter((term) => term.active);
  if (!terms.length) return `The loss is ${fixed(result.loss)}.`;
  const { lit } = state;
  if (lit?.kind === "term") return describe(terms[lit.index]);
  if (lit?.kind === "point") return describePoint(spec, state, terms, lit.index);
  const count = `${active.length} of ${plural(terms.length, axis)} ${active.length === 1 ? "is" : "are"} active`;
  if (!active.length) return `${count}: nothing pulls and nothing pushes, so no point will move.`;
  const [largest] = ranked(terms);
  if (!largest) return `${count}.`;
  const share = Math.round((100 * largest.value) / result.loss);
  const side = SIDE_WORDS[largest.sign];
  return `${count}; ${share} % of the loss comes from ${axis} ${largest.letters}, the ${side} ${axis} of ${both(largest)}.`;
}

function describe(term) {
  const side = SIDE_WORDS[term.sign];
  const stand = `${term.letters}, the ${side} pair of ${both(term)}, stands at distance ${fixed(term.distance)}`;
  if (!term.active) return `${stand} and is left alone.`;
  const verb = { positive: "pulled together", negative: "pushed apart", both: "pulled and pushed" }[term.sign];
  return `${stand} and is ${verb}: it adds ${fixed(term.value, 5)}.`;
}

function describePoint(spec, state, terms, index) {
  const name = `${letter(index)}, ${quoted(situationOf(spec, state).sentences[index].short)},`;
  const own = terms.filter((term) => term.points.includes(index));
  const active = own.filter((term) => term.active);
  if (!active.length) return `${name} stands in ${plural(own.length, "pair")}; none is active, so it stays where it is.`;
  const partners = active.map((term) => {
    const partner = letter(term.points[0] === index ? term.points[1] : term.points[0]);
    return { positive: `pulled to ${partner}`, negative: `pushed from ${partner}`, both: `weighed against ${partner}` }[term.sign];
  });
  return `${name} stands in ${plural(own.length, "pair")} and is ${partners.join(", ")}.`;
}
