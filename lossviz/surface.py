"""Surfaces: a loss and its gradient while one point moves and all others stay."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from lossviz.inputs import wrong
from lossviz.losses import Loss
from lossviz.moving import Moving

# How many numbers are worked on at a time: as many as a processor keeps near, or as a GPU needs to be busy.
AT_A_TIME = {"cpu": 2**22, "cuda": 2**27}

Row = tuple[str, int]  # an argument of the loss, and a row of it


@dataclass(frozen=True, eq=False)
class Surface:
    """A loss over a square of positions, row by row upwards.

    ``x``, ``y``    (n,): the positions across and up
    ``loss``        (n, n): ``loss[j, i]`` is that of (x[i], y[j])
    ``gradient``    (n, n, 2): the slope of the loss across and up
    """

    x: Tensor
    y: Tensor
    loss: Tensor
    gradient: Tensor


def surface(
    loss: Loss,
    inputs: Sequence[Tensor],
    moving: Row | Sequence[Row],
    resolution: int = 201,
    reach: float = 1.6,
    origin: Tensor | None = None,
    directions: Tensor | None = None,
    chunk: int | None = None,
) -> Surface:
    """The loss and its gradient as one point moves over a square, on the device of the inputs.

    ``inputs``      the arguments of the loss, each (B, d) or (B,)
    ``moving``      (argument, row), such as ("anchor", 3); several, for a sentence that stands in several rows
    ``resolution``  how many positions across, and up
    ``reach``       the square is [−reach, reach]²
    ``origin``      (d,), ``directions`` (2, d): the position (x, y) is origin + x · directions[0] + y · directions[1].
                    In two dimensions the plane itself, unless given. In more, directions must be given; the origin is
                    then where the first moving row stands
    ``chunk``       how many positions at a time, if not as many as suit the device

    Past a second, a bar shows the progress. Raises ValueError naming the argument, what was expected and what came.
    """
    moving = _rows(loss, inputs, moving)
    if resolution < 2:
        raise wrong("resolution", "at least 2", str(resolution))
    if not reach > 0:
        raise wrong("reach", "a positive number", str(reach))
    origin, directions = _plane(loss, inputs, moving, origin, directions)
    steps = torch.linspace(-reach, reach, resolution, dtype=origin.dtype, device=origin.device)
    up, across = torch.meshgrid(steps, steps, indexing="ij")
    places = torch.stack([across.flatten(), up.flatten()])
    losses, gradients = _along(loss, inputs, moving, places, origin, directions, chunk)
    shape = (resolution, resolution)
    return Surface(steps, steps, losses.unflatten(0, shape), gradients.T.unflatten(0, shape))
