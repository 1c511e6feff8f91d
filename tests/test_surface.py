"""Surfaces against a plain loop: one call of the loss, and one autograd pass, for each position."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from lossviz import BatchAllTripletLoss, ContrastiveLoss, SoftmaxLoss, surface
from lossviz.catalogue import ENTRIES
from lossviz.inputs import LABELLED_PAIRS, LABELLED_SENTENCES
from lossviz.losses import Loss, Terms
from lossviz.situations import situations

VARIANTS = [(entry, settings) for entry in ENTRIES for settings in entry.variants()]
NAMES = ["-".join([entry.loss.__name__, *map(str, settings.values())]) for entry, settings in VARIANTS]
SMALL = {"resolution": 4, "reach": 1.37, "chunk": 7}  # 16 positions: seven at a time leave two over


def made(variant) -> Loss:
    entry, settings = variant
    return entry.default().changed(**settings)


def by_loop(loss: Loss, inputs, moving, places: Tensor) -> tuple[Tensor, Tensor]:
    """Loss and gradient with the moving rows at each of some places, (n, d) → (n,), (n, d)."""
    names = loss.inputs.fitted(len(inputs)).rows
    losses, gradients = [], []
    for place in places:
        place = place.clone().requires_grad_()
        moved = list(inputs)
        for argument, row in moving:
            rows = moved[names.index(argument)]
            moved[names.index(argument)] = torch.cat([rows[:row], place[None].to(rows), rows[row + 1 :]])
        value = loss.terms(*moved).loss
        losses.append(value.detach())
        gradients.append(torch.autograd.grad(value, place)[0] if value.requires_grad else torch.zeros_like(place))
    return torch.stack(losses), torch.stack(gradients)


def places_of(found) -> Tensor:
    """(n², 2): the positions of a surface, in the order of its flattened loss."""
    return torch.stack([found.x.repeat(len(found.y)), found.y.repeat_interleave(len(found.x))], dim=-1)


def assert_equal_to_the_loop(loss: Loss, inputs, moving, **options) -> None:
    found = surface(loss, inputs, moving, **(SMALL | options))
    losses, gradients = by_loop(loss, inputs, moving, places_of(found))
    assert_close(found.loss.flatten(), losses, rtol=1e-10, atol=1e-12)
    assert_close(found.gradient.flatten(0, 1), gradients, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_every_loss_is_that_of_the_loop(variant):
    loss = made(variant)
    inputs = loss.inputs.example(7)
    for argument in loss.inputs.rows:
        assert_equal_to_the_loop(loss, inputs, [(argument, 4)])


@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_a_sentence_that_stands_in_several_rows_moves_in_all_of_them(variant):
    loss = made(variant)
    inputs = loss.inputs.example(7)
    first, last = loss.inputs.rows[0], loss.inputs.rows[-1]
    assert_equal_to_the_loop(loss, inputs, [(first, 5), (last, 1), (last, 2)])


@pytest.mark.parametrize("entry", [each for each in ENTRIES if each.loss.inputs.more])
def test_explicit_negatives(entry):
    for settings in entry.variants():
        loss = entry.default().changed(**settings)
        inputs = loss.inputs.example(4, negatives=2)
        for moving in (("anchor", 2), ("negative_1", 0), ("negative_2", 3)):
            assert_equal_to_the_loop(loss, inputs, [moving])


CLASSES = {"one": [0] * 5, "each its own": [0, 1, 2, 3, 4], "one alone": [0, 1, 1, 1, 1], "two": [1, 0, 1, 0, 1]}


@pytest.mark.parametrize("labels", CLASSES.values(), ids=CLASSES)
@pytest.mark.parametrize("entry", [each for each in ENTRIES if each.loss.inputs is LABELLED_SENTENCES])
def test_batches_with_few_classes_or_many(entry, labels):
    for settings in entry.variants():
        loss = entry.default().changed(**settings)
        inputs = loss.inputs.example(5)[0], torch.tensor(labels)
        assert_equal_to_the_loop(loss, inputs, [("embeddings", 0)])


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: each.loss.__name__)
def test_a_batch_of_one_row(entry):
    loss = entry.default()
    assert_equal_to_the_loop(loss, loss.inputs.example(1), [(loss.inputs.rows[-1], 0)])


@pytest.mark.parametrize("situation", situations("labelled_pairs"), ids=lambda each: each.name)
def test_the_points_of_a_situation(situation):
    for point in range(len(situation.keys)):
        inputs = situation.inputs(situation.points(2))
        assert_equal_to_the_loop(ContrastiveLoss(), inputs, situation.rows_of(point))


@pytest.mark.parametrize("chunk", [None, 1, 16, 100])
def test_any_number_of_positions_at_a_time_gives_one_surface(chunk):
    loss, inputs = BatchAllTripletLoss(margin=0.7), LABELLED_SENTENCES.example(7)
    found, expected = (surface(loss, inputs, ("embeddings", 2), **(SMALL | {"chunk": each})) for each in (chunk, 7))
    assert_close(found.loss, expected.loss)
    assert_close(found.gradient, expected.gradient)


def test_rows_of_a_surface_go_up():
    loss, inputs = ContrastiveLoss(distance="euclidean"), LABELLED_PAIRS.example(3)
    found = surface(loss, inputs, ("anchor", 0), resolution=5, reach=2.0)
    assert found.x.tolist() == found.y.tolist() == [-2, -1, 0, 1, 2]
    assert found.loss.shape == (5, 5) and found.gradient.shape == (5, 5, 2)
    value, gradient = by_loop(loss, inputs, [("anchor", 0)], torch.tensor([[2.0, -1.0]], dtype=torch.float64))
    assert_close(found.loss[1, 4], value[0])
    assert_close(found.gradient[1, 4], gradient[0])


# Other planes


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: each.loss.__name__)
def test_a_plane_in_more_dimensions(entry):
    loss = SoftmaxLoss.initial(5, 3) if entry.loss is SoftmaxLoss else entry.default()
    inputs = loss.inputs.example(6, dimension=5)
    argument = loss.inputs.rows[-1]
    directions = torch.randn(2, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    found = surface(loss, inputs, (argument, 3), directions=directions, **SMALL)
    stands = inputs[loss.inputs.rows.index(argument)][3]
    losses, gradients = by_loop(loss, inputs, [(argument, 3)], stands + places_of(found) @ directions)
    assert_close(found.loss.flatten(), losses, rtol=1e-10, atol=1e-12)
    assert_close(found.gradient.flatten(0, 1), gradients @ directions.T, rtol=1e-8, atol=1e-10)


def test_a_plane_with_an_origin():
    loss, inputs = ContrastiveLoss(distance="manhattan"), LABELLED_PAIRS.example(4)
    origin, directions = torch.tensor([0.3, -0.2]), torch.tensor([[0.5, 0.0], [0.5, 2.0]])
    found = surface(loss, inputs, ("other", 1), origin=origin, directions=directions, **SMALL)
    places = origin.double() + places_of(found) @ directions.double()
    losses, gradients = by_loop(loss, inputs, [("other", 1)], places)
    assert_close(found.loss.flatten(), losses)
    assert_close(found.gradient.flatten(0, 1), gradients @ directions.double().T)


# Dtypes and devices


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: each.loss.__name__)
def test_other_dtypes(entry, dtype):
    loss = entry.default()
    names = loss.inputs.rows
    inputs = [each.to(dtype) if k < len(names) else each for k, each in enumerate(loss.inputs.example(6))]
    exact = [each.double() if k < len(names) else each for k, each in enumerate(inputs)]
    found, expected = (surface(loss, each, (names[0], 1), resolution=6, reach=1.37) for each in (inputs, exact))
    assert found.x.dtype == found.loss.dtype == found.gradient.dtype == torch.float32
    assert_close(found.loss, expected.loss.float())
    assert_close(found.gradient, expected.gradient.float())


@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_everything_is_on_the_device_of_the_inputs(variant):
    """A GPU for machines without one: what does not follow the inputs is on "meta", and there nothing is computed."""
    loss = made(variant)
    inputs = loss.inputs.example(7)
    with torch.device("meta"):
        found = surface(loss, inputs, (loss.inputs.rows[0], 5), **SMALL)
    assert all(each.is_cpu for each in (found.x, found.y, found.loss, found.gradient))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_a_surface_on_a_gpu_is_that_of_the_processor(variant):
    loss = made(variant)
    inputs = loss.inputs.example(7)
    moving = [(loss.inputs.rows[0], 5), (loss.inputs.rows[-1], 1)]
    found = surface(loss, [each.cuda() for each in inputs], moving, **SMALL)
    expected = surface(loss, inputs, moving, **SMALL)
    assert found.loss.is_cuda and found.gradient.is_cuda and found.x.is_cuda
    assert_close(found.loss.cpu(), expected.loss, rtol=1e-9, atol=1e-11)
    assert_close(found.gradient.cpu(), expected.gradient, rtol=1e-7, atol=1e-9)


# A reader's own loss


def mean_of(costs: Tensor) -> Tensor:
    return costs.sum(-1) / costs.shape[-1]


OWN = {
    "mean": lambda x, y, w: ((x - y).square().mean(-1) * w).mean(-1),
    "sorted": lambda x, y, w: (x * y).sum(-1).sort(-1).values[..., :2].sum(-1),
    "cdist": lambda x, y, w: torch.cdist(x, y).sum((-2, -1)),
    "diagonal": lambda x, y, w: mean_of((x @ y.mT).diagonal(dim1=-2, dim2=-1)),
    "gathered": lambda x, y, w: mean_of((x @ y.mT).gather(-1, (x @ y.mT).argmin(-1, keepdim=True)).squeeze(-1)),
    "stacked": lambda x, y, w: torch.stack([(x * y).sum(-1), w, (x - y).abs().sum(-1)], dim=-2).logsumexp((-2, -1)),
    "neither": lambda x, y, w: (x.detach() * y.detach()).sum((-2, -1)),
    "a constant": lambda x, y, w: w.sum(-1),
}


@dataclass(frozen=True, eq=False)
class Own(Loss):
    """A reader's own loss, written in a cell."""

    name: str = "mean"
    inputs = LABELLED_PAIRS
    axes = ("pair",)

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        loss = OWN[self.name](anchor, other, labels)
        return Terms(labels, torch.zeros_like(labels), loss=loss)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("moving", [[("anchor", 2)], [("other", 5)], [("anchor", 0), ("other", 0), ("anchor", 3)]])
