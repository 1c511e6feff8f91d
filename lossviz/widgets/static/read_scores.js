// Reads pairs with scores: one term a pair, or one for every two pairs in order, the lower score before the higher.

import { brief, factor, fill, fixed, letter, quoted, tenths } from "./words.js";

// The pairs of the batch: {index, points, letters, names, score, similarity}.
export function scoredPairs(situation, { matrix }) {
  const [first, second] = Object.values(situation.rows);
  return first.map((one, index) => {
    const points = [one, second[index]];
    return { index, points, letters: points.map(letter).join("–"), names: points.map((point) => situation.sentences[point].short), score: situation.labels[index], similarity: matrix[index] };
  });
}

const bracketed = (value) => (value < 0 ? `(${fixed(value, 5)})` : fixed(value, 5)); // after a minus
const link = ({ points: [from, to] }, side, weight) => ({ from, to, side, weight });

// ---- a pair by itself: its similarity shall be its score

function ofPairs({ situation, templates, numbers, terms, loss }) {
  const pairs = scoredPairs(situation, terms);
  return pairs.map((pair) => {
    const { index, points, letters, names, score, similarity } = pair;
    const kind = similarity < score ? "positive" : "negative"; // which way it is drawn
    const value = terms.values[index];
    const way = kind === "positive" ? "closer" : "apart";
    const end = value ? `it is drawn ${way} and adds ${fixed(value, 5)}` : "it stands where it should";
    return {
      index, points, letters, kind, value,
      pairs: [index],
      get who() { return names.join(" / "); },
      links: [link(pair, kind, 1)],
      valid: Boolean(terms.valid[index]),
      active: Boolean(terms.active[index]),
      get formula() { return value && templates ? fill(templates.pair, { ...numbers, s: fixed(similarity, 5), y: brief(score, 4), B: pairs.length }) : null; },
      get note() { return `${letters}, ${names.map(quoted).join(" and ")}, has the score ${brief(score)} and the ${loss.matrix} ${fixed(similarity)}: ${end}.`; },
    };
  });
}

// ---- two pairs in order. `share` is the term's part of the softmax, in which the 1 of the formula has its own. What a term
// adds moves with every other share; it pulls by its own exponents, as strong as its share, and the sum is the same.

function ofOrders({ situation, templates, numbers, terms, loss, total }) {
  const pairs = scoredPairs(situation, terms);
  const size = pairs.length;
  const found = Array.from(terms.valid.keys()).filter((k) => terms.valid[k]);
  const at = (index) => [pairs[Math.floor(index / size)], pairs[index % size]];
  const scale = terms.thresholds.scale;
  const sum = found.map(at).reduce((whole, [lower, higher]) => whole + Math.exp(scale * (lower.similarity - higher.similarity)), 0);
  return found.map((index) => {
    const [lower, higher] = at(index);
    const value = terms.values[index];
    const share = total ? (value / total) * (1 - terms.thresholds["the 1"]) : 0;
    const wrong = lower.similarity > higher.similarity;
    const own = () => ({ ...numbers, s_low: fixed(lower.similarity, 5), s_high: bracketed(higher.similarity), loss: factor(total), sum: factor(sum) });
    const told = ({ letters, score, similarity }) => `${letters} (score ${brief(score)}) has the ${loss.matrix} ${fixed(similarity)}`;
    return {
      index, value, share, wrong,
      kind: wrong ? "negative" : "positive",
      pairs: [lower.index, higher.index],
      points: [...new Set([...lower.points, ...higher.points])],
      letters: `${lower.letters} < ${higher.letters}`,
      get who() { return `${lower.names.join(" / ")} < ${higher.names.join(" / ")}`; },
      links: [link(lower, "negative", share), link(higher, "positive", share)],
      exponents: [{ at: lower.index, weight: share * scale }, { at: higher.index, weight: -share * scale }],
      valid: true,
      active: Boolean(terms.active[index]),
      get formula() { return value && templates ? fill(templates.order, own()) : null; },
      get note() { return `${told(lower)}, ${told(higher)}: ${lower.similarity === higher.similarity ? "level" : wrong ? "the wrong way round" : "in order"}. This order has ${tenths(share)} of the softmax and adds ${fixed(value, 5)}.`; },
    };
  });
}

export const readScores = (given) => (given.loss.axes.length === 1 ? ofPairs : ofOrders)(given);
