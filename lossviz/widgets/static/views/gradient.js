// The gradient: where the chosen point would go from each place of the plane, as a field of arrows over the shades of
// the loss, all points by their letters. A press puts the chosen point there; the arrow keys move it.

import { html, keep, setAttributes, setText, svg } from "../dom.js";
import { NEAR, TAU, atAngle, frame, glyph, lengthOf, niceCeiling, polyline, straightArrow } from "../geometry.js";
import { hue } from "../marks/looks.js";
import { createBackground } from "../plane/background.js";
import { createHeat, gradientsAt } from "../plane/heat.js";
import { bounded, edgeOf, zoomed } from "../plane/place.js";
import { nudged } from "../plane/points.js";
import { createScan, gridPositions, scanKey } from "../scan.js";
import { brief, fixed, letter } from "../words.js";

const ACROSS = 10; // places across the plane; an even number, so that none stands in the middle
const RINGS = [0.75, 1, 1.25, 1.5]; // where only directions count: circles of places
const LONGEST = 0.9; // of the gap between two places
const SMALL = 0.25; // of the scale: when all gradients are smaller, it is a new one
const [DOT, HEAD, RADIUS] = [2.5, 5, 9]; // pixels: the shortest arrow, its head, a point
const NARROWEST = 160; // pixels of the square
const KEYS = "The arrow keys move it.";

const gapOf = (extent) => (2 * extent) / ACROSS;

// A ring has as many places as it has room for.
function ring(radius, gap) {
  const count = Math.floor((TAU * radius) / gap);
  return Array.from({ length: count }, (_, k) => atAngle((TAU * k) / count).map((value) => radius * value));
}

// Where the arrows begin.
export const placesOf = (shape, extent) => shape === "circle"
  ? RINGS.flatMap((radius) => ring(radius, gapOf(extent)))
  : gridPositions(ACROSS, extent - gapOf(extent) / 2);

export async function* fields(spec, engine, state, places, signal) {
  const gradients = await gradientsAt(spec, engine, state, places, signal);
  if (gradients) yield { places, gradients, longest: Math.max(...gradients.map(lengthOf)) };
}

// The gradient whose arrow is as long as the gap between two places. It stays as long as it can, for the same loss on
// the same batch, so that arrows can be compared.
export function createScale() {
  let [known, scale] = [null, 0];
  return (family, longest) => {
    const stays = family === known && longest <= scale && longest >= SMALL * scale;
    if (!stays) [known, scale] = [family, niceCeiling(longest)];
    return scale;
  };
}

// All arrows as three paths: their shafts, their heads, and a dot for each that is too short. What is longer than the
// gap is cut: two heads.
export function drawnField({ places, gradients }, times, gap, toPixel) {
  const paths = { shafts: "", heads: "", dots: "" };
  places.forEach((place, k) => {
    const from = toPixel(place);
    const length = lengthOf(gradients[k]);
    const pixels = Math.min(1, length * times) * LONGEST * gap;
    if (!(pixels >= DOT)) return void (paths.dots += polyline([from, from]));
    const way = [-gradients[k][0] / length, gradients[k][1] / length]; // in pixels y goes down
    const to = (far) => [from[0] + way[0] * far, from[1] + way[1] * far];
    const { shaft, head } = straightArrow(from, to(pixels), HEAD);
    paths.shafts += shaft;
    paths.heads += head + (length * times > 1 + 1e-9 ? straightArrow(from, to(pixels - HEAD), HEAD).head : "");
  });
  return paths;
}

function noteOf({ state, shape, result }, scale) {
  const longest = brief(scale / state.magnified, 3);
  return [
    `At ${letter(state.chosen)}: gradient ${fixed(lengthOf(result.pointGradients[state.chosen]), 2)}.`,
    `An arrow as long as the gap between two: gradient ${longest}; dot: too small to draw.`,
    state.magnified > 1 && "Two heads: cut.",
    shape === "circle" && "Twice as far out: half.",
  ].filter(Boolean).join(" ");
}

function longestOf({ places, gradients, longest }) {
  if (!longest) return "It is 0 everywhere.";
  const place = places[gradients.findIndex((each) => lengthOf(each) === longest)];
  return `The longest, ${fixed(longest)}, is at ${place.map((value) => brief(value)).join(", ")}.`;
}

