"""The widgets' own JavaScript files, imported into a blank page and asked from Python."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

QUICK = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
STATIC = Path(__file__).resolve().parents[2] / "lossviz" / "widgets" / "static"
HOME = "http://lossviz.test/"  # answered by the test itself; no request leaves the browser


def rows(*elements) -> st.SearchStrategy[list]:
    """Several cases at once: one question to the browser answers them all."""
    return st.lists(st.tuples(*elements), min_size=1, max_size=25)


def scope_name(file: Path) -> str:
    """What a file of static/ is called in a test: by its folder and its own name, state or triplet_plane_read."""
    return "_".join(file.relative_to(STATIC).with_suffix("").parts[-2:])


MODULES = {scope_name(file): str(file.relative_to(STATIC)) for file in sorted(STATIC.rglob("*.js"))}
IMPORT = """async (files) => {
  const freeze = (value) => {
    if (value && typeof value === "object") Object.values(value).forEach(freeze);
    return Object.freeze(value);
  };
  window.freeze = freeze;
  window.modules = {};
  for (const [name, file] of Object.entries(files)) window.modules[name] = await import(`/${file}`);
}"""


def answer(route) -> None:
    """The blank page, or a file of static/."""
    name = route.request.url.removeprefix(HOME)
    if not name:
        route.fulfill(content_type="text/html", body="<!doctype html><html lang=en><title>blank</title>")
    elif not (STATIC / name).is_file():
        route.fulfill(status=404)  # the import fails, and says which file
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
    """javascript("given.map(geometry.angleOf)", given) → its value, with every module in scope by its file's name.

    What is given is frozen: a function that changes its arguments throws.
    """
    blank_page.evaluate(IMPORT, MODULES)
    scope = f"const {{ {', '.join(MODULES)} }} = modules;"
    return lambda expression, given=None: blank_page.evaluate(
        f"(given) => {{ {scope} freeze(given); return ({expression}); }}", given
    )
