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

const cornersAt = (degrees, reach) => degrees.map((each) => atAngle((each / 360) * TAU).map((value) => reach * value));
const CORNERS = { // about the middle of a mark of radius 1
  square: cornersAt([45, 135, 225, 315], 1.3), triangle: cornersAt([90, 210, 330], 1.5),
  diamond: cornersAt([0, 90, 180, 270], 1.35),
};
const GLYPHS = ["circle", ...Object.keys(CORNERS)];

// The outline of a class's mark, by its number, about a place: circle, square, triangle, diamond, and round again.
export function glyph(kind, radius, [x, y] = [0, 0]) {
  const shape = GLYPHS[kind % GLYPHS.length];
  if (shape === "circle") {
    const half = (way) => `a${radius},${radius} 0 1 0 ${way * 2 * radius},0`;
    return `${polyline([[x - radius, y]])}${half(1)}${half(-1)}Z`;
  }
  return `${polyline(CORNERS[shape].map(([right, up]) => [x + radius * right, y - radius * up]))}Z`;
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
