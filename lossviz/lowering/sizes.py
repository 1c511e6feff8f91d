"""Sizes: their names, how an expression of them reads in JavaScript, and what must hold for them."""

from collections.abc import Callable, Sequence

import sympy
import torch
from sympy.core.relational import Relational
from torch import SymFloat, SymInt, Tensor
from torch.utils._sympy import functions

from lossviz.lowering.graph import Guard, Size, UnknownOperator
from lossviz.lowering.operators import atom

RELATIONS = {sympy.Eq: "===", sympy.Ne: "!==", sympy.Lt: "<", sympy.Le: "<=", sympy.Gt: ">", sympy.Ge: ">="}
CALLS = {
    functions.FloorDiv: "Math.floor({0} / {1})",
    functions.CleanDiv: "{0} / {1}",
    functions.IntTrueDiv: "{0} / {1}",
    functions.FloatTrueDiv: "{0} / {1}",
    functions.Mod: "{0} % {1}",
    functions.PythonMod: "{0} % {1}",  # sizes are not negative
    functions.ToFloat: "{0}",
    functions.Max: "Math.max({0}, {1})",
    functions.Min: "Math.min({0}, {1})",
    functions.CeilToInt: "Math.ceil({0})",
    functions.FloorToInt: "Math.floor({0})",
    functions.TruncToInt: "Math.trunc({0})",
    sympy.floor: "Math.floor({0})",
    sympy.ceiling: "Math.ceil({0})",
}


class Sizes:
    """The sizes of the inputs: B and d for the first rows, name and axis for the others; equal ones share a name."""

    def __init__(self, symbols: dict[str, tuple[sympy.Symbol, ...]], first: str, guards: Sequence[sympy.Basic]) -> None:
        self.names = {
            name: ("B", "d") if name == first else tuple(f"{name}{axis}" for axis in range(len(axes)))
            for name, axes in symbols.items()
        }
        self._name = {s: n for name, axes in symbols.items() for s, n in zip(axes, self.names[name], strict=True)}
        self._place = {s: (name, axis) for name, axes in symbols.items() for axis, s in enumerate(axes)}
        self._first = self._shared(guards)
        self._required = [sympy.Eq(each, first, evaluate=False) for each, first in self._first.items() if each != first]
        for guard in guards:
            self._require(guard.xreplace(self._first))

    def _shared(self, guards: Sequence[sympy.Basic]) -> dict[sympy.Symbol, sympy.Symbol]:
        """Each symbol → the first that the guards say is equal to it."""
        order, first = list(self._name), {each: each for each in self._name}
        for guard in filter(_is_equality, guards):
            one, other = sorted((first[side] for side in guard.args), key=order.index)
            first = {symbol: one if each == other else each for symbol, each in first.items()}
        return first

    def _require(self, condition: sympy.Basic) -> None:
        if condition not in self._required and condition != sympy.true:
            self._required.append(condition)

    # ---- sizes and numbers as JavaScript

    def shape(self, tensor: Tensor) -> tuple[Size, ...]:
        return tuple(Size(self.value(size)) for size in tensor.shape)

    def value(self, given: object) -> object:
        """A size as text; anything else as it is."""
        if isinstance(given, (SymInt, SymFloat)):
            return Size(self._text(given.node.expr.xreplace(self._first), self._name))
        return given

    def _text(self, expression: sympy.Basic, names: dict[sympy.Symbol, str]) -> str:
        """An expression of sizes, with these names for them."""
        kind, parts = expression.func, [self._text(each, names) for each in expression.args]
        atoms = [atom(part) for part in parts]
        if expression in names:
            return names[expression]
        if expression.is_Number:
            return str(expression)
        if expression.is_Add or expression.is_Mul:
            return (" + " if expression.is_Add else " * ").join(atoms)
        if kind in RELATIONS:
            return f"{atoms[0]} {RELATIONS[kind]} {atoms[1]}"
        if kind in (sympy.Or, sympy.And):
            return (" || " if kind is sympy.Or else " && ").join(atoms)
        if expression.is_Pow and expression.exp.is_Integer:
            return f"Math.pow({parts[0]}, {parts[1]})"
        if kind in CALLS:
            return CALLS[kind].format(*atoms)
        raise UnknownOperator(f"sizes computed by {kind.__name__}: {expression}")

    # ---- guards

    def guards(self) -> tuple[Guard, ...]:
        """What the trace took for granted. Every size is at least 1 besides."""
        return tuple(map(self._guard, self._required))

    def _guard(self, condition: sympy.Basic) -> Guard:
        """The argument to blame is the last one named: the others came before it."""
        labels = {symbol: f"{name}.shape[{axis}]" for symbol, (name, axis) in self._place.items()}
        used = sorted(condition.free_symbols, key=list(self._name).index)
        return Guard(
            condition=self._text(condition, self._name),
            argument=self._place[used[-1]][0],
            expected=self._text(condition, labels).replace("===", "=").replace("!==", "≠"),
            got={labels[symbol]: self._name[symbol] for symbol in used},
        )

    def try_ones(self, function: Callable, traced: Callable, inputs: dict[str, Tensor], symbolic: dict) -> None:
        """The tracer assumes that no size is 1. Where that changes what comes out, say so in a guard.

        Each free size in turn, and all together, is set to 1, and the trace is run beside the loss itself.
        """
        shapes = {name: [size.node.expr for size in tensor.shape] for name, tensor in symbolic.items()}
        free = sorted(set().union(*(size.free_symbols for axes in shapes.values() for size in axes)), key=list(self._name).index)
        example = {s: sympy.Integer(inputs[self._place[s][0]].shape[self._place[s][1]]) for s in free}
        for ones in [*([symbol] for symbol in free), free]:
            values = example | dict.fromkeys(ones, sympy.Integer(1))
            sizes = {name: [size.xreplace(values) for size in axes] for name, axes in shapes.items()}
            if self._allowed(sizes):
                tensors = [_resized(tensor, sizes[name]) for name, tensor in inputs.items()]
                if not _agree(function, traced, tensors):
                    self._require(sympy.Or(*(sympy.Gt(self._first[each], 1) for each in ones)))

    def _allowed(self, sizes: dict[str, list[sympy.Basic]]) -> bool:
        values = {symbol: sizes[name][axis] for symbol, (name, axis) in self._place.items()}
        whole = all(size.is_Integer and size > 0 for size in values.values())
        return whole and all(guard.xreplace(values) == sympy.true for guard in self._required)


def _is_equality(guard: sympy.Basic) -> bool:
    return isinstance(guard, sympy.Eq) and all(side.is_Symbol for side in guard.args)


def _resized(tensor: Tensor, sizes: Sequence[int]) -> Tensor:
    """The tensor repeated or cut to these sizes."""
    for axis, size in enumerate(sizes):
        tensor = tensor.index_select(axis, torch.arange(int(size)) % tensor.shape[axis])
    return tensor


def _agree(function: Callable, traced: Callable, tensors: Sequence[Tensor]) -> bool:
    """Whether the trace gives what the loss itself gives: shapes and numbers. A loss that raises agrees with nothing."""
    try:
        pairs = list(zip(function(*tensors), traced(*tensors), strict=True))
    except Exception:  # whatever an author's loss or torch raises for this size
        return False
    return all(a.shape == b.shape and torch.allclose(a.double(), b.double(), equal_nan=True) for a, b in pairs)
