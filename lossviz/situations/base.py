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
class Quantity:
    """A number that the page reads off the loss. Make one with a function below: ``adds("A–C")``.

    ``name``    which number; the functions say what each is
    ``terms``   which terms, by their letters, as the view *Sum* names them: "A–C" a pair, "C" a search or an anchor,
                "ABD" a triplet. A name stands for all terms whose letters begin so: "A" for all triplets of A
    ``points``  the sentences that it is about, as indices into ``keys``

    A condition is a quantity with a relation. Of one state: ``below``, ``above``, ``equals`` a number. Of an option,
    which compares the state that is asked about with what the question's changes make of it: ``falls``, ``stays``,
    ``rises``; and ``below``, ``above``, ``equals``, ``nearest`` a number, ``largest`` among the options, all after it.
    """

    name: str
    terms: tuple[str, ...] = ()
    points: tuple[int, ...] = ()

    def below(self, value: float) -> "Condition":
        return Condition(self, "below", value)

    def above(self, value: float) -> "Condition":
        return Condition(self, "above", value)

    def equals(self, value: float) -> "Condition":
        """To six digits after the point."""
        return Condition(self, "equals", value)

    def nearest(self, value: float) -> "Condition":
        """No other option names a number that is as near."""
        return Condition(self, "nearest", value)

    def falls(self) -> "Condition":
        return Condition(self, "falls")

    def stays(self) -> "Condition":
        """To six digits after the point."""
        return Condition(self, "stays")

    def rises(self) -> "Condition":
        return Condition(self, "rises")

    def largest(self) -> "Condition":
        """No other option's quantity is as large."""
        return Condition(self, "largest")


@dataclass(frozen=True)
class Condition:
    """What must hold: quantity, relation, value."""

    quantity: Quantity
    relation: str
    value: float | None = None


LOSS = Quantity("loss")


def adds(*terms: str) -> Quantity:
    """What these terms add to the loss, together."""
    return Quantity("adds", terms)


def costs(*terms: str) -> Quantity:
    """What they add, times the number of terms: their cost by the formula, where the loss is a mean of all terms."""
    return Quantity("costs", terms)


def active(*terms: str) -> Quantity:
    """How many of these terms are active: of all, where none is named."""
    return Quantity("active", terms)


def push(*terms: str, on: int) -> Quantity:
    """How hard these terms push or pull a point: the length of their gradient there. No terms: the whole loss."""
    return Quantity("push", terms, (on,))


def part_of_hardest(term: str, on: int) -> Quantity:
    """The same of one term, as a part of the hardest that there is for the point anywhere on the circle, 0 to 1."""
    return Quantity("part", (term,), (on,))


def hardest_at(term: str, on: int) -> Quantity:
    """At how many degrees from the term's other sentence it pushes or pulls a point hardest."""
    return Quantity("hardest", (term,), (on,))


def angle(one: int, other: int) -> Quantity:
    """Degrees between two points. Only where a task is about an angle: else ask what the loss makes of it."""
    return Quantity("angle", (), (one, other))


@dataclass(frozen=True)
class Question:
    """What a reader predicts before the answer is shown, or does.

    ``kind``
      "choice"  one of ``options``. ``keys`` holds a condition for each, and the page finds out which of them holds, by
                the loss in the state that is asked about and in that which the changes below make of it; ``answer``,
                the index of the right one, is for what no number decides, and a test must compute it
      "terms"   which terms are active: marked, and answered by the state itself
      "draw"    which way point ``point`` will go: an arrow, answered by its gradient
      "place"   where it will be: a ghost of it is dragged there. ``truth`` says what is asked: "rest", where *Play*
                leaves it; "hardest", where the term of ``pushing`` pushes it hardest as it goes round. Then it goes
                there, and the ghost stays beside it
      "reach"   a task: bring the figure to where every condition of ``goal`` holds. ``movable`` are the points and
                ``settable`` the parameters that may be moved meanwhile. The loss says how far it is, term by term;
                there is nothing to store but the goal, and the changes below as one way to it, for who gives up
    ``replies``  one for each option: what a wrong one confuses; empty for the right one, whose reason is the reveal
    ``reveal``   what is said with the answer
    ``moves``    point → place, ``parameters`` name → value, ``situation`` another batch: what is then changed, so that
                 the answer can be seen
    ``shown``    whether value, arrows and views stay in sight while it waits: so by default where something is to be
                 reached, and not where something is to be guessed

    A task, and a choice that the loss grades::

        Question("reach", "Bring C's cost below 0.1. Move D alone.", "The nearer D, the larger its share.",
                 goal=(costs("C").below(0.1),), movable=(3,), moves={3: at(215)})
        Question("choice", "F comes nearer. What happens to C's cost?", "…",
                 options=("It falls", "It stays", "It rises"), replies=("…", "…", ""), moves={5: at(250)},
                 keys=(costs("C").falls(), costs("C").stays(), costs("C").rises()))

    The tests in tests/widgets/test_tasks.py check each one: that its goal does not hold at the start, that its way
    leads there, that a reader can move what it wants moved, and that the page never says otherwise than torch.
    """

    kind: str
    prompt: str
    reveal: str
    options: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()
    answer: int | None = None
    keys: tuple[Condition, ...] = ()
    point: int | None = None
    truth: str | None = None
    pushing: str | None = None
    goal: tuple[Condition, ...] = ()
    movable: tuple[int, ...] = ()
    settable: tuple[str, ...] = ()
    shown: bool | None = None
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
