"""The figure beside its words: every link that moves it does what it names, and both are in sight together."""

import json
import re
from urllib.parse import urldefrag

import pytest
from playwright.sync_api import Page, expect

from lossviz.widgets import address
from tests.site.arrived import FRAMES, settle
from tests.site.test_links import PHONE, WIDE, on_both
from tests.site.test_pages import PAGES, every_page

CHAPTER = "book/positive_pairs.html"
LASTING = ("situation", "loss", "parameters", "points", "tensors", "chosen")
LINKS = "links => [...new Set(links.map(link => link.getAttribute('href')))]"
# As JSON, for playwright would look at each number.
STATE = """root => {
  const { run, ...state } = root.explorer.state;  // all but the frames of a run, which are many
  return JSON.stringify(state);
}"""
SPECS = "roots => JSON.stringify(Object.fromEntries(roots.map(({ explorer }) => [explorer.name, explorer.spec])))"
SHOWN = "root => root.dataset.ready === 'yes' && (!root.explorer.state.playing || root.explorer.state.at > 0)"

# To a link as one reads it: out of its folds, below what is pinned. Then where it is, and the state of its figure.
GO_TO = """async ([href, name]) => {
  const link = document.querySelector(`article a[href='${href}']:not(.still a)`);
  const root = [...document.querySelectorAll(".lossviz-explorer")].find(({ explorer }) => explorer.name === name);
  for (let fold = link.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  const docks = [...document.querySelectorAll(".figure-dock")].map((dock) => dock.getBoundingClientRect());
  const pinned = docks.filter(({ left, right, top }) => left < 40 && right > innerWidth - 40 && top < 100);
  const free = pinned.length ? Math.max(...pinned.map(({ bottom }) => bottom)) + 44 : innerHeight * 0.7;
  scrollBy({ top: link.getBoundingClientRect().top - free, behavior: "instant" });
  await new Promise(requestAnimationFrame);
  const { left, top, width, height } = link.getClientRects()[0];
  const [x, y] = [left + width / 2, top + height / 2];
  const { run, ...state } = root.explorer.state;  // all but the frames of a run, which are many
  return JSON.stringify({ x, y, state, covered: !link.contains(document.elementFromPoint(x, y)) });
}"""

# Once it has been pressed: the state, and of the figure and of the words of the link the part that nothing else covers,
# in pixels. Beside loss and plane the figure shows what the link speaks of.
WHAT_IS_SEEN = """async ([href, name, asked]) => {
  const link = document.querySelector(`article a[href='${href}']:not(.still a)`);
  const root = [...document.querySelectorAll(".lossviz-explorer")].find(({ explorer }) => explorer.name === name);
  const isShown = ({ playing, at }) => root.dataset.ready === "yes" && (!playing || at > 0);
  const deadline = performance.now() + 20_000;
  while (!isShown(root.explorer.state)) {
    if (performance.now() > deadline) throw new Error(`${href} is not shown`);
    await new Promise(requestAnimationFrame);
  }
  const words = link.closest("p, li, td, dd, h2, h3, figcaption, summary") ?? link;
  const placeOf = (element) => Object.values(element.getBoundingClientRect().toJSON()).join();
  const standing = [link, words, root, root.querySelector(".message"), root.querySelector("[role=tabpanel]")];
  for (let [still, places] = [false, ""]; !still;) { // from one frame to the next nothing of it moves
    await new Promise(requestAnimationFrame);
    const now = standing.map((element) => element && placeOf(element)).join();
    [still, places] = [now === places, now];
  }
  const { run, ...state } = root.explorer.state;

  const MOST = 132; // pixels: for more nobody asks
  const clear = (element, inside) => {
    const box = element.getBoundingClientRect();
    let rows = 0;
    const step = box.height > 120 ? 12 : 4;
    for (let y = Math.max(1, box.top + 1); rows < MOST && y < Math.min(innerHeight, box.bottom); y += step) {
      const hit = [0.15, 0.5, 0.85].some((share) => {
        const found = document.elementFromPoint(Math.min(innerWidth - 2, box.left + share * box.width), y);
        return found && (element.contains(found) || inside.contains(found) && found.contains(element));
      });
      if (hit) rows += step;
    }
    return rows;
  };
  const controls = asked.map((each) => `.parameters:not([hidden]) [data-parameter="${each}"] :is(input, select)`);
  const parts = { ".buttons .primary": "play", "[role=tabpanel]": "view" };
  const told = Object.keys(parts).filter((each) => asked.includes(parts[each]));
  const there = (names) => names.filter((each) => root.querySelector(each));
  const wanted = state.asked ? [...there([".stage"]), ".prompt"]
    : [".value", ...there([".stage", ...controls]), ...told];
  const seen = Object.fromEntries(wanted.map((each) => {
    const element = root.querySelector(each);
    return [each, element ? clear(element, root) : 0];
  }));
  const rows = clear(words, words);
  seen.words = Math.min(60, words.getBoundingClientRect().height - 8) <= rows ? 60 : rows;

  const [picture, room] = [root.querySelector("[role=tabpanel]:not([hidden]) svg"), root.getBoundingClientRect()];
  const boxes = (selector) => [...picture?.querySelectorAll(selector) ?? []]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }))
    .map((each) => [each, each.getBoundingClientRect()]);
  const dots = boxes(".dot .shown").map(([, { x, y, width, height }]) => [x + width / 2, y + height / 2]);
  const covers = ({ left, right, top, bottom }) =>
    left < room.left || right > room.right || dots.some(([x, y]) => x > left && x < right && y > top && y < bottom);
  const lying = boxes(".dot text").filter(([, box]) => covers(box)).map(([{ textContent }]) => textContent);
  root.explorer.change({ ...root.explorer.state, playing: false, asked: false });
  return JSON.stringify({ state, seen, lying });
}"""


