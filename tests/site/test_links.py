"""Every link lands: when a page has drawn, what the link names stands in the window. Back returns to the sentence."""

from collections import defaultdict
from urllib.parse import urldefrag, urljoin

import pytest

from tests.site.arrived import FRAMES, settle
from tests.site.test_pages import PAGES, every_page

WIDE = {"viewport": {"width": 1280, "height": 720}}
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
on_both = pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])

HREFS = "links => links.map(link => link.getAttribute('href'))"
STANDS = """hash => {
  const target = document.getElementById(decodeURIComponent(hash));
  if (!target) return `there is no ${hash}`;
  const { top } = target.getBoundingClientRect();
  const header = Math.max(0, ...[...document.querySelectorAll('.bd-header-article, .bd-header')]
    .map(each => getComputedStyle(each).position === 'sticky' ? each.getBoundingClientRect().bottom : 0));
  return top >= header - 1 && top < innerHeight && target.checkVisibility() ? '' : `${hash}: ${top} of ${innerHeight}`;
}"""


@pytest.fixture(scope="module")
def links(chromium, served_site) -> dict[str, set[str]]:
    """The places that links of the book's text lead to: page → ids."""
    found = defaultdict(set)
    page = chromium.new_page(java_script_enabled=False)
    for name in PAGES:
        page.goto(served_site + name)
        for href in page.locator("article a.internal, .bd-toc a").evaluate_all(HREFS):
            address, anchor = urldefrag(urljoin(page.url, href))
            if anchor and address.startswith(served_site):
                found[address.removeprefix(served_site)].add(anchor)
    page.close()
    return found


def test_the_questions_have_links(links):
    assert sum(map(len, links.values())) > 50


@on_both
@every_page
def test_every_link_lands(open_page, links, name, screen):
    """Each opened fresh, in tabs of one browser."""
    first = open_page(name, **screen)
    missed = []
    for anchor in sorted(links[name]):
        page = first.context.new_page()
        page.goto(f"{first.url}#{anchor}")
        settle(page)
        missed.append(page.evaluate(STANDS, anchor))
        page.close()
    assert not list(filter(None, missed))


SHIFTS = """() => { window.shifted = 0; new PerformanceObserver(list => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shifted += value;
}).observe({ type: "layout-shift", buffered: true }) }"""


@on_both
@every_page
def test_nothing_moves_while_a_page_draws(chromium, served_site, name, screen):
    page = chromium.new_page(**screen)
    page.add_init_script(f"({SHIFTS})()")
    page.goto(served_site + name)
    settle(page)
    assert page.evaluate("window.shifted") <= 0.02
    page.close()
