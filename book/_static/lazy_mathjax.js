// Loads MathJax when the widgets in sight are ready: it keeps the page busy for about a third of a second, and a reader
// sees plain TeX for a moment more gladly than a dead widget. A page without formulas does without it.
(() => {
"use strict";

const library = new URL("mathjax/tex-chtml.js", document.currentScript.src).href;
const hasWidgets = document.querySelector('script[type="application/vnd.jupyter.widget-view+json"]');

function load() {
  const onerror = () => { document.documentElement.dataset.formulas = "raw"; };  // plain TeX is better than nothing
  document.head.append(Object.assign(document.createElement("script"), { src: library, async: true, onerror }));
}

if (!document.querySelector(".math")) return;
if (hasWidgets) document.addEventListener("widgets-in-sight", load, { once: true });
else load();
})();
