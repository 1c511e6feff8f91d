"""The measures of pairs: their distances, and a pull, which turns a gradient of the distances into one of the rows.

A pull may use up what was kept for it: it is asked once.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from lossviz import distances
from lossviz.fast import road
from lossviz.fast.road import TooCoarse, keep_digits, watched
from lossviz.losses.base import exact

Pull = Callable[[Tensor], tuple[Tensor, ...]]  # the gradient of a result → the gradients of what it was made of


class Unit:
    """The directions of rows; ``pull`` turns a gradient of them into one of the rows, in place."""

    def __init__(self, x: Tensor) -> None:
        self.length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        self.none = None  # which rows have no direction, if any may have none
        if _has_safe_squares(self.length):
            self.rows = x / self.length
            return
        peak = torch.linalg.vector_norm(x, torch.inf, dim=-1, keepdim=True)
        none = peak <= distances.SHORTEST
        peak.masked_fill_(none, torch.inf)
        self.rows, length = _shrunk(x, peak)
        self.rows.div_(length)
        self.length, self.none = peak * length, none.squeeze(-1)

    def pull(self, gradient: Tensor) -> Tensor:
        parts = watched(gradient)
        along = torch.linalg.vecdot(gradient, self.rows).unsqueeze(-1)
        across = gradient.addcmul_(self.rows, along, value=-1)
        keep_digits(parts, across)
        return across.div_(self.length)


def _shrunk(x: Tensor, peak: Tensor) -> tuple[Tensor, Tensor]:
    """Rows in parts of their largest coordinate, and their lengths then, whose squares neither overflow nor vanish: at
    least 1, but for rows of nothing, whose length counts as 1 too."""
    shrunk = x / peak
    return shrunk, torch.linalg.vector_norm(shrunk, dim=-1, keepdim=True).clamp_(min=1)


def _has_safe_squares(length: Tensor) -> bool:
    """Whether no row counts as zero, and no square has overflowed or lost digits; False where a look would wait."""
    if road.waits(length):
        return False
    shortest, longest = (each.item() for each in torch.aminmax(length))
    return 1e3 * distances.SHORTEST < shortest and longest < torch.finfo(length.dtype).max ** 0.4


def seen(measured: Tensor) -> Tensor:
    """What is measured of rows that are not finite is not finite; nor of those that are too large for their dtype."""
    if not road.waits(measured) and not math.isfinite(measured.sum().item()):
        raise TooCoarse
    return measured


def euclidean(x: Tensor, y: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Distances, and the pull on x; that on y is its opposite."""
    difference = x - y
    distance = length = torch.linalg.vector_norm(difference, dim=-1, keepdim=True)
    if not _has_safe_squares(length):
        peak = torch.linalg.vector_norm(difference, torch.inf, dim=-1, keepdim=True)
        difference, length = _shrunk(difference, peak.masked_fill(peak == 0, 1))
        distance = seen(peak * length)
    return distance.squeeze(-1), lambda gradient: difference.mul_(gradient.unsqueeze(-1) / length)


def manhattan(x: Tensor, y: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Distances, and the pull on x; that on y is its opposite."""
    difference = x - y
    return seen(difference.abs().sum(-1)), lambda gradient: difference.sign_().mul_(gradient.unsqueeze(-1))


def chords(u: Tensor, v: Tensor, rows_of: Callable[[Tensor], tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """The differences of directions, and half their squares, the cosine distances. ``rows_of`` gives the rows of chosen
    pairs: the difference of two near float32 directions has few digits left."""
    chord = u - v
    distance = torch.linalg.vector_norm(chord, dim=-1).square_().mul_(0.5)
    if chord.dtype != torch.float64 and distance.amin().item() < NEAR:
        near = distance < NEAR
        x, y = rows_of(near)
        exact_chord = distances.unit(exact(x)) - distances.unit(exact(y))
        chord[near] = exact_chord.to(chord.dtype)
        distance[near] = (0.5 * exact_chord.square().sum(-1)).to(chord.dtype)
    return chord, distance


NEAR = 0.01  # a cosine distance below this is measured in float64


def cosine(x: Tensor, y: Tensor) -> tuple[Tensor, Pull]:
    u, v = Unit(x), Unit(y)
    chord, distance = chords(u.rows, v.rows, lambda near: (x[near], y[near]))
    none = _either(u.none, v.none)
    if none is not None:
        none = none & (distance == distance)  # beside a row that is not finite it stays NaN
        seen(distance.masked_fill_(none, 1))

    def pull(gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Of the chord, what is along a direction is the distance: the rest pulls."""
        along = (gradient if none is None else gradient.masked_fill(none, 0)).unsqueeze(-1)
        height = distance.unsqueeze(-1)
        for_x = torch.addcmul(chord, u.rows, height, value=-1).mul_(along / u.length)
        for_y = chord.addcmul_(v.rows, height).mul_(-along / v.length)
        return for_x, for_y

    return distance, pull


def _either(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    return one if other is None else other if one is None else one | other


def _both_ways(measure: Callable) -> Callable[[Tensor, Tensor], tuple[Tensor, Pull]]:
    def measured(x: Tensor, y: Tensor) -> tuple[Tensor, Pull]:
        distance, pull_x = measure(x, y)

        def pull(gradient: Tensor) -> tuple[Tensor, Tensor]:
            for_x = pull_x(gradient)
            return for_x, -for_x

        return distance, pull

    return measured


PAIRED = {"euclidean": _both_ways(euclidean), "cosine": cosine, "manhattan": _both_ways(manhattan)}
