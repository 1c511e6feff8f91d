"""The page "Every loss", written from the catalogue and the docstrings: a loss added there is on the page."""

import inspect
import re
import textwrap
from collections.abc import Iterable

from lossviz.catalogue import ENTRIES, Entry, Paper, Parameter
from lossviz.losses import Terms
from lossviz.losses.base import Loss

MARK = "<!-- every loss -->"
WIDTH = 78  # letters of code in a line of the page
CHAPTERS = {"unlabelled_pairs": "unlabelled"}  # where an input type shares another's chapter
INDENT = "    "  # of the formula in a docstring
KINDS = {"both": "a label between 0 and 1"}


def write(app, docname: str, source: list[str]) -> None:
    """Puts the losses in place of the mark, when Sphinx reads a page that has one."""
    if MARK in source[0]:
        source[0] = source[0].replace(MARK, every_loss(ENTRIES))


def every_loss(entries: Iterable[Entry]) -> str:
    """Markdown: a table of the losses, then a section for each."""
    entries = tuple(entries)
    return "\n\n".join([overview(entries), *map(section, entries)])


def overview(entries: tuple[Entry, ...]) -> str:
    rows = [
        (f"[{breakable(name(each))}](#{anchor(each)})", each.loss.inputs.shape, axes(each.loss)) for each in entries
    ]
    return table(("loss", "learns from", "one term for each"), rows)


def section(entry: Entry) -> str:
    summary, *rest = inspect.getdoc(entry.loss).split("\n\n")
    parts = [
        f"({anchor(entry)})=\n## {name(entry)}",
        prose(summary),
        fenced(signature(entry)),
        *(f"$$\n{entry.formula}\n$$" if each.startswith(INDENT) else prose(each) for each in rest),
        facts(entry),
        parameters(entry),
        f"**Terms.** {terms_in_words(entry)}",
        changes(entry),
        f"**Paper.** {cited(entry.paper)}",
        f":::{{dropdown}} The code\n{fenced(code(entry.loss))}\n:::",
    ]
    return "\n\n".join(each for each in parts if each)


def name(entry: Entry) -> str:
    return entry.loss.__name__


def breakable(name: str) -> str:
    """A name that a narrow column breaks between its words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "<wbr>", name)


def anchor(entry: Entry) -> str:
    return f"loss-{name(entry).lower()}"


def labels(entry: Entry) -> str:
    allowed = entry.loss.inputs.labels
    return allowed.meaning if allowed else "none"


def axes(loss: type[Loss]) -> str:
    return " × ".join(each.replace("_", " ") for each in loss.axes)


def signature(entry: Entry) -> str:
    """How the loss is made, with its defaults, and how it is called."""
    made = inspect.signature(entry.loss).replace(return_annotation=inspect.Signature.empty)
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in made.parameters.values()]
    lines = [f"loss = {name(entry)}({', '.join(map(str, bare))})", f"loss({', '.join(arguments(entry))})"]
    return "\n".join(textwrap.fill(line, WIDTH, subsequent_indent="    ") for line in lines)


def arguments(entry: Entry) -> list[str]:
    inputs = entry.loss.inputs
    return [*inputs.arguments, *([f"*{inputs.more}s"] if inputs.more else [])]


def facts(entry: Entry) -> str:
    chapter = CHAPTERS.get(entry.loss.inputs.name, entry.loss.inputs.name)
    rows = [
        ("learns from", entry.loss.inputs.shape),
        ("labels", labels(entry)),
        ("one term for each", axes(entry.loss)),
        ("a term adds", "; ".join(f"{formula} ({kind})" for kind, formula in term_formulas(entry))),
        ("in sentence-transformers", f"`{name(entry)}`"),
        ("to move it", f"[]({chapter})"),
    ]
    return "\n".join(f"- {fact}: {text}" for fact, text in rows)


def term_formulas(entry: Entry) -> list[tuple[str, str]]:
    """The formula of each kind of term, a name's braces gone: the number that stands there is the reader's."""
    formulas = entry.term(entry.default()).items()
    return [(KINDS.get(kind, kind), re.sub(r"{(\w+)}", r"\1", text)) for kind, text in formulas]


def parameters(entry: Entry) -> str:
    defaults = inspect.signature(entry.loss).parameters
    rows = [
        (f"`{each}`", f"*{known.symbol}*", default(defaults[each]), reach(known), known.meaning)
        for each, known in entry.parameters.items()
    ]
    return table(("parameter", "symbol", "default", "range", "meaning"), rows) if rows else "It has no parameters."


def default(parameter: inspect.Parameter) -> str:
    return "–" if parameter.default is parameter.empty else f"`{parameter.default!r}`"


def reach(parameter: Parameter) -> str:
    if parameter.choices:
        return ", ".join(f"`{each!r}`" for each in parameter.choices)
    return "–" if parameter.minimum is None else f"{parameter.minimum:g} to {parameter.maximum:g}"


def terms_in_words(entry: Entry) -> str:
    """What ``loss.terms`` holds for an example of the input type."""
    example = entry.loss.inputs.example()
    terms: Terms = entry.default().terms(*example)
    batch = f"For a batch of {len(example[0])} rows"
    reads = entry.loss.reads
    parts = [
        f"`matrix` has the shape `{tuple(terms.matrix.shape)}`, each number {article(reads)} {reads}",
        f"`valid`, `active` and `values` have the shape `{tuple(terms.values.shape)}`: {axes(entry.loss)}",
    ]
    for field in ("chosen", "thresholds", "numbers", "shares"):
        if found := getattr(terms, field):
            parts.append(f"`{field}` has {' and '.join(f'`{each}`' for each in found)}")
    return f"{batch}, {'; '.join(parts)}."


def article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def changes(entry: Entry) -> str:
    found = [f"- {version}: {change}." for version, change in entry.changes]
    return "\n".join(["**What changed in sentence-transformers.**", "", *found]) if found else ""


def cited(paper: Paper) -> str:
    return f"{paper.authors}: *{paper.title}*. {paper.venue}, {paper.year}."


def prose(paragraph: str) -> str:
    """A paragraph of a docstring as Markdown: its literals marked once."""
    return paragraph.replace("``", "`")


def code(loss: type[Loss]) -> str:
    """The class as its file has it, without the docstring that stands above it on the page."""
    return re.sub(r'\n    """.*?"""\n', "\n", inspect.getsource(loss), count=1, flags=re.DOTALL)


def fenced(code: str) -> str:
    return f"```python\n{code.rstrip()}\n```"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    cells = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(each.replace("|", r"\|") for each in row) + " |" for row in cells)
