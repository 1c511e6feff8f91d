// Where labels stand: each in the first of its boxes that touches nothing, near its own place or joined to it by a
// line. Pure functions; pixels, y down.

export const overlap = (a, b) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

// Whether a line from one place to another goes through a box: none where all its corners are on one side of the line.
// Asked some ten thousand times a frame.
function meets({ x, y, width, height }, [left, top], [right, bottom]) {
  if (Math.max(left, right) <= x || Math.min(left, right) >= x + width) return false;
  if (Math.max(top, bottom) <= y || Math.min(top, bottom) >= y + height) return false;
  const [across, down] = [right - left, bottom - top];
  const aside = across * (y + height / 2 - top) - down * (x + width / 2 - left);
  return Math.abs(aside) <= (Math.abs(across) * height + Math.abs(down) * width) / 2;
}

const CLEAR = 4; // pixels between a label and a line
const grown = ({ x, y, width, height }, by) =>
  ({ x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by });

// A piece of a line, as the box about it, clear of labels.
function pieceOf(from, to) {
  const [left, top] = [0, 1].map((axis) => Math.min(from[axis], to[axis]));
  const about = { x: left, y: top, width: Math.abs(to[0] - from[0]), height: Math.abs(to[1] - from[1]) };
  return { ...grown(about, CLEAR), from, to };
}

// An obstacle is a box, or a line through {places}: each piece of it is one. All have the same keys: the browser then
// asks thousands of times without looking them up.
function piecesOf({ x, y, width, height, places = null }) {
  if (!places) return [{ x, y, width, height, from: null, to: null }];
  const starts = places.length > 1 ? places.slice(0, -1) : places;
  return starts.map((from, k) => pieceOf(from, places[k + 1] ?? from));
}

const touches = (box, other) =>
  overlap(box, other) && (other.from === null || meets(grown(box, CLEAR), other.from, other.to));

const nearestIn = ({ x, y, width, height }, place) =>
  [Math.max(x, Math.min(x + width, place[0])), Math.max(y, Math.min(y + height, place[1]))];

// How far a box is from a place.
export function gapTo({ x, y, width, height }, [left, top]) {
  const [aside, above] = [Math.max(x - left, 0, left - x - width), Math.max(y - top, 0, top - y - height)];
  return Math.sqrt(aside * aside + above * above);
}

const distance = ([x, y], [left, top]) => Math.sqrt((x - left) ** 2 + (y - top) ** 2);
const apart = (box, other) => distance([box.x, box.y], [other.x, other.y]);

const BESIDE = 36; // pixels: a label that is farther from its place than this is joined to it by a line
const NEARER = 4; // pixels: a label that is not so much nearer to its own place than to another's is joined to it too
const HOP = 48; // pixels: a label on the move that must go farther would rather change its words
const START = 15; // pixels from a place to where its line begins

// From a label's place to its box; null where they are too near for a line.
function leaderOf(box, place) {
  const end = nearestIn(box, place);
  const [length, ...way] = [gapTo(box, place), end[0] - place[0], end[1] - place[1]];
  return length > START + 2 ? [place.map((value, axis) => value + (START / length) * way[axis]), end] : null;
}

// A box pushed inside the bounds, with its number. All have the same keys, as obstacles do.
const within = (box, at, { x, y, width, height }) => ({
  x: Math.max(x, Math.min(x + width - box.width, box.x)),
  y: Math.max(y, Math.min(y + height - box.height, box.y)),
  width: box.width, height: box.height, words: box.words, at: box.at ?? at,
});

// The first of the items that pass whose cost is least; the cost is asked first, it is the cheaper question.
function cheapest(items, cost, passes) {
  let [best, least] = [null, Infinity];
  for (const item of items) {
    const own = cost(item);
    if (own < least && passes(item)) [best, least] = [item, own];
  }
  return best;
}

// The first box that is found for some words no farther than a hop from where a label stood; else the nearest to it.
function withinAHop(wordings, find, stood) {
  const leap = (box) => (stood ? apart(box, stood) : 0);
  const found = [];
  for (const words of wordings) {
    const box = find(words);
    if (box && leap(box) <= HOP) return box;
    if (box) found.push(box);
  }
  return cheapest(found, leap, () => true);
}

// Whether a line from a place goes through one of the boxes, but for one in which the place itself stands.
const crosses = ([from, to], place, boxes) =>
  boxes.some((box) => meets(box, from, to) && gapTo(box, place) > 0);

const BAND = 24; // pixels

// Whether a box touches no obstacle. It asks those of its own horizontal bands alone, and of one box only once.
function createFree(obstacles, { y: top, height }) {
  const [known, bands] = [new Map(), []];
  const bandOf = (at) => Math.floor(Math.max(0, Math.min(height, at - top)) / BAND);
  for (const each of obstacles) {
    for (let band = bandOf(each.y); band <= bandOf(each.y + each.height); band++) (bands[band] ??= []).push(each);
  }

  function meetsAny(box) {
    const last = bandOf(box.y + box.height);
    for (let band = bandOf(box.y); band <= last; band++) {
      if (bands[band]?.some((other) => touches(box, other))) return true;
    }
    return false;
  }

  return (box) => {
    if (!known.has(box)) known.set(box, !meetsAny(box));
    return known.get(box);
  };
}

