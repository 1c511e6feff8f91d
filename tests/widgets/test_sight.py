"""What meets the eye, in every situation of every loss, on a laptop and on a phone: no label on anything, none missing,
no view cut, no text small; one height, and nothing moves when a question is answered."""

import math

import pytest
import torch

import lossviz
from lossviz.catalogue import ENTRIES
from tests.widgets.page import SHOWN, Explorer

WIDTHS = (766, 652, 360)  # of the window: an explorer beside the words, the narrowest that is one instrument, a phone
PATIENCE = 6_000  # milliseconds, for what the engine is still asked about

# Everything that is wrong with the labels of an explorer, in words. In a crowd a number stands where there is room.
WRONG = r"""(root, crowded) => {
  const found = [];
  const { scene } = root.explorer;
  const stage = root.querySelector(".stage");
  const seen = (element) => element.textContent && element.checkVisibility({ visibilityProperty: true });
  const boxOf = (text, picture) => {
    const [own, outer] = [text, picture].map((element) => element.getBoundingClientRect());
    const { width, height } = own;
    return { x: own.x - outer.x, y: own.y - outer.y, width, height, words: text.textContent };
  };
  const all = (picture, selector) => [...picture.querySelectorAll(selector)].filter(seen).map((e) => boxOf(e, picture));
  const covers = (a, b) => a.x < b.x + b.width - 1 && b.x < a.x + a.width - 1
    && a.y < b.y + b.height - 1.5 && b.y < a.y + a.height - 1.5; // a line of text has air above and below
  const holds = (box, { x, y }, by) =>
    x > box.x + by && x < box.x + box.width - by && y > box.y + by + 1 && y < box.y + box.height - by - 1;
  const RULED = ":is(.segments .shown, .drops path, .line, .equal, .axes path, .curves path)";
  const leaves = (box, picture) => {
    const { width, height } = picture.getBoundingClientRect();
    return box.x < -0.5 || box.y < -0.5 || box.x + box.width > width + 0.5 || box.y + box.height > height + 0.5;
  };

  const labels = all(stage, ".labels text");
  const others = all(stage, ".borders text, .unit text");
  const points = [...stage.querySelectorAll(".point")].map((point) => point.transform.baseVal[0].matrix);
  const drawn = "[d]:not([d='']):is(.pair, .shaft, .head, .leaders, .borders path), .circle:not([visibility])";
  const along = (line) =>
    Array.from({ length: Math.ceil(line.getTotalLength() / 2) + 1 }, (_, k) => line.getPointAtLength(2 * k));
  const stepsOf = (picture, selector) => [...picture.querySelectorAll(selector)].filter((e) => e.getAttribute("d"))
    .flatMap(along);
  const lines = [...stage.querySelectorAll(drawn)].map((line) => {
    return { steps: along(line), look: line.getAttribute("class") || line.parentElement.getAttribute("class") };
  });
  labels.forEach((label, k) => {
    const tell = (what) => found.push(`${label.words} ${what}`);
    if (leaves(label, stage)) tell("leaves the frame");
    for (const other of [...labels.slice(k + 1), ...others]) if (covers(label, other)) tell(`lies on ${other.words}`);
    for (const { e, f } of points) {
      const aside = Math.max(label.x - e, 0, e - label.x - label.width);
      const above = Math.max(label.y + 2 - f, 0, f - label.y - label.height + 2);
      if (Math.hypot(aside, above) < 12) tell("lies on a point");
    }
    for (const { steps, look } of lines) {
      if (steps.some((step) => holds(label, step, look === "leaders" ? 3 : 1))) tell(`lies on ${look}`);
    }
  });
  scene.situation.sentences.forEach(({ short }, index) => {
    const letter = String.fromCharCode(65 + index);
    const { e, f } = points[index];
    const near = points.some((point, k) => k !== index && Math.hypot(point.e - e, point.f - f) < 15);
    const named = labels.some(({ words }) => words === short || words.split(" ").includes(letter));
    const listed = labels.some(({ words }) => words.split(" ").includes(letter));
    if (near ? !listed : !named) found.push(`${letter} has no label`);
  });

  const covered = all(stage, ".unit text").filter((bar) => points.some(({ e, f }) =>
    e > bar.x - 12 && e < bar.x + bar.width + 12 && f > bar.y - 12 && f < bar.y + bar.height + 12));
  if (covered.length && !crowded) found.push("a point lies on the bar");
  for (const border of all(stage, ".borders text")) {
    const on = all(stage, ".unit text").some((words) => covers(border, words));
    if (on) found.push(`${border.words} lies on the bar`);
  }
  const gap = ({ x, y, width, height }, { e, f }) =>
    Math.hypot(Math.max(x - e, 0, e - x - width), Math.max(y - f, 0, f - y - height));
  [...stage.querySelectorAll(".arrow text")].forEach((text, own) => {
    if (!seen(text)) return;
    const number = boxOf(text, stage);
    const far = points.some((point, k) => k !== own && gap(number, point) < gap(number, points[own]) - 1);
    if (far && !crowded) found.push(`${number.words} is nearer to another than to ${String.fromCharCode(65 + own)}`);
    const rings = [...stage.querySelectorAll(".arrow .ring:not([visibility])")].map(({ cx, cy }) =>
      ({ x: cx.baseVal.value - 3, y: cy.baseVal.value - 3, width: 6, height: 6, words: "a ring" }));
    const under = [...labels, ...others, ...rings].filter((label) => covers(number, label));
    for (const { words } of under) found.push(`${number.words} lies on ${words}`);
  });

  for (const picture of root.querySelectorAll("[role=tabpanel] svg")) {
    const names = all(picture, ".dot text");
    const ruled = names.length ? stepsOf(picture, RULED) : [];
    const named = names.flatMap(({ words }) => words.split(", "));
    const shown = picture.checkVisibility({ visibilityProperty: true });
    const nameless = shown ? picture.querySelectorAll(".dot").length - named.length : 0; // one may list its neighbours
    if (nameless) found.push(`${nameless} dots have no name`);
    names.forEach((name, k) => {
      if (leaves(name, picture)) found.push(`${name.words} leaves the chart`);
      for (const other of [...names.slice(k + 1), ...all(picture, ".axes text")]) {
        if (covers(name, other)) found.push(`${name.words} lies on ${other.words}`);
      }
      if (ruled.some((step) => holds(name, step, 2))) found.push(`${name.words} lies on a line`);
    });
    const gates = [...all(picture, ".threshold text"), ...all(picture, ".peak text")];
    gates.forEach((gate, k) => {
      const under = gates.slice(k + 1).find((other) => covers(gate, other));
      if (under) found.push(`${gate.words} lies on ${under.words}`);
    });
    const here = stepsOf(picture, "path.here");
    for (const peak of all(picture, ".peak text")) {
      if (here.some((step) => holds(peak, step, 1))) found.push(`${peak.words} lies on the line`);
    }
    for (const text of all(picture, "text")) {
      const { width } = picture.getBoundingClientRect();
      if (text.x < -1 || text.x + text.width > width + 1) found.push(`${text.words} is cut`);
    }
  }
  return found;
}"""
# A label may wait for what the engine still answers.
SETTLED = f"""async (root, [patience, crowded]) => {{
  const wrong = {WRONG};
  const end = performance.now() + patience;
  let found = ["nothing was looked at"];
  while (found.length && performance.now() < end) {{
    await new Promise(requestAnimationFrame);
    found = root.dataset.ready ? wrong(root, crowded) : found;
  }}
  return found;
}}"""
SMALL = """(root) => {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found = [];
  let count = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.closest(".spoken, option")) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    count += 1;
    const size = parseFloat(getComputedStyle(element).fontSize) * (element.getScreenCTM?.().a ?? 1);
    if (size < 12.99) found.push([size, element.textContent]);
  }
  return [count, found];
}"""
# What stands where, to a tenth of a pixel: what must not move under a hand or an eye.
PLACED = r"""(root) => {
  const parts = ["header", ".value", ".tools", "[role=tablist]", ".plane", ".stage", "[role=tabpanel]"];
  const told = (each) => Math.round(10 * each) / 10;
  const boxes = parts.map((part) => {
    const { x, y, width, height } = root.querySelector(part).getBoundingClientRect();
    return [part, [x, y, width, height].map(told).join()];
  });
  return { ...Object.fromEntries(boxes), below: told(root.querySelector(".below").getBoundingClientRect().y) };
}"""


