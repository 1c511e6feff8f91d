// How hard each search pushes each candidate, or pulls its positive: the gradient of its term by that row of the batch,
// where a row is one column of the matrix. It is not the share: where two lie in one direction a share pushes nothing.

import { UNSEEN, ownQuestion } from "../../engine.js";
import { lengthOf } from "../../geometry.js";
import { columnsOf } from "../../state.js";

// Whether each column is one row of the arguments after the first, in their order.
export const canPush = ({ situation: { rows }, variant: { blocks } }, columns) =>
  Object.keys(rows).length > 1 && blocks.flat().length < 2 && columns.length === columnsOf({ rows }).length;

// The lengths of a gradient by each row, for rows of so many numbers.
const lengthsOf = (gradient, dimension) => Array.from({ length: gradient.length / dimension }, (_, row) =>
  lengthOf(gradient.slice(row * dimension, (row + 1) * dimension)));

// {along, down, strongest}: the pushes of each row of the matrix by column, and of each column by row.
export async function pushesOf(engine, { spec, state, situation, reading: { terms } }, signal) {
  const question = { ...ownQuestion(spec, state), terms: terms.map(({ index }) => index), gradients: true };
  const answers = await engine.answer({ ...question, keep: [["loss"]] }, signal);
  if (!answers) return null;
  const [anchor, ...others] = Object.keys(situation.rows);
  const dimension = state.points[0].length;
  const [along, down] = [new Map(), new Map()];
  answers.forEach(({ gradients }, k) => {
    const { row, column } = terms[k];
    const of = (name) => lengthsOf(gradients[name], dimension);
    if (column === undefined) along.set(row, others.flatMap(of));
    else down.set(column, of(anchor));
  });
  const strongest = Math.max(UNSEEN, ...[...along.values(), ...down.values()].flat());
  return { along, down, strongest };
}
