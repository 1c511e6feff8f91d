"""How to ask the peers: sentence-transformers 6.2 for the loss of given embeddings, with the parameters of ours."""

import inspect
import warnings

import torch
from sentence_transformers.sentence_transformer import losses as sentence_transformers
from sentence_transformers.sentence_transformer.losses import (
    BatchHardTripletLossDistanceFunction,
    SiameseDistanceMetric,
)
from sentence_transformers.util import cos_sim, dot_score
from torch import Tensor

from lossviz.catalogue import Entry, entry
from lossviz.losses import Loss

SIAMESE = {
    "cosine": SiameseDistanceMetric.COSINE_DISTANCE,
    "euclidean": SiameseDistanceMetric.EUCLIDEAN,
    "manhattan": SiameseDistanceMetric.MANHATTAN,
}


def manhattan_square(embeddings: Tensor) -> Tensor:
    """The peer has no Manhattan distance of its own for a square: one that its users would write."""
    return torch.cdist(embeddings, embeddings, p=1)


SQUARE = {
    "cosine": BatchHardTripletLossDistanceFunction.cosine_distance,
    "euclidean": BatchHardTripletLossDistanceFunction.euclidean_distance,
    "manhattan": manhattan_square,
}
SIMILARITIES = {"cosine": cos_sim, "dot": dot_score}

# The peer's name → its parameter, ours, and our names of a measure → the peer's functions.
MEASURES = {
    "ContrastiveLoss": ("distance_metric", "distance", SIAMESE),
    "OnlineContrastiveLoss": ("distance_metric", "distance", SIAMESE),
    "BatchHardTripletLoss": ("distance_metric", "distance", SQUARE),
    "MultipleNegativesRankingLoss": ("similarity_fct", "similarity", SIMILARITIES),
}

# What the peer takes and ours does not (yet): ours is the peer at these.
ONLY_THE_PEERS = {
    "MultipleNegativesRankingLoss": {
        "gather_across_devices": False,
        "directions": ("query_to_doc",),
        "partition_mode": "joint",
        "hardness_mode": None,
        "hardness_strength": 0.0,
    }
}

# The peers whose Euclidean and Manhattan distance is torch's pairwise_distance, which adds this to each difference.
ADDS_EPSILON = ("ContrastiveLoss", "OnlineContrastiveLoss")
EPSILON = 1e-6

# The peers whose Euclidean distance is √(x² − 2xy + y²): near 0 it loses half of its digits, even in float64.
LOSES_DIGITS = ("BatchHardTripletLoss",)


def peer_class(known: Entry) -> type[torch.nn.Module]:
    return getattr(sentence_transformers, known.peer)


def as_the_peer_says(known: Entry, parameters: dict[str, object]) -> dict[str, object]:
    """Our parameters by the peer's names: a distance or similarity is its function there."""
    theirs, ours, functions = MEASURES[known.peer]
    said = dict(parameters)
    measure = said.pop(ours)
    return said | {theirs: measure if callable(measure) else functions[measure]}


def peer_defaults(known: Entry) -> dict[str, object]:
    signature = inspect.signature(peer_class(known))
    return {name: each.default for name, each in signature.parameters.items() if name != "model"}


def peer(loss: Loss, **changed):
    """A function of the loss's arguments that gives sentence-transformers' answer; `changed` are the peer's own."""
    known = entry(loss)
    module = peer_class(known)(model=None, **as_the_peer_says(known, loss.parameters()) | changed)

    def ask(*tensors: Tensor) -> Tensor:
        count = len(loss.inputs.fitted(len(tensors)).rows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "labels other than 0 and 1": they are meant
            return module.compute_loss_from_embeddings(list(tensors[:count]), *(tensors[count:] or [None]))

    return ask


def as_the_peer_reads(loss: Loss):
    """The loss at embeddings moved by the peer's epsilon. ‖(x + ε) − y‖ is what the peer calls ‖x − y‖: so compared,
    the two agree to rounding, and no tolerance has to hide the epsilon."""
    if entry(loss).peer not in ADDS_EPSILON or loss.distance == "cosine":
        return loss
    return lambda first, *others: loss(first + EPSILON, *others)
