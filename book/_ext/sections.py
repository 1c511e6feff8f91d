"""What the search page looks through: each section of the book with its own words, in the order of the book."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

SILENT = (nodes.section, nodes.title, nodes.raw, nodes.comment, nodes.Invisible, nodes.system_message,
          nodes.literal_block)  # fmt: skip
MARKUP = re.compile(r"\\(?!(?:ln|log|exp|cos|sin|max|min)\b)(?:[a-zA-Z]+|.)|[{}$&]")


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
            "text": "\n".join(prose),
            "printed": "\n".join(printed),
        }


def collect(node: nodes.Element, prose: list[str], printed: list[str]) -> None:
    """The text of a section without its subsections: its paragraphs and formulas, and what its code prints.

    Code itself is left out: nobody looks for an import.
    """
    for child in node.children:
        if isinstance(child, nodes.Element) and child.get("nb_element") == "cell_code_output":
            printed.extend(line for each in child.findall(nodes.literal_block) for line in each.astext().splitlines())
        elif isinstance(child, SILENT):
            continue
        elif isinstance(child, nodes.TextElement):
            prose.append(words(child))
        else:
            collect(child, prose, printed)


def words(node: nodes.Node) -> str:
    """Its text on one line, formulas as one would type them."""
    if isinstance(node, nodes.math | nodes.math_block):
        return typed(node.astext())
    if isinstance(node, nodes.raw):
        return ""
    text = node.astext() if isinstance(node, nodes.Text) else "".join(map(words, node.children))
    inline = isinstance(node, nodes.Text | nodes.Inline)
    return text if inline else " ".join(text.split())


def typed(formula: str) -> str:
    """TeX without its markup: `\\ln B` is searched as "ln B"."""
    return " ".join(MARKUP.sub("", formula.replace("}{", " / ")).replace("\\", " ").split())
