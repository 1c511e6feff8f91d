"""Losses on (sentence, label): sentences of one class belong together."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu

from lossviz import masks
from lossviz.distances import Distance, pairwise
from lossviz.inputs import LABELLED_SENTENCES
from lossviz.losses.base import Loss, Terms, scalar


@dataclass(frozen=True, eq=False)
class BatchHardTripletLoss(Loss):
    """For every anchor, pull its farthest positive nearer than its nearest negative, by the margin.

    With d(a, p) the distance of an anchor to its hardest (farthest) positive, d(a, n) to its hardest (nearest)
    negative,

        loss = mean over anchors of  max(0, d(a, p) − d(a, n) + margin)

    An anchor without a positive has d(a, p) = 0: it is its own. An anchor without a negative takes itself, at the
    distance of the farthest sentence: in a batch of one class every anchor costs the margin, and nothing moves.

    ``(embeddings, labels)``: (…, B, d), (…, B). Raises ValueError as ``Loss`` says.

    Source: Hermans, Beyer, Leibe (2017); sentence-transformers' ``BatchHardTripletLoss``.
    """

    margin: float = 5.0
    distance: Distance = "euclidean"
    inputs = LABELLED_SENTENCES
    axes = ("anchor",)

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        distance = pairwise(self.distance, embeddings, embeddings)
        margin = scalar(self.margin, distance)
        positive, negative = masks.labelled_sentences(labels)
        has_positive, has_negative = positive.any(-1), negative.any(-1)
        felt = torch.where(has_negative.unsqueeze(-1), distance, distance.detach())
        farthest, hardest_positive = torch.where(positive, felt, -torch.inf).max(-1)
        nearest, hardest_negative = torch.where(negative, felt, torch.inf).min(-1)
        to_positive = torch.where(has_positive, farthest, 0.0)
        to_negative = torch.where(has_negative, nearest, felt.amin(-1) + felt.amax(-1))
        shortfall = to_positive - to_negative + margin
        values = relu(shortfall) / distance.shape[-1]
        itself = torch.arange(distance.shape[-1], device=distance.device)
        return Terms(
            matrix=distance,
            positive=positive,
            negative=negative,
            valid=has_positive & has_negative,
            active=has_negative & (shortfall > 0),
            values=values,
            chosen={
                "hardest positive": torch.where(has_positive, hardest_positive, itself),
                "hardest negative": torch.where(has_negative, hardest_negative, itself),
            },
            thresholds={"margin": margin},
            loss=values.sum(-1),
        )
