// Loads plotly.min.js when an explorer first asks for it: when its surface is opened.
(() => {
"use strict";

const library = new URL("plotly.min.js", document.currentScript.src).href;
let loading;

globalThis.lossvizPlotly = async () => {
  await (loading ??= new Promise((done, failed) => {
    window.PlotlyConfig = { MathJaxConfig: "local" };  // the page has its own MathJax
    const script = Object.assign(document.createElement("script"), { src: library, onload: done, onerror: failed });
    document.head.append(script);
  }).catch(error => {
    loading = undefined;  // who was offline may ask again
    throw error;
  }));
  return Plotly;
};
})();
