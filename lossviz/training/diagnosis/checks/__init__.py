"""What can be wrong with a batch: one small function a fault, which reads a ``Look``.

A threshold is named, with its reason. Where two are possible the quieter one was taken: a finding is to be looked at.
"""

from lossviz.training.diagnosis.checks import labels, rows, training
from lossviz.training.diagnosis.checks.base import CHECKS, QUESTIONS, SHOWN, Finding, told
from lossviz.training.diagnosis.look import Look

__all__ = ["CHECKS", "QUESTIONS", "SHOWN", "Finding", "findings", "labels", "rows", "told", "training"]


def findings(look: Look) -> list[Finding]:
    """All that is wrong with a batch. Rows that are not finite leave nothing else to look at."""
    names = CHECKS if look.finite else ["not_finite"]
    return [found for name in names if (found := CHECKS[name](look))]
