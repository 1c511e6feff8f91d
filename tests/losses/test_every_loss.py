"""What holds for every loss of the catalogue: sentence-transformers' answer, never NaN, any dtype, honest terms."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close
from torch.utils.data import default_collate

from lossviz.distances import SHORTEST
from lossviz.losses import AnglELoss, SoftmaxLoss
from lossviz.losses.base import VISIBLE
from tests.losses import batches as make
from tests.losses.batches import (
    DOUBLE,
    FLOATING,
    HALF,
    SWEEP,
    all_finite,
    every_dtype,
    every_loss,
    every_loss_of_distance,
    every_loss_of_many_rows,
    example,
    leaves,
    measures_directions,
    of_batches,
    of_embeddings,
    split,
    value_and_gradients,
)
from tests.losses.peers import LOSES_DIGITS, as_the_peer_reads, peer

KINK = 1e-4  # nearer than this to a kink, gradients are not compared
every_place = pytest.mark.parametrize("place", make.PLACES, ids=lambda place: place.__name__)


# --- faithful: the answer of sentence-transformers -------------------------------------------------------------------


def off_kinks(loss, tensors):
    """(B,) bool: the rows at which neither the measure, a hinge, a threshold nor a choice lies near its kink."""
    rows, _ = split(loss, tensors)
    away = torch.ones(rows[0].shape[0], dtype=torch.bool)
    for gap in [*measure_gaps(loss, rows), *hinge_gaps(loss, tensors), *selection_gaps(loss, tensors)]:
        away &= gap > KINK
    return away


def measure_gaps(loss, rows):
    """How far each row is from where the distance or similarity has no slope of its own.

    Rows of one argument meet each other; those of several meet the first one's at the same index.
    """
    measure = loss.settings().get("distance")
    if measure in ("euclidean", "manhattan"):
        alone = len(rows) == 1
        met = (rows[0].unsqueeze(-2),) if alone else rows[1:]
        for each in (rows[0] - other for other in met):
            gap = each.abs().amin(-1) if measure == "manhattan" else each.norm(dim=-1)
            yield gap.fill_diagonal_(torch.inf).amin(-1) if alone else gap
    elif measures_directions(loss):
        yield from (each.norm(dim=-1) for each in rows)
    if isinstance(loss, AnglELoss):  # the absolute value of a sum
        yield loss.terms(*rows, torch.zeros(len(rows[0]))).matrix


def hinge_gaps(loss, tensors):
    """How far every shortfall is from zero: by row, or, where all rows meet, the smallest."""
    terms = loss.terms(*tensors)
    if "margin" not in terms.thresholds:
        return
    margin, distance = terms.thresholds["margin"], terms.matrix
    if loss.axes == ("pair",):
        yield (distance - margin).abs()
    elif loss.axes == ("triplet",):
        yield (distance[:, 0] - distance[:, 1] + margin).abs()
    else:
        to_positive, to_negative, exists = triplets(loss, terms)
        yield smallest((to_positive - to_negative + margin).abs(), exists, len(distance))


def triplets(loss, terms):
    """(to positive, to negative, whether there is such a triplet) of all that the loss may cost."""
    distance = terms.matrix
    if loss.axes == ("anchor",):
        farthest, nearest = hardest_two(terms)
        return farthest[:, 0], nearest[:, 0], terms.negative.any(-1)
    if loss.axes == ("anchor", "positive"):
        return distance, distance.gather(-1, terms.chosen["semi_hard_negative"]), terms.positive
    return distance.unsqueeze(-1), distance.unsqueeze(-2), terms.valid


def smallest(gaps, exists, batch):
    """The smallest of those that exist, for every row of the batch."""
    return torch.where(exists, gaps, torch.inf).amin().expand(batch)


def selection_gaps(loss, tensors):
    """How far every pair is from a threshold that it is compared with, and every choice from its runner-up."""
    terms = loss.terms(*tensors)
    yield from threshold_gaps(loss, terms)
    if loss.inputs.name != "labelled_sentences":
        return
    batch, distance = len(terms.matrix), terms.matrix
    if loss.axes == ("anchor",):  # one anchor's choice moves many rows
        for ranked in hardest_two(terms):
            gaps = (ranked[:, 0] - ranked[:, 1]).abs().nan_to_num(posinf=torch.inf)
            yield smallest(gaps, terms.negative.any(-1), batch)
    if loss.axes == ("anchor", "positive"):
        chosen = terms.chosen["semi_hard_negative"]
        others = terms.negative.unsqueeze(-2) & (torch.arange(batch) != chosen.unsqueeze(-1))
        gaps = (distance.unsqueeze(-2) - distance.gather(-1, chosen).unsqueeze(-1)).abs()
        yield smallest(gaps, others & terms.positive.unsqueeze(-1), batch)


def threshold_gaps(loss, terms):
    """The comparisons at which the loss itself jumps: a pair that counts or not, a mean over fewer."""
    distance = terms.matrix
    if "nearest_negative" in terms.thresholds:
        to_negative, to_positive = (terms.thresholds[name] for name in ("nearest_negative", "farthest_positive"))
        yield (distance - torch.where(terms.positive, to_negative, to_positive)).abs()
    elif loss.axes == ("anchor", "positive"):
        meets = terms.positive.unsqueeze(-1) & terms.negative.unsqueeze(-2)
        yield smallest((distance.unsqueeze(-1) - distance.unsqueeze(-2)).abs(), meets, len(distance))
    elif loss.axes == ("anchor", "positive", "negative"):
        to_positive, to_negative, exists = triplets(loss, terms)
        yield smallest((to_positive - to_negative + terms.thresholds["margin"]).abs(), exists, len(distance))


def hardest_two(terms):
    """The two farthest positives and the two nearest negatives of every anchor, hardest first: two of (B, 2).

    Where there is one alone its runner-up is infinitely far; without any, a positive is at 0."""
    distance = terms.matrix.detach()
    nowhere = torch.full((len(distance), 2), torch.inf, dtype=distance.dtype)
    farthest = torch.cat([torch.where(terms.positive, distance, -torch.inf), -nowhere], -1).sort(-1).values.flip(-1)
    nearest = torch.cat([torch.where(terms.negative, distance, torch.inf), nowhere], -1).sort(-1).values
    alone = torch.where(terms.positive.any(-1, keepdim=True), farthest[:, :2], torch.tensor([0.0, -torch.inf]))
    return alone, nearest[:, :2]


SURE = 1e-9  # nearer than this to its threshold, a pair is in or out by the rounding of its distance


def loses_digits(loss):
    return type(loss).__name__ in LOSES_DIGITS and loss.distance == "euclidean"


def same_choice(loss, tensors):
    """Whether no pair is in or out of the loss by rounding alone: only thresholds make the loss itself jump."""
    terms = loss.terms(*tensors)
    sure = 1e-7 * (1 + tensors[0].norm(dim=-1).max()) if loses_digits(loss) else SURE * (1 + terms.matrix.abs().max())
    return all((gap > sure).all() for gap in threshold_gaps(loss, terms))


def tolerance(loss, tensors):
    """1e-9 for the value, 1e-8 for gradients; of the largest logit, of which both libraries lose the last digits.

    Where the peer's distance loses half of its digits (points nearly coincide), 1e-5, and no gradient."""
    terms = loss.terms(*tensors)
    if hasattr(loss, "scale"):
        logits = terms.matrix[terms.positive | terms.negative].abs()
        largest = max(1.0, logits.max(), *(loss.scale * each.abs().max().item() for each in tensors))
        return 1e-9 * max(1.0, 1e-3 * largest), 1e-8 * max(1.0, 1e-2 * largest)
    if loses_digits(loss):
        apart = terms.matrix.clone().fill_diagonal_(torch.inf).min() > 0.01 * tensors[0].norm(dim=-1).max()
        return (1e-9, 1e-8) if apart else (1e-5, None)
    return 1e-9, 1e-8


