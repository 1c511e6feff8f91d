"""The shapes of training data: which arguments a loss takes, what they mean, and the checks that name what is wrong.

Every check raises ``ValueError`` with the argument, what was expected and what came. Checks of shape and dtype read no
value; checks of values look at a sum first and scan only when the sum says that something is off.
"""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lossviz import masks

FLOATING = (torch.float64, torch.float32, torch.float16, torch.bfloat16)


def wrong(argument: str, expected: str, came: str) -> ValueError:
    """The one form of every error about an argument."""
    return ValueError(f"{argument}: expected {expected}, got {came}")


def check_count(argument: str, value: object, least: int = 1, none: bool = False) -> None:
    """Raises ValueError for what is no whole number of at least ``least``, nor None where that is allowed."""
    if not (none and value is None) and (isinstance(value, bool) or not isinstance(value, int) or value < least):
        raise wrong(argument, f"a whole number of at least {least}{' or None' if none else ''}", repr(value))


@dataclass(frozen=True)
class LabelSet:
    """The values that a label argument may take."""

    meaning: str
    allowed: Callable[[Tensor], Tensor]  # (…, B) labels → (…, B) bool
    boolean: bool = False  # whether True and False stand for 1 and 0
    compared: bool = False  # whether labels are only compared with one another: then they are never rounded
    largest: float = math.inf  # the size beyond which a label is most likely a mistake
    advice: str = ""  # what to do about it
    kind: str = "score"  # of the column that holds them: "score", "class" or "label" (1 or 0)


def _zero_or_one(labels: Tensor) -> Tensor:
    return labels == labels.bool()


def _zero_to_one(labels: Tensor) -> Tensor:
    return (labels >= 0) & (labels <= 1)


def _finite(labels: Tensor) -> Tensor:
    return torch.isfinite(labels)


def _whole(labels: Tensor) -> Tensor:
    natural = labels >= 0
    return natural & (labels.frac() == 0) if labels.is_floating_point() else natural  # the fraction of ∞ is NaN


ANY_CLASS = LabelSet(
    "class labels, equal for sentences of one class", _finite, boolean=True, compared=True, kind="class"
)
ZERO_OR_ONE = LabelSet("labels 1 (near) or 0 (far)", _zero_or_one, boolean=True, kind="label")
ANY_SCORE = LabelSet("finite scores", _finite, boolean=True)
ANY_ORDER = replace(ANY_SCORE, compared=True)
CLASS_NUMBER = LabelSet("whole numbers, 0 and up", _whole, boolean=True, kind="class")
ZERO_TO_ONE = LabelSet("labels from 0 (far) to 1 (near)", _zero_to_one, boolean=True, kind="label")


@dataclass(frozen=True)
class InputType:
    """One shape of training data: the arguments of every loss that learns from it.

    ``rows`` names the embedding arguments, each (…, B, d); ``labels`` is the set of the label argument, (…, B), which
    comes last and is called ``label``; ``example`` makes a small valid batch; ``more`` names rows that may follow.
    ``masks``, (matrix, labels) → (positive, negative), says which entries of a loss's matrix are which by the labels,
    and ``matrix_axes`` how many axes such a matrix has; ``chart`` names the chart that shows such a loss first.
    ``twins`` says that the first rows come from a copy of the model, which is trained too.
    """

    name: str
    shape: str
    rows: tuple[str, ...]
    labels: LabelSet | None
    example: Callable[..., tuple[Tensor, ...]]
    masks: Callable[[Tensor, Tensor | None], tuple[Tensor, Tensor]] | None = None
    matrix_axes: int = 0
    chart: str = "none"
    more: str | None = None  # the name of further rows that may follow, where any number of them may
    label: str = "labels"
    twins: bool = False

    def fitted(self, count: int) -> "InputType":
        """This type for a call with ``count`` tensors: with a name for each of the further rows."""
        extra = count - len(self.arguments)
        if not self.more or extra < 1:
            return self
        names = (self.more,) if extra == 1 else tuple(f"{self.more}_{k + 1}" for k in range(extra))
        return replace(self, rows=self.rows + names)

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.rows + ((self.label,) if self.labels else ())

    def check_shapes(self, tensors: Sequence[Tensor]) -> None:
        """Raises ValueError unless number, type, dtype, device and shape of the arguments fit together."""
        _check_count(self.arguments, tensors)
        rows = tensors[: len(self.rows)]
        for name, tensor in zip(self.rows, rows, strict=True):
            _check_rows(name, tensor)
            _check_alike(name, tensor, self.rows[0], rows[0])
        if self.labels:
            _check_labels(self.label, self.labels, tensors[-1], self.rows[0], rows[0])

    def check_values(self, tensors: Sequence[Tensor], rows: bool = True) -> None:
        """Raises ValueError for embeddings that are not finite, where ``rows``, and labels outside their set."""
        for name, tensor in zip(self.rows, tensors, strict=False) if rows else ():
            check_finite(name, tensor)
        if self.labels:
            labels = tensors[-1]
            allowed = self.labels.allowed(labels)
            if not allowed.all():
                raise wrong(self.label, self.labels.meaning, _first(labels, ~allowed))
            self._warn_of_large(labels)

    def _warn_of_large(self, labels: Tensor) -> None:
        largest = labels.float().abs().max().item() if self.labels.advice else 0
        if largest > self.labels.largest:
            warnings.warn(f"{self.label}: {largest:g} came, and {self.labels.advice}", stacklevel=6)


