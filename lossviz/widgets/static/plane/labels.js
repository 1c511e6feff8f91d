// The sentence beside each point, in short, where it hides nothing; of points that cover one another, their letters.

import { keep, svg } from "../dom.js";
import { stacks } from "../geometry.js";
import { LINE, besides, boxAround, drawLeaders, rings, widthOf, writeLabel } from "../marks/labels.js";
import { placeLabels } from "../marks/placing.js";
import { letter } from "../words.js";
import { ARROW_GAP } from "./arrows.js";
import { COVERED, NAMED, RADIUS, topOf } from "./place.js";

const MOST = 12; // letters of a stack; of more the rest is counted

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
  const width = widthOf(words);
  const [beside, above] = [RADIUS + width / 2 + 4, RADIUS + 12];
  const around = besides([x, y], [[beside, 0], [-beside, 0], [0, -above], [0, above]], width);
  const out = extent === null ? Math.atan2(y - size / 2, x - size / 2) : 0;
  const outside = extent === null ? besideCircle([x, y], width, size) : [];
  const boxes = [...outside, ...around, ...rings([x, y], width, RADIUS, out)];
  return boxes.map(({ x, y, height }, at) => ({ x, y, width, height, words, at }));
}

function lettersOf(group) {
  const shown = group.slice(0, MOST).map(letter).join(" ");
  return group.length > MOST ? `${shown} and ${group.length - MOST} more` : shown;
}

// {index, words: [what is written, or else], snapped}: a label for each point that covers no other, and one for each
// stack; in a small picture for stacks alone.
function labelsOf({ state: { chosen }, situation: { sentences } }, pixels, said, size) {
  const groups = stacks(pixels, COVERED).filter((group) => size >= NAMED || group.length > 1);
  return groups.map((group) => {
    const index = topOf(group, chosen);
    const own = group.length > 1 ? lettersOf(group) : sentences[index].short;
    const snapped = said && group.includes(said.index) ? [`${letter(said.index)} ${said.words.split(",")[0]}`] : [];
    return { index, words: [...snapped, own, lettersOf(group)], snapped: snapped.length > 0 };
  });
}

// candidates(pixel, words, place): those of the last picture are known, as most points stand where they stood.
function createCandidates() {
  let [about, known, next] = [null, new Map(), new Map()];
  return (pixel, words, place) => {
    if (place !== about) [about, known, next] = [place, next, new Map()];
    const key = `${pixel} ${words} ${place.size} ${place.extent}`;
    if (!next.has(key)) next.set(key, known.get(key) ?? candidatesOf(pixel, words, place));
    return next.get(key);
  };
}

export function createLabels() {
  const [leaders, texts] = [svg("path", { class: "leaders" }), svg("g")];
  const candidates = createCandidates();
  let [about, stood] = ["", []]; // where each label stood, as long as the same batch is shown
  let placed = {}; // for which place of the plane, borders and motion the labels stay where they are

  return {
    root: svg("g", { class: "labels" }, leaders, texts),
    // `obstacles`: what, beside the points themselves, no label may cover. `found`: the borders, which come late.
    // `said`: what a point has snapped to. `steady`: points are on the move. Each picture has a `place` of its own: for
    // an answer that changes nothing here, and on the move for any, nothing is placed again.
    draw(scene, place, { obstacles, found, said, steady }) {
      if (placed.place === place && placed.steady === steady && (steady || placed.found === found)) return;
      const { state } = scene;
      const { size, toPixel } = place;
      const subject = [state.situation, scene.shape, size, place.extent].join();
      if (subject !== about) [about, stood] = [subject, []];
      const pixels = state.points.map(toPixel);
      const labels = labelsOf(scene, pixels, said, size).map(({ index, words, snapped }) => ({
        index, steady: steady && !snapped, place: pixels[index], before: stood[index],
        candidates: words.flatMap((each) => candidates(pixels[index], each, place)),
      }));
      const points = pixels.map((pixel) => boxAround(pixel, 2 * RADIUS, 2 * RADIUS));
      const boxes = placeLabels(labels, [...points, ...obstacles], { x: 0, y: 0, width: size, height: size });
      const written = new Map(labels.map(({ index }, k) => [index, boxes[k]]));
      stood = pixels.map((_, index) => written.get(index)?.at ?? stood[index]);
      keep(texts, pixels.length, () => svg("text", { "text-anchor": "middle" })).forEach((text, index) =>
        writeLabel(text, written.get(index), written.get(index)?.words ?? ""));
      drawLeaders(leaders, boxes);
      placed = steady || labels.every(({ before }, k) => boxes[k]?.at === before) ? { place, found, steady } : {};
    },
  };
}
