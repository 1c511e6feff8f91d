"""Taking operators apart until the table's few kinds are left.

Softmaxes become their parts, scatters a comparison of places: a batch on a page is small, and a sum over a comparison
costs less than one more kind of operator.
"""

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from lossviz import _torch
from lossviz.lowering.graph import UnknownOperator

aten = torch.ops.aten


@cache
def decompositions() -> dict:
    """ATen operator → what computes it by simpler ones: torch's, and ours."""
    return {**_torch.decompositions(), **OURS}


def _max(x: Tensor, dim: int, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    return x.amax(dim, keepdim), x.argmax(dim, keepdim)


def _min(x: Tensor, dim: int, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    return x.amin(dim, keepdim), x.argmin(dim, keepdim)


def _places(x: Tensor, dim: int) -> Tensor:
    """0, 1, 2 … along one axis, to be broadcast along the others."""
    shape = [1] * x.ndim
    shape[dim] = x.shape[dim]
    return torch.arange(x.shape[dim]).view(shape)


def _pick(x: Tensor, dim: int, index: Tensor, sparse_grad: bool = False) -> Tensor:
    """gather: of all elements along the axis, the one whose place is asked for. Other axes must be alike."""
    _same_elsewhere(x, dim, index)
    dim = dim % x.ndim
    hits = index.unsqueeze(dim) == _places(x, dim).unsqueeze(dim + 1)
    return torch.where(hits, x.unsqueeze(dim + 1), 0.0).sum(dim)


def _scatter_add(x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """At each place, the sum of the entries that name it."""
    _same_elsewhere(x, dim, index)
    dim = dim % x.ndim
    hits = index.unsqueeze(dim) == _places(x, dim).unsqueeze(dim + 1)
    return x + torch.where(hits, source.unsqueeze(dim), 0.0).sum(dim + 1)


def _scatter(x: Tensor, dim: int, index: Tensor, source: Tensor | float) -> Tensor:
    if index.shape[dim] != 1:
        raise UnknownOperator("aten.scatter of several entries along an axis, of which the last would have to win")
    _same_elsewhere(x, dim, index)
    return torch.where(index == _places(x, dim), source, x)


def _same_elsewhere(x: Tensor, dim: int, index: Tensor) -> None:
    """torch allows an ``index`` that is smaller than x along the other axes."""
    if any(x.shape[axis] != index.shape[axis] for axis in range(x.ndim) if axis != dim % x.ndim):
        raise UnknownOperator("aten.gather or scatter with an index of another shape than the tensor")


def _pad(x: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """Zeros before and after along the last axis; where a number is negative, as many places fewer."""
    if len(pad) != 2 or value:
        raise UnknownOperator("aten.constant_pad_nd along several axes, or with another number than 0")
    places = torch.arange(x.shape[-1] + pad[0] + pad[1]).unsqueeze(-1) - pad[0]
    return torch.where(places == torch.arange(x.shape[-1]), x.unsqueeze(-2), 0.0).sum(-1)


# The gradient of a part is zero outside it: comparisons of places again.


def _slice_backward(grad: Tensor, sizes: Sequence[int], dim: int, start: int, end: int, step: int) -> Tensor:
    start = start + sizes[dim] if start < 0 else start
    index = _places(grad, dim) * step + start
    return _scatter_add(grad.new_zeros(sizes), dim, index.expand_as(grad), grad)


def _select_backward(grad: Tensor, sizes: Sequence[int], dim: int, index: int) -> Tensor:
    zeros = grad.new_zeros(sizes)
    places = _places(zeros, dim)
    return torch.where(places == (index + sizes[dim] if index < 0 else index), grad.unsqueeze(dim), zeros)


def _diagonal_backward(grad: Tensor, sizes: Sequence[int], offset: int, dim1: int, dim2: int) -> Tensor:
    if offset:
        raise UnknownOperator("aten.diagonal with an offset")
    zeros = grad.new_zeros(sizes)
    rows, columns = _places(zeros, dim1), _places(zeros, dim2)
    across = grad.unsqueeze(-1).expand(*grad.shape, sizes[dim2]).movedim((-2, -1), (dim1, dim2))
    return torch.where(rows == columns, across, zeros)


OURS = {
    aten.max.dim: _max,
    aten.min.dim: _min,
    aten.gather.default: _pick,
    aten.scatter.src: _scatter,
    aten.scatter.value: _scatter,
    aten.scatter_add.default: _scatter_add,
    aten.constant_pad_nd.default: _pad,
    aten.slice_backward.default: _slice_backward,
    aten.select_backward.default: _select_backward,
    aten.diagonal_backward.default: _diagonal_backward,
}
