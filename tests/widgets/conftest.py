"""The widgets' own JavaScript files, imported into a blank page and asked from Python."""

from pathlib import Path

import pytest

from lossviz import Explorer

STATIC = Path(__file__).resolve().parents[2] / "lossviz" / "widgets" / "static"
HOME = "http://lossviz.test/"  # answered by the test itself; no request leaves the browser
MODULES = ("geometry", "colour", "state", "reading", "engine", "heat", "distance_line")
IMPORT = """async (names) => {
  const freeze = (value) => {
    if (value && typeof value === "object") Object.values(value).forEach(freeze);
    return Object.freeze(value);
  };
  window.freeze = freeze;
  window.modules = {};
  for (const name of names) window.modules[name] = await import(`/${name}.js`);
}"""

RENDER = """async ([text, values]) => {
  const module = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  const set = (name, value) => { values[name] = value; };
  const model = { get: (name) => values[name], set, save_changes() {}, on() {} };
  module.default.render({ model, el: document.body });
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


@pytest.fixture
def rendered(chromium):
    """rendered(explorer) → a page that shows it and must throw nothing."""
    page = chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))

    def render(explorer: Explorer):
        values = {name: getattr(explorer, name) for name in ("spec", "modules", "state")}
        page.add_style_tag(content=explorer._css)
        page.evaluate(RENDER, [explorer._esm, values])
        page.wait_for_selector(".lossviz-explorer[data-ready]")
        return page

    yield render
    page.close()
    assert not errors, "\n".join(errors)


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
