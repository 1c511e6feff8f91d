"""Losses on (anchor, positive), with explicit negatives or without: all other candidates of the batch are negatives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from lossviz import masks
from lossviz.distances import Similarity, similarities
from lossviz.inputs import POSITIVE_PAIRS, wrong
from lossviz.losses.base import VISIBLE, Loss, Terms, lowest
from lossviz.losses.wrappers import Cached, Column

DIRECTIONS = ("query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc")
PARTITIONS = ("joint", "per_direction")
HARDNESS = (None, "in_batch_negatives", "hard_negatives", "all_negatives")


@dataclass(frozen=True, eq=False)
class MultipleNegativesRankingLoss(Loss):
    """Each anchor must find its positive among all candidates of the batch: a classification with B classes or more.

    With s the similarity of an anchor to a candidate, times the scale (1 / temperature),

        loss = mean over anchors i of  ln Σⱼ exp(sᵢⱼ) − sᵢᵢ

    The candidates are all positives of the batch, then all explicit negatives of the batch.

    ``directions`` adds candidates: "query_to_query" the other anchors, for the anchor; "doc_to_query" all anchors, for
    the positive; "doc_to_doc" all other documents, for the positive. With ``partition_mode`` "joint" they share one
    sum (the positive pair then counts in it twice); with "per_direction" each direction has a logarithm of its own,
    and the loss takes their mean. ``hardness_mode`` names the negatives of the anchor whose exponent grows by
    ``hardness_strength`` · similarity, as a number without gradient: those of other rows, its own explicit ones, or
    both.

    ``(anchor, positive, *negatives)``: each (…, B, d). Raises ValueError as ``Loss`` says.

    Source: Henderson et al. (2017), van den Oord et al. (2018, InfoNCE); directions: Li et al. (2023), Günther et al.
    (2023); hardness: Lan et al. (2025); sentence-transformers' ``MultipleNegativesRankingLoss``.
    """

    scale: float = 20.0
    similarity: Similarity = "cosine"
    directions: tuple[str, ...] = ("query_to_doc",)
    partition_mode: str = "joint"
    hardness_mode: str | None = None
    hardness_strength: float = 0.0
    inputs = POSITIVE_PAIRS
    axes = ("anchor",)
    reads = "logit"

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_scale(self.scale)
        _check_directions(self.directions, self.partition_mode)
        if self.hardness_mode not in HARDNESS:
            raise wrong("hardness_mode", f"one of {', '.join(map(str, HARDNESS))}", repr(self.hardness_mode))
        if not self.hardness_strength >= 0:
            raise wrong("hardness_strength", "a number of at least 0", str(self.hardness_strength))

    def define(self, anchor: Tensor, positive: Tensor, *negatives: Tensor) -> Terms:
        documents = torch.cat([positive, *negatives], dim=-2)
        logits = self.scale * similarities(self.similarity, anchor, documents)
        target, _ = masks.diagonal(logits)
        sums = [(logits, target)]
        if self.directions != DIRECTIONS[:1] or self.hardness_mode:
            logits, target, sums = self._further(logits, target, anchor, documents)
        log_shares = [log_share(*each) for each in sums]
        values = -sum(log_shares) / len(sums) / anchor.shape[-2]
        return _searched(logits, target, sums, log_shares, values)

    def blocks(self) -> list[list[str]]:
        asked = [each for each in DIRECTIONS if each in self.directions]
        return [[each] for each in asked] if self.partition_mode == "per_direction" else [asked]

    def _further(self, logits: Tensor, target: Tensor, anchor: Tensor, documents: Tensor) -> tuple:
        """Logits and targets where there are more directions than one, or hard negatives; then those of each sum."""
        own = masks.same_row(*logits.shape[-2:], logits.device)
        blocks = [(logits + self._hardness(logits, target, own), target), *self._ways(anchor, documents, own)]
        widths = [each.shape[-1] for each, _ in blocks]
        logits, target = (torch.cat(each, dim=-1) for each in zip(*blocks, strict=True))
        if self.partition_mode == "joint":
            return logits, target, [(logits, target)]
        return logits, target, list(zip(logits.split(widths, dim=-1), target.split(widths, dim=-1), strict=True))

    def _ways(self, anchor: Tensor, documents: Tensor, own: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Logits and targets of the further directions, (…, B, candidates); no candidate: the lowest logit."""
        positive = documents[..., : anchor.shape[-2], :]
        pair = masks.same(anchor.shape[-2], anchor.shape[-2], anchor.device)
        if "query_to_query" in self.directions:
            logits = self.scale * similarities(self.similarity, anchor, anchor)
            yield torch.where(pair, lowest(logits), logits), torch.zeros_like(logits, dtype=torch.bool)
        if "doc_to_query" in self.directions:
            logits = self.scale * similarities(self.similarity, anchor, positive).transpose(-1, -2)
            yield logits, pair.expand(logits.shape)
        if "doc_to_doc" in self.directions:
            logits = self.scale * similarities(self.similarity, documents, positive).transpose(-1, -2)
            yield torch.where(own, lowest(logits), logits), torch.zeros_like(logits, dtype=torch.bool)

    def _hardness(self, logits: Tensor, target: Tensor, own: Tensor) -> Tensor | float:
        """What is added to the logits of hard negatives; zero elsewhere."""
        if self.hardness_mode is None:
            return 0.0
        harder = {"in_batch_negatives": ~own, "hard_negatives": own & ~target, "all_negatives": ~target}
        similarity = (logits / self.scale).detach()
        return torch.where(harder[self.hardness_mode], self.hardness_strength * similarity, 0.0)


