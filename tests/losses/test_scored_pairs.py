"""The losses of scored pairs: batches worked by hand, naive loops, torch's own losses, exact comparisons of scores."""

import cmath
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from lossviz.catalogue import entry
from lossviz.losses import AnglELoss, CoSENTLoss, CosineSimilarityLoss
from tests.losses import batches as make
from tests.losses import naive
from tests.losses.batches import DOUBLE, SWEEP, value_and_gradients
from tests.losses.naive import tensor, worked_out

SCORED_PAIRS = CosineSimilarityLoss.inputs
in_order = pytest.mark.parametrize("kind", (CoSENTLoss, AnglELoss), ids=lambda kind: kind.__name__)
FIRST, SECOND = tensor([[3.0, 0], [0, 2], [1, 0]]), tensor([[1.0, 0], [5, 0], [-2, 0]])  # cosines 1, 0, −1


# --- cosine similarity -----------------------------------------------------------------------------------------------


def test_cosine_similarity_by_hand():
    terms = CosineSimilarityLoss().terms(FIRST, SECOND, tensor([1.0, 0.5, 1.0]))
    assert terms.matrix.tolist() == [1, 0, -1]
    assert_close(terms.values, tensor([0, 0.25, 4]) / 3)
    assert terms.active.tolist() == [False, True, True] and terms.valid.all()
    assert terms.positive.tolist() == [True] * 3 and terms.negative.tolist() == [False, True, False]
    _, (gradient, _) = value_and_gradients(CosineSimilarityLoss(), (FIRST, SECOND, tensor([1.0, 0.5, 1.0])))
    # Of (0, 2) and (5, 0): −2 · ½ / 3 towards the second, across a length of 2. Along ±(1, 0) the cosine is at an end.
    assert_close(gradient, tensor([[0, 0], [-1 / 6, 0], [0, 0]]), rtol=1e-12, atol=1e-15)


