"""Gradient caching: the loss of a whole batch with the memory of a mini-batch.

After Gao et al. (2021). An encoder runs twice: first without a graph, to get the embeddings, then with one, when the
gradient of every embedding is known.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.utils.checkpoint import get_device_states, set_device_states

from lossviz.inputs import wrong
from lossviz.losses.base import narrowed

Column = list | Tensor | dict[str, Tensor]  # what an encoder reads: one example after another


def cached(
    loss: Callable[..., Tensor],
    encode: Callable[[Column], Tensor],
    size: int,
    names: Sequence[str],
    columns: Sequence[Column],
    check: bool,
) -> Tensor:
    """The loss of the encoded columns. Its ``backward`` encodes again, mini-batch by mini-batch."""
    count = _common_length(names, columns)
    passes = [
        [_Pass(encode, _part(column, start, min(start + size, count))) for start in range(0, count, size)]
        for column in columns
    ]
    embeddings = [_joined([each.first() for each in column]) for column in passes]
    if not torch.is_grad_enabled():
        return loss(*embeddings, check=check)
    leaves = [each.requires_grad_() for each in embeddings]
    value = loss(*leaves, check=check)
    gradients = torch.autograd.grad(value, leaves)

    def replay(upstream: Tensor) -> None:
        for column, gradient in zip(passes, gradients, strict=True):
            for each, part in zip(column, gradient.split(size), strict=True):
                each.again(upstream * part.to(upstream.dtype))

    answer = value.detach().requires_grad_()
    answer.register_hook(replay)
    return answer


class _Pass:
    """One mini-batch through the encoder: first without a graph, then again with the same random numbers."""

    def __init__(self, encode: Callable[[Column], Tensor], part: Column) -> None:
        self.encode, self.part = encode, part

    def first(self) -> Tensor:
        self.random = torch.get_rng_state()
        self.devices, self.device_random = get_device_states(*_tensors(self.part))
        with torch.no_grad():
            embeddings = self.encode(self.part)
        if not isinstance(embeddings, Tensor) or embeddings.shape[:-1] != (_length(self.part),):
            came = f"shape {tuple(embeddings.shape)}" if isinstance(embeddings, Tensor) else type(embeddings).__name__
            raise wrong("encode", f"a function that returns ({_length(self.part)}, d)", came)
        kind = embeddings.device.type
        self.precision = torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)
        return embeddings

    def again(self, gradient: Tensor) -> None:
        enabled, dtype = self.precision
        with torch.random.fork_rng(devices=self.devices), torch.enable_grad():
            torch.set_rng_state(self.random)
            set_device_states(self.devices, self.device_random)
            with torch.autocast(gradient.device.type, dtype=dtype, enabled=enabled):
                embeddings = self.encode(self.part)
            if embeddings.requires_grad:  # not where the encoder is frozen
                embeddings.backward(narrowed(gradient, embeddings.dtype))


def _joined(parts: list[Tensor]) -> Tensor:
    widths = sorted({each.shape[-1] for each in parts})
    if len(widths) > 1:
        raise wrong("encode", "embeddings of one width", ", ".join(map(str, widths)))
    return torch.cat(parts)


def _tensors(part: Column) -> list[Tensor]:
    values = part.values() if isinstance(part, dict) else part if isinstance(part, list) else [part]
    return [each for each in values if isinstance(each, Tensor)]


def _length(column: Column) -> int:
    return len(next(iter(column.values()))) if isinstance(column, dict) else len(column)


def _part(column: Column, start: int, stop: int) -> Column:
    if isinstance(column, dict):
        return {name: values[start:stop] for name, values in column.items()}
    return column[start:stop]


def _common_length(names: Sequence[str], columns: Sequence[Column]) -> int:
    if len(columns) < len(names):
        raise wrong(names[len(columns)], f"the arguments ({', '.join(names)})", f"only {len(columns)} of them")
    for name, column in zip(names, columns, strict=True):
        _check_column(name, column)
        if _length(column) != _length(columns[0]):
            raise wrong(name, f"the length of {names[0]}, {_length(columns[0])}", str(_length(column)))
    return _length(columns[0])


def _check_column(name: str, column: Column) -> None:
    if not isinstance(column, (list, tuple, Tensor, dict)):
        raise wrong(name, "a list, a tensor or a dict of tensors", type(column).__name__)
    if isinstance(column, Tensor) and not column.ndim:
        raise wrong(name, "a tensor with an axis of examples", "one number")
    if isinstance(column, dict) and len({len(values) for values in column.values()}) > 1:
        lengths = ", ".join(f"{key} {len(values)}" for key, values in column.items())
        raise wrong(name, "tensors of one length", lengths)
    if (isinstance(column, dict) and not column) or not _length(column):
        raise wrong(name, "at least one example", "none")