def assert_the_peers_answer(loss, tensors):
    """Value and gradients; whether there was anything to compare."""
    value, gradients = value_and_gradients(loss, tensors, as_the_peer_reads(loss))
    assert all_finite(value, *gradients)
    if not same_choice(loss, tensors):
        return False
    expected_value, expected_gradients = value_and_gradients(loss, tensors, peer(loss))
    of_value, of_gradients = tolerance(loss, tensors)
    assert_close(value, expected_value, rtol=1e-9, atol=of_value)
    compared = off_kinks(loss, tensors)
    if of_gradients is None or not compared.any():
        return False
    for gradient, expected in zip(gradients, expected_gradients, strict=True):
        assert_close(gradient[compared], expected[compared], rtol=1e-8, atol=of_gradients)
    return True


@every_loss
@SWEEP
@given(data=st.data())
def test_value_and_gradient_are_sentence_transformers(variant, data):
    assert_the_peers_answer(*data.draw(make.cases(variant)))


@every_loss
def test_examples_are_compared_by_value_and_gradient(variant):
    """The sweep above would be hollow if its kinks swallowed everything."""
    for seed in range(10):
        loss, tensors = variant(), example(variant(), seed=seed + 1)
        assert assert_the_peers_answer(loss, tensors) and tolerance(loss, tensors)[0] < 1e-7
        assert seed or off_kinks(loss, tensors).all()


