"""Which batches an explorer offers, what fits its losses, and which cures it can apply."""

from dataclasses import replace
from typing import NamedTuple

import torch

from lossviz import sentences
from lossviz.batches import Batch
from lossviz.inputs import wrong
from lossviz.losses import Loss
from lossviz.situations import SITUATIONS, Cure, Situation, situations

# The largest batch that an explorer shows: its points, the numbers in all of them, and the terms that its labels allow.
MOST_POINTS = 64
MOST_NUMBERS = 65_536
MOST_TERMS = 10_000


class Offer(NamedTuple):
    """A situation, and its batch in the dimension of the explorer."""

    situation: Situation
    batch: Batch

    def cures(self, losses: set[str], names: set[str]) -> list[Cure]:
        """What of its cures an explorer of these losses and situations can apply."""
        return [
            each
            for each in self.situation.cures
            if (each.situation is None or each.situation in names) and (each.loss is None or each.loss in losses)
        ]


def offered(
    losses: tuple[Loss, ...], situation: str | Situation, dimension: int | None, only_first: bool
) -> list[Offer]:
    """The batches that every loss takes, the wanted one first; in more than two dimensions it is the only one.

    Raises ValueError for a situation or a dimension that there is not.
    """
    dimension = 2 if dimension is None else dimension
    if dimension not in (2, sentences.DIMENSION):
        raise wrong("dimension", f"2 or {sentences.DIMENSION}", str(dimension))
    if isinstance(situation, Situation):
        return [Offer(situation, _fitted("situation", situation.batch(dimension), losses))]
    found = _starting_with(situation, losses)
    if only_first or dimension != 2:  # the others differ in where points stand in the plane
        found = found[:1]
    return [Offer(each, each.batch(dimension)) for each in found]


def own(losses: tuple[Loss, ...], batch: Batch, situation: str | Situation, dimension: int | None) -> list[Offer]:
    """A reader's own batch. Raises ValueError naming what does not fit the losses, or an explorer."""
    if not isinstance(batch, Batch):
        raise wrong("batch", "a Batch", type(batch).__name__)
    if situation != "start":
        raise wrong("situation", "none beside a batch", repr(getattr(situation, "name", situation)))
    count, width = batch.embeddings.shape
    if dimension not in (None, width):
        raise wrong("dimension", f"that of the batch, {width}", str(dimension))
    if count > MOST_POINTS:
        raise wrong("batch", f"at most {MOST_POINTS} points", str(count))
    if count * width > MOST_NUMBERS:
        raise wrong("batch", f"at most {MOST_NUMBERS} numbers in all points", f"{count} · {width}")
    fitted = _fitted("batch", _own(batch, losses[0]), losses)
    return [Offer(Situation("batch", "Your batch", (), fitted.rows, fitted.labels, ()), fitted)]


def _own(batch: Batch, loss: Loss) -> Batch:
    """In the loss's own shape, where it has another one that the loss takes too: the same points, in other rows."""
    if not loss.also or batch.labels is not None or set(batch.rows) != set(loss.also.fitted(batch.count).rows):
        return batch
    columns = [torch.tensor(batch.rows[name])[:, None] for name in loss.also.fitted(batch.count).rows]
    *found, labels = loss.own(*columns)
    rows = {name: each.flatten().tolist() for name, each in zip(loss.inputs.rows, found, strict=True)}
    return replace(batch, rows=rows, labels=labels.tolist())


def _fitted(name: str, batch: Batch, losses: tuple[Loss, ...]) -> Batch:
    """The batch with its rows in the order in which all losses take them."""
    for loss in losses:
        inputs = loss.inputs.fitted(len(batch.rows) + (loss.inputs.labels is not None))
        if set(inputs.rows) != set(batch.rows) or (inputs.rows != tuple(batch.rows) and loss is not losses[0]):
            expected = f"the arguments of {type(loss).__name__}, {', '.join(inputs.rows)}"
            raise wrong(name, expected, ", ".join(batch.rows))
        if inputs.labels and batch.labels is None:
            raise wrong("labels", inputs.labels.meaning, "none")
        if batch.labels is not None and not inputs.labels:
            raise wrong("labels", f"none for {type(loss).__name__}", f"{len(batch.labels)} of them")
        batch = replace(batch, rows={each: batch.rows[each] for each in inputs.rows})
        count = loss.terms(*batch.inputs()).valid.sum().item()  # it names what it cannot take
        if count > MOST_TERMS:
            raise wrong(name, f"at most {MOST_TERMS} terms of {type(loss).__name__}", str(count))
    return batch


def _starting_with(name: str, losses: tuple[Loss, ...]) -> tuple[Situation, ...]:
    """The situations whose batch every loss takes, the one of that name first."""
    names = {type(loss).__name__ for loss in losses}
    known = [each for each in _common(losses) if each.loss is None or each.loss in names]
    first = [each for each in known if each.name == name]
    if not first:
        raise wrong("situation", f"one of {', '.join(each.name for each in known)}", repr(name))
    return (*first, *(each for each in known if each.listed and each is not first[0]))


def _common(losses: tuple[Loss, ...]) -> list[Situation]:
    """Those of the losses' input types that every loss takes. Raises ValueError if there is none."""
    kinds = list(dict.fromkeys(loss.inputs.name for loss in losses))
    if len(kinds) == 1 and kinds[0] not in SITUATIONS:
        raise wrong("batch", f"a Batch: no situation has the shape {losses[0].inputs.shape}", "none")
    if len(kinds) == 1:
        return list(situations(kinds[0]))
    found: dict[str, Situation] = {}
    for each in (each for kind in kinds for each in SITUATIONS.get(kind, ())):
        if all(_takes(loss, each) for loss in losses):
            found.setdefault(each.name, each)
    if not found:
        raise wrong("losses", "losses of one input type", " and ".join(sorted(kinds)))
    return list(found.values())


def _takes(loss: Loss, situation: Situation) -> bool:
    """Whether a loss has the arguments of a situation, and allows its labels."""
    batch = situation.batch()
    inputs = loss.inputs.fitted(batch.count)
    if inputs.rows != tuple(batch.rows) or (inputs.labels is None) != (batch.labels is None):
        return False
    return batch.labels is None or bool(inputs.labels.allowed(torch.tensor(batch.labels)).all())


def ignores_length(loss: Loss, dimension: int = 2) -> bool:
    """Whether a loss sees directions only, so that its points belong on the circle."""
    arguments = loss.inputs.example(dimension=dimension)
    count = len(loss.inputs.rows)
    factors = torch.linspace(0.5, 2.0, len(arguments[0]), dtype=torch.float64)[:, None]
    scaled = [row * factors for row in arguments[:count]]
    before, after = loss.terms(*arguments), loss.terms(*scaled, *arguments[count:])
    # A hinge may cost nothing on either: then what the loss reads tells.
    pairs = ((before.loss, after.loss), (before.matrix, after.matrix))
    return all(torch.allclose(*pair, rtol=1e-9) for pair in pairs)
