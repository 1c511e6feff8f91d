"""Points under a hand: they snap, by mouse, finger and keyboard, and say so; none is out of reach, none is cut."""

import math
import re

import pytest
import torch
from playwright.sync_api import expect

import lossviz
from lossviz import BatchHardTripletLoss, ContrastiveLoss, ContrastiveTensionLoss, TripletLoss
from tests.widgets.conftest import mount
from tests.widgets.page import Explorer, letter


@pytest.fixture(scope="module", params=["mouse", "finger"])
def hand(request, chromium):
    """A page, and what one has to move a point on it."""
    touch = request.param == "finger"
    context = chromium.new_context(viewport={"width": 900, "height": 1400}, has_touch=touch)
    page = context.new_page()
    page.thrown = []
    page.on("pageerror", lambda error: page.thrown.append(str(error)))
    page.goto("about:blank")
    yield (Finger if touch else Mouse)(page)
    context.close()


class Mouse:
    snaps = 8  # pixels

    def __init__(self, page):
        self.page = page

    def press(self, x: float, y: float) -> None:
        self.page.mouse.move(x, y)
        self.page.mouse.down()

    def move(self, x: float, y: float) -> None:
        self.page.mouse.move(x, y)

    def let_go(self) -> None:
        self.page.mouse.up()


class Finger:
    snaps = 12

    def __init__(self, page):
        self.page = page
        self.session = page.context.new_cdp_session(page)

    def touch(self, kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in places]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def press(self, x: float, y: float) -> None:
        self.touch("touchStart", (x, y))

    def move(self, x: float, y: float) -> None:
        self.touch("touchMove", (x, y))

    def let_go(self) -> None:
        self.touch("touchEnd")


@pytest.fixture
def mounted(hand):
    """mounted(loss, …) → its explorer, answered."""

    def answered(loss: lossviz.Loss, **options) -> Explorer:
        explorer = mount(hand.page, lossviz.explore(loss, controls=(), **options))
        explorer.show_answer()
        return explorer

    hand.page.thrown.clear()
    yield answered
    assert hand.page.thrown == []


CONTRASTIVE = ContrastiveLoss(margin=0.3)


def drag(hand, explorer: Explorer, index: int, x: float, y: float) -> None:
    """Press a point and take it to a place, in two moves; still held."""
    left, top = explorer.centre(index)
    hand.press(left, top)
    hand.move((left + x) / 2, (top + y) / 2)
    hand.move(x, y)


def said(explorer: Explorer) -> str:
    return explorer.find(".plane [role=status]").text_content()


@pytest.mark.parametrize("loss", [CONTRASTIVE, TripletLoss()], ids=["circle", "plane"])
def test_c_dragged_near_a_lies_on_a(hand, mounted, loss):
    """To the last bit: the loss sees a distance of 0, and the text's coincidence is there."""
    explorer = mounted(loss)
    x, y = explorer.centre(0)
    drag(hand, explorer, 2, x + hand.snaps * 0.6, y + hand.snaps * 0.6)
    points = explorer.state["points"]
    assert points[2] == points[0]
    expect(explorer.find(".plane [role=status]")).to_have_text("C on A")
    expect(explorer.find(".labels text").filter(has_text="C on A")).to_have_count(1)
    assert "C on A" in explorer.find(".plane h3").text_content()
    assert "on A" in explorer.point(2).get_attribute("aria-label")
    hand.let_go()
    assert explorer.torch.terms.matrix.min().item() == pytest.approx(0, abs=1e-15)
    explorer.says_what_torch_says()


def test_outside_its_reach_nothing_snaps(hand, mounted):
    explorer = mounted(TripletLoss())
    x, y = explorer.centre(0)
    drag(hand, explorer, 2, x, y - hand.snaps - 3)
    assert explorer.state["points"][2] != explorer.state["points"][0]
    assert said(explorer) == "" or "margin" in said(explorer)
    hand.let_go()


def degrees_between(one: list, other: list) -> float:
    return math.degrees(math.acos(max(-1, min(1, sum(a * b for a, b in zip(one, other, strict=True))))))


