"""The classifier of pairs: its definition in the dtype of the rows, without the terms."""

import torch
from torch import Tensor
from torch.nn.functional import linear

from lossviz import losses, masks
from lossviz.fast.road import TooCoarse, square

LONG = 50  # the logits of features and weights whose lengths have this product lose too many digits in float32


def softmax(loss: losses.SoftmaxLoss, first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    if first.dtype == torch.float32:
        lengths = square(first.detach()) + square(second.detach())
        if not lengths * square(loss.weight.detach()) < LONG**2 * len(first):
            raise TooCoarse
    weight, bias = (None if each is None else each.to(first) for each in (loss.weight, loss.bias))
    log_share = linear(loss.features(first, second), weight, bias).log_softmax(-1)
    return torch.where(masks.of_class(labels, log_share.shape[-1]), log_share, 0.0).sum() / -len(labels)
