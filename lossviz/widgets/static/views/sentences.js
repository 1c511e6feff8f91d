// The sentences behind the letters; touching one lights it up everywhere and makes it the chosen one.

import { button, html, keep, setAttributes, setText } from "../dom.js";
import { letter } from "../words.js";

export function createSentences(spec, engine, actions) {
  const root = html("ol", { class: "legend", "aria-label": "The sentences" });

  function makeItem(index) {
    const item = button([html("b", {}, letter(index)), html("span")], () => actions.choose(index));
    for (const event of ["pointerenter", "focus"]) {
      item.addEventListener(event, () => actions.light({ kind: "point", index }));
    }
    for (const event of ["pointerleave", "blur"]) item.addEventListener(event, () => actions.light(null));
    return html("li", {}, item);
  }

  return {
    root,
    draw({ state, situation: { sentences }, litPoints }) {
      keep(root, sentences.length, makeItem).forEach(({ firstChild: item }, index) => {
        setText(item.lastChild, sentences[index].text);
        const faded = litPoints && !litPoints.has(index);
        setAttributes(item, { "aria-pressed": String(index === state.chosen), class: faded ? "faded" : null });
      });
    },
  };
}
