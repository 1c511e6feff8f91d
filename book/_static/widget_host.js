// Mounts the anywidgets of a page that has no kernel.
// These are classic scripts (widget_models.js, then this one), because a page opened from file:// may not load ES
// modules from files. An anywidget's module comes from a blob, which works everywhere. They stand right after the
// models and are not deferred: modules come while the page is still being read, and are there when their places are.
(() => {
"use strict";

const models = widgetModels.readModels(document);
const VIEWS = 'script[type="application/vnd.jupyter.widget-view+json"]';

function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

// Anywidgets

const modules = new Map();  // source text → its module, so that twenty explorers share one
const styled = new Set();
const { signal } = new AbortController();  // never aborted: models and views live as long as the page

function importText(source) {
  if (!modules.has(source)) {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    modules.set(source, import(url).finally(() => URL.revokeObjectURL(url)));
  }
  return modules.get(source);
}

function addStyle(text) {
  if (!text || styled.has(text)) return;
  styled.add(text);
  document.head.append(element("style", { textContent: text }));
}

async function start(model) {
  if (!model.get("_esm")) throw new Error(`${model.name} needs a live kernel`);
  addStyle(model.get("_css"));
  const { default: given } = await importText(model.get("_esm"));
  const widget = typeof given === "function" ? await given() : given;
  await widget.initialize?.({ model, signal });
  return widget;
}

const started = model => model.started ??= start(model);  // once, however many views it has

async function mount(id, place) {
  const model = models.get(id);
  if (!model) throw new Error(`this page has no widget model ${id}`);
  const widget = await started(model), el = element("div");
  place.append(el);
  await widget.render?.({ model, el, signal });
}

// Views

async function mountView(script) {
  const place = element("div", { className: "widget-view" });
  script.before(place);
  try {
    await mount(JSON.parse(script.textContent).model_id, place);
  } catch (error) {
    const textContent = `This widget could not start: ${error.message}`;
    place.append(element("p", { className: "widget-unknown", textContent }));
    console.error(error);
  }
}

function inSight(script) {
  const { top } = script.parentElement.getBoundingClientRect();
  return top < innerHeight && script.parentElement.checkVisibility();
}

const idle = () => new Promise(done => (globalThis.requestIdleCallback ?? setTimeout)(done));

// What the reader sees first comes first; the rest when the page has nothing else to do.
async function mountAll() {
  const scripts = [...document.querySelectorAll(VIEWS)];
  const first = scripts.filter(inSight);
  await Promise.all(first.map(mountView));
  document.dispatchEvent(new Event("widgets-in-sight"));
  for (const script of scripts.filter(each => !first.includes(each))) {
    await idle();
    await mountView(script);
  }
  document.documentElement.dataset.widgets = "ready";
}

for (const model of models.values()) started(model).catch(() => {});  // what fails is told where it is mounted
document.addEventListener("DOMContentLoaded", mountAll);
})();
