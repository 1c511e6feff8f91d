"""Tasks, guesses by placing, and choices that the loss grades: what the page says of them is what torch says."""

import math

import pytest
from playwright.sync_api import expect

import lossviz
from tests.widgets.page import Explorer

DONE = "() => localStorage.length"


def centre(explorer: Explorer, degrees: float) -> tuple[float, float]:
    """The pixel of a place on the circle."""
    x, y, unit = explorer.stage()
    return x + unit * math.cos(math.radians(degrees)), y - unit * math.sin(math.radians(degrees))


@pytest.fixture
def task(mounted):
    """"Bring what C costs below 0.1: move D, nothing else"."""
    return mounted(lossviz.explore(lossviz.MultipleNegativesRankingLoss(), situation="find its answer", name="tasks"))


def costs_of_c(explorer: Explorer) -> float:
    terms = explorer.torch.terms
    return (terms.values[1] * len(terms.values)).item()


def said(explorer: Explorer) -> str:
    return explorer.find(".verdict").text_content()


# ---- a task


def test_a_task_waits_with_all_in_sight(task):
    assert task.state["asked"]
    assert task.find(".value").is_visible() and task.find(".score-matrix").is_visible()
    assert said(task).startswith(f"C still costs {costs_of_c(task):.4f}: less than 0.1 is asked.")
    assert not task.find(".run").is_visible()


def test_a_mouse_reaches_the_goal(task):
    x, y = task.centre(3)
    task.page.mouse.move(x, y)
    task.page.mouse.down()
    task.page.mouse.move(*centre(task, 160), steps=4)
    assert costs_of_c(task) > 0.1 and said(task).startswith("C still costs ")
    task.page.mouse.move(*centre(task, 190), steps=4)
    expect(task.root.locator(".verdict")).to_contain_text("Done: C costs 0.")
    task.page.mouse.up()
    task.wait_until("root => !root.explorer.state.asked")
    assert costs_of_c(task) < 0.1 and task.state["guess"] is True


def test_keys_reach_it_too(task):
    task.point(3).focus()
    for _ in range(5):
        task.page.keyboard.press("Shift+ArrowLeft")
    task.wait_until("root => !root.explorer.state.asked")
    assert costs_of_c(task) < 0.1


def test_what_it_leaves_fixed_stays_and_is_named(task):
    before = task.state["points"]
    task.point(0).focus()
    task.page.keyboard.press("ArrowLeft")
    expect(task.root.locator(".verdict")).to_contain_text("A stays here: D moves.")
    assert task.state["points"] == before
    task.point(3).focus()
    task.page.keyboard.press("ArrowLeft")
    expect(task.root.locator(".verdict")).not_to_contain_text("stays here")
    assert task.state["points"] != before


def test_it_is_shown_to_who_gives_up(task):
    task.point(3).focus()
    task.page.keyboard.press("ArrowRight")
    task.show_answer()
    assert said(task).startswith("One way: C costs ")
    assert costs_of_c(task) < 0.1
    assert not task.state["asked"]
