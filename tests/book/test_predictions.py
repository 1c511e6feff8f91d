"""What a reader is asked to predict is not printed below the question: the numbers that tell it are folded."""

import re
from pathlib import Path

import nbformat
import pytest

CHAPTERS = sorted((Path(__file__).resolve().parents[2] / "book").glob("*.ipynb"))
ASKS = re.compile(r"[?&]ask\b|\bPredict\b")  # a link that asks, or an exercise
HEADING = re.compile(r"^#{2,} ", re.MULTILINE)
FOLDS = {"hide-cell", "hide-output"}


def asked_and_printed(cells: list) -> list[tuple[str, bool]]:
    """The first line of every code cell that prints something below a question, and whether it is folded: as far as
    the next heading, or the words after the first numbers."""
    found, asked, printed = [], False, False
    for cell in cells:
        if cell.cell_type == "markdown":
            parts = HEADING.split(cell.source)
            asked = bool(ASKS.search(parts[-1])) or (asked and len(parts) == 1 and not printed)
            printed = False
        elif asked and cell.outputs:
            printed = True
            found.append((cell.source.splitlines()[0], bool(FOLDS & set(cell.metadata.get("tags", [])))))
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_answer_stands_open_below_its_question(path):
    found = asked_and_printed(nbformat.read(path, as_version=4).cells)
    assert [line for line, folded in found if not folded] == []


def test_it_finds_what_stands_open():
    """A question, its answer, and after a heading what is none."""
    code = nbformat.v4.new_code_cell("print(1)", outputs=[nbformat.v4.new_output("stream", text="1")])
    texts = ("First, [predict](#a?situation=b&ask).", "The same in torch:", "## Next")
    cells = [nbformat.v4.new_markdown_cell(text) for text in texts]
    assert asked_and_printed([cells[0], cells[1], code, cells[2], code]) == [("print(1)", False)]
    assert asked_and_printed([cells[1], code]) == []
    folded = nbformat.v4.new_code_cell("print(1)", outputs=code.outputs, metadata={"tags": ["hide-cell"]})
    assert asked_and_printed([cells[0], folded]) == [("print(1)", True)]


def test_chapters_ask():
    found = [asked_and_printed(nbformat.read(path, as_version=4).cells) for path in CHAPTERS]
    assert sum(map(len, found)) >= 12
