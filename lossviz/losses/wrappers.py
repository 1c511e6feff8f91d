"""Losses that hold a loss. ``Cached``: any loss of a whole batch, with the memory of a mini-batch.

After Gao et al. (2021). An encoder runs twice: first without a graph, to get the embeddings, then with one, when the
gradient of every embedding is known.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lossviz._torch import BatchNorm
from lossviz.inputs import InputType, check_count, wrong
from lossviz.losses.base import Loss, widen

Column = Sequence | Tensor | Mapping[str, object]  # what an encoder reads: one example after another


@dataclass(frozen=True, eq=False)
class Cached:
    """A loss of a batch that does not fit into memory; the same loss, the same gradient.

    The encoder runs over mini-batches of ``mini_batch_size`` rows without keeping anything for its gradient; the loss
    is taken of all embeddings together, and its gradient by each embedding is kept; ``backward()`` runs the encoder
    again, mini-batch by mini-batch, with the random numbers of its first run (dropout draws the same masks), and
    passes each embedding's gradient on. What the loss itself learns (a scale, a classifier) gets its gradient too.

    ``loss``    any loss of this module, or what is asked and has ``inputs`` and ``settings`` as it
    ``encode``  a slice of a column → its embeddings, (m, d)
    ``model``   the module or modules behind ``encode``, where that is a function of your own: only then is BatchNorm
                found, and does ``DistributedDataParallel`` synchronise once a step, not once a mini-batch. It is not
                needed where ``encode`` is a module, a method of one, or a partial or decorated one of these

    ``cached(*columns)``, ``cached(*columns, labels)``: each column a list, a tensor, or a mapping whose tensors and
    lists have one entry for each example (``model.preprocess``, a tokenizer); whatever else it holds is passed on.
    ``.backward()`` fills the encoder's gradients; ``torch.autograd.grad`` does not reach it. In training mode BatchNorm
    takes the statistics of a mini-batch for those of the batch: that is warned of. Raises ValueError as ``Loss`` says,
    and in ``backward()`` where no mini-batch has passed a gradient on (``model.encode`` keeps none), unless the loss
    learns something beside a model that is frozen.

    Source: Gao et al. (2021); sentence-transformers' ``Cached…`` losses.
    """

    loss: Loss
    encode: Callable[[Column], Tensor]
    mini_batch_size: int = 32
    model: nn.Module | None = None

    def __call__(self, *columns: Column | Tensor, check: bool = True) -> Tensor:
        check_count("mini_batch_size", self.mini_batch_size)
        if not hasattr(self.loss, "inputs"):
            expected = "a loss of lossviz (lossviz.training.from_sentence_transformers gives ours for theirs)"
            raise wrong("loss", expected, type(self.loss).__name__)
        columns, labels = _apart(self.loss.inputs, columns)
        count = _common_length(self.loss.inputs.fitted(len(columns) + len(labels)).rows, columns)
        self._warn_of_batch_norm()
        starts = range(0, count, self.mini_batch_size)
        parts = [[_part(column, k, min(k + self.mini_batch_size, count)) for k in starts] for column in columns]
        passes = [[_Pass(self.encode, part) for part in column] for column in parts]
        embeddings = [widen(_joined([each.first() for each in column])) for column in passes]
        if not torch.is_grad_enabled():
            return self.loss(*embeddings, *labels, check=check)
        return self._with_a_second_run(passes, [each.requires_grad_() for each in embeddings], labels, check)

    def _with_a_second_run(
        self, passes: list[list["_Pass"]], embeddings: list[Tensor], labels: list[Tensor], check: bool
    ) -> Tensor:
        """The loss; its ``backward`` encodes again."""
        learned = [each for each in self.loss.settings().values() if isinstance(each, Tensor) and each.requires_grad]
        value = self.loss(*embeddings, *labels, check=check)
        of_rows_and_learned = torch.autograd.grad(value, [*embeddings, *learned], materialize_grads=True)
        of_passes = [
            pair
            for column, gradient in zip(passes, of_rows_and_learned, strict=False)
            for pair in zip(column, gradient.split(self.mini_batch_size), strict=True)
        ]

        def run_again(upstream: Tensor) -> None:
            distributed, ends = self._distributed(), [column[-1] for column in passes]
            synchronised = ends if len(distributed) > 1 else ends[-1:]  # several may have a column each
            reached = _replay(of_passes, upstream, distributed, synchronised)
            if not reached and not (learned and self._is_frozen()):
                raise wrong("encode", "embeddings with a gradient (model.encode keeps none)", "none with one")

        anchor = torch.zeros((), requires_grad=True)  # without which nobody would ask for a gradient
        return _Twice.apply(value.detach(), run_again, of_rows_and_learned[len(passes) :], anchor, *learned)

    def _modules(self) -> list[nn.Module]:
        model = _behind(self.encode) if self.model is None else self.model
        return list(model.modules()) if isinstance(model, nn.Module) else []

    def _is_frozen(self) -> bool:
        """Whether the modules are known, and none of them is to learn."""
        modules = self._modules()
        return bool(modules) and not any(each.requires_grad for each in modules[0].parameters())

    def _distributed(self) -> list[DistributedDataParallel]:
        return [each for each in self._modules() if isinstance(each, DistributedDataParallel)]

    def _warn_of_batch_norm(self) -> None:
        if any(isinstance(each, BatchNorm) and each.training for each in self._modules()):
            warnings.warn(
                "BatchNorm in training mode takes the statistics of each mini-batch: this is not the gradient of the "
                "whole batch (eval() on it, or LayerNorm, makes it that)",
                stacklevel=3,
            )


def _behind(encode: object) -> object:
    """What a method is bound to, and what a ``functools.partial`` or a decorator holds."""
    while not isinstance(encode, nn.Module):
        held = [getattr(encode, name, None) for name in ("__self__", "func", "__wrapped__")]
        inner = next((each for each in held if callable(each)), None)
        if inner is None:
            return encode
        encode = inner
    return encode


class _Twice(torch.autograd.Function):
    """A loss whose backward runs the encoder again, and hands on what is known of the loss's own parameters."""

    @staticmethod
    def forward(ctx, value: Tensor, run_again: Callable, gradients: Sequence[Tensor], *inputs: Tensor) -> Tensor:
        ctx.run_again, ctx.gradients = run_again, gradients
        return value.clone()

    @staticmethod
    def backward(ctx, upstream: Tensor) -> tuple[Tensor | None, ...]:
        ctx.run_again(upstream)
        return None, None, None, None, *(upstream * each for each in ctx.gradients)


