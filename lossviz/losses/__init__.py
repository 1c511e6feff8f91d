"""One file per input type; one small frozen dataclass per loss."""

from lossviz.losses.base import Loss, Terms
from lossviz.losses.labelled_pairs import ContrastiveLoss

__all__ = ["ContrastiveLoss", "Loss", "Terms"]
