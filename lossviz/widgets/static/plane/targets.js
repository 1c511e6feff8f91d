// Where a point snaps to: onto another point, to 60, 90 or 180 degrees from a partner, to the centre of a plane in
// which lengths count. Pure functions; margins.js finds where a margin begins.

import { TAU, angleOf, ontoCircle, turn } from "../geometry.js";
import { letter } from "../words.js";

const ROOT = Math.sqrt(0.75);
// The cosine and the sine of each angle that a text speaks of, as exact as they can be.
const ANGLES = [[60, 0.5, ROOT], [60, 0.5, -ROOT], [90, 0, 1], [90, 0, -1], [180, -1, 0]];
const SHARE = 1 / 3; // of the circle that may snap to angles, however many partners there are
const SAME = 1e-9;
const MOST_WORDS = 2; // of targets at one place

const away = (one, other) => Math.hypot(one[0] - other[0], one[1] - other[1]);

// Those with whom a point is linked by a term.
export function partnersOf(terms, index) {
  const links = terms.flatMap((term) => term.links).filter(({ from, to }) => from === index || to === index);
  return [...new Set(links.map(({ from, to }) => (from === index ? to : from)))].filter((other) => other !== index);
}

function onOthers(points, index) {
  const others = points.map((_, other) => other).filter((other) => other !== index);
  return others.map((other) => {
    const there = others.filter((each) => away(points[each], points[other]) < SAME);
    return { position: points[other], words: `on ${there.map(letter).join(" ")}`, first: true };
  });
}

function atAngles(points, partners) {
  return partners.flatMap((partner) => {
    const [x, y] = ontoCircle(points[partner]);
    return ANGLES.map(([degrees, cosine, sine]) => {
      const position = [cosine * x - sine * y, sine * x + cosine * y];
      return { position, words: `${degrees}° from ${letter(partner)}`, first: false };
    });
  });
}

// [{position, words, first}]: `first` are those that go before others that are nearer.
export function targetsOf({ state: { points }, reading, shape, loss }, index) {
  const others = onOthers(points, index);
  if (shape === "circle") return [...others, ...atAngles(points, partnersOf(reading.terms, index))];
  return loss.reads === "distance" ? others : [...others, { position: [0, 0], words: "in the centre", first: true }];
}

// One target out of some that are equally good, which are said together.
function together(found, howFar) {
  if (!found.length) return null;
  const [best] = found.toSorted((a, b) => b.first - a.first || howFar(a) - howFar(b));
  const alike = found.filter(({ first, position }) => first === best.first && away(position, best.position) < SAME);
  return { ...best, words: [...new Set(alike.map(({ words }) => words))].slice(0, MOST_WORDS).join(", ") };
}

// The target within `radius` pixels of a position; of many angles only what is nearer, so that there is way between.
export function caught(targets, position, radius, { unit }) {
  const angles = targets.filter(({ first }) => !first).length;
  const narrow = Math.min(radius, (SHARE * TAU * unit) / (2 * angles || 1));
  const howFar = (target) => away(target.position, position) * unit;
  return together(targets.filter((target) => howFar(target) <= (target.first ? radius : narrow)), howFar);
}

// The first target on the way of a key: on the circle between the two places; in the plane, nearer to where it leads
// than half of the way.
export function onTheWay(targets, from, to, round) {
  const whole = round ? turn(angleOf(from), angleOf(to)) : away(from, to);
  const along = ({ position }) => turn(angleOf(from), angleOf(position)) * Math.sign(whole);
  const isBetween = (target) => along(target) > SAME && along(target) <= Math.abs(whole) + SAME;
  const isNear = ({ position }) => away(position, to) < whole / 2 + SAME && away(position, from) > SAME;
  if (!round) return together(targets.filter(isNear), ({ position }) => away(position, to));
  const passed = targets.filter(isBetween);
  const first = Math.min(...passed.map(along));
  return together(passed.filter((target) => along(target) < first + SAME), along);
}

// A drag inside a target's reach goes free when it goes on slowly: at most 30 pixels a second for half a second, and
// far enough not to be a hand that trembles. `trace` is [{time, pixel}] since it snapped.
const [WHILE, LEAST, MOST] = [500, 5, 15]; // milliseconds, pixels

export function isSlow(trace) {
  const now = trace.at(-1);
  const before = trace.findLast(({ time }) => now.time - time >= WHILE);
  if (!before) return false;
  const gone = away(before.pixel, now.pixel);
  return gone >= LEAST && gone <= MOST;
}