@pytest.mark.parametrize("degrees", [60, 90, 180, "margin"])
def test_a_point_snaps_to_an_angle_from_its_partner_and_to_its_margin(hand, mounted, degrees):
    explorer = mounted(CONTRASTIVE)
    explorer.change(points=[[1, 0], [-0.6, 0.8], [0.8, 0.6], [0.1, -0.995], [0.3, -0.95], [0.5, -0.87]])
    left, top, radius = explorer.stage()
    wanted = math.degrees(math.acos(0.7)) if degrees == "margin" else degrees
    angle = math.radians(wanted + math.degrees(3 / radius))
    drag(hand, explorer, 2, left + radius * math.cos(angle), top - radius * math.sin(angle))
    words = "at the margin of A" if degrees == "margin" else f"{degrees}° from A"
    expect(explorer.find(".plane [role=status]")).to_have_text(f"C {words}")
    points = explorer.state["points"]
    assert degrees_between(points[2], points[0]) == pytest.approx(wanted, abs=1e-6)
    hand.let_go()
    explorer.says_what_torch_says()


def test_where_an_angle_is_a_margin_too_both_are_said(hand, mounted):
    explorer = mounted(ContrastiveLoss(margin=0.5))
    explorer.change(points=[[1, 0], [-0.6, 0.8], [0.8, 0.6], [0.1, -0.995], [0.3, -0.95], [0.5, -0.87]])
    left, top, radius = explorer.stage()
    drag(hand, explorer, 2, left + radius * math.cos(math.radians(61)), top - radius * math.sin(math.radians(61)))
    expect(explorer.find(".plane [role=status]")).to_have_text("C 60° from A, at the margin of A")
    hand.let_go()


def test_the_centre_of_a_plane_in_which_lengths_count(hand, mounted):
    explorer = mounted(ContrastiveTensionLoss())
    left, top, _ = explorer.stage()
    drag(hand, explorer, 0, left + 4, top - 3)
    assert explorer.state["points"][0] == [0, 0]
    hand.let_go()


def test_a_slow_drag_goes_free(hand, mounted):
    """A pixel at a time; where the point is free it follows, until it has left."""
    explorer = mounted(TripletLoss())
    x, y = explorer.centre(0)
    drag(hand, explorer, 2, x - hand.snaps + 2, y)
    assert explorer.state["points"][2] == explorer.state["points"][0]
    moved = -hand.snaps + 2
    while explorer.state["points"][2] == explorer.state["points"][0]:
        assert moved < hand.snaps - 1, "it never went free"
        hand.page.evaluate("() => new Promise((done) => setTimeout(done, 50))")  # what is slow takes time
        moved += 1
        hand.move(x + moved, y)
    free = explorer.state["points"][2]
    left, top, unit = explorer.stage()
    assert [left + unit * free[0], top - unit * free[1]] == pytest.approx([x + moved, y], abs=0.6)
    hand.let_go()


def test_alt_goes_free(hand, mounted):
    if isinstance(hand, Finger):
        hand = Mouse(hand.page)  # a finger has no keys
    explorer = mounted(TripletLoss())
    x, y = explorer.centre(0)
    hand.page.keyboard.down("Alt")
    drag(hand, explorer, 2, x + 3, y)
    hand.page.keyboard.up("Alt")
    left, top, unit = explorer.stage()
    free = explorer.state["points"][2]
    assert [left + unit * free[0], top - unit * free[1]] == pytest.approx([x + 3, y], abs=0.6)
    hand.let_go()


# Covered points


def chosen_after_a_press(hand, explorer: Explorer, index: int) -> int:
    hand.press(*explorer.centre(index))
    hand.let_go()
    return explorer.state["chosen"]


