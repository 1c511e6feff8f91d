"""Sizes: their names, how an expression of them reads in JavaScript, and what must hold for them."""

import itertools
from collections.abc import Callable, Sequence

import sympy
import torch
from torch import SymFloat, SymInt, Tensor

from lossviz._torch import expression, size_functions
from lossviz.lowering.graph import Guard, Size, UnknownOperator
from lossviz.lowering.operators import atom

# Sizes at which exceptions are looked for.
TRIED = [sympy.Integer(size) for size in (4, 2, 3, 1)]

OF_SIZES = size_functions()
RELATIONS = {sympy.Eq: "===", sympy.Ne: "!==", sympy.Lt: "<", sympy.Le: "<=", sympy.Gt: ">", sympy.Ge: ">="}
CALLS = {
    OF_SIZES.FloorDiv: "Math.floor({0} / {1})",
    OF_SIZES.CleanDiv: "{0} / {1}",
    OF_SIZES.IntTrueDiv: "{0} / {1}",
    OF_SIZES.FloatTrueDiv: "{0} / {1}",
    OF_SIZES.Mod: "{0} % {1}",
    OF_SIZES.PythonMod: "{0} % {1}",  # sizes are not negative
    OF_SIZES.ToFloat: "{0}",
    OF_SIZES.Max: "Math.max({0}, {1})",
    OF_SIZES.Min: "Math.min({0}, {1})",
    OF_SIZES.CeilToInt: "Math.ceil({0})",
    OF_SIZES.FloorToInt: "Math.floor({0})",
    OF_SIZES.TruncToInt: "Math.trunc({0})",
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
            return Size(self._text(expression(given).xreplace(self._first), self._name))
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

    def try_exceptions(self, function: Callable, traced: Callable, inputs: dict[str, Tensor], symbolic: dict) -> None:
        """The tracer takes the general case: no size is 1, and where it had to ask, sizes differ (B ≠ 2, d / 2 ≠ 1).

        Most often the exception comes out alike. Each is tried, the trace beside the loss itself; where it comes out
        otherwise, or cannot be met, the guard stays.
        """
        shapes = {name: list(map(expression, tensor.shape)) for name, tensor in symbolic.items()}
        free = sorted(set().union(*(size.free_symbols for axes in shapes.values() for size in axes)), key=self._order)
        general = [guard for guard in self._required if _is_general(guard)]
        self._required = [guard for guard in self._required if guard not in general]
        ones = [*(sympy.Ne(symbol, 1) for symbol in free), sympy.Or(*(sympy.Ne(symbol, 1) for symbol in free))]

        choices = (dict(zip(free, choice, strict=True)) for choice in itertools.product(TRIED, repeat=len(free)))
        all_sizes = ({n: [e.xreplace(choice) for e in axes] for n, axes in shapes.items()} for choice in choices)
        allowed = [sizes for sizes in all_sizes if self._holds(self._required, sizes)]
        for guard in general + ones:
            exceptions = [sizes for sizes in allowed if not self._holds([guard], sizes)]
            met = ([_resized(inputs[name], sizes[name]) for name in inputs] for sizes in exceptions[:2])
            if not exceptions or not all(_agree(function, traced, tensors) for tensors in met):
                self._require(guard)
                allowed = [sizes for sizes in allowed if sizes not in exceptions]

    def must_not_be_one(self, shape: Sequence[object], axes: object) -> None:
        """A squeezed axis that happens to be 1 would vanish, where the general one stays."""
        axes = range(len(shape)) if axes is None else (axes,) if isinstance(axes, int) else axes
        for size in (shape[axis] for axis in axes):
            if isinstance(size, SymInt) and not expression(size).is_Integer:
                self._require(sympy.Ne(expression(size).xreplace(self._first), 1))

    def _order(self, symbol: sympy.Symbol) -> int:
        return list(self._name).index(symbol)

    def _holds(self, conditions: Sequence[sympy.Basic], sizes: dict[str, list[sympy.Basic]]) -> bool:
        """Whether these are sizes, and meet the conditions."""
        values = {symbol: sizes[name][axis] for symbol, (name, axis) in self._place.items()}
        whole = all(size.is_Integer and size > 0 for size in values.values())
        return whole and all(condition.xreplace(values) == sympy.true for condition in conditions)


def _is_equality(guard: sympy.Basic) -> bool:
    return isinstance(guard, sympy.Eq) and all(side.is_Symbol for side in guard.args)


def _is_general(guard: sympy.Basic) -> bool:
    """a ≠ b, or a ≥ 2: everything but an exception."""
    return (
        isinstance(guard, sympy.Ne)
        or guard.func in (sympy.Ge, sympy.Gt)
        and guard.rhs == (2 if guard.func is sympy.Ge else 1)
    )


def _resized(tensor: Tensor, sizes: Sequence[int]) -> Tensor:
    """The tensor repeated or cut to these sizes."""
    for axis, size in enumerate(sizes):
        tensor = tensor.index_select(axis, torch.arange(int(size)) % tensor.shape[axis])
    return tensor


def _agree(function: Callable, traced: Callable, tensors: Sequence[Tensor]) -> bool:
    """Whether the trace gives what the loss itself gives, shapes and numbers. One that raises agrees with nothing."""
    try:
        pairs = list(zip(function(*tensors), traced(*tensors), strict=True))
    except Exception:  # whatever an author's loss or torch raises for this size
        return False
    return all(a.shape == b.shape and torch.allclose(a.double(), b.double(), equal_nan=True) for a, b in pairs)
