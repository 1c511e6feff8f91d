"""From a table to what a loss takes: which column is which argument, why a loss does not fit, the rows of batches, and
what is wrong with a cell. Rows are counted from 0, as ``dataset[0]`` has it; one that cannot be used is told.
"""

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import torch
from torch import Tensor

from lossviz.inputs import InputType
from lossviz.losses import Loss
from lossviz.training.diagnosis.columns import LABELS, NOTHING, Column, is_empty, number_in, place_of, plain
from lossviz.training.diagnosis.copies import Copies
from lossviz.training.diagnosis.table import Table, numbered

# What labels of a kind are made from, what suits them best first.
KINDS = {"label": ("label",), "score": ("score", "label"), "class": ("class", "label")}

# The columns that a trainer takes for the labels: the first of them that there is. All others are texts to it.
TRAINED_AS_LABEL = ("label", "labels", "score", "scores")


@dataclass(frozen=True)
class Fault:
    """A cell that cannot be used, or is to be looked at."""

    row: int
    column: str
    said: str
    left_out: bool = True

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.said}{'; the row was left out' if self.left_out else ''}"


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of the data: the number of each, argument → texts, labels."""

    places: tuple[int, ...]
    texts: dict[str, tuple[str, ...]]
    labels: Tensor | None


@dataclass
class Found:
    """What one pass through the data found: rows that say the same, batches, faults, how many rows there are."""

    copies: Copies
    batches: list[Rows] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    count: int = 0


# ---- which loss takes them


def roles(inputs: InputType, columns: Sequence[Column], asked: bool = False) -> dict[str, Column]:
    """Argument → the column that it is made from; where the loss was asked for, short texts that repeat, which are
    taken for classes, stand in for a text that is missing, and a column that was set aside for what it could be. Raises
    ValueError saying why these columns do not fit."""
    texts = _in_order([each for each in columns if each.kind == "text"])
    alone = inputs.twins and inputs.labels is None
    needed = 1 if alone else len(inputs.rows)
    if len(texts) < needed and asked:
        texts = _in_order([each for each in columns if each.is_of("text", asked) or _may_be_text(each)])
    if len(texts) < needed:
        raise ValueError(f"takes {_sentences(needed)} a row, and there {_is_of_text(texts)}")
    if alone:
        found = dict.fromkeys(inputs.rows, texts[0])
    else:
        more = texts if inputs.more else texts[:needed]
        found = dict(zip(inputs.fitted(len(more) + (inputs.labels is not None)).rows, more, strict=True))
    if inputs.labels is None:
        return found
    kinds = KINDS[inputs.labels.kind]
    if asked and inputs.labels.kind == "label" and inputs.labels.allowed(torch.tensor([0.5])).all():
        kinds = (*kinds, "score")  # weights between
    free = [each for each in columns if each not in found.values()]
    labels = [each for way in (False, asked) for kind in kinds for each in free if each.is_of(kind, way)]
    if not labels:
        raise ValueError(f"takes {inputs.labels.meaning}, and no column has them")
    return found | {inputs.label: labels[0]}


def spare(inputs: InputType, columns: Sequence[Column]) -> str | None:
    """Why the loss would leave out a part of the data; None where it reads all of it, in the way that suits it best."""
    found = roles(inputs, columns)
    if inputs.twins and inputs.labels:
        return f"takes {inputs.shape}"
    left = [each for each in columns if each.kind != "unused" and each not in found.values()]
    if left:
        return f"would leave out {', '.join(each.name for each in left)}"
    return _unsuited(inputs, found[inputs.label]) if inputs.labels else None


def _unsuited(inputs: InputType, column: Column) -> str | None:
    """Why the labels are not what the loss takes, or suit another loss better."""
    said = f"takes {inputs.labels.meaning}; {column.name} holds"
    if len(inputs.rows) > 1 and column.kind != KINDS[inputs.labels.kind][0]:
        return f"{said} 1 and 0 alone"
    if column.usual and not inputs.labels.allowed(torch.tensor(column.usual)).all():
        return f"{said} {column.usual[0]:g} to {column.usual[1]:g}"
    return None


def _may_be_text(column: Column) -> bool:
    return bool(column.classes) and column.name.strip().lower() not in LABELS


def in_training(inputs: InputType, columns: Sequence[Column], taken: dict[str, Column]) -> tuple[str, str] | None:
    """Where a trainer would take these columns for something else than ``taken``: for what, and what to do about it.
    It reads a label by its name, and all others as texts, in their order, whatever their names say."""
    names = [each.name for each in columns]
    if names == numbered(len(names)):  # no data set yet
        return None
    label = next((each for each in TRAINED_AS_LABEL if each in names), None)
    texts = [each for each in names if each != label]
    own = taken[inputs.label].name if inputs.labels else None
    chosen = list(dict.fromkeys(each.name for name, each in taken.items() if not inputs.labels or name != inputs.label))
    if texts == chosen and own in (None, label):
        return None
    change = f"select_columns({chosen + [own] * bool(own)})"
    if own and own not in TRAINED_AS_LABEL:
        change += f".rename_column({own!r}, 'label')"
    return f"as texts {', '.join(texts)}, in this order, and {label or 'no column'} as the label", change


def _sentences(count: int) -> str:
    return "one sentence" if count == 1 else f"{count} sentences"


def _is_of_text(texts: list[Column]) -> str:
    names = ", ".join(each.name for each in texts)
    return "is no column of text" if not texts else f"{'is' if len(texts) == 1 else 'are'} only {names}"


def _in_order(texts: list[Column]) -> list[Column]:
    """By their headers, where these are known; the others fill what is left, as they stand in the file."""
    places = [place_of(each.name) for each in texts]
    free = iter(sorted(set(range(len(texts))) - set(places)))
    found = [(next(free, len(texts)) if place is None else place, k) for k, place in enumerate(places)]
    return [texts[k] for _, k in sorted(found)]


def shape(loss: Loss | type[Loss], taken: Mapping[str, Column]) -> InputType:
    """What the columns were taken as: the loss's own shape of data, or the other one that it takes."""
    return (loss.also if loss.also and loss.inputs.label not in taken else loss.inputs).fitted(len(taken))