def test_every_point_of_a_stack_is_reached(hand, mounted):
    """A press takes the one on top, the next press the next; the legend puts one on top, and a drag takes that."""
    explorer = mounted(ContrastiveLoss(), situation="collapsed")
    count = len(explorer.state["points"])
    letters = " ".join(map(letter, range(count)))
    expect(explorer.find(".labels text:not([visibility])")).to_have_text(letters)
    first = explorer.state["chosen"]
    presses = [chosen_after_a_press(hand, explorer, 0) for _ in range(count)]
    assert sorted(presses) == list(range(count)) and presses[-1] == first
    explorer.sentence(3).click()
    assert explorer.state["chosen"] == 3
    expect(explorer.find(".raised text")).to_have_text("D")
    before = explorer.state["points"]
    left, top, radius = explorer.stage()
    drag(hand, explorer, 0, left - radius, top + 40)
    hand.let_go()
    moved = [k for k, (one, other) in enumerate(zip(before, explorer.state["points"], strict=True)) if one != other]
    assert moved == [3]


def test_the_one_on_top_is_the_one_that_is_pointed_at(hand, mounted):
    if isinstance(hand, Finger):
        hand = Mouse(hand.page)  # a finger points at nothing
    explorer = mounted(ContrastiveLoss(), situation="collapsed")
    explorer.point(1).focus()
    hand.page.mouse.move(0, 0)
    hand.page.mouse.move(*explorer.centre(0))
    assert explorer.state["lit"] == {"kind": "point", "index": 1}


# Keys


def test_a_letter_puts_a_point_onto_that_letters(mounted):
    explorer = mounted(CONTRASTIVE)
    explorer.point(2).focus()
    explorer.page.keyboard.press("e")
    points = explorer.state["points"]
    assert points[2] == points[4]
    assert said(explorer) == "C on E" and "on E" in explorer.point(2).get_attribute("aria-label")
    for key in ("c", "z", "Control+a", "5"):
        explorer.page.keyboard.press(key)
        assert explorer.state["points"] == points
    assert "letter" in explorer.find(".stage").get_attribute("aria-label")


def test_arrow_keys_stop_once_at_what_they_pass(mounted):
    explorer = mounted(CONTRASTIVE)
    explorer.change(points=[[1, 0], [-0.6, 0.8], [0.8, 0.6], [0.1, -0.995], [0.3, -0.95], [0.5, -0.87]])
    explorer.point(2).focus()
    stops = []
    for _ in range(26):
        explorer.page.keyboard.press("ArrowUp")
        explorer.page.evaluate("() => new Promise(requestAnimationFrame)")
        stops.append(said(explorer))
    at = [stop for stop in stops if stop]
    assert {"C at the margin of A", "C 60° from A", "C 90° from A"} <= set(at) and len(at) == len(set(at))
    before = explorer.state["points"][2]
    explorer.page.keyboard.press("Alt+ArrowUp")
    assert degrees_between(explorer.state["points"][2], before) == pytest.approx(math.degrees(0.005), abs=1e-6)


# The frame


@pytest.mark.parametrize("loss", [BatchHardTripletLoss(), CONTRASTIVE], ids=["plane", "circle"])
@pytest.mark.parametrize("corner", [(-1, -1), (1, -1), (-1, 1), (1, 1), (0, 1), (1, 0)])
def test_no_mark_leaves_the_frame(hand, mounted, loss, corner):
    """Under a hand, and by keys."""
    explorer = mounted(loss)
    left, top, unit = explorer.stage()
    drag(hand, explorer, 4, left + 2.2 * unit * corner[0], top + 2.2 * unit * corner[1])
    for pushed in (False, True):
        if pushed:
            hand.let_go()
            for key in ["ArrowRight", "ArrowDown"] * 9:
                explorer.point(4).press("Shift+" + key)
        box, (x, y) = explorer.find(".stage").bounding_box(), explorer.centre(4)
        room = [x - box["x"], y - box["y"], box["x"] + box["width"] - x, box["y"] + box["height"] - y]
        assert min(room) >= 18 - 0.01
    assert not re.search("zoomed", explorer.find(".unit text").text_content() or "")


def test_the_start_of_no_situation_is_zoomed_for_its_marks():
    """All places lie where a mark is not cut, on the narrowest plane too."""
    for family in lossviz.situations.SITUATIONS.values():
        for each in family:
            assert torch.tensor(each.places).abs().max().item() <= 1.6 * (1 - 36 / 240) + 1e-9
