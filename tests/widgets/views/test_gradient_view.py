"""The gradient: its arrows are torch's gradient at every place, in one scale, and they follow all that moves."""

import json
import math
import re

import pytest
import torch
from playwright.sync_api import expect

import lossviz
from tests.widgets.page import letter
from tests.widgets.printed import shows
from tests.widgets.seen import Seen

CASES = [
    (lossviz.ContrastiveLoss(margin=0.5), "circle"),
    (lossviz.MultipleNegativesRankingLoss(scale=5.0), "circle"),
    (lossviz.TripletLoss(), "free"),
    (lossviz.BatchHardTripletLoss(), "free"),
]
FIELD = """(async () => {
  const { spec, modules, now, extent, shape } = given;
  const page = engine.pageEngine(spec, modules);
  const places = views_gradient.placesOf(shape, extent);
  const begun = state.begin(spec, now);
  for await (const each of views_gradient.fields(spec, page, begun, places, new AbortController().signal)) {
    return { ...each, chosen: begun.chosen };
  }
})()"""


def with_point_at(explorer: lossviz.Explorer, chosen: int, place: list[float]) -> Seen:
    state = json.loads(json.dumps(explorer.state))
    state["points"][chosen] = place
    return Seen(explorer._losses, explorer.spec, state)


@pytest.mark.parametrize(("loss", "shape"), CASES)
def test_an_arrow_is_the_gradient_as_the_point_stands_there(javascript, loss, shape):
    explorer = lossviz.explore(loss, controls=())
    values = {"spec": explorer.spec, "modules": explorer.modules, "now": explorer.state, "extent": 1.6, "shape": shape}
    found = javascript(FIELD, json.loads(json.dumps(values)))
    places, gradients = found["places"], torch.tensor(found["gradients"], dtype=torch.float64)
    wanted = torch.stack(
        [with_point_at(explorer, found["chosen"], place).gradient[found["chosen"]] for place in places]
    )
    assert torch.allclose(gradients, wanted, rtol=0, atol=1e-12)
    assert found["longest"] == pytest.approx(wanted.norm(dim=-1).max().item()) and found["longest"] > 0


def test_where_only_directions_count_the_places_stand_in_rings(javascript):
    places = torch.tensor(javascript("views_gradient.placesOf('circle', 1.6)"))
    radii = places.norm(dim=-1)
    assert {round(each, 6) for each in radii.tolist()} == {0.75, 1.0, 1.25, 1.5}
    assert torch.cdist(places, places).fill_diagonal_(9).min() > 0.24  # a gap for each arrow


# ---- what is drawn of it

ARROW = re.compile(r"M([-\d.]+),([-\d.]+)L([-\d.]+),([-\d.]+)")
DRAWN = "views_gradient.drawnField(given, given.times, 30, ([x, y]) => [100 * x, -100 * y])"


def test_arrows_go_against_the_gradient_in_proportion(javascript):
    """The longest at most as long as the gap; what is too short is a dot."""
    gradients = [[1, 0], [0, 0.5], [-0.25, -0.25], [0, 0], [0.01, 0]]
    places = [[k, 0] for k in range(5)]
    drawn = javascript(DRAWN, {"places": places, "gradients": gradients, "times": 1})
    tips = [tuple(map(float, each)) for each in re.findall(r"M([-\d.]+),([-\d.]+)", drawn["heads"])]
    wanted = [(0 - 27, 0), (100, 13.5), (200 + 27 / 4, -27 / 4)]  # in pixels, y down
    assert tips == [pytest.approx(each, abs=0.01) for each in wanted]
    assert len(ARROW.findall(drawn["shafts"])) == 3
    dots = ARROW.findall(drawn["dots"])
    assert [each[:2] for each in dots] == [each[2:] for each in dots] == [("300", "0"), ("400", "0")]


def test_an_arrow_that_is_cut_has_two_heads(javascript):
    asked = {"places": [[0, 0], [1, 0]], "gradients": [[1, 0], [3, 0]], "times": 1}
    drawn = javascript(DRAWN, asked)
    assert drawn["heads"].count("M") == 3
    assert len({each[2:] for each in ARROW.findall(drawn["shafts"])}) == 2


def test_the_scale_stays_as_long_as_arrows_can_be_seen_in_it(javascript):
    asked = "(() => { const scale = views_gradient.createScale(); return given.map((each) => scale(...each)); })()"
    longest = [["a", 0.9], ["a", 0.3], ["a", 1.2], ["a", 1.0], ["a", 0.2], ["b", 0.9], ["b", 0]]
    assert javascript(asked, longest) == pytest.approx([1, 1, 1.5, 1.5, 0.2, 1, 1])


