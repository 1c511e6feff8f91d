"""The fast roads: the definition's value and gradient, or out of the way."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from lossviz.fast import ROADS, slices, squares
from lossviz.fast import road as roads
from lossviz.fast.slices import Slices
from lossviz.inputs import LABELLED_PAIRS
from lossviz.losses import (
    BatchAllTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
    ContrastiveLoss,
    MultipleNegativesRankingLoss,
    SoftmaxLoss,
)
from tests.losses import batches as make
from tests.losses.batches import DOUBLE, SWEEP, leaves, parametrized, split, value_and_gradients
from tests.losses.peers import as_the_peer_reads, peer
from tests.losses.test_every_loss import (
    FLOATING,
    HALF,
    RELATIVE,
    assert_cuda_is_cpu,
    example,
    off_kinks,
    same_choice,
    tolerance,
)


def has_road(loss):
    """Whether the loss's road serves a plain batch."""
    return type(loss) in ROADS and ROADS[type(loss)](loss, *example(loss)) is not None


every_road = parametrized(has_road)


def road(loss, *tensors):
    served = ROADS[type(loss)](loss, *tensors)
    assert served is not None, "the road steps aside"
    return served


@pytest.fixture(autouse=True)
def thin_slices(monkeypatch):
    """A batch of a few rows already takes several slices; and from three positives on, negatives are sorted."""
    few = Slices(distances=1, logits=1, fewest_rows=3, width=3, small=8, many=3)
    monkeypatch.setattr(slices, "sizes", lambda tensor: few)
    monkeypatch.setattr(squares, "MOST_DIFFERENCES", 40)


@pytest.fixture(autouse=True, params=("looks", "looks at nothing"))
def looks(request, monkeypatch):
    """As on a processor, and as on a device: where a look would have to be waited for."""
    if request.param != "looks":
        monkeypatch.setattr(roads, "waits", lambda tensor: True)


# --- the definition's answer -----------------------------------------------------------------------------------------


@every_road
@SWEEP
@given(data=st.data())
def test_value_and_gradient_are_the_definitions(variant, data):
    loss, tensors = data.draw(make.cases(variant))
    if not same_choice(loss, tensors):
        return
    value, gradients = value_and_gradients(loss, tensors, lambda *each: road(loss, *each))
    expected_value, expected = value_and_gradients(loss, tensors, loss.value)
    of_value, of_gradients = tolerance(loss, tensors)
    assert_close(value, expected_value, rtol=1e-9, atol=of_value)
    assert all(each.isfinite().all() for each in gradients)
    away = off_kinks(loss, tensors)
    for gradient, each in zip(gradients, expected, strict=True):
        assert_close(gradient[away], each[away], rtol=1e-8, atol=of_gradients or 1e-8)


@every_road
def test_examples_agree_to_rounding(variant):
    """Nothing is left out here: the examples lie off every kink."""
    for batch, dimension, seed in itertools.product((7, 20), (4, 5), range(3)):
        loss = variant(dimension)
        tensors = example(loss, batch, dimension, seed)
        value, gradients = value_and_gradients(loss, tensors, lambda *each: road(loss, *each))  # noqa: B023
        expected_value, expected = value_and_gradients(loss, tensors, loss.value)
        assert_close(value, expected_value, rtol=1e-12, atol=1e-12)
        for gradient, each in zip(gradients, expected, strict=True):
            assert_close(gradient, each, rtol=1e-10, atol=1e-12)


DEGENERATE = [
    (place, labels)
    for place in (make.all_zero, make.collapsed, make.duplicated, make.some_coincident)
    for labels in ([3] * 6, [0, 1, 2, 3, 4, 5], [0, 0, 0, 1, 1, 2])
]


@parametrized(lambda loss: has_road(loss) and loss.inputs.name == "labelled_sentences")
@pytest.mark.parametrize("place, labels", DEGENERATE, ids=lambda each: getattr(each, "__name__", str(each)))
def test_classes_and_coincidences(place, labels, variant):
    """One class, every row its own, an anchor without positives; points that coincide: ties are taken as defined."""
    loss, rows = variant(), torch.randn(1, 6, 4, dtype=DOUBLE, generator=torch.Generator().manual_seed(3))
    tensors = place(rows)[0], torch.tensor(labels)
    value, gradients = value_and_gradients(loss, tensors, lambda *each: road(loss, *each))
    expected_value, expected = value_and_gradients(loss, tensors, loss.value)
    assert_close(value, expected_value, rtol=1e-9, atol=1e-9)
    assert_close(gradients[0].sum(0), expected[0].sum(0), rtol=1e-9, atol=1e-9)
    assert gradients[0].isfinite().all()