def check_finite(name: str, tensor: Tensor) -> None:
    """Raises ValueError that says where the first value is that is not finite."""
    if not math.isfinite(tensor.detach().sum().item()):  # a large finite tensor may overflow its sum: then scan
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
        features = any(isinstance(each, Mapping) for each in (tensor if isinstance(tensor, list) else [tensor]))
        hint = " of embeddings (a trainer gives features: see lossviz.training.for_trainer)" if features else ""
        raise wrong(name, f"a tensor{hint}", type(tensor).__name__)


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


def _check_labels(name: str, allowed: LabelSet, labels: Tensor, first_name: str, first: Tensor) -> None:
    _check_tensor(name, labels)
    if labels.shape != first.shape[:-1]:
        expected = f"one {name.removesuffix('s')} per row of {first_name}, shape {tuple(first.shape[:-1])}"
        raise wrong(name, expected, f"shape {tuple(labels.shape)}")
    if labels.is_complex() or (labels.dtype == torch.bool and not allowed.boolean):
        raise wrong(name, allowed.meaning, str(labels.dtype))
    if labels.device != first.device:
        raise wrong(name, f"the device of {first_name}, {first.device}", str(labels.device))


def _by_label(matrix: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    return masks.labelled_pairs(labels)


def _by_class(matrix: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    return masks.labelled_sentences(labels)


def _of_class(matrix: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    target = masks.of_class(labels, matrix.shape[-1])
    return target, ~target


def _positive_first(matrix: Tensor, labels: None) -> tuple[Tensor, Tensor]:
    return masks.first_column(matrix)


def _on_diagonal(matrix: Tensor, labels: None) -> tuple[Tensor, Tensor]:
    return masks.diagonal(matrix)


def _directions(rows: int, batch: int, dimension: int, seed: int) -> tuple[Tensor, ...]:
    """Random unit rows, float64: one (B, d) for each argument."""
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randn(rows, batch, dimension, generator=generator, dtype=torch.float64)
    return tuple(torch.nn.functional.normalize(numbers, dim=-1))


def _example_pairs(batch: int = 6, dimension: int = 2, seed: int = 0) -> tuple[Tensor, ...]:
    """Random unit rows, the first half labelled 1."""
    return (*_directions(2, batch, dimension, seed), (torch.arange(batch) < (batch + 1) // 2).double())


LABELLED_PAIRS = InputType(
    name="labelled_pairs",
    shape="(anchor, positive or negative, label 1/0)",
    rows=("anchor", "other"),
    labels=ZERO_OR_ONE,
    example=_example_pairs,
    masks=_by_label,
    matrix_axes=1,
    chart="distance_line",
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
    masks=_by_class,
    matrix_axes=2,
    chart="triplet_plane",
)


def _example_scores(batch: int = 6, dimension: int = 2, seed: int = 0) -> tuple[Tensor, ...]:
    """Random unit rows with scores from 0 to 1, the first two alike."""
    steps = (torch.arange(batch) - 1).clamp(min=0) / max(1, batch - 2)
    return (*_directions(2, batch, dimension, seed), steps.double())


SCORED_PAIRS = InputType(
    name="scored_pairs",
    shape="(sentence, sentence, score)",
    rows=("first", "second"),
    labels=ANY_SCORE,
    example=_example_scores,
    masks=_by_label,
    matrix_axes=1,
    chart="score_plane",
    label="scores",
)


def _example_kinds(batch: int = 6, dimension: int = 2, seed: int = 0) -> tuple[Tensor, ...]:
    """Random unit rows of the classes 0, 1, 2 in turn."""
    return (*_directions(2, batch, dimension, seed), torch.arange(batch) % 3)


CLASSIFIED_PAIRS = InputType(
    name="classified_pairs",
    shape="(sentence, sentence, class)",
    rows=("first", "second"),
    labels=CLASS_NUMBER,
    example=_example_kinds,
    masks=_of_class,
    matrix_axes=2,
    chart="class_regions",
)


def _example_triplets(batch: int = 4, dimension: int = 2, seed: int = 0) -> tuple[Tensor, ...]:
    return _directions(3, batch, dimension, seed)


TRIPLETS = InputType(
    name="triplets",
    shape="(anchor, positive, negative)",
    rows=("anchor", "positive", "negative"),
    labels=None,
    example=_example_triplets,
    masks=_positive_first,
    matrix_axes=2,
    chart="triplet_plane",
)


def _example_positive_pairs(
    batch: int = 4, dimension: int = 2, seed: int = 0, negatives: int = 0
) -> tuple[Tensor, ...]:
    """Random unit rows: anchors, positives, and as many further rows of explicit negatives as asked for."""
    return _directions(2 + negatives, batch, dimension, seed)


POSITIVE_PAIRS = InputType(
    name="positive_pairs",
    shape="(anchor, positive), or (anchor, positive, negative, …)",
    rows=("anchor", "positive"),
    labels=None,
    example=_example_positive_pairs,
    masks=_on_diagonal,
    matrix_axes=2,
    chart="score_matrix",
    more="negative",
)


def _example_passes(batch: int = 4, dimension: int = 2, seed: int = 0) -> tuple[Tensor, ...]:
    """Random unit rows: two passes of the same sentences, each with its own noise."""
    return _directions(2, batch, dimension, seed)


UNLABELLED = InputType(
    name="unlabelled",
    shape="sentences alone, each encoded twice",
    rows=("first", "second"),
    labels=None,
    example=_example_passes,
    masks=_on_diagonal,
    matrix_axes=2,
    chart="score_matrix",
    twins=True,
)

UNLABELLED_PAIRS = InputType(
    name="unlabelled_pairs",
    shape="sentences alone, paired with themselves (1) or with another (0)",
    rows=("first", "second"),
    labels=ZERO_OR_ONE,
    example=_example_pairs,
    masks=_by_label,
    matrix_axes=1,
    chart="distance_line",
    twins=True,
)
