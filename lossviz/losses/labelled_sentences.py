"""Losses on (sentence, label): sentences of one class belong together."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

from lossviz import masks
from lossviz.distances import Distance, pairwise
from lossviz.inputs import LABELLED_SENTENCES
from lossviz.losses.base import Loss, Terms

# The mean of batch-all is over the triplets that cost more than this.
COUNTED = 1e-16


@dataclass(frozen=True, eq=False)
class BatchAllTripletLoss(Loss):
    """Every triplet of the batch: the positive must be nearer than the negative, by the margin.

    With d(a, p) the distance of an anchor to a positive, d(a, n) to a negative,

        loss = mean over active triplets of  max(0, d(a, p) − d(a, n) + margin)

    A triplet is active while it costs something. One that turns inactive leaves the mean, so the loss may jump up.

    ``(embeddings, labels)``: (…, B, d), (…, B). Raises ValueError as ``Loss`` says.

    Source: Hermans, Beyer, Leibe (2017); sentence-transformers' ``BatchAllTripletLoss``.
    """

    margin: float = 5.0
    distance: Distance = "euclidean"
    inputs = LABELLED_SENTENCES
    axes = ("anchor", "positive", "negative")

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        distance = pairwise(self.distance, embeddings, embeddings)
        to_positive, to_negative = distance.unsqueeze(-1), distance.unsqueeze(-2)
        valid = masks.triplets(labels)
        costs = torch.where(valid, relu(to_positive - to_negative + self.margin), 0.0)
        active = (costs > COUNTED).sum((-3, -2, -1), keepdim=True).clamp(min=1)
        numbers = {"d_ap": to_positive, "d_an": to_negative, "A": active}
        return Terms(distance, costs / active, valid=valid, numbers=numbers)


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
        hardest = _Hardest.of(distance, labels)
        return hardest.terms(relu(hardest.to_positive - hardest.to_negative + self.margin))


@dataclass(frozen=True, eq=False)
class BatchHardSoftMarginTripletLoss(Loss):
    """Batch-hard without a margin: the hinge becomes a curve that never quite reaches zero.

    With d(a, p) the distance of an anchor to its hardest (farthest) positive, d(a, n) to its hardest (nearest)
    negative,

        loss = mean over anchors of  ln(1 + exp(d(a, p) − d(a, n)))

    Its slope is ½ where the two are equal, and grows to 1. Stand-ins for a missing positive or negative are those of
    ``BatchHardTripletLoss``: in a batch of one class the loss is ln 2, and nothing moves.

    ``(embeddings, labels)``: (…, B, d), (…, B). Raises ValueError as ``Loss`` says.

    Source: Hermans, Beyer, Leibe (2017); sentence-transformers' ``BatchHardSoftMarginTripletLoss``.
    """

    distance: Distance = "euclidean"
    inputs = LABELLED_SENTENCES
    axes = ("anchor",)

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        distance = pairwise(self.distance, embeddings, embeddings)
        hardest = _Hardest.of(distance, labels)
        gap = hardest.to_positive - hardest.to_negative
        return hardest.terms(softplus(gap), slope=gap.sigmoid())


@dataclass(frozen=True)
class _Hardest:
    """Every anchor with its farthest positive and its nearest negative, or with what stands in for them."""

    distance: Tensor
    to_positive: Tensor
    to_negative: Tensor
    chosen: dict[str, Tensor]
    pulled: Tensor  # which anchors pass any gradient on: those that have a negative

    @classmethod
    def of(cls, distance: Tensor, labels: Tensor) -> "_Hardest":
        positive, negative = masks.labelled_sentences(labels)
        has_positive, has_negative = positive.any(-1), negative.any(-1)
        felt = torch.where(has_negative.unsqueeze(-1), distance, distance.detach())
        farthest, hardest_positive = torch.where(positive, felt, -torch.inf).max(-1)
        nearest, hardest_negative = torch.where(negative, felt, torch.inf).min(-1)
        itself = torch.arange(distance.shape[-1], device=distance.device)
        chosen = {
            "hardest_positive": torch.where(has_positive, hardest_positive, itself),
            "hardest_negative": torch.where(has_negative, hardest_negative, itself),
        }
        to_positive = torch.where(has_positive, farthest, 0.0)
        to_negative = torch.where(has_negative, nearest, felt.amin(-1) + felt.amax(-1))
        return cls(distance, to_positive, to_negative, chosen, has_negative)

    def terms(self, costs: Tensor, **numbers: Tensor) -> Terms:
        """The mean over the anchors of what each costs. Every anchor is a term, also one with a stand-in."""
        numbers |= {"d_ap": self.to_positive, "d_an": self.to_negative}
        values = costs / costs.shape[-1]
        return Terms(self.distance, values, active=self.pulled, chosen=self.chosen, numbers=numbers)


@dataclass(frozen=True, eq=False)
class BatchSemiHardTripletLoss(Loss):
    """Every positive pair against one negative: the nearest of those that are farther than the positive.

    With d(a, p) the distance of an anchor to a positive, d(a, n) to the nearest negative beyond that positive, or to
    the farthest negative where none lies beyond,

        loss = mean over positive pairs (a, p) of  max(0, d(a, p) − d(a, n) + margin)

    An anchor without a negative takes its nearest sentence, which is itself: in a batch of one class every pair costs
    its distance plus the margin, and everything is pulled together.

    ``(embeddings, labels)``: (…, B, d), (…, B). Raises ValueError as ``Loss`` says.

    Source: Schroff, Kalenichenko, Philbin (2015), there with squared distances and a margin of 0.2;
    sentence-transformers' ``BatchSemiHardTripletLoss``.
    """

    margin: float = 5.0
    distance: Distance = "euclidean"
    inputs = LABELLED_SENTENCES
    axes = ("anchor", "positive")

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        distance = pairwise(self.distance, embeddings, embeddings)
        positive, negative = masks.labelled_sentences(labels)
        to_negative, place = _semi_hard(distance, negative)
        costs = torch.where(positive, relu(distance - to_negative + self.margin), 0.0)
        values = costs / positive.sum((-2, -1), keepdim=True).clamp(min=1)
        numbers = {"d_ap": distance, "d_an": to_negative}
        return Terms(distance, values, valid=positive, chosen={"semi_hard_negative": place}, numbers=numbers)


def _semi_hard(distance: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
    """For every (anchor, positive) the nearest negative beyond the positive, else the farthest, else what stands in:
    its distance and its place, (…, B, B) each."""
    beyond = negative.unsqueeze(-2) & (distance.unsqueeze(-2) > distance.unsqueeze(-1))
    nearest, nearest_place = torch.where(beyond, distance.unsqueeze(-2), torch.inf).min(-1)
    farthest, farthest_place = torch.where(negative, distance, -torch.inf).max(-1, keepdim=True)
    found, has_negative = beyond.any(-1), negative.any(-1, keepdim=True)
    itself = torch.arange(distance.shape[-1], device=distance.device).unsqueeze(-1)
    fallback = torch.where(has_negative, farthest, distance.amin(-1, keepdim=True))
    fallback_place = torch.where(has_negative, farthest_place, itself)
    return torch.where(found, nearest, fallback), torch.where(found, nearest_place, fallback_place)
