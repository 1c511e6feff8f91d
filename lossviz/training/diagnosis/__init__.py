"""A batch that explains itself: what a loss makes of data under a model, without training, and what is wrong."""

from collections.abc import Callable, Iterable
from itertools import islice

import torch
from torch import nn

from lossviz.catalogue import ENTRIES
from lossviz.distances import pairwise
from lossviz.inputs import InputType, check_count, wrong
from lossviz.losses import Loss
from lossviz.losses.wrappers import Cached
from lossviz.training.diagnosis import encode, read
from lossviz.training.diagnosis.checks import Finding
from lossviz.training.diagnosis.columns import MOST_CLASSES, Column, is_empty
from lossviz.training.diagnosis.look import Look
from lossviz.training.diagnosis.report import Report
from lossviz.training.diagnosis.table import Table, table
from lossviz.training.distributed import Gathered
from lossviz.training.theirs import from_sentence_transformers
from lossviz.training.trainer import TrainerLoss

SOME = 64  # rows whose distances say what a margin may be

__all__ = ["Finding", "Look", "Report", "diagnose"]


def diagnose(
    model: object,
    loss: object = None,
    data: object = None,
    batches: int | None = 8,
    batch_size: int = 32,
    seed: int | None = 0,
    progress: Callable[[Iterable, str], Iterable] = lambda rows, what: rows,
) -> Report:
    """What a loss makes of data under a model: active terms, the gradient's share of every row, and what is wrong.

    Nothing is trained, and the model is left as it was.

    ``model``       a SentenceTransformer, or any function of a list of texts that gives a tensor (B, d)
    ``loss``        a loss of lossviz, as it is or for a trainer, or one of sentence-transformers that lossviz has; None
                    for the one that the book begins with for such data, with a margin that its distances reach
    ``data``        a ``datasets.Dataset``, the path of a file (CSV, TSV, JSON lines, Parquet) or of a saved data set, a
                    DataFrame, a dict of columns, or a list of rows. All cells are checked
    ``batches``     how many batches are looked at; None for all
    ``batch_size``  rows of each, as training would have them
    ``seed``        of the order, shuffled as a trainer does; None for the order of the data
    ``progress``    (iterable, what it is) → the iterable, to show how far it is

    Raises ValueError naming the argument that does not fit.
    """
    check_count("batches", batches, none=True)
    check_count("batch_size", batch_size)
    check_count("seed", seed, least=0, none=True)
    encoder = encode.encoder(model)
    source = table(data, lambda rows: progress(rows, "rows"))
    loss = proposed(source, encoder) if loss is None else ours(loss)
    taken = taken_by(loss, source)
    found = read.batches_for(loss, source, taken, batches, batch_size, seed, lambda rows: progress(rows, "rows"))
    if not found.batches:
        raise wrong("data", "at least one row that can be used", f"none of {found.count}: {found.faults[0]}")
    looks = []
    with encode.as_trained(model, loss.inputs, seed):
        for batch in progress(found.batches, "batches"):
            learns = None if looks else encode.learns(model, encoder, list(batch.texts.values())[0][:2])
            rows = encode.embedded(encoder, batch, loss.inputs)
            looks.append(Look(loss, rows, batch.labels, batch.texts, batch.places, learns))
            looks[-1].check()
    return Report(loss, source.columns, taken, looks, found.faults, found.count, found.copies)


def taken_by(loss: Loss | type[Loss], source: Table) -> dict[str, Column]:
    """Argument → the column that it is made from. Raises ValueError where the columns do not fit the loss."""
    try:
        return read.roles(loss.inputs, source.columns, asked=True)
    except ValueError as error:
        if loss.also and not _reason(loss.also, source):
            return read.roles(loss.also, source.columns)
        name = (loss if isinstance(loss, type) else type(loss)).__name__
        raise wrong("data", f"columns for {name}", f"{_listed(source)}: it {error}") from None


def proposed(source: Table, encoder: encode.Encoder) -> Loss:
    """The loss that the book begins with for such data. Raises ValueError where none fits."""
    fitting = [each.loss for each in ENTRIES if each.first and not unfit(each.loss, source)]
    if not fitting:
        why = "; ".join(f"{each.loss.__name__} {unfit(each.loss, source)}" for each in ENTRIES if each.first)
        raise wrong("data", "columns that some loss takes", f"{_listed(source)}: {why}")
    return _with_a_margin(made(fitting[0], source, encoder), source, encoder)


def _with_a_margin(loss: Loss, source: Table, encoder: encode.Encoder) -> Loss:
    """The loss, where its margin is beyond all distances of some rows with a quarter of the largest."""
    if not hasattr(loss, "margin") or not hasattr(loss, "distance"):
        return loss
    column = taken_by(loss, source)[loss.inputs.rows[0]]
    rows = islice((row.get(column.name) for row in source.rows), SOME)
    texts = [each for each in rows if isinstance(each, str) and not is_empty(each)]
    with torch.no_grad():
        points = encoder(texts).double()
    largest = pairwise(loss.distance, points, points).max().item()
    return loss if loss.margin <= largest or not largest > 0 else loss.changed(margin=float(f"{largest / 4:.2g}"))


def unfit(loss: type[Loss], source: Table) -> str:
    """Why a loss does not fit the columns, or does not read all of them; "" where it fits."""
    why = [_reason(inputs, source) for inputs in (loss.inputs, loss.also) if inputs]
    return "" if "" in why else why[0]


def _reason(inputs: InputType, source: Table) -> str:
    try:
        return read.spare(inputs, source.columns) or ""
    except ValueError as error:
        return str(error)


def made(loss: type[Loss], source: Table, encoder: encode.Encoder) -> Loss:
    """A loss with its defaults; a classifier for as many classes as the data have, and rows as long as the model's.
    Raises ValueError where the columns do not fit, or have more classes than a classifier is made for."""
    if not hasattr(loss, "initial"):
        return next(each.default() for each in ENTRIES if each.loss is loss)
    taken = taken_by(loss, source)
    column, texts = taken[loss.inputs.label], taken[loss.inputs.rows[0]]
    classes = len(column.classes) or int(column.usual[1]) + 1
    if classes > MOST_CLASSES:
        raise wrong("data", f"at most {MOST_CLASSES} classes for {loss.__name__}", f"{classes} by column {column.name}")
    some = next(str(cell) for row in source.rows if not is_empty(cell := row.get(texts.name)))
    return loss.initial(encoder([some]).shape[1], max(2, classes))


def ours(loss: object) -> Loss:
    """The loss as it stands now, of whichever kind it is. Raises ValueError for what is none that lossviz has."""
    while isinstance(loss, (Cached, Gathered)):  # how it is computed does not change what it is
        loss = loss.loss
    if isinstance(loss, Loss):
        return getattr(loss, "uncached", loss)
    if isinstance(loss, type):
        raise wrong("loss", f"a loss, {loss.__name__}(…)", "its class")
    if not isinstance(loss, nn.Module):
        raise wrong("loss", "a loss of lossviz or of sentence-transformers", type(loss).__name__)
    return ours(loss.learning()) if isinstance(loss, TrainerLoss) else from_sentence_transformers(loss)


def _listed(source: Table) -> str:
    return ", ".join(f"{each.name} ({each.kind})" for each in source.columns)
