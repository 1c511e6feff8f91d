"""The chapter's figure stands beside its words: where a page is built, not where it is read.

A code cell with the tag ``figure`` gives its output to an ``<aside>`` before the words that speak of it; style sheets
alone keep it in sight. A second one begins a spread of its own, with the part of the chapter that it stands in.
"""

from docutils import nodes
from sphinx.application import Sphinx

FIGURE = "tag_figure"
HEAD = '{metatags}\n<meta name="lossviz-page" content="{kinds}">'
OPENED = '<div class="figure-column"><aside class="{look}" aria-label="The figure">'
TOGGLE = '<button type="button" class="figure-toggle" aria-expanded="false">Open</button></aside></div>'


def dock_figures(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.format != "html":
        return
    for chapter in doctree.children:
        if isinstance(chapter, nodes.section) and any(map(is_figure, chapter.findall(nodes.container))):
            dock(chapter)


def is_figure(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and FIGURE in node["classes"]


def dock(chapter: nodes.section) -> None:
    """Title, figure and words of the first spread are the chapter's own children; others stand in a container."""
    title = chapter.index(chapter.next_node(nodes.title)) + 1
    head, parts = chapter[:title], chapter[title:]
    spreads: list[list[nodes.Node]] = [[]]
    figures: list[nodes.Node | None] = [None]
    for part in parts:
        cell = part if is_figure(part) else next(filter(is_figure, part.findall(nodes.container)), None)
        output = cell and next(each for each in cell.children if "cell_output" in each["classes"])
        if output:
            cell.remove(output)
            if figures[-1]:
                spreads.append([])
                figures.append(None)
            figures[-1] = output
            output["compact"] = "tag_compact" in cell["classes"]  # the front page's leaves the words more room
        if part is not cell or cell.children:
            spreads[-1].append(part)
    (words, *others), (figure, *rest) = spreads, figures
    chapter.children = []
    chapter.extend([*head, *spread(figure, words)])
    chapter.extend(nodes.container("", *spread(*each), classes=["spread"]) for each in zip(rest, others, strict=True))
    chapter["classes"].append("spread")


def spread(figure: nodes.Node, words: list[nodes.Node]) -> list[nodes.Node]:
    look = "figure-dock compact" if figure["compact"] else "figure-dock"
    return [
        nodes.raw("", OPENED.format(look=look), format="html"),
        figure,
        nodes.raw("", TOGGLE, format="html"),
        nodes.container("", *words, classes=["words"]),
    ]


def announce_figures(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """The head says what stands in the page: its columns are right before a browser has read down to the figure."""
    if doctree and any("spread" in chapter["classes"] for chapter in doctree.findall(nodes.section)):
        compact = any(output.get("compact") for output in doctree.findall(nodes.container))
        kinds = "spread compact" if compact else "spread"
        context["metatags"] = HEAD.format(metatags=context.get("metatags", ""), kinds=kinds)
