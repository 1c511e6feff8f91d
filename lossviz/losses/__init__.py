"""One file per input type; one small frozen dataclass per loss."""

from lossviz.losses.base import Loss, Terms
from lossviz.losses.classified_pairs import SoftmaxLoss
from lossviz.losses.labelled_pairs import ContrastiveLoss, OnlineContrastiveLoss
from lossviz.losses.labelled_sentences import (
    BatchAllTripletLoss,
    BatchHardSoftMarginTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
)
from lossviz.losses.positive_pairs import (
    CachedMultipleNegativesRankingLoss,
    MultipleNegativesRankingLoss,
    MultipleNegativesSymmetricRankingLoss,
)
from lossviz.losses.scored_pairs import AnglELoss, CoSENTLoss, CosineSimilarityLoss
from lossviz.losses.triplets import TripletLoss
from lossviz.losses.unlabelled import ContrastiveTensionLoss, ContrastiveTensionLossInBatchNegatives

__all__ = [
    "AnglELoss",
    "BatchAllTripletLoss",
    "BatchHardSoftMarginTripletLoss",
    "BatchHardTripletLoss",
    "BatchSemiHardTripletLoss",
    "CachedMultipleNegativesRankingLoss",
    "CoSENTLoss",
    "ContrastiveLoss",
    "ContrastiveTensionLoss",
    "ContrastiveTensionLossInBatchNegatives",
    "CosineSimilarityLoss",
    "Loss",
    "MultipleNegativesRankingLoss",
    "MultipleNegativesSymmetricRankingLoss",
    "OnlineContrastiveLoss",
    "SoftmaxLoss",
    "Terms",
    "TripletLoss",
]
