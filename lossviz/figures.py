"""Pictures that are not widgets. A plotly figure becomes `Interactive`, which works in JupyterLab and on the page."""

import html
import json
from dataclasses import dataclass

import plotly.graph_objects as go

HEIGHT = 450  # pixels, where the figure names no height: the page keeps this place free before it draws


@dataclass(frozen=True, eq=False)
class Interactive:
    """A plotly figure with a sentence for readers who cannot see it.

    JupyterLab reads the plotly MIME type. The page reads the HTML, which book/_static/lazy_plotly.js draws when the
    reader comes near: plotly.min.js is 1.5 MB, so no page loads it for a figure that nobody looks at.
    """

    figure: go.Figure
    description: str

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        drawing = json.loads(self.figure.to_json())
        page = {**drawing, "layout": without_template(drawing["layout"])}
        return {
            "application/vnd.plotly.v1+json": drawing,
            "text/html": self._page_html(page),
            "text/plain": self.description,
        }

    def _page_html(self, drawing: dict) -> str:
        height = drawing["layout"].get("height", HEIGHT)
        data = json.dumps(drawing, separators=(",", ":")).replace("<", "\\u003c")
        label = html.escape(self.description)
        return (
            f'<div class="lossviz-plotly" role="img" aria-label="{label}" style="min-height:{height}px">'
            f'<script type="application/json">{data}</script></div>'
        )


def without_template(layout: dict) -> dict:
    """The page brings its own template, light or dark."""
    return {name: value for name, value in layout.items() if name != "template"}
