// The explorer: one state, one result, linked views. The same code runs in Jupyter and on the published page.
//
// Its element has a door, `root.explorer`, for what else stands on the page: {name, spec, state, result, scene, change}
// (Door in types.d.ts). `change(state)` goes the way of every change, `follow(address)` where a link leads;
// `root.dataset.ready` says that it is shown.

import { addressOf, splitAddress } from "./address.js";
import { createControls } from "./controls.js";
import { createDone } from "./done.js";
import { html, setAttributes, setText } from "./dom.js";
import { createAsking, kernelEngine, pageEngine } from "./engine.js";
import { createHeader } from "./header.js";
import { createNumbers, listen, visitIn } from "./links.js";
import { createPlane } from "./plane/plane.js";
import { createDiagnosis, createQuestion } from "./question.js";
import { litPoints, litTerms, read } from "./readings/reading.js";
import { createRun, createScales } from "./run.js";
import { endingOf } from "./runs.js";
import * as states from "./state.js";
import { createViews } from "./views/views.js";

const ABOUT = {
  page: () => "Computed in this page, in float64, by the torch definition of this loss lowered to JavaScript.",
  kernel: (device) => `Computed by torch in the kernel, on ${device}.`,
};

// ---- the state

// Every change goes through here: the next frame shows it, and Python hears of what lasts.
function createStore(spec, model, changed) {
  let state = states.begin(spec, model.get("state"));

  function change(next) {
    if (next === state) return;
    const lasts = states.sameLasting(next, state);
    state = next;
    if (!lasts) {
      model.set("state", states.lastingOf(state));
      model.save_changes();
    }
    changed();
  }

  function hear() {
    const next = states.begin(spec, model.get("state"), state);
    if (next === state) return;
    state = next;
    changed();
  }

  model.on("change:state", hear);
  return { get state() { return state; }, change, stop: () => model.off("change:state", hear) };
}

// What a reader can do: each a transition of the state, but Step and Play, which wait for a run.
function createActions(spec, store, run, done) {
  const to = (transition) => (...given) => store.change(transition(spec, store.state, ...given));
  const { moveByHand: move, setByHand: setParameter, choose, light, open, switchLoss, enter, reset } = states;
  const { setPace, setSpeed, train, scrub, magnify } = states;
  const { mark, sketch, demonstrate, apply: cure } = states;
  const transitions = {
    move, put: states.move, choose, light, open, setParameter, switchLoss, enter, reset, setPace, setSpeed, train,
    scrub, magnify, mark, sketch, demonstrate, cure,
  };
  const actions = Object.fromEntries(Object.entries(transitions).map(([name, transition]) => [name, to(transition)]));

  function answer(guess) {
    const { asked, posed } = store.state;
    store.change(states.answer(spec, store.state, guess));
    if (asked && !store.state.asked) done.add(spec.situations[posed].name);
  }

  return { ...actions, answer, forget: done.forget, step: run.step, play: run.play };
}

// ---- the frames

// Follows the state: a frame after a change it is evaluated. `show(scene, isNewest)` draws what is known, `done()` is
// called when the state as it is now has been shown.
function createFrames(spec, engine, store, show, done) {
  const scales = createScales(spec, engine);
  let frame = 0;
  let answered = null; // the last {state, result}: torch in a kernel may be behind

  const isAnswered = () => answered?.state === store.state && scales.of(store.state) !== undefined;

  const isKnown = () => answered !== null && states.sameLasting(answered.state, store.state);

  // A late result is shown with newer places and numbers, but not with another batch or variant, and not unmeasured.
  function canBeShown() {
    const { state } = store;
    const same = answered?.state.situation === state.situation
      && states.variantOf(spec, answered.state) === states.variantOf(spec, state);
    return same && scales.of(state) !== undefined;
  }

  function draw() {
    if (canBeShown()) show(sceneOf(spec, store.state, answered.result, scales.of(store.state)), isAnswered());
  }

  async function refresh() {
    const { state } = store;
    await engine.ready(state);
    if (state !== store.state) return; // the newer state has a refresh of its own, which waits for its own variant
    const isNews = () => !isKnown() || states.sameLasting(state, store.state); // not of what was undone since
    if (isKnown()) await hear(state, answered.result); // what only passes needs no new answer
    else engine.evaluate(state, (result) => isNews() && hear(state, result));
  }

  async function hear(state, result) {
    answered = { state, result };
    if (scales.of(state) === undefined) await scales.measure(state);
    draw();
    if (isAnswered()) done();
  }

  return {
    draw, refresh,
    get result() { return answered?.result ?? null; },
    soon() {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        refresh();
      });
    },
    stop: () => cancelAnimationFrame(frame),
  };
}

