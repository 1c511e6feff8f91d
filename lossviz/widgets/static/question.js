// Predict first: a question that hides the answer until the reader has one, then shows both. A task, whose goal is to
// be reached by hand. And a state that has gone wrong: what one would report, what is measured, and what helps.

import { button, html, keep, setAttributes, setText } from "./dom.js";
import { createFacts, nearestTo } from "./facts.js";
import { TAU, atAngle } from "./geometry.js";
import { counted } from "./goals.js";
import { asItBegan, questionOf, symptomOf } from "./state.js";
import { isReached, refusal, sentences, verdict } from "./verdict.js";
import { letter } from "./words.js";

const DRAWN = 0.4; // the length of an arrow that is turned, not drawn
const NOWHERE = [0, 0]; // and of none
const WHILE = 300; // milliseconds for which a goal must hold

// ---- answers, on the keyboard too: a choice and a term are buttons, a direction is a slider

function turnedArrow(actions) {
  const said = "direction of the arrow, in degrees";
  const input = html("input", { type: "range", min: -180, max: 180, step: 5, value: 0, "aria-label": said });
  const arrow = () => atAngle((input.value * TAU) / 360).map((part) => DRAWN * part);
  input.addEventListener("input", () => actions.sketch(arrow()));
  return html("label", {}, html("span", {}, "or turn it here"), input);
}

function inputsOf({ kind, options, point }, { terms }, actions, place) {
  const done = () => button("Done", () => actions.answer(undefined), { class: "primary" });
  if (kind === "reach") return [];
  if (kind === "place") return [button("Done", place, { class: "primary" })];
  if (kind === "choice") return options.map((option, index) => button(option, () => actions.answer(index)));
  if (kind === "draw") {
    return [turnedArrow(actions), done(), button(`${letter(point)} stays`, () => {
      actions.sketch(NOWHERE);
      actions.answer(undefined);
    })];
  }
  const marks = terms.map(({ letters, index }) => button(letters, () => actions.mark(index), { class: "mark" }));
  return [...marks, done()];
}

// What "See it" would change: the batch, points, parameters.
function changes(spec, { situation, moves, parameters }) {
  const batch = spec.situations.some(({ name }) => name === situation);
  return batch || Object.keys({ ...moves, ...parameters }).length > 0;
}

// How many were done, and a button that forgets it.
function createTally(actions, done) {
  const words = html("span");
  const root = html("p", { class: "tally" }, words, button("Forget", actions.forget));
  return {
    root,
    draw({ state: { asked } }) {
      setAttributes(root, { hidden: done.count && !asked ? null : "" });
      setText(words, counted(done.count, done.all));
    },
  };
}

// The buttons of an answer; made anew for another question, or another loss.
function createAnswers(actions, place) {
  const root = html("div", { class: "answers" });
  let shownFor = null;
  return {
    root,
    draw(question, { state, reading }, facts) {
      const key = `${state.posed} ${state.loss}`;
      if (shownFor !== key) root.replaceChildren(...inputsOf(question, reading, actions, place));
      shownFor = key;
      setAttributes(root, { hidden: state.asked ? null : "" });
      if (question.kind === "draw") root.querySelector(".primary").disabled = state.guess === null;
      if (question.kind === "place") root.firstChild.disabled = state.guess === null || !facts;
      if (question.kind !== "terms") return;
      [...root.querySelectorAll(".mark")].forEach((mark, k) => {
        const marked = state.guess?.includes(reading.terms[k]?.index);
        setAttributes(mark, { "aria-pressed": String(Boolean(marked)) });
      });
    },
  };
}

// said(question, scene, facts): of a task that waits what is missing, after an answer the verdict. It is judged once,
// when it is known or when another loss is asked the same: what moves later is no part of it.
function createVerdict() {
  let judgement = { about: null, words: null };
  return (question, scene, facts) => {
    const { posed, loss, guess, asked, refused } = scene.state;
    if (asked) {
      judgement = { about: null, words: null };
      return question.kind === "reach" ? sentences(refusal(question, refused), verdict(scene, facts)) : "";
    }
    const about = JSON.stringify([posed, loss, guess]);
    if (judgement.about !== about) judgement = { about, words: null };
    judgement.words ??= verdict(scene, facts);
    return judgement.words === null ? "" : `${judgement.words} ${question.reveal}`;
  };
}

// Whether a hand has left what the verdict speaks of: of a task the goal, else the batch that was judged.
const isPast = (question, { past }, facts) =>
  past && !(question.kind === "reach" && (isReached(question, facts) || !facts?.current));

// What answers to a question that is not one press: `now()` tells the newest scene, and what is known of it.
function createDeeds(spec, actions, now) {
  let timer = 0; // while a goal holds

  // A ghost is placed, or given up: the point goes to where it should be, so that both are seen.
  function place(guess) {
    const { scene: { state, shape }, facts: { places } } = now();
    const { point, truth } = questionOf(spec, state);
    const [there] = guess === null ? places : [nearestTo(state.guess, places, shape)];
    actions.answer(guess);
    if (truth === "rest") actions.play();
    else if (there) actions.put(point, there);
  }

  return {
    place: () => place(undefined),
    giveUp() {
      const { kind } = questionOf(spec, now().scene.state);
      if (kind === "place") return place(null);
      actions.answer(null);
      if (kind === "reach") actions.demonstrate();
    },
    // A goal must hold for a moment: a hand that only passes has not found it.
    settle(isReached) {
      clearTimeout(timer);
      if (isReached) timer = setTimeout(() => actions.answer(true), WHILE);
    },
  };
}

export function createQuestion(spec, engine, actions, done) {
  let [shown, facts] = [null, null]; // the newest scene, and what is known of its question
  const deeds = createDeeds(spec, actions, () => ({ scene: shown, facts }));
  const prompt = html("p", { class: "prompt" });
  const told = html("p", { class: "verdict", "aria-live": "polite" });
  const show = button("Show me", deeds.giveUp);
  const again = button("See it", () => actions.demonstrate());
  const [answers, tally] = [createAnswers(actions, deeds.place), createTally(actions, done)];
  const root = html("section", { class: "question" }, prompt, answers.root, told, show, again);
  const factsOf = createFacts(spec, engine, () => root.isConnected && draw(shown));
  const said = createVerdict();

  function draw(scene) {
    shown = scene;
    facts = factsOf(scene);
    tally.draw(scene);
    const question = questionOf(spec, scene.state);
    const { asked } = scene.state;
    deeds.settle(asked && isReached(question, facts));
    setAttributes(root, { hidden: question ? null : "" });
    if (!question) return;
    setText(prompt, question.prompt);
    answers.draw(question, scene, facts);
    setAttributes(show, { hidden: asked ? null : "", disabled: question.kind === "place" && !facts ? "" : null });
    setAttributes(again, { hidden: !asked && question.kind !== "reach" && changes(spec, question) ? null : "" });
    setText(told, isPast(question, scene.state, facts) ? "" : said(question, scene, facts));
  }

  return { root, tally: tally.root, draw };
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
