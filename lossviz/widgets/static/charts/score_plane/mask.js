// The mask of the score plane: a row for each pair by itself; or, where the order counts, a cell for every two pairs,
// sorted by score: the pair of a row has the lower score, that of a column the higher.

import { ACTIVE, ADDS, VALID, head, number, rowOf } from "../../marks/cells.js";
import { brief, capital, fixed, inWords, percent } from "../../words.js";
import { scoredPairs } from "./read.js";

function ofPairs(scene) {
  const pairs = scoredPairs(scene);
  const rows = scene.reading.terms.map((term) => {
    const { score, similarity } = pairs[term.index];
    return rowOf(term, [number(brief(score, 2)), number(fixed(similarity))]);
  });
  const { reads } = scene.loss;
  return { columns: [["", "pair"], ["score", "score"], [reads, reads], VALID, ACTIVE, ADDS], rows };
}

// What an order's cell says: its share where there are shares, else what it adds.
function cellOf(term) {
  if (!term) return number("·", "cell out");
  const look = term.wrong ? "cell negative chosen" : "cell positive";
  return number(term.share === undefined ? fixed(term.value, 3) : percent(term.share), look);
}

function noteOf({ reading, result }) {
  const one = result.terms.thresholds.the_1;
  const shared = reading.terms.some(({ share }) => share !== undefined);
  const cell = shared ? "the share of an order in the sum" : "what an order adds";
  const end = one === undefined ? "" : ` ${capital(inWords("the_1"))} has ${percent(one)}.`;
  return `A cell is ${cell}; framed: the wrong way round.${end}`;
}

function ofOrders(scene) {
  const pairs = scoredPairs(scene);
  const sorted = [...pairs].sort((a, b) => a.score - b.score);
  const terms = new Map(scene.reading.terms.map((term) => [term.index, term]));
  const told = ({ letters, score }) => [letters, `pair ${letters} with score ${brief(score, 2)}`];
  const rows = sorted.map((lower) => ({
    index: null, look: "",
    cells: [
      head(lower.letters), number(brief(lower.score, 2)),
      ...sorted.map((higher) => cellOf(terms.get(lower.index * pairs.length + higher.index))),
    ],
  }));
  const columns = [["lower \\ higher", "pair with the lower score"], ["score", "score"], ...sorted.map(told)];
  return { columns, rows, note: noteOf(scene) };
}

export const mask = (scene) => (scene.loss.axes.length > 1 ? ofOrders : ofPairs)(scene);
