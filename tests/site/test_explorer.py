"""Every explorer of the built site, used as a reader would: at each stop it says what torch says of the same state."""

import ast
import math
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
import torch
from playwright.sync_api import Page, expect

from lossviz.catalogue import ENTRIES
from lossviz.losses import Loss
from tests.conftest import ROOT, origin, watch
from tests.widgets.page import Explorer, letter
from tests.widgets.printed import NUMBER, shows

NOTEBOOKS = sorted(path.relative_to(ROOT) for path in (ROOT / "book").glob("*.ipynb"))
CHAPTER = "book/labelled_pairs.html"
WIDE = {"width": 1280, "height": 1000}
NARROW = {"width": 360, "height": 740}


def losses_of(notebook: Path) -> dict[str, Loss]:
    """The losses that a page may show: the catalogue's, and those that its notebook defines."""
    cells = nbformat.read(ROOT / notebook, as_version=4).cells
    code = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    kinds = (ast.Import, ast.ImportFrom, ast.ClassDef)
    wanted = [each for tree in code for each in tree.body if isinstance(each, kinds)]
    made: dict = {}
    exec(compile(ast.Module(wanted, []), str(notebook), "exec"), made)
    own = (each for each in made.values() if isinstance(each, type) and issubclass(each, Loss))
    known = [entry.default() for entry in ENTRIES]
    kinds = {type(each) for each in known} | {Loss}
    return {type(each).__name__: each for each in (*known, *(kind() for kind in own if kind not in kinds))}


def start_again(explorer: Explorer) -> None:
    """Its first loss at the start, nothing touched and nothing asked."""
    explorer.page.mouse.move(0, 0)
    explorer.choose("Loss", "ContrastiveLoss")
    explorer.show_answer()
    explorer.button("Reset").click()
    explorer.choose("Situation", "Start")
    explorer.tab("Chart").click()
    explorer.page.evaluate("document.activeElement.blur()")
    explorer.page.mouse.move(0, 0)
    explorer.wait_until("root => root.dataset.ready && root.explorer.state.run === null")


def explorers(page: Page, name: str) -> list[Explorer]:
    page.wait_for_selector("html[data-widgets=ready]", state="attached")
    roots = page.locator(".lossviz-explorer")
    expect(page.locator(".lossviz-explorer[data-ready]")).to_have_count(roots.count())
    losses = losses_of(Path(name).with_suffix(".ipynb"))
    return [Explorer(roots.nth(k), losses) for k in range(roots.count())]


@pytest.fixture(scope="module")
def opened(chromium, site, served_site):
    """opened(name, file=False, **context options): a page of the book that must stay at home and say no error."""

    @contextmanager
    def open_one(name: str, file: bool = False, **options):
        complaints: list[str] = []
        context = chromium.new_context(**{"viewport": WIDE, **options})
        page = context.new_page()
        address = (site / name).as_uri() if file else served_site + name
        watch(page, origin(address), complaints)
        page.goto(address)
        yield page
        context.close()
        assert not complaints, "\n".join(complaints)

    return open_one


@pytest.fixture(scope="module")
def wide(opened):
    """The chapter's first explorer, on a wide screen, shared by the tests that use a mouse and a keyboard."""
    with opened(CHAPTER) as page:
        yield explorers(page, CHAPTER)[0]


@pytest.fixture
def explorer(wide):
    """It, back at its start."""
    wide.root.scroll_into_view_if_needed()
    start_again(wide)
    return wide


@pytest.fixture(scope="module")
def narrow(opened):
    """The same on a phone."""
    with opened(CHAPTER, viewport=NARROW, has_touch=True, is_mobile=True, device_scale_factor=2) as page:
        page.locator(".figure-toggle").first.tap()  # all of it, not only what is pinned
        yield explorers(page, CHAPTER)[0]


CHAPTERS = [path.with_suffix(".html").as_posix() for path in NOTEBOOKS]


