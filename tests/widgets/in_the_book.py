"""What the explorers of the book begin with."""

import ast
from collections.abc import Iterator
from pathlib import Path

import nbformat

from lossviz.losses import LOSSES

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


IN_THE_BOOK: dict[str, list[dict]] = {name: [{}] for name in LOSSES}
for _name, _settings in _calls():
    if _settings not in IN_THE_BOOK[_name]:
        IN_THE_BOOK[_name].append(_settings)
