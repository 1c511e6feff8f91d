"""How much of a square is made at a time, and from which size on something else is faster."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from lossviz.fast import road


@dataclass(frozen=True)
class Slices:
    """``distances``, ``logits``: a slice of a square of these holds about so many numbers: few enough for the
    processor's cache, and for the memory."""

    distances: int = 2**18
    logits: int = 2**22
    fewest_rows: int = 64  # fewer make a slow product of matrices
    width: int = 512  # columns of a slice of logits that are multiplied at a time: more leave the cache
    small: int = 128  # a square of so few rows is pulled as a whole, however few of its distances are felt
    many: int = 64  # from so many positives per anchor on, one sort is faster than a look at all negatives for each

    def rows(self, rows: int, columns: int, numbers: int) -> Iterator[slice]:
        """The rows of a (rows, columns) matrix in slices of about so many numbers."""
        step = max(self.fewest_rows, numbers // columns)
        return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


PROCESSOR = Slices()
# A device has no such cache, and waits longer for a kernel to start than for a square to be done.
DEVICE = Slices(distances=2**23, logits=2**24, width=2**24, many=0)


def sizes(tensor: Tensor) -> Slices:
    return DEVICE if road.waits(tensor) else PROCESSOR
