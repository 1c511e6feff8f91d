"""How to ask the peers: sentence-transformers 6.2 for the loss of given embeddings, with the parameters of ours."""

import inspect
import warnings

import torch
from sentence_transformers.sentence_transformer import losses as sentence_transformers
from sentence_transformers.sentence_transformer.losses import SiameseDistanceMetric
from torch import Tensor

from lossviz.catalogue import Entry, entry
from lossviz.losses import Loss

SIAMESE = {
    "cosine": SiameseDistanceMetric.COSINE_DISTANCE,
    "euclidean": SiameseDistanceMetric.EUCLIDEAN,
    "manhattan": SiameseDistanceMetric.MANHATTAN,
}
METRICS = {"ContrastiveLoss": SIAMESE}  # the peer's name → our name of a distance → the peer's function

# The peers whose Euclidean and Manhattan distance is torch's pairwise_distance, which adds this to each difference.
ADDS_EPSILON = ("ContrastiveLoss",)
EPSILON = 1e-6


def peer_class(known: Entry) -> type[torch.nn.Module]:
    return getattr(sentence_transformers, known.peer)


def as_the_peer_says(known: Entry, parameters: dict[str, object]) -> dict[str, object]:
    """Our parameters by the peer's names: a distance is its function there."""
    said = dict(parameters)
    if "distance" in said:
        said["distance_metric"] = METRICS[known.peer][said.pop("distance")]
    return said


def peer_defaults(known: Entry) -> dict[str, object]:
    signature = inspect.signature(peer_class(known))
    return {name: each.default for name, each in signature.parameters.items() if name != "model"}


def peer(loss: Loss):
    """A function of the same arguments as the loss that gives sentence-transformers' answer."""
    known = entry(loss)
    module = peer_class(known)(model=None, **as_the_peer_says(known, loss.parameters()))
    count = len(loss.inputs.rows)

    def ask(*tensors: Tensor) -> Tensor:
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
