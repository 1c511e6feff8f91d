"""The explorer: one batch of sentences under one loss, in linked views that move. The same widget runs in Jupyter and,
without a kernel, on the published page, where the lowered loss takes torch's place."""

import json
import re
from collections import ChainMap
from dataclasses import asdict
from importlib import resources
from pathlib import Path

import anywidget
import torch
import traitlets
from torch import Tensor

from lossviz.batches import Batch
from lossviz.inputs import check_finite, wrong
from lossviz.losses import Loss, Terms
from lossviz.situations import Situation
from lossviz.situations.offered import Offer, offered, own
from lossviz.widgets import kernel, variants
from lossviz.widgets.bundle import bundle
from lossviz.widgets.scene import Scene
from lossviz.widgets.spec import EngineSpec, LossSpec, SituationSpec, Spec

STATIC = Path(__file__).parent / "static"


class Explorer(anywidget.AnyWidget):
    """A loss that moves. Made by :func:`explore`.

    ``embeddings``  (points, d): where the sentences stand now; may be set
    ``loss``        the loss with the parameters as they stand now
    ``inputs()``    the arguments of the loss, gathered from the points
    ``terms()``     the loss taken apart, computed by torch on ``device``
    ``scene``       all of this together
    ``answer(question)``  what torch answers to a question of the page
    ``name``        what the page calls it
    """

    _esm = bundle(STATIC / "explorer.js")
    _css = (STATIC / "explorer.css").read_text(encoding="utf-8")
    # What stays, as spec.py describes it. It travels as one text: what keeps notebooks sorts the keys of what it finds,
    # and the order of arguments and of losses is part of what is said.
    spec = traitlets.Dict().tag(sync=True, to_json=lambda spec, widget: json.dumps(spec))
    modules = traitlets.Dict().tag(sync=True)  # name → lowered JavaScript
    state = traitlets.Dict().tag(sync=True)  # what lasts of what moves: loss, parameters, tensors, situation, points

    def __init__(self, spec: Spec, modules: dict[str, str], losses: dict[str, Loss], batches: list[Batch]) -> None:
        self._losses, self._batches, self._device = losses, batches, torch.device(spec.engine.device)
        first = spec.situations[0]
        loss = first.loss if first.loss in losses else next(iter(losses))
        state = {"loss": loss, "situation": 0, **asdict(first.starts[loss])}
        super().__init__(spec=asdict(spec), modules=modules, state=state)
        self.on_msg(self._hear)

    @property
    def name(self) -> str:
        return self.spec["name"]

    @property
    def scene(self) -> Scene:
        """The state as torch reads it."""
        return Scene.of(self.state, self._losses, self._batches[self.state["situation"]], self._device)

    @property
    def embeddings(self) -> Tensor:
        return self.scene.points

    @embeddings.setter
    def embeddings(self, points: Tensor) -> None:
        expected = tuple(self.embeddings.shape)
        if tuple(points.shape) != expected:
            raise wrong("embeddings", f"shape {expected}", str(tuple(points.shape)))
        check_finite("embeddings", points)
        self.state = {**self.state, "points": points.tolist()}

    @property
    def loss(self) -> Loss:
        return self.scene.loss

    def inputs(self) -> tuple[Tensor, ...]:
        """The arguments of the loss as the points stand now."""
        return self.scene.inputs()

    def terms(self) -> Terms:
        """The loss taken apart, as the points stand now."""
        return self.scene.terms()

    def answer(self, question: dict) -> list[dict]:
        """The kernel engine: what torch answers to a question of the page."""
        return kernel.answer(question, self._losses, self._device)

    def reply(self, message: dict) -> dict:
        """What Python says to a message of the page: it asks a question of torch, or for the script of plotly."""
        asked = message.get("question")
        said = {"answer": kernel.plain(self.answer(asked))} if asked else {"library": _plotly()}
        return {"id": message["id"], **said}

    def _hear(self, _widget: object, message: dict, _buffers: object) -> None:
        self.send(self.reply(message))


