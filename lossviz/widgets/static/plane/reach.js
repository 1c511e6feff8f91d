// How far a touched term's anchor has its positive: only beyond are its negatives semi-hard. The line on which the
// matrix is, for the moved positive, what it is where it stands: round the anchor, or along the circle.

import { setAttributes, svg } from "../dom.js";
import { atAngle, contour, polyline } from "../geometry.js";
import { createScan, gridPositions, roundAngles, scanKey } from "../scan.js";

const SIZE = 61;
const ANGLES = roundAngles(181);
const [FROM, TO] = [0, 1]; // the rows of the batch that is asked about

// What the matrix says of the two sentences by themselves: {here, home, values}, where the second stands, at the place
// of the first, and at each position; null when nobody wants to know.
async function levels(engine, { state, situation }, { from, to }, positions, signal) {
  const [[argument, points]] = Object.entries(situation.rows);
  const both = [from, to];
  const answers = await engine.answer({
    state,
    points: both.map((point) => state.points[point]),
    rows: { [argument]: [FROM, TO] },
    labels: both.map((point) => situation.labels[points.indexOf(point)]),
    moving: { point: TO, positions: [state.points[to], state.points[from], ...positions] },
    keep: [["terms", "matrix"]],
  }, signal);
  if (!answers) return null;
  const [here, home, ...values] = answers.map(({ terms }) => terms.matrix[2 * FROM + TO]);
  return { here, home, values };
}

// The angles at which a value stands on the same side of the level as at home, as stretches of the circle.
export function stretches({ here, home, values }) {
  const within = (value) => value < here === home < here;
  const cut = (k) => ANGLES[k] + ((here - values[k]) / (values[k + 1] - values[k])) * (ANGLES[k + 1] - ANGLES[k]);
  const found = [];
  ANGLES.forEach((angle, k) => {
    const [before, now] = [k > 0 && within(values[k - 1]), within(values[k])];
    if (now && !before) found.push(k > 0 ? [cut(k - 1)] : []);
    if (!now && before) found.at(-1).push(cut(k - 1));
    if (now) found.at(-1).push(angle);
  });
  return found;
}

// The pieces of a contour one after another, from an end where there is one, so that the line is dotted evenly.
export function joined(path) {
  const joins = new Map(); // place → the places it is joined to
  const join = (a, b) => joins.set(a, [...(joins.get(a) ?? []), b]);
  for (const [a, b] of path.split("M").slice(1).map((piece) => piece.split("L"))) {
    join(a, b);
    join(b, a);
  }
  const follow = (line) => {
    const at = line.at(-1);
    const next = joins.get(at).pop();
    if (!next) return line;
    joins.get(next).splice(joins.get(next).indexOf(at), 1);
    return follow([...line, next]);
  };
  const ends = [...joins.keys()].sort((a, b) => joins.get(a).length - joins.get(b).length);
  const lines = ends.map((end) => follow([end])).filter(({ length }) => length > 1);
  return lines.map((line) => `M${line.join("L")}`).join("");
}

async function* paths(engine, scene, reach, { size, extent, toPixel }, signal) {
  const positions = extent === null ? ANGLES.map(atAngle) : gridPositions(SIZE, extent);
  const found = await levels(engine, scene, reach, positions, signal);
  if (!found) return;
  if (extent === null) yield stretches(found).map((angles) => polyline(angles.map(atAngle).map(toPixel))).join("");
  else yield joined(contour(found.values, SIZE, SIZE, found.here, size, size));
}

// The term that is touched, where it tells how far its anchor reaches.
function reachIn({ state, reading }) {
  const term = state.lit?.kind === "term" && reading.terms.find(({ index }) => index === state.lit.index);
  return term?.reach ?? null;
}

export function createReach(spec, engine, late) {
  const root = svg("path", { class: "within" });
  const scan = createScan(late);
  return {
    root,
    draw(scene, place) {
      const { state } = scene;
      const reach = reachIn(scene);
      const path = scan(reach && {
        subject: JSON.stringify([state.loss, state.situation, reach, place]),
        key: scanKey(state, null),
        answers: (signal) => paths(engine, scene, reach, place, signal),
      });
      setAttributes(root, { d: path ?? "" });
    },
  };
}
