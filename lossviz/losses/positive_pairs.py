"""Losses on (anchor, positive), with explicit negatives or without: all other candidates of the batch are negatives."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lossviz import masks
from lossviz.distances import Similarity, similarities
from lossviz.inputs import POSITIVE_PAIRS, wrong
from lossviz.losses.base import Loss, Terms, scalar


@dataclass(frozen=True, eq=False)
class MultipleNegativesRankingLoss(Loss):
    """Each anchor must find its positive among all candidates of the batch: a classification with B classes or more.

    With s the similarity of an anchor to a candidate, times the scale (1 / temperature),

        loss = mean over anchors i of  log Σⱼ exp(sᵢⱼ) − sᵢᵢ

    The candidates are all positives of the batch, then all explicit negatives of the batch.

    ``(anchor, positive, *negatives)``: each (…, B, d). Raises ValueError as ``Loss`` says.

    Source: Henderson et al. (2017), van den Oord et al. (2018, InfoNCE); sentence-transformers'
    ``MultipleNegativesRankingLoss``.
    """

    scale: float = 20.0
    similarity: Similarity = "cosine"
    inputs = POSITIVE_PAIRS
    axes = ("anchor",)

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if not self.scale > 0:
            raise wrong("scale", "a positive number", str(self.scale))

    def define(self, anchor: Tensor, positive: Tensor, *negatives: Tensor) -> Terms:
        candidates = torch.cat([positive, *negatives], dim=-2)
        scale = scalar(self.scale, anchor)
        logits = scale * similarities(self.similarity, anchor, candidates)
        rows, columns = logits.shape[-2:]
        target = masks.same(rows, columns, logits.device)
        to_target = torch.where(target, logits, 0.0).sum(-1, keepdim=True)
        values = (logits - to_target).logsumexp(-1) / rows
        return Terms(
            matrix=logits,
            positive=target.expand(logits.shape),
            negative=~target.expand(logits.shape),
            valid=torch.ones_like(values, dtype=torch.bool),
            active=values > 0,
            values=values,
            chosen={"target": torch.arange(rows, device=logits.device).expand(values.shape)},
            thresholds={"scale": scale},
            loss=values.sum(-1),
        )