// Three paths, whatever there is to draw.
function createField() {
  const paths = ["shafts", "heads", "dots"].map((look) => svg("path", { class: look }));
  const root = svg("g", { class: "field" }, ...paths);
  const scaleOf = createScale();
  return {
    root,
    // Answers with the scale.
    draw({ state, shape }, found, gap, toPixel) {
      setAttributes(root, { visibility: found ? null : "hidden" });
      if (!found) return null;
      const scale = scaleOf(`${state.loss} ${state.situation} ${shape}`, found.longest);
      const drawn = drawnField(found, state.magnified / scale, gap, toPixel);
      for (const path of paths) setAttributes(path, { d: drawn[path.getAttribute("class")] });
      return scale;
    },
  };
}

// The points where they stand: the chosen one last, above the others, with a ring.
function createStanding() {
  const root = svg("g", { class: "standing" });
  const make = () => svg("g", {}, svg("circle", { r: RADIUS + 5 }), svg("path"),
    svg("text", { dy: "0.36em", "text-anchor": "middle" }));
  return {
    root,
    draw({ state: { points, chosen }, reading: { classes } }, toPixel) {
      const order = [...points.keys()].filter((index) => index !== chosen).concat(chosen);
      keep(root, order.length, make).forEach((mark, k) => {
        const index = order[k];
        const kind = classes?.[index];
        const look = [index === chosen && "chosen", kind !== undefined && hue(kind)].filter(Boolean).join(" ");
        const at = toPixel(points[index]).map((value) => value.toFixed(2));
        setAttributes(mark, { class: look, transform: `translate(${at})` });
        setAttributes(mark.children[1], { d: glyph(kind ?? 0, RADIUS) });
        setText(mark.lastChild, letter(index));
      });
    },
  };
}

export function createGradient(spec, engine, actions) {
  const late = () => root.isConnected && draw(scene); // another view may be open by now
  const [heat, scan] = [createHeat(spec, engine, late), createScan(late)];
  const [background, field, standing] = [createBackground(), createField(), createStanding()];
  const layers = [heat.contours, field.root, background.root, standing.root];
  const picture = svg("svg", { role: "group", tabindex: 0 }, ...layers);
  const box = html("div", { class: "frame" }, heat.root, picture);
  const [heading, note] = [html("h3"), html("p", { class: "note" })];
  const root = html("section", { class: "gradient" }, heading, box, note);
  let [room, extent, scene, place] = [NARROWEST, NEAR, null, null];

  function press({ clientX, clientY }) {
    const { left, top } = picture.getBoundingClientRect();
    actions.move(scene.state.chosen, bounded(place.toPlane([clientX - left, clientY - top]), place.reach));
  }

  function walk(event) {
    const { points, chosen } = scene.state;
    const position = nudged(event, points[chosen], place);
    if (!position) return;
    event.preventDefault();
    actions.move(chosen, position);
  }

  picture.addEventListener("click", press);
  picture.addEventListener("keydown", walk);

  function draw(shown) {
    scene = shown;
    const { state, shape } = scene;
    const round = shape === "circle";
    extent = round ? NEAR : zoomed(extent, state, false, edgeOf(room));
    const measure = { size: room, ...frame(room, room, extent) };
    place = { ...measure, extent: round ? null : extent, reach: extent * (1 - edgeOf(room)) };
    setAttributes(picture, { width: room, height: room, viewBox: `0 0 ${room} ${room}` });
    setText(heading, `Where ${letter(state.chosen)} would go; shaded: the loss`);
    heat.draw(scene, { ...measure, extent });
    background.draw(scene, place);
    const found = scan({
      subject: `${shape} ${extent} ${state.chosen}`,
      key: scanKey(state, state.chosen),
      answers: (signal) => fields(spec, engine, state, placesOf(shape, extent), signal),
    });
    const scale = field.draw(scene, found, gapOf(extent) * place.unit, place.toPixel);
    standing.draw(scene, place.toPixel);
    if (!found) return;
    setText(note, noteOf(scene, scale));
    setAttributes(picture, { "aria-label": `${heading.textContent}. ${note.textContent} ${longestOf(found)} ${KEYS}` });
  }

  return {
    root, draw,
    measure() {
      box.classList.add("empty"); // else what it holds would hold it open
      room = Math.max(NARROWEST, Math.min(box.clientWidth, box.clientHeight));
      box.classList.remove("empty");
    },
  };
}
