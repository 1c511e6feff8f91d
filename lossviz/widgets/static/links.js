// Links in the prose that move an explorer of their name, on a page and in JupyterLab alike; and numbers in the prose
// that follow it.

import { readAddress, splitAddress } from "./address.js";
import { TAU, angleOf, turn } from "./geometry.js";
import { alike, follow, hides, startOf } from "./state.js";
import { brief, fixed, letter } from "./words.js";

const FOLLOWED = "lossviz-follow"; // tells the page, before anything has changed

// What a link of this page asks of an explorer of that name; null for any other link.
function queryOf(link, name) {
  const { origin, pathname, hash } = new URL(link.href, location.href);
  const here = origin === location.origin && pathname === location.pathname;
  const found = here ? splitAddress(hash) : null;
  return found?.name === name ? found.query : null;
}

// ---- links

const isPlain = (event) =>
  event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented);

const inSight = ({ top, bottom }) => bottom > 0 && top < innerHeight;

// `visit(query)` goes there. Answers with what ends the listening.
export function listen(spec, root, visit) {
  function clicked(event) {
    const link = event.target.closest?.("a[href*='#']");
    const query = link && isPlain(event) ? queryOf(link, spec.name) : null;
    if (query === null) return;
    event.preventDefault();
    const detail = { link, address: `#${spec.name}?${query}` };
    root.dispatchEvent(new CustomEvent(FOLLOWED, { bubbles: true, detail }));
    visit(query);
    if (!inSight(root.getBoundingClientRect())) root.scrollIntoView({ block: "center" });
  }
  document.addEventListener("click", clicked, true);
  return () => document.removeEventListener("click", clicked, true);
}

// Goes where an address asks: the state first, then what it plays.
export async function visitIn(spec, store, run, query) {
  const wanted = readAddress(spec, store.state, query);
  store.change(follow(spec, store.state, wanted));
  if (wanted.play && !store.state.playing) return run.play();
  for (let step = 0; step < (wanted.step ?? 0); step++) await run.step();
}

// ---- numbers

// A number of the figure by its name: the loss, active, a parameter, adds:A-B, angle:A-B; null for none.
function numberOf({ state, reading }, name) {
  if (name === "loss") return reading.loss;
  if (name === "active") return reading.terms.filter(({ active }) => active).length;
  if (typeof state.parameters[name] === "number") return state.parameters[name];
  const [kind, letters = ""] = name.split(":");
  const points = letters.split("-").map((each) => state.points.findIndex((_, index) => letter(index) === each));
  if (kind === "adds") return reading.terms.find((term) => isCalled(term, letters, points))?.value ?? null;
  if (kind !== "angle" || points.length !== 2 || points.includes(-1)) return null;
  const [one, other] = points.map((index) => angleOf(state.points[index]));
  return (Math.abs(turn(one, other)) * 360) / TAU;
}

// By its letters, or by all of its points.
const isCalled = (term, letters, points) =>
  term.letters.replaceAll("–", "-") === letters || alikeIn(term.points, points);

const alikeIn = (one, other) => one.length === other.length && one.every((index) => other.includes(index));

// As many digits as the printed number has.
function like(printed, value) {
  const digits = printed.split(".")[1]?.match(/^\d*/)[0].length ?? 0;
  return digits ? fixed(value, digits) : brief(value, 1);
}

// Whether the figure stands where a link speaks of: in its situation, under its loss, with the parameters to which the
// link leads. Points may have been moved.
function speaksOf({ spec, state }, wanted) {
  const { situation, loss, parameters, live } = wanted;
  if ((situation ?? state.situation) !== state.situation || (loss ?? state.loss) !== state.loss) return false;
  const begun = situation === undefined ? state : startOf(spec, state, wanted);
  const meant = { ...begun.parameters, ...parameters };
  return Object.keys(meant).every((name) => name === live || alike(meant[name], state.parameters[name]));
}

// Every number of the page that is about this explorer.
export function createNumbers(spec) {
  const printed = new WeakMap(); // link → {text, query} as it came, and what it asked of which situation and loss

  // An address is read again only where it may say something else: not in every frame.
  function wantedBy(known, { state }) {
    const about = `${state.situation} ${state.loss}`;
    if (known.about !== about) Object.assign(known, { about, wanted: readAddress(spec, state, known.query) });
    return known.wanted;
  }

  function drawOne(link, scene) {
    if (!printed.has(link)) printed.set(link, { text: link.textContent, query: queryOf(link, spec.name) });
    const known = printed.get(link);
    const { text, query } = known;
    const wanted = query === null ? null : wantedBy(known, scene);
    const value = wanted && speaksOf(scene, wanted) ? numberOf(scene, wanted.live) : null;
    const words = value === null ? text : like(text, value);
    if (link.textContent !== words) link.textContent = words;
    link.toggleAttribute("data-live", value !== null);
  }

  return {
    draw(scene) {
      if (hides(spec, scene.state)) return;
      for (const link of document.querySelectorAll("a[href*='live=']")) drawOne(link, scene);
    },
  };
}
