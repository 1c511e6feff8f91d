"""The real SentenceTransformerTrainer with our losses in place of its own: the same curve, the same weights."""

import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO

import pytest
import torch
from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer import losses as theirs
from torch import Tensor, nn
from torch.testing import assert_close

from lossviz.catalogue import ENTRIES, Entry
from lossviz.inputs import TRIPLETS
from lossviz.losses import (
    AnglELoss,
    ContrastiveLoss,
    ContrastiveTensionLossInBatchNegatives,
    Loss,
    MultipleNegativesRankingLoss,
    SoftmaxLoss,
    Terms,
    TripletLoss,
)
from lossviz.training import for_trainer
from tests.losses.peers import Given, peer_module
from tests.training import tiny

BATCH = 16
every_entry = pytest.mark.parametrize("known", ENTRIES, ids=lambda known: known.loss.__name__)


def trained(
    module: nn.Module, model: nn.Module, known: Entry, steps: int, callbacks: tuple | list = (), **arguments
) -> list[float]:
    """What the trainer logs, step by step."""
    quiet = {"report_to": "none", "save_strategy": "no", "use_cpu": True, "disable_tqdm": True, "logging_steps": 1}
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        said = SentenceTransformerTrainingArguments(
            folder, max_steps=steps, per_device_train_batch_size=BATCH, learning_rate=1e-3, **quiet | arguments
        )
        data = tiny.dataset(known.loss.inputs)
        trainer = SentenceTransformerTrainer(model, said, train_dataset=data, loss=module, callbacks=[*callbacks])
        trainer.train()
    return [each["loss"] for each in trainer.state.log_history if "loss" in each]


def their_module(known: Entry, model: nn.Module) -> nn.Module:
    torch.manual_seed(0)  # of a classifier
    more = {"embedding_dimension": tiny.WIDTH, "num_labels": 3} if known.peer.more else {}
    return peer_module(known.default(), model, **more)


def assert_trained_alike(known: Entry, steps: int, dtype: torch.dtype, weights: float, **arguments) -> None:
    curves, models, learned = [], [], []
    for made in (lambda module, model: module, for_trainer):
        model = tiny.model().to(dtype)
        module = made(their_module(known, model), model).to(dtype)
        curves.append(trained(module, model, known, steps, **arguments))
        models.append(model.state_dict())
        own = [each for name, each in module.named_parameters() if not name.startswith(ENCODERS)]
        learned.append(sorted(own, key=Tensor.numel))
    assert len(curves[0]) == steps and len(set(curves[0])) > 1
    assert_close(torch.tensor(curves[1]), torch.tensor(curves[0]), rtol=1e-5, atol=1e-5)
    assert_close(models[1], models[0], rtol=0, atol=weights)
    assert_close(learned[1], learned[0], rtol=0, atol=weights)


ENCODERS = ("model", "twin", "sentence_embedder")  # what either calls the model, and its copy


@every_entry
def test_a_few_steps_with_every_loss_are_theirs(known):
    assert_trained_alike(known, 3, torch.float64, weights=1e-8)


def test_two_hundred_steps_are_theirs():
    """In float64: of the rounding of a gradient that is 0 (an attention's key bias) Adam makes a whole step."""
    assert_trained_alike(entry_of(MultipleNegativesRankingLoss), 200, torch.float64, weights=1e-7)


def test_two_hundred_steps_of_a_classifier_are_theirs():
    assert_trained_alike(entry_of(SoftmaxLoss), 200, torch.float32, weights=1e-5)


def test_accumulated_steps_are_theirs():
    assert_trained_alike(
        entry_of(MultipleNegativesRankingLoss), 3, torch.float64, weights=1e-8, gradient_accumulation_steps=2
    )


def entry_of(loss: type) -> Entry:
    return next(each for each in ENTRIES if each.loss is loss)


# --- a module like any other -----------------------------------------------------------------------------------------


def features(model: nn.Module, known: Entry, rows: int = 8) -> tuple[list[dict], Tensor | None]:
    data = tiny.dataset(known.loss.inputs, rows)
    texts = [name for name in data.column_names if name != "label"]
    labels = torch.tensor(data["label"]) if "label" in data.column_names else None
    return [model.preprocess(data[name]) for name in texts], labels


@every_entry
def test_what_is_learned_is_among_the_parameters_and_is_saved(known):
    model = tiny.model()
    module = for_trainer(known.default() if "initial" not in vars(known.loss) else classifier(), model)
    assert {id(each) for each in model.parameters()} <= {id(each) for each in module.parameters()}
    optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
    given, labels = features(model, known)
    before = module(given, labels)
    before.backward()
    optimiser.step()
    after = module(given, labels)
    assert before != after
    again = for_trainer(known.default() if "initial" not in vars(known.loss) else classifier(), tiny.model())
    again.load_state_dict(module.state_dict())
    assert_close(again(given, labels), after)


