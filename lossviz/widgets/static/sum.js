// The sum: the loss as its terms, largest first, each with its numbers put into the formula.

import { html, keep, lights, setAttributes, setText } from "./dom.js";
import { litTerms } from "./reading.js";
import { fixed } from "./words.js";

const MOST = 12; // so many terms are told one by one
const LONG = 36; // letters of a formula that leave no room for the names beside it
const SIGNS = { positive: "▲", negative: "▼", both: "◆", triplet: "●", anchor: "●" };

function headingOf({ terms, ranked, loss }) {
  if (!terms.length) return `The loss is ${fixed(loss)}`;
  if (!ranked.length) return "The sum: every term is 0";
  return `The sum: ${ranked.length === 1 ? "1 term adds" : `${ranked.length} terms add`} up to ${fixed(loss)}`;
}

export function createSum(spec, engine, actions) {
  const heading = html("h3");
  const bar = html("div", { class: "bar", "aria-hidden": "true" });
  const list = html("ol");
  const rest = html("p", { class: "rest" });
  const root = html("section", { class: "sum" }, heading, bar, list, rest);
  let order = []; // the index of the term in each row, for the listeners

  function makeRow(row) {
    const item = html("li", { tabindex: 0 },
      html("span", { class: "sign" }), html("span", { class: "letters" }), html("span", { class: "names" }),
      html("span", { class: "formula" }), html("span", { class: "number" }));
    return lights(item, actions, () => ({ kind: "term", index: order[row] }));
  }

  return {
    root,
    draw(state, result, reading) {
      const lit = litTerms(state, reading.terms);
      const { ranked } = reading;
      order = ranked.map((term) => term.index);
      setText(heading, headingOf(reading));
      const longest = Math.max(1, ...ranked.map(({ letters }) => letters.length));
      const long = ranked.slice(0, MOST + 1).some(({ formula }) => formula?.length > LONG);
      setAttributes(list, { style: `--letters: ${10 + 9 * longest}px`, class: long ? "long" : null });
      const whole = ranked.reduce((sum, term) => sum + Math.abs(term.value), 0);
      const told = ranked.length > MOST + 1 ? MOST : ranked.length; // no "1 more"
      const more = ranked.slice(told);
      const parts = more.length ? [...ranked.slice(0, told), { kind: "more", value: more.reduce((sum, { value }) => sum + Math.abs(value), 0) }] : ranked;
      keep(bar, parts.length, () => html("i")).forEach((part, k) => {
        const { kind, index, value } = parts[k];
        setAttributes(part, { class: kind + (lit && !lit.has(index) ? " faded" : ""), style: `flex-grow:${(value / whole).toFixed(4)}` });
      });
      setAttributes(rest, { hidden: more.length ? null : "" });
      setText(rest, `and ${more.length} more add ${fixed(more.reduce((sum, { value }) => sum + value, 0), 5)}`);
      keep(list, told, makeRow).forEach((item, k) => {
        const term = ranked[k];
        const faded = lit && !lit.has(term.index) ? " faded" : "";
        setAttributes(item, { class: term.kind + faded });
        const texts = [term.sign ?? SIGNS[term.kind], term.letters, term.who, term.formula ?? "", fixed(term.value, 5)];
        texts.forEach((text, column) => setText(item.children[column], text));
      });
    },
  };
}
