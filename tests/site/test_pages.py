"""Every page of the built book, with its widgets and formulas, wherever it is put and however it is read."""

import re
from pathlib import Path

import nbformat
import plotly.graph_objects as go
import pytest
from playwright.sync_api import expect

from lossviz.figures import Interactive
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
def test_served_under_a_sub_path(open_page, name):
    settle(open_page(name))


@every_built_page
def test_opened_as_a_file(open_page, site, name):
    settle(open_page(site / name))


def test_the_front_door_leads_to_the_first_page(open_page):
    page = open_page("index.html")
    page.wait_for_url("**/book/index.html")


@every_page
def test_every_widget_is_mounted(open_page, name):
    page = open_page(name)
    settle(page)
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


@every_built_page
def test_narrow_pages_scroll_only_down(open_page, name):
    page = open_page(name, viewport={"width": 360, "height": 740})
    settle(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 360, page.evaluate(WIDE_ELEMENTS)


WIDE_ELEMENTS = """[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > 361)
  .map(e => `${e.tagName}.${e.className} ${e.getBoundingClientRect().right}`).slice(0, 8).join("\\n")"""


@every_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_readers_colour_scheme(open_page, name, scheme):
    page = open_page(name, color_scheme=scheme)
    settle(page)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    ground = brightness(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    ink = brightness(page.evaluate("getComputedStyle(document.querySelector('article p')).color"))
    assert (ground > ink) == (scheme == "light")
    assert abs(ground - ink) > 120


def brightness(colour: str) -> float:
    red, green, blue = (float(part) for part in colour.strip("rgba()").split(",")[:3])
    return 0.3 * red + 0.59 * green + 0.11 * blue


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
def test_there_is_one_way_to_search(open_page, name):
    """A field, or beside a figure, where the contents are folded away, a glass."""
    page = open_page(name, viewport={"width": 1400, "height": 900})
    ways = page.locator(":is(input[type=search], .search-button-field, .search-button):visible")
    assert ways.count() == 1
    ways.click()
    page.keyboard.type("ln B")
    expect(page.locator("input[type=search]:focus")).to_have_value("ln B")


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


def test_plotly_waits_for_its_reader(open_page, site, tmp_path):
    """On a page of its own: the chapters may have no figure yet, or several."""
    figure = Interactive(go.Figure(go.Scatter(y=[1, 3, 2])), "three points")._repr_mimebundle_()["text/html"]
    for name in ("lazy_plotly.js", "plotly.min.js"):
        (tmp_path / name).symlink_to(site / "_static" / name)
    (tmp_path / "page.html").write_text(
        f'<!doctype html><meta charset="utf-8"><div style="height:5000px"></div>{figure}'
        '<script src="lazy_plotly.js"></script>'
    )
    page = open_page(tmp_path / "page.html")
    page.wait_for_load_state()
    assert page.evaluate("typeof Plotly") == "undefined"
    page.locator(".lossviz-plotly").scroll_into_view_if_needed()
    page.wait_for_selector(".lossviz-plotly[data-ready] .main-svg")


# What is said to those who do not see the page, or not its scripts

NAMES = "all => all.map(each => each.alt)"


@every_page
def test_a_picture_is_named_and_keeps_its_place(open_page, name):
    pictures = open_page(name, java_script_enabled=False).locator("article img")
    assert [each for each in pictures.evaluate_all(NAMES) if not each or each.endswith(".png")] == []
    assert [each for each in pictures.all() if not each.get_attribute("width")] == []


@every_page
def test_a_fold_is_named_by_what_it_says(open_page, name):
    page = open_page(name)
    settle(page)
    assert page.locator("article summary[aria-label]:not(.lossviz-explorer summary)").count() == 0


@every_page
def test_a_page_says_in_its_head_what_it_is(open_page, name):
    page = open_page(name)
    assert page.title().count("Losses You Can Move") == 1
    assert len(page.locator("meta[name=description]").get_attribute("content")) > 40


def test_without_scripts_a_line_stands_where_the_explorer_would(open_page):
    page = open_page("book/index.html", java_script_enabled=False)
    place = page.locator(".widget-place").first
    expect(place).to_contain_text("needs JavaScript")
    assert place.bounding_box()["height"] < 120
