"""What a situation is: a small batch of real sentences, a question to predict, a symptom, and its cures.

A situation says which sentences there are, in which rows they stand (a sentence in three rows is one point), their
labels, and where the points start in the plane.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lossviz import sentences
from lossviz.batches import Batch

Place = tuple[float, float]


@dataclass(frozen=True)
class Question:
    """What a reader predicts before the answer is shown.

    ``kind``     "choice": one of ``options``, ``answer`` is the index of the right one; "terms": which terms are
                 active, answered by the state itself; "draw": where point ``point`` will go, answered by its gradient
    ``replies``  one for each option: what a wrong one confuses; empty for the right one, whose reason is the reveal
    ``reveal``   what is said with the answer
    ``moves``    point → place, ``parameters`` name → value, ``situation`` another batch: what is then changed, so that
                 the answer can be seen
    """

    kind: str
    prompt: str
    reveal: str
    options: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    answer: int | None = None
    point: int | None = None
    moves: dict[int, Place] = field(default_factory=dict)
    parameters: dict[str, float | str | tuple] = field(default_factory=dict)
    situation: str | None = None


@dataclass(frozen=True)
class Cure:
    """What helps, one click away: other places, parameters, another loss, or another batch (a situation's name)."""

    title: str
    moves: dict[int, Place] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    loss: str | None = None
    situation: str | None = None


NONE_NEEDED = "None needed, this is what to train on; see where it should lead"


@dataclass(frozen=True)
class Situation:
    """A batch to explore.

    ``keys``        the sentences, one point each
    ``rows``        argument → indices into ``keys``, one per row of the batch
    ``labels``      one per row, or None where the input type has none
    ``classes``     what the labels 0, 1, … are called, where they are classes with names
    ``places``      where each point starts in the plane
    ``chosen``      the point whose loss is drawn first
    ``watched``     the anchor whose choice is drawn as the chosen point moves; None for the chosen point itself
    ``parameters``  name → value, where the situation needs its own
    ``loss``        the name of the loss that the situation is about; None where it suits every loss of the input type
    ``question``    what to predict first
    ``symptom``     what a reader would report of a training run in this state; its measured cause is shown beside it
    ``cures``       what helps
    ``listed``      whether every explorer of the input type offers it, or only one that begins with it
    """

    name: str
    title: str
    keys: tuple[str, ...]
    rows: dict[str, tuple[int, ...]]
    labels: tuple[float, ...] | None
    places: tuple[Place, ...]
    classes: tuple[str, ...] = ()
    chosen: int = 0
    watched: int | None = None
    parameters: dict[str, float | str | bool] = field(default_factory=dict)
    loss: str | None = None
    question: Question | None = None
    symptom: str | None = None
    cures: tuple[Cure, ...] = ()
    listed: bool = True

    def batch(self, dimension: int = 2) -> Batch:
        """The sentences in their rows, with their labels: in the plane, or at 384 their real embeddings."""
        known = [self.sentence(point) for point in range(len(self.keys))]
        texts, names = [each.text for each in known], [each.short for each in known]
        return Batch(self.points(dimension), self.rows, self.labels, texts, self.classes, names)

    def points(self, dimension: int) -> Tensor:
        """The sentences' positions, (points, dimension), float64: in the plane, or their real embeddings at 384."""
        if dimension == 2:
            return torch.tensor(self.places, dtype=torch.float64)
        return sentences.embeddings(self.keys).double()

    def inputs(self, points: Tensor) -> tuple[Tensor, ...]:
        """The arguments of a loss: rows gathered from points (…, points, d), then the labels."""
        return self.batch().inputs(points)

    def rows_of(self, point: int) -> list[tuple[str, int]]:
        """The rows that a sentence stands in, as (argument, row)."""
        return self.batch().rows_of(point)

    def sentence(self, point: int) -> sentences.Sentence:
        """The sentence of a point."""
        return sentences.sentence(self.keys[point])


def on_circle(*degrees: float) -> tuple[Place, ...]:
    """Places on the unit circle, anticlockwise from the right."""
    return tuple((math.cos(math.radians(each)), math.sin(math.radians(each))) for each in degrees)


def at(degrees: float) -> Place:
    """One place on the unit circle."""
    return on_circle(degrees)[0]
