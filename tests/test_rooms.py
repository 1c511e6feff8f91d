"""The rooms: data flows one way, a loss is named in few places, no mathematics stands twice, functions are short."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lossviz.losses import LOSSES

ROOT = Path(__file__).resolve().parents[1]
LOSSVIZ = ROOT / "lossviz"
STATIC = LOSSVIZ / "widgets" / "static"
PYTHON = sorted(LOSSVIZ.rglob("*.py"))
SCRIPTS = sorted([*STATIC.rglob("*.js"), *(ROOT / "book" / "_static").glob("*.js")])
LONGEST = 60  # lines of a function

# Nothing imports from a room below its own.
ROOMS = (
    "_torch",
    "along",
    "distances",
    "masks",
    "inputs",
    "losses",
    "listing",
    "fast",
    "catalogue",
    "surface",
    "sentences",
    "lowering",
    "batches",
    "situations",
    "training",
    "figures",
    "widgets",
    "__main__",
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


# ---- data flows one way


def room(module: str) -> str:
    return module.removeprefix("lossviz.").split(".")[0]


def imported(path: Path) -> Iterator[str]:
    """What a file needs to be read; what a function asks for when it is called is another matter."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "lossviz":
            yield from (f"lossviz.{each.name}" for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", [each for each in PYTHON if each != LOSSVIZ / "__init__.py"], ids=named)
def test_nothing_imports_from_a_room_below_its_own(path):
    own = path.relative_to(LOSSVIZ).parts[0].removesuffix(".py")
    rooms = {room(each) for each in imported(path) if each.startswith("lossviz.")}
    assert {own, *rooms} <= set(ROOMS)
    assert [each for each in rooms if ROOMS.index(each) > ROOMS.index(own)] == []


# ---- where a loss may be named

MAY_NAME = [LOSSVIZ / each for each in ("losses", "catalogue", "fast", "situations")]
FILES = [
    *PYTHON,
    *SCRIPTS,
    *(ROOT / "book" / "_ext").glob("*.py"),
    *(ROOT / "tools").glob("*.py"),
]
A_LOSS = re.compile(rf"\b({'|'.join(LOSSES)})\b")


@pytest.mark.parametrize("path", [each for each in FILES if not set(MAY_NAME) & set(each.parents)], ids=named)
def test_no_other_file_names_a_loss(path):
    assert A_LOSS.findall(path.read_text(encoding="utf-8")) == []


# ---- JavaScript formats and draws

MATHEMATICS = re.compile(r"Math\.(exp|expm1|log|log1p|log2|log10|sqrt|cbrt|pow|tanh|sinh|cosh|hypot)\b|\*\*")
TELLS = [STATIC / "engine.js", *(STATIC / "charts").rglob("*.js"), *(STATIC / "readings").rglob("*.js")]


def without_comments(script: str) -> str:
    return re.sub(r"//.*|/\*.*?\*/", "", script)


def test_mathematics_is_found():
    assert MATHEMATICS.search("const share = Math.exp(x);") and MATHEMATICS.search("x ** 2")
    assert len(TELLS) > 10


@pytest.mark.parametrize("path", TELLS, ids=named)
def test_no_mathematics_of_a_loss_is_written_again(path):
    assert MATHEMATICS.findall(without_comments(path.read_text(encoding="utf-8"))) == []


# ---- functions


def python_functions(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.end_lineno - node.lineno + 1


# A function starts with its name and ends with a bracket as far in as it began: how our scripts are laid out.
# So does a method, and what an object holds under a name.
BEGINS = re.compile(
    r"^( *)(?:export )?(?:async )?(?:function\*? (\w+)|(?:const )?(\w+)(?: =|:) (?:async )?\([^)]*\) =>"
    r"|(?!(?:if|for|while|switch|catch)\b)(?:[gs]et )?(#?\w+)\(.*\) (?=\{$)).*\{$"
)


def script_functions(text: str) -> Iterator[tuple[str, int]]:
    lines = text.splitlines()
    for start, line in enumerate(lines):
        begins = BEGINS.match(line)
        if begins:
            closing = re.compile(rf"^{begins[1]}\}}")
            end = next(k for k in range(start + 1, len(lines)) if closing.match(lines[k]))
            yield begins[begins.lastindex], end - start + 1


@pytest.mark.parametrize("path", FILES, ids=named)
def test_functions_are_short(path):
    functions = python_functions if path.suffix == ".py" else script_functions
    found = list(functions(path.read_text(encoding="utf-8")))
    assert [each for each in found if each[1] > LONGEST] == []


def test_functions_are_found():
    assert dict(script_functions("export function a() {\n  b();\n}\nconst c = (d) => {\n};\n")) == {"a": 3, "c": 2}
    methods = "{\n  async draw({ x }, y = f()) {\n    if (x) {\n    }\n  },\n  late: (z) => {\n  },\n}\n"
    assert dict(script_functions(methods)) == {"draw": 4, "late": 2}
    assert dict(python_functions("def a():\n    pass\n")) == {"a": 2}
