// The sum: the loss as its terms, largest first, each with its numbers put into the formula.

import { html, keep, lights, setAttributes, setText } from "../dom.js";
import { fixed } from "../words.js";

const MOST = 12; // so many terms are told one by one
const LONG = 36; // letters of a formula that leave no room for the names beside it
const SIGNS = { positive: "▲", negative: "▼", both: "◆" };
const OTHER_SIGN = "●";
const PARTS = ["sign", "letters", "names", "formula", "number"];

function headingOf({ terms, ranked, loss }) {
  if (!terms.length) return `The loss is ${fixed(loss)}`;
  if (!ranked.length) return "The sum: every term is 0";
  return `The sum: ${ranked.length === 1 ? "1 term adds" : `${ranked.length} terms add`} up to ${fixed(loss)}`;
}

const total = (values) => values.reduce((sum, value) => sum + value, 0);

// Those told one by one, and the rest, which is never one alone.
function divided(ranked) {
  const told = ranked.length > MOST + 1 ? MOST : ranked.length;
  return [ranked.slice(0, told), ranked.slice(told)];
}

export function createSum(spec, engine, actions) {
  const heading = html("h3");
  const bar = html("div", { class: "bar", "aria-hidden": "true" });
  const list = html("ol");
  const rest = html("p", { class: "rest" });
  let order = []; // the index of the term in each row, for the listeners

  function makeRow(row) {
    const item = html("li", { tabindex: 0 }, ...PARTS.map((part) => html("span", { class: part })));
    return lights(item, actions, () => ({ kind: "term", index: order[row] }));
  }

  const lookOf = ({ kind, index }, lit) => kind + (lit && !lit.has(index) ? " faded" : "");

  function drawBar(told, more, lit) {
    const parts = told.map((term) => ({ look: lookOf(term, lit), size: Math.abs(term.value) }));
    const left = total(more.map(({ value }) => Math.abs(value)));
    if (more.length) parts.push({ look: lit ? "more faded" : "more", size: left });
    const whole = total(parts.map(({ size }) => size));
    keep(bar, parts.length, () => html("i")).forEach((part, k) => {
      const { look, size } = parts[k];
      setAttributes(part, { class: look, style: `flex-grow:${(size / whole).toFixed(4)}` });
    });
  }

  function drawRows(told, lit) {
    keep(list, told.length, makeRow).forEach((item, k) => {
      const { kind, sign = SIGNS[kind] ?? OTHER_SIGN, letters, who, formula, value } = told[k];
      setAttributes(item, { class: lookOf(told[k], lit) });
      const texts = [sign, letters, who, formula ?? "", fixed(value, 5)];
      texts.forEach((text, column) => setText(item.children[column], text));
    });
  }

  return {
    root: html("section", { class: "sum" }, heading, bar, list, rest),
    draw({ reading, lit }) {
      const [told, more] = divided(reading.ranked);
      order = told.map(({ index }) => index);
      setText(heading, headingOf(reading));
      const longest = Math.max(1, ...told.map(({ letters }) => letters.length));
      const long = told.some(({ formula }) => formula?.length > LONG);
      setAttributes(list, { style: `--letters: ${10 + 9 * longest}px`, class: long ? "long" : null });
      drawBar(told, more, lit);
      drawRows(told, lit);
      setAttributes(rest, { hidden: more.length ? null : "" });
      setText(rest, `and ${more.length} more add ${fixed(total(more.map(({ value }) => value)), 5)}`);
    },
  };
}
