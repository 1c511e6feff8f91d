"""Named small batches of real sentences: where an explorer starts, and the states that teach; a file per input type."""

from lossviz.situations.base import Condition, Cure, Quantity, Question, Situation, at, on_circle
from lossviz.situations.classified_pairs import CLASSIFIED_PAIRS
from lossviz.situations.labelled_pairs import LABELLED_PAIRS
from lossviz.situations.labelled_sentences import LABELLED_SENTENCES
from lossviz.situations.positive_pairs import POSITIVE_PAIRS
from lossviz.situations.scored_pairs import SCORED_PAIRS
from lossviz.situations.triplets import TRIPLETS
from lossviz.situations.unlabelled import UNLABELLED, UNLABELLED_PAIRS

__all__ = [
    "SITUATIONS",
    "Condition",
    "Cure",
    "Quantity",
    "Question",
    "Situation",
    "at",
    "on_circle",
    "situation",
    "situations",
]

SITUATIONS: dict[str, tuple[Situation, ...]] = {
    "labelled_pairs": LABELLED_PAIRS,
    "labelled_sentences": LABELLED_SENTENCES,
    "scored_pairs": SCORED_PAIRS,
    "classified_pairs": CLASSIFIED_PAIRS,
    "triplets": TRIPLETS,
    "positive_pairs": POSITIVE_PAIRS,
    "unlabelled": UNLABELLED,
    "unlabelled_pairs": UNLABELLED_PAIRS,
}


def situation(input_type: str, name: str) -> Situation:
    """One situation of an input type by its name. Raises ValueError, with the names there are."""
    known = situations(input_type)
    found = [each for each in known if each.name == name]
    if not found:
        raise ValueError(f"name: expected one of {', '.join(each.name for each in known)}, got {name!r}")
    return found[0]


def situations(input_type: str) -> tuple[Situation, ...]:
    """The situations of an input type, the start first. Raises ValueError when there are none."""
    if input_type not in SITUATIONS:
        raise ValueError(f"input_type: expected one of {', '.join(SITUATIONS)}, got {input_type!r}")
    return SITUATIONS[input_type]
