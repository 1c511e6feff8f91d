// Reads a result as a reader would: which terms there are, whom they join, what each adds, which chart can show them,
// and one sentence about it all. Pure functions of (spec, state, result); types.d.ts says what they give.

import { CHARTS } from "../charts/index.js";
import { UNSEEN } from "../engine.js";
import { lengthOf } from "../geometry.js";
import { lossOf, situationOf, variantOf } from "../state.js";
import { ROUNDING, brief, fixed, letter, nounOf, percent, plural, quoted } from "../words.js";
import { createGeneric, termsOf } from "./terms.js";

const FELT = 0.005; // of a term: a link with a smaller part of it is not told
const PULLS = { positive: "pulled to", negative: "pushed from", both: "weighed against", class: "classified with" };

export function read(spec, state, result) {
  const [situation, loss, variant] = [situationOf, lossOf, variantOf].map((of) => of(spec, state));
  const given = { spec, state, result, situation, loss, variant };
  const { chart: wanted } = given.loss;
  const chart = Object.hasOwn(CHARTS, wanted) && CHARTS[wanted].fits(given) ? wanted : "none";
  const [bare, generic] = [termsOf(given), createGeneric(given)];
  const terms = chart === "none" ? bare.map(generic) : CHARTS[chart].read(given, bare, generic);
  const ranked = rankedOf(terms);
  return {
    loss: result.loss, terms, chart, ranked,
    classes: classesOf(situation),
    caption: caption(given, terms, ranked),
    get measures() { return measures(given, terms); },
  };
}

// Those that add something, largest first.
const rankedOf = (terms) =>
  terms.filter(({ value }) => Math.abs(value) > ROUNDING).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));

// The class of each point, where sentences have labels of their own.
function classesOf({ rows, labels, sentences }) {
  const [points, ...others] = Object.values(rows);
  if (!labels || others.length) return null;
  const kinds = [...new Set(labels)];
  return sentences.map((_, point) => kinds.indexOf(labels[points.indexOf(point)]));
}

// How long all gradients of points are together; 0 for what cannot be seen.
function normOf({ pointGradients }) {
  const norm = lengthOf(pointGradients.flat());
  return norm > UNSEEN ? norm : 0;
}

// How many pairs, triplets or candidates of each side there are: two sentences of one argument are one pair.
function countedIn({ situation: { rows, classes }, variant, result: { terms, shapes } }) {
  const [[, first], ...others] = Object.entries(rows);
  const entries = [...terms.matrix.keys()];
  const [positives, negatives] = [terms.positive, terms.negative].map((mask) => entries.filter((k) => mask[k]).length);
  const own = shapes.matrix.at(-1) === 2 && !variant.blocks.flat().length; // a row's own two, not candidates of all
  if ("negative" in rows && "anchor" in rows && own) return plural(first.length, "triplet");
  const weighed = entries.some((k) => terms.positive[k] && terms.negative[k]) || !(positives || negatives);
  if (classes.length || weighed) return plural(first.length, others.length ? "pair" : "sentence");
  const alone = others.length && shapes.matrix.length > 1; // not two sentences of a pair, but one that is looked for
  if (alone) return `${plural(positives, "positive")} and ${plural(negatives, "negative")}`;
  const share = others.length ? 1 : 2;
  return `${positives / share} positive and ${plural(negatives / share, "negative pair")}`;
}

// What one measures in a state that has gone wrong: label counts, mean distance, gradient norm, active terms.
function measures(given, read) {
  const { loss, result: { terms } } = given;
  const sided = terms.matrix.filter((_, k) => terms.positive[k] || terms.negative[k]);
  const entries = sided.length ? sided : terms.matrix;
  const mean = entries.reduce((sum, value) => sum + value, 0) / Math.max(1, entries.length);
  const active = read.filter((term) => term.active);
  return [
    countedIn(given), `mean ${loss.reads} ${fixed(mean)}`, `gradient norm ${fixed(normOf(given.result))}`,
    `${active.length} of ${plural(read.length, nounOf(loss.axes))} active`,
  ].join("; ") + ".";
}

// ---- what is lit

// The terms in which a lit point, pair or term takes part; null when nothing is lit.
export function litTerms({ lit }, terms) {
  if (!lit || (lit.kind === "term" && !terms.some(({ index }) => index === lit.index))) return null;
  const takesPart = {
    term: ({ index }) => index === lit.index,
    pair: ({ pairs }) => pairs.includes(lit.index),
    point: ({ points }) => points.includes(lit.index),
  }[lit.kind];
  return new Set(terms.filter(takesPart).map(({ index }) => index));
}

