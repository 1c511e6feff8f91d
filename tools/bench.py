"""Measure the book: `make bench` prints each number beside its target. A function with @section adds its lines."""

import gzip
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

import lossviz
from lossviz import sentences
from lossviz.catalogue import ENTRIES, Entry
from lossviz.inputs import InputType
from lossviz.lowering import to_javascript
from lossviz.situations import SITUATIONS, Situation, on_circle
from lossviz.widgets.explorer import ignores_length
from tools import bench_losses, browser, build

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
CHAPTERS = sorted(path.relative_to(ROOT).with_suffix("") for path in (ROOT / "book").glob("*.ipynb"))
OPENINGS = 7  # how often a page is opened for a median


@dataclass(frozen=True)
class Line:
    """One measured number. Without a target it is only reported."""

    name: str
    value: float
    unit: str
    target: float | None = None

    def __str__(self) -> str:
        target = "" if self.target is None else f"≤ {self.target:g} {self.unit}"
        verdict = "" if self.target is None else "ok" if self.value <= self.target else "over"
        return f"{self.name:<58} {self.value:>9.3g} {self.unit:<6} {target:<12} {verdict}".rstrip()


SECTIONS: dict[str, Callable[[], Iterator[Line]]] = {}


def section(function: Callable[[], Iterator[Line]]) -> Callable[[], Iterator[Line]]:
    SECTIONS[function.__name__] = function
    return function


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        sys.exit(f"There is no section {unknown[0]}. Sections: {', '.join(SECTIONS)}")
    for name in names or SECTIONS:
        print(f"\n{name}", flush=True)
        for line in SECTIONS[name]():
            print(f"  {line}", flush=True)


# Building


@section
def building() -> Iterator[Line]:
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_of_the_book(Path(folder))
        yield Line("build from nothing", seconds(lambda: build_quietly(copy)), "s")
        yield Line("build with nothing changed", seconds(lambda: build_quietly(copy)), "s", target=10)


def copy_of_the_book(folder: Path) -> Path:
    for name in ("_config.yml", "_toc.yml", "constraints.txt", "requirements.txt"):
        shutil.copy(ROOT / name, folder)
    for name in ("book", "lossviz"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "_build"))
    return folder


def build_quietly(book: Path) -> None:
    log = book / "_build" / "build.log"
    if build.build(book, log):
        raise subprocess.SubprocessError(log.read_text()[-2000:])


