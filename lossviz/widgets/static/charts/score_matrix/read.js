// Reads a search: a sentence among candidates, logits in a matrix, a softmax over each row, or over each column too.

import { columnsOf } from "../../state.js";
import { fixed, letter, percent, quoted } from "../../words.js";

const SEEN = 0.01; // a rival with a smaller share is none of a term's points

// A row of the matrix for each sentence that searches, in which some candidate is right; a term for each row, or for
// each row and each column.
export function fits({ situation, result: { terms, shapes } }) {
  const size = Object.values(situation.rows)[0].length;
  const [rows, columns] = shapes.matrix;
  if (shapes.matrix.length !== 2 || rows !== size || !terms.positive.some(Boolean)) return false;
  const values = shapes.values.join();
  return values === `${size}` || (values === `2,${size}` && columns >= size);
}

// ---- the columns of the matrix: who searches in each row (`from`), and who is found in each column (`point`)

function ofBlocks({ rows }, blocks) {
  const [anchors, positives = anchors] = Object.values(rows);
  const side = { query: { from: anchors, to: anchors }, doc: { from: positives, to: columnsOf({ rows }) } };
  return blocks.flatMap((together, sum) => together.flatMap((block) => {
    const [from, to] = block.split("_to_").map((name) => side[name]); // a reader's own loss may name others
    return to?.to.map((point, place) => ({ point, from: from?.from ?? anchors, block, sum, first: place === 0 })) ?? [];
  }));
}

// Without blocks that explain the columns: all other sentences, or those of one argument; else nobody knows who.
function ofWidth({ rows }, width) {
  const [anchors, ...others] = Object.values(rows);
  const found = [columnsOf({ rows }), ...others, anchors].find((points) => points.length === width);
  return Array.from({ length: width }, (_, place) => ({
    point: found ? found[place] : null, from: anchors, block: null, sum: 0, first: place === 0,
  }));
}

export function candidatesOf({ situation, variant, result }) {
  const width = result.shapes.matrix[1];
  const columns = ofBlocks(situation, variant.blocks);
  return columns.length === width ? columns : ofWidth(situation, width);
}

// ---- the candidates of one sum: {point, from, row, column, logit, share, positive}

// What is neither positive nor negative takes no part.
export const isOutside = ({ positive, negative }, at) => !positive[at] && !negative[at];

function alongRow({ result: { terms } }, columns, row) {
  return columns.flatMap(({ point, from, sum }, column) => {
    const at = row * columns.length + column;
    const [logit, positive, share] = [terms.matrix[at], Boolean(terms.positive[at]), terms.shares.row?.[at]];
    return isOutside(terms, at) ? [] : [{ point, from: from[row], sum, row, column, logit, positive, share }];
  });
}

function downColumn({ result: { terms } }, columns, column) {
  const { point: from, from: anchors } = columns[column];
  return anchors.map((point, row) => {
    const at = row * columns.length + column;
    const share = terms.shares.column?.[row * anchors.length + column];
    return { point, from, sum: 0, row, column, logit: terms.matrix[at], positive: Boolean(terms.positive[at]), share };
  });
}

// ---- words and links of one term

// The target of a sum is its first positive. A joint sum may hold the pair again, for the way back.
export const targetOf = (candidates) => candidates.find(({ positive }) => positive);

const sumOf = (candidates) => candidates.reduce((sum, { share }) => sum + share, 0);

// A rival's line is as thick as its share, the target's as the shares of all rivals together; `part` of it is drawn.
function linksOf(sum, part) {
  const rivals = sum.filter(({ positive }) => !positive);
  const known = sum.filter(({ from, point }) => from !== null && point !== null);
  const shown = known.filter((each) => each === targetOf(sum) || !each.positive);
  const weightOf = ({ positive, share }) => part * (positive ? sumOf(rivals) : share);
  return shown.map((each) => ({
    from: each.from, to: each.point, side: each.positive ? "positive" : "negative",
    weight: each.share === undefined ? 1 : weightOf(each),
  }));
}

const nameOf = ({ sentences }, { point, column }) =>
  point === null ? `column ${column + 1}` : quoted(sentences[point].short);

// In a sentence there is room for a digit more: a rival with 0.1 % still pushes, one with less hardly.
const shareOf = (share, rivals) => percent(share, { digits: 1, rivals });

