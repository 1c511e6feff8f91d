"""One torch definition, lowered to one JavaScript function: ``trace``, ``fuse``, ``print``; ``operators`` is the table.

What comes out is an ES module with one export:

    const evaluate = create({anchor: [6, 2], other: [6, 2], labels: [6]});   // checks the sizes, allocates once
    const {loss, gradients, terms} = evaluate({anchor, other, labels, margin: 0.5});

Arrays are row-major ``Float64Array``s, masks hold 0 and 1, indices are whole numbers, anything 0-dimensional is a plain
number. The gradient is that of the loss; with ``term: 3`` beside the inputs, that of the pull of the fourth term alone
(``Terms.pulls``, laid out flat). ``evaluate`` returns the same object and the same arrays at every call: copy what must
outlive the next one. ``evaluate.again(inputs)`` is faster, where since the last call only ``term`` has changed in that
very object. ``evaluate.along({anchor, other})`` says how every pull changes as the rows of the last inputs move that
way, laid out as ``pulls`` are: 0 for a term that passes no gradient on. It is not there where torch cannot derive a
gradient again. ``evaluate.shapes`` says the shape of every array in ``gradients`` and ``terms``, in the same nesting.
Beside it comes a module for heat maps, whose ``evaluate`` returns ``{loss}`` alone.
"""

from typing import NamedTuple

from lossviz.lowering.fuse import plan
from lossviz.lowering.graph import Graph, UnknownOperator
from lossviz.lowering.print import module
from lossviz.lowering.trace import graph_of

__all__ = ["Modules", "UnknownOperator", "to_javascript"]


class Modules(NamedTuple):
    """The texts of two ES modules that export ``create``: of the loss with its gradients and terms, of its value."""

    whole: str
    value: str


def to_javascript(loss, *example_inputs) -> Modules:
    """The loss in JavaScript, from one trace.

    ``example_inputs`` are the tensors of ``loss.define``, (B, d) and (B,), in any batch size and dimension: only their
    ranks, dtypes and proportions are used, and one module serves every B and d. Numbers (``margin``) and tensors among
    the loss's fields become inputs of ``evaluate``; every other field is baked in.

    Raises ``UnknownOperator`` for an operator that the table does not hold, and for what torch cannot trace, ValueError
    for inputs that do not fit.
    """
    try:
        return _printed(graph_of(loss, example_inputs))
    except RuntimeError:  # the table lacks an operator that ``along`` needs, or more: then that is said
        pass
    try:
        return _printed(graph_of(loss, example_inputs, along=False))
    except NotImplementedError as error:  # ours, or torch's own
        raise UnknownOperator(f"{type(loss).__name__}: {error}") from None
    except RuntimeError as error:
        said = str(error).partition("\n")[0]  # then torch's advice follows, on its own tools
        raise UnknownOperator(f"{type(loss).__name__}: torch cannot trace it: {said}") from error


def _printed(graph: Graph) -> Modules:
    return Modules(module(plan(graph)), module(plan(graph.value())))
