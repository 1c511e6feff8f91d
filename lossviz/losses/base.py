"""What every loss is: a frozen dataclass whose ``define`` says its mathematics, once."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import MISSING, dataclass, field, fields, replace
from numbers import Real
from typing import ClassVar, Self

import torch
from torch import Tensor
from torch.nn import Module

from lossviz.inputs import InputType, check_finite, wrong

NO_MODEL = (
    "a setting (a loss takes embeddings: loss(model(a), model(b)); for a trainer, "
    "lossviz.training.for_trainer(loss, model))"
)

ONE_BATCH = (
    "embeddings of shape (B, d) (token embeddings are pooled first; several batches at once have their losses in "
    "terms(…).loss)"
)

# A term that adds less than this is shown as 0, and is not active: it is the rounding of numbers near 1.
VISIBLE = 1e-12


@dataclass(frozen=True)
class Terms:
    """A loss taken apart: what it reads, what the labels say, which terms count, and what each adds.

    ``matrix``              the distances, similarities or logits that the loss reads
    ``values``              what each term adds: ``values`` sums to ``loss``; its axes are the loss's ``axes``
    ``positive, negative``  masks on ``matrix``: what the labels say
    ``valid``               which terms the labels allow
    ``active``              which of these pass a gradient on to ``matrix`` now, one that can be seen; an explorer
                            asks instead which valid terms move a point
    ``pulls``               one shape with ``values``: what adds up, term by term, to the gradient of the loss
    ``chosen``              role → indices into ``matrix`` (hardest_positive, semi_hard_negative …)
    ``thresholds``          name → scalar (nearest_negative …); a setting called margin, or the only one whose name
                            ends so, is one by itself
    ``numbers``             name → what the printed formula of a term needs, broadcastable to ``values`` (d_ap, p …)
    ``shares``              "row", "column" → what part of a softmax each entry of ``matrix`` has, along or down
    ``loss``                () or the leading dimensions

    ``matrix`` and ``values`` are enough: of what a definition leaves out, ``Loss.complete`` fills in what follows.
    """

    matrix: Tensor
    values: Tensor
    positive: Tensor | None = None
    negative: Tensor | None = None
    valid: Tensor | None = None
    active: Tensor | None = None
    pulls: Tensor | None = None
    loss: Tensor | None = None
    chosen: dict[str, Tensor] = field(default_factory=dict)
    thresholds: dict[str, Tensor] = field(default_factory=dict)
    numbers: dict[str, Tensor] = field(default_factory=dict)
    shares: dict[str, Tensor] = field(default_factory=dict)

    def completed(self, inputs: InputType, axes: int, labels: Tensor | None) -> Self:
        """With what follows from values of so many axes, and from the labels, where it has none. An ``active`` that is
        given says which terms pass any gradient on; of these the visible ones stay."""
        leading = self.values.ndim - axes
        visible = self.values.detach().abs() > VISIBLE
        valid = torch.ones_like(visible) if self.valid is None else self.valid
        positive = negative = None
        if inputs.masks and self.matrix.ndim - leading == inputs.matrix_axes:
            positive, negative = inputs.masks(self.matrix, labels)
        if positive is None or positive.shape != self.matrix.shape:  # the labels say nothing of such a matrix
            positive = negative = torch.zeros_like(self.matrix, dtype=torch.bool)
        return replace(
            self,
            positive=positive if self.positive is None else self.positive,
            negative=negative if self.negative is None else self.negative,
            valid=valid,
            active=valid & visible if self.active is None else valid & visible & self.active,
            pulls=self.values if self.pulls is None else self.pulls,
            loss=self.total(axes),
        )

    def total(self, axes: int) -> Tensor:
        """The loss: unless it is given, what the values, of so many axes, sum to."""
        return self.values.sum(tuple(range(-axes, 0))) if self.loss is None else self.loss


torch.export.register_dataclass(Terms)


@dataclass(frozen=True, eq=False)
class Loss:
    """A loss on embeddings. A subclass names ``inputs`` and ``axes``, declares its settings, writes ``define``.

    ``reads``  what the numbers of its matrix are
    ``chart``  the chart that shows it first, where that is not the one of its input type
    ``also``   another shape of data that it takes, of whose rows ``own`` makes its own
    """

    inputs: ClassVar[InputType]
    axes: ClassVar[tuple[str, ...]]
    reads: ClassVar[str] = "distance"
    chart: ClassVar[str | None] = None
    also: ClassVar[InputType | None] = None

    def __new__(cls, *settings: object, **named: object) -> Self:
        """Raises ValueError for a model in the place of the first setting, where sentence-transformers has it."""
        first = next(iter(fields(cls)), None)
        if settings and isinstance(settings[0], Module) and (first is None or first.default is not MISSING):
            raise wrong(first.name if first else "arguments", NO_MODEL, f"a model, {type(settings[0]).__name__}")
        return super().__new__(cls)

    def define(self, *tensors: Tensor) -> Terms:
        """The definition: no loop, no check, no data-dependent shape; any leading dimensions."""
        raise NotImplementedError(f"{type(self).__name__} has no define()")

    def complete(self, *tensors: Tensor) -> Terms:
        """The definition, and what follows from it: as unchecked as ``define``, every field a tensor."""
        labels = tensors[-1] if self.inputs.labels else None
        terms = self.define(*tensors).completed(self.inputs, len(self.axes), labels)
        margins = {name: each for name, each in self.settings().items() if name.endswith("margin") and _is_number(each)}
        margin = margins.get("margin", next(iter(margins.values())) if len(margins) == 1 else None)
        if margin is None:
            return terms
        return replace(terms, thresholds={"margin": scalar(margin, terms.matrix)} | terms.thresholds)

    def value(self, *tensors: Tensor) -> Tensor:
        """The loss alone, by the definition, which checks nothing but its shape."""
        loss = self.define(*tensors).total(len(self.axes))
        self._check_shape(loss, tensors[0].shape[:-2])
        return loss

    def blocks(self) -> list[list[str]]:
        """Who looks for whom in the blocks of columns of the matrix, those of one sum together; [] without blocks."""
        return []

    def __call__(self, *tensors: Tensor, check: bool = True) -> Tensor:
        """The loss, a differentiable scalar. ``check=False`` skips the checks of values (shapes are always checked),
        for which a GPU has to be waited for.

        Half-precision embeddings give a float32 loss; the gradients have the embeddings' dtype, and are infinite where
        they overflow it.
        Raises ValueError naming the argument, what was expected and what came.
        """
        from lossviz import fast  # which is built upon the losses

        road = fast.ROADS.get(type(self), fast.NO_ROAD)
        given = self._checked(tensors, check, road.sees_rows)
        if given[0].ndim > 2:
            raise wrong(self.inputs.rows[0], ONE_BATCH, f"shape {tuple(given[0].shape)}")
        with _without_autocast(given[0].device):
            loss = road(self, *given)
            if loss is not None and (not check or math.isfinite(loss.item())):
                return loss
            if check and road.sees_rows:  # and did not like them
                _check_rows(self.inputs, given)
            loss = self.value(*map(exact, given))  # which may hold what overflows in float32
        return self._fitted(loss, given, check)

    def terms(self, *tensors: Tensor, check: bool = True) -> Terms:
        """The loss taken apart, computed in float64; arguments and errors as for the call itself."""
        given = self._checked(tensors, check)
        with _without_autocast(given[0].device):
            terms = self.complete(*map(exact, given))
        return replace(terms, loss=self._fitted(terms.loss, given, check))

    def _fitted(self, loss: Tensor, given: tuple[Tensor, ...], check: bool) -> Tensor:
        """A loss in the dtype of the rows. Raises ValueError where it does not fit, if asked to ``check``."""
        self._check_shape(loss, given[0].shape[:-2])
        loss = loss.to(given[0].dtype)
        if check and not torch.isfinite(loss.detach()).all():
            raise self._overflow(self.inputs.fitted(len(given)), given, loss.dtype)
        return loss

    def settings(self) -> dict[str, object]:
        """Name → value of every parameter of the loss (margin, scale …), in the order of declaration."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def parameters(self) -> Iterator[Tensor]:
        """What an optimiser takes: the settings that are learned. Raises ValueError for a tensor that would not be."""
        for name, each in self.settings().items():
            if isinstance(each, Tensor):
                if not each.requires_grad:
                    raise wrong(name, f"a tensor to learn (loss.{name}.requires_grad_())", "one without gradient")
                yield each

    def to(self, *where: object, **named: object) -> Self:
        """This loss, its tensors on another device or in another dtype, as ``torch.nn.Module.to`` moves parameters."""
        for each in self.settings().values():
            if isinstance(each, Tensor):
                each.data = each.data.to(*where, **named)
        return self

    def changed(self, **parameters: object) -> Self:
        """The same loss with other values for some of its parameters."""
        return replace(self, **parameters)

    def allows(self, **parameters: object) -> bool:
        """Whether there is this loss with other values for some of its parameters."""
        try:
            self.changed(**parameters)._check_parameters()
        except ValueError:
            return False
        return True

    def _checked(self, tensors: tuple[Tensor, ...], check: bool, seen: bool = False) -> tuple[Tensor, ...]:
        """The arguments as ``define`` takes them. Raises ValueError for those that the loss does not allow; ``seen``:
        a road will see, on a processor, rows that are not finite."""
        inputs = self.inputs.fitted(len(tensors))
        self._check_shapes(inputs, tensors)
        if check:
            self._check_parameters()
            self._check_values(inputs, tensors, rows=not (seen and tensors[0].is_cpu))
            self._check_measures(inputs, tensors)
        return widened(tensors, inputs)

    def _check_shapes(self, inputs: InputType, tensors: tuple[Tensor, ...]) -> None:
        inputs.check_shapes(tensors)

    def _check_values(self, inputs: InputType, tensors: tuple[Tensor, ...], rows: bool) -> None:
        inputs.check_values(tensors, rows)

    def _check_parameters(self) -> None:
        for name, value in self.settings().items():
            if isinstance(value, Tensor):
                check_finite(name, value)
            elif isinstance(value, Real) and not math.isfinite(value):
                raise wrong(name, "a finite number", str(value))

    def _check_measures(self, inputs: InputType, tensors: tuple[Tensor, ...]) -> None:
        """Raises ValueError for a similarity in the place of a distance, or the other way round."""
        for name, (unlike, expected) in MEASURES.items():
            measure = getattr(self, name, None)
            if callable(measure):
                row, other = tensors[0].detach(), tensors[1 % len(inputs.rows)].detach()
                row, other = exact(widen(row)).flatten(0, -2)[:1], exact(widen(other)).flatten(0, -2)[-1:]
                own, apart = _measured(name, measure, row, row), _measured(name, measure, row, other)
                if own.numel() == 1 and unlike(own.item(), apart.item()):
                    raise wrong(name, expected, f"{own.item():.3g} to itself and {apart.item():.3g} to another")
                if name == "similarity":
                    _check_every_row(measure, row, other)

    def _check_shape(self, loss: Tensor, leading: torch.Size) -> None:
        if loss.shape != leading:
            functions = [name for name, value in self.settings().items() if callable(value)]
            expected, came = (f"a loss of shape {tuple(each)}" for each in (leading, loss.shape))
            raise wrong(", ".join(functions) or "define", expected, came)

    def _overflow(self, inputs: InputType, tensors: tuple[Tensor, ...], dtype: torch.dtype) -> ValueError:
        computed = inputs.rows if inputs.labels and inputs.labels.compared else inputs.arguments
        numbers = dict(zip(computed, tensors, strict=False)) | self.settings()
        sizes = {name: _size(each) for name, each in numbers.items() if _is_number(each)}
        large = {name for name, size in sizes.items() if size > 1}  # a label of 1 overflows nothing
        largest = max(large or inputs.rows, key=sizes.get)
        kind = str(dtype).removeprefix("torch.")
        return wrong(largest, f"a size at which {type(self).__name__} fits into {kind}", f"{sizes[largest]:.3g}")


