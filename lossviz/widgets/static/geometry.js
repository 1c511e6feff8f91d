// Geometry of the plane, the circle and the charts. Pure functions; angles in radians, anticlockwise from the right.

export const TAU = 2 * Math.PI;

export const angleOf = ([x, y]) => Math.atan2(y, x);
export const atAngle = (angle) => [Math.cos(angle), Math.sin(angle)];

export const lengthOf = (vector) => Math.hypot(...vector);

const ON = 1e-15; // how near to length 1 a point is on the circle

// The nearest point of the unit circle; the centre has none and goes to angle 0.
export function ontoCircle([x, y]) {
  const length = Math.hypot(x, y);
  if (Math.abs(length - 1) < ON) return [x, y]; // there already: the same numbers, so that points can coincide
  return length > 0 ? [x / length, y / length] : [1, 0];
}

// The signed turn from one angle to another, in (−π, π].
export function turn(from, to) {
  const difference = (to - from) % TAU;
  if (difference > Math.PI) return difference - TAU;
  return difference <= -Math.PI ? difference + TAU : difference;
}

// Where one step of gradient descent puts a point (any dimension): against the gradient; on the circle, back onto it.
export function descend(point, gradient, rate, shape) {
  const moved = point.map((value, axis) => value - rate * gradient[axis]);
  if (shape !== "circle") return moved;
  const length = lengthOf(moved);
  return length > 0 ? moved.map((value) => value / length) : point;
}

// Between the plane (y up, `extent` from the centre to the nearer edge) and pixels (y down).
export function frame(width, height, extent) {
  const unit = Math.min(width, height) / 2 / extent;
  return {
    unit,
    toPixel: ([x, y]) => [width / 2 + x * unit, height / 2 - y * unit],
    toPlane: ([x, y]) => [(x - width / 2) / unit, (height / 2 - y) / unit],
  };
}

export const NEAR = 1.6; // how far the free plane reaches from its centre

// How far it must reach to show every point: 1, 1.5, 2, 3, 4, 6, … times as far, so that it stands still most of the
// time.
export function reachOf(points) {
  const times = Math.max(1, ...points.flat().map((value) => Math.abs(value) / NEAR)) - 1e-9;
  const double = 2 ** Math.ceil(Math.log2(times));
  return NEAR * (times <= 0.75 * double ? 0.75 * double : double);
}

const number = (value) => String(Math.round(value * 100) / 100);
const pair = ([x, y]) => `${number(x)},${number(y)}`;

export const polyline = (points) => (points.length ? "M" + points.map(pair).join("L") : "");

export const rectangle = (x, y, width, height) =>
  `${polyline([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])}Z`;

function head([x, y], direction, size) {
  const back = [x - size * Math.cos(direction), y - size * Math.sin(direction)];
  const side = [-Math.sin(direction) * size * 0.5, Math.cos(direction) * size * 0.5];
  const [left, right] = [1, -1].map((way) => [back[0] + way * side[0], back[1] + way * side[1]]);
  return `${polyline([[x, y], left, right])}Z`;
}

const CORNERS = { // in degrees, and how far out
  square: [[45, 135, 225, 315], 1.3], triangle: [[90, 210, 330], 1.5], diamond: [[0, 90, 180, 270], 1.35],
};
const GLYPHS = ["circle", ...Object.keys(CORNERS)];

// The outline of a class's mark, by its number, about a place: circle, square, triangle, diamond, and round again.
export function glyph(kind, radius, [x, y] = [0, 0]) {
  const shape = GLYPHS[kind % GLYPHS.length];
  if (shape === "circle") {
    const half = (way) => `a${radius},${radius} 0 1 0 ${way * 2 * radius},0`;
    return `${polyline([[x - radius, y]])}${half(1)}${half(-1)}Z`;
  }
  const [degrees, reach] = CORNERS[shape];
  const corners = degrees.map((each) => atAngle((each / 360) * TAU));
  return `${polyline(corners.map(([right, up]) => [x + reach * radius * right, y - reach * radius * up]))}Z`;
}

