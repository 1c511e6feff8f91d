"""The table: what each ATen operator is in JavaScript. An operator without a row stops the build by name.

After ``trace`` has taken contractions, softmaxes and scatters apart, four kinds are left:

    Pointwise   one element from one element of each operand
    Reduction   one element from all along some axes
    View        an element that stands elsewhere in its operand
    Pieces      an element of one of the operands, laid end to end
    Constant    an element known from its place

Masks are 1 and 0; integers are whole float64 numbers.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from lossviz.lowering.graph import Node, Size, UnknownOperator

Index = tuple[str, ...]  # one JavaScript text for each axis; "0" along an axis of size 1


@dataclass(frozen=True)
class Pointwise:
    """JavaScript with {0}, {1} … for the operator's arguments in their order."""

    text: str | Callable[[Node], str]

    def code(self, node: Node) -> str:
        if callable(self.text):
            return self.text(node)
        if len(node.operands) > len(set(re.findall(r"{\d}", self.text))):
            raise UnknownOperator(f"aten.{node.operator} with {', '.join(node.arguments)}")
        return self.text


@dataclass(frozen=True)
class Reduction:
    """An accumulator {v} that starts at ``start`` and takes in each element {e}, the {at}-th along the axis.

    ``end`` is done to it last; {n} is the number of elements.
    """

    start: str
    step: str
    end: str = ""


@dataclass(frozen=True)
class View:
    """(node, index) → index into the operand."""

    source: Callable[[Node, Index], Index]


@dataclass(frozen=True)
class Pieces:
    """Operands laid end to end: (node, index) → for each a condition, the operand and the index into it."""

    stretches: Callable[[Node, Index], list[tuple[str, Node, Index]]]


@dataclass(frozen=True)
class Constant:
    """(node, index) → a number, or JavaScript."""

    value: Callable[[Node, Index], object]


