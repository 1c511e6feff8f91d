// The explorer: one state, one result, linked views. The same code runs in Jupyter and on the published page.
//
// Its element has a door, `root.explorer`, for what else stands on the page: {name, spec, state, result, scene, change}
// (Door in types.d.ts). `change(state)` goes the way of every change; `root.dataset.ready` says that it is shown.

import { createControls } from "./controls.js";
import { html, neverLower, setAttributes, setText } from "./dom.js";
import { kernelEngine, pageEngine } from "./engine.js";
import { createHeader } from "./header.js";
import { createLegend } from "./legend.js";
import { createPlane } from "./plane/plane.js";
import { createDiagnosis, createQuestion } from "./question.js";
import { litPoints, litTerms, read } from "./readings/reading.js";
import { createRun, createScales } from "./run.js";
import * as states from "./state.js";
import { createSum } from "./sum.js";
import { createTabs } from "./tabs.js";

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
function createActions(spec, store, run) {
  const to = (transition) => (...given) => store.change(transition(spec, store.state, ...given));
  const { move, choose, light, open, setParameter, switchLoss, enter, reset } = states;
  const { setPace, setSpeed, train, scrub, magnify } = states;
  const { answer, mark, sketch, demonstrate, apply: cure } = states;
  const transitions = {
    move, choose, light, open, setParameter, switchLoss, enter, reset, setPace, setSpeed, train, scrub, magnify,
    answer, mark, sketch, demonstrate, cure,
  };
  const actions = Object.fromEntries(Object.entries(transitions).map(([name, transition]) => [name, to(transition)]));
  return { ...actions, step: run.step, play: run.play };
}

// ---- the frames

// Follows the state: a frame after a change it is evaluated. `show(scene, isNewest)` draws what is known, `done()` is
// called when the state as it is now has been shown.
function createFrames(spec, engine, store, show, done) {
  const scales = createScales(spec, engine);
  let frame = 0;
  let answered = null; // the last {state, result}: torch in a kernel may be behind

  const isAnswered = () => answered?.state === store.state && scales.of(store.state) !== undefined;

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
    engine.evaluate(state, async (result) => {
      answered = { state, result };
      if (scales.of(state) === undefined) await scales.measure(state);
      draw();
      if (isAnswered()) done();
    });
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

// ---- the views

function createFooter({ engine: { name, device } }) {
  const summary = html("summary", { "aria-label": "How these numbers are computed" }, "i");
  return html("details", { class: "about" }, summary, html("span", {}, ABOUT[name](device)));
}

// One sentence about what is seen; during Play it is not read out, for sixty a second would be noise.
function createCaption() {
  const root = html("p", { class: "caption" });
  return {
    root,
    draw({ state, reading }) {
      setText(setAttributes(root, { "aria-live": state.playing ? "off" : "polite" }), reading.caption);
    },
  };
}

// All that is shown, from top to bottom; where all is compact, nothing that does not help to play with the plane.
function createViews(spec, engine, actions) {
  const made = (isShown, create) => (isShown ? [create(spec, engine, actions)] : []);
  const beside = [...made(spec.dimension === 2, createPlane), ...made(!spec.compact, createTabs)];
  const above = [createHeader, createQuestion, createDiagnosis].map((create) => create(spec, actions));
  const caption = made(!spec.compact, createCaption);
  const sum = made(!spec.compact, createSum);
  const below = [...caption, createControls(spec, engine, actions), ...sum, createLegend(spec, actions)];
  const parts = [...above, ...beside, ...below];
  const rootsOf = (views) => views.map(({ root }) => root);
  const views = html("div", { class: spec.dimension === 2 ? "views" : "views alone" }, ...rootsOf(beside));
  const root = html("div", { class: spec.compact ? "lossviz-explorer compact" : "lossviz-explorer" },
    ...rootsOf(above), views, ...rootsOf(below), ...made(!spec.compact, createFooter));
  const heights = [...rootsOf([...caption, ...sum]), ...root.querySelectorAll(".plane > .note")].map(neverLower);
  let subject = null; // the batch and the loss whose heights are kept
  root.style.visibility = "hidden"; // until the first frame: nobody sees the parts find their places

  return {
    root,
    // Reading a size makes the browser lay out the page, so sizes are read only when they may have changed.
    measure() {
      for (const view of parts) view.measure?.();
      subject = null;
    },
    draw(scene) {
      const { state } = scene;
      const about = `${state.situation} ${state.loss}`;
      if (about !== subject) for (const forget of heights) forget();
      subject = about;
      for (const view of parts) view.draw(scene);
      root.classList.toggle("asking", state.asked);
      root.style.visibility = "";
    },
  };
}

// Calls when the width or the theme of what surrounds an explorer changes.
function watch(el, { resized, themed }) {
  let width = 0;
  const sizes = new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return; // heights are none of a view's business
    width = contentRect.width;
    resized();
  });
  const themes = new MutationObserver(themed);
  sizes.observe(el);
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

function render({ model, el }) {
  const spec = specOf(model);
  const engine = spec.engine.name === "page" ? pageEngine(spec, model.get("modules")) : kernelEngine(spec, model);
  let shown = null; // the last scene
  const store = createStore(spec, model, () => {
    delete views.root.dataset.ready; // until what is shown is the state again
    frames.soon();
  });
  const show = (scene, isNewest) => {
    shown = scene;
    views.draw(scene);
    if (isNewest) views.root.dataset.ready = "yes";
  };
  const frames = createFrames(spec, engine, store, show, () => run.advance());
  const run = createRun(spec, engine, store);
  const views = createViews(spec, engine, createActions(spec, store, run));
  const resized = () => {
    views.measure();
    frames.draw();
  };
  views.root.explorer = {
    name: spec.name, spec, change: store.change,
    get state() { return store.state; },
    get result() { return frames.result; },
    get scene() { return shown; },
  };
  el.append(views.root);
  const unwatch = watch(el, { resized, themed: frames.draw });
  resized();
  frames.refresh();
  return () => [store.stop, frames.stop, unwatch].forEach((stop) => stop());
}

export default { render };
