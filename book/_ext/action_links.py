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
from stills import Stills

NAMED = re.compile(r"[A-Za-z0-9-]+\?")
LOGGER = logging.getLogger(__name__)


class ActionLinks(SphinxPostTransform):
    """A warning, which fails the build, names what a link asks for and its figure has not got."""

    default_priority = 8  # before MyST resolves its links

    def run(self, **kwargs) -> None:
        standing: dict[str, dict] = {}  # figure of this page → its state, had a reader followed every link so far
        stills = Stills(self.app, self.env.docname)
        for pending in list(self.document.findall(addnodes.pending_xref)):
            page, fragment = place_of(pending, self.env.docname)
            if not NAMED.match(fragment):
                continue
            here = page == self.env.docname
            link = nodes.reference("", "", *pending.children, internal=True, classes=["action"])
            link["refuri"] = (
                "" if here else self.app.builder.get_relative_uri(self.env.docname, page)
            ) + f"#{fragment}"
            pending.replace_self(link)
            try:
                spec, state, asked = followed(figures(self.env, page), standing if here else {}, fragment)
            except ValueError as error:
                LOGGER.warning("#%s: %s", fragment, error, location=link.parent, type="lossviz", subtype="address")
                continue
            if here and self.app.builder.format == "html":
                stills.add(link, spec, state, asked)
                standing[spec["name"]] = state
        if self.app.builder.format == "html":
            self._untouched(stills)

    def _untouched(self, stills: Stills) -> None:
        from lossviz.widgets import address

        for spec in figures(self.env, self.env.docname).values():
            stills.add_untouched(spec, address.first(spec), self.document)


def place_of(pending: addnodes.pending_xref, docname: str) -> tuple[str, str]:
    """The page and the fragment that a link names."""
    if pending.get("refdomain") == "doc":
        return pending["reftarget"], pending.get("reftargetid") or ""
    return docname, pending["reftarget"] if pending["reftype"] == "myst" else ""


def followed(found: dict[str, dict], standing: dict[str, dict], fragment: str) -> tuple[dict, dict, dict]:
    """The spec of a figure, its state after a link, and what is asked. Raises ValueError naming what there is not."""
    from lossviz.inputs import wrong
    from lossviz.widgets import address

    name, asked = address.split(f"#{fragment}")
    if name not in found:
        raise wrong("figure", f"one of that page, {', '.join(sorted(found)) or 'which has none'}", repr(name))
    spec = found[name]
    return spec, address.follow(spec, standing.get(name) or address.first(spec), f"#{fragment}"), asked


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
