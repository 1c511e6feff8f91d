"""Losses You Can Move: the losses that train sentence embeddings, each written once, in torch."""

from importlib import import_module
from typing import TYPE_CHECKING

from lossviz import distances, losses
from lossviz.losses import *  # noqa: F403
from lossviz.surface import Surface, surface

if TYPE_CHECKING:
    from lossviz import sentences, training
    from lossviz.batches import Batch
    from lossviz.listing import definition
    from lossviz.training.diagnosis import diagnose
    from lossviz.training.watch import Watch
    from lossviz.widgets import Explorer, explore

# What waits until it is asked for: a training run needs no explorer, and no compiler. Name → where it is.
_LATER = {
    "Batch": "lossviz.batches",
    "Explorer": "lossviz.widgets",
    "Watch": "lossviz.training.watch",
    "definition": "lossviz.listing",
    "diagnose": "lossviz.training.diagnosis",
    "explore": "lossviz.widgets",
    "sentences": "lossviz",
    "training": "lossviz",
}

__all__ = ["Batch", "Explorer", "Surface", "Watch", "definition", "diagnose", "distances", "explore", "sentences"]
__all__ += ["surface", "training"]
__all__ += losses.__all__


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'lossviz' has no attribute {name!r}")
    home = _LATER[name]
    found = import_module(f"lossviz.{name}") if home == "lossviz" else getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
