// Where a loss changes its mind as the chosen point moves: the borders between the places at which an anchor's term
// takes one sentence or another for its hardest, with the name of each.

import { keep, setAttributes, setText, svg } from "../dom.js";
import { ownQuestion } from "../engine.js";
import { polyline } from "../geometry.js";
import { boxAround } from "../marks/labels.js";
import { overlap } from "../marks/placing.js";
import { columnsOf, hides } from "../state.js";
import { letter, roleOf, roleSign } from "../words.js";
import { borderLines, namePlaces, planeGrid, regions, roundGrid } from "./regions.js";
import { createScan, scanKey } from "../scan.js";

const NAME = 20; // pixels: room for a sign and a letter

// Whose choice is watched: that of one anchor's term, in the last role of a hardest sentence (of two, the negative).
function watchedIn({ spec, state, result, reading, situation }) {
  const role = Object.keys(result.terms.chosen ?? {}).filter((name) => roleOf(name).manner === "hardest").at(-1);
  const anchor = situation.watched ?? state.chosen;
  const term = reading.terms.find(({ points }) => points[0] === anchor);
  return role && term && !hides(spec, state) && !state.playing ? { role, anchor, term: term.index } : null;
}

async function* bordersOf(spec, engine, { state, situation }, watched, extent, signal) {
  const { role, term } = watched;
  const choose = async (positions) => {
    const moving = { point: state.chosen, positions };
    const question = { ...ownQuestion(spec, state), moving, keep: [["terms", "chosen", role]] };
    const answers = await engine.answer(question, signal);
    return answers && answers.map(({ terms }) => terms.chosen[role][term]);
  };
  const found = await regions(extent === null ? roundGrid() : planeGrid(extent), choose);
  if (!found) return;
  const columns = columnsOf(situation);
  const others = state.points.filter((_, index) => index !== state.chosen);
  yield {
    ...watched, cuts: found.cuts, choices: found.choices,
    nameOf: (choice) => roleSign(role) + letter(columns[choice]),
    lines: extent === null ? [] : borderLines(found),
    names: extent === null ? [] : namePlaces(found, others, extent),
  };
}

// A name that would lie on a box stands above it, or below one at the upper edge.
function beside(place, covered) {
  const under = covered.find((each) => !each.places && overlap(boxAround(place, NAME, NAME), each));
  if (!under) return place;
  return [place[0], under.y < NAME ? under.y + under.height + NAME / 2 : under.y - NAME / 2];
}

export function createBorders(spec, engine, late) {
  const line = svg("path");
  const texts = svg("g");
  const scan = createScan(late);

  function drawNames(names, places) {
    keep(texts, names.length, () => svg("text", { "text-anchor": "middle" })).forEach((text, k) => {
      const [x, y] = places[k];
      setText(setAttributes(text, { x, y: y + 5 }), names[k]);
    });
  }

  return {
    root: svg("g", { class: "borders" }, line, texts),
    // `covered`: what no name may lie on. Answers with {found, taken}: the borders, null where there are none, and the
    // lines and names of them in the plane, as obstacles.
    draw(scene, { extent, toPixel }, covered) {
      const { state } = scene;
      const watched = watchedIn(scene);
      const answer = scan(watched && {
        subject: JSON.stringify([state.loss, state.situation, state.chosen, watched, extent]),
        key: scanKey(state, state.chosen),
        answers: (signal) => bordersOf(spec, engine, scene, watched, extent, signal),
      });
      const found = answer?.cuts.length ? answer : null; // one choice everywhere has no border
      const names = found?.names ?? [];
      const places = names.map(({ place }) => beside(toPixel(place), covered));
      const lines = (found?.lines ?? []).map((ends) => ({ places: ends.map(toPixel) }));
      setAttributes(line, { d: lines.map((each) => polyline(each.places)).join("") });
      drawNames(names.map(({ choice }) => found.nameOf(choice)), places);
      return { found, taken: [...places.map((place) => boxAround(place, NAME, NAME)), ...lines] };
    },
  };
}
