"""The page of questions: each is answered at a place of the book that exists, beside something that moves."""

import json
from collections import defaultdict
from urllib.parse import urldefrag, urljoin, urlsplit

from bs4 import BeautifulSoup

from lossviz.situations import SITUATIONS
from lossviz.widgets import address
from lossviz.widgets.address import split
from tests.site.arrived import settle

QUESTIONS = 33
LINKS = "all => all.map(item => [...item.querySelectorAll('a')].map(link => link.getAttribute('href')))"
# Of the explorer of a name, once it shows what was asked for.
STANDS = """async (name) => {
  const root = [...document.querySelectorAll(".lossviz-explorer")].find(({ explorer }) => explorer.name === name);
  const isShown = ({ playing, at }) => root.dataset.ready === "yes" && (!playing || at > 0);
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const deadline = performance.now() + 20_000;
  while (!isShown(root.explorer.state)) {
    if (performance.now() > deadline) throw new Error(`${name} does not show ${location.hash}`);
    await new Promise(requestAnimationFrame);
  }
  const { run, ...state } = root.explorer.state;
  return JSON.stringify({ spec: root.explorer.spec, state });
}"""
WHERE = ("situation", "loss", "parameters")


def links_of(page) -> list[list[str]]:
    """The addresses that each question and its answer lead to."""
    targets = page.locator("article li:has(> p > strong:first-child), article li:has(> strong:first-child)")
    return [[urljoin(page.url, link) for link in each] for each in targets.evaluate_all(LINKS)]


def moves(link: str) -> bool:
    return "?" in urlsplit(link).fragment


def test_each_question_leads_to_a_section_of_a_page_that_moves(open_page, site):
    page = open_page("book/questions.html")
    found = [[link for link in links if not moves(link)] for links in links_of(page)]
    assert len(found) == QUESTIONS and all(found)
    wanted = defaultdict(set)
    for link in {link for each in found for link in each}:
        there, anchor = urldefrag(link)
        wanted[there.rpartition("/")[2]].add(anchor)
    for name, anchors in wanted.items():
        there = BeautifulSoup((site / "book" / name).read_text(), "html.parser")
        assert {anchor: len(there.find_all(id=anchor)) for anchor in anchors} == dict.fromkeys(anchors - {""}, 1), name
        assert there.find("script", type="application/vnd.jupyter.widget-view+json"), name


def test_each_answer_moves_the_figure_of_its_chapter(open_page):
    """The first of a page by opening it, the others as Back and Forward do."""
    page = open_page("book/questions.html")
    found = links_of(page)
    answers = {link for links in found for link in links if moves(link)}
    assert sum(any(map(moves, links)) for links in found) >= QUESTIONS - 1  # which loss, is for a table to say
    states = {}  # of each explorer of a page: before the next link
    for link in sorted(answers):
        here, hash_ = urldefrag(link)
        name, asked = split(f"#{hash_}")
        if urldefrag(page.url)[0] == here:
            page.evaluate("hash => { location.hash = hash; }", hash_)
        else:
            page.goto(link)
            settle(page)
        stands = json.loads(page.evaluate(STANDS, name))
        before = states.get((here, name)) or address.first(stands["spec"])
        wanted = address.follow(stands["spec"], before, f"#{hash_}")
        assert {key: stands["state"][key] for key in WHERE} == {key: wanted[key] for key in WHERE}, link
        assert "ask" not in asked, f"{link}: the answer stands beside it"
        assert not stands["state"]["asked"] and not stands["state"]["notes"], link
        states[here, name] = stands["state"]


def test_back_is_the_way_back_from_an_answer(open_page):
    page = open_page("book/questions.html")
    here = page.url
    page.goto(next(link for links in links_of(page) for link in links if moves(link)))
    settle(page)
    page.go_back()
    assert page.url == here


def test_the_index_has_every_situation_that_a_figure_offers(open_page):
    page = open_page("book/questions.html")
    index = page.locator("#every-situation li")
    named = [split(link) for link in index.locator("a").evaluate_all("links => links.map(link => link.hash)")]
    listed = [(kind, each) for kind, batch in SITUATIONS.items() for each in batch if each.listed]
    assert [(name.replace("-", "_"), asked["situation"].replace("-", " ")) for name, asked in named] == [
        (kind, each.name) for kind, each in listed
    ]
    assert [each.symptom if each.symptom and not each.question else "" for _, each in listed] == [
        text.partition("\n")[2].strip() for text in index.all_inner_texts()
    ]
