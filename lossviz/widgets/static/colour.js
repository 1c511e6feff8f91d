// Colour as pure functions of numbers. The palette itself stands in explorer.css, as variables.

export function parseHex(text) {
  const digits = text.trim().replace("#", "");
  const full = digits.length === 3 ? [...digits].map((d) => d + d).join("") : digits;
  if (!/^[0-9a-f]{6}$/i.test(full)) throw new Error(`colour: expected #rrggbb, got ${text}`);
  return [0, 2, 4].map((start) => parseInt(full.slice(start, start + 2), 16));
}

const mix = (from, to, share) => from.map((value, channel) => Math.round(value + (to[channel] - value) * share));

// Steps of shade from one colour to another, as [red, green, blue] each.
export const ramp = (from, to, steps) => Array.from({ length: steps }, (_, k) => mix(from, to, k / (steps - 1)));

// Which of so many steps a value falls on, between the lowest and the highest.
export function stepOf(value, low, high, steps) {
  const share = high > low ? (value - low) / (high - low) : 0;
  return Math.round(Math.max(0, Math.min(1, share)) * (steps - 1));
}
