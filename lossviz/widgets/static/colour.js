// Colour as pure functions of numbers. The palette itself stands in explorer.css, as variables.

export function parseHex(text) {
  const digits = text.trim().replace("#", "");
  const full = digits.length === 3 ? [...digits].map((d) => d + d).join("") : digits;
  if (!/^[0-9a-f]{6}$/i.test(full)) throw new Error(`colour: expected #rrggbb, got ${text}`);
  return [0, 2, 4].map((start) => parseInt(full.slice(start, start + 2), 16));
}

export const mix = (from, to, share) => from.map((value, channel) => Math.round(value + (to[channel] - value) * share));

// Steps of shade from one colour to another, as [red, green, blue] each.
export const ramp = (from, to, steps) => Array.from({ length: steps }, (_, k) => mix(from, to, k / (steps - 1)));

// Which of so many steps a value falls on, between the lowest and the highest.
export function stepOf(value, low, high, steps) {
  const share = high > low ? (value - low) / (high - low) : 0;
  return Math.round(Math.max(0, Math.min(1, share)) * (steps - 1));
}

function luminance(colour) {
  const linear = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

// WCAG contrast, 1 to 21.
export function contrast(a, b) {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}
