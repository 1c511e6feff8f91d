"""A definition as a chapter prints it: the lines that compute the loss, without what only the pictures read."""

import ast
import inspect
import textwrap
from collections.abc import Callable

WIDTH = 78  # letters of code in a chapter's column
INDENT = "    "
FOR_PICTURES = {"active", "chosen", "numbers", "pulls", "shares", "thresholds", "valid"}


def definition(*functions: Callable):
    """Those functions as coloured code: ``definition(loss.define)``."""
    from IPython.display import Code

    return Code("\n\n".join(map(listing, functions)), language="python")


def listing(function: Callable) -> str:
    """Its lines as they stand in the file, but for types, docstring and comments; ``...`` is left for the pictures."""
    source = textwrap.dedent(inspect.getsource(function))
    (tree,) = ast.parse(source).body
    lines = (wrapped(INDENT + each) for part in kept(tree, source) for each in part.splitlines())
    return "\n".join([f"def {tree.name}({signature(tree.args)}):", *lines])


def signature(arguments: ast.arguments) -> str:
    rest = [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    return ", ".join([*(each.arg for each in arguments.args), *rest])


def kept(tree: ast.FunctionDef, source: str) -> list[str]:
    """From the last line back: those that make or change a name which a later one reads."""
    *body, last = tree.body
    last, text = without_pictures(last, source)
    needed, lines = names(last, ast.Load), [text]
    for line in reversed(body):
        touched = names(line, ast.Store if isinstance(line, ast.Assign) else ast.AST)
        if touched & needed:
            needed |= names(line, ast.Load)
            lines.append(written(line, source))
    return lines[::-1]


def without_pictures(line: ast.Return, source: str) -> tuple[ast.Return, str]:
    """The return and its text; where arguments are for pictures alone, without them."""
    text, call = written(line, source), line.value
    if isinstance(call, ast.Call):
        given = len(call.args) + len(call.keywords)
        call.args = [each for each in call.args if getattr(each, "id", None) not in FOR_PICTURES]
        call.keywords = [each for each in call.keywords if each.arg and each.arg not in FOR_PICTURES]
        if len(call.args) + len(call.keywords) < given:
            text = f"{ast.unparse(line)[:-1]}, ...)"
    return line, text


def names(tree: ast.AST, use: type) -> set[str]:
    found = (each for each in ast.walk(tree) if isinstance(each, ast.Name))
    return {each.id for each in found if use is ast.AST or isinstance(each.ctx, use)}


def written(line: ast.stmt, source: str) -> str:
    return textwrap.dedent(ast.get_source_segment(source, line, padded=True))


def wrapped(line: str) -> str:
    """A line that is too long goes on below: it breaks inside as few brackets as it can, as late as it can."""
    inside = [(-depth(line[:k]), k) for k in range(min(len(line), WIDTH + 1)) if line[k] == " " and depth(line[:k])]
    if len(line) <= WIDTH or not inside:
        return line
    _, place = max(inside)
    return f"{line[:place]}\n{3 * INDENT}{line[place + 1 :]}"


def depth(text: str) -> int:
    return sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))
