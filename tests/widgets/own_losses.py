"""Losses as a reader writes them in a cell: the smallest of each input type, and some that once went wrong."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lossviz import Loss, Terms
from lossviz.distances import cosine_similarity, euclidean
from lossviz.inputs import (
    CLASSIFIED_PAIRS,
    LABELLED_PAIRS,
    LABELLED_SENTENCES,
    POSITIVE_PAIRS,
    SCORED_PAIRS,
    TRIPLETS,
    UNLABELLED,
    UNLABELLED_PAIRS,
)


def pairwise(rows: Tensor) -> Tensor:
    return euclidean(rows.unsqueeze(-2), rows.unsqueeze(-3))


@dataclass(frozen=True, eq=False)
class LinearContrastiveLoss(Loss):
    """No square."""

    margin: float = 0.5
    only_far: bool = False
    inputs = LABELLED_PAIRS
    axes = ("pair",)

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        return self.costs(euclidean(anchor, other), labels)

    def costs(self, distance: Tensor, labels: Tensor) -> Terms:
        shortfall = torch.relu(self.margin - distance)
        near = torch.zeros_like(distance) if self.only_far else labels * distance
        return Terms(matrix=distance, values=near + (1 - labels) * shortfall, numbers={"d": distance})


class HeldBackLoss(LinearContrastiveLoss):
    """Far pairs have a cost, and no gradient."""

    def costs(self, distance: Tensor, labels: Tensor) -> Terms:
        with torch.no_grad():
            shortfall = torch.relu(self.margin - distance)
        return Terms(distance, labels * distance + (1 - labels) * shortfall)


class FixedLoss(LinearContrastiveLoss):
    """Its margin is learned, and no sentence moves."""

    def costs(self, distance: Tensor, labels: Tensor) -> Terms:
        return Terms(distance, self.margin * labels + 0 * distance.detach())


class _Doubled(torch.autograd.Function):
    """As autograd functions were written before torch.func: no transform of it, and a gradient that is derived once."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return 2 * x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, upstream: Tensor) -> Tensor:
        return 2 * upstream


class OldFunctionLoss(LinearContrastiveLoss):
    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        return self.costs(_Doubled.apply(euclidean(anchor, other)), labels)


class _Halved(torch.autograd.Function):
    """Its gradient is right, and held back from being derived again."""

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x / 2

    @staticmethod
    def setup_context(ctx, inputs: tuple, output: Tensor) -> None:
        pass

    @staticmethod
    def backward(ctx, upstream: Tensor) -> Tensor:
        return upstream.detach() / 2


class HalvedLoss(LinearContrastiveLoss):
    """Far pairs alone go through a function whose gradient torch cannot derive again, and says nothing."""

    def costs(self, distance: Tensor, labels: Tensor) -> Terms:
        shortfall = _Halved.apply(torch.relu(self.margin - distance))
        return Terms(distance, labels * distance + (1 - labels) * shortfall)


@dataclass(frozen=True, eq=False)
class SignedLoss(Loss):
    """A loss that can be below 0, and is 0 at a right angle."""

    inputs = LABELLED_PAIRS
    axes = ("pair",)
    reads = "similarity"

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        similarity = torch.cosine_similarity(anchor, other, dim=-1)
        return Terms(similarity, (1 - 2 * labels) * similarity / labels.shape[-1])


@dataclass(frozen=True, eq=False)
class SumLoss(Loss):
    """Moves everything, wherever it stands."""

    inputs = LABELLED_PAIRS
    axes = ("pair",)

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        sums = (anchor - other).sum(-1)
        return Terms(sums, sums + 1)


class GammaLoss(LinearContrastiveLoss):
    """Uses an operator that nobody lowers."""

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        return self.costs(torch.lgamma(1.5 + euclidean(anchor, other)), labels)


class DetachedLoss(LinearContrastiveLoss):
    """Half of its square passes no gradient on: a difference of values is twice its slope."""

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        distance = euclidean(anchor, other)
        return Terms(matrix=distance, values=labels * distance * distance.detach())


@dataclass(frozen=True, eq=False)
class OwnHardestLoss(Loss):
    """What each sentence is farthest from in its class, against what it is nearest to outside."""

    margin: float = 1.0
    inputs = LABELLED_SENTENCES
    axes = ("anchor",)

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        distance = pairwise(embeddings)
        same, other = self.inputs.masks(distance, labels)
        farthest, nearest = (distance * same).max(-1), torch.where(other, distance, 1e9).min(-1)
        return Terms(
            matrix=distance,
            values=torch.relu(farthest.values - nearest.values + self.margin),
            chosen={"hardest_positive": farthest.indices, "hardest_negative": nearest.indices},
            numbers={"d_ap": farthest.values, "d_an": nearest.values},
        )


class PlainHardestLoss(OwnHardestLoss):
    """The same without a word of its numbers."""

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        return replace(super().define(embeddings, labels), numbers={})


class PlainRowsLoss(PlainHardestLoss):
    """Nor of what it chose."""

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        return replace(super().define(embeddings, labels), chosen={})


@dataclass(frozen=True, eq=False)
class PlainTripletsLoss(Loss):
    """Every triplet, without numbers."""

    inputs = LABELLED_SENTENCES
    axes = ("anchor", "positive", "negative")

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        distance = pairwise(embeddings)
        same, other = self.inputs.masks(distance, labels)
        valid = same.unsqueeze(-1) & other.unsqueeze(-2)
        costs = torch.relu(distance.unsqueeze(-1) - distance.unsqueeze(-2) + 1)
        return Terms(distance, torch.where(valid, costs, 0.0), valid=valid)