def log_share(logits: Tensor, target: Tensor) -> Tensor:
    """ln of what the target has of each row's softmax: (…, B, candidates) → (…, B). A joint sum may hold the target
    twice, with one logit."""
    to_target = torch.where(target, logits, 0.0).sum(-1, keepdim=True) / target.sum(-1, keepdim=True)
    return -(logits - to_target).logsumexp(-1)


def _searched(logits: Tensor, target: Tensor, sums: list[tuple], log_shares: list[Tensor], values: Tensor) -> Terms:
    """Every anchor with its target, in one sum or in several: p is the target's share of the first, q of the second."""
    share = torch.cat([each.softmax(-1) for each, _ in sums], dim=-1)
    negative = ~target & (logits > lowest(logits))
    active = torch.where(negative, share, 0.0).sum(-1) > VISIBLE  # a target that stands in a sum twice is no rival
    numbers = {name: each.exp() for name, each in zip("pq", log_shares, strict=False)}
    return Terms(logits, values, target, negative, active=active, numbers=numbers, shares={"row": share})


def check_scale(scale: float | Tensor) -> None:
    """Raises ValueError unless the scale is above 0."""
    if not scale > 0:
        raise wrong("scale", "a positive number", str(scale))


def _check_directions(directions: tuple[str, ...], partition_mode: str) -> None:
    if not {"query_to_doc"} <= set(directions) <= set(DIRECTIONS):
        expected = f"query_to_doc, and any of {', '.join(DIRECTIONS[1:])}"
        raise wrong("directions", expected, ", ".join(directions) or "none")
    if partition_mode not in PARTITIONS:
        raise wrong("partition_mode", f"one of {', '.join(PARTITIONS)}", repr(partition_mode))
    if partition_mode == "per_direction" and set(directions) & {"query_to_query", "doc_to_doc"}:
        raise wrong("directions", "with per_direction only those that hold the positive pair", ", ".join(directions))