def _replay(passes: list, upstream: Tensor, distributed: list[DistributedDataParallel], synchronised: list) -> bool:
    """Every (pass, gradient) again; whether a gradient had somewhere to go."""
    reached = None
    for each, gradient in passes:
        with nullcontext() if each in synchronised else _without_sync(distributed):
            gone = each.again(upstream * gradient)
        reached = (each, gradient) if gone else reached
    if reached and not gone and distributed:  # a frozen encoder came last: the others are still to be synchronised
        each, gradient = reached
        each.again(torch.zeros_like(gradient))
    return reached is not None


@contextmanager
def _without_sync(distributed: list[DistributedDataParallel]) -> Iterator[None]:
    with ExitStack() as stack:
        for each in distributed:
            stack.enter_context(each.no_sync())
        yield


class _Pass:
    """One mini-batch through the encoder: first without a graph, then again with the same random numbers."""

    def __init__(self, encode: Callable[[Column], Tensor], part: Column) -> None:
        self.encode, self.part = encode, part

    def first(self) -> Tensor:
        before = _random_states()
        with torch.no_grad(), _without_casts_kept():
            embeddings = self.encode(self.part)
        after = _random_states()
        self.random = {place: state for place, state in before.items() if not torch.equal(state, after[place])}
        if not isinstance(embeddings, Tensor) or embeddings.shape[:-1] != (_length(self.part),):
            came = f"shape {tuple(embeddings.shape)}" if isinstance(embeddings, Tensor) else type(embeddings).__name__
            raise wrong("encode", f"a function that returns ({_length(self.part)}, d)", came)
        kind = embeddings.device.type
        self.precision = torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)
        return embeddings

    def again(self, gradient: Tensor) -> bool:
        """Passes the gradient on; False where the encoder is frozen."""
        enabled, dtype = self.precision
        with _random(self.random), torch.enable_grad():
            with torch.autocast(gradient.device.type, dtype=dtype, enabled=enabled, cache_enabled=False):
                embeddings = self.encode(self.part)
            if embeddings.requires_grad:
                embeddings.backward(gradient.to(embeddings.dtype))
        return embeddings.requires_grad


