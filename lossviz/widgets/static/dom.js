// Small helpers to make and update elements. An attribute set to null or false is removed.

const SLICE = 2; // milliseconds: work that can wait gets at least so much
const PATIENCE = 100; // milliseconds: and it waits no longer than this for its turn
const SVG = "http://www.w3.org/2000/svg";

// What was last set is remembered: asking the document costs more than a frame that changes little can spend.
const remembered = new WeakMap();

function memory(element) {
  if (!remembered.has(element)) remembered.set(element, {});
  return remembered.get(element);
}

export function setAttributes(element, attributes) {
  const known = memory(element);
  for (const name in attributes) {
    const value = attributes[name];
    if (known[name] === value) continue;
    known[name] = value;
    if (value === null || value === false || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }
  return element;
}

export function html(tag, attributes = {}, ...children) {
  const element = setAttributes(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = setAttributes(document.createElementNS(SVG, tag), attributes);
  element.append(...children);
  return element;
}

// `content`: a text, or elements.
export function button(content, act, attributes = {}) {
  const element = html("button", { type: "button", ...attributes }, ...[content].flat());
  element.addEventListener("click", act);
  return element;
}

const TEXT = Symbol("text");

// The text of an element that holds nothing else; a text that changes keeps its node, which costs less than a new one.
export function setText(element, text) {
  const known = memory(element);
  if (known[TEXT] === text) return element;
  known[TEXT] = text;
  if (element.firstChild) element.firstChild.data = text;
  else element.textContent = text;
  return element;
}

// Keeps exactly `count` children made by `make(index)`, reusing those that are there, so that focus and hover survive.
export function keep(parent, count, make) {
  while (parent.children.length > count) parent.lastElementChild.remove();
  while (parent.children.length < count) parent.append(make(parent.children.length));
  return [...parent.children];
}

// A mark that lights what it stands for while it is touched, pointed at or focused; `lit()` says what.
export function lights(mark, actions, lit) {
  for (const event of ["pointerenter", "focus", "click"]) mark.addEventListener(event, () => actions.light(lit()));
  for (const event of ["pointerleave", "blur"]) mark.addEventListener(event, () => actions.light(null));
  return mark;
}

// Resolves when the page has nothing else to do, with the time by which the work must let go: no frame waits for it.
export const idle = () => new Promise((resolve) => {
  const until = (left) => resolve(performance.now() + Math.max(SLICE, left));
  if (window.requestIdleCallback) requestIdleCallback((period) => until(period.timeRemaining()), { timeout: PATIENCE });
  else setTimeout(() => until(SLICE)); // Safari
});
