"""The search finds sections, and what people type: numbers, a formula, a complaint. It works from a file too."""

import re

import pytest
from playwright.sync_api import expect

from tests.site.arrived import settle
from tests.site.test_links import PHONE, STANDS, WIDE

# What is typed → a pattern for each of its words, as the section that is found may write them.
TYPED = {
    "0.6931": [r"0\.6931"],
    "0.693147": [r"0\.6931"],
    "ln B": [r"\bln\b", r"\bb\b"],
    "temperature": ["temperature"],
    "margin": ["margin"],
    "why is my loss stuck?": ["stuck", "loss"],
    "Labels from −1 to 1": [r"[−-]1 to 1", "label"],
    "-1-1": [r"[−-]1 to 1"],
    "mini_batch_size": ["mini_batch_size"],
}
OWN_TEXT = """hash => {
  const place = document.getElementById(hash), section = place.closest("section").cloneNode(true);
  section.querySelectorAll("section").forEach(each => each.remove());
  return section.textContent;
}"""


@pytest.mark.parametrize("typed", TYPED)
def test_what_is_typed_finds_a_section_and_leads_there(open_page, typed):
    page = open_page("search.html", **WIDE)
    page.locator("main input[name=q]").fill(typed)
    page.keyboard.press("Enter")
    found = page.locator("#search-results li").first
    expect(found.locator(".context")).not_to_be_empty()
    found.locator("a").click()
    page.wait_for_url(re.compile("#"))
    settle(page)
    anchor = page.url.split("#")[1]
    text = page.evaluate(OWN_TEXT, anchor).lower()
    assert [word for word in TYPED[typed] if not re.search(word, text)] == []
    assert page.evaluate(STANDS, anchor) == ""


def test_an_excerpt_is_prose_and_shows_the_word(open_page):
    page = open_page("search.html?q=collapsed")
    for context in page.locator("#search-results .context").all_inner_texts():
        assert "import " not in context and "<" not in context and len(context) < 600
    assert page.locator("#search-results mark").count()


def test_what_no_section_has_is_said(open_page):
    page = open_page("search.html?q=qwxyz")
    expect(page.locator("#search-results [role=status]")).to_contain_text("No section has “qwxyz”")


def test_it_works_from_a_file_and_on_a_phone(open_page, site):
    page = open_page((site / "search.html").as_uri() + "?q=stuck", **PHONE)
    expect(page.locator("#search-results li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_glass_stands_beside_what_is_typed(open_page):
    page = open_page("search.html?q=stuck", **WIDE)
    field = page.locator("main input[name=q]")
    glass = page.locator("main .bd-search i").bounding_box()
    start = field.bounding_box()["x"] + float(field.evaluate("e => parseFloat(getComputedStyle(e).paddingLeft)"))
    assert glass["x"] + glass["width"] <= start
