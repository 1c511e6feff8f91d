"""Batches for the fuzz: every size, every label pattern, rows that are zero, coincide or lie exactly on a threshold.

Two roads of arithmetic may differ in the last bit, and then a comparison with a threshold may come out either way. So
the rows that meet a threshold on purpose are ones whose distances are exact on any road: one or two coordinates of ±1;
for cosines, one or four, whose length is 1 or 2 (half of √2 · √2 is not 1 on every road).
"""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from lossviz.catalogue import entry
from tests.losses import batches as batches_of_losses
from tests.lowering.harness import Batch
from tests.lowering.zoo import ZOO

LARGEST_BATCH, LARGEST_DIMENSION = 32, 16


@dataclass(frozen=True)
class Variant:
    """One module's worth of losses: ``make(dimension, choose)`` gives the loss with parameters of its own."""

    name: str
    count: int  # of batches
    make: Callable[[int, random.Random], object]
    further: int = 0  # rows beyond those that the input type names

    def example(self):
        """(the loss, example inputs) to lower."""
        loss = self.make(2, random.Random(0))
        return loss, loss.inputs.example(**({loss.inputs.more + "s": self.further} if self.further else {}))


def catalogue() -> Iterator[Variant]:
    for known in batches_of_losses.VARIANTS:
        ranges = {name: known.entry.parameters[name] for name in batches_of_losses.numbers(known.entry)}

        def make(dimension, choose, known=known, ranges=ranges):
            return known(dimension, **{n: _number(choose, each.minimum, each.maximum) for n, each in ranges.items()})

        for further in (0, 1) if known.entry.loss.inputs.more else (0,):
            yield Variant("-".join([str(known), *["one more"] * further]), 100, make, further)


def zoo() -> Iterator[Variant]:
    for loss in ZOO:
        flags = [each.name for each in fields(loss) if isinstance(each.default, bool)]
        for chosen in itertools.product((False, True), repeat=len(flags)):
            fixed = dict(zip(flags, chosen, strict=True))

            def make(dimension, choose, loss=loss, fixed=fixed):
                if hasattr(loss, "initial"):
                    return loss.initial(dimension, choose.randrange(99))
                numbers = {
                    f.name: f.default * choose.uniform(0.5, 2) for f in fields(loss) if isinstance(f.default, float)
                }
                return loss(**numbers, **fixed)

            yield Variant("-".join([loss.__name__, *map(str, chosen)]), 60, make)


def _number(choose: random.Random, minimum: float, maximum: float) -> float:
    return float(choose.choice((minimum, maximum, choose.uniform(minimum, maximum), choose.uniform(minimum, maximum))))


# ---- rows and labels


def batches(variant: Variant, count: int | None = None) -> list[Batch]:
    return [_batch(variant, seed) for seed in range(count or variant.count)]


def _batch(variant: Variant, seed: int) -> Batch:
    choose, generator = random.Random(f"{variant.name} {seed}"), torch.Generator().manual_seed(seed)
    size, dimension = (
        choose.choice((1, 2, choose.randint(1, 8), choose.randint(1, LARGEST_BATCH))),
        choose.randint(1, LARGEST_DIMENSION),
    )
    loss = variant.make(dimension, choose)
    if type(loss).__name__ in EVEN:
        dimension += dimension % 2
        loss = variant.make(dimension, choose)
    of_zoo = getattr(loss, "distance", None) == "cosine"
    directed = batches_of_losses.measures_directions(loss) if entry(loss) else of_zoo
    usual = "directions" if directed else "usual"
    arrange = choose.choice(ARRANGEMENTS[getattr(loss, "rows_of_the_fuzz", usual)])
    count = len(loss.inputs.rows) + variant.further
    rows = torch.stack([arrange(size, dimension, choose, generator) for _ in range(count)])
    labels = (_labels(loss.inputs.labels, size, choose),) if loss.inputs.labels else ()
    name = f"{variant.name}, seed {seed}: {size} rows of {dimension}, {arrange.__name__}, {loss}"
    return Batch(name, loss, (*_some_coincide(rows, choose), *labels))


