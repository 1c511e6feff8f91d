// The head of an explorer: which loss, its value, and which situation.

import { addressOf } from "./address.js";
import { copyButton } from "./copy.js";
import { html, setText } from "./dom.js";
import { fixed } from "./words.js";

function select(name, options, change) {
  const children = options.map(([value, words]) => html("option", { value }, words));
  const input = html("select", { "aria-label": name }, ...children);
  input.addEventListener("change", () => change(input.value));
  return input;
}

// A name that breaks at its capitals.
function createName(attributes) {
  const root = html("span", attributes);
  let shown = null;
  return {
    root,
    draw(name) {
      if (name !== shown) root.replaceChildren(...name.split(/(?=[A-Z])/).flatMap((part) => [html("wbr"), part]));
      shown = name;
    },
  };
}

// The name of the loss; with several, a switch between them, which stands among the buttons where all is compact. Where
// a switch is too narrow for a name, the whole name is written over it.
function createLosses(spec, actions) {
  const names = Object.keys(spec.losses);
  const isSwitch = names.length > 1 && !spec.compact;
  const written = createName(isSwitch ? { class: "whole", "aria-hidden": "true" } : {});
  const input = isSwitch ? select("Loss", names.map((name) => [name, name]), actions.switchLoss) : null;
  return {
    root: html("b", {}, ...(input ? [input] : []), written.root),
    draw({ loss }) {
      if (input) input.value = loss;
      written.draw(loss);
    },
  };
}

function createSituations(spec, actions, done) {
  const options = spec.situations.map(({ title }, index) => [index, title]);
  const input = select("Situation", options, (value) => actions.enter(Number(value)));
  const hidden = options.length > 1 ? null : "";
  const root = html("label", { class: "situations", hidden }, html("span", {}, "Situation"), input);
  return {
    root,
    draw({ situation }) {
      [...input.options].forEach((option, index) => {
        const { name, title } = spec.situations[index];
        setText(option, done.has(name) ? `${title} ✓ done` : title);
      });
      input.value = situation;
    },
  };
}

// An address that opens this state: of a page the whole, of a notebook what a link in it needs.
function linkTo(address) {
  const inNotebook = document.body.dataset.jpThemeLight !== undefined;
  return inNotebook ? address : location.href.split("#")[0] + address;
}

export function createHeader(spec, actions, done) {
  const link = copyButton("Copy link", () => linkTo(addressOf(spec, shown)));
  let shown = null; // the state
  const value = html("output", { class: "value", "aria-label": "loss" });
  const losses = createLosses(spec, actions);
  const situations = createSituations(spec, actions, done);
  const name = html("span", { class: "name" }, losses.root, value);
  return {
    root: html("header", {}, name, ...(spec.compact ? [] : [situations.root, link])),
    draw({ state, result }) {
      shown = state;
      losses.draw(state);
      situations.draw(state);
      setText(value, fixed(result.loss));
    },
  };
}
