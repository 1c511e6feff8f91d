"""What we undo of jupyter-book, its theme and myst-nb, and why.

A page asks nothing of another origin, weighs little, and comes out the same on every build.

What a setting can undo stands in _config.yml:

- ``extensions`` is jupyter-book's own list without sphinx_thebe, which adds a script from a CDN to every page.
- ``mathjax_path`` and ``nb_ipywidgets_js`` name our files in place of MathJax and the widgets' manager from a CDN.

``_templates/static/webpack-macros.html`` drops the theme's script of icons, ``_templates/search.html`` Sphinx's search
of pages. ``_static/undone.css`` undoes style. The rest is here.
"""

import html
import json
import re
import struct
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from widget_pages import keep_formulas, keep_places, script_json, share_texts, stable_page

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
STYLED_SIZE = re.compile(r'style="width: (\d+)px; height: (\d+)px;"')
DESCRIPTION = 160  # letters that a search engine shows


def rewrite_widgets(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """myst-nb writes widgets under random ids, and a module of 100 kB once for each of them."""
    for script in context.get("script_files", []):
        if script.attributes.get("type") == WIDGET_STATE:
            document = json.loads(script.attributes["body"])
            context["body"], document = stable_page(context["body"], document)
            context["body"] = keep_places(context["body"])
            script.attributes["body"] = script_json(share_texts(document))


def sizes_of_formulas(app: Sphinx) -> dict:
    """What tools/formulas.py measured."""
    file = Path(app.srcdir, "book", "formulas.json")
    return json.loads(file.read_text()) if file.exists() else {}


def name_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """The first page says the book's name once, a page what it is about; a fold has the name that one sees."""
    if context.get("title") == app.config.html_title:
        context["docstitle"] = ""
    if context.get("body"):
        body = context["body"].replace('<summary aria-label="Toggle hidden content">', "<summary>")
        body = STYLED_SIZE.sub(r'width="\1" height="\2"', body)  # a ratio, which a style's height is not
        context["body"] = keep_formulas(body, sizes_of_formulas(app))
    first = next(doctree.findall(lambda node: isinstance(node, nodes.paragraph)), None) if doctree else None
    if first:
        words = " ".join(first.astext().split())
        said = words if len(words) <= DESCRIPTION else words[:DESCRIPTION].rsplit(" ", 1)[0] + " …"
        context["metatags"] = f'{context.get("metatags", "")}\n<meta name="description" content="{html.escape(said)}">'


def describe_pictures(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """A picture that a cell shows has the name of its fold, keeps its place, and is loaded when its reader comes.

    By itself it would be named after its file, and a browser would load it at once, also in a fold that is closed.
    """
    for image in doctree.findall(nodes.image):
        image["loading"] = "lazy"
        image.setdefault("alt", name_of(image))
        if size := png_size(Path(app.srcdir, image["uri"])):
            image["width"], image["height"] = map(str, size)


def name_of(image: nodes.image) -> str:
    """What the fold around it is called, or else its section."""
    node = image
    while node := node.parent:
        if node.get("prompt_show"):
            return node["prompt_show"]
        if isinstance(node, nodes.section):
            return node.next_node(nodes.title).astext()
    return ""


def png_size(file: Path) -> tuple[int, int] | None:
    if file.suffix != ".png" or not file.exists():
        return None
    return struct.unpack(">II", file.read_bytes()[16:24])
