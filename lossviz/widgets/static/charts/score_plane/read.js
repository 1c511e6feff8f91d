// Reads pairs with scores: one term a pair, or one for every two pairs in order, the lower score before the higher.

import { hides } from "../../state.js";
import { ROUNDING, brief, fixed, letter, quoted } from "../../words.js";

// One number and one score for each pair; a term is a pair, or two of them.
export function fits({ situation, loss, result: { shapes } }) {
  const rows = Object.values(situation.rows);
  const each = (size) => size === rows[0].length;
  const [matrix, values] = [shapes.matrix, shapes.values];
  if (!situation.labels || rows.length !== 2 || matrix.length !== 1) return false;
  return values.length === loss.axes.length && values.length < 3 && [...matrix, ...values].every(each);
}

// The pairs of the batch: {index, points, letters, names, score, similarity}.
export function scoredPairs({ situation, result }) {
  const [first, second] = Object.values(situation.rows);
  return first.map((one, index) => {
    const points = [one, second[index]];
    return {
      index, points,
      letters: points.map(letter).join("–"),
      names: points.map((point) => situation.sentences[point].short),
      score: situation.labels[index],
      similarity: result.terms.matrix[index],
    };
  });
}

// A pair and the way in which it is drawn; where a question asks for it, it is not told.
const link = ({ spec, state }, { points: [from, to] }, way, weight) =>
  ({ from, to, side: hides(spec, state) ? "both" : way, weight });

// ---- a pair by itself: its similarity shall be its score, where its definition names both

function pairWords({ loss }, { letters, names, score, similarity }, { aimed, active, kind, value }) {
  const has = `has the score ${brief(score)} and the ${loss.reads} ${fixed(similarity)}`;
  const adds = Math.abs(value) > ROUNDING ? `adds ${fixed(value, 5)}` : null;
  const way = kind === "positive" ? "closer" : "apart";
  const end = adds && !active ? `it ${adds}, but moves nothing`
    : aimed && adds ? `it is drawn ${way} and ${adds}`
    : aimed ? "it stands where it should" : `it ${adds ?? "adds nothing"}`;
  return `${letters}, ${names.map(quoted).join(" and ")}, ${has}: ${end}.`;
}

function ofPair(given, pair, term) {
  const aimed = "s" in term.numbers && "y" in term.numbers;
  const way = pair.similarity < pair.score ? "positive" : "negative"; // in which it is drawn
  const more = aimed ? { kind: way, links: [link(given, pair, way, 1)] } : {};
  return Object.assign(term, {
    ...more, aimed,
    pairs: term.place,
    words: { ...term.words, note: (told) => pairWords(given, pair, told) },
  });
}

// ---- two pairs in order: with its part of the softmax, where the definition has one

// The higher score is not the more similar one.
const isWrong = (lower, higher, { loss }) =>
  loss.reads === "distance" ? lower.similarity < higher.similarity : lower.similarity > higher.similarity;

const areLevel = (lower, higher) => lower.similarity === higher.similarity;

function orderWords({ loss }, lower, higher, { value, wrong }) {
  const has = ({ letters, score, similarity }) =>
    `${letters} (score ${brief(score)}) has the ${loss.reads} ${fixed(similarity)}`;
  const stands = areLevel(lower, higher) ? "level" : wrong ? "the wrong way round" : "in order";
  return `${has(lower)}, ${has(higher)}: ${stands}. It adds ${fixed(value, 5)}.`;
}

function ofOrder(given, [lower, higher], term) {
  const { share } = term.numbers;
  const wrong = isWrong(lower, higher, given);
  return Object.assign(term, {
    share, wrong, level: areLevel(lower, higher),
    strength: share ?? Math.abs(term.value / (given.result.loss || 1)), // how wide it is drawn: its part of the whole
    kind: wrong ? "negative" : "positive",
    pairs: term.place,
    points: [...new Set([...lower.points, ...higher.points])],
    letters: `${lower.letters} < ${higher.letters}`,
    links: [link(given, lower, "negative", share ?? 1), link(given, higher, "positive", share ?? 1)],
    words: {
      who: () => `${lower.names.join(" / ")} < ${higher.names.join(" / ")}`,
      note: (told) => orderWords(given, lower, higher, told),
    },
  });
}

export function read(given, terms, generic) {
  const pairs = scoredPairs(given);
  return terms.map((term) => {
    const own = term.place.map((k) => pairs[k]);
    return own.length > 1 ? ofOrder(given, own, term) : ofPair(given, own[0], generic(term));
  });
}