def seconds(function: Callable[[], None]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


# The built page


@section
def pages() -> Iterator[Line]:
    with sync_playwright() as playwright, chromium(playwright) as running:
        for chapter in CHAPTERS:
            page = SITE / chapter.with_suffix(".html")
            yield Line(f"{chapter}: weight, compressed", weight(running, page) / 1e6, "MB", target=1.3)
            if has_explorer(page):
                yield Line(f"{chapter}: explorer ready after opening", explorer_ready(running, page), "s", target=1.0)


def chromium(playwright):
    path = browser.find() or sys.exit(browser.MISSING)
    return playwright.chromium.launch(executable_path=path, args=browser.FLAGS)


def weight(running, page: Path) -> int:
    """Bytes of everything a first visit loads without scrolling, each file as a server would compress it."""
    context = running.new_context()
    opened, urls = context.new_page(), []
    opened.on("request", lambda request: urls.append(request.url))
    opened.goto(page.as_uri(), wait_until="networkidle")
    context.close()
    files = {Path(url.removeprefix("file://").split("?")[0]) for url in urls if url.startswith("file://")}
    return sum(compressed(file) for file in files)


def compressed(file: Path) -> int:
    data = file.read_bytes()
    already = file.suffix in (".woff", ".woff2", ".png", ".jpg")
    return len(data) if already else len(gzip.compress(data, compresslevel=6))


def has_explorer(page: Path) -> bool:
    return "lossviz-explorer" in page.read_text()  # its module, which the page carries, names the class


def explorer_ready(running, page: Path) -> float:
    """Median seconds from the start of the navigation until the first explorer can be used, each in a fresh profile."""
    one_opening(running, page)  # the browser itself is still starting
    return statistics.median(one_opening(running, page) for _ in range(OPENINGS))


def one_opening(running, page: Path) -> float:
    context = running.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script("""
        new MutationObserver((_, observer) => {
          if (!document.querySelector(".lossviz-explorer[data-ready]")) return;
          window.explorerReady = performance.now();
          observer.disconnect();
        }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-ready"] });
    """)
    opened = context.new_page()
    opened.goto(page.as_uri(), wait_until="commit")
    ready = opened.wait_for_function("window.explorerReady").json_value()
    context.close()
    return ready / 1000


# A moving explorer

BEHIND = {"circle": "strip", "free": "heat map"}  # shape of the plane → what is drawn behind the points
MOVES = 150

# What the page of the site would carry for another explorer takes the place of its first one.
REPLACE_FIRST = """(values) => {
  let kept;
  Object.defineProperty(globalThis, "widgetModels", {
    get: () => kept,
    set: (given) => {
      const readModels = (page) => {
        const models = given.readModels(page);
        Object.assign([...models.values()].find((model) => model.values.spec).values, values);
        return models;
      };
      kept = { ...given, readModels };
    },
  });
}"""

# A message posted when a frame's first callback starts arrives when its callbacks, microtasks, style, layout and paint
# are done: what lies between is the frame's work.
WATCH_FRAMES = """() => {
  window.frameWork = [];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => frameWork.push(performance.now() - data);
  const request = window.requestAnimationFrame;
  let current = null;
  window.requestAnimationFrame = (callback) => request.call(window, (time) => {
    if (time !== current) {
      current = time;
      port2.postMessage(performance.now());
    }
    callback(time);
  });
}"""


@section
def frames() -> Iterator[Line]:
    page = SITE / CHAPTERS[0].with_suffix(".html")
    with sync_playwright() as playwright, chromium(playwright) as running:
        for entry in (each for each in ENTRIES if each.loss.inputs.name in SITUATIONS):
            for shape, explorer in twelve_points(entry).items():
                for gesture in (drag_a_point, drag_a_slider):
                    name = f"frame, {explorer.state['loss']}, {BEHIND[shape]}: {gesture.__name__.replace('_', ' ')}"
                    work = frame_work(running, page, explorer, gesture)
                    yield Line(f"{name}, 95 % in", statistics.quantiles(work, n=20)[-1], "ms", target=16.7)


def twelve_points(entry: Entry) -> dict[str, lossviz.Explorer]:
    """Shape of the plane → the loss in its first setting with such a plane, on twelve rows of twelve sentences."""
    found = {}
    for settings in entry.variants():
        loss = entry.default().changed(**settings)
        shape = "circle" if ignores_length(loss) else "free"
        if shape not in found:
            found[shape] = lossviz.explore(loss, situation=twelve(loss.inputs))
    return found


def twelve(inputs: InputType) -> Situation:
    labels = inputs.example(batch=12)[-1].tolist() if inputs.labels else None
    return Situation(
        name="twelve",
        title="Twelve sentences",
        keys=tuple(each.key for each in sentences.sentences()[:12]),
        rows={name: tuple((k + 5 * role) % 12 for k in range(12)) for role, name in enumerate(inputs.rows)},
        labels=labels,
        places=on_circle(*range(0, 360, 30)),
    )


def frame_work(running, page: Path, explorer: lossviz.Explorer, gesture: Callable) -> list[float]:
    """Milliseconds of work in each frame in which the gesture changed something."""
    values = {name: getattr(explorer, name) for name in ("spec", "modules", "state")}
    context = running.new_context(viewport={"width": 1280, "height": 1600})  # all of it in sight
    context.add_init_script(f"({REPLACE_FIRST})({json.dumps(values)})")
    opened = context.new_page()
    opened.goto(page.as_uri())
    opened.wait_for_selector("html[data-widgets=ready]", state="attached")
    root = opened.locator(".lossviz-explorer").first
    root.scroll_into_view_if_needed()
    gesture(opened, root, MOVES // 3)  # the browser compiles what runs often
    opened.evaluate(WATCH_FRAMES)
    gesture(opened, root, MOVES)
    work = opened.evaluate("frameWork")
    context.close()
    return work


def drag_a_point(page, root, moves: int) -> None:
    x, y = middle(root.locator(".point .dot").nth(3))
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(moves):
        page.mouse.move(x + 60 * math.sin(k / 9), y + 60 * math.sin(k / 7))
    page.mouse.move(x, y)
    page.mouse.up()


def drag_a_slider(page, root, moves: int) -> None:
    x, y = middle(root.locator("input[type=range]:visible").first)
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(moves):
        page.mouse.move(x + 50 * math.sin(k / 11), y)
    page.mouse.move(x, y)
    page.mouse.up()


def middle(element) -> tuple[float, float]:
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


# Lowering


@section
def lowering() -> Iterator[Line]:
    first = ENTRIES[0].default()
    to_javascript(first, *first.inputs.example())  # torch loads its compiler once
    for entry in ENTRIES:
        loss = entry.default()
        spent = min(seconds(lambda loss=loss: to_javascript(loss, *loss.inputs.example())) for _ in range(3))
        yield Line(f"{entry.loss.__name__}: lowering", spent, "s", target=0.7)


# Losses


@section
def losses() -> Iterator[bench_losses.Ratio]:
    yield from bench_losses.lines()


if __name__ == "__main__":
    main(sys.argv[1:])
