"""What the explorers of the book begin with, and what its links play; and three explorers as a reader makes them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import nbformat

from lossviz.catalogue import ENTRIES
from lossviz.losses import (
    LOSSES,
    BatchHardTripletLoss,
    ContrastiveLoss,
    MultipleNegativesRankingLoss,
    OnlineContrastiveLoss,
)

BOOK = Path(__file__).resolve().parents[2] / "book"


def _calls_one_of(node: ast.AST, names) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", None)) in names


def _calls() -> Iterator[tuple[str, dict]]:
    """(loss, its settings beside the defaults) of every loss that an explorer of the book is given."""
    for path in sorted(BOOK.glob("*.ipynb")):
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "code":
                asked = [each for each in ast.walk(ast.parse(cell.source)) if _calls_one_of(each, {"explore"})]
                for loss in (each for call in asked for each in call.args if _calls_one_of(each, LOSSES)):
                    if all(isinstance(each.value, ast.Constant) for each in loss.keywords):  # a function is no setting
                        yield loss.func.id, {each.arg: each.value.value for each in loss.keywords}


def _played() -> Iterator[tuple[str, dict]]:
    """(loss, numbers among its settings) of every link of the book that names a loss with them, and plays it."""
    numbers = {
        each.loss.__name__: [name for name, usual in each.default().settings().items() if isinstance(usual, float)]
        for each in ENTRIES
    }
    for path in sorted([*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")]):
        for query in re.findall(r"\]\(#[a-z-]+\?([^)\s]*&play)\b", path.read_text(encoding="utf-8")):
            asked = {name: values[0] for name, values in parse_qs(query).items()}
            own = numbers.get(asked.get("loss"), ())
            yield asked.get("loss"), {name: float(asked[name]) for name in own if name in asked}


def _by_loss(found: list[tuple[str, dict]]) -> dict[str, list[dict]]:
    """Loss → its settings, each once, the usual ones first."""
    settings = {name: [{}] for name in LOSSES}
    for name, each in found:
        if each and each not in settings[name]:
            settings[name].append(each)
    return settings


IN_THE_BOOK = _by_loss([*_calls()])
PLAYED = _by_loss([*_calls(), *_played()])

# One explorer for each of three input types, as a reader would make it.
FAMILIES = {
    "labelled_pairs": (ContrastiveLoss(margin=0.4), OnlineContrastiveLoss()),
    "labelled_sentences": (BatchHardTripletLoss(margin=1.0),),
    "positive_pairs": (MultipleNegativesRankingLoss(scale=5.0),),
}
