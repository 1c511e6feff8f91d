"""The surface: its heights are torch's, every point stands on it, and plotly comes only when it is wanted."""

import json
import math
import re

import pytest
import torch
from playwright.sync_api import expect

import lossviz
from tests.widgets.seen import Seen
from tools.host_page import write_page

CASES = [
    (lossviz.ContrastiveLoss(margin=0.5), "circle"),
    (lossviz.MultipleNegativesRankingLoss(), "circle"),
    (lossviz.CoSENTLoss(), "circle"),
    (lossviz.TripletLoss(), "free"),
    (lossviz.BatchAllTripletLoss(), "free"),
]
SURFACES = """(async () => {
  const { spec, modules, now, shape } = given;
  const page = engine.pageEngine(spec, modules);
  const begun = state.begin(spec, now);
  const found = [];
  const { signal } = new AbortController();
  for await (const each of views_surface.surfaces(spec, page, begun, shape, 1.6, signal)) found.push(each);
  return found;
})()"""


@pytest.mark.parametrize(("loss", "shape"), CASES)
def test_every_height_is_the_loss_with_the_point_there(javascript, loss, shape):
    explorer = lossviz.explore(loss, controls=())
    values = {"spec": explorer.spec, "modules": explorer.modules, "now": explorer.state, "shape": shape}
    seen = Seen(explorer._losses, explorer.spec, explorer.state)
    assert seen.on_circle == (shape == "circle")
    chosen = seen.situation["chosen"]
    found = javascript(SURFACES, json.loads(json.dumps(values)))
    for each in found:
        places = torch.tensor(each["places"], dtype=torch.float64)
        assert torch.allclose(torch.tensor(each["heights"]).double(), seen.values_at(chosen, places), atol=1e-12)
        assert torch.allclose(torch.tensor(each["below"]).double(), seen.values_at(chosen, seen.points), atol=1e-12)
        assert seen.values_at(chosen, torch.tensor([each["lowest"]]).double()).item() == pytest.approx(each["low"])
        assert each["low"] <= min(each["heights"]) + 1e-12 and max(each["heights"]) <= each["high"] + 1e-12
    if shape == "circle":  # a tenth of a degree from place to place
        angles = torch.linspace(-180, 180, 3601, dtype=torch.float64).deg2rad()
        all_round = seen.values_at(chosen, torch.stack([angles.cos(), angles.sin()], dim=-1))
        assert [found[-1][each] for each in ("low", "high")] == pytest.approx(
            [all_round.min().item(), all_round.max().item()], abs=1e-4 * (all_round.max() - all_round.min()).item()
        )
    counts = [each["count"] for each in found]
    assert counts == sorted(counts) and counts[0] < counts[-1]  # coarse first


