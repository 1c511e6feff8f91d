"""The classifier of pairs."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import linear

from lossviz import losses, masks
from lossviz.fast.road import TooCoarse, known, road, square


@road(losses.SoftmaxLoss, keeps_digits=True, sees_rows=True, learns=("weight", "bias"))
def _softmax(loss: losses.SoftmaxLoss, first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    learned = [each.to(first) for each in (loss.weight, loss.bias) if each is not None]
    weight, *bias = (each.detach() for each in learned)
    u, v = first.detach(), second.detach()
    features = loss.features(u, v)
    _refuse_steep(features, weight)
    log_share = linear(features, weight, *bias).log_softmax(1)
    target = masks.of_class(labels, len(weight))

    def gradients() -> tuple[Tensor, ...]:
        nonlocal features
        share = torch.where(target, log_share.expm1(), log_share.exp()).div_(len(target))
        for_weight = share.T @ features
        features = None  # the rows' gradients find room there
        parts = weight.chunk(weight.shape[1] // u.shape[1], 1)
        return *_of_pair(loss, u, v, (share @ each for each in parts)), *(for_weight, share.sum(0))[: len(learned)]

    value = torch.where(target, log_share, 0).sum() / -len(target)
    return known(value, gradients, first, second, *learned)


LONG = 50  # the logits of features and weights whose lengths have this product lose too many digits in float32


def _refuse_steep(features: Tensor, weight: Tensor) -> None:
    """TooCoarse for logits that are too steep for float32, and for what is not finite."""
    limit = LONG**2 * len(features) if features.dtype == torch.float32 else math.inf
    if not square(features) * square(weight) < limit:
        raise TooCoarse


def _of_pair(loss: losses.SoftmaxLoss, u: Tensor, v: Tensor, for_parts: Iterator[Tensor]) -> tuple[Tensor, Tensor]:
    """The gradients of what the classifier reads of a pair, part by part, as those of the two rows."""
    pair = (next(for_parts), next(for_parts)) if loss.concatenation_sent_rep else (torch.zeros_like(u) for _ in "uv")
    for_u, for_v = pair
    if loss.concatenation_sent_difference:
        along = (u - v).sign_().mul_(next(for_parts))
        for_u.add_(along), for_v.sub_(along)
    if loss.concatenation_sent_multiplication:
        product = next(for_parts)
        for_u.addcmul_(product, v), for_v.addcmul_(product, u)
    return for_u, for_v
