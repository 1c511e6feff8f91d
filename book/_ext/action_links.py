"""Links in the prose that move a figure, ``[text](#name?situation=start&scale=20)``: whether each means something.

MyST would look for a heading of that name. Here it becomes a plain link, on its page or to another's.
"""

import json
import re
from functools import lru_cache

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

NAMED = re.compile(r"[A-Za-z0-9-]+\?")
LOGGER = logging.getLogger(__name__)


class ActionLinks(SphinxPostTransform):
    """A warning, which fails the build, names what a link asks for and its figure has not got."""

    default_priority = 8  # before MyST resolves its links

    def run(self, **kwargs) -> None:
        for pending in list(self.document.findall(addnodes.pending_xref)):
            page, fragment = place_of(pending, self.env.docname)
            if NAMED.match(fragment):
                if reason := why_not(figures(self.env, page), fragment):
                    LOGGER.warning("#%s: %s", fragment, reason, location=pending, type="lossviz", subtype="address")
                uri = "" if page == self.env.docname else self.app.builder.get_relative_uri(self.env.docname, page)
                link = nodes.reference("", "", *pending.children, refuri=f"{uri}#{fragment}", internal=True)
                link["classes"].append("action")
                pending.replace_self(link)


def place_of(pending: addnodes.pending_xref, docname: str) -> tuple[str, str]:
    """The page and the fragment that a link names."""
    if pending.get("refdomain") == "doc":
        return pending["reftarget"], pending.get("reftargetid") or ""
    return docname, pending["reftarget"] if pending["reftype"] == "myst" else ""


def why_not(found: dict[str, dict], fragment: str) -> str | None:
    """What is wrong with an address, by the figures of its page; None for nothing."""
    from lossviz import address

    name, asked = address.split(f"#{fragment}")
    if name not in found:
        return f"figure: expected one of this page, {', '.join(sorted(found)) or 'which has none'}, got {name!r}"
    try:
        address.follow(found[name], address.first(found[name]), asked)
    except ValueError as error:
        return str(error)
    return None


def figures(env, page: str) -> dict[str, dict]:
    """The specs of the explorers of a page, by their names, out of its widgets' state."""
    scripts = NbMetadataCollector.get_js_files(env, page)
    _, script = scripts.get("ipywidgets_state", (None, {"body": "{}"}))
    return specs_in(script["body"])


@lru_cache(maxsize=32)
def specs_in(state: str) -> dict[str, dict]:
    models = json.loads(state).get("state", {}).values()
    specs = [json.loads(each["state"]["spec"]) for each in models if "spec" in each["state"]]
    return {each["name"]: each for each in specs}
