// The two sentences that an anchor stands between, its positive and its negative: where they are found in the batch.

export const SIDES = ["positive", "negative"];

const isSquare = ([rows, columns, ...more], size) => rows === size && columns === size && !more.length;

// How a loss names the sentence of a side: an argument of that name, an axis of its terms, or a role that it chose.
export function sourceOf({ situation, loss, result }, side) {
  const roles = Object.keys(result.terms.chosen);
  return {
    side,
    argument: situation.rows[side] ?? null,
    axis: loss.axes.indexOf(side),
    role: roles.find((role) => role === side || role.endsWith(`_${side}`)) ?? null,
  };
}

const isNamed = ({ axis, role }) => axis >= 0 || role !== null;

// What is the same for all terms of a batch.
export function batchOf(given) {
  const { situation, result: { shapes } } = given;
  const [rows] = Object.values(situation.rows);
  const sources = SIDES.map((side) => sourceOf(given, side));
  const alone = Object.keys(situation.rows).length === 1;
  return { rows, sources, alone, square: alone && isSquare(shapes.matrix, rows.length) };
}

// Whether each term has an anchor, and both its distances are known: as its numbers, or as entries of the matrix, two a
// triplet or one for every two sentences, where it is also told which sentences they are of.
export function fits(given) {
  const { loss, result: { terms: { numbers }, shapes: { matrix } } } = given;
  const { rows, sources, square } = batchOf(given);
  const made = sources.every(({ argument }) => argument) && loss.axes.length === 1;
  if (!made && loss.axes[0] !== "anchor") return false;
  if ("d_ap" in numbers && "d_an" in numbers) return true;
  return made ? matrix.join() === `${rows.length},2` : square && sources.every(isNamed);
}

// The row of a term's anchor, and the column of the sentence of a side; undefined where nothing says it.
export const anchorOf = (term) => term.place[0];

export function columnOf({ result }, { argument, axis, role }, term) {
  if (argument) return anchorOf(term);
  return axis >= 0 ? term.place[axis] : chosenOf(result, role, term);
}

const chosenOf = ({ terms }, role, term) => (role === null ? undefined : terms.chosen[role][term.index]);

// How far: the number of the term, which also holds what stands in for a sentence that the batch lacks, or the entry.
export function distanceOf({ result: { terms } }, { rows, square }, side, term, column) {
  const name = side === "positive" ? "d_ap" : "d_an";
  if (name in term.numbers) return term.numbers[name];
  const [width, at] = square ? [rows.length, column] : [SIDES.length, SIDES.indexOf(side)];
  return terms.matrix[anchorOf(term) * width + at];
}
