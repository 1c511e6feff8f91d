"""ContrastiveLoss: the numbers of a batch worked by hand, a naive loop, the article's code, other libraries."""

import math
import string

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import ContrastiveLoss as HingeContrastiveLoss
from pytorch_metric_learning.reducers import SumReducer
from torch.testing import assert_close

from lossviz.catalogue import entry
from lossviz.losses import ContrastiveLoss
from tests.losses import batches as make
from tests.losses.batches import DOUBLE, SWEEP, value_and_gradients
from tests.losses.naive import worked_out

LABELLED_PAIRS = ContrastiveLoss.inputs
parameters = st.fixed_dictionaries(
    {
        "margin": st.floats(0, 3),
        "distance": st.sampled_from(("cosine", "euclidean", "manhattan")),
        "size_average": st.booleans(),
    }
)


def tensor(values):
    return torch.tensor(values, dtype=DOUBLE)


# --- a batch worked by hand ------------------------------------------------------------------------------------------

ANCHOR = tensor([[3.0, 4.0], [0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
OTHER = tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, 2.0], [2.0, 0.0], [0.0, 3.0]])
LABELS = tensor([1, 1, 0, 0, 0, 0.25])
# Euclidean distances 5, 0, 1, 2, 0, 2; margin 2. The last pair is a quarter near and three quarters far.
TERMS = tensor([12.5, 0, 0.5, 0, 2, 0.5])


def by_hand(**changed):
    return ContrastiveLoss(**{"margin": 2.0, "distance": "euclidean", "size_average": False} | changed)


def test_worked_by_hand():
    terms = by_hand().terms(ANCHOR, OTHER, LABELS)
    assert terms.matrix.tolist() == [5, 0, 1, 2, 0, 2]
    assert terms.values.tolist() == TERMS.tolist()
    assert terms.positive.tolist() == [True, True, False, False, False, True]
    assert terms.negative.tolist() == [False, False, True, True, True, True]
    assert terms.valid.tolist() == [True] * 6
    # Not active: a positive pair at distance 0, and a negative pair at the margin.
    assert terms.active.tolist() == [True, False, True, False, True, True]
    assert terms.thresholds == {"margin": 2}
    assert terms.chosen == {}
    assert terms.loss == 15.5


def test_gradient_by_hand():
    _, (gradient, opposite) = value_and_gradients(by_hand(), (ANCHOR, OTHER, LABELS))
    # d along the line for a positive pair, −(margin − d) for a negative one; nothing at coincident points.
    assert gradient.tolist() == [[3, 4], [0, 0], [0, 1], [0, 0], [0, 0], [0, -0.5]]
    assert torch.equal(opposite, -gradient)


def test_size_average_divides_by_the_number_of_pairs():
    terms = by_hand(size_average=True).terms(ANCHOR, OTHER, LABELS)
    assert_close(terms.values, TERMS / 6)
    assert_close(terms.loss, TERMS.mean())


def test_defaults():
    assert ContrastiveLoss().settings() == {"margin": 0.5, "distance": "cosine", "size_average": True}


def test_a_negative_margin_leaves_every_negative_pair_alone():
    assert by_hand(margin=-1.0)(ANCHOR, OTHER, torch.zeros(6)) == 0


def test_a_distance_of_ones_own():
    def furthest_coordinate(x, y):
        return (x - y).abs().amax(-1)

    terms = by_hand(distance=furthest_coordinate).terms(ANCHOR, OTHER, LABELS)
    assert terms.matrix.tolist() == [4, 0, 1, 2, 0, 2]
    assert terms.loss == 11


# --- naive loops -----------------------------------------------------------------------------------------------------


def naive_distance(name, x, y):
    if name == "euclidean":
        return math.dist(x, y)
    if name == "manhattan":
        return sum(abs(a - b) for a, b in zip(x, y, strict=True))
    lengths = math.hypot(*x) * math.hypot(*y)
    return 1 - sum(a * b for a, b in zip(x, y, strict=True)) / lengths if lengths else 1.0


def naive_loss(anchor, other, labels, margin, distance, size_average):
    total = 0.0
    for x, y, label in zip(anchor.tolist(), other.tolist(), labels.tolist(), strict=True):
        d = naive_distance(distance, x, y)
        total += 0.5 * label * d**2
        if d < margin:
            total += 0.5 * (1 - label) * (margin - d) ** 2
    return total / len(labels) if size_average else total


@SWEEP
@given(make.batches(LABELLED_PAIRS), parameters)
def test_naive_loop(tensors, given_parameters):
    loss = ContrastiveLoss(**given_parameters)(*tensors)
    assert_close(loss.item(), naive_loss(*tensors, **given_parameters), rtol=1e-10, atol=1e-10)


@SWEEP
@given(make.batches(LABELLED_PAIRS), parameters)
def test_masks_by_loop(tensors, given_parameters):
    terms = ContrastiveLoss(**given_parameters).terms(*tensors)
    for pair, label in enumerate(tensors[-1].tolist()):
        assert terms.valid[pair]
        assert terms.positive[pair] == (label in (0.10009765625, 0.333984375, 0.5, 1))
        assert terms.negative[pair] == (label in (0, 0.10009765625, 0.333984375, 0.5))


