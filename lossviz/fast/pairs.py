"""Losses of one pair, or of two, at a time."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, relu

from lossviz import losses
from lossviz.fast.measures import PAIRED, cosine
from lossviz.fast.road import known, road


@road(losses.ContrastiveLoss, keeps_digits=True, sees_rows=True)
def _contrastive(loss: losses.ContrastiveLoss, anchor: Tensor, other: Tensor, labels: Tensor) -> Tensor | None:
    distance, pull = PAIRED[loss.distance](anchor.detach(), other.detach())
    share = 1 / len(distance) if loss.size_average else 1.0
    shortfall = relu(float(loss.margin) - distance)
    attraction, repulsion = labels * distance, (1 - labels) * shortfall
    value = (attraction.dot(distance) + repulsion.dot(shortfall)) * (share / 2)
    return known(value, lambda: pull((attraction - repulsion) * share), anchor, other)


@road(losses.OnlineContrastiveLoss, keeps_digits=True, sees_rows=True)
def _online_contrastive(
    loss: losses.OnlineContrastiveLoss, anchor: Tensor, other: Tensor, labels: Tensor
) -> Tensor | None:
    distance, pull = PAIRED[loss.distance](anchor.detach(), other.detach())
    positive = labels > 0
    farthest_positive = torch.where(positive, distance, -torch.inf).amax().item()
    nearest_negative = torch.where(positive, torch.inf, distance).amin().item()
    if farthest_positive == -torch.inf or nearest_negative == torch.inf:  # one class: the other's stand-in is the mean
        farthest_positive = nearest_negative = distance.mean()
    shortfall = relu(float(loss.margin) - distance)
    attraction = torch.where(positive & (distance > nearest_negative), distance, 0)
    repulsion = torch.where(positive | (distance >= farthest_positive), 0, shortfall)
    value = attraction.dot(attraction) + repulsion.dot(repulsion)
    return known(value, lambda: pull(2 * (attraction - repulsion)), anchor, other)


@road(losses.ContrastiveTensionLoss)
def _contrastive_tension(loss: losses.ContrastiveTensionLoss, first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    first_rows, second_rows = first.detach(), second.detach()
    product = torch.linalg.vecdot(first_rows, second_rows)
    value = -(labels * logsigmoid(product) + (1 - labels) * logsigmoid(-product)).sum()

    def gradients() -> tuple[Tensor, Tensor]:
        slope = ((1 - labels) * product.sigmoid() - labels * (-product).sigmoid()).unsqueeze(-1)
        return slope * second_rows, slope * first_rows

    return known(value, gradients, first, second)


@road(losses.TripletLoss, keeps_digits=True, sees_rows=True)
def _triplet(loss: losses.TripletLoss, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor | None:
    measure, anchor_rows = PAIRED[loss.distance], anchor.detach()
    to_positive, pull_positive = measure(anchor_rows, positive.detach())
    to_negative, pull_negative = measure(anchor_rows, negative.detach())
    shortfall = relu(to_positive - to_negative + float(loss.triplet_margin))

    def gradients() -> tuple[Tensor, ...]:
        slope = shortfall.sign() / len(shortfall)
        (with_positive, for_positive), (with_negative, for_negative) = pull_positive(slope), pull_negative(-slope)
        return with_positive.add_(with_negative), for_positive, for_negative

    return known(shortfall.mean(), gradients, anchor, positive, negative)


@road(losses.CosineSimilarityLoss, keeps_digits=True, sees_rows=True)
def _cosine_similarity(loss: losses.CosineSimilarityLoss, first: Tensor, second: Tensor, scores: Tensor) -> Tensor:
    distance, pull = cosine(first.detach(), second.detach())
    residual = (1 - scores) - distance  # in this order nothing is lost where both are near 1
    return known(residual.square().mean(), lambda: pull(residual * (-2 / len(residual))), first, second)