// The strongest rival of all sums, and what it has.
function against({ situation }, searcher, rivals) {
  if (!rivals.length) return "it has no rival";
  const rival = rivals.reduce((best, each) => (each.share > best.share ? each : best));
  const own = rival.from === searcher;
  const whose = own ? "its strongest rival" : `the strongest rival of ${letter(searcher)} for ${letter(rival.from)},`;
  return `${whose} ${nameOf(situation, rival)}${own ? "" : ","} has ${shareOf(rival.share, true)}`;
}

function sharesInWords({ situation }, sums, wanted) {
  const [found, back] = sums.map(targetOf).filter(Boolean);
  const [there, returned] = sums;
  const twice = sums[0].filter(({ positive }) => positive).length > 1;
  const gives = back && `, which gives back ${shareOf(back.share, returned.length > 1)}`;
  const way = twice ? ", and as much again for the way back" : gives ?? "";
  return `gives ${wanted} ${nameOf(situation, found)} a share of ${shareOf(found.share, there.length > 1)}${way}`;
}

// Without shares nobody knows which rival counts: what the labels say, and the numbers.
function numbersInWords({ situation, loss }, candidates, wanted) {
  const found = targetOf(candidates);
  const rivals = candidates.filter(({ positive }) => !positive).map(({ logit }) => logit);
  const has = found
    ? `has the ${loss.reads} ${fixed(found.logit)} with ${wanted} ${nameOf(situation, found)}`
    : "has no positive in this batch";
  if (!rivals.length) return `${has}; it has no rival`;
  return `${has}; with its rivals from ${fixed(Math.min(...rivals))} to ${fixed(Math.max(...rivals))}`;
}

function noteOf(given, { searcher, sums, wanted }) {
  const candidates = sums.flat();
  const { sentences } = given.situation;
  const start = searcher === null ? "A column" : `${letter(searcher)}, ${quoted(sentences[searcher].short)},`;
  const shared = targetOf(candidates) && candidates.every(({ share }) => share !== undefined);
  if (!shared) return `${start} ${numbersInWords(given, candidates, wanted)}.`;
  const rivals = candidates.filter(({ positive }) => !positive);
  return `${start} ${sharesInWords(given, sums, wanted)}; ${against(given, searcher, rivals)}.`;
}

// One term: who searches, in one sum or in several, each a list of candidates; of each, `part` is drawn.
function search(given, term, { searcher, sums, wanted, part, ...place }) {
  const candidates = sums.flat();
  const target = targetOf(candidates);
  const seen = candidates.filter(({ share }) => share === undefined || share >= SEEN);
  const known = (points) => [...new Set(points)].filter((point) => point !== null && point !== undefined);
  const name = (point) => (point === null ? "?" : given.situation.sentences[point].short);
  return Object.assign(term, {
    candidates, ...place,
    kind: "anchor",
    points: known([searcher, target?.point, ...seen.flatMap(({ from, point }) => [from, point])]),
    letters: known([searcher, ...candidates.map(({ from }) => from)]).map(letter).join("–"),
    links: sums.flatMap((sum) => linksOf(sum, part)),
    words: {
      who: () => (target ? `${name(searcher)} → ${name(target.point)}` : name(searcher)),
      note: () => noteOf(given, { searcher, sums, wanted }),
    },
  });
}

// A line between two sentences stands for all searches that have it: as thick as their mean.
export function read(given, terms) {
  const { situation: { rows, labels }, result: { shapes } } = given;
  const columns = candidatesOf(given);
  const passes = labels === null && !("positive" in rows); // of the same sentence
  const wanted = passes ? ["its second pass", "its first pass"] : ["its positive", "its anchor"];
  const both = shapes.values.length > 1;
  const ways = both ? shapes.values[0] : 1;
  const [anchors] = Object.values(rows);
  const count = 1 + columns.at(-1).sum;
  return terms.map((term) => {
    const [way, place] = both ? term.place : [0, term.place[0]];
    if (way) {
      const sums = [downColumn(given, columns, place)];
      const searcher = columns[place].point;
      return search(given, term, { searcher, sums, wanted: wanted[1], part: 1 / ways, column: place });
    }
    const candidates = alongRow(given, columns, place);
    const sums = Array.from({ length: count }, (_, k) => candidates.filter(({ sum }) => sum === k));
    const part = 1 / (ways * count);
    return search(given, term, { searcher: anchors[place], sums, wanted: wanted[0], part, row: place });
  });
}
