"""A lasting state as torch reads it: the loss with its parameters and tensors, the batch, where its points stand."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from lossviz.batches import Batch
from lossviz.losses import Loss, Terms
from lossviz.losses.base import felt


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
        """Which terms move a point, of these: one that stands in several rows may be pulled both ways."""
        return felt(lambda points: self.loss.complete(*self.batch.inputs(points)), points)
