"""The losses of labelled sentences: batches worked by hand, naive loops, sentence-transformers at exact ties,
pytorch-metric-learning."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import BatchHardMiner
from pytorch_metric_learning.reducers import AvgNonZeroReducer, MeanReducer
from torch.testing import assert_close

from lossviz.catalogue import ENTRIES, entry
from lossviz.losses import (
    BatchAllTripletLoss,
    BatchHardSoftMarginTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
)
from tests.losses import batches as make
from tests.losses import naive
from tests.losses.batches import SWEEP, value_and_gradients
from tests.losses.naive import on_a_line, tensor, worked_out
from tests.losses.peers import manhattan_square, peer

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
    assert terms.chosen["hardest_positive"].tolist() == [2, 2, 0, 4, 3, 5]
    assert terms.chosen["hardest_negative"].tolist() == [3, 3, 3, 1, 2, 4]
    # 4 − 2 + 1, 3 − 1 + 1, 4 − 2 + 1, 4 − 1 + 1, 4 − 2 + 1, 0 − 3 + 1
    assert_close(terms.values, tensor([3, 3, 3, 4, 3, 0]) / 6, rtol=1e-15, atol=0)
    assert terms.active.tolist() == [True] * 5 + [False]
    assert terms.valid.all()  # every anchor is a term, also the one that is its own positive
    assert terms.thresholds == {"margin": 1}
    assert terms.matrix[0].tolist() == PLACES
    _, (gradient,) = value_and_gradients(loss, tensors)
    # In sixths, one triplet a line: on a line of points d(a, p) grows by 1 as its right end moves right, and so on.
    #  a=0: 4 − 0 − (2 − 0), a=1: 4 − 1 − (2 − 1), a=2: 4 − 0 − (4 − 2), a=3: 6 − 2 − (2 − 1), a=4: 6 − 2 − (6 − 4)
    pulls = [[0, 0, 1, -1, 0, 0], [0, 0, 1, -1, 0, 0], [-1, 0, 0, 1, 0, 0], [0, 1, 0, -2, 1, 0], [0, 0, 1, -1, 0, 0]]
    assert_close(gradient.flatten() * 6, tensor(pulls).sum(0), rtol=1e-12, atol=1e-12)


def test_defaults():
    assert BatchHardTripletLoss().settings() == {"margin": 5.0, "distance": "euclidean"}


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
        assert terms.valid[anchor]
        assert terms.active[anchor] == (to_negative is not None and values[anchor] > 0)
        for role, mask, wanted in (
            ("hardest_positive", terms.positive, to_positive),
            ("hardest_negative", terms.negative, to_negative),
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


# --- the others of the family ----------------------------------------------------------------------------------------

FAMILY = [each.loss for each in ENTRIES if each.loss.inputs is LABELLED_SENTENCES]
every_one = pytest.mark.parametrize("family", FAMILY, ids=lambda each: each.__name__)


def with_margin(family, margin):
    return family() if family is BatchHardSoftMarginTripletLoss else family(margin)


def soft_by_loop(square, labels):
    """ln(1 + exp) of the gap that batch-hard's hinge would read."""
    values, *_ = by_loop(square, labels, 1e6)
    return [math.log1p(math.exp(value * len(square) - 1e6)) / len(square) for value in values]


def all_by_loop(square, labels, margin):
    """{(anchor, positive, negative): what it adds}"""
    every = range(len(square))
    costs = {
        (a, p, n): square[a][p] - square[a][n] + margin
        for a in every
        for p in every
        for n in every
        if a != p and labels[a] == labels[p] and labels[a] != labels[n]
    }
    counted = sum(cost > 1e-16 for cost in costs.values())
    return {place: max(0.0, cost) / max(1, counted) for place, cost in costs.items()}


def semi_hard_by_loop(square, labels, margin):
    """{(anchor, positive): (what it adds, the distance of its negative)}"""
    every, found = range(len(square)), {}
    pairs = [(a, p) for a in every for p in every if a != p and labels[a] == labels[p]]
    for a, p in pairs:
        negatives = [square[a][n] for n in every if labels[n] != labels[a]]
        beyond = [d for d in negatives if d > square[a][p]]
        to_negative = min(beyond) if beyond else max(negatives) if negatives else min(square[a])
        found[a, p] = max(0.0, square[a][p] - to_negative + margin) / len(pairs), to_negative
    return found


def values_by_loop(family, square, labels, margin):
    """The values where there are any, as {place: value}."""
    if family is BatchAllTripletLoss:
        return all_by_loop(square, labels, margin)
    if family is BatchSemiHardTripletLoss:
        return {place: value for place, (value, _) in semi_hard_by_loop(square, labels, margin).items()}
    soft = family is BatchHardSoftMarginTripletLoss
    values = soft_by_loop(square, labels) if soft else by_loop(square, labels, margin)[0]
    return {(anchor,): value for anchor, value in enumerate(values)}


