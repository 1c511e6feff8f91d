"""How to ask the peers: sentence-transformers 6.2 for the loss of given embeddings, with the parameters of ours."""

import inspect
import math
import warnings
from collections.abc import Callable

import torch
from sentence_transformers import util
from sentence_transformers.sentence_transformer import losses as sentence_transformers
from torch import Tensor, nn

from lossviz.catalogue import ENTRIES, Entry, entry
from lossviz.catalogue.peers import SIAMESE, SQUARE
from lossviz.losses import Loss


def theirs(text: str) -> object:
    """What the catalogue's text for the peer stands for."""
    return eval(text, {"losses": sentence_transformers, "util": util, "torch": torch})


OF_MEASURES = {each.loss.__name__: each.peer.measure for each in ENTRIES if each.peer and each.peer.measure}
# The peer's name → its parameter, ours, and our names of a measure → the peer's functions.
MEASURES = {
    name: (each.theirs, each.ours, {ours: theirs(text) for ours, text in each.names.items()})
    for name, each in OF_MEASURES.items()
}
manhattan_square = theirs(SQUARE.names["manhattan"])

# The peers whose Euclidean and Manhattan distance is torch's pairwise_distance, which adds this to each difference.
ADDS_EPSILON = tuple(name for name, each in OF_MEASURES.items() if each is SIAMESE)
EPSILON = 1e-6

# The peers whose Euclidean distance is √(x² − 2xy + y²): near 0 it loses half of its digits, even in float64.
LOSES_DIGITS = tuple(name for name, each in OF_MEASURES.items() if each is SQUARE)


def peer_class(known: Entry) -> type[nn.Module]:
    return getattr(sentence_transformers, known.loss.__name__)


def as_the_peer_says(known: Entry, parameters: dict[str, object]) -> dict[str, object]:
    """Our parameters by the peer's names: a distance or similarity is its function there."""
    said = {name: value for name, value in parameters.items() if name not in known.peer.only_ours}
    if known.loss.__name__ in MEASURES:
        theirs, ours, functions = MEASURES[known.loss.__name__]
        measure = said.pop(ours)
        said[theirs] = measure if callable(measure) else functions[measure]
    return said


def only_the_peers(known: Entry) -> dict[str, object]:
    """What the peer takes and ours does not: ours is the peer at these."""
    return comparable({name: theirs(text) for name, text in known.peer.only_theirs.items()})


def peer_defaults(known: Entry) -> dict[str, object]:
    """Of the parameters that have one."""
    parameters = inspect.signature(peer_class(known).__init__).parameters
    return comparable({name: each.default for name, each in parameters.items() if each.default is not each.empty})


def comparable(given: dict[str, object]) -> dict[str, object]:
    """Modules are told by what they print."""
    return {name: str(value) if isinstance(value, nn.Module) else value for name, value in given.items()}


class Given(nn.Module):
    """A model whose sentences bring their embeddings along."""

    device = torch.device("cpu")

    def __init__(self, name: str = "sentence_embedding"):
        super().__init__()
        self.name = name

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"sentence_embedding": features[self.name]}

    def __getitem__(self, place: int) -> nn.Module:
        return self


def peer_module(loss: Loss, model: nn.Module, **changed) -> nn.Module:
    """Sentence-transformers' loss with the parameters of ours; `changed` are the peer's own."""
    known = entry(loss)
    said = as_the_peer_says(known, loss.settings()) | changed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the symmetric loss is deprecated there
        return peer_class(known)(model, **said)


def columns(rows: tuple[Tensor, ...]) -> list[dict[str, Tensor]]:
    return [{"sentence_embedding": each} for each in rows]


def peer(loss: Loss, **changed) -> Callable[..., Tensor]:
    """A function of the loss's arguments that gives sentence-transformers' answer; `changed` are the peer's own."""
    if type(loss).__name__ in BY_FORWARD:
        return BY_FORWARD[type(loss).__name__](loss)
    module = peer_module(loss, None, **changed)

    def ask(*tensors: Tensor) -> Tensor:
        count = len(loss.inputs.fitted(len(tensors)).rows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "labels other than 0 and 1": they are meant
            return module.compute_loss_from_embeddings(list(tensors[:count]), *(tensors[count:] or [None]))

    return ask


def softmax_module(loss: Loss) -> nn.Module:
    """The peer's classifier, with our weights."""
    module = peer_module(loss, Given(), embedding_dimension=1, num_labels=len(loss.weight))
    module.classifier.weight = nn.Parameter(loss.weight.detach().clone())
    module.classifier.bias = None if loss.bias is None else nn.Parameter(loss.bias.detach().clone())
    return module


def softmax_peer(loss: Loss) -> Callable[..., Tensor]:
    module = softmax_module(loss)
    return lambda first, second, labels: module(columns((first, second)), labels.long())


def cached_peer(loss: Loss) -> Callable[..., Tensor]:
    module = peer_module(loss, Given())
    return lambda *rows: module(columns(rows), None)


def tension_peer(loss: Loss) -> Callable[..., Tensor]:
    module = peer_module(loss, Given())
    return lambda first, second, labels: module(columns((first, second)), labels)


def tension_in_batch_peer(loss: Loss) -> Callable[..., Tensor]:
    """Each of the peer's two models makes its own pass; and it learns the logarithm of the scale, in float32."""
    module = peer_module(loss, Given("second"))
    module.model1 = Given("first")
    module.logit_scale.data = torch.tensor(math.log(loss.scale), dtype=torch.float64)
    return lambda first, second: module([{"first": first, "second": second}], None)


BY_FORWARD = {
    "SoftmaxLoss": softmax_peer,
    "CachedMultipleNegativesRankingLoss": cached_peer,
    "ContrastiveTensionLoss": tension_peer,
    "ContrastiveTensionLossInBatchNegatives": tension_in_batch_peer,
}


def as_the_peer_reads(loss: Loss) -> Callable[..., Tensor]:
    """The loss at embeddings moved by the peer's epsilon. ‖(x + ε) − y‖ is what the peer calls ‖x − y‖: so compared,
    the two agree to rounding, and no tolerance has to hide the epsilon."""
    if type(loss).__name__ not in ADDS_EPSILON or loss.distance == "cosine":
        return loss
    return lambda first, *others: loss(first + EPSILON, *others)