// An arrow between two pixels: {shaft, head} as paths and the {places} it covers; null if it is too short to see.
export function straightArrow(from, to, size = 9) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (length < 0.5) return null;
  const direction = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const tip = Math.min(size, length);
  const neck = [to[0] - tip * 0.8 * Math.cos(direction), to[1] - tip * 0.8 * Math.sin(direction)];
  const at = (share) => [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
  return { shaft: polyline([from, neck]), head: head(to, direction, tip), places: [0, 1].map(at) };
}

// The same along a circle round `centre` (pixels), from one angle (plane, anticlockwise) to another.
export function arcArrow(centre, radius, from, to, size = 9) {
  const angle = turn(from, to);
  const length = Math.abs(angle) * radius;
  if (length < 0.5) return null;
  const tip = Math.min(size, length);
  const sense = Math.sign(angle);
  const at = (a) => [centre[0] + radius * Math.cos(a), centre[1] - radius * Math.sin(a)];
  const neck = to - (sense * tip * 0.8) / radius;
  const steps = Math.max(2, Math.ceil(length / 4));
  const shaft = Array.from({ length: steps + 1 }, (_, k) => at(from + (turn(from, neck) * k) / steps));
  const tangent = -(to + (sense * Math.PI) / 2 - (sense * tip) / 2 / radius);
  return { shaft: polyline(shaft), head: head(at(to), tangent, tip), places: [...shaft, at(to)] };
}

// Lines of equal height in a grid of values (row-major, y up from row 0), as an SVG path in a box of width × height.
export function contour(values, columns, rows, level, width, height) {
  const place = (column, row) => [(column / (columns - 1)) * width, height - (row / (rows - 1)) * height];
  const crossing = (a, b) => {
    const [low, high] = [values[a[1] * columns + a[0]], values[b[1] * columns + b[0]]];
    if (low < level === high < level) return null;
    const share = (level - low) / (high - low);
    return place(a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]));
  };
  // Most cells lie all on one side of the level: they must cost next to nothing.
  const crossed = (at) => {
    const below = values[at] < level;
    const isOther = (corner) => below !== values[corner] < level;
    return isOther(at + 1) || isOther(at + columns) || isOther(at + columns + 1);
  };
  let path = "";
  for (let row = 0; row < rows - 1; row++) {
    for (let column = 0; column < columns - 1; column++) {
      if (!crossed(row * columns + column)) continue;
      const corners = [[column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1]];
      const cuts = corners.map((corner, k) => crossing(corner, corners[(k + 1) % 4])).filter(Boolean);
      for (let k = 0; k + 1 < cuts.length; k += 2) path += polyline([cuts[k], cuts[k + 1]]);
    }
  }
  return path;
}

// How far a place is from a polyline of one or more points.
export function distanceTo(points, [x, y]) {
  const [first, ...others] = points;
  let [from, shortest] = [first, Math.hypot(x - first[0], y - first[1])];
  for (const to of others) {
    const way = [to[0] - from[0], to[1] - from[1]];
    const share = ((x - from[0]) * way[0] + (y - from[1]) * way[1]) / (way[0] ** 2 + way[1] ** 2 || 1);
    const along = Math.max(0, Math.min(1, share));
    shortest = Math.min(shortest, Math.hypot(x - from[0] - along * way[0], y - from[1] - along * way[1]));
    from = to;
  }
  return shortest;
}

// The index of the point nearest to a place, or −1 if none lies within reach.
export function nearest(points, [x, y], reach) {
  let best = -1;
  let shortest = reach;
  points.forEach(([px, py], index) => {
    const distance = Math.hypot(px - x, py - y);
    if (distance <= shortest) [best, shortest] = [index, distance];
  });
  return best;
}

