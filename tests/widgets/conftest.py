"""The widgets' own JavaScript files, imported into a blank page and asked from Python."""

from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "lossviz" / "widgets" / "static"
HOME = "http://lossviz.test/"  # answered by the test itself; no request leaves the browser
MODULES = (
    "geometry", "borders", "colour", "state", "words", "reading", "read_anchors", "engine", "heat", "distance_line",
    "question", "triplet_plane", "mask", "tensors", "pulls", "read_scores", "score_plane", "class_regions", "dom",
)  # fmt: skip
IMPORT = """async (names) => {
  const freeze = (value) => {
    if (value && typeof value === "object") Object.values(value).forEach(freeze);
    return Object.freeze(value);
  };
  window.freeze = freeze;
  window.modules = {};
  for (const name of names) window.modules[name] = await import(`/${name}.js`);
}"""


def answer(route) -> None:
    """The blank page, or a file of static/."""
    name = route.request.url.removeprefix(HOME)
    if not name:
        route.fulfill(content_type="text/html", body="<!doctype html><html lang=en><title>blank</title>")
    else:
        route.fulfill(content_type="text/javascript", body=(STATIC / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def blank_page(chromium):
    page = chromium.new_page()
    page.route(HOME + "**", answer)
    page.goto(HOME)
    yield page
    page.close()


@pytest.fixture(scope="session")
def javascript(blank_page):
    """javascript("given.map(geometry.angleOf)", given) → its value, with every module in scope under its file's name.

    What is given is frozen: a function that changes its arguments throws.
    """
    blank_page.evaluate(IMPORT, list(MODULES))
    scope = f"const {{ {', '.join(MODULES)} }} = modules;"
    return lambda expression, given=None: blank_page.evaluate(
        f"(given) => {{ {scope} freeze(given); return ({expression}); }}", given
    )
