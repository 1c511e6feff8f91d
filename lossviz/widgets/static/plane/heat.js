// The heat map: the loss as the chosen point moves over the plane, as shades on a canvas and as lines of equal height.

import { html, setAttributes, svg } from "../dom.js";
import { ownQuestion, scatter } from "../engine.js";
import { contour } from "../geometry.js";
import { FINE, sharpEnds } from "./ends.js";
import { createHeatPicture, theme } from "./heat_picture.js";
import { createScan, gridPositions, scanKey } from "../scan.js";

const SIZES = [13, 26, 51, FINE.free]; // of its grids, one after the other
const CONTOURS = [0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9]; // shares of the way from the lowest to the highest

// The loss with the chosen point at each position; null once the signal says that nobody wants to know.
export async function lossesAt(spec, engine, state, positions, signal) {
  const moving = { point: state.chosen, positions };
  const answers = await engine.answer({ ...ownQuestion(spec, state), moving, keep: [["loss"]] }, signal);
  return answers && Float64Array.from(answers, ({ loss }) => loss);
}

// The gradient of the chosen point at each position: of the loss, or of one of its terms alone.
export async function gradientsAt(spec, engine, state, positions, signal, terms) {
  const own = ownQuestion(spec, state);
  const moving = { point: state.chosen, positions };
  const question = { ...own, moving, gradients: true, keep: [["loss"]], ...(terms && { terms }) };
  const answers = await engine.answer(question, signal);
  const ofChosen = ({ gradients }) =>
    scatter(gradients, own.rows, state.points.length, state.points[0].length)[state.chosen];
  return answers && answers.map(ofChosen);
}

async function* heats(spec, engine, state, extent, signal) {
  let found = null;
  for (const size of SIZES) {
    const values = await lossesAt(spec, engine, state, gridPositions(size, extent), signal);
    if (!values) return;
    found = { size, values, low: Math.min(...values), high: Math.max(...values) };
    yield found;
  }
  const lossesOf = (places) => lossesAt(spec, engine, state, places, signal);
  const ends = await sharpEnds("free", extent, state.points, lossesOf, found.values);
  if (ends) yield { ...found, ...ends };
}

function contoursOf({ size, values, low, high }, edge) {
  if (high - low < 1e-12) return ""; // flat: no line has a meaning
  return CONTOURS.map((share) => contour(values, size, size, low + share * (high - low), edge, edge)).join("");
}

export function createHeat(spec, engine, late) {
  const canvas = html("canvas", { "aria-hidden": "true" });
  const line = svg("path");
  const picture = createHeatPicture(canvas);
  const scan = createScan(late);
  let painted = {}; // what the canvas shows

  // The picture is painted again only when its values, its size or its colours are other ones.
  function paint(heat, size) {
    const look = `${size} ${theme()}`;
    if (heat === painted.heat && look === painted.look) return;
    painted = { heat, look };
    picture.resize(size);
    setAttributes(line, { d: heat ? contoursOf(heat, size) : "" });
    if (heat) picture.paint(heat);
  }

  return {
    root: canvas,
    contours: svg("g", { class: "contours" }, line),
    // Answers with what is shown, {low, high, …}, or null: on the circle the strip stands for it.
    draw({ state }, { size, extent }) {
      const heat = extent === null ? null : scan({
        subject: extent, // else what stood there stays until there is something better
        key: scanKey(state, state.chosen),
        answers: (signal) => heats(spec, engine, state, extent, signal),
      });
      paint(heat, size);
      return heat;
    },
  };
}
