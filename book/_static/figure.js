// The docked figures of a page: addresses that open a state, Back and Forward between states, and on a small screen
// how far the pinned figure is open. The figure itself follows links (links.js of lossviz); here is what only a page
// can do.
(() => {
"use strict";

const WIDE = matchMedia("(min-width: 1100px)");
const LEAST = 72;  // pixels of a sentence that stay in sight below the pinned figure

const roots = () => [...document.querySelectorAll(".lossviz-explorer")].filter(root => root.explorer);
const nameOf = address => /^#([A-Za-z0-9-]+)\?/.exec(address)?.[1];
const asksOf = address => new URLSearchParams(address.split("?")[1]);
const rootOf = address => roots().find(root => root.explorer.name === nameOf(address));

// ---- how far a pinned figure is open: closed, as far as a view that a link names, or all

const dockOf = root => root.closest(".figure-dock");

function open(dock, much) {
  const toggle = dock.querySelector(".figure-toggle");
  dock.dataset.open = much;
  toggle.textContent = much ? "Close" : "Open";
  toggle.setAttribute("aria-expanded", String(much === "all"));
}

const topOf = element => element.getBoundingClientRect().top;

// A figure that is pinned covers the one before it, also one that is open farther.
function cover() {
  const docks = [...document.querySelectorAll(".figure-dock")];
  docks.forEach((dock, k) => dock.toggleAttribute("data-covered", docks.slice(k + 1).some(later => topOf(later) <= 0)));
}
addEventListener("scroll", cover, { passive: true });

// The words below a pinned figure stay where they are when its height changes.
function openAround(dock, much) {
  const words = dock.parentElement.nextElementSibling, stood = topOf(words);
  const pinned = topOf(dock) <= 0;
  open(dock, much);
  if (pinned) scrollBy({ top: topOf(words) - stood, behavior: "instant" });
}

for (const dock of document.querySelectorAll(".figure-dock")) {
  open(dock, "");
  const toggle = dock.querySelector(".figure-toggle");
  toggle.addEventListener("click", () => openAround(dock, dock.dataset.open ? "" : "all"));
}

// What the link asks to see is in sight, and the sentence that asks stays, or comes, beside or below it.
function makeRoom(root, link, address) {
  const dock = dockOf(root);
  if (!dock) return;
  if (WIDE.matches) showWhole(dock, link);
  else openBelow(dock, link, asksOf(address));
}

// Where a section begins or ends, its figure stands partly outside the window.
function showWhole(dock, link) {
  const { top, bottom } = dock.getBoundingClientRect(), header = parseFloat(getComputedStyle(dock).top);
  const down = Math.min(Math.max(0, bottom - innerHeight), Math.max(0, topOf(link) - header));
  const up = Math.min(Math.max(0, header - top), Math.max(0, innerHeight - LEAST - topOf(link)));
  scrollBy({ top: down - up, behavior: "instant" });
}

// How far a pinned figure is open for what an address asks to see.
const openFor = asks => asks.has("view") || asks.has("ask") ? "view" : "";

function openBelow(dock, link, asks) {
  const stood = topOf(link);
  open(dock, openFor(asks));
  const after = link.closest("p, li, td, dd")?.getBoundingClientRect().bottom - topOf(link) || 0;
  const free = Math.min(dock.getBoundingClientRect().bottom, innerHeight - LEAST) + Math.max(8, LEAST - after);
  const wanted = Math.max(free, Math.min(stood, innerHeight - LEAST));
  scrollBy({ top: topOf(link) - wanted, behavior: "instant" });
}

// ---- the history: each entry knows the state in which its figure was left

function remember(root, address) {
  history.replaceState({ ...history.state, figure: root.explorer.address }, "");
  history.pushState({}, "", address);
}

document.addEventListener("lossviz-follow", ({ target, detail: { link, address } }) => {
  remember(target, address);
  makeRoom(target, link, address);
});

const follow = address => rootOf(address)?.explorer.follow(address);

addEventListener("popstate", ({ state }) => follow(state?.figure ?? location.hash));

// ---- an address from elsewhere: its figure as it says, and the first sentence that speaks of it

let opened = !nameOf(location.hash);

function begin() {
  const root = opened ? null : rootOf(location.hash);
  if (!root) return;
  opened = true;
  const { figure } = history.state ?? {};
  root.explorer.follow(figure ?? location.hash);
  if (dockOf(root)) open(dockOf(root), openFor(asksOf(location.hash)));
  const sentence = [...document.querySelectorAll(".words a")].find(link => link.hash === location.hash);
  (dockOf(root) ? sentence : root)?.scrollIntoView({ block: "center", behavior: "instant" });
}

document.addEventListener("widgets-in-sight", begin);
new MutationObserver(begin).observe(document.documentElement, { attributeFilter: ["data-widgets"] });
begin();  // they may stand there before this script has come
})();
