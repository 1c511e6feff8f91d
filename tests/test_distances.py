"""Distances against torch, against naive loops, and against what a distance must be."""

import inspect
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.distances import CosineSimilarity, LpDistance
from torch.testing import assert_close

from lossviz import distances
from lossviz.distances import SHORTEST, cosine, cosine_similarity, euclidean, manhattan, pairwise, safe_sqrt, unit
from tests.losses.batches import DOUBLE, SWEEP, leaves

NAMES = ("cosine", "euclidean", "manhattan")
every_distance = pytest.mark.parametrize("name", NAMES)


def tensor(values):
    return torch.tensor(values, dtype=DOUBLE)


def gradients(function, *rows):
    rows = leaves(rows)
    return torch.autograd.grad(function(*rows).sum(), rows)


@st.composite
def points(draw, count, spreads=(1e-3, 1.0, 1e3)):
    """Sets of rows of one dimension; some rows zero, some rows in two sets."""
    batch, dimension = draw(st.integers(1, 8)), draw(st.integers(1, 16))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    rows = draw(st.sampled_from(spreads)) * torch.randn(count, batch, dimension, generator=generator, dtype=DOUBLE)
    if draw(st.booleans()):
        rows[-1, ::2] = rows[0, ::2]
    if draw(st.booleans()):
        rows[0, ::3] = 0
    return tuple(rows)


# --- the same numbers as torch, pytorch-metric-learning and a loop ---------------------------------------------------


def naive(name, x, y):
    if name == "euclidean":
        return math.dist(x, y)
    if name == "manhattan":
        return sum(abs(a - b) for a, b in zip(x, y, strict=True))
    lengths = math.hypot(*x) * math.hypot(*y)
    return 1 - sum(a * b for a, b in zip(x, y, strict=True)) / lengths if lengths else 1.0


TORCH = {
    "cosine": lambda x, y: 1 - F.cosine_similarity(x.unsqueeze(-2), y.unsqueeze(-3), dim=-1),
    "euclidean": lambda x, y: torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist"),
    "manhattan": lambda x, y: torch.cdist(x, y, p=1),
}
METRIC_LEARNING = {
    "cosine": lambda x, y: 1 - CosineSimilarity()(x, y),
    "euclidean": LpDistance(normalize_embeddings=False, p=2),
    "manhattan": LpDistance(normalize_embeddings=False, p=1),
}


@every_distance
@SWEEP
@given(rows=points(2))
def test_pairwise_is_the_peers(name, rows):
    ours = pairwise(name, *rows)
    assert_close(ours, TORCH[name](*rows), rtol=1e-12, atol=1e-12)
    assert_close(ours, METRIC_LEARNING[name](*rows), rtol=1e-12, atol=1e-12)


@every_distance
@SWEEP
@given(rows=points(2))
def test_paired_is_a_naive_loop_and_the_diagonal_of_pairwise(name, rows):
    x, y = rows
    ours = distances.paired(name)(x, y)
    expected = tensor([naive(name, *each) for each in zip(x.tolist(), y.tolist(), strict=True)])
    assert_close(ours, expected, rtol=1e-12, atol=1e-12)
    # A square of cosines goes through a product of matrices: the same numbers but for rounding.
    assert_close(ours, pairwise(name, x, y).diagonal(), rtol=0, atol=2e-15 if name == "cosine" else 0)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ([3.0, 4.0], [0.0, 0.0], {"cosine": 1, "euclidean": 5, "manhattan": 7}),
        ([1.0, 0.0], [0.0, 2.0], {"cosine": 1, "euclidean": 5**0.5, "manhattan": 3}),
        ([1.0, 0.0], [3.0, 0.0], {"cosine": 0, "euclidean": 2, "manhattan": 2}),
        ([2.0, 0.0], [-1.0, 0.0], {"cosine": 2, "euclidean": 3, "manhattan": 3}),
        ([1.0, 1.0], [1.0, 0.0], {"cosine": 1 - 0.5**0.5, "euclidean": 1, "manhattan": 1}),
        ([0.0, 0.0], [0.0, 0.0], {"cosine": 1, "euclidean": 0, "manhattan": 0}),
    ],
)
def test_by_hand(x, y, expected):
    ours = {name: distances.paired(name)(tensor(x), tensor(y)).item() for name in NAMES}
    assert ours == pytest.approx(expected, abs=1e-15)


@every_distance
def test_leading_dimensions_are_a_loop(name):
    x, y = torch.randn(2, 3, 4, 5, dtype=DOUBLE), torch.randn(2, 3, 6, 5, dtype=DOUBLE)
    together = pairwise(name, x, y)
    assert together.shape == (2, 3, 4, 6)
    for i, j in ((0, 0), (1, 2)):
        assert_close(together[i, j], pairwise(name, x[i, j], y[i, j]))