// Groups of indices: points nearer than `reach` to one of their group cover one another.
export function stacks(points, reach) {
  const groups = [];
  points.forEach(([x, y], index) => {
    const near = (other) => Math.hypot(points[other][0] - x, points[other][1] - y) < reach;
    const joined = groups.filter((group) => group.some(near));
    for (const group of joined) groups.splice(groups.indexOf(group), 1);
    groups.push([...joined.flat(), index].sort((a, b) => a - b));
  });
  return groups;
}

const overlap = (a, b) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

// Whether a line from one place to another goes through a box.
function meets({ x, y, width, height }, from, to) {
  let [first, last] = [0, 1]; // the share of the line that is inside
  for (const [a, b, low, high] of [[from[0], to[0], x, x + width], [from[1], to[1], y, y + height]]) {
    if (a === b && !(a > low && a < high)) return false;
    if (a === b) continue;
    const cuts = [(low - a) / (b - a), (high - a) / (b - a)];
    [first, last] = [Math.max(first, Math.min(...cuts)), Math.min(last, Math.max(...cuts))];
  }
  return first < last;
}

const CLEAR = 4; // pixels between a label and a line
const grown = ({ x, y, width, height }, by) =>
  ({ x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by });

// An obstacle is a box, or a line through {places}, which is far from most boxes: that is seen by the box `about` it.
function obstacle(given) {
  if (!given.places) return given;
  const [xs, ys] = [0, 1].map((axis) => given.places.map((place) => place[axis]));
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  const about = grown({ x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y }, CLEAR + 1);
  return { places: given.places, about };
}

function touches(box, other) {
  const { places, about } = other;
  if (!places) return overlap(box, other);
  if (!overlap(box, about)) return false;
  const around = grown(box, CLEAR);
  return places.some((place, k) => meets(around, places[Math.max(0, k - 1)], place));
}

const nearestIn = ({ x, y, width, height }, place) =>
  [Math.max(x, Math.min(x + width, place[0])), Math.max(y, Math.min(y + height, place[1]))];

function gapTo({ x, y, width, height }, [left, top]) {
  const [aside, above] = [Math.max(x - left, 0, left - x - width), Math.max(y - top, 0, top - y - height)];
  return Math.sqrt(aside * aside + above * above);
}

const BESIDE = 36; // pixels: a label that is farther from its place than this is joined to it by a line
const HOP = 48; // pixels: a label on the move that must go farther would rather change its words
const START = 15; // pixels from a place to where its line begins

// From a label's place to its box; null where they are too near for a line.
function leaderOf(box, place) {
  const end = nearestIn(box, place);
  const [length, ...way] = [gapTo(box, place), end[0] - place[0], end[1] - place[1]];
  return length > START + 2 ? [place.map((value, axis) => value + (START / length) * way[axis]), end] : null;
}

const within = (box, { x, y, width, height }) => ({
  ...box,
  x: Math.max(x, Math.min(x + width - box.width, box.x)),
  y: Math.max(y, Math.min(y + height - box.height, box.y)),
});

// The first box that is found for some words no farther than a hop from where a label stood; else the nearest to it.
function withinAHop(wordings, find, stood) {
  const leap = (box) => (stood ? Math.hypot(box.x - stood.x, box.y - stood.y) : 0);
  let nearest = null;
  for (const words of wordings) {
    const found = find(words);
    if (found && leap(found) <= HOP) return found;
    if (found && (!nearest || leap(found) < leap(nearest))) nearest = found;
  }
  return nearest;
}

