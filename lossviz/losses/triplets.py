"""Losses on (anchor, positive, negative)."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu

from lossviz.distances import Distance, paired
from lossviz.inputs import TRIPLETS
from lossviz.losses.base import Loss, Terms


@dataclass(frozen=True, eq=False)
class TripletLoss(Loss):
    """The positive must be nearer to the anchor than the negative, by the margin.

    With d(a, p) the distance of an anchor to its positive, d(a, n) to its negative,

        loss = mean over triplets of  max(0, d(a, p) − d(a, n) + margin)

    ``(anchor, positive, negative)``: each (…, B, d). Raises ValueError as ``Loss`` says.

    Source: Schroff, Kalenichenko, Philbin (2015), there with squared distances and a margin of 0.2;
    sentence-transformers' ``TripletLoss``.
    """

    triplet_margin: float = 5.0
    distance: Distance = "euclidean"
    inputs = TRIPLETS
    axes = ("triplet",)

    def define(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Terms:
        measure = paired(self.distance)
        distance = torch.stack([measure(anchor, positive), measure(anchor, negative)], dim=-1)
        to_positive, to_negative = distance.unbind(-1)
        costs = relu(to_positive - to_negative + self.triplet_margin)
        numbers = {"d_ap": to_positive, "d_an": to_negative}
        return Terms(distance, costs / costs.shape[-1], numbers=numbers)
