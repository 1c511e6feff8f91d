// The verdict: what the reader said, what that confuses, and what is so; of a task, what is missing. Pure functions of
// a scene and of what the page found out (facts.js). A guess of null means "show me".

import { UNSEEN } from "./engine.js";
import { apart, nearestTo } from "./facts.js";
import { TAU, angleOf, descend, lengthOf, turn } from "./geometry.js";
import { holding, holds, lacking, measuredFor, rightOf } from "./goals.js";
import { onArrow, onMarks } from "./replies.js";
import { questionOf } from "./state.js";
import { brief, inWords, letter } from "./words.js";

const NEARLY = 10; // degrees within which a drawn arrow, or a ghost on the circle, is right
const NEAR = 0.15; // units within which a ghost in the plane is

export const sentences = (...parts) => parts.filter(Boolean).join(" ");

const list = (terms) => (terms.length ? terms.map(({ letters }) => letters).join(", ") : "none");

function judgeChoice(question, scene, facts) {
  const { options, replies, answer, keys } = question;
  const { guess } = scene.state;
  if (keys?.length && !facts) return null;
  const right = keys?.length ? rightOf(keys, facts.numbers) : [answer];
  const measured = keys?.length > 0 && measuredFor(scene, keys, facts.numbers);
  const named = right.map((k) => options[k]).join(", or ");
  const answers = right.length ? `The answer: ${named}.` : "Here it is none of these.";
  if (guess === null) return sentences(answers, measured);
  if (right.includes(guess)) return sentences(`Right: ${options[guess]}.`, measured);
  return sentences(`You said: ${options[guess]}.`, replies[guess], answers, measured);
}

function judgeTerms(question, scene) {
  const { state: { guess }, reading: { terms } } = scene;
  const active = terms.filter((term) => term.active);
  if (guess === null) return `Active: ${list(active)}.`;
  const marked = terms.filter(({ index }) => guess.includes(index));
  const same = marked.length === active.length && marked.every((term) => term.active);
  if (same) return `Right: ${list(active)}.`;
  return sentences(`You marked ${list(marked)}.`, onMarks(scene, guess), `Active: ${list(active)}.`);
}

// How far a drawn arrow is off, in degrees.
function drawnError({ state, result, rate, shape }, point) {
  const from = state.points[point];
  const gradient = result.pointGradients[point];
  const target = descend(from, gradient, rate, shape);
  const truth = angleOf(target.map((value, axis) => value - from[axis]));
  return Math.abs(turn(truth, angleOf(state.guess))) * (360 / TAU);
}

function judgeDrawing({ point }, scene) {
  const { guess } = scene.state;
  const stays = guess !== null && lengthOf(guess) === 0;
  const rests = lengthOf(scene.result.pointGradients[point]) < UNSEEN;
  if (rests) return `${stays ? "Right: " : ""}${letter(point)} does not move at all: its gradient is 0.`;
  if (guess === null) return `The solid arrow shows where ${letter(point)} goes.`;
  if (stays) return `${letter(point)} does not stay: the solid arrow shows where it goes.`;
  const error = drawnError(scene, point);
  const told = `Dashed: yours. Solid: where ${letter(point)} goes. Yours is ${Math.round(error)}° off.`;
  return error <= NEARLY ? `Right. ${told}` : sentences(told, onArrow(scene, point));
}

const WHERE = {
  rest: ({ point }) => `where ${letter(point)} comes to rest`,
  hardest: ({ point, pushing }) => `where ${pushing} pushes ${letter(point)} hardest`,
};

function judgePlace(question, { state: { guess }, shape }, facts) {
  if (!facts) return null;
  const where = WHERE[question.truth](question);
  if (!facts.places.length) return "There is no such place here.";
  if (guess === null) return `The point: ${where}.`;
  const off = apart(guess, nearestTo(guess, facts.places, shape), shape);
  const far = shape === "circle" ? `${Math.round(off)}°` : brief(off, 2);
  const told = `Dashed: yours. The point: ${where}. Yours is ${far} off.`;
  return off <= (shape === "circle" ? NEARLY : NEAR) ? `Right. ${told}` : told;
}

// Whether a question is a task whose goal holds in this very state.
export const isReached = (question, facts) => question?.kind === "reach" && Boolean(facts?.current)
  && question.goal.every((condition, k) => holds(condition, { now: facts.numbers[k] }));

// What is missing, or that nothing is.
function judgeTask(question, scene, facts) {
  const { goal } = question;
  const { state: { guess, asked } } = scene;
  if (!facts || (!asked && !facts.current)) return null;
  const missing = [...goal.keys()].filter((k) => !holds(goal[k], { now: facts.numbers[k] }));
  if (missing.length) return sentences(...missing.map((k) => lacking(scene, goal[k], facts.numbers[k])));
  const told = goal.map((condition, k) => holding(scene, condition, facts.numbers[k]));
  return `${asked || guess ? "Done" : "One way"}: ${told.join("; ")}.`;
}

const JUDGES = { choice: judgeChoice, terms: judgeTerms, draw: judgeDrawing, place: judgePlace, reach: judgeTask };

// Null until it is known.
export function verdict(scene, facts = null) {
  const question = questionOf(scene.spec, scene.state);
  return JUDGES[question.kind](question, scene, facts);
}

// What a task leaves fixed, for who tried to move it.
export function refusal({ movable, settable }, refused) {
  if (refused === null) return "";
  const named = (each) => (typeof each === "number" ? letter(each) : inWords(each));
  const free = [...movable, ...settable].map(named);
  return `${named(refused)} stays here: ${free.join(", ")} ${free.length > 1 ? "move" : "moves"}.`;
}