def elsewhere(explorer: Explorer, seed: int) -> list:
    """Random places inside the frame, two points at one."""
    generator = torch.Generator().manual_seed(seed)
    count = len(explorer.state["points"])
    places = torch.rand(count, 2, generator=generator, dtype=torch.float64) * 2.6 - 1.3
    if explorer.torch.on_circle:
        turns = torch.rand(count, generator=generator, dtype=torch.float64) * math.tau
        places = torch.stack([turns.cos(), turns.sin()], -1)
    places[-1] = places[0]
    return places.tolist()


# In every situation, asked and answered, and in every view of it: all that is wrong; and how high the explorer is.
SWEEP = f"""async (root, patience) => {{
  const [shown, settled, small, placed] = [{SHOWN}, {SETTLED}, {SMALL}, {PLACED}];
  const {{ explorer }} = root;
  const found = {{}};
  const tell = (where, wrong) => {{ if (wrong.length) found[where.join(", ")] = wrong; }};
  const heights = new Set();
  let fewest = Infinity; // texts in sight

  async function open(view) {{
    explorer.change({{ ...explorer.state, view }});
    await shown(root, patience);
  }}

  async function enter(index) {{
    const select = root.querySelector("select[aria-label=Situation]");
    select.value = index;
    select.dispatchEvent(new Event("change"));
    await shown(root, patience);
  }}

  async function answer(title) {{
    const [before, index] = [placed(root), explorer.state.situation];
    [...root.querySelectorAll("button")].find((button) => button.textContent === "Show me").click();
    await shown(root, patience);
    const after = placed(root);
    tell([title, "moved"], Object.keys(before).filter((part) => before[part] !== after[part]));
  }}

  for (const [index, {{ title }}] of explorer.spec.situations.entries()) {{
    await enter(index);
    tell([title, "asked"], await settled(root, [patience, false]));
    heights.add(root.offsetHeight);
    if (explorer.state.asked) await answer(title);
    tell([title, "answered"], await settled(root, [patience, false]));
    for (const tab of root.querySelectorAll("[role=tab]:not([hidden], [data-view=surface])")) {{  // see test_layout.py
      await open(tab.dataset.view);
      const [count, wrong] = small(root);
      fewest = Math.min(fewest, count);
      tell([title, tab.dataset.view, "small"], wrong);
      for (const box of root.querySelectorAll("[role=tabpanel], .message, .scroll")) {{
        const {{ scrollWidth, clientWidth }} = box;
        const told = box.textContent.includes("scroll →"); // a matrix that is wider says so
        const wider = [`${{scrollWidth}} pixels in ${{clientWidth}}`];
        if (scrollWidth > clientWidth && !told) tell([title, tab.dataset.view], wider);
      }}
    }}
    await open("chart");
    heights.add(root.offsetHeight);
  }}
  return {{ found, fewest, heights: [...heights] }};
}}"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.loss.__name__)
def test_every_situation_of_every_loss(mounted, entry, width):
    explorer = mounted(lossviz.explore(entry.default(), controls=()), (width, 1400))
    seen = explorer.shown().evaluate(SWEEP, PATIENCE)
    wrong = seen["found"]
    for seed in range(3):
        explorer.change(points=elsewhere(explorer, seed))
        found = explorer.shown().evaluate(SETTLED, [PATIENCE, True])
        wrong |= {f"elsewhere {seed}": found} if found else {}
    assert wrong == {}
    assert seen["fewest"] > 15
    assert width < 636 or seen["heights"] == [640]


def test_a_label_follows_its_point_and_does_not_jump(mounted):
    """While D goes a short way in many steps, only labels that it drives away move far."""
    explorer = mounted(lossviz.explore(lossviz.BatchHardTripletLoss(margin=1.0), controls=()), (706, 1400))
    explorer.show_answer()
    texts = "texts => texts.map(text => [Number(text.getAttribute('x')), Number(text.getAttribute('y'))])"
    x, y = explorer.centre(3)
    mouse = explorer.page.mouse
    mouse.move(x, y)
    mouse.down()
    jumps = []
    before = explorer.find(".labels text").evaluate_all(texts)
    for step in range(1, 31):
        mouse.move(x + step, y + step / 2)
        explorer.shown()
        after = explorer.find(".labels text").evaluate_all(texts)
        jumps += [math.dist(one, other) for one, other in zip(before, after, strict=True)]
        before = after
    mouse.up()
    assert sum(jump > 12 for jump in jumps) <= 8 < len(jumps) / 20
