"""Ours for a loss of sentence-transformers: settings kept, what has no counterpart named."""

import inspect
import warnings

import pytest
import torch
from sentence_transformers import util
from sentence_transformers.sentence_transformer import losses as theirs
from torch import nn
from torch.testing import assert_close

from lossviz.catalogue import ENTRIES
from lossviz.losses import AnglELoss, CachedMultipleNegativesRankingLoss, ContrastiveLoss, Loss
from lossviz.training import from_sentence_transformers
from tests.losses.batches import every_loss, example, value_and_gradients
from tests.losses.peers import Given, as_the_peer_says, peer, peer_module, softmax_module
from tests.training import tiny

every_entry = pytest.mark.parametrize("known", ENTRIES, ids=lambda known: known.loss.__name__)


@pytest.mark.parametrize("family", ["cross_encoder", "sparse_encoder"])
def test_a_loss_of_another_kind_of_model_is_refused(family):
    kind = type("MultipleNegativesRankingLoss", (torch.nn.Module,), {})
    kind.__module__ = f"sentence_transformers.{family}.losses.multiple_negatives_ranking"
    with pytest.raises(ValueError, match=f"^loss: expected a loss of a SentenceTransformer, .*{family[:5]}"):
        from_sentence_transformers(kind())


def module_of(loss: Loss) -> nn.Module:
    return softmax_module(loss) if hasattr(loss, "weight") else peer_module(loss, Given())


@every_loss
def test_settings_are_kept(variant):
    loss = variant()
    if loss.inputs.name == "labelled_sentences" and loss.distance == "manhattan":
        return  # theirs has none: see below
    found = from_sentence_transformers(module_of(loss))
    assert type(found) is type(loss)
    for name, value in loss.settings().items():
        if isinstance(value, torch.Tensor):
            assert_close(found.settings()[name].detach(), value)
        elif not callable(value):
            assert found.settings()[name] == (pytest.approx(value) if name == "scale" else value)
    tensors = example(loss)
    if "encode" not in loss.settings():
        assert_close(found(*tensors), loss(*tensors), rtol=1e-6, atol=0)  # their scale is learned in float32


@every_entry
def test_whatever_theirs_takes_is_ours_or_named(known):
    taken = set(inspect.signature(getattr(theirs, known.loss.__name__).__init__).parameters) - {"self", "model"}
    if "kwargs" in taken:  # a decorated one
        taken = set(inspect.signature(inspect.unwrap(getattr(theirs, known.loss.__name__))).parameters) - {"model"}
    ours = set(as_the_peer_says(known, known.default().settings()))
    assert taken == ours | set(known.peer.only_theirs) | set(known.peer.more)


def test_a_classifier_is_the_very_one():
    module = theirs.SoftmaxLoss(Given(), embedding_dimension=5, num_labels=3)
    loss = from_sentence_transformers(module)
    assert loss.weight is module.classifier.weight and loss.bias is module.classifier.bias


def test_a_learned_scale_is_the_very_one():
    scale = nn.Parameter(torch.tensor(20.0))
    assert from_sentence_transformers(theirs.MultipleNegativesRankingLoss(Given(), scale=scale)).scale is scale


def test_what_theirs_has_merged_is_found_by_its_name():
    model = tiny.model()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated there
        module = theirs.CachedMultipleNegativesSymmetricRankingLoss(model, mini_batch_size=4)
    loss = from_sentence_transformers(module)
    assert type(loss) is CachedMultipleNegativesRankingLoss
    assert (loss.partition_mode, loss.mini_batch_size) == ("per_direction", 4)
    texts = tiny.dataset(loss.inputs, 6)
    features = [model.preprocess(texts[name]) for name in ("anchor", "positive")]
    assert_close(loss(*features), module([dict(each) for each in features], None), rtol=1e-5, atol=0)


def test_a_function_of_ones_own_comes_along():
    def halved(x, y):
        return (x - y).norm(dim=-1) / 2

    module = theirs.ContrastiveLoss(Given(), distance_metric=halved)
    tensors = example(ContrastiveLoss())
    ours, expected = from_sentence_transformers(module), peer(ContrastiveLoss(), distance_metric=halved)
    for one, other in zip(
        value_and_gradients(ours, tensors), value_and_gradients(ours, tensors, expected), strict=True
    ):
        assert_close(one, other)


