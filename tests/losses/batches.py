"""Batches and losses for the sweeps, made from the catalogue: a loss added there brings its own cases."""

import itertools
from functools import partial

import pytest
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from torch import Tensor

from lossviz.catalogue import ENTRIES, Entry
from lossviz.inputs import InputType, LabelSet
from lossviz.losses import Loss

DOUBLE = torch.float64
SWEEP = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


def variants(entry: Entry) -> list[partial]:
    """The loss with every combination of its choices (distance, flags); the numbers are left to be given."""
    choices = {name: each.choices for name, each in entry.parameters.items() if each.choices}
    combinations = itertools.product(*choices.values())
    return [partial(entry.loss, **dict(zip(choices, each, strict=True))) for each in combinations]


def in_words(variant: partial) -> str:
    return "-".join([variant.func.__name__, *map(str, variant.keywords.values())])


VARIANTS = [pytest.param(each, id=in_words(each)) for entry in ENTRIES for each in variants(entry)]
every_loss = pytest.mark.parametrize("variant", VARIANTS)


def every_loss_of_distance(*names: str) -> pytest.MarkDecorator:
    """The losses that read one of these distances."""
    reads = [pytest.param(*each.values, id=each.id) for each in VARIANTS if distance_of(*each.values) in names]
    return pytest.mark.parametrize("variant", reads)


every_loss_of_many_rows = pytest.mark.parametrize(
    "variant", [each for each in VARIANTS if each.values[0].func.inputs.more]
)


def distance_of(variant: partial) -> str | None:
    return variant().parameters().get("distance")


def entry_of(variant: partial) -> Entry:
    return next(each for each in ENTRIES if each.loss is variant.func)


def numbers(entry: Entry) -> dict[str, tuple[float, float]]:
    """Name → range of every parameter that is a number: its slider's, and half as far again."""
    sliders = {name: each for name, each in entry.parameters.items() if not each.choices}
    return {name: (each.minimum, each.minimum + 1.5 * (each.maximum - each.minimum)) for name, each in sliders.items()}


def some_loss(variant: partial) -> st.SearchStrategy[Loss]:
    """The variant with numbers from all over their ranges, both ends among them."""
    ranges = numbers(entry_of(variant))
    return st.fixed_dictionaries({name: st.floats(*ends) for name, ends in ranges.items()}).map(
        lambda given: variant(**given)
    )


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


def label_patterns(labels: LabelSet) -> dict[str, callable]:
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

    of_classes = {"every row its own": every_row_its_own, "pairs and threes": pairs_and_threes} if labels.names else {}
    return of_classes | {
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
    if not weights and not inputs.labels.names:
        del patterns["any allowed"]
    return (*rows, draw(st.sampled_from(list(patterns.values())))(batch, generator))


# --- asking a loss ---------------------------------------------------------------------------------------------------


def split(loss: Loss, tensors: tuple[Tensor, ...]) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The embeddings, and the labels if there are any."""
    count = len(loss.inputs.fitted(len(tensors)).rows)
    return tensors[:count], tensors[count:]


def leaves(rows: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(each.detach().clone().requires_grad_() for each in rows)


def value_and_gradients(loss: Loss, tensors: tuple[Tensor, ...], function=None) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The loss and its gradient for each argument of embeddings; `function`, if given, is asked in the loss's place."""
    rows, labels = split(loss, tensors)
    rows = leaves(rows)
    value = (function or loss)(*rows, *labels)
    return value.detach(), torch.autograd.grad(value.sum(), rows)
