"""The losses of unlabelled sentences: batches worked by hand, torch's own losses, another loss of this book."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.losses import NTXentLoss
from torch.testing import assert_close

from lossviz.catalogue import entry
from lossviz.losses import (
    ContrastiveTensionLoss,
    ContrastiveTensionLossInBatchNegatives,
    MultipleNegativesSymmetricRankingLoss,
)
from tests.losses import batches as make
from tests.losses.batches import DOUBLE, SWEEP, value_and_gradients
from tests.losses.naive import tensor, worked_out
from tests.losses.peers import peer

UNLABELLED_PAIRS, UNLABELLED = ContrastiveTensionLoss.inputs, ContrastiveTensionLossInBatchNegatives.inputs
FIRST, SECOND = tensor([[1.0, 2], [0, 1], [0, 0]]), tensor([[math.log(3), 0], [5, -math.log(3)], [7, 7]])


def test_contrastive_tension_by_hand():
    terms = ContrastiveTensionLoss().terms(FIRST, SECOND, torch.tensor([1, 0, 1]))
    assert_close(terms.matrix, tensor([math.log(3), -math.log(3), 0]))
    # ln(1 + 1/3) for a positive pair of ln 3 and a negative one of −ln 3; a zero row costs ln 2, as either.
    assert_close(terms.values, tensor([math.log(4 / 3), math.log(4 / 3), math.log(2)]))
    assert terms.positive.tolist() == [True, False, True] and torch.equal(terms.negative, ~terms.positive)
    assert terms.valid.all() and terms.active.all() and terms.chosen == terms.thresholds == {}
    _, (gradient, _) = value_and_gradients(ContrastiveTensionLoss(), (FIRST, SECOND, torch.tensor([1, 0, 1])))
    # What is missing to certainty, ¼ or ½, times the other row; it sums, and does not average.
    assert_close(gradient, tensor([-0.25, 0.25, -0.5])[:, None] * SECOND)


@SWEEP
@given(make.batches(UNLABELLED_PAIRS))
def test_contrastive_tension_is_torchs_binary_cross_entropy(tensors):
    def theirs(first, second, labels):
        return F.binary_cross_entropy_with_logits((first * second).sum(-1), labels, reduction="sum")

    value, gradients = value_and_gradients(ContrastiveTensionLoss(), tensors)
    expected, expected_gradients = value_and_gradients(ContrastiveTensionLoss(), tensors, theirs)
    assert_close(value, expected, rtol=1e-12, atol=1e-12)
    assert_close(gradients, expected_gradients, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", (DOUBLE, torch.float32, torch.float16, torch.bfloat16), ids=str)
@pytest.mark.parametrize("product", (0.0, 30, 44, 64, 90, 99, 144, 1e4))
def test_the_wrong_sign_costs_the_product_at_any_size(product, dtype):
    """Between 89 and 100 a softplus of float32 may overflow; from 20 on it may be cut off."""
    first, second = torch.tensor([[product]] * 2, dtype=dtype), torch.tensor([[-1.0], [1.0]], dtype=dtype)
    size = first[0].item()
    value, (gradient, _) = value_and_gradients(ContrastiveTensionLoss(), (first, second, torch.tensor([1, 0])))
    assert value.item() == pytest.approx(2 * (size + math.log1p(math.exp(-size))), rel=1e-6)
    assert gradient.flatten().tolist() == pytest.approx([1 / (1 + math.exp(-size))] * 2, rel=1e-2)


def test_length_counts():
    first, second = tensor([[1.0, 1]]), tensor([[1.0, 0]])
    near = torch.ones(1)
    longer, shorter = (ContrastiveTensionLoss()(k * first, second, near) for k in (4, 0.25))
    assert longer < shorter


# --- in the batch ----------------------------------------------------------------------------------------------------


def test_in_batch_by_hand():
    first, second = tensor([[2.0, 0], [0, 3]]), tensor([[1.0, 0], [5, 0]])
    loss = ContrastiveTensionLossInBatchNegatives(scale=math.log(2))
    terms = loss.terms(first, second)
    # Cosines 1 1 and 0 0: weights 2 2 and 1 1. Along the rows ½ and ½; down the columns ⅔ and ⅓.
    assert_close(terms.matrix / math.log(2), tensor([[1, 1], [0, 0]]))
    assert_close(terms.values, tensor([[2, 2], [1.5, 3]]).log() / 4)
    assert terms.positive.tolist() == [[True, False], [False, True]]
    assert terms.valid.all() and terms.active.all() and terms.chosen == terms.thresholds == {}


@SWEEP
@given(make.batches(UNLABELLED), st.floats(0.5, 60))
def test_in_batch_is_the_mean_of_two_cross_entropies(tensors, scale):
    def theirs(first, second):
        scores, index = scale * F.normalize(first) @ F.normalize(second).T, torch.arange(len(first))
        return (F.cross_entropy(scores, index) + F.cross_entropy(scores.T, index)) / 2

    assert_close(ContrastiveTensionLossInBatchNegatives(scale)(*tensors), theirs(*tensors), rtol=1e-9, atol=1e-9)


def test_in_batch_is_the_symmetric_ranking_loss_without_explicit_negatives():
    tensors = UNLABELLED.example(6, 4)
    ours, theirs = ContrastiveTensionLossInBatchNegatives(), MultipleNegativesSymmetricRankingLoss()
    value, gradients = value_and_gradients(ours, tensors)
    assert_close((value, gradients), value_and_gradients(theirs, tensors), rtol=1e-14, atol=1e-15)


def test_in_batch_is_pytorch_metric_learnings_both_ways():
    first, second = UNLABELLED.example(6, 4)
    index = torch.arange(6)
    theirs = NTXentLoss(temperature=1 / 20, distance=CosineSimilarity())
    there, back = (theirs(x, index, ref_emb=y, ref_labels=index.clone()) for x, y in ((first, second), (second, first)))
    assert_close(ContrastiveTensionLossInBatchNegatives()(first, second), (there + back) / 2, rtol=1e-12, atol=0)


def test_the_scale_is_learned_as_sentence_transformers_learns_its_logarithm():
    tensors = UNLABELLED.example(6, 4)
    scale = torch.tensor(7.0, dtype=DOUBLE, requires_grad=True)
    ContrastiveTensionLossInBatchNegatives(scale)(*tensors).backward()
    ask = peer(ContrastiveTensionLossInBatchNegatives(7.0))
    module = ask.__closure__[0].cell_contents
    ask(*tensors).backward()
    assert_close(7 * scale.grad, module.logit_scale.grad, rtol=1e-12, atol=0)


@pytest.mark.parametrize("scale", [0.0, -20.0])
def test_a_scale_that_is_not_positive_is_refused(scale):
    with pytest.raises(ValueError, match=f"^scale: expected a positive number, got {scale}$"):
        ContrastiveTensionLossInBatchNegatives(scale)(*UNLABELLED.example())


def test_one_sentence_alone_has_nothing_to_learn():
    value, gradients = value_and_gradients(ContrastiveTensionLossInBatchNegatives(), UNLABELLED.example(1, 3))
    assert value == 0 and max(each.abs().max() for each in gradients) < 1e-15


# --- the catalogue's formula of a term -------------------------------------------------------------------------------


def test_term_formulas_of_contrastive_tension():
    loss = ContrastiveTensionLoss()
    terms, formulas = loss.terms(FIRST, SECOND, torch.tensor([1, 0, 1])), entry(loss).term(loss)
    for pair, side in enumerate(("positive", "negative", "positive")):
        assert_close(worked_out(formulas[side], {"z": terms.matrix[pair].item()}), terms.values[pair].item())


def test_term_formulas_in_the_batch():
    """2B terms: B of each direction."""
    loss, tensors = ContrastiveTensionLossInBatchNegatives(), UNLABELLED.example(4, 3)
    terms = loss.terms(*tensors)
    shares = torch.stack([terms.matrix.softmax(-1).diagonal(), terms.matrix.softmax(-2).diagonal()])
    assert terms.valid.sum() == 8
    for place in terms.valid.nonzero().tolist():
        numbers = {"p": shares[tuple(place)].item(), "B": 2 * 4}
        assert_close(worked_out(entry(loss).term(loss)["anchor"], numbers), terms.values[tuple(place)].item())