def assert_values(terms, expected, tolerance):
    valid = {tuple(place) for place in terms.valid.nonzero().tolist()}
    assert valid == expected.keys()
    for place, value in expected.items():
        assert terms.values[place].item() == pytest.approx(value, rel=tolerance, abs=tolerance)
    assert terms.loss.item() == pytest.approx(sum(expected.values()), rel=tolerance, abs=tolerance)


@every_one
@SWEEP
@given(
    tensors=make.batches(LABELLED_SENTENCES, sizes=(1, 8), spreads=(1.0,)),
    distance=st.sampled_from(("euclidean", "manhattan")),
    margin=st.floats(0.5, 9),
)
def test_every_one_is_its_loop(family, tensors, distance, margin):
    rows, labels = tensors
    loss = with_margin(family, margin).changed(distance=distance)
    square = loss.terms(*tensors).matrix.tolist()
    assert_values(loss.terms(*tensors), values_by_loop(family, square, labels.tolist(), margin), 1e-9)


@every_one
@SWEEP
@given(
    sentences=st.lists(st.tuples(st.sampled_from((0.0, 1.0, 2.0, 3.5)), st.integers(0, 2)), min_size=1, max_size=8),
    margin=st.sampled_from((0.0, 0.5, 1.0, 5.0)),
)
def test_every_one_at_exact_ties_is_its_loop_and_sentence_transformers(family, sentences, margin):
    places, labels = map(list, zip(*sentences, strict=True))
    loss, tensors = with_margin(family, margin), (on_a_line(places), torch.tensor(labels))
    square = [[abs(x - y) for y in places] for x in places]
    terms = loss.terms(*tensors)
    assert_values(terms, values_by_loop(family, square, labels, margin), 1e-9)
    assert_close(terms.loss, peer(loss, distance_metric=manhattan_square)(*tensors), rtol=1e-9, atol=1e-9)
    if family is BatchSemiHardTripletLoss:
        for (anchor, positive), (value, to_negative) in semi_hard_by_loop(square, labels, margin).items():
            choice = terms.chosen["semi_hard_negative"][anchor, positive].item()
            assert square[anchor][choice] == to_negative
            assert terms.negative[anchor, choice] or (choice == anchor and not terms.negative[anchor].any())
            assert terms.active[anchor, positive] == (value > 0)
    if family is BatchAllTripletLoss:
        assert torch.equal(terms.active, terms.values > 0)


@every_one
@pytest.mark.parametrize(("places", "labels"), DEGENERATE.values(), ids=DEGENERATE)
def test_every_one_on_degenerate_batches_is_sentence_transformers(family, places, labels):
    loss, tensors = family(), (on_a_line(places), torch.tensor(labels))
    value, (gradient,) = value_and_gradients(loss, tensors)
    assert_close(value, peer(loss, distance_metric=manhattan_square)(*tensors), rtol=1e-9, atol=1e-12)
    assert torch.isfinite(gradient).all()


def test_batch_all_by_hand():
    loss, tensors = BatchAllTripletLoss(margin=1.0), (on_a_line([0.0, 1.0, 4.0, 2.0]), torch.tensor([0, 0, 0, 1]))
    terms = loss.terms(*tensors)
    # Against the negative at 2: from 0, 1 − 2 + 1 = 0 and 4 − 2 + 1 = 3; from 1, 1 − 1 + 1 = 1 and 3 − 1 + 1 = 3;
    # from 4, 4 − 2 + 1 = 3 and 3 − 2 + 1 = 2. The first is at its hinge and is not counted.
    costs = {(0, 1): 0, (0, 2): 3, (1, 0): 1, (1, 2): 3, (2, 0): 3, (2, 1): 2}
    assert {tuple(each) for each in terms.valid.nonzero().tolist()} == {(*each, 3) for each in costs}
    assert all(terms.values[(*each, 3)] == cost / 5 for each, cost in costs.items())
    assert terms.active.sum() == 5 and not terms.active[0, 1, 3]
    _, (gradient,) = value_and_gradients(loss, tensors)
    # In fifths: who is pulled and pushed along the line, a triplet a row (columns 0, 1, 4 and the negative at 2).
    pulls = [[0, 0, 1, -1], [-1, 2, 0, -1], [0, 0, 1, -1], [-1, 0, 0, 1], [0, -1, 0, 1]]
    assert_close(gradient.flatten() * 5, tensor(pulls).sum(0), rtol=1e-12, atol=1e-12)


def test_batch_all_jumps_up_when_a_triplet_turns_inactive():
    """One more triplet that costs nearly nothing lowers the mean; without it, the mean is higher."""
    labels = torch.tensor([0, 0, 1])
    costs_little, costs_nothing = (BatchAllTripletLoss(1.0)(on_a_line([0, 1, at]), labels) for at in (2 - 1e-6, 2.0))
    assert costs_nothing == 1 and costs_little == pytest.approx(0.5, abs=1e-5)


