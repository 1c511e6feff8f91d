"""The Sphinx extension on a scratch book with a small lossviz of its own: what one build after another shows."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from tools import build

ROOT = Path(__file__).resolve().parents[2]
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CELLS = (
    "import lossviz\nlossviz.ANSWER",
    "counters = [lossviz.Counter(count=n) for n in (1, 2, 3)]\ncounters[0]",
    "counters[1]",
    "print('one', flush=True)\nprint('two')",
    "counters[0]",
    f"import base64\nfrom IPython.display import Image\nImage(base64.b64decode({PICTURE!r}))",
)
LOSSVIZ = '''
import anywidget, traitlets
from pathlib import Path
ANSWER = "answer 41"
class Counter(anywidget.AnyWidget):
    _esm = (Path(__file__).parent / "counter.js").read_text()
    _css = "/* the style sheet */ " + "p { } " * 300
    count = traitlets.Float(1).tag(sync=True)
'''
MODULE = "/* the module */ export default { render({ el }) { el.textContent = 'first' } }" + "// </script>" * 200


class ScratchBook:
    """A book of one notebook with its own lossviz, built as the real one is."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.log = folder / "build.log"
        shutil.copy(ROOT / "_config.yml", folder)
        (folder / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
        for name in ("_ext", "_static", "_templates"):
            shutil.copytree(ROOT / "book" / name, folder / "book" / name, ignore=shutil.ignore_patterns("__pycache__"))
        self.write("lossviz/__init__.py", LOSSVIZ)
        self.write("lossviz/counter.js", MODULE)
        cells = [nbformat.v4.new_markdown_cell("# Scratch\n\n$x^2$"), *map(nbformat.v4.new_code_cell, CELLS)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "book" / "index.ipynb")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text)

    def build(self) -> str:
        """Build, and return the page."""
        assert build.build(self.folder, self.log) == 0, build.cause(self.log.read_text())
        return (self.folder / "_build" / "html" / "book" / "index.html").read_text()

    def executed(self) -> bool:
        return "Executing notebook" in self.log.read_text()


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scratch_book")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))  # its lossviz, not ours
        yield ScratchBook(folder)


@pytest.fixture(scope="module")
def page(book):
    """The page as first built."""
    return book.build()


def test_the_page_carries_one_copy_of_each_module_and_style_sheet(page):
    assert page.count("/* the module */") == 1
    assert page.count("/* the style sheet */") == 1


def test_no_random_id_is_left(page):
    assert re.findall(r"\b[0-9a-f]{32}\b", page) == []
    assert re.findall(r'"model_id": "(w\d)"', page) == ["w0", "w1", "w0"]


def test_the_page_asks_for_nothing_of_another_origin(page):
    assert "thebe" not in page.lower()
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//[^"']*""", page) == []


def test_icons_come_as_fonts_alone(page, book):
    html = book.folder / "_build" / "html"
    assert "fontawesome/" in page and not re.search(r"fontawesome/[^\"]*\.(js|woff2)", page)
    styles = re.findall(r'href="([^"?]+\.css)', page)
    assert [name for name in styles if not (html / "book" / name).is_file()] == []


def test_a_picture_is_loaded_when_its_reader_comes(page):
    (picture,) = re.findall(r"<img [^>]*_images[^>]*>", page)
    assert 'loading="lazy"' in picture


def test_the_search_knows_a_section_by_its_prose_and_what_it_prints(page, book):
    script = (book.folder / "_build" / "html" / "_static" / "sections.js").read_text()
    (section,) = json.loads(script[script.index("[") : script.rindex(";")])
    assert (section["page"], section["title"], section["text"]) == ("book/index", "Scratch", "x^2")
    assert "one\ntwo" in section["printed"] and "import" not in script


def test_what_one_cell_prints_stays_together(page):
    assert "one\ntwo\n" in page


def test_the_libraries_are_copied_from_their_wheels(page, book):
    static = book.folder / "_build" / "html" / "_static"
    font = "mathjax/output/chtml/fonts/woff-v2/MathJax_Main-Regular.woff"
    for name in ("plotly.min.js", "mathjax/tex-chtml.js", font):
        assert (static / name).stat().st_size > 10_000
    assert not list(static.rglob("*.partial"))


def test_nothing_changed_runs_nothing_and_changes_nothing(page, book):
    assert book.build() == page
    assert not book.executed()


def test_an_edit_in_lossviz_shows_in_an_unchanged_notebook(page, book):
    book.write("lossviz/__init__.py", LOSSVIZ.replace("41", "42"))
    book.write("lossviz/counter.js", MODULE.replace("first", "second"))
    edited = book.build()
    assert "answer 42" in edited and "answer 41" not in edited
    assert "'second'" in edited and "'first'" not in edited
    caches = list((book.folder / "_build" / ".jupyter_cache").iterdir())
    assert len(caches) == 1, "the cache of the code before the edit is of no use any more"


def test_an_edit_in_the_static_files_reaches_every_page_without_running_anything(page, book):
    script = book.folder / "book" / "_static" / "widget_host.js"
    before = re.search(r"widget_host\.js\?v=\w+", book.build()).group()
    script.write_text(script.read_text() + "\n// edited")
    assert before not in book.build()
    assert not book.executed()


def test_building_again_from_nothing_makes_the_same_page(page, book):
    """Last: it starts over."""
    for name, text in (("lossviz/__init__.py", LOSSVIZ), ("lossviz/counter.js", MODULE)):
        book.write(name, text)
    shutil.copy(ROOT / "book" / "_static" / "widget_host.js", book.folder / "book" / "_static")
    shutil.rmtree(book.folder / "_build")
    assert book.build() == page
    assert book.executed()
