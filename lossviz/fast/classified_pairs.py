"""The classifier of pairs: its definition in the dtype of the rows, without the terms."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear

from lossviz import losses
from lossviz.fast.road import TooCoarse, square, waits

LARGE = 8  # typical logits beyond it lose too many digits in float32
NO_CLASS = -1


def softmax(loss: losses.SoftmaxLoss, first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    weight, bias = (None if each is None else each.to(first) for each in (loss.weight, loss.bias))
    logits = linear(loss.features(first, second), weight, bias)
    if first.dtype == torch.float32 and not waits(first) and not square(logits.detach()) < LARGE**2 * logits.numel():
        raise TooCoarse
    classes = labels.long().clamp(0, len(weight) - 1)
    classes = classes.masked_fill(classes != labels, NO_CLASS)  # unchecked: on a device torch would end the program
    return cross_entropy(logits, classes, ignore_index=NO_CLASS, reduction="sum") / len(labels)