def test_triangles_cover_the_grid_once(javascript):
    corners = javascript("views_surface.trianglesOf(4, 3)")
    places = torch.tensor([[k % 4, k // 4] for k in range(12)], dtype=torch.float64)
    a, b, c = (places[corners[name]] for name in "ijk")
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    areas = (ux * vy - uy * vx) / 2
    assert len(areas) == 12 and areas.min() > 0 and areas.sum() == 6
    assert set(corners["i"] + corners["j"] + corners["k"]) == set(range(12))


def test_the_axis_stays_as_long_as_the_surface_fills_it(javascript):
    asked = "(() => { const range = views_surface.createRange(); return given.map((each) => range(...each)); })()"
    given = [["a", 0.0, 3.9], ["a", 0.5, 2.5], ["a", 0.5, 4.5], ["a", 0.1, 0.5], ["b", 2.7, 2.7], ["b", 0, 0]]
    found = javascript(asked, given)
    assert found[0] == found[1] == [0, 4]
    for (_, low, high), (bottom, top) in zip(given, found, strict=True):
        assert bottom <= low <= high <= top and top > bottom
        assert high == low or high - low >= 0.35 * (top - bottom)


def test_the_camera_turns_round_the_upright_axis_and_stays_above(javascript):
    eye = {"x": 1.0, "y": 0.0, "z": 1.0}
    asked = "given.ways.map((way) => views_eye.turned({ eye: given.eye, up: 1 }, way))"
    quarter, over, under = javascript(asked, {"eye": eye, "ways": [[torch.pi / 2, 0], [0, 9], [0, -9]]})
    assert [quarter["eye"][each] for each in "xyz"] == pytest.approx([0, 1, 1], abs=1e-12) and quarter["up"] == 1
    for turned in (over, under):
        assert sum(each**2 for each in turned["eye"].values()) == pytest.approx(2)
    assert over["eye"]["z"] < 2**0.5 and under["eye"]["z"] > 0


# ---- drawn

PLOT = """(root) => {
  const { data, layout } = root.querySelector(".plot");
  const [surface, marks] = data;
  return { ...surface, corners: surface.i.length, marks, range: layout.scene.zaxis.range };
}"""
DRAWN = "(root) => root.querySelector('.plot')?.data && root.querySelector('.plot canvas') !== null"
SOON = 60_000


def opened(explorer) -> None:
    explorer.show_answer()
    explorer.tab("Surface").click()
    explorer.wait_until(DRAWN)


def shows_torch(explorer) -> None:
    """Waits until the surface is that of the newest state: its heights, and the marks on it."""
    seen = explorer.torch
    chosen, here = seen.state["chosen"], seen.terms.loss.item()
    want = seen.values_at(chosen, seen.points)
    want[chosen] = here
    explorer.page.wait_for_function(
        """([root, want]) => {
          const { data, layout } = root.querySelector(".plot");
          const [low, high] = layout.scene.zaxis.range;
          return data[1].z.every((z, k) => Math.abs(z - 0.02 * (high - low) - want[k]) < 1e-9 * (1 + want[k]));
        }""",
        arg=[explorer.root.element_handle(), want.tolist()],
        timeout=SOON,
    )
    plot = explorer.root.evaluate(PLOT)
    places = torch.tensor([plot["x"], plot["y"]], dtype=torch.float64).T
    heights = torch.tensor(plot["z"], dtype=torch.float64)
    assert torch.allclose(heights, seen.values_at(chosen, places), rtol=1e-9, atol=1e-9)
    assert plot["intensity"] == plot["z"]
    stand = torch.tensor([plot["marks"]["x"], plot["marks"]["y"]], dtype=torch.float64).T
    assert torch.allclose(stand, seen.points)
    letters_stand_by_their_points(explorer)
    assert [index for index, each in enumerate(plot["marks"]["marker"]["symbol"]) if each == "diamond"] == [chosen]
    low, high = plot["range"]
    assert low <= heights.min() and max(heights.max(), here) <= high


# Where plotly itself draws each mark, and where each letter is written: {letters: [x, y, width, height]}, in pixels.
LETTERS = """(root) => {
  const box = root.querySelector(".plot");
  const { glplot, dataScale } = box._fullLayout.scene._scene;
  const { model, view, projection } = glplot.cameraParams;
  const times = (matrix, place) =>
    [0, 1, 2, 3].map((row) => place.reduce((sum, value, k) => sum + matrix[4 * k + row] * value, 0));
  const [{ x, y, z }, { clientWidth, clientHeight }] = [box.data[1], box];
  const marks = [...z.keys()].map((k) => {
    const place = [x, y, z].map((each, axis) => each[k] * dataScale[axis]);
    const [right, up, , far] = [model, view, projection].reduce((from, matrix) => times(matrix, from), [...place, 1]);
    return [(1 + right / far) / 2 * clientWidth, (1 - up / far) / 2 * clientHeight];
  });
  const { left, top } = box.getBoundingClientRect();
  const texts = [...root.querySelectorAll(".letters text:not([visibility])")].map((text) => {
    const { x, y, width, height } = text.getBoundingClientRect();
    return [text.textContent, [x - left, y - top, width, height]];
  });
  return { marks, texts };
}"""


def letters_stand_by_their_points(explorer) -> None:
    """Each letter once, over nothing; those that share a label stand in one place."""
    found = explorer.root.evaluate(LETTERS)
    written = [each for words, _ in found["texts"] for each in words.split()]
    assert sorted(written) == list("ABCDEFGHIJKL"[: len(found["marks"])])
    for words, (x, y, width, height) in found["texts"]:
        for each in words.split():
            right, down = found["marks"]["ABCDEFGHIJKL".index(each)]
            aside, above = max(x - right, 0, right - x - width), max(y - down, 0, down - y - height)
            assert 3 < math.hypot(aside, above) < 40, (each, found)
        for other, (left, top, wide, high) in found["texts"]:
            air = 3  # above and below a line of text
            apart = x + width <= left or left + wide <= x or y + height - air <= top or top + high - air <= y
            assert other == words or apart, (words, other)


CROWDS = [
    (lossviz.CoSENTLoss(), "start"),
    (lossviz.BatchAllTripletLoss(), "collapsed"),
    (lossviz.BatchHardTripletLoss(), "start"),
    (lossviz.ContrastiveLoss(), "start"),
]


@pytest.mark.parametrize(("loss", "situation"), CROWDS, ids=[f"{type(loss).__name__} {each}" for loss, each in CROWDS])
def test_letters_stand_by_their_points_from_every_side(mounted, loss, situation):
    explorer = mounted(lossviz.explore(loss, situation=situation))
    opened(explorer)
    plot = explorer.root.locator(".plot")
    eye = "([plot, x]) => plot._fullLayout.scene._scene.glplot.cameraParams.view[0] !== x"
    for _ in range(4):
        letters_stand_by_their_points(explorer)
        before = plot.evaluate("(plot) => plot._fullLayout.scene._scene.glplot.cameraParams.view[0]")
        for _ in range(3):
            plot.press("ArrowRight")
        explorer.page.wait_for_function(eye, arg=[plot.element_handle(), before])
        explorer.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def test_a_flat_surface_is_flat(mounted):
    explorer = mounted(lossviz.explore(lossviz.BatchAllTripletLoss(), situation="collapsed"))
    opened(explorer)
    low, high = explorer.root.evaluate(PLOT)["range"]
    assert high - low >= 1
    expect(explorer.root.locator(".surface .note")).to_have_text("A, the diamond: 5.0000, as everywhere.", timeout=SOON)


@pytest.mark.parametrize("engine", ["page", "kernel"])
@pytest.mark.parametrize("loss", [lossviz.ContrastiveLoss(), lossviz.TripletLoss()], ids=["circle", "free"])
def test_the_points_stand_on_it_whatever_moves(mounted, loss, engine):
    explorer = mounted(lossviz.explore(loss, engine=engine))
    opened(explorer)
    shows_torch(explorer)
    for index in (explorer.state["chosen"], 0):  # the surface stands still under the one, and moves with the other
        x, y = explorer.centre(index)
        mouse = explorer.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + 30, y + 40, steps=3)
        mouse.up()
        shows_torch(explorer)
    explorer.find(".parameters input[type=range]:visible").first.fill("0.3")  # the margin
    shows_torch(explorer)


def test_it_is_told_in_words_and_turned_by_keys(mounted):
    explorer = mounted(lossviz.explore(lossviz.TripletLoss()))
    opened(explorer)
    seen, plot = explorer.torch, explorer.root.locator(".plot")
    axis = torch.linspace(-1.6, 1.6, 101, dtype=torch.float64)
    losses = seen.values_at(seen.state["chosen"], torch.cartesian_prod(axis, axis))
    note = explorer.root.locator(".surface .note")
    ends = re.compile(r"Lowest (\S+), at (\S+), (\S+); highest (\S+)\.")
    expect(note).to_have_text(ends, timeout=SOON)
    explorer.wait_until(f"(root) => {losses.min()} + 5e-5 >= Number(/Lowest (.*?),/.exec(root.textContent)[1])")
    low, x, y, high = (float(each.replace("−", "-")) for each in ends.search(note.text_content()).groups())
    reach = (losses.max() - losses.min()).item()
    assert losses.max() - 5e-5 <= high < losses.max() + 0.01 * reach and low > losses.min() - 0.01 * reach
    expect(explorer.note).to_contain_text(f"from {low:.4f} (clear) to {high:.4f} (full shade)")
    there = seen.values_at(seen.state["chosen"], torch.tensor([[x, y]]).double()).item()
    assert low == pytest.approx(there, abs=0.01 * reach)
    expect(note).to_contain_text(f"the diamond: {seen.terms.loss.item():.4f}")
    assert note.text_content() in plot.get_attribute("aria-label")
    eye = "plot => Object.values(plot._fullLayout.scene.camera.eye)"
    before = plot.evaluate(eye)
    plot.press("ArrowRight")
    after = plot.evaluate(eye)
    assert after != pytest.approx(before, abs=1e-3) and after[2] == pytest.approx(before[2])
    explorer.change(chosen=(seen.state["chosen"] + 1) % 3)
    shows_torch(explorer)
    assert plot.evaluate(eye) == pytest.approx(after)  # what moves does not turn it back


def test_it_follows_the_theme(mounted):
    explorer = mounted(lossviz.explore(lossviz.TripletLoss()))
    opened(explorer)
    ink = "(root) => root.querySelector('.plot').layout.font.color"
    light = explorer.root.evaluate(ink)
    explorer.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    explorer.wait_until(f"(root) => ({ink})(root) !== '{light}'")
    explorer.page.evaluate("delete document.documentElement.dataset.theme")


# ---- its library

NAME = "plotly.min.js"


def test_plotly_comes_when_the_surface_is_first_opened(open_page, tmp_path):
    page = open_page(write_page(tmp_path, lossviz.explore(lossviz.TripletLoss())))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    root = page.locator(".lossviz-explorer[data-ready]")
    root.get_by_role("tab", name="Gradient").click()
    expect(root.locator(".field .shafts")).to_have_attribute("d", re.compile("M"))
    assert page.evaluate("typeof Plotly") == "undefined" and not any(NAME in each for each in asked)
    root.get_by_role("tab", name="Surface").click()
    expect(root.locator(".plot canvas").first).to_be_visible(timeout=SOON)
    assert [each for each in asked if NAME in each] == [(tmp_path / NAME).as_uri()]


def test_without_plotly_the_view_says_so_and_asks_again_once_online(chromium, tmp_path):
    page = chromium.new_page()  # whose console may tell of a missing file
    page.goto(write_page(tmp_path, lossviz.explore(lossviz.TripletLoss())).as_uri())
    (tmp_path / NAME).rename(tmp_path / "away.js")
    root = page.locator(".lossviz-explorer[data-ready]")
    root.get_by_role("tab", name="Surface").click()
    expect(root.locator(".surface .note")).to_contain_text("plotly, comes from the page of the book or from a running")
    (tmp_path / "away.js").rename(tmp_path / NAME)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(root.locator(".plot canvas").first).to_be_visible(timeout=SOON)
    page.close()


def test_python_gives_the_script_once_it_is_asked():
    explorer = lossviz.explore(lossviz.TripletLoss())
    reply = explorer.reply({"id": 3, "library": "plotly"})
    assert reply["id"] == 3 and reply["library"].lstrip().startswith("/**\n* plotly.js v")
    assert set(reply) == {"id", "library"}


# A finger, as touch events and the pointer's own: plotly must not take the first, which scroll the page.
TOUCHED = """(plot) => {
  const target = plot.querySelector("canvas");
  const [touch] = [new Touch({ identifier: 1, target, clientX: 50, clientY: 50 })];
  const event = new TouchEvent("touchstart", { touches: [touch], changedTouches: [touch], bubbles: true,
    cancelable: true });
  target.dispatchEvent(event);
  const ways = [target, plot].map((each) => getComputedStyle(each).touchAction);
  return [event.defaultPrevented, ...ways];
}"""


def test_a_finger_scrolls_the_page_and_turns_it_aside(mounted):
    explorer = mounted(lossviz.explore(lossviz.TripletLoss()))
    opened(explorer)
    plot = explorer.root.locator(".plot")
    assert plot.evaluate(TOUCHED) == [False, "pan-y pinch-zoom", "pan-y pinch-zoom"]
    eye = "plot => Object.values(plot._fullLayout.scene.camera.eye)"
    before = plot.evaluate(eye)
    for kind, x in (("pointerdown", 100), ("pointermove", 160), ("pointerup", 160)):
        plot.dispatch_event(kind, {"pointerType": "touch", "clientX": x, "bubbles": True})
    after = plot.evaluate(eye)
    assert after != pytest.approx(before, abs=1e-2) and after[2] == pytest.approx(before[2])
