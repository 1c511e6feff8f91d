"""Every link lands: when a page has drawn, what the link names stands in the window. Back returns to the sentence.

And what opens moves nothing that the reader reads.
"""

from collections import defaultdict
from urllib.parse import urldefrag, urljoin

import pytest
from bs4 import BeautifulSoup

from tests.site.arrived import FRAMES, settle
from tests.site.test_pages import PAGES, every_page

WIDE = {"viewport": {"width": 1280, "height": 720}}
PHONE = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
on_both = pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])
WITH_EXPLORERS = "book/labelled_pairs.html"

HREFS = "links => links.map(link => link.getAttribute('href'))"
STANDS = """hash => {
  const target = document.getElementById(decodeURIComponent(hash));
  if (!target) return `there is no ${hash}`;
  const { top, left } = target.getBoundingClientRect();
  const headers = [...document.querySelectorAll('.bd-header-article, .bd-header, .figure-dock')]
    .filter(each => getComputedStyle(each).position === 'sticky').map(each => each.getBoundingClientRect())
    .filter(box => box.left <= left + 1 && box.top < 60).map(({ bottom }) => bottom);  // above it, not beside it
  const seen = top >= Math.max(0, ...headers) - 1 && top < innerHeight && target.checkVisibility();
  return seen ? '' : `${hash}: ${top} of ${innerHeight}`;
}"""

# One after another: anchors that an address names, and links of the page that are pressed.
LAND = f"""async ([anchors, hrefs]) => {{
  const [stands, frames, missed] = [{STANDS}, {FRAMES}, []];
  const goes = {{
    ...Object.fromEntries(anchors.map((anchor) => [anchor, () => {{ location.hash = anchor; }}])),
    ...Object.fromEntries(hrefs.map((href) =>
      [href, () => document.querySelector(`main a.internal[href='${{href}}']`).click()])),
  }};
  for (const [where, go] of Object.entries(goes)) {{
    go();
    await frames();
    missed.push(stands(where.replace("#", "")));
  }}
  return missed;
}}"""


@pytest.fixture(scope="module")
def links(site) -> dict[str, set[str]]:
    """The places that links of the text lead to from another page: page → ids."""
    found = defaultdict(set)
    for name in PAGES:
        page = BeautifulSoup((site / name).read_text(), "html.parser")
        for link in page.select("article a.internal[href]"):
            address, anchor = urldefrag(urljoin(name, link["href"]))
            if anchor and "?" not in anchor and address in PAGES and address != name:
                found[address].add(anchor)
    return found


def test_the_book_has_links(links):
    assert sum(map(len, links.values())) > 25


SHIFTS = """window.shifted = [];
new PerformanceObserver(list => {
  for (const { value, sources: [first] } of list.getEntries()) shifted.push([value, first?.node?.className]);
}).observe({ type: "layout-shift", buffered: true });"""


COLUMNS = """() => [".bd-sidebar-primary", ".bd-main", ".bd-article-container"].map((name) => {
  const { left, width } = document.querySelector(name).getBoundingClientRect();
  return [left, width];
})"""


@on_both
@every_page
def test_nothing_moves_while_a_page_draws_and_every_link_lands(open_page, site, links, name, screen):
    """A figure is as high as its place, a formula as large as its own; if it is not: make formulas. The columns stand
    before the article has come: on a slow machine a browser draws what it has read so far.

    Links from other pages: one on a page that is opened for it, for what the place of a figure keeps from the first;
    the others, and those of the page itself, on this one.
    """
    page = open_page("search.html", **screen)
    page.add_init_script(SHIFTS)
    page.goto(urljoin(page.url, name))
    settle(page)
    shifted = page.evaluate("shifted")
    assert sum(value for value, _ in shifted) <= 0.02, shifted
    whole, missed = page.evaluate(COLUMNS), []
    from_elsewhere = sorted(links[name])
    for anchor in from_elsewhere[screen is PHONE :][:1]:
        tab = page.context.new_page()
        tab.goto(f"{page.url}#{anchor}")
        settle(tab)
        missed.append(tab.evaluate(STANDS, anchor))
        tab.close()
    own = set(page.locator("main a.internal[href^='#']:not([href='#'], .action)").evaluate_all(HREFS))
    missed += page.evaluate(LAND, [from_elsewhere, sorted(own)])
    assert list(filter(None, missed)) == []
    head, article, _ = (site / name).read_text().partition("<article")
    page.route(f"**/{name}", lambda route: route.fulfill(body=head + article + ">", content_type="text/html"))
    page.reload()
    assert page.evaluate(COLUMNS) == whole


