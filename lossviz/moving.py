"""A loss at many positions of one point, computing again only what the point touches: most of a loss does not change.

A definition runs once, on tensors that are cut into parts along the rows of the batch: the rows that move, the rest of
their class, all others. A part that no moving row touches is a constant; the others are steps, taken for many positions
at a time. What the loss does not need (a mask, an index, a part without a valid term) is never computed. So a square
costs one row and one column, and a cube three faces. A function that is not known here is given whole tensors.

In a part the positions are the last axis, after those of the tensor; there a constant has length 1.
"""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import accumulate, pairwise, product

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from lossviz.losses import Loss

Axis = tuple[tuple[int, ...], ...]  # one axis of a tensor: the indices in each of its parts
Key = tuple[int, ...]  # which part, along each axis
ALL = slice(None)
OTHER_CLASSES = 2  # more parts waste less, and take longer to prepare: a cube has (2 + this)³ of them


class Part:
    """One part of a tensor: a function of other parts. It moves if one of these does; a constant is computed once."""

    numbers = 0  # how many it holds for a position

    def __init__(self, function: Callable | None, *inputs: "Part", moves: bool = False, value: Tensor | None = None):
        self.function, self.inputs, self.value = function, inputs, value
        self.moves = moves or any(each.moves for each in inputs)

    def constant(self) -> Tensor:
        if self.value is None:
            self.value = self.function(*(each.constant() for each in self.inputs))
        return self.value

    def steps(self, found: dict["Part", None]) -> dict["Part", None]:
        """The moving parts that this one needs, each after those that it needs itself."""
        if self.moves and self not in found:
            for each in self.inputs:
                each.steps(found)
            found[self] = None
        return found


class Moving:
    """A loss as a function of where a point is: (d, n) positions → (n,) losses, differentiable.

    ``moving``   the rows that the point stands in, as (argument, row)
    ``numbers``  how many are computed for a position
    """

    def __init__(self, loss: Loss, inputs: Sequence[Tensor], moving: Sequence[tuple[str, int]]):
        names = loss.inputs.fitted(len(inputs)).arguments
        rows = sorted({row for _, row in moving})
        cut = _cut_by_row(rows, inputs, loss)
        self.place = Part(None, moves=True)
        with torch.no_grad():
            arguments = [
                _argument(each, {row for argument, row in moving if argument == name}, cut, self.place)
                for name, each in zip(names, inputs, strict=True)
            ]
            self.loss = loss.define(*arguments).loss.parts[()]
            self.steps = list(self.loss.steps({self.place: None}))[1:]
            for part in self.steps:
                for each in part.inputs:
                    each.moves or each.constant()
        self.numbers = sum(part.numbers for part in self.steps)

    def __call__(self, place: Tensor) -> Tensor:
        values = {self.place: place}
        for part in self.steps:
            values[part] = part.function(*(values[each] if each.moves else each.value for each in part.inputs))
        return values[self.loss] if self.loss.moves else self.loss.constant().expand(place.shape[1])


def _cut_by_row(moved: list[int], inputs: Sequence[Tensor], loss: Loss) -> Axis:
    """The moving rows, then the others; by class where each sentence has a label, so that whole parts of a mask are
    False: first the class of a moving row, then the other classes, in a few parts."""
    others = [row for row in range(len(inputs[0])) if row not in moved]
    if not (moved and loss.inputs.labels and len(loss.inputs.rows) == 1):
        return tuple(tuple(part) for part in (moved, others) if part)
    labels = inputs[-1].tolist()
    of_class = {label: 1 + k % OTHER_CLASSES for k, label in enumerate(sorted({*labels} - {labels[moved[0]]}))}
    parts = [[row for row in others if of_class.get(labels[row], 0) == k] for k in range(1 + OTHER_CLASSES)]
    return tuple(tuple(part) for part in (moved, *parts) if part)


def _argument(argument: Tensor, moved: set[int], cut: Axis, place: Part) -> "InParts":
    """An argument as the definition is given it: in parts, in the first of which rows may move."""
    axes = (cut, *(_uncut(size) for size in argument.shape[1:]))
    rows = [argument[list(each)].unsqueeze(-1) for each in cut]
    parts = {key: Part(None, value=rows[key[0]]) for key in _keys(axes)}
    if moved:
        moves = torch.tensor([row in moved for row in cut[0]], device=argument.device)[:, None, None]
        every = len(moved) == len(cut[0])
        parts[0, 0] = Part(
            lambda at: at.expand(len(moves), *at.shape) if every else torch.where(moves, at, rows[0]), place
        )
    like = torch.empty((1, *argument.shape), dtype=argument.dtype, device="meta")
    return InParts(like, argument.device, axes, parts)


