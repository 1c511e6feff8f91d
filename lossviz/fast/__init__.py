"""The fast roads: values and gradients of the definitions for batches as they are trained.

``loss(...)`` takes its road of ``ROADS``, and the definition in float64 where there is none, or where it steps aside.
Losses of pairs are their definitions in the dtype of the rows, over distances whose gradients are known. The others
make no cubes and squares: they compute loss and gradient together, a few rows of a square at a time, and keep what has
the size of the embeddings. A second backward through a road raises.
"""

from lossviz import losses
from lossviz.fast import labelled_sentences, positive_pairs, scored_pairs
from lossviz.fast.measures import as_defined, over_known_distances
from lossviz.fast.road import Road
from lossviz.losses.base import Loss

_OF_PAIRS = Road(over_known_distances, keeps_digits=True, sees_rows=True)

NO_ROAD = Road(lambda loss, *tensors: None)  # steps aside

ROADS: dict[type[Loss], Road] = {
    losses.ContrastiveLoss: _OF_PAIRS,
    losses.OnlineContrastiveLoss: _OF_PAIRS,
    losses.TripletLoss: _OF_PAIRS,
    losses.BatchAllTripletLoss: Road(labelled_sentences.batch_all, keeps_digits=True),
    losses.BatchHardTripletLoss: Road(labelled_sentences.batch_hard, keeps_digits=True),
    losses.BatchHardSoftMarginTripletLoss: Road(labelled_sentences.batch_hard_soft, keeps_digits=True),
    losses.BatchSemiHardTripletLoss: Road(labelled_sentences.semi_hard, keeps_digits=True),
    losses.CosineSimilarityLoss: Road(scored_pairs.cosine_similarity, keeps_digits=True, sees_rows=True),
    losses.CoSENTLoss: Road(scored_pairs.cosent, keeps_digits=True, sees_rows=True),
    losses.AnglELoss: Road(scored_pairs.angle),
    losses.SoftmaxLoss: Road(as_defined, learns=("weight", "bias")),
    losses.MultipleNegativesRankingLoss: Road(positive_pairs.ranking),
    losses.MultipleNegativesSymmetricRankingLoss: Road(positive_pairs.both_ways),
    losses.ContrastiveTensionLoss: Road(as_defined),
    losses.ContrastiveTensionLossInBatchNegatives: Road(positive_pairs.both_ways),
}
