"""A batch: some embeddings, and the rows in which each of them stands. Pure data: a situation's, or a reader's own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Self

import numpy as np
import torch
from torch import Tensor

from lossviz.inputs import check_finite, wrong

Numbers = Tensor | np.ndarray | Sequence  # a sequence of numbers, or of sequences, tensors or arrays
LONGEST_NAME = 16  # letters: what fits beside a point


@dataclass(frozen=True, eq=False)
class Batch:
    """What a loss takes, each embedding once: a sentence that stands in three rows is one point.

    ``embeddings``  (points, d): numbers of any dtype, kept in float64
    ``rows``        argument → indices into the embeddings, one for each row of the batch
    ``labels``      a number for each row (labels or scores), or None
    ``texts``       a text for each point; without, a point is called by its rows: "anchor[0], other[3]"
    ``classes``     what the labels 0, 1, … are called, where they are classes with names
    ``names``       a short name for each point; without, its text cut off

    :meth:`of_rows` makes one from the arguments of a loss. Raises ValueError naming what does not fit.
    """

    embeddings: Tensor
    rows: dict[str, tuple[int, ...]]
    labels: tuple[float, ...] | None = None
    texts: tuple[str, ...] | None = None
    classes: tuple[str, ...] = ()
    names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        embeddings = _embeddings("embeddings", self.embeddings, "(points, d)").clone()
        rows = _indices(self.rows, len(embeddings))
        count = len(next(iter(rows.values())))
        labels = None if self.labels is None else _labels(self.labels, count)
        texts = _words("texts", self.texts, len(embeddings)) or _called_by_rows(rows, len(embeddings))
        names = _words("names", self.names, len(embeddings)) or tuple(map(_cut, texts))
        made = {"embeddings": embeddings, "rows": rows, "labels": labels, "texts": texts, "names": names}
        for name, value in (made | {"classes": _classes(self.classes, labels)}).items():
            object.__setattr__(self, name, value)

    @classmethod
    def of_rows(
        cls,
        labels: Numbers | None = None,
        texts: Mapping[str, Sequence[str]] | None = None,
        classes: Sequence[str] = (),
        **rows: Numbers,
    ) -> Self:
        """The batch with these arguments of a loss, each (B, d): ``Batch.of_rows(anchor=…, other=…, labels=…)``.

        ``labels``  (B,): labels or scores
        ``texts``   argument → B texts. A text that stands in several rows with one embedding is then one point
        """
        if not rows:
            raise wrong("rows", "embeddings of shape (B, d) for each argument of a loss", "none")
        given = {name: _embeddings(name, each, "(B, d)") for name, each in rows.items()}
        _check_alike(given)
        said = None if texts is None else _texts_of(texts, given)
        points: dict[object, int] = {}
        kept, found = [], {name: [] for name in given}
        for row in range(len(next(iter(given.values())))):  # row by row: what belongs together has letters that follow
            for name, embeddings in given.items():
                same = (name, row) if said is None else (said[name][row], tuple(embeddings[row].tolist()))
                if same not in points:
                    points[same] = len(kept)
                    kept.append((embeddings[row], said and said[name][row]))
                found[name].append(points[same])
        embeddings, words = zip(*kept, strict=True)
        return cls(torch.stack(embeddings), found, labels, words if said else None, tuple(classes))

    @property
    def count(self) -> int:
        """How many arguments a loss is given."""
        return len(self.rows) + (self.labels is not None)

    def inputs(self, points: Tensor | None = None) -> tuple[Tensor, ...]:
        """The arguments of a loss: rows gathered from points (…, points, d), its own if none are given, then labels."""
        points = self.embeddings if points is None else points
        rows = [points[..., indices, :] for indices in self.rows.values()]
        if self.labels is None:
            return tuple(rows)
        labels = torch.tensor(self.labels, dtype=points.dtype, device=points.device)
        return (*rows, labels.expand(*points.shape[:-2], -1))

    def rows_of(self, point: int) -> list[tuple[str, int]]:
        """The rows that a point stands in, as (argument, row)."""
        return [(name, row) for name, row, each in _places(self.rows) if each == point]


def _places(rows: dict[str, tuple[int, ...]]) -> Iterator[tuple[str, int, int]]:
    """(argument, row, point) of every row."""
    return ((name, row, point) for name, points in rows.items() for row, point in enumerate(points))


def _called_by_rows(rows: dict[str, tuple[int, ...]], count: int) -> tuple[str, ...]:
    called = [[] for _ in range(count)]
    for name, row, point in _places(rows):
        called[point].append(f"{name}[{row}]")
    return tuple(", ".join(each) or f"embeddings[{point}]" for point, each in enumerate(called))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1].rstrip() + "…"


def _numbers(name: str, value: Numbers, expected: str) -> Tensor:
    """In float64, on the CPU, without a gradient."""
    try:
        if not isinstance(value, (Tensor, np.ndarray)):
            value = torch.stack([torch.as_tensor(each, dtype=torch.float64) for each in value])
        found = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        raise wrong(name, expected, _said(value)) from None
    if found.is_complex():
        raise wrong(name, expected, str(found.dtype))
    return found.detach().cpu().double()


def _said(value: object) -> str:
    """A value in an error message, at a length to read."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _embeddings(name: str, value: Numbers, shape: str) -> Tensor:
    found = _numbers(name, value, f"embeddings of shape {shape}")
    if found.ndim != 2:
        hint = " (labels and scores go into labels)" if found.ndim == 1 and name != "embeddings" else ""
        raise wrong(name, f"embeddings of shape {shape}{hint}", f"shape {tuple(found.shape)}")
    if not found.numel():
        raise wrong(name, "at least one row and one dimension", f"shape {tuple(found.shape)}")
    check_finite(name, found)
    return found


