"""From torch to a graph: a loss, with its gradient, traced over symbolic sizes.

The tracer is told nothing of which sizes are equal: what it has to assume comes back as a guard.
"""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import fields, replace

import torch
from torch import Tensor, fx
from torch.func import grad, vjp

from lossviz import _torch
from lossviz._torch import expression, schema
from lossviz.along import all_at_once, directions
from lossviz.losses import Terms
from lossviz.lowering.decompositions import decompositions
from lossviz.lowering.graph import TERM, Graph, Node, Size, UnknownOperator
from lossviz.lowering.operators import HARMLESS, OPERATORS, Pointwise
from lossviz.lowering.sizes import Sizes

# The sizes that the tracer sees are those of the example times this: large enough that half of them is not 1, which it
# would take for a broadcast, and proportions such as "three times the dimension" stay; odd, so that odd sizes stay odd.
ENLARGE = 13


def graph_of(loss, example_inputs: Sequence[Tensor], along: bool = True) -> Graph:
    """``loss.complete`` on inputs like these, with the gradient of the loss, or of one term's pull, by every embedding
    and tensor parameter; and ``along``, where torch can derive that gradient again."""
    inputs = _named_inputs(loss, example_inputs) | {TERM: torch.tensor(-1.0, dtype=torch.float64)}
    rows = loss.inputs.fitted(len(example_inputs)).rows
    wanted = [name for name in inputs if name in rows or isinstance(getattr(loss, name, None), Tensor)]
    paths: list[tuple[str, ...]] = []
    moving = rows if along and _can_be_asked_at_once(loss, inputs, rows) else ()
    function = _outputs(loss, list(inputs), moving, wanted, paths)

    large = {name: each.new_empty([ENLARGE * size for size in each.shape]) for name, each in inputs.items()}
    symbolic, environment = _torch.symbolic(large)
    symbols = {name: tuple(map(expression, each.shape)) for name, each in symbolic.items()}
    inputs |= {f"{name} along": inputs[name].flip(-2) for name in moving}
    symbolic |= {f"{name} along": symbolic[name].clone() for name in moving}
    traced, guards = _torch.trace(function, symbolic, environment, decompositions())
    sizes = Sizes(symbols, rows[0], guards)
    sizes.try_exceptions(function, traced, inputs, symbolic)
    nodes = _Conversion(traced, list(inputs), sizes)
    outputs = dict(zip(paths, nodes.outputs, strict=True))
    changes, ways = outputs.pop(("along",), None), {name: nodes.inputs.pop(f"{name} along") for name in moving}
    return Graph(type(loss).__name__, nodes.inputs, sizes.names, outputs, sizes.guards(), ways, changes)


def _named_inputs(loss, example_inputs: Sequence[Tensor]) -> dict[str, Tensor]:
    """The arguments of ``define``, then the parameters that stay free: numbers and tensors."""
    fitted = loss.inputs.fitted(len(example_inputs))
    names = fitted.arguments
    if len(names) != len(example_inputs):
        raise ValueError(f"example inputs: expected ({', '.join(names)}), got {len(example_inputs)} tensors")
    fitted.check_shapes(example_inputs)
    parameters = {each.name: getattr(loss, each.name) for each in fields(loss) if each.init}
    taken = parameters.keys() & {TERM, *names}
    if taken:
        named = f"{taken.pop()}, which is an input already"
        raise ValueError(f"{type(loss).__name__}: expected settings of other names, got {named}")
    numbers = {each.name for each in fields(loss) if each.type in (float, "float")}
    free = {
        name: torch.as_tensor(value, dtype=torch.float64)
        for name, value in parameters.items()
        if isinstance(value, (float, Tensor)) or (name in numbers and type(value) is int)
    }
    tensors = (each.double() if each.is_floating_point() else each for each in example_inputs)
    return dict(zip(names, (each.detach().cpu() for each in tensors), strict=True)) | free


def _can_be_asked_at_once(loss, inputs: dict[str, Tensor], rows: Sequence[str]) -> bool:
    """Whether torch can derive the gradient of a weighted sum of pulls by the weights."""
    moving = [inputs[name].clone().requires_grad_() for name in rows]
    with torch.enable_grad():
        pulls = _completed(loss, inputs | dict(zip(rows, moving, strict=True))).pulls
        return all_at_once(pulls, moving, directions(moving)) is not None


def _completed(loss, given: dict[str, Tensor]) -> Terms:
    """The terms for arguments of ``define``, in their order, and parameters."""
    parameters = {each.name for each in fields(loss)} & given.keys()
    arguments = [each for name, each in given.items() if name not in {TERM, *parameters}]
    return replace(loss, **{name: given[name] for name in parameters}).complete(*arguments)


