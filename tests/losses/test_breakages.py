"""Where peers break, row by row: zero rows, empty batches, NaN, huge numbers, clusters far away, labels that are none.

Every variant of every loss, in every dtype, either gives a finite loss with finite gradients, or refuses with a
ValueError that names the argument, what was expected and what came.
"""

import math

import pytest
import torch
from torch.testing import assert_close

from lossviz.distances import pairwise
from lossviz.losses import (
    BatchAllTripletLoss,
    BatchHardSoftMarginTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
    ContrastiveTensionLoss,
    SoftmaxLoss,
)
from tests.losses import batches as make
from tests.losses.batches import (
    DOUBLE,
    all_finite,
    every_dtype,
    every_loss,
    example,
    measures_directions,
    of_embeddings,
    parametrized,
    split,
    value_and_gradients,
)

NAN, INF = float("nan"), float("inf")
every_labelled_loss = parametrized(lambda loss: loss.inputs.labels)
both = pytest.mark.parametrize("check", (True, False), ids=("checked", "unchecked"))


def in_dtype(loss, tensors, dtype):
    rows, labels = split(loss, tensors)
    return (*(each.to(dtype) for each in rows), *labels)


def survives(loss, tensors):
    """(value, gradients), called and taken apart, both finite and alike; what overflows float16 is infinite."""
    value, gradients = value_and_gradients(loss, tensors)
    terms, from_terms = value_and_gradients(loss, tensors, lambda *each: loss.terms(*each).loss)
    assert all_finite(value, terms)
    for each in (*gradients, *from_terms):
        assert all_finite(each) or each.dtype == torch.float16 and value > 1e4 and not each.isnan().any()
    assert_close(value, terms, rtol=1e-5, atol=1e-6)
    return value, gradients


def refused(loss, tensors, argument, **options):
    """Called and taken apart; the message has its three parts."""
    for ask in (loss, loss.terms):
        with pytest.raises(ValueError, match=rf"^{argument}: expected \S.*, got \S"):
            ask(*tensors, **options)


def survives_or_is_refused(loss, tensors, arguments):
    """What survived; None where it was refused, naming one of the arguments."""
    try:
        return survives(loss, tensors)
    except ValueError as refusal:
        assert str(refusal).startswith(tuple(f"{each}: expected " for each in arguments))
        refused(loss, tensors, str(refusal).split(":")[0])
        return None


def named(loss, tensors):
    return loss.inputs.fitted(len(tensors)).arguments


def replaced(tensors, place, tensor):
    return (*tensors[:place], tensor, *tensors[place + 1 :])


def spoiled(tensor, value):
    """One number of the last row is bad."""
    tensor = tensor.clone()
    tensor.view(-1)[-1] = value
    return tensor


# --- a zero row ------------------------------------------------------------------------------------------------------


@every_loss
@every_dtype
def test_a_zero_row(dtype, variant):
    loss = variant()
    tensors = in_dtype(loss, example(loss), dtype)
    _, usual = survives(loss, tensors)
    for place in range(len(usual)):
        zeroed = tensors[place].clone()
        zeroed[2] = 0
        _, gradients = survives(loss, replaced(tensors, place, zeroed))
        # The peers' 1e11 is 1 / the smallest length that they divide by. Here nothing grows out of a zero row.
        assert max(each.abs().max() for each in gradients) < 100 * max(each.abs().max() for each in usual)
        if measures_directions(loss):
            assert not gradients[place][2].any()


# --- empty batch, missing labels, sides that do not fit --------------------------------------------------------------


@every_loss
@every_dtype
@both
def test_an_empty_batch(check, dtype, variant):
    loss = variant()
    tensors = in_dtype(loss, example(loss), dtype)
    refused(loss, [each[:0] for each in tensors], loss.inputs.rows[0], check=check)


@every_loss
@both
def test_missing_arguments(check, variant):
    loss = variant()
    tensors = example(loss)[: len(loss.inputs.arguments)]
    for count, argument in enumerate(loss.inputs.arguments):
        refused(loss, tensors[:count], argument, check=check)
    if not loss.inputs.more:
        refused(loss, (*tensors, tensors[-1]), "arguments", check=check)


MISFITS = {
    "one row": lambda each: each[:1],
    "a row too many": lambda each: torch.cat([each, each[:1]]),
    "None": lambda each: None,
}


@every_loss
@every_dtype
@both
@pytest.mark.parametrize("change", MISFITS.values(), ids=MISFITS)
def test_a_side_that_does_not_fit(change, check, dtype, variant):
    loss = variant()
    tensors = in_dtype(loss, example(loss), dtype)
    for place in range(len(tensors) - 1, 0, -1):
        refused(loss, replaced(tensors, place, change(tensors[place])), named(loss, tensors)[place], check=check)


WRONG_TENSORS = {
    "a list": lambda each: each.tolist(),
    "complex": lambda each: each.to(torch.complex128),
    "one dimension too many": lambda each: each.unsqueeze(-1),
}


