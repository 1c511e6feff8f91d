// The controls: one per parameter, from the catalogue; the step size; Step, Play, Reset; and the loss over the steps taken.

import { html, setAttributes, setText, svg } from "./dom.js";
import { polyline } from "./geometry.js";
import { brief, fixed } from "./reading.js";
import { lossOf } from "./state.js";

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
function rateSlider(start, change) {
  const control = slider({ name: "step size", meaning: "how far Step goes against the gradient", minimum: -1, maximum: 1, step: 0.05 },
    (power) => change(start * 10 ** power));
  return {
    root: control.root,
    show(rate) {
      control.show(Math.round(Math.log10(rate / start) * 20) / 20);
      setText(control.root.lastChild, brief(rate, 2));
    },
  };
}

function createHistory() {
  const line = svg("path", { class: "curve" });
  const picture = svg("svg", { ...CHART, viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: "img" }, line);
  const text = html("span");
  const root = html("div", { class: "history" }, picture, text);
  return {
    root,
    draw(state, result) {
      const losses = [...state.history, result.loss];
      const top = Math.max(...losses, 1e-12);
      const x = (k) => 2 + (k / Math.max(1, losses.length - 1)) * (CHART.width - 4);
      const y = (loss) => CHART.height - 3 - (loss / top) * (CHART.height - 6);
      setAttributes(line, { d: polyline(losses.map((loss, k) => [x(k), y(loss)])) });
      const words = !state.history.length ? "0 steps" : `${state.history.length} step${state.history.length === 1 ? "" : "s"}: loss ${fixed(losses[0])} → ${fixed(result.loss)}`;
      setAttributes(picture, { "aria-label": words });
      setText(text, words);
    },
  };
}

export function createControls(spec, engine, actions) {
  const loss = Object.values(spec.losses)[0];
  const button = (text, act, attributes = {}) => {
    const element = html("button", { type: "button", ...attributes }, text);
    element.addEventListener("click", act);
    return element;
  };
  const parameters = loss.controls.map((control) => {
    const make = control.choices ? choice : slider;
    return { name: control.name, ...make(control, (value) => actions.setParameter(control.name, value)) };
  });
  const rate = rateSlider(spec.rate, actions.setRate);
  const play = button("Play", actions.play, { class: "primary" });
  const history = createHistory();
  const buttons = html("div", { class: "buttons" }, play, button("Step", actions.step), button("Reset", actions.reset));
  const run = html("div", { class: "run" }, buttons, history.root);
  const root = html("section", { class: "controls" }, run, ...parameters.map((each) => each.root), rate.root);
  return {
    root,
    draw(state, result) {
      for (const { name, show } of parameters) show(state.parameters[name]);
      rate.show(state.rate);
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
