"""One file per input type; one small frozen dataclass per loss. Every loss of the files below is exported."""

from lossviz.losses import (
    classified_pairs,
    labelled_pairs,
    labelled_sentences,
    positive_pairs,
    scored_pairs,
    triplets,
    unlabelled,
)
from lossviz.losses.base import Loss, Terms

_FILES = (
    labelled_pairs,
    labelled_sentences,
    scored_pairs,
    classified_pairs,
    triplets,
    positive_pairs,
    unlabelled,
)
LOSSES: dict[str, type[Loss]] = {
    name: each
    for file in _FILES
    for name, each in vars(file).items()
    if isinstance(each, type) and issubclass(each, Loss) and each.__module__ == file.__name__
}
globals().update(LOSSES)

__all__ = ["Loss", "Terms", *LOSSES]
