// The sentence beside each point, in short, where it hides nothing: a name that finds no room is left out, unless its
// point is chosen, or one of a few that are lit.

import { keep, svg } from "../dom.js";
import { placeLabels } from "../geometry.js";
import { LINE, boxAround, writeLabel } from "../marks/labels.js";
import { ARROW_GAP } from "./arrows.js";
import { RADIUS } from "./place.js";

const LETTER = 6.9; // pixels, of a wide one
const FEW = 12;

// Outside the circle first, beyond the arrows, or aside; then inside.
function besideCircle([x, y], width, size) {
  const angle = Math.atan2(y - size / 2, x - size / 2);
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const half = (Math.abs(dx) * width) / 2 + (Math.abs(dy) * LINE) / 2;
  const away = (gap, aside = 0) => {
    const reach = gap + Math.sign(gap) * half;
    return boxAround([x + dx * reach - dy * aside, y + dy * reach + dx * aside], width);
  };
  return [...[0, 24, -24, 48, -48].map((aside) => away(ARROW_GAP + 9, aside)), away(-RADIUS - 6)];
}

function candidatesOf([x, y], words, { size, extent }) {
  const width = words.length * LETTER + 4;
  const [beside, above] = [RADIUS + width / 2 + 4, RADIUS + 12];
  const around = [[beside, 0], [-beside, 0], [0, -above], [0, above]];
  const boxes = around.map(([dx, dy]) => boxAround([x + dx, y + dy], width));
  return extent === null ? [...besideCircle([x, y], width, size), ...boxes] : boxes;
}

export function createLabels() {
  const root = svg("g", { class: "labels" });
  return {
    root,
    // `obstacles`: boxes, beside the points themselves, that no label may cover.
    draw({ state, situation, litPoints }, place, obstacles) {
      const { size, toPixel } = place;
      const lit = litPoints ?? new Set([state.chosen]);
      const pixels = state.points.map(toPixel);
      const words = situation.sentences.map(({ short }) => short);
      const labels = words.map((short, index) =>
        ({ candidates: candidatesOf(pixels[index], short, place), insists: lit.has(index) && lit.size <= FEW }));
      const points = pixels.map((pixel) => boxAround(pixel, 2 * RADIUS, 2 * RADIUS));
      const boxes = placeLabels(labels, [...points, ...obstacles], { x: 0, y: 0, width: size, height: size });
      keep(root, words.length, () => svg("text", { "text-anchor": "middle" })).forEach((text, index) =>
        writeLabel(text, boxes[index], words[index]));
    },
  };
}
