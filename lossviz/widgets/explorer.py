"""The explorer: one batch of sentences under one loss, in linked views that move. The same widget runs in Jupyter and,
without a kernel, on the published page, where the lowered loss takes torch's place."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path

import anywidget
import torch
import traitlets
from torch import Tensor

from lossviz import catalogue, sentences
from lossviz.losses import Loss, Terms
from lossviz.lowering import to_javascript
from lossviz.situations import Situation, situations
from lossviz.widgets.bundle import bundle

STATIC = Path(__file__).parent / "static"
FIRST_STEP = 0.35  # how far the first Step moves the point that moves most


class Explorer(anywidget.AnyWidget):
    """A loss that moves. Made by :func:`explore`.

    ``embeddings``  (points, d): where the sentences stand now; may be set
    ``loss``        the loss with the parameters as they stand now
    ``inputs()``    the arguments of the loss, gathered from the points
    ``terms()``     the loss taken apart, computed by torch on ``device``
    """

    _esm = bundle(STATIC / "explorer.js")
    _css = (STATIC / "explorer.css").read_text(encoding="utf-8")
    spec = traitlets.Dict().tag(sync=True)  # what stays: losses, situations, controls
    modules = traitlets.Dict().tag(sync=True)  # name → lowered JavaScript
    state = traitlets.Dict().tag(sync=True)  # what moves; state.js says what is in it

    def __init__(self, loss: Loss, batches: tuple[Situation, ...], dimension: int, engine: str, device: str) -> None:
        self._loss, self._batches, self._device = loss, batches, torch.device(device)
        points = batches[0].points(dimension)
        rate = _calm_rate(loss, batches[0], points)
        super().__init__(
            spec={
                "losses": {type(loss).__name__: _describe_loss(loss, lower=engine == "page", plane=dimension == 2)},
                "situations": [_describe_situation(each, dimension) for each in batches],
                "dimension": dimension,
                "rate": rate,
                "engine": {"name": engine, "device": str(self._device)},
            },
            modules=_modules(loss, plane=dimension == 2) if engine == "page" else {},
            state={
                "loss": type(loss).__name__,
                "parameters": _plain_parameters(loss),
                "situation": 0,
                "points": points.tolist(),
                "chosen": batches[0].chosen,
                "lit": None,
                "tab": "chart",
                "rate": rate,
                "playing": False,
                "history": [],
            },
        )
        self.on_msg(self._answer)

    @property
    def embeddings(self) -> Tensor:
        return torch.tensor(self.state["points"], dtype=torch.float64, device=self._device)

    @embeddings.setter
    def embeddings(self, points: Tensor) -> None:
        expected = tuple(self.embeddings.shape)
        if tuple(points.shape) != expected:
            raise ValueError(f"embeddings: expected shape {expected}, got {tuple(points.shape)}")
        if not torch.isfinite(points).all():
            raise ValueError(f"embeddings: expected finite numbers, got {points}")
        self.state = {**self.state, "points": points.tolist(), "history": []}

    @property
    def loss(self) -> Loss:
        return self._loss_of(self.state)

    def inputs(self) -> tuple[Tensor, ...]:
        """The arguments of the loss as the points stand now."""
        return self._inputs_of(self.state, self.embeddings)

    def terms(self) -> Terms:
        """The loss taken apart, as the points stand now."""
        return self.loss.terms(*self.inputs())

    def _loss_of(self, state: dict) -> Loss:
        return replace(self._loss, **state["parameters"])

    def _inputs_of(self, state: dict, points: Tensor) -> tuple[Tensor, ...]:
        """Rows gathered from points (…, points, d), then the labels."""
        batch = self._batches[state["situation"]]
        rows = [points[..., batch.rows[name], :] for name in self._loss.inputs.rows]
        return (*rows, *_labels(batch, points))

    # The kernel engine: the page asks, torch answers.

    def _answer(self, _widget: object, question: dict, _buffers: object) -> None:
        answers = {"evaluate": self._evaluate, "scan": self._scan, "probe": self._probe}
        self.send({"id": question["id"], "answer": answers[question["ask"]](question)})

    def _points_of(self, state: dict) -> Tensor:
        return torch.tensor(state["points"], dtype=torch.float64, device=self._device)

    def _evaluate(self, question: dict) -> dict:
        """Loss, gradient of every row, and terms of a state."""
        state = question["state"]
        *rows, labels = self._inputs_of(state, self._points_of(state))
        rows = [row.detach().requires_grad_() for row in rows]
        terms = self._loss_of(state).define(*rows, labels)
        gradients = torch.autograd.grad(terms.loss, rows)
        return {
            "loss": terms.loss.item(),
            "gradients": {
                name: each.flatten().tolist() for name, each in zip(self._loss.inputs.rows, gradients, strict=True)
            },
            "terms": {name: _listed(value) for name, value in vars(terms).items() if name != "loss"},
            "shapes": {"matrix": list(terms.matrix.shape)},
        }

    def _scan(self, question: dict) -> list[float]:
        """The loss with one point moved to each of many positions."""
        state, positions = question["state"], torch.tensor(question["positions"], dtype=torch.float64)
        points = self._points_of(state).repeat(len(positions), 1, 1)
        points[:, question["point"]] = positions.to(self._device)
        return self._loss_of(state).define(*self._inputs_of(state, points)).loss.tolist()

    def _probe(self, question: dict) -> list[list[float]]:
        """[[distance, value], …] of synthetic pairs of one label, in batches as large as the state's."""
        state, pairs = question["state"], torch.tensor(question["pairs"], dtype=torch.float64, device=self._device)
        size = len(next(iter(self._batches[state["situation"]].rows.values())))
        filled = torch.cat([pairs, pairs[-1:].repeat(-len(pairs) % size, 1, 1)]).unflatten(0, (-1, size))
        labels = torch.full(filled.shape[:2], float(question["label"]), dtype=torch.float64, device=self._device)
        terms = self._loss_of(state).define(filled[..., 0, :], filled[..., 1, :], labels)
        return torch.stack([terms.matrix.flatten(), terms.values.flatten()], -1)[: len(pairs)].tolist()


