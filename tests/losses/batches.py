"""Batches and losses for the sweeps, made from the catalogue: a loss added there brings its own cases."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from torch import Tensor

from lossviz.catalogue import ENTRIES, Entry
from lossviz.inputs import InputType, LabelSet
from lossviz.losses import CachedMultipleNegativesRankingLoss, Loss

DOUBLE = torch.float64
HALF = (torch.float16, torch.bfloat16)
FLOATING = (DOUBLE, torch.float32, *HALF)
every_dtype = pytest.mark.parametrize("dtype", FLOATING, ids=str)
SWEEP = settings(
    max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


CLASSES, DIMENSION = 3, 5  # of a classifier, unless a test asks for others


@dataclass(frozen=True, eq=False)
class Variant:
    """One of an entry's ``variants()``; calling it makes the loss, with these numbers for its parameters."""

    entry: Entry
    settings: dict[str, object]

    def __call__(self, dimension: int = DIMENSION, **numbers: object) -> Loss:
        if hasattr(self.entry.loss, "initial"):  # weights as wide as the rows
            return self.entry.loss.initial(dimension, CLASSES, **self.settings).changed(**numbers)
        return self.entry.default().changed(**(self.settings | numbers))

    def __str__(self) -> str:
        values = ("+".join(each) if isinstance(each, tuple) else str(each) for each in self.settings.values())
        return "-".join([self.entry.loss.__name__, *values])


def parametrized(wanted: Callable[[Loss], bool] = lambda loss: True) -> pytest.MarkDecorator:
    """Every variant of every loss that is wanted."""
    return pytest.mark.parametrize("variant", [each for each in VARIANTS if wanted(each())], ids=str)


VARIANTS = [Variant(entry, settings) for entry in ENTRIES for settings in entry.variants()]
every_loss = parametrized()
every_loss_of_many_rows = parametrized(lambda loss: loss.inputs.more)


def every_loss_of_distance(*names: str) -> pytest.MarkDecorator:
    """The losses that read one of these distances."""
    return parametrized(lambda loss: loss.settings().get("distance") in names)


def numbers(entry: Entry) -> dict[str, tuple[float, float]]:
    """Name → range of every parameter that may be any number: its slider's, and half as far again."""
    sliders = {name: each for name, each in entry.parameters.items() if each.minimum is not None and each.step < 1}
    return {name: (each.minimum, each.minimum + 1.5 * (each.maximum - each.minimum)) for name, each in sliders.items()}


# --- where the points lie --------------------------------------------------------------------------------------------


def scattered(rows: Tensor) -> Tensor:
    return rows


def on_the_sphere(rows: Tensor) -> Tensor:
    return torch.nn.functional.normalize(rows, dim=-1)


def some_zero_rows(rows: Tensor) -> Tensor:
    rows[0, ::2] = 0
    rows[-1, ::3] = 0
    return rows


def all_zero(rows: Tensor) -> Tensor:
    return torch.zeros_like(rows)


def some_coincident(rows: Tensor) -> Tensor:
    """Every other row of the last argument is the first argument's; and two rows of each argument are one."""
    rows[-1, ::2] = rows[0, ::2]
    rows[:, 1:2] = rows[:, :1]
    return rows


def collapsed(rows: Tensor) -> Tensor:
    return rows[:1, :1].expand_as(rows).clone()


def duplicated(rows: Tensor) -> Tensor:
    """The same few training examples again and again."""
    return rows[:, torch.arange(rows.shape[1]) % 3 % rows.shape[1]]


def on_a_grid(rows: Tensor) -> Tensor:
    """Many ties, and many coordinates exactly on a kink."""
    return rows.round()


def nearly_coincident(rows: Tensor) -> Tensor:
    return rows[:1] + 1e-9 * rows


PLACES = (
    scattered,
    on_the_sphere,
    some_zero_rows,
    all_zero,
    some_coincident,
    collapsed,
    duplicated,
    on_a_grid,
    nearly_coincident,
)


# --- what the labels say ---------------------------------------------------------------------------------------------


def label_values(labels: LabelSet) -> Tensor:
    """Some of the values that the set allows. Few bits each: the peer reads a label y, and 1 − y, in float32."""
    candidates = torch.tensor([-1, 0, 0.1, 1 / 3, 0.5, 1, 2, 7.25], dtype=torch.bfloat16).to(DOUBLE)
    return candidates[labels.allowed(candidates)]