@pytest.mark.parametrize(("name", "file"), [*((name, False) for name in CHAPTERS), (CHAPTER, True)])
def test_every_explorer_of_every_page_says_what_torch_says(opened, name, file):
    with opened(name, file) as page:
        for each in explorers(page, name):
            each.root.scroll_into_view_if_needed()
            asked = each.state["asked"]
            assert asked == ("asking" in each.root.get_attribute("class"))
            assert each.find(".value").evaluate(SEEN) != asked
            each.show_answer()
            each.says_what_torch_says()
            assert each.find("[role=tabpanel]").count() == (not each.spec["compact"])
            assert asked or not each.find(".verdict").is_visible()


SEEN = "element => element.checkVisibility({ visibilityProperty: true })"


def test_the_front_page_is_answered_played_and_swapped(opened):
    name = "book/index.html"
    with opened(name) as page:
        (explorer,) = explorers(page, name)
        for hidden in ("Play", "Swap the loss"):
            expect(explorer.button(hidden)).to_have_count(0)
        explorer.show_answer()
        before = explorer.state
        explorer.play()
        assert explorer.state["points"] != before["points"]
        explorer.says_what_torch_says()
        explorer.button("Swap the loss").click()
        after = explorer.says_what_torch_says().state
        assert [before["loss"], after["loss"]] == ["ContrastiveLoss", "OnlineContrastiveLoss"]
        assert after["points"] == before["points"]


# Moving points


TARGETS = [("cosine", (0.1, 0.9)), ("cosine", (-0.7, -0.72)), ("euclidean", (-1.2, 0.4)), ("manhattan", (0.3, 0.1))]


def drag_with_mouse(explorer: Explorer, index: int, x: float, y: float) -> None:
    mouse = explorer.page.mouse
    mouse.move(*explorer.centre(index))
    mouse.down()
    mouse.move(x, y, steps=4)
    mouse.up()


def drag_with_finger(explorer: Explorer, index: int, x: float, y: float) -> None:
    swipe(explorer.page, explorer.centre(index), (x, y))


