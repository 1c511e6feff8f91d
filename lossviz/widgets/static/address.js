// A state as an address, for links in the prose, the page's URL and *Copy link*: #name?key=value&flag. What an address
// does not name it leaves as it is; what is malformed or not there is left out, and a note says so. Pure functions.
//
//   situation=nearly-collapsed  loss=TheLoss  scale=20  distance=euclidean  directions=query_to_doc,doc_to_query
//   A=30 (degrees on the unit circle)  A=0.5,-0.2  weight=…  chosen=D  view=mask
//   ask  play  step  step=5  reset  live=loss (what the text of a link follows)

import { TAU, atAngle } from "./geometry.js";
import { VIEWS, alike, lossOf, situationOf, startOf, tensorsOf } from "./state.js";
import { letter } from "./words.js";

const LONGEST = 1e6; // letters of an address
const FARTHEST = 1e6; // of a number
const MOST_STEPS = 1000;
const SHOWN = 40; // letters of what a note quotes
const FLAGS = ["ask", "play", "reset"];

// ---- words

export const slug = (name) => name.replaceAll(" ", "-");
const flat = (value) => (Array.isArray(value) ? value.flatMap(flat) : [value]);

function written(value) {
  if (Array.isArray(value)) return flat(value).map(written).join(",");
  return value === null ? "none" : String(value);
}

// Which name an address is for, and what it says; null for a link to something else.
export function splitAddress(address) {
  const found = /^#([A-Za-z0-9-]+)\?(.*)$/s.exec(address);
  return found && { name: found[1], query: found[2] };
}

// ---- read

const DECIMAL = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const numbersOf = (text) => text.split(",").map((each) => (DECIMAL.test(each) ? Number(each) : NaN));
const areGood = (numbers) => numbers.every((value) => Number.isFinite(value) && Math.abs(value) <= FARTHEST);

// Numbers laid out as they are in another value of the same shape.
function shaped(like, numbers) {
  const rest = [...numbers];
  const fill = (part) => (Array.isArray(part) ? part.map(fill) : rest.shift());
  return fill(like);
}

// At the angle of another point it stands exactly there: a last digit beside it, it would be pushed.
function readPlace(text, dimension, points) {
  const numbers = numbersOf(text);
  if (!areGood(numbers)) return undefined;
  if (numbers.length === dimension) return numbers;
  if (numbers.length !== 1 || dimension !== 2) return undefined;
  const place = atAngle((numbers[0] * TAU) / 360);
  return points.find((other) => place.every((value, axis) => Math.abs(value - other[axis]) < 1e-12)) ?? place;
}

// The value that a text stands for: one of the choices that there are, or a number that the slider could have.
function readParameter({ parameters, controls, variants }, name, text) {
  const control = controls.find((each) => each.name === name);
  const choices = [...(control?.choices ?? []), ...variants.map(({ choices }) => choices[name])];
  const choice = choices.find((each) => each !== undefined && written(each) === text);
  if (choice !== undefined || typeof parameters[name] !== "number") return choice;
  const [value, ...others] = numbersOf(text);
  if (others.length) return undefined;
  const { minimum = -FARTHEST, maximum = FARTHEST } = control ?? {};
  return value === parameters[name] || (value >= minimum && value <= maximum) ? value : undefined;
}

function readSteps(text) {
  const steps = /^([1-9]\d*)?$/.test(text) ? Number(text || 1) : NaN;
  return steps <= MOST_STEPS ? steps : undefined;
}

// What stands for a key that says what the state is about.
function readWhole(spec, key, text) {
  if (key === "situation") return indexOf(spec.situations, ({ name }) => slug(name) === text);
  if (key === "loss") return Object.hasOwn(spec.losses, text) ? text : undefined;
  if (key === "view") return VIEWS.includes(text) ? text : undefined;
  if (key === "step") return readSteps(text);
  if (FLAGS.includes(key)) return text === "" ? true : undefined;
  return undefined;
}

const WHOLE = ["situation", "loss", "view", "step", ...FLAGS];

function indexOf(list, test) {
  const index = list.findIndex(test);
  return index < 0 ? undefined : index;
}

const isParameter = (spec, start, key) => Object.hasOwn(lossOf(spec, start).parameters, key);
const lettersOf = (spec, start) => situationOf(spec, start).sentences.map((_, index) => letter(index));

// What a number in the prose can follow: the loss, how many terms are active, a parameter, a term, an angle.
function readFollowed(spec, start, text) {
  const [kind, points] = text.split(":");
  if (points === undefined) {
    return ["loss", "active"].includes(kind) || isParameter(spec, start, kind) ? text : undefined;
  }
  const letters = lettersOf(spec, start);
  const known = ["adds", "angle"].includes(kind) && points.split("-").every((each) => letters.includes(each));
  return known ? text : undefined;
}

// What else a key can be: a parameter, a point, which is chosen or put somewhere, a tensor that is trained.
function readPart(spec, start, points, tensors, key, text) {
  const { dimension } = spec;
  const letters = lettersOf(spec, start);
  if (key === "live") return { live: readFollowed(spec, start, text) };
  if (isParameter(spec, start, key)) return { parameters: { [key]: readParameter(lossOf(spec, start), key, text) } };
  if (key === "chosen") return { chosen: indexOf(letters, (each) => each === text) };
  if (letters.includes(key)) return { points: { [letters.indexOf(key)]: readPlace(text, dimension, points) } };
  if (!Object.hasOwn(tensors, key)) return {};
  const numbers = numbersOf(text);
  const fits = areGood(numbers) && numbers.length === flat(tensors[key]).length;
  return { tensors: { [key]: fits ? shaped(tensors[key], numbers) : undefined } };
}