def test_a_link_into_a_fold_opens_it(open_page):
    page = open_page(WITH_EXPLORERS, **WIDE)
    settle(page)
    inside = page.locator("article details:not([open]) :is(p, pre, img)").last
    inside.evaluate("element => { element.id = 'inside'; }")
    page.locator("article h2").last.evaluate("title => { title.innerHTML = `<a href='#inside'>there</a>`; }")
    page.get_by_role("link", name="there", exact=True).click()
    page.wait_for_function("location.hash === '#inside'")
    page.evaluate(FRAMES)
    assert page.evaluate(STANDS, "inside") == ""


# Back

TOP = "element => element.getBoundingClientRect().top"
TO_THE_EYES = "it => scrollBy({ top: it.getBoundingClientRect().top - innerHeight * 0.7, behavior: 'instant' })"
GROW = "() => { document.querySelector('.lossviz-explorer').style.paddingBottom = '500px'; }"


def place_and_follow(page, link) -> float:
    """Put the link at the height of the eyes, follow it, and say where it stood."""
    link.evaluate(TO_THE_EYES)
    page.evaluate(FRAMES)
    stood = link.evaluate(TOP)
    link.click()
    return stood


@on_both
@pytest.mark.parametrize(
    ("name", "there", "from_file"),
    [
        ("questions.html", "positive_pairs.html#not-zero", False),
        ("questions.html", "positive_pairs.html#not-zero", True),
        ("positive_pairs.html", "unlabelled.html#same-as-nt-xent", False),  # from below its explorers
    ],
    ids=["served", "file", "below the explorers"],
)
def test_back_returns_to_the_sentence_on_another_page(open_page, site, screen, name, there, from_file):
    page = open_page(site / "book" / name if from_file else f"book/{name}", **screen)
    settle(page)
    link = page.locator(f"article a[href='{there}']").first
    stood = place_and_follow(page, link)
    page.wait_for_url(f"**/{there}")
    settle(page)
    page.go_back()
    page.wait_for_url(f"**/{name}")
    settle(page)
    assert abs(link.evaluate(TOP) - stood) <= 20


@on_both
def test_back_returns_within_a_page_whose_explorer_has_grown(open_page, screen):
    page = open_page("book/positive_pairs.html", **screen)
    settle(page)
    link = page.locator("article p a.internal[href^='#']:not(.action)").last
    hash_ = link.get_attribute("href")
    stood = place_and_follow(page, link)
    page.wait_for_function("hash => location.hash === hash", arg=hash_)
    page.evaluate(FRAMES)
    page.evaluate(GROW)
    page.evaluate(FRAMES)
    page.go_back()
    page.wait_for_function("location.hash === ''")
    page.evaluate(FRAMES)
    assert abs(link.evaluate(TOP) - stood) <= 20


# What opens

@on_both
@pytest.mark.parametrize("name", ["book/index.html", WITH_EXPLORERS])
def test_an_explorer_that_answers_stays_where_it_is(open_page, name, screen):
    page = open_page(name, **screen)
    settle(page)
    explorer = page.locator(".lossviz-explorer").first
    show = explorer.get_by_role("button", name="Show me")
    if not show.is_visible():
        page.locator("article a.action[href^='#'][href*='ask']").first.click()
    show.scroll_into_view_if_needed()
    page.evaluate(FRAMES)
    plane = explorer.locator(".plane")
    stood = [plane.evaluate(TOP), explorer.evaluate(TOP)]
    show.click()
    explorer.locator(".verdict:not(:empty)").wait_for()
    page.evaluate(FRAMES)
    assert [plane.evaluate(TOP), explorer.evaluate(TOP)] == pytest.approx(stood, abs=2)


@on_both
def test_a_reader_who_scrolls_is_let_go(open_page, screen):
    page = open_page("book/positive_pairs.html#not-zero", **screen)
    settle(page)
    target = page.locator("#not-zero")
    landed = target.evaluate(TOP)
    page.mouse.move(screen["viewport"]["width"] / 2, 300)
    page.mouse.wheel(0, 300)
    page.wait_for_function("([target, landed]) => target.getBoundingClientRect().top < landed - 200",
                           arg=[target.element_handle(), landed])  # fmt: skip
    page.evaluate(GROW)
    page.evaluate(FRAMES)
    assert target.evaluate(TOP) < landed - 200
