"""What a check is, and what it finds; the words that all of them use."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

from torch import Tensor

from lossviz.losses import Loss
from lossviz.training.diagnosis.look import Look

SHOWN = 5  # examples of one finding
LONGEST = 70  # letters of a text that is shown
ENOUGH = 8  # rows from which a share, a rank or an order says anything
GUESSING = 2.0  # standard deviations over chance up to which a rank is taken for it

QUESTIONS = {  # page and anchor → what the book answers there
    "labelled_pairs#why-online-is-0": "Why does online contrastive give 0?",
    "labelled_pairs#nan": "Why is it NaN, or its gradient?",
    "labelled_pairs#which-margin-pairs": "Which margin, for which distance?",
    "labelled_sentences#one-class": "Why is the gradient zero when the batch has one class?",
    "labelled_sentences#stuck-at-the-margin": "Why is it stuck at the margin?",
    "labelled_sentences#which-margin-sentences": "Which margin, for which distance?",
    "triplets#which-margin-triplets": "Which margin, for which distance?",
    "triplets#explicit-negatives": "Are explicit negatives used beside the in-batch ones, or instead?",
    "positive_pairs#duplicates": "Are duplicates in a batch false negatives?",
    "positive_pairs#several-positives": "Several positives for one anchor?",
    "positive_pairs#stuck-at-ln-b": "Why is it stuck at ln B, and not decreasing?",
    "positive_pairs#tiny-loss": "Tiny from the first step, or exactly 0 for ever: a collapse?",
    "positive_pairs#why-20": "Why a scale of 20, and what is it to temperature?",
    "positive_pairs#evaluation-batch-size": "Does the evaluation loss depend on its batch size?",
    "scored_pairs#grades-0-to-5": "A similarity grade of 0-5: divide by 5?",
    "scored_pairs#cosent-or-cosine": "CoSENT or cosine, and which sign?",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    ``name``    what it is called in code
    ``title``   what it is
    ``said``    with the numbers of the batch
    ``rows``    the rows of the data that it is about, counted from 0
    ``shown``   some of them, with their sentences
    ``change``  what to change
    ``book``    the page and the anchor where the book speaks of it, "positive_pairs#duplicates"; "" where it does not
    """

    name: str
    title: str
    said: str
    rows: tuple[int, ...]
    shown: tuple[str, ...]
    change: str
    book: str


@dataclass(frozen=True)
class Case:
    """What a check says of one batch: in words, the rows of the batch that it is about, worst first, and some of them
    with their sentences, unless the rows speak for themselves."""

    said: str
    rows: Sequence[int] = ()
    shown: Sequence[str] | None = None


Check = Callable[[Look], Finding | None]
CHECKS: dict[str, Check] = {}


def check(title: str, change: str, book: str | Callable[[Look], str]) -> Callable:
    """Makes a check of a function that gives a ``Case`` or None, and is called as what it finds."""

    def made(function: Callable[[Look], Case | None]) -> Callable[[Look], Case | None]:
        def found(look: Look) -> Finding | None:
            case = function(look)
            if case is None:
                return None
            rows = list(dict.fromkeys(case.rows))
            shown = [row_of(look, row) for row in rows[:SHOWN]] if case.shown is None else case.shown[:SHOWN]
            places = tuple(dict.fromkeys(look.places[row] for row in rows))
            where = book if isinstance(book, str) else book(look)
            return Finding(function.__name__, title, case.said, places, tuple(shown), change, where)

        CHECKS[function.__name__] = found
        return function

    return made


# ---- words


def quoted(text: str) -> str:
    return f"“{text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + '…'}”"


def row_of(look: Look, row: int) -> str:
    """A row with its sentences, and its label."""
    texts = " | ".join(quoted(each[row]) for each in look.texts.values())
    label = "" if look.labels is None else f" | {look.loss.inputs.label.removesuffix('s')} {look.labels[row].item():g}"
    return f"row {look.places[row]}: {texts}{label}"


def told(loss: Loss) -> str:
    """The loss as it would be made: with the settings that are not its defaults; what is long is left out."""
    defaults = {each.name: each.default for each in fields(loss)}
    settings = loss.settings().items()
    changed = [each for each in settings if isinstance(each[1], Tensor) or each[1] != defaults[each[0]]]
    said = (f"{name}={_value(value)}" for name, value in changed)
    return f"{type(loss).__name__}({', '.join(said)})"


def _value(value: object) -> str:
    if isinstance(value, Tensor):
        return f"{value.item():.4g}" if value.ndim == 0 else "…"
    return getattr(value, "__name__", type(value).__name__) if callable(value) else repr(value)


# ---- rows


def true(mask: Tensor) -> list[int]:
    """The rows at which a mask is true."""
    return mask.nonzero().flatten().tolist()


def groups(keys: Iterable[object]) -> dict[object, list[int]]:
    """Key → the rows that have it."""
    found = defaultdict(list)
    for row, key in enumerate(keys):
        found[key].append(row)
    return dict(found)


def tells_nothing(look: Look) -> bool:
    """Whether pairs, whatever their label, stand no nearer than sentences of different rows: in rank as by chance."""
    if len(look.rows) < 2 or not (look.labels is None or look.loss.inputs.matrix_axes == 1):
        return False
    parts = [look.ranks]
    if look.labels is not None:
        high = look.labels > look.labels.double().mean()
        parts = [look.ranks[high], look.ranks[~high]]
    return all(len(each) >= ENOUGH and each.mean() <= 0.5 + GUESSING / math.sqrt(12 * len(each)) for each in parts)
