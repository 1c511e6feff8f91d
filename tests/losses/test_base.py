"""Loss and Terms, apart from any one loss: a reader's own dataclass, checks of parameters, half precision."""

import math
from dataclasses import FrozenInstanceError, dataclass, replace

import numpy as np
import pytest
import torch
from torch import Tensor

from lossviz.inputs import LABELLED_PAIRS, LABELLED_SENTENCES
from lossviz.losses import ContrastiveLoss, Loss, Terms
from lossviz.losses.base import scalar

ANCHOR, OTHER, LABELS = LABELLED_PAIRS.example()


@dataclass(frozen=True, eq=False)
class Scaled(Loss):
    """A reader's own loss: label times a scaled dot product, and its exponential where asked."""

    scale: float = 2.0
    exponential: bool = False
    inputs = LABELLED_PAIRS
    axes = ("pair",)

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        dot = scalar(self.scale, anchor) * (anchor * other).sum(-1)
        return Terms(dot, labels * (dot.exp() if self.exponential else dot))


def test_a_loss_of_ones_own_needs_no_more_than_its_definition():
    loss = Scaled(scale=3.0)
    expected = 3 * (ANCHOR * OTHER).sum(-1)[LABELS == 1].sum()
    torch.testing.assert_close(loss(ANCHOR, OTHER, LABELS), expected)
    assert loss.settings() == {"scale": 3.0, "exponential": False}
    assert loss.terms(ANCHOR, OTHER, LABELS).chosen == {}


def test_a_loss_is_frozen_and_is_itself():
    loss = Scaled()
    with pytest.raises(FrozenInstanceError):
        loss.scale = 1.0
    assert loss == loss and loss != Scaled()
    assert hash(loss) != hash(Scaled())


def test_a_loss_without_a_definition_says_so():
    @dataclass(frozen=True, eq=False)
    class Empty(Loss):
        inputs = LABELLED_PAIRS
        axes = ("pair",)

    with pytest.raises(NotImplementedError, match=r"Empty has no define\(\)"):
        Empty()(ANCHOR, OTHER, LABELS)


def test_parameters_are_checked_when_the_loss_is_asked_not_when_it_is_made():
    Scaled(scale=math.nan), ContrastiveLoss(distance="no such distance")


ANY_NUMBER = (float, np.float32, np.float64, torch.tensor)


