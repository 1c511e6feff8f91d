"""nbval compares what a notebook holds, so a notebook that was not run, or hides its numbers, would pass unseen."""

import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
HIDDEN = {"nbval-ignore-output", "nbval-skip", "nbval-raises-exception"}


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 2


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def compared(notebook) -> list:
    return [cell for cell in code(notebook) if not HIDDEN & set(cell.metadata.get("tags", []))]


def test_it_was_run_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code(notebook)]
    assert counts == list(range(1, len(counts) + 1)), "run: make notebooks"


def test_it_names_its_kernel(notebook):
    assert notebook.metadata.kernelspec.name == "python3", "run: make notebooks (JupyterLab would ask which kernel)"


def test_no_cell_failed(notebook):
    assert not [output for cell in code(notebook) for output in cell.outputs if output.output_type == "error"]


def test_it_keeps_text_only(notebook):
    assert "widgets" not in notebook.metadata, "run: make notebooks"
    kinds = {kind for cell in code(notebook) for output in cell.outputs for kind in output.get("data", {})}
    assert kinds <= {"text/plain"}, "run: make notebooks"


def test_no_sentence_becomes_a_list_where_its_line_is_broken(notebook):
    """A line that begins with a number and a full stop is an item, whatever stood before it."""
    for cell in notebook.cells:
        lines = cell.source.splitlines() if cell.cell_type == "markdown" else []
        for before, line in pairwise(lines):
            broken = line.startswith(" ") or re.search(r"[a-z,]$", before) and not re.match(r":::|\d+\. ", before)
            assert not (broken and re.match(r"\s*\d+\. ", line)), line


def test_no_number_hides_from_nbval(notebook):
    for cell in code(notebook):
        assert "NBVAL_" not in cell.source, "use tags"
        if cell not in compared(notebook):
            assert "print(" not in cell.source, f"nbval does not compare this cell:\n{cell.source}"
            assert not cell.outputs, f"an output that nbval ignores may go stale:\n{cell.source}"


def test_something_is_compared(notebook):
    assert any(cell.outputs for cell in compared(notebook))


def test_every_print_left_an_output(notebook):
    for cell in compared(notebook):
        if "print(" in cell.source:
            assert cell.outputs, f"run: make notebooks\n{cell.source}"
