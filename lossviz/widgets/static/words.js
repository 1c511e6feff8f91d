// Numbers and names as a reader meets them. Pure functions; one format for every number of a formula.

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
export const ROUNDING = 1e-12; // what is smaller is the rounding of numbers near 1

// ---- numbers

// A number with so many digits after the point; one too small to show two of them, or very large, as a power of ten.
export function fixed(value, digits = 4) {
  const sign = value < -ROUNDING ? "−" : "";
  const size = Math.abs(value);
  const plain = size < ROUNDING || (size >= 10 ** (1 - digits) && size < 1e7);
  return sign + (plain ? size.toFixed(digits) : tenfold(size));
}

// A few digits times a power of ten.
function tenfold(size, digits = 1) {
  if (!Number.isFinite(size)) return size > 0 ? "∞" : "?";
  const [mantissa, power] = size.toExponential(digits).split("e");
  if (power === "+0") return mantissa; // 0.99…, which rounds to 1
  const raised = [...power.replace("+", "")].map((digit) => (digit === "-" ? "⁻" : SUPERSCRIPTS[digit])).join("");
  return `${mantissa}·10${raised}`;
}

const withoutIdleZeros = (text) => (text.includes("·") || !text.includes(".") ? text : text.replace(/\.?0+$/, ""));

// A number with as many digits as it needs: at most `digits` after the point, or two that count where it is small.
export function brief(value, digits = 3) {
  const size = Math.abs(value);
  const few = size >= 1e-4 && size < 10 ** (1 - digits);
  const text = few ? (value < 0 ? "−" : "") + Number(size.toPrecision(2)) : fixed(value, digits);
  return withoutIdleZeros(text);
}

// A number in a cell, as its neighbours: two digits after the point, or two that count where it is small.
export function inCell(value) {
  const small = Math.abs(value) > ROUNDING && Math.abs(value) < 0.1;
  return small ? brief(value, 2) : fixed(value, 2);
}

// A number of a formula, with digits enough to check the formula by hand: five after the point, or five that count
// where it is small or large; near 1 what is missing, because a logarithm may be taken of it. What is nearer to 0 than
// `least` is the rounding of other numbers.
export function exact(value, least = ROUNDING) {
  const size = Math.abs(value);
  if (size <= least) return "0";
  if (value >= 0.99999 && value < 1 - ROUNDING) return `(1 − ${tenfold(1 - value)})`;
  const sign = value < 0 ? "−" : "";
  if (size < 1e-4 || size >= 1e7) return sign + tenfold(size, 4);
  return sign + (size < 0.1 ? String(Number(size.toPrecision(5))) : withoutIdleZeros(size.toFixed(5)));
}

// A share of the whole; never shown as nothing or all where it is not, nor as all beside rivals, where rounding leaves
// them none. Near either end with as many `digits`. The space does not break: no line begins with %.
export function percent(share, { digits = 0, rivals = false } = {}) {
  const isPart = share > 0 && (share < 1 || rivals);
  const places = isPart && Math.min(share, 1 - share) < 0.005 ? digits : 0;
  const unit = 10 ** -places;
  if (isPart && share < unit / 200) return `<${unit}\u00a0%`;
  if (isPart && share >= 1 - unit / 200) return `>${100 - unit}\u00a0%`;
  return `${(100 * share).toFixed(places)}\u00a0%`;
}

// ---- names

// The letter of a sentence: A to Z, then A1 to Z1, and so on.
export const letter = (index) => String.fromCharCode(65 + (index % 26)) + (index < 26 ? "" : Math.floor(index / 26));

export const quoted = (short) => `“${short}”`;
export const plural = (count, one) => `${count} ${one}${count === 1 ? "" : /s$/.test(one) ? "es" : "s"}`;

// What a class is called: its name where the batch gives it one.
export const className = (names, kind) => names[kind] ?? `class ${kind}`;