# --- what a distance must be -----------------------------------------------------------------------------------------


@every_distance
@SWEEP
@given(rows=points(2))
def test_symmetric_and_not_negative(name, rows):
    x, y = rows
    distance, ours = distances.paired(name), pairwise(name, x, y)
    assert torch.equal(distance(x, y), distance(y, x))
    assert distance(x, y).min() >= 0
    assert_close(ours, pairwise(name, y, x).mT, rtol=0, atol=2e-15 if name == "cosine" else 0)
    assert ours.min() >= (-2e-15 if name == "cosine" else 0)


@pytest.mark.parametrize("name", ("euclidean", "manhattan"))
@SWEEP
@given(rows=points(3))
def test_triangle_inequality(name, rows):
    x, y, z = rows
    distance = distances.paired(name)
    assert (distance(x, z) <= (distance(x, y) + distance(y, z)) * (1 + 1e-14)).all()


@pytest.mark.parametrize("name", ("euclidean", "manhattan"))
@SWEEP
@given(rows=points(2), scale=st.sampled_from((-2.0, 0.5, 1e-10, 1e10)))
def test_scales_with_the_points_and_ignores_where_they_are(name, rows, scale):
    x, y = rows
    distance = distances.paired(name)
    assert_close(distance(scale * x, scale * y), abs(scale) * distance(x, y), rtol=1e-12, atol=0)
    assert_close(distance(x + 1, y + 1), distance(x, y), rtol=1e-10, atol=1e-12)


@SWEEP
@given(rows=points(2), scale=st.sampled_from((1e-8, 1e-3, 0.5, 7.0, 1e10)))
def test_cosine_ignores_length_and_knows_direction(rows, scale):
    x, y = rows
    assert_close(cosine_similarity(scale * x, y), cosine_similarity(x, y), rtol=0, atol=1e-14)
    assert_close(cosine_similarity(-x, y), -cosine_similarity(x, y), rtol=0, atol=2e-15)
    assert cosine(x, y).max() <= 2 + 1e-15
    assert cosine_similarity(x, y).abs().max() <= 1 + 1e-15
    assert_close(cosine_similarity(x, y), 1 - cosine(x, y), rtol=0, atol=0)
    dots = [
        sum(a * b for a, b in zip(*each, strict=True)) for each in zip(unit(x).tolist(), unit(y).tolist(), strict=True)
    ]
    assert_close(cosine_similarity(x, y), tensor(dots), rtol=0, atol=2e-15)


@pytest.mark.parametrize("scale", (1e-10, 1e-5, 1e5, 1e10))
def test_cosine_of_unit_rows_at_any_scale(scale):
    x, y = F.normalize(torch.randn(2, 5, 4, dtype=DOUBLE, generator=torch.Generator().manual_seed(0)), dim=-1)
    assert_close(cosine_similarity(scale * x, y / scale), cosine_similarity(x, y), rtol=0, atol=1e-14)


# --- gradients -------------------------------------------------------------------------------------------------------


@every_distance
def test_gradient_is_the_slope(name):
    x, y = torch.randn(2, 4, 3, dtype=DOUBLE, generator=torch.Generator().manual_seed(2))
    assert torch.autograd.gradcheck(distances.paired(name), leaves((x, y)))
    assert torch.autograd.gradcheck(lambda x, y: pairwise(name, x, y), leaves((x, y)))


@pytest.mark.parametrize("distance", (euclidean, manhattan))
def test_coincident_points_have_no_gradient_and_do_not_spoil_the_others(distance):
    x, y = tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([[1.0, 2.0], [3.0, 5.0]])
    for gradient, away in zip(gradients(distance, x, y), (-1, 1), strict=True):
        assert gradient.tolist() == [[0, 0], [0, away]]


def test_coincident_rows_have_cosine_zero_and_no_gradient():
    for dtype in (DOUBLE, torch.float32):
        x = torch.randn(50, 7, dtype=dtype, generator=torch.Generator().manual_seed(3))
        assert not cosine(x, x.clone()).any()
        assert not any(each.any() for each in gradients(cosine, x, x.clone()))
        assert cosine(x, 2 * x).abs().max() == 0  # a power of two: the same direction to the last bit


