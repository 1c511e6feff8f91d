"""Every name of torch that lossviz uses and torch calls private or experimental, with the reason.

Nothing else in lossviz reaches behind torch's public doors; pyproject.toml holds torch to the version for which this
file was written.
The compiler behind it takes two seconds to load, and is loaded by what traces.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

import torch
from torch import SymFloat, SymInt, Tensor, fx
from torch._C import _are_functorch_transforms_active
from torch.autograd.function import BackwardCFunction as OwnGradient  # noqa: F401  of whoever wrote an autograd.Function
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm  # noqa: F401  what all of BatchNorm's layers are

if TYPE_CHECKING:
    import sympy
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

aten = torch.ops.aten

# The gradient of torch.cdist from distances that are known: autograd would measure them again.
cdist_backward = aten._cdist_backward


def functorch_is_active() -> bool:
    """Whether torch.func (vmap, grad, …) transforms what runs now: a gradient written by hand steps aside for it."""
    return _are_functorch_transforms_active()


def all_gather(tensor: Tensor) -> Tensor:
    """The tensors of every process, of one shape, joined along their first axis; differentiable. The public
    torch.distributed.nn.functional.all_gather is deprecated in its favour."""
    from torch.distributed._functional_collectives import all_gather_single

    return all_gather_single(tensor, 0, torch.distributed.group.WORLD)


# ---- tracing over symbolic sizes: the public torch.export settles each assumption on sizes itself, or fails


def symbolic(inputs: dict[str, Tensor]) -> tuple[dict[str, Tensor], ShapeEnv]:
    """Tensors like these whose sizes are symbols, and where the trace keeps what it learns of them."""
    from torch._dynamo.source import ConstantSource
    from torch._subclasses import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext

    environment = ShapeEnv(duck_shape=False)  # sizes that happen to be equal are not taken for one
    mode = FakeTensorMode(shape_env=environment, allow_non_fake_inputs=True)
    mode.cache_enabled = False  # a cache of what is asked once only costs time
    tensors = {
        name: mode.from_tensor(
            tensor,
            source=ConstantSource(name),
            symbolic_context=StatelessSymbolicContext(dynamic_sizes=[DimDynamic.DYNAMIC] * tensor.ndim),
        )
        for name, tensor in inputs.items()
    }
    return tensors, environment


def trace(
    function: Callable, tensors: dict[str, Tensor], environment: ShapeEnv, decompositions: dict
) -> tuple[fx.GraphModule, list[sympy.Basic]]:
    """The function as a graph over the symbols, and what it took for granted of them."""
    from torch.fx.experimental.proxy_tensor import make_fx

    collects = gc.isenabled()
    gc.disable()  # a trace makes so many small things that looking through them takes a seventh of its time
    try:
        traced = make_fx(function, decomposition_table=decompositions, tracing_mode="symbolic")(*tensors.values())
    finally:
        if collects:
            gc.enable()
    return traced, [guard.expr for guard in environment.guards]


def expression(size: SymInt | SymFloat) -> sympy.Expr:
    """A size in terms of the symbols. Once a trace has found two of them equal, one stands for both."""
    return size.node.expr


def size_functions() -> ModuleType:
    """What sizes are computed by, besides sympy's own."""
    from torch.utils._sympy import functions

    return functions


def schema(operator: torch._ops.OpOverload) -> torch._C.FunctionSchema:
    """An operator's name, and its arguments with their defaults, which a traced call leaves out."""
    return operator._schema


# Operators of the core set that torch can take apart as well.
TAKEN_APART = [aten._softmax, aten._log_softmax, aten.addmm, aten.linalg_vector_norm, aten.leaky_relu, aten.gelu]


def decompositions() -> dict:
    """ATen operator → what computes it by simpler ones: torch's core set, and some that the set leaves whole."""
    from torch._decomp import core_aten_decompositions, get_decompositions

    return {**core_aten_decompositions(), **get_decompositions(TAKEN_APART)}