// Words for identifiers of the losses, the one place where they stand; what is missing here is read as it is written.
const WORDS = {
  // blocks of a matrix: who searches, and for whom
  query_to_doc: "anchor → document", query_to_query: "anchor → anchor",
  doc_to_query: "positive → anchor", doc_to_doc: "positive → document",
  // thresholds
  the_1: "the 1",
  // choices of a parameter
  true: "yes", false: "no", null: "none",
};

// An identifier, a choice or a list of them, as a reader meets it: "hardest_negative" is the hardest negative.
const word = (name) => WORDS[name] ?? String(name).replaceAll("_", " ");
export const inWords = (name) => [name].flat().map(word).join(" + ");
export const capital = (words) => words[0].toUpperCase() + words.slice(1);

// What one calls a term, by its axes; by the last of them if nothing better is known.
const NOUNS = {
  "anchor,positive": "anchor–positive pair", "anchor,positive,negative": "triplet", "lower_pair,higher_pair": "order",
  "direction,anchor": "choice",
};
export const nounOf = (axes) => NOUNS[axes.join()] ?? inWords(axes.at(-1) ?? "term");

// ---- roles and thresholds: what a loss chose, and what it compares a distance with

// By how a role begins: in what `manner` its sentence was chosen, what it is called `onAxis`, and what an anchor `has`
// in it: a semi-hard one lies `beyond` the positive, or none does. Any other role is called by its side alone.
const ROLES = {
  hardest_: {
    manner: "hardest",
    onAxis: (side) => `the hardest ${side}`,
    has: (side, name) => `its hardest ${side} ${name}`,
  },
  semi_hard_: {
    manner: "semi-hard",
    onAxis: (side) => `the chosen ${side}`,
    has: (side, name, beyond) =>
      beyond ? `the nearest ${side} beyond it, ${name},` : `its farthest ${side} ${name}, none being beyond,`,
  },
  "": {
    manner: null,
    onAxis: (side) => `the ${side}`,
    has: (side, name) => `its ${side} ${name}`,
  },
};
export const roleOf = (role) => ROLES[Object.keys(ROLES).find((begins) => (role ?? "").startsWith(begins))];

// The side that the name of a role, an argument or an axis tells: "hardest_positive" pulls. Null where it tells none.
export function sideOf(name) {
  if (name.includes("positive") || name === "target") return "positive";
  return name.includes("negative") ? "negative" : null;
}
export const roleSign = (role) => (sideOf(role) === "positive" ? "▲" : "▼");

// The side whose pairs a threshold gates; undefined for one of a reader's own.
const GATED = { __proto__: null, margin: "negative", farthest_positive: "negative", nearest_negative: "positive" };
export const gatedBy = (name) => GATED[name];

// A pair of a side counts where its distance passes each threshold that gates it.
export const GATES = {
  positive: { than: "farther than", passes: (distance, threshold) => distance > threshold },
  negative: { than: "nearer than", passes: (distance, threshold) => distance < threshold },
};

// ---- formulas

// Whether a number needs brackets where it stands: a negative one after an operator, and what has an operator itself
// beside one that binds more.
function bracketed(text, before, after) {
  if (text.startsWith("(")) return text;
  const negative = text.startsWith("−") && /[−+·/^]$/.test(before);
  const product = text.includes("·") && /[/^]$/.test(before);
  const raised = /^[²³]/.test(after) && /[−·]/.test(text);
  return negative || product || raised ? `(${text})` : text;
}

// Of what has no logarithm and divides nothing, the rounding may be left out.
const leastOf = (before) => (/(ln|\/)$/.test(before) ? 0 : ROUNDING);

// A formula with its names in braces, {d} and the like, filled with numbers; null where one is not known.
export function fill(template, numbers) {
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  if (names.some((name) => typeof numbers[name] !== "number")) return null;
  return template.replace(/\{(\w+)\}/g, (whole, name, at) => {
    const before = template.slice(0, at).trimEnd();
    return bracketed(exact(numbers[name], leastOf(before)), before, template.slice(at + whole.length));
  });
}
