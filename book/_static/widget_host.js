// Runs the widgets of a page that has no kernel: mounts anywidgets and the usual controls, and keeps jslinks.
// These are classic deferred scripts (widget_models.js, widget_controls.js, then this one), because a page opened from
// file:// may not load ES modules from files. An anywidget's module comes from a blob, which works everywhere.
(() => {
"use strict";

const { readModels, find, keepLinks } = globalThis.widgetModels;
const { CONTROLS, unknown, element } = globalThis.widgetControls;
const models = readModels(document);
const VIEWS = 'script[type="application/vnd.jupyter.widget-view+json"]';

// Anywidgets

const modules = new Map();  // source text → its module, so that twenty explorers share one
const styled = new Set();

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

// What a widget sees of its model: listeners belong to an owner, and go with it.
function modelFor(model, owner) {
  return {
    get: key => model.get(key),
    set: (key, value) => model.set(key, value),
    save_changes: () => model.save_changes(),
    send: () => model.send(),
    on: (events, callback) => model.on(events, callback, owner),
    once: (events, callback) => model.once(events, callback, owner),
    off: (events, callback) => model.off(events, callback, owner),
    widget_manager: widgetManager,
  };
}

const widgetManager = {
  get_model: async reference => find(models, reference),
  async create_view(model) {
    const el = element("div"), controller = new AbortController();
    await mount(model, el, controller.signal);
    return { el, remove() { controller.abort(); el.remove(); } };
  },
};

// Once per model, however many views it has.
function start(model) {
  return model.started ??= (async () => {
    addStyle(model.get("_css"));
    const { default: given } = await importText(model.get("_esm"));
    const widget = typeof given === "function" ? await given() : given;
    const { signal } = new AbortController();  // never aborted: the model lives as long as the page
    const result = await widget.initialize?.({ model: modelFor(model, {}), signal });
    return { widget, exports: typeof result === "object" ? result : undefined };
  })();
}

async function mountAnywidget(model, parent, signal) {
  const { widget } = await start(model);
  const owner = {}, el = element("div");
  parent.append(el);
  const cleanup = await widget.render?.({ model: modelFor(model, owner), el, signal, host: widgetHost });
  const leave = () => { model.off(null, null, owner); cleanup?.(); };
  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave, { once: true });
}

const widgetHost = {
  getModel: async reference => modelFor(find(models, reference), {}),
  async getWidget(reference) {
    const model = find(models, reference);
    const { exports } = await start(model);
    const forever = new AbortController().signal;
    return { exports, render: ({ el, signal = forever }) => mount(model, el, signal) };
  },
};

// Views

async function mount(model, parent, signal) {
  if (model.module === "anywidget") return mountAnywidget(model, parent, signal);
  const draw = CONTROLS[model.name] ?? unknown;
  const control = await draw(model, signal, { find: reference => find(models, reference), mount });
  applyLayout(model, control);
  parent.append(control);
}

function applyLayout(model, control) {
  const layout = models.get(String(model.get("layout")).replace("IPY_MODEL_", ""));
  for (const [name, value] of Object.entries(layout?.values ?? {})) {
    if (!name.startsWith("_") && typeof value === "string") control.style.setProperty(name.replaceAll("_", "-"), value);
  }
}

async function mountView(script) {
  const place = element("div", { className: "widget-view" });
  script.before(place);
  try {
    await mount(find(models, JSON.parse(script.textContent).model_id), place, new AbortController().signal);
  } catch (error) {
    place.append(element("p", { className: "widget-unknown", textContent: `This widget could not start: ${error.message}` }));
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

keepLinks(models);
mountAll();
})();