def swipe(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": left, "y": top} for left, top in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start)
    for share in (0.25, 0.5, 0.75, 1):
        touch("touchMove", tuple(a + share * (b - a) for a, b in zip(start, end, strict=True)))
    touch("touchEnd")


def assert_dragged(explorer: Explorer, drag, index: int, place: tuple[float, float]) -> None:
    """Drag the point to a place of the plane: it goes there, the others stay, and torch agrees about the rest."""
    left, top, unit = explorer.stage()
    before = explorer.state["points"]
    drag(explorer, index, left + unit * place[0], top - unit * place[1])
    after = explorer.state["points"]
    length = math.hypot(*place) if explorer.torch.on_circle else 1
    assert after[index] == pytest.approx([value / length for value in place], abs=1.5 / unit / length)
    assert [p for k, p in enumerate(after) if k != index] == [p for k, p in enumerate(before) if k != index]
    explorer.says_what_torch_says()


@pytest.mark.parametrize(("distance", "place"), TARGETS)
def test_a_mouse_drags_a_point(explorer, distance, place):
    explorer.choose("distance", distance)
    assert_dragged(explorer, drag_with_mouse, 3, place)
    explorer.page.mouse.move(0, 0)
    assert explorer.state["lit"] is None
    explorer.says_what_torch_says()


@pytest.mark.parametrize(("distance", "place"), TARGETS[1:3])
def test_a_finger_drags_a_point_and_not_the_page(narrow, distance, place):
    start_again(narrow)
    narrow.choose("distance", distance)
    narrow.find(".stage").scroll_into_view_if_needed()
    where = narrow.page.evaluate("scrollY")
    assert_dragged(narrow, drag_with_finger, 1, place)
    assert narrow.page.evaluate("scrollY") == where
    assert narrow.state["lit"] is None


def test_a_finger_beside_the_points_scrolls_the_page(narrow):
    start_again(narrow)
    narrow.find(".stage").evaluate("stage => stage.scrollIntoView({ block: 'center' })")
    left, top, _ = narrow.stage()
    scrolled = "scrollY + document.querySelector('.figure-dock').scrollTop"  # an open figure scrolls by itself
    before, where = narrow.state, narrow.page.evaluate(scrolled)
    swipe(narrow.page, (left, top), (left, top - 150))
    narrow.wait_until(f"() => {scrolled} > {where} + 50")
    assert narrow.state["points"] == before["points"]


KEYS = [("ArrowUp", 0.05), ("ArrowLeft", 0.05), ("ArrowDown", -0.05), ("ArrowRight", -0.05), ("Shift+ArrowUp", 0.2)]


@pytest.mark.parametrize(("key", "turn"), KEYS)
def test_an_arrow_key_turns_a_point_on_the_circle(explorer, key, turn):
    x, y = explorer.state["points"][1]  # on whose way is nothing to snap to
    explorer.point(1).focus()
    where = explorer.page.evaluate("scrollY")
    explorer.page.keyboard.press(key)
    angle = math.atan2(y, x) + turn
    assert explorer.state["points"][1] == pytest.approx([math.cos(angle), math.sin(angle)])
    assert explorer.state["chosen"] == 1
    assert explorer.page.evaluate("scrollY") == where
    explorer.says_what_torch_says()


@pytest.mark.parametrize(
    ("key", "shift"),
    [("ArrowUp", (0, 0.05)), ("ArrowRight", (0.05, 0)), ("Shift+ArrowDown", (0, -0.2)), ("ArrowLeft", (-0.05, 0))],
)
def test_an_arrow_key_shifts_a_free_point(explorer, key, shift):
    explorer.choose("distance", "euclidean")
    x, y = explorer.state["points"][4]
    explorer.point(4).press(key)
    assert explorer.state["points"][4] == pytest.approx([x + shift[0], y + shift[1]])
    explorer.says_what_torch_says()


def test_a_free_point_stays_in_the_plane(explorer):
    explorer.choose("distance", "euclidean")
    left, top, unit = explorer.stage()
    drag_with_mouse(explorer, 0, left + 1.55 * unit, top - 1.9 * unit)
    edge = 1.6 - 18 / unit  # its mark is not cut
    assert explorer.state["points"][0] == pytest.approx([edge, edge], abs=1e-9)


def test_tab_reaches_every_point(explorer):
    explorer.point(0).focus()
    for index in range(1, 6):
        explorer.page.keyboard.press("Tab")
        expect(explorer.point(index)).to_be_focused()


# Touching one thing lights what belongs to it


TOUCHED = {"Chart": ".distance-line .dot", "Sum": ".sum li", "Mask": "table.mask tbody tr"}


@pytest.mark.parametrize(("view", "part"), TOUCHED.items())
def test_a_touched_term_is_lit_everywhere(explorer, view, part):
    explorer.tab(view).click()
    explorer.says_what_torch_says()  # the list is that of this state
    touched = explorer.find(part).first
    touched.hover()
    wanted = explorer.says_what_torch_says()
    assert wanted.state["lit"]["kind"] == "term"
    (pair,) = (term["letters"] for term in explorer.terms if term["index"] == wanted.state["lit"]["index"])
    bright = [letter(k) for k in range(6) if "faded" not in explorer.point(k).get_attribute("class")]
    assert bright == sorted(pair.split("–"))
    expect(explorer.find(".pair:not(.faded)")).to_have_count(1)
    if "table" not in part:
        assert pair in touched.text_content()


def test_a_touched_sentence_is_lit_everywhere(explorer):
    explorer.tab("Sentences").click()
    explorer.find(".legend button").nth(5).hover()
    wanted = explorer.says_what_torch_says()
    assert wanted.state["lit"] == {"kind": "point", "index": 5}
    explorer.find(".legend button").nth(5).click()
    assert explorer.state["chosen"] == 5


# Controls


def test_a_situation_with_each_distance(explorer):
    """tests/widgets/test_page.py looks at every situation."""
    distances = ("cosine", "euclidean", "manhattan")
    for situation, distance in zip(explorer.spec["situations"][1:], distances, strict=False):
        explorer.choose("Situation", situation["title"])
        explorer.show_answer()
        explorer.choose("distance", distance)
        wanted = explorer.says_what_torch_says()
        assert wanted.situation == situation
        assert wanted.state["parameters"]["distance"] == distance


def test_the_sum_instead_of_the_mean(explorer):
    explorer.switch("size_average").uncheck()
    assert explorer.says_what_torch_says().loss.size_average is False


def test_the_margin_by_keyboard_and_by_hand(explorer):
    explorer.slider("margin").press("ArrowRight")
    assert explorer.says_what_torch_says().loss.margin == pytest.approx(0.51)
    for margin in ("0", "0.9", "2"):
        explorer.slider("margin").fill(margin)
        assert explorer.says_what_torch_says().loss.margin == float(margin)
        expect(explorer.find(".threshold text")).to_have_text(f"margin {margin}")


def test_two_choices_in_quick_succession(opened):
    """The second comes while the first variant is still being imported."""
    with opened(CHAPTER) as page:
        explorer = explorers(page, CHAPTER)[0]
        explorer.show_answer()
        explorer.find("select[aria-label^='distance']:visible").evaluate("""async (select) => {
          for (const value of [1, 2]) {
            select.value = value;
            select.dispatchEvent(new Event("change"));
            await new Promise(requestAnimationFrame);
          }
        }""")
        assert explorer.says_what_torch_says().loss.distance == "manhattan"


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_a_step_is_a_step_of_torch(explorer, distance):
    """And each arrow is its gradient on the scale that the note states."""
    explorer.choose("distance", distance)
    explorer.slider("step size").fill("0.5")
    wanted, scale = explorer.says_what_torch_says(), explorer.scale
    tips = explorer.find(".arrows .head").evaluate_all(TIPS)
    unit = explorer.stage()[2]
    explorer.button("Step").click()
    explorer.wait_until("root => root.explorer.state.at === 1 && root.dataset.ready")
    landed = torch.tensor(explorer.state["points"], dtype=torch.float64)
    assert torch.allclose(landed, wanted.after_step(explorer.rate), rtol=0, atol=1e-12)
    assert explorer.history == [pytest.approx(wanted.terms.loss.item())]
    after = explorer.says_what_torch_says().terms.loss.item()
    explorer.tab("Run").click()
    said = [found[0] for found in NUMBER.finditer(explorer.find(".history span").text_content())]
    assert shows(said[0], wanted.terms.loss.item()) and shows(said[1], after)
    assert len(tips) == 6 and any(tips)
    for tip, point, gradient in zip(tips, wanted.points, wanted.gradient, strict=True):
        if tip:
            assert_points_to(tip, point, -scale * gradient, unit, distance)


# Where the arrows end, in pixels from the middle of the plane.
TIPS = """heads => heads.map(head => {
  const [, x, y] = head.getAttribute("d").match(/M([-\\d.]+),([-\\d.]+)/) ?? [];
  const half = head.ownerSVGElement.width.baseVal.value / 2;
  return x ? [x - half, half - y] : null;
})"""


def assert_points_to(tip, point, arrow, unit, distance) -> None:
    if distance == "cosine":  # the arrow runs beside the circle, so compare angles
        along = point[0] * arrow[1] - point[1] * arrow[0]
        wanted = math.atan2(point[1], point[0]) + along.item()
        assert math.remainder(math.atan2(tip[1], tip[0]) - wanted, 2 * math.pi) == pytest.approx(0, abs=0.01)
    else:  # it starts at the point's edge, so it ends as much too far
        end = (unit * (point + arrow)).tolist()
        assert math.dist(tip, end) == pytest.approx(14, abs=0.7)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_play_descends_as_torch_does_and_stops_by_itself(explorer, distance):
    explorer.choose("distance", distance)
    start = explorer.torch
    explorer.play()
    expect(explorer.button("Play")).to_be_visible()
    end, rate = explorer.says_what_torch_says(), explorer.rate
    losses, points = start.descent(end.state["at"], rate)
    assert 30 <= len(losses) <= 400
    assert explorer.history == pytest.approx(losses, abs=1e-9)
    assert torch.allclose(end.points, points, rtol=0, atol=1e-6)
    assert end.terms.loss.item() < 0.7 * losses[0]
    assert rate * end.gradient.norm(dim=-1).max() < 1e-4 or len(losses) == 400


def test_play_pauses(explorer):
    explorer.slider("step size").fill("-1")  # the longest Play there is
    explorer.button("Play").press("Enter")
    explorer.wait_until("root => root.explorer.state.at > 3")
    explorer.button("Pause").press("Enter")
    assert not explorer.state["playing"]
    expect(explorer.button("Play")).to_be_visible()
    explorer.says_what_torch_says()


def test_a_drag_stops_play(explorer):
    explorer.slider("step size").fill("-1")
    explorer.button("Play").click()
    explorer.point(0).press("ArrowUp")
    assert explorer.state["playing"] is False and explorer.state["run"] is None
    expect(explorer.button("Play")).to_be_visible()


def test_reset_brings_the_start_back(explorer):
    start = explorer.state
    explorer.choose("distance", "euclidean")
    explorer.slider("margin").fill("1.3")
    explorer.slider("step size").fill("1")
    explorer.point(2).press("ArrowUp")
    explorer.button("Step").click()
    explorer.button("Reset").click()
    assert {**explorer.state, "lit": None} == start
    explorer.says_what_torch_says()


# Which frames of the run the state goes through.
SHOWN_FRAMES = """(root) => {
  window.shown = [];
  new MutationObserver(() => {
    const { at } = root.explorer.state;
    if (at !== shown.at(-1)) shown.push(at);
  }).observe(root, { attributes: true });
}"""


def test_reduced_motion_shows_the_end_at_once(opened):
    with opened(CHAPTER, reduced_motion="reduce") as page:
        explorer = explorers(page, CHAPTER)[0]
        explorer.show_answer()
        start = explorer.torch
        explorer.root.evaluate(SHOWN_FRAMES)
        explorer.play()
        state = explorer.state
        assert explorer.page.evaluate("shown") == [0, state["at"]]  # at once: the end follows the start
        losses, points = start.descent(state["at"], explorer.rate)
        assert len(losses) > 5 and not state["playing"]
        assert torch.allclose(torch.tensor(state["points"]).double(), points, rtol=0, atol=1e-6)
        explorer.says_what_torch_says()


# The mask, and a point that nothing pulls


def test_the_tabs_by_keyboard(explorer):
    chart, mask = (explorer.tab(name) for name in ("Chart", "Mask"))
    chart.focus()
    for key, chosen, other in (("ArrowRight", mask, chart), ("ArrowLeft", chart, mask)):
        explorer.page.keyboard.press(key)
        expect(chosen).to_be_focused()
        expect(chosen).to_have_attribute("aria-selected", "true")
        expect(other).to_have_attribute("aria-selected", "false")
        expect(other).to_have_attribute("tabindex", "-1")
        shown = explorer.find("table.mask" if chosen is mask else ".distance-line")
        expect(shown).to_be_visible()


def test_the_mask_is_that_of_torch(explorer):
    explorer.tab("Mask").click()
    wanted = explorer.says_what_torch_says()
    rows = explorer.find("table.mask tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => (cell.querySelector('.spoken') ?? cell).textContent))"
    )
    flags = (wanted.flat(name) for name in ("positive", "negative", "valid", "active"))
    columns = (wanted.situation["labels"], *flags, wanted.flat("matrix"), wanted.flat("values"))
    letters = [term["letters"] for term in explorer.terms]
    for row, name, label, *told, distance, value in zip(rows, letters, *columns, strict=True):
        assert row[:2] == [name, str(int(label))] and row[3:7] == ["yes" if flag else "no" for flag in told]
        assert shows(row[2], distance) and shows(row[7], value)


def test_a_point_that_nothing_pulls_is_hollow(explorer):
    names = ("backgroundColor", "color")
    paper, ink = (explorer.shown().evaluate(f"e => getComputedStyle(e).{name}") for name in names)
    fills = ".point .dot", "dots => dots.map(dot => getComputedStyle(dot).fill)"
    pulled = (explorer.torch.gradient.norm(dim=-1) > 1e-9).tolist()
    assert explorer.find(".points").locator(fills[0]).evaluate_all(fills[1]) == [
        ink if each else paper for each in pulled
    ]
    explorer.choose("Situation", "Everything collapsed")
    wanted = explorer.says_what_torch_says()
    assert wanted.gradient.abs().max() < 1e-9
    assert explorer.find(".points").locator(fills[0]).evaluate_all(fills[1]) == [paper] * 6
    assert "nothing pulls" in explorer.point(0).get_attribute("aria-label")
    explorer.button("Step").click()
    assert explorer.state["points"] == wanted.state["points"]


# Seen on any screen


def crowd_on_the_left(explorer: Explorer) -> None:
    """Every point a little short of 180 degrees, where the strip ends."""
    explorer.find(".stage").scroll_into_view_if_needed()
    left, top, unit = explorer.stage()
    for index in range(6):
        drag_with_mouse(explorer, index, left - unit, top - unit * (0.02 + 0.01 * index))
    explorer.page.mouse.move(0, 0)
    assert all(x < -0.99 and y > 0 for x, y in explorer.state["points"])


LOOKS = {
    "start": lambda explorer: None,
    "collapsed": lambda explorer: explorer.choose("Situation", "Everything collapsed"),
    "mask": lambda explorer: explorer.tab("Mask").click(),
    "euclidean": lambda explorer: explorer.choose("distance", "euclidean"),
    "large numbers": lambda explorer: (explorer.switch("size_average").uncheck(), explorer.slider("margin").fill("2")),
    "crowded": crowd_on_the_left,
}
SIGHT = """async (root) => {
  const SCROLLS = ".scroll, .message, [role=tablist], [role=tabpanel]"; // what does not fit in them is scrolled to
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const outer = root.getBoundingClientRect();
  const texts = [], outside = [], cut = [];
  const name = (e) => `${e.tagName}.${e.getAttribute("class") ?? ""} ${e.textContent.slice(0, 30)}`;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.closest(".spoken, option")) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const scale = element.getScreenCTM?.().a ?? 1;
    texts.push([name(element), parseFloat(style.fontSize) * scale]);
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const box = range.getBoundingClientRect();
    const inside = box.left >= outer.left && box.right <= outer.right && box.bottom <= outer.bottom;
    if (!inside && !element.closest(SCROLLS)) outside.push(name(element));
  }
  for (const element of root.querySelectorAll(":not(g)")) {
    if (element.closest(`.spoken, :is(${SCROLLS}) *`)) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const box = element.getBoundingClientRect();
    if (box.width && (box.left < outer.left - 0.5 || box.right > outer.right + 0.5)) outside.push(name(element));
    const hides = getComputedStyle(element).overflowX !== "visible" && !element.matches(SCROLLS);
    if (hides && element.scrollWidth > element.clientWidth + 1) cut.push(name(element));
  }
  return { texts, outside, cut, wide: root.scrollWidth - root.clientWidth };
}"""


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("screen", ["wide", "narrow"])
def test_nothing_is_small_or_cut(request, screen, look):
    explorer = request.getfixturevalue(screen)
    start_again(explorer)
    LOOKS[look](explorer)
    explorer.says_what_torch_says()
    seen = explorer.shown().evaluate(SIGHT)
    assert len(seen["texts"]) > 30
    assert [text for text in seen["texts"] if text[1] < 13] == []
    assert (seen["outside"], seen["cut"], seen["wide"]) == ([], [], 0)


TARGET_SIZES = """(root) => [...root.querySelectorAll("button, select, input, summary, .hit")].flatMap((element) => {
  if (!element.checkVisibility()) return [];
  const touched = element.matches("[type=checkbox]") ? element.closest("label") : element;
  const { width, height } = touched.getBoundingClientRect();
  const around = element.matches("summary") ? 20 : 0; // its ::after reaches 10 pixels further on each side
  return [[element.outerHTML.slice(0, 80), width + around, height + around]];
})"""


@pytest.mark.parametrize("screen", ["wide", "narrow"])
def test_whatever_is_touched_is_44_pixels_large(request, screen):
    explorer = request.getfixturevalue(screen)
    start_again(explorer)
    sizes = explorer.shown().evaluate(TARGET_SIZES)
    assert len(sizes) > 20
    assert [each for each in sizes if min(each[1:]) < 43.99] == []


CONTROLS = {"button", "combobox", "slider", "tab", "checkbox", "textbox", "link", "DisclosureTriangle", "option"}
NAMED = CONTROLS | {"image", "tablist"}


@pytest.mark.parametrize("tab", ["Chart", "Mask"])
def test_every_control_has_a_name(explorer, tab):
    explorer.tab(tab).click()
    session = explorer.page.context.new_cdp_session(explorer.page)
    session.send("DOM.getDocument")
    found = session.send("Runtime.evaluate", {"expression": "document.querySelector('.lossviz-explorer')"})
    nodes = session.send("Accessibility.queryAXTree", {"objectId": found["result"]["objectId"]})["nodes"]
    named = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]
    assert {"button", "combobox", "slider", "tab"} <= {role for role, _ in named}
    assert [each for each in named if each[0] in NAMED and not each[1].strip()] == []