def explore(
    loss: Loss, situation: str | Situation = "start", *, dimension: int = 2, engine: str = "page", device: str = "cpu"
) -> Explorer:
    """An explorer of a loss: drag the sentences, move the parameters, watch loss, mask and gradient.

    ``loss``       any loss of lossviz, or a dataclass of your own that derives from ``Loss``
    ``situation``  the name of the first batch shown, or a ``Situation`` of your own
    ``dimension``  2: points that move in the plane; 384: the sentences' real embeddings, shown by the chart
    ``engine``     "page": the loss lowered to JavaScript; "kernel": torch in this kernel, on ``device``

    Raises ValueError for anything else, and NotImplementedError if the loss uses an operator that cannot be lowered
    (engine="kernel" can show it).
    """
    if not isinstance(loss, Loss):
        raise ValueError(f"loss: expected a Loss, got {type(loss).__name__}")
    if dimension not in (2, sentences.DIMENSION):
        raise ValueError(f"dimension: expected 2 or {sentences.DIMENSION}, got {dimension}")
    if engine not in ("page", "kernel"):
        raise ValueError(f'engine: expected "page" or "kernel", got {engine!r}')
    batches = _starting_with(situation, loss)
    if dimension != 2:
        batches = batches[:1]  # the others differ in where points stand in the plane
    return Explorer(loss, batches, dimension, engine, device)


def _starting_with(situation: str | Situation, loss: Loss) -> tuple[Situation, ...]:
    """The input type's situations, the wanted one first."""
    if isinstance(situation, Situation):
        return (situation,)
    known = situations(loss.inputs.name)
    first = [each for each in known if each.name == situation]
    if not first:
        raise ValueError(f"situation: expected one of {', '.join(each.name for each in known)}, got {situation!r}")
    return (*first, *(each for each in known if each is not first[0]))


def _labels(batch: Situation, like: Tensor) -> list[Tensor]:
    return [] if batch.labels is None else [torch.tensor(batch.labels, dtype=like.dtype, device=like.device)]


def _plain_parameters(loss: Loss) -> dict[str, float | str | bool]:
    """The parameters that the page can hold; a tensor is its number, a function stays in Python."""
    values = {name: value.item() if isinstance(value, Tensor) else value for name, value in loss.parameters().items()}
    return {name: value for name, value in values.items() if isinstance(value, (float, int, str, bool))}


def _statics(loss: Loss) -> list[str]:
    """The parameters that choose a lowered variant: those with a list of choices, and a choice made."""
    known = catalogue.parameters(loss)
    return [name for name, value in loss.parameters().items() if name in known and value in known[name].choices]


