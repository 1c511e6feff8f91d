"""How each term's pull changes as rows move, each its own way: asked of all terms at once.

The gradient of a weighted sum of pulls is linear in the weights: derived by them, along the ways, it says what a
gradient of each pull by itself would.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from lossviz._torch import OwnGradient


def directions(rows: Sequence[Tensor]) -> list[Tensor]:
    """A way for each of the rows to move, in which no part makes up for others; engine.js has the same."""
    counts = [each.numel() for each in rows]
    numbers = torch.arange(1, sum(counts) + 1, dtype=rows[0].dtype, device=rows[0].device).square().cos()
    return [part.view_as(each) for part, each in zip(numbers.split(counts), rows, strict=True)]


def all_at_once(pulls: Tensor, rows: Sequence[Tensor], ways: Sequence[Tensor]) -> Tensor | None:
    """The derivative of every pull as the rows, of which they were computed, move these ways; shaped as ``pulls``.

    None where torch cannot derive a gradient again, or nobody knows whether it can: of an ``autograd.Function``.
    """
    if not pulls.requires_grad:
        return torch.zeros_like(pulls)
    if _has_own_function(pulls):
        return None
    weights = torch.zeros_like(pulls, requires_grad=True)
    try:
        change = _change((weights * pulls).sum(), rows, ways, create_graph=True)
        return torch.autograd.grad(change, weights, materialize_grads=True)[0]
    except RuntimeError:
        return None


def one_by_one(pulls: Tensor, rows: Sequence[Tensor], ways: Sequence[Tensor]) -> Tensor:
    """The same by a gradient of each term, one after the other."""
    changes = [_change(each, rows, ways, retain_graph=True) for each in pulls.flatten()]
    return torch.stack(changes).view_as(pulls)


def _change(number: Tensor, rows: Sequence[Tensor], ways: Sequence[Tensor], **options: bool) -> Tensor:
    gradients = torch.autograd.grad(number, list(rows), materialize_grads=True, **options)
    return torch.stack([(each * way).sum() for each, way in zip(gradients, ways, strict=True)]).sum()


def _has_own_function(pulls: Tensor) -> bool:
    """Whether a gradient of somebody's own, an ``autograd.Function``, stands anywhere behind them."""
    seen, waiting = set(), [pulls.grad_fn]
    while waiting:
        node = waiting.pop()
        if isinstance(node, OwnGradient):
            return True
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [each for each, _ in node.next_functions]
    return False
