"""The plan: what is computed where. Loops over the same axes become one, and an element read once needs no array.

Each node that is worth a value of its own becomes a ``Step``: one element, for every place of its axes. Everything else
(views, constants, an operand read once for each element) is written into the step that reads it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from lossviz.lowering.graph import TERM, Graph, Node, Size, UnknownOperator
from lossviz.lowering.operators import OPERATORS, Constant, Index, Pieces, Pointwise, Reduction, View, text

AXES = "ijklmnop"
Axis = tuple[str, Size]


@dataclass(frozen=True)
class Read:
    """An element of an input or of a step's node."""

    node: Node
    index: Index


@dataclass(frozen=True)
class Apply:
    """An operator's JavaScript and what stands for {0}, {1} …"""

    code: str
    operands: tuple


@dataclass(frozen=True)
class Step:
    """``node[index] = value`` for every place of ``axes``; a reduction goes over the axes ``along`` at each."""

    node: Node
    axes: tuple[Axis, ...]
    along: tuple[Axis, ...]
    index: Index
    value: object

    @cached_property
    def reads(self) -> frozenset[Read]:
        return frozenset(_reads(self.value))


@dataclass(frozen=True)
class Loop:
    """One axis, and what is done at each of its places, in order."""

    axis: Axis
    body: "Body"


Body = list[Step | Loop]


@dataclass(frozen=True)
class Plan:
    """``once``: what depends on the sizes alone; ``of_term``: what depends on the term, too; ``along``: what is needed
    for ``Graph.along`` alone; ``always``: the rest. ``arrays``: nodes that another loop or the caller reads; ``named``:
    nodes that are read at the place where they are computed."""

    graph: Graph
    once: Body
    always: Body
    of_term: Body
    along: Body
    arrays: frozenset[Node]
    named: frozenset[Node]


def plan(graph: Graph) -> Plan:
    all_steps = _steps(graph)
    constant, of_term = _constant_nodes(all_steps), _reached(all_steps, graph.inputs.get(TERM))
    along = {step.node for step in all_steps}.difference(in_order(graph.outputs.values()), constant)
    always = {step.node for step in all_steps} - constant - of_term - along
    stages, done = [], set()
    for nodes in (constant, always, of_term - along, along):
        stages.append(_nest([step for step in all_steps if step.node in nodes], done))
        done |= nodes
    arrays, named = _read_as([each for stage in stages for each in stage], {})
    arrays |= {node for node in _results(graph) if node.shape}
    return Plan(graph, *stages, frozenset(arrays), frozenset(named))


def steps(body: Body) -> Iterator[Step]:
    """Every step, in order."""
    for each in body:
        if isinstance(each, Loop):
            yield from steps(each.body)
        else:
            yield each


def kind(node: Node) -> object:
    """The operator's row in the table; none for an input."""
    if node.operator == "input":
        return None
    if node.operator not in OPERATORS:
        raise UnknownOperator(f"no row in the table for the operator aten.{node.operator}")
    return OPERATORS[node.operator]


# ---- which nodes become steps


def _steps(graph: Graph) -> list[Step]:
    """In an order in which every node comes after those it reads."""
    outputs = _results(graph)
    nodes = [node for node in in_order(outputs) if node.operator != "input"]
    uses = _uses(nodes, outputs)
    own = {node for node in nodes if node in outputs or _worth_a_value(node, uses[node])}
    return [_step(node, own) for node in nodes if node in own]


def _results(graph: Graph) -> dict[Node, None]:
    return dict.fromkeys([*graph.outputs.values(), *([graph.along] if graph.along else [])])


def in_order(outputs: Iterable[Node]) -> list[Node]:
    """Every node that the outputs read, operands first. No recursion: a graph may be deeper than Python's stack."""
    order, stack = {}, [(node, False) for node in reversed(list(outputs))]
    while stack:
        node, seen = stack.pop()
        if seen:
            order[node] = None
        elif node not in order:
            stack += [(node, True), *((each, False) for each in reversed(operands(node)))]
    return list(order)


def operands(node: Node) -> list[Node]:
    """The nodes whose elements this one reads."""
    if isinstance(kind(node), Constant):
        return []
    flat = [each for value in node.operands for each in (value if isinstance(value, tuple) else (value,))]
    return [each for each in flat if isinstance(each, Node)]


Elements = tuple[Size, ...]  # the sizes, in one order, of what is gone over


def _elements(node: Node) -> Elements:
    return tuple(sorted(size for size in node.shape if size != "1"))


def _uses(nodes: list[Node], outputs: Iterable[Node]) -> dict[Node, list[Elements]]:
    """For each node, over which elements each of its readers goes; a view passes its own readers on."""
    uses = {node: [] for node in nodes}
    for reader in reversed(nodes):
        row = kind(reader)
        for node in operands(reader):
            if node.operator == "input":
                continue
            if isinstance(row, View) and reader not in outputs:
                uses[node] += uses[reader]
            else:
                uses[node].append(_elements(node if isinstance(row, Reduction) else reader))
    return uses


