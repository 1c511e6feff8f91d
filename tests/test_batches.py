"""A batch is pure data: what it is made of, what a loss gets from it, and what it names when something does not fit."""

import numpy as np
import pytest
import torch

from lossviz import ContrastiveLoss
from lossviz.batches import Batch

DOUBLE = torch.float64
SQUARE = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], dtype=DOUBLE)
PAIRS = {"anchor": (0, 0, 2), "other": (1, 2, 3)}


def test_a_loss_gets_its_rows_and_labels():
    batch = Batch(SQUARE, PAIRS, (1, 0, 1))
    anchor, other, labels = batch.inputs()
    assert torch.equal(anchor, SQUARE[[0, 0, 2]]) and torch.equal(other, SQUARE[[1, 2, 3]])
    assert labels.tolist() == [1, 0, 1] and batch.count == 3
    assert batch.rows_of(2) == [("anchor", 2), ("other", 1)]
    many = torch.stack([SQUARE, 2 * SQUARE])
    assert [each.shape for each in batch.inputs(many)] == [(2, 3, 2), (2, 3, 2), (2, 3)]
    assert torch.equal(batch.inputs(many)[0][1], 2 * anchor)
    assert len(Batch(SQUARE, PAIRS).inputs()) == Batch(SQUARE, PAIRS).count == 2


@pytest.mark.parametrize(
    "kind",
    [
        torch.Tensor.tolist,
        torch.Tensor.numpy,
        torch.Tensor.half,
        torch.Tensor.bfloat16,
        torch.Tensor.int,
        list,
        lambda rows: [each.numpy() for each in rows],
        lambda rows: rows.clone().requires_grad_(),
        lambda rows: rows.numpy().astype(np.float16),
        pytest.param(torch.Tensor.cuda, marks=[
            pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
        ]),
    ],
)  # fmt: skip
def test_numbers_may_come_as_what_they_are(kind):
    for batch in (Batch(kind(SQUARE), PAIRS), Batch.of_rows(anchor=kind(SQUARE), other=kind(SQUARE))):
        assert batch.embeddings.dtype == DOUBLE and batch.embeddings.device.type == "cpu"
        assert not batch.embeddings.requires_grad
        assert torch.equal(batch.embeddings.unique(dim=0), SQUARE.unique(dim=0))


def test_it_keeps_its_numbers_whatever_becomes_of_those_it_was_made_of():
    given = SQUARE.clone()
    batch = Batch(given, PAIRS)
    given.zero_()
    assert torch.equal(batch.embeddings, SQUARE)


def test_labels_and_indices_may_come_as_what_they_are():
    for labels in ([True, False, True], np.array([1, 0, 1]), torch.tensor([1.0, 0.0, 1.0]), torch.tensor([1, 0, 1])):
        assert Batch(SQUARE, PAIRS, labels).labels == (1.0, 0.0, 1.0)
    for rows in (PAIRS, {name: list(each) for name, each in PAIRS.items()},
                 {name: torch.tensor(each) for name, each in PAIRS.items()},
                 {name: np.array(each) for name, each in PAIRS.items()}):  # fmt: skip
        assert Batch(SQUARE, rows).rows == PAIRS


def test_every_row_is_a_point_of_its_own_until_texts_say_which_are_one():
    first, second = SQUARE[[0, 0, 2]], SQUARE[[1, 3, 3]]
    batch = Batch.of_rows(first=first, second=second, labels=[0.9, 0.5, 0.0])
    assert batch.rows == {"first": (0, 2, 4), "second": (1, 3, 5)}
    assert all(map(torch.equal, batch.inputs()[:2], (first, second)))
    assert batch.names == ("first[0]", "second[0]", "first[1]", "second[1]", "first[2]", "second[2]")
    texts = {"first": ["a dog", "a dog", "a cat"], "second": ["a puppy", "the tax", "the tax"]}
    told = Batch.of_rows(first=first, second=second, labels=[0.9, 0.5, 0.0], texts=texts)
    assert told.texts == told.names == ("a dog", "a puppy", "the tax", "a cat")
    assert told.rows == {"first": (0, 0, 3), "second": (1, 2, 2)}
    assert all(map(torch.equal, told.inputs(), batch.inputs()))


def test_a_text_with_two_embeddings_is_two_points():
    """Two passes of one sentence, each with its own dropout."""
    texts = {"first": ["a dog", "a cat"], "second": ["a dog", "a cat"]}
    batch = Batch.of_rows(first=SQUARE[:2], second=torch.stack([SQUARE[0], SQUARE[3]]), texts=texts)
    assert batch.rows == {"first": (0, 1), "second": (0, 2)} and batch.texts == ("a dog", "a cat", "a cat")


def test_points_are_called_by_their_texts_or_by_their_rows():
    batch = Batch(SQUARE, PAIRS)
    assert batch.texts == ("anchor[0], anchor[1]", "other[0]", "anchor[2], other[1]", "other[2]")
    assert batch.names[1] == "other[0]" and all(len(each) <= 16 for each in batch.names)
    long = Batch(SQUARE, PAIRS, texts=["a", "b", "c", "It rained cats and dogs."])
    assert long.names == ("a", "b", "c", "It rained cats…")


def test_one_row_of_one_number_is_a_batch():
    batch = Batch.of_rows(embeddings=[[3]], labels=[7])
    assert batch.embeddings.tolist() == [[3.0]] and batch.labels == (7.0,) and batch.names == ("embeddings[0]",)


