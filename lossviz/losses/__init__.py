"""One file per input type; one small frozen dataclass per loss."""

from lossviz.losses.base import Loss, Terms
from lossviz.losses.labelled_pairs import ContrastiveLoss, OnlineContrastiveLoss
from lossviz.losses.labelled_sentences import BatchHardTripletLoss
from lossviz.losses.positive_pairs import MultipleNegativesRankingLoss

__all__ = [
    "BatchHardTripletLoss",
    "ContrastiveLoss",
    "Loss",
    "MultipleNegativesRankingLoss",
    "OnlineContrastiveLoss",
    "Terms",
]
