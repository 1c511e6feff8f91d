"""From a plan to the text of an ES module."""

import json
import re
from collections.abc import Iterable

from lossviz.lowering.fuse import Apply, Axis, Body, Loop, Plan, Read, Step, steps
from lossviz.lowering.graph import TERM, Graph, Guard, Node
from lossviz.lowering.operators import HELPERS, OPERATORS, Index, Reduction, atom, position, substitute

WHERE = OPERATORS["where"].text

# Names that no variable may take: JavaScript's own words, the loops' axes, and those of the module's frame.
RESERVED = set(
    """
    arguments await break case catch class const continue debugger default delete do else enum eval export extends
    false finally for function if implements import in instanceof interface let new null package private protected
    public return static super switch this throw true try typeof undefined var void while with yield

    Array Error Float64Array Infinity JSON Math NaN Number Object i j k l m n o p here

    create evaluate pull last inputs inputNames directions shapes result wrong sizesOf checkNames checkArray checkNumber
    """.split()
) | set(HELPERS)

CHECKS = """\
function wrong(name, expected, got) {
  throw new Error(`${name}: expected ${expected}, got ${got}`);
}

function sizesOf(name, shape, axes) {
  const isSize = (size) => Number.isInteger(size) && size > 0;
  const fits = Array.isArray(shape) && shape.length === axes && shape.every(isSize);
  return fits ? shape : wrong(name, `a shape of ${axes} sizes of at least 1`, JSON.stringify(shape));
}

function checkNames(given, names) {
  for (const name in given) if (!names.includes(name)) wrong(name, `only ${names.join(", ")}`, "one more");
  for (const name of names) if (!(name in given) && name !== "%s") wrong(name, `all of ${names.join(", ")}`, "nothing");
}

function checkArray(name, array, length) {
  if (!(array instanceof Float64Array)) wrong(name, "a Float64Array", typeof array);
  if (array.length !== length) wrong(name, `${length} numbers`, array.length);
}

function checkNumber(name, number) {
  if (typeof number !== "number") wrong(name, "a number", typeof number);
}
""".replace("%s", TERM)  # it may be left out


def module(plan: Plan) -> str:
    """The module's text; the same plan gives the same text, byte for byte."""
    names = _Names(plan)
    create = [
        *_sizes(plan.graph),
        *(_guard(each) for each in plan.graph.guards),
        *_allocation(plan, names),
        *_body(plan.once, plan, names),
        f"const result = {_nested(plan.graph, lambda node: _initial(node, names))};",
        f"const inputNames = {json.dumps(list(plan.graph.inputs))};",
        *(_in_stages if TERM in plan.graph.inputs else _alone)(plan, names),
        f"evaluate.shapes = {_nested(plan.graph, lambda node: _shape(node))};",
        "return evaluate;",
    ]
    body = "\n".join(["export function create(shapes) {", *_indented(create), "}"])
    helpers = [code for name, code in HELPERS.items() if f"{name}(" in body]
    title = (
        f"// {plan.graph.loss}, lowered from its definition in torch. CAPITALS are arrays, small letters an element."
    )
    return "\n".join([title, *helpers, "", CHECKS, body, ""])


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"  {line}" for line in lines]


Visible = dict[Node, Index] | None


