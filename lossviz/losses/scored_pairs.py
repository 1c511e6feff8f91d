"""Losses on (sentence, sentence, score): how similar two sentences are, as a number."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, pad

from lossviz import masks
from lossviz.distances import cosine_similarity, unit
from lossviz.inputs import ANY_ORDER, ANY_SCORE, SCORED_PAIRS, TRIPLETS
from lossviz.losses.base import Loss, Terms, lowest

OUT_OF_REACH = "no cosine reaches it: divide all scores by their largest, or rank them (CoSENT)"


@dataclass(frozen=True, eq=False)
class CosineSimilarityLoss(Loss):
    """The cosine of every pair shall be its score.

    With s the cosine similarity of a pair and y its score,

        loss = mean over pairs of  (s − y)²

    ``(first, second, scores)``: (…, B, d), (…, B, d), (…, B); any finite scores. A cosine reaches only −1 to 1: larger
    ones are warned of. Raises ValueError as ``Loss`` says.

    Source: Reimers, Gurevych (2019); sentence-transformers' ``CosineSimilarityLoss``.
    """

    inputs = replace(SCORED_PAIRS, labels=replace(ANY_SCORE, largest=1, advice=OUT_OF_REACH))
    axes = ("pair",)
    reads = "cosine"

    def define(self, first: Tensor, second: Tensor, scores: Tensor) -> Terms:
        similarity = cosine_similarity(first, second)
        values = (similarity - scores).square() / scores.shape[-1]
        return Terms(similarity, values, numbers={"s": similarity, "y": scores})


@dataclass(frozen=True, eq=False)
class CoSENTLoss(Loss):
    """Pairs with a higher score shall have the higher cosine; how much higher is left to them.

    With s the cosine similarity of a pair and y its score,

        loss = ln(1 + Σ exp(scale · (sᵢ − sⱼ)))    over all i, j with yᵢ < yⱼ

    Scores are compared exactly: 0.1 + 0.2 ranks above 0.3. ``values`` share the loss out in proportion to the
    exponentials; the 1 in the formula has a share of its own in the softmax, ``thresholds["the_1"]``. What a pair of
    pairs adds moves with every other share; it pulls by its own exponent, as strong as its share: ``pulls``.

    ``(first, second, scores)``: (…, B, d), (…, B, d), (…, B). Raises ValueError as ``Loss`` says.

    Source: Su (2022), Huang et al. (2024); sentence-transformers' ``CoSENTLoss``.
    """

    scale: float = 20.0
    inputs = replace(SCORED_PAIRS, labels=ANY_ORDER)
    axes = ("lower_pair", "higher_pair")
    reads = "cosine"

    def define(self, first: Tensor, second: Tensor, scores: Tensor) -> Terms:
        return _in_order(cosine_similarity(first, second), scores, self.scale)


@dataclass(frozen=True, eq=False)
class AnglELoss(Loss):
    """CoSENT on another similarity, which keeps a slope where the cosine has none.

    The halves of a unit row are the real and imaginary parts of d/2 complex numbers. With c the cosine of a pair and
    r the same after one row's numbers are multiplied by −i (a quarter turn), the similarity is |c + r|, and

        loss = ln(1 + Σ exp(scale · (sᵢ − sⱼ)))    over all i, j with yᵢ < yⱼ

    In two dimensions |c + r| = √2 · |cos(angle − 45°)|: opposite points score 1, as equal ones do.

    ``(first, second, scores)``: (…, B, d), (…, B, d), (…, B); an odd d is filled up with a zero. Or ``(anchor,
    positive, *negatives)``, each (…, B, d): pairs that score 1 with the positive and 0 with each negative. Raises
    ValueError as ``Loss`` says.

    Source: Li, Li (2024); sentence-transformers' ``AnglELoss``.
    """

    scale: float = 20.0
    inputs = replace(SCORED_PAIRS, labels=ANY_ORDER)
    also = replace(TRIPLETS, more="further_negative")
    axes = ("lower_pair", "higher_pair")
    reads = "angle similarity"

    def define(self, first: Tensor, second: Tensor, scores: Tensor) -> Terms:
        return _in_order(_angle_similarity(first, second), scores, self.scale)

    def _checked(self, tensors: tuple[Tensor, ...], check: bool, seen: bool = False) -> tuple[Tensor, ...]:
        if len(tensors) > 2 and all(_is_rows(each, tensors[0]) for each in tensors):
            self.also.fitted(len(tensors)).check_shapes(tensors)
            tensors = self.own(*tensors)
        return super()._checked(tensors, check, seen)

    @staticmethod
    def own(anchor: Tensor, *others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Every anchor with its positive, score 1, then with each of its negatives, score 0."""
        scores = [torch.full(anchor.shape[:-1], float(k == 0), device=anchor.device) for k in range(len(others))]
        return torch.cat([anchor] * len(others), -2), torch.cat(others, -2), torch.cat(scores, -1)


def _is_rows(tensor: object, first: Tensor) -> bool:
    """Whether it stands as the first rows do, and is no column of scores."""
    return isinstance(tensor, Tensor) and tensor.ndim == first.ndim and (tensor.shape[-1] > 1 or first.shape[-1] == 1)


def _angle_similarity(first: Tensor, second: Tensor) -> Tensor:
    """|cos + quarter-turned cos|: (…, B, d), (…, B, d) → (…, B), in [0, √2]."""
    odd = first.shape[-1] % 2
    (a, b), (c, d) = (unit(pad(each, (0, 1)) if odd else each).chunk(2, -1) for each in (first, second))
    cosine = (a * c + b * d).sum(-1)
    turned = (b * c - a * d).sum(-1)
    return (cosine + turned).abs()


def _in_order(similarity: Tensor, scores: Tensor, scale: float | Tensor) -> Terms:
    """The log of 1 plus a sum over all (lower, higher): similarities (…, B), scores (…, B)."""
    lower, higher = similarity.unsqueeze(-1), similarity.unsqueeze(-2)
    valid = masks.in_order(scores)
    exponent = torch.where(valid, scale * (lower - higher), lowest(similarity))
    total = exponent.logsumexp((-2, -1), keepdim=True)
    loss = -logsigmoid(-total)  # ln(1 + exp(total)); torch's softplus would round, or overflow
    part = torch.where(valid, (exponent - total).exp(), 0.0)  # of the sum; the 1 has no part in it
    share = part * total.sigmoid()
    last = loss.squeeze(-1).squeeze(-1)
    return Terms(
        matrix=similarity,
        values=loss * part,
        valid=valid,
        pulls=share.detach() * torch.where(valid, exponent, 0.0),
        thresholds={"the_1": (-last).exp()},
        numbers={"s_low": lower, "s_high": higher, "share": share, "sum": total.exp()},
        loss=last,
    )
