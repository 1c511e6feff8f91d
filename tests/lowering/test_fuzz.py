"""Lowered losses against torch: the same numbers, gradients and masks for every generated batch."""

import functools

import numpy as np
import pytest

from lossviz.lowering import to_javascript
from lossviz.lowering.operators import OPERATORS
from lossviz.lowering.trace import graph_of
from tests.lowering import fuzz_batches, harness
from tests.lowering.fuzz_batches import Variant

EXACT = ("positive", "negative", "valid", "active", "chosen")
VARIANTS = [*fuzz_batches.catalogue(), *fuzz_batches.zoo()]
every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=[each.name for each in VARIANTS])


@functools.cache
def lowered(variant: Variant, gradients: bool = True) -> str:
    loss, inputs = variant.example()
    return to_javascript(loss, *inputs, gradients=gradients)


@every_variant
def test_lowered_loss_is_torchs(variant, javascript):
    batches = fuzz_batches.batches(variant, 200)
    for batch, found in zip(batches, harness.in_javascript(javascript, lowered(variant), batches), strict=True):
        expected = harness.in_torch(batch)
        assert list(found) == list(expected), batch.name
        for path, numbers in expected.items():
            assert_equal(found[path], numbers, f"{path} of {batch.name}")


@every_variant
def test_value_alone_is_the_same(variant, javascript):
    batches = fuzz_batches.batches(variant, 20)
    alone = harness.in_javascript(javascript, lowered(variant, gradients=False), batches)
    full = harness.in_javascript(javascript, lowered(variant), batches)
    for batch, one, other in zip(batches, alone, full, strict=True):
        assert list(one) == ["loss"]
        assert_equal(one["loss"], other["loss"], batch.name)


def assert_equal(found: np.ndarray, expected: np.ndarray, what: str) -> None:
    """Masks and indices exactly; numbers to 1e-10 of themselves, or of the largest beside them where they cancel."""
    assert found.shape == expected.shape, what
    if any(word in what.split(" of ")[0] for word in EXACT) and not what.split(" of ")[0].startswith("terms chosen"):
        np.testing.assert_array_equal(found, expected, what)
    finite = np.abs(expected[np.isfinite(expected)])
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * max(1.0, finite.max(initial=0.0)), err_msg=what)


def test_every_row_of_the_table_is_tested():
    used = set()
    for variant in VARIANTS:
        loss, inputs = variant.example()
        seen, stack = set(), list(graph_of(loss, inputs).outputs.values())
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                stack += [each for each in node.operands if isinstance(each, type(node))]
                stack += [each for group in node.operands if isinstance(group, tuple) for each in group if isinstance(each, type(node))]
        used |= {node.operator for node in seen}
    assert set(OPERATORS) - used == set()
