"""Surfaces: a loss and its gradient while one point moves and all others stay."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from lossviz.inputs import wrong
from lossviz.losses import Loss
from lossviz.losses.base import exact, widened

# How many terms are worked on at a time: as many as a processor keeps near, or as a GPU needs to be busy.
AT_A_TIME = {"cpu": 2**18, "cuda": 2**25}

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
    progress: bool = True,
) -> Surface:
    """The loss and its gradient as one point moves over a square, on the device of the inputs, computed in float64.

    ``inputs``      the arguments of the loss, each (B, d) or (B,)
    ``moving``      (argument, row), such as ("anchor", 3); several, for a sentence that stands in several rows
    ``resolution``  how many positions across, and up
    ``reach``       the square is [−reach, reach]²
    ``origin``      (d,), ``directions`` (2, d): the position (x, y) is origin + x · directions[0] + y · directions[1].
                    In two dimensions the plane itself, unless given. In more, directions must be given; the origin is
                    then where the first moving row stands
    ``chunk``       how many positions at a time, if not as many as suit the device
    ``progress``    whether a bar shows the progress past a second

    Raises ValueError naming the argument, what was expected and what came.
    """
    moving = _checked(loss, inputs, moving)
    if resolution < 2:
        raise wrong("resolution", "at least 2", str(resolution))
    if not 0 < reach < float("inf"):
        raise wrong("reach", "a positive number", str(reach))
    if chunk is not None and chunk < 1:
        raise wrong("chunk", "at least 1", str(chunk))
    given = widened(inputs, loss.inputs.fitted(len(inputs)))
    inputs = [exact(each.detach()) for each in given]
    origin, directions = _plane(inputs[_names(loss, inputs).index(moving[0][0])][moving[0][1]], origin, directions)
    steps = torch.linspace(-reach, reach, resolution, dtype=origin.dtype, device=origin.device)
    up, across = torch.meshgrid(steps, steps, indexing="ij")
    square = torch.stack([across.flatten(), up.flatten()], dim=-1)
    losses, gradients = [], []
    with tqdm(total=len(square), delay=1, leave=False, unit="position", unit_scale=True, disable=not progress) as bar:
        for places in square.split(chunk or _at_a_time(loss, inputs)):
            places.requires_grad_()
            value = _at(loss, inputs, moving, origin + places @ directions)
            losses.append(value.detach())
            gradients.append(_slope(value, places))
            bar.update(len(places))
    grid = (resolution, resolution)
    found = steps, steps, torch.cat(losses).view(grid), torch.cat(gradients).view(*grid, 2)
    return Surface(*(each.to(given[0].dtype) for each in found))


@torch.no_grad()
def _at_a_time(loss: Loss, inputs: Sequence[Tensor]) -> int:
    """How many batches like this one are best evaluated together, along a leading dimension."""
    terms = loss.define(*inputs)
    numbers = max(terms.matrix.numel(), terms.values.numel())
    return max(1, AT_A_TIME.get(inputs[0].device.type, AT_A_TIME["cpu"]) // numbers)


def _at(loss: Loss, inputs: Sequence[Tensor], moving: Sequence[Row], places: Tensor) -> Tensor:
    """The loss with the moving rows at each of some places: (n, d) → (n,)."""
    batches = [each.expand(len(places), *each.shape) for each in inputs]
    for k, name in enumerate(_names(loss, inputs)):
        moves = [(name, row) in moving for row in range(len(inputs[k]))]
        if any(moves):
            moves = torch.tensor(moves, device=places.device).unsqueeze(-1)
            batches[k] = torch.where(moves, places.unsqueeze(-2), inputs[k])
    return loss.value(*batches)


def _slope(value: Tensor, places: Tensor) -> Tensor:
    """The gradient of every loss by its own place: zero where the loss does not depend on it."""
    return torch.autograd.grad(value.sum(), places)[0] if value.requires_grad else torch.zeros_like(places)


def _names(loss: Loss, inputs: Sequence[Tensor]) -> tuple[str, ...]:
    return loss.inputs.fitted(len(inputs)).rows


def _checked(loss: Loss, inputs: Sequence[Tensor], moving: Row | Sequence[Row]) -> list[Row]:
    """The moving rows, once all arguments are what they should be."""
    loss.terms(*inputs)
    names = _names(loss, inputs)
    if inputs[0].ndim != 2:
        raise wrong(names[0], "embeddings of shape (B, d)", f"shape {tuple(inputs[0].shape)}")
    rows = [moving] if isinstance(moving, tuple) and isinstance(moving[0], str) else list(moving)
    if not rows:
        raise wrong("moving", "at least one (argument, row)", "none")
    for argument, row in rows:
        if argument not in names:
            raise wrong("moving", f"an argument among {', '.join(names)}", repr(argument))
        if not 0 <= row < len(inputs[0]):
            raise wrong("moving", f"a row from 0 to {len(inputs[0]) - 1}", str(row))
    return rows


def _plane(stands: Tensor, origin: Tensor | None, directions: Tensor | None) -> tuple[Tensor, Tensor]:
    """Origin (d,) and directions (2, d), from where the moving row stands."""
    dimension = len(stands)
    if directions is None and dimension == 2:
        directions = torch.eye(2, device=stands.device)
        origin = stands.new_zeros(2) if origin is None else origin
    if directions is None or directions.shape != (2, dimension):
        came = "None" if directions is None else f"shape {tuple(directions.shape)}"
        raise wrong("directions", f"two directions, shape (2, {dimension})", came)
    origin = stands if origin is None else origin
    if origin.shape != (dimension,):
        raise wrong("origin", f"a position, shape ({dimension},)", f"shape {tuple(origin.shape)}")
    return origin.to(stands), directions.to(stands)
