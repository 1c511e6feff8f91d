"""Masks: what the labels allow. Boolean tensors, any leading dimensions, no data-dependent shape."""

from torch import Tensor


def labelled_pairs(labels: Tensor) -> tuple[Tensor, Tensor]:
    """(positive, negative) masks of pairs labelled 1 (near) or 0 (far): (…, B) → two of (…, B).

    A label between 0 and 1 is a weight: such a pair is both, in part.
    """
    return labels > 0, labels < 1