@contextmanager
def _without_casts_kept() -> Iterator[None]:
    """Autocast keeps its copies of the weights: one made without a graph would stand in for one with."""
    before = torch.is_autocast_cache_enabled()
    torch.set_autocast_cache_enabled(False)
    try:
        yield
    finally:
        torch.set_autocast_cache_enabled(before)


Place = tuple[str, int]  # a kind of device, and which of them


def _random_states() -> dict[Place, Tensor]:
    """Where the random numbers stand: on the processor, and on every accelerator that is at work."""
    places = [("cpu", 0)]
    if torch.accelerator.is_available():
        kind = torch.accelerator.current_accelerator().type
        module = torch.get_device_module(kind)
        if getattr(module, "is_initialized", lambda: True)():
            places += [(kind, k) for k in range(module.device_count())]
    return _states(places)


def _states(places: Iterable[Place]) -> dict[Place, Tensor]:
    return {(kind, k): _module(kind).get_rng_state(*_which(kind, k)) for kind, k in places}


def _set_states(states: dict[Place, Tensor]) -> None:
    for (kind, k), state in states.items():
        _module(kind).set_rng_state(state, *_which(kind, k))


def _module(kind: str) -> ModuleType:
    return torch if kind == "cpu" else torch.get_device_module(kind)


def _which(kind: str, k: int) -> tuple[int, ...]:
    return () if kind in ("cpu", "mps") else (k,)  # of these there is one


@contextmanager
def _random(states: dict[Place, Tensor]) -> Iterator[None]:
    """With the random numbers from here; afterwards they go on as if nothing was."""
    outside = _states(states)
    try:
        _set_states(states)
        yield
    finally:
        _set_states(outside)


# Columns


def _apart(inputs: InputType, given: Sequence) -> tuple[Sequence, list[Tensor]]:
    """The columns, and the labels, which come last where the loss has any."""
    last = given[-1] if given else None
    if inputs.labels and len(given) > len(inputs.rows) and isinstance(last, Tensor) and last.ndim == 1:
        return given[:-1], [last]
    return given, []


def _joined(parts: list[Tensor]) -> Tensor:
    widths = sorted({each.shape[-1] for each in parts})
    if len(widths) > 1:
        raise wrong("encode", "embeddings of one width", ", ".join(map(str, widths)))
    return torch.cat(parts)


def _by_example(value: object) -> bool:
    """Whether a mapping's value has an entry for each example: not so a modality's name, a prompt's length."""
    return isinstance(value, (list, tuple)) or (isinstance(value, Tensor) and value.ndim > 0)


def _length(column: Column) -> int:
    return len(next(filter(_by_example, column.values()))) if isinstance(column, Mapping) else len(column)


def _part(column: Column, start: int, stop: int) -> Column:
    if not isinstance(column, Mapping):
        return column[start:stop]
    part = {name: each[start:stop] if _by_example(each) else each for name, each in column.items()}
    return part if isinstance(column, dict) else type(column)(part)


def _common_length(names: Sequence[str], columns: Sequence[Column]) -> int:
    if len(columns) < len(names):
        raise wrong(names[len(columns)], f"the arguments ({', '.join(names)})", f"only {len(columns)} of them")
    further = [f"column {k + 1}" for k in range(len(names), len(columns))]  # the loss will say whether it takes them
    for name, column in zip([*names, *further], columns, strict=True):
        _check_column(name, column)
        if _length(column) != _length(columns[0]):
            raise wrong(name, f"the length of {names[0]}, {_length(columns[0])}", str(_length(column)))
    return _length(columns[0])


def _check_column(name: str, column: Column) -> None:
    if not isinstance(column, (list, tuple, Tensor, Mapping)):
        raise wrong(name, "a list, a tensor or a dict of tensors", type(column).__name__)
    if isinstance(column, Tensor) and not column.ndim:
        raise wrong(name, "a tensor with an axis of examples", "one number")
    if isinstance(column, Mapping):
        lengths = {key: len(values) for key, values in column.items() if _by_example(values)}
        if len(set(lengths.values())) > 1:
            raise wrong(name, "tensors of one length", ", ".join(f"{key} {each}" for key, each in lengths.items()))
        if not lengths:
            raise wrong(name, "at least one example", "none")
    if not _length(column):
        raise wrong(name, "at least one example", "none")