@pytest.mark.parametrize("negatives", (0, 1, 2, 5))
@pytest.mark.parametrize("size", ((1, 1), (1, 4), (6, 3)), ids=str)
@every_loss_of_many_rows
def test_explicit_negatives_are_sentence_transformers(variant, size, negatives):
    loss = variant()
    assert assert_the_peers_answer(loss, loss.inputs.example(*size, seed=4, **{loss.inputs.more + "s": negatives}))


@every_loss
def test_nearly_the_same_with_the_peers_epsilon(variant):
    loss = variant()
    tensors = example(loss)
    # 1e-5 for a mean over pairs; a sum (online contrastive's) is as many times as large, and its epsilons too.
    assert_close(loss(*tensors), peer(loss)(*tensors), rtol=2e-6, atol=1e-5)


@make.parametrized(lambda loss: not loss.settings().get("hardness_mode"))  # its weights pass no gradient on
def test_gradient_is_the_slope(variant):
    loss = variant()
    rows, labels = split(loss, example(loss, batch=4))
    ask = of_embeddings(loss)
    assert torch.autograd.gradcheck(lambda *rows: ask(*rows, *labels), leaves(rows))


@every_loss
def test_number_parameters_may_be_learned(variant):
    for name in make.numbers(variant.entry):
        tensors = example(variant())
        at = variant().settings()[name] + 0.125  # not at an end of its range
        number = torch.tensor(at, dtype=DOUBLE, requires_grad=True)
        terms = variant(**{name: number}).terms(*tensors)
        h = 1e-6
        above, below = (variant(**{name: at + step}).terms(*tensors).loss for step in (h, -h))
        slope = (above - below) / (2 * h)
        if not terms.loss.requires_grad:  # hardness that is switched off
            assert slope == 0
            continue
        (gradient,) = torch.autograd.grad(terms.loss, number)
        assert_close(gradient, slope, rtol=1e-6, atol=1e-8)


# --- never NaN -------------------------------------------------------------------------------------------------------


@every_loss
@every_place
def test_degenerate_batches_have_a_finite_loss_and_gradient(place, variant):
    for (batch, dimension), dtype in itertools.product(((1, 1), (2, 1), (5, 4)), FLOATING):
        loss = variant(dimension)
        rows, labels = split(loss, example(loss, batch, dimension))
        rows = place(torch.stack(rows)).to(dtype)
        value, gradients = value_and_gradients(loss, (*rows, *labels))
        assert all_finite(value, *gradients), (dtype, batch, dimension)


@every_loss
@every_place
def test_extreme_sizes_are_finite_or_refused(place, variant):
    loss = variant()
    rows, labels = split(loss, example(loss))
    for scale, dtype in itertools.product((1e-20, SHORTEST, 2 * SHORTEST, 300, 1e20, 1e200), FLOATING):
        scaled = (place(torch.stack(rows)) * scale).to(dtype)
        try:
            value, gradients = value_and_gradients(loss, (*scaled, *labels))
        except ValueError as refusal:
            assert scale >= 1e20, "only the very large may be refused"
            named = loss.inputs.fitted(len(rows) + len(labels)).rows
            assert str(refusal).startswith(tuple(f"{each}: expected " for each in named))
        else:
            assert all_finite(value, *gradients), (dtype, scale)


@every_loss
@pytest.mark.parametrize("dtype", HALF, ids=str)
def test_a_half_gradient_too_large_is_infinite(dtype, variant):
    """That is what a GradScaler looks for, to skip the step: a largest number would be stepped with."""
    loss = variant()
    rows, labels = split(loss, example(loss))
    rows = tuple(each.to(dtype) for each in rows)
    _, gradients = value_and_gradients(loss, (*rows, *labels), lambda *tensors: 1e38 * loss(*tensors))
    _, exact = value_and_gradients(loss, (*(each.double() for each in rows), *labels))
    for each, expected in zip(gradients, exact, strict=True):
        beyond = 1e38 * expected.abs() > 4 * torch.finfo(dtype).max
        assert each[beyond].isinf().all() and not each.isnan().any()
        assert dtype != torch.float16 or beyond.any() or not expected.any()