# A function as a setting → what would give the other one away, and what is expected. Distances that add an epsilon to
# every coordinate are nearer to 0 than this.
NEAR = 0.01
MEASURES = {
    "distance": (
        lambda own, apart: own > NEAR or (own > -NEAR and apart < -NEAR),  # minus a dot product is nearest below 0
        "0 from a row to itself and nothing below (is it a similarity? 1 - similarity would be a distance)",
    ),
    "similarity": (
        lambda own, apart: abs(own) < NEAR < apart,
        "more from a row to itself than to another (is it a distance? -distance would be a similarity)",
    ),
}


def _measured(name: str, measure: Callable[[Tensor, Tensor], Tensor], row: Tensor, other: Tensor) -> Tensor:
    try:
        with torch.no_grad():
            return measure(row, other)
    except (RuntimeError, TypeError, ValueError) as error:
        raise wrong(name, "a function of two tensors of rows", f"one that raises {error}") from error


def _check_every_row(measure: Callable[[Tensor, Tensor], Tensor], row: Tensor, other: Tensor) -> None:
    """Raises ValueError for a similarity of row with row."""
    expected = "a function of every row with every row, (B, d), (C, d) → (B, C) (util.cos_sim, not pairwise_cos_sim)"
    try:
        with torch.no_grad():
            found = measure(row.expand(2, -1), other.expand(3, -1))
    except (RuntimeError, TypeError, ValueError) as error:
        raise wrong("similarity", expected, f"one that raises {error}") from error
    if found.shape != (2, 3):
        raise wrong("similarity", expected, f"shape {tuple(found.shape)} from 2 and 3 rows")


