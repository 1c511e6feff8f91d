// Python as text: the cells that rebuild what is shown, and the parts of a line that have a colour. Pure functions.

import { letter } from "../words.js";

const INDENT = "    ";

// ---- values

const WORDS = new Map([[true, "True"], [false, "False"], [null, "None"]]);

// A number with all its digits, a text, a choice, or a tuple of choices.
function valueOf(value) {
  if (Array.isArray(value)) return `(${value.map(valueOf).join(", ")}${value.length === 1 ? "," : ""})`;
  return WORDS.get(value) ?? JSON.stringify(value);
}

const listOf = (values) => `[${values.map(valueOf).join(", ")}]`;

// Between brackets, a line for each; `indent` is how far in they begin.
const below = ([open, close], items, indent) =>
  `${open}\n${items.map((each) => `${indent}${INDENT}${each}\n`).join("")}${indent}${close}`;

function tensorOf(values, indent) {
  const rows = Array.isArray(values[0]) ? below("[]", values.map((row) => `${listOf(row)},`), indent) : listOf(values);
  return `torch.tensor(${rows}, dtype=torch.float64)`;
}

// ---- cells

const mapped = (record, write) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, write(value, name)]));

// What stands in each gap: functions of how far in it begins; null for a part that there is not. The names of the
// batch's parts, with a space in them, are no names of parameters.
function partsOf({ state, situation: { rows, labels, sentences, classes } }, says) {
  const columns = Object.entries(rows).map(([name, points]) => `${valueOf(name)}: ${listOf(points)},`);
  return {
    ...mapped(state.parameters, (value, name) => () => says[name]?.[value] ?? valueOf(value)),
    ...mapped(state.tensors, (values) => (indent) => tensorOf(values, indent)),
    "the points": (indent) => below("[]", state.points.map((at, k) => `${listOf(at)},  # ${letter(k)}`), indent),
    "the rows": (indent) => below("{}", columns, indent),
    "the texts": (indent) => below("[]", sentences.map(({ text }) => `${valueOf(text)},`), indent),
    "the labels": labels && (() => listOf(labels)),
    "the classes": classes.length ? () => listOf(classes) : null,
  };
}

// A cell with its gaps filled by what a scene shows. A line for a part that there is not is left out.
export function cellOf({ text, says }, scene) {
  const parts = partsOf(scene, says);
  const lines = text.split("\n").map((line) => {
    const [, indent, name] = line.match(/^( *)[^«]*(?:«([^»]+)»)?/);
    if (!name) return line;
    return parts[name] ? line.replace(`«${name}»`, () => parts[name](indent)) : null;
  });
  return lines.filter((line) => line !== null).join("\n");
}

// ---- colours

const KEYWORDS = "and as def else for from if import in is lambda not or raise return self with yield";
const TOKENS = new RegExp([
  "(?<comment>#.*)", "(?<string>\"[^\"]*\")", `(?<keyword>\\b(?:${KEYWORDS.replaceAll(" ", "|")}|None|True|False)\\b)`,
  "(?<number>\\b\\d[\\d.]*(?:e-?\\d+)?\\b)",
].join("|"), "g");

// A line as [its kind, its text] after the other; most are of no kind.
export function tokensOf(line) {
  const found = [];
  let at = 0;
  for (const match of line.matchAll(TOKENS)) {
    const [kind] = Object.entries(match.groups).find(([, text]) => text !== undefined);
    found.push(["", line.slice(at, match.index)], [kind, match[0]]);
    at = match.index + match[0].length;
  }
  return [...found, ["", line.slice(at)]].filter(([, text]) => text);
}
