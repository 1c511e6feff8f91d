"""A loss as the module that a trainer takes: features in, the loss of the model's embeddings out."""

import copy
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from lossviz import catalogue
from lossviz.losses import Loss
from lossviz.training.theirs import from_sentence_transformers, is_theirs

Features = Mapping[str, Tensor]  # what the model reads of one column of sentences


def for_trainer(loss: Loss | nn.Module, model: nn.Module) -> "TrainerLoss":
    """The loss as ``SentenceTransformerTrainer`` takes it, in place of one of sentence-transformers' own.

    ``loss``   ours, or theirs (see ``from_sentence_transformers``)
    ``model``  a SentenceTransformer, or any module: features → {"sentence_embedding": (B, d)}

    What is a tensor among the loss's settings is learned with the model; a number stays as it is.
    Raises ValueError as ``Loss`` and ``from_sentence_transformers`` say.
    """
    return TrainerLoss(from_sentence_transformers(loss) if is_theirs(loss) else loss, model)


class TrainerLoss(nn.Module):
    """``forward(sentence_features, labels)``: the loss of what the model makes of each column, a scalar.

    ``parameters()`` are those of the model and what the loss learns: a classifier, the logarithm of a scale.
    """

    def __init__(self, loss: Loss, model: nn.Module) -> None:
        super().__init__()
        self.loss, self.model = loss, model
        if loss.inputs.twins:
            self.twin = copy.deepcopy(model)
        known = catalogue.entry(loss)
        self.logarithms = known.learned if known else ()
        numbers = {f"log_{name}": torch.as_tensor(getattr(loss, name)).float().log() for name in self.logarithms}
        tensors = {name: each for name, each in loss.settings().items() if isinstance(each, Tensor)}
        self.learned = nn.ParameterDict(tensors | numbers)

    def forward(self, sentence_features: Iterable[Features], labels: Tensor | None = None) -> Tensor:
        rows = self._embedded(list(sentence_features))
        wanted = labels is not None and self.loss.inputs.labels and len(rows) == len(self.loss.inputs.rows)
        return self.learning()(*rows, *([labels.reshape(-1)] if wanted else []))

    def learning(self) -> Loss:
        """The loss with what it has learned so far."""
        settings = {name: each for name, each in self.learned.items() if name in self.loss.settings()}
        logarithms = {name: self.learned[f"log_{name}"].exp() for name in self.logarithms}
        return self.loss.changed(**settings, **logarithms)

    def _embedded(self, features: list[Features]) -> list[Tensor]:
        from sentence_transformers.base.losses.merged_forward import embed_columns

        if not self.loss.inputs.twins:
            return embed_columns(self.model, features)
        first, second = features if len(features) > 1 else features * 2
        return [self.twin(first)["sentence_embedding"], self.model(second)["sentence_embedding"]]
