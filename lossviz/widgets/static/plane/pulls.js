// What pulls a touched point: its arrow unfolded into one piece for each term. They add up to the arrow.

import { keep, svg } from "../dom.js";
import { UNSEEN, ownQuestion, scatter } from "../engine.js";
import { ARROW_GAP, gradientArrow, makeArrow, setArrow } from "./arrows.js";
import { createScan, scanKey } from "../scan.js";
import { hides } from "../state.js";

const MOST = 8; // pieces of one arrow
const APART = 7; // pixels between two pieces beside the circle
const WHOLE = -1; // the loss itself, where a term is asked for

const besides = (k) => ({ gap: ARROW_GAP + 9 + APART * k, shortest: 0 });

const length = ({ gradient }) => Math.hypot(...gradient);

// What the pieces lack of the whole gradient.
function restOf(whole, pieces) {
  const left = (value, axis) => pieces.reduce((rest, { gradient }) => rest - gradient[axis], value);
  return { kind: "rest", gradient: whole.map(left) };
}

// Whether a term may pull a point: it stands in the term, or is linked by it.
const concerns = ({ points, links }, point) =>
  points.includes(point) || links.some(({ from, to }) => from === point || to === point);

// [{kind, gradient}] of the terms that pull; of very many the largest. What the whole has beside them is one more.
export function gathered(pieces, whole) {
  const pulling = pieces.filter((piece) => length(piece) > UNSEEN);
  if (pulling.length <= MOST && length(restOf(whole, pulling)) <= UNSEEN) return pulling;
  const largest = pulling.toSorted((a, b) => length(b) - length(a)).slice(0, MOST - 1);
  const shown = pulling.length < MOST ? pulling : largest;
  return [...shown, restOf(whole, shown)];
}

async function* piecesOf(spec, engine, { state, situation, reading }, point, signal) {
  const terms = reading.terms.filter((term) => term.active && concerns(term, point));
  const asked = [WHOLE, ...terms.map(({ index }) => index)];
  const question = { ...ownQuestion(spec, state), terms: asked, gradients: true, keep: [["gradients"]] };
  const answers = await engine.answer(question, signal);
  if (!answers) return;
  const [count, dimension] = [state.points.length, state.points[0].length];
  const pulls = answers.map(({ gradients }) => scatter(gradients, situation.rows, count, dimension)[point]);
  const [whole, ...own] = pulls;
  yield gathered(own.map((gradient, k) => ({ kind: terms[k].kind, gradient })), whole);
}

// The point that is touched, where its arrow may be seen.
function touchedIn({ spec, state }) {
  const touched = state.lit?.kind === "point" && !hides(spec, state) ? state.lit.index : null;
  return touched in state.points ? touched : null;
}

export function createPulls(spec, engine, late) {
  const root = svg("g", { class: "pieces" });
  const scan = createScan(late);
  return {
    root,
    draw(scene, place) {
      const touched = touchedIn(scene);
      const found = scan(touched === null ? null : {
        subject: `${scene.state.loss} ${scene.state.situation} ${touched}`,
        key: scanKey(scene.state, null),
        answers: (signal) => piecesOf(spec, engine, scene, touched, signal),
      });
      const drawn = found?.length > 1 ? found : []; // one alone is the arrow itself
      keep(root, drawn.length, makeArrow).forEach((mark, k) => {
        const { kind, gradient } = drawn[k];
        setArrow(mark, `piece ${kind}`, gradientArrow(scene, place, touched, gradient, besides(k)));
      });
    },
  };
}
