"""The classifier of pairs."""

import torch
from torch import Tensor
from torch.nn.functional import linear

from lossviz import losses
from lossviz.fast.measures import seen
from lossviz.fast.road import known, road


@road(losses.SoftmaxLoss, sees_rows=True, learns=("weight", "bias"))
def _softmax(loss: losses.SoftmaxLoss, first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    learned = [each.to(first) for each in (loss.weight, loss.bias) if each is not None]
    weight, *bias = (each.detach() for each in learned)
    u, v = first.detach(), second.detach()
    features = loss.features(u, v)
    logits = seen(linear(features, weight, *bias))
    log_share = logits.log_softmax(1)
    target = labels.long().unsqueeze(1)
    surprise = log_share.gather(1, target)

    def gradients() -> tuple[Tensor, ...]:
        share = log_share.exp_().scatter_(1, target, surprise.expm1()).div_(len(target))
        for_weight = share.T @ features
        return *_of_pair(loss, u, v, torch.mm(share, weight, out=features)), *(for_weight, share.sum(0))[: len(learned)]

    return known(-surprise.mean(), gradients, first, second, *learned)


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