def _worth_a_value(node: Node, uses: list[Elements]) -> bool:
    """Written into its reader only when that is one, and reads each element once: nothing is computed twice."""
    row = kind(node)
    return isinstance(row, Reduction) or (isinstance(row, (Pointwise, Pieces)) and uses != [_elements(node)])


# ---- what a step computes


def _step(node: Node, own: set[Node]) -> Step:
    if not isinstance(kind(node), Reduction):
        names = iter(AXES)
        index = tuple("0" if size == "1" else next(names) for size in node.shape)
        axes = tuple((name, size) for name, size in zip(index, node.shape, strict=True) if size != "1")
        return Step(node, axes, (), index, _computed(node, index, own))
    (operand,) = operands(node)
    rank, gone = len(operand.shape), _reduced_axes(node, len(operand.shape))
    long = [axis for axis in range(rank) if operand.shape[axis] != "1"]
    kept, reduced = [axis for axis in long if axis not in gone], [axis for axis in long if axis in gone]
    places = dict(zip(kept + reduced, AXES, strict=False))
    within = tuple(places.get(axis, "0") for axis in range(rank))
    keep = node.arguments.get("keepdim", False)
    index = tuple("0" if axis in gone else within[axis] for axis in range(rank) if keep or axis not in gone)
    axes, along = (tuple((places[axis], operand.shape[axis]) for axis in each) for each in (kept, reduced))
    return Step(node, axes, along, index, _element(operand, within, own))


def _reduced_axes(node: Node, rank: int) -> set[int]:
    axes = node.arguments.get("dim")
    axes = range(rank) if axes in (None, ()) else (axes,) if isinstance(axes, int) else axes
    return {axis % rank for axis in axes}


def _element(value: object, index: Index, own: set[Node]) -> object:
    """What stands at ``index`` of a value broadcast to it."""
    if not isinstance(value, Node):
        return Apply(text(value), ())
    rank = len(value.shape)
    index = tuple(
        "0" if size == "1" else place for size, place in zip(value.shape, index[len(index) - rank :], strict=True)
    )
    return Read(value, index) if value in own or value.operator == "input" else _computed(value, index, own)


def _computed(node: Node, index: Index, own: set[Node]) -> object:
    row = kind(node)
    if isinstance(row, Pointwise):
        code = row.code(node)
        return Apply(code, tuple(_element(each, index, own) for each in node.operands))
    if isinstance(row, View):
        return _element(node.operands[0], row.source(node, index), own)
    if isinstance(row, Constant):
        return Apply(text(row.value(node, index)), ())
    *others, (_, last, place) = row.stretches(node, index)
    value = _element(last, place, own)
    for condition, piece, place in reversed(others):
        value = Apply(f"{condition} ? {{0}} : {{1}}", (_element(piece, place, own), value))
    return value


def _reads(value: object) -> Iterator[Read]:
    if isinstance(value, Read):
        yield value
    else:
        for each in value.operands:
            yield from _reads(each)


# ---- which steps share a loop


def _constant_nodes(steps: list[Step]) -> set[Node]:
    """Nodes that no input reaches."""
    constant: set[Node] = set()
    for step in steps:
        if all(read.node in constant for read in step.reads):
            constant.add(step.node)
    return constant


def _reached(steps: list[Step], source: Node | None) -> set[Node]:
    """Nodes that read an input, or what reads it."""
    reached: set[Node] = set()
    for step in steps:
        if any(read.node is source or read.node in reached for read in step.reads):
            reached.add(step.node)
    return reached


def _nest(steps: list[Step], done: set[Node], depth: int = 0) -> Body:
    """The steps in their loops. They share their first ``depth`` axes; of ``done``, any place may be read."""
    body, done, remaining = [], set(done), list(steps)
    while remaining:
        if len(remaining[0].axes) == depth:
            body.append(remaining.pop(0))
            done.add(body[-1].node)
        else:
            together = _together(remaining, done, depth)
            body.append(Loop(together[0].axes[depth], _nest(together, done, depth + 1)))
            done |= {step.node for step in together}
            remaining = [step for step in remaining if step not in together]
    return body


def _together(steps: list[Step], done: set[Node], depth: int) -> list[Step]:
    """The steps that can share the first one's next loop: they read what is done, or stand at the same place of it."""
    axis = steps[0].axes[depth]
    together: dict[Node, Step] = {}

    def ready(read: Read) -> bool:
        if read.node.operator == "input" or read.node in done:
            return True
        step = together.get(read.node)
        return step is not None and read.index[step.index.index(axis[0])] == axis[0]

    for step in steps:
        if step.axes[depth : depth + 1] == (axis,) and all(map(ready, step.reads)):
            together[step.node] = step
    return list(together.values())


def _read_as(body: Body, visible: dict[Node, Index]) -> tuple[set[Node], set[Node]]:
    """Nodes read from an array, and nodes read where their element of this very place has a name."""
    arrays, named, visible = set(), set(), dict(visible)
    for each in body:
        if isinstance(each, Loop):
            more = _read_as(each.body, visible)
            arrays, named = arrays | more[0], named | more[1]
        else:
            for read in each.reads:
                (named if visible.get(read.node) == read.index or not _elements(read.node) else arrays).add(read.node)
            visible[each.node] = each.index
    return arrays, named
