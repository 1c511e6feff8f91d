"""BatchHardTripletLoss: a batch worked by hand, a naive loop, the article's code, sentence-transformers at exact ties,
pytorch-metric-learning."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner
from pytorch_metric_learning.reducers import MeanReducer
from torch.testing import assert_close

from lossviz.catalogue import entry
from lossviz.losses import BatchHardTripletLoss
from tests.losses import batches as make
from tests.losses import naive
from tests.losses.batches import SWEEP, value_and_gradients
from tests.losses.naive import on_a_line, tensor
from tests.losses.peers import manhattan_square, peer
from tests.losses.test_labelled_pairs import worked_out

LABELLED_SENTENCES = BatchHardTripletLoss.inputs


def by_loop(square, labels, margin):
    """(values, hardest positive, hardest negative) of every anchor; None where the labels allow no such sentence."""
    values, to_positives, to_negatives = [], [], []
    for anchor, row in enumerate(square):
        positives = [row[j] for j in range(len(row)) if labels[j] == labels[anchor] and j != anchor]
        negatives = [row[j] for j in range(len(row)) if labels[j] != labels[anchor]]
        to_positives.append(max(positives) if positives else None)
        to_negatives.append(min(negatives) if negatives else None)
        to_negative = min(negatives) if negatives else min(row) + max(row)
        values.append(max(0.0, max([*positives, 0.0]) - to_negative + margin) / len(square))
    return values, to_positives, to_negatives


def articles_code(square, labels, margin):
    alike = labels[None, :] == labels[:, None]
    positive = alike & ~torch.eye(len(labels), dtype=torch.bool)
    hardest_positive = (positive.double() * square).max(1, keepdim=True).values
    beyond = square + square.max(1, keepdim=True).values * (1 - (~alike).double())
    hardest_negative = beyond.min(1, keepdim=True).values
    return torch.relu(hardest_positive - hardest_negative + margin).mean()


# --- by hand ---------------------------------------------------------------------------------------------------------

PLACES, LABELS = [0.0, 1.0, 4.0, 2.0, 6.0, 9.0], [0, 0, 0, 1, 1, 2]


def test_worked_by_hand():
    loss, tensors = BatchHardTripletLoss(margin=1.0), (on_a_line(PLACES), torch.tensor(LABELS))
    terms = loss.terms(*tensors)
    # Anchor 0: positives at 1 and 4, negatives at 2, 6 and 9. Anchor 5 has no positive: it is its own, at 0.
    assert terms.chosen["hardest positive"].tolist() == [2, 2, 0, 4, 3, 5]
    assert terms.chosen["hardest negative"].tolist() == [3, 3, 3, 1, 2, 4]
    # 4 − 2 + 1, 3 − 1 + 1, 4 − 2 + 1, 4 − 1 + 1, 4 − 2 + 1, 0 − 3 + 1
    assert_close(terms.values, tensor([3, 3, 3, 4, 3, 0]) / 6, rtol=1e-15, atol=0)
    assert terms.active.tolist() == [True] * 5 + [False]
    assert terms.valid.tolist() == [True] * 5 + [False]
    assert terms.thresholds == {"margin": 1}
    assert terms.matrix[0].tolist() == PLACES
    _, (gradient,) = value_and_gradients(loss, tensors)
    # In sixths, one triplet a line: on a line of points d(a, p) grows by 1 as its right end moves right, and so on.
    #  a=0: 4 − 0 − (2 − 0), a=1: 4 − 1 − (2 − 1), a=2: 4 − 0 − (4 − 2), a=3: 6 − 2 − (2 − 1), a=4: 6 − 2 − (6 − 4)
    pulls = [[0, 0, 1, -1, 0, 0], [0, 0, 1, -1, 0, 0], [-1, 0, 0, 1, 0, 0], [0, 1, 0, -2, 1, 0], [0, 0, 1, -1, 0, 0]]
    assert_close(gradient.flatten() * 6, tensor(pulls).sum(0), rtol=1e-12, atol=1e-12)


def test_defaults():
    assert BatchHardTripletLoss().parameters() == {"margin": 5.0, "distance": "euclidean"}


DEGENERATE = {
    "one row": ([3.0], [0]),
    "one class": ([0.0, 1.0, 4.0], [7, 7, 7]),
    "one class, all coincident": ([2.0, 2.0, 2.0], [1, 1, 1]),
    "two classes, all coincident": ([2.0] * 4, [0, 0, 1, 1]),
    "every sentence a class": ([0.0, 1.0, 3.0], [0, 1, 2]),
    "a single negative, the farthest": ([0.0, 1.0, 5.0], [0, 0, 1]),
    "a single negative, the nearest": ([0.0, 5.0, 1.0], [0, 0, 1]),
    "one of each": ([0.0, 3.0], [0, 1]),
    "duplicates": ([0.0, 0.0, 2.0, 2.0, 3.0], [0, 0, 1, 1, 1]),
}


@pytest.mark.parametrize(("places", "labels"), DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_batches_are_sentence_transformers(places, labels):
    loss, tensors = BatchHardTripletLoss(), (on_a_line(places), torch.tensor(labels))
    value, (gradient,) = value_and_gradients(loss, tensors)
    assert_close(value, peer(loss)(*tensors), rtol=1e-14, atol=0)
    assert_close(value.item(), sum(by_loop(loss.terms(*tensors).matrix.tolist(), labels, 5.0)[0]))
    assert torch.isfinite(gradient).all()
    assert loss.terms(*tensors).active.any() or not gradient.any()


@pytest.mark.parametrize("distance", ("cosine", "euclidean", "manhattan"))
def test_one_class_costs_the_margin_and_moves_nothing(distance):
    (rows, _), loss = LABELLED_SENTENCES.example(6, 4), BatchHardTripletLoss(distance=distance)
    value, (gradient,) = value_and_gradients(loss, (rows, torch.zeros(6)))
    assert value.item() == pytest.approx(5, abs=1e-15 if distance != "cosine" else 1e-14)
    assert not gradient.any()


# --- loops -----------------------------------------------------------------------------------------------------------

parameters = st.fixed_dictionaries(
    {"margin": st.floats(0, 9), "distance": st.sampled_from(("cosine", "euclidean", "manhattan"))}
)


@SWEEP
@given(make.batches(LABELLED_SENTENCES, sizes=(1, 10)), parameters)
def test_naive_loop(tensors, given_parameters):
    rows, labels = tensors
    square = [[naive.distance(given_parameters["distance"], x, y) for y in rows.tolist()] for x in rows.tolist()]
    values, *_ = by_loop(square, labels.tolist(), given_parameters["margin"])
    assert_close(
        BatchHardTripletLoss(**given_parameters).terms(*tensors).values, tensor(values), rtol=1e-10, atol=1e-10
    )


@SWEEP
@given(
    sentences=st.lists(st.tuples(st.sampled_from((0.0, 1.0, 2.0, 3.5)), st.integers(0, 2)), min_size=1, max_size=9),
    margin=st.sampled_from((0.0, 0.5, 1.0, 5.0)),
)
def test_choices_and_masks_at_exact_ties(sentences, margin):
    places, labels = map(list, zip(*sentences, strict=True))
    loss, tensors = BatchHardTripletLoss(margin), (on_a_line(places), torch.tensor(labels))
    terms = loss.terms(*tensors)
    square = [[abs(x - y) for y in places] for x in places]
    assert terms.matrix.tolist() == square
    values, to_positives, to_negatives = by_loop(square, labels, margin)
    assert_close(terms.values, tensor(values), rtol=1e-15, atol=1e-15)
    for anchor, (to_positive, to_negative) in enumerate(zip(to_positives, to_negatives, strict=True)):
        assert terms.valid[anchor] == (to_positive is not None and to_negative is not None)
        assert terms.active[anchor] == (to_negative is not None and values[anchor] > 0)
        for role, mask, wanted in (
            ("hardest positive", terms.positive, to_positive),
            ("hardest negative", terms.negative, to_negative),
        ):
            choice = terms.chosen[role][anchor].item()
            if wanted is None:
                assert choice == anchor
            else:
                assert mask[anchor, choice] and square[anchor][choice] == wanted
    assert_close(terms.loss, peer(loss, distance_metric=manhattan_square)(*tensors), rtol=1e-14, atol=1e-14)
    assert_close(terms.loss, articles_code(tensor(square), torch.tensor(labels), margin), rtol=1e-14, atol=1e-14)


def test_labels_are_names_and_are_never_rounded():
    """In float32 both labels would be one number, and 1e300 and 2e300 both infinity."""
    rows = on_a_line([0.0, 1.0]).float()
    for one, other in ((0.1 + 0.2, 0.3), (2**24 + 1.0, 2.0**24), (1e300, 2e300)):
        for each in (rows, rows.half()):
            assert BatchHardTripletLoss(5.0)(each, tensor([one, other])) == 4
            assert BatchHardTripletLoss(5.0)(each, tensor([one, one])) == 5


# --- pytorch-metric-learning -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", (1, 2))
@pytest.mark.parametrize("seed", range(4))
def test_pytorch_metric_learning_where_every_anchor_has_both(seed, p):
    tensors = LABELLED_SENTENCES.example(9, 4, seed)
    distance = LpDistance(normalize_embeddings=False, p=p)
    reducer = MeanReducer()  # over all anchors; by default the library averages the active ones alone
    theirs = TripletMarginLoss(margin=5.0, distance=distance, reducer=reducer)
    miner = BatchHardMiner(distance=distance)
    ours = BatchHardTripletLoss(distance={1: "manhattan", 2: "euclidean"}[p])
    value, (gradient,) = value_and_gradients(ours, tensors)
    expected = value_and_gradients(ours, tensors, lambda rows, labels: theirs(rows, labels, miner(rows, labels)))
    assert_close(value, expected[0], rtol=1e-12, atol=0)
    assert_close(gradient, expected[1][0], rtol=1e-10, atol=1e-12)


# --- the catalogue's formula of a term -------------------------------------------------------------------------------


def test_term_formulas_give_the_values():
    loss, tensors = BatchHardTripletLoss(margin=1.0), (on_a_line(PLACES), torch.tensor(LABELS))
    terms = loss.terms(*tensors)
    formula = entry(loss).term(loss)["triplet"]
    for anchor in terms.active.nonzero().flatten().tolist():
        to = {name: terms.matrix[anchor, chosen[anchor]].item() for name, chosen in terms.chosen.items()}
        numbers = {"d_ap": to["hardest positive"], "d_an": to["hardest negative"], "margin": 1.0, "B": 6}
        assert_close(worked_out(formula, numbers), terms.values[anchor].item())
