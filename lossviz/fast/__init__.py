"""The fast roads: values and gradients of the definitions for batches as they are trained.

``loss(...)`` takes its road of ``ROADS``; where there is none, or where it steps aside, the definition in float64. Most
roads avoid the definition's cube or square: they compute loss and gradient together, a few rows of a square at a time,
and keep what has the size of the embeddings. Those of one pair at a time avoid the definition's many small steps over a
distance. ``as_defined`` is the definition, in the dtype of the rows. A second backward through the others raises.
"""

from lossviz import losses
from lossviz.fast import classified_pairs, labelled_pairs, labelled_sentences, positive_pairs, scored_pairs, triplets
from lossviz.fast.road import Road, as_defined
from lossviz.losses.base import Loss

NO_ROAD = Road(lambda loss, *tensors: None)  # steps aside

ROADS: dict[type[Loss], Road] = {
    losses.ContrastiveLoss: Road(labelled_pairs.contrastive, keeps_digits=True, sees_rows=True),
    losses.OnlineContrastiveLoss: Road(labelled_pairs.online_contrastive, keeps_digits=True, sees_rows=True),
    losses.BatchAllTripletLoss: Road(labelled_sentences.batch_all, keeps_digits=True),
    losses.BatchHardTripletLoss: Road(labelled_sentences.batch_hard, keeps_digits=True),
    losses.BatchHardSoftMarginTripletLoss: Road(labelled_sentences.batch_hard_soft, keeps_digits=True),
    losses.BatchSemiHardTripletLoss: Road(labelled_sentences.semi_hard, keeps_digits=True),
    losses.CosineSimilarityLoss: Road(scored_pairs.cosine_similarity, keeps_digits=True, sees_rows=True),
    losses.CoSENTLoss: Road(scored_pairs.cosent, keeps_digits=True, sees_rows=True, learns=("scale",)),
    losses.AnglELoss: Road(scored_pairs.angle, learns=("scale",)),
    losses.SoftmaxLoss: Road(classified_pairs.softmax, keeps_digits=True, sees_rows=True, learns=("weight", "bias")),
    losses.TripletLoss: Road(triplets.triplet, keeps_digits=True, sees_rows=True),
    losses.MultipleNegativesRankingLoss: Road(positive_pairs.ranking, learns=("scale",)),
    losses.MultipleNegativesSymmetricRankingLoss: Road(positive_pairs.both_ways, learns=("scale",)),
    losses.ContrastiveTensionLoss: Road(as_defined, sees_rows=True),
    losses.ContrastiveTensionLossInBatchNegatives: Road(positive_pairs.both_ways, learns=("scale",)),
}