// Everything that the views are functions of.
function sceneOf(spec, state, result, rate) {
  const reading = read(spec, state, result);
  const variant = states.variantOf(spec, state);
  const lit = litTerms(state, reading.terms);
  return {
    spec, state, result, reading, variant, rate, lit,
    situation: states.situationOf(spec, state),
    loss: states.lossOf(spec, state),
    shape: variant.shape,
    litPoints: litPoints(state, reading.terms, lit),
  };
}

// ---- what is shown

const MEASURED = ":scope > .lossviz-explorer > :is(.plane, [role='tabpanel'])"; // by its size the page gives room

function createAbout({ engine: { name, device } }) {
  const summary = html("summary", { "aria-label": "How these numbers are computed" }, "i");
  return html("details", { class: "about" }, summary, html("span", {}, ABOUT[name](device)));
}

// What is said of the state: its question or its symptom, one sentence about what is seen, how a run ended, and what
// the arrows are. During Play nothing is read out, for sixty a second would be noise.
function createMessage(spec, engine, actions, done, note) {
  const [question, diagnosis] = [createQuestion(spec, engine, actions, done), createDiagnosis(spec, actions)];
  const [caption, ending] = [html("p", { class: "caption" }), html("p", { class: "ending", "aria-live": "polite" })];
  const missed = html("p", { class: "missed", role: "status" }); // what a link asked for and there is not
  const said = spec.compact ? [] : [missed, caption, ending, ...(note ? [note] : []), question.tally];
  const root = html("section", { class: "message", tabindex: spec.compact ? null : 0 },
    question.root, diagnosis.root, ...said);
  let about = null; // what is new is read from its beginning
  return {
    root,
    draw(scene) {
      const { situation, posed, asked } = scene.state;
      const now = `${situation} ${posed} ${asked}`;
      if (now !== about) root.scrollTop = 0;
      about = now;
      for (const part of [question, diagnosis]) part.draw(scene);
      setText(setAttributes(caption, { "aria-live": scene.state.playing ? "off" : "polite" }), scene.reading.caption);
      setText(ending, endingOf(scene.state));
      setText(missed, scene.state.notes.join(" "));
    },
  };
}

// Whether the parameters of a loss stand in two rows: then all that is below the plane is higher, for each loss of it.
const needsTwoRows = ({ losses }) => Object.values(losses).some(({ controls }) =>
  controls.filter(({ choices }) => !choices.includes(true)).length > 4);

// Whether a question or a symptom needs more room than one sentence: before an answer as after it.
const isTelling = (spec, state) =>
  states.questionOf(spec, state) !== null || states.symptomOf(spec, state) !== null;