def links_of(page: Page) -> list[str]:
    return page.locator("article a[href^='#'][href*='?']:not(.still a)").evaluate_all(LINKS)


def specs_of(page: Page) -> dict[str, dict]:
    return json.loads(page.locator(".lossviz-explorer").evaluate_all(SPECS))


def root_of(page: Page, name: str):
    roots = page.locator(".lossviz-explorer")
    names = roots.evaluate_all("roots => roots.map(root => root.explorer.name)")
    return roots.nth(names.index(name))


def near(one, other) -> bool:
    """The same, but for the last digits of sine and cosine."""
    if isinstance(one, list):
        return len(one) == len(other) and all(map(near, one, other))
    if isinstance(one, float | int) and not isinstance(one, bool):
        return one == pytest.approx(other, abs=1e-12)
    return one == other


def every_link_moves_the_figure(page: Page) -> list[str]:
    """Every link does what it names, and both are in sight together."""
    specs, phone, missed = specs_of(page), page.viewport_size == PHONE["viewport"], []
    for href in links_of(page):
        name, asked = address.split(href)
        found = json.loads(page.evaluate(GO_TO, [href, name]))
        before, place = found["state"], (found["x"], found["y"])
        wanted = address.follow(specs[name], before, href)
        page.touchscreen.tap(*place) if phone else page.mouse.click(*place)
        after = json.loads(page.evaluate(WHAT_IS_SEEN, [href, name, list(asked)]))
        state, seen = after["state"], after["seen"]
        told = [each for each in LASTING if not near(state[each], wanted[each])]
        moving = {"points", "tensors"} if "play" in asked or "step" in asked else set()
        missed += [f"{href}: {each}" for each in told if each not in moving]
        kept = "chart" if "ask" in asked and before["view"] == "code" else before["view"]  # an answer is a picture
        missed += [f"{href}: view {state['view']}"] if state["view"] != asked.get("view", kept) else []
        missed += [f"{href}: asks" for _ in "?" if state["asked"] != ("ask" in asked)]
        missed += [f"{href}: {note}" for note in state["notes"]]
        missed += [f"{href}: {name} lies on a dot or leaves the figure" for name in after["lying"]]
        few = {part: height for part, height in seen.items() if height < LEAST.get(part, 12)}
        missed += [f"{href}: {part} in sight {height} px" for part, height in few.items()]
        missed += [f"{href}: covered" for _ in "?" if found["covered"]]
    return missed


LEAST = {"words": 60, ".stage": 120, "[role=tabpanel]": 120}