const isNothing = (part) => Object.values(part).every((value) =>
  value === undefined || (value && typeof value === "object" && !Array.isArray(value) && isNothing(value)));

const quoted = (text) => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

// What the query of an address asks of a state; what it could not mean, as [key, text], and notes on it for a reader.
export function readAddress(spec, state, query) {
  const wanted = { parameters: {}, points: {}, tensors: {}, missed: [], notes: [] };
  if (query.length > LONGEST) return { ...wanted, notes: ["The address is too long."] };
  const pairs = [...new URLSearchParams(query)];
  function miss(key, text) {
    wanted.missed.push([key, text]);
    wanted.notes.push(`“${quoted(text === "" ? key : `${key}=${text}`)}” is not known here.`);
  }
  for (const [key, text] of pairs.filter(([key]) => WHOLE.includes(key))) {
    const value = readWhole(spec, key, text);
    if (value === undefined) miss(key, text);
    else wanted[key] = value;
  }
  const start = startOf(spec, state, wanted);
  const { points } = wanted.situation === undefined && !wanted.reset ? state : start;
  const others = pairs.filter(([key]) => !WHOLE.includes(key));
  const first = ([key]) => Number(!isParameter(spec, start, key)); // they say what is trained
  for (const [key, text] of others.toSorted((one, other) => first(one) - first(other))) {
    const tensors = tensorsOf(spec, start, { ...start.parameters, ...wanted.parameters });
    const part = readPart(spec, start, points, tensors, key, text);
    if (isNothing(part)) miss(key, text);
    else for (const [name, found] of Object.entries(part)) {
      wanted[name] = typeof found === "object" ? { ...wanted[name], ...found } : found;
    }
  }
  return wanted;
}

// ---- what could have stood there, for who writes addresses

export const oneOf = (names) => `one of ${names.join(", ")}`;

function expectedOfParameter({ parameters, controls, variants }, name) {
  const control = controls.find((each) => each.name === name);
  const choices = [...(control?.choices ?? []), ...variants.map(({ choices }) => choices[name])];
  const known = [...new Set(choices.filter((each) => each !== undefined).map(written))];
  if (typeof parameters[name] !== "number") return known.length ? oneOf(known) : "no change: it has no control";
  return `a number from ${control?.minimum ?? -FARTHEST} to ${control?.maximum ?? FARTHEST}`;
}

// Null for a key that means nothing.
export function expectedOf(spec, state, key) {
  const { parameters } = state;
  const letters = lettersOf(spec, state);
  if (isParameter(spec, state, key)) return expectedOfParameter(lossOf(spec, state), key);
  if (Object.hasOwn(state.tensors, key)) return `${flat(state.tensors[key]).length} numbers`;
  if (letters.includes(key)) return spec.dimension === 2 ? "degrees or x,y" : `${spec.dimension} numbers`;
  const known = {
    situation: oneOf(spec.situations.map(({ name }) => slug(name))), loss: oneOf(Object.keys(spec.losses)),
    view: oneOf(VIEWS), step: `a number from 1 to ${MOST_STEPS}`, chosen: oneOf(letters),
    live: `loss, active, ${Object.keys(parameters).join(", ")}, adds:A-B or angle:A-B`,
    ...Object.fromEntries(FLAGS.map((flag) => [flag, "no value"])),
  };
  return Object.hasOwn(known, key) ? known[key] : null;
}

// Every name of a part of a state.
export const namesOf = (spec, state) =>
  [...Object.keys(state.parameters), ...lettersOf(spec, state), ...Object.keys(state.tensors)];

// ---- write

const entry = (key, value) => `${key}=${encodeURIComponent(written(value)).replaceAll("%2C", ",")}`;

// The address of a state, exactly, whatever it is opened from: its situation and loss, which begin anew, whatever is
// not as they begin, and the view, which stays unless it is named.
export function addressOf(spec, state) {
  const { name, chosen } = situationOf(spec, state);
  const start = startOf(spec, state, { situation: state.situation, loss: state.loss });
  const differing = (one, other) => Object.keys(one).filter((key) => !alike(one[key], other[key]));
  const deeply = (one, other) => alike(flat(one), flat(other));
  const moved = state.points.flatMap((place, index) => (alike(place, start.points[index]) ? [] : [[index, place]]));
  const tensors = tensorsOf(spec, start, state.parameters);
  const trained = Object.entries(state.tensors).filter(([key, value]) => !deeply(value, tensors[key]));
  return `#${spec.name}?${[
    entry("situation", slug(name)), entry("loss", state.loss),
    ...differing(state.parameters, start.parameters).map((key) => entry(key, state.parameters[key])),
    ...moved.map(([index, place]) => entry(letter(index), place)),
    ...trained.map(([key, value]) => entry(key, value)),
    ...(state.chosen === chosen ? [] : [entry("chosen", letter(state.chosen))]),
    ...(spec.compact ? [] : [entry("view", state.view)]),
  ].join("&")}`;
}
