// Every link lands, and Back returns to the sentence: what is drawn above it later moves neither.
// Until the reader scrolls, taps or types, the element that a link or Back led to is held at its place.
(() => {
"use strict";

const DRAWN = ".widget-place";  // what others fill after the page has come
const STEADY = ".bd-article-container :is(a, h1, h2, h3, p, summary)";

let held = null;  // {element, top}; without a top, where a link lands
let standing = 0;  // where the held element was last put
let height = 0;  // of the page, then

const topOf = element => element.getBoundingClientRect().top;
const steady = () => [...document.querySelectorAll(STEADY)].filter(each => !each.closest(DRAWN));

function put() {
  if (!held) return;
  const { element, top } = held;
  if (top === undefined) element.scrollIntoView({ block: "start", behavior: "instant" });
  else scrollBy({ top: topOf(element) - top, behavior: "instant" });
  standing = topOf(element);
  height = document.documentElement.scrollHeight;
}

function hold(element, top) {
  if (!element) return;
  held = { element, top };
  put();
}

function release() {
  held = null;
  if (!history.state?.link) return;
  history.replaceState(null, "");
  history.scrollRestoration = "auto";
}

// A scroll that no growth explains is the reader's, by the bar or by a tool.
function scrolled() {
  const grown = height !== document.documentElement.scrollHeight;
  if (held && !grown && Math.abs(topOf(held.element) - standing) > 2) release();
}

// An address that a browser cannot decode names nothing.
function targetOf(hash) {
  try {
    return document.getElementById(decodeURIComponent(hash.slice(1)));
  } catch {
    return null;
  }
}

function land(hash) {
  const target = hash && targetOf(hash);
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  hold(target);
}

function comeBack() {
  const { link } = history.state ?? {};
  if (link) hold(steady()[link.place], link.top);
  return Boolean(link);
}

// ---- what the page's entry in the history remembers: the link that was followed, or what stood highest beside it

function remember(link) {
  const all = steady();
  const first = all.includes(link) ? link : all.find(each => topOf(each) > 0);
  if (!first) return;
  history.replaceState({ link: { place: all.indexOf(first), top: topOf(first) } }, "");
  history.scrollRestoration = "manual";
}

let followed = false;  // a link within the page, whose target is not reached yet

function follow(event) {
  const link = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || link.target || !plain || event.defaultPrevented) return;
  const [address, hash] = link.href.split("#");
  const within = hash !== undefined && address === location.href.split("#")[0];
  if (within && link.hash === location.hash) land(link.hash);
  else remember(link);
  followed = within;
}

function moved() {
  if (followed) {
    history.scrollRestoration = "auto";  // the new entry has that of the one before
    land(location.hash);
  }
  followed = false;
}

document.addEventListener("click", follow);
addEventListener("hashchange", moved);
addEventListener("popstate", comeBack);
addEventListener("pageshow", event => event.persisted && comeBack());
addEventListener("scroll", scrolled, { passive: true });
for (const act of ["wheel", "touchmove", "pointerdown", "keydown"]) {
  addEventListener(act, release, { passive: true, capture: true });
}
new ResizeObserver(put).observe(document.querySelector(".bd-article-container") ?? document.body);

const { type } = performance.getEntriesByType("navigation")[0];
if (!comeBack() && type === "navigate") land(location.hash);
})();
