"""What the search page looks through: each section of the book with its own words, in the order of the book."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

SILENT = (nodes.section, nodes.title, nodes.raw, nodes.comment, nodes.Invisible, nodes.system_message, nodes.image)
COMMAND = re.compile(r"\\(?:text|mathrm|operatorname|mathbf|boldsymbol|left|right|frac|sum|quad|,|;|!|\|)")


def write(app: Sphinx, error: Exception | None) -> None:
    """A script, because a page opened from file:// may read no other file."""
    if error or app.builder.format != "html":
        return
    found = [each for page in pages(app.env) for each in sections(page, app.env.get_doctree(page))]
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, "_static", "sections.js").write_text(f"const bookSections = {text};\n")


def pages(env: BuildEnvironment) -> list[str]:
    """From the first page on, as the table of contents has them."""
    found, waiting = [], [env.config.root_doc]
    while waiting:
        page = waiting.pop(0)
        found.append(page)
        waiting = [*env.toctree_includes.get(page, []), *waiting]
    return found


def sections(page: str, doctree: nodes.document) -> Iterator[dict]:
    chapter = next(iter(doctree.findall(nodes.title)), nodes.Text("")).astext()
    for section in doctree.findall(nodes.section):
        prose, printed = [], []
        collect(section, prose, printed)
        top = section.parent is doctree
        yield {
            "page": page,
            "id": "" if top else section["ids"][0],
            "title": words(section[section.first_child_matching_class(nodes.title)]),
            "chapter": chapter,
            "text": " ".join(prose),
            "printed": "\n".join(printed),
        }


def collect(node: nodes.Element, prose: list[str], printed: list[str]) -> None:
    """The text of a section without its subsections: its paragraphs and formulas, and what its code prints.

    Code itself is left out: nobody looks for an import.
    """
    for child in node.children:
        if isinstance(child, SILENT):
            continue
        if isinstance(child, nodes.literal_block):
            if in_output(child):
                printed.extend(child.astext().splitlines())
        elif isinstance(child, nodes.TextElement):
            prose.append(words(child))
        else:
            collect(child, prose, printed)


def in_output(node: nodes.Node | None) -> bool:
    while node is not None:
        if isinstance(node, nodes.container) and node.get("nb_element") == "cell_code_output":
            return True
        node = node.parent
    return False


def words(node: nodes.Node) -> str:
    """Its text on one line, formulas as one would type them."""
    if isinstance(node, nodes.math | nodes.math_block):
        return typed(node.astext())
    text = node.astext() if isinstance(node, nodes.Text) else "".join(map(words, node.children))
    return " ".join(text.split()) if isinstance(node, nodes.TextElement) else text


def typed(formula: str) -> str:
    """TeX without its markup: `\\ln B` is searched as "ln B"."""
    return re.sub(r"[\\{}$&]|\s+", " ", COMMAND.sub(" ", formula)).strip()
