"""The picture that a passage speaks of, drawn when the book is built: it needs no script, and it prints.

A passage begins at a heading, and where a link enters another situation. Its picture stands after the paragraph of its
first link that names a situation, parameters or points; a click on it shows the same in the figure. A figure that no
passage shows as it begins has one more, for paper.
"""

import hashlib
import html
import json
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes

PASSING = {"view", "chosen", "step", "play", "ask", "live", "reset"}  # what alone makes no other picture


class Stills:
    """Those of one page, link by link."""

    def __init__(self, app, docname: str) -> None:
        self.folder = Path(app.outdir, "_images")
        self.source = f"{'../' * docname.count('/')}_images"
        self.shown: dict[nodes.Node, int] = {}  # section → the situation of its last passage
        self.drawn: set[str] = set()

    def add(self, link: nodes.reference, spec: dict, state: dict, asked: dict[str, str]) -> None:
        """A picture of the state, if a passage begins with this link and the page has none of it."""
        section = next((each for each in ancestors(link) if isinstance(each, nodes.section)), None)
        known = self.shown.get(section)
        if not asked.keys() - PASSING or (
            known is not None and ("situation" not in asked or known == state["situation"])
        ):
            return
        self.shown[section] = state["situation"]
        key = key_of(spec, state, asked)
        if key not in self.drawn and (picture := self.picture(spec, state, asked)):
            self.drawn.add(key)
            put_after(link, picture)

    def add_untouched(self, spec: dict, state: dict, document: nodes.document) -> None:
        """A picture of a figure as it begins, for paper alone, if no passage has it."""
        cells = [each for each in document.findall(nodes.container) if "tag_figure" in each["classes"]]
        own = next((each for each in cells if f'name="{spec["name"]}"' in each.astext()), None)
        known = key_of(spec, state, {}) in self.drawn
        if own and not known and (picture := self.picture(spec, state, {}, "still untouched")):
            own.parent.insert(own.parent.index(own) + 1, picture)

    def picture(self, spec: dict, state: dict, asked: dict[str, str], look: str = "still") -> nodes.raw | None:
        from lossviz.widgets import address, still

        if not still.knows(state["loss"]):
            return None
        seen = still.Still.of(spec, state, "ask" in asked)
        figure = still.draw(seen)
        text = still.as_svg(figure)
        name = f"still-{hashlib.sha256(text.encode()).hexdigest()[:12]}.svg"
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")
        width, height = (round(72 * inches) for inches in figure.get_size_inches())
        more = "".join(f"&{key}={asked[key]}".removesuffix("=") for key in ("view", "ask") if key in asked)
        image = (
            f'<img class="dark-light" src="{self.source}/{name}" alt="{html.escape(still.description(seen))}" '
            f'width="{width}" height="{height}" loading="lazy">'
        )
        look += "" if spec["dimension"] == 2 else " terms"
        return nodes.raw("", SHOWN.format(
            look=look, above=still.above_plane(seen), address=html.escape(address.of(spec, state) + more), image=image,
            title=html.escape(seen.title),
        ), format="html")  # fmt: skip


SHOWN = (
    '<figure class="{look}" style="--above: {above}"><a class="action" href="{address}"><span class="picture">{image}'
    '</span><span class="caption"><b>{title}</b> <span class="hint">Show it in the figure</span></span></a></figure>'
)


def key_of(spec: dict, state: dict, asked: dict[str, str]) -> str:
    """Of what one picture shows."""
    return json.dumps([spec["name"], state, "ask" in asked], sort_keys=True)


def ancestors(node: nodes.Node) -> Iterator[nodes.Node]:
    while node := node.parent:
        yield node


def put_after(link: nodes.reference, picture: nodes.raw) -> None:
    """After the paragraph of the link, or after the table that it stands in."""
    blocks = [each for each in ancestors(link) if isinstance(each, nodes.TextElement | nodes.table)]
    block = next((each for each in blocks if isinstance(each, nodes.table)), blocks[-1])
    block.parent.insert(block.parent.index(block) + 1, picture)
