// The explorer: one state, one result, linked views. The same code runs in Jupyter and on the published page.

import { createClassRegions } from "./class_regions.js";
import { createControls, createLosses, createSituations } from "./controls.js";
import { createDistanceLine } from "./distance_line.js";
import { html, keep, neverLower, setAttributes, setText } from "./dom.js";
import { kernelEngine, pageEngine } from "./engine.js";
import { createMask } from "./mask.js";
import { createPlane } from "./plane.js";
import { litPoints, read } from "./reading.js";
import * as states from "./state.js";
import { createScoreMatrix } from "./score_matrix.js";
import { createScorePlane } from "./score_plane.js";
import { createDiagnosis, createQuestion } from "./question.js";
import { createSum } from "./sum.js";
import { createTripletPlane } from "./triplet_plane.js";
import { fixed, letter } from "./words.js";

const CHARTS = {
  "distance line": createDistanceLine, "triplet plane": createTripletPlane, "score plane": createScorePlane,
  "class regions": createClassRegions, "score matrix": createScoreMatrix,
};
const ABOUT = {
  page: "Computed in this page, in float64, by the torch definition of this loss lowered to JavaScript.",
  kernel: (device) => `Computed by torch in the kernel, on ${device}.`,
};

function createTabs(spec, engine, actions) {
  const mask = createMask(spec, engine, actions);
  const charts = new Map(); // a chart is made when a loss first needs it
  function viewOf(state) {
    const { chart } = states.lossOf(spec, state);
    if (state.tab === "mask" || !CHARTS[chart]) return mask;
    if (!charts.has(chart)) charts.set(chart, CHARTS[chart](spec, engine, actions));
    return charts.get(chart);
  }
  const titles = { chart: "Chart", mask: "Mask" };
  const tabs = Object.keys(titles).map((name) => {
    const tab = html("button", { type: "button", role: "tab" }, titles[name]);
    tab.addEventListener("click", () => actions.open(name));
    return { name, tab };
  });
  const list = html("div", { role: "tablist", "aria-label": "Chart or mask" }, ...tabs.map(({ tab }) => tab));
  list.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const here = tabs.findIndex(({ tab }) => tab === document.activeElement);
    const next = tabs[(here + 1) % tabs.length];
    next.tab.focus();
    actions.open(next.name);
  });
  const panel = html("div", { role: "tabpanel" });
  return {
    root: html("section", { class: "chart" }, list, panel),
    measure() {
      for (const view of charts.values()) if (view.root.isConnected) view.measure();
    },
    draw(state, result, reading) {
      const view = viewOf(state);
      const name = view === mask ? "mask" : "chart";
      for (const { name: each, tab } of tabs) setAttributes(tab, { "aria-selected": String(each === name), tabindex: each === name ? 0 : -1 });
      if (panel.firstChild !== view.root) {
        panel.replaceChildren(view.root);
        view.measure?.();
      }
      view.draw(state, result, reading);
    },
  };
}

// The sentences behind the letters; touching one lights it up everywhere and makes it the chosen one.
function createLegend(spec, actions) {
  const root = html("ol", { class: "legend", "aria-label": "The sentences" });
  const make = (index) => {
    const button = html("button", { type: "button" }, html("b", {}, letter(index)), html("span"));
    button.addEventListener("click", () => actions.choose(index));
    for (const event of ["pointerenter", "focus"]) button.addEventListener(event, () => actions.light({ kind: "point", index }));
    for (const event of ["pointerleave", "blur"]) button.addEventListener(event, () => actions.light(null));
    return html("li", {}, button);
  };
  return {
    root,
    draw(state, result, reading) {
      const { sentences } = states.situationOf(spec, state);
      const lit = litPoints(state, reading.terms);
      keep(root, sentences.length, make).forEach((item, index) => {
        setText(item.firstChild.lastChild, sentences[index].text);
        setAttributes(item.firstChild, { "aria-pressed": String(index === state.chosen), class: lit && !lit.has(index) ? "faded" : null });
      });
    },
  };
}

function createHeader(spec, actions) {
  const value = html("output", { class: "value", "aria-label": "loss" });
  const losses = createLosses(spec, actions);
  const situations = createSituations(spec, actions);
  return {
    root: html("header", {}, html("span", { class: "name" }, losses.root, value), situations.root),
    draw(state, result) {
      losses.draw(state);
      setText(value, fixed(result.loss));
      situations.draw(state);
    },
  };
}

function createFooter(spec) {
  const { name, device } = spec.engine;
  const about = name === "page" ? ABOUT.page : ABOUT.kernel(device);
  return html("details", { class: "about" }, html("summary", { "aria-label": "How these numbers are computed" }, "i"), html("span", {}, about));
}