def _check_rows(inputs: InputType, tensors: tuple[Tensor, ...]) -> None:
    for name, rows in zip(inputs.rows, tensors, strict=False):
        check_finite(name, rows)


def _without_autocast(device: torch.device) -> AbstractContextManager:
    """Mixed precision is for the encoder: a loss in bfloat16 would not tell near distances apart."""
    enabled = torch.amp.is_autocast_available(device.type) and torch.is_autocast_enabled(device.type)
    return torch.autocast(device.type, enabled=False) if enabled else nullcontext()


def _is_number(value: object) -> bool:
    return isinstance(value, (Tensor, Real)) and not isinstance(value, bool)


def _size(value: Tensor | float) -> float:
    return value.detach().abs().max().item() if isinstance(value, Tensor) else abs(value)


def widened(tensors: tuple[Tensor, ...], inputs: InputType) -> tuple[Tensor, ...]:
    """Half-precision rows in float32; labels that are weights or scores to compute with, in the dtype of the rows."""
    rows = len(inputs.rows)
    embeddings, labels = [widen(each) for each in tensors[:rows]], tensors[rows:]
    if inputs.labels and inputs.labels.compared:
        return (*embeddings, *labels)
    kind = embeddings[0].dtype
    weights = [each.to(kind) if each.is_floating_point() or each.dtype == torch.bool else each for each in labels]
    return (*embeddings, *weights)


def widen(rows: Tensor) -> Tensor:
    """Half precision in float32. A gradient that is too large on the way back is inf, which a GradScaler looks for."""
    return rows.float() if rows.dtype in (torch.float16, torch.bfloat16) else rows


def exact(tensor: Tensor) -> Tensor:
    """In float64, where the device has it. Far from the origin float32 loses the digits by which rows differ, and with
    them the choice of the hardest."""
    has_float64 = tensor.device.type != "mps"
    return tensor.double() if tensor.dtype == torch.float32 and has_float64 else tensor


def scalar(value: float | Tensor, like: Tensor) -> Tensor:
    """A parameter as a 0-d tensor beside ``like``; one that is a tensor already stays differentiable."""
    return torch.as_tensor(value, dtype=like.dtype, device=like.device)


def lowest(like: Tensor) -> float:
    """What stands for −∞ in a sum of exponentials: the lowest number there is. Unlike −∞ it never leaves a NaN."""
    return torch.finfo(like.dtype).min
