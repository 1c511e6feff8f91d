"""A reader may begin with any chapter: where a term of the glossary is first used there, it is linked or defined."""

import re
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"
PAGES = sorted(BOOK.glob("*.ipynb"))
TERMS = re.findall(r"^([a-z][\w -]*)\n  \S", (BOOK / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
ROLE = re.compile(r"\{term\}`(?:[^`<]*<)?([^`>]+?)>?`")
NOT_PROSE = (
    r"(?ms)^```.*?^```",
    r"(?s)\$\$.*?\$\$",
    r"(?m)^#+ .*$",  # a title is a name
    r"(?m)^\(\S+\)=$",
    r"(?m)^:::.*$",
    r"\$[^$]+\$",
    r"\]\([^)]*\)",
    r"\*\*[A-Z][^*]*\*\*",  # the name of a situation or of a loss
    r"\w+(?:<wbr>\w+)+",  # which may be broken
)


def prose(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for pattern in NOT_PROSE:
        text = re.sub(pattern, "", text)
    return re.sub(r"(\{term\})?`[^`]*`", lambda code: code[0] if code[1] else "", text)


def uses(term: str, text: str) -> list[str]:
    """Each use of a term: "linked", "defined" or "bare"."""
    linked = rf"(?P<linked>\{{term\}}`(?:[^`<]*<)?{term}>?`)"
    defined = rf"(?P<defined>\*\*{term}s?\*\*)"
    bare = rf"(?P<bare>(?<![\w{{-]){term}s?(?![\w-]))"
    return [found.lastgroup for found in re.finditer(f"{linked}|{defined}|{bare}", text, re.IGNORECASE)]


def test_the_glossary_is_short_and_has_the_words_that_readers_miss():
    assert 20 <= len(TERMS) <= 30 and len(set(TERMS)) == len(TERMS)
    assert {"anchor", "hard", "hollow", "margin", "mask", "rival", "strip", "valid"} <= set(TERMS)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_first_use_of_a_term_is_linked_or_defines_it(path):
    text = prose(path)
    first = {term: found[0] for term in TERMS if (found := uses(term, text))}
    assert [term for term, use in first.items() if use == "bare"] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_link_names_a_term_of_the_glossary(path):
    assert set(ROLE.findall(prose(path))) <= set(TERMS)


@pytest.mark.parametrize("term", TERMS)
def test_every_term_is_needed_somewhere(term):
    assert any({"linked", "defined"} & set(uses(term, prose(path))) for path in PAGES)


def test_uses_are_told_apart():
    assert uses("margin", "the Margins, {term}`margin`, {term}`far <margin>`, **margin**, marginal") == [
        "bare",
        "linked",
        "linked",
        "defined",
    ]