@dataclass(frozen=True, eq=False)
class SpreadLoss(Loss):
    """The distances within each class: an anchor and its positives, and no negative."""

    inputs = LABELLED_SENTENCES
    axes = ("anchor", "positive")

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        distance = pairwise(embeddings)
        return Terms(matrix=distance, values=torch.where(self.inputs.masks(distance, labels)[0], distance, 0.0) / 6)


@dataclass(frozen=True, eq=False)
class AbsoluteScoreLoss(Loss):
    inputs = SCORED_PAIRS
    axes = ("pair",)
    reads = "cosine"

    def define(self, first: Tensor, second: Tensor, scores: Tensor) -> Terms:
        similarity = cosine_similarity(first, second)
        return Terms(matrix=similarity, values=(similarity - scores).abs())


@dataclass(frozen=True, eq=False)
class PlainClassifierLoss(Loss):
    """A classifier of the products, with weights of its own."""

    weight: Tensor
    inputs = CLASSIFIED_PAIRS
    axes = ("pair",)
    reads = "log-probability"

    def define(self, first: Tensor, second: Tensor, labels: Tensor) -> Terms:
        logits = torch.nn.functional.linear(first * second, self.weight.to(first)).log_softmax(-1)
        target = self.inputs.masks(logits, labels)[0]
        return Terms(matrix=logits, values=-torch.where(target, logits, 0.0).sum(-1))


@dataclass(frozen=True, eq=False)
class OwnTripletLoss(Loss):
    triplet_margin: float = 1.0
    inputs = TRIPLETS
    axes = ("triplet",)

    def define(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Terms:
        near, far = euclidean(anchor, positive), euclidean(anchor, negative)
        values = torch.relu(near - far + self.triplet_margin)
        return Terms(matrix=torch.stack([near, far], -1), values=values, numbers={"near": near, "far": far})


@dataclass(frozen=True, eq=False)
class OwnRankingLoss(Loss):
    inputs = POSITIVE_PAIRS
    axes = ("anchor",)
    reads = "logit"

    def define(self, anchor: Tensor, positive: Tensor, *negatives: Tensor) -> Terms:
        logits = 3 * cosine_similarity(anchor.unsqueeze(-2), torch.cat([positive, *negatives], -2).unsqueeze(-3))
        return Terms(matrix=logits, values=logits.logsumexp(-1) - logits.diagonal(dim1=-2, dim2=-1))


class OwnTwoPassesLoss(OwnRankingLoss):
    inputs = UNLABELLED


class NamedBlocksLoss(OwnRankingLoss):
    """Blocks of columns by names that no chart knows."""

    def blocks(self) -> list[list[str]]:
        return [["left_to_right"]]


@dataclass(frozen=True, eq=False)
class UniformLoss(Loss):
    """All sentences apart. What a sentence is to itself is left out, as −∞."""

    inputs = LABELLED_SENTENCES
    axes = ("anchor",)
    reads = "logit"

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        logits = 3 * cosine_similarity(embeddings.unsqueeze(-2), embeddings.unsqueeze(-3))
        itself = torch.eye(logits.shape[-1], dtype=torch.bool, device=logits.device)
        others = torch.where(itself, -torch.inf, logits)
        together = others.logsumexp(-1)
        return Terms(matrix=others, values=together / logits.shape[-1], numbers={"together": together})


@dataclass(frozen=True, eq=False)
class OwnProductLoss(Loss):
    inputs = UNLABELLED_PAIRS
    axes = ("pair",)
    reads = "dot product"

    def define(self, first: Tensor, second: Tensor, labels: Tensor) -> Terms:
        product = (first * second).sum(-1)
        return Terms(matrix=product, values=(product - labels).square())


@dataclass(frozen=True, eq=False)
class StrangeAxesLoss(Loss):
    """An axis, a role, a threshold and a number that no chart knows."""

    inputs = LABELLED_SENTENCES
    axes = ("anchor", "rival")

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        distance = pairwise(embeddings)
        return Terms(
            matrix=distance,
            values=torch.relu(0.8 - distance),
            chosen={"nearest_of_all": distance.argmin(-1)},
            thresholds={"reach": distance.new_full(distance.shape[:-2], 0.8)},
            numbers={"gap": distance - 0.8},
        )


@dataclass(frozen=True, eq=False)
class OwnOrderLoss(Loss):
    """Orders of two scored pairs, without numbers."""

    inputs = SCORED_PAIRS
    axes = ("lower_pair", "higher_pair")
    reads = "cosine"

    def define(self, first: Tensor, second: Tensor, scores: Tensor) -> Terms:
        cosine = cosine_similarity(first, second)
        wrong = torch.relu(cosine.unsqueeze(-1) - cosine.unsqueeze(-2) + 0.1)
        valid = scores.unsqueeze(-1) < scores.unsqueeze(-2)
        return Terms(cosine, torch.where(valid, wrong, 0.0), valid=valid)


@dataclass(frozen=True, eq=False)
class OwnCrossLoss(Loss):
    """Every query against every document, by axes of other names than the arguments'."""

    inputs = POSITIVE_PAIRS
    axes = ("query", "document")
    reads = "dot product"

    def define(self, anchor: Tensor, positive: Tensor) -> Terms:
        product = anchor @ positive.transpose(-1, -2)
        right = torch.eye(product.shape[-1], dtype=product.dtype, device=product.device)
        return Terms(product, (product - right).square())


# One of each input type.
SMALLEST = (
    LinearContrastiveLoss(),
    OwnHardestLoss(),
    AbsoluteScoreLoss(),
    PlainClassifierLoss(torch.tensor([[1.0, -1.0], [0.5, 0.5], [-1.0, 1.0]], dtype=torch.float64)),
    OwnTripletLoss(),
    OwnRankingLoss(),
    OwnTwoPassesLoss(),
    OwnProductLoss(),
)
