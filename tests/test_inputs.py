"""The input types: their examples, and the words of every error."""

import inspect
import math
import re

import pytest
import torch

from lossviz.catalogue import ENTRIES
from lossviz.inputs import LABELLED_PAIRS, ZERO_OR_ONE, ZERO_TO_ONE, LabelSet, check_finite, wrong

NAN, INF = math.nan, math.inf
INPUT_TYPES = {each.loss.inputs.name: each.loss.inputs for each in ENTRIES}
every_input_type = pytest.mark.parametrize("inputs", INPUT_TYPES.values(), ids=INPUT_TYPES)


def says(text):
    return pytest.raises(ValueError, match=f"^{re.escape(text)}$")


def check(tensors, inputs=LABELLED_PAIRS):
    inputs.check_shapes(tensors)
    inputs.check_values(tensors)


def pairs(**changed):
    """A good batch of four pairs in three dimensions, but for what is changed."""
    good = {"anchor": torch.zeros(4, 3), "other": torch.ones(4, 3), "labels": torch.tensor([1.0, 0, 1, 0])}
    return tuple((good | changed).values())


def with_one(value, shape=(4, 3), place=(2, 1)):
    tensor = torch.zeros(shape)
    tensor[place] = value
    return tensor


# --- examples --------------------------------------------------------------------------------------------------------


@every_input_type
@pytest.mark.parametrize(("batch", "dimension"), [(1, 1), (2, 5), (9, 3)])
def test_examples_are_valid_and_of_the_size_asked(batch, dimension, inputs):
    tensors = inputs.example(batch, dimension, seed=3)
    check(tensors, inputs)
    assert len(tensors) == len(inputs.arguments)
    for rows in tensors[: len(inputs.rows)]:
        assert rows.shape == (batch, dimension) and rows.dtype == torch.float64
    for labels in tensors[len(inputs.rows) :]:
        assert labels.shape == (batch,)


@every_input_type
def test_examples_follow_their_seed(inputs):
    first, again, another = inputs.example(seed=1), inputs.example(seed=1), inputs.example(seed=2)
    assert all(torch.equal(x, y) for x, y in zip(first, again, strict=True))
    assert not torch.equal(first[0], another[0])


@every_input_type
def test_examples_show_more_than_one_label(inputs):
    if inputs.labels:
        assert len(inputs.example()[-1].unique()) > 1


def test_every_loss_defines_itself_on_the_arguments_of_its_input_type():
    for each in ENTRIES:
        inputs, (_, *parameters) = each.loss.inputs, inspect.signature(each.loss.define).parameters.values()
        starred = [parameter.name for parameter in parameters if parameter.kind is parameter.VAR_POSITIONAL]
        named = tuple(parameter.name for parameter in parameters if parameter.name not in starred)
        assert named == inputs.arguments
        assert starred == ([inputs.more + "s"] if inputs.more else [])


def test_examples_of_labelled_pairs_are_unit_rows_of_both_labels():
    anchor, other, labels = LABELLED_PAIRS.example(5, 4)
    for rows in (anchor, other):
        torch.testing.assert_close(rows.norm(dim=-1), torch.ones(5, dtype=torch.float64))
    assert labels.tolist() == [1, 1, 1, 0, 0]
    assert not torch.equal(anchor, other)


# --- what is right ---------------------------------------------------------------------------------------------------

RIGHT = {
    "plain": pairs(),
    "bool labels": pairs(labels=torch.tensor([True, False, True, False])),
    "integer labels": pairs(labels=torch.tensor([1, 0, 1, 0])),
    "labels of another float": pairs(labels=torch.tensor([1.0, 0, 1, 0], dtype=torch.float64)),
    "leading dimensions": tuple(each.expand(2, 5, *each.shape) for each in pairs()),
    "numbers whose sum overflows": pairs(anchor=torch.full((4, 3), 3e38)),
    "float16 whose sum overflows": pairs(anchor=torch.full((4, 3), 6e4).half(), other=torch.zeros(4, 3).half()),
    "bfloat16": pairs(anchor=torch.zeros(4, 3).bfloat16(), other=torch.zeros(4, 3).bfloat16()),
    "one row of one dimension": (torch.zeros(1, 1), torch.zeros(1, 1), torch.ones(1)),
    "requires grad": pairs(anchor=torch.zeros(4, 3, requires_grad=True)),
    "a parameter": pairs(anchor=torch.nn.Parameter(torch.zeros(4, 3))),
}


