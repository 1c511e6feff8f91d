// The two tabs beside the plane: the chart of the loss, and the mask. Where no chart can show it, the mask alone.

import { CHARTS } from "./charts/index.js";
import { createMask } from "./charts/mask.js";
import { button, html, setAttributes } from "./dom.js";

const TITLES = { chart: "Chart", mask: "Mask" };

export function createTabs(spec, engine, actions) {
  const mask = createMask(spec, engine, actions);
  const charts = new Map(); // a chart is made when a loss first needs it
  const tabs = Object.entries(TITLES).map(([name, title]) => {
    const tab = button(title, () => actions.open(name), { role: "tab" });
    return { name, tab };
  });
  const list = html("div", { role: "tablist", "aria-label": "Chart or mask" }, ...tabs.map(({ tab }) => tab));
  const panel = html("div", { role: "tabpanel" });

  list.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const there = tabs.filter(({ tab }) => !tab.hidden);
    const next = there[(there.findIndex(({ tab }) => tab === document.activeElement) + 1) % there.length];
    next.tab.focus();
    actions.open(next.name);
  });

  function viewOf(name) {
    if (!charts.has(name)) charts.set(name, CHARTS[name].create(spec, engine, actions));
    return charts.get(name);
  }

  return {
    root: html("section", { class: "chart" }, list, panel),
    measure() {
      for (const view of charts.values()) if (view.root.isConnected) view.measure?.();
    },
    draw(scene) {
      const { chart } = scene.reading;
      const shown = chart === "none" ? "mask" : scene.state.tab;
      for (const { name, tab } of tabs) {
        const hidden = name === "chart" && chart === "none" ? "" : null;
        setAttributes(tab, { "aria-selected": String(name === shown), tabindex: name === shown ? 0 : -1, hidden });
      }
      const view = shown === "mask" ? mask : viewOf(chart);
      if (panel.firstChild !== view.root) {
        panel.replaceChildren(view.root);
        view.measure?.();
      }
      view.draw(scene);
    },
  };
}
