"""What was found, to read: in Jupyter, in a terminal, as one file; and a batch of it to move."""

import math
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lossviz.inputs import wrong
from lossviz.losses import Loss
from lossviz.situations.offered import MOST_NUMBERS, MOST_POINTS, MOST_TERMS
from lossviz.training.diagnosis import page, text
from lossviz.training.diagnosis.checks import SHOWN, Finding, findings
from lossviz.training.diagnosis.checks.base import quoted
from lossviz.training.diagnosis.columns import AS_A_ROW, WITHOUT_HEADER, Column
from lossviz.training.diagnosis.copies import Copies
from lossviz.training.diagnosis.look import Look
from lossviz.training.diagnosis.read import Fault, in_training, shape

if TYPE_CHECKING:
    from lossviz.widgets import Explorer


@dataclass(frozen=True, eq=False)
class Report:
    """What :func:`lossviz.diagnose` found.

    ``findings``     what is wrong, each once, with the rows of all batches that it is about
    ``looks``        the batches, with what was measured of each
    ``faults``       cells of the data that could not be used, or are to be looked at
    ``copies``       rows that say the same, in all of the data
    ``save(path)``   one HTML file that needs nothing else
    ``explore(row)`` the batch of that row, to move
    """

    loss: Loss
    columns: tuple[Column, ...]
    taken: dict[str, Column]
    looks: list[Look]
    faults: list[Fault]
    count: int
    copies: Copies

    @cached_property
    def findings(self) -> list[Finding]:
        named = defaultdict(list)
        for look in self.looks:
            for found in findings(look):
                named[found.name].append(found)
        of_batches = {name: self._joined(each) for name, each in named.items()}
        of_all = {each.name: each for each in self.copies.findings(of_batches.values())}
        return [
            *(of_batches | of_all).values(),
            *self._of_columns(),
            *self._of_header(),
            *self._of_words(),
            *self._of_cells(),
        ]

    def _joined(self, found: Sequence[Finding]) -> Finding:
        """One finding for all batches: the numbers of the batch with most of its rows, the rows of all."""
        worst = max(found, key=lambda each: len(each.rows))
        rows = tuple(row for each in found for row in each.rows)
        shown = (*worst.shown, *(line for each in found if each is not worst for line in each.shown))[:SHOWN]
        if rows and len(self.looks) > 1:
            said = f"{worst.said} In {len(found)} of {len(self.looks)} batches; the worst is told."
            return replace(worst, said=said, rows=rows, shown=shown)
        return replace(worst, rows=rows, shown=shown)

    def _of_columns(self) -> list[Finding]:
        trained = in_training(shape(self.loss, self.taken), self.columns, self.taken)
        if trained is None:
            return []
        taken, change = trained
        return [
            Finding(
                "columns",
                "Training would take other columns, or take them in another order",
                f"SentenceTransformerTrainer would take {taken}; their names do not count. This report is about "
                f"{', '.join(f'{each.name} as {name}' for name, each in self.taken.items())}.",
                (),
                (),
                f"Give the trainer data.{change}.",
                "",
            )
        ]

    def _of_header(self) -> list[Finding]:
        names = [each.name for each in self.columns if each.why.endswith(AS_A_ROW)]
        if not names:
            return []
        said = f"The names of columns look like texts: {', '.join(map(quoted, names))}."
        change = "If it is a row, write a line of names above it, or this row is lost."
        return [Finding("header", "The header looks like a row", said, (), (), change, "")]

    def _of_words(self) -> list[Finding]:
        """Labels that are words, where the data have headers: a trainer would make a tensor of them."""
        column = self.taken.get(self.loss.inputs.label) if self.loss.inputs.labels else None
        if column is None or not (column.classes or column.worded) or WITHOUT_HEADER.fullmatch(column.name):
            return []
        classes = column.classes or ("no", "yes")
        numbers = {name: k for k, name in enumerate(classes)}
        shown = "{" + ", ".join(f"{name!r}: {k}" for name, k in list(numbers.items())[:SHOWN])
        end = ", …}" if len(numbers) > SHOWN else "}"
        return [
            Finding(
                "words",
                "Labels are words, and training needs numbers",
                f"Column {column.name} holds {', '.join(map(repr, classes[:SHOWN]))}: "
                "SentenceTransformerTrainer makes a tensor of it, and fails (too many dimensions 'str'). This report "
                "counted them as below.",
                (),
                (),
                f"Give the trainer data.map(lambda row: {{{column.name!r}: {shown}{end}[row[{column.name!r}]]}}).",
                "",
            )
        ]

    def _of_cells(self) -> list[Finding]:
        if not self.faults:
            return []
        left_out = len({each.row for each in self.faults if each.left_out})
        return [
            Finding(
                "cells",
                "Cells that cannot be right",
                f"Cells: {len(self.faults)}, in {self.count} rows. Rows that were left out: {left_out}.",
                tuple(dict.fromkeys(each.row for each in self.faults)),
                tuple(map(str, self.faults[:SHOWN])),
                "Correct them in the data; training would fail on them, or learn from them.",
                "",
            )
        ]

    def __str__(self) -> str:
        return text.written(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return page.body(self)

    def save(self, path: str | Path) -> Path:
        """One HTML file, which asks nothing of the network."""
        path = Path(path)
        path.write_text(page.whole(self), encoding="utf-8", errors="backslashreplace")  # half a character, from JSON
        return path

    def look(self, row: int) -> Look:
        """The batch that a row of the data is in. Raises ValueError where it is in none."""
        found = next((each for each in self.looks if row in each.places), None)
        if found is None:
            raise wrong("row", "a row of one of the batches that were looked at", repr(row))
        return found

    def explore(self, row: int, **settings: object) -> "Explorer":
        """An explorer of the batch that a row of the data is in, at the model's own dimension, with that row chosen;
        ``settings`` as for :func:`lossviz.explore`. Warns where the batch is too large and only a part of it is shown:
        the rows that move this one most."""
        from lossviz.widgets import explore

        look = self.look(row)
        part = look.part(neighbourhood(look, look.places.index(row)))
        if part.count < look.count:
            warnings.warn(
                f"row {row}: its batch of {look.count} rows is too large for an explorer; it is shown with the "
                f"{part.count - 1} rows that move it most, so the loss shown is theirs",
                stacklevel=2,
            )
        batch = part.batch()
        explorer = explore(self.loss, batch=batch, **settings)
        first = next(iter(batch.rows.values()))
        chosen = explorer.spec["situations"][0] | {"chosen": first[part.places.index(row)]}
        explorer.spec = explorer.spec | {"situations": [chosen]}
        return explorer


def room(look: Look) -> int:
    """How many of the rows an explorer has room for."""
    width, roles, axes = next(iter(look.rows.values())).shape[1], len(look.rows), look.loss.axes
    points = min(MOST_POINTS, MOST_NUMBERS // width) // roles
    terms = MOST_TERMS / 2 ** ("direction" in axes)
    by_row = sum(axis != "direction" for axis in axes)
    return min(look.count, points, math.floor(terms ** (1 / by_row) + 1e-9))


def neighbourhood(look: Look, row: int) -> list[int]:
    """The rows that an explorer has room for: the row itself, and those that its terms pull at most."""
    if look.count <= room(look):
        return list(range(look.count))
    order = _pulled_by(look, row).argsort(descending=True, stable=True).tolist()
    return sorted([row, *[each for each in order if each != row][: room(look) - 1]])


@torch.enable_grad()
def _pulled_by(look: Look, row: int) -> Tensor:
    """How hard the terms of one row pull at each row: (B,)."""
    rows = [each.clone().requires_grad_() for each in look.rows.values()]
    pulls = look.loss.complete(*look.inputs(rows)).pulls
    axes = [k for k, axis in enumerate(look.loss.axes) if axis != "direction"]
    own = sum(pulls.select(axis, row).sum() for axis in axes)
    found = torch.autograd.grad(own, rows, allow_unused=True, materialize_grads=True)
    return sum(each.norm(dim=-1) for each in found)