@SWEEP
@given(make.batches(SCORED_PAIRS))
def test_cosine_similarity_is_a_loop_and_torchs_mean_squared_error(tensors):
    first, second, scores = tensors
    terms = CosineSimilarityLoss().terms(*tensors)
    cosines = [1 - naive.distance("cosine", x, y) for x, y in zip(first.tolist(), second.tolist(), strict=True)]
    expected = [(s - y) ** 2 / len(cosines) for s, y in zip(cosines, scores.tolist(), strict=True)]
    assert_close(terms.values, tensor(expected), rtol=1e-9, atol=1e-12)
    assert_close(terms.loss, F.mse_loss(F.cosine_similarity(first, second), scores), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("score", (-3.0, 2.0, 7.25))
def test_a_score_out_of_reach_is_allowed_and_never_reached(score):
    value, gradients = value_and_gradients(CosineSimilarityLoss(), (FIRST, SECOND, torch.full((3,), score)))
    assert value >= (abs(score) - 1) ** 2 - 1e-12 and all(torch.isfinite(each).all() for each in gradients)


def test_a_score_that_overflows_is_named():
    with pytest.raises(ValueError, match=r"^scores: expected a size at which CosineSimilarityLoss fits into float64"):
        CosineSimilarityLoss()(FIRST, SECOND, tensor([1.0, 1e200, 0]))


# --- in order --------------------------------------------------------------------------------------------------------


def similarity(kind, x, y):
    """The cosine; or |the sum of the parts of x · y̅ as complex numbers, real plus imaginary|."""
    if kind is CoSENTLoss:
        return 1 - naive.distance("cosine", x, y)
    lengths = math.hypot(*x) * math.hypot(*y)
    if not lengths:
        return 0.0
    x, y = ([*each, 0.0] if len(each) % 2 else each for each in (x, y))
    half = len(x) // 2
    product = sum(complex(x[i], x[i + half]) * complex(y[i], y[i + half]).conjugate() / lengths for i in range(half))
    return abs(product.real + product.imag)


def by_loop(kind, first, second, scores, scale):
    """(the loss, {(lower, higher): what it adds})"""
    found = [similarity(kind, x, y) for x, y in zip(first.tolist(), second.tolist(), strict=True)]
    places = range(len(found))
    gaps = {
        (low, high): scale * (found[low] - found[high])
        for low in places
        for high in places
        if scores[low].item() < scores[high].item()
    }
    top = max([0.0, *gaps.values()])
    loss = top + math.log(math.exp(-top) + sum(math.exp(gap - top) for gap in gaps.values()))
    total = sum(math.exp(gap - top) for gap in gaps.values())
    return loss, {place: loss * math.exp(gap - top) / total if total else 0.0 for place, gap in gaps.items()}


@in_order
@SWEEP
@given(tensors=make.batches(CoSENTLoss.inputs, sizes=(1, 10)), scale=st.floats(0.5, 60))
def test_in_order_is_a_loop(kind, tensors, scale):
    loss = kind(scale)
    terms = loss.terms(*tensors)
    value, values = by_loop(kind, *tensors, scale)
    assert terms.loss.item() == pytest.approx(value, rel=1e-9, abs=1e-12)
    assert {tuple(each) for each in terms.valid.nonzero().tolist()} == values.keys()
    for place, share in values.items():
        assert terms.values[place].item() == pytest.approx(share, rel=1e-7, abs=1e-12)
    assert_close(terms.values.sum(), terms.loss, rtol=1e-9, atol=1e-15)
    assert terms.thresholds["the_1"].item() == pytest.approx(math.exp(-value))


@in_order
def test_in_order_by_the_formula_and_in_gradient(kind):
    """A softmax over all orders and the 1; asked of torch in its plain form."""
    tensors = SCORED_PAIRS.example(6, 4)

    def plain(first, second, scores):
        if kind is CoSENTLoss:
            found = F.cosine_similarity(first, second)
        else:
            x, y = (torch.complex(*F.normalize(each).chunk(2, -1)) for each in (first, second))
            product = (x * y.conj()).sum(-1)
            found = (product.real + product.imag).abs()
        low, high = (scores[:, None] < scores[None, :]).nonzero().unbind(-1)
        return torch.cat([torch.zeros(1, dtype=DOUBLE), 20 * (found[low] - found[high])]).logsumexp(0)

    value, gradients = value_and_gradients(kind(), tensors)
    expected, expected_gradients = value_and_gradients(kind(), tensors, plain)
    assert_close(value, expected, rtol=1e-12, atol=0)
    assert_close(gradients, expected_gradients, rtol=1e-9, atol=1e-12)


@in_order
@pytest.mark.parametrize("dtype", (DOUBLE, torch.float32, torch.float16), ids=str)
def test_scores_are_compared_exactly_in_their_own_dtype(kind, dtype):
    """0.1 + 0.2 ranks above 0.3, also where the embeddings' dtype cannot tell them apart."""
    first, second = FIRST[:2].to(dtype), SECOND[:2].to(dtype)
    for one, other in ((0.3, 0.1 + 0.2), (2.0**24, 2.0**24 + 1), (1e300, 2e300)):
        assert kind().terms(first, second, tensor([one, other])).valid.nonzero().tolist() == [[0, 1]]
        assert not kind().terms(first, second, tensor([one, one])).valid.any()


@in_order
def test_without_an_order_there_is_nothing_to_learn(kind):
    for scores in (tensor([0.5, 0.5, 0.5]), torch.ones(3, dtype=torch.bool)):
        terms = kind().terms(FIRST, SECOND, scores)
        value, gradients = value_and_gradients(kind(), (FIRST, SECOND, scores))
        assert value == terms.loss == 0 and not terms.valid.any() and not terms.active.any()
        assert terms.thresholds["the_1"] == 1
        assert not any(each.any() for each in gradients)


@in_order
@pytest.mark.parametrize("dtype", (DOUBLE, torch.float32, torch.float16, torch.bfloat16), ids=str)
@pytest.mark.parametrize("scale", (20.0, 40, 45, 60, 90, 400, 1e4))
def test_an_order_all_wrong_costs_its_gap_at_any_scale(kind, dtype, scale):
    """ln(1 + e^x) is x for a large x: no scale lets the exponential overflow, or cuts the curve off."""
    first, second = torch.tensor([[1.0, 0], [1, 0]], dtype=dtype), torch.tensor([[1.0, 0], [0, 1]], dtype=dtype)
    if kind is AnglELoss:
        second[1, 0] = 1  # with (1, 0), (1, 1) scores |c + r| = 0
    value, gradients = value_and_gradients(kind(scale), (first, second, tensor([0.0, 1.0])))
    gap = scale * (similarity(kind, *[[1.0, 0]] * 2) - similarity(kind, [1.0, 0], second[1].tolist()))
    assert value.item() == pytest.approx(gap + math.log1p(math.exp(-gap)), rel=1e-6)
    assert all(torch.isfinite(each).all() for each in gradients)


def test_angle_in_two_dimensions_scores_1_at_0_and_at_180_degrees_and_peaks_at_root_2():
    angles = torch.arange(0, 360, 15, dtype=DOUBLE)
    around = torch.stack([torch.deg2rad(angles).cos(), torch.deg2rad(angles).sin()], -1)
    found = AnglELoss().terms(tensor([[1.0, 0.0]]).expand(24, 2), around, angles).matrix
    turned = [
        abs(cmath.exp(1j * math.radians(each)).real + s)
        for each, s in zip(angles.tolist(), (-around[:, 1]).tolist(), strict=True)
    ]
    assert_close(found, tensor(turned))
    assert found[0].item() == pytest.approx(1) == found[12].item()
    assert found.max().item() == pytest.approx(2**0.5) and found.min().item() == pytest.approx(0, abs=1e-15)
    assert {angles[i].item() for i in (found > 1.414).nonzero().flatten().tolist()} == {135, 315}


def test_an_odd_dimension_is_filled_up_with_a_zero():
    tensors = SCORED_PAIRS.example(6, 5)
    filled = (*(F.pad(each, (0, 1)) for each in tensors[:2]), tensors[2])
    assert_close(AnglELoss()(*tensors), AnglELoss()(*filled), rtol=1e-14, atol=0)


@in_order
@pytest.mark.parametrize("scale", (0.0, -20.0))
def test_any_finite_scale_is_a_loss(kind, scale):
    value, _ = by_loop(kind, *SCORED_PAIRS.example(6, 4), scale)
    assert kind(scale)(*SCORED_PAIRS.example(6, 4)).item() == pytest.approx(value)


# --- the catalogue's formula of a term -------------------------------------------------------------------------------


def test_the_formula_of_a_cosine():
    tensors = SCORED_PAIRS.example(4, 3)
    terms = CosineSimilarityLoss().terms(*tensors)
    formula = entry(CosineSimilarityLoss()).term(CosineSimilarityLoss())["pair"]
    for pair in range(4):
        numbers = {"s": terms.matrix[pair].item(), "y": tensors[2][pair].item(), "B": 4}
        assert_close(worked_out(formula, numbers), terms.values[pair].item())


@in_order
def test_the_formula_of_an_order(kind):
    loss = kind(scale=3.0)
    terms = loss.terms(*SCORED_PAIRS.example(5, 4))
    low, high = terms.valid.nonzero().unbind(-1)
    total = (3 * (terms.matrix[low] - terms.matrix[high])).exp().sum().item()
    for i, j in zip(low.tolist(), high.tolist(), strict=True):
        numbers = {"s_low": terms.matrix[i].item(), "s_high": terms.matrix[j].item()}
        numbers |= {"loss": terms.loss.item(), "sum": total, "scale": 3.0}
        assert_close(worked_out(entry(loss).term(loss)["order"], numbers), terms.values[i, j].item())
