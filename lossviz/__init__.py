"""Losses You Can Move: the losses that train sentence embeddings, each written once, in torch."""

from lossviz import distances, sentences
from lossviz.losses import ContrastiveLoss, Loss, Terms
from lossviz.widgets import Explorer, explore

__all__ = ["ContrastiveLoss", "Explorer", "Loss", "Terms", "distances", "explore", "sentences"]
