"""What makes a function a fast road: when it serves, in which dtype, and how it hands on the gradients it knows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lossviz import distances
from lossviz._torch import functorch_is_active
from lossviz.losses.base import Loss, exact


@dataclass(frozen=True)
class Road:
    """A function of a loss and its (checked) tensors that gives the loss, or None where the definition has to; and when
    it serves, in which dtype. It steps aside (gives None) for leading dimensions, a function as distance or similarity,
    parameters or labels that require grad, and under ``torch.func`` or ``torch.compile``.

    On a processor a road looks at its numbers, to see whether the rows' own dtype will do. Elsewhere a look would wait
    for the device: there it computes in float64, as the definition does, and looks at nothing.

    ``keeps_digits``  by itself, or is TooCoarse where it does not: rows far from the origin need no float64
    ``sees_rows``     where it looks, it is TooCoarse for rows that are not finite, in any dtype: they need no check
    ``learns``        the parameters whose gradients it gives too
    """

    function: Callable[..., Tensor | None]
    keeps_digits: bool = False
    sees_rows: bool = False
    learns: tuple[str, ...] = ()

    def __call__(self, loss: Loss, *tensors: Tensor) -> Tensor | None:
        if not _is_plain(loss, tensors, self.learns):
            return None
        if waits(tensors[0]):
            return self._without_a_look(loss, *tensors)
        try:
            if self.keeps_digits or not _needs_digits(tensors):
                return self.function(loss, *tensors)
        except TooCoarse:
            pass
        try:
            served = self.function(loss, *map(exact, tensors))
        except TooCoarse:
            return None
        return None if served is None else served.to(tensors[0].dtype)

    def _without_a_look(self, loss: Loss, *tensors: Tensor) -> Tensor | None:
        rows = exact(tensors[0])
        served = self.function(loss, *map(exact, tensors)) if rows.dtype == torch.float64 else None
        return None if served is None else served.to(tensors[0].dtype)


def waits(tensor: Tensor) -> bool:
    """Whether a look at its numbers waits for the device that computes them."""
    return not tensor.is_cpu


def as_defined(loss: Loss, *tensors: Tensor) -> Tensor:
    """The definition in the dtype of the rows."""
    return loss.value(*tensors)


class TooCoarse(Exception):
    """These rows are a case for float64, or for the definition."""


def _is_plain(loss: Loss, tensors: tuple[Tensor, ...], learns: tuple[str, ...]) -> bool:
    if tensors[0].ndim > 2 or functorch_is_active() or torch.compiler.is_compiling():
        return False
    parameters = vars(loss)
    distance, similarity = parameters.get("distance", "cosine"), parameters.get("similarity", "cosine")
    if distance not in [*distances.NAMED] or similarity not in ("cosine", "dot"):
        return False
    constants = [value for name, value in parameters.items() if name not in learns]
    constants += tensors[-1:] if loss.inputs.labels else ()
    return all(type(each) in (Tensor, torch.nn.Parameter) for each in tensors) and not any(
        isinstance(each, Tensor) and each.requires_grad for each in constants
    )


FAR = 0.99  # if so much of a squared length is common to all, what differs has lost too many digits


def _needs_digits(tensors: tuple[Tensor, ...]) -> bool:
    """Whether float32 is too coarse: rows far from the origin hardly differ in direction."""
    if tensors[0].dtype != torch.float32:
        return False
    rows = [each.detach() for each in tensors if each.ndim == 2]
    centre, *squares = (square(each) for each in (sum(each.sum(0) for each in rows), *rows))
    return centre > FAR * sum(squares) * len(rows) * len(rows[0])


def keep_digits(parts: float | None, total: Tensor) -> None:
    """TooCoarse where the parts of a sum, of this square, all but cancel; None, of ``watched``, where they may."""
    if parts is not None and square(total) < (1 - FAR) * parts:
        raise TooCoarse


def watched(parts: Tensor) -> float | None:
    """The square of the parts of a float32 sum, for ``keep_digits``; float64 has digits enough."""
    return square(parts) if parts.dtype == torch.float32 else None


def square(x: Tensor) -> float:
    """The sum of the squares of all numbers. Of many, a dot product has it in half the time of a norm; of few it would
    wait for a second thread."""
    if x.numel() < FEW:
        return torch.linalg.vector_norm(x).item() ** 2
    numbers = x.reshape(-1)
    return numbers.dot(numbers).item()


FEW = 2**15


class _Known(torch.autograd.Function):
    """A loss whose gradients are known already."""

    @staticmethod
    def forward(ctx, loss: Tensor, gradients: Sequence[Tensor], *rows: Tensor) -> Tensor:
        ctx.save_for_backward(*gradients, *rows)
        return loss.clone()

    @staticmethod
    def backward(ctx, upstream: Tensor) -> tuple[Tensor | None, ...]:
        saved = ctx.saved_tensors
        gradients, rows = saved[: len(saved) // 2], saved[len(saved) // 2 :]
        if not (upstream.is_cpu and upstream.item() == 1):  # elsewhere a look at it would wait for the device
            gradients = [each * upstream for each in gradients]
        if torch.is_grad_enabled():  # someone keeps the graph, for a second derivative
            gradients = [_Once.apply(each, *rows) for each in gradients]
        return None, None, *gradients


class _Once(torch.autograd.Function):
    """A gradient that cannot be differentiated by the rows it depends on."""

    @staticmethod
    def forward(ctx, gradient: Tensor, *rows: Tensor) -> Tensor:
        return gradient.clone()

    @staticmethod
    def backward(ctx, upstream: Tensor) -> None:
        raise RuntimeError("loss(...) has no second derivative here; differentiate loss.terms(...).loss instead")


def known(loss: Tensor, gradients: Callable[[], Sequence[Tensor]], *rows: Tensor) -> Tensor:
    """The loss, with its gradients by the rows where anyone will ask for them."""
    return _Known.apply(loss, gradients(), *rows) if felt(*rows) else loss


def factor(scale: float | Tensor, like: Tensor) -> float | Tensor:
    """A scale to multiply by, for rows like these: a number, but a tensor where it would have to be waited for."""
    if not isinstance(scale, Tensor):
        return float(scale)
    return scale.detach().to(like).reshape(()) if waits(like) else scale.item()


def by_scale(scale: float | Tensor, gradient: Callable[[], Tensor]) -> dict[Tensor, Tensor]:
    """A scale that is learned, with the gradient by it; nothing for a number."""
    if not isinstance(scale, Tensor) or not felt(scale):
        return {}
    return {scale: gradient().to(scale).reshape(scale.shape)}


def felt(*rows: Tensor) -> bool:
    return torch.is_grad_enabled() and any(each.requires_grad for each in rows)


def sortable(labels: Tensor) -> Tensor:
    return labels.byte() if labels.dtype == torch.bool else labels
