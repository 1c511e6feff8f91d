"""The book's sentences as data, and a model that has learned their embeddings by heart."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from lossviz import sentences


class ByHeart(nn.Module):
    """Texts → their embeddings, which are its parameters."""

    def __init__(self, rows: Tensor | None = None):
        super().__init__()
        self.rows = nn.Embedding.from_pretrained(sentences.embeddings() if rows is None else rows, freeze=False)
        self.known = {each.text: k for k, each in enumerate(sentences.sentences())}

    def forward(self, texts: list[str]) -> Tensor:
        return self.rows(torch.tensor([self.known[each] for each in texts]))


def said(rows: Iterable[tuple]) -> list[tuple]:
    """Rows of the book with the texts for their keys."""
    return [tuple(sentences.sentence(cell).text if isinstance(cell, str) else cell for cell in row) for row in rows]


def positive_pairs() -> list[tuple]:
    """Those that no other row of the book is right for."""
    alike = {key for pair in sentences.examples("false_negatives") for key in pair} | {"fry_egg_q", "fry_egg_a"}
    rows = sentences.examples("positive_pairs")
    anchors, positives = ([row[k] for row in rows] for k in (0, 1))
    once = [row for row in rows if anchors.count(row[0]) == positives.count(row[1]) == 1]
    return said(row for row in once if not alike & set(row))


def false_negatives() -> list[tuple]:
    """The rows of the book that are right for one another."""
    alike = {key for pair in sentences.examples("false_negatives") for key in pair}
    return said(row for row in sentences.examples("positive_pairs") if alike & set(row))


def labelled_pairs() -> list[tuple]:
    """Without the hard negatives, which the model takes for positives."""
    return said(row[:3] for row in sentences.examples("labelled_pairs") if row[3] != "hard negative")


def labelled_sentences() -> list[tuple]:
    return said(sentences.examples("labelled_sentences"))


def scored_pairs() -> list[tuple]:
    return said(sentences.examples("scored_pairs"))


def classified_pairs() -> list[tuple]:
    return said(sentences.examples("classified_pairs"))


def triplets() -> list[tuple]:
    """Each pair with the positive of the row after the next."""
    rows = positive_pairs()
    return [(*row, rows[(k + 2) % len(rows)][1]) for k, row in enumerate(rows)]
