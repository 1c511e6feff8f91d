"""The page "Every loss": what the catalogue holds, and nothing else."""

import pytest
from every_loss import WIDTH, prose, signature

from lossviz.catalogue import ENTRIES

NAMES = [entry.loss.__name__ for entry in ENTRIES]
# Lists that differ are worth reading; a count that differs is not.
SECTIONS = "items => items.map(item => item.firstChild.textContent)"
FORMULAS = "all => all.map(section => section.querySelectorAll('div.math').length)"
ROWS = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent.trim()))"


@pytest.fixture
def page(open_page):
    return open_page("book/losses.html")


def test_every_loss_has_a_section(page):
    assert page.locator("article h2").evaluate_all(SECTIONS) == NAMES


def test_the_table_is_the_catalogue(page):
    rows = page.locator("article table").first.locator("tbody tr").evaluate_all(ROWS)
    losses = [each.loss for each in ENTRIES]
    wanted = [[each.__name__, each.inputs.shape, " × ".join(each.axes).replace("_", " ")] for each in losses]
    assert rows == wanted


def test_every_loss_has_its_formula_once_and_its_chapter_by_its_own_title(page):
    titles = page.locator("nav.bd-links a.reference.internal").all_inner_texts()
    chapters = page.locator("article li:has-text('to move it') a").all_inner_texts()
    assert len(chapters) == len(ENTRIES) and set(chapters) < set(titles)
    formulas = page.locator("article section:has(> h2)").evaluate_all(FORMULAS)
    assert formulas[-len(ENTRIES) :] == [1] * len(ENTRIES)


def test_a_link_of_the_table_leads_to_the_section(page):
    page.locator("article table").first.get_by_role("link", name="CoSENTLoss", exact=True).click()
    target = page.evaluate("decodeURIComponent(location.hash.slice(1))")
    assert target == "loss-cosentloss"
    assert page.locator(f"[id='{target}']").count() == 1


def test_nothing_of_the_markup_is_left(page):
    words = page.locator("article").inner_text()
    assert "``" not in words and "\\*" not in words


def test_a_literal_is_marked_once():
    assert prose("``(anchor, *negatives)``: each (…, B, d)") == "`(anchor, *negatives)`: each (…, B, d)"


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_a_signature_fits_the_page(entry):
    lines = signature(entry).splitlines()
    assert lines[0].startswith(f"loss = {entry.loss.__name__}(")
    assert max(map(len, lines)) <= WIDTH
