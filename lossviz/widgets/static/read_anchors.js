// Reads a search: a sentence among candidates, logits in a matrix, a softmax over each row, or over each column too.

import { fill, letter, percent, probability, quoted } from "./words.js";

export function softmax(logits) {
  const top = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

// Candidates of one sum, each with its share.
function shared(candidates) {
  const shares = softmax(candidates.map(({ logit }) => logit));
  return candidates.map((each, k) => ({ ...each, share: shares[k] }));
}

// Who looks for whom, in a block of the matrix.
export const BLOCKS = { query_to_doc: "anchor → document", query_to_query: "anchor → anchor", doc_to_query: "positive → anchor", doc_to_doc: "positive → document" };

const sumOf = (shares) => shares.reduce((sum, { share }) => sum + share, 0);

// The target of a sum is its first positive. A joint sum may hold the pair again, for the way back: as one more rival.
const targetOf = (candidates) => candidates.find(({ positive }) => positive);

// One term: who searches, in one sum or the mean of several, each a list of candidates: {point, from, at, positive, share}.
function term({ situation, templates, numbers, terms }, { index, searcher, sums, count, wanted, part, ...others }) {
  const name = (point) => situation.sentences[point].short;
  const candidates = sums.flat();
  const targets = sums.map(targetOf);
  const [found, back] = targets;
  const rivals = candidates.filter(({ positive }) => !positive);
  const twice = sums[0].filter(({ positive }) => positive).length > 1;
  const value = terms.values[index];

  // It is pulled to a target by what all positives of the sum lack, and pushed from a rival by the share that it has.
  const linksOf = (sum, target) => sum.filter((each) => each === target || !each.positive).map(({ from, point, positive, share }) => ({
    from, to: point, side: positive ? "positive" : "negative",
    weight: part * (positive ? Math.max(0, 1 - sumOf(sum.filter((each) => each.positive))) : share),
  }));

  function note() {
    const gives = `${letter(searcher)}, ${quoted(name(searcher))}, gives ${wanted} ${quoted(name(found.point))} a share of ${percent(found.share)}`;
    const again = twice ? ", and as much again for the way back" : back ? `, which gives back ${percent(back.share)}` : "";
    return `${gives}${again}; ${against()}.`;
  }

  function against() {
    if (!rivals.length) return "it has no rival";
    const rival = rivals.reduce((best, each) => (each.share > best.share ? each : best));
    const [whose, comma] = rival.from === searcher ? ["its strongest rival", ""] : [`the strongest rival of ${letter(searcher)} for ${letter(rival.from)},`, ","];
    return `${whose} ${quoted(name(rival.point))}${comma} has ${percent(rival.share)}`;
  }

  return {
    index, value, candidates, ...others,
    kind: "anchor",
    points: [...new Set([searcher, found.point, ...candidates.filter(({ share }) => share >= 0.01).flatMap(({ from, point }) => [from, point])])],
    letters: [...new Set(candidates.map(({ from }) => from))].map(letter).join("–"),
    get who() { return `${name(searcher)} → ${name(found.point)}`; },
    links: sums.flatMap((sum, k) => linksOf(sum, targets[k])),
    get exponents() { return sums.flatMap((sum, k) => sum.map((each) => ({ at: each.at, weight: (each.share - (each === targets[k])) / sums.length / count }))); },
    valid: Boolean(terms.valid[index]),
    active: Boolean(terms.active[index]),
    get formula() {
      const [p, q] = targets.map(({ share }) => probability(share));
      return value && templates ? fill(templates.anchor, { ...numbers, p, q, B: count }) : null;
    },
    get note() { return note(); },
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
      return { ...column, at, from: column.from[index], column: k, logit: terms.matrix[at], positive: Boolean(terms.positive[at]), out: !terms.positive[at] && !terms.negative[at] };
    });
    const sums = variant.searches.map((_, sum) => shared(cells.filter((cell) => cell.sum === sum && !cell.out)));
    return term(given, { index, searcher, sums, count: anchors.length, wanted: "its positive", part: 1 / sums.length, row: index });
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
    const candidates = shared(cells.map((at, k) => ({
      at, column: direction ? place : k, row: direction ? k : place, point: direction ? anchors[k] : found[k], from: direction ? found[place] : anchors[place],
      logit: terms.matrix[at], positive: k === place,
    })));
    const searcher = direction ? found[place] : anchors[place];
    return term(given, { index: direction * size + place, searcher, sums: [candidates], count: 2 * size, wanted: wanted[direction], part: 0.5, ...(direction ? { column: place } : { row: place }) });
  };
  return [0, 1].flatMap((direction) => anchors.map((_, place) => searchOf(direction, place)));
}

export const readAnchors = (given) => (given.loss.axes.length > 1 ? ofBothWays : ofRows)(given);
