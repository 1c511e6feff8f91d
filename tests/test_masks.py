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


@pytest.mark.parametrize("labels", ([0], [3, 3], [1, 2], [0, 1, 0, 7, 1, 0], [0.1 + 0.2, 0.3, 0.3]), ids=str)
def test_labelled_sentences(labels):
    positive, negative = masks.labelled_sentences(torch.tensor(labels, dtype=torch.float64))
    for i, mine in enumerate(labels):
        for j, other in enumerate(labels):
            assert positive[i, j] == (mine == other and i != j)
            assert negative[i, j] == (mine != other)


def test_labelled_sentences_with_leading_dimensions():
    labels = torch.tensor([[0, 0, 1], [2, 1, 2]])
    for together, *single in zip(masks.labelled_sentences(labels), *map(masks.labelled_sentences, labels), strict=True):
        assert torch.equal(together, torch.stack(single))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 5), (4, 3)])
def test_same(rows, columns):
    expected = torch.eye(rows, columns, dtype=torch.bool)
    assert torch.equal(masks.same(rows, columns, torch.device("cpu")), expected)
