"""TripletLoss: a batch worked by hand, a naive loop, torch's own loss, pytorch-metric-learning."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.reducers import MeanReducer
from torch.testing import assert_close

from lossviz.catalogue import entry
from lossviz.losses import TripletLoss
from tests.losses import batches as make
from tests.losses import naive
from tests.losses.batches import SWEEP, value_and_gradients
from tests.losses.naive import on_a_line, tensor, worked_out

TRIPLETS = TripletLoss.inputs


def batch():
    """On a line: anchors at 0, positives at 1, 2, 5, 1 and negatives at 3, 3, 1, 0."""
    return on_a_line([0.0] * 4), on_a_line([1.0, 2, 5, 1]), on_a_line([3.0, 3, 1, 0])


def test_worked_by_hand():
    terms = TripletLoss(triplet_margin=2.0).terms(*batch())
    assert terms.matrix.tolist() == [[1, 3], [2, 3], [5, 1], [1, 0]]
    # 1 − 3 + 2 = 0: at the margin, and no term any more. 2 − 3 + 2, 5 − 1 + 2, 1 − 0 + 2.
    assert (4 * terms.values).tolist() == [0, 1, 6, 3]
    assert terms.active.tolist() == [False, True, True, True] and terms.valid.all()
    assert terms.positive.tolist() == [[True, False]] * 4 and terms.negative.tolist() == [[False, True]] * 4
    assert terms.thresholds == {"margin": 2} and terms.chosen == {}
    _, gradients = value_and_gradients(TripletLoss(triplet_margin=2.0), batch())
    # The anchor on its negative has no direction away from it.
    assert [(4 * each).flatten().tolist() for each in gradients] == [[0, 0, 0, -1], [0, 1, 1, 1], [0, -1, -1, 0]]


def test_defaults():
    assert TripletLoss().settings() == {"triplet_margin": 5.0, "distance": "euclidean"}


parameters = st.fixed_dictionaries(
    {"triplet_margin": st.floats(0, 9), "distance": st.sampled_from(("cosine", "euclidean", "manhattan"))}
)


@SWEEP
@given(make.batches(TRIPLETS), parameters)
def test_naive_loop(tensors, given_parameters):
    name, margin = given_parameters["distance"], given_parameters["triplet_margin"]
    values = [
        max(0.0, naive.distance(name, a, p) - naive.distance(name, a, n) + margin) / len(tensors[0])
        for a, p, n in zip(*(each.tolist() for each in tensors), strict=True)
    ]
    assert_close(TripletLoss(**given_parameters).terms(*tensors).values, tensor(values), rtol=1e-9, atol=1e-9)


TORCH = {
    "cosine": lambda x, y: 1 - F.cosine_similarity(x, y),
    "euclidean": torch.nn.PairwiseDistance(eps=0),
    "manhattan": torch.nn.PairwiseDistance(p=1, eps=0),
}


@pytest.mark.parametrize("distance", TORCH)
@pytest.mark.parametrize("seed", range(4))
def test_torchs_own_loss(seed, distance):
    for margin in (0.1, 5.0):
        tensors, ours = TRIPLETS.example(8, 4, seed), TripletLoss(margin, distance)
        theirs = torch.nn.TripletMarginWithDistanceLoss(distance_function=TORCH[distance], margin=margin)
        value, gradients = value_and_gradients(ours, tensors)
        expected, expected_gradients = value_and_gradients(ours, tensors, theirs)
        assert_close(value, expected, rtol=1e-12, atol=1e-15)
        assert_close(gradients, expected_gradients, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("p", (1, 2))
def test_pytorch_metric_learning_on_the_same_triplets(p):
    ours = TripletLoss(0.8, {1: "manhattan", 2: "euclidean"}[p])
    tensors, index = TRIPLETS.example(8, 4), torch.arange(8)
    theirs = TripletMarginLoss(0.8, distance=LpDistance(normalize_embeddings=False, p=p), reducer=MeanReducer())
    indices = (index, index + 8, index + 16)
    value, gradients = value_and_gradients(ours, tensors)
    expected = value_and_gradients(ours, tensors, lambda *rows: theirs(torch.cat(rows), torch.zeros(24), indices))
    assert_close(value, expected[0], rtol=1e-12, atol=0)
    assert_close(gradients, expected[1], rtol=1e-10, atol=1e-12)


def test_positive_and_negative_are_not_interchangeable():
    """sentence-transformers 5.1 had the sign of the Euclidean distance inverted."""
    anchor, near, far = on_a_line([0.0]), on_a_line([1.0]), on_a_line([9.0])
    assert TripletLoss(2.0)(anchor, near, far) == 0
    assert TripletLoss(2.0)(anchor, far, near) == 10


@pytest.mark.parametrize("margin, active", [(1e-9, True), (1e-13, False), (5e-324, False)])
def test_what_costs_too_little_to_be_seen_is_not_active(margin, active):
    terms = TripletLoss(margin).terms(on_a_line([0.0, 0]), on_a_line([1.0, 0]), on_a_line([1.0, 9]))
    assert terms.active.tolist() == [active, False]


def test_term_formulas_give_the_values():
    loss = TripletLoss(triplet_margin=2.0)
    terms = loss.terms(*batch())
    for triplet in terms.active.nonzero().flatten().tolist():
        to_positive, to_negative = terms.matrix[triplet].tolist()
        numbers = {"d_ap": to_positive, "d_an": to_negative, "triplet_margin": 2.0, "B": 4}
        assert_close(worked_out(entry(loss).term(loss)["triplet"], numbers), terms.values[triplet].item())
