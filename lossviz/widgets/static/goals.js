// Whether conditions hold, and what is said of them: which term is missing, and by how much. Pure functions.

import { namedTerms } from "./quantities.js";
import { brief, letter, percent, plural } from "./words.js";

const SAME = 1e-6; // numbers nearer than this are equal

// ---- what holds

const HOLDS = {
  below: ({ now }, value) => now < value,
  above: ({ now }, value) => now > value,
  equals: ({ now }, value) => Math.abs(now - value) < SAME,
  falls: ({ before, now }) => now < before - SAME,
  stays: ({ before, now }) => Math.abs(now - before) <= SAME,
  rises: ({ before, now }) => now > before + SAME,
};

// Whether a condition holds of a quantity, {before, now}.
export const holds = ({ relation, value }, measured) => HOLDS[relation](measured, value);

const isLeast = (numbers, k) => numbers.every((each, other) => other === k || numbers[k] < each);
const AMONG = {
  nearest: (keys, numbers, k) => isLeast(keys.map(({ value }, other) => Math.abs(numbers[other].now - value)), k),
  largest: (keys, numbers, k) => isLeast(numbers.map(({ now }) => -now), k),
};

// The indices of the options whose condition holds.
export function rightOf(keys, numbers) {
  const isRight = (key, k) =>
    (Object.hasOwn(AMONG, key.relation) ? AMONG[key.relation](keys, numbers, k) : holds(key, numbers[k]));
  return [...keys.keys()].filter((k) => isRight(keys[k], k));
}

// ---- in words

const list = (names) => names.join(", ");
const lettersOf = (terms) => list(terms.map(({ letters }) => letters));
const number = (value) => brief(value, 4);

// Whether it pulls or pushes, where one knows.
const DEEDS = { positive: ["pull", "pulls"], negative: ["push", "pushes"] };
const deedOf = (scene, { terms }) => DEEDS[namedTerms(scene, terms)[0]?.kind] ?? ["push", "moves"];

// "A–C still adds 0.12" where less is wanted, "A–C adds only 0.12" where more is.
const does = (who, verb, what, adverb) => {
  const verbs = { still: `still ${verb}`, only: `${verb} only` };
  return `${who} ${verbs[adverb] ?? verb} ${what}`;
};

const anchors = (terms) => terms.filter(({ kind }) => kind === "anchor").map(({ note }) => ` ${note}`).join("");

// What a quantity is, and what else helps who has not got there.
const SAID = {
  loss: (scene, _, now, adverb) => `The loss is ${adverb === "still" ? "still " : ""}${number(now)}`,
  adds: (scene, { terms }, now, adverb) => does(list(terms), terms.length > 1 ? "add" : "adds", number(now), adverb),
  costs: (scene, { terms }, now, adverb) => does(list(terms), terms.length > 1 ? "cost" : "costs", number(now), adverb),
  active(scene, { terms }) {
    const own = terms.length ? namedTerms(scene, terms) : scene.reading.terms;
    const some = own.filter(({ active }) => active);
    return `Active${terms.length ? ` of ${list(terms)}` : ""}: ${lettersOf(some) || "none"}`;
  },
  push: (scene, quantity, now, adverb) => {
    const [who, [, moves]] = [list(quantity.terms) || "The loss", deedOf(scene, quantity)];
    return does(who, `${moves} ${letter(quantity.points[0])} with`, number(now), adverb);
  },
  part: (scene, quantity, now, adverb) => {
    const [who, [deed, moves]] = [quantity.terms[0], deedOf(scene, quantity)];
    return does(who, `${moves} ${letter(quantity.points[0])} with`, `${percent(now)} of its hardest ${deed}`, adverb);
  },
  hardest: (scene, quantity, now) =>
    `${quantity.terms[0]} ${deedOf(scene, quantity)[1]} ${letter(quantity.points[0])} hardest at ${brief(now, 1)}°`,
  angle: (scene, { points }, now) => `${points.map(letter).join(" and ")} are ${brief(now, 1)}° apart`,
};

const isOne = ({ name, terms }) => name === "active" && terms.length === 1; // then it is, or is not
const UNITS = { angle: (value) => `${brief(value, 1)}°`, hardest: (value) => `${brief(value, 1)}°`, part: percent };
const valueOf = ({ quantity: { name }, value }) => (UNITS[name] ?? number)(value);

const ASKED = { below: "less than", above: "more than", equals: "exactly" };
const askedOf = (condition) => `${ASKED[condition.relation]} ${valueOf(condition)}`;

// What helps beside the number: how a search goes that costs too much, which term is the largest of a loss.
function helpOn(scene, { quantity: { name, terms }, relation }) {
  if (name === "adds" || name === "costs") return anchors(namedTerms(scene, terms));
  const [most] = scene.reading.ranked;
  return name === "loss" && relation === "below" && most ? ` ${most.letters} adds most, ${number(most.value)}.` : "";
}

// One sentence or two about a condition that does not hold yet.
export function lacking(scene, condition, now) {
  const { quantity, relation, value } = condition;
  const adverb = { below: "still", above: "only" }[relation] ?? (now > value ? "still" : "only");
  if (isOne(quantity)) return `${quantity.terms[0]} ${now > value ? "is still active" : "is not active yet"}.`;
  if (quantity.name === "adds" && relation === "above" && !value) return `${list(quantity.terms)} adds nothing yet.`;
  const said = SAID[quantity.name](scene, quantity, now, adverb);
  if (quantity.name === "active") return `${said}: ${askedOf(condition)} asked, not ${number(now)}.`;
  return `${said}: ${askedOf(condition)} is asked.${helpOn(scene, condition)}`;
}

// And about one that does.
export function holding(scene, condition, now) {
  const { quantity } = condition;
  if (isOne(quantity)) return `${quantity.terms[0]} is ${now ? "" : "not "}active`;
  const said = SAID[quantity.name](scene, quantity, now, null);
  return quantity.name === "active" ? said : `${said}, ${askedOf(condition)}`;
}

// ---- what was measured for a choice

const NOUNS = {
  loss: () => "the loss",
  adds: (_, { terms }) => `what ${list(terms)} adds`,
  costs: (_, { terms }) => `what ${list(terms)} costs`,
  active: (_, { terms }) => (terms.length ? `how many of ${list(terms)} are active` : "how many terms are active"),
  push: (scene, quantity) =>
    `the ${deedOf(scene, quantity)[0]} of ${list(quantity.terms) || "the loss"} on ${letter(quantity.points[0])}`,
  part: (scene, quantity) => `${NOUNS.push(scene, quantity)}, of its hardest`,
  hardest: (scene, quantity) => `the angle of the hardest ${deedOf(scene, quantity)[0]}`,
  angle: (_, { points }) => `the angle between ${points.map(letter).join(" and ")}`,
};

const COMPARES = ["falls", "stays", "rises"];

// "what C costs, 0.31 → 0.42": each quantity once.
export function measuredFor(scene, keys, numbers) {
  const told = keys.map(({ quantity }, k) => {
    const { before, now } = numbers[k];
    const said = (value) => (UNITS[quantity.name] ?? number)(value);
    const changes = said(before) !== said(now) || keys.some((key) => COMPARES.includes(key.relation));
    return `${NOUNS[quantity.name](scene, quantity)}, ${changes ? `${said(before)} → ` : ""}${said(now)}`;
  });
  return `Measured: ${[...new Set(told)].join("; ")}.`;
}

export const counted = (done, all) => `${done} of ${plural(all, "question")} done`;
