// Terms of any loss, a reader's own too: what each adds, and whom it concerns, told by the axes of its values, by what
// it chose, by the masks and by its numbers alone. A chart that knows better tells the term instead, or the rest of it.

import { columnsOf } from "../state.js";
import { ROUNDING, exact, fill, fixed, letter, quoted, sideOf } from "../words.js";

const LONGEST_ROW = 4; // so many numbers of the matrix are told in place of a formula, of a longer row the first

// ---- where a term stands

// The index on each axis of what lies at `index` of an array laid out flat.
function placeOf(index, shape) {
  const place = new Array(shape.length);
  for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
    place[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return place;
}

// The number at a place, of an array that broadcasts to the shape of the place; a number stands everywhere.
export function numberAt(numbers, shape, place) {
  if (typeof numbers === "number") return numbers;
  const skipped = place.length - shape.length;
  return numbers[shape.reduce((at, size, axis) => at * size + (size === 1 ? 0 : place[skipped + axis]), 0)];
}

// ---- whom it concerns: groups of sentences, {name, point} each, whose names are arguments, axes or roles

const isPair = (axis) => axis === "pair" || axis.endsWith("_pair");

// What the axis `k` says: a row of the argument of its name, of the only argument, of the one that stands where it does
// where there is an axis for each, or of all of them.
function groupOf({ situation: { rows }, loss: { axes } }, k, place, size) {
  const [axis, named] = [axes[k], Object.entries(rows)];
  const row = ([name, points]) => ({ name, point: points[place] });
  if (size !== named[0][1].length) return []; // a direction, or what nobody here knows
  if (Object.hasOwn(rows, axis)) return [row([axis, rows[axis]])];
  if (named.length === 1) return [row([axis, named[0][1]])];
  const forEach = axes.length === named.length && !axes.some((name) => Object.hasOwn(rows, name) || isPair(name));
  return (forEach ? [named[k]] : named).map(row);
}

// The sentences in the columns of the matrix, or null where they are none: classes, or one number a row.
function candidatesOf({ situation, variant, result: { shapes } }) {
  const [anchors] = Object.values(situation.rows);
  const side = { query: anchors, doc: columnsOf(situation) };
  const blocks = variant.blocks.flat().flatMap((block) => side[block.split("_to_")[1]] ?? []);
  const columns = blocks.length ? blocks : columnsOf(situation);
  return shapes.matrix.length > 1 && shapes.matrix.at(-1) === columns.length ? columns : null;
}

// The sentence that the loss chose for each term, by role; the target of a labelled batch is a class.
function rolesOf(given) {
  const { situation, result: { terms } } = given;
  const candidates = candidatesOf(given);
  const isSentence = ([role, columns]) =>
    candidates && columns.length === terms.values.length && !(role === "target" && situation.labels);
  const found = Object.entries(terms.chosen).filter(isSentence);
  return found.map(([name, columns]) => ({ name, points: Array.from(columns, (column) => candidates[column]) }));
}

const isThere = ({ point }) => point !== undefined;

// ---- who pulls whom

// What the labels say of a row that has one number in the matrix.
function sideByLabel({ situation, result: { terms, shapes } }, row) {
  if (situation.classes.length) return "class";
  if (shapes.matrix.length > 1 || Boolean(terms.positive[row]) === Boolean(terms.negative[row])) return "both";
  return terms.positive[row] ? "positive" : "negative";
}

// Within a group from its first to the others; between groups from the owner of the term to what stands alone.
function linksOf(given, groups, chosen, place) {
  const owner = groups.flat()[0]?.point;
  const link = (from, { name, point }, row) =>
    ({ from, to: point, side: sideOf(name) ?? sideByLabel(given, row), weight: 1 });
  const within = groups.flatMap((group, axis) => group.slice(1).map((end) => link(group[0].point, end, place[axis])));
  const alone = groups.slice(1).filter((group) => group.length === 1).flat();
  const between = [...alone, ...chosen].map((end) => link(owner, end, place[0]));
  return [...within, ...between].filter(({ from, to }) => from !== undefined && from !== to);
}

function kindOf({ loss: { axes } }, links) {
  if (axes[0] === "pair" && links.length) return links[0].side;
  const sides = links.map(({ side }) => side);
  if (sides.includes("positive") && sides.includes("negative")) return "triplet";
  return axes.includes("anchor") ? "anchor" : "term";
}

// ---- in words

// "A–B" for a pair, "ABC" for three sentences on three axes, "A–B, C–D" for two pairs.
function lettersOf(groups) {
  const parts = groups.map((group) => group.map(({ point }) => letter(point)).join("–")).filter(Boolean);
  return parts.join(parts.some((part) => part.includes("–")) ? ", " : "");
}

// The entries of the matrix that a term reads, as far as its shape tells: its own, or its row (of a long one what it
// chose there), one for each of its pairs, or its first sentence with each of the others.
function entriesAt({ result: { terms, shapes: { matrix, values } } }, { index, place, pairs }) {
  if (matrix.length === 1 && values.length > 1) return pairs.map((pair) => terms.matrix[pair]);
  const width = matrix.length === values.length ? 1 : matrix.at(-1);
  if (terms.matrix.length === terms.values.length * width) {
    const entries = Array.from(terms.matrix.slice(index * width, (index + 1) * width));
    const roles = Object.values(terms.chosen).filter(({ length }) => length === terms.values.length);
    const chosen = roles.map((columns) => entries[columns[index]]).filter((entry) => entry !== undefined);
    return width > LONGEST_ROW && chosen.length ? chosen : entries;
  }
  const [row, ...columns] = place;
  const square = matrix.length === 2 && values.length > 2 && values.every((size) => size === width);
  return square ? columns.map((column) => terms.matrix[row * width + column]) : [];
}

// What is known of a term without a formula: its numbers by their names, or else what it reads.
function numbersInWords(given, term) {
  const named = Object.entries(term.numbers).map(([name, value]) => `${name} ${exact(value)}`);
  if (named.length) return named.join(", ");
  const entries = entriesAt(given, term);
  const long = entries.length > LONGEST_ROW;
  const read = entries.slice(0, LONGEST_ROW).map((entry) => exact(entry)).join(", ");
  return entries.length ? `${given.loss.reads} ${read}${long ? `, … (${entries.length} in all)` : ""}` : null;
}

// The formula of the catalogue for a kind of term, or the only one.
function formulaOf(given, term) {
  const { variant: { formulas } } = given;
  if (!formulas) return numbersInWords(given, term);
  return fill(formulas[term.kind] ?? Object.values(formulas)[0], term.inFormulas);
}

function noteOf({ situation }, { points, letters, value, active }) {
  const names = points.map((point) => quoted(situation.sentences[point].short)).join(" and ");
  const adds = Math.abs(value) > ROUNDING ? `adds ${fixed(value, 5)}` : "adds nothing";
  return `${letters}${names && `, ${names},`} ${adds}${active ? "" : " and moves nothing"}.`;
}

// ---- all together

// Words are made when they are read: a batch can have hundreds of terms. They speak of the term as it was told.
function termAt(given, { numbersAt, everywhere }, index) {
  const { result: { terms, shapes }, loss } = given;
  const place = placeOf(index, shapes.values);
  let numbers = null;
  return {
    index, place,
    value: terms.values[index],
    valid: true,
    active: Boolean(terms.active[index]),
    pairs: place.filter((_, axis) => isPair(loss.axes[axis] ?? "")),
    get who() { return this.words.who(this); },
    get note() { return this.words.note(this); },
    get numbers() { return (numbers ??= numbersAt(place)); },
    get inFormulas() { return { ...everywhere, ...this.numbers }; },
    get formula() { return Math.abs(this.value) > ROUNDING ? formulaOf(given, this) : null; },
  };
}

// generic(term): tells a term, and gives it back, as any chart could.
export function createGeneric(given) {
  const { result: { shapes }, loss, situation } = given;
  const roles = rolesOf(given);
  const named = (group) => group.map(({ point }) => situation.sentences[point].short).join(" / ");

  return (term) => {
    const { index, place } = term;
    const groups = loss.axes.map((_, k) => groupOf(given, k, place[k], shapes.values[k]));
    const chosen = roles.map(({ name, points }) => ({ name, point: points[index] })).filter(isThere);
    const links = linksOf(given, groups, chosen, place);
    return Object.assign(term, {
      links,
      points: [...new Set([...groups.flat(), ...chosen].map(({ point }) => point))],
      kind: kindOf(given, links),
      letters: lettersOf(groups) || `(${place.map((k) => k + 1).join(", ")})`,
      words: { who: () => groups.map(named).filter(Boolean).join(", "), note: (told) => noteOf(given, told) },
    });
  };
}

// The terms that the labels allow; nobody has told yet whom they concern.
export function termsOf(given) {
  const { state, result: { loss, terms, shapes } } = given;
  const valid = Array.from(terms.valid.keys()).filter((index) => terms.valid[index]);
  const numbersAt = (place) => Object.fromEntries(Object.entries(terms.numbers).map(
    ([name, numbers]) => [name, numberAt(numbers, shapes.numbers[name], place)]));
  const everywhere = { ...state.parameters, ...terms.thresholds, B: valid.length, loss };
  return valid.map((index) => termAt(given, { numbersAt, everywhere }, index));
}
