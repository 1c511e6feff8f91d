"""The graph between the three steps: operators, what they act on, and the shape of what they give."""

from dataclasses import dataclass, field, replace
from typing import Self

import torch

# The input that names one term, for the gradient of its pull alone; none of them, for that of the loss.
TERM = "term"


class UnknownOperator(NotImplementedError):
    """An operator, or a way of calling one, that cannot be lowered; the message names it and the loss."""


class Size(str):
    """A size as JavaScript text, in terms of the sizes of the inputs: "B", "2", "3 * d"."""


@dataclass(eq=False, frozen=True)
class Node:
    """One tensor. ``arguments`` has every argument of the operator by its name: nodes, numbers, sizes, tuples of them.

    An input is a node whose operator is "input" and whose argument ``name`` is its name.
    """

    operator: str
    arguments: dict[str, object]
    shape: tuple[Size, ...]
    dtype: torch.dtype

    @property
    def operands(self) -> tuple:
        return tuple(self.arguments.values())


@dataclass(frozen=True)
class Guard:
    """What must hold for the sizes: a JavaScript condition, and for its message the argument to blame, what was
    expected, and the sizes to show: in words → in JavaScript."""

    condition: str
    argument: str
    expected: str
    got: dict[str, str]


@dataclass(frozen=True)
class Graph:
    """A traced loss.

    ``inputs``      name → its node, in the order of the arguments
    ``sizes``       input name → the name of each of its sizes
    ``outputs``     path, such as ("terms", "matrix") → its node
    ``directions``  name of rows → the node of how they move
    ``along``       how the pulls change as they do; None where nobody knows
    """

    loss: str
    inputs: dict[str, Node]
    sizes: dict[str, tuple[str, ...]]
    outputs: dict[tuple[str, ...], Node]
    guards: tuple[Guard, ...]
    directions: dict[str, Node] = field(default_factory=dict)
    along: Node | None = None

    def value(self) -> Self:
        """The loss alone: no gradients, no terms, and none to be named."""
        inputs = {name: node for name, node in self.inputs.items() if name != TERM}
        sizes = {name: axes for name, axes in self.sizes.items() if name != TERM}
        outputs = {("loss",): self.outputs["loss",]}
        return replace(self, inputs=inputs, sizes=sizes, outputs=outputs, directions={}, along=None)
