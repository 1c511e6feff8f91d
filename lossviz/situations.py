"""Named small batches of real sentences: where an explorer starts, and the states that teach.

A situation says which sentences there are, in which rows they stand (a sentence in three rows is one point), their
labels, and where the points start in the plane. Angles are in degrees, anticlockwise from the right.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lossviz import sentences


@dataclass(frozen=True)
class Situation:
    """A batch to explore.

    ``keys``        the sentences, one point each
    ``rows``        argument → indices into ``keys``, one per row of the batch
    ``labels``      one per row, or None where the input type has none
    ``angles``      where each point starts on the unit circle, in degrees
    ``chosen``      the point whose loss is drawn first
    ``parameters``  name → value, where the situation needs its own
    """

    name: str
    title: str
    keys: tuple[str, ...]
    rows: dict[str, tuple[int, ...]]
    labels: tuple[float, ...] | None
    angles: tuple[float, ...]
    chosen: int = 0
    parameters: dict[str, float | str | bool] = field(default_factory=dict)

    def points(self, dimension: int) -> Tensor:
        """The sentences' positions, (points, dimension), float64: in the plane, or their real embeddings at 384."""
        if dimension == 2:
            turns = torch.tensor(self.angles, dtype=torch.float64) * math.pi / 180
            return torch.stack([turns.cos(), turns.sin()], dim=-1)
        return sentences.embeddings(self.keys).double()


_BANK_AND_RAIN = (
    "ran_the_bank", "headed_lender", "ran_to_bank", "rain_cats_dogs", "rain_pours", "pets_hate_rain",
)  # fmt: skip
_PAIRS = {"anchor": (0, 3, 0, 3, 0, 1), "other": (1, 4, 2, 5, 3, 2)}
_LABELS = (1, 1, 0, 0, 0, 0)


def _labelled_pairs(name: str, title: str, angles: tuple[float, ...], **others) -> Situation:
    return Situation(name, title, _BANK_AND_RAIN, _PAIRS, _LABELS, angles, **others)


SITUATIONS: dict[str, tuple[Situation, ...]] = {
    "labelled_pairs": (
        _labelled_pairs("start", "Start", (100, 45, 122, 238, 300, 214), chosen=2),
        _labelled_pairs("easy", "Easy", (90, 78, 350, 210, 200, 290), chosen=2),
        _labelled_pairs("hard negatives", "Hard negatives", (90, 350, 97, 235, 325, 228), chosen=2),
        _labelled_pairs("collapsed", "Everything collapsed", (60, 60, 60, 60, 60, 60)),
    ),
}


def situations(input_type: str) -> tuple[Situation, ...]:
    """The situations of an input type, the start first. Raises ValueError when there are none."""
    if input_type not in SITUATIONS:
        raise ValueError(f"input_type: expected one of {', '.join(SITUATIONS)}, got {input_type!r}")
    return SITUATIONS[input_type]
