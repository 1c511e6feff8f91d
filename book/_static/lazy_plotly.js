// Draws <div class="lossviz-plotly"><script type="application/json">…</script></div> when the reader comes near it,
// and loads plotly.min.js only then. Figures follow the page's light or dark theme.
(() => {
"use strict";

const library = new URL("plotly.min.js", document.currentScript.src).href;
const NEAR = "400px";
let loading;

function loadPlotly() {
  return loading ??= new Promise((done, failed) => {
    window.PlotlyConfig = { MathJaxConfig: "local" };  // the page has its own MathJax
    const script = Object.assign(document.createElement("script"), { src: library, onload: done, onerror: failed });
    document.head.append(script);
  });
}

// An explorer asks for it when its surface is first opened.
globalThis.lossvizPlotly = async () => {
  await loadPlotly();
  return Plotly;
};

async function draw(place) {
  await loadPlotly();
  const { data, layout, config } = JSON.parse(place.querySelector("script").textContent);
  const figure = place.appendChild(document.createElement("div"));
  const themed = { ...layout, template: pageTemplate() };
  await Plotly.newPlot(figure, data, themed, { responsive: true, displaylogo: false, ...config });
  place.dataset.ready = "";
}

function pageTemplate() {
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(name).trim();
  const ink = colour("--pst-color-text-base"), line = colour("--pst-color-border"), none = "rgba(0,0,0,0)";
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line };
  const wall = { ...axis, color: ink, tickfont: { color: ink }, backgroundcolor: none, showbackground: false };
  return { layout: {
    paper_bgcolor: none, plot_bgcolor: none,
    font: { color: ink, family: getComputedStyle(document.body).fontFamily }, margin: { l: 48, r: 16, t: 32, b: 48 },
    colorway: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"],
    xaxis: axis, yaxis: axis, scene: { xaxis: wall, yaxis: wall, zaxis: wall },
  } };
}

function followTheme() {
  for (const figure of document.querySelectorAll(".lossviz-plotly[data-ready] .js-plotly-plot")) {
    Plotly.relayout(figure, { template: pageTemplate() });
  }
}

const near = new IntersectionObserver(entries => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    draw(target);
  }
}, { rootMargin: NEAR });

const figures = document.querySelectorAll(".lossviz-plotly");
figures.forEach(place => near.observe(place));
if (figures.length) {
  new MutationObserver(followTheme).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
})();
