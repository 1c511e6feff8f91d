// What a wrong answer confuses, told from the state: which gate a marked pair does not pass, whom a drawn arrow follows
// alone. Pure functions of a scene and the answer; an option's reply is its author's.

import { TAU, angleOf, turn } from "./geometry.js";
import { GATES, ROUNDING, brief, gatedBy, inWords, letter } from "./words.js";

const MOST = 3; // mistakes that are told one by one
const MET = 1e-6; // a distance at which two sentences are one point
const ALIKE = TAU / 18; // two directions that a hand does not tell apart

// ---- marked terms

// The side that a threshold gates; that of a reader's own is told by its name.
const gated = (name) => gatedBy(name) ?? (name.endsWith("negative") ? "positive" : "negative");

// Why a pair counts or does not; null where its distance does not say.
function reasonOf({ kind, active, measured }, { loss, result: { terms: { thresholds } } }) {
  if (loss.reads !== "distance" || !Object.hasOwn(GATES, kind)) return null;
  const { passes, than } = GATES[kind];
  const known = Object.entries(thresholds).filter(([name]) => gated(name) === kind);
  const shut = known.filter(([, value]) => !passes(measured, value));
  const told = (some) => some.map(([name, value]) => `the ${inWords(name)}, ${brief(value)}`);
  const stands = `it is ${kind}, and ${brief(measured)} is`;
  if (active && known.length) return `${stands} ${than} ${told(known).join(", and ")}`;
  if (!active && shut.length) return `${stands} not ${than} ${told(shut).join(", or ")}`;
  if (kind === "negative" || active === measured < MET) return null;
  return `it is positive, and its two ${active ? "have not met" : "are one point"}`;
}

function mistake(term, scene) {
  const reason = reasonOf(term, scene);
  const nothing = Math.abs(term.value) > ROUNDING ? "passes no gradient on" : "adds nothing";
  const said = term.active ? `You missed ${term.letters}` : `${term.letters} ${nothing}`;
  return `${said}: ${reason ? `${reason}.` : term.note}`;
}

export function onMarks(scene, guess) {
  const { terms } = scene.reading;
  const marked = terms.filter(({ index, active }) => guess.includes(index) && !active);
  const wrong = [...marked, ...terms.filter(({ index, active }) => active && !guess.includes(index))];
  const rest = wrong.length > MOST ? [`And ${wrong.length - MOST} more.`] : [];
  return [...wrong.slice(0, MOST).map((term) => mistake(term, scene)), ...rest].join(" ");
}

// ---- a drawn arrow

const DEEDS = { positive: "pulls", negative: "pushes" };

// Who pulls and pushes a point: {letter, deed, way}, the way each alone would take it.
function forcesOn({ state: { points }, reading: { terms } }, point) {
  const links = terms.filter(({ active }) => active).flatMap((term) => term.links);
  const own = links.filter(({ from, to, side }) => (from === point) !== (to === point) && DEEDS[side]);
  return own.map(({ from, to, side }) => {
    const other = from === point ? to : from;
    const towards = points[other].map((value, axis) => value - points[point][axis]);
    const way = angleOf(side === "positive" ? towards : towards.map((value) => -value));
    return { other, name: letter(other), deed: DEEDS[side], way };
  });
}

export function onArrow(scene, point) {
  const forces = forcesOn(scene, point);
  const drawn = angleOf(scene.state.guess);
  const follows = (way) => Math.abs(turn(way, drawn)) < ALIKE;
  const tell = (some) => some.map(({ name, deed }) => `${name} ${deed}`).join(", ");
  const against = forces.find(({ way }) => follows(way + TAU / 2));
  if (against) {
    const towards = against.deed === "pushes" ? "to" : "away from";
    return `Yours leads ${towards} ${against.name}, but ${tell([against])}.`;
  }
  const alone = forces.find(({ way }) => follows(way));
  const others = forces.filter(({ other }) => other !== alone?.other);
  if (alone && others.length) return `Yours follows ${alone.name} alone, which ${alone.deed}; ${tell(others)} too.`;
  return forces.length > 1 ? `${tell(forces)}: the solid arrow is their sum.` : "";
}
