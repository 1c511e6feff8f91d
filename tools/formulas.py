"""Measure how large each formula of the built book is when it is set, and write it into book/formulas.json.

The next build keeps these places free from the first paint on. Needs a built book; tests/site/test_links.py says when
the file is out of date.
"""

import json
import sys
from pathlib import Path

from browser import FLAGS, MISSING, find
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
FILE = ROOT / "book" / "formulas.json"
WIDE = {"width": 1280, "height": 720}
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


def main() -> None:
    path = find()
    if path is None:
        sys.exit(MISSING)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = chromium.new_page(viewport=WIDE)
        formulas = {}
        for file in sorted((SITE / "book").glob("*.html")):
            page.goto(file.as_uri())
            page.wait_for_function(TYPESET)
            formulas |= page.evaluate(FORMULAS)
        chromium.close()
    FILE.write_text(json.dumps(formulas, indent=1, sort_keys=True) + "\n")
    print(f"{len(formulas)} formulas: {FILE.name}. Build the book again.")


if __name__ == "__main__":
    main()
