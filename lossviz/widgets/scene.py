"""A lasting state as torch reads it: the loss with its parameters and tensors, the batch, where its points stand."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from lossviz.batches import Batch
from lossviz.losses import Loss, Terms

UNSEEN = 1e-9  # a gradient that no reader can see; engine.js has the same


@dataclass(frozen=True, eq=False)
class Scene:
    """``points`` (points, d) stand where the state has them, not where the batch began; all on one device."""

    loss: Loss
    batch: Batch
    points: Tensor
    tensors: dict[str, Tensor]  # those of the loss that are trained with the points

    @classmethod
    def of(cls, state: dict, losses: dict[str, Loss], batch: Batch, device: torch.device | str = "cpu") -> Self:
        """From a state as JSON holds it, where a tuple is a list."""

        def tensor(numbers: list) -> Tensor:
            return torch.tensor(numbers, dtype=torch.float64, device=device)

        tensors = {name: tensor(each) for name, each in state["tensors"].items()}
        settings = {name: tuple(each) if isinstance(each, list) else each for name, each in state["parameters"].items()}
        loss = losses[state["loss"]].changed(**settings, **tensors)
        return cls(loss, batch, tensor(state["points"]), tensors)

    def inputs(self) -> tuple[Tensor, ...]:
        """The arguments of the loss, gathered from the points."""
        return self.batch.inputs(self.points)

    def terms(self) -> Terms:
        """The loss taken apart; ``active`` are the terms that move a point."""
        return replace(self.loss.terms(*self.inputs()), active=felt(self.loss, self.batch, self.points))


def felt(loss: Loss, batch: Batch, points: Tensor) -> Tensor:
    """Which valid terms have a gradient by some point that can be seen: whose pull changes as all points move, each its
    own way. Where torch has no such derivative of what a reader's loss uses, the terms that add something."""

    def pulls(points: Tensor) -> tuple[Tensor, Terms]:
        terms = loss.complete(*batch.inputs(points))
        return terms.pulls, terms

    points = points.detach()
    ways = torch.arange(1, points.numel() + 1, dtype=points.dtype, device=points.device).square().cos()
    try:
        _, along, terms = torch.func.jvp(pulls, (points,), (ways.view_as(points),), has_aux=True)
    except NotImplementedError:
        return pulls(points)[1].active
    return terms.valid & (along.abs() > UNSEEN)