@dataclass(frozen=True, eq=False)
class MultipleNegativesSymmetricRankingLoss(Loss):
    """Each anchor must find its positive, and each positive its anchor.

    With s the similarity of an anchor to a candidate, times the scale (1 / temperature),

        loss = ½ · mean over i of  [ ln Σⱼ exp(sᵢⱼ) − sᵢᵢ ]
             + ½ · mean over i of  [ ln Σⱼ exp(sⱼᵢ) − sᵢᵢ ]

    The first sum is over all candidates, explicit negatives among them; the second over all anchors.

    ``(anchor, positive, *negatives)``: each (…, B, d). Raises ValueError as ``Loss`` says.

    Source: sentence-transformers' ``MultipleNegativesSymmetricRankingLoss``, since 5.3 a name for
    ``MultipleNegativesRankingLoss`` with both directions, each by itself.
    """

    scale: float = 20.0
    similarity: Similarity = "cosine"
    inputs = POSITIVE_PAIRS
    axes = ("direction", "anchor")
    reads = "logit"

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_scale(self.scale)

    def blocks(self) -> list[list[str]]:
        return [[DIRECTIONS[0]]]

    def define(self, anchor: Tensor, positive: Tensor, *negatives: Tensor) -> Terms:
        documents = torch.cat([positive, *negatives], dim=-2)
        return both_ways(self.scale * similarities(self.similarity, anchor, documents))


def both_ways(logits: Tensor) -> Terms:
    """The mean of a softmax along the rows of ``logits`` (…, B, candidates) and one along its first B columns. The
    target is the diagonal."""
    rows = logits.shape[-2]
    square = logits[..., :rows]
    back = square.transpose(-1, -2)
    log_p = torch.stack([log_share(each, masks.diagonal(each)[0]) for each in (logits, back)], dim=-2)
    shares = {"row": logits.softmax(-1), "column": square.softmax(-2)}
    return Terms(logits, -log_p / (2 * rows), numbers={"p": log_p.exp()}, shares=shares)


@dataclass(frozen=True, eq=False)
class CachedMultipleNegativesRankingLoss(Loss):
    """``MultipleNegativesRankingLoss`` of a batch that does not fit into memory; the same loss, the same gradient.

        loss = mean over anchors i of  ln Σⱼ exp(sᵢⱼ) − sᵢᵢ

    It is ``Cached`` (see there) with this loss: ``(anchors, positives, *negatives)`` are lists, tensors, or mappings of
    tensors; a slice along the batch, of ``mini_batch_size`` rows, goes to ``encode``, which returns (m, d). ``terms``
    and ``define`` take the embeddings themselves, each (…, B, d). Where ``encode`` is a function of your own around a
    model, write ``Cached(MultipleNegativesRankingLoss(), encode, model=model)``: this loss cannot see the model, so it
    finds no BatchNorm, and ``DistributedDataParallel`` synchronises at each mini-batch. Raises ValueError as ``Loss``
    and ``Cached`` say.

    Source: Gao et al. (2021); sentence-transformers' ``CachedMultipleNegativesRankingLoss``.
    """

    encode: Callable[[Column], Tensor]
    scale: float = 20.0
    mini_batch_size: int = 32
    similarity: Similarity = "cosine"
    directions: tuple[str, ...] = ("query_to_doc",)
    partition_mode: str = "joint"
    hardness_mode: str | None = None
    hardness_strength: float = 0.0
    inputs = POSITIVE_PAIRS
    axes = ("anchor",)
    reads = "logit"

    @property
    def uncached(self) -> MultipleNegativesRankingLoss:
        names = [each.name for each in fields(MultipleNegativesRankingLoss)]
        return MultipleNegativesRankingLoss(**{name: getattr(self, name) for name in names})

    def _check_parameters(self) -> None:
        self.uncached._check_parameters()

    def blocks(self) -> list[list[str]]:
        return self.uncached.blocks()

    def define(self, anchor: Tensor, positive: Tensor, *negatives: Tensor) -> Terms:
        return self.uncached.define(anchor, positive, *negatives)

    def __call__(self, *columns: Column, check: bool = True) -> Tensor:
        return Cached(self.uncached, self.encode, self.mini_batch_size)(*columns, check=check)