class InParts(Tensor):
    """A tensor in parts. A definition sees (1, …), the 1 for any number of positions, and calls torch's functions.

    ``like``   its shape and dtype
    ``axes``   how each axis is cut, the positions' left out
    ``parts``  which part → what it is
    """

    @staticmethod
    def __new__(cls, like: Tensor, device: torch.device, axes: Sequence[Axis], parts: dict[Key, Part]):
        made = Tensor._make_wrapper_subclass(cls, like.shape, dtype=like.dtype, device=device)
        made.like, made.axes, made.parts = like, tuple(axes), parts
        for key, part in parts.items():
            part.numbers = math.prod(len(axis[k]) for axis, k in zip(axes, key, strict=True))
        return made

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise NotImplementedError(f"{function} of a tensor in parts")

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, function.__name__.strip("_")
        name = function.__self__.__name__ if name == "get" else name  # a property, such as shape or mT
        if function.__name__ in READS_A_VALUE:
            raise TypeError(f"define: expected no value to be read from its tensors, got {function.__name__}")
        if name in IN_OTHER_WORDS:
            return IN_OTHER_WORDS[name](*args, **kwargs)
        like, shape = tree_flatten(_like(name, function, args, kwargs))
        if not any(isinstance(each, Tensor) for each in like):
            with torch._C.DisableTorchFunctionSubclass():
                return function(*args, **kwargs)
        found = HOW.get(name, _whole)(function, args, kwargs, like)
        found = _whole(function, args, kwargs, like) if found is NotImplemented else found
        device = next(each.device for each in tree_flatten((args, kwargs))[0] if isinstance(each, InParts))
        return tree_unflatten([InParts(a, device, *each) for a, each in zip(like, found, strict=True)], shape)


READS_A_VALUE = ("__bool__", "__float__", "__index__", "__int__", "item", "numpy", "tolist")


def _like(name: str, function: Callable, args: tuple, kwargs: dict):
    """What a function gives, without its values. torch would say it of every function, but takes its time."""
    if HOW.get(name) in (_pointwise, _where, _and):
        plain = [getattr(each, "like", each) for each in args]
        one = [torch.ones((1,) * each.ndim, dtype=each.dtype) if isinstance(each, Tensor) else each for each in plain]
        shape = torch.broadcast_shapes(*(each.shape for each in plain if isinstance(each, Tensor)))
        return torch.empty(shape, dtype=function(*one, **kwargs).dtype, device="meta")
    return function(*tree_map(_without_values, args), **tree_map(_without_values, kwargs))


def _without_values(argument):
    if isinstance(argument, InParts):
        return argument.like
    return argument.to("meta") if isinstance(argument, Tensor) else argument


# --- parts ------------------------------------------------------------------------------------------------------------


def _uncut(size: int) -> Axis:
    return (tuple(range(size)),)


ONE = _uncut(1)


def _size(axis: Axis) -> int:
    return sum(map(len, axis))


def _keys(axes: Sequence[Axis]) -> list[Key]:
    return list(product(*(range(len(axis)) for axis in axes)))


def _parts(tensor: Tensor, dimensions: int) -> tuple[tuple[Axis, ...], dict[Key, Part]]:
    """Axes and parts of an argument of a function whose result has so many dimensions, the positions' among them."""
    if isinstance(tensor, InParts):
        return tensor.axes, tensor.parts
    if tensor.ndim == 0:
        return (), {(): Part(None, value=tensor)}
    value = tensor.movedim(0, -1) if tensor.ndim == dimensions else tensor.unsqueeze(-1)
    axes = tuple(_uncut(size) for size in value.shape[:-1])
    return axes, {(0,) * len(axes): Part(None, value=value)}