@pytest.mark.parametrize("tensors", RIGHT.values(), ids=RIGHT)
def test_right(tensors):
    check(tensors)


# --- wrong shapes: each text names the argument, what was expected and what came -------------------------------------

WRONG_SHAPES = {
    "nothing": ((), "anchor: expected the arguments (anchor, other, labels), got only 0 of them"),
    "labels missing": (pairs()[:2], "labels: expected the arguments (anchor, other, labels), got only 2 of them"),
    "one too many": ((*pairs(), torch.ones(4)), "arguments: expected (anchor, other, labels), got 4 arguments"),
    "a list": (pairs(anchor=[[0.0] * 3] * 4), "anchor: expected a tensor, got list"),
    "labels None": (pairs(labels=None), "labels: expected a tensor, got NoneType"),
    "labels a list": (pairs(labels=[1, 0, 1, 0]), "labels: expected a tensor, got list"),
    "integers": (
        pairs(anchor=torch.zeros(4, 3, dtype=torch.int64)),
        "anchor: expected float64, float32, float16 or bfloat16, got torch.int64",
    ),
    "complex": (
        pairs(other=torch.zeros(4, 3, dtype=torch.complex64)),
        "other: expected float64, float32, float16 or bfloat16, got torch.complex64",
    ),
    "float8": (
        pairs(other=torch.zeros(4, 3).to(torch.float8_e4m3fn)),
        "other: expected float64, float32, float16 or bfloat16, got torch.float8_e4m3fn",
    ),
    "one embedding alone": (
        pairs(anchor=torch.zeros(3)),
        "anchor: expected embeddings of shape (B, d), got shape (3,)",
    ),
    "an empty batch": (
        (torch.zeros(0, 3), torch.zeros(0, 3), torch.zeros(0)),
        "anchor: expected at least one row and one dimension, got shape (0, 3)",
    ),
    "no dimension": (
        (torch.zeros(4, 0), torch.zeros(4, 0), torch.zeros(4)),
        "anchor: expected at least one row and one dimension, got shape (4, 0)",
    ),
    "a row too many": (
        pairs(other=torch.zeros(5, 3)),
        "other: expected the shape of anchor, (4, 3), got shape (5, 3)",
    ),
    "one row, that would broadcast": (
        pairs(other=torch.zeros(1, 3)),
        "other: expected the shape of anchor, (4, 3), got shape (1, 3)",
    ),
    "one dimension, that would broadcast": (
        pairs(other=torch.zeros(4, 1)),
        "other: expected the shape of anchor, (4, 3), got shape (4, 1)",
    ),
    "leading dimensions on one side": (
        pairs(other=torch.zeros(2, 4, 3)),
        "other: expected the shape of anchor, (4, 3), got shape (2, 4, 3)",
    ),
    "another dtype": (
        pairs(other=torch.zeros(4, 3).double()),
        "other: expected the dtype of anchor, torch.float32, got torch.float64",
    ),
    "another device": (
        pairs(other=torch.zeros(4, 3, device="meta")),
        "other: expected the device of anchor, cpu, got meta",
    ),
    "labels too many": (
        pairs(labels=torch.zeros(5)),
        "labels: expected one label per row of anchor, shape (4,), got shape (5,)",
    ),
    "one label for all": (
        pairs(labels=torch.ones(1)),
        "labels: expected one label per row of anchor, shape (4,), got shape (1,)",
    ),
    "labels in a column": (
        pairs(labels=torch.zeros(4, 1)),
        "labels: expected one label per row of anchor, shape (4,), got shape (4, 1)",
    ),
    "labels without the leading dimension": (
        (torch.zeros(2, 4, 3), torch.zeros(2, 4, 3), torch.zeros(4)),
        "labels: expected one label per row of anchor, shape (2, 4), got shape (4,)",
    ),
    "complex labels": (
        pairs(labels=torch.zeros(4, dtype=torch.complex64)),
        "labels: expected labels 1 (near) or 0 (far), got torch.complex64",
    ),
    "labels on another device": (
        pairs(labels=torch.zeros(4, device="meta")),
        "labels: expected the device of anchor, cpu, got meta",
    ),
}


@pytest.mark.parametrize(("tensors", "text"), WRONG_SHAPES.values(), ids=WRONG_SHAPES)
def test_wrong_shapes(tensors, text):
    with says(text):
        LABELLED_PAIRS.check_shapes(tensors)


