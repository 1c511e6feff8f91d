// Small helpers to make and update elements. An attribute set to null or false is removed.

const SVG = "http://www.w3.org/2000/svg";

export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false || value === undefined) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
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

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
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

export const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
