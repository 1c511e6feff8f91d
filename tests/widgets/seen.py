"""A state of an explorer as torch sees it: of what lasts of it, and of the losses that Python made it with."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from lossviz import Terms
from lossviz.batches import Batch
from lossviz.losses import Loss
from lossviz.situations.offered import ignores_length
from lossviz.widgets.scene import Scene


@dataclass(frozen=True, eq=False)
class Seen:
    """``losses`` by name, with all that a page leaves as it was made; ``spec`` and ``state`` as JSON holds them."""

    losses: dict[str, Loss]
    spec: dict
    state: dict

    @property
    def situation(self) -> dict:
        return self.spec["situations"][self.state["situation"]]

    @property
    def loss(self) -> Loss:
        return self.scene.loss

    @cached_property
    def scene(self) -> Scene:
        batch = Batch(self.state["points"], self.situation["rows"], self.situation["labels"])
        scene = Scene.of(self.state, self.losses, batch)
        for leaf in (scene.points, *scene.tensors.values()):
            leaf.requires_grad_()
        return scene

    @property
    def points(self) -> Tensor:
        return self.scene.points.detach()

    @cached_property
    def terms(self) -> Terms:
        return self.scene.terms()

    def flat(self, name: str) -> list:
        """A field of the terms, laid out as the page has it."""
        return getattr(self.terms, name).flatten().tolist()

    def ranked(self) -> list[float]:
        """What adds something, largest first."""
        allowed = zip(self.flat("values"), self.flat("valid"), strict=True)
        return sorted((each for each, valid in allowed if valid and abs(each) > 1e-12), key=lambda value: -abs(value))

    def numbers(self) -> list[float]:
        """All that a sentence about it may say."""
        terms, labels = self.terms, self.situation["labels"] or []
        tensors = [terms.matrix, terms.values, terms.loss, *terms.thresholds.values(), *terms.numbers.values()]
        return [*labels, *(number for each in tensors for number in each.flatten().tolist())]

    def shares(self) -> list[float]:
        """Of a softmax, and of the loss."""
        terms = self.terms
        named = [*terms.shares.values(), *(each for name, each in terms.numbers.items() if name in ("share", "p"))]
        tensors = [*named, *terms.thresholds.values(), terms.values / terms.loss]
        return [number for each in tensors for number in each.flatten().tolist()]

    # Gradients

    def _gradients(self, leaves: list[Tensor]) -> tuple[Tensor, ...]:
        return torch.autograd.grad(
            self.terms.loss, leaves, retain_graph=True, allow_unused=True, materialize_grads=True
        )

    @cached_property
    def gradient(self) -> Tensor:
        return self._gradients([self.scene.points])[0]

    @cached_property
    def tensor_gradients(self) -> dict[str, Tensor]:
        tensors = self.scene.tensors
        return dict(zip(tensors, self._gradients(list(tensors.values())), strict=True)) if tensors else {}

    @cached_property
    def pieces(self) -> Tensor:
        """The gradient of every term by every point, (terms, points, d)."""
        pulls = self.terms.pulls.flatten()
        each = torch.eye(len(pulls), dtype=pulls.dtype)
        return torch.autograd.grad(pulls, self.scene.points, each, retain_graph=True, is_grads_batched=True)[0]

    def values_at(self, point: int, places: Tensor) -> Tensor:
        """The loss with one point moved to each of many places, (n, d) → (n,)."""
        points = self.points.repeat(len(places), 1, 1)
        points[:, point] = places
        return self.loss.complete(*self.scene.batch.inputs(points)).loss.detach()

    # Steps: gradient descent in torch, an oracle for the page's own

    @cached_property
    def on_circle(self) -> bool:
        return ignores_length(self.loss, self.points.shape[1])

    def after_step(self, rate: float) -> Tensor:
        """Where one step of SGD puts the points; back on the circle where the loss sees directions only."""
        return self._settled(self.points - rate * self.gradient)

    def _settled(self, points: Tensor) -> Tensor:
        return torch.nn.functional.normalize(points) if self.on_circle else points

    def trained(self, rate: float) -> dict[str, Tensor]:
        """What one step of SGD makes of the tensors."""
        tensors = self.scene.tensors
        return {name: tensors[name].detach() - rate * each for name, each in self.tensor_gradients.items()}

    def descent(self, steps: int, rate: float) -> tuple[list[float], Tensor]:
        """The losses of so many steps of SGD, and the points after the last."""
        losses, points, tensors = [], self.points, {name: each.detach() for name, each in self.scene.tensors.items()}
        for _ in range(steps):
            leaves = [each.clone().requires_grad_() for each in (points, *tensors.values())]
            loss = self.loss.changed(**dict(zip(tensors, leaves[1:], strict=True)))
            value = loss.value(*self.scene.batch.inputs(leaves[0]))
            losses.append(value.item())
            moved = [
                leaf.detach() - rate * gradient
                for leaf, gradient in zip(leaves, torch.autograd.grad(value, leaves), strict=True)
            ]
            points, tensors = self._settled(moved[0]), dict(zip(tensors, moved[1:], strict=True))
        return losses, points