@every_loss_of_distance("cosine", "euclidean", "manhattan")
@pytest.mark.parametrize("place", (make.all_zero, make.collapsed), ids=lambda place: place.__name__)
def test_a_collapsed_batch_has_no_gradient(place, variant):
    loss = variant()
    rows, labels = split(loss, example(loss))
    _, gradients = value_and_gradients(loss, (*place(torch.stack(rows)), *labels))
    rounding = 1e-15 if loss.distance == "cosine" else 0  # a cosine's two unit vectors differ in the last bit
    assert max(each.abs().max() for each in gradients) <= rounding


@every_loss_of_distance("cosine")
def test_a_row_shorter_than_the_shortest_is_a_zero_row(variant):
    loss = variant()
    rows, labels = split(loss, example(loss))
    for factor, has_direction in ((0.5, False), (4, True)):
        rows[0][2] = factor * SHORTEST * torch.nn.functional.normalize(torch.ones(5, dtype=DOUBLE), dim=0)
        _, gradients = value_and_gradients(loss, (*rows, *labels))
        assert gradients[0][2].any() == has_direction


# --- dtypes, devices, leading dimensions, transforms -----------------------------------------------------------------

NARROW = {"rtol": 1e-5, "atol": 1e-6}  # of a value in fewer digits than float64
RELATIVE = {DOUBLE: 0, torch.float32: 2e-5, torch.float16: 1e-3, torch.bfloat16: 8e-3}  # a few roundings of the dtype


@every_loss
@SWEEP
@given(data=st.data())
def test_any_batch_in_any_dtype(variant, data):
    loss, tensors = data.draw(make.cases(variant))
    rows, labels = split(loss, tensors)
    dtype = data.draw(st.sampled_from(FLOATING))
    rows = tuple(each.to(dtype) for each in rows)
    value, gradients = value_and_gradients(loss, (*rows, *labels))
    exact = loss(*(each.double() for each in rows), *labels)
    assert value.dtype == (torch.float32 if dtype in HALF else dtype)
    assert_close(value.double(), exact, rtol=1e-5, atol=1e-6)
    assert all_finite(*gradients)
    assert all(gradient.dtype == dtype for gradient in gradients)


@every_loss
@every_dtype
def test_dtypes_in_general_position(dtype, variant):
    loss = variant()
    rows, labels = split(loss, example(loss))
    rows = tuple(each.to(dtype) for each in rows)
    _, gradients = value_and_gradients(loss, (*rows, *labels))
    _, exact_gradients = value_and_gradients(loss, (*(each.double() for each in rows), *labels))
    for gradient, exact in zip(gradients, exact_gradients, strict=True):
        assert_close(gradient.double(), exact, rtol=RELATIVE[dtype], atol=1e-7)


@every_loss
def test_labels_of_any_dtype(variant):
    loss = variant()
    rows, labels = split(loss, example(loss))
    for each in labels:
        each = each.round()
        kinds = [DOUBLE, torch.float32, *HALF, torch.int64, torch.int32, torch.uint8]
        for dtype in kinds:
            assert_close(loss(*rows, each.to(dtype)), loss(*rows, each), rtol=0, atol=0)
        if loss.inputs.labels.boolean:
            two = each.clamp(max=1)
            assert_close(loss(*rows, two.bool()), loss(*rows, two), rtol=0, atol=0)


def with_leading_dimensions(loss):
    """Six batches, stacked to (2, 3, B, d), and one by one."""
    singles = [example(loss, batch=4, seed=seed) for seed in range(6)]
    stacked = tuple(torch.stack(each).unflatten(0, (2, 3)) for each in zip(*singles, strict=True))
    return stacked, singles


@every_loss
def test_leading_dimensions_are_a_loop(variant):
    loss = variant()
    stacked, singles = with_leading_dimensions(loss)
    values, gradients = value_and_gradients(loss, stacked, of_batches(loss))
    assert values.shape == (2, 3)
    for place, single in enumerate(singles):
        value, expected = value_and_gradients(loss, single)
        assert_close(values.flatten()[place], value, rtol=1e-12, atol=1e-12)
        for gradient, each in zip(gradients, expected, strict=True):
            assert_close(gradient.flatten(0, 1)[place], each, rtol=1e-12, atol=1e-12)


