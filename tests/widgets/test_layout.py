"""One instrument on one screen, beside the words and on a phone: nothing cut, covered or too small to hit."""

import pytest

import lossviz
from lossviz.catalogue import ENTRIES, Entry
from tests.widgets.page import PATIENCE, SHOWN, Explorer

# Of the window: 656 pixels beside the words, and a margin of the page's own.
LAPTOP, PHONE = {"width": 766, "height": 674}, {"width": 360, "height": 640}
PLOTTED = {"ContrastiveLoss", "TripletLoss"}  # directions and free: the surface stands alike for every loss
# Beside the words these charts are higher than their panel, which scrolls: their marks have a smallest size.
HIGHER = {
    "BatchHardSoftMarginTripletLoss",  # the slope stands below the plane
    "SoftmaxLoss",  # regions and bars
    "MultipleNegativesSymmetricRankingLoss",  # cells of five lines
    "ContrastiveTensionLossInBatchNegatives",
}

# All that is wrong with where things stand, in words.
WRONG = r"""(root, whole) => {
  const found = [];
  const boxOf = (element) => element.getBoundingClientRect();
  const seen = (element) => element.checkVisibility({ visibilityProperty: true });
  const all = (selector) => [...root.querySelectorAll(selector)].filter(seen);
  const name = (e) => e.getAttribute("aria-label") || e.textContent || e.className || e.tagName;
  const within = (a, b) =>
    a.left > b.left - 0.5 && a.right < b.right + 0.5 && a.top > b.top - 0.5 && a.bottom < b.bottom + 0.5;
  const covers = (a, b) =>
    a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5;
  const apart = (elements, what) => elements.forEach((one, k) => {
    for (const other of elements.slice(k + 1)) {
      if (covers(boxOf(one), boxOf(other))) found.push(`${what}: ${name(one)} lies on ${name(other)}`);
    }
  });

  const parts = all("header, .tools, .plane, [role=tabpanel], .message, .controls");
  const sight = whole ? { left: 0, top: 0, right: innerWidth, bottom: innerHeight } : boxOf(root);
  for (const part of parts) {
    if (!within(boxOf(part), boxOf(root)) || !within(boxOf(part), sight)) found.push(`${name(part)} is out of sight`);
  }
  apart(parts, "parts");
  apart(all(".controls label > span, .controls output, .controls button"), "words");

  for (const element of all("button, select, input, summary")) {
    const target = element.type === "checkbox" ? element.closest("label") : element;
    const part = element.closest("header, .tools, .plane, [role=tabpanel], .message, .controls");
    const scrolls = part.matches("[role=tabpanel], .message");
    if (scrolls) element.focus({ preventScroll: true }); // what sticks to an edge shows what has the focus
    if (scrolls || !whole) target.scrollIntoView({ block: "nearest" });
    const box = boxOf(target);
    if (!within(box, boxOf(part))) found.push(`${name(target)} is cut`);
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const there = document.elementFromPoint(x, y);
    if (!target.contains(there)) found.push(`${name(target)} is covered by ${there && name(there)}`);
    const grown = Math.abs(parseFloat(getComputedStyle(target, "::after").inset)) || 0; // the i
    if (box.height + 2 * grown < 44) found.push(`${name(target)} is ${box.height} pixels high`);
    if (box.width + 2 * grown < 24) found.push(`${name(target)} is ${box.width} pixels wide`);
    if (scrolls) element.blur();
  }
  return found;
}"""
# A loss in a situation: asked, answered, and in every view.
LOOK = f"""async (root, [patience, whole, without]) => {{
  const [shown, wrong] = [{SHOWN}, {WRONG}];
  const {{ explorer }} = root;
  const found = {{}};
  const tell = (where) => {{
    const said = wrong(root, whole);
    if (said.length) found[where] = said;
  }};
  await shown(root, patience);
  tell("asked");
  if (explorer.state.asked) [...root.querySelectorAll("button")].find((e) => e.textContent === "Show me").click();
  let higher = 0;
  for (const {{ dataset: {{ view }} }} of root.querySelectorAll("[role=tab]:not([hidden])")) {{
    if (without.includes(view)) continue;
    await shown(root, patience);
    explorer.change({{ ...explorer.state, view }});
    await shown(root, patience);
    tell(view);
    const panel = root.querySelector("[role=tabpanel]");
    if (view === "chart") higher = panel.scrollHeight - panel.clientHeight;
  }}
  return {{ found, higher, height: root.offsetHeight, message: root.querySelector(".message").clientHeight }};
}}"""


def looked_at(explorer: Explorer, entry: Entry) -> dict:
    explorer.button("Reset").click()  # and a question is asked
    size = explorer.page.viewport_size
    without = [] if entry.loss.__name__ in PLOTTED else ["surface"]
    return explorer.shown().evaluate(LOOK, [PATIENCE, size == LAPTOP, without])


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.loss.__name__)
def test_all_is_in_sight_beside_the_words_and_within_reach_on_a_phone(mounted, entry):
    """Heading, plane, view, what is said, Play and the usual parameters; the chart without scrolling."""
    widget = lossviz.explore(entry.default(), engine="kernel")  # for its usual parameters torch need not be lowered
    explorer = mounted(widget, tuple(LAPTOP.values()))
    seen = looked_at(explorer, entry)
    assert seen["found"] == {}
    assert seen["height"] == 640
    assert seen["message"] >= 60  # two lines of what is seen
    assert (seen["higher"] > 0) == (entry.loss.__name__ in HIGHER)
    explorer.page.set_viewport_size(PHONE)
    assert looked_at(explorer, entry)["found"] == {}
