// The widget models that a page carries as application/vnd.jupyter.widget-state+json. No drawing here.
// widget_host.js, loaded after this file, shows them: classic scripts share what they declare.
const widgetModels = (() => {
"use strict";

// What the page says

const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';

function readModels(page) {
  const script = page.querySelector(STATE);
  if (!script) return new Map();
  const { state, texts = [] } = JSON.parse(script.textContent);
  return new Map(Object.entries(state).map(([id, stored]) => [id, readModel(stored, texts)]));
}

function readModel(stored, texts) {
  const values = restoreTexts(stored.state, texts);
  for (const buffer of stored.buffers ?? []) placeBuffer(values, buffer);
  return new Model(stored.model_name, values);
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

// What an anywidget may ask of its model

class Model {
  #listeners = [];  // {event, callback}

  constructor(name, values) {
    Object.assign(this, { name, values });
  }

  get(key) { return this.values[key]; }

  // Tells "change:key", then "change", where the value differs.
  set(key, value) {
    const before = this.values[key];
    this.values[key] = value;
    if (same(before, value)) return;
    this.#tell(`change:${key}`, this, value);
    this.#tell("change", this);
  }

  on(events, callback) {
    for (const event of events.split(" ")) this.#listeners.push({ event, callback });
  }

  // Whatever is left out matches everything: off() removes all.
  off(events, callback) {
    const names = events?.split(" ");
    this.#listeners = this.#listeners.filter(listener => (names && !names.includes(listener.event))
      || (callback && callback !== listener.callback));
  }

  #tell(event, ...details) {
    for (const listener of this.#listeners.filter(each => each.event === event)) listener.callback(...details);
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

return { readModels };
})();
