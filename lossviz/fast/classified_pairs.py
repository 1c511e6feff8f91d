"""The classifier of pairs."""

import torch
from torch import Tensor
from torch.nn.functional import linear

from lossviz import losses, masks
from lossviz.fast.measures import seen
from lossviz.fast.road import TooCoarse, known, road


@road(losses.SoftmaxLoss, keeps_digits=True, sees_rows=True, learns=("weight", "bias"))
def _softmax(loss: losses.SoftmaxLoss, first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    learned = [each.to(first) for each in (loss.weight, loss.bias) if each is not None]
    weight, *bias = (each.detach() for each in learned)
    u, v = first.detach(), second.detach()
    features = loss.features(u, v)
    logits = seen(linear(features, weight, *bias))
    _refuse_steep(features, weight)
    log_share = logits.log_softmax(1)
    target = masks.of_class(labels, len(weight))

    def gradients() -> tuple[Tensor, ...]:
        share = torch.where(target, log_share.expm1(), log_share.exp()).div_(len(target))
        for_weight = share.T @ features
        return *_of_pair(loss, u, v, torch.mm(share, weight, out=features)), *(for_weight, share.sum(0))[: len(learned)]

    value = torch.where(target, log_share, 0).sum() / -len(target)
    return known(value, gradients, first, second, *learned)


LONG = 50  # the logits of features and weights whose lengths have this product lose too many digits in float32


def _refuse_steep(features: Tensor, weight: Tensor) -> None:
    if features.dtype == torch.float32:
        length, steepness = (torch.linalg.vector_norm(each).item() for each in (features, weight))
        if length * steepness > LONG * len(features) ** 0.5:
            raise TooCoarse


def _of_pair(loss: losses.SoftmaxLoss, u: Tensor, v: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of what the classifier reads of a pair as that of the two rows."""
    parts = iter(gradient.split(u.shape[1], 1))
    for_u, for_v = (next(parts), next(parts)) if loss.concatenation_sent_rep else (0, 0)
    if loss.concatenation_sent_difference:
        along = (u - v).sign_().mul_(next(parts))
        for_u, for_v = for_u + along, for_v - along
    if loss.concatenation_sent_multiplication:
        product = next(parts)
        for_u, for_v = for_u + product * v, for_v + product * u
    return for_u, for_v