def _joined(axes: tuple[Axis, ...], parts: dict[Key, Part], at: int) -> tuple[tuple[Axis, ...], dict[Key, Part]]:
    """With one axis in one part."""
    axis, dim = axes[at], at - len(axes) - 1
    if len(axis) == 1:
        return axes, parts
    rows = [row for part in axis for row in part]
    in_order = _rows(sorted(range(len(rows)), key=rows.__getitem__), dim)

    def join(*values: Tensor) -> Tensor:
        return in_order(torch.cat(_of_one_length(values), dim))

    joined = (*axes[:at], _uncut(_size(axis)), *axes[at + 1 :])
    cuts = range(len(axis))
    return joined, {key: Part(join, *(parts[(*key[:at], k, *key[at + 1 :])] for k in cuts)) for key in _keys(joined)}


def _rows(rows: Sequence[int], dim: int) -> Callable[[Tensor], Tensor]:
    index = torch.tensor(rows)
    return lambda value: value.index_select(dim, index.to(value.device))


def _of_one_length(values: Sequence[Tensor]) -> list[Tensor]:
    """With as many positions in each as in the longest."""
    count = max(each.shape[-1] for each in values)
    return [each.expand(*each.shape[:-1], count) for each in values]


def _cut(axes: tuple[Axis, ...], parts: dict[Key, Part], wanted: Sequence[Axis]) -> dict[Key, Part]:
    """The parts along the wanted axes. An axis of length 1, or one that is missing at the front, serves every part."""
    wanted = wanted[len(wanted) - len(axes) :]
    for at, axis in enumerate(wanted):
        if axes[at] == axis or axes[at] == ONE:
            continue
        axes, parts = _joined(axes, parts, at)
        dim, uncut = at - len(axes) - 1, parts
        axes, parts = (*axes[:at], axis, *axes[at + 1 :]), {}
        for key in _keys(axes):
            parts[key] = Part(_rows(axis[key[at]], dim), uncut[(*key[:at], 0, *key[at + 1 :])])
    return {key: parts[tuple(0 if axes[at] == ONE else k for at, k in enumerate(key))] for key in _keys(wanted)}


def _common(dimensions: int, operands: Sequence[tuple[Axis, ...]]) -> list[Axis]:
    """How the axes of a result are cut: as finely as those of its arguments."""
    padded = [(*[ONE] * (dimensions - 1 - len(axes)), *axes) for axes in operands]
    return [max(column, key=lambda axis: (_size(axis), len(axis))) for column in zip(*padded, strict=True)]


# --- functions --------------------------------------------------------------------------------------------------------
# Each takes a torch function, its arguments, and what its results are like; each gives axes and parts of every result.


def _pointwise(function, args, kwargs, like):
    dimensions = like[0].ndim
    spots = [k for k, each in enumerate(args) if isinstance(each, Tensor)]
    operands = [_parts(args[k], dimensions) for k in spots]
    axes = _common(dimensions, [each[0] for each in operands])
    cuts = [_cut(*each, axes) for each in operands]

    def run(*values):
        filled = list(args)
        for k, value in zip(spots, values, strict=True):
            filled[k] = value
        return function(*filled, **kwargs)

    parts = {}
    for key in _keys(axes):
        inputs = [cut[key[len(key) - len(each[0]) :]] for cut, each in zip(cuts, operands, strict=True)]
        parts[key] = Part(function if len(spots) == len(args) and not kwargs else run, *inputs)
    return [(axes, parts)]


def _where(function, args, kwargs, like):
    """A part where the condition is one constant is one of the two: of the other nothing need be known."""
    ((axes, parts),) = _pointwise(function, [_tensor(each, like[0].dtype) for each in args], kwargs, like)
    for key, part in parts.items():
        condition, first, second = part.inputs
        same = _everywhere(condition)
        if same is not None:
            parts[key] = Part(_fitted(axes, key, like[0].dtype), first if same else second)
    return [(axes, parts)]


def _and(function, args, kwargs, like):
    """A part where one mask is False throughout is False; where it is True throughout, it is the other mask."""
    ((axes, parts),) = _pointwise(function, [_tensor(each, torch.bool) for each in args], kwargs, like)
    for key, part in parts.items():
        for mask, other in (part.inputs, part.inputs[::-1]):
            same = _everywhere(mask)
            if same is not None:
                parts[key] = Part(_fitted(axes, key, like[0].dtype), other if same else mask)
    return [(axes, parts)]


def _everywhere(mask: Part) -> bool | None:
    """True or False where a constant mask is so throughout; else None."""
    if mask.moves:
        return None
    trues, size = int(mask.constant().sum()), mask.constant().numel()
    return trues == size if trues in (0, size) else None


