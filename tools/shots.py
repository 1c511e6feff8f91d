"""Screenshots of every state that a reader meets, on one page: _build/shots/index.html. Review a change of look there.

For every explorer of every page: each situation at its first frame and, where *Play* applies, at its last; wide and
360 pixels, light and dark. `make shots PAGE=labelled_pairs` takes one page only.
"""

import functools
import html
import http.server
import os
import sys
import threading
from pathlib import Path

from browser import FLAGS, MISSING, find
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "_build" / "html"
SHOTS = ROOT / "_build" / "shots"
LOOKS = (("wide", 1300, "light"), ("wide", 1300, "dark"), ("narrow", 360, "light"), ("narrow", 360, "dark"))
SETTLED = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(done))))"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


def main() -> None:
    path = find()
    if path is None:
        sys.exit(MISSING)
    SHOTS.mkdir(parents=True, exist_ok=True)
    for old in SHOTS.glob("*.png"):
        old.unlink()
    wanted = os.environ.get("PAGE", "")
    pages = [each for each in sorted((SITE / "book").glob("*.html")) if wanted in each.stem]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for page in pages:
            for width_name, width, scheme in LOOKS:
                context = chromium.new_context(viewport={"width": width, "height": 2600}, color_scheme=scheme)
                tab = context.new_page()
                tab.emulate_media(reduced_motion="reduce", color_scheme=scheme)  # Play shows its end at once
                tab.goto(f"http://127.0.0.1:{server.server_port}/book/{page.name}")
                _shoot_page(tab, f"{page.stem} {width_name} {scheme}")
                context.close()
        chromium.close()
    _contact_sheet()
    print(f"{len(list(SHOTS.glob('*.png')))} screenshots: {SHOTS / 'index.html'}")


def _shoot_page(tab: Page, name: str) -> None:
    tab.wait_for_function("document.documentElement.dataset.widgets === 'ready'")
    count = tab.locator(".lossviz-explorer").count()
    for index in range(count):
        explorer = tab.locator(".lossviz-explorer").nth(index)
        explorer.scroll_into_view_if_needed()
        tab.wait_for_function("k => document.querySelectorAll('.lossviz-explorer')[k].dataset.ready", arg=index)
        select = explorer.locator(".situations select")
        for situation in range(max(1, select.locator("option").count())):
            if select.is_visible():
                select.select_option(index=situation)
            _shoot_states(tab, explorer, f"{name} {index} {situation}")


def _shoot_states(tab: Page, explorer, name: str) -> None:
    _shoot(explorer, f"{name} 0")
    show = explorer.get_by_role("button", name="Show me")
    if show.is_visible():
        show.click()
        explorer.locator(".verdict:not(:empty)").wait_for()
        _shoot(explorer, f"{name} 1 answered")
    play = explorer.get_by_role("button", name="Play")
    if play.is_visible():
        play.click()
        _shoot(explorer, f"{name} 2 played")


def _shoot(explorer, name: str) -> None:
    explorer.page.mouse.move(0, 0)  # what the pointer rests on would be lit
    explorer.evaluate(SETTLED)
    explorer.screenshot(path=SHOTS / f"{name.replace(' ', '-')}.png", animations="disabled")


def _contact_sheet() -> None:
    names = sorted(each.name for each in SHOTS.glob("*.png"))
    figures = "".join(
        f'<figure><a href="{html.escape(name)}"><img loading="lazy" src="{html.escape(name)}"></a>'
        f"<figcaption>{html.escape(name)}</figcaption></figure>"
        for name in names
    )
    style = "body{display:flex;flex-wrap:wrap;gap:16px;font:14px system-ui}img{max-width:420px;border:1px solid #ccc}"
    page = f"<!doctype html><meta charset=utf-8><style>{style}</style>{figures}"
    SHOTS.joinpath("index.html").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
