// The controls: one per parameter, from the catalogue; the step size; Step, Play, Reset; and the loss over the steps taken.

import { html, keep, setAttributes, setText, svg } from "./dom.js";
import { polyline } from "./geometry.js";
import { alike, exists } from "./state.js";
import { brief, fixed } from "./words.js";

const CHART = { width: 150, height: 40 };

function slider({ name, symbol, meaning, minimum, maximum, step }, change) {
  const input = html("input", { type: "range", min: minimum, max: maximum, step, "aria-label": `${name}: ${meaning}` });
  const output = html("output");
  input.addEventListener("input", () => change(Number(input.value)));
  return {
    input,
    root: html("label", { title: meaning }, html("span", {}, name.replaceAll("_", " "), " ", html("i", {}, symbol ?? "")), input, output),
    show(value) {
      if (Number(input.value) !== value) input.value = value;
      setText(output, brief(value, 2));
    },
  };
}

const WORDS = { true: "yes", false: "no", null: "none" };
const inWords = (choice) => WORDS[choice] ?? [choice].flat().join(" + ").replaceAll("_", " ");

function choice({ name, symbol, meaning, choices }, change) {
  const input = html("select", { "aria-label": `${name}: ${meaning}` }, ...choices.map((each, k) => html("option", { value: k }, inWords(each))));
  input.addEventListener("change", () => change(choices[Number(input.value)]));
  return {
    input,
    root: html("label", { title: meaning }, html("span", {}, name.replaceAll("_", " "), ...(choices.includes(true) ? [" ", html("i", {}, symbol)] : [])), input),
    show(value, exists) {
      input.value = choices.findIndex((each) => alike(each, value));
      [...input.options].forEach((option, k) => setAttributes(option, { disabled: exists(choices[k]) ? null : "" }));
    },
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

// Whether Step and Play train what the loss has of its own, beside the sentences.
function trainSwitch(names, change) {
  const input = html("input", { type: "checkbox" });
  input.addEventListener("change", () => change(input.checked));
  return { root: html("label", {}, input, html("span", {}, `train ${names.join(" and ")} too`)), show: (trains) => { input.checked = trains; } };
}

// The parameters of one loss; shown while that loss is.
function createParameters(spec, name, loss, actions) {
  const controls = loss.controls.map((control) => {
    const make = control.choices ? choice : slider;
    return { name: control.name, needs: control.needs, ...make(control, (value) => actions.setParameter(control.name, value)) };
  });
  const rate = rateSlider(actions.setRate);
  const tensors = Object.keys(Object.values(loss.variants)[0].tensors);
  const train = tensors.length ? trainSwitch(tensors, actions.train) : null;
  const root = html("div", { class: "parameters" }, ...controls.map((each) => each.root), rate.root, ...(train ? [train.root] : []));
  return {
    root,
    draw(state) {
      setAttributes(root, { hidden: state.loss === name ? null : "" });
      if (state.loss !== name) return;
      for (const control of controls) {
        control.show(state.parameters[control.name], (value) => exists(spec, state, { ...state.parameters, [control.name]: value }));
        setAttributes(control.input, { disabled: control.needs && state.parameters[control.needs] === null ? "" : null });
      }
      train?.show(state.trains);
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
  let shown = null; // the loss
  const parameters = Object.entries(spec.losses).map(([name, loss]) => createParameters(spec, name, loss, actions));
  const play = button("Play", actions.play, { class: "primary" });
  const history = createHistory();
  const names = Object.keys(spec.losses);
  const swap = button("Swap the loss", () => actions.switchLoss(names[(names.indexOf(shown) + 1) % names.length]), { class: "swap" });
  const swaps = spec.compact && names.length > 1 ? [swap] : [];
  const buttons = html("div", { class: "buttons" }, play, button("Step", actions.step), button("Reset", actions.reset), ...swaps);
  const run = html("div", { class: "run" }, buttons, history.root);
  const root = html("section", { class: "controls" }, run, ...parameters.map((each) => each.root));
  return {
    root,
    draw(state, result) {
      shown = state.loss;
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

// The name of the loss; with several, a switch between them, which stands among the buttons where all is compact.
export function createLosses(spec, actions) {
  const names = Object.keys(spec.losses);
  if (names.length === 1 || spec.compact) {
    const root = html("b");
    const parts = (name) => name.split(/(?=[A-Z])/).flatMap((part) => [html("wbr"), part]); // a long name may break at a capital
    return { root, draw: (state) => root.textContent === state.loss || root.replaceChildren(...parts(state.loss)) };
  }
  const input = html("select", { "aria-label": "Loss" }, ...names.map((name) => html("option", { value: name }, name)));
  input.addEventListener("change", () => actions.switchLoss(input.value));
  return { root: html("b", {}, input), draw: (state) => { input.value = state.loss; } };
}
