"""What a reader is asked to predict is not printed below the question: the numbers that tell it are folded."""

import re
from pathlib import Path

import nbformat
import pytest

from lossviz.situations import situation

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


# ---- the chapters that the others follow: below each question stands, folded, what was seen

PASSAGES = [path for path in CHAPTERS if path.stem in ("labelled_pairs", "positive_pairs")]
ASKED = re.compile(r"\(#[a-z-]+\?situation=([a-z0-9,-]+)[^)]*&ask\b")


def without_what_was_seen(kind: str, text: str) -> list[str]:
    """The questions after which, up to the next one or a heading, no fold tells what was seen. A task needs none."""
    missing, open_ = [], None
    for block in re.split(r"\n{2,}", text):
        asked = [name.replace("-", " ") for name in ASKED.findall(block)]
        asked = [name for name in asked if situation(kind, name).question.kind != "reach"]
        if open_ and (asked or HEADING.match(block)):
            missing.append(open_)
        ends = HEADING.match(block) or block.startswith((":::{dropdown} What you saw", ":::{dropdown} Answers"))
        open_ = asked[-1] if asked else None if ends else open_
    return missing


@pytest.mark.parametrize("path", PASSAGES, ids=lambda path: path.stem)
def test_what_was_seen_stands_folded_below_each_question(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert without_what_was_seen(path.stem, f"{text}\n\n## End") == []


def test_it_finds_what_is_not_told():
    asks, told = "[So?](#positive-pairs?situation=add-pairs&ask)", ":::{dropdown} What you saw\nA rival.\n:::"
    assert without_what_was_seen("positive_pairs", f"{asks}\n\nIt rises.\n\n## Next") == ["add pairs"]
    assert without_what_was_seen("positive_pairs", f"{asks}\n\n{told}\n\n## Next") == []


def test_chapters_ask():
    found = [asked_and_printed(nbformat.read(path, as_version=4).cells) for path in CHAPTERS]
    assert sum(map(len, found)) >= 12
