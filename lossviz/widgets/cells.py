"""What is shown, as a cell of Python to copy: with lossviz, and with sentence-transformers.

The page has no Python: a cell is a text with gaps, «the points» or «margin», which views/python.js fills.
"""

import ast
from collections.abc import Callable, Container

from torch import Tensor

from lossviz import catalogue
from lossviz.inputs import CLASS_NUMBER
from lossviz.losses import LOSSES, Loss
from lossviz.widgets.spec import CellSpec

OURS = """\
{imports}

batch = lossviz.Batch(
    embeddings=«the points»,
    rows=«the rows»,
    labels=«the labels»,
    texts=«the texts»,
    classes=«the classes»,
)
loss = {loss}
print(loss(*batch.inputs()).item())
lossviz.explore(loss, batch=batch{engine})
"""
THEIRS = """\
{imports}

points = torch.tensor(«the points», dtype=torch.float64)
rows = «the rows»
labels = {labels}
features = [{{"sentence_embedding": points[each]}} for each in rows.values()]
{tensors}
# In place of a model, one that hands out the embeddings it is given: nothing is downloaded.
model = nn.Sequential(nn.Identity())
model.device = points.device
{note}
loss = {loss}
{then}
print(loss(features, labels).item())
"""
IMPORTS = "«imports»"
THEIR_IMPORTS = {
    "torch.": "import torch",
    "util.": "from sentence_transformers import util",
    "losses.": "from sentence_transformers.sentence_transformer import losses",
    "nn.": "from torch import nn",
}


class Nameless(Exception):
    """What Python elsewhere cannot name, in words."""


def cells(loss: Loss, plain: Container[str], lower: bool) -> list[CellSpec]:
    """The two cells; ``plain`` are the parameters that the page knows, ``lower`` whether the page computes the loss."""
    return [
        _cell("Copy as lossviz", lambda: _ours(loss, plain, lower)),
        _cell("Copy for sentence-transformers", lambda: _theirs(loss, plain)),
    ]


def _cell(title: str, write: Callable[[], tuple[str, dict]]) -> CellSpec:
    try:
        return CellSpec(title, *write(), why="")
    except Nameless as why:
        return CellSpec(title, None, {}, str(why))


def _ours(loss: Loss, plain: Container[str], lower: bool) -> tuple[str, dict]:
    imports = ["import lossviz"]
    name = _named("The loss", type(loss), imports)
    arguments = {each: _written(each, value, plain, imports) for each, value in loss.settings().items()}
    if any(isinstance(each, Tensor) for each in loss.settings().values()):
        imports.append("import torch")
    engine = "" if lower else ', engine="kernel"'
    return OURS.format(imports="\n".join(imports), loss=_call(name, arguments), engine=engine), {}


def _theirs(loss: Loss, plain: Container[str]) -> tuple[str, dict]:
    known = catalogue.entry(loss)
    if not known or not known.peer:
        raise Nameless(f"Sentence-transformers has no {type(loss).__name__}.")
    peer, measure = known.peer, known.peer.measure
    if measure and measure.ours not in plain:
        raise Nameless(f"Its {measure.ours} is a function of your own, and theirs take other arguments.")
    settings = {name: _written(name, each, plain, []) for name, each in loss.settings().items() if not callable(each)}
    names = {measure.ours: measure.theirs} if measure else {}
    arguments = {names.get(name, name): text for name, text in settings.items() if name not in peer.only_ours}
    labels = f"torch.tensor(«the labels», dtype=torch.{'long' if loss.inputs.labels == CLASS_NUMBER else 'float64'})"
    body = THEIRS.format(
        imports=IMPORTS,
        labels=labels if loss.inputs.labels else "None",
        tensors="\n".join(f"{name} = {settings[name]}" for name in peer.only_ours if name in settings),
        note=f"# {peer.note}" if peer.note else "",
        loss=_call(f"losses.{type(loss).__name__}", {"model": "model", **peer.more, **arguments}),
        then=peer.then,
    )
    says = {measure.ours: measure.names} if measure else {}
    needed = [line for word, line in THEIR_IMPORTS.items() if word in f"{body} {says}"]
    return _without_gaps(body).replace(IMPORTS, "\n".join(needed)), says


def _written(name: str, value: object, plain: Container[str], imports: list[str]) -> str:
    """A setting of the loss as Python. Raises Nameless."""
    if name in plain or isinstance(value, Tensor):
        return f"«{name}»"
    if callable(value):
        return _named(f"Its {name}", value, imports)
    try:
        if ast.literal_eval(repr(value)) == value:
            return repr(value)
    except (ValueError, SyntaxError):
        pass
    raise Nameless(f"Its {name} is {value!r}, which only your own cells can make.")


def _named(what: str, thing: Callable, imports: list[str]) -> str:
    """The name of a class or a function, and where it comes from. Raises Nameless."""
    name, module = getattr(thing, "__qualname__", ""), getattr(thing, "__module__", None)
    if LOSSES.get(name) is thing:
        return f"lossviz.{name}"
    if not name.isidentifier() or not module:
        raise Nameless(f"{what} is {name or thing!r}, which has no name in another cell.")
    own = f"# {name} is your own: run the cell that defines it first."
    imports.append(own if module == "__main__" else f"from {module} import {name}")
    return name


def _call(name: str, arguments: dict[str, str]) -> str:
    """An argument a line, as a formatter would write it."""
    lines = "".join(f"    {each}={text},\n" for each, text in arguments.items())
    return f"{name}(\n{lines})" if lines else f"{name}()"


def _without_gaps(text: str) -> str:
    """Without the empty lines that a part leaves which there is not; the first one parts the imports."""
    head, rest = text.split("\n\n", 1)
    return f"{head}\n\n" + "".join(line for line in rest.splitlines(keepends=True) if line.strip())