class _Names:
    """A name for each node: its role in the output, else its operator."""

    def __init__(self, plan: Plan) -> None:
        self._taken = {*RESERVED, *(size for axes in plan.graph.sizes.values() for size in axes)}
        self._names = {node: self._free(name) for name, node in plan.graph.inputs.items()}
        self._names |= {node: self._free(_camel((name, "along"))) for name, node in plan.graph.directions.items()}
        for path, node in plan.graph.outputs.items():
            if node not in self._names:
                self._names[node] = self._free(_camel(("gradient", path[-1]) if path[0] == "gradients" else path[-1:]))
        for step in _all_steps(plan):
            if step.node not in self._names:
                self._names[step.node] = self._free(_camel([step.node.operator]))

    def _free(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self._taken or _capitals(name) in self._taken:
            number += 1
            name = f"{wanted}{number}"
        self._taken |= {name, _capitals(name)}
        return name

    def element(self, node: Node) -> str:
        return self._names[node]

    def array(self, node: Node) -> str:
        """Inputs are arrays under their own names."""
        return self._names[node] if node.operator == "input" else _capitals(self._names[node])


def _all_steps(plan: Plan) -> Iterable[Step]:
    return steps(plan.once + plan.always + plan.of_term + plan.along)


def _camel(words: Iterable[str]) -> str:
    first, *rest = [part for word in words for part in re.findall(r"[A-Za-z0-9]+", word)] or ["value"]
    name = first.lower() + "".join(part[0].upper() + part[1:] for part in rest)
    return f"_{name}" if name[0].isdigit() else name


def _capitals(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


# ---- sizes, guards, arrays


def _sizes(graph: Graph) -> list[str]:
    arrays = {name: axes for name, axes in graph.sizes.items() if axes}
    return [f"checkNames(shapes, {json.dumps(list(arrays))});"] + [
        f'const [{", ".join(axes)}] = sizesOf("{name}", shapes.{name}, {len(axes)});' for name, axes in arrays.items()
    ]


def _guard(guard: Guard) -> str:
    got = ", ".join(f"{label} = ${{{name}}}" for label, name in guard.got.items())
    return f'if (!({guard.condition})) wrong("{guard.argument}", "{guard.expected}", `{got}`);'


def _allocation(plan: Plan, names: _Names) -> list[str]:
    nodes = [step.node for step in _all_steps(plan) if step.node in plan.arrays]
    return [f"const {names.array(node)} = new Float64Array({_count(node)});" for node in nodes]


def _count(node: Node) -> str:
    return " * ".join(atom(size) for size in node.shape if size != "1") or "1"


def _shape(node: Node) -> str:
    return f"[{', '.join(node.shape)}]"


def _nested(graph: Graph, show) -> str:
    """The outputs in their nesting, as the text of an object."""
    tree: dict = {}
    for path, node in graph.outputs.items():
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step, {})
        branch[path[-1]] = show(node)
    return _object(tree)


def _initial(node: Node, names: _Names) -> str:
    """What stands in the result before the first call."""
    if node.operator == "input":
        return "null"
    return names.array(node) if node.shape else "0"


def _object(tree: object) -> str:
    if not isinstance(tree, dict):
        return tree
    members = [f"{key if key.isidentifier() else json.dumps(key)}: {_object(branch)}" for key, branch in tree.items()]
    return f"{{ {', '.join(members)} }}"


# ---- one call


def _alone(plan: Plan, names: _Names) -> list[str]:
    whole = [*_inputs(plan.graph, names), *_body(plan.always, plan, names), *_result(plan, names)]
    return _function("function evaluate(inputs)", whole)


def _in_stages(plan: Plan, names: _Names) -> list[str]:
    """What depends on the term, and on how the rows move, are functions of their own, for the same inputs: the numbers
    that they read are kept."""
    graph = plan.graph
    read = {each.node for step in steps(plan.of_term + plan.along) for each in step.reads}
    read |= {node for node in graph.outputs.values() if not node.shape}
    kept = [names.element(step.node) for step in steps(plan.always) if not step.axes and step.node in read]
    keep, known = f"last = {{ {', '.join(['inputs', *kept])} }};", f"const {{ {', '.join(kept)} }} = last;"
    whole = [*_inputs(graph, names), *_body(plan.always, plan, names), keep, "return pull(inputs);"]
    of_term = [_bound(graph.inputs, names), known, *_body(plan.of_term, plan, names), *_result(plan, names)]
    return [
        "let last = {};",
        *_function("function evaluate(inputs)", whole),
        *_function("function pull(inputs)", of_term),
        "evaluate.again = (inputs) => (inputs === last.inputs ? pull(inputs) : evaluate(inputs));",
        *(_function("evaluate.along = function (directions)", _along(plan, names, known)) if graph.along else []),
    ]


def _along(plan: Plan, names: _Names, known: str) -> list[str]:
    graph, directions = plan.graph, plan.graph.directions
    lines = [_bound(directions, names, "directions"), f"checkNames(directions, {json.dumps(list(directions))});"]
    lines += [f'checkArray("{name}", {names.element(node)}, {_count(node)});' for name, node in directions.items()]
    result = names.array(graph.along) if graph.along.shape else names.element(graph.along)
    body = _body(plan.along, plan, names)
    return [*lines, _bound(graph.inputs, names, "last.inputs"), known, *body, f"return {result};"]


def _function(head: str, lines: list[str]) -> list[str]:
    return [f"{head} {{", *_indented(lines), "}"]


def _result(plan: Plan, names: _Names) -> list[str]:
    return [*_numbers(plan.graph, names), "return result;"]


def _inputs(graph: Graph, names: _Names) -> list[str]:
    lines = [_bound(graph.inputs, names), "checkNames(inputs, inputNames);"]
    for name, node in graph.inputs.items():
        variable = names.element(node)
        lines.append(
            f'checkArray("{name}", {variable}, {_count(node)});'
            if node.shape
            else f'checkNumber("{name}", {variable});'
        )
    return lines


def _bound(inputs: dict[str, Node], names: _Names, given: str = "inputs") -> str:
    def one(name: str, variable: str) -> str:
        bound = name if name == variable else f"{name}: {variable}"
        return f"{bound} = -1" if name == TERM else bound

    bound = [one(name, names.element(node)) for name, node in inputs.items()]
    return f"const {{ {', '.join(bound)} }} = {given};"


def _numbers(graph: Graph, names: _Names) -> list[str]:
    """Outputs that are not arrays of our own: numbers, and an input that is an output as well."""
    return [
        f"result{''.join(map(_member, path))} = {names.element(node)};"
        for path, node in graph.outputs.items()
        if not node.shape or node.operator == "input"
    ]


def _member(key: str) -> str:
    return f".{key}" if key.isidentifier() else f"[{json.dumps(key)}]"


def _body(body: Body, plan: Plan, names: _Names, visible: Visible = None) -> list[str]:
    """Statements in order; ``visible``: nodes with a named element here, and which one it is."""
    lines, visible = [], dict(visible or {})
    for each in body:
        if isinstance(each, Loop):
            lines += _for([each.axis], _body(each.body, plan, names, visible))
        else:
            lines += _step(each, plan, names, visible)
            visible[each.node] = each.index
    return lines


def _for(axes: Iterable[Axis], body: list[str]) -> list[str]:
    for name, size in reversed(list(axes)):
        head = f"for (let {name} = 0; {name} < {size}; {name}++)"
        single = len(body) == 1 and not body[0].startswith("const")
        body = [f"{head} {body[0]}"] if single else [f"{head} {{", *_indented(body), "}"]
    return body


def _step(step: Step, plan: Plan, names: _Names, visible: Visible) -> list[str]:
    name, value = names.element(step.node), _text(step.value, names, visible)
    row = OPERATORS[step.node.operator]
    store = f"{names.array(step.node)}[{position(step.index, step.node.shape)}] = " if step.node in plan.arrays else ""
    if isinstance(row, Reduction):
        return _reduction(step, row, name, value) + ([f"{store}{name};"] if store else [])
    if store and step.node not in plan.named:
        return [f"{store}{value};"]
    return [f"const {name} = {value};"] + ([f"{store}{name};"] if store else [])


def _reduction(step: Step, row: Reduction, name: str, value: str) -> list[str]:
    at = position(tuple(axis for axis, _ in step.along), tuple(size for _, size in step.along))
    count = " * ".join(atom(size) for _, size in step.along) or "1"
    inner = row.step.format(v=name, e=value, at=at)
    end = [f"{row.end.format(v=name, n=count)};"] if row.end else []
    return [f"let {row.start.format(v=name)};", *_for(step.along, [f"{line};" for line in inner.split("; ")]), *end]


def _text(value: object, names: _Names, visible: Visible) -> str:
    if isinstance(value, Read):
        return _read(value, names, visible)
    operands = [_text(each, names, visible) for each in value.operands]
    if value.code == WHERE and isinstance(value.operands[0], Apply):
        operands[0] = operands[0].removesuffix(" ? 1 : 0")
    return substitute(value.code, operands)


def _read(read: Read, names: _Names, visible: Visible) -> str:
    node = read.node
    alone = not node.shape or (node.operator != "input" and all(size == "1" for size in node.shape))
    if alone or visible.get(node) == read.index:
        return names.element(node)
    return f"{names.array(node)}[{position(read.index, node.shape)}]"
