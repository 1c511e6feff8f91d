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
    return _direction(x)[0]


def _direction(x: Tensor) -> tuple[Tensor, Tensor]:
    """Unit rows, and whether each row has a direction at all: (…, d) → (…, d), (…)."""
    peak = _peak(x)
    has = ~(peak <= SHORTEST)  # a row with a NaN counts as a direction, so that the NaN is not lost
    scaled = x / torch.where(has, peak, 1.0)
    length = torch.where(has, scaled.square().sum(-1, keepdim=True), 1.0).sqrt()
    return torch.where(has, scaled / length, 0.0), has.squeeze(-1)


def cosine(x: Tensor, y: Tensor) -> Tensor:
    """Cosine distance 1 − cos(x, y), in [0, 2]: (…, d), (…, d) → (…). With a zero row it is 1.

    Computed as half the squared chord between the directions, which is the same number, but exactly 0 for coincident
    points, where 1 − cos would leave a rounding error of either sign.
    """
    (u, has_u), (v, has_v) = _direction(x), _direction(y)
    chord = (u - v).square().sum(-1)
    return torch.where(has_u & has_v, 0.5 * chord, 1.0)


def cosine_similarity(x: Tensor, y: Tensor) -> Tensor:
    """cos(x, y) in [−1, 1]: (…, d), (…, d) → (…). With a zero row it is 0."""
    return 1 - cosine(x, y)


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
    if paired(distance) is cosine:  # as a product of matrices, not of B·C rows
        return 1 - similarities("cosine", x, y)
    return paired(distance)(x.unsqueeze(-2), y.unsqueeze(-3))


Similarity = str | DistanceFunction


def similarities(similarity: Similarity, x: Tensor, y: Tensor) -> Tensor:
    """How similar every row of x is to every row of y: (…, B, d), (…, C, d) → (…, B, C).

    ``similarity`` is "cosine", "dot", or a function of that signature. Raises ValueError for any other name.
    """
    if callable(similarity):
        return similarity(x, y)
    if similarity not in ("cosine", "dot"):
        raise ValueError(f"similarity: expected one of cosine, dot or a function of two tensors, got {similarity!r}")
    if similarity == "cosine":
        x, y = unit(x), unit(y)
    return x @ y.transpose(-1, -2)