// All that is shown; where all is compact, nothing that does not help to play with the plane.
function createParts(spec, engine, actions, done) {
  const plane = spec.dimension === 2 ? createPlane(spec, engine, actions) : null;
  const views = spec.compact ? null : createViews(spec, engine, actions, plane ? { strip: plane.strip } : {});
  const header = createHeader(spec, actions, done);
  const message = createMessage(spec, engine, actions, done, plane?.note);
  const controls = createControls(spec, engine, actions);
  const tools = views && html("div", { class: "tools" }, ...(plane ? [controls.magnifier] : []), views.tabs);
  const below = html("div", { class: "below" }, message.root, controls.root);
  const roots = [header.root, tools, plane?.root, views?.root, below].filter(Boolean);
  const looks = { compact: spec.compact, flat: !plane, tall: needsTwoRows(spec) };
  const look = ["lossviz-explorer", ...Object.keys(looks).filter((name) => looks[name])].join(" ");
  const root = html("div", { class: look }, ...roots);
  if (tools) tools.prepend(createAbout(spec));
  root.style.visibility = "hidden"; // until the first frame: nobody sees the parts find their places
  const parts = [header, plane, views, message, controls].filter(Boolean);

  return {
    root,
    // Reading a size makes the browser lay out the page, so sizes are read only when they may have changed.
    measure() {
      for (const part of parts) part.measure?.();
    },
    draw(scene) {
      for (const part of parts) part.draw(scene);
      const hidden = states.hides(spec, scene.state);
      root.classList.toggle("asking", hidden);
      root.classList.toggle("doing", scene.state.asked && !hidden);
      root.classList.toggle("telling", isTelling(spec, scene.state));
      root.classList.toggle("setting", states.settableIn(spec, scene.state).length > 0);
      root.style.visibility = "";
    },
  };
}

// Calls when the room for the plane and its views, or the theme, changes.
function watch(el, { resized, themed }) {
  let known = "";
  const sizes = new ResizeObserver(() => {
    const size = [...el.querySelectorAll(MEASURED)].map((part) => `${part.clientWidth} ${part.clientHeight}`).join();
    if (size === known) return;
    known = size;
    resized();
  });
  const themes = new MutationObserver(themed);
  for (const part of el.querySelectorAll(MEASURED)) sizes.observe(part);
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] }); // the book
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] }); // JupyterLab
  return () => [sizes, themes].forEach((observer) => observer.disconnect());
}

// ---- all together

// As one text it comes from Python, where the order of its keys is kept.
function specOf(model) {
  const spec = model.get("spec");
  return typeof spec === "string" ? JSON.parse(spec) : spec;
}

// What the first state needs comes before its place on the page is there.
function initialize({ model }) {
  const spec = specOf(model);
  if (spec.engine.name !== "page") return;
  pageEngine(spec, model.get("modules")).ready(states.begin(spec, model.get("state"))).catch(() => {}); // render tells
}

function render({ model, el }) {
  const spec = specOf(model);
  const ask = createAsking(model);
  const engine = spec.engine.name === "page" ? pageEngine(spec, model.get("modules"), ask) : kernelEngine(spec, ask);
  let shown = null; // the last scene
  const store = createStore(spec, model, () => {
    delete parts.root.dataset.ready; // until what is shown is the state again
    frames.soon();
  });
  const show = (scene, isNewest) => {
    shown = scene;
    parts.draw(scene);
    numbers.draw(scene);
    if (isNewest) parts.root.dataset.ready = "yes";
  };
  const frames = createFrames(spec, engine, store, show, () => run.advance());
  const run = createRun(spec, engine, store);
  const numbers = createNumbers(spec);
  const visit = (query) => visitIn(spec, store, run, query);
  const done = createDone(spec, () => frames.soon());
  const parts = createParts(spec, engine, createActions(spec, store, run, done), done);
  const resized = () => {
    parts.measure();
    frames.draw();
  };
  parts.root.explorer = {
    name: spec.name, spec, change: store.change,
    get state() { return store.state; },
    get result() { return frames.result; },
    get scene() { return shown; },
    get address() { return addressOf(spec, store.state); },
    follow: (address) => visit(splitAddress(address).query),
  };
  el.classList.add("lossviz-room"); // it is the room that decides how the parts stand
  el.append(parts.root);
  const unlisten = listen(spec, parts.root, visit);
  const unwatch = watch(el, { resized, themed: frames.draw });
  resized();
  frames.refresh();
  return () => [store.stop, frames.stop, done.stop, unwatch, unlisten].forEach((stop) => stop());
}

export default { initialize, render };
