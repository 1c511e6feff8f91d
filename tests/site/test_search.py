"""The search finds sections, and what people type: numbers, a formula, a complaint. It works from a file too."""

import re
from copy import copy
from functools import cache
from pathlib import Path

from bs4 import BeautifulSoup
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
FOUND = "#search-results li"


@cache
def read(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text(), "html.parser")


def own_text(page: Path, anchor: str) -> str:
    """What a section says without those within it, in small letters."""
    place = read(page).find(id=anchor)
    section = copy(place if place.name == "section" else place.find_parent("section"))
    for inner in section.find_all("section"):
        inner.decompose()
    return section.get_text().lower()


def test_what_is_typed_finds_a_section(open_page, site):
    page = open_page("search.html", **WIDE)
    home = page.url.removesuffix("search.html")
    for typed, words in TYPED.items():
        page.locator("main input[name=q]").fill(typed)
        page.keyboard.press("Enter")
        page.wait_for_function("typed => new URLSearchParams(location.search).get('q') === typed", arg=typed)
        found = page.locator(FOUND).first
        expect(found.locator(".context")).not_to_be_empty()
        name, _, anchor = found.locator("a").evaluate("link => link.href").removeprefix(home).partition("#")
        text = own_text(site / name.partition("?")[0], anchor)
        assert [word for word in words if not re.search(word, text)] == [], typed


def test_what_is_found_leads_there(open_page):
    page = open_page("search.html?q=temperature", **WIDE)
    page.locator(FOUND).first.locator("a").click()
    page.wait_for_url(re.compile("#"))
    settle(page)
    assert page.evaluate(STANDS, page.url.split("#")[1]) == ""


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