function render({ model, el }) {
  const spec = model.get("spec");
  const engine = spec.engine.name === "page" ? pageEngine(spec, model.get("modules")) : kernelEngine(spec, model);
  let state = model.get("state");
  let answered = null; // the last {result}, and the {state} that it is of: torch in a kernel may be behind
  let frame = 0;
  const waiting = []; // what was asked for before the newest state had a result

  // Every change goes through here: a new state is evaluated and drawn in the next frame, and Python sees it.
  function change(next) {
    if (next === state) return;
    share(next);
    soon();
  }

  function share(next) {
    state = next;
    model.set("state", state);
    model.save_changes();
  }

  function soon() {
    delete root.dataset.ready; // until what is shown is the state again
    if (!frame) frame = requestAnimationFrame(() => { frame = 0; refresh(); });
  }

  async function refresh() {
    const wanted = state;
    await engine.ready(wanted);
    if (wanted !== state) return; // the newer state has a refresh of its own, which waits for its own variant
    engine.evaluate(wanted, (result) => {
      const calm = states.calmed(wanted, result);
      if (wanted === state && calm !== wanted) share(calm);
      answered = { state: calm, result };
      draw();
      while (waiting.length && isAnswered()) waiting.shift()();
      if (isAnswered() && state.playing) advance();
    });
  }

  const isAnswered = () => answered?.state === state;

  // What needs the result of the state as it is now waits until there is one.
  function onceAnswered(act) {
    if (isAnswered()) act();
    else waiting.push(act);
  }

  // A late result is shown with newer places and parameters, but not with another batch or loss, and not unmeasured.
  const canBeShown = () => answered?.state.situation === state.situation && answered.state.loss === state.loss && state.rate !== null;

  function advance() {
    change(states.finished(state, answered.result) ? { ...state, playing: false } : states.step(spec, state, answered.result));
  }

  // Reduced motion: Play shows its end at once.
  function playAtOnce(from) {
    engine.evaluate(from, (answer) => {
      if (states.finished(from, answer)) change(from);
      else playAtOnce(states.step(spec, from, answer));
    });
  }

  function step() {
    if (!state.asked) change({ ...states.step(spec, state, answered.result), playing: false });
  }

  function play() {
    if (state.asked) return;
    if (still.matches && !state.playing) onceAnswered(() => playAtOnce(state));
    else change({ ...state, playing: !state.playing });
  }

  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const actions = {
    move: (index, position) => change(states.move(spec, state, index, position)),
    choose: (index) => change(states.choose(state, index)),
    light: (lit) => change(states.light(state, lit)),
    open: (tab) => change({ ...state, tab }),
    setParameter: (name, value) => change(states.setParameter(spec, state, name, value)),
    answer: (guess) => change(states.answer(state, guess)),
    mark: (index) => change(states.mark(state, index)),
    sketch: (arrow) => change(states.sketch(state, arrow)),
    demonstrate: () => change(states.demonstrate(spec, state)),
    cure: (chosen) => change(states.apply(spec, state, chosen)),
    switchLoss: (name) => change(states.switchLoss(spec, state, name)),
    setRate: (rate) => change({ ...state, rate }),
    train: (trains) => change(states.train(state, trains)),
    enter: (index) => change(states.enter(spec, state, index)),
    reset: () => change(states.reset(spec, state)),
    step: () => onceAnswered(step),
    play,
  };

  const header = createHeader(spec, actions);
  const question = createQuestion(spec, actions);
  const diagnosis = createDiagnosis(spec, actions);
  const plane = spec.dimension === 2 ? createPlane(spec, engine, actions) : null;
  const tabs = createTabs(spec, engine, actions);
  const legend = createLegend(spec, actions);
  const sum = createSum(spec, engine, actions);
  const controls = createControls(spec, engine, actions);
  const caption = html("p", { class: "caption", "aria-live": "polite" });
  const views = html("div", { class: `views${plane ? "" : " alone"}` }, ...(plane ? [plane.root] : []), tabs.root);
  const root = html("div", { class: spec.compact ? "lossviz-explorer compact" : "lossviz-explorer" },
    header.root, question.root, diagnosis.root, views, caption, controls.root, sum.root, legend.root, createFooter(spec));
  const parts = [header, question, diagnosis, plane, tabs, legend, sum, controls].filter(Boolean);
  el.append(root);
  const heights = [caption, sum.root, ...root.querySelectorAll(".plane > .note")].map(neverLower);
  let subject = null; // the batch and the loss whose heights are kept

  // Reading a size makes the browser lay out the page, so sizes are read only when they may have changed.
  function resize() {
    for (const view of parts) view.measure?.();
    subject = null;
    draw();
  }

  function draw() {
    if (!canBeShown()) return;
    const { result } = answered;
    const about = `${state.situation} ${state.loss}`;
    if (about !== subject) for (const forget of heights) forget();
    subject = about;
    const reading = read(spec, state, result);
    for (const view of parts) view.draw(state, result, reading);
    setAttributes(caption, { "aria-live": state.playing ? "off" : "polite" }); // sixty sentences a second would be noise
    setText(caption, reading.caption);
    root.classList.toggle("asking", state.asked);
    if (isAnswered()) root.dataset.ready = "yes";
  }

  const fromPython = () => {
    if (model.get("state") === state) return;
    state = model.get("state");
    soon();
  };
  model.on("change:state", fromPython);
  let width = 0;
  const resized = new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return; // heights are none of a view's business
    width = contentRect.width;
    resize();
  });
  resized.observe(el);
  const themed = new MutationObserver(draw);
  themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] }); // the book
  themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] }); // JupyterLab
  resize();
  refresh();
  return () => {
    model.off("change:state", fromPython);
    resized.disconnect();
    themed.disconnect();
    cancelAnimationFrame(frame);
  };
}

export default { render };
