// The search page: which sections of the book have the reader's words, the best first. `bookSections` comes from
// sections.js, a script, because a page opened from file:// may read no other file.
(() => {
"use strict";

const SHOWN = 20;
const WORTH = { title: 6, chapter: 1, text: 2, printed: 1 };  // of a word, where it stands
const LONG = 220;  // letters of an excerpt

// ---- words

// One way to write what people write in several: 0 to 5, 0–5 and 0-5.
function plain(text) {
  return text.normalize("NFKC").toLowerCase().replace(/[‐-―−]/g, "-").replace(/(\d) ?(?:to|-) ?(?=-?\d)/g, "$1-")
    .replace(/\s+/g, " ").trim();
}

const escaped = text => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// 0.693147 finds 0.6931, and 0.69 finds both.
function number(text) {
  const shorter = [];
  for (let end = text.length - 1; end > text.indexOf(".") + 2; end--) shorter.push(`${text.slice(0, end)}(?!\\d)`);
  return `(?<![\\d.])(?:${[text, ...shorter].join("|").replaceAll(".", "\\.")})`;
}

// "decreasing" finds "decreases"; a word of one or two letters finds only itself.
function pattern(word) {
  if (/^\d+\.\d+$/.test(word)) return number(word);
  const start = "(?<![\\p{L}\\p{N}])";
  if (word.length < 3 || /\d/.test(word)) return `${start}${escaped(word)}(?![\\p{L}\\p{N}])`;
  return start + escaped(word.length > 5 ? word.replace(/(?:ing|ed|es|e|s)$/, "") : word);
}

const wordsOf = query => [...new Set(plain(query).replace(/["“”,;:?!]|\.(?= |$)/g, " ").split(" "))].filter(Boolean);

// ---- search

function search(sections, query) {
  const known = sections.map(each => {
    const fields = Object.fromEntries(Object.keys(WORTH).map(name => [name, plain(each[name])]));
    return { each, fields, all: Object.values(fields).join(" ") };
  });
  const words = wordsOf(query).map(word => {
    const found = new RegExp(pattern(word), "u");
    const count = known.filter(({ all }) => found.test(all)).length;
    return { found, weight: count ? Math.log(1 + known.length / count) : 0 };  // a rare word says more
  });
  const phrase = plain(query);
  const scored = known.map(({ each, fields, all }) => {
    const hits = words.filter(({ found }) => found.test(all));
    const score = hits.reduce((sum, { found, weight }) => sum + weight * worth(fields, found), 0);
    return { each, hits: hits.length, score: score * (all.includes(phrase) ? 2 : 1) };
  });
  const most = Math.max(0, ...scored.map(({ hits }) => hits));
  return scored.filter(({ hits, score }) => score > 0 && hits >= most - (most > 2 ? 1 : 0))
    .sort((a, b) => b.hits - a.hits || b.score - a.score).slice(0, SHOWN)
    .map(({ each }) => ({ ...each, excerpt: excerpt(each, words), words }));
}

function worth(fields, found) {
  return Object.entries(WORTH).reduce((sum, [name, value]) => sum + (found.test(fields[name]) ? value : 0), 0);
}

// The sentence with most of the words, and what follows it; of what is printed only where the prose has none.
function excerpt({ text, printed }, words) {
  const weigh = part => words.reduce((sum, { found, weight }) => sum + (found.test(plain(part)) ? weight : 0), 0);
  const best = parts => parts.map((part, k) => ({ k, weight: weigh(part) })).sort((a, b) => b.weight - a.weight)[0];
  const sentences = text.split(/\n|(?<=[.?!:]) /);
  const lines = printed.split("\n");
  const inText = best(sentences), inPrint = best(lines);
  const [parts, { k }] = inPrint.weight > 0 && !inText.weight ? [lines, inPrint] : [sentences, inText];
  let shown = parts[k];
  for (const next of parts.slice(k + 1)) {
    if (shown.length + next.length > LONG) break;
    shown += ` ${next}`;
  }
  return shown;
}

// ---- the page

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function marked(text, words) {
  const any = new RegExp(`(${words.map(({ found }) => found.source).join("|")})`, "giu");
  return text.split(any).map((part, k) => (k % 2 ? element("mark", {}, part) : part));
}

function item({ page, id, title, chapter, excerpt, words }) {
  const link = element("a", { href: `${page}.html${id ? `#${id}` : ""}` }, title);
  return element("li", {}, link, ...(title === chapter ? [] : [element("span", { className: "chapter" }, chapter)]),
    element("p", { className: "context" }, ...marked(excerpt, words)));
}

function show(query, found) {
  const many = found.length === 1 ? "1 section" : `${found.length} sections`;
  const words = found.length ? `${many}, the best first.`
    : `No section has “${query}”. Try fewer words, or a number as your screen shows it.`;
  document.querySelector("#search-results").replaceChildren(
    element("p", { className: "search-summary", role: "status" }, words), element("ol", {}, ...found.map(item)));
}

const query = new URLSearchParams(location.search).get("q")?.trim() ?? "";
for (const input of document.querySelectorAll("input[name=q]")) input.value = query;
if (query) show(query, search(bookSections, query));
})();