def explore(
    *losses: Loss,
    situation: str | Situation = "start",
    batch: Batch | None = None,
    dimension: int | None = None,
    engine: str = "page",
    device: str = "cpu",
    compact: bool = False,
    controls: tuple[str, ...] | None = None,
    name: str | None = None,
) -> Explorer:
    """An explorer of a loss: drag the sentences, move the parameters, watch loss, mask and gradient.

    ``losses``     any loss of lossviz, or a dataclass of your own that derives from ``Loss``; with several that take
                   the same arguments the reader can switch between them, on the same batch
    ``situation``  the name of the first batch shown, or a ``Situation`` of your own
    ``batch``      a ``Batch`` of your own instead: two dimensions are shown in the plane, any other number by the
                   chart; at most 64 points with 65,536 numbers in all of them, and 10,000 terms
    ``dimension``  2: points that move in the plane; 384: the sentences' real embeddings, shown by the chart
    ``engine``     "page": the loss lowered to JavaScript; "kernel": torch in this kernel, on ``device``
    ``compact``    the plane with its question, *Play* and the switch between losses, and nothing else
    ``controls``   names of parameters: those that the reader can move, in this order; None for the usual ones
    ``name``       letters, digits and hyphens, by which the page knows it; None for one made of loss and situation

    Raises ValueError for anything else, and UnknownOperator if the loss uses an operator that cannot be lowered
    (engine="kernel" can show it).
    """
    _check_losses(losses)
    _check_controls(controls, losses)
    if engine not in ("page", "kernel"):
        raise wrong("engine", '"page" or "kernel"', repr(engine))
    if batch is None:
        offers = offered(losses, situation, dimension, only_first=compact)
    else:
        offers = own(losses, batch, situation, dimension)
    name = _slug(type(losses[0]).__name__, offers[0].situation.name) if name is None else _checked_name(name)
    known = {type(loss).__name__: loss for loss in losses}
    dimension = offers[0].batch.embeddings.shape[1]
    described = {
        key: variants.describe(loss, offers, dimension, engine == "page", controls) for key, loss in known.items()
    }
    situations = [_describe(each, offers, described) for each in offers]
    spec = Spec(name, described, situations, dimension, compact, EngineSpec(engine, str(torch.device(device))))
    modules = [variants.modules(loss, described[key], dimension) for key, loss in known.items()]
    return Explorer(spec, dict(ChainMap(*modules)), known, [each.batch for each in offers])


def _plotly() -> str:
    """The page of the book has this file beside it; JupyterLab has only the kernel."""
    return (resources.files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")


def _describe(offer: Offer, offers: list[Offer], losses: dict[str, LossSpec]) -> SituationSpec:
    situation, batch = offer
    texts = zip(batch.texts, batch.names, strict=True)
    return SituationSpec(
        name=situation.name,
        title=situation.title,
        sentences=[{"text": text, "short": short} for text, short in texts],
        rows=batch.rows,
        labels=batch.labels,
        classes=batch.classes,
        chosen=situation.chosen,
        watched=situation.watched,
        loss=situation.loss,
        question=situation.question,
        symptom=situation.symptom,
        cures=offer.cures(set(losses), {each.situation.name for each in offers}),
        starts={name: variants.start(loss, situation, batch) for name, loss in losses.items()},
    )


def _check_losses(losses: tuple[Loss, ...]) -> None:
    if not losses:
        raise wrong("losses", "at least one Loss", "none")
    for loss in losses:
        if not isinstance(loss, Loss):
            raise wrong("losses", "a Loss", type(loss).__name__)
    names = [type(loss).__name__ for loss in losses]
    if len(set(names)) < len(names):
        raise wrong("losses", "losses of different names", ", ".join(names))


def _check_controls(controls: tuple[str, ...] | None, losses: tuple[Loss, ...]) -> None:
    movable = dict.fromkeys(name for loss in losses for name in variants.movable_parameters(loss))
    if isinstance(controls, str):
        raise wrong("controls", "a tuple of names", repr(controls))
    for name in controls or ():
        if name not in movable:
            raise wrong("controls", f"names out of {', '.join(movable) or 'none'}", repr(name))


def _checked_name(name: str) -> str:
    if not isinstance(name, str) or not re.fullmatch("[A-Za-z0-9-]+", name):
        raise wrong("name", "letters, digits and hyphens", repr(name))
    return name


def _slug(loss: str, situation: str) -> str:
    """BlueSkyLoss, first one → blue-sky-first-one."""
    words = re.sub("(?<=[a-z0-9])(?=[A-Z][a-z])", "-", loss.replace("Loss", ""))
    return re.sub("[^a-z0-9]+", "-", f"{words}-{situation}".lower()).strip("-")
