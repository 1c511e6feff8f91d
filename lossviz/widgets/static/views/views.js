// The views beside the plane, one at a time: its tabs, and the panel that shows the chosen one. A view is made when it
// is first opened; only the one that is shown is drawn.

import { CHARTS } from "../charts/index.js";
import { createMask } from "../charts/mask.js";
import { button, html, setAttributes } from "../dom.js";
import { createHistory } from "../runs.js";
import { createCode } from "./code.js";
import { createGradient } from "./gradient.js";
import { createSentences } from "./sentences.js";
import { createSum } from "./sum.js";
import { createSurface } from "./surface.js";

const always = () => true;
const inPlane = ({ spec }) => spec.dimension === 2;

// By name: its title, where it can be shown, and what makes it; the strip is the plane's own.
const VIEWS = {
  chart: { title: "Chart", fits: ({ reading }) => reading.chart !== "none", create: createChart },
  mask: { title: "Mask", fits: always, create: createMask },
  sum: { title: "Sum", fits: always, create: createSum },
  strip: { title: "Strip", fits: (scene) => inPlane(scene) && scene.shape === "circle" },
  surface: { title: "Surface", fits: inPlane, create: createSurface },
  gradient: { title: "Gradient", fits: inPlane, create: createGradient },
  run: { title: "Run", fits: always, create: createHistory },
  sentences: { title: "Sentences", fits: always, create: createSentences },
  code: { title: "Code", fits: always, create: createCode },
};

// The chart of the loss: one for each input type, made when a loss first needs it.
function createChart(spec, engine, actions) {
  const charts = new Map();
  const root = html("div");
  let shown = null;

  function chartOf(name) {
    if (!charts.has(name)) charts.set(name, CHARTS[name].create(spec, engine, actions));
    return charts.get(name);
  }

  return {
    root,
    measure: () => shown?.measure?.(),
    draw(scene) {
      const chart = chartOf(scene.reading.chart);
      if (chart !== shown) {
        root.replaceChildren(chart.root);
        chart.measure?.();
      }
      shown = chart;
      chart.draw(scene);
    },
  };
}

// The view that a scene shows: the chosen one where it fits, else the first that does.
export function viewOf(scene) {
  const fitting = Object.keys(VIEWS).filter((name) => VIEWS[name].fits(scene));
  return fitting.includes(scene.state.view) ? scene.state.view : fitting[0];
}

function createTabs(actions) {
  const tabs = Object.entries(VIEWS).map(([name, { title }]) => {
    const tab = button(title, () => actions.open(name), { role: "tab", "data-view": name });
    return { name, tab };
  });
  const root = html("div", { role: "tablist", "aria-label": "Views" }, ...tabs.map(({ tab }) => tab));

  root.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way) return;
    const there = tabs.filter(({ tab }) => !tab.hidden);
    const next = there.at((there.findIndex(({ tab }) => tab === document.activeElement) + way) % there.length);
    next.tab.focus();
    actions.open(next.name);
  });

  return {
    root,
    draw(scene, shown) {
      for (const { name, tab } of tabs) {
        const hidden = VIEWS[name].fits(scene) ? null : "";
        setAttributes(tab, { "aria-selected": String(name === shown), tabindex: name === shown ? 0 : -1, hidden });
      }
    },
  };
}

// `made`: views that others have made, by name.
export function createViews(spec, engine, actions, made) {
  const views = new Map(Object.entries(made));
  const tabs = createTabs(actions);
  const panel = html("div", { role: "tabpanel" });
  let [name, view] = [null, null]; // what is shown
  let hidden = false; // a figure that is pinned and closed shows none

  function open(next) {
    name = next;
    if (!views.has(name)) views.set(name, VIEWS[name].create(spec, engine, actions));
    view = views.get(name);
    setAttributes(panel, { "data-view": name });
    panel.replaceChildren(view.root);
    view.measure?.();
  }

  return {
    tabs: tabs.root,
    root: panel,
    measure() {
      hidden = panel.clientHeight === 0;
      if (!hidden) view?.measure?.();
    },
    draw(scene) {
      if (hidden) return;
      const shown = viewOf(scene);
      tabs.draw(scene, shown);
      if (shown !== name) open(shown);
      view.draw(scene);
    },
  };
}