@SWEEP
@given(
    distances=st.lists(st.sampled_from((0.0, 0.25, 0.5, 0.75, 1.0, 2.0)), min_size=1, max_size=8),
    seed=st.integers(0, 100),
    margin=st.sampled_from((0.0, 0.5, 1.0)),
)
def test_active_is_a_slope_of_the_loss_on_the_matrix(distances, seed, margin):
    """The distances themselves are moved a little, one by one, and the loss is asked again."""
    labels = torch.randint(2, (len(distances),), generator=torch.Generator().manual_seed(seed))
    rows = torch.zeros(2, len(distances), 1, dtype=DOUBLE)

    def loss_at(matrix):
        return ContrastiveLoss(margin, lambda x, y: matrix).terms(*rows, labels, check=False)

    matrix, h = tensor(distances), 1e-4
    for pair in range(len(distances)):
        moved = torch.zeros_like(matrix)
        moved[pair] = h
        slope = (loss_at(matrix + moved).loss - loss_at(matrix - moved).loss) / (2 * h)
        # Half a parabola, as at the hinge, has a central slope of h/4 where its slope is 0.
        assert loss_at(matrix).active[pair] == (abs(slope) * len(distances) > h)


# --- the article, and other libraries --------------------------------------------------------------------------------

ARTICLES_DISTANCE = {
    "cosine": lambda x, y: 1 - F.cosine_similarity(x, y),
    "euclidean": lambda x, y: F.pairwise_distance(x, y, p=2),
    "manhattan": lambda x, y: F.pairwise_distance(x, y, p=1),
}


def articles_code(anchor, other, labels, margin, distance, size_average):
    distances = ARTICLES_DISTANCE[distance](anchor, other)
    losses = 0.5 * (labels.float() * distances.pow(2) + (1 - labels).float() * F.relu(margin - distances).pow(2))
    return losses.mean() if size_average else losses.sum()


def articles_prose(anchor, other, labels, margin):
    """“d²(a, p) + max(margin − d²(a, n), 0)”"""
    squared = ARTICLES_DISTANCE["cosine"](anchor, other).square()
    return (labels * squared + (1 - labels) * F.relu(margin - squared)).sum()


@SWEEP
@given(make.batches(LABELLED_PAIRS, spreads=(1.0,)), parameters)
def test_articles_code(tensors, given_parameters):
    epsilon = 0 if given_parameters["distance"] == "cosine" else 1e-6  # pairwise_distance adds it to the difference
    anchor, other, labels = tensors
    ours = ContrastiveLoss(**given_parameters)(anchor + epsilon, other, labels)
    assert_close(ours, articles_code(*tensors, **given_parameters), rtol=1e-9, atol=1e-9)


def test_articles_prose_is_another_loss():
    """Its d² inside the hinge, and no ½: the code holds, and the book says so."""
    tensors = LABELLED_PAIRS.example()
    ours = ContrastiveLoss(size_average=False)(*tensors)
    assert abs(ours - articles_prose(*tensors, margin=0.5)) > 0.1


def in_metric_learning(loss, anchor, other, labels):
    """pytorch-metric-learning's loss on exactly these pairs."""
    index = torch.arange(len(labels))
    near, far = index[labels == 1], index[labels == 0]
    return loss(anchor, index, (near, near, far, far), ref_emb=other, ref_labels=index)


def test_pytorch_metric_learning_has_a_loss_of_the_same_name_that_is_not_squared():
    anchor, other, labels = LABELLED_PAIRS.example(batch=8, dimension=3)
    d = F.pairwise_distance(anchor, other, eps=0)
    theirs = HingeContrastiveLoss(
        pos_margin=0, neg_margin=2, distance=LpDistance(normalize_embeddings=False), reducer=SumReducer()
    )
    hinges = d[labels == 1].sum() + F.relu(2 - d[labels == 0]).sum()
    assert_close(in_metric_learning(theirs, anchor, other, labels), hinges)
    ours = ContrastiveLoss(margin=2.0, distance="euclidean", size_average=False)
    assert abs(ours(anchor, other, labels) - hinges) > 0.1


def test_positive_pairs_are_half_of_pytorch_metric_learnings_with_squared_distance():
    anchor, other, _ = LABELLED_PAIRS.example(batch=8, dimension=3)
    squared = LpDistance(normalize_embeddings=False, power=2)
    theirs = HingeContrastiveLoss(pos_margin=0, distance=squared, reducer=SumReducer())
    ours = ContrastiveLoss(distance="euclidean", size_average=False)
    near = torch.ones(8, dtype=DOUBLE)
    assert_close(ours(anchor, other, near), in_metric_learning(theirs, anchor, other, near) / 2)


# --- the catalogue's formula of a term -------------------------------------------------------------------------------


@pytest.mark.parametrize("size_average", (True, False))
def test_term_formulas_give_the_values(size_average):
    loss = by_hand(size_average=size_average)
    terms = loss.terms(ANCHOR[:5], OTHER[:5], LABELS[:5])
    formulas = entry(loss).term(loss)
    for pair in range(5):
        if terms.active[pair]:
            formula = formulas["positive" if terms.positive[pair] else "negative"]
            numbers = {"d": terms.matrix[pair].item(), "B": 5, "margin": loss.margin}
            assert {name for _, name, _, _ in string.Formatter().parse(formula) if name} <= numbers.keys()
            assert_close(worked_out(formula, numbers), terms.values[pair].item())