def _outputs(loss, names: list[str], moving: Sequence[str], wanted: list[str], paths: list) -> Callable:
    """The function to trace: all inputs, and how those that are moving do → every output as one tuple; ``paths`` is
    filled with what each of them is."""

    def outputs(*tensors: Tensor) -> tuple[Tensor, ...]:
        inputs, ways = dict(zip(names, tensors, strict=False)), tensors[len(names) :]
        term = inputs.pop(TERM)

        def aims(*moved: Tensor):
            terms = _completed(loss, inputs | dict(zip(wanted, moved, strict=True)))
            if not terms.pulls.is_floating_point():
                raise UnknownOperator(f"values in {terms.pulls.dtype}, which have no gradient")
            return (terms.loss, terms.pulls), terms

        (_, pulls), back, terms = vjp(aims, *(inputs[name] for name in wanted), has_aux=True)

        def pulled(weights: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
            gradients = dict(zip(wanted, back((torch.where(term < 0, 1.0, 0.0), weights)), strict=True))
            changes = [(gradients[name] * way).sum() for name, way in zip(moving, ways, strict=True)]
            return sum(changes[1:], *changes[:1]), gradients

        numbers = torch.arange(math.prod(pulls.shape), device=pulls.device).reshape(pulls.shape)
        weights = torch.where(numbers == term, 1.0, 0.0).to(pulls)
        along, gradients = grad(pulled, has_aux=True)(weights) if moving else (None, pulled(weights)[1])
        found = {("loss",): terms.loss}
        found |= {("gradients", name): each for name, each in gradients.items()}
        found |= {("terms", *path): tensor for path, tensor in _leaves(terms)}
        found |= {("along",): along} if moving else {}
        paths[:] = found
        return tuple(found.values())

    return outputs


def _leaves(terms) -> list[tuple[tuple[str, ...], Tensor]]:
    """Every tensor of the terms but the loss, by its path."""
    leaves = []
    for each in fields(terms):
        value = getattr(terms, each.name)
        if isinstance(value, dict):
            leaves += [((each.name, key), tensor) for key, tensor in value.items()]
        elif each.name != "loss":
            leaves.append(((each.name,), value))
    return leaves


# ---- from torch's graph to ours

# Operators that copy or rename a tensor.
SAME = {"alias", "clone", "detach", "lift_fresh_copy"}


class _Conversion:
    """Our nodes for the traced ones; equal ones once, what nobody reads left out."""

    def __init__(self, traced: fx.GraphModule, names: Sequence[str], sizes: Sizes) -> None:
        self.traced = traced
        self.sizes = sizes
        self.inputs: dict[str, Node] = {}
        self._remaining_names = iter(names)
        self._done: dict[fx.Node, object] = {}
        self._known: dict[tuple, Node] = {}
        for node in traced.graph.nodes:
            self._done[node] = self._convert(node)
        self.outputs = self._done[node]

    def _convert(self, node: fx.Node) -> object:
        value = node.meta.get("val")
        if node.op == "placeholder":
            name = next(self._remaining_names)
            self.inputs[name] = Node("input", {"name": name}, self.sizes.shape(value), value.dtype)
            return self.inputs[name]
        if node.op == "output":
            return [self._done[each] for each in node.args[0]]
        if node.op == "get_attr":
            return self._constant(getattr(self.traced, node.target))
        if not isinstance(value, (Tensor, tuple, list)):
            return self.sizes.value(value)
        if node.target is operator.getitem:
            return self._part(self._done[node.args[0]], node.args[1], value)
        return self._operation(node, value)

    def _operation(self, node: fx.Node, value: object) -> Node:
        name = schema(node.target).name.split("::")[-1]
        arguments = self._arguments(node)
        if schema(node.target).is_mutable:
            return self._in_place(node, name.removesuffix("_"), arguments, value)
        if name in SAME:
            return next(iter(arguments.values()))
        if name in ("mm", "bmm"):
            return self._contraction(*arguments.values())
        if name == "squeeze":
            self.sizes.must_not_be_one(node.args[0].meta["val"].shape, arguments.get("dim"))
        if isinstance(value, Tensor):
            return self._hoisted(Node(name, arguments, self.sizes.shape(value), _checked(name, arguments, value.dtype)))
        return Node(name, arguments, (), torch.float64)  # its parts follow, each with its shape

    def _contraction(self, left: Node, right: Node) -> Node:
        """(…, m, k) and (…, k, n) as a sum of products over k. Here, as a decomposition would be slow to trace."""
        (*batch, m, k), n = left.shape, right.shape[-1]
        one, rank = Size("1"), len(left.shape)
        rows = Node("unsqueeze", {"self": left, "dim": rank}, (*left.shape, one), left.dtype)
        columns = Node("unsqueeze", {"self": right, "dim": rank - 2}, (*batch, one, k, n), right.dtype)
        products = self._once(Node("mul", {"self": rows, "other": columns}, (*batch, m, k, n), left.dtype))
        return self._once(Node("sum", {"self": products, "dim": (rank - 1,)}, (*batch, m, n), left.dtype))

    def _hoisted(self, node: Node) -> Node:
        """The same number computed for every element (half of 1 / B) is computed once, and repeated."""
        pointwise = isinstance(OPERATORS.get(node.operator), Pointwise)
        if not (pointwise and node.shape and all(map(_is_uniform, node.operands))):
            return self._once(node)
        numbers = {name: _number(value) for name, value in node.arguments.items()}
        once = self._once(Node(node.operator, numbers, (), node.dtype))
        return self._once(Node("expand", {"self": once}, node.shape, node.dtype))

    def _in_place(self, node: fx.Node, name: str, arguments: dict[str, object], value: Tensor) -> Node:
        """Some of torch's gradients write into a tensor of their own; what comes back is the new value."""
        changed = node.args[0]
        *before, last = changed.users
        names = [each for each in (changed, *before) if each.op != "call_function" or each.target.is_view]
        if names or last is not node:
            raise UnknownOperator(f"aten.{name}_ on a tensor that is read elsewhere")
        if name == "copy":
            return arguments["src"]
        return self._once(Node(name, arguments, self.sizes.shape(value), value.dtype))

    def _part(self, whole: Node, part: int, value: Tensor) -> Node:
        arguments = {**whole.arguments, "part": part}
        return self._once(Node(whole.operator, arguments, self.sizes.shape(value), value.dtype))

    def _constant(self, value: Tensor) -> Node:
        if value.numel() != 1:
            raise UnknownOperator(f"a constant tensor of shape {tuple(value.shape)}; make it a parameter of the loss")
        shape = self.sizes.shape(value)
        return self._once(Node("full", {"size": shape, "fill_value": value.item()}, shape, torch.float64))

    def _arguments(self, node: fx.Node) -> dict[str, object]:
        """Every argument by its name, defaults included."""
        arguments = {}
        for place, each in enumerate(schema(node.target).arguments):
            given = node.args[place] if place < len(node.args) else node.kwargs.get(each.name, each.default_value)
            if each.name in HARMLESS or (each.kwarg_only and given == each.default_value):
                continue
            is_list = isinstance(given, (list, tuple))
            arguments[each.name] = tuple(map(self._value, given)) if is_list else self._value(given)
        return arguments

    def _value(self, given: object) -> object:
        return self._done[given] if isinstance(given, fx.Node) else self.sizes.value(given)

    def _once(self, node: Node) -> Node:
        # 1 and True and 1.0 are equal keys, and the same number; 0.0 and -0.0 are told apart by their text
        arguments = (value if isinstance(value, (Node, tuple)) else repr(value) for value in node.operands)
        return self._known.setdefault((node.operator, *arguments, node.shape, node.dtype), node)


CONSTANTS = {"full": "fill_value", "full_like": "fill_value", "scalar_tensor": "s"}
REPEATS = {"expand", "unsqueeze", "view"}


def _is_uniform(value: object) -> bool:
    """Whether all elements are one number."""
    if not isinstance(value, Node) or not value.shape or value.operator in CONSTANTS:
        return True
    return value.operator in REPEATS and _is_uniform(value.operands[0])


def _number(value: object) -> object:
    """That number: a node without axes, or what it was."""
    if not isinstance(value, Node) or not value.shape:
        return value
    return value.arguments[CONSTANTS[value.operator]] if value.operator in CONSTANTS else _number(value.operands[0])


# What gives the same numbers in any precision.
EXACT = {"where", "arange", "expand", "unsqueeze", "squeeze", "view", "permute", "cat"}


def _checked(name: str, arguments: dict[str, object], dtype: torch.dtype) -> torch.dtype:
    """The lowered loss computes in float64; a definition that turns to less on the way has other numbers."""
    if not dtype.is_floating_point or dtype == torch.float64:
        return dtype
    if name in CONSTANTS:
        number = arguments[CONSTANTS[name]]
        exact = torch.tensor(number, dtype=dtype).item() == number
    else:
        source = next((each.dtype for each in arguments.values() if isinstance(each, Node)), None)
        exact = name in EXACT or (name == "_to_copy" and source != torch.float64)
    if not exact:
        raise UnknownOperator(f"aten.{name} in {dtype}; compute in the dtype of the embeddings")
    return dtype
