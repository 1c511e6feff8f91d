"""Measure how high each widget of the built book is when it has drawn, and write it into book/heights.json.

The next build keeps these places free from the first paint on. Needs a built book; tests/site/test_links.py says when
the file is out of date.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path

from browser import FLAGS, MISSING, find
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
FILE = ROOT / "book" / "heights.json"
VIEWPORTS = (320, 360, 375, 390, 412, 430, 480, 540, 600, 652, 655, 700, 740, 768, 820, 912, 991, 992, 1024, 1100, 1180,
             1280, 1366, 1440, 1536, 1920)  # fmt: skip
CLOSE = 3  # pixels: a width between two others that says nothing new is left out

DRAWN = """() => document.documentElement.dataset.widgets === 'ready'
  && [...document.querySelectorAll('.lossviz-explorer')].every(each => each.dataset.ready)"""
FREE = ".widget-place { min-height: 0 !important; }"
SIZES = "places => places.map(each => [each.clientWidth, Math.round(each.getBoundingClientRect().height)])"
FRAMES = """() => new Promise(done =>
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))))"""


def main() -> None:
    path = find()
    if path is None:
        sys.exit(MISSING)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = chromium.new_page()
        found = {f"book/{each.stem}": measure(page, each) for each in sorted((SITE / "book").glob("*.html"))}
        chromium.close()
    FILE.write_text(written({name: places for name, places in found.items() if places}))
    print(f"{sum(map(len, found.values()))} places: {FILE.relative_to(ROOT)}. Build the book again.")


def measure(page: Page, file: Path) -> list[list[tuple[int, int]]]:
    """For each place of the page, (width, height) from narrow to wide."""
    page.goto(file.as_uri())
    if not page.locator(".widget-place").count():
        return []
    page.wait_for_function(DRAWN)
    page.add_style_tag(content=FREE)
    sizes = [measured_at(page, width) for width in VIEWPORTS]
    return [thinned(sorted({width: height for width, height in each}.items())) for each in zip(*sizes, strict=True)]


def measured_at(page: Page, width: int) -> list[list[int]]:
    page.set_viewport_size({"width": width, "height": 720})
    page.evaluate(FRAMES)
    return page.locator(".widget-place").evaluate_all(SIZES)


def thinned(sizes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without the sizes that lie on the line between those that are kept."""
    kept, between = sizes[:1], []
    for size, following in pairwise(sizes[1:]):
        between.append(size)
        if not on_line(kept[-1], following, between):
            kept.append(size)
            between = []
    return [*kept, *sizes[1:][-1:]]


def on_line(start: tuple[int, int], end: tuple[int, int], between: list[tuple[int, int]]) -> bool:
    slope = (end[1] - start[1]) / (end[0] - start[0])
    return all(abs(start[1] + slope * (width - start[0]) - height) <= CLOSE for width, height in between)


def written(found: dict) -> str:
    """A place a line, so that a change is seen."""
    lines = {name: ",\n  ".join(map(json.dumps, places)) for name, places in found.items()}
    pages = [f"{json.dumps(name)}: [\n  {places}]" for name, places in lines.items()]
    return "{" + ",\n".join(pages) + "}\n"


if __name__ == "__main__":
    main()
