"""Losses on sentences alone: each is encoded twice, and what differs between the two passes is noise."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import logsigmoid

from lossviz.distances import similarities
from lossviz.inputs import UNLABELLED, UNLABELLED_PAIRS
from lossviz.losses.base import Loss, Terms
from lossviz.losses.positive_pairs import DIRECTIONS, both_ways, check_scale


@dataclass(frozen=True, eq=False)
class ContrastiveTensionLoss(Loss):
    """The dot product of a sentence with itself shall be large, that with another sentence very negative.

    With z the dot product of a pair, y = 1 for a sentence with itself and 0 for two different ones,

        loss = sum over pairs of  y · ln(1 + exp(−z)) + (1 − y) · ln(1 + exp(z))

    Length counts: stretching both rows changes the loss, at the same angle. A zero row costs ln 2.

    ``(first, second, labels)``: (…, B, d), (…, B, d), (…, B); ``first`` and ``second`` come from two copies of the
    model. Raises ValueError as ``Loss`` says.

    Source: Carlsson et al. (2021); sentence-transformers' ``ContrastiveTensionLoss``.
    """

    inputs = UNLABELLED_PAIRS
    axes = ("pair",)
    reads = "dot product"

    def define(self, first: Tensor, second: Tensor, labels: Tensor) -> Terms:
        product = (first * second).sum(-1)
        values = -(labels * logsigmoid(product) + (1 - labels) * logsigmoid(-product))
        return Terms(product, values, numbers={"z": product})


@dataclass(frozen=True, eq=False)
class ContrastiveTensionLossInBatchNegatives(Loss):
    """Each sentence must find its second pass among all sentences of the batch, and the second pass the first.

    With s the cosine of a first to a second pass, times the scale,

        loss = ½ · mean over i of  [ ln Σⱼ exp(sᵢⱼ) − sᵢᵢ ]
             + ½ · mean over i of  [ ln Σⱼ exp(sⱼᵢ) − sᵢᵢ ]

    ``(first, second)``: each (…, B, d), two passes of the same sentences. ``scale`` may be a tensor that is learned;
    sentence-transformers learns its logarithm. Raises ValueError as ``Loss`` says.

    Source: Carlsson et al. (2021), Radford et al. (2021); sentence-transformers'
    ``ContrastiveTensionLossInBatchNegatives``.
    """

    scale: float = 20.0
    inputs = UNLABELLED
    axes = ("direction", "anchor")
    reads = "logit"

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_scale(self.scale)

    def blocks(self) -> list[list[str]]:
        return [[DIRECTIONS[0]]]

    def define(self, first: Tensor, second: Tensor) -> Terms:
        return both_ways(self.scale * similarities("cosine", first, second))
