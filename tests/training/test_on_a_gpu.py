"""The real trainer, a diagnosis and a watch on a CUDA device: what they say on the processor."""

import pytest
import torch
from sentence_transformers.util import batch_to_device
from torch import nn
from torch.testing import assert_close
from transformers import TrainerCallback

import lossviz
from lossviz.catalogue import ENTRIES
from lossviz.training import for_trainer
from lossviz.training.diagnosis import diagnose
from lossviz.training.watch import Watch
from tests.training import tiny
from tests.training.diagnosis.given import positive_pairs
from tests.training.test_trainer import (
    assert_trained_alike,
    entry_of,
    every_entry,
    features,
    their_module,
    trained,
)

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")]
RANKING = lossviz.MultipleNegativesRankingLoss
OF_ONE_ENCODER = [each for each in ENTRIES if not each.loss.inputs.twins]
of_one_encoder = pytest.mark.parametrize("known", OF_ONE_ENCODER, ids=lambda known: known.loss.__name__)
ON_IT = {"use_cpu": False}


@every_entry
def test_a_few_steps_with_every_loss_are_theirs(known):
    assert_trained_alike(known, 3, torch.float64, weights=1e-8, **ON_IT)


@pytest.mark.parametrize("half", ("fp16", "bf16"))
@every_entry
def test_half_precision_trains_as_theirs_does(known, half):
    """A scaler may skip other steps; the curves lie within 5 %, and the weights go the same way."""
    curves, moved = [], []
    for made in (lambda module, model: module, lambda module, model: for_trainer(module, model, check=False)):
        model = tiny.model()
        before = nn.utils.parameters_to_vector(model.parameters())
        curves.append(trained(made(their_module(known, model), model), model, known, 12, **ON_IT, **{half: True}))
        moved.append(nn.utils.parameters_to_vector(model.parameters()).cpu() - before)
        assert moved[-1].isfinite().all() and moved[-1].any()
    assert_close(torch.tensor(curves[1]), torch.tensor(curves[0]), rtol=0.05, atol=0.05)
    assert nn.functional.cosine_similarity(*moved, dim=0) > 0.5


@of_one_encoder
def test_mini_batches_change_nothing(known):
    gradients = []
    for size in (None, 3):
        model = tiny.model().double().cuda()
        loss = for_trainer(their_module(known, model), model, size).double().cuda()
        given, labels = features(model, known)
        columns = [batch_to_device(dict(column), "cuda") for column in given]
        loss(columns, None if labels is None else labels.cuda()).backward()
        gradients.append([each.grad for each in loss.parameters() if each.grad is not None])
    assert len(gradients[0]) > 10
    assert_close(gradients[1], gradients[0], rtol=1e-7, atol=1e-10)


def test_a_diagnosis_is_the_processors():
    said = []
    for device in ("cpu", "cuda"):
        model = tiny.model().double().to(device)
        before = torch.cuda.get_rng_state()
        report = diagnose(model, RANKING(), positive_pairs())
        assert torch.equal(torch.cuda.get_rng_state(), before)
        assert all(each.grad is None and each.device.type == device for each in model.parameters())
        said.append(report)
    assert [each.name for each in said[1].findings] == [each.name for each in said[0].findings]
    for on_gpu, on_cpu in zip(said[1].looks, said[0].looks, strict=True):
        assert on_gpu.measures() == pytest.approx(on_cpu.measures(), rel=1e-9)


@every_entry
def test_a_watch_changes_nothing_though_the_model_drops_out(known):
    curves = []
    for watched in (False, True):
        model = tiny.model()
        dropouts = [each for each in model.modules() if isinstance(each, nn.Dropout)]
        assert dropouts
        for each in dropouts:
            each.p = 0.3
        module = for_trainer(their_module(known, model), model)
        own = [Watch(module, tiny.dataset(known.loss.inputs), every=2)] if watched else []
        curves.append(trained(module, model, known, 6, callbacks=own, **ON_IT))
    assert curves[1] == pytest.approx(curves[0], rel=1e-5)  # other masks are far more
    assert [each.step for each in own[0].frames] == [0, 2, 4, 6]


class Steps(TrainerCallback):
    """Whether each step moved the weights."""

    def __init__(self, model):
        self.before, self.moved = nn.utils.parameters_to_vector(model.parameters()).cpu(), []

    def on_step_end(self, *_, model, **__):
        after = nn.utils.parameters_to_vector(model.parameters()).cpu()
        self.moved.append(not torch.equal(after, self.before))
        self.before = after


def test_a_step_that_overflows_is_skipped_and_the_next_is_made():
    """The scaler begins at 65,536; a loss that large has no fp16 gradient until it has halved itself."""
    model = tiny.model()
    module, steps = for_trainer(RANKING(scale=2000.0), model, check=False), Steps(model)
    curve = trained(module, model, entry_of(RANKING), 20, callbacks=[steps], fp16=True, **ON_IT)
    assert torch.tensor(curve).isfinite().all() and steps.before.isfinite().all()
    assert steps.moved[0] is False and steps.moved[-1] is True
