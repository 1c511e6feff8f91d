// Axes: a few lines and the texts at them. Elements are kept and only what changed is set, so that a frame in which the
// axes stand still costs nothing.

import { keep, setAttributes, setText, svg } from "../dom.js";
import { polyline } from "../geometry.js";
import { brief } from "../words.js";
import { fit } from "./labels.js";

export const line = (places, look = "axis") => ({ d: polyline(places), look, places });

// `side` is the end at which the text is held: "start", "middle" or "end".
export const text = (x, y, words, { side = null, look = null } = {}) => ({ x, y, words, side, look });

// So many numbers from one to another, evenly apart, both ends among them.
export const evenly = (from, to, count) =>
  Array.from({ length: count }, (_, k) => from + (k * (to - from)) / (count - 1));

// Quiet numbers at their ticks: below an axis that runs across, left of one that runs up.
export const below = (ticks, x, y) =>
  ticks.map((tick) => text(x(tick), y, brief(tick, 2), { side: "middle", look: "quiet" }));
export const leftOf = (ticks, x, y) =>
  ticks.map((tick) => text(x, y(tick) + 4, brief(tick, 2), { side: "end", look: "quiet" }));

const BOLD = ["positive", "negative"];

// From where a text is held to the edge of the picture.
const roomOf = ({ x, side }, width) =>
  ({ middle: 2 * Math.min(x, width - x), end: x, start: width - x })[side ?? "start"];

// `look` tells one chart's axes from those of a strip below it.
export function createAxes(look = "axes") {
  const [lines, texts] = [svg("g"), svg("g")];
  return {
    root: svg("g", { class: look }, lines, texts),
    // Answers with the lines, as obstacles.
    draw(drawn, written) {
      const width = Number(texts.ownerSVGElement?.getAttribute("width") ?? Infinity);
      keep(lines, drawn.length, () => svg("path")).forEach((path, k) => {
        setAttributes(path, { class: drawn[k].look, d: drawn[k].d });
      });
      keep(texts, written.length, () => svg("text")).forEach((element, k) => {
        const { x, y, words, side, look } = written[k];
        fit(element, words, roomOf(written[k], width), BOLD.includes(look) ? 600 : 400);
        setText(setAttributes(element, { x, y, "text-anchor": side, class: look }), words);
      });
      return drawn.map(({ places }) => ({ places }));
    },
  };
}