@every_loss
@both
@pytest.mark.parametrize("change", WRONG_TENSORS.values(), ids=WRONG_TENSORS)
def test_what_is_no_such_tensor(change, check, variant):
    loss = variant()
    tensors = example(loss)
    for place in range(len(tensors) - 1, 0, -1):
        wrong, argument = replaced(tensors, place, change(tensors[place])), named(loss, tensors)[place]
        with pytest.raises(ValueError, match=rf"^{argument}: expected \S.*, got \S"):
            of_embeddings(loss)(*wrong, check=check)


# --- NaN and infinity ------------------------------------------------------------------------------------------------


@every_loss
@every_dtype
@pytest.mark.parametrize("bad", (NAN, INF, -INF))
def test_one_number_that_is_not_finite(bad, dtype, variant):
    loss = variant()
    tensors = in_dtype(loss, example(loss), dtype)
    for place, argument in enumerate(named(loss, tensors)):
        tensor = tensors[place] if place < len(split(loss, tensors)[0]) else tensors[place].double()
        wrong = replaced(tensors, place, spoiled(tensor, bad))
        refused(loss, wrong, argument)
        loss(*wrong, check=False)
    rows, labels = split(loss, tensors)
    beside = [torch.cat([each[:-1], torch.zeros_like(each[-1:])]) for each in rows[1:]]
    refused(loss, (spoiled(rows[0], bad), *beside, *labels), named(loss, tensors)[0])


@every_loss
@every_dtype
@pytest.mark.parametrize("bad", (NAN, INF))
def test_number_parameters_that_are_not_finite(bad, dtype, variant):
    tensors = in_dtype(variant(), example(variant()), dtype)
    for name in make.numbers(variant.entry):
        for given_as in (float, torch.tensor):
            refused(variant(**{name: given_as(bad)}), tensors, name)


# --- very large numbers ----------------------------------------------------------------------------------------------


@every_loss
@every_dtype
def test_rows_of_the_size_1e20(dtype, variant):
    loss = variant()
    rows, labels = split(loss, example(loss))
    tensors = (*((1e20 * each).to(dtype) for each in rows), *labels)
    survived = survives_or_is_refused(loss, tensors, named(loss, tensors))
    assert survived or dtype != DOUBLE, "float64 holds a square of 1e20"
    if measures_directions(loss) and survived:  # the loss does not see the size, and its gradient knows it
        value, gradients = value_and_gradients(loss, in_dtype(loss, (*rows, *labels), dtype))
        assert_close(survived[0], value, rtol=0.02, atol=1e-6)
        # (Nothing is left of the gradient of most: at this size it is below the smallest number of float16.)
        if dtype in (DOUBLE, torch.float32):
            for large, usual in zip(survived[1], gradients, strict=True):
                assert_close(1e20 * large, usual, rtol=1e-4, atol=1e-6 if dtype == DOUBLE else 1e-3)


@every_loss
@every_dtype
def test_numbers_of_the_size_1e20(dtype, variant):
    """A scale or a margin."""
    tensors = in_dtype(variant(), example(variant()), dtype)
    for name in make.numbers(variant.entry):
        survived = survives_or_is_refused(variant(**{name: 1e20}), tensors, [name])
        assert survived or dtype != DOUBLE


@every_loss
@every_dtype
def test_rows_300_times_as_long(dtype, variant):
    """300² is more than float16 holds."""
    loss = variant()
    tensors = in_dtype(loss, tuple(300 * each for each in split(loss, example(loss))[0]), dtype)
    tensors = (*tensors, *split(loss, example(loss))[1])
    value, gradients = survives(loss, tensors)
    exact, exact_gradients = value_and_gradients(loss, in_dtype(loss, tensors, DOUBLE))
    assert_close(value.double(), exact, rtol=1e-5, atol=1e-5)
    for gradient, expected in zip(gradients, exact_gradients, strict=True):
        assert_close(gradient, expected.to(dtype), rtol=1e-2 if dtype in make.HALF else 1e-4, atol=1e-5)


# --- a cluster far from the origin -----------------------------------------------------------------------------------


def far_away(loss, batch, dimension):
    """Rows 0.4 from a point that is 100 from the origin, as float32 holds them."""
    rows, labels = split(loss, example(loss, batch, dimension))
    centre = torch.ones(dimension, dtype=DOUBLE) * 100 / dimension**0.5
    return (*((centre + 0.4 * torch.nn.functional.normalize(each, dim=-1)).float() for each in rows), *labels)


@every_loss
@pytest.mark.parametrize(("batch", "dimension"), [(7, 5), (12, 64), (32, 384)], ids=str)
def test_a_cluster_far_from_the_origin(batch, dimension, variant):
    loss = variant(dimension)
    tensors = far_away(loss, batch, dimension)
    _, gradients = survives(loss, tensors)
    _, exact = value_and_gradients(loss, in_dtype(loss, tensors, DOUBLE))
    size = torch.stack(exact).norm()
    assert (torch.stack(gradients).double() - torch.stack(exact)).norm() <= 1e-6 * size
    assert size > 0 or isinstance(loss, ContrastiveTensionLoss) or not loss.terms(*tensors).active.any()


