// Which questions of an explorer were answered, kept in this browser alone; links that ask them bear a tick. Where
// nothing can be kept, it is known until the page is left.

import { slug, splitAddress } from "./address.js";
import { html } from "./dom.js";

const keyOf = ({ name }) => `lossviz.done.${name}`;

function kept(key) {
  try {
    const names = JSON.parse(localStorage.getItem(key));
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

function keep(key, names) {
  try {
    if (names.length) localStorage.setItem(key, JSON.stringify(names));
    else localStorage.removeItem(key);
  } catch {
    // denied, or full
  }
}

// The name in a link's address, as it is written there, of the situation whose question it asks; null for none.
function askedBy(link, name) {
  const address = splitAddress(link.getAttribute("href"));
  if (address?.name !== name) return null;
  const asked = new URLSearchParams(address.query);
  return asked.has("ask") ? asked.get("situation") : null;
}

function setTick(link, isDone) {
  const tick = link.querySelector(":scope > .lossviz-done");
  if (isDone && !tick) link.append(html("span", { class: "lossviz-done", role: "img", "aria-label": "done" }, "✓"));
  else if (!isDone && tick) tick.remove();
}

// `changed()` is called when something was answered or forgotten. Links may come after the explorer: in JupyterLab as
// one scrolls.
export function createDone(spec, changed) {
  const key = keyOf(spec);
  const all = spec.situations.filter(({ question }) => question).map(({ name }) => name);
  let names = kept(key).filter((name) => all.includes(name));

  function tick() {
    const slugs = names.map(slug);
    for (const link of document.querySelectorAll(`a[href^="#${spec.name}?"][href*="ask"]`)) {
      setTick(link, slugs.includes(askedBy(link, spec.name)));
    }
  }

  function become(next) {
    names = next;
    keep(key, names);
    tick();
    changed();
  }

  const isOutside = ({ target }) => !target.closest(".lossviz-explorer");
  const links = new MutationObserver((records) => records.some(isOutside) && tick());
  links.observe(document.body, { childList: true, subtree: true });
  tick();
  return {
    all: all.length,
    get count() { return names.length; },
    has: (name) => names.includes(name),
    add: (name) => names.includes(name) || become([...names, name]),
    forget: () => become([]),
    stop: () => links.disconnect(),
  };
}
