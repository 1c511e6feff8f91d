"""Losses of the triplets of a batch, without their cube."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from lossviz import losses
from lossviz.fast import road, slices
from lossviz.fast.road import felt, known, sortable
from lossviz.fast.squares import Square
from lossviz.losses.base import Loss
from lossviz.losses.labelled_sentences import COUNTED


class _Classes:
    """Who is of whose class. ``of`` numbers the classes. ``positives`` is (B, largest class − 1), or (B, B − 1)
    where that size would have to be waited for: each row's positives, in order, filled up where ``real`` is False."""

    def __init__(self, labels: Tensor, x: Tensor) -> None:
        labels = sortable(labels)
        ordered, order = labels.sort(stable=True)
        start = torch.searchsorted(ordered, labels)
        others = torch.searchsorted(ordered, labels, right=True) - start - 1
        most = len(labels) - 1 if road.waits(labels) else int(others.max())
        column = torch.arange(most, device=labels.device)
        place = order.argsort() - start  # within the class
        self.real = column < others.unsqueeze(1)
        member = start.unsqueeze(1) + column + (column >= place.unsqueeze(1))  # of the class, but the row itself
        self.positives = order[torch.where(self.real, member, 0)]
        self.of = start.to(x.dtype)


class _Slice:
    """The distances of a few anchors to all, and the same for their negatives alone: others are out of reach there."""

    def __init__(self, square: Square, classes: _Classes, rows: slice) -> None:
        self.square, self.distance = square, square.rows(rows)
        self.positives, self.real = classes.positives[rows], classes.real[rows]
        self.to_positives = self.distance.gather(1, self.positives)
        self.far = torch.finfo(self.distance.dtype).max / 4
        self.spare, alike = torch.empty_like(self.distance), torch.empty_like(self.distance)
        self.alike = torch.eq(classes.of[rows, None], classes.of, out=alike)
        self.to_negatives = torch.add(self.distance, alike, alpha=self.far)

    def nearest_negative(self, beyond: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Of each anchor's negatives (those farther than ``beyond``) the nearest: its distance, its place, if any."""
        candidates = self.to_negatives
        if beyond is not None:
            out = torch.le(candidates, (beyond + self.square.slack(beyond)).unsqueeze(1), out=self.spare)
            candidates = torch.add(candidates, out, alpha=self.far, out=self.spare)
        nearest = candidates.amin(1)
        bound = (nearest + self.square.slack(nearest)).unsqueeze(1)
        return nearest, torch.le(candidates, bound, out=self.spare).argmax(1), nearest < self.far / 2

    def farthest_negative(self) -> tuple[Tensor, Tensor, Tensor]:
        candidates = torch.sub(self.distance, self.alike, alpha=self.far, out=self.spare)
        farthest = candidates.amax(1)
        bound = (farthest - self.square.slack(farthest)).unsqueeze(1)
        return farthest, torch.ge(candidates, bound, out=self.spare).argmax(1), farthest > -self.far / 2


def _slices(embeddings: Tensor) -> Iterator[slice]:
    sizes, count = slices.sizes(embeddings), len(embeddings)
    return sizes.rows(count, count, sizes.distances)


Weighed = tuple[Tensor, Tensor, Tensor]  # the sum of the terms of a slice, their number, the gradient by its distances


def _mean(weigh: Callable[[_Slice], Weighed], loss: Loss, embeddings: Tensor, labels: Tensor) -> Tensor | None:
    """The mean of all terms, each slice of anchors weighed by itself."""
    wanted = felt(embeddings)
    square = Square.of(loss.distance, embeddings.detach())
    if square is None:
        return None
    classes, total, count = _Classes(labels, embeddings), 0, 0
    for rows in _slices(embeddings):
        part = _Slice(square, classes, rows)
        cost, terms, gradient = weigh(part)
        total, count = total + cost, count + terms
        if wanted:
            square.pull(rows, part.distance, gradient)
    count = count.clamp(min=1)
    value = (total / count).to(embeddings.dtype)
    return known(value, lambda: (square.pulled() / count,), embeddings)


def batch_all(loss: losses.BatchAllTripletLoss, embeddings: Tensor, labels: Tensor) -> Tensor | None:
    """A triplet counts while its negative lies below a threshold, its positive's distance plus the margin. So the loss
    needs, of every threshold, how many negatives lie below it; of every negative, below how many thresholds it lies."""
    margin = float(loss.margin)

    def weigh(part: _Slice) -> Weighed:
        threshold = part.to_positives + margin
        bound = torch.where(part.real, threshold - part.square.slack(threshold).clamp(min=COUNTED), -part.far)
        reached, below = (_counted if bound.shape[1] > slices.sizes(bound).many else _compared)(bound, part)
        total = _exact(reached, threshold) - _exact(below, part.distance)
        return total, reached.sum(dtype=torch.float64), below.neg_().scatter_add_(1, part.positives, reached)

    return _mean(weigh, loss, embeddings, labels)


def _compared(bound: Tensor, part: _Slice) -> tuple[Tensor, Tensor]:
    """How many negatives lie below each bound, and below how many bounds each negative lies."""
    reached, below = torch.empty_like(bound), torch.zeros_like(part.distance)
    for column in range(bound.shape[1]):
        costs = torch.lt(part.to_negatives, bound[:, column, None], out=part.spare)
        reached[:, column] = costs.sum(1)
        below += costs
    return reached, below


def _counted(bound: Tensor, part: _Slice) -> tuple[Tensor, Tensor]:
    """The same: a negative lies below all bounds in order but those before its place."""
    ordered, order = bound.sort(1)
    place = torch.searchsorted(ordered, part.to_negatives, right=True)
    at = bound.new_zeros(len(bound), bound.shape[1] + 1)
    at.scatter_add_(1, place, torch.ones_like(part.distance))
    reached = torch.empty_like(bound).scatter_(1, order, at.cumsum(1)[:, :-1])
    return reached, bound.shape[1] - place.to(bound.dtype)


def _exact(x: Tensor, y: Tensor) -> Tensor:
    """The sum of x · y, without the rounding errors of a long sum."""
    return (x * y).sum(dtype=torch.float64)


def semi_hard(loss: losses.BatchSemiHardTripletLoss, embeddings: Tensor, labels: Tensor) -> Tensor | None:
    margin = float(loss.margin)

    def weigh(part: _Slice) -> Weighed:
        chosen, felt = _semi_hard_negatives(part)
        to_chosen = torch.where(felt, part.distance.gather(1, chosen), part.distance.amin(1, keepdim=True))
        cost = torch.where(part.real, relu(part.to_positives - to_chosen + margin), 0)
        active = (cost > 0).to(cost.dtype)
        gradient = torch.zeros_like(part.distance).scatter_add_(1, part.positives, active)
        gradient.scatter_add_(1, chosen, -active * felt)
        return cost.sum(dtype=torch.float64), part.real.sum(), gradient

    return _mean(weigh, loss, embeddings, labels)


def _semi_hard_negatives(part: _Slice) -> tuple[Tensor, Tensor]:
    """For each positive the nearest negative beyond it, else the farthest negative; and whether there is a negative."""
    _, farthest, exists = (each.unsqueeze(1) for each in part.farthest_negative())
    positives = part.positives.shape[1]
    if positives > slices.sizes(part.distance).many:
        ordered, order = part.to_negatives.sort(dim=1, stable=True)
        bound = part.to_positives + part.square.slack(part.to_positives)
        place = torch.searchsorted(ordered, bound, right=True).clamp_(max=ordered.shape[1] - 1)
        nearest, found = order.gather(1, place), ordered.gather(1, place) < part.far / 2
    else:
        nearest, found = torch.empty_like(part.positives), torch.empty_like(part.real)
        for column in range(positives):
            _, nearest[:, column], found[:, column] = part.nearest_negative(part.to_positives[:, column])
    return torch.where(found, nearest, farthest), exists


def batch_hard(loss: losses.BatchHardTripletLoss, embeddings: Tensor, labels: Tensor) -> Tensor | None:
    def cost(gap: Tensor) -> tuple[Tensor, Tensor]:
        shortfall = relu(gap + float(loss.margin))
        return shortfall, (shortfall > 0).to(gap.dtype)

    return _mean_of_hardest(cost, loss, embeddings, labels)


def batch_hard_soft(loss: losses.BatchHardSoftMarginTripletLoss, embeddings: Tensor, labels: Tensor) -> Tensor | None:
    def cost(gap: Tensor) -> tuple[Tensor, Tensor]:
        return softplus(gap), gap.sigmoid().masked_fill_(gap > 20, 1)  # from 20 on softplus is a straight line

    return _mean_of_hardest(cost, loss, embeddings, labels)


def _mean_of_hardest(
    cost: Callable[[Tensor], tuple[Tensor, Tensor]], loss: Loss, embeddings: Tensor, labels: Tensor
) -> Tensor | None:
    """The mean over anchors of what the gap between hardest positive and hardest negative costs (and its slope).

    First the two of every anchor of a slice are found; then they alone are asked for their distances, and pulled.
    """
    square = Square.of(loss.distance, embeddings.detach())
    if square is None:
        return None
    total, count, wanted = 0, len(labels), felt(embeddings)
    for rows in _slices(embeddings):
        distance = square.rows(rows)
        positive, has_positive, negative, has_negatives = _hardest(square, distance, labels, rows)
        chosen = torch.stack((positive, negative), 1)
        measured, pull = square.chosen(rows, distance, chosen)
        to_positive, to_negative = measured.unbind(1)
        if road.waits(distance) or not has_negatives:
            to_negative = torch.where(has_negatives, to_negative, distance.amin(1) + distance.amax(1))
        costs, slope = cost(torch.where(has_positive, to_positive, 0) - to_negative)
        total += costs.sum(dtype=torch.float64)
        if wanted:
            slope = slope * has_negatives / count  # a stand-in moves nothing
            pull(torch.stack((slope * has_positive, -slope), 1))
    value = (total / count).to(embeddings.dtype)
    return known(value, lambda: (square.pulled(),), embeddings)


def _hardest(square: Square, distance: Tensor, labels: Tensor, rows: slice) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Place of the farthest positive of each anchor and whether there is one; of its nearest negative, and whether
    there are any: unless all are of one class, every anchor has one."""
    far = torch.finfo(distance.dtype).max / 4
    differs, spare = torch.empty_like(distance), torch.empty_like(distance)
    torch.ne(labels[rows, None], labels, out=differs)
    candidates = torch.sub(distance, differs, alpha=far)
    candidates.diagonal(rows.start).fill_(-far)
    farthest = candidates.amax(1)
    bound = (farthest - square.slack(farthest)).unsqueeze(1)
    positive = torch.ge(candidates, bound, out=spare).argmax(1)
    alike = torch.eq(labels[rows, None], labels, out=differs)
    candidates = torch.add(distance, alike, alpha=far, out=candidates)
    nearest = candidates.amin(1)
    bound = (nearest + square.slack(nearest)).unsqueeze(1)
    negative = torch.le(candidates, bound, out=spare).argmax(1)
    return positive, farthest > -far / 2, negative, nearest[0] < far / 2
