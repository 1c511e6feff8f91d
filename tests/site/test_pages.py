"""Every page of the built book, with its widgets and formulas, wherever it is put and however it is read."""

import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Page, expect

from tests.site.arrived import settle

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for path in (ROOT / "book").glob("*") if path.suffix in (".ipynb", ".md"))
PAGES = [path.relative_to(ROOT).with_suffix(".html").as_posix() for path in SOURCES]
every_page = pytest.mark.parametrize("name", PAGES)
every_built_page = pytest.mark.parametrize("name", [*PAGES, "search.html", "genindex.html"])


def test_there_are_pages():
    assert "book/index.html" in PAGES and len(PAGES) >= 2


# open_page itself fails the test on a request to another origin, a missing file or a console error.


@every_built_page
def test_a_page_as_it_is_served(open_page, name):
    """Under a sub-path, on a wide screen, in the light; opened once for all that is asked of it."""
    page = open_page(name, viewport={"width": 1400, "height": 900}, color_scheme="light")
    settle(page)
    assert page.locator("article summary[aria-label]:not(.lossviz-explorer summary)").count() == 0, "a fold says so"
    follows_the_readers_colour_scheme(page, "light")
    if name in PAGES:
        every_widget_is_mounted(page, name)
        says_in_its_head_what_it_is(page)
        has_one_way_to_search(page)


@every_built_page
def test_a_page_as_a_file_on_a_phone_in_the_dark(open_page, site, name):
    page = open_page(site / name, viewport={"width": 360, "height": 740}, color_scheme="dark")
    settle(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 360, page.evaluate(WIDE_ELEMENTS)
    follows_the_readers_colour_scheme(page, "dark")


WIDE_ELEMENTS = """[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > 361)
  .map(e => `${e.tagName}.${e.className} ${e.getBoundingClientRect().right}`).slice(0, 8).join("\\n")"""


def every_widget_is_mounted(page: Page, name: str) -> None:
    views = page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
    assert views >= widgets_in_source(name)
    expect(page.locator(".widget-view")).to_have_count(views)
    expect(page.locator(".widget-view:empty")).to_have_count(0)
    expect(page.locator(".widget-unknown")).to_have_count(0)


def widgets_in_source(name: str) -> int:
    """How many explorers the notebook shows. They stand alone in cells that nbval does not compare."""
    path = (ROOT / name).with_suffix(".ipynb")
    if not path.exists():
        return 0
    cells = nbformat.read(path, as_version=4).cells
    return sum("explore(" in cell.source and "nbval-ignore-output" in cell.metadata.get("tags", []) for cell in cells)


def follows_the_readers_colour_scheme(page: Page, scheme: str) -> None:
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    ground = brightness(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    ink = brightness(page.evaluate("getComputedStyle(document.querySelector('main :is(p, h1)')).color"))
    assert (ground > ink) == (scheme == "light")
    assert abs(ground - ink) > 120


def brightness(colour: str) -> float:
    red, green, blue = (float(part) for part in colour.strip("rgba()").split(",")[:3])
    return 0.3 * red + 0.59 * green + 0.11 * blue


def says_in_its_head_what_it_is(page: Page) -> None:
    assert page.title().count("Losses You Can Move") == 1
    assert len(page.locator("meta[name=description]").get_attribute("content")) > 40


def has_one_way_to_search(page: Page) -> None:
    """A field, or beside a figure, where the contents are folded away, a glass."""
    ways = page.locator(":is(input[type=search], .search-button-field, .search-button):visible")
    assert ways.count() == 1
    ways.click()
    page.keyboard.type("ln B")
    expect(page.locator("input[type=search]:focus")).to_have_value("ln B")


def test_the_front_door_leads_to_the_first_page(open_page):
    page = open_page("index.html")
    page.wait_for_url("**/book/index.html")


def test_the_theme_switch_is_there(open_page):
    page = open_page("book/index.html", color_scheme="light")
    switch = page.locator("button.theme-switch-button:visible").first
    for _ in range(3):  # auto → light → dark, from wherever it stands
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
        switch.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("from_file", [False, True])
def test_the_search_finds_a_chapter(open_page, site, from_file):
    page = open_page(site / "search.html" if from_file else "search.html")
    page.locator("main input[name=q]").first.fill("margin")
    page.keyboard.press("Enter")
    found = page.locator("#search-results li", has_text="Labelled pairs").first
    expect(found).to_be_visible()
    expect(found.locator(".context")).to_have_count(1)


@every_page
def test_the_page_loads_nothing_it_does_not_need(site, name):
    html = (site / name).read_text()
    assert "thebe" not in html.lower()
    assert "require.min.js" not in html and "html-manager" not in html
    assert not re.search(r"fontawesome/[\d.]+/js", html)  # 1.5 MB of icons that the fonts already hold


def test_pictures_in_folds_wait_for_their_reader(open_page):
    page = open_page("book/positive_pairs.html")
    settle(page)
    fold = page.locator("details", has=page.locator("img")).first
    picture = fold.locator("img")
    loaded = "image => image.complete && image.naturalWidth > 0"
    assert not picture.evaluate(loaded)
    fold.locator("summary").first.click()
    page.wait_for_function(loaded, arg=picture.element_handle())


# What is said to those who do not see the page, or not its scripts

@every_page
def test_a_picture_is_named_and_keeps_its_place(site, name):
    pictures = BeautifulSoup((site / name).read_text(), "html.parser").select("article img")
    names = [each.get("alt") for each in pictures]
    assert [each for each in names if not each or each.endswith(".png")] == []
    assert [each for each in pictures if not each.get("width")] == []


def test_without_scripts_a_line_stands_where_the_explorer_would(open_page):
    page = open_page("book/index.html", java_script_enabled=False)
    place = page.locator(".widget-place").first
    expect(place).to_contain_text("needs JavaScript")
    assert place.bounding_box()["height"] < 120
