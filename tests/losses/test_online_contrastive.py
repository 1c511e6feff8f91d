"""OnlineContrastiveLoss: a batch worked by hand, the article's code, and sentence-transformers at exact ties."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from lossviz.catalogue import entry
from lossviz.losses import OnlineContrastiveLoss
from tests.losses.batches import SWEEP, value_and_gradients
from tests.losses.naive import first_coordinate, on_a_line, tensor, worked_out
from tests.losses.peers import peer


def at(distances, labels, margin=0.5):
    """The loss, and its arguments, at exactly these distances."""
    given_distances = on_a_line(distances)
    return OnlineContrastiveLoss(margin, first_coordinate), (given_distances, 0 * given_distances, tensor(labels))


def articles_code(distances, labels, margin):
    """The article's, with sentence-transformers 6.2's rule for a side that is empty."""
    negs, poss = distances[labels == 0], distances[labels == 1]
    negative_pairs = negs[negs < (poss.max() if len(poss) > 0 else negs.mean())]
    positive_pairs = poss[poss > (negs.min() if len(negs) > 0 else poss.mean())]
    return positive_pairs.pow(2).sum() + F.relu(margin - negative_pairs).pow(2).sum()


def test_worked_by_hand():
    loss, tensors = at([0.25, 0.5, 0.75, 0.5, 0.625, 1.0, 0.75], [1, 1, 1, 0, 0, 0, 0], margin=0.75)
    terms = loss.terms(*tensors)
    # The nearest negative is at ½: of the positives only ¾ lies beyond it. The farthest positive is at ¾: the
    # negatives at ½ and ⅝ lie within; that at ¾ exactly does not.
    assert terms.values.tolist() == [0, 0, 0.5625, 0.0625, 0.015625, 0, 0]
    assert terms.active.tolist() == [False, False, True, True, True, False, False]
    assert terms.positive.tolist() == [True] * 3 + [False] * 4
    assert torch.equal(terms.negative, ~terms.positive)
    assert terms.valid.all() and terms.chosen == {}
    assert terms.thresholds == {"margin": 0.75, "farthest_positive": 0.75, "nearest_negative": 0.5}
    assert terms.loss == 0.640625
    _, (gradient, _) = value_and_gradients(loss, tensors)
    assert gradient.flatten().tolist() == [0, 0, 1.5, -0.5, -0.25, 0, 0]


def test_defaults():
    assert OnlineContrastiveLoss().settings() == {"margin": 0.5, "distance": "cosine"}


QUARTERS = [0.0, 0.25, 0.5, 0.75, 1.0]
DEGENERATE = {
    "one positive": ([0.5], [1]),
    "one negative": ([0.25], [0]),
    "positives alone": ([0.25, 0.5, 0.75, 1.0], [1, 1, 1, 1]),
    "positives alone, all alike": ([0.5, 0.5, 0.5], [1, 1, 1]),
    "negatives alone": ([0.0, 0.25, 0.5, 0.25], [0, 0, 0, 0]),
    "negatives alone, all alike": ([0.25, 0.25], [0, 0]),
    "a single positive": ([0.5, 0.25, 0.5, 1.0], [1, 0, 0, 0]),
    "a single negative": ([0.5, 0.25, 0.5, 1.0], [0, 1, 1, 1]),
    "all coincident": ([0.0] * 4, [1, 0, 1, 0]),
    "all at one distance": ([0.25] * 4, [1, 0, 1, 0]),
    "separated": ([0.0, 0.25, 0.5, 0.75], [1, 1, 0, 0]),
    "reversed": ([0.5, 0.75, 0.0, 0.25], [1, 1, 0, 0]),
}


@pytest.mark.parametrize(("distances", "labels"), DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_batches_are_sentence_transformers(distances, labels):
    loss, tensors = at(distances, labels)
    value, gradients = value_and_gradients(loss, tensors)
    expected, expected_gradients = value_and_gradients(loss, tensors, peer(loss))
    assert value == expected == articles_code(tensor(distances), tensor(labels), 0.5)
    assert all(map(torch.equal, gradients, expected_gradients))


def test_the_degenerate_batches_are_not_all_nothing():
    values = {name: (lambda loss, tensors: loss(*tensors).item())(*at(*each)) for name, each in DEGENERATE.items()}
    assert values["positives alone"] == 0.75**2 + 1  # beyond their mean, 0.625
    assert values["negatives alone"] == 0.25  # below their mean, 0.25: the pair at 0 alone
    assert values["a single positive"] == 0.25 + 0.0625
    assert values["separated"] == values["all coincident"] - 0 == 0


@SWEEP
@given(
    pairs=st.lists(st.tuples(st.sampled_from(QUARTERS), st.sampled_from((0, 1))), min_size=1, max_size=12),
    margin=st.sampled_from((0.0, 0.5, 0.75, 2.0)),
)
def test_at_exact_ties_it_is_sentence_transformers_and_the_article(pairs, margin):
    distances, labels = map(list, zip(*pairs, strict=True))
    loss, tensors = at(distances, labels, margin)
    value, gradients = value_and_gradients(loss, tensors)
    expected, expected_gradients = value_and_gradients(loss, tensors, peer(loss))
    assert value == expected == articles_code(tensor(distances), tensor(labels), margin)
    assert all(map(torch.equal, gradients, expected_gradients))
    terms = loss.terms(*tensors)
    positives, negatives = ([d for d, label in pairs if label == side] for side in (1, 0))
    for (d, label), active in zip(pairs, terms.active.tolist(), strict=True):
        if label:
            assert active == (d > (min(negatives) if negatives else sum(positives) / len(positives)))
        else:
            hard = d < (max(positives) if positives else sum(negatives) / len(negatives))
            assert active == (hard and d < margin)


def test_term_formulas_give_the_values():
    loss, tensors = at([0.25, 0.5, 0.75, 0.5, 0.625, 1.0], [1, 1, 1, 0, 0, 0], margin=0.75)
    terms = loss.terms(*tensors)
    formulas = entry(OnlineContrastiveLoss()).term(loss)
    for pair in terms.active.nonzero().flatten().tolist():
        formula = formulas["positive" if terms.positive[pair] else "negative"]
        found = worked_out(formula, {"d": terms.matrix[pair].item(), "margin": loss.margin})
        assert_close(found, terms.values[pair].item())
