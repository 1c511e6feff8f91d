"""Measure the book: `make bench` prints each number beside its target. A function with @section adds its lines."""

import gzip
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from playwright.sync_api import sync_playwright

import lossviz
from lossviz import sentences
from lossviz.catalogue import ENTRIES, Entry
from lossviz.inputs import InputType
from lossviz.losses import Loss
from lossviz.lowering import to_javascript
from lossviz.situations import SITUATIONS, Situation, on_circle
from lossviz.situations.offered import ignores_length
from tools import bench_losses, browser, build
from tools.host_page import write_page

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
CHAPTERS = sorted(path.relative_to(ROOT).with_suffix("") for path in (ROOT / "book").glob("*.ipynb"))
OPENINGS = 7  # how often a page is opened for a median


@dataclass(frozen=True)
class Line:
    """One measured number. Without a target, which is a most, it is only reported."""

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
    path = browser.find(whole=True) or sys.exit(browser.MISSING)
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
NOTHING = 1  # milliseconds: of a frame in which plotly only looks whether it has to draw


@section
def frames() -> Iterator[Line]:
    with sync_playwright() as playwright, chromium(playwright) as running:
        for entry in (each for each in ENTRIES if each.loss.inputs.name in SITUATIONS):
            for shape, explorer in twelve_points(entry).items():
                for gesture in (drag_a_point, drag_a_slider):
                    name = f"frame, {explorer.state['loss']}, {BEHIND[shape]}: {gesture.__name__.replace('_', ' ')}"
                    work = frame_work(running, explorer, gesture)
                    yield Line(f"{name}, 95 % in", statistics.quantiles(work, n=20)[-1], "ms", target=16.7)


# View → what shows that it is drawn, and the milliseconds that a frame may take while it is open
VIEWS = {"gradient": (".field .shafts[d]", 16.7), "surface": (".plot canvas", 33)}


@section
def views() -> Iterator[Line]:
    """One loss for each input type."""
    first = {entry.loss.inputs.name: entry for entry in reversed(ENTRIES) if entry.loss.inputs.name in SITUATIONS}
    with sync_playwright() as playwright, chromium(playwright) as running:
        for entry in reversed(first.values()):
            for shape, explorer in twelve_points(entry).items():
                for view, (_, target) in VIEWS.items():
                    for gesture in (drag_a_point, drag_a_slider):
                        name = f"frame, {explorer.state['loss']}, {shape}, {view}: {gesture.__name__.replace('_', ' ')}"
                        work = frame_work(running, explorer, gesture, view)
                        yield Line(f"{name}, 95 % in", statistics.quantiles(work, n=20)[-1], "ms", target=target)


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


