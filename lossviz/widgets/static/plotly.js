// Plotly weighs megabytes, so it comes when a view first needs it: from the page, which has it beside it, else from
// Python, once for all explorers of a notebook.

async function fromPython(ask) {
  const { library } = await ask({ library: "plotly" });
  globalThis.PlotlyConfig = { MathJaxConfig: "local" }; // whoever stands around it has its own MathJax
  const url = URL.createObjectURL(new Blob([library], { type: "text/javascript" }));
  await import(url).finally(() => URL.revokeObjectURL(url));
  const { Plotly } = globalThis;
  globalThis.lossvizPlotly = async () => Plotly;
  return Plotly;
}

export const loadPlotly = (ask) => globalThis.lossvizPlotly?.() ?? fromPython(ask);
