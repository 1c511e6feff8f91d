"""Losses of scored pairs: of their cosines, and of their order."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import pad

from lossviz import losses
from lossviz.fast.measures import Pull, Unit, cosine
from lossviz.fast.road import by_scale, factor, known, sortable


def cosine_similarity(loss: losses.CosineSimilarityLoss, first: Tensor, second: Tensor, scores: Tensor) -> Tensor:
    distance, pull = cosine(first.detach(), second.detach())
    residual = (1 - scores) - distance  # in this order nothing is lost where both are near 1
    return known(residual.square().mean(), lambda: pull(residual * (-2 / len(residual))), first, second)


def cosent(loss: losses.CoSENTLoss, first: Tensor, second: Tensor, scores: Tensor) -> Tensor:
    return _in_order(_nearness, loss.scale, first, second, scores)


def angle(loss: losses.AnglELoss, first: Tensor, second: Tensor, scores: Tensor) -> Tensor:
    return _in_order(_angle_similarity, loss.scale, first, second, scores)


def _in_order(measure: Callable, scale: float | Tensor, first: Tensor, second: Tensor, scores: Tensor) -> Tensor:
    """ln(1 + Σ exp(zᵢ − zₖ)) over all pairs with scores yᵢ < yₖ. In the order of the scores, everyone's k (or i) are
    all from a place on (all before a place): sums that run through the batch once serve all."""
    similarity, pull = measure(first.detach(), second.detach())
    scores, order = sortable(scores).sort()
    times = factor(scale, similarity)
    z = similarity[order] * times
    nothing = z.new_full((1,), -torch.inf)
    above = torch.searchsorted(scores, scores, right=True)
    below = torch.searchsorted(scores, scores)
    higher = torch.cat((torch.logcumsumexp(-z.flip(0), 0).flip(0), nothing))[above]
    lower = torch.cat((nothing, torch.logcumsumexp(z, 0)))[below]
    value = torch.cat((torch.zeros_like(nothing), z + higher)).logsumexp(0)
    slope = torch.empty_like(z)
    slope[order] = (z + higher - value).exp() - (lower - z - value).exp()
    of_scale = by_scale(scale, lambda: (slope * similarity).sum(dtype=torch.float64))
    return known(value, lambda: (*pull(slope * times), *of_scale.values()), first, second, *of_scale)


def _nearness(x: Tensor, y: Tensor) -> tuple[Tensor, Pull]:
    """The cosine similarity less 1: an order needs differences alone, and near 1 the 1 would cost digits."""
    distance, pull = cosine(x, y)
    return -distance, lambda gradient: pull(-gradient)


def _angle_similarity(x: Tensor, y: Tensor) -> tuple[Tensor, Pull]:
    odd = x.shape[-1] % 2
    u, v = (Unit(pad(each, (0, 1)) if odd else each) for each in (x, y))
    (a, b), (c, d) = u.rows.chunk(2, -1), v.rows.chunk(2, -1)
    turned = torch.cat((c - d, c + d), -1)
    product = (u.rows * turned).sum(-1)

    def pull(gradient: Tensor) -> tuple[Tensor, Tensor]:
        slope = (gradient * product.sign()).unsqueeze(-1)
        pulled = u.pull(slope * turned), v.pull(slope * torch.cat((a + b, b - a), -1))
        return tuple(each[:, :-1] for each in pulled) if odd else pulled

    return product.abs(), pull
