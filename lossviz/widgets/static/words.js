// Numbers and names as a reader meets them. Pure functions; one format for every number on the page.

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const ROUNDING = 1e-12; // what is smaller is the rounding of numbers near 1

// A number with so many digits after the point; one too small to show two of them, or very large, as a power of ten.
export function fixed(value, digits = 4) {
  const sign = value < -ROUNDING ? "−" : "";
  const size = Math.abs(value);
  const plain = size < ROUNDING || (size >= 10 ** (1 - digits) && size < 1e7);
  return sign + (plain ? size.toFixed(digits) : tenfold(size));
}

// A few digits times a power of ten.
function tenfold(size, digits = 1) {
  const [mantissa, power] = size.toExponential(digits).split("e");
  if (power === "+0") return mantissa; // 0.99…, which rounds to 1
  const raised = [...power.replace("+", "")].map((digit) => (digit === "-" ? "⁻" : SUPERSCRIPTS[digit])).join("");
  return `${mantissa}·10${raised}`;
}

// A number with as many digits as it needs: at most `digits` after the point, or two that count where it is small.
export function brief(value, digits = 3) {
  const size = Math.abs(value);
  const few = size >= 1e-4 && size < 10 ** (1 - digits);
  const text = few ? (value < 0 ? "−" : "") + Number(size.toPrecision(2)) : fixed(value, digits);
  return text.includes("·") || !text.includes(".") ? text : text.replace(/\.?0+$/, "");
}

// A share of the whole; never shown as nothing or all where it is not. The space does not break: no line begins with %.
export const percent = (share) =>
  share > 0 && share < 0.005 ? "<1\u00a0%" : share < 1 && share >= 0.995 ? ">99\u00a0%" : `${Math.round(100 * share)}\u00a0%`;

// A probability with digits enough for its logarithm: near 0 five that count, near 1 what is missing.
export function probability(share) {
  if (share >= 0.99999 && share < 1 - ROUNDING) return `(1 − ${tenfold(1 - share)})`;
  if (share > 0 && share < 1e-4) return tenfold(share, 4);
  return share < 0.1 ? String(Number(share.toPrecision(5))) : fixed(share, 5);
}

// A factor of a product, with five digits that count.
export function factor(value) {
  const size = Math.abs(value);
  return size > ROUNDING && size < 1e-2 ? tenfold(value, 4) : fixed(value, 5);
}

// A share with one digit after the point.
export const tenths = (share) =>
  share > 0 && share < 0.0005 ? "<0.1\u00a0%" : share < 1 && share >= 0.9995 ? ">99.9\u00a0%" : `${(100 * share).toFixed(1)}\u00a0%`;

export const letter = (index) => String.fromCharCode(65 + index);

// What a class is called: its name where the batch gives it one.
export const className = (names, kind) => names[kind] ?? `class ${kind}`;

export const quoted = (short) => `“${short}”`;
export const plural = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;

// "{d}" and the like in a formula, filled with numbers.
export function fill(template, numbers) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => {
    if (!(name in numbers)) throw new Error(`formula: expected one of ${Object.keys(numbers)}, got ${whole}`);
    return numbers[name];
  });
}
