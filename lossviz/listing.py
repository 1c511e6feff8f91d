"""A definition as a chapter prints it: the lines that compute the loss, without what only the pictures read."""

import ast
import inspect
import textwrap
from collections.abc import Callable

from lossviz.losses import Loss

WIDTH = 78  # letters of code in a chapter's column
INDENT = "    "
FOR_PICTURES = {"active", "chosen", "numbers", "pulls", "shares", "thresholds", "valid"}


def definition(*functions: Callable):
    """Those functions as coloured code: ``definition(loss.define)``."""
    from IPython.display import Code

    return Code("\n\n".join(map(listing, functions)), language="python")


def listing(function: Callable) -> str:
    """Its lines as they stand in the file, but for types, docstring and comments; ``...`` is left for the pictures."""
    tree, source = parsed(function)
    lines = (wrapped(INDENT + each) for part in kept(tree, source) for each in part.splitlines())
    return "\n".join([f"def {tree.name}({signature(tree.args)}):", *lines])


def code(loss: Loss) -> str:
    """The definition of a loss and, below it, what it calls on the way; before it how the loss is called, where that is
    its own matter. "" where no source is known."""
    own = type(loss).__call__ is not Loss.__call__
    found, asked = [], [*([loss.__call__] if own else []), loss.define]
    for function in asked:  # which grows
        try:
            found.append(listing(function))
        except (OSError, TypeError, SyntaxError):  # made by exec, written in C, no def
            continue
        asked += [each for each in called(function) if each not in asked]
    return "\n\n".join(found)


def called(function: Callable) -> list[Callable]:
    """The functions of its folder that it calls by name, those of a branch last. Left out are those of every loss, and
    one that is handed the ``values`` of the terms: it only makes them ready for the pictures."""
    tree, _ = parsed(function)
    own = {each.arg: getattr(function, "__self__", None) for each in tree.args.args[:1]}
    branches = {each for line in tree.body if isinstance(line, ast.If) for each in ast.walk(line)}
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    calls.sort(key=lambda each: (each in branches, each.lineno, each.col_offset))
    asked = [each.func for each in calls if "values" not in {getattr(given, "id", None) for given in each.args}]
    found = dict.fromkeys(behind(each, function.__globals__ | own) for each in asked)
    near = [each for each in found if inspect.isroutine(each) and folder(each) == folder(function)]
    return [each for each in near if each.__module__ != Loss.__module__]


def folder(function: Callable) -> str:
    module = function.__module__ or ""  # of what is written in C
    return module.rpartition(".")[0] or module


def behind(name: ast.expr, known: dict[str, object]) -> object:
    """What a name, with dots or without, stands for; None for what is known only when the function runs."""
    if isinstance(name, ast.Attribute):
        return getattr(behind(name.value, known), name.attr, None)
    return known.get(name.id) if isinstance(name, ast.Name) else None


def parsed(function: Callable) -> tuple[ast.FunctionDef, str]:
    """Raises OSError or TypeError where there is no source, or no def in it."""
    source = textwrap.dedent(inspect.getsource(function))
    (tree,) = ast.parse(source).body
    if not isinstance(tree, ast.FunctionDef):
        raise TypeError(f"function: expected a def, got {source}")
    return tree, source


def signature(arguments: ast.arguments) -> str:
    rest = [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    return ", ".join([*(each.arg for each in arguments.args), *rest, *(each.arg for each in arguments.kwonlyargs)])


def kept(tree: ast.FunctionDef, source: str) -> list[str]:
    """From the last line back: those that make or change a name which a later one reads. All where it ends otherwise
    than by a return."""
    *body, last = tree.body
    if not isinstance(last, ast.Return):
        return [written(line, source) for line in tree.body if not is_text(line)]
    last, text = without_pictures(last, source)
    needed, lines = names(last, ast.Load), [text]
    for line in reversed(body):
        touched = names(line, ast.Store if isinstance(line, ast.Assign) else ast.AST)
        if touched & needed or any(isinstance(each, ast.Return) for each in ast.walk(line)):
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


def is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


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