def test_a_readers_own_loss(name, moving):
    assert_equal_to_the_loop(Own(name), LABELLED_PAIRS.example(6), moving)


def test_a_readers_own_distance():
    def chessboard(x: Tensor, y: Tensor) -> Tensor:
        return (x - y).abs().amax(-1)

    for loss in (ContrastiveLoss(distance=chessboard), BatchAllTripletLoss(distance=chessboard)):
        assert_equal_to_the_loop(loss, loss.inputs.example(6), [(loss.inputs.rows[0], 1)])


# Progress


@pytest.mark.parametrize(("seconds", "progress", "shown"), [(0.0, True, False), (2.0, True, True), (2.0, False, False)])
def test_a_bar_is_shown_past_a_second_where_it_is_wanted(monkeypatch, capsys, seconds, progress, shown):
    """A clock that goes on by so many seconds whenever it is read."""
    now = iter(range(1_000_000))
    monkeypatch.setattr("tqdm.std.time", lambda: next(now) * seconds)
    surface(ContrastiveLoss(), LABELLED_PAIRS.example(6), ("anchor", 0), progress=progress, **SMALL)
    assert ("position" in capsys.readouterr().err) is shown


# Errors


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"moving": ("anker", 0)}, "moving: expected an argument among anchor, other, got 'anker'"),
        ({"moving": ("labels", 0)}, "moving: expected an argument among anchor, other, got 'labels'"),
        ({"moving": ("other", 6)}, "moving: expected a row from 0 to 5, got 6"),
        ({"moving": ("other", -1)}, "moving: expected a row from 0 to 5, got -1"),
        ({"moving": [("anchor", 0), ("other", 6)]}, "moving: expected a row from 0 to 5, got 6"),
        ({"moving": []}, "moving: expected at least one (argument, row), got none"),
        ({"resolution": 1}, "resolution: expected at least 2, got 1"),
        ({"reach": 0}, "reach: expected a positive number, got 0"),
        ({"reach": float("nan")}, "reach: expected a positive number, got nan"),
        ({"chunk": 0}, "chunk: expected at least 1, got 0"),
        ({"origin": torch.zeros(3)}, "origin: expected a position, shape (2,), got shape (3,)"),
        ({"directions": torch.zeros(2, 3)}, "directions: expected two directions, shape (2, 2), got shape (2, 3)"),
        ({"inputs": LABELLED_PAIRS.example(6)[:2]}, "labels: expected the arguments (anchor, other, labels), got only"),
        (
            {"inputs": LABELLED_PAIRS.example(6, dimension=3)},
            "directions: expected two directions, shape (2, 3), got None",
        ),
        (
            {"inputs": [each[None] for each in LABELLED_PAIRS.example(6)]},
            "anchor: expected embeddings of shape (B, d), got shape (1, 6, 2)",
        ),
    ],
)
def test_errors_name_the_argument(changed, message):
    arguments = {"inputs": LABELLED_PAIRS.example(6), "moving": ("anchor", 0), "resolution": 3} | changed
    with pytest.raises(ValueError) as error:
        surface(ContrastiveLoss(), **arguments)
    assert message in str(error.value)


def test_a_definition_without_leading_dimensions_says_so():
    with pytest.raises(ValueError, match=r"^define: expected a loss of shape \(9,\), got a loss of shape \(\)"):
        surface(Mean(), LABELLED_PAIRS.example(6), ("anchor", 0), resolution=3)


class Mean(Own):
    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        return Terms(labels, labels, loss=(anchor - other).square().mean())