// The points of these terms, and a lit one even where it is in none.
export function litPoints({ lit }, terms, among) {
  if (!among) return null;
  const own = lit.kind === "point" ? [lit.index] : [];
  return new Set([...own, ...terms.filter(({ index }) => among.has(index)).flatMap(({ points }) => points)]);
}

// ---- the sentence

function caption(given, terms, ranked) {
  const { lit } = given.state;
  const touched = lit?.kind === "term" && terms.find(({ index }) => index === lit.index);
  if (touched) return touched.note;
  if (lit?.kind === "point") return describePoint(given, terms, lit.index);
  if (lit?.kind === "pair") return describePair(given, terms, lit.index);
  return describeAll(given, terms, ranked);
}

// How many terms move a point; of orders, how many are the wrong way round.
export function counted({ axes }, terms) {
  const told = terms.some(({ wrong }) => wrong !== undefined)
    ? [terms.filter(({ wrong }) => wrong), "the wrong way round"]
    : [terms.filter(({ active }) => active), "active"];
  const verb = [terms.length, told[0].length].includes(1) ? "is" : "are";
  return `${told[0].length} of ${plural(terms.length, nounOf(axes))} ${verb} ${told[1]}`;
}

function describeAll({ loss, result }, terms, [largest]) {
  const noun = nounOf(loss.axes);
  if (!terms.length) return `There is no ${noun} in this batch: the loss is ${fixed(result.loss)}.`;
  const count = counted(loss, terms);
  const still = normOf(result) === 0;
  const end = still ? ", and no point moves" : "";
  if (fixed(result.loss) === fixed(0)) return `${count}: the loss is ${fixed(0)}${end}.`;
  const rests = !terms.some(({ active }) => active);
  if (rests) return `${count}. The loss is ${fixed(result.loss)}, but it has no slope here: no point moves.`;
  if (still) return `${count}, but what they do to each point cancels out: no point moves.`;
  if (!largest) return `${count}.`; // a loss of a reader's own may let terms pull that add nothing
  const part = largest.share === undefined
    ? `The largest term, ${percent(largest.value / result.loss)} of the loss`
    : `The costliest ${noun}, ${percent(largest.share)} of the sum`;
  return `${count}. ${part}: ${largest.note}`;
}

// A row of the batch among the terms that compare it with others.
function describePair({ situation, loss, result }, terms, index) {
  const points = Object.values(situation.rows).map((rows) => rows[index]);
  const names = points.map((point) => quoted(situation.sentences[point].short)).join(" and ");
  const score = brief(situation.labels?.[index] ?? 0);
  const has = `the score ${score} and the ${loss.reads} ${fixed(result.terms.matrix[index])}`;
  const own = terms.filter(({ pairs }) => pairs.includes(index));
  const wrong = `${own.filter((term) => term.wrong).length} of them the wrong way round`;
  const stands = `it stands in ${plural(own.length, nounOf(loss.axes))}, ${wrong}`;
  return `${points.map(letter).join("–")}, ${names}, has ${has}; ${stands}.`;
}

const NO_WAY = "where two points coincide there is no direction to move in, so it stays where it is.";

// Where two points coincide a distance or an angle has no direction, whatever the term does to others.
function isFelt({ state: { points }, loss, variant }, { from, to, weight }) {
  const apart = points[from].some((value, axis) => Math.abs(value - points[to][axis]) > UNSEEN);
  return weight >= FELT && (apart || (loss.reads !== "distance" && variant.shape === "free"));
}

function describePoint(given, terms, index) {
  const { situation, loss, result } = given;
  const standing = terms.filter(({ points }) => points.includes(index));
  const active = standing.filter((term) => term.active);
  const called = plural(standing.length, nounOf(loss.axes) === "pair" ? "pair" : "term");
  const stands = `${letter(index)}, ${quoted(situation.sentences[index].short)}, stands in ${called}`;
  if (!active.length) return `${stands}; none is active, so it stays where it is.`;
  const own = active.flatMap((term) => term.links).filter(({ from, to }) => [from, to].includes(index));
  const links = own.filter((link) => isFelt(given, link));
  const stays = lengthOf(result.pointGradients[index]) <= UNSEEN;
  if (stays && own.some(({ weight }) => weight >= FELT) && !links.length) return `${stands}; ${NO_WAY}`;
  const pulls = new Set(links.map(({ from, to, side }) => `${PULLS[side]} ${letter(from === index ? to : from)}`));
  const end = stays ? "; that cancels out, so it stays where it is" : "";
  const told = pulls.size ? ` and is ${[...pulls].join(", ")}` : `, ${active.length} of them active`;
  return `${stands}${told}${end}.`;
}
