"""The classifier of pairs: its definition in the dtype of the rows, without the terms."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear

from lossviz import losses
from lossviz.fast.road import TooCoarse, square, waits

LONG = 50  # the logits of features and weights whose lengths have this product lose too many digits in float32


def softmax(loss: losses.SoftmaxLoss, first: Tensor, second: Tensor, labels: Tensor) -> Tensor | None:
    if waits(first) or not _are_of(len(loss.weight), labels):
        return None
    if first.dtype == torch.float32:
        lengths = square(first.detach()) + square(second.detach())
        if not lengths * square(loss.weight.detach()) < LONG**2 * len(first):
            raise TooCoarse
    weight, bias = (None if each is None else each.to(first) for each in (loss.weight, loss.bias))
    return cross_entropy(linear(loss.features(first, second), weight, bias), labels.long())


def _are_of(classes: int, labels: Tensor) -> bool:
    """What torch asks of classes, and without checks is not certain."""
    least, largest = labels.aminmax()
    whole = not labels.is_floating_point() or bool((labels == labels.trunc()).all())
    return whole and least.item() >= 0 and largest.item() < classes
