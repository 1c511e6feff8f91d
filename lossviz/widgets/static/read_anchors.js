// Reads a search: a sentence among candidates, logits in a matrix, a softmax over each row, or over each column too.

import { fill, letter, percent, probability, quoted } from "./words.js";

export function softmax(logits) {
  const top = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

// One term: who searches, among which candidates ({point, from, positive, share}), and which of them is the target.
function term({ situation, templates, numbers, terms }, { index, searcher, candidates, target, count, wanted, part, ...others }) {
  const name = (point) => situation.sentences[point].short;
  const found = candidates[target];
  const rival = candidates.filter(({ positive }) => !positive).reduce((best, each) => (best === null || each.share > best.share ? each : best), null);
  const against = rival === null ? "it has no rival" : `its strongest rival ${quoted(name(rival.point))} has ${percent(rival.share)}`;
  const value = terms.values[index];
  return {
    index, value, candidates, ...others,
    kind: "anchor",
    points: [...new Set([searcher, found.point, ...candidates.filter(({ share }) => share >= 0.01).flatMap(({ from, point }) => [from, point])])],
    letters: letter(searcher),
    get who() { return `${name(searcher)} → ${name(found.point)}`; },
    links: candidates.map(({ from, point, positive, share }) => ({ from, to: point, side: positive ? "positive" : "negative", weight: part * (positive ? 1 - share : share) })),
    valid: Boolean(terms.valid[index]),
    active: Boolean(terms.active[index]),
    get formula() { return value && templates ? fill(templates.anchor, { ...numbers, p: probability(Math.exp(-value * count)), B: count }) : null; },
    get note() { return `${letter(searcher)}, ${quoted(name(searcher))}, gives ${wanted} ${quoted(name(found.point))} a share of ${percent(found.share)}; ${against}.`; },
  };
}

// The columns of the matrix, block by block: who searches in each row (`from`), and who is found in each column (`to`).
export function candidatesOf(situation, searches) {
  const [anchors, ...others] = Object.values(situation.rows);
  const side = { query: { from: anchors, to: anchors }, doc: { from: others[0], to: others.flat() } };
  return searches.flatMap((blocks, sum) => blocks.flatMap((block) => {
    const [from, to] = block.split("_to_");
    return side[to].to.map((point, place) => ({ point, from: side[from].from, block, sum, first: place === 0 }));
  }));
}

// Each anchor among the candidates of its row; the shares of one sum add up to one. What takes no part has none.
function ofRows(given) {
  const { situation, terms, variant } = given;
  const [anchors] = Object.values(situation.rows);
  const columns = candidatesOf(situation, variant.searches);
  return anchors.map((searcher, index) => {
    const cells = columns.map((column, k) => {
      const at = index * columns.length + k;
      return { ...column, from: column.from[index], column: k, logit: terms.matrix[at], positive: Boolean(terms.positive[at]), out: !terms.positive[at] && !terms.negative[at] };
    });
    const shares = variant.searches.flatMap((_, sum) => softmax(cells.filter((cell) => cell.sum === sum).map(({ logit }) => logit)));
    const candidates = cells.map((cell, k) => ({ ...cell, share: cell.out ? 0 : shares[k] })).filter(({ out }) => !out);
    const target = candidates.findIndex(({ column }) => column === terms.chosen.target[index]);
    return term(given, { index, searcher, candidates, target, count: anchors.length, wanted: "its positive", part: 1, row: index });
  });
}

// Each anchor along its row, then each positive along its column; each search is half of the loss.
function ofBothWays(given) {
  const { situation, terms } = given;
  const [anchors, ...others] = Object.values(situation.rows);
  const found = others.flat();
  const [size, width] = [anchors.length, found.length];
  const wanted = "positive" in situation.rows ? ["its positive", "its anchor"] : ["its second pass", "its first pass"];
  const searchOf = (direction, place) => {
    const cells = direction ? anchors.map((_, row) => row * width + place) : found.map((_, column) => place * width + column);
    const shares = softmax(cells.map((at) => terms.matrix[at]));
    const candidates = cells.map((at, k) => ({
      column: direction ? place : k, row: direction ? k : place, point: direction ? anchors[k] : found[k], from: direction ? found[place] : anchors[place],
      logit: terms.matrix[at], positive: k === place, share: shares[k],
    }));
    const searcher = direction ? found[place] : anchors[place];
    return term(given, { index: direction * size + place, searcher, candidates, target: place, count: 2 * size, wanted: wanted[direction], part: 0.5, ...(direction ? { column: place } : { row: place }) });
  };
  return [0, 1].flatMap((direction) => anchors.map((_, place) => searchOf(direction, place)));
}

export const readAnchors = (given) => (given.loss.axes.length > 1 ? ofBothWays : ofRows)(given);
