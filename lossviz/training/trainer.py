"""A loss as the module that a trainer takes: features in, the loss of the model's embeddings out."""

import copy
from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor, nn

from lossviz import catalogue
from lossviz.inputs import check_count, wrong
from lossviz.losses import Loss
from lossviz.losses.wrappers import Cached
from lossviz.training.distributed import Gathered, in_step, processes
from lossviz.training.theirs import from_sentence_transformers, is_theirs

Features = Mapping[str, object]  # what the model reads of one column of sentences


def for_trainer(
    loss: Loss | nn.Module,
    model: nn.Module,
    mini_batch_size: int | None = None,
    gather: bool = False,
    check: bool = True,
) -> "TrainerLoss":
    """The loss as ``SentenceTransformerTrainer`` takes it, in place of one of sentence-transformers' own.

    ``loss``             ours, or theirs (see ``from_sentence_transformers``)
    ``model``            a SentenceTransformer, or any module: features → {"sentence_embedding": (B, d)}
    ``mini_batch_size``  how many rows the model reads at a time, twice (see ``Cached``); by default, all of them once
    ``gather``           whether the rows of all processes are one batch (see ``Gathered``)
    ``check``            whether embeddings and labels are looked at. Not under a ``GradScaler`` (fp16), which has to
                         see an embedding that overflowed, and skips the step

    What is a tensor among the loss's settings is learned with the model; a number stays as it is.
    Raises ValueError as ``Loss`` and ``from_sentence_transformers`` say.
    """
    if is_theirs(loss):
        loss = from_sentence_transformers(loss)
    if isinstance(loss, (Cached, Gathered)):
        raise wrong("loss", "the loss alone (mini_batch_size and gather are arguments here)", type(loss).__name__)
    if not isinstance(loss, Loss):
        raise wrong("loss", "a loss of lossviz or of sentence-transformers", type(loss).__name__)
    if not isinstance(model, nn.Module):
        raise wrong("model", "a torch.nn.Module", type(model).__name__)
    if hasattr(loss, "uncached"):  # its encoder is the model
        mini_batch_size = loss.mini_batch_size if mini_batch_size is None else mini_batch_size
        loss = loss.uncached
    check_count("mini_batch_size", mini_batch_size, none=True)
    if loss.inputs.twins and mini_batch_size:
        raise wrong("mini_batch_size", f"None, for {type(loss).__name__} has two encoders", str(mini_batch_size))
    return TrainerLoss(loss, model, mini_batch_size, gather, check)


class TrainerLoss(nn.Module):
    """``forward(sentence_features, labels)``: the loss of what the model makes of each column, a scalar.

    ``parameters()`` are those of the model and what the loss learns: a classifier, the logarithm of a scale.
    ``learning()`` is the loss with what it has learned so far.
    """

    def __init__(self, loss: Loss, model: nn.Module, mini_batch_size: int | None, gather: bool, check: bool) -> None:
        super().__init__()
        self.loss, self.model = loss, model
        self.mini_batch_size, self.gather, self.check = mini_batch_size, gather, check
        if loss.inputs.twins:
            self.twin = copy.deepcopy(model)
        known = catalogue.entry(loss)
        self.logarithms = known.learned if known else ()
        numbers = {f"log_{name}": torch.as_tensor(getattr(loss, name)).float().log() for name in self.logarithms}
        tensors = {name: each for name, each in loss.settings().items() if isinstance(each, Tensor)}
        self.learned = nn.ParameterDict({name: _parameter(each) for name, each in (tensors | numbers).items()})

    def forward(self, sentence_features: Iterable[Features], labels: Tensor | None = None) -> Tensor:
        features, loss = list(sentence_features), self.learning()
        asked = Gathered(loss) if self.gather else loss
        labels = [labels.reshape(-1)] if labels is not None and loss.inputs.labels else []
        if self.mini_batch_size:
            cached = Cached(asked, _embeddings(self.model), self.mini_batch_size, self.model)
            return cached(*features, *labels, check=self.check)
        return asked(*self._embedded(features), *labels, check=self.check)

    def learning(self) -> Loss:
        learned = {name: in_step(each) for name, each in self.learned.items()}
        logarithms = {name: learned.pop(f"log_{name}").exp() for name in self.logarithms}
        return self.loss.changed(**learned, **logarithms)

    def _embedded(self, features: list[Features]) -> list[Tensor]:
        from sentence_transformers.base.losses.merged_forward import embed_columns

        if not self.loss.inputs.twins:
            return embed_columns(self.model, features)
        if processes() > 1:
            raise wrong("loss", "one without a copy of the model, on several processes", type(self.loss).__name__)
        first, *others = features
        return [_embeddings(self.twin)(first), *map(_embeddings(self.model), others or features)]


def _parameter(tensor: Tensor) -> nn.Parameter:
    """One that is a parameter stays that one; from the rest a copy is learned, in float32 as a layer's weights are."""
    return tensor if isinstance(tensor, nn.Parameter) else nn.Parameter(tensor.detach().float().clone())


def _embeddings(model: nn.Module) -> Callable[[Features], Tensor]:
    return lambda features: model(features)["sentence_embedding"]
