"""The page of questions: each is answered at a place of the book that exists, beside something that moves."""

from urllib.parse import urljoin, urlsplit

QUESTIONS = 26
LINKS = "all => all.map(item => [...item.querySelectorAll('a')].map(link => link.getAttribute('href')))"


def test_each_question_leads_to_a_section_of_a_page_that_moves(open_page):
    page = open_page("book/questions.html")
    targets = page.locator("article li:has(> p > strong:first-child), article li:has(> strong:first-child)")
    found = targets.evaluate_all(LINKS)
    assert len(found) == QUESTIONS and all(found)
    addresses = sorted({urljoin(page.url, link) for each in found for link in each})
    for address in addresses:
        page.goto(address)
        anchor = urlsplit(address).fragment
        assert anchor and page.locator(f"[id='{anchor}']").count() == 1, address
        assert page.locator("script[type='application/vnd.jupyter.widget-view+json']").count(), address
