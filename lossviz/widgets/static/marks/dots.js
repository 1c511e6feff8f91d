// Dots: each a mark with its name beside it, wide enough for a finger, one stop of the keyboard, lighting what it
// stands for.

import { keep, lights, setAttributes, svg } from "../dom.js";
import { lengthOf } from "../geometry.js";
import { FAR_GAPS, NEAR_GAPS, boxAround, rings, widthOf, writeLabel } from "./labels.js";
import { createPlacing } from "./placing.js";

const FINGER = 22; // pixels: half of what a finger needs
const NEAR = 40; // pixels: so far a name may stand from a dot that shares it

// A box wide enough for more words, on the same side of its place.
function widened(box, [x], more) {
  const aside = Math.sign(Math.round(box.x + box.width / 2 - x)) * (more / 2);
  return { ...box, x: box.x - more / 2 + aside, width: box.width + more };
}

// Two names as one, beside the first dot.
function joined(host, guest) {
  const letters = `${host.letters}, ${guest.letters}`;
  const more = widthOf(letters) - widthOf(host.letters);
  const candidates = host.candidates.map((box) => widened(box, host.place, more));
  return { ...host, letters, candidates, insists: host.insists || guest.insists };
}

// The name of each dot, {box, letters}. One for which there is no room is written with that of its neighbour, whose
// guest then has none of its own, null: no dot is left without.
export function namesOf(dots, obstacles, bounds) {
  const place = createPlacing(obstacles, bounds);
  let groups = dots.map((dot, first) => ({ ...dot, first }));
  for (;;) {
    const boxes = place(groups);
    if (!boxes.includes(null)) {
      const named = new Map(groups.map(({ first, letters }, k) => [first, { box: boxes[k], letters }]));
      return dots.map((_, k) => named.get(k) ?? null);
    }
    groups = withGuests(groups, groups.filter((_, k) => !boxes[k]));
  }
}

// Each that stands alone becomes a guest of the nearest that has a name; one that has none near looks farther away, and
// in the end insists on its own.
function withGuests(groups, alone) {
  const apart = (one, other) => lengthOf(one.place.map((value, axis) => value - other.place[axis]));
  const named = groups.filter((each) => !alone.includes(each));
  for (const guest of alone) {
    const near = named.filter((each) => apart(each, guest) < NEAR).sort((a, b) => apart(a, guest) - apart(b, guest));
    if (near.length) named[named.indexOf(near[0])] = joined(near[0], guest);
    else if (guest.afar) named.push({ ...guest, candidates: [...guest.candidates, ...guest.afar()], afar: null });
    else named.push({ ...guest, insists: true });
  }
  return named;
}

// A name far from its dot, or nearer to another, is joined to its own by a line.
function drawLeader(line, leader, [left, top]) {
  const [from, to] = leader ?? [];
  const ends = leader && { x1: from[0] - left, y1: from[1] - top, x2: to[0] - left, y2: to[1] - top };
  setAttributes(line, { visibility: leader ? null : "hidden", ...ends });
}

// A dot is {place, d, look, letters, note, light, candidates, insists}: where it stands and its outline about that
// place, its classes, its name and its sentence, what it lights ({kind, index}), the boxes where its name would best
// stand, and whether it goes before other names.
export function createDots(actions) {
  const root = svg("g", { class: "dots" });
  let shown = [];
  let stood = {}; // which of its boxes each name took

  function make(k) {
    const parts = [svg("circle", { class: "hit", r: FINGER }), svg("path", { class: "shown" })];
    const [name, leader] = [svg("text", { "text-anchor": "middle" }), svg("line", { class: "leader" })];
    return lights(svg("g", { role: "button" }, ...parts, name, leader), actions, () => shown[k].light);
  }

  const keyOf = ({ light, letters }) => `${light.kind} ${light.index} ${letters}`;

  function placed(dots, size, obstacles, bounds) {
    const own = dots.map(({ place }) => boxAround(place, size, size));
    const labels = dots.map((dot) => {
      const around = (gaps) => rings(dot.place, dot.candidates[0].width, size / 2, 0, gaps);
      const candidates = [...dot.candidates, ...around(NEAR_GAPS)];
      return { ...dot, candidates, afar: () => around(FAR_GAPS), before: stood[keyOf(dot)] };
    });
    const names = namesOf(labels, [...own, ...obstacles], bounds);
    stood = Object.fromEntries(dots.map((dot, k) => [keyOf(dot), names[k]?.box?.at]));
    return names;
  }

  return {
    root,
    // Names stay within the bounds, off the dots (of this size) and off the obstacles. Dots that others stand for, as a
    // crowd does, are `untouched`. Answers with the boxes of the names.
    draw(dots, { size, bounds, obstacles = [], untouched = false }) {
      shown = dots;
      const names = placed(dots, size, obstacles, bounds);
      keep(root, dots.length, make).forEach((dot, k) => {
        const { place, d, look, note } = dots[k];
        const transform = `translate(${place.map((value) => value.toFixed(2))})`;
        setAttributes(dot, { class: `dot ${look}`, transform, "aria-label": note, tabindex: untouched ? null : 0 });
        const [hit, mark, name, leader] = dot.children;
        setAttributes(hit, { visibility: untouched ? "hidden" : null });
        setAttributes(mark, { d });
        writeLabel(name, names[k]?.box ?? null, names[k]?.letters ?? "", place);
        drawLeader(leader, names[k]?.box?.leader, place);
      });
      setAttributes(root, { "pointer-events": untouched ? "none" : null });
      return names.flatMap((name) => (name?.box ? [name.box] : []));
    },
  };
}