def _check_alike(rows: dict[str, Tensor]) -> None:
    (first, wanted), *others = rows.items()
    for name, each in others:
        if each.shape != wanted.shape:
            raise wrong(name, f"the shape of {first}, {tuple(wanted.shape)}", f"shape {tuple(each.shape)}")


def _indices(rows: Mapping[str, Sequence[int]], count: int) -> dict[str, tuple[int, ...]]:
    """Argument → points, all of one length. Raises ValueError for what is no index of so many points."""
    if not isinstance(rows, Mapping) or not rows:
        raise wrong("rows", "a dict: argument → indices into the embeddings", _said(rows))
    found = {name: _whole(name, each) for name, each in rows.items()}
    (first, wanted), *others = found.items()
    if not wanted:
        raise wrong(first, "at least one row", "none")
    for name, each in others:
        if len(each) != len(wanted):
            raise wrong(name, f"the length of {first}, {len(wanted)}", str(len(each)))
    for name, row, index in _places(found):
        if not 0 <= index < count:
            raise wrong(name, f"indices from 0 to {count - 1}", f"{index} at [{row}]")
    return found


def _whole(name: str, indices: Sequence[int]) -> tuple[int, ...]:
    if not isinstance(name, str):
        raise wrong("rows", "names of arguments", _said(name))
    listed = indices.tolist() if isinstance(indices, (Tensor, np.ndarray)) else indices
    if not isinstance(listed, Sequence) or not all(isinstance(k, Integral) and k is not True for k in listed):
        raise wrong(name, "indices into the embeddings", _said(indices))
    return tuple(map(int, listed))


def _labels(labels: Numbers, count: int) -> tuple[float, ...]:
    found = _numbers("labels", labels, f"numbers, one for each row, shape ({count},)")
    if found.shape != (count,):
        raise wrong("labels", f"one for each row, shape ({count},)", f"shape {tuple(found.shape)}")
    check_finite("labels", found)
    return tuple(found.tolist())


def _words(name: str, words: Sequence[str] | None, count: int) -> tuple[str, ...] | None:
    """One text for each of so many."""
    if words is None:
        return None
    if isinstance(words, (str, Mapping)) or not all(isinstance(each, str) for each in words):
        raise wrong(name, f"{count} texts", _said(words))
    if len(words) != count:
        raise wrong(name, f"{count} texts", str(len(words)))
    return tuple(words)


def _texts_of(texts: Mapping[str, Sequence[str]], rows: dict[str, Tensor]) -> dict[str, tuple[str, ...]]:
    expected = f"a dict with the texts of {', '.join(rows)}"
    if not isinstance(texts, Mapping):
        raise wrong("texts", expected, _said(texts))
    if set(texts) != set(rows):
        raise wrong("texts", expected, f"those of {', '.join(map(str, texts)) or 'none'}")
    return {name: _words(f"texts of {name}", texts[name], len(each)) for name, each in rows.items()}


def _classes(classes: Sequence[str], labels: tuple[float, ...] | None) -> tuple[str, ...]:
    if isinstance(classes, str) or not all(isinstance(each, str) for each in classes):
        raise wrong("classes", "a name for each class", _said(classes))
    if classes and labels is None:
        raise wrong("classes", "none without labels", ", ".join(classes))
    named = classes and all(label in range(len(classes)) for label in labels)
    if classes and not named:
        raise wrong("classes", "a name for each of the labels 0, 1, …", f"{len(classes)} for {_said(labels)}")
    return tuple(classes)
