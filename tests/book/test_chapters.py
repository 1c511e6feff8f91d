"""Every chapter keeps the design's rhythm: what is in it, and what is folded away."""

from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted(path for path in (ROOT / "book").glob("*.ipynb") if path.stem != "index")
FOLDS = (
    "The loss as a surface to turn",
    "The gradient as a field of arrows",
    "The same batch in sentence-transformers",
)
SECTIONS = ("Move it", "The formula and the code", "Break it, and cure it", "The same on real embeddings", "Exercises")
DROPDOWNS = ("Answers", "What ")  # what changed, or what is different


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


def test_real_embeddings_move_too(cells):
    assert any("explore(" in cell.source and "dimension=384" in cell.source for cell in cells)
