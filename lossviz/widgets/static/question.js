// Predict first: a question that hides the answer until the reader has one, then shows both. And a state that has gone
// wrong: what one would report, what is measured, and what helps.

import { button, html, keep, setAttributes, setText } from "./dom.js";
import { TAU, angleOf, atAngle, descend, lengthOf, turn } from "./geometry.js";
import { onArrow, onMarks } from "./replies.js";
import { asItBegan, questionOf, symptomOf } from "./state.js";
import { letter } from "./words.js";

const DRAWN = 0.4; // the length of an arrow that is turned, not drawn
const NEARLY = 10; // degrees within which a drawn arrow is right

// ---- the verdict: what the reader said, what that confuses, and what is so. A guess of null means "show me".

const sentences = (...parts) => parts.filter(Boolean).join(" ");

const list = (terms) => (terms.length ? terms.map(({ letters }) => letters).join(", ") : "none");

function judgeChoice({ options, replies, answer }, { state: { guess } }) {
  if (guess === null) return `The answer: ${options[answer]}.`;
  if (guess === answer) return `Right: ${options[answer]}.`;
  return sentences(`You said: ${options[guess]}.`, replies[guess], `The answer: ${options[answer]}.`);
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

// How far a drawn arrow is off, in degrees; null where the point does not move at all.
function drawnError({ state, result, rate, shape }, point) {
  const from = state.points[point];
  const gradient = result.pointGradients[point];
  if (lengthOf(gradient) < 1e-9) return null;
  const target = descend(from, gradient, rate, shape);
  const truth = angleOf(target.map((value, axis) => value - from[axis]));
  return Math.abs(turn(truth, angleOf(state.guess))) * (360 / TAU);
}

function judgeDrawing({ point }, scene) {
  if (scene.state.guess === null) return `The solid arrow shows where ${letter(point)} goes.`;
  const error = drawnError(scene, point);
  if (error === null) return `${letter(point)} does not move at all: nothing pulls it.`;
  const apart = `Dashed: yours. Solid: where ${letter(point)} goes. They are ${Math.round(error)}° apart.`;
  return error <= NEARLY ? `Right. ${apart}` : sentences(apart, onArrow(scene, point));
}

const JUDGES = { choice: judgeChoice, terms: judgeTerms, draw: judgeDrawing };

export function verdict(scene) {
  const question = questionOf(scene.spec, scene.state);
  return JUDGES[question.kind](question, scene);
}

// ---- answers, on the keyboard too: a choice and a term are buttons, a direction is a slider

function turnedArrow(actions) {
  const said = "direction of the arrow, in degrees";
  const input = html("input", { type: "range", min: -180, max: 180, step: 5, value: 0, "aria-label": said });
  const arrow = () => atAngle((input.value * TAU) / 360).map((part) => DRAWN * part);
  input.addEventListener("input", () => actions.sketch(arrow()));
  return html("label", {}, html("span", {}, "or turn it here"), input);
}

function inputsOf({ kind, options }, { terms }, actions) {
  const done = () => button("Done", () => actions.answer(undefined), { class: "primary" });
  if (kind === "choice") return options.map((option, index) => button(option, () => actions.answer(index)));
  if (kind === "draw") return [turnedArrow(actions), done()];
  const marks = terms.map(({ letters, index }) => button(letters, () => actions.mark(index), { class: "mark" }));
  return [...marks, done()];
}

// What "See it" would change: the batch, points, parameters.
function changes(spec, { situation, moves, parameters }) {
  const batch = spec.situations.some(({ name }) => name === situation);
  return batch || Object.keys({ ...moves, ...parameters }).length > 0;
}

export function createQuestion(spec, actions) {
  const prompt = html("p", { class: "prompt" });
  const answers = html("div", { class: "answers" });
  const told = html("p", { class: "verdict", "aria-live": "polite" });
  const show = button("Show me", () => actions.answer(null));
  const again = button("See it", () => actions.demonstrate());
  const root = html("section", { class: "question" }, prompt, answers, told, show, again);
  let shownFor = null;
  let judgement = { about: null, words: "" };

  // An answer is judged once, when it is given or when another loss is asked the same: what moves later is no part of
  // it.
  function judged(scene) {
    const { posed, loss, guess } = scene.state;
    const about = JSON.stringify([posed, loss, guess]);
    if (judgement.about !== about) judgement = { about, words: verdict(scene) };
    return judgement.words;
  }

  function drawAnswers(question, { state, reading }) {
    const key = `${state.posed} ${state.loss}`;
    if (shownFor !== key) answers.replaceChildren(...inputsOf(question, reading, actions));
    shownFor = key;
    if (question.kind !== "terms") return;
    [...answers.querySelectorAll(".mark")].forEach((mark, k) => {
      const marked = state.guess?.includes(reading.terms[k]?.index);
      setAttributes(mark, { "aria-pressed": String(Boolean(marked)) });
    });
  }

  return {
    root,
    draw(scene) {
      const { asked } = scene.state;
      const question = questionOf(spec, scene.state);
      setAttributes(root, { hidden: question ? null : "" });
      if (!question) return;
      if (asked) judgement.about = null;
      setText(prompt, question.prompt);
      setAttributes(answers, { hidden: asked ? null : "" });
      setAttributes(show, { hidden: asked ? null : "" });
      setAttributes(again, { hidden: !asked && changes(spec, question) ? null : "" });
      drawAnswers(question, scene);
      setText(told, asked ? "" : `${judged(scene)} ${question.reveal}`);
    },
  };
}

// ---- symptom and cures

export function createDiagnosis(spec, actions) {
  const symptom = html("p");
  const measured = html("p", { class: "note" });
  const cures = html("div", { class: "cures" });
  const root = html("section", { class: "diagnosis" }, symptom, measured, cures);
  let offered = [];

  return {
    root,
    draw({ state, situation, reading }) {
      const meant = symptomOf(spec, state) !== null && !state.asked;
      setAttributes(root, { hidden: meant ? null : "" });
      if (!meant) return;
      const began = asItBegan(spec, state);
      setText(symptom, `Symptom${began ? "" : " at the start"}: ${situation.symptom}`);
      setText(measured, `Measured${began ? "" : " now"}: ${reading.measures}`);
      offered = situation.cures.filter((cure) => cure.loss !== state.loss);
      keep(cures, offered.length, (k) => button("", () => actions.cure(offered[k])))
        .forEach((cure, k) => setText(cure, `Cure: ${offered[k].title}`));
    },
  };
}