def test_bool_labels_only_where_they_have_a_meaning():
    classes = LabelSet("integer classes", lambda labels: labels >= 0)
    inputs = LABELLED_PAIRS.__class__("name", "shape", ("anchor",), classes, LABELLED_PAIRS.example)
    with says("labels: expected integer classes, got torch.bool"):
        inputs.check_shapes((torch.zeros(2, 3), torch.tensor([True, False])))
    inputs.check_shapes((torch.zeros(2, 3), torch.tensor([1, 0])))


def test_an_input_type_without_labels():
    inputs = LABELLED_PAIRS.__class__("name", "shape", ("first", "second"), None, LABELLED_PAIRS.example)
    assert inputs.arguments == ("first", "second")
    check((torch.zeros(4, 3), torch.ones(4, 3)), inputs)
    with says("second: expected finite numbers, got nan at [2, 1]"):
        check((torch.zeros(4, 3), with_one(NAN)), inputs)


# --- wrong values ----------------------------------------------------------------------------------------------------

WRONG_VALUES = {
    "NaN": (pairs(anchor=with_one(NAN)), "anchor: expected finite numbers, got nan at [2, 1]"),
    "infinity": (pairs(other=with_one(INF)), "other: expected finite numbers, got inf at [2, 1]"),
    "negative infinity": (pairs(other=with_one(-INF)), "other: expected finite numbers, got -inf at [2, 1]"),
    "half": (
        pairs(anchor=with_one(INF).half(), other=torch.zeros(4, 3).half()),
        "anchor: expected finite numbers, got inf at [2, 1]",
    ),
    "infinities that cancel": (
        pairs(anchor=with_one(torch.tensor([INF, -INF]), place=(3, slice(0, 2)))),
        "anchor: expected finite numbers, got inf at [3, 0]",
    ),
    "leading dimensions": (
        (with_one(NAN, (2, 4, 3), (1, 3, 0)), torch.zeros(2, 4, 3), torch.zeros(2, 4)),
        "anchor: expected finite numbers, got nan at [1, 3, 0]",
    ),
    "NaN label": (
        pairs(labels=torch.tensor([1, 0, NAN, 0])),
        "labels: expected labels 1 (near) or 0 (far), got nan at [2]",
    ),
    "label 2": (pairs(labels=torch.tensor([1, 0, 0, 2])), "labels: expected labels 1 (near) or 0 (far), got 2 at [3]"),
    "label −1": (
        pairs(labels=torch.tensor([-1.0, 0, 0, 1])),
        "labels: expected labels 1 (near) or 0 (far), got -1.0 at [0]",
    ),
}


@pytest.mark.parametrize(("tensors", "text"), WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_wrong_values(tensors, text):
    LABELLED_PAIRS.check_shapes(tensors)
    with says(text):
        LABELLED_PAIRS.check_values(tensors)


def test_finite_numbers_are_not_scanned(monkeypatch):
    """A good batch costs one sum: only a sum that is not finite is a reason to look at every number."""
    looked_at, isfinite = [], torch.isfinite

    def watched(tensor):
        looked_at.append(tensor.numel())
        return isfinite(tensor)

    monkeypatch.setattr(torch, "isfinite", watched)
    check_finite("anchor", torch.zeros(100, 100))
    assert looked_at == []
    check_finite("anchor", torch.full((100, 100), 3e38))  # finite, but not its sum
    assert looked_at == [100 * 100]


@pytest.mark.parametrize(
    ("labels", "allowed", "not_allowed"),
    [
        (ZERO_OR_ONE, (0, 1), (0.5, -1, 2, 1e-9, NAN, INF)),
        (ZERO_TO_ONE, (0, 0.5, 1, 1e-9), (-1e-9, 1.0000001, -1, 2, NAN, INF, -INF)),
    ],
    ids=("zero or one", "zero to one"),
)
def test_label_sets(labels, allowed, not_allowed):
    assert labels.allowed(torch.tensor(allowed, dtype=torch.float64)).all()
    assert not labels.allowed(torch.tensor(not_allowed, dtype=torch.float64)).any()
    assert labels.allowed(torch.tensor([True, False])).all() and labels.boolean


def test_the_form_of_an_error():
    assert str(wrong("margin", "a number", "a pear")) == "margin: expected a number, got a pear"
