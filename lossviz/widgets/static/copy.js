// A button that puts a text on the clipboard, and says whether it did; where nothing may be put there, the text stands
// below it, selected.

import { button, html, setText } from "./dom.js";

const SHOWN = 2000; // milliseconds that it says so

// Whether it could.
export async function putOnClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // no permission, or a page without https
    return false;
  }
}

// `textOf()` gives what is copied.
export function copyButton(words, textOf, attributes = {}) {
  const said = html("span", { "aria-live": "polite" }, words);
  const shown = html("textarea", { class: "copied", readonly: "", rows: 3, "aria-label": words, hidden: "" });
  const act = button([said], async () => {
    shown.value = textOf();
    const done = await putOnClipboard(shown.value);
    shown.hidden = done;
    if (!done) shown.select();
    setText(said, done ? "Copied" : "Copy this:");
    setTimeout(() => setText(said, words), SHOWN);
  }, attributes);
  return html("span", { class: "copying" }, act, shown);
}
