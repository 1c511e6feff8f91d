"""What Python tells the page, once: the spec. As JSON it is ``asdict``; ``static/types.d.ts`` names the same fields."""

from dataclasses import dataclass
from typing import TypedDict

from lossviz.situations import Condition, Cure, Quantity, Question

Value = float | str | bool | tuple | None  # of a parameter
Nested = float | list["Nested"]  # a tensor, as lists in lists

QuestionSpec, CureSpec, ConditionSpec, QuantitySpec = Question, Cure, Condition, Quantity


@dataclass(frozen=True)
class EngineSpec:
    """Who computes: "page", the loss lowered to JavaScript, or "kernel", torch on a device."""

    name: str
    device: str


@dataclass(frozen=True)
class ControlSpec:
    """A parameter that a reader can move: over a range, or among choices."""

    name: str
    symbol: str
    meaning: str
    minimum: float | None
    maximum: float | None
    step: float | None
    choices: tuple[Value, ...]
    needs: str | None


@dataclass(frozen=True)
class VariantSpec:
    """A loss with one choice for each control that has choices, called with so many arguments.

    ``shape``    "circle" where it sees directions only, else "free"
    ``push``     how hard a term pushes what it reads, in words, where that is known
    ``inputs``   what the lowered function takes; ``tensors`` those of them that are trained, as they are at first
    ``blocks``   the blocks of columns of its matrix, as lists of directions
    ``module``   the name of its lowered function, ``value`` of the one that gives the loss alone; None for none
    """

    choices: dict[str, Value]
    count: int
    shape: str
    formulas: dict[str, str] | None
    push: str | None
    inputs: list[str]
    tensors: dict[str, Nested]
    blocks: list[list[str]]
    module: str | None
    value: str | None


@dataclass(frozen=True)
class CellSpec:
    """A cell of Python that rebuilds what is shown, for the clipboard.

    ``text`` has gaps: «the points», rows, labels, texts, classes, or a «parameter» or tensor by its name. The page puts
    in what they are, or what ``says`` calls a value of a parameter. Where there is no such cell ``text`` is None, and
    ``why`` says why.
    """

    title: str
    text: str | None
    says: dict[str, dict[str, str]]
    why: str


@dataclass(frozen=True)
class LossSpec:
    """A loss: its chart, what its matrix holds, the name of its label argument, parameters, controls and variants; its
    definition as text, and the cells that rebuild it."""

    chart: str
    reads: str
    label: str
    axes: list[str]
    parameters: dict[str, Value]
    controls: list[ControlSpec]
    variants: list[VariantSpec]
    code: str
    cells: list[CellSpec]

    def variant(self, parameters: dict[str, Value], count: int) -> VariantSpec:
        """The variant that these parameters and a number of arguments choose."""
        return next(
            each
            for each in self.variants
            if each.count == count and all(parameters[name] == choice for name, choice in each.choices.items())
        )


@dataclass(frozen=True)
class Start:
    """Where a situation begins under a loss: part of the lasting state."""

    parameters: dict[str, Value]
    tensors: dict[str, Nested]
    points: list[list[float]]


class Sentence(TypedDict):
    """In full, and as the plane has room for."""

    text: str
    short: str


@dataclass(frozen=True)
class SituationSpec:
    """A batch with its question, symptom and cures; ``starts`` by the name of each loss."""

    name: str
    title: str
    sentences: list[Sentence]
    rows: dict[str, tuple[int, ...]]
    labels: tuple[float, ...] | None
    classes: tuple[str, ...]
    chosen: int
    watched: int | None
    loss: str | None
    question: QuestionSpec | None
    symptom: str | None
    cures: list[CureSpec]
    starts: dict[str, Start]


class Frame(TypedDict):
    """Where a training stood at one of its steps."""

    points: list[list[float]]
    tensors: dict[str, Nested]
    loss: float


class Film(TypedDict):
    """A training that was watched: the ``steps`` at which it was looked at, with a frame for each."""

    steps: list[int]
    frames: list[Frame]


@dataclass(frozen=True)
class Spec:
    """An explorer: what stays as long as it lives. ``film`` is a training that was watched, which *Play* plays."""

    name: str
    losses: dict[str, LossSpec]
    situations: list[SituationSpec]
    dimension: int
    compact: bool
    engine: EngineSpec
    film: Film | None = None
