"""Measure how large each widget and formula of the built book is when drawn, and write it into book/heights.json.

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
TYPESET = "[...document.querySelectorAll('.math')].every(each => each.querySelector('mjx-container'))"
# TeX → the width of a formula in a line, the height of one of its own, in em
FORMULAS = """() => {
  document.querySelectorAll('article details:not(.about)').forEach(fold => { fold.open = true; });
  return [...(window.MathJax?.startup?.document?.math ?? [])].map(({ math, display, typesetRoot }) => {
    const place = typesetRoot.closest('.math'), { width, height } = place.getBoundingClientRect();
    const size = (display ? height : width) / parseFloat(getComputedStyle(place).fontSize);
    return [math.trim(), Math.round(size * 100) / 100];
  });
}"""
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
        places, formulas = {}, {}
        for file in sorted((SITE / "book").glob("*.html")):
            page.goto(file.as_uri())
            if page.locator(".widget-place").count():
                places[f"book/{file.stem}"] = measure(page)
            page.wait_for_function(TYPESET)
            formulas |= page.evaluate(FORMULAS)
        chromium.close()
    FILE.write_text(written(places, formulas))
    print(f"{sum(map(len, places.values()))} widgets, {len(formulas)} formulas: {FILE.name}. Build the book again.")


def measure(page: Page) -> list[list[tuple[int, int]]]:
    """For each place of the page, (width, height) from narrow to wide."""
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


def written(places: dict, formulas: dict) -> str:
    """A place a line, so that a change is seen."""
    lines = {name: ",\n  ".join(map(json.dumps, sizes)) for name, sizes in places.items()}
    pages = [f"{json.dumps(name)}: [\n  {sizes}]" for name, sizes in lines.items()]
    sizes = ",\n  ".join(f"{json.dumps(tex)}: {size}" for tex, size in sorted(formulas.items()))
    return "{" + ",\n".join([*pages, f'"formulas": {{\n  {sizes}}}']) + "}\n"


if __name__ == "__main__":
    main()