# --- labels ----------------------------------------------------------------------------------------------------------


@every_labelled_loss
@every_dtype
@pytest.mark.parametrize("bad", (NAN, INF, -1.0, -1e-3, 0.5, 1.001, 2.0, 7.25))
def test_a_label_outside_its_set(bad, dtype, variant):
    loss = variant()
    *rows, labels = in_dtype(loss, example(loss), dtype)
    wrong = (*rows, spoiled(labels.double(), bad))
    if loss.inputs.labels.allowed(torch.tensor(bad)) and not (isinstance(loss, SoftmaxLoss) and bad >= make.CLASSES):
        survives(loss, wrong)
    else:
        refused(loss, wrong, loss.inputs.label)
        loss(*wrong, check=False)


@parametrized(lambda loss: isinstance(loss, SoftmaxLoss))
@every_dtype
def test_a_class_that_the_classifier_does_not_know(dtype, variant):
    loss = variant()
    *rows, labels = in_dtype(loss, example(loss), dtype)
    for bad in (3, 4, 1e300, -100):
        refused(loss, (*rows, spoiled(labels.double(), bad)), "labels")


@every_labelled_loss
@every_dtype
def test_labels_may_be_bool(dtype, variant):
    loss = variant()
    *rows, labels = in_dtype(loss, example(loss), dtype)
    zero_or_one = labels.round().clamp(0, 1)
    value, gradients = survives(loss, (*rows, zero_or_one.bool()))
    expected, expected_gradients = survives(loss, (*rows, zero_or_one))
    assert_close((value, gradients), (expected, expected_gradients), rtol=0, atol=0)


# --- one class in the batch ------------------------------------------------------------------------------------------


@every_labelled_loss
@every_dtype
def test_one_label_for_all(dtype, variant):
    loss = variant()
    *rows, labels = in_dtype(loss, example(loss), dtype)
    for label in {labels.double().min().item(), labels.double().max().item()}:
        value, gradients = survives(loss, (*rows, torch.full_like(labels, label)))
        if loss.axes == ("lower_pair", "higher_pair"):
            assert value == 0 and not any(each.any() for each in gradients)


def one_class(loss, dtype):
    return value_and_gradients(loss, (*in_dtype(loss, example(loss)[:1], dtype), torch.ones(7)))


@every_dtype
@pytest.mark.parametrize("distance", ("cosine", "euclidean", "manhattan"))
def test_one_class_among_labelled_sentences(distance, dtype):
    for loss, expected in (
        (BatchAllTripletLoss(distance=distance), 0),
        (BatchHardTripletLoss(distance=distance), 5),
        (BatchHardSoftMarginTripletLoss(distance=distance), math.log(2)),
    ):
        value, (gradient,) = one_class(loss, dtype)
        assert value.item() == pytest.approx(expected, abs=1e-14 if dtype == DOUBLE else 1e-6)
        assert not gradient.any()


@every_dtype
@pytest.mark.parametrize("distance", ("cosine", "euclidean", "manhattan"))
def test_one_class_makes_semi_hard_pull_everything_together(distance, dtype):
    loss = BatchSemiHardTripletLoss(distance=distance)
    rows = example(loss)[0].to(dtype)
    value, (gradient,) = one_class(loss, dtype)
    square = pairwise(distance, rows.double(), rows.double())
    others = ~torch.eye(7, dtype=torch.bool)
    assert_close(value.double(), square[others].mean() + 5, rtol=1e-6, atol=1e-6)
    nearer = pairwise(distance, *[(rows.double() - 1e-3 * gradient.double())] * 2)
    assert nearer[others].mean() < square[others].mean()


# --- the classifier's weights ----------------------------------------------------------------------------------------


@parametrized(lambda loss: isinstance(loss, SoftmaxLoss))
@every_dtype
@pytest.mark.parametrize("name", ("weight", "bias"))
def test_weights_that_are_not_finite_or_do_not_fit(name, dtype, variant):
    loss = variant()
    tensors = in_dtype(loss, example(loss), dtype)
    fit = getattr(loss, name)
    for bad in (NAN, INF):
        refused(loss.changed(**{name: spoiled(fit, bad)}), tensors, name)
    for misfit in (fit[..., :-1], torch.cat([fit, fit], -1), fit.unsqueeze(0)):
        for check in (True, False):
            refused(loss.changed(**{name: misfit}), tensors, name, check=check)
    survived = survives_or_is_refused(loss.changed(**{name: 1e20 * fit}), tensors, [name])
    assert survived or dtype != DOUBLE


@every_dtype
def test_a_classifier_that_reads_nothing(dtype):
    loss = SoftmaxLoss.initial(make.DIMENSION, make.CLASSES)
    nothing = {name: False for name, value in loss.settings().items() if isinstance(value, bool)}
    refused(SoftmaxLoss(loss.weight, **nothing), in_dtype(loss, example(loss), dtype), "concatenation")