def _tensor(value, dtype: torch.dtype) -> Tensor:
    return value if isinstance(value, Tensor) else torch.tensor(value, dtype=dtype)


def _fitted(axes: Sequence[Axis], key: Key, dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    sizes = tuple(len(axis[k]) for axis, k in zip(axes, key, strict=True))
    return lambda value: value.to(dtype).expand(*sizes, value.shape[-1] if value.ndim else 1)


def _reduced(function, args, kwargs, like):
    x, (dim, keepdim) = args[0], _dim_and_keepdim(*args[1:], **kwargs)
    dims = [each if each < 0 else each - x.ndim for each in ([dim] if isinstance(dim, int) else dim or range(x.ndim))]
    if -x.ndim in dims or not isinstance(x, InParts):
        return NotImplemented
    gone = [len(x.axes) + each for each in dims]
    within = tuple(each - 1 for each in dims)  # the positions are the last axis of a part
    combine = COMBINE[function.__name__.strip("_")]

    def one(key: Key, part: Part) -> Part:
        if x.dtype == like[0].dtype and all(len(x.axes[at][key[at]]) == 1 for at in gone):  # nothing to reduce
            return part if keepdim else Part(lambda value: value.squeeze(within), part)
        return Part(lambda value: function(value, within, keepdim=keepdim), part)

    groups: dict[Key, list[Part]] = {}
    for key, part in x.parts.items():
        kept = tuple(0 if at in gone else k for at, k in enumerate(key) if keepdim or at not in gone)
        groups.setdefault(kept, []).append(one(key, part))
    axes = [ONE if at in gone else axis for at, axis in enumerate(x.axes) if keepdim or at not in gone]
    return [(axes, {key: _combined(combine, parts) for key, parts in groups.items()})]


def _combined(combine: Callable, parts: list[Part]) -> Part:
    """The results of several parts as one, the constants first."""
    return reduce(lambda first, second: Part(combine, first, second), sorted(parts, key=lambda part: part.moves))


def _dim_and_keepdim(dim=None, keepdim=False):
    return dim, keepdim


def _logaddexp(first: Tensor, second: Tensor) -> Tensor:
    """torch's own is twice as fast, and has no gradient where both are −∞."""
    if first.isinf().any() and second.isinf().any():
        return torch.stack(torch.broadcast_tensors(first, second)).logsumexp(0)
    return torch.logaddexp(first, second)


# Reduction → how the results of two parts become one.
COMBINE = {
    "sum": torch.add,
    "amax": torch.maximum,
    "amin": torch.minimum,
    "any": torch.logical_or,
    "all": torch.logical_and,
    "logsumexp": _logaddexp,
}


def _indexed(function, args, kwargs, like):
    """x[..., None, 1:, 0] and the like: None, slices and numbers, counted from the end."""
    x, index = args
    index = index if isinstance(index, tuple) else (index,)
    if not isinstance(x, InParts) or index[0] is not Ellipsis:
        return NotImplemented
    axes, parts, at = x.axes, x.parts, len(x.axes)
    for each in reversed(index[1:]):
        if each is None:
            axes, parts = _with_one(axes, parts, at)
            continue
        at -= 1
        if isinstance(each, slice):
            axes, parts = _taken(axes, parts, at, range(_size(axes[at]))[each])
        elif isinstance(each, int):
            axes, parts = _without_one(*_taken(axes, parts, at, [range(_size(axes[at]))[each]]), at)
        else:
            return NotImplemented
    return [(axes, parts)]


def _with_one(axes: tuple[Axis, ...], parts: dict[Key, Part], at: int) -> tuple[tuple[Axis, ...], dict[Key, Part]]:
    dim = at - len(axes) - 2
    more = {(*key[:at], 0, *key[at:]): Part(lambda value: value.unsqueeze(dim), part) for key, part in parts.items()}
    return (*axes[:at], ONE, *axes[at:]), more


def _without_one(axes: tuple[Axis, ...], parts: dict[Key, Part], at: int) -> tuple[tuple[Axis, ...], dict[Key, Part]]:
    dim = at - len(axes) - 1
    fewer = {(*key[:at], *key[at + 1 :]): Part(lambda value: value.squeeze(dim), part) for key, part in parts.items()}
    return (*axes[:at], *axes[at + 1 :]), fewer


def _taken(axes: tuple[Axis, ...], parts: dict[Key, Part], at: int, wanted: Sequence[int]):
    """Of one axis only the wanted rows."""
    place = {row: k for k, row in enumerate(wanted)}
    dim, cut, taken = at - len(axes) - 1, [], {}
    for k, rows in enumerate(axes[at]):
        kept = [j for j, row in enumerate(rows) if row in place]
        if kept:
            some = _rows(kept, dim)
            for key, part in parts.items():
                if key[at] == k:
                    same = len(kept) == len(rows)
                    taken[(*key[:at], len(cut), *key[at + 1 :])] = part if same else Part(some, part)
            cut.append(tuple(place[rows[j]] for j in kept))
    return (*axes[:at], tuple(cut), *axes[at + 1 :]), taken


def _transposed(function, args, kwargs, like):
    x, *dims = args
    first, second = sorted(each if each < 0 else each - x.ndim for each in (dims or (-2, -1)))
    if first == -x.ndim:
        return NotImplemented

    def swap(items: Sequence) -> tuple:
        items = list(items)
        items[first], items[second] = items[second], items[first]
        return tuple(items)

    swapped = {swap(key): Part(lambda value: value.transpose(first - 1, second - 1), p) for key, p in x.parts.items()}
    return [(swap(x.axes), swapped)]


def _multiplied(function, args, kwargs, like):
    if any(each.ndim - isinstance(each, InParts) != 2 for each in args):
        return NotImplemented
    (x_axes, x), (y_axes, y) = (_parts(each, 3) for each in args)
    (rows, _), x = _joined(x_axes, x, 1)
    (_, columns), y = _joined(y_axes, y, 0)
    axes = (rows, columns)
    return [(axes, {(i, j): Part(_product, x[i, 0], y[0, j]) for i, j in _keys(axes)})]


def _product(x: Tensor, y: Tensor) -> Tensor:
    """Matrices, their positions last: (m, d, ·), (d, n, ·) → (m, n, ·)."""
    if x.shape[-1] == 1 and y.shape[-1] != 1:
        return (x.squeeze(-1) @ y.flatten(1)).unflatten(1, y.shape[1:])
    if y.shape[-1] == 1:
        return y.squeeze(-1).T @ x
    return (x.unsqueeze(2) * y).sum(1)


def _concatenated(function, args, kwargs, like):
    tensors, dim = args[0], (args[1] if len(args) > 1 else kwargs.get("dim", 0))
    dimensions = like[0].ndim
    at = (dim if dim < 0 else dim - dimensions) + dimensions - 1
    if at < 0:
        return NotImplemented
    operands = [_parts(each, dimensions) for each in tensors]
    axes = _common(dimensions, [each[0] for each in operands])
    parts, cut, start = {}, [], 0
    for own, pieces in operands:
        for key, part in _cut(own, pieces, (*axes[:at], own[at], *axes[at + 1 :])).items():
            parts[(*key[:at], key[at] + len(cut), *key[at + 1 :])] = part
        cut += [tuple(start + k for k in piece) for piece in own[at]]
        start += _size(own[at])
    axes[at] = tuple(cut)
    return [(axes, parts)]


def _expanded(function, args, kwargs, like):
    shape = torch.empty(like[0].shape[1:], dtype=torch.bool, device=args[0].device)
    return _pointwise(lambda x, to: torch.broadcast_tensors(x, to)[0], (args[0], shape), {}, like)


def _whole(function, args, kwargs, like):
    """Any other function: of whole tensors, as the definition sees them, for each position."""
    leaves, shape = tree_flatten((args, kwargs))
    spots = [k for k, each in enumerate(leaves) if isinstance(each, InParts)]

    def one(*values: Tensor) -> tuple[Tensor, ...]:
        filled = list(leaves)
        for k, value in zip(spots, values, strict=True):
            filled[k] = value.unsqueeze(0)
        args, kwargs = tree_unflatten(filled, shape)
        return tuple(each.squeeze(0) for each in tree_flatten(function(*args, **kwargs))[0])

    def run(*values: Tensor) -> tuple[Tensor, ...]:
        return torch.vmap(one, in_dims=-1, out_dims=-1)(*_of_one_length(values))

    results = Part(run, *(_in_one(leaves[k]) for k in spots))
    axes = [tuple(_uncut(size) for size in each.shape[1:]) for each in like]
    return [(each, {(0,) * len(each): Part(lambda all_, k=k: all_[k], results)}) for k, each in enumerate(axes)]


def _in_one(x: InParts) -> Part:
    axes, parts = x.axes, x.parts
    for at in range(len(axes)):
        axes, parts = _joined(axes, parts, at)
    return parts[(0,) * len(axes)]


POINTWISE = (
    "abs add atan2 bitwise_not bitwise_or bool clamp clamp_max clamp_min cos detach div double eq exp expm1 float ge gt"
    " invert isfinite isinf isnan le log log1p log_sigmoid logaddexp logical_not logical_or logsigmoid long lt maximum"
    " minimum mul ne neg nan_to_num ones_like or pow radd rdiv reciprocal relu rmul rpow rsqrt rsub rtruediv sigmoid"
    " sign sin softplus sqrt square sub tanh true_divide type truediv xor zeros_like"
)
HOW = (
    dict.fromkeys(POINTWISE.split(), _pointwise)
    | dict.fromkeys(COMBINE, _reduced)
    | dict.fromkeys(("and", "bitwise_and", "logical_and"), _and)
    | dict.fromkeys(("matmul", "rmatmul"), _multiplied)
    | dict.fromkeys(("transpose", "mT"), _transposed)
    | dict.fromkeys(("cat", "concat"), _concatenated)
    | dict.fromkeys(("expand", "expand_as", "broadcast_to"), _expanded)
    | {"where": _where, "getitem": _indexed}
)


def _along(x: Tensor, dim: int, each: slice | int | None) -> Tensor:
    """x indexed along one axis, counted from the end."""
    return x[(..., each, *[ALL] * (-dim - 1))]


def _from_end(x: Tensor, dim: int) -> int:
    return dim if dim < 0 else dim - x.ndim


def _unsqueeze(x, dim):
    return _along(x, dim if dim < 0 else dim - x.ndim - 1, None)


def _squeeze(x, dim):
    return _along(x, _from_end(x, dim), 0) if x.shape[dim] == 1 else x


def _select(x, dim, index):
    return _along(x, _from_end(x, dim), index)


def _narrow(x, dim, start, length):
    return _along(x, _from_end(x, dim), slice(start, start + length))


def _split(x, size, dim):
    size = size if isinstance(size, int) else list(size)
    ends = range(size, x.shape[dim] + size, size) if isinstance(size, int) else accumulate(size)
    return tuple(_along(x, _from_end(x, dim), slice(*each)) for each in pairwise([0, *ends]))


def _chunk(x, chunks, dim):
    return _split(x, -(-x.shape[dim] // chunks), dim)


def _pad(x, pad, mode="constant", value=None):
    if len(pad) > 2 or min(pad) < 0 or mode != "constant":
        raise NotImplementedError("a surface pads the last axis only, with a constant")
    like = {"dtype": x.dtype, "device": x.device}
    before, after = (torch.full((*x.shape[:-1], each), value or 0.0, **like) for each in pad)
    return torch.cat([each for each in (before, x, after) if each.shape[-1]], dim=-1)


def _largest(x, dim, keepdim=False):
    return torch.return_types.max((x.amax(dim, keepdim), x.argmax(dim, keepdim)))


def _smallest(x, dim, keepdim=False):
    return torch.return_types.min((x.amin(dim, keepdim), x.argmin(dim, keepdim)))


def _to(x, *to, **options):
    """To another dtype; what parts there are have one device already."""
    if not isinstance(x, InParts):
        return x.to(to[0].device, to[0].dtype)
    dtypes = [each.dtype if isinstance(each, Tensor) else each for each in (*to, options.get("dtype"))]
    return x.type(next((each for each in dtypes if isinstance(each, torch.dtype)), x.dtype))


def _mean(x, dim, keepdim=False):
    total = x.sum(dim, keepdim)
    return total * (total.numel() / x.numel())


def _log_softmax(x, dim, **_):
    return x - x.logsumexp(dim, keepdim=True)


IN_OTHER_WORDS = {
    "max": _largest,
    "min": _smallest,
    "mean": _mean,
    "log_softmax": _log_softmax,
    "softmax": lambda x, dim, **_: _log_softmax(x, dim).exp(),
    "stack": lambda tensors, dim: torch.cat([each.unsqueeze(dim) for each in tensors], dim),
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "to": _to,
    "select": _select,
    "narrow": _narrow,
    "split": _split,
    "chunk": _chunk,
    "pad": _pad,
    "linear": lambda x, weight, bias=None: x @ weight.mT if bias is None else x @ weight.mT + bias,
}
