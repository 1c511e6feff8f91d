// Reads pairs that have a class: one term a pair, with what the classifier gives each class.

import { className, fixed, percent, quoted } from "../../words.js";

const SIGNS = "●■▲◆"; // as a class's glyph in the chart

// A row of the matrix and a term for each pair, a column for each class.
export function fits({ situation, result: { shapes } }) {
  const rows = Object.values(situation.rows);
  const [size, classes] = shapes.matrix;
  if (!situation.labels || rows.length !== 2 || shapes.matrix.length !== 2) return false;
  return classes > 1 && size === rows[0].length && shapes.values.join() === `${size}`;
}

function noteOf({ situation, loss }, { letters, points, gives, shares, target }) {
  const names = points.map((point) => quoted(situation.sentences[point].short)).join(" and ");
  const called = (kind) => className(situation.classes, kind);
  const part = (kind) => (shares ? percent(shares[kind]) : `the ${loss.reads} ${fixed(gives[kind])}`);
  const guess = gives.indexOf(Math.max(...gives));
  const start = `${letters}, ${names}, is labelled ${called(target)}`;
  if (!(target in gives)) return `${start}; the classifier has no such class.`;
  const level = part(guess) === part(target); // as printed
  const less = level ? `a little less than ${called(guess)}` : `less than ${called(guess)}, ${part(guess)}`;
  const most = guess === target ? "the most of all" : less;
  return `${start}; the classifier gives that ${part(target)}, ${most}.`;
}

const sumOf = (shares) => shares.reduce((sum, share) => sum + share, 0);

// What a pair gives each class is its row of the matrix, or of the shares. The bars are as long as the shares; without
// shares, from the smallest number of all to the largest.
function pairOf(given, term) {
  const { situation, result: { terms, shapes } } = given;
  const { index, links, words } = term;
  const rowOf = (array) => Array.from(array.slice(index * shapes.matrix[1], (index + 1) * shapes.matrix[1]));
  const [low, high] = [Math.min(...terms.matrix), Math.max(...terms.matrix)];
  const gives = rowOf(terms.matrix);
  const shares = terms.shares.row ? rowOf(terms.shares.row) : null;
  const target = situation.labels[index];
  const rivals = shares?.filter((_, kind) => kind !== target); // who have what the target lacks
  return Object.assign(term, {
    gives, shares, target,
    lengths: shares ?? gives.map((value) => (high > low ? (value - low) / (high - low) : 1)),
    kind: "class",
    sign: SIGNS[target % SIGNS.length],
    links: links.map((link) => ({ ...link, side: "class", weight: shares ? sumOf(rivals) : 1 })),
    words: { ...words, note: (told) => noteOf(given, told) },
  });
}

export const read = (given, terms, generic) => terms.map((term) => pairOf(given, generic(term)));
