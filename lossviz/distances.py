"""Distances and similarities between embeddings: paired (row with row) and pairwise (every row with every row).

Every function here takes any leading dimensions, is differentiable wherever it is used, and has a zero gradient where
the textbook formula has none: at a zero row (no direction), and at coincident points (no direction between them).
"""

from collections.abc import Callable

import torch
from torch import Tensor

DistanceFunction = Callable[[Tensor, Tensor], Tensor]
Distance = str | DistanceFunction

# A row shorter than this has no direction worth a gradient: it counts as zero. The same bound as torch's F.normalize.
SHORTEST = 1e-12


def safe_sqrt(x: Tensor) -> Tensor:
    """√x with gradient 0, not infinity, at x = 0."""
    positive = x > 0
    return torch.where(positive, torch.where(positive, x, 1.0).sqrt(), 0.0)


def _peak(x: Tensor) -> Tensor:
    """The largest coordinate of each row, (…, 1), as a constant: dividing by it keeps squares from overflowing."""
    return x.detach().abs().amax(-1, keepdim=True)


def unit(x: Tensor) -> Tensor:
    """Rows scaled to length 1: (…, d) → (…, d). A zero row stays zero, with zero gradient."""
    peak = _peak(x)
    long_enough = peak > SHORTEST
    scaled = x / torch.where(long_enough, peak, 1.0)
    length = torch.where(long_enough, scaled.square().sum(-1, keepdim=True), 1.0).sqrt()
    return torch.where(long_enough, scaled / length, 0.0)


def cosine_similarity(x: Tensor, y: Tensor) -> Tensor:
    """cos(x, y) in [−1, 1]: (…, d), (…, d) → (…). With a zero row it is 0."""
    return (unit(x) * unit(y)).sum(-1)


def cosine(x: Tensor, y: Tensor) -> Tensor:
    """Cosine distance 1 − cos(x, y), in [0, 2]: (…, d), (…, d) → (…)."""
    return 1 - cosine_similarity(x, y)


def euclidean(x: Tensor, y: Tensor) -> Tensor:
    """‖x − y‖₂: (…, d), (…, d) → (…)."""
    difference = x - y
    peak = _peak(difference)
    scaled = difference / torch.where(peak > 0, peak, 1.0)
    return peak.squeeze(-1) * safe_sqrt(scaled.square().sum(-1))


def manhattan(x: Tensor, y: Tensor) -> Tensor:
    """‖x − y‖₁: (…, d), (…, d) → (…)."""
    return (x - y).abs().sum(-1)


NAMED = {"cosine": cosine, "euclidean": euclidean, "manhattan": manhattan}


def paired(distance: Distance) -> DistanceFunction:
    """The function behind a distance's name: (…, d), (…, d) → (…); a function of that signature is its own answer.

    Raises ValueError for any other name.
    """
    if callable(distance):
        return distance
    if not isinstance(distance, str) or distance not in NAMED:
        raise ValueError(f"distance: expected one of {', '.join(NAMED)} or a function of two tensors, got {distance!r}")
    return NAMED[distance]


def pairwise(distance: Distance, x: Tensor, y: Tensor) -> Tensor:
    """The distance of every row of x to every row of y: (…, B, d), (…, C, d) → (…, B, C)."""
    return paired(distance)(x.unsqueeze(-2), y.unsqueeze(-3))
