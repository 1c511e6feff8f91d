"""Distances by hand, and distances that a test chooses: a loss asked at exactly these numbers, ties and all."""

import math

import torch
from torch import Tensor

from tests.losses.batches import DOUBLE


def tensor(values) -> Tensor:
    return torch.tensor(values, dtype=DOUBLE)


def distance(name: str, x: list[float], y: list[float]) -> float:
    if name == "euclidean":
        return math.dist(x, y)
    if name == "manhattan":
        return sum(abs(a - b) for a, b in zip(x, y, strict=True))
    lengths = math.hypot(*x) * math.hypot(*y)
    return 1 - sum(a * b for a, b in zip(x, y, strict=True)) / lengths if lengths else 1.0


def first_coordinate(x: Tensor, y: Tensor) -> Tensor:
    """A distance of pairs that reads it off: what stands first in the anchor, minus what stands first in the other."""
    return (x - y)[..., 0]


def on_a_line(places: list[float]) -> Tensor:
    """Rows of one coordinate, whose differences are then exact."""
    return tensor(places).unsqueeze(-1)


SIGNS = {"|{": "{", "}|": "}", "½": "0.5", "·": "*", "²": "**2", "−": "-", "e^": "e**", "ln": "log"}


def worked_out(formula: str, numbers: dict[str, float]) -> float:
    """A reader's check by hand: numbers for the names in braces, then arithmetic."""
    for sign, python in SIGNS.items():
        formula = formula.replace(sign, python)
    written = formula.format(**{name: f"({value})" for name, value in numbers.items()})
    return eval(written, {"__builtins__": {}, "e": math.e, "log": math.log})
