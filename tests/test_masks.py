"""Masks against loops over the labels."""

import pytest
import torch

from lossviz import masks


@pytest.mark.parametrize(
    ("label", "positive", "negative"),
    [(1, True, False), (0, False, True), (0.5, True, True), (1e-6, True, True), (1 - 1e-6, True, True)],
)
def test_labelled_pairs(label, positive, negative):
    near, far = masks.labelled_pairs(torch.tensor([label]))
    assert (near.item(), far.item()) == (positive, negative)


@pytest.mark.parametrize("dtype", (torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.bool), ids=str)
def test_labelled_pairs_of_any_dtype(dtype):
    near, far = masks.labelled_pairs(torch.tensor([[1, 0], [0, 0]]).to(dtype))
    assert near.tolist() == [[True, False], [False, False]]
    assert torch.equal(far, ~near)
