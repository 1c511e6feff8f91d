// The usual ipywidgets controls, drawn with the browser's own inputs. Each is a function of (model, signal, host) that
// returns an element; `signal` ends its listening, `host` finds and mounts other models.
globalThis.widgetControls = (() => {
"use strict";


function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Runs now and whenever one of the values changes, until the view goes.
function watch(model, names, signal, update) {
  const owner = {};
  model.on(names.split(" ").map(name => `change:${name}`).join(" "), update, owner);
  signal.addEventListener("abort", () => model.off(null, null, owner), { once: true });
  update();
}

function labelled(model, signal, input, ...after) {
  const name = element("span", { className: "widget-name" });
  watch(model, "description", signal, () => { name.textContent = model.get("description") ?? ""; });
  return element("label", { className: "widget-control" }, name, input, ...after);
}

const slider = (model, signal) => {
  const input = element("input", { type: "range" }), readout = element("output");
  const event = model.get("continuous_update") === false ? "change" : "input";
  input.addEventListener(event, () => model.set("value", Number(input.value)));
  watch(model, "min max step value disabled", signal, () => {
    setNumber(input, model);
    readout.textContent = formatted(model.get("value"), model.get("readout_format"));
  });
  return labelled(model, signal, input, model.get("readout") === false ? "" : readout);
};

const numberField = (model, signal) => {
  const input = element("input", { type: "number" });
  const show = () => setNumber(input, model);
  input.addEventListener("change", () => {
    if (input.value !== "" && Number.isFinite(Number(input.value))) model.set("value", allowed(Number(input.value), model));
    show();
  });
  watch(model, "min max step value disabled", signal, show);
  return labelled(model, signal, input);
};

function setNumber(input, model) {
  input.min = model.get("min") ?? "";
  input.max = model.get("max") ?? "";
  input.step = model.get("step") ?? "any";
  input.value = model.get("value");
  input.disabled = Boolean(model.get("disabled"));
}

function allowed(value, model) {
  const whole = model.name.includes("Int") ? Math.round(value) : value;
  return Math.min(Math.max(whole, model.get("min") ?? -Infinity), model.get("max") ?? Infinity);
}

function formatted(value, format = "") {
  const digits = /\.(\d+)f$/.exec(format);
  return digits ? value.toFixed(Number(digits[1])) : String(value);
}

const checkbox = (model, signal) => {
  const input = element("input", { type: "checkbox" });
  input.addEventListener("change", () => model.set("value", input.checked));
  watch(model, "value disabled", signal, () => {
    input.checked = model.get("value");
    input.disabled = Boolean(model.get("disabled"));
  });
  return labelled(model, signal, input);
};

const dropdown = (model, signal) => {
  const select = element("select");
  select.addEventListener("change", () => model.set("index", select.selectedIndex));
  watch(model, "_options_labels index disabled", signal, () => {
    select.replaceChildren(...model.get("_options_labels").map(text => element("option", { textContent: text })));
    select.selectedIndex = model.get("index") ?? -1;
    select.disabled = Boolean(model.get("disabled"));
  });
  return labelled(model, signal, select);
};

let groups = 0;

const choices = (model, signal) => {
  const name = `widget-choice-${groups++}`;
  const legend = element("legend", { className: "widget-name", textContent: model.get("description") ?? "" });
  const set = element("fieldset", { className: "widget-choices" });
  const option = (text, index) => {
    const input = element("input", { type: "radio", name });
    input.addEventListener("change", () => model.set("index", index));
    return element("label", {}, input, element("span", { textContent: text }));
  };
  watch(model, "_options_labels", signal, () => set.replaceChildren(legend, ...model.get("_options_labels").map(option)));
  watch(model, "index disabled _options_labels", signal, () => {
    set.querySelectorAll("input").forEach((input, index) => { input.checked = index === model.get("index"); });
    set.disabled = Boolean(model.get("disabled"));
  });
  return set;
};

const content = property => (model, signal) => {
  const shown = element("div");
  watch(model, "value", signal, () => { shown[property] = model.get("value"); });
  return shown;
};

const button = model => element("button", {
  type: "button", disabled: true, textContent: model.get("description"), title: "This button needs a live kernel",
});

const box = direction => (model, signal, host) => {
  const row = element("div", { className: `widget-box widget-${direction}` });
  let views = new AbortController();
  signal.addEventListener("abort", () => views.abort(), { once: true });
  watch(model, "children", signal, () => {
    views.abort();
    views = new AbortController();
    const places = model.get("children").map(() => element("div"));
    row.replaceChildren(...places);
    row.mounted = Promise.all(model.get("children").map((child, i) => host.mount(host.find(child), places[i], views.signal)));
  });
  return row.mounted.then(() => row);
};

const output = async (model, signal, host) => {
  const shown = element("div", { className: "widget-output" });
  for (const { text, data = {}, traceback } of model.get("outputs") ?? []) {
    const view = data["application/vnd.jupyter.widget-view+json"], join = value => [value].flat().join("");
    if (view) await host.mount(host.find(view.model_id), shown.appendChild(element("div")), signal);
    else if (data["text/html"]) shown.append(element("div", { innerHTML: join(data["text/html"]) }));
    else if (data["image/png"]) shown.append(element("img", { src: `data:image/png;base64,${data["image/png"]}`, alt: join(data["text/plain"] ?? "") }));
    else shown.append(element("pre", { textContent: join(text ?? data["text/plain"] ?? traceback ?? "") }));
  }
  return shown;
};

const CONTROLS = {
  FloatSliderModel: slider, IntSliderModel: slider,
  FloatTextModel: numberField, IntTextModel: numberField,
  BoundedFloatTextModel: numberField, BoundedIntTextModel: numberField,
  CheckboxModel: checkbox, DropdownModel: dropdown,
  ToggleButtonsModel: choices, RadioButtonsModel: choices,
  LabelModel: content("textContent"), HTMLModel: content("innerHTML"),
  ButtonModel: button, OutputModel: output,
  BoxModel: box("row"), HBoxModel: box("row"), VBoxModel: box("column"),
};

const unknown = model => element("p", {
  className: "widget-unknown",
  textContent: `This ${model.name.replace(/Model$/, "")} widget needs a live kernel: open this page as a notebook in JupyterLab.`,
});

return { CONTROLS, unknown, element };
})();
