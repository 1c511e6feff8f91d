"""Pictures that are not widgets: the loss as one sentence moves over the plane, as a surface and as a field of arrows.

A plotly figure becomes `Interactive`, which works in JupyterLab and on the page.
"""

import html
import json
import math
import string
from dataclasses import dataclass

import matplotlib.pyplot as plt
import plotly.graph_objects as go
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from torch import Tensor

from lossviz.losses import Loss
from lossviz.situations import Situation
from lossviz.surface import Surface, surface

LABEL = {"font": {"size": 15, "color": "#111"}, "bgcolor": "rgba(255, 255, 255, 0.8)"}  # on any ground
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
    """The loss as one point of a situation moves over the square [−reach, reach]², as a surface to turn. Every point
    stands on it by its letter: the height at A is the loss if the moving point stood where A stands."""
    found = _surface(loss, situation, point, reach, resolution)
    x, y, z = (each.round(decimals=5).tolist() for each in (found.x, found.y, found.loss))  # digits weigh, on a page
    drawn = go.Surface(x=x, y=y, z=z, colorscale="Cividis", showscale=False)
    low, high = found.loss.min().item(), found.loss.max().item()
    marks = _marks(loss, situation, point, lift=0.02 * (high - low))
    names = [  # beside a mark that a hill hides they still stand
        {"x": x, "y": y, "z": z, "text": f"<b>{letter(index)}</b>", "showarrow": False, "yshift": 14, **LABEL}
        for index, (x, y, z) in enumerate(zip(marks.x, marks.y, marks.z, strict=True))
    ]
    titles = {"xaxis": "x", "yaxis": "y", "zaxis": "loss"}
    axes = {axis: {"title": {"text": words, "font": {"size": 16}}} for axis, words in titles.items()}
    view = {"aspectmode": "manual", "aspectratio": {"x": 1, "y": 1, "z": 0.7}}  # whatever the loss's range
    view |= {"camera": {"eye": {"x": 1.4, "y": 1.4, "z": 1.1}}, "annotations": names}
    moving, name = letter(point), situation.sentence(point).short
    title = {"text": f"{type(loss).__name__} as {moving} moves", "x": 0.5, "font": {"size": 16}}
    place = {"margin": {"l": 0, "r": 0, "t": 40, "b": 0}, "modebar": {"orientation": "v"}}  # not over the title
    figure = go.Figure([drawn, marks], {"scene": axes | view, "title": title, "showlegend": False, **place})
    return Interactive(figure, f"The loss from {low:.4f} to {high:.4f} as {moving}, “{name}”, moves over the plane")


def letter(point: int) -> str:
    """What a point is called: as in the explorer."""
    return string.ascii_uppercase[point]


def _marks(loss: Loss, situation: Situation, point: int, lift: float) -> go.Scatter3d:
    """Every point, a little above the surface; the moving one is a diamond."""
    places = situation.points(2)
    batches = places.repeat(len(places), 1, 1)
    batches[:, point] = places
    heights = loss.value(*situation.inputs(batches)).detach() + lift
    shapes = ["diamond" if index == point else "circle" for index in range(len(places))]
    return go.Scatter3d(
        x=places[:, 0].tolist(), y=places[:, 1].tolist(), z=heights.tolist(), mode="markers",
        marker={"size": 5, "symbol": shapes, "color": "#d55e00", "line": {"color": "white", "width": 1}},
    )  # fmt: skip


def gradient_field(
    loss: Loss, situation: Situation, point: int, beside: Loss | None = None, reach: float = 1.6, resolution: int = 21
) -> Figure:
    """Where one point would be moved from every place of the square [−reach, reach]²: arrows on the loss, every point
    by its letter. Another loss ``beside`` it has the same shades and the same scale of arrows."""
    losses = [loss, beside] if beside else [loss]
    fine, coarse = ([_surface(each, situation, point, reach, size) for each in losses] for size in (201, resolution))
    figure, several = plt.subplots(1, len(losses), figsize=(6 * len(losses), 5), layout="constrained", squeeze=False)
    levels = torch.linspace(*_range(fine), 13).tolist()
    down = [-_without_centre(each) for each in coarse]
    longest = max(each.norm(dim=-1).max().item() for each in down) or 1.0
    spacing = 2 * reach / (resolution - 1)
    arrows = {"angles": "xy", "scale_units": "xy", "scale": longest / (1.2 * spacing), "width": 0.004}
    for axes, each, shades, grid, way in zip(several[0], losses, fine, coarse, down, strict=True):
        shaded = axes.contourf(shades.x, shades.y, shades.loss, levels=levels, cmap="Blues", alpha=0.55, extend="both")
        axes.contour(shades.x, shades.y, shades.loss, levels=levels, colors="0.6", linewidths=0.7)
        axes.quiver(grid.x, grid.y, *way.unbind(-1), color="black", **arrows)
        _name_points(axes, situation, point, reach)
        title = f"Where {letter(point)}, hollow, would go\n{type(each).__name__}"
        axes.set(aspect="equal", xlabel="x", ylabel="y", title=title)
    figure.colorbar(shaded, ax=several[0].tolist(), label="loss", shrink=0.8, ticks=levels[::3], format="%.3g")
    plt.close(figure)  # shown once, by the cell that returns it
    return figure


def _range(surfaces: list[Surface]) -> tuple[float, float]:
    """From the lowest to the highest loss of all; a flat one has some height too."""
    low = min(each.loss.min().item() for each in surfaces)
    return low, max(low + 1e-9, *(each.loss.max().item() for each in surfaces))


