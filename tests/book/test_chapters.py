"""Every chapter keeps the design's rhythm: what is in it, and what is folded away."""

import re
from pathlib import Path

import nbformat
import pytest

from lossviz.catalogue import ENTRIES

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path for path in (ROOT / "book").glob("*.ipynb") if path.stem != "index")
FOLDS = (
    "The loss as a surface to turn",
    "The gradient as a field of arrows",
    "The same batch in sentence-transformers",
)
SECTIONS = ("Move it", "The formula and the code", "Break it, and cure it", "The same on real embeddings", "Exercises")
DROPDOWNS = ("Answers", "What ")  # what changed, or what is different
SAME_FUNCTION = {"CachedMultipleNegativesRankingLoss"}  # as MultipleNegativesRankingLoss: one landscape does for both


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


def test_a_definition_stands_without_the_code_that_prints_it(cells):
    printed = [cell for cell in cells if cell.cell_type == "code" and "\ndefinition(" in f"\n{cell.source}"]
    assert printed and all("remove-input" in cell.metadata.tags for cell in printed)
    assert not [each for each in code(cells, folded=False) if "getsource" in each]


def test_no_number_is_longer_than_it_says(cells):
    """Six decimals prove that two programs agree; in what a reader sees, four are enough to know a number again."""
    assert not [each for each in code(cells, folded=False) if re.search(r":[^{}]*\.[5-9]f}", each)]


def test_real_embeddings_move_too(cells):
    assert any("explore(" in cell.source and "dimension=384" in cell.source for cell in cells)


def test_every_loss_is_printed():
    sources = [path.read_text(encoding="utf-8") for path in CHAPTERS]
    named = {name for source in sources for name in re.findall(r"\b(\w+)\.define\b", source)}
    assert {entry.loss.__name__ for entry in ENTRIES} - SAME_FUNCTION <= named | {"AnglELoss"}  # CoSENT's, but for one


def test_what_makes_a_nan_is_told_once():
    titles = [line for path in CHAPTERS for line in path.read_text(encoding="utf-8").splitlines() if "# " in line]
    assert len([line for line in titles if "NaN" in line]) == 1


@pytest.mark.parametrize("figure", ["loss_surface", "gradient_field"])
def test_every_loss_has_its_landscape(figure):
    assert {entry.loss.__name__ for entry in ENTRIES} - SAME_FUNCTION <= drawn(figure)


def drawn(figure: str) -> set[str]:
    """The losses that the chapters draw with this figure, each named in the call or where its variable was made."""
    found = set()
    for path in CHAPTERS:
        cells = nbformat.read(path, as_version=4).cells
        source = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        for call in re.finditer(rf"figures\.{figure}\(\s*(\w+)", source):
            made = re.findall(rf"^{call[1]} = (\w+)", source[: call.start()], re.MULTILINE)
            found.add(made[-1] if made else call[1])
    return found
