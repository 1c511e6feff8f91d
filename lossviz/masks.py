"""Masks: what the labels allow. Boolean tensors, any leading dimensions, no data-dependent shape."""

import torch
from torch import Tensor


def labelled_pairs(labels: Tensor) -> tuple[Tensor, Tensor]:
    """(positive, negative) masks of pairs labelled 1 (near) or 0 (far): (…, B) → two of (…, B).

    A label between 0 and 1 is a weight: such a pair is both, in part.
    """
    return labels > 0, labels < 1


def same(rows: int, columns: int, device: torch.device) -> Tensor:
    """True where row and column have one index: (rows, columns). Like an identity, without a data-dependent shape."""
    return torch.arange(rows, device=device)[:, None] == torch.arange(columns, device=device)


def same_row(rows: int, columns: int, device: torch.device) -> Tensor:
    """True where a column belongs to the row, when they stand in blocks of so many as there are rows."""
    return torch.arange(rows, device=device)[:, None] == torch.arange(columns, device=device) % rows


def diagonal(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """(positive, negative) masks where row i belongs to column i: (…, B, C) → two of (…, B, C)."""
    alike = same(*matrix.shape[-2:], matrix.device).expand(matrix.shape)
    return alike, ~alike


def first_column(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """(positive, negative) masks where the first column is the positive's: (…, B, 2) → two of (…, B, 2)."""
    first = (torch.arange(matrix.shape[-1], device=matrix.device) == 0).expand(matrix.shape)
    return first, ~first


def labelled_sentences(labels: Tensor) -> tuple[Tensor, Tensor]:
    """(positive, negative) masks of (anchor, other) by class: (…, B) → two of (…, B, B). No one is its own positive."""
    alike = labels.unsqueeze(-1) == labels.unsqueeze(-2)
    return alike & ~same(labels.shape[-1], labels.shape[-1], labels.device), ~alike


def in_order(scores: Tensor) -> Tensor:
    """True at (lower, higher) where the first pair's score is the lower one: (…, B) → (…, B, B)."""
    return scores.unsqueeze(-1) < scores.unsqueeze(-2)


def triplets(labels: Tensor) -> Tensor:
    """True at (anchor, positive, negative) where the classes make them one: (…, B) → (…, B, B, B)."""
    positive, negative = labelled_sentences(labels)
    return positive.unsqueeze(-1) & negative.unsqueeze(-2)


def of_class(labels: Tensor, classes: int) -> Tensor:
    """True at (row, class) where the row is of that class: (…, B) → (…, B, classes)."""
    return labels.unsqueeze(-1) == torch.arange(classes, device=labels.device)