# --- what has no counterpart -----------------------------------------------------------------------------------------

REFUSED = {
    "another reduction": (
        lambda: theirs.CosineSimilarityLoss(Given(), loss_fct=nn.MSELoss(reduction="sum")),
        "loss_fct: expected MSELoss(reduction='mean'), all that lossviz's CosineSimilarityLoss has, "
        "got MSELoss(reduction='sum')",
    ),
    "a transformed cosine": (
        lambda: theirs.CosineSimilarityLoss(Given(), cos_score_transformation=nn.Sigmoid()),
        "cos_score_transformation: expected Identity(), ",
    ),
    "smoothed classes": (
        lambda: theirs.SoftmaxLoss(Given(), 5, 3, loss_fct=nn.CrossEntropyLoss(label_smoothing=0.1)),
        "loss_fct: expected CrossEntropyLoss(",
    ),
    "weights of classes": (
        lambda: theirs.SoftmaxLoss(Given(), 5, 3, loss_fct=nn.CrossEntropyLoss(weight=torch.ones(3))),
        "loss_fct: expected CrossEntropyLoss(",
    ),
    "another similarity": (
        lambda: theirs.CoSENTLoss(Given(), similarity_fct=util.pairwise_dot_score),
        "similarity_fct: expected pairwise_cos_sim, all that lossviz's CoSENTLoss has, got pairwise_dot_score",
    ),
    "a distance of all rows at once": (
        lambda: theirs.BatchHardTripletLoss(Given(), distance_metric=lambda rows: torch.cdist(rows, rows)),
        "distance_metric: expected one that BatchHardTripletLoss comes with (give distance a function of two tensors)",
    ),
    "a loss that is not here": (lambda: theirs.MarginMSELoss(Given()), "loss: expected one of ContrastiveLoss, "),
    "a loss of one's own": (
        lambda: type("Mine", (theirs.ContrastiveLoss,), {})(Given()),
        "loss: expected a loss of sentence-transformers as it is, not one derived from it, got Mine",
    ),
    "no loss": (lambda: nn.Linear(2, 2), "loss: expected a loss of sentence-transformers as it is"),
}


@pytest.mark.parametrize(("make", "text"), REFUSED.values(), ids=REFUSED)
def test_what_would_change_a_number_is_refused(make, text):
    with pytest.raises(ValueError) as caught:
        from_sentence_transformers(make())
    assert str(caught.value).startswith(text)


ASIDE = {
    "gather_across_devices": (True, "give for_trainer gather=True"),
    "mini_batch_num_tokens": (100, "mini-batches are counted in rows, mini_batch_size"),
    "show_progress_bar": (True, "there is no bar"),
}


@pytest.mark.parametrize("name", ASIDE)
def test_what_changes_no_number_is_warned_of(name):
    value, instead = ASIDE[name]
    module = theirs.CachedMultipleNegativesRankingLoss(Given(), **{name: value})
    with pytest.warns(UserWarning, match=f"^{name}={value} has no counterpart in lossviz: {instead}$"):
        from_sentence_transformers(module)


def test_angle_of_triplets_is_theirs():
    """An anchor with its positive scores 1, with each negative 0."""
    rows = torch.randn(4, 6, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for count in (3, 4):
        given = tuple(rows[:count])

        def expected(*each):
            return theirs.AnglELoss(Given()).compute_loss_from_embeddings(list(each), None)

        at = tuple(each.clone().requires_grad_() for each in given)
        found = torch.autograd.grad(AnglELoss()(*at), at)
        assert_close(found, torch.autograd.grad(expected(*at), at), rtol=1e-8, atol=1e-10)
        assert_close(AnglELoss()(*given), expected(*given), rtol=1e-9, atol=0)
        assert_close(AnglELoss().terms(*given).loss, expected(*given), rtol=1e-9, atol=0)
    with pytest.raises(ValueError, match=r"^negative: expected the shape of anchor, \(6, 8\), got shape \(5, 8\)$"):
        AnglELoss()(*rows[:2], rows[2, :5])
