"""How long lowering takes, for ``make bench``."""

import time

from lossviz.lowering import to_javascript


def seconds(loss, repeat: int = 3) -> float:
    """Processor time of one lowering, the best of several; the first, which loads the tracer, is left out."""
    inputs = loss.inputs.example()
    to_javascript(loss, *inputs)
    times = []
    for _ in range(repeat):
        start = time.process_time()
        to_javascript(loss, *inputs)
        times.append(time.process_time() - start)
    return min(times)