@pytest.mark.parametrize("distance", ("euclidean", "manhattan"))
@pytest.mark.parametrize("kind", (BatchHardTripletLoss, BatchSemiHardTripletLoss))
def test_the_first_of_equal_ones_is_chosen(kind, distance):
    """Two negatives at one place, in different columns of the slice; and on both sides of the anchor."""
    embeddings = torch.tensor([[0.0, 0], [1, 0], [3, 1], [3, 1], [-3, 1], [3, -1]], dtype=DOUBLE)
    tensors = embeddings, torch.tensor([0, 0, 1, 2, 3, 4])
    _, (gradient,) = value_and_gradients(
        kind(distance=distance), tensors, lambda *each: road(kind(distance=distance), *each)
    )
    _, (expected,) = value_and_gradients(kind(distance=distance), tensors, kind(distance=distance).value)
    assert_close(gradient, expected, rtol=1e-12, atol=1e-12)


# --- precision -------------------------------------------------------------------------------------------------------


@every_road
@pytest.mark.parametrize("dtype", FLOATING, ids=str)
def test_dtypes(dtype, variant):
    loss = variant()
    rows, labels = split(loss, example(loss))
    rows = tuple(each.to(dtype) for each in rows)
    value, gradients = value_and_gradients(loss, (*rows, *labels))
    exact, exact_gradients = value_and_gradients(loss, (*(each.double() for each in rows), *labels))
    assert value.dtype == (torch.float32 if dtype in HALF else dtype)
    assert_close(value.double(), exact, rtol=1e-5, atol=1e-6)
    for gradient, expected in zip(gradients, exact_gradients, strict=True):
        assert gradient.dtype == dtype
        # beside the whole of it: one number of a gradient may be what two large ones leave
        assert (gradient.double() - expected).norm() <= RELATIVE[dtype] * expected.norm() + 1e-7


@every_road
def test_everything_is_on_the_device_of_the_inputs(variant):
    """As for the definitions, which small batches of one slice may hide."""
    loss = variant()
    tensors = example(loss, 20)
    with torch.device("meta"):
        value, gradients = value_and_gradients(loss, tensors, lambda *each: road(loss, *each))
    assert all(each.is_cpu for each in (value, *gradients))


@every_road
def test_nothing_waits_for_the_device(variant):
    """On "meta" there is nothing to look at: what looks, or has a shape that depends on a number, raises."""
    loss = variant()
    rows, labels = split(loss, example(loss, 20))
    for learned in ({}, *({name: torch.ones((), device="meta")} for name in make.numbers(variant.entry))):
        on_meta = leaves(tuple(each.to("meta") for each in rows))
        asked = loss.changed(**{name: each.requires_grad_() for name, each in learned.items()})
        asked(*on_meta, *(each.to("meta") for each in labels), check=False).backward()
        assert all(each.grad.shape == each.shape for each in on_meta)
        assert "scale" not in learned or learned["scale"].grad.shape == ()


@every_road
@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_road_on_a_gpu_is_that_of_the_processor(variant):
    loss = variant()
    assert_cuda_is_cpu(loss, example(loss, 20))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("bad", (torch.inf, torch.nan))
def test_on_a_gpu_rows_are_looked_at_that_no_road_sees(bad):
    """An infinite row of a negative pair is far enough: the loss is finite."""
    anchor, other, labels = (each.to("cuda") for each in LABELLED_PAIRS.example(6, 4))
    anchor[-1, 0] = bad
    with pytest.raises(ValueError, match="anchor: expected finite numbers"):
        ContrastiveLoss(distance="euclidean")(anchor, other, labels)


