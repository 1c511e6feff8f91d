"""What meets real training: sentence-transformers' losses and its trainer, batches over several processes."""

from lossviz.training.theirs import from_sentence_transformers
from lossviz.training.trainer import TrainerLoss, for_trainer

__all__ = ["TrainerLoss", "for_trainer", "from_sentence_transformers"]
