"""What a lowered module refuses: no batch that the trace did not foresee gives a silent wrong number."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from lossviz.losses import AnglELoss, ContrastiveLoss
from lossviz.losses.base import Loss, Terms
from lossviz.lowering import UnknownOperator, to_javascript
from tests.lowering import zoo

ROOT = Path(__file__).parents[2]
SHAPES = {"anchor": [2, 3], "other": [2, 3], "labels": [2]}
INPUTS = {"anchor": [1, 2, 3, 4, 5, 6], "other": [6, 5, 4, 3, 2, 1], "labels": [0, 1], "margin": 0.5}


def lowered(loss: Loss) -> str:
    return to_javascript(loss, *loss.inputs.example()).whole


@pytest.fixture(scope="module")
def contrastive() -> str:
    return lowered(ContrastiveLoss())


def complaint(page, code: str, shapes: dict, inputs: dict | None = None) -> str | None:
    """The message of what ``create``, or a call, throws."""
    return page.evaluate("complaint", [code, shapes, inputs])


def test_good_inputs_pass(javascript, contrastive):
    assert complaint(javascript, contrastive, SHAPES, INPUTS) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"other": [2, 4]},
            "other: expected other.shape[1] = anchor.shape[1], got anchor.shape[1] = 3, other.shape[1] = 4",
        ),
        (
            {"other": [1, 3]},
            "other: expected other.shape[0] = anchor.shape[0], got anchor.shape[0] = 2, other.shape[0] = 1",
        ),
        (
            {"labels": [3]},
            "labels: expected labels.shape[0] = anchor.shape[0], got anchor.shape[0] = 2, labels.shape[0] = 3",
        ),
        ({"labels": [2, 1]}, "labels: expected a shape of 1 sizes of at least 1, got [2,1]"),
        ({"anchor": [0, 3]}, "anchor: expected a shape of 2 sizes of at least 1, got [0,3]"),
        ({"anchor": [1.5, 3]}, "anchor: expected a shape of 2 sizes of at least 1, got [1.5,3]"),
        ({"anchor": "2,3"}, 'anchor: expected a shape of 2 sizes of at least 1, got "2,3"'),
        ({"weights": [2]}, "weights: expected only anchor, other, labels, got one more"),
    ],
)
def test_wrong_shapes_throw(javascript, contrastive, change, message):
    assert complaint(javascript, contrastive, SHAPES | change) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"anchor": [1, 2, 3]}, "anchor: expected 6 numbers, got 3"),
        ({"labels": [0, 1, 1]}, "labels: expected 2 numbers, got 3"),
        ({"labels": 1}, "labels: expected a Float64Array, got number"),
        ({"margin": [0.5]}, "margin: expected a number, got object"),
        ({"margin": "0.5"}, "margin: expected a number, got string"),
        ({"scale": 2}, "scale: expected only anchor, other, labels, margin, term, got one more"),
    ],
)
def test_wrong_inputs_throw(javascript, contrastive, change, message):
    assert complaint(javascript, contrastive, SHAPES, INPUTS | change) == message


@pytest.mark.parametrize("name", INPUTS)
def test_missing_inputs_throw(javascript, contrastive, name):
    given = {each: value for each, value in INPUTS.items() if each != name}
    assert complaint(javascript, contrastive, SHAPES, given).startswith(
        f"{name}: expected all of anchor, other, labels, margin"
    )


def test_missing_shapes_throw(javascript, contrastive):
    given = {each: value for each, value in SHAPES.items() if each != "other"}
    assert complaint(javascript, contrastive, given) == "other: expected all of anchor, other, labels, got nothing"


@pytest.mark.parametrize("dimension", [2, 4, 10])
def test_halves_serve_every_even_dimension(javascript, dimension):
    assert complaint(javascript, lowered(zoo.Halves()), {"first": [3, dimension], "second": [3, dimension]}) is None


@pytest.mark.parametrize("dimension", [1, 3, 9])
def test_halves_refuse_odd_dimensions(javascript, dimension):
    message = complaint(javascript, lowered(zoo.Halves()), {"first": [3, dimension], "second": [3, dimension]})
    assert "first.shape[1]" in message or "second.shape[1]" in message


@pytest.mark.parametrize("dimension", [2, 4, 10])
def test_angle_traced_in_two_dimensions_serves_every_even_one(javascript, dimension):
    shapes = {"first": [3, dimension], "second": [3, dimension], "scores": [3]}
    assert complaint(javascript, lowered(AnglELoss()), shapes) is None


@pytest.mark.parametrize("dimension", [1, 3, 9])
def test_angle_refuses_odd_dimensions(javascript, dimension):
    shapes = {"first": [3, dimension], "second": [3, dimension], "scores": [3]}
    message = complaint(javascript, lowered(AnglELoss()), shapes)
    assert message and ("first.shape[1]" in message or "second.shape[1]" in message)


def test_weights_must_fit_the_rows(javascript):
    code = lowered(zoo.Classifier.initial(2, 0))
    shapes = {"first": [4, 2], "second": [4, 2], "labels": [4], "weight": [3, 6], "bias": [3]}
    assert complaint(javascript, code, shapes) is None
    assert complaint(javascript, code, shapes | {"weight": [3, 5]}).startswith("weight: expected ")
    assert complaint(javascript, code, shapes | {"bias": [4]}).startswith("bias: expected ")


def _terms(loss: torch.Tensor) -> Terms:
    return Terms(loss, loss, loss=loss.sum())


@dataclass(frozen=True, eq=False)
class SqueezesRows(Loss):
    inputs = zoo.ONE
    axes = ("row",)

    def define(self, embeddings):
        return _terms(embeddings.squeeze(0).sum(0))  # of one row it sums the coordinates, of more it sums the rows


@dataclass(frozen=True, eq=False)
class AsksForMany(Loss):
    inputs = zoo.ONE
    axes = ("row",)

    def define(self, embeddings):
        return _terms(embeddings.square() if embeddings.shape[0] > 5 else embeddings)


@dataclass(frozen=True, eq=False)
class DropsTheDimension(Loss):
    inputs = zoo.ONE
    axes = ("row",)

    def define(self, embeddings):
        return _terms(embeddings.square() if embeddings.shape[-1] == 1 else embeddings)


@pytest.mark.parametrize(
    ("loss", "good", "bad", "message"),
    [
        (SqueezesRows(), [2, 3], [1, 3], "embeddings: expected embeddings.shape[0] ≠ 1, got embeddings.shape[0] = 1"),
        (AsksForMany(), [6, 3], [5, 3], "embeddings: expected embeddings.shape[0] > 5, got embeddings.shape[0] = 5"),
        (
            DropsTheDimension(),
            [1, 2],
            [2, 1],
            "embeddings: expected embeddings.shape[1] ≠ 1, got embeddings.shape[1] = 1",
        ),
    ],
)
def test_a_size_that_the_definition_looks_at_is_a_guard(javascript, loss, good, bad, message):
    code = lowered(loss)
    assert complaint(javascript, code, {"embeddings": good}) is None
    assert complaint(javascript, code, {"embeddings": bad}) == message


@dataclass(frozen=True, eq=False)
class Sorts(Loss):
    inputs = zoo.ONE
    axes = ("row",)

    def define(self, embeddings):
        return _terms(embeddings.sort(-1).values.detach() * embeddings)


@dataclass(frozen=True, eq=False)
class TurnsToFloat32(Loss):
    inputs = zoo.ONE
    axes = ("row",)

    def define(self, embeddings):
        return _terms((embeddings > 0).float().mean() * embeddings)


@dataclass(frozen=True, eq=False)
class WritesATenthInFloat32(Loss):
    inputs = zoo.ONE
    axes = ("row",)

    def define(self, embeddings):
        return _terms(torch.where(embeddings > 0, 0.1, 0.2) * embeddings)


@dataclass(frozen=True, eq=False)
class AddsBits(Loss):
    inputs = zoo.ONE
    axes = ("row",)

    def define(self, embeddings):
        return _terms((embeddings.long() & 1) * embeddings)


@dataclass(frozen=True, eq=False)
class LooksAtANumber(Loss):
    inputs = zoo.ONE
    axes = ("row",)

    def define(self, embeddings):
        return _terms(embeddings if embeddings.sum() > 0 else 2 * embeddings)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (LooksAtANumber(), "LooksAtANumber: torch cannot trace it: "),
        (Sorts(), "Sorts: no row in the table for the operator aten.sort"),
        (TurnsToFloat32(), "TurnsToFloat32: aten.mean in torch.float32; compute in the dtype of the embeddings"),
        (WritesATenthInFloat32(), "WritesATenthInFloat32: aten.scalar_tensor in torch.float32"),
        (AddsBits(), "AddsBits: aten.bitwise_and of torch.int64; only masks can be lowered"),
    ],
)
def test_what_cannot_be_lowered_stops_by_name(loss, message):
    with pytest.raises(UnknownOperator) as caught:
        lowered(loss)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


@dataclass(frozen=True, eq=False)
class NamedAsItsRows(ContrastiveLoss):
    anchor: float = 0.5


def test_a_setting_has_a_name_of_its_own():
    with pytest.raises(ValueError, match="NamedAsItsRows: expected settings of other names, got anchor"):
        to_javascript(NamedAsItsRows(), *ContrastiveLoss.inputs.example())


def test_example_inputs_must_be_the_arguments():
    with pytest.raises(ValueError, match=r"example inputs: expected \(anchor, other, labels\), got 2 tensors"):
        to_javascript(ContrastiveLoss(), *ContrastiveLoss.inputs.example()[:2])
    anchor, other, labels = ContrastiveLoss.inputs.example()
    with pytest.raises(ValueError, match=r"other: expected the shape of anchor, \(6, 2\)"):
        to_javascript(ContrastiveLoss(), anchor, other[:5], labels)


def test_the_same_text_in_another_process_and_after_other_traces(contrastive):
    lowered(zoo.Ordered())
    assert lowered(ContrastiveLoss()) == contrastive
    script = (
        "from lossviz.losses import ContrastiveLoss as L; from lossviz.lowering import to_javascript as j;"
        "print(j(L(), *L.inputs.example()).whole, end='')"
    )
    other = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert other.stdout == contrastive


def test_the_text_does_not_depend_on_the_example(contrastive):
    example = ContrastiveLoss.inputs.example(batch=4, dimension=4, seed=3)
    assert to_javascript(ContrastiveLoss(margin=1.5), *example).whole == contrastive


def test_nothing_costly_is_computed_twice(contrastive):
    """One root for the length of each side: a value that several read, or many times over, is kept."""
    assert contrastive.count("Math.sqrt(") == 2
