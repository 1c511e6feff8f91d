// The widget models that a page carries as application/vnd.jupyter.widget-state+json. No drawing here.
// widget_host.js, loaded after this file, shows them.
globalThis.widgetModels = (() => {
"use strict";

// What the page says

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';

function readModels(page) {
  const script = page.querySelector(STATE);
  if (!script) return new Map();
  const { state, texts = [] } = JSON.parse(script.textContent);
  return new Map(Object.entries(state).map(([id, stored]) => [id, readModel(id, stored, texts)]));
}

function readModel(id, stored, texts) {
  const values = restoreTexts(stored.state, texts);
  for (const buffer of stored.buffers ?? []) placeBuffer(values, buffer);
  return new Model(id, stored.model_module, stored.model_name, values);
}

// The Sphinx extension keeps each long string once per page, in `texts`.
function restoreTexts(value, texts) {
  if (value === null || typeof value !== "object") return value;
  if (Object.hasOwn(value, "$text")) return texts[value.$text];
  if (Array.isArray(value)) return value.map(item => restoreTexts(item, texts));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restoreTexts(item, texts)]));
}

function placeBuffer(values, { path, data }) {
  const bytes = Uint8Array.from(atob(data), character => character.charCodeAt(0));
  const owner = path.slice(0, -1).reduce((part, key) => part[key], values);
  owner[path.at(-1)] = new DataView(bytes.buffer);
}

// Models, as Backbone has them

class Model {
  #handlers = [];  // {event, callback, owner}
  #setting = false;
  #pending = false;

  constructor(id, module, name, values) {
    Object.assign(this, { id, module, name, values });
  }

  get(key) { return this.values[key]; }

  // "change:a" for each value that differs, then one "change", also when a handler sets more values on the way.
  set(key, value) {
    const wanted = typeof key === "object" ? key : { [key]: value };
    const changed = Object.keys(wanted).filter(name => !same(this.values[name], wanted[name]));
    const outermost = !this.#setting;
    Object.assign(this.values, wanted);
    this.#setting = true;
    try {
      for (const name of changed) this.trigger(`change:${name}`, this, this.values[name]);
      if (changed.length) this.#pending = true;
      while (outermost && this.#pending) {
        this.#pending = false;
        this.trigger("change", this);
      }
    } finally {
      if (outermost) this.#setting = false;
    }
  }

  on(events, callback, owner) {
    for (const event of events.split(" ")) this.#handlers.push({ event, callback, owner });
  }

  once(events, callback, owner) {
    const first = (...details) => { this.off(events, first); callback(...details); };
    this.on(events, first, owner);
  }

  // Whatever is left out matches everything: off() removes all, off(null, null, owner) those of one owner.
  off(events, callback, owner) {
    const names = events?.split(" ");
    this.#handlers = this.#handlers.filter(handler => (names && !names.includes(handler.event))
      || (callback && callback !== handler.callback) || (owner && owner !== handler.owner));
  }

  trigger(event, ...details) {
    for (const handler of this.#handlers.filter(each => each.event === event)) handler.callback(...details);
  }

  save_changes() {}  // no kernel to tell
  send() {}
}

function same(a, b) {
  if (Object.is(a, b)) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (![a, b].every(value => Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)) return false;
  const keys = Object.keys(a);
  return Array.isArray(a) === Array.isArray(b) && keys.length === Object.keys(b).length
    && keys.every(key => Object.hasOwn(b, key) && same(a[key], b[key]));
}

// Links

function find(models, reference) {
  const id = String(reference).replace(/^(IPY_MODEL_|anywidget:)/, "");
  const model = models.get(id);
  if (!model) throw new Error(`this page has no widget model ${id}`);
  return model;
}

function keepLinks(models) {
  for (const link of models.values()) {
    if (link.name !== "LinkModel" && link.name !== "DirectionalLinkModel") continue;
    const [source, from] = link.get("source"), [target, to] = link.get("target");
    follow(find(models, source), from, find(models, target), to);
    if (link.name === "LinkModel") follow(find(models, target), to, find(models, source), from);
  }
}

function follow(source, from, target, to) {
  const copy = () => target.set(to, source.get(from));
  copy();
  source.on(`change:${from}`, copy);
}

return { readModels, find, keepLinks };
})();
