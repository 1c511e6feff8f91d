// The controls: Step, Play, Reset; the run; one control per parameter, as the catalogue says; the step size; how long
// the arrows are drawn.

import { button, html, setAttributes, setText } from "./dom.js";
import { createBar } from "./runs.js";
import { MAGNIFIERS, alike, exists } from "./state.js";
import { brief, inWords } from "./words.js";

const PACE = {
  name: "step size", meaning: "how far Step goes against the gradient", minimum: -1, maximum: 1, step: 0.05,
};
const LONGEST_NAME = 20; // letters, beside a switch

// ---- one parameter

const labelled = (meaning, input, name, ...beside) =>
  html("label", { title: meaning, "data-parameter": name }, html("span", {}, inWords(name), ...beside), input);

function slider({ name, symbol, meaning, minimum, maximum, step }, change) {
  const said = `${name}: ${meaning}`;
  const input = html("input", { type: "range", min: minimum, max: maximum, step, "aria-label": said });
  const output = html("output");
  const root = labelled(meaning, input, name, " ", html("i", {}, symbol ?? ""));
  root.append(output);
  input.addEventListener("input", () => change(Number(input.value)));
  return {
    root, input,
    show(value, words = brief(value, 2)) {
      if (Number(input.value) !== value) input.value = value;
      setText(output, words);
    },
  };
}

// Yes or no. A name that is too long to stand there is in its title.
function toggle({ name, symbol, meaning }, change) {
  const input = html("input", { type: "checkbox", "aria-label": `${name}: ${meaning}` });
  input.addEventListener("change", () => change(input.checked));
  const words = name.length > LONGEST_NAME ? [] : [inWords(name), " "];
  const title = `${name}: ${meaning}`;
  return {
    input,
    root: html("label", { title, "data-parameter": name }, input, html("span", {}, ...words, html("i", {}, symbol))),
    show(value, isOffered) {
      input.checked = value;
      setAttributes(input, { disabled: isOffered(!value) ? null : "" });
    },
  };
}

function choice({ name, meaning, choices }, change) {
  const options = choices.map((each, k) => html("option", { value: k }, inWords(each)));
  const input = html("select", { "aria-label": `${name}: ${meaning}` }, ...options);
  input.addEventListener("change", () => change(choices[Number(input.value)]));
  return {
    input,
    root: labelled(meaning, input, name),
    show(value, isOffered) {
      input.value = choices.findIndex((each) => alike(each, value));
      options.forEach((option, k) => setAttributes(option, { disabled: isOffered(choices[k]) ? null : "" }));
    },
  };
}

// Those that the last link to name any named, or else the first.
const isNamed = ({ state: { named }, loss }, name) =>
  (loss.controls.some((each) => named.includes(each.name)) ? named.includes(name) : loss.controls[0]?.name === name);

function parameter(spec, control, actions) {
  const { name, needs, choices } = control;
  const change = (value) => actions.setParameter(name, value);
  const isSwitch = choices.length > 0 && choices.every((each) => typeof each === "boolean");
  const { root, input, show } = (isSwitch ? toggle : choices.length ? choice : slider)(control, change);
  const isOffered = (state) => (value) => exists(spec, state, { ...state.parameters, [name]: value });
  return {
    root,
    draw(scene) {
      const { state } = scene;
      const value = state.parameters[name];
      setAttributes(root, { class: isNamed(scene, name) ? "named" : null });
      if (choices.length) show(value, isOffered(state));
      else show(value);
      if (needs) setAttributes(input, { disabled: state.parameters[needs] === null ? "" : null });
    },
  };
}

// A slider of the step size is a slider of its logarithm, from a tenth to ten times the one that is found.
function paceSlider(actions) {
  const { root, show } = slider(PACE, (power) => actions.setPace(10 ** power));
  const notch = (pace) => Math.round(Math.log10(pace) / PACE.step) * PACE.step;
  return { root, draw: ({ state: { pace } }) => show(Number(notch(pace).toFixed(2)), `× ${brief(pace, 2)}`) };
}

// Ten times longer with each press, and back.
function magnifier(actions) {
  let next = 1;
  const root = button("", () => actions.magnify(next), { class: "magnifier" });
  return {
    root,
    draw({ state: { magnified } }) {
      next = MAGNIFIERS[(MAGNIFIERS.indexOf(magnified) + 1) % MAGNIFIERS.length];
      setAttributes(root, { "aria-pressed": String(magnified > 1) });
      setText(root, magnified > 1 ? `Arrows × ${magnified}` : "Magnify");
    },
  };
}

// Whether Step and Play train what the loss has of its own, beside the sentences.
function trainSwitch(names, actions) {
  const input = html("input", { type: "checkbox" });
  input.addEventListener("change", () => actions.train(input.checked));
  const root = html("label", {}, input, html("span", {}, `train ${names.join(" and ")} too`));
  return { root, draw: ({ state }) => { input.checked = state.trains; } };
}

// The parameters of one loss; shown while that loss is.
function createParameters(spec, name, actions) {
  const { controls, variants } = spec.losses[name];
  const tensors = Object.keys(variants[0].tensors);
  const parts = [
    ...controls.map((control) => parameter(spec, control, actions)), paceSlider(actions),
    ...(tensors.length ? [trainSwitch(tensors, actions)] : []),
  ];
  const root = html("div", { class: "parameters" }, ...parts.map((part) => part.root));
  return {
    root,
    draw(scene) {
      const shown = scene.state.loss === name;
      setAttributes(root, { hidden: shown ? null : "" });
      if (shown) for (const part of parts) part.draw(scene);
    },
  };
}

// ---- all together

export function createControls(spec, engine, actions) {
  const names = Object.keys(spec.losses);
  let shown = null; // the loss
  const next = () => names[(names.indexOf(shown) + 1) % names.length];
  const play = button("Play", actions.play, { class: "primary" });
  const swaps = spec.compact && names.length > 1
    ? [button("Swap the loss", () => actions.switchLoss(next()), { class: "swap" })]
    : [];
  const buttons = [play, button("Step", actions.step), button("Reset", actions.reset), ...swaps];
  const [bar, arrows] = [createBar(actions), magnifier(actions)];
  const parameters = spec.compact ? [] : names.map((name) => createParameters(spec, name, actions));
  const run = html("div", { class: "run" }, html("div", { class: "buttons" }, ...buttons), bar.root);
  return {
    magnifier: arrows.root,
    root: html("section", { class: "controls" }, run, ...parameters.map((each) => each.root)),
    draw(scene) {
      shown = scene.state.loss;
      setText(play, scene.state.playing ? "Pause" : "Play");
      for (const part of [bar, arrows, ...parameters]) part.draw(scene);
    },
  };
}
