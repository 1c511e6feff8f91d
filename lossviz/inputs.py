"""The shapes of training data: which arguments a loss takes, what they mean, and the checks that name what is wrong.

Every check raises ``ValueError`` with the argument, what was expected and what came. Checks of shape and dtype read no
value; checks of values look at a sum first and scan only when the sum says that something is off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

FLOATING = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


def wrong(argument: str, expected: str, came: str) -> ValueError:
    """The one form of every error about an argument."""
    return ValueError(f"{argument}: expected {expected}, got {came}")


@dataclass(frozen=True)
class LabelSet:
    """The values that a label argument may take."""

    meaning: str
    allowed: Callable[[Tensor], Tensor]  # (…, B) labels → (…, B) bool
    boolean: bool = False  # whether True and False stand for 1 and 0
    names: bool = False  # whether labels only tell classes apart: then they are never rounded to the embeddings' dtype


def _zero_or_one(labels: Tensor) -> Tensor:
    return (labels == 0) | (labels == 1)


def _zero_to_one(labels: Tensor) -> Tensor:
    return (labels >= 0) & (labels <= 1)


def _finite(labels: Tensor) -> Tensor:
    return torch.isfinite(labels)


ANY_CLASS = LabelSet("class labels, equal for sentences of one class", _finite, boolean=True, names=True)
ZERO_OR_ONE = LabelSet("labels 1 (near) or 0 (far)", _zero_or_one, boolean=True)
ZERO_TO_ONE = LabelSet("labels from 0 (far) to 1 (near)", _zero_to_one, boolean=True)


@dataclass(frozen=True)
class InputType:
    """One shape of training data: the arguments of every loss that learns from it.

    ``rows`` names the embedding arguments, each (…, B, d); ``labels`` the set of the label argument, (…, B), which is
    called "labels" and comes last; ``example`` makes a small valid batch; ``more`` names rows that may follow.
    """

    name: str
    shape: str
    rows: tuple[str, ...]
    labels: LabelSet | None
    example: Callable[..., tuple[Tensor, ...]]
    more: str | None = None  # the name of further rows that may follow, where any number of them may

    def fitted(self, count: int) -> "InputType":
        """This type for a call with ``count`` tensors: with a name for each of the further rows."""
        extra = count - len(self.arguments)
        if not self.more or extra < 1:
            return self
        names = (self.more,) if extra == 1 else tuple(f"{self.more}_{k + 1}" for k in range(extra))
        return replace(self, rows=self.rows + names)

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.rows + (("labels",) if self.labels else ())

    def check_shapes(self, tensors: Sequence[Tensor]) -> None:
        """Raises ValueError unless number, type, dtype, device and shape of the arguments fit together."""
        _check_count(self.arguments, tensors)
        rows = tensors[: len(self.rows)]
        for name, tensor in zip(self.rows, rows, strict=True):
            _check_rows(name, tensor)
            _check_alike(name, tensor, self.rows[0], rows[0])
        if self.labels:
            _check_labels(self.labels, tensors[-1], self.rows[0], rows[0])

    def check_values(self, tensors: Sequence[Tensor]) -> None:
        """Raises ValueError for embeddings that are not finite and labels outside their set."""
        for name, tensor in zip(self.rows, tensors, strict=False):
            check_finite(name, tensor)
        if self.labels:
            labels = tensors[-1]
            outside = ~self.labels.allowed(labels)
            if outside.any():
                raise wrong("labels", self.labels.meaning, _first(labels, outside))


def check_finite(name: str, tensor: Tensor) -> None:
    """Raises ValueError that says where the first value is that is not finite."""
    if not torch.isfinite(tensor.detach().sum()):  # a large finite tensor may overflow its sum: then scan
        bad = ~torch.isfinite(tensor)
        if bad.any():
            raise wrong(name, "finite numbers", _first(tensor, bad))


def _first(tensor: Tensor, bad: Tensor) -> str:
    place = tuple(torch.nonzero(bad)[0].tolist())
    return f"{tensor[place].item()} at {list(place)}"


def _check_count(names: tuple[str, ...], tensors: Sequence[Tensor]) -> None:
    if len(tensors) < len(names):
        raise wrong(names[len(tensors)], f"the arguments ({', '.join(names)})", f"only {len(tensors)} of them")
    if len(tensors) > len(names):
        raise wrong("arguments", f"({', '.join(names)})", f"{len(tensors)} arguments")


def _check_tensor(name: str, tensor: object) -> None:
    if not isinstance(tensor, Tensor):
        raise wrong(name, "a tensor", type(tensor).__name__)


def _check_rows(name: str, tensor: Tensor) -> None:
    _check_tensor(name, tensor)
    if tensor.dtype not in FLOATING:
        raise wrong(name, "float64, float32, float16 or bfloat16", str(tensor.dtype))
    if tensor.ndim < 2:
        raise wrong(name, "embeddings of shape (B, d)", f"shape {tuple(tensor.shape)}")
    if tensor.numel() == 0:
        raise wrong(name, "at least one row and one dimension", f"shape {tuple(tensor.shape)}")


def _check_alike(name: str, tensor: Tensor, first_name: str, first: Tensor) -> None:
    if tensor.shape != first.shape:
        raise wrong(name, f"the shape of {first_name}, {tuple(first.shape)}", f"shape {tuple(tensor.shape)}")
    if tensor.dtype != first.dtype:
        raise wrong(name, f"the dtype of {first_name}, {first.dtype}", str(tensor.dtype))
    if tensor.device != first.device:
        raise wrong(name, f"the device of {first_name}, {first.device}", str(tensor.device))


def _check_labels(allowed: LabelSet, labels: Tensor, first_name: str, first: Tensor) -> None:
    _check_tensor("labels", labels)
    if labels.shape != first.shape[:-1]:
        expected = f"one label per row of {first_name}, shape {tuple(first.shape[:-1])}"
        raise wrong("labels", expected, f"shape {tuple(labels.shape)}")
    if labels.is_complex() or (labels.dtype == torch.bool and not allowed.boolean):
        raise wrong("labels", allowed.meaning, str(labels.dtype))
    if labels.device != first.device:
        raise wrong("labels", f"the device of {first_name}, {first.device}", str(labels.device))


def _example_pairs(batch: int = 6, dimension: int = 2, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Random unit rows, float64, the first half labelled 1."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(2, batch, dimension, generator=generator, dtype=torch.float64)
    anchor, other = torch.nn.functional.normalize(rows, dim=-1)
    return anchor, other, (torch.arange(batch) < (batch + 1) // 2).double()


LABELLED_PAIRS = InputType(
    name="labelled_pairs",
    shape="(anchor, positive or negative, label 1/0)",
    rows=("anchor", "other"),
    labels=ZERO_OR_ONE,
    example=_example_pairs,
)


def _example_classes(batch: int = 6, dimension: int = 2, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Random rows, float64, in classes of two or three."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(batch, dimension, generator=generator, dtype=torch.float64)
    return rows, torch.arange(batch) * ((batch + 2) // 3) // batch


LABELLED_SENTENCES = InputType(
    name="labelled_sentences",
    shape="(sentence, label)",
    rows=("embeddings",),
    labels=ANY_CLASS,
    example=_example_classes,
)


def _example_positive_pairs(
    batch: int = 4, dimension: int = 2, seed: int = 0, negatives: int = 0
) -> tuple[Tensor, ...]:
    """Random unit rows, float64: anchors, positives, and as many further rows of explicit negatives as asked for."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(2 + negatives, batch, dimension, generator=generator, dtype=torch.float64)
    return tuple(torch.nn.functional.normalize(rows, dim=-1))


POSITIVE_PAIRS = InputType(
    name="positive_pairs",
    shape="(anchor, positive), or (anchor, positive, negative, …)",
    rows=("anchor", "positive"),
    labels=None,
    example=_example_positive_pairs,
    more="negative",
)