def a_live_number_is_what_the_figure_shows(page: Page) -> list[str]:
    """As printed, once its own link is pressed."""
    missed = []
    for link in page.locator("article a[href^='#'][href*='live=']").all():
        printed = link.get_attribute("data-printed") or link.inner_text()
        root = root_of(page, address.split(link.get_attribute("href"))[0])
        link.evaluate("link => link.click()")
        page.wait_for_function(SHOWN, arg=root.element_handle())
        live = link.get_attribute("data-live") is not None
        if not live or link.inner_text() != printed:
            missed.append(f"{link.get_attribute('href')}: printed {printed}, live {link.inner_text()}")
    return missed


def test_the_book_moves_its_figures(site):
    """Every chapter with a figure has links that move it."""
    pages = {name: (site / name).read_text() for name in PAGES}
    moves = {name: set(re.findall(r'href="(#[a-z-]+\?[^"]+)"', text)) for name, text in pages.items()}
    counts = {name: len(moves[name]) for name, text in pages.items() if 'class="figure-dock' in text}
    assert len(counts) >= 7 and min(counts.values()) >= 5, counts


# ---- where it stands


def read_in_the_middle(dock) -> None:
    """Scroll to a paragraph in the middle of the words beside the figure."""
    paragraphs = dock.locator("xpath=../following-sibling::*[1]").locator("p").locator("visible=true")
    middle = paragraphs.nth(paragraphs.count() // 2)
    middle.evaluate("p => p.scrollIntoView({ block: 'center' })")
    dock.page.evaluate(FRAMES)


def the_whole_instrument_is_in_sight(page: Page) -> list[str]:
    missed = []
    for dock in page.locator(".figure-dock:not(:has(.compact))").all():  # that of the front page has no views
        read_in_the_middle(dock)
        box = dock.bounding_box()
        if not (box["height"] <= 640 and box["y"] >= 0 and box["y"] + box["height"] <= 720):
            missed.append(f"the figure: {box}")
        root = dock.locator(".lossviz-explorer")
        for part in (".value", ".stage, [role=tabpanel]", "[role=tabpanel]", ".message", ".primary", ".parameters"):
            inner = root.locator(part).locator("visible=true").first.bounding_box()
            if not (box["y"] <= inner["y"] and inner["y"] + inner["height"] <= box["y"] + box["height"] + 1):
                missed.append(f"{part}: {inner} in {box}")
    return missed


def the_pinned_figure_takes_at_most_300_pixels(page: Page) -> list[str]:
    missed = []
    for dock in page.locator(".figure-dock").all():
        read_in_the_middle(dock)
        box, shown = dock.bounding_box(), dock.locator(".stage, [role=tabpanel]").locator("visible=true").count()
        if not (box["height"] <= 300 and abs(box["y"]) <= 1 and shown):
            missed.append(f"{box}, {shown} shown")
    return missed


def test_a_tap_opens_the_pinned_figure_and_closes_it(open_page):
    page = open_page(CHAPTER, **PHONE)
    settle(page)
    dock = page.locator(".figure-dock").first
    toggle = dock.locator(".figure-toggle")
    toggle.tap()
    assert dock.bounding_box()["height"] > 560 and toggle.get_attribute("aria-expanded") == "true"
    assert dock.get_by_role("tab", name="Mask").is_visible()
    toggle.tap()
    assert dock.bounding_box()["height"] <= 300 and toggle.get_attribute("aria-expanded") == "false"


def nothing_is_cut_beside_the_figure(page: Page) -> list[str]:
    """No formula, table, code or printed number is wider than the words."""
    return page.evaluate("""() => [...document.querySelectorAll('.words :is(div.math, table, pre)')]
      .filter(each => each.checkVisibility() && !each.closest('details') && each.scrollWidth > each.clientWidth + 1)
      .map(each => `${each.tagName} ${each.scrollWidth} in ${each.clientWidth}: ${each.textContent.slice(0, 60)}`)""")


LOOKED_AT = {
    "wide": (the_whole_instrument_is_in_sight, nothing_is_cut_beside_the_figure,
             a_live_number_is_what_the_figure_shows, every_link_moves_the_figure),
    "phone": (the_pinned_figure_takes_at_most_300_pixels, nothing_is_cut_beside_the_figure,
              every_link_moves_the_figure),
}  # fmt: skip


@on_both
@every_page
def test_words_and_figure_belong_together(open_page, name, screen):
    """A page is opened once for all that is looked at on it."""
    page = open_page(name, **screen)
    settle(page)
    checks = LOOKED_AT["phone" if screen is PHONE else "wide"]
    missed = {check.__name__: check(page) for check in checks}
    assert {check: faults for check, faults in missed.items() if faults} == {}


def test_a_pinned_figure_covers_the_one_before_it(open_page):
    """Also where that one is open farther."""
    page = open_page("book/unlabelled.html", **PHONE)
    settle(page)
    first, second = page.locator(".figure-dock").all()[:2]
    first.evaluate("dock => { dock.dataset.open = 'view'; }")
    read_in_the_middle(first)
    expect(first).to_be_visible()
    read_in_the_middle(second)
    expect(second).to_be_visible()
    expect(first).not_to_be_visible()


# ---- addresses


def wait_for(root, wanted: str) -> None:
    there = "([root, wanted]) => root.explorer.address === wanted"
    root.page.wait_for_function(there, arg=[root.element_handle(), wanted])


def test_back_undoes_a_link_and_forward_does_it_again(open_page):
    page = open_page(CHAPTER, **WIDE)
    settle(page)
    root = page.locator(".lossviz-explorer").first
    address_of = "root => root.explorer.address"
    hrefs = [href for href in links_of(page) if "situation=" in href and "play" not in href and "step" not in href]
    found = [root.evaluate(address_of)]
    for href in hrefs:
        if len(found) == 4:
            break
        page.locator(f"article a[href='{href}']").first.evaluate("link => link.click()")
        if (there := root.evaluate(address_of)) != found[-1]:
            found.append(there)
    assert len(found) == 4
    for wanted in found[-2::-1]:
        page.go_back()
        wait_for(root, wanted)
    for wanted in found[1:]:
        page.go_forward()
        wait_for(root, wanted)


@on_both
def test_a_copied_link_opens_the_same_state_in_a_fresh_browser(open_page, screen):
    page = open_page(CHAPTER, **screen)
    settle(page)
    moved = """root => { const { explorer } = root; const { state } = explorer;
      const points = state.points.map((_, k) => [Math.cos(k + 0.1), Math.sin(k + 0.1)]);
      explorer.change({ ...state, points, chosen: 1 });
      return explorer.address; }"""
    wanted = page.locator(".lossviz-explorer").first.evaluate(moved)
    fresh = open_page(f"{urldefrag(page.url)[0]}{wanted}", **screen)
    settle(fresh)
    root = fresh.locator(".lossviz-explorer").first
    wait_for(root, wanted)


HOSTILE = ("situation=<img src=x onerror=alert(1)>", "%E0%A4%A", "scale=NaN&A=1e999", "A=" + "9," * 9000)


def test_a_hostile_address_gives_the_default_and_a_note(open_page):
    page = open_page(CHAPTER, **WIDE)
    settle(page)
    default = page.locator(".lossviz-explorer").first.evaluate("root => root.explorer.address")
    address_of_page = page.url
    for query in HOSTILE:
        page.goto("about:blank")
        page.goto(f"{address_of_page}#positive-pairs?{query}")
        settle(page)
        root = page.locator(".lossviz-explorer").first
        root.locator(".missed:not(:empty)").wait_for()
        assert root.evaluate("root => root.explorer.address") == default, query
        assert root.locator("img").count() == 0


TO_THE_RIGHT = """root => {
  const { explorer } = root;
  explorer.change({ ...explorer.state, points: explorer.state.points.map(() => [1, 0]) });
}"""


def test_a_link_works_by_the_keyboard_and_again(open_page):
    page = open_page(CHAPTER, **WIDE)
    settle(page)
    root = page.locator(".lossviz-explorer").first
    href = next(each for each in links_of(page) if "situation=perfect" in each)
    link = page.locator(f"article a[href='{href}']").first
    for _ in range(2):
        root.evaluate(TO_THE_RIGHT)
        link.focus()
        page.keyboard.press("Enter")
        page.wait_for_function(SHOWN, arg=root.element_handle())
        name, _ = address.split(href)
        state = json.loads(root.evaluate(STATE))
        wanted = address.follow(specs_of(page)[name], state, href)
        assert near(state["points"], wanted["points"]) and state["situation"] == wanted["situation"]
