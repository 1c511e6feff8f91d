"""Links that move a figure, and the picture of each passage, on a scratch book: without scripts, printed, mistaken."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tools import build

ROOT = Path(__file__).resolve().parents[2]
FIGURE = "import lossviz\nlossviz.explore(lossviz.ContrastiveLoss(), name='pairs')"
WORDS = """## Begin

See [the start](#pairs?situation=start) and its loss, [0.07](#pairs?situation=start&live=loss).

| margin |
|---|
| [0.3](#pairs?margin=0.3) |

### Further

A [margin of 0.3](#pairs?margin=0.3), then [0.8](#pairs?margin=0.8).

### Again

[The start](#pairs?situation=start&margin=0.3), and [all alike](#pairs?situation=all-alike).

### Predict

[Guess](#pairs?situation=which-pairs-count&ask). No picture of [a view](#pairs?view=mask).

### A view

[The mask](#pairs?view=mask)
"""
QUESTIONS = "# Questions\n\n[There](index.ipynb#pairs?situation=start&margin=0.3).\n"
WRONG = {
    "[a](index.ipynb#pairs?situation=nowhere)": "#pairs?situation=nowhere: situation: expected one of start",
    "[a](index.ipynb#pair?situation=start)": "figure: expected one of that page, pairs, got 'pair'",
    "[a](#pairs?situation=start)": "figure: expected one of that page, which has none, got 'pairs'",
    "[a](index.ipynb#pairs?loss=NoLoss)": "loss: expected one of",
    "[a](index.ipynb#pairs?margins=1)": "address: expected one of margin",
    "[a](index.ipynb#pairs?Z=30)": "address: expected one of margin",
    "[a](index.ipynb#pairs?margin=much)": "margin: expected a number from",
}


class Book:
    """A notebook with a figure and links, and a page of questions, made as the real book is."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "build.log"
        shutil.copy(ROOT / "_config.yml", folder)
        (folder / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n  - file: book/questions\n")
        for name in ("_ext", "_static", "_templates"):
            shutil.copytree(ROOT / "book" / name, folder / "book" / name, ignore=shutil.ignore_patterns("__pycache__"))
        cells = [nbformat.v4.new_markdown_cell("# Pairs"), nbformat.v4.new_code_cell(FIGURE)]
        notebook = nbformat.v4.new_notebook(cells=[*cells, nbformat.v4.new_markdown_cell(WORDS)])
        nbformat.write(notebook, folder / "book" / "index.ipynb")
        self.ask(QUESTIONS)

    def ask(self, text: str) -> None:
        (self.folder / "book" / "questions.md").write_text(text)

    def page(self, name: str) -> Path:
        return self.folder / "_build" / "html" / "book" / f"{name}.html"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    made = Book(tmp_path_factory.mktemp("stills"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        assert build.build(made.folder, made.log) == 0, build.cause(made.log.read_text())
        yield made


@pytest.fixture
def plain(book, open_page):
    """The page as it is read without scripts."""
    return open_page(book.page("index"), java_script_enabled=False)


HREFS = "all => all.map(each => each.getAttribute('href'))"
LOADED = "image => image.complete && image.naturalWidth > 0"


def test_a_link_keeps_its_address(plain):
    links = plain.locator("a.action:not(.still a)").evaluate_all(HREFS)
    assert links[:2] == ["#pairs?situation=start", "#pairs?situation=start&live=loss"]
    assert links[-2:] == ["#pairs?view=mask", "#pairs?view=mask"]


def test_a_link_leads_to_a_figure_of_another_page(book, open_page):
    page = open_page(book.page("questions"), java_script_enabled=False)
    assert page.locator("a.action").evaluate_all(HREFS) == ["index.html#pairs?situation=start&margin=0.3"]
    assert page.locator(".still").count() == 0


def test_a_passage_shows_the_state_that_its_first_link_names_and_no_page_shows_one_twice(plain):
    expected = [
        "situation=start&loss=ContrastiveLoss",
        "situation=start&loss=ContrastiveLoss&margin=0.3",
        "situation=all-alike&loss=ContrastiveLoss",
        "situation=which-pairs-count&loss=ContrastiveLoss&ask",
    ]
    assert plain.locator(".still a.action").evaluate_all(HREFS) == [f"#pairs?{each}" for each in expected]
    headings = "all => all.map(each => each.closest('section').querySelector('h1, h2, h3').firstChild.textContent)"
    assert plain.locator(".still").evaluate_all(headings) == ["Begin", "Further", "Again", "Predict"]
    assert plain.locator("p:has(a[href='#pairs?situation=start']) + .still").count() == 1


@pytest.mark.parametrize("width", [900, 360])
def test_without_scripts_the_picture_stands_whole(book, open_page, width):
    page = open_page(book.page("index"), java_script_enabled=False, viewport={"width": width, "height": 700})
    for picture in page.locator(".still img").all():
        picture.scroll_into_view_if_needed()
        page.wait_for_function(LOADED, arg=picture.element_handle())
        box = picture.bounding_box()
        assert box["width"] == (430 if width == 900 else pytest.approx(width - 32, abs=40)) and box["height"] > 150
    expect(page.locator(".still .hint").first).to_be_hidden()


def test_what_it_says_is_the_loss(plain):
    import lossviz

    explorer = lossviz.explore(lossviz.ContrastiveLoss(margin=0.3), engine="kernel")
    said = plain.locator(".still img").nth(1).get_attribute("alt")
    assert f"is {explorer.terms().loss:.4f}." in said and "Start" in said


def test_beside_a_live_figure_it_is_a_thumbnail_that_names_its_state(book, open_page):
    page = open_page(book.page("index"), viewport={"width": 1280, "height": 720})
    thumbnail = page.locator(".still a").nth(2)
    thumbnail.scroll_into_view_if_needed()
    expect(thumbnail).to_contain_text("Show it in the figure")
    assert 44 <= thumbnail.bounding_box()["height"] <= 90
    expect(thumbnail.locator("b")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_printed_the_words_and_the_pictures_are_left(book, open_page, scheme):
    page = open_page(book.page("index"), color_scheme=scheme)
    page.wait_for_selector(".lossviz-explorer[data-ready]")
    page.emulate_media(media="print")
    picture = page.locator(".still img").first
    assert picture.bounding_box()["width"] == 430
    assert picture.evaluate("image => getComputedStyle(image).filter") == "none"
    for gone in (".bd-sidebar-primary", ".still .caption", ".lossviz-explorer .controls", ".bd-header-article"):
        expect(page.locator(gone).first).to_be_hidden()
    ink = page.evaluate("getComputedStyle(document.querySelector('article section p')).color")
    assert max(map(int, ink.strip("rgb()").split(", "))) < 100


@pytest.mark.parametrize("path", sorted((ROOT / "book").glob("*.ipynb")), ids=lambda path: path.stem)
def test_on_paper_each_figure_of_the_book_has_a_picture(site, path):
    """Of the state in which it begins, where no passage speaks of another."""
    cells = nbformat.read(path, as_version=4).cells
    figures = [each.source for each in cells if "figure" in each.metadata.get("tags", ())]
    page = (site / "book" / f"{path.stem}.html").read_text(encoding="utf-8")
    for name in (re.search(r'name="([\w-]+)"', each)[1] for each in figures):
        assert re.search(rf'<figure class="still[^>]*><a class="action" href="#{name}\?', page), name


def test_a_mistake_in_an_address_fails_the_build_by_its_page_and_its_name(book):
    """Last: it leaves the book as it was, but for its questions."""
    book.ask("# Questions\n\n" + "\n\n".join(WRONG))
    assert build.build(book.folder, book.log) != 0
    complaints = [line for line in build.cause(book.log.read_text()).splitlines() if "WARNING: #" in line]
    assert all("questions.md" in each for each in complaints) and len(complaints) == len(WRONG)
    for said in WRONG.values():
        assert any(said in each for each in complaints), said