// What is taken, boxes and lines, among the places of labels: {isFree(box), isClear(box, place), joins(line, place),
// passes(line, place), take(box)}.
function createGround(obstacles, isOff, places) {
  const boxes = obstacles.filter(({ from }) => from === null);
  const [taken, labels] = [[], []]; // with the lines that join labels to places, and without
  const blocked = new Set(); // what is taken does not become free again

  return {
    isFree(box) {
      if (blocked.has(box)) return false;
      const free = isOff(box) && !taken.some((other) => touches(box, other));
      if (!free) blocked.add(box);
      return free;
    },
    // Whether a box is beside a place, and no other is as near; of places on one another each will do.
    isClear(box, place) {
      const own = gapTo(box, place);
      return own <= BESIDE && places.every((other) =>
        gapTo(box, other) >= own + Math.min(NEARER, distance(other, place) / 2));
    },
    // Whether a line from a place goes through no box, but for one in which the place itself stands.
    joins: (line, place) => line && !crosses(line, place, boxes) && !crosses(line, place, labels),
    // The same of labels alone, where no line joins otherwise.
    passes: (line, place) => !line || !crosses(line, place, labels),
    take(box) {
      const own = piecesOf(box);
      labels.push(...own);
      taken.push(...own, ...(box.leader ? piecesOf({ places: box.leader }) : []));
    },
  };
}

const joined = (box, place) => ({ ...box, leader: leaderOf(box, place) });

// Of the boxes of one wording that which a label with a place takes, if any.
function best(boxes, { place, before, steady }, { isFree, isClear, joins }) {
  const canJoin = (box) => isFree(box) && joins(leaderOf(box, place), place);
  const stood = boxes.find(({ at }) => at === before);
  if (stood && isClear(stood, place) && isFree(stood)) return stood;
  if (stood && steady && canJoin(stood)) return joined(stood, place);
  const clear = boxes.find((box) => isClear(box, place) && isFree(box));
  if (clear) return clear;
  const leap = (box) => gapTo(box, place) + apart(box, stood);
  const found = stood ? cheapest(boxes, leap, canJoin) : boxes.find(canJoin); // no farther than it must
  return found && joined(found, place);
}

// The box that a label takes, of all that it may.
function chosen(label, boxes, ground) {
  const { place, insists, steady, before } = label;
  const atLeast = insists ? boxes[0] : null;
  if (!place) return boxes.find(ground.isFree) ?? atLeast;
  const stood = boxes.find(({ at }) => steady && at === before);
  const wordings = [...new Set([stood, ...boxes].filter(Boolean).map(({ words }) => words))];
  const find = (wording) => best(boxes.filter(({ words }) => words === wording), label, ground);
  const found = withinAHop(wordings, find, stood);
  if (found) return found;
  const last = boxes.find((box) => ground.isFree(box) && ground.passes(leaderOf(box, place), place)) ?? atLeast;
  return last && joined(last, place);
}

// Before any label stands: whether there is room for its first words right beside its place; on the move, where it
// stood.
const isEasy = ({ place, steady, before }, boxes, { isClear, isFree }) => Boolean(place) && boxes.some((box) =>
  (steady ? box.at === before : box.words === boxes[0].words) && isClear(box, place) && isFree(box));

// A function of labels, which may be asked again with fewer of them. It gives each label, {candidates: [box], place,
// before, insists}, the first of its candidate boxes that touches no obstacle and no label before it; null where none
// is free, unless the label insists. Boxes are pushed inside the bounds. Those that insist are placed first, then those
// with room beside their place: else one from afar may take it.
// A label with a `place` would rather stand where it stood (`before`, the number `at` of a candidate), and where its
// own place is nearer than that of any other; else, or far away, it comes with a `leader`, the two ends of a line to
// its place.
// One that is `steady` does not come nearer, nor change its words, as long as it can stay.
// Candidates may differ in their `words`: others are taken where there is no room for the first.
export function createPlacing(obstacles, bounds) {
  const fixed = obstacles.flatMap(piecesOf);
  const [isOff, inside] = [createFree(fixed, bounds), new Map()]; // the candidates of a label, inside the bounds

  function boxesOf({ candidates, place }) {
    if (!inside.has(candidates)) {
      inside.set(candidates, candidates.map((box, at) => within(box, place ? at : undefined, bounds)));
    }
    return inside.get(candidates);
  }

  return (labels) => {
    const ground = createGround(fixed, isOff, labels.flatMap(({ place }) => (place ? [place] : [])));
    const ranked = labels.map((label, index) => {
      const boxes = boxesOf(label);
      return { label, index, boxes, rank: label.insists ? 2 : Number(isEasy(label, boxes, ground)) };
    });
    const placed = labels.map(() => null);
    for (const { label, index, boxes } of ranked.sort((a, b) => b.rank - a.rank)) {
      const box = chosen(label, boxes, ground);
      if (box) ground.take(box);
      placed[index] = box;
    }
    return placed;
  };
}

// The same for labels that are placed once.
export const placeLabels = (labels, obstacles, bounds) => createPlacing(obstacles, bounds)(labels);
