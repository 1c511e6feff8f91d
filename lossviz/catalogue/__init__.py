"""What the book knows of each loss besides its mathematics: symbols, ranges, term formulas, history, papers; a file per
input type.

The chooser, the controls, the API page, and the cases of the parity, fuzz, robustness and speed checks come from here.
"""

from lossviz.catalogue import (
    classified_pairs,
    labelled_pairs,
    labelled_sentences,
    positive_pairs,
    scored_pairs,
    triplets,
    unlabelled,
)
from lossviz.catalogue.papers import Paper
from lossviz.catalogue.parameters import DISTANCE, Parameter
from lossviz.catalogue.schema import Entry
from lossviz.losses import Loss

__all__ = ["ENTRIES", "Entry", "Paper", "Parameter", "entry", "parameters"]

ENTRIES: tuple[Entry, ...] = (
    *labelled_pairs.ENTRIES,
    *labelled_sentences.ENTRIES,
    *scored_pairs.ENTRIES,
    *classified_pairs.ENTRIES,
    *triplets.ENTRIES,
    *positive_pairs.ENTRIES,
    *unlabelled.ENTRIES,
)


def entry(loss: Loss) -> Entry | None:
    """The catalogue's entry for a loss, or None for a loss of a reader's own."""
    return next((each for each in ENTRIES if type(loss) is each.loss), None)


def parameters(loss: Loss) -> dict[str, Parameter]:
    """What a reader may change of a loss: the catalogue's parameters; for a reader's own, ranges from defaults."""
    known = entry(loss)
    if known:
        return known.parameters
    guessed = {name: _guessed(name, value) for name, value in loss.settings().items()}
    return {name: parameter for name, parameter in guessed.items() if parameter}


def _guessed(name: str, default: object) -> Parameter | None:
    if isinstance(default, bool):
        return Parameter("", name, choices=(True, False))
    if isinstance(default, float):
        low, high = min(0.0, 2 * default), max(1.0, 2 * default)
        return Parameter("", name, low, high, (high - low) / 200)
    return DISTANCE if default in DISTANCE.choices else None
