"""Pictures that are not widgets: the loss as one sentence moves over the plane, as a surface and as a field of arrows.

A plotly figure becomes `Interactive`, which works in JupyterLab and on the page.
"""

import html
import json
from dataclasses import dataclass

import matplotlib.pyplot as plt
import plotly.graph_objects as go
from matplotlib.figure import Figure

from lossviz.losses import Loss
from lossviz.situations import Situation
from lossviz.surface import Surface, surface

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


def loss_surface(loss: Loss, situation: Situation, point: int, reach: float = 1.6, resolution: int = 61) -> Interactive:
    """The loss as one point of a situation moves over the square [−reach, reach]², as a surface to turn."""
    found = _surface(loss, situation, point, reach, resolution)
    name = situation.sentence(point).short
    drawn = go.Surface(
        x=found.x.tolist(), y=found.y.tolist(), z=found.loss.tolist(), colorscale="Cividis", showscale=False
    )
    axes = {"xaxis_title": "x", "yaxis_title": "y", "zaxis_title": "loss"}
    figure = go.Figure(drawn, {"scene": axes, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}})
    low, high = found.loss.min().item(), found.loss.max().item()
    return Interactive(figure, f"The loss from {low:.4f} to {high:.4f} as “{name}” moves over the plane")


def gradient_field(loss: Loss, situation: Situation, point: int, reach: float = 1.6, resolution: int = 21) -> Figure:
    """Where one point would be moved from every place of the square [−reach, reach]²: arrows on contours."""
    fine, coarse = (_surface(loss, situation, point, reach, each) for each in (101, resolution))
    figure, axes = plt.subplots(figsize=(6, 6), layout="constrained")
    axes.contour(fine.x, fine.y, fine.loss, levels=12, colors="0.75", linewidths=1)
    longest = coarse.gradient.norm(dim=-1).max().item() or 1.0
    spacing = 2 * reach / (resolution - 1)
    arrows = {"angles": "xy", "scale_units": "xy", "scale": longest / (1.2 * spacing), "width": 0.004}
    axes.quiver(coarse.x, coarse.y, -coarse.gradient[..., 0], -coarse.gradient[..., 1], color="#0072b2", **arrows)
    for index, (x, y) in enumerate(situation.points(2).tolist()):
        if index != point:
            axes.plot(x, y, "o", color="black")
            axes.annotate(situation.sentence(index).short, (x, y), xytext=(6, 6), textcoords="offset points")
    axes.set(aspect="equal", xlabel="x", ylabel="y", title=f"Where “{situation.sentence(point).short}” would go")
    plt.close(figure)  # shown once, by the cell that returns it
    return figure


def _surface(loss: Loss, situation: Situation, point: int, reach: float, resolution: int) -> Surface:
    return surface(loss, situation.inputs(situation.points(2)), situation.rows_of(point), resolution, reach)
