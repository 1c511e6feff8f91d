// Reads anchors against candidates: one term an anchor, logits in a matrix, a softmax over each row.

import { fill, letter, percent, probability, quoted } from "./words.js";

export function softmax(logits) {
  const top = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

export function readAnchors({ situation, templates, numbers, terms }) {
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
      who: `${name(anchor)} → ${name(candidates[target])}`,
      candidates: candidates.map(letter),
      links: candidates.map((to, column) => ({ from: anchor, to, side: column === target ? "positive" : "negative", weight: column === target ? 1 - shares[column] : shares[column] })),
      valid: Boolean(terms.valid[index]),
      active: Boolean(terms.active[index]),
      value: terms.values[index],
      formula: terms.values[index] && templates ? fill(templates.anchor, { ...numbers, p: probability(shares[target]), B: anchors.length }) : null,
      note: `${letter(anchor)}, ${quoted(name(anchor))}, gives its positive ${quoted(name(candidates[target]))} a share of ${percent(shares[target])}; ${against}.`,
    };
  });
}