def label_patterns(labels: LabelSet) -> dict[str, Callable]:
    """Name → the labels of a batch, given its size and a generator."""
    values = label_values(labels)
    lowest, highest = values[0], values[-1]

    def single(batch: int, generator: torch.Generator) -> Tensor:
        return torch.where(torch.arange(batch) == batch // 2, highest, lowest)

    def two(batch: int, generator: torch.Generator) -> Tensor:
        return torch.where(torch.rand(batch, generator=generator) < 0.5, highest, lowest)

    def any_allowed(batch: int, generator: torch.Generator) -> Tensor:
        return values[torch.randint(len(values), (batch,), generator=generator)]

    def every_row_its_own(batch: int, generator: torch.Generator) -> Tensor:
        return torch.randperm(batch, generator=generator).to(DOUBLE) - batch / 2

    def pairs_and_threes(batch: int, generator: torch.Generator) -> Tensor:
        return (torch.randperm(batch, generator=generator) * ((batch + 2) // 3) // batch).to(DOUBLE)

    compared = {"every row its own": every_row_its_own, "pairs and threes": pairs_and_threes}
    return (compared if labels.compared else {}) | {
        "all lowest": lambda batch, generator: lowest.expand(batch).clone(),
        "all highest": lambda batch, generator: highest.expand(batch).clone(),
        "a single highest": single,
        "two mixed": two,
        "any allowed": any_allowed,
    }


@st.composite
def batches(draw, inputs: InputType, sizes=(1, 32), spreads=(0.1, 1.0, 10.0), weights=True):
    """A float64 batch: arguments of the loss, in order, with up to two further rows where the type takes them.
    Without `weights`, labels that are numbers are the lowest or the highest."""
    if inputs.more:
        inputs = inputs.fitted(len(inputs.arguments) + draw(st.integers(0, 2)))
    batch, dimension = draw(st.integers(*sizes)), draw(st.integers(1, 16))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10_000)))
    rows = torch.randn(len(inputs.rows), batch, dimension, generator=generator, dtype=DOUBLE)
    rows = draw(st.sampled_from(PLACES))(draw(st.sampled_from(spreads)) * rows)
    if not inputs.labels:
        return tuple(rows)
    patterns = label_patterns(inputs.labels)
    if not weights and not inputs.labels.compared:
        del patterns["any allowed"]
    return (*rows, draw(st.sampled_from(list(patterns.values())))(batch, generator))


@st.composite
def cases(draw, variant: Variant, **options):
    """A batch, and the variant for it with numbers from all over their ranges, both ends among them."""
    tensors = draw(batches(variant.entry.loss.inputs, **options))
    given_numbers = {name: draw(st.floats(*ends)) for name, ends in numbers(variant.entry).items()}
    return variant(tensors[0].shape[-1], **given_numbers), tensors


# --- asking a loss ---------------------------------------------------------------------------------------------------


def example(loss, batch=7, dimension=5, seed=1):
    """Points in general position: away from every kink; with one explicit negative where the loss takes any number."""
    further = {loss.inputs.more + "s": 1} if loss.inputs.more else {}
    return loss.inputs.example(batch, dimension, seed, **further)


def all_finite(*tensors):
    return all(torch.isfinite(each).all() for each in tensors)


def measures_directions(loss):
    """Whether the loss reads cosines: then a zero row is where it has no slope."""
    parameters = loss.settings()
    measure = parameters.get("distance", parameters.get("similarity", "cosine"))
    return measure == "cosine" and loss.reads not in ("dot product", "log-probability")


def split(loss: Loss, tensors: tuple[Tensor, ...]) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The embeddings, and the labels if there are any."""
    count = len(loss.inputs.fitted(len(tensors)).rows)
    return tensors[:count], tensors[count:]


def leaves(rows: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(each.detach().clone().requires_grad_() for each in rows)


def of_embeddings(loss: Loss) -> Callable[..., Tensor]:
    """The loss as a function of embeddings: a cached loss, when called, takes columns to encode."""
    return of_batches(loss) if isinstance(loss, CachedMultipleNegativesRankingLoss) else loss


def of_batches(loss: Loss) -> Callable[..., Tensor]:
    """The loss as a function of several batches at once: when called, it takes one."""
    return lambda *tensors, **options: loss.terms(*tensors, **options).loss


def value_and_gradients(loss: Loss, tensors: tuple[Tensor, ...], function=None) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The loss and its gradient for each argument of embeddings; `function`, if given, is asked in the loss's place."""
    rows, labels = split(loss, tensors)
    rows = leaves(rows)
    value = (function or loss)(*rows, *labels)
    value.sum().backward()
    return value.detach(), tuple(each.grad for each in rows)