TEXT_COLOURS = """(root) => [...root.querySelectorAll("*")].flatMap((element) => {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!own || element.closest(".point, .raised, .spoken, option, .faded")) return [];
  if (!element.checkVisibility({ visibilityProperty: true })) return [];
  const style = getComputedStyle(element);
  let ground = element.ownerSVGElement ?? element;
  while (/rgba\\(.*, 0\\)/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  const colour = element instanceof SVGElement ? style.fill : style.color;
  return [[element.outerHTML.slice(0, 90), colour, getComputedStyle(ground).backgroundColor]];
})"""


def contrast(one: str, other: str) -> float:
    dark, light = sorted(luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = [float(part) / 255 for part in colour.strip("rgba()").split(",")[:3]]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_by_day_and_by_night(opened, scheme):
    with opened(CHAPTER, color_scheme=scheme) as page:
        explorer = explorers(page, CHAPTER)[0]
        explorer.show_answer()
        for tab in ("Chart", "Mask"):
            explorer.tab(tab).click()
            page.mouse.move(0, 0)
            texts = explorer.shown().evaluate(TEXT_COLOURS)
            assert len(texts) > 30
            assert (luminance(texts[0][2]) < 0.2) == (scheme == "dark")
            assert [(text, one, other) for text, one, other in texts if contrast(one, other) < 4.5] == []


def test_the_heat_map_follows_the_theme_switch(explorer):
    explorer.choose("distance", "euclidean")
    note = explorer.find(".message > .note:not(.tally)")
    expect(note).to_contain_text("Behind: the loss if C stood there")
    shade = """(root) => {
      const canvas = root.querySelector("canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.reduce((sum, value, k) => sum + (k % 4 < 3 ? value : 0), 0) / (data.length * 0.75);
    }"""
    assert explorer.shown().evaluate(shade) > 150
    explorer.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    explorer.wait_until(f"root => ({shade})(root) < 110")
    explorer.page.evaluate("document.documentElement.dataset.theme = 'light'")
    explorer.wait_until(f"root => ({shade})(root) > 150")


def test_the_heat_map_is_the_loss_as_the_chosen_point_moves(explorer):
    """Its note names the lowest and the highest value: torch over the same grid."""
    explorer.choose("distance", "euclidean")
    explorer.shades_what_torch_says(explorer.torch, 1.6)


def test_the_strip_is_the_loss_as_the_chosen_point_goes_round(explorer):
    wanted = explorer.torch
    explorer.tab("Strip").click()
    explorer.wait_until("root => root.querySelector('.strip .curve').hasAttribute('d')")
    turns = torch.linspace(-math.pi, math.pi, 181, dtype=torch.float64)
    losses = wanted.values_at(wanted.state["chosen"], torch.stack([turns.cos(), turns.sin()], -1))
    curve = explorer.find(".strip .curve").get_attribute("d")
    heights = torch.tensor([-float(place.split(",")[1]) for place in curve[1:].split("L")]).double()
    base, scale = torch.linalg.lstsq(torch.stack([torch.ones(181), losses], -1).double(), heights[:, None]).solution
    assert scale > 100
    assert torch.allclose(base + scale * losses, heights, rtol=0, atol=0.02)