EYE = [[1, 0], [0, 1]]
ROWS = {"anchor": (0,), "other": (1,)}
WRONG = [
    (lambda: Batch(torch.zeros(3), ROWS), "embeddings: expected embeddings of shape (points, d), got shape (3,)"),
    (lambda: Batch(torch.zeros(0, 2), ROWS),
     "embeddings: expected at least one row and one dimension, got shape (0, 2)"),
    (lambda: Batch([], ROWS), "embeddings: expected embeddings of shape (points, d), got []"),
    (lambda: Batch([[1, 2], [3]], ROWS), "embeddings: expected embeddings of shape (points, d), got [[1, 2], [3]]"),
    (lambda: Batch(["a", "b"], ROWS), "embeddings: expected embeddings of shape (points, d), got ['a', 'b']"),
    (lambda: Batch(None, ROWS), "embeddings: expected embeddings of shape (points, d), got None"),
    (lambda: Batch(np.array(["a"]), ROWS), "embeddings: expected embeddings of shape (points, d), got array(['a']"),
    (lambda: Batch(torch.zeros(2, 2, dtype=torch.complex64), ROWS),
     "embeddings: expected embeddings of shape (points, d), got torch.complex64"),
    (lambda: Batch([[1, float("nan")], [0, 1]], ROWS), "embeddings: expected finite numbers, got nan at [0, 1]"),
    (lambda: Batch(EYE, {}), "rows: expected a dict: argument → indices into the embeddings, got {}"),
    (lambda: Batch(EYE, [0, 1]), "rows: expected a dict: argument → indices into the embeddings, got [0, 1]"),
    (lambda: Batch(EYE, {0: (0,)}), "rows: expected names of arguments, got 0"),
    (lambda: Batch(EYE, {"anchor": 0}), "anchor: expected indices into the embeddings, got 0"),
    (lambda: Batch(EYE, {"anchor": "01"}), "anchor: expected indices into the embeddings, got '01'"),
    (lambda: Batch(EYE, {"anchor": (0.0,)}), "anchor: expected indices into the embeddings, got (0.0,)"),
    (lambda: Batch(EYE, {"anchor": [True]}), "anchor: expected indices into the embeddings, got [True]"),
    (lambda: Batch(EYE, {"anchor": ()}), "anchor: expected at least one row, got none"),
    (lambda: Batch(EYE, {"anchor": (0, 1), "other": (1,)}), "other: expected the length of anchor, 2, got 1"),
    (lambda: Batch(EYE, {"anchor": (0,), "other": (2,)}), "other: expected indices from 0 to 1, got 2 at [0]"),
    (lambda: Batch(EYE, {"anchor": (0, -1)}), "anchor: expected indices from 0 to 1, got -1 at [1]"),
    (lambda: Batch(EYE, ROWS, (1, 0)), "labels: expected one for each row, shape (1,), got shape (2,)"),
    (lambda: Batch(EYE, ROWS, 1), "labels: expected numbers, one for each row, shape (1,), got 1"),
    (lambda: Batch(EYE, ROWS, ["near"]), "labels: expected numbers, one for each row, shape (1,), got ['near']"),
    (lambda: Batch(EYE, ROWS, [float("inf")]), "labels: expected finite numbers, got inf at [0]"),
    (lambda: Batch(EYE, ROWS, texts=["a"]), "texts: expected 2 texts, got 1"),
    (lambda: Batch(EYE, ROWS, texts="ab"), "texts: expected 2 texts, got 'ab'"),
    (lambda: Batch(EYE, ROWS, texts=["a", 1]), "texts: expected 2 texts, got ['a', 1]"),
    (lambda: Batch(EYE, ROWS, names=["a"]), "names: expected 2 texts, got 1"),
    (lambda: Batch(EYE, ROWS, classes=("near",)), "classes: expected none without labels, got near"),
    (lambda: Batch(EYE, ROWS, [2], classes=("a", "b")),
     "classes: expected a name for each of the labels 0, 1, …, got 2 for (2.0,)"),
    (lambda: Batch(EYE, ROWS, [0], classes="ab"), "classes: expected a name for each class, got 'ab'"),
    (lambda: Batch.of_rows(), "rows: expected embeddings of shape (B, d) for each argument of a loss, got none"),
    (lambda: Batch.of_rows(first=EYE, second=EYE, scores=[0.5, 1]),
     "scores: expected embeddings of shape (B, d) (labels and scores go into labels), got shape (2,)"),
    (lambda: Batch.of_rows(anchor=EYE, other=[[1, 0]]),
     "other: expected the shape of anchor, (2, 2), got shape (1, 2)"),
    (lambda: Batch.of_rows(anchor=EYE, other=[[1], [0]]),
     "other: expected the shape of anchor, (2, 2), got shape (2, 1)"),
    (lambda: Batch.of_rows(anchor=EYE, texts=["a", "b"]),
     "texts: expected a dict with the texts of anchor, got ['a', 'b']"),
    (lambda: Batch.of_rows(anchor=EYE, texts={"other": ["a", "b"]}),
     "texts: expected a dict with the texts of anchor, got those of other"),
    (lambda: Batch.of_rows(anchor=EYE, texts={"anchor": ["a"]}), "texts of anchor: expected 2 texts, got 1"),
    (lambda: Batch.of_rows(anchor=EYE, other=EYE, labels=[1]),
     "labels: expected one for each row, shape (2,), got shape (1,)"),
    (lambda: Batch.of_rows(anchor=EYE, other=EYE, labels=[[1], [0]]),
     "labels: expected one for each row, shape (2,), got shape (2, 1)"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_does_not_fit_is_named(make, message):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value).startswith(message) and len(str(error.value)) < 160


def test_it_is_what_the_loss_is_called_with():
    labels = (1, 0, 1)
    assert ContrastiveLoss()(*Batch(SQUARE, PAIRS, labels).inputs()) == ContrastiveLoss()(
        SQUARE[[0, 0, 2]], SQUARE[[1, 2, 3]], torch.tensor(labels)
    )
