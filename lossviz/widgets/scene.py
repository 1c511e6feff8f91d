"""A lasting state as torch reads it: the loss with its parameters and tensors, the batch, where its points stand."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from lossviz.batches import Batch
from lossviz.losses import Loss, Terms

UNSEEN = 1e-9  # a gradient that no reader can see; engine.js has the same
MOST_FELT = 1_000  # terms times points that are looked at for it: more would take longer than a frame
MOST_STILL = 200  # terms, in more dimensions than two, where no point is dragged


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
    """Which active terms have a gradient by some point that can be seen: where points coincide a cosine has none.

    Of very many terms those that pass a gradient on to the matrix.
    """
    points = points.detach().clone().requires_grad_()
    terms = loss.complete(*batch.inputs(points))
    active, pulls = terms.valid & terms.active, terms.pulls.flatten()
    asked = active.flatten().nonzero().flatten().tolist()
    if not pulls.requires_grad:
        return torch.zeros_like(active)
    if len(asked) > MOST_STILL if points.shape[-1] > 2 else len(asked) * len(points) > MOST_FELT:
        return active
    moved = torch.zeros_like(active).flatten()
    for index in asked:
        (gradient,) = torch.autograd.grad(pulls[index], points, retain_graph=True)
        moved[index] = gradient.norm(dim=-1).max() > UNSEEN
    return moved.view_as(active)
