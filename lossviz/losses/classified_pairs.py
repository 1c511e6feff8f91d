"""Losses on (sentence, sentence, class): what one sentence is to another, as one of a few classes."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import linear

from lossviz import masks
from lossviz.inputs import CLASSIFIED_PAIRS, InputType, wrong
from lossviz.losses.base import Loss, Terms


@dataclass(frozen=True, eq=False)
class SoftmaxLoss(Loss):
    """A linear classifier reads both sentences and their difference, and is trained with them.

    With u, v the rows of a pair, u ∗ v their numbers multiplied one by one, its class y and [·] the parts that are
    switched on, in this order,

        p = softmax(weight · [u; v; |u − v|; u ∗ v] + bias)
        loss = mean over pairs of  −ln p(y)

    ``(first, second, labels)``: (…, B, d), (…, B, d), (…, B); labels are whole numbers from 0 to C − 1. ``weight`` is
    (C, n · d), ``bias`` (C,) or None: u and v make two parts of the n, the others one each. ``initial`` makes them.
    Raises ValueError as ``Loss`` says.

    Source: Conneau et al. (2017), Reimers, Gurevych (2019); sentence-transformers' ``SoftmaxLoss``.
    """

    weight: Tensor
    bias: Tensor | None = None
    concatenation_sent_rep: bool = True
    concatenation_sent_difference: bool = True
    concatenation_sent_multiplication: bool = False
    inputs = CLASSIFIED_PAIRS
    axes = ("pair",)
    reads = "log-probability"

    @classmethod
    def initial(cls, dimension: int, classes: int, seed: int = 0, **concatenation: bool) -> "SoftmaxLoss":
        """With the random float64 weights of a fresh ``torch.nn.Linear``: all within ±1/√(n · d)."""
        bare = cls(torch.empty(classes, 0), **concatenation)
        width = bare._parts() * dimension
        if not width:
            raise wrong("concatenation", "at least one part switched on", "none")
        generator = torch.Generator().manual_seed(seed)
        numbers = torch.rand(classes, width + 1, generator=generator, dtype=torch.float64)
        numbers = (2 * numbers - 1) / width**0.5
        return replace(bare, weight=numbers[:, :-1].clone(), bias=numbers[:, -1].clone())

    def changed(self, **parameters: object) -> "SoftmaxLoss":
        """Another concatenation has a weight of another width: then with weights from the start."""
        after = super().changed(**parameters)
        if after._parts() == self._parts() or "weight" in parameters:
            return after
        flags = {name: value for name, value in after.settings().items() if isinstance(value, bool)}
        return self.initial(self.weight.shape[1] // self._parts(), len(self.weight), **flags)

    def _parts(self) -> int:
        flags = (self.concatenation_sent_difference, self.concatenation_sent_multiplication)
        return 2 * self.concatenation_sent_rep + sum(flags)

    def _check_shapes(self, inputs: InputType, tensors: tuple[Tensor, ...]) -> None:
        super()._check_shapes(inputs, tensors)
        if not isinstance(self.weight, Tensor):
            raise wrong("weight", "a tensor (SoftmaxLoss.initial makes one)", type(self.weight).__name__)
        if not self._parts():
            raise wrong("concatenation", "at least one part switched on", "none")
        classes, width = len(self.weight), self._parts() * tensors[0].shape[-1]
        if self.weight.shape != (classes, width):
            raise wrong("weight", f"shape (classes, {width})", f"shape {tuple(self.weight.shape)}")
        if self.bias is not None and self.bias.shape != (classes,):
            raise wrong("bias", f"shape ({classes},), one number per class", f"shape {tuple(self.bias.shape)}")

    def _check_values(self, inputs: InputType, tensors: tuple[Tensor, ...], rows: bool) -> None:
        super()._check_values(inputs, tensors, rows)
        largest, classes = tensors[-1].max().item(), len(self.weight)
        if largest >= classes:
            raise wrong("labels", f"whole numbers from 0 to {classes - 1}", f"{largest:g}")

    def define(self, first: Tensor, second: Tensor, labels: Tensor) -> Terms:
        weight, bias = (None if each is None else each.to(first) for each in (self.weight, self.bias))
        log_share = linear(self.features(first, second), weight, bias).log_softmax(-1)
        target = masks.of_class(labels, log_share.shape[-1])
        log_p = torch.where(target, log_share, 0.0).sum(-1)
        values = -log_p / labels.shape[-1]
        return Terms(log_share, values, numbers={"p": log_p.exp()}, shares={"row": log_share.exp()})

    def features(self, first: Tensor, second: Tensor) -> Tensor:
        parts = [first, second] if self.concatenation_sent_rep else []
        if self.concatenation_sent_difference:
            parts.append((first - second).abs())
        if self.concatenation_sent_multiplication:
            parts.append(first * second)
        return torch.cat(parts, -1)