@every_loss
def test_terms_with_leading_dimensions_are_a_loop(variant):
    loss = variant()
    stacked, singles = with_leading_dimensions(loss)
    terms = loss.terms(*stacked)
    for name in ("matrix", "positive", "negative", "valid", "active", "values", "loss"):
        expected = torch.stack([getattr(loss.terms(*single), name) for single in singles])
        assert_close(getattr(terms, name).flatten(0, 1), expected, rtol=1e-12, atol=1e-12)


@every_loss
def test_transforms(variant):
    loss = variant()
    ask = of_embeddings(loss)
    stacked, _ = with_leading_dimensions(loss)
    stacked = tuple(each.flatten(0, 1) for each in stacked)
    value, (gradient, *_) = value_and_gradients(loss, stacked, of_batches(loss))

    terms = torch.func.vmap(loss.complete)(*stacked)
    assert_close(terms.loss, value)
    assert torch.equal(terms.active, loss.terms(*stacked).active)
    assert_close(torch.func.vmap(torch.func.grad(lambda *each: ask(*each, check=False)))(*stacked), gradient)
    single = tuple(each[0] for each in stacked)
    assert_close(torch.func.grad(ask)(*single), gradient[0])

    halves = tuple(each.half() for each in stacked)
    value, (gradient, *_) = value_and_gradients(loss, halves, of_batches(loss))
    (gradients, values) = torch.func.vmap(torch.func.grad_and_value(lambda *each: ask(*each, check=False)))(*halves)
    assert gradients.dtype == torch.float16 and values.dtype == torch.float32
    assert_close(values, value)
    assert_close(gradients, gradient)


@every_loss
def test_everything_is_on_the_device_of_the_inputs(variant):
    """A GPU for machines without one: what does not follow the inputs is on "meta", and there nothing is computed."""
    loss = variant()
    for dtype in FLOATING:
        rows, labels = split(loss, example(loss))
        tensors = (*(each.to(dtype) for each in rows), *labels)
        with torch.device("meta"):
            value, gradients = value_and_gradients(loss, tensors)
            terms = loss.terms(*tensors)
        fields = [each.values() if isinstance(each, dict) else [each] for each in vars(terms).values()]
        assert all(each.is_cpu for each in (value, *gradients, *itertools.chain(*fields)))


@every_loss
@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_is_cpu(variant):
    loss = variant()
    assert_cuda_is_cpu(loss, example(loss))


@every_loss
@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_unchecked_nothing_waits_for_the_gpu(variant):
    """Also where its numbers are learned."""
    loss = variant()
    rows, labels = split(loss, tuple(each.cuda() for each in example(loss)))
    settings = {name: each.cuda() for name, each in loss.settings().items() if isinstance(each, torch.Tensor)}
    learned = ({name: torch.ones((), device="cuda", requires_grad=True)} for name in make.numbers(variant.entry))
    tensors = (*leaves(rows), *labels)
    for asked in (loss.changed(**settings, **each) for each in ({}, *learned)):
        asked(*tensors, check=False).backward()  # what is loaded once may wait
        torch.cuda.set_sync_debug_mode("error")
        try:
            asked(*tensors, check=False).backward()
        finally:
            torch.cuda.set_sync_debug_mode("default")


def assert_cuda_is_cpu(loss, tensors):
    """In every dtype: the value is the processor's, the gradient what float64 says of the same rows, but for some
    roundings, two of the largest one's among them."""
    rows, labels = split(loss, tensors)
    for dtype in FLOATING:
        on_cpu = (*(each.to(dtype) for each in rows), *labels)
        value, gradients = value_and_gradients(loss, tuple(each.cuda() for each in on_cpu))
        expected = loss(*on_cpu)
        assert value.is_cuda and value.dtype == expected.dtype
        assert_close(value.cpu(), expected, **({"rtol": 1e-12, "atol": 1e-12} if dtype == DOUBLE else NARROW))
        _, exact_gradients = value_and_gradients(loss, (*(each.to(dtype).double() for each in rows), *labels))
        for gradient, exact in zip(gradients, exact_gradients, strict=True):
            assert gradient.is_cuda and gradient.dtype == dtype
            least = 1e-12 if dtype == DOUBLE else max(1e-7, 2 * exact.abs().max().item() * torch.finfo(value.dtype).eps)
            assert_close(gradient.cpu().double(), exact, rtol=max(RELATIVE[dtype], 1e-12), atol=least)


# --- terms -----------------------------------------------------------------------------------------------------------