# ---- live


def opened(explorer) -> None:
    explorer.show_answer()
    explorer.tab("Gradient").click()


def shows_torch(explorer) -> None:
    """In words stands how long the gradient is at the chosen point, and where it is longest."""
    seen = explorer.torch
    chosen = seen.state["chosen"]
    label = explorer.root.locator(".gradient svg[role=group]").get_attribute("aria-label")
    said = re.search(r"The longest, (\S+), is at (\S+), (\S+)\.", label)
    strongest = [float(each.replace("−", "-")) for each in said.groups()[1:]]
    points = seen.points.tolist()
    points[chosen] = strongest
    there = Seen(seen.losses, seen.spec, {**seen.state, "points": points})
    assert there.gradient[chosen].norm().item() == pytest.approx(float(said[1]), rel=5e-3, abs=1e-4)
    here = re.search(rf"At {letter(chosen)}: gradient (\S+)\. ", explorer.find(".gradient .note").inner_text())
    assert shows(here[1], seen.gradient[chosen].norm().item())


@pytest.mark.parametrize("engine", ["page", "kernel"])
@pytest.mark.parametrize("loss", [lossviz.ContrastiveLoss(), lossviz.TripletLoss()], ids=["circle", "free"])
def test_it_follows_points_and_parameters(mounted, loss, engine):
    explorer = mounted(lossviz.explore(loss, engine=engine))
    opened(explorer)
    field = explorer.root.locator(".field .shafts")
    expect(field).to_have_attribute("d", re.compile("M"))
    shows_torch(explorer)
    before = field.get_attribute("d")
    points = explorer.state["points"]
    moved = [[y, -x] if index != explorer.state["chosen"] else [x, y] for index, (x, y) in enumerate(points)]
    explorer.change(points=moved)
    expect(field).not_to_have_attribute("d", before)
    shows_torch(explorer)
    before = field.get_attribute("d")
    explorer.find(".parameters input[type=range]:visible").first.fill("0.3")  # the margin
    expect(field).not_to_have_attribute("d", before)
    shows_torch(explorer)


def test_a_press_puts_the_chosen_point_there_and_keys_move_it(mounted):
    explorer = mounted(lossviz.explore(lossviz.TripletLoss()))
    opened(explorer)
    picture = explorer.root.locator(".gradient svg[role=group]")
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] * 0.75, "y": box["height"] * 0.5})
    chosen = explorer.state["chosen"]
    x, y = explorer.state["points"][chosen]
    assert (x, y) == pytest.approx((0.8, 0), abs=0.03)
    picture.press("ArrowUp")
    assert explorer.state["points"][chosen] == pytest.approx([x, y + 0.05])
    stands = picture.locator(".standing .chosen").evaluate("mark => { const { e, f } = mark.getCTM(); return [e, f]; }")
    unit = box["width"] / 2 / 1.6
    assert stands == pytest.approx([box["width"] / 2 + unit * x, box["height"] / 2 - unit * (y + 0.05)], abs=0.6)


def test_on_the_circle_a_press_turns_the_chosen_point(mounted):
    explorer = mounted(lossviz.explore(lossviz.ContrastiveLoss(margin=0.5)))
    opened(explorer)
    picture = explorer.root.locator(".gradient svg[role=group]")
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] * 0.75, "y": box["height"] * 0.75})
    state = explorer.state
    assert state["points"][state["chosen"]] == pytest.approx([math.sqrt(0.5), -math.sqrt(0.5)], abs=0.02)
    note = explorer.find(".gradient .note")
    expect(note).to_contain_text("Twice as far out: half.")


def test_the_square_fits_its_panel(mounted):
    explorer = mounted(lossviz.explore(lossviz.TripletLoss()))
    opened(explorer)
    for width in (1200, 360):
        explorer.page.set_viewport_size({"width": width, "height": 900})
        explorer.wait_until(
            "(root) => { const [svg, note, panel] = ['.gradient svg[role=group]', '.gradient .note', '[role=tabpanel]']"
            ".map((each) => root.querySelector(each).getBoundingClientRect());"
            "return svg.bottom <= note.top + 1 && note.bottom <= panel.bottom && svg.width >= 160"
            "  && svg.left >= panel.left && svg.right <= panel.right; }"
        )
    explorer.page.set_viewport_size({"width": 1200, "height": 1400})