// Gives each label, {candidates: [box], place, before, insists}, the first of its candidate boxes that touches no
// obstacle and no label before it; null where none is free, unless the label insists. Boxes are pushed inside the
// bounds. Those that insist are placed first, then those with room beside their place: else one from afar may take it.
// A label with a `place` would rather stand where it stood (`before`, the number `at` of a candidate), and where its
// own place is nearer than that of any other; else, or far away, it comes with a `leader`, the two ends of a line to
// its place.
// One that is `steady` does not come nearer, nor change its words, as long as it can stay.
// Candidates may differ in their `words`: others are taken where there is no room for the first.
export function placeLabels(labels, obstacles, bounds) {
  const taken = obstacles.map(obstacle);
  const isFree = (box) => !taken.some((other) => touches(box, other));
  const places = labels.flatMap(({ place }) => (place ? [place] : []));
  const isClear = (box, place) => {
    const own = gapTo(box, place);
    return own <= BESIDE && places.every((other) => gapTo(box, other) >= own);
  };
  const joins = (line, place) =>
    line && !taken.some((other) => !other.places && meets(other, ...line) && gapTo(other, place) > 0);

  const joined = (box, place) => ({ ...box, leader: leaderOf(box, place) });
  const canJoin = (box, place) => joins(leaderOf(box, place), place) && isFree(box);

  function best(boxes, { place, before, steady }) {
    const stood = boxes.find(({ at }) => at === before);
    if (stood && isClear(stood, place) && isFree(stood)) return stood;
    if (stood && steady && canJoin(stood, place)) return joined(stood, place);
    const clear = boxes.find((box) => isClear(box, place) && isFree(box));
    if (clear) return clear;
    const leap = (box) => gapTo(box, place) + Math.hypot(box.x - stood.x, box.y - stood.y);
    const all = stood ? boxes.toSorted((a, b) => leap(a) - leap(b)) : boxes; // no farther than it must
    const far = all.find((box) => canJoin(box, place));
    return far && joined(far, place);
  }

  const boxesOf = ({ candidates, place }) =>
    candidates.map((box, at) => ({ ...(place && { at }), ...within(box, bounds) }));

  function chosen(label) {
    const { place, insists } = label;
    const boxes = boxesOf(label);
    const free = () => boxes.find(isFree) ?? (insists ? boxes[0] : null);
    if (!place) return free();
    const stood = boxes.find(({ at }) => label.steady && at === label.before);
    const wordings = [...new Set([stood, ...boxes].filter(Boolean).map(({ words }) => words))];
    const found = withinAHop(wordings, (each) => best(boxes.filter(({ words }) => words === each), label), stood);
    if (found) return found;
    const last = free();
    return last && joined(last, place);
  }

  // Before any label stands: whether there is room for its first words right beside its place; on the move, where it
  // stood.
  const isEasy = (label) => Boolean(label.place) && boxesOf(label).some((box) =>
    (label.steady ? box.at === label.before : box.words === label.candidates[0].words)
    && isClear(box, label.place) && isFree(box));
  const ranked = labels.map((label, index) => ({ label, index, rank: label.insists ? 2 : Number(isEasy(label)) }));
  const order = ranked.sort((a, b) => b.rank - a.rank);
  const placed = labels.map(() => null);
  for (const { label, index } of order) {
    const box = chosen(label);
    if (box) taken.push(box);
    if (box?.leader) taken.push(obstacle({ places: box.leader }));
    placed[index] = box;
  }
  return placed;
}

// Marks on a line, [{at, …}], moved to the right just as far as they must be to stand `gap` apart; those that would
// pass the `end` are moved back to the left.
export function spread(marks, gap, end = Infinity) {
  let last = -Infinity;
  const sorted = [...marks].sort((a, b) => a.at - b.at);
  const spaced = sorted.map((mark) => ({ ...mark, at: (last = Math.max(mark.at, last + gap)) }));
  let limit = end;
  for (const mark of spaced.toReversed()) {
    mark.at = Math.min(mark.at, limit);
    limit = mark.at - gap;
  }
  return spaced;
}

// The smallest of a few round numbers × 10ⁿ that is not below a value: the end of a readable scale.
export function niceCeiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 7.5, 10].map((step) => step * power).find((each) => each >= value * (1 - 1e-12));
}
