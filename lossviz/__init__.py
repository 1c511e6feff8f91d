"""Losses You Can Move: the losses that train sentence embeddings, each written once, in torch."""

from lossviz import distances, fast, losses, sentences
from lossviz.losses import *  # noqa: F403
from lossviz.widgets import Explorer, explore

__all__ = ["Explorer", "distances", "explore", "sentences", *losses.__all__]
