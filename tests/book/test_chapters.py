"""Every chapter keeps the design's rhythm: what is in it, and what is folded away."""

import re
from pathlib import Path

import nbformat
import pytest

from lossviz.catalogue import ENTRIES
from lossviz.situations import situation
from lossviz.widgets.address import split

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path for path in (ROOT / "book").glob("*.ipynb") if path.stem != "index")
FOLDS = ("The same batch in sentence-transformers",)
SECTIONS = ("Move it", "The formula and the code", "Break it, and cure it", "The same on real embeddings", "Exercises")
DROPDOWNS = ("Answers", "What ")  # what changed, or what is different
SAME_FUNCTION = {"CachedMultipleNegativesRankingLoss"}  # as MultipleNegativesRankingLoss: one landscape does for both
AFTER = {"unlabelled_pairs": "unlabelled"}  # where an input type shares another's chapter
LINK = re.compile(r"\]\((#[^)\s]*)\)")


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def cells(request):
    return nbformat.read(request.param, as_version=4).cells


def test_it_has_every_section(cells):
    lines = [line for cell in cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    headings = {line.lstrip("# ") for line in lines if line.startswith("#")}
    assert set(SECTIONS) <= headings
    dropdowns = [line.removeprefix(":::{dropdown} ") for line in lines if line.startswith(":::{dropdown}")]
    assert all(any(each.startswith(start) for each in dropdowns) for start in DROPDOWNS)


def test_it_has_every_fold(cells):
    folded = [cell for cell in cells if "hide-cell" in cell.metadata.get("tags", [])]
    names = {cell.metadata.get("mystnb", {}).get("code_prompt_show") for cell in folded}
    assert set(FOLDS) <= names and None not in names, "a fold without a name says: Show the code"


def code(cells, *, folded: bool) -> list[str]:
    """The cells that a reader sees, or those that are folded away whole."""
    found = [cell for cell in cells if cell.cell_type == "code"]
    return [cell.source for cell in found if ("hide-cell" in cell.metadata.get("tags", [])) == folded]


def test_no_code_is_printed_that_the_figure_shows(cells):
    assert not [each for each in code(cells, folded=False) if "getsource" in each]


def test_no_number_is_longer_than_it_says(cells):
    """Six decimals prove that two programs agree; in what a reader sees, four are enough to know a number again."""
    assert not [each for each in code(cells, folded=False) if re.search(r":[^{}]*\.[5-9]f}", each)]


def test_real_embeddings_move_too(cells):
    assert any("explore(" in cell.source and "dimension=384" in cell.source for cell in cells)


def test_what_makes_a_nan_is_told_once():
    titles = [line for path in CHAPTERS for line in path.read_text(encoding="utf-8").splitlines() if "# " in line]
    assert len([line for line in titles if "NaN" in line]) == 1


@pytest.mark.parametrize("view", ["code", "surface", "gradient"])
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_loss_is_shown_as_code_and_as_a_landscape(path, view):
    kinds = {entry.loss.__name__: entry.loss.inputs.name for entry in ENTRIES}
    own = {name: kind for name, kind in kinds.items() if AFTER.get(kind, kind) == path.stem}
    assert own.keys() - SAME_FUNCTION <= shown(path, view, own)


def shown(path: Path, view: str, own: dict[str, str]) -> set[str]:
    """The losses under which links of a chapter open that view: the one named, the situation's, or the only one."""
    cells = nbformat.read(path, as_version=4).cells
    links = LINK.findall("\n".join(cell.source for cell in cells if cell.cell_type == "markdown"))
    found = set()
    for name, asked in filter(None, map(split, links)):
        if asked.get("view") == view:
            kind = name.removesuffix("-real").replace("-", "_")
            about = situation(kind, asked["situation"].replace("-", " ")).loss if "situation" in asked else None
            known = [each for each in own if own[each] == kind]
            found |= {asked.get("loss", about)} if {"loss"} & asked.keys() or about else set(known[:1])
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "book").glob("*.*")), ids=lambda path: path.stem)
def test_a_link_that_asks_ends_its_sentence(path):
    assert not re.findall(r"\?\]\([^)]*\)\.", path.read_text(encoding="utf-8"))
