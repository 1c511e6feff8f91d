"""How much of a square is made at a time."""

from collections.abc import Iterator

# A slice of a square matrix holds about so many numbers: few enough for the processor's cache, and for the memory.
DISTANCES = 2**18
LOGITS = 2**22
FEWEST_ROWS = 64  # fewer make a slow product of matrices


def rows_of(rows: int, columns: int, numbers: int) -> Iterator[slice]:
    """The rows of a (rows, columns) matrix in slices of about so many numbers."""
    step = max(FEWEST_ROWS, numbers // columns)
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))
