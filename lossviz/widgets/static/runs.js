// The run in words and as a picture: the loss over its steps, beside those of other losses from the same start; a bar
// to go through it, and how fast it is played.

import { html, keep, setAttributes, setText, svg } from "./dom.js";
import { niceCeiling, polyline } from "./geometry.js";
import * as axis from "./marks/axes.js";
import { SPEEDS, lastOf, lossesOf } from "./state.js";
import { ROUNDING, brief, fixed, plural } from "./words.js";

const CURVES = { width: 300, height: 116, left: 46, right: 290, top: 22, bottom: 92 };
const MOST = 120; // places of one curve: more are no finer
const SAID = {
  still: "Nothing moves: the gradient is 0, or too small for a step that can be seen.",
  arrived: "Arrived: a step moves nothing that one could see.",
  falling: "Not arrived: the loss still falls. Play goes on.",
  restless: "Not arrived: the loss goes up and down. Play goes on.",
  apart: "The points fly apart: this step size is too large.",
  filmed: "Here the training that was watched ends.",
};
const FOUND = "the largest at which this loss, at these parameters, goes down; a small gradient makes small steps";

// ---- in words

// Which step a frame of the run shows; a film has not every step of its training.
const stepOf = (run, at) => run?.steps?.[at] ?? at;

const ends = (losses) => `loss ${fixed(losses[0])} → ${fixed(losses.at(-1))}`;
const told = (losses, run) => `${plural(stepOf(run, losses.length - 1), "step")}: ${ends(losses)}`;

function describeRuns(state) {
  const own = state.at ? told(lossesOf(state), state.run) : "0 steps";
  return [own, ...state.runs.map(({ loss, losses }) => `dashed: ${loss}, ${told(losses)}`)].join("; ");
}

// The step size of the run, before there is one how it is found.
function stepSizeOf({ run, playing, pace }) {
  if (run?.steps) return `looked at every ${plural(run.steps[1] - run.steps[0], "step")} of a training`;
  if (run) return `step size ${brief(run.rate, 2)}`;
  if (playing) return "finding a step size …";
  return pace === 1 ? "step size: found by Play" : `step size: ${brief(pace, 2)} × the one found`;
}

// How the run ended, once its end is shown, and where the loss rises in it.
export function endingOf(state) {
  const { run, at, pace } = state;
  if (!run) return "";
  const steps = plural(lastOf(state), "step");
  const why = run.rises && pace > 1 ? "this step size is too large." : "other terms count from there.";
  const what = run.rises ? `rises at ${run.rises}` : `jumps at ${run.jumps}`;
  const rough = (run.rises || run.jumps) && `The loss ${what} of ${steps}: ${why}`;
  return [at === lastOf(state) && SAID[run.ended], rough].filter(Boolean).join(" ");
}

// ---- as a picture

// Two losses have no common unit: then each is drawn in percent of what it started from.
function curvesOf(state, loss) {
  const own = state.run ? state.run.frames.map((frame) => frame.loss) : [loss];
  const all = [...state.runs.map(({ losses }) => losses), own];
  const shares = state.runs.length > 0;
  const scaled = shares ? all.map((losses) => losses.map((each) => (100 * each) / (losses[0] || 1))) : all;
  const most = Math.max(...scaled.map((losses) => Math.max(...losses)));
  const highest = niceCeiling(most > ROUNDING ? most : 1);
  const longest = Math.max(1, ...scaled.map((losses) => losses.length - 1));
  return { scaled, highest, longest, title: shares ? "loss, % of its start" : "loss" };
}

function curve(losses, count, { x, y }) {
  const every = Math.ceil(count / MOST);
  const places = Array.from({ length: count }, (_, step) => [x(step), y(losses[step])]);
  return polyline(places.filter((_, step) => step % every === 0 || step === count - 1));
}

function createPicture() {
  const { width, height, left, right, top, bottom } = CURVES;
  const [axes, lines] = [axis.createAxes(), svg("g", { class: "lines" })];
  const here = svg("circle", { class: "here", r: 4 });
  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" }, axes.root, lines, here);
  return {
    root,
    draw({ state, result }, words) {
      const { scaled, highest, longest, title } = curvesOf(state, result.loss);
      const unit = state.run?.steps ? "looks" : "steps";
      const x = (step) => left + (step / longest) * (right - left);
      const y = (value) => bottom - (value / highest) * (bottom - top);
      axes.draw([axis.line([[left, top], [left, bottom], [right, bottom]])], [
        axis.text(2, 12, title, { look: "quiet" }),
        ...axis.leftOf([0, highest], left - 6, y),
        ...axis.below([0, longest], x, bottom + 17),
        axis.text((left + right) / 2, bottom + 17, unit, { side: "middle", look: "quiet" }),
      ]);
      keep(lines, scaled.length, () => svg("path")).forEach((line, k) => {
        const own = k === scaled.length - 1;
        const count = own ? state.at + 1 : scaled[k].length;
        setAttributes(line, { class: own ? "curve" : "curve before", d: curve(scaled[k], count, { x, y }) });
      });
      setAttributes(here, { cx: x(state.at), cy: y(scaled.at(-1)[state.at]) });
      setAttributes(root, { "aria-label": `${title} over steps; ${words}` });
    },
  };
}

export function createHistory() {
  const size = html("p", { title: FOUND });
  const picture = createPicture();
  const text = html("span");
  return {
    root: html("div", { class: "history" }, picture.root, text, size),
    draw(scene) {
      const words = describeRuns(scene.state);
      setText(text, words);
      setText(size, stepSizeOf(scene.state));
      picture.draw(scene, words);
    },
  };
}

// ---- the bar

function createSpeeds(actions) {
  const options = SPEEDS.map((speed) => html("option", { value: speed }, `${speed} ×`));
  const input = html("select", { "aria-label": "speed of Play" }, ...options);
  input.addEventListener("change", () => actions.setSpeed(Number(input.value)));
  return { root: input, draw: ({ speed }) => { input.value = speed; } };
}

// Through the steps of the run.
export function createBar(actions) {
  const bar = html("input", { type: "range", min: 0, step: 1, "aria-label": "step of the run" });
  const speeds = createSpeeds(actions);
  bar.addEventListener("input", () => actions.scrub(Number(bar.value)));
  return {
    root: html("div", { class: "bar-of-run" }, bar, speeds.root),
    draw({ state, result }) {
      const last = lastOf(state);
      const said = `step ${stepOf(state.run, state.at)} of ${stepOf(state.run, last)}, loss ${fixed(result.loss)}`;
      setAttributes(bar, { max: Math.max(1, last), disabled: last ? null : "", "aria-valuetext": said });
      if (Number(bar.value) !== state.at) bar.value = state.at;
      speeds.draw(state);
    },
  };
}
