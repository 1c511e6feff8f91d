// Moves a point for a hand or a key, and lets it snap to what the text speaks of. What it snapped to is said as long as
// the point stands there.

import { ontoCircle } from "../geometry.js";
import { letter } from "../words.js";
import { crossings, wayBetween, waysThrough } from "./margins.js";
import { caught, onTheWay, targetsOf } from "./targets.js";

const SAME = 1e-9;
const HERE = 1e-6; // so near a margin begins where a point has snapped

const same = (one, other) => one.every((value, axis) => Math.abs(value - other[axis]) < SAME);

export function createSnap(spec, engine, actions) {
  let [shown, where] = [null, null]; // the scene that is drawn, and its place
  let snapped = null; // {index, position, words}
  let moves = 0; // so that an answer that comes late is known
  let asking = false;

  function put(index, position, words = null) {
    moves += 1;
    snapped = words && { index, position, words };
    actions.move(index, position);
  }

  // Where a margin begins on one of the ways; nobody waits for it, and only the newest move is asked about. A point
  // that has snapped already stays there, and one leaves the margin that it stands at.
  async function toMargin(index, ways, target, then) {
    if (asking || target?.first || !("margin" in shown.result.terms.thresholds)) return;
    const [asked, { situation }] = [moves, shown.state];
    asking = true;
    const passed = await crossings(spec, engine, shown, index, ways).finally(() => { asking = false; });
    const found = passed.find(({ share }) => share > HERE);
    if (!found || asked !== moves || situation !== shown.state.situation) return;
    const { position, words } = target ?? found;
    put(index, position, target ? `${words}, ${found.words}` : words);
    then(position);
  }

  return {
    see(scene, place) {
      [shown, where] = [scene, place];
    },
    // {index, words} of the point that snapped and stands there still, or null.
    said({ state: { points } }) {
      const stands = snapped && points[snapped.index] && same(points[snapped.index], snapped.position);
      return stands ? snapped : null;
    },
    // A hand has the point at a position; `then` hears where it snapped. `free`: it must not.
    pull(index, position, radius, free, then) {
      const round = shown.shape === "circle";
      const place = round ? ontoCircle(position) : position;
      const target = free ? null : caught(targetsOf(shown, index), place, radius, where);
      put(index, target?.position ?? place, target?.words);
      if (target) then(target.position);
      if (free) return;
      const far = target ? HERE : radius / where.unit;
      toMargin(index, waysThrough(shown, index, target?.position ?? place, far), target, then);
    },
    // A key leads the point to a position.
    step(index, to, free) {
      const [from, round] = [shown.state.points[index], shown.shape === "circle"];
      const target = free ? null : onTheWay(targetsOf(shown, index), from, to, round);
      put(index, target?.position ?? to, target?.words);
      if (free) return;
      const ways = target ? waysThrough(shown, index, target.position, HERE) : [wayBetween(from, to, round)];
      toMargin(index, ways, target, () => {});
    },
    onto: (index, other) => put(index, shown.state.points[other], `on ${letter(other)}`),
  };
}
