"""The distances of all rows to all, and the gradient of a function of them, without ever holding all of them.

No distance is further off than a few roundings: points are centred first, and near points are measured by their
difference. Where distances are compared, those that differ by rounding alone are equal; of equal ones the first counts.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from lossviz._torch import cdist_backward
from lossviz.fast import road, slices
from lossviz.fast.measures import NEAR, Unit, chords, euclidean, manhattan
from lossviz.fast.road import TooCoarse

MOST_DIFFERENCES = 2**27  # numbers: 1 GB of them
MOST_NEAR = 1000  # from so many near pairs in a slice on, the whole square is


class Square:
    """The distances of all rows of x to all, a slice at a time, and the gradient of a function of them.

    ``rows`` measures the rows of a slice to all, with 0 from a row to itself; ``pull`` takes the gradient of these
    distances and adds what it means for x. ``pairs`` measures chosen pairs (x[i], x[j]), by their difference, and gives
    their pull. ``pulled`` is the gradient of all that was added.
    """

    off = 8  # a distance is off by fewer roundings than this
    near = None  # places in the last slice of pairs too near for a product of matrices

    def __init__(self, x: Tensor) -> None:
        self.x, self.gradient = x, torch.zeros_like(x)
        self.tiny, self.rounding = torch.finfo(x.dtype).tiny, self.off * torch.finfo(x.dtype).eps

    @classmethod
    def of(cls, distance: str, x: Tensor) -> "Square | None":
        """The square of a named distance; None where numbers are so large that it would overflow."""
        square = (UNSEEN if road.waits(x) else SQUARES)[distance](x)
        return square if square.fits() else None

    def fits(self) -> bool:
        return True

    def slack(self, distance: Tensor) -> Tensor:
        """By how much a distance may differ from an equal one."""
        return self.rounding * distance.abs()

    def between(self, i: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """The distances of pairs, and the pull on the first of each; that on the second is its opposite."""
        raise NotImplementedError

    def pairs(self, i: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], None]]:
        distance, pull = self.between(i, j)

        def add(gradient: Tensor) -> None:
            pulled = pull(gradient)
            self.gradient.index_add_(0, i, pulled)
            self.gradient.index_add_(0, j, pulled, alpha=-1)

        return distance, add

    def chosen(self, rows: slice, distance: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], None]]:
        """The distances of the rows of a slice to a few chosen others each, and their pull."""
        if len(self.x) > slices.sizes(self.x).small:
            i = torch.arange(rows.start, rows.stop, device=j.device).repeat_interleave(j.shape[1])
            measured, pull = self.pairs(i, j.flatten())
            return measured.view(j.shape), lambda gradient: pull(gradient.flatten())

        def pull_all(gradient: Tensor) -> None:
            self.pull(rows, distance, torch.zeros_like(distance).scatter_add_(1, j, gradient))

        return distance.gather(1, j), pull_all

    def measure_near(self, rows: slice, distance: Tensor) -> None:
        """Instead of the distances of pairs that are too near for a product."""
        if self.near:
            i, j = self.near
            distance[i, j] = torch.cat([self.between(*part)[0] for part in self._in_parts(i + rows.start, j)])

    def pull_near(self, rows: slice, gradient: Tensor) -> None:
        """Takes the pairs that are too near for a product out of the gradient."""
        if self.near:
            i, j = self.near
            for some, others, felt in self._in_parts(i + rows.start, j, gradient[i, j]):
                self.pairs(some, others)[1](felt)
            gradient[i, j] = 0

    def _in_parts(self, *columns: Tensor) -> Iterator[tuple[Tensor, ...]]:
        """So many pairs at a time that their differences take no more than a slice."""
        size = max(1, slices.sizes(self.x).distances // self.x.shape[1])
        return zip(*(each.split(size) for each in columns), strict=True)

    def pull(self, rows: slice, distance: Tensor, gradient: Tensor) -> None:
        """One sum of rows of x for the anchors of the slice, one for all; where these are the same, one for both."""
        self.pull_near(rows, gradient)
        share = self.share(distance, gradient)
        if len(share) == len(self.x):
            self.add(rows, slice(None), share + share.T, distance)
        else:
            self.add(rows, slice(None), share, distance)
            self.add(slice(None), rows, share.T, distance.T)

    def share(self, distance: Tensor, gradient: Tensor) -> Tensor:
        return gradient

    def add(self, rows: slice, others: slice, share: Tensor, distance: Tensor) -> None:
        """Adds to the gradient of the rows what they receive from the others."""
        raise NotImplementedError

    def pulled(self) -> Tensor:
        return self.gradient


class _EuclideanSquare(Square):
    NEAR = 0.1  # a squared distance below this share of the squared lengths has lost too many digits by subtraction

    def __init__(self, x: Tensor) -> None:
        super().__init__(x)
        self.centred = x - x.mean(0)
        self.lengths = torch.linalg.vector_norm(self.centred, dim=-1).square_()
        self.longest = self.lengths.max().item()
        self.received = torch.zeros_like(self.lengths)

    def fits(self) -> bool:
        return self.longest < torch.finfo(self.x.dtype).max ** 0.5

    def between(self, i: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        return euclidean(self.x.index_select(0, i), self.x.index_select(0, j))

    def rows(self, rows: slice) -> Tensor:
        squared = torch.addmm(self.lengths, self.centred[rows], self.centred.T, alpha=-2)
        squared += self.lengths[rows, None]
        itself = squared.diagonal(rows.start)
        itself.fill_(torch.inf)
        self.near = self._near(squared, rows)
        itself.zero_()
        distance = squared.clamp_(min=0).sqrt_()
        self.measure_near(rows, distance)
        return distance

    def _near(self, squared: Tensor, rows: slice) -> tuple[Tensor, Tensor] | None:
        """Places in the slice of pairs too near for the subtraction of squares."""
        floor = self.tiny / self.rounding  # below it squares have no digits to lose
        if squared.amin().item() > 2 * self.NEAR * self.longest + floor:
            return None
        share = self.NEAR * self.lengths
        i, j = (squared <= share[rows, None] + share + floor).nonzero(as_tuple=True)
        return (i, j) if len(i) else None

    def share(self, distance: Tensor, gradient: Tensor) -> Tensor:
        return gradient.div_(distance.clamp_(min=self.tiny))

    def add(self, rows: slice, others: slice, share: Tensor, distance: Tensor) -> None:
        self.received[rows] += share.sum(1)
        self.gradient[rows].addmm_(share, self.centred[others], alpha=-1)

    def pulled(self) -> Tensor:
        return self.gradient.addcmul_(self.received.unsqueeze(-1), self.centred)


class _CosineSquare(Square):
    def __init__(self, x: Tensor) -> None:
        super().__init__(x)
        self.directions = Unit(x)

    def slack(self, distance: Tensor) -> Tensor:
        """A difference from 1 is off by roundings of 1; a near distance is measured by itself."""
        if self.x.dtype != torch.float32:
            return torch.full_like(distance, self.rounding)
        return torch.where(distance < NEAR, distance, 1).abs_().mul_(self.rounding)

    def between(self, i: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        units, none = self.directions.rows, self.directions.none
        u, v = units.index_select(0, i), units.index_select(0, j)
        chord, distance = chords(u, v, lambda near: (self.x[i[near]], self.x[j[near]]))
        if none is not None:
            none = none[i] | none[j]
            distance.masked_fill_(none, 1)
        return distance, lambda gradient: chord.mul_(
            (gradient if none is None else gradient.masked_fill(none, 0)).unsqueeze(-1)
        )

    def rows(self, rows: slice) -> Tensor:
        distance = torch.mm(self.directions.rows[rows], self.directions.rows.T).neg_().add_(1)
        if distance.dtype == torch.float32:
            itself = distance.diagonal(rows.start)
            from_itself = itself.clone()
            itself.fill_(torch.inf)
            self.near = self._near(distance)
            itself.copy_(from_itself)
            self.measure_near(rows, distance)
        return distance

    def _near(self, distance: Tensor) -> tuple[Tensor, Tensor] | None:
        """Places in the slice of pairs whose distance from 1 has lost too many digits, if there are not too many."""
        if not distance.amin().item() < NEAR:
            return None
        i, j = (distance < NEAR).nonzero(as_tuple=True)
        if len(i) > MOST_NEAR:
            raise TooCoarse
        return i, j

    def add(self, rows: slice, others: slice, share: Tensor, distance: Tensor) -> None:
        self.gradient[rows].addmm_(share, self.directions.rows[others], alpha=-1)

    def pulled(self) -> Tensor:
        return self.directions.pull(self.gradient)


class _MeasuredSquare(Square):
    """Every distance by its difference: as slow as it is exact, without a look at any."""

    power: float
    paired: Callable

    def between(self, i: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        return type(self).paired(self.x.index_select(0, i), self.x.index_select(0, j))

    def rows(self, rows: slice) -> Tensor:
        return torch.cdist(self.x[rows], self.x, p=self.power, compute_mode="donot_use_mm_for_euclid_dist")

    def add(self, rows: slice, others: slice, share: Tensor, distance: Tensor) -> None:
        """As autograd would, but it would measure the distances again. A few rows at a time: a device makes all their
        differences first."""
        x, y, gradient = self.x[rows], self.x[others], self.gradient[rows]
        few = max(1, MOST_DIFFERENCES // y.numel())
        for part in (slice(start, start + few) for start in range(0, len(x), few)):
            measured = x[part], y, self.power, distance[part].contiguous()
            gradient[part] += cdist_backward(share[part].contiguous(), *measured)


class _ManhattanSquare(_MeasuredSquare):
    power, paired = 1.0, manhattan


class _MeasuredEuclideanSquare(_MeasuredSquare):
    power, paired = 2.0, euclidean


SQUARES = {"euclidean": _EuclideanSquare, "cosine": _CosineSquare, "manhattan": _ManhattanSquare}
UNSEEN = SQUARES | {"euclidean": _MeasuredEuclideanSquare}  # where a look at a number would have to be waited for