@every_loss
@SWEEP
@given(data=st.data())
def test_values_sum_to_the_loss(variant, data):
    loss, tensors = data.draw(make.cases(variant))
    terms = loss.terms(*tensors)
    assert_close(terms.loss, loss(*tensors), rtol=1e-12, atol=1e-12)
    assert_close(terms.values.sum(), terms.loss, rtol=1e-12, atol=1e-12)
    assert terms.values[~terms.valid].count_nonzero() == 0
    assert not (terms.active & ~terms.valid).any()
    assert terms.values.shape == terms.valid.shape == terms.active.shape
    assert terms.values.ndim == len(loss.axes)
    assert terms.matrix.shape == terms.positive.shape == terms.negative.shape
    assert all(mask.dtype == torch.bool for mask in (terms.positive, terms.negative, terms.valid, terms.active))
    assert all(threshold.ndim == 0 for threshold in terms.thresholds.values())


@every_loss
@SWEEP
@given(data=st.data())
def test_a_term_is_active_when_it_passes_a_gradient_on_that_can_be_seen(variant, data):
    # A weight between pulls and pushes one pair: where the two cancel, it is active without a gradient.
    loss, tensors = data.draw(make.cases(variant, sizes=(1, 6), weights=False))
    rows, labels = split(loss, tensors)
    terms = loss.terms(*leaves(rows), *labels)
    for term in itertools.product(*map(range, terms.values.shape)):
        (gradient,) = torch.autograd.grad(terms.values[term], terms.matrix, retain_graph=True)
        if isinstance(loss, SoftmaxLoss):  # a log-probability always pulls; its logits, by what is missing to 1
            gradient = gradient * -terms.matrix[term].expm1()
        strongest = gradient.abs().max().item()
        seen = abs(terms.values[term].item()) > VISIBLE
        if not seen or strongest == 0:
            assert not terms.active[term]
        elif strongest > 1e-10:
            assert terms.active[term] == terms.valid[term]


@every_loss
@SWEEP
@given(data=st.data())
def test_pulls_add_up_to_the_gradient_of_the_loss(variant, data):
    loss, tensors = data.draw(make.cases(variant))
    rows, labels = split(loss, tensors)
    terms = loss.terms(*(rows := leaves(rows)), *labels)
    by_loss = torch.autograd.grad(terms.loss, rows, retain_graph=True, allow_unused=True, materialize_grads=True)
    by_terms = torch.autograd.grad(terms.pulls.sum(), rows, allow_unused=True, materialize_grads=True)
    for one, other in zip(by_loss, by_terms, strict=True):
        assert_close(one, other, rtol=1e-9, atol=1e-9 * max(1.0, one.abs().max().item()))


@every_loss
@SWEEP
@given(data=st.data())
def test_numbers_fit_the_values_and_shares_the_matrix(variant, data):
    loss, tensors = data.draw(make.cases(variant))
    terms = loss.terms(*tensors)
    for name, number in terms.numbers.items():
        assert number.isfinite().all() or name == "sum", name  # a sum of exponentials may be too large for a number
        assert torch.broadcast_shapes(number.shape, terms.values.shape) == terms.values.shape
    rows = terms.shares.get("row")
    if rows is not None:
        blocks = len(loss.blocks()) or 1
        assert_close(rows.sum(-1), torch.full(rows.shape[:-1], float(blocks), dtype=rows.dtype))
        assert rows.shape == terms.matrix.shape
    if "column" in terms.shares:
        size = len(terms.matrix)
        assert_close(terms.shares["column"].sum(-2), torch.ones(size, dtype=rows.dtype))


@every_loss
def test_terms_are_a_pytree_of_tensors(variant):
    """vmap takes them apart, stacks each tensor, and puts them together again; it takes nothing but tensors."""
    terms = variant().terms(*example(variant()))
    twice = torch.vmap(lambda given, _: given, in_dims=(None, 0))(terms, torch.zeros(2))
    assert type(twice) is type(terms)
    assert_close(vars(twice), default_collate([vars(terms)] * 2), rtol=0, atol=0)


@every_loss
def test_thresholds_show_number_parameters(variant):
    """A margin is drawn into the pictures from the terms: there it must be the parameter's number."""
    loss = variant()
    thresholds = loss.terms(*example(loss)).thresholds
    for name in thresholds.keys() & loss.settings().keys():
        assert thresholds[name].item() == loss.settings()[name]
    if "margin" in loss.settings():
        assert "margin" in thresholds
