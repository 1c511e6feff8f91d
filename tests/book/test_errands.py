"""Who comes with an errand begins at the front page: what is the book about, is it for me, where is the answer."""

import pytest
from playwright.sync_api import expect

from tests.widgets.page import Explorer

FRONT = "book/index.html"
WIDE = {"width": 1280, "height": 720}
NARROW = {"width": 360, "height": 640}

# The words of the link, those of the section's title, and what the section must say
ERRANDS = {
    "stuck": ("stuck at 2.77", "ln B", ("2.7726", "scale", "frozen", "out of step", "collapse")),
    "grades": ("from 0 to 5", "Divide by 5", ("CoSENT", "order", "0 to 5 becomes 0 to 1")),
    "two labels": ("a category and a grade", "two kinds of label", ("Labelled sentences", "CoSENTLoss", "ROUND_ROBIN")),
}


def front(open_page, viewport):
    page = open_page(FRONT, viewport=viewport)
    page.wait_for_selector("html[data-widgets=ready]", state="attached")
    return page


def is_in_sight(page, locator) -> bool:
    box = locator.bounding_box()
    return box["y"] >= 0 and box["y"] + box["height"] <= page.viewport_size["height"]


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_first_screen_says_what_the_book_is_about_and_for_whom(open_page, viewport):
    page = front(open_page, viewport)
    for words in ("A sentence embedding is", "A loss is", "For you who", "Which chapter is mine?"):
        assert is_in_sight(page, page.get_by_text(words).first), words


def test_play_is_in_sight_when_the_text_says_press_play(open_page):
    page = front(open_page, WIDE)
    explorer = Explorer(page.locator(".lossviz-explorer"), {})
    assert is_in_sight(page, explorer.find(".plane"))
    explorer.show_answer()
    assert is_in_sight(page, explorer.button("Play"))
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("errand", ERRANDS)
def test_an_errand_is_one_link_away(open_page, errand):
    link, title, words = ERRANDS[errand]
    page = open_page(FRONT, viewport=WIDE)
    page.get_by_role("link", name=link).first.click()
    page.wait_for_url("**#*")
    name = page.evaluate("decodeURIComponent(location.hash.slice(1))")
    section = page.locator(f"section:has(> [id='{name}'], > :is(h2, h3, h4) [id='{name}']), section[id='{name}']").last
    expect(section.locator("h2, h3, h4").first).to_contain_text(title)
    for each in words:
        expect(section).to_contain_text(each, ignore_case=True)
