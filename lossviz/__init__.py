"""Losses You Can Move: the losses that train sentence embeddings, each written once, in torch."""

from lossviz import distances, losses, sentences
from lossviz.batches import Batch
from lossviz.listing import definition
from lossviz.losses import *  # noqa: F403
from lossviz.surface import Surface, surface
from lossviz.widgets import Explorer, explore

__all__ = ["Batch", "Explorer", "Surface", "definition", "distances", "explore", "sentences", "surface"]
__all__ += losses.__all__
