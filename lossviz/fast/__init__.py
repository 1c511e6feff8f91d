"""The fast roads: values and gradients of the definitions for batches as they are trained, without cubes and squares.

A road computes loss and gradient together, a few rows of the square at a time, and keeps what has the size of the
embeddings. It serves ``loss(...)`` alone, and steps aside for the definition (returns None) for leading dimensions, a
function as distance or similarity, parameters or labels that require grad, and under ``torch.func`` or
``torch.compile``. A second backward through a road raises.
"""

from lossviz.fast import classified_pairs, labelled_sentences, ordered_pairs, pairs, rankings

__all__ = ["classified_pairs", "labelled_sentences", "ordered_pairs", "pairs", "rankings"]
