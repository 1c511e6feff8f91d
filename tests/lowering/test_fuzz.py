"""Lowered losses against torch: the same numbers, gradients and masks for every generated batch."""

import functools
from dataclasses import replace

import numpy as np
import pytest

from lossviz.lowering.fuse import in_order, plan
from lossviz.lowering.graph import Graph
from lossviz.lowering.operators import OPERATORS
from lossviz.lowering.print import module
from lossviz.lowering.trace import graph_of
from tests.lowering import fuzz_batches, harness
from tests.lowering.fuzz_batches import Variant
from tests.lowering.harness import Batch

MASKS = {f"terms {name}" for name in ("positive", "negative", "valid", "active")}
VARIANTS = [*fuzz_batches.catalogue(), *fuzz_batches.zoo()]
every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=[each.name for each in VARIANTS])


@functools.cache
def traced(variant: Variant) -> Graph:
    loss, inputs = variant.example()
    return graph_of(loss, inputs)


@functools.cache
def lowered(variant: Variant) -> str:
    return module(plan(traced(variant)))


@every_variant
def test_lowered_loss_is_torchs(variant, javascript):
    batches = fuzz_batches.batches(variant)
    for batch, found in zip(batches, harness.in_javascript(javascript, lowered(variant), batches), strict=True):
        expected = harness.in_torch(batch)
        assert list(found) == list(expected), batch.name
        for path, numbers in expected.items():
            if path == "terms active" and expected.keys() & {"terms shares row", "terms thresholds the_1"}:
                # What a softmax costs may be nothing or a last digit: either road may call it active.
                sure = (np.abs(expected["terms values"]) > 1e-14) | (expected["terms valid"] == 0)
                assert_equal(path, found[path][sure], numbers[sure], batch)
            else:
                assert_equal(path, found[path], numbers, batch)


@every_variant
def test_the_gradient_of_one_term_is_torchs(variant, javascript):
    """By every row, and as the rows move: one number for each term, whichever was asked for."""
    batches = [one_term(batch, k) for k, batch in enumerate(fuzz_batches.batches(variant, 20))]
    answers = harness.in_javascript(javascript, lowered(variant), batches)
    alongs = harness.along_in_javascript(javascript, lowered(variant), batches)
    for batch, found, along in zip(batches, answers, alongs, strict=True):
        expected = harness.in_torch(batch)
        for path, numbers in expected.items():
            if path == "loss" or path.startswith("gradients"):
                assert_equal(path, found[path], numbers, batch)
        gradients = [expected[f"gradients {name}"] for name in batch.rows]
        changes = np.concatenate([(each * harness.ways(each)).ravel() for each in gradients])
        wanted = pytest.approx(changes.sum(), rel=1e-10, abs=1e-12 * max(1, np.abs(changes).sum()), nan_ok=True)
        assert along.size == expected["terms pulls"].size
        assert along[batch.term] == wanted, batch.name


def one_term(batch: Batch, k: int) -> Batch:
    """The batch, asked for one of its terms."""
    count = harness.in_torch(batch)["terms pulls"].size
    return replace(batch, name=f"{batch.name}, term {k % count}", term=k % count)


@every_variant
def test_value_alone_is_the_same(variant, javascript):
    batches = fuzz_batches.batches(variant, 20)
    alone = harness.in_javascript(javascript, module(plan(traced(variant).value())), batches)
    full = harness.in_javascript(javascript, lowered(variant), batches)
    for batch, one, other in zip(batches, alone, full, strict=True):
        assert list(one) == ["loss"]
        assert_equal("loss", one["loss"], other["loss"], batch)


def assert_equal(path: str, found: np.ndarray, expected: np.ndarray, batch: Batch) -> None:
    """Masks and indices exactly; numbers to 1e-10 of themselves, or 1e-12 of the largest beside them."""
    what = f"{path} of {batch.name}"
    assert found.shape == expected.shape, what
    if path in MASKS or path.startswith("terms chosen"):
        np.testing.assert_array_equal(found, expected, what)
    else:
        largest = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * largest, err_msg=what)


def test_every_row_of_the_table_is_tested():
    used = {node.operator for variant in VARIANTS for node in in_order(traced(variant).outputs.values())}
    assert set(OPERATORS) - used == set()
