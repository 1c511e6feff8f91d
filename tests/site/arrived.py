"""When a page of the book has come to rest: every widget drawn, every formula set, two frames since."""

from playwright.sync_api import Page

DRAWN = """() => document.readyState === 'complete'
  && (!document.querySelector('.widget-place') || document.documentElement.dataset.widgets === 'ready')
  && [...document.querySelectorAll('.lossviz-explorer')].every(each => each.dataset.ready)
  && document.fonts.status === 'loaded'
  && [...document.querySelectorAll('.math')].every(each => each.querySelector('mjx-container'))"""
FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def settle(page: Page) -> None:
    page.wait_for_function(DRAWN)
    page.evaluate(FRAMES)
