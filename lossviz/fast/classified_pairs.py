"""The classifier of pairs: its definition in the dtype of the rows, which makes no square."""

import torch
from torch import Tensor

from lossviz import losses
from lossviz.fast.road import TooCoarse, square

LONG = 50  # the logits of features and weights whose lengths have this product lose too many digits in float32


def softmax(loss: losses.SoftmaxLoss, first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    if first.dtype == torch.float32:
        lengths = square(first.detach()) + square(second.detach())
        if not lengths * square(loss.weight.detach()) < LONG**2 * len(first):
            raise TooCoarse
    return loss.value(first, second, labels)