def test_soft_margin_is_half_a_pull_at_equality_and_never_none():
    loss = BatchHardSoftMarginTripletLoss()
    for gap, slope in ((0.0, 0.5), (-3.0, 1 / (1 + math.exp(3))), (30.0, 1.0)):
        # Anchor at 0, its positive at −10 and its negative at 10 − gap: from the anchor, d(a, p) − d(a, n) = gap.
        terms = loss.terms(on_a_line([0.0, -40.0, 40.0 - gap]).requires_grad_(), torch.tensor([0, 0, 1]))
        (gradient,) = torch.autograd.grad(3 * terms.values[0], terms.matrix)
        assert gradient[0, 1].item() == pytest.approx(slope, abs=1e-12) == -gradient[0, 2].item()


def test_semi_hard_by_hand():
    loss = BatchSemiHardTripletLoss(margin=1.0)
    terms = loss.terms(on_a_line([0.0, 3.0, 2.0, 3.5, 5.0]), torch.tensor([0, 0, 1, 1, 1]))
    # From 0 with its positive at 3, the nearest negative beyond is at 3.5, not the nearer one at 2: 3 − 3.5 + 1 = 0.5.
    assert (terms.chosen["semi_hard_negative"][0, 1], terms.values[0, 1]) == (3, 0.5 / 8)
    # From 3 with its positive at distance 3, all negatives are nearer: the farthest, at distance 2: 3 − 2 + 1 = 2.
    assert (terms.chosen["semi_hard_negative"][1, 0], terms.values[1, 0]) == (4, 2 / 8)
    assert terms.valid.sum() == 8 and terms.thresholds == {"margin": 1}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("margin", (0.3, 5.0))
def test_pytorch_metric_learnings_mean_over_active_triplets_is_batch_all(margin, seed):
    tensors = LABELLED_SENTENCES.example(9, 4, seed)
    distance = LpDistance(normalize_embeddings=False)
    theirs = TripletMarginLoss(margin=margin, distance=distance, reducer=AvgNonZeroReducer())
    value, (gradient,) = value_and_gradients(BatchAllTripletLoss(margin), tensors)
    expected, (expected_gradient,) = value_and_gradients(BatchAllTripletLoss(margin), tensors, theirs)
    assert_close(value, expected, rtol=1e-12, atol=0)
    assert_close(gradient, expected_gradient, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_pytorch_metric_learnings_smooth_loss_on_the_hardest_is_the_soft_margin(seed):
    tensors = LABELLED_SENTENCES.example(9, 4, seed)
    distance = LpDistance(normalize_embeddings=False)
    theirs = TripletMarginLoss(margin=0, smooth_loss=True, distance=distance, reducer=MeanReducer())
    miner = BatchHardMiner(distance=distance)
    ours = BatchHardSoftMarginTripletLoss()
    value, (gradient,) = value_and_gradients(ours, tensors)
    expected = value_and_gradients(ours, tensors, lambda rows, labels: theirs(rows, labels, miner(rows, labels)))
    assert_close(value, expected[0], rtol=1e-12, atol=0)
    assert_close(gradient, expected[1][0], rtol=1e-10, atol=1e-12)


@every_one
def test_every_ones_term_formula_gives_its_values(family):
    loss, tensors = with_margin(family, 1.0), (on_a_line(PLACES), torch.tensor(LABELS))
    terms = loss.terms(*tensors)
    formula = entry(loss).term(loss)["triplet"]
    for place in terms.active.nonzero().tolist():
        chosen = {role: each[tuple(place[: each.ndim])].item() for role, each in terms.chosen.items()}
        positive = chosen.get("hardest_positive", place[min(1, len(place) - 1)])
        negative = chosen.get("hardest_negative", chosen.get("semi_hard_negative", place[-1]))
        numbers = {
            "d_ap": terms.matrix[place[0], positive].item(),
            "d_an": terms.matrix[place[0], negative].item(),
            "margin": 1.0,
            "A": terms.active.sum().item(),
            "B": terms.valid.sum().item(),
        }
        assert_close(worked_out(formula, numbers), terms.values[tuple(place)].item())


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
        numbers = {"d_ap": to["hardest_positive"], "d_an": to["hardest_negative"], "margin": 1.0, "B": 6}
        assert_close(worked_out(formula, numbers), terms.values[anchor].item())


def test_term_formulas_of_semi_hard_divide_by_the_number_of_pairs():
    """Of an anchor with a positive: not by the number of sentences."""
    loss, tensors = BatchSemiHardTripletLoss(margin=1.0), (on_a_line(PLACES), torch.tensor(LABELS))
    terms, formula = loss.terms(*tensors), entry(loss).term(loss)["triplet"]
    assert terms.valid.sum() != len(PLACES)
    for anchor, positive in terms.active.nonzero().tolist():
        to = {name: terms.numbers[name][anchor, positive].item() for name in ("d_ap", "d_an")}
        numbers = to | {"margin": 1.0, "B": terms.valid.sum().item()}
        assert_close(worked_out(formula, numbers), terms.values[anchor, positive].item())