def test_nearly_coincident_rows_have_the_cosine_distance_of_half_the_squared_angle():
    """1 − cos would round all of these to 0 or to 1e-16."""
    for angle in (1e-3, 1e-6, 1e-9, 1e-12):
        x, y = tensor([[1.0, 0.0]]), tensor([[math.cos(angle), math.sin(angle)]])
        assert cosine(x, y).item() == pytest.approx(2 * math.sin(angle / 2) ** 2, rel=1e-9)


def test_zero_rows_have_no_cosine_gradient_and_give_none():
    x, y = tensor([[0.0, 0.0], [1.0, 0.0]]), tensor([[1.0, 2.0], [0.0, 2.0]])
    assert cosine_similarity(x, y).tolist() == [0, 0]
    for gradient, other in zip(gradients(cosine_similarity, x, y), ([0, 1], [0.5, 0]), strict=True):
        assert gradient.tolist() == [[0, 0], other]


def test_the_shortest_row_is_torchs():
    assert SHORTEST == inspect.signature(F.normalize).parameters["eps"].default


@pytest.mark.parametrize("dtype", (torch.float64, torch.float32))
def test_the_shortest_row_with_a_direction(dtype):
    for length, expected in ((SHORTEST / 2, 0), (SHORTEST * 0.999, 0), (SHORTEST * 1.001, 1), (SHORTEST * 2, 1)):
        x, y = torch.tensor([length, 0.0], dtype=dtype), torch.tensor([1.0, 1.0], dtype=dtype)
        assert unit(x).tolist() == [expected, 0]
        gradient, _ = gradients(cosine_similarity, x, y)
        assert torch.isfinite(gradient).all() and gradient[1].item() == pytest.approx(expected * 0.5**0.5 / length)


@pytest.mark.parametrize(("x", "root", "slope"), [(0.0, 0, 0), (4.0, 2, 0.25), (1e-300, 1e-150, 5e149), (1.0, 1, 0.5)])
def test_safe_sqrt(x, root, slope):
    (gradient,) = gradients(safe_sqrt, tensor(x))
    assert safe_sqrt(tensor(x)).item() == pytest.approx(root)
    assert gradient.item() == pytest.approx(slope)


# --- very large and very small ---------------------------------------------------------------------------------------


LARGE = [(1e200, DOUBLE), (1e300, DOUBLE), (1e20, torch.float32), (1e37, torch.float32)]


@every_distance
@pytest.mark.parametrize(("scale", "dtype"), LARGE)
def test_no_overflow_where_the_distance_itself_is_representable(scale, dtype, name):
    x, y = torch.randn(2, 5, 4, dtype=dtype, generator=torch.Generator().manual_seed(4))
    factor = 1 if name == "cosine" else scale
    ours = distances.paired(name)
    assert_close(ours(scale * x, scale * y) / factor, ours(x, y), rtol=1e-5, atol=1e-6)
    for gradient, expected in zip(gradients(ours, scale * x, scale * y), gradients(ours, x, y), strict=True):
        assert_close(gradient * (scale / factor), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scale", (1e-20, 1e-200, 1e-300))
def test_no_underflow_of_euclidean(scale):
    x, y = tensor([[3.0, 0.0]]) * scale, tensor([[0.0, 4.0]]) * scale
    assert_close(euclidean(x, y) / scale, tensor([5.0]))
    gradient, _ = gradients(euclidean, x, y)
    assert_close(gradient, tensor([[0.6, -0.8]]))


def test_the_smallest_number_there_is():
    x, y = tensor([[5e-324, 0.0]]), tensor([[0.0, 0.0]])
    assert euclidean(x, y).tolist() == manhattan(x, y).tolist() == [5e-324]
    assert all(torch.isfinite(each).all() for each in gradients(euclidean, x, y))


def test_an_overflowing_difference_is_not_hidden():
    """The loss refuses such a batch by its value: so the value must not look like a number."""
    x = tensor([[1e308, 0.0]])
    assert not torch.isfinite(euclidean(x, -x)).any()
    assert not torch.isfinite(manhattan(x, -x)).any()


# --- names -----------------------------------------------------------------------------------------------------------


def test_names():
    assert {name: distances.paired(name) for name in NAMES} == distances.NAMED
    assert (distances.paired("cosine"), distances.paired("euclidean")) == (cosine, euclidean)
    assert distances.paired("manhattan") is manhattan
    assert distances.paired(torch.dist) is torch.dist


@pytest.mark.parametrize("unknown", ("Cosine", "", "l2", None, 2, ["cosine"], {}))
def test_unknown_names(unknown):
    with pytest.raises(ValueError) as caught:
        distances.paired(unknown)
    expected = "one of cosine, euclidean, manhattan or a function of two tensors"
    assert str(caught.value) == f"distance: expected {expected}, got {unknown!r}"
