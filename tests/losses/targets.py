"""What the benchmark asks of single losses: targets, and how those train that have more to learn than their rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lossviz.losses import (
    BatchAllTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
    CachedMultipleNegativesRankingLoss,
    Loss,
    MultipleNegativesRankingLoss,
    MultipleNegativesSymmetricRankingLoss,
    SoftmaxLoss,
)
from tests.losses.peers import Given, columns, peer, peer_module, softmax_module

Steps = tuple[Callable[[], None], Callable[[], None]]  # forward and backward of ours, and of theirs


@dataclass(frozen=True)
class Target:
    """At least so many times faster and lighter than sentence-transformers; at most so many times three products."""

    loss: type[Loss]
    rows: int
    classes: int | None = None
    times: float | None = None
    lighter: float | None = None
    products: float | None = None


TARGETS = (
    Target(BatchAllTripletLoss, 1024, classes=10, times=80, lighter=200),
    Target(BatchAllTripletLoss, 2048, classes=512, times=4),
    Target(BatchHardTripletLoss, 2048, classes=512, times=2, lighter=10),
    Target(BatchSemiHardTripletLoss, 2048, classes=512, times=2, lighter=10),
    Target(MultipleNegativesRankingLoss, 4096, times=2, products=1.5),
    Target(MultipleNegativesRankingLoss, 16384, lighter=15),
    Target(MultipleNegativesSymmetricRankingLoss, 1024, times=2),
)


def training_steps(loss: Loss, batch: tuple[Tensor, ...]) -> Steps:
    if type(loss) in LEARN_MORE:
        return LEARN_MORE[type(loss)](batch)
    return _training_step(loss, batch), _training_step(peer(loss), batch)


def _training_step(
    ask: Callable[..., Tensor], batch: tuple[Tensor, ...], learned: Sequence[Tensor] = ()
) -> Callable[[], None]:
    wanted = [each for each in (*batch, *learned) if each.requires_grad]
    return lambda: torch.autograd.grad(ask(*batch), wanted)


def _with_classifier(batch: tuple[Tensor, ...]) -> Steps:
    initial = SoftmaxLoss.initial(batch[0].shape[1], 3)
    weights = [each.float().to(batch[0].device).requires_grad_() for each in (initial.weight, initial.bias)]
    loss = initial.changed(weight=weights[0], bias=weights[1])
    module = softmax_module(loss)

    def ask(first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
        return module(columns((first, second)), labels)

    batch = *batch[:-1], batch[-1].long()
    return _training_step(loss, batch, weights), _training_step(ask, batch, list(module.parameters()))


class Encoder(Given):
    """Two layers, as both libraries ask for embeddings."""

    def __init__(self, like: Tensor):
        super().__init__()
        self.device, dimension = like.device, like.shape[1]
        layers = nn.Linear(dimension, 4 * dimension), nn.Tanh(), nn.Linear(4 * dimension, dimension)
        self.layers = nn.Sequential(*layers).to(like.device)

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"sentence_embedding": self.layers(features["sentence_embedding"])}


def _with_encoder(batch: tuple[Tensor, ...]) -> Steps:
    encoder, sentences = Encoder(batch[0]), columns(tuple(each.detach() for each in batch))
    loss = CachedMultipleNegativesRankingLoss(encode=lambda column: encoder(column)["sentence_embedding"])
    module = peer_module(loss, encoder)
    return lambda: loss(*sentences).backward(), lambda: module(sentences, None).backward()


LEARN_MORE = {SoftmaxLoss: _with_classifier, CachedMultipleNegativesRankingLoss: _with_encoder}
