// The controls: one per parameter, from the catalogue; the step size; Step, Play, Reset; and the loss over the steps taken.

import { html, keep, setAttributes, setText, svg } from "./dom.js";
import { polyline } from "./geometry.js";
import { brief, fixed } from "./words.js";

const CHART = { width: 150, height: 40 };

function slider({ name, symbol, meaning, minimum, maximum, step }, change) {
  const input = html("input", { type: "range", min: minimum, max: maximum, step, "aria-label": `${name}: ${meaning}` });
  const output = html("output");
  input.addEventListener("input", () => change(Number(input.value)));
  return {
    root: html("label", { title: meaning }, html("span", {}, name.replaceAll("_", " "), " ", html("i", {}, symbol ?? "")), input, output),
    show(value) {
      if (Number(input.value) !== value) input.value = value;
      setText(output, brief(value, 2));
    },
  };
}

function choice({ name, meaning, choices }, change) {
  const words = choices.map((each) => (each === true ? "yes" : each === false ? "no" : each));
  const input = html("select", { "aria-label": `${name}: ${meaning}` }, ...words.map((word, k) => html("option", { value: k }, word)));
  input.addEventListener("change", () => change(choices[Number(input.value)]));
  return {
    root: html("label", { title: meaning }, html("span", {}, name.replaceAll("_", " ")), input),
    show: (value) => { input.value = choices.indexOf(value); },
  };
}

// A slider of the step size is a slider of its logarithm, from a tenth to ten times where it starts.
function rateSlider(change) {
  let start = 1;
  const control = slider({ name: "step size", meaning: "how far Step goes against the gradient", minimum: -1, maximum: 1, step: 0.05 },
    (power) => change(start * 10 ** power));
  return {
    root: control.root,
    show(rate, calm) {
      start = calm;
      control.show(Math.round(Math.log10(rate / start) * 20) / 20);
      setText(control.root.lastChild, brief(rate, 2));
    },
  };
}

// The loss over the steps of this run, and of the runs of other losses from the same start. Each is drawn as a share of
// what it started from, since two losses have no common unit.
function createHistory() {
  const lines = svg("g", { class: "lines" });
  const picture = svg("svg", { ...CHART, viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: "img" }, lines);
  const text = html("span");
  const root = html("div", { class: "history" }, picture, text);
  return {
    root,
    draw(state, result) {
      const runs = [...state.runs, { loss: state.loss, history: [...state.history, result.loss] }];
      const longest = Math.max(2, ...runs.map(({ history }) => history.length));
      const x = (k) => 2 + (k / (longest - 1)) * (CHART.width - 4);
      keep(lines, runs.length, () => svg("path")).forEach((line, k) => {
        const { history } = runs[k];
        const top = Math.max(...history, 1e-12);
        const points = history.map((loss, step) => [x(step), CHART.height - 3 - (loss / top) * (CHART.height - 6)]);
        setAttributes(line, { class: k < runs.length - 1 ? "curve before" : "curve", d: polyline(points) });
      });
      const words = describeRuns(state, result);
      setAttributes(picture, { "aria-label": words });
      setText(text, words);
    },
  };
}

const count = (steps) => `${steps} step${steps === 1 ? "" : "s"}`;

function describeRuns({ history, runs }, result) {
  const own = history.length ? `${count(history.length)}: loss ${fixed(history[0])} → ${fixed(result.loss)}` : "0 steps";
  const before = runs.map((run) => `dashed: ${run.loss}, ${count(run.history.length)}`);
  return [own, ...before].join("; ");
}

// The parameters of one loss; shown while that loss is.
function createParameters(name, loss, actions) {
  const controls = loss.controls.map((control) => {
    const make = control.choices ? choice : slider;
    return { name: control.name, ...make(control, (value) => actions.setParameter(control.name, value)) };
  });
  const rate = rateSlider(actions.setRate);
  const root = html("div", { class: "parameters" }, ...controls.map((each) => each.root), rate.root);
  return {
    root,
    draw(state) {
      setAttributes(root, { hidden: state.loss === name ? null : "" });
      if (state.loss !== name) return;
      for (const control of controls) control.show(state.parameters[control.name]);
      rate.show(state.rate, state.calm);
    },
  };
}

export function createControls(spec, engine, actions) {
  const button = (text, act, attributes = {}) => {
    const element = html("button", { type: "button", ...attributes }, text);
    element.addEventListener("click", act);
    return element;
  };
  const parameters = Object.entries(spec.losses).map(([name, loss]) => createParameters(name, loss, actions));
  const play = button("Play", actions.play, { class: "primary" });
  const history = createHistory();
  const buttons = html("div", { class: "buttons" }, play, button("Step", actions.step), button("Reset", actions.reset));
  const run = html("div", { class: "run" }, buttons, history.root);
  const root = html("section", { class: "controls" }, run, ...parameters.map((each) => each.root));
  return {
    root,
    draw(state, result) {
      for (const each of parameters) each.draw(state);
      setText(play, state.playing ? "Pause" : "Play");
      history.draw(state, result);
    },
  };
}

export function createSituations(spec, actions) {
  const input = html("select", { "aria-label": "Situation" }, ...spec.situations.map(({ title }, k) => html("option", { value: k }, title)));
  input.addEventListener("change", () => actions.enter(Number(input.value)));
  const root = html("label", { class: "situations", hidden: spec.situations.length > 1 ? null : "" }, html("span", {}, "Situation"), input);
  return { root, draw: (state) => { input.value = state.situation; } };
}

// The name of the loss; with several, a switch between them.
export function createLosses(spec, actions) {
  const names = Object.keys(spec.losses);
  if (names.length === 1) return { root: html("b", {}, names[0]), draw() {} };
  const input = html("select", { "aria-label": "Loss" }, ...names.map((name) => html("option", { value: name }, name)));
  input.addEventListener("change", () => actions.switchLoss(input.value));
  return { root: html("b", {}, input), draw: (state) => { input.value = state.loss; } };
}
