"""The widgets' own JavaScript files, imported into a blank page and asked from Python."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

import lossviz
from tests.widgets.page import Explorer

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


# As JSON, of which numbers that are none are no part; playwright itself looks at each number, which takes far longer.
READ_AND_WRITE = """() => {
  const odd = (value) => typeof value === "number" && !Number.isFinite(value);
  const plain = (value) => (ArrayBuffer.isView(value) || value instanceof Set ? [...value] : value) ?? null;
  window.write = (value) =>
    JSON.stringify(value ?? null, (_, each) => (odd(each) ? { number: String(each) } : plain(each)));
  window.read = (text) =>
    JSON.parse(text, (_, each) => (typeof each?.number === "string" ? Number(each.number) : each));
}"""


def write(value: object) -> str:
    """As the page reads it."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False)


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]}
    return value


def read(text: str) -> object:
    """What the page wrote."""
    return json.loads(text, object_hook=lambda each: float(each["number"]) if list(each) == ["number"] else each)


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
    blank_page.evaluate(READ_AND_WRITE)
    scope = f"const {{ {', '.join(MODULES)} }} = modules;"

    def value(expression: str, given=None):
        asked = f"async (text) => {{ {scope} const given = freeze(read(text)); return write(await ({expression})); }}"
        return read(blank_page.evaluate(asked, write(given)))

    return value


# ---- an explorer on a page of its own

# A model as anywidget gives it: values that either side may set, and messages to Python. `saved` is what Python hears,
# `asked` what it is asked.
MOUNT = """async ({ text, style, values: written }) => {
  const values = JSON.parse(written);
  document.body.innerHTML = `<style>${style}</style><main></main>`;
  const el = document.querySelector("main");
  const heard = {};
  const model = {
    get: (name) => values[name],
    set: (name, value) => { values[name] = value; },
    save_changes: () => saved.push(structuredClone(values.state)),
    on: (event, callback) => { heard[event] = callback; },
    off() {},
    send(message) {
      asked.push(message);
      askPython(JSON.stringify(message)).then((answer) => heard["msg:custom"](JSON.parse(answer)));
    },
  };
  window.saved = [];
  window.asked = [];
  window.say = (name, value) => { values[name] = value; heard[`change:${name}`](); };
  const { default: widget } = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  widget.render({ model, el });
}"""


def mount(page, widget: lossviz.Explorer) -> Explorer:
    """That explorer as a reader sees it, alone on a page."""
    values = json.dumps({"spec": widget.spec, "modules": widget.modules, "state": widget.state}, allow_nan=False)
    page.evaluate(MOUNT, {"text": widget._esm, "style": widget._css, "values": values})
    root = page.locator(".lossviz-explorer")
    expect(root).to_have_attribute("data-ready", "yes")
    return Explorer(root, widget._losses)


@pytest.fixture(scope="module")
def blank(chromium):
    """An empty page; what is thrown on it fails the test that made it throw."""
    page = chromium.new_page()
    page.python = None
    page.expose_function("askPython", lambda message: json.dumps(page.python(json.loads(message)), allow_nan=False))
    page.thrown = []
    page.on("pageerror", lambda error: page.thrown.append(str(error)))
    page.goto("about:blank")
    yield page
    page.close()


@pytest.fixture
def mounted(blank):
    """mounted(explorer) → that explorer as a reader sees it, in a window of that size."""

    def mounted_on(widget: lossviz.Explorer, size: tuple[int, int] = (1200, 1400)) -> Explorer:
        blank.python = widget.reply
        blank.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        return mount(blank, widget)

    blank.thrown.clear()
    yield mounted_on
    assert blank.thrown == []
    blank.goto("about:blank")  # an explorer that still asks Python must not ask the next test's
