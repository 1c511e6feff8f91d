"""What we undo of jupyter-book, its theme and myst-nb, and why.

A page asks nothing of another origin, weighs little, and comes out the same on every build.

What a setting can undo stands in _config.yml:

- ``extensions`` is jupyter-book's own list without sphinx_thebe, which adds a script from a CDN to every page.
- ``mathjax_path`` and ``nb_ipywidgets_js`` name our files in place of MathJax and the widgets' manager from a CDN.

``_templates/static/webpack-macros.html`` drops the theme's script of icons. The rest is here.
"""

import json

from docutils import nodes
from sphinx.application import Sphinx
from widget_pages import script_json, share_texts, stable_page

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


def rewrite_widgets(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """myst-nb writes widgets under random ids, and a module of 100 kB once for each of them."""
    for script in context.get("script_files", []):
        if script.attributes.get("type") == WIDGET_STATE:
            document = json.loads(script.attributes["body"])
            context["body"], document = stable_page(context["body"], document)
            script.attributes["body"] = script_json(share_texts(document))


def let_pictures_wait(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """A browser loads every picture at once, also those in folds that are closed."""
    for image in doctree.findall(nodes.image):
        image["loading"] = "lazy"
