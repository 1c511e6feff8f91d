"""The loss of a triplet."""

from torch import Tensor
from torch.nn.functional import relu

from lossviz import losses
from lossviz.fast.measures import PAIRED
from lossviz.fast.road import known


def triplet(loss: losses.TripletLoss, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor | None:
    measure, anchor_rows = PAIRED[loss.distance], anchor.detach()
    to_positive, pull_positive = measure(anchor_rows, positive.detach())
    to_negative, pull_negative = measure(anchor_rows, negative.detach())
    shortfall = relu(to_positive - to_negative + float(loss.triplet_margin))

    def gradients() -> tuple[Tensor, ...]:
        slope = shortfall.sign() / len(shortfall)
        (with_positive, for_positive), (with_negative, for_negative) = pull_positive(slope), pull_negative(-slope)
        return with_positive.add_(with_negative), for_positive, for_negative

    return known(shortfall.mean(), gradients, anchor, positive, negative)
