"""Pictures that are not widgets, drawn from the losses."""

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor

from lossviz.losses import Loss

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
