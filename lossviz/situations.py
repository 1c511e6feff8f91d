"""Named small batches of real sentences: where an explorer starts, and the states that teach.

A situation says which sentences there are, in which rows they stand (a sentence in three rows is one point), their
labels, and where the points start in the plane.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lossviz import sentences


Place = tuple[float, float]


@dataclass(frozen=True)
class Situation:
    """A batch to explore.

    ``keys``        the sentences, one point each
    ``rows``        argument → indices into ``keys``, one per row of the batch
    ``labels``      one per row, or None where the input type has none
    ``places``      where each point starts in the plane
    ``chosen``      the point whose loss is drawn first
    ``parameters``  name → value, where the situation needs its own
    """

    name: str
    title: str
    keys: tuple[str, ...]
    rows: dict[str, tuple[int, ...]]
    labels: tuple[float, ...] | None
    places: tuple[Place, ...]
    chosen: int = 0
    parameters: dict[str, float | str | bool] = field(default_factory=dict)

    def points(self, dimension: int) -> Tensor:
        """The sentences' positions, (points, dimension), float64: in the plane, or their real embeddings at 384."""
        if dimension == 2:
            return torch.tensor(self.places, dtype=torch.float64)
        return sentences.embeddings(self.keys).double()


def on_circle(*degrees: float) -> tuple[Place, ...]:
    """Places on the unit circle, anticlockwise from the right."""
    return tuple((math.cos(math.radians(each)), math.sin(math.radians(each))) for each in degrees)


_BANK_AND_RAIN = (
    "ran_the_bank", "headed_lender", "ran_to_bank", "rain_cats_dogs", "rain_pours", "pets_hate_rain",
)  # fmt: skip
_PAIRS = {"anchor": (0, 3, 0, 3, 0, 1), "other": (1, 4, 2, 5, 3, 2)}
_LABELS = (1, 1, 0, 0, 0, 0)


def _labelled_pairs(name: str, title: str, places: tuple[Place, ...], **others) -> Situation:
    return Situation(name, title, _BANK_AND_RAIN, _PAIRS, _LABELS, places, **others)


_MONEY_AND_COOKING = (
    "stock_falls", "no_interest", "bills_piling", "stock_simmers", "slow_stew", "dough_rises",
)  # fmt: skip


def _labelled_sentences(name: str, title: str, places: tuple[Place, ...], labels=(0, 0, 0, 1, 1, 1), **others) -> Situation:
    return Situation(name, title, _MONEY_AND_COOKING, {"embeddings": (0, 1, 2, 3, 4, 5)}, labels, places, **others)


_QUESTIONS = (
    "boil_egg_q", "boil_egg_a", "open_account_q", "open_account_a", "airport_q", "airport_a",
)  # fmt: skip


def _positive_pairs(name: str, title: str, places: tuple[Place, ...], **others) -> Situation:
    return Situation(name, title, _QUESTIONS, {"anchor": (0, 2, 4), "positive": (1, 3, 5)}, None, places, **others)


_COLLAPSED = on_circle(60, 60, 60, 60, 60, 60)

SITUATIONS: dict[str, tuple[Situation, ...]] = {
    "labelled_pairs": (
        _labelled_pairs("start", "Start", on_circle(100, 45, 122, 238, 300, 214), chosen=2),
        _labelled_pairs("easy", "Easy", on_circle(90, 78, 350, 210, 200, 290), chosen=2),
        _labelled_pairs("hard negatives", "Hard negatives", on_circle(90, 350, 97, 235, 325, 228), chosen=2),
        _labelled_pairs("collapsed", "Everything collapsed", _COLLAPSED),
    ),
    "labelled_sentences": (
        _labelled_sentences(
            "start", "Start", ((-0.7, 0.6), (-0.9, -0.2), (0.25, 0.75), (0.1, 0.1), (0.8, -0.3), (0.35, -0.9)), chosen=3
        ),
        _labelled_sentences(
            "easy", "Easy", ((-1.1, 0.5), (-1.2, 0.2), (-0.9, 0.3), (1.1, -0.2), (0.9, -0.4), (1.2, -0.5)), chosen=3
        ),
        _labelled_sentences("collapsed", "Everything collapsed", _COLLAPSED),
    ),
    "positive_pairs": (
        _positive_pairs("start", "Start", on_circle(95, 35, 215, 130, 330, 270), chosen=3),
        _positive_pairs("easy", "Easy", on_circle(92, 88, 212, 208, 332, 328), chosen=1),
        _positive_pairs("collapsed", "Everything collapsed", _COLLAPSED),
    ),
}


def situations(input_type: str) -> tuple[Situation, ...]:
    """The situations of an input type, the start first. Raises ValueError when there are none."""
    if input_type not in SITUATIONS:
        raise ValueError(f"input_type: expected one of {', '.join(SITUATIONS)}, got {input_type!r}")
    return SITUATIONS[input_type]
