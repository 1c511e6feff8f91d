"""Losses on (anchor, positive or negative, label 1/0)."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import relu

from lossviz import masks
from lossviz.distances import Distance, paired
from lossviz.inputs import LABELLED_PAIRS, ZERO_TO_ONE
from lossviz.losses.base import Loss, Terms


@dataclass(frozen=True, eq=False)
class ContrastiveLoss(Loss):
    """Pull positive pairs to distance 0; push negative pairs out to the margin.

    With d the distance of a pair and y its label,

        loss = mean over pairs of  ½ · [ y · d² + (1 − y) · max(0, margin − d)² ]

    ``(anchor, other, labels)``: (…, B, d), (…, B, d), (…, B); a label is 1 (near) or 0 (far), or a weight between.
    ``size_average=False`` sums over the pairs. Raises ValueError as ``Loss`` says.

    Source: Hadsell, Chopra, LeCun (2006), whose labels mean the opposite; sentence-transformers' ``ContrastiveLoss``.
    """

    margin: float = 0.5
    distance: Distance = "cosine"
    size_average: bool = True
    inputs = replace(LABELLED_PAIRS, labels=ZERO_TO_ONE)
    axes = ("pair",)

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        distance = paired(self.distance)(anchor, other)
        pull, push = distance.square(), relu(self.margin - distance).square()
        costs = 0.5 * (labels * pull + (1 - labels) * push)
        values = costs / costs.shape[-1] if self.size_average else costs
        return Terms(distance, values, numbers={"d": distance, "y": labels})


@dataclass(frozen=True, eq=False)
class OnlineContrastiveLoss(Loss):
    """Contrastive loss on the hard pairs of the batch alone.

    A positive pair counts while it is farther than the nearest negative; a negative pair counts while it is nearer than
    the farthest positive. With d the distance of a pair,

        loss = sum over positive pairs that count of d²  +  sum over negative pairs that count of max(0, margin − d)²

    A batch of positives alone takes their mean distance for the nearest negative; a batch of negatives alone takes
    theirs for the farthest positive.

    ``(anchor, other, labels)``: (…, B, d), (…, B, d), (…, B); a label is 1 (near) or 0 (far). Raises ValueError as
    ``Loss`` says. Source: sentence-transformers' ``OnlineContrastiveLoss``.
    """

    margin: float = 0.5
    distance: Distance = "cosine"
    inputs = LABELLED_PAIRS
    axes = ("pair",)

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        distance = paired(self.distance)(anchor, other)
        positive, negative = masks.labelled_pairs(labels)
        farthest_positive = _largest_or_mean(distance, positive, negative)
        nearest_negative = -_largest_or_mean(-distance, negative, positive)
        hard_positive = positive & (distance > nearest_negative.unsqueeze(-1))
        hard_negative = negative & (distance < farthest_positive.unsqueeze(-1))
        pull = torch.where(hard_positive, distance.square(), 0.0)
        push = torch.where(hard_negative, relu(self.margin - distance).square(), 0.0)
        gates = {"farthest_positive": farthest_positive, "nearest_negative": nearest_negative}
        return Terms(distance, pull + push, thresholds=gates, numbers={"d": distance})


def _largest_or_mean(distance: Tensor, wanted: Tensor, rest: Tensor) -> Tensor:
    """The largest of the wanted distances, or, where there is none, the mean of the rest: (…, B) → (…)."""
    fixed = distance.detach()
    largest = torch.where(wanted, fixed, -torch.inf).amax(-1)
    mean = torch.where(rest, fixed, 0.0).sum(-1) / rest.sum(-1).clamp(min=1)
    return torch.where(wanted.any(-1), largest, mean)
