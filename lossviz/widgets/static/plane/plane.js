// The plane: sentences as points that move, each with the arrow of its next step; behind them the loss as the chosen
// one moves, as a heat map when points are free and as a strip of loss against angle when they are held on the circle.
// Layers over one scene, each {root, draw(scene, place, …)}; what one needs from another is handed on.

import { html, setAttributes, setText, svg } from "../dom.js";
import { NEAR } from "../geometry.js";
import { createArrows } from "./arrows.js";
import { createBackground } from "./background.js";
import { createBorders } from "./borders.js";
import { createDrag } from "./drag.js";
import { createGuess } from "./guess.js";
import { createHeat } from "./heat.js";
import { createLabels } from "./labels.js";
import { createLines } from "./lines.js";
import { headingOf, noteOf } from "./note.js";
import { edgeOf, placeOf, zoomed } from "./place.js";
import { createPoints } from "./points.js";
import { createPulls } from "./pulls.js";
import { createReach } from "./reach.js";
import { createSnap } from "./snap.js";
import { createStrip } from "./strip.js";
import { roomOf } from "../marks/room.js";
import { letter } from "../words.js";

const SPOKEN = "Sentences as points; arrow keys move the focused one, with Alt a little; "
  + "a letter puts it onto that letter's point";
const FREE = "Alt or slow: free";
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" }; // in JupyterLab a letter would else change the notebook

// The layers, on a stage of their own, from the lowest to the highest. `late`: what to draw when an answer has come for
// all behind the points, for what is touched alone, or for the strip.
function createLayers(spec, engine, actions, late) {
  const stage = svg("svg", { class: "stage", role: "group", "aria-label": SPOKEN, ...OWN_KEYS });
  const snap = createSnap(spec, engine, actions);
  const points = createPoints(actions, snap, () => drag.held());
  const drag = createDrag(spec, stage, actions, snap, points.focus);
  const [heat, borders] = [createHeat, createBorders].map((create) => create(spec, engine, late.behind));
  const [reach, pulls] = [createReach, createPulls].map((create) => create(spec, engine, late.touched));
  const strip = createStrip(spec, engine, late.strip);
  const [background, lines, arrows] = [createBackground(), createLines(spec, actions), createArrows()];
  const [guess, labels] = [createGuess(spec), createLabels()];
  stage.append(background.root, reach.root, heat.contours, borders.root);
  stage.append(...[lines, points, arrows, pulls, guess, labels].map(({ root }) => root));
  return { stage, background, heat, reach, borders, lines, points, arrows, pulls, guess, labels, strip, snap, drag };
}

// Pixels of the largest square: as wide as its column, and no higher than the explorer leaves room for.
function squareIn(frame, stage) {
  stage.style.display = "none"; // else it would hold its own frame open
  const { width, height } = frame.getBoundingClientRect();
  stage.style.display = "";
  return Math.floor(Math.min(width, height || Infinity));
}

// What they stand in, and the words beside them.
function createRooms({ heat, stage, strip }, compact) {
  const [heading, note] = [html("h3"), html("p", { class: "note" })];
  const heard = html("p", { class: "spoken", role: "status" });
  const frame = html("div", { class: "frame" }, heat.root, stage, heard);
  const root = html("section", { class: "plane" }, ...(compact ? [frame] : [heading, frame]));
  return { root, heading, note, heard, frame, around: html("div", {}, strip.root) };
}

export function createPlane(spec, engine, actions) {
  const drawTouched = () => [layers.reach, layers.pulls].forEach((layer) => layer.draw(scene, place));
  const drawStrip = () => around.isConnected && strip.draw(scene, wide, found);
  const late = (...draws) => () => root.isConnected && draws.forEach((draw) => draw()); // it may be gone meanwhile
  const layers = createLayers(spec, engine, actions,
    { behind: late(drawBehind, drawStrip), touched: late(drawTouched), strip: late(drawStrip) });
  const { stage, heat, strip, snap, drag } = layers;
  const { root, heading, note, heard, frame, around } = createRooms(layers, spec.compact);

  let room = 0; // pixels of the square
  let wide = 0; // and of the strip, in a view of its own
  let extent = NEAR; // how far the free plane reaches from its centre
  let [scene, place] = [null, null]; // what is drawn, for answers that come later
  let said = null; // what a point has snapped to
  let covered = []; // what no label may cover
  let found = null; // the borders of a choice

  function drawBatch() {
    said = snap.said(scene);
    covered = [];
    for (const name of ["background", "lines", "arrows"]) covered.push(...layers[name].draw(scene, place, covered));
    layers.points.draw(scene, place, said);
    layers.guess.draw(scene, place);
    for (const hand of [snap, drag]) hand.see(scene, place);
    setText(heard, said ? `${letter(said.index)} ${said.words}` : "");
  }

  // What the engine is asked about, and what must leave room for it.
  function drawBehind() {
    const shades = heat.draw(scene, place);
    const borders = layers.borders.draw(scene, place, covered);
    ({ found } = borders);
    drawTouched();
    const steady = drag.held() || scene.state.playing;
    layers.labels.draw(scene, place, { obstacles: [...covered, ...borders.taken], found, said, steady });
    if (spec.compact) return;
    setText(heading, said ? `${letter(said.index)} ${said.words}. ${FREE}` : headingOf(scene));
    setText(note, noteOf(scene, shades, found));
  }

  return {
    root, note,
    measure() {
      room = squareIn(frame, stage);
    },
    strip: { root: around, measure: () => { wide = roomOf(around).width; }, draw: drawStrip },
    draw(shown) {
      scene = shown;
      const round = scene.shape === "circle";
      if (!round) extent = zoomed(extent, scene.state, drag.held(), edgeOf(room));
      place = placeOf(room, round ? null : extent);
      const { size } = place;
      setAttributes(stage, { width: size, height: size, viewBox: `0 0 ${size} ${size}` });
      drawBatch();
      drawBehind();
    },
  };
}