def text(value: object) -> str:
    """A number or a size as JavaScript."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15 and str(value) != "-0.0":
        return str(int(value))
    return repr(value)


# How tightly JavaScript's operators bind: where an operand binds less than its place asks for, it gets parentheses.
LEVELS = {
    "?": 0,
    ":": 0,
    "||": 1,
    "&&": 1,
    "|": 2,
    "^": 2,
    "&": 2,
    "===": 3,
    "!==": 3,
    ">": 3,
    ">=": 3,
    "<": 3,
    "<=": 3,
}
LEVELS |= {"+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
UNARY, ATOM = 7, 8


def _level(code: str) -> int:
    """How tightly the loosest operator of this code binds; what stands in brackets does not count."""
    while (shorter := re.sub(r"[(\[][^()\[\]]*[)\]]", "", code)) != code:
        code = shorter
    return min(LEVELS.get(word, UNARY if word[:1] in ("-", "!") else ATOM) for word in code.split(" "))


def atom(code: str) -> str:
    """Code that may stand anywhere: a name, a call, an element, a number; anything else in parentheses."""
    return code if _level(code) == ATOM else f"({code})"


def substitute(code: str, operands: Sequence[str]) -> str:
    """The code with its {0}, {1} … filled in, with the parentheses that are needed."""

    def fill(place: re.Match) -> str:
        operand = operands[int(place[1])]
        before, after = code[: place.start()], code[place.end() :]
        enclosed = before.endswith(("(", ", ")) and after.startswith((")", ",")) or before + after == ""
        # a sum may start with a sum, a product with a product; comparisons and masks keep their parentheses
        first = not before and _level(code) >= LEVELS["+"]
        return (
            operand if enclosed or _level(operand) >= max(_level(code), LEVELS["+"]) + (not first) else f"({operand})"
        )

    return re.sub(r"\{(\d)\}", fill, code)


# ---- pointwise operators whose code depends on their arguments


def _scaled(sign: str) -> Callable[[Node], str]:
    return lambda node: f"{{0}} {sign} {{1}}" + (" * {2}" if "alpha" in node.arguments else "")


def _power(node: Node) -> str:
    special = {0: "1", 1: "{0}", 2: "square({0})", -1: "1 / {0}", 0.5: "Math.sqrt({0})"}
    return special.get(node.arguments["exponent"], "power({0}, {1})")


def _clamp(node: Node) -> str:
    code = "{0}" if node.arguments["min"] is None else "Math.max({0}, {1})"
    return code if node.arguments["max"] is None else f"Math.min({code}, {{2}})"


def _convert(node: Node) -> str:
    source = node.operands[0].dtype
    if node.dtype == torch.bool and source != torch.bool:
        return "{0} !== 0 ? 1 : 0"
    return "Math.trunc({0})" if source.is_floating_point and not node.dtype.is_floating_point else "{0}"


def _divide(node: Node) -> str:
    mode = node.arguments.get("rounding_mode")
    return {"floor": "floorDivide({0}, {1})", "trunc": "Math.trunc({0} / {1})"}.get(mode, "{0} / {1}")


def _mask(code: str) -> Callable[[Node], str]:
    """& | ~ act on masks only: of an integer, JavaScript would take 32 bits and torch 64."""

    def checked(node: Node) -> str:
        if node.dtype != torch.bool:
            raise UnknownOperator(f"aten.{node.operator} of {node.dtype}; only masks can be lowered")
        return code

    return checked


# ---- views


def plus(index: str, offset: object) -> str:
    offset = text(offset)
    return index if offset == "0" else offset if index == "0" else f"{atom(index)} + {atom(offset)}"


def _put(index: Index, axis: int, place: str) -> Index:
    return (*index[:axis], place, *index[axis + 1 :])


def _operand(node: Node) -> Node:
    return node.operands[0]


def _unsqueeze(node: Node, index: Index) -> Index:
    axis = node.arguments["dim"] % len(index)
    return index[:axis] + index[axis + 1 :]


def _squeeze(node: Node, index: Index) -> Index:
    shape = _operand(node).shape
    axes = node.arguments.get("dim")
    axes = range(len(shape)) if axes is None else (axes,) if isinstance(axes, int) else axes
    gone = {axis % len(shape) for axis in axes if shape[axis] == "1"}
    rest = iter(index)
    return tuple("0" if axis in gone else next(rest) for axis in range(len(shape)))


def _expand(node: Node, index: Index) -> Index:
    return index[len(index) - len(_operand(node).shape) :]


def _permute(node: Node, index: Index) -> Index:
    axes = [axis % len(index) for axis in node.arguments["dims"]]
    return tuple(index[axes.index(axis)] for axis in range(len(index)))


def _from_start(place: object, size: Size) -> str:
    """A place that torch may count from the end."""
    return f"{atom(size)} - {-place}" if isinstance(place, int) and place < 0 else text(place)


def _slice(node: Node, index: Index) -> Index:
    axis, step = node.arguments["dim"] % len(index), node.arguments["step"]
    start = _from_start(node.arguments["start"] or 0, _operand(node).shape[axis])
    return _put(index, axis, plus(index[axis] if step == 1 else f"{index[axis]} * {text(step)}", start))


def _select(node: Node, index: Index) -> Index:
    shape = _operand(node).shape
    axis = node.arguments["dim"] % len(shape)
    return (*index[:axis], _from_start(node.arguments["index"], shape[axis]), *index[axis:])


def _piece(node: Node, index: Index) -> Index:
    """``part`` of a tensor split into pieces: those before it are skipped."""
    axis = node.arguments["dim"] % len(index)
    before = node.arguments["split_sizes"][: node.arguments["part"]]
    return _put(index, axis, plus(index[axis], " + ".join(atom(text(size)) for size in before) or "0"))


def _diagonal(node: Node, index: Index) -> Index:
    rank = len(_operand(node).shape)
    first, second = node.arguments["dim1"] % rank, node.arguments["dim2"] % rank
    if node.arguments["offset"]:
        raise UnknownOperator("aten.diagonal with an offset")
    rest = iter(index[:-1])
    return tuple(index[-1] if axis in (first, second) else next(rest) for axis in range(rank))


def _reshape(node: Node, index: Index) -> Index:
    """Axes of size 1 come and go; where others merge or split, the place is counted through."""
    source, shape = _operand(node).shape, node.shape
    if [size for size in source if size != "1"] == [size for size in shape if size != "1"]:
        rest = iter(place for place, size in zip(index, shape, strict=True) if size != "1")
        return tuple("0" if size == "1" else next(rest) for size in source)
    place, indices = position(index, shape), []
    for axis in reversed(range(len(source))):
        indices.append(place if axis == 0 else f"{atom(place)} % {atom(source[axis])}")
        place = f"Math.floor({atom(place)} / {atom(source[axis])})"
    return tuple(reversed(indices))


def position(index: Index, shape: tuple[Size, ...]) -> str:
    """The place of an element in the row-major array."""
    place = "0"
    for each, size in zip(index, shape, strict=True):
        if size != "1":
            place = each if place == "0" else f"{atom(place)} * {atom(size)} + {each}"
    return place


def _stretches(node: Node, index: Index) -> list[tuple[str, Node, Index]]:
    axis, start, stretches = node.arguments["dim"] % len(index), "0", []
    for piece in node.arguments["tensors"]:
        end = plus(start, piece.shape[axis])
        place = index[axis] if start == "0" else f"{index[axis]} - {atom(start)}"
        stretches.append(
            (f"{index[axis]} < {end}", piece, _put(index, axis, "0" if piece.shape[axis] == "1" else place))
        )
        start = end
    return stretches


# ---- constants


def _arange(node: Node, index: Index) -> str:
    start, step = node.arguments.get("start", 0), node.arguments.get("step", 1)
    return plus(index[0] if step == 1 else f"{index[0]} * {text(step)}", start)


def _call(function: str, arguments: int = 1) -> Pointwise:
    places = ", ".join(f"{{{each}}}" for each in range(arguments))
    return Pointwise(f"Math.{function}({places})")


def _place_of(worst: str, not_better: str) -> Reduction:
    """The first of equals; a NaN beats every number and is never beaten, as in torch."""
    better = f"{{v}}Best === {{v}}Best && !(here {not_better} {{v}}Best)"
    step = f"const here = {{e}}; if ({better}) [{{v}}Best, {{v}}] = [here, {{at}}]"
    return Reduction(f"{{v}} = 0, {{v}}Best = {worst}", step)


OPERATORS = {
    # arithmetic
    "add": Pointwise(_scaled("+")),
    "sub": Pointwise(_scaled("-")),
    "mul": Pointwise("{0} * {1}"),
    "div": Pointwise(_divide),
    "remainder": Pointwise("remainder({0}, {1})"),
    "neg": Pointwise("-{0}"),
    "reciprocal": Pointwise("1 / {0}"),
    "pow": Pointwise(_power),
    "sqrt": _call("sqrt"),
    "rsqrt": Pointwise("1 / Math.sqrt({0})"),
    "abs": _call("abs"),
    "sign": Pointwise("sign({0})"),
    "floor": _call("floor"),
    "ceil": _call("ceil"),
    "trunc": _call("trunc"),
    "_to_copy": Pointwise(_convert),
    # functions
    **{name: _call(name) for name in ("exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan")},
    **{name: _call(name) for name in ("asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh")},
    "atan2": _call("atan2", 2),
    "sigmoid": Pointwise("1 / (1 + Math.exp(-{0}))"),
    # bounds; Math.max and Math.min pass NaN on, as torch does
    "relu": Pointwise("Math.max({0}, 0)"),
    "clamp": Pointwise(_clamp),
    "clamp_min": _call("max", 2),
    "maximum": _call("max", 2),
    "minimum": _call("min", 2),
    # comparisons and masks
    "gt": Pointwise("{0} > {1} ? 1 : 0"),
    "ge": Pointwise("{0} >= {1} ? 1 : 0"),
    "lt": Pointwise("{0} < {1} ? 1 : 0"),
    "le": Pointwise("{0} <= {1} ? 1 : 0"),
    "eq": Pointwise("{0} === {1} ? 1 : 0"),
    "ne": Pointwise("{0} !== {1} ? 1 : 0"),
    "isnan": Pointwise("{0} !== {0} ? 1 : 0"),
    "isinf": Pointwise("Math.abs({0}) === Infinity ? 1 : 0"),
    "bitwise_not": Pointwise(_mask("1 - {0}")),
    "bitwise_and": Pointwise(_mask("{0} & {1}")),
    "bitwise_or": Pointwise(_mask("{0} | {1}")),
    "bitwise_xor": Pointwise(_mask("{0} ^ {1}")),
    "logical_not": Pointwise("{0} === 0 ? 1 : 0"),
    "logical_and": Pointwise("{0} !== 0 && {1} !== 0 ? 1 : 0"),
    "logical_or": Pointwise("{0} !== 0 || {1} !== 0 ? 1 : 0"),
    "logical_xor": Pointwise("({0} !== 0) !== ({1} !== 0) ? 1 : 0"),
    "where": Pointwise("{0} ? {1} : {2}"),
    # reductions
    "sum": Reduction("{v} = 0", "{v} += {e}"),
    "mean": Reduction("{v} = 0", "{v} += {e}", "{v} /= {n}"),
    "prod": Reduction("{v} = 1", "{v} *= {e}"),
    "amax": Reduction("{v} = -Infinity", "{v} = Math.max({v}, {e})"),
    "amin": Reduction("{v} = Infinity", "{v} = Math.min({v}, {e})"),
    "any": Reduction("{v} = 0", "if (({e}) !== 0) {v} = 1"),
    "argmax": _place_of("-Infinity", "<="),
    "argmin": _place_of("Infinity", ">="),
    # views
    "unsqueeze": View(_unsqueeze),
    "squeeze": View(_squeeze),
    "expand": View(_expand),
    "permute": View(_permute),
    "slice": View(_slice),
    "select": View(_select),
    "diagonal": View(_diagonal),
    "view": View(_reshape),
    "split_with_sizes": View(_piece),
    "cat": Pieces(_stretches),
    # constants
    "full": Constant(lambda node, index: node.arguments["fill_value"]),
    "full_like": Constant(lambda node, index: node.arguments["fill_value"]),
    "scalar_tensor": Constant(lambda node, index: node.arguments["s"]),
    "arange": Constant(_arange),
}

# Arguments that change no number of a float64 computation.
HARMLESS = {"dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking", "implicit", "half_to_float"}

# Functions that a module needs besides Math.
HELPERS = {
    "power": "const power = (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y));",
    "square": "const square = (x) => x * x;",
    "sign": "const sign = (x) => (x > 0) - (x < 0);",
    "remainder": """const remainder = (x, y) => {
  const rest = x % y;
  return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
};""",
    "floorDivide": """const floorDivide = (x, y) => {
  if (y === 0) return x / y;
  const rest = x % y;
  return Math.round((x - rest) / y) - (rest !== 0 && rest < 0 !== y < 0 ? 1 : 0);
};""",
}
