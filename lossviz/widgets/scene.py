"""A lasting state as torch reads it: the loss with its parameters and tensors, the batch, where its points stand."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from lossviz.along import all_at_once, directions, one_by_one
from lossviz.batches import Batch
from lossviz.losses import Loss, Terms
from lossviz.losses.base import VISIBLE

UNSEEN = 1e-9  # a gradient that no reader can see; engine.js has the same
STEP = 1e-6  # to the sides of a term that adds nothing; engine.js has the same


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
        return replace(self.loss.terms(*self.inputs()), active=self.felt(self.points))

    def felt(self, points: Tensor) -> Tensor:
        """Which valid terms have a gradient by some point that can be seen: whose pull changes as all points move, each
        its own way. Not one of which rounding leaves a little on the edge of its margin: to one side it adds nothing at
        all. engine.js asks the same."""
        with torch.enable_grad():
            points = points.detach().clone().requires_grad_()
            (way,) = directions([points])
            terms = self.loss.complete(*self.batch.inputs(points))
            asked = (terms.pulls, [points], [way])
            found = all_at_once(*asked)
            active = terms.valid & ((one_by_one(*asked) if found is None else found).abs() > UNSEEN)
        nothing = active & (terms.values.detach().abs() <= VISIBLE)
        if nothing.any():
            stepped = (points.detach() + step * way for step in (STEP, -STEP))
            one, other = (self.loss.complete(*self.batch.inputs(each)).values for each in stepped)
            active = active & (~nothing | (one * other != 0))
        return active
