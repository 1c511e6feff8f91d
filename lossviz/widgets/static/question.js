// Predict first: a question that hides the answer until the reader has one, then shows both.

import { TAU, angleOf, descend, turn } from "./geometry.js";
import { html, keep, setAttributes, setText } from "./dom.js";
import { asItBegan, questionOf, shapeOf, situationOf, symptomOf } from "./state.js";
import { letter } from "./words.js";

const list = (terms) => (terms.length ? terms.map(({ letters }) => letters).join(", ") : "none");

// What the reader said beside what is so: one sentence. A guess of null means "show me".
export function verdict(spec, state, result, reading) {
  const question = questionOf(spec, state);
  const judges = { choice: judgeChoice, terms: judgeTerms, draw: judgeDrawing };
  return judges[question.kind](question, spec, state, result, reading);
}

function judgeChoice({ options, answer }, spec, state) {
  if (state.guess === null) return `The answer: ${options[answer]}.`;
  return state.guess === answer ? `Right: ${options[answer]}.` : `You said: ${options[state.guess]}. It is: ${options[answer]}.`;
}

function judgeTerms(question, spec, state, result, { terms }) {
  const active = terms.filter((term) => term.active);
  if (state.guess === null) return `Active: ${list(active)}.`;
  const marked = terms.filter(({ index }) => state.guess.includes(index));
  const same = marked.length === active.length && marked.every((term) => term.active);
  return same ? `Right: ${list(active)}.` : `You marked ${list(marked)}. Active: ${list(active)}.`;
}

// How far a drawn arrow is off, in degrees; null where the point does not move at all.
export function drawnError(state, result, point, shape) {
  const from = state.points[point];
  const gradient = result.pointGradients[point];
  if (Math.hypot(...gradient) < 1e-9) return null;
  const target = descend(from, gradient, state.rate, shape);
  const truth = angleOf(target.map((value, axis) => value - from[axis]));
  return Math.abs(turn(truth, angleOf(state.guess))) * (360 / TAU);
}

function judgeDrawing({ point }, spec, state, result) {
  const error = state.guess === null ? null : drawnError(state, result, point, shapeOf(spec, state));
  if (state.guess === null) return `The solid arrow shows where ${letter(point)} goes.`;
  if (error === null) return `${letter(point)} does not move at all: nothing pulls it.`;
  return `Dashed: yours. Solid: where ${letter(point)} goes. They are ${Math.round(error)}° apart.`;
}

export function createQuestion(spec, actions) {
  const prompt = html("p", { class: "prompt" });
  const answers = html("div", { class: "answers" });
  const show = html("button", { type: "button" }, "Show me");
  const again = html("button", { type: "button" }, "See it");
  const told = html("p", { class: "verdict", "aria-live": "polite" });
  const root = html("section", { class: "question" }, prompt, answers, told, show, again);
  show.addEventListener("click", () => actions.answer(null));
  again.addEventListener("click", () => actions.demonstrate());
  let shownFor = null;
  let judgement = { about: null, words: "" };

  const button = (text, act, attributes = {}) => {
    const element = html("button", { type: "button", ...attributes }, text);
    element.addEventListener("click", act);
    return element;
  };

  // Answered on the keyboard too: a choice and a term are buttons, a direction is a slider.
  function inputs(question, state, reading) {
    if (question.kind === "choice") return question.options.map((option, index) => button(option, () => actions.answer(index)));
    if (question.kind === "terms") {
      const terms = reading.terms.map((term) => button(term.letters, () => actions.mark(term.index), { class: "mark" }));
      return [...terms, button("Done", () => actions.answer(undefined), { class: "primary" })];
    }
    const slider = html("input", { type: "range", min: -180, max: 180, step: 5, value: 0, "aria-label": "direction of the arrow, in degrees" });
    slider.addEventListener("input", () => actions.sketch([0.4 * Math.cos((slider.value * TAU) / 360), 0.4 * Math.sin((slider.value * TAU) / 360)]));
    const label = html("label", {}, html("span", {}, "or turn it here"), slider);
    return [label, button("Done", () => actions.answer(undefined), { class: "primary" })];
  }

  // An answer is judged once, when it is given or when another loss is asked the same: what moves later is no part of it.
  function judged(state, result, reading) {
    const about = JSON.stringify([state.posed, state.loss, state.guess]);
    if (judgement.about !== about) judgement = { about, words: verdict(spec, state, result, reading) };
    return judgement.words;
  }

  return {
    root,
    draw(state, result, reading) {
      const question = questionOf(spec, state);
      setAttributes(root, { hidden: question ? null : "" });
      if (!question) return;
      setText(prompt, question.prompt);
      setAttributes(answers, { hidden: state.asked ? null : "" });
      setAttributes(show, { hidden: state.asked ? null : "" });
      if (state.asked) judgement.about = null;
      const batch = spec.situations.some(({ name }) => name === question.situation);
      const shows = batch || Object.keys({ ...question.moves, ...question.parameters }).length > 0;
      setAttributes(again, { hidden: !state.asked && shows ? null : "" });
      const key = `${state.posed} ${state.loss}`;
      if (shownFor !== key) answers.replaceChildren(...inputs(question, state, reading));
      shownFor = key;
      if (question.kind === "terms") {
        [...answers.querySelectorAll(".mark")].forEach((mark, k) => setAttributes(mark, { "aria-pressed": String(Boolean(state.guess?.includes(reading.terms[k].index))) }));
      }
      setText(told, state.asked ? "" : `${judged(state, result, reading)} ${question.reveal}`);
    },
  };
}

// A state that has gone wrong: what one would report, what is measured, and what helps.
export function createDiagnosis(spec, actions) {
  const symptom = html("p");
  const measured = html("p", { class: "note" });
  const cures = html("div", { class: "cures" });
  const root = html("section", { class: "diagnosis" }, symptom, measured, cures);
  let offered = [];
  return {
    root,
    draw(state, result, reading) {
      const situation = situationOf(spec, state);
      const meant = symptomOf(spec, state) !== null && !state.asked;
      setAttributes(root, { hidden: meant ? null : "" });
      if (!meant) return;
      const began = asItBegan(spec, state);
      setText(symptom, `Symptom${began ? "" : " at the start"}: ${situation.symptom}`);
      setText(measured, `Measured${began ? "" : " now"}: ${reading.measures}`);
      offered = situation.cures.filter((cure) => cure.loss !== state.loss);
      keep(cures, offered.length, (k) => {
        const cure = html("button", { type: "button" });
        cure.addEventListener("click", () => actions.cure(offered[k]));
        return cure;
      }).forEach((cure, k) => setText(cure, `Cure: ${offered[k].title}`));
    },
  };
}