@pytest.mark.parametrize("kind", ANY_NUMBER, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("bad", (math.nan, math.inf, -math.inf))
def test_parameters_that_are_not_finite_are_refused(bad, kind):
    with pytest.raises(ValueError, match=rf"^scale: expected (a finite number|finite numbers), got {bad}"):
        Scaled(scale=kind(bad))(ANCHOR, OTHER, LABELS)


@pytest.mark.parametrize("kind", ANY_NUMBER, ids=lambda kind: kind.__name__)
def test_parameters_may_be_any_kind_of_number(kind):
    assert Scaled(scale=kind(2.0))(ANCHOR, OTHER, LABELS) == Scaled()(ANCHOR, OTHER, LABELS)


def test_a_learned_parameter_gets_its_gradient_through_half_precision():
    scale = torch.tensor(2.0, requires_grad=True)
    loss = Scaled(scale)(ANCHOR.half(), OTHER.half(), LABELS)
    (gradient,) = torch.autograd.grad(loss, scale)
    torch.testing.assert_close(gradient, loss.detach() / 2)


@pytest.mark.parametrize(
    ("distance", "came"), [("cosin", "'cosin'"), (None, "None"), (["cosine"], r"\['cosine'\]"), (2, "2")]
)
def test_an_unknown_distance_is_refused(distance, came):
    expected = "one of cosine, euclidean, manhattan or a function of two tensors"
    for check in (True, False):
        with pytest.raises(ValueError, match=f"^distance: expected {expected}, got {came}$"):
            ContrastiveLoss(distance=distance)(ANCHOR, OTHER, LABELS, check=check)


# --- overflow --------------------------------------------------------------------------------------------------------


def size_refused(argument, kind, size):
    return pytest.raises(ValueError, match=rf"^{argument}: expected a size at which \w+ fits into {kind}, got {size}$")


def test_overflow_names_the_largest_argument():
    loss = ContrastiveLoss(distance="euclidean")
    with size_refused("other", "float32", r"2e\+25"):
        loss(1e5 * ANCHOR.float(), torch.full_like(OTHER, 2e25).float(), LABELS)
    with size_refused("anchor", "float64", r"1e\+200"):
        loss(torch.full_like(ANCHOR, -1e200), OTHER, LABELS)


@pytest.mark.parametrize("kind", (float, torch.tensor), ids=("float", "tensor"))
def test_overflow_names_a_parameter(kind):
    with size_refused("margin", "float32", r"1e\+30"):
        ContrastiveLoss(margin=kind(1e30))(ANCHOR.float(), OTHER.float(), LABELS)
    with size_refused("scale", "float32", r"3e\+03"):
        Scaled(kind(-3e3), exponential=True)(-ANCHOR.half().abs(), OTHER.half().abs(), LABELS)


def test_overflow_does_not_name_a_flag():
    class Infinite(Scaled):
        def define(self, *tensors):
            terms = super().define(*tensors)
            return replace(terms, loss=terms.values.sum(-1) / 0)

    with size_refused("other", "float64", "0.99.*"):
        Infinite(scale=0.5, exponential=True)(ANCHOR, OTHER, LABELS)


def test_overflow_of_one_leading_batch_is_refused():
    stacked = torch.stack([ANCHOR, 1e200 * ANCHOR])
    with size_refused("anchor", "float64", r"\d.*"):
        ContrastiveLoss(distance="euclidean").terms(stacked, OTHER.expand(2, -1, -1), LABELS.expand(2, -1))


def test_unchecked_overflow_is_not_hidden():
    loss = ContrastiveLoss(distance="euclidean")
    assert not torch.isfinite(loss(1e200 * ANCHOR, OTHER, LABELS, check=False))


# --- a loss of the wrong shape ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", (True, False), ids=("checked", "unchecked"))
@pytest.mark.parametrize("leading", ((), (1,)), ids=str)
def test_a_distance_that_keeps_its_dimension_is_refused(leading, check):
    def keeps_its_dimension(x, y):
        return (x - y).norm(dim=-1, keepdim=True)

    loss = ContrastiveLoss(distance=keeps_its_dimension)
    tensors = [each.expand(*leading, *each.shape) for each in (ANCHOR, OTHER, LABELS)]
    with pytest.raises(ValueError) as caught:
        loss.terms(*tensors, check=check)
    assert str(caught.value).startswith(f"distance: expected a loss of shape {leading}, got a loss of shape (")


def test_a_definition_that_does_not_sum_is_refused():
    class Unsummed(Scaled):
        def define(self, *tensors):
            terms = super().define(*tensors)
            return replace(terms, loss=terms.values)

    with pytest.raises(ValueError, match=r"^define: expected a loss of shape \(\), got a loss of shape \(6,\)$"):
        Unsummed()(ANCHOR, OTHER, LABELS)


# --- half precision --------------------------------------------------------------------------------------------------


def test_half_precision_is_computed_in_float32():
    """300² is past what float16 holds; the difference of the rows is exact."""
    anchor, other = torch.full((1, 2), 300.0).half(), torch.zeros(1, 2).half()
    loss = ContrastiveLoss(distance="euclidean")(anchor, other, torch.ones(1))
    assert loss.dtype == torch.float32 and loss == 90000


@pytest.mark.parametrize("dtype", (torch.float16, torch.bfloat16), ids=str)
def test_a_gradient_too_large_for_half_precision_is_infinite(dtype):
    anchor = torch.tensor([[1.0, -1.0, 0.0]], dtype=dtype, requires_grad=True)
    other = torch.tensor([[1.0, 1.0, -1.0]], dtype=dtype)
    loss = Scaled(scale=3.4e38)(anchor, other, torch.ones(1))
    (gradient,) = torch.autograd.grad(loss, anchor)
    assert gradient.dtype == dtype
    assert gradient.tolist() == [[math.inf, math.inf, -math.inf]]


def test_scalar_stands_beside_its_tensor():
    for dtype in (torch.float32, torch.float64):
        like = torch.zeros(3, dtype=dtype)
        assert scalar(0.5, like).dtype == dtype and scalar(0.5, like).shape == ()
        learned = torch.tensor(0.5, requires_grad=True)
        assert scalar(learned, like).dtype == dtype and scalar(learned, like).requires_grad


# --- what follows from a definition ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Narrow(Loss):
    """Its matrix is not what the labels speak of: two numbers a sentence."""

    inputs = LABELLED_SENTENCES
    axes = ("anchor",)

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        return Terms(embeddings[..., :2], embeddings.square().sum(-1))


def test_a_matrix_that_the_labels_do_not_fit_has_empty_masks():
    rows, labels = torch.randn(3, 4, dtype=torch.float64), torch.tensor([0, 0, 1])
    terms = Narrow().complete(rows, labels)
    assert terms.positive.shape == terms.negative.shape == terms.matrix.shape
    assert not terms.positive.any() and not terms.negative.any()


@dataclass(frozen=True, eq=False)
class TwoMargins(Narrow):
    inner_margin: float = 0.5
    margin: float = 0.2


@dataclass(frozen=True, eq=False)
class OtherMargins(Narrow):
    near_margin: float = 0.5
    far_margin: float = 0.2


def test_the_margin_is_the_setting_of_that_name():
    rows, labels = torch.randn(3, 4, dtype=torch.float64), torch.tensor([0, 0, 1])
    assert TwoMargins().complete(rows, labels).thresholds == {"margin": 0.2}
    assert OtherMargins().complete(rows, labels).thresholds == {}


def test_what_a_definition_leaves_out_follows_from_it():
    terms = Scaled().complete(ANCHOR, OTHER, LABELS)
    assert torch.equal(terms.positive, LABELS > 0) and torch.equal(terms.negative, LABELS < 1)
    assert terms.valid.all() and torch.equal(terms.active, terms.values != 0)
    assert terms.pulls is terms.values and torch.equal(terms.loss, terms.values.sum())
