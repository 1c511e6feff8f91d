// How much room a view has in its panel, in pixels: so wide, and so high without scrolling.

const NARROWEST = 240;
const BESIDES = 16; // of the panel's height, above and below

export function roomOf(root) {
  const panel = root.closest("[role='tabpanel']");
  const width = Math.floor(root.getBoundingClientRect().width); // a part of a pixel more would shrink all text
  return { width: Math.max(NARROWEST, width), height: (panel?.clientHeight || Infinity) - BESIDES };
}