def classifier() -> SoftmaxLoss:
    return SoftmaxLoss.initial(tiny.WIDTH, 3)


def test_a_classifier_is_learned_though_its_weights_come_without_a_gradient():
    loss = classifier()
    module = for_trainer(loss, tiny.model())
    given, labels = features(module.model, entry_of(SoftmaxLoss))
    module(given, labels).backward()
    assert {name for name, each in module.learned.named_parameters() if each.grad.any()} == {"weight", "bias"}
    assert module.learned["weight"].dtype == torch.float32


def test_a_scale_is_learned():
    scale = nn.Parameter(torch.tensor(20.0))
    module = for_trainer(MultipleNegativesRankingLoss(scale=scale), tiny.model())
    assert any(each is scale for each in module.parameters())
    module(*features(module.model, entry_of(MultipleNegativesRankingLoss))).backward()
    assert scale.grad.abs() > 0


@every_entry
def test_mini_batches_change_nothing(known):
    whole, parts = tiny.model(), tiny.model()
    loss = classifier() if known.loss is SoftmaxLoss else known.default()
    if known.loss.inputs.twins:
        with pytest.raises(ValueError, match="^mini_batch_size: expected None, for .* has two encoders, got 3$"):
            for_trainer(loss, parts, mini_batch_size=3)
        return
    gradients = []
    for model, module in ((whole, for_trainer(uncached(loss), whole)), (parts, for_trainer(loss, parts, 3))):
        value = module(*features(model, known))
        value.backward()
        gradients.append([value.detach(), *(each.grad for each in module.parameters() if each.grad is not None)])
    assert len(gradients[0]) > 10
    assert_close(gradients[1], gradients[0], rtol=1e-4, atol=1e-6 * max(1, gradients[0][0].item()))


def uncached(loss: Loss) -> Loss:
    return getattr(loss, "uncached", loss)


def test_a_readers_own_loss_is_trained():
    @dataclass(frozen=True, eq=False)
    class Pulled(Loss):
        scale: float = 2.0
        inputs = TRIPLETS
        axes = ("triplet",)

        def define(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Terms:
            return Terms((anchor - positive).square(), self.scale * (anchor - positive).square().sum(-1))

    module = for_trainer(Pulled(), tiny.model())
    module(*features(module.model, entry_of(TripletLoss))).backward()
    assert module.model.get_parameter("0.model.embeddings.word_embeddings.weight").grad.any()


def test_triplets_for_angle():
    module = for_trainer(AnglELoss(), tiny.model())
    given, _ = features(module.model, entry_of(TripletLoss))
    expected = theirs.AnglELoss(module.model)([dict(each) for each in given], None)
    assert_close(module(given), expected, rtol=1e-5, atol=0)


WRONG = {
    "a model first": (lambda: for_trainer(tiny.model(), ContrastiveLoss()), "loss: expected one of ContrastiveLoss, "),
    "no model": (lambda: for_trainer(ContrastiveLoss(), None), "model: expected a torch.nn.Module, got NoneType"),
    "no row at a time": (
        lambda: for_trainer(ContrastiveLoss(), tiny.model(), mini_batch_size=0),
        "mini_batch_size: expected a whole number of at least 1 or None, got 0",
    ),
    "labels missing": (
        lambda: for_trainer(ContrastiveLoss(), Given())([{"sentence_embedding": torch.ones(2, 3)}] * 2),
        "labels: expected the arguments (anchor, other, labels), got only 2 of them",
    ),
    "a column too many": (
        lambda: for_trainer(ContrastiveTensionLossInBatchNegatives(), Given())(
            [{"sentence_embedding": torch.ones(2, 3)}] * 3
        ),
        "arguments: expected (first, second), got 3 arguments",
    ),
    "tokens": (
        lambda: for_trainer(MultipleNegativesRankingLoss(), Given())([{"sentence_embedding": torch.ones(2, 4, 3)}] * 2),
        "anchor: expected embeddings of shape (B, d) (token embeddings are pooled first",
    ),
}


@pytest.mark.parametrize(("ask", "text"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(ask, text):
    with pytest.raises(ValueError) as caught:
        ask()
    assert str(caught.value).startswith(text)


def test_unchecked_an_embedding_that_overflowed_is_the_scalers_to_see():
    overflowed = torch.full((2, 3), torch.inf, requires_grad=True)
    given = [{"sentence_embedding": overflowed}, {"sentence_embedding": torch.ones(2, 3)}]
    value = for_trainer(MultipleNegativesRankingLoss(), Given(), check=False)(given)
    value.backward()
    assert not value.isfinite() and not overflowed.grad.isfinite().all()
    with pytest.raises(ValueError, match=r"^anchor: expected finite numbers, got inf at \[0, 0\]$"):
        for_trainer(MultipleNegativesRankingLoss(), Given())(given)