# ---- the rows


def batches_for(loss: Loss, source: Table, taken: dict[str, Column], *how: object) -> Found:
    """What ``read`` finds, in batches of the loss's own shape."""
    inputs = shape(loss, taken)
    found = read(source, taken, inputs, *how)
    if inputs.name != loss.inputs.name:
        found.batches = [_own(each, loss) for each in found.batches]
    return found


def _own(rows: Rows, loss: Loss) -> Rows:
    """In the loss's own shape: it is given the numbers of the texts, as rows of embeddings, and says where they go."""
    texts = list(chain.from_iterable(rows.texts.values()))
    *columns, labels = loss.own(*torch.arange(len(texts)).view(len(rows.texts), -1, 1))
    own = {name: tuple(texts[k] for k in column) for name, column in zip(loss.inputs.rows, columns, strict=True)}
    return Rows(rows.places * (len(labels) // len(rows.places)), own, labels.double())


def read(
    source: Table,
    taken: dict[str, Column],
    inputs: InputType,
    batches: int | None,
    batch_size: int,
    seed: int | None,
    seen: Callable[[Iterable[Mapping]], Iterable[Mapping]] = iter,
) -> Found:
    """Goes through all rows once. ``batches``: of so many rows each, drawn from all with the seed, or, without one, the
    first ones in their order; None for all of them. ``seen`` goes along, to show how far it is."""
    found, kept = Found(Copies(inputs)), []
    most = math.inf if batches is None else batches * batch_size
    numbers = {name: k for k, name in enumerate(taken[inputs.label].classes)} if inputs.labels else {}
    draw, good = random.Random(seed), 0
    for place, row in enumerate(seen(source.rows)):
        found.count += 1
        cells, faults = _cells(place, row, taken, inputs, numbers)
        found.faults += faults + ([] if source.lines else _of_several_lines(place, row))
        if cells is None:
            continue
        good += 1
        found.copies.add(place, cells)
        if len(kept) < most:
            kept.append((place, cells))
        elif seed is not None and (k := draw.randrange(good)) < most:
            kept[k] = (place, cells)
    if seed is not None:
        draw.shuffle(kept)
    found.batches = [_rows(kept[k : k + batch_size], taken, inputs) for k in range(0, len(kept), batch_size)]
    return found


def _cells(
    place: int, row: Mapping, taken: dict[str, Column], inputs: InputType, numbers: dict[str, int]
) -> tuple[dict | None, list[Fault]]:
    """Argument → what its cell says, or None; and what is wrong with them. ``numbers`` are those of named classes."""
    cells, faults = {}, []
    for name, column in taken.items():
        cell = plain(row.get(column.name))
        is_label = inputs.labels and name == inputs.label
        value, said = _label(cell, column, inputs, numbers) if is_label else _text(cell)
        cells[name] = value
        if said and not any(each.column == column.name for each in faults):
            faults.append(Fault(place, column.name, said, left_out=value is None))
    if said := _one_text(cells, inputs):
        faults.append(Fault(place, taken[inputs.rows[1]].name, said, left_out=False))
    return (None if None in cells.values() else cells), faults


def _one_text(cells: dict, inputs: InputType) -> str:
    """What is wrong with a pair of one text twice: as a positive it teaches nothing, and it is none to push apart."""
    texts = [cells.get(name) for name in inputs.rows[:2]]
    if inputs.twins or len(texts) < 2 or texts[0] is None or texts[0] != texts[1]:
        return ""
    if inputs.labels is None:
        return f"the same text as {inputs.rows[0]}"
    far = inputs.labels.kind == "label" and cells[inputs.label] == 0
    return f"the same text as {inputs.rows[0]}, with the label 0" if far else ""


def _of_several_lines(place: int, row: Mapping) -> list[Fault]:
    """Cells of a TSV that may have swallowed rows."""
    lines = {name: cell.count("\n") + 1 for name, cell in row.items() if isinstance(cell, str)}
    said = "lines in one cell; where a stray quote begins it, they are rows"
    return [Fault(place, name, f"{count} {said}", left_out=False) for name, count in lines.items() if count > 1]


def _text(cell: object) -> tuple[str | None, str]:
    if isinstance(cell, str) and cell.strip():
        return cell, f"the text {cell.strip()!r}: is the cell empty?" if cell.strip() in NOTHING else ""
    if is_empty(cell):
        return None, "no text" if cell is None or isinstance(cell, float) else "an empty text"
    return None, f"expected a text, got {cell!r:.40}"


def _label(cell: object, column: Column, inputs: InputType, numbers: dict[str, int]) -> tuple[float | None, str]:
    if column.classes:
        return _class(cell, numbers, inputs, column)
    number = number_in(cell)
    if number is None:
        return None, "no label" if is_empty(cell) else f"expected a number, got {cell!r:.40}"
    if not inputs.labels.allowed(torch.tensor([number])).all():
        return None, f"expected {inputs.labels.meaning}, got {number:g}"
    low, high = column.usual
    if inputs.labels.kind == "class":  # a rare class is one too, but for a classifier, which has one output for each
        known = inputs.labels.compared or number <= high
        return (number, "") if known else (None, f"class {number:g}, where nearly all others are {high:g} or less")
    if abs(number - (low + high) / 2) <= 1.5 * (high - low):  # not farther out than the range is wide
        return number, ""
    return number, f"{number:g}, where nearly all others lie between {low:g} and {high:g}"


def _class(cell: object, numbers: dict[str, int], inputs: InputType, column: Column) -> tuple[float | None, str]:
    """The number of a class by its name. A new one gets the next, but for a classifier, which has no output for it, and
    where the words say 1 and 0."""
    if is_empty(cell) or not isinstance(cell, str):
        return None, f"expected the name of a class, got {cell!r:.40}"
    if cell not in numbers and column.kind == "label":
        return None, f"expected {' or '.join(column.classes)}, got {cell!r:.40}"
    if cell not in numbers and not inputs.labels.compared:
        return None, f"class {cell}, which is too rare to be an output of the classifier"
    alike = next(each for each in (*numbers, cell) if each.strip().casefold() == cell.strip().casefold())
    said = f"class {cell!r}, which is also written {alike!r}" if alike != cell else ""
    return float(numbers.setdefault(cell, len(numbers))), said


def _rows(kept: list[tuple[int, dict]], taken: dict[str, Column], inputs: InputType) -> Rows:
    names = [name for name in taken if not (inputs.labels and name == inputs.label)]
    labels = None
    if inputs.labels:
        labels = torch.tensor([cells[inputs.label] for _, cells in kept], dtype=torch.float64)
    texts = {name: tuple(cells[name] for _, cells in kept) for name in names}
    return Rows(tuple(place for place, _ in kept), texts, labels)