@parametrized(lambda loss: has_road(loss) and loss.settings().get("distance") in ("euclidean", "manhattan"))
def test_a_cluster_far_from_the_origin(variant):
    """Norm 100, spread 0.4, in float32: a subtraction of squares would leave no digit of these distances."""
    generator = torch.Generator().manual_seed(7)
    count = len(variant().inputs.rows)
    rows = torch.randn(count, 24, 16, generator=generator) * 0.1 + 25
    labels = (torch.arange(24) // 4 % 2,) if variant().inputs.labels else ()
    _, gradients = value_and_gradients(variant(), (*rows, *labels))
    _, exact = value_and_gradients(variant(), (*rows.double(), *labels))
    for gradient, expected in zip(gradients, exact, strict=True):
        assert (gradient - expected).norm() <= 1e-6 * expected.norm()


def test_two_tight_clusters_far_from_each_other():
    """Centring does not help there: near points are measured by their difference."""
    generator = torch.Generator().manual_seed(7)
    rows = torch.randn(12, 16, generator=generator) * 1e-3
    rows[::2] += 10
    place = torch.arange(12)
    tensors = rows, place % 2 * 2 + place // 2 % 2  # two classes in each cluster
    for kind in (BatchAllTripletLoss, BatchHardTripletLoss, BatchSemiHardTripletLoss):
        loss = kind(margin=0.002)
        value, (gradient,) = value_and_gradients(loss, tensors, lambda *each: road(loss, *each))  # noqa: B023
        exact, (expected,) = value_and_gradients(loss, (rows.double(), tensors[1]))
        assert_close(value.double(), exact, rtol=1e-5, atol=1e-8)
        assert (gradient - expected).norm() <= 1e-5 * expected.norm()


@pytest.mark.parametrize("far", (1e6, 1e10, 1e16))
@parametrized(lambda loss: has_road(loss) and loss.inputs.name == "labelled_sentences" and loss.distance == "euclidean")
def test_one_row_far_from_all_others(variant, far):
    """Beside it the others are as near to one another as to nothing; what they do to one another is kept."""
    loss = variant().changed(margin=1.0) if hasattr(variant(), "margin") else variant()
    rows = torch.tensor([[0, 0], [1, 0], [0, 2], [3, 3], [far, 0]], dtype=DOUBLE)
    tensors = rows, torch.tensor([0, 0, 1, 1, 2])
    value, (gradient,) = value_and_gradients(loss, tensors, lambda *each: road(loss, *each))
    exact, (expected,) = value_and_gradients(loss, tensors, loss.value)
    assert_close(value, exact, rtol=1e-12, atol=1e-12)
    assert_close(gradient, expected, rtol=1e-12, atol=1e-12)


def clusters(loss, share, count, seed):
    """Rows in tight clusters at right angles: each row's direction has this share of its square from its cluster."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.nn.functional.normalize(torch.randn(len(loss.inputs.rows), 24, 16, generator=generator), dim=-1)
    centres = torch.eye(16)[torch.arange(24) // 2 % count]  # a class, and the pairs of a batch, are in all of them
    rows = share**0.5 * centres + (1 - share) ** 0.5 * noise
    return *rows.unbind(), *split(loss, example(loss, 24, 16, seed))[1]


@every_road
@pytest.mark.parametrize("count", (1, 2))
@pytest.mark.parametrize("share", (0.5, 0.97, 0.9999))
def test_clusters_in_float32(share, count, variant):
    """As exact as float32 is: 1e-6, or as many roundings as a scale makes of one."""
    loss = variant(16)
    times = 3 if loss.inputs.name == "scored_pairs" else 1  # there, differences of exponents
    within = max(1e-6, times * loss.settings().get("scale", 0) * torch.finfo(torch.float32).eps)
    tensors = clusters(loss, share, count, seed=1)
    rows, labels = split(loss, tensors)
    _, gradients = value_and_gradients(loss, tensors)
    _, exact = value_and_gradients(loss, (*(each.double() for each in rows), *labels))
    error = torch.stack(gradients).double() - torch.stack(exact)
    assert error.norm() <= within * torch.stack(exact).norm()


# --- out of the way --------------------------------------------------------------------------------------------------


def steps_aside(loss, *tensors):
    return ROADS[type(loss)](loss, *tensors) is None


@every_road
def test_leading_dimensions_and_transforms_are_the_definitions(variant):
    loss = variant()
    tensors = example(loss)
    assert steps_aside(loss, *(each.unsqueeze(0) for each in tensors))
    seen = []
    torch.func.vmap(lambda *each: seen.append(steps_aside(loss, *each)) or each[0])(
        *(each.unsqueeze(0) for each in tensors)
    )
    assert seen == [True]


@every_road
def test_what_is_learned_or_given_as_a_function_is_the_definitions(variant):
    loss = variant()
    tensors = example(loss)
    for name in make.numbers(variant.entry):
        assert not steps_aside(variant(**{name: torch.tensor(1.0)}), *tensors)
        learned = variant(**{name: torch.tensor(1.0, requires_grad=True)})
        assert steps_aside(learned, *tensors) != (name in ROADS[type(loss)].learns)
    for name in {"distance", "similarity"} & loss.settings().keys():
        assert steps_aside(variant(**{name: lambda x, y: (x - y).norm(dim=-1)}), *tensors)
        assert steps_aside(variant(**{name: "no such"}), *tensors)
    if loss.inputs.labels:
        assert steps_aside(loss, *tensors[:-1], tensors[-1].double().requires_grad_())


def test_other_rankings_are_the_definitions():
    tensors = MultipleNegativesRankingLoss.inputs.example()
    assert steps_aside(MultipleNegativesRankingLoss(directions=("query_to_doc", "doc_to_query")), *tensors)
    assert steps_aside(MultipleNegativesRankingLoss(hardness_mode="all_negatives", hardness_strength=1.0), *tensors)


@parametrized(lambda loss: has_road(loss) and "scale" in ROADS[type(loss)].learns)
@SWEEP
@given(data=st.data())
def test_a_scale_is_learned_on_its_road(variant, data):
    loss, tensors = data.draw(make.cases(variant, spreads=(1.0,)))
    rows, labels = split(loss, tensors)

    def gradients(ask):
        scale = torch.tensor(loss.scale, dtype=DOUBLE, requires_grad=True)
        at = leaves(rows)
        return torch.autograd.grad(3 * ask(loss.changed(scale=scale), *at, *labels), [scale, *at])

    (of_scale, *found), (expected, *of_rows) = gradients(road), gradients(lambda loss, *each: loss.value(*each))
    size = max(1.0, *(each.abs().max().item() for each in tensors))
    assert_close(of_scale, expected, rtol=1e-9, atol=1e-9 * size**2)
    away = off_kinks(loss, tensors)
    for gradient, each in zip(found, of_rows, strict=True):
        assert_close(gradient[away], each[away], rtol=1e-8, atol=tolerance(loss, tensors)[1])


def test_a_scale_alone_is_learned():
    """The encoder is frozen; the scale, of any shape with one number, is not."""
    tensors = MultipleNegativesRankingLoss.inputs.example()
    for shape in ((), (1,)):
        scale = torch.full(shape, 20.0, requires_grad=True)
        loss = MultipleNegativesRankingLoss(scale=scale)
        (found,) = torch.autograd.grad(road(loss, *tensors), scale)
        (expected,) = torch.autograd.grad(loss.value(*tensors).sum(), scale)
        assert_close(found, expected)


def test_a_classifier_learns_on_its_road():
    loss = SoftmaxLoss.initial(5, 3, concatenation_sent_multiplication=True)
    tensors = loss.inputs.example(9, 5)
    for bias in (loss.bias, None):
        weights = [each.clone().requires_grad_() for each in (loss.weight, bias) if each is not None]
        learning = loss.changed(**dict(zip(("weight", "bias"), [*weights, None], strict=False)))
        gradients = torch.autograd.grad(road(learning, *tensors), weights)
        expected = torch.autograd.grad(learning.value(*tensors), weights)
        assert_close(gradients, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("weight", (1, 3.0))
@every_road
def test_backward_twice(weight, variant):
    """The gradient that was kept is handed on as it is where it may be, and is there for the next time."""
    loss = variant()
    rows, labels = split(loss, example(loss))
    rows = leaves(rows)
    value = weight * loss(*rows, *labels)
    _, expected = value_and_gradients(loss, (*rows, *labels), loss.value)
    for times in (1, 2):
        value.backward(retain_graph=True)
        for each, gradient in zip(rows, expected, strict=True):
            assert_close(each.grad, times * weight * gradient, rtol=1e-8, atol=1e-8)


@every_road
def test_a_loss_derived_from_another_takes_no_road_of_its_own(variant):
    derived = type("Derived", (type(variant()),), {})
    assert derived not in ROADS


@every_road
def test_a_second_derivative_is_refused_or_the_definitions(variant):
    loss = variant()
    rows, labels = split(loss, example(loss))

    def second(ask):
        leaf = leaves(rows)
        gradients = torch.autograd.grad(ask(*leaf, *labels), leaf, create_graph=True)
        return torch.autograd.grad(sum(each.sum() for each in gradients), leaf)

    try:
        found = second(loss)
    except RuntimeError as refusal:
        assert "no second derivative" in str(refusal)
    else:
        assert_close(found, second(loss.value))


@every_road
def test_without_a_gradient(variant):
    loss = variant()
    tensors = example(loss)
    with torch.no_grad():
        assert not loss(*tensors).requires_grad
    rows, labels = split(loss, tensors)
    if len(rows) > 1:
        first = rows[0].clone().requires_grad_()
        loss(first, *rows[1:], *labels).backward()
        assert_close(first.grad, value_and_gradients(loss, tensors)[1][0])


# --- as trained ------------------------------------------------------------------------------------------------------


@every_road
def test_a_batch_as_trained_is_sentence_transformers(variant, monkeypatch):
    few = Slices(distances=2**13)
    monkeypatch.setattr(slices, "sizes", lambda tensor: few)
    loss = variant(32)
    tensors = example(loss, 200, 32)
    assert not steps_aside(loss, *tensors)
    value, gradients = value_and_gradients(loss, tensors, as_the_peer_reads(loss))
    expected_value, expected = value_and_gradients(loss, tensors, peer(loss))
    assert_close(value, expected_value, rtol=1e-8, atol=1e-8)
    for gradient, each in zip(gradients, expected, strict=True):
        assert_close(gradient, each, rtol=1e-7, atol=1e-8)
