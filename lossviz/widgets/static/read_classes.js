// Reads pairs that have a class: one term a pair, with the probability that the classifier gives each class.

import { className, fill, letter, percent, probability, quoted } from "./words.js";

const SIGNS = "●■▲◆"; // as a class's glyph in the chart

export function readClasses({ situation, templates, numbers, terms, shapes }) {
  const [first, second] = Object.values(situation.rows);
  const classes = shapes.matrix.at(-1);
  return first.map((one, index) => {
    const points = [one, second[index]];
    const names = points.map((point) => situation.sentences[point].short);
    const letters = points.map(letter).join("–");
    const shares = Array.from({ length: classes }, (_, kind) => Math.exp(terms.matrix[index * classes + kind]));
    const target = situation.labels[index];
    const guess = shares.indexOf(Math.max(...shares));
    const [named, rival] = [target, guess].map((kind) => className(situation.classes, kind));
    const said = guess === target ? "the most of all" : `less than ${rival}, ${percent(shares[guess])}`;
    const value = terms.values[index];
    return {
      index, points, letters, shares, target, guess, value,
      kind: "class",
      sign: SIGNS[target % SIGNS.length],
      who: names.join(" / "),
      links: [{ from: one, to: second[index], side: "class", weight: 1 - shares[target] }],
      valid: Boolean(terms.valid[index]),
      active: Boolean(terms.active[index]),
      formula: value && templates ? fill(templates.class, { ...numbers, p: probability(shares[target]), B: first.length }) : null,
      note: `${letters}, ${names.map(quoted).join(" and ")}, is labelled ${named}; the classifier gives that ${percent(shares[target])}, ${said}.`,
    };
  });
}
