"""What meets real training: sentence-transformers' losses and its trainer, batches over several processes."""

from lossviz.losses.wrappers import Cached
from lossviz.training.distributed import Gathered
from lossviz.training.theirs import from_sentence_transformers
from lossviz.training.trainer import TrainerLoss, for_trainer

__all__ = ["Cached", "Gathered", "TrainerLoss", "for_trainer", "from_sentence_transformers"]