def frame_work(running, explorer: lossviz.Explorer, gesture: Callable, view: str | None = None) -> list[float]:
    """Milliseconds of the main thread's own time, whatever else runs beside, in each frame that a gesture changed."""
    context = running.new_context(viewport={"width": 1280, "height": 1600})  # all of it in sight
    opened = context.new_page()
    root = opened.locator(".lossviz-explorer")
    with tempfile.TemporaryDirectory() as folder:
        opened.goto(write_page(Path(folder), explorer).as_uri())
        opened.wait_for_selector(".lossviz-explorer[data-ready]")
        if view:
            root.locator(f"[role=tab][data-view={view}]").click()
            root.locator(VIEWS[view][0]).first.wait_for(state="attached")
    gesture(opened, root, MOVES // 3)  # the browser compiles what runs often
    running.start_tracing(page=opened, categories=["cc", "devtools.timeline"])
    gesture(opened, root, MOVES)
    events = json.loads(running.stop_tracing())["traceEvents"]
    context.close()
    callbacks = [event["ts"] for event in events if event["name"] == "FireAnimationFrame"]
    drawn = [event for event in events if event["name"] == "ProxyMain::BeginMainFrame" and "tdur" in event]
    work = [
        frame["tdur"] / 1000
        for frame in drawn
        if any(frame["ts"] <= callback <= frame["ts"] + frame["dur"] for callback in callbacks)
    ]
    return [each for each in work if each > NOTHING]


def drag_a_point(page, root, moves: int) -> None:
    x, y = middle(root.locator(".point .dot").nth(3))
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(moves):
        page.mouse.move(x + 60 * math.sin(k / 9), y + 60 * math.sin(k / 7))
    page.mouse.move(x, y)
    page.mouse.up()


def drag_a_slider(page, root, moves: int) -> None:
    x, y = middle(root.locator(".parameters input[type=range]:visible").first)
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(moves):
        page.mouse.move(x + 50 * math.sin(k / 11), y)
    page.mouse.move(x, y)
    page.mouse.up()


def middle(element) -> tuple[float, float]:
    box = element.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


# Surfaces

DEVICE = os.environ.get("DEVICE", "cpu")
POINTS, POSITIONS, MOVED, ROUNDS = 12, 100, 3, 5


@section
def surfaces() -> Iterator[Line]:
    """Loss and gradient at 201 × 201 positions of one of twelve points, float64; beside it a loop over
    sentence-transformers, timed at a hundred positions, and multiplied up to all of them."""
    from tests.losses.peers import peer  # sentence-transformers takes its time to load

    for entry in ENTRIES:
        loss = on_device(entry.default())
        inputs = [each.to(DEVICE) for each in loss.inputs.example(POINTS)]
        ask = peer(loss)
        pairs = [(loop(ask, inputs), whole_surface(loss, inputs)) for _ in range(ROUNDS)]
        theirs, ours = map(min, zip(*pairs, strict=True))
        yield Line(f"{entry.loss.__name__}: a surface", ours, "s", target=1)
        yield Line(f"{entry.loss.__name__}: a loop over sentence-transformers", theirs, "s")


def on_device(loss: Loss) -> Loss:
    tensors = {name: value for name, value in loss.settings().items() if isinstance(value, torch.Tensor)}
    return loss.changed(**{name: value.to(DEVICE) for name, value in tensors.items()})


def loop(ask: Callable, inputs: list[torch.Tensor]) -> float:
    """Seconds for all positions of a surface, one after the other."""
    places = torch.rand(POSITIONS, 2, dtype=torch.float64) * 3.2 - 1.6

    def run() -> None:
        for place in places.to(DEVICE).unbind():
            place.requires_grad_()
            moved = torch.cat([inputs[0][:MOVED], place[None], inputs[0][MOVED + 1 :]])
            value = ask(moved, *inputs[1:])
            value.backward()
            value.item(), place.grad.tolist()

    return seconds(run) * 201**2 / POSITIONS


def whole_surface(loss: Loss, inputs: list[torch.Tensor]) -> float:
    def run() -> None:
        found = lossviz.surface(loss, inputs, (loss.inputs.rows[0], MOVED), resolution=201)
        found.loss.cpu(), found.gradient.cpu()

    return seconds(run)


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


@section
def training() -> Iterator[bench_losses.Ratio]:
    from tools import bench_training  # sentence-transformers takes its time to load

    yield from bench_training.lines()


# Loading


LOADED = """
import psutil, time, torch
memory = lambda: psutil.Process().memory_info().rss / 1e6
before, started = memory(), time.perf_counter()
import lossviz
print(time.perf_counter() - started, memory() - before)
"""


@section
def loading() -> Iterator[Line]:
    """What ``import lossviz`` takes beyond ``import torch``; the fastest of five."""
    command = [sys.executable, "-c", LOADED]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in range(5)]
    yield Line("import lossviz, after torch", min(float(seconds) for seconds, _ in runs), "s", target=0.3)
    yield Line("import lossviz, after torch: memory", min(float(megabytes) for _, megabytes in runs), "MB", target=30)


# Watching a training


@section
def watching() -> Iterator[Line]:
    from tools import bench_watch  # sentence-transformers takes its time to load

    yield Line("a look of Watch, of the 100 steps between two", bench_watch.share(), "%", target=3)


if __name__ == "__main__":
    main(sys.argv[1:])
