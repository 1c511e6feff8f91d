"""A loss as the page knows it: its controls, and every variant that controls and situations can reach, lowered."""

from collections.abc import Iterator
from dataclasses import fields
from itertools import product

import torch
from torch import Tensor

from lossviz import catalogue, listing
from lossviz.batches import Batch
from lossviz.losses import Loss
from lossviz.situations import Situation
from lossviz.situations.offered import Offer, ignores_length
from lossviz.widgets.cells import cells
from lossviz.widgets.lowered import lowered
from lossviz.widgets.spec import ControlSpec, LossSpec, Nested, Start, Value, VariantSpec


def describe(
    loss: Loss, offers: list[Offer], dimension: int, lower: bool, controls: tuple[str, ...] | None = None
) -> LossSpec:
    """A loss for these batches; ``controls`` names those that a reader can move, None the usual ones."""
    known, movable = catalogue.parameters(loss), movable_parameters(loss)
    wanted = [name for name in movable if known[name].control] if controls is None else controls
    offered = [_control(name, known[name]) for name in wanted if name in movable]
    besides = _besides(loss, offered, offers) if controls is None else []
    variants = list(_variants(loss, offered, offers, besides))
    return LossSpec(
        chart=loss.chart or loss.inputs.chart,
        reads=loss.reads,
        label=loss.inputs.label,
        axes=list(loss.axes),
        parameters=plain_parameters(loss),
        controls=offered,
        variants=[_describe_variant(*each, number, dimension, lower) for number, each in enumerate(variants)],
        code=listing.code(loss),
        cells=cells(loss, plain_parameters(loss), lower),
    )


def modules(loss: Loss, spec: LossSpec, dimension: int) -> dict[str, str]:
    """Name → JavaScript of every lowered variant; with its value alone too, for the loss behind a moving point."""
    found = {}
    for each in spec.variants:
        if each.module:
            texts = lowered(loss.changed(**each.choices), each.count, dimension)
            found |= {name: text for name, text in zip((each.module, each.value), texts, strict=True) if name}
    return found


def start(spec: LossSpec, situation: Situation, batch: Batch) -> Start:
    """Where a situation begins under a loss: with its own parameters, as far as a reader could set them."""
    choices = [each.choices for each in spec.variants if each.count == batch.count]
    own = {
        name: value
        for name, value in situation.parameters.items()
        if isinstance(spec.parameters.get(name), float) or any(each.get(name, ...) == value for each in choices)
    }
    parameters = spec.parameters | own
    variant = spec.variant(parameters, batch.count)
    points = batch.embeddings
    if variant.shape == "circle" and points.shape[1] == 2:
        points = torch.nn.functional.normalize(points)
    return Start(parameters, variant.tensors, points.tolist())


def movable_parameters(loss: Loss) -> list[str]:
    """The parameters that a page can move: numbers with a range, and choices of which one is made."""
    plain = plain_parameters(loss)
    return [
        name
        for name, each in catalogue.parameters(loss).items()
        if name in plain and (isinstance(plain[name], float) or plain[name] in each.choices)
    ]


def plain_parameters(loss: Loss) -> dict[str, Value]:
    """The parameters that the page can hold as they are; a 0-d tensor is its number, a function stays in Python."""
    real = {each.name for each in fields(loss) if each.type in (float, "float")}
    choices = {name: each.choices for name, each in catalogue.parameters(loss).items()}
    values = {name: value.item() if _is_scalar(value) else value for name, value in loss.settings().items()}
    values |= {name: float(value) for name, value in values.items() if name in real and type(value) is int}
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, (float, int, str, bool)) or value in choices.get(name, ())
    }


def _is_scalar(value: object) -> bool:
    return isinstance(value, Tensor) and value.ndim == 0


def _trained(loss: Loss) -> dict[str, Nested]:
    """The parameters that are trained with the sentences: name → nested lists."""
    tensors = {name: value for name, value in loss.settings().items() if isinstance(value, Tensor) and value.ndim}
    return {name: value.detach().double().tolist() for name, value in tensors.items()}


def _control(name: str, known: catalogue.Parameter) -> ControlSpec:
    return ControlSpec(
        name, known.symbol, known.meaning, known.minimum, known.maximum, known.step, known.choices, known.needs
    )


def _variants(
    loss: Loss, controls: list[ControlSpec], offers: list[Offer], besides: list[tuple[dict, int]]
) -> Iterator[tuple[dict, Loss, int]]:
    """(choices, loss, number of arguments) of every combination that there is: of what the controls offer, and of what
    a situation names besides."""
    offered = _choices(controls)
    own = {name: loss.settings()[name] for names in (offered, *(names for names, _ in besides)) for name in names}
    found = []
    for names, count in [(offered, each) for each in sorted({each.batch.count for each in offers})] + besides:
        for values in product(*names.values()):
            choices = {**own, **dict(zip(names, values, strict=True))}
            if (choices, count) in found or (loss.allows() and not loss.allows(**choices)):
                continue  # a loss that is wrong itself says so when called
            found.append((choices, count))
            yield choices, loss.changed(**choices), count


def _choices(controls: list[ControlSpec]) -> dict:
    return {each.name: each.choices for each in controls if each.choices}


def _besides(loss: Loss, controls: list[ControlSpec], offers: list[Offer]) -> list[tuple[dict, int]]:
    """Name → choices of what a situation about this loss names and no control offers, with its number of arguments."""
    offered = _choices(controls)
    known, found = catalogue.parameters(loss), []
    movable = [name for name in movable_parameters(loss) if known[name].choices and name not in offered]
    for situation, batch in offers:
        if situation.loss in (None, type(loss).__name__):
            changes = (situation, *filter(None, [situation.question]), *situation.cures)
            names = [name for name in movable if any(name in each.parameters for each in changes)]
            if names:
                found.append(({name: known[name].choices for name in names}, batch.count))
    return found


def _describe_variant(choices: dict, loss: Loss, count: int, number: int, dimension: int, lower: bool) -> VariantSpec:
    numbers = [name for name, value in plain_parameters(loss).items() if isinstance(value, float)]
    tensors, module = _trained(loss), f"{type(loss).__name__} {number}"
    entry, shape = catalogue.entry(loss), "circle" if ignores_length(loss, dimension) else "free"
    return VariantSpec(
        choices=choices,
        count=count,
        shape=shape,
        formulas=entry.term(loss) if entry else None,
        push=entry.push if entry and shape == "circle" else None,
        inputs=[*loss.inputs.fitted(count).arguments, *numbers, *tensors],
        tensors=tensors,
        blocks=loss.blocks(),
        module=module if lower else None,
        value=f"{module} value" if lower and dimension == 2 else None,
    )