def _variants(loss: Loss) -> Iterator[tuple[str, Loss]]:
    """(key, loss) of every combination of choices; state.js builds the same key."""
    names, known = _statics(loss), catalogue.parameters(loss)
    for values in product(*(known[name].choices for name in names)):
        key = "|".join(str(value).lower() if isinstance(value, bool) else value for value in values)
        yield key, replace(loss, **dict(zip(names, values, strict=True)))


def _describe_loss(loss: Loss, lower: bool, plane: bool) -> dict:
    numbers = [name for name, value in _plain_parameters(loss).items() if isinstance(value, float)]
    controls = [
        {"name": name, **{key: value for key, value in asdict(parameter).items() if value not in (None, ())}}
        for name, parameter in catalogue.parameters(loss).items()
        if name in numbers or name in _statics(loss)
    ]
    return {
        "chart": catalogue.chart(loss),
        "axes": list(loss.axes),
        "parameters": _plain_parameters(loss),
        "controls": controls,
        "statics": _statics(loss),
        "variants": {
            key: {
                "shape": "circle" if _ignores_length(variant) else "free",
                "term": catalogue.term_formulas(variant),
                "inputs": [*loss.inputs.arguments, *numbers],
                **({"module": _module_name(variant, key)} if lower else {}),
                **({"value": _module_name(variant, key) + " value"} if lower and plane else {}),
            }
            for key, variant in _variants(loss)
        },
    }


def _module_name(loss: Loss, key: str) -> str:
    return f"{type(loss).__name__} {key}".strip()


def _modules(loss: Loss, plane: bool) -> dict[str, str]:
    """Every variant lowered; with a plane, its value-only form too, for the loss behind a moving point."""
    modules = {}
    for key, variant in _variants(loss):
        modules[_module_name(variant, key)] = _lowered(variant, gradients=True)
        if plane:
            modules[_module_name(variant, key) + " value"] = _lowered(variant, gradients=False)
    return modules


_LOWERED: dict[tuple, str] = {}


def _lowered(loss: Loss, gradients: bool) -> str:
    """One variant's JavaScript, lowered once in a session: numbers are its inputs, so they are not part of the key."""
    baked = tuple(value for value in loss.parameters().values() if not isinstance(value, (float, Tensor)))
    key = (type(loss), baked, gradients)
    if key not in _LOWERED:
        _LOWERED[key] = to_javascript(loss, *loss.inputs.example(), gradients=gradients)
    return _LOWERED[key]


def _describe_situation(situation: Situation, dimension: int) -> dict:
    found = [sentences.sentence(key) for key in situation.keys]
    return {
        "title": situation.title,
        "sentences": [{"text": each.text, "short": each.short} for each in found],
        "rows": {name: list(rows) for name, rows in situation.rows.items()},
        "labels": None if situation.labels is None else list(situation.labels),
        "points": situation.points(dimension).tolist(),
        "chosen": situation.chosen,
        "parameters": dict(situation.parameters),
    }


def _ignores_length(loss: Loss) -> bool:
    """Whether a loss sees directions only, so that its points belong on the circle."""
    arguments = loss.inputs.example()
    count = len(loss.inputs.rows)
    factors = torch.linspace(0.5, 2.0, len(arguments[0]), dtype=torch.float64)[:, None]
    scaled = [row * factors for row in arguments[:count]]
    return torch.allclose(loss(*arguments), loss(*scaled, *arguments[count:]), rtol=1e-9)


def _calm_rate(loss: Loss, batch: Situation, points: Tensor) -> float:
    """The step size whose first step moves no point farther than FIRST_STEP, to two digits."""
    points = points.detach().requires_grad_()
    rows = [points[batch.rows[name], :] for name in loss.inputs.rows]
    (gradient,) = torch.autograd.grad(loss(*rows, *_labels(batch, points)), points)
    pull = gradient.norm(dim=-1).max().item()
    return float(f"{FIRST_STEP / pull:.2g}") if pull > 0 else 1.0


def _listed(value: Tensor | dict) -> list | float | dict:
    if isinstance(value, dict):
        return {name: _listed(each) for name, each in value.items()}
    return value.item() if value.ndim == 0 else value.double().flatten().tolist()
