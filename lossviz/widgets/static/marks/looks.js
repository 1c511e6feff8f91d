// What several marks have in common in how they look: words for the class of an element.

// What is not lit while something else is, stands back. `lit` is the set of what is lit, or null where nothing is.
export const faded = (lit, index) => (lit && !lit.has(index) ? " faded" : "");

// The hue of a class of sentences, of which there are four.
export const hue = (kind) => `class${kind % 4}`;
