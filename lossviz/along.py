"""How each term's pull changes as rows move, each its own way: asked of all terms at once, by a second derivative."""

from collections.abc import Sequence

import torch
from torch import Tensor


def ways(rows: Sequence[Tensor]) -> list[Tensor]:
    """A way for each of the rows to move, in which no part makes up for others; engine.js has the same."""
    counts = [each.numel() for each in rows]
    numbers = torch.arange(1, sum(counts) + 1, dtype=rows[0].dtype, device=rows[0].device).square().cos()
    return [part.view_as(each) for part, each in zip(numbers.split(counts), rows, strict=True)]


def all_at_once(pulls: Tensor, rows: Sequence[Tensor], ways: Sequence[Tensor]) -> Tensor | None:
    """The derivative of every pull as the rows, of which they were computed, move these ways; shaped as ``pulls``.

    None where torch has no second derivative, or passes over a part of it: over an ``autograd.Function`` whose
    ``backward`` cannot be derived.
    """
    if not pulls.requires_grad:
        return torch.zeros_like(pulls)
    weights = torch.zeros_like(pulls, requires_grad=True)
    try:
        change = _change((weights * pulls).sum(), rows, ways, create_graph=True)
        (found,) = torch.autograd.grad(change, weights, materialize_grads=True)
    except RuntimeError:
        return None
    together = _change(pulls.sum(), rows, ways, retain_graph=True)
    return found if _adds_up(found, together) else None


def one_by_one(pulls: Tensor, rows: Sequence[Tensor], ways: Sequence[Tensor]) -> Tensor:
    """The same by a first derivative of each term, one after the other."""
    changes = [_change(each, rows, ways, retain_graph=True) for each in pulls.flatten()]
    return torch.stack(changes).view_as(pulls)


def _change(number: Tensor, rows: Sequence[Tensor], ways: Sequence[Tensor], **options: bool) -> Tensor:
    gradients = torch.autograd.grad(number, list(rows), materialize_grads=True, **options)
    return torch.stack([(each * way).sum() for each, way in zip(gradients, ways, strict=True)]).sum()


def _adds_up(parts: Tensor, whole: Tensor) -> bool:
    room = 1e-9 * (parts.abs().sum() + whole.abs())
    return bool((parts.sum() - whole).abs() <= room) or not bool(torch.isfinite(whole))
