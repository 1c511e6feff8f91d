"""The classifier of pairs: its definition in the dtype of the rows, without the terms."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear

from lossviz import losses
from lossviz.fast.road import TooCoarse, square, waits

LARGE = 8  # typical logits beyond it lose too many digits in float32


def softmax(loss: losses.SoftmaxLoss, first: Tensor, second: Tensor, labels: Tensor) -> Tensor | None:
    classes = labels.long()
    if waits(first) or not _are_of(len(loss.weight), classes, labels):
        return None
    weight, bias = (None if each is None else each.to(first) for each in (loss.weight, loss.bias))
    logits = linear(loss.features(first, second), weight, bias)
    if first.dtype == torch.float32 and not square(logits.detach()) < LARGE**2 * logits.numel():
        raise TooCoarse
    return cross_entropy(logits, classes)


def _are_of(count: int, classes: Tensor, labels: Tensor) -> bool:
    """What torch asks of classes, and without checks is not certain."""
    least, largest = classes.aminmax()
    whole = not labels.is_floating_point() or bool((classes == labels).all())
    return whole and least.item() >= 0 and largest.item() < count