def _name_points(axes: Axes, situation: Situation, point: int, reach: float) -> None:
    """A dot for each point, hollow for the one that moves, and its letter beside it."""
    places = situation.points(2).tolist()
    for index, (x, y) in enumerate(places):
        axes.plot(x, y, "o", color="#d55e00", markersize=8, markerfacecolor="white" if index == point else "#d55e00")
        side, shift = ("right", -8) if x > reach / 2 else ("left", 8)
        others = places[:index] + places[index + 1 :]
        under = any(math.dist((x, y), other) < reach / 6 and (y, index) < (other[1], len(places)) for other in others)
        name = axes.annotate(
            letter(index), (x, y), (shift, -16 if under else 4), textcoords="offset points", ha=side, weight="bold",
            size=13,
        )  # fmt: skip
        name.set_path_effects([withStroke(linewidth=3, foreground="white")])  # legible on the arrows


def _without_centre(field: Surface) -> Tensor:
    """The gradient (n, n, 2). If it only turns the point, it is endless at the centre: there it is left out."""
    places = torch.stack(torch.meshgrid(field.x, field.y, indexing="xy"), dim=-1)
    outwards = (field.gradient * places).sum(-1)
    turns_only = outwards.abs().max() < 1e-9 * field.gradient.norm(dim=-1).max()
    return torch.where(turns_only & (places.norm(dim=-1, keepdim=True) < 0.5), 0.0, field.gradient)


def _surface(loss: Loss, situation: Situation, point: int, reach: float, resolution: int) -> Surface:
    inputs, moving = situation.inputs(situation.points(2)), situation.rows_of(point)
    return surface(loss, inputs, moving, resolution, reach, progress=False)  # a slow machine builds the same page


STYLES = (("--", "black"), ("-", "#0072b2"), ("-.", "#d55e00"))


def similarity_by_turn(curves: dict[str, tuple[Loss, int]]) -> Figure:
    """What losses of scored pairs read as one sentence turns away from another, clockwise: label → (loss, dimensions),
    at most three."""
    figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
    degrees = torch.arange(181, dtype=torch.float64)
    for (label, (loss, dimensions)), (style, colour) in zip(curves.items(), STYLES, strict=False):
        axes.plot(degrees, turned(loss, dimensions, degrees), style, color=colour, label=label)
    axes.set(xlabel="from the first to the second, degrees clockwise", ylabel="similarity", xticks=range(0, 181, 45))
    axes.legend()
    plt.close(figure)
    return figure


def turned(loss: Loss, dimension: int, degrees: Tensor, seed: int = 0) -> Tensor:
    """The similarity that a loss of scored pairs reads as a row turns in a random plane: (angles,) → (angles,)."""
    generator = torch.Generator().manual_seed(seed)
    start, ahead = torch.linalg.qr(torch.randn(dimension, 2, generator=generator, dtype=torch.float64))[0].T
    if dimension == 2:
        start, ahead = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)  # clockwise
    angle = degrees.deg2rad()[:, None]
    row = angle.cos() * start + angle.sin() * ahead
    return loss.terms(start.expand(row.shape), row, torch.zeros(len(row), dtype=torch.float64)).matrix


def cells_seen(batch: int = 8, mini_batch: int = 2) -> Figure:
    """Which cells of the score matrix reach the loss: all of them, or blocks on the diagonal."""
    figure, both = plt.subplots(1, 2, figsize=(6, 3.2), layout="constrained")
    block = torch.arange(batch) // mini_batch
    seen = {"whole batch, or cached": torch.ones(batch, batch), "accumulation": (block[:, None] == block).double()}
    for axes, (title, cells) in zip(both, seen.items(), strict=True):
        axes.imshow(cells + torch.eye(batch), cmap="Blues", vmin=0, vmax=3)
        axes.plot(range(batch), range(batch), "o", color="black", markersize=4)
        axes.set(title=f"{title}: {int(cells.sum())} cells", xlabel="candidate", ylabel="anchor", xticks=[], yticks=[])
    plt.close(figure)
    return figure


def three_passes(cached: type[Loss], batch: int = 32, mini_batch: int = 8) -> Figure:
    """How many rows the encoder keeps in memory for their gradient, as one step of a cached loss goes on."""
    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    whole = [(0, 0), (2 * batch, 2 * batch), (4 * batch, 0)]
    axes.plot(*zip(*whole, strict=True), "--", color="black", label="whole batch: forward, backward")
    held = _held(cached, batch, mini_batch)
    axes.plot(*zip(*held, strict=True), color="#0072b2", label=f"cached, {mini_batch} rows at a time")
    axes.axvline(2 * batch, color="0.6", linestyle=":")
    axes.annotate("the loss", (2 * batch, 0.6 * batch), xytext=(6, 0), textcoords="offset points")
    axes.set(xlabel="rows that went through the encoder, forward or backward", ylabel="rows kept")
    axes.legend(loc="upper right")
    plt.close(figure)
    return figure


def _held(cached: type[Loss], batch: int, mini_batch: int) -> list[tuple[int, int]]:
    """(rows done, rows kept) of a cached step, as its encoder is really called."""
    done, path = 0, [(0, 0)]
    weight = torch.eye(2, dtype=torch.float64, requires_grad=True)

    def encode(rows: Tensor) -> Tensor:
        nonlocal done
        done += len(rows)
        kept = len(rows) if torch.is_grad_enabled() else 0
        path.append((done, kept))
        if kept:
            done += len(rows)
            path.append((done, 0))
        return rows @ weight

    rows = torch.randn(2, batch, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    cached(encode, mini_batch_size=mini_batch)(*rows).backward()
    return path
