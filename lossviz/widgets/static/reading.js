// Reads a result as a reader would: which terms there are, whom they join, what each adds, and one sentence about it all.
// Pure functions of (spec, state, result).
//
// A term is {index, points, links, kind, valid, active, value, letters, who, formula, note}, and what its chart needs:
//   points    the sentences it concerns
//   links     whom it pulls together or pushes apart: [{from, to, side: "positive" | "negative" | "both" | "class", weight}]
//   letters   its points in short, who its sentences by name: its two names in the sum
//   kind      what it is called when it is described: "positive", "negative", "both", "triplet", "class" or "anchor"
//   note      one sentence about it
//   standIns  what is counted where the batch lacks a sentence that the term needs: [words]; absent for none
//
//   index     its place in `values`, laid out flat
//   pairs     the scored pairs that it compares; absent where there are none
//   exponents the entries of the matrix by which it pulls, and how much: [{at, weight}]; absent for what its value tells
//
// Each chart has a reader, a file of its own, which makes the terms out of {situation, loss, variant, templates, numbers,
// terms, shapes, total}.

import { readAnchors } from "./read_anchors.js";
import { readClasses } from "./read_classes.js";
import { readPairs } from "./read_pairs.js";
import { readScores, scoredPairs } from "./read_scores.js";
import { readTriplets } from "./read_triplets.js";
import { lossOf, situationOf, variantOf } from "./state.js";
import { brief, fixed, letter, percent, plural, quoted } from "./words.js";

const READERS = { "distance line": readPairs, "triplet plane": readTriplets, "score plane": readScores, "class regions": readClasses, "score matrix": readAnchors };

// What one calls a term; by its last axis if nothing better is known.
const NOUNS = { "anchor positive": "positive pair", "anchor positive negative": "triplet", "lower pair higher pair": "order", "direction anchor": "choice" };
const nounOf = ({ axes }) => NOUNS[axes.join(" ")] ?? axes.at(-1);

export function read(spec, state, result) {
  const situation = situationOf(spec, state);
  const numbers = Object.fromEntries(
    Object.entries(state.parameters).filter(([, value]) => typeof value === "number").map(([name, value]) => [name, brief(value, 4)]),
  );
  const reader = READERS[lossOf(spec, state).chart];
  const variant = variantOf(spec, state);
  const given = { situation, numbers, variant, loss: lossOf(spec, state), templates: variant.term, terms: result.terms, shapes: result.shapes, total: result.loss };
  const terms = reader ? reader(given) : [];
  return { loss: result.loss, terms, ranked: ranked(terms), classes: classesOf(situation), get measures() { return measures(spec, state, result, terms); }, caption: caption(spec, state, result, terms) };
}

// What one measures in a state that has gone wrong: label counts, mean distance, gradient norm, active terms.
function measures(spec, state, { terms, pointGradients }, read) {
  const counted = (mask) => mask.filter(Boolean).length;
  const entries = Array.from(terms.matrix).filter((_, k) => terms.positive[k] || terms.negative[k]);
  const mean = entries.reduce((sum, value) => sum + value, 0) / Math.max(1, entries.length);
  const norm = Math.hypot(...pointGradients.flat());
  const name = `mean ${lossOf(spec, state).matrix}`;
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
  const touched = { term: (term) => term.index === index, pair: (term) => term.pairs?.includes(index), point: (term) => term.points.includes(index) }[kind];
  return new Set(terms.filter(touched).map((term) => term.index));
}

export function litPoints(state, terms) {
  if (!state.lit) return null;
  const own = state.lit.kind === "point" ? [state.lit.index] : [];
  const lit = litTerms(state, terms);
  return new Set([...own, ...terms.filter((term) => lit.has(term.index)).flatMap((term) => term.points)]);
}

function caption(spec, state, result, terms) {
  const noun = nounOf(lossOf(spec, state));
  if (!terms.length) return lossOf(spec, state).chart in READERS ? `There is no ${noun} in this batch: the loss is ${fixed(result.loss)}.` : `The loss is ${fixed(result.loss)}.`;
  const { lit } = state;
  if (lit?.kind === "term") return terms.find(({ index }) => index === lit.index)?.note ?? "";
  if (lit?.kind === "point") return describePoint(spec, state, terms, lit.index, noun);
  if (lit?.kind === "pair") return describePair(spec, state, result, terms, lit.index);
  const active = terms.filter((term) => term.active);
  const counted = (some, what) => `${some.length} of ${plural(terms.length, noun)} ${terms.length === 1 ? "is" : "are"} ${what}`;
  const count = noun === "order" ? counted(terms.filter(({ wrong }) => wrong), "the wrong way round") : counted(active, "active");
  if (!active.length) return `${count}: nothing pulls and nothing pushes, so no point will move.`;
  const [largest] = ranked(terms);
  if (!largest) return `${count}.`; // a loss of a reader's own may let terms pull that add nothing
  return `${count}. The largest term, ${percent(largest.value / result.loss)} of the loss: ${largest.note}`;
}

const PULLS = { positive: "pulled to", negative: "pushed from", both: "weighed against", class: "classified with" };

// A scored pair among the orders in which it stands.
function describePair(spec, state, result, terms, index) {
  const { letters, names, score, similarity } = scoredPairs(situationOf(spec, state), result.terms)[index];
  const own = terms.filter((term) => term.pairs.includes(index));
  const stands = `${letters}, ${names.map(quoted).join(" and ")}, has the score ${brief(score)} and the ${lossOf(spec, state).matrix} ${fixed(similarity)}`;
  return `${stands}; it stands in ${plural(own.length, "order")}, ${own.filter(({ wrong }) => wrong).length} of them the wrong way round.`;
}

function describePoint(spec, state, terms, index, noun) {
  const name = `${letter(index)}, ${quoted(situationOf(spec, state).sentences[index].short)},`;
  const own = terms.filter((term) => term.points.includes(index));
  const active = own.filter((term) => term.active);
  const stands = `${name} stands in ${plural(own.length, noun === "pair" ? "pair" : "term")}`;
  if (!active.length) return `${stands}; none is active, so it stays where it is.`;
  const links = active.flatMap((term) => term.links).filter(({ from, to }) => from === index || to === index);
  const pulls = new Set(links.map(({ from, to, side }) => `${PULLS[side]} ${letter(from === index ? to : from)}`));
  return `${stands} and is ${[...pulls].join(", ")}.`;
}