def scattered(size: int, dimension: int, choose: random.Random, generator: torch.Generator) -> Tensor:
    """Anywhere, near the origin or far from it."""
    rows = torch.randn(size, dimension, generator=generator, dtype=torch.float64)
    return rows * 10.0 ** choose.uniform(-2, 2)


def exact(size: int, dimension: int, choose: random.Random, generator: torch.Generator) -> Tensor:
    """Zero, or one or two coordinates of ±1."""
    rows = torch.zeros(size, dimension, dtype=torch.float64)
    for row in rows:
        for _ in range(choose.choice((0, 1, 2, 2))):
            row[choose.randrange(dimension)] = choose.choice((-1.0, 1.0))
    return rows


def exact_directions(size: int, dimension: int, choose: random.Random, generator: torch.Generator) -> Tensor:
    """Zero, or one or four coordinates of ±1."""
    rows = torch.zeros(size, dimension, dtype=torch.float64)
    for row in rows:
        count = choose.choice((0, 1, 4, 4) if dimension >= 4 else (0, 1, 1))
        for place in choose.sample(range(dimension), count):
            row[place] = choose.choice((-1.0, 1.0))
    return rows


def mixed(size: int, dimension: int, choose: random.Random, generator: torch.Generator) -> Tensor:
    """Both; each exact row at a distance of its own from the origin (of few bits, so that sums stay exact)."""
    return _mixed(exact, size, dimension, choose, generator)


def mixed_directions(size: int, dimension: int, choose: random.Random, generator: torch.Generator) -> Tensor:
    """The same with exact directions."""
    return _mixed(exact_directions, size, dimension, choose, generator)


def _mixed(exactly, size: int, dimension: int, choose: random.Random, generator: torch.Generator) -> Tensor:
    scales = ((torch.randperm(LARGEST_BATCH, generator=generator)[:size] + 33) / 64).unsqueeze(-1)
    take = torch.rand(size, 1, generator=generator) < 0.5
    return torch.where(
        take, scattered(size, dimension, choose, generator), scales * exactly(size, dimension, choose, generator)
    )


UNUSUAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, torch.inf, -torch.inf, torch.nan]


def strange(size: int, dimension: int, choose: random.Random, generator: torch.Generator) -> Tensor:
    return torch.tensor([choose.choices(UNUSUAL, k=dimension) for _ in range(size)], dtype=torch.float64)


def huge(size: int, dimension: int, choose: random.Random, generator: torch.Generator) -> Tensor:
    values = [*UNUSUAL, 1e-300, 1e300, -1e300]
    return torch.tensor([choose.choices(values, k=dimension) for _ in range(size)], dtype=torch.float64)


ARRANGEMENTS = {
    "usual": (scattered, scattered, exact, mixed),
    "directions": (scattered, scattered, exact_directions, mixed_directions),
    "strange": (scattered, exact, strange),
    "huge": (scattered, exact, huge),
}
EVEN = {"Halves", "AnglELoss"}


def _some_coincide(rows: Tensor, choose: random.Random) -> Tensor:
    """Rows of the other arguments that lie on the first one's, where those have one size of coordinate only."""
    size = rows[0].abs().amax(-1, keepdim=True)
    simple = ((rows[0].abs() == size) | (rows[0] == 0)).all(-1) & ((rows[0] != 0).sum(-1) <= 4)
    for place in range(rows.shape[1]):
        if simple[place] and choose.random() < 0.3:
            rows[1:, place] = rows[0, place]
    return rows


def _labels(labels, size: int, choose: random.Random) -> Tensor:
    """All alike, two kinds, or any of the values that the set allows."""
    candidates = torch.tensor([-1.0, 0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 7.25], dtype=torch.float64)
    values = candidates[labels.allowed(candidates)].tolist()
    allowed = choose.choice(([values[0]], [values[-1]], [0.0, 1.0], values, values))
    return torch.tensor([choose.choice(allowed) for _ in range(size)], dtype=torch.float64)
