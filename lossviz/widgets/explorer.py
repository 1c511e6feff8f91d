"""The explorer: one batch of sentences under one loss, in linked views that move. The same widget runs in Jupyter and,
without a kernel, on the published page, where the lowered loss takes torch's place."""

from collections.abc import Iterator
from dataclasses import asdict, fields
from itertools import product
from pathlib import Path

import anywidget
import torch
import traitlets
from torch import Tensor

from lossviz import catalogue, sentences
from lossviz.inputs import wrong
from lossviz.losses import Loss, Terms
from lossviz.lowering import to_javascript
from lossviz.situations import SITUATIONS, Cure, Situation, situations
from lossviz.surface import losses_at
from lossviz.widgets.bundle import bundle

STATIC = Path(__file__).parent / "static"


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

    def __init__(
        self,
        losses: tuple[Loss, ...],
        batches: tuple[Situation, ...],
        dimension: int = 2,
        engine: str = "page",
        device: str = "cpu",
        compact: bool = False,
        controls: tuple[str, ...] | None = None,
    ) -> None:
        self._losses = {type(loss).__name__: loss for loss in losses}
        self._batches, self._device = batches, torch.device(device)
        first = self._losses.get(batches[0].loss, losses[0])
        counts = sorted({_argument_count(batch) for batch in batches})
        described = {
            name: _Lowered(loss, counts, engine == "page", dimension, controls) for name, loss in self._losses.items()
        }
        points, parameters = batches[0].points(dimension), described[type(first).__name__].beginning(batches[0])
        if dimension == 2 and ignores_length(first.changed(**parameters), dimension):
            points = torch.nn.functional.normalize(points)  # as state.js does when a reader enters a situation
        super().__init__(
            spec={
                "losses": {name: each.description() for name, each in described.items()},
                "situations": [_describe_situation(each, dimension, batches, set(self._losses)) for each in batches],
                "dimension": dimension,
                "compact": compact,
                "engine": {"name": engine, "device": str(self._device)},
            },
            modules={key: text for each in described.values() for key, text in each.modules().items()},
            state={
                "loss": type(first).__name__,
                "parameters": parameters,
                "tensors": _tensors(first.changed(**parameters)),
                "trains": True,
                "situation": 0,
                "points": points.tolist(),
                "chosen": batches[0].chosen,
                "lit": None,
                "tab": "chart",
                "rate": None,
                "calm": None,
                "playing": False,
                "origin": points.tolist(),
                "posed": 0,
                "asked": batches[0].question is not None,
                "guess": None,
                "history": [],
                "runs": [],
            },
        )
        self.on_msg(self._answer)

    @property
    def embeddings(self) -> Tensor:
        return self._points_of(self.state)

    @embeddings.setter
    def embeddings(self, points: Tensor) -> None:
        expected = tuple(self.embeddings.shape)
        if tuple(points.shape) != expected:
            raise ValueError(f"embeddings: expected shape {expected}, got {tuple(points.shape)}")
        if not torch.isfinite(points).all():
            raise ValueError(f"embeddings: expected finite numbers, got {points}")
        places = points.tolist()
        self.state = {**self.state, "points": places, "origin": places, "playing": False, "history": [], "runs": []}

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
        tensors = {name: self._tensor(value) for name, value in state["tensors"].items()}
        parameters = {
            name: tuple(value) if isinstance(value, list) else value for name, value in state["parameters"].items()
        }
        return self._losses[state["loss"]].changed(**parameters, **tensors)

    def _inputs_of(self, state: dict, points: Tensor) -> tuple[Tensor, ...]:
        """Rows gathered from points (…, points, d), then the labels."""
        return self._batches[state["situation"]].inputs(points)

    # The kernel engine: the page asks, torch answers.

    def _answer(self, _widget: object, question: dict, _buffers: object) -> None:
        answers = {
            "evaluate": self._evaluate,
            "pieces": self._pieces,
            "scan": self._scan,
            "choices": self._choices,
            "probe": self._probe,
            "classify": self._classify,
        }
        self.send({"id": question["id"], "answer": answers[question["ask"]](question)})

    def _points_of(self, state: dict) -> Tensor:
        return self._tensor(state["points"])

    def _tensor(self, numbers: list) -> Tensor:
        return torch.tensor(numbers, dtype=torch.float64, device=self._device)

    def _evaluate(self, question: dict) -> dict:
        """Loss, gradient of every row and of every tensor of the loss, and terms of a state."""
        state = question["state"]
        names = list(self._batches[state["situation"]].rows)
        inputs = self._inputs_of(state, self._points_of(state))
        rows = [row.detach().requires_grad_() for row in inputs[: len(names)]]
        loss = self._loss_of(state)
        tensors = {name: getattr(loss, name).requires_grad_() for name in state["tensors"]}
        terms = loss.define(*rows, *inputs[len(names) :])
        gradients = torch.autograd.grad(terms.loss, [*rows, *tensors.values()])
        return {
            "loss": terms.loss.item(),
            "gradients": {
                name: each.flatten().tolist() for name, each in zip([*names, *tensors], gradients, strict=True)
            },
            "terms": {name: _listed(value) for name, value in vars(terms).items() if name != "loss"},
            "shapes": {"matrix": list(terms.matrix.shape)},
        }

    def _pieces(self, question: dict) -> list[list[float]]:
        """The gradient of every term, or of every entry of the matrix, by one point: [[…d], …], a row for each."""
        state, place = question["state"], self._points_of(question["state"])

        def values(moved: Tensor) -> Tensor:
            points = torch.cat([place[: question["point"]], moved[None], place[question["point"] + 1 :]])
            return getattr(self._loss_of(state).define(*self._inputs_of(state, points)), question["part"]).flatten()

        return torch.func.jacrev(values)(place[question["point"]]).tolist()

    def _scan(self, question: dict) -> list[float]:
        """The loss with one point moved to each of many positions."""
        state = question["state"]
        inputs = self._inputs_of(state, self._points_of(state))
        moving = self._batches[state["situation"]].rows_of(question["point"])
        return losses_at(self._loss_of(state), inputs, moving, self._tensor(question["positions"])).tolist()

    def _choices(self, question: dict) -> list[int]:
        """What a term chooses in a role, with one point moved to each of many positions."""
        state, positions = question["state"], self._tensor(question["positions"])
        points = self._points_of(state).repeat(len(positions), 1, 1)
        points[:, question["point"]] = positions
        terms = self._loss_of(state).define(*self._inputs_of(state, points))
        return terms.chosen[question["role"]].flatten(1)[:, question["term"]].tolist()

    def _probe(self, question: dict) -> list[list[float]]:
        """[[distance, value], …] of synthetic pairs of one label, in batches of the state's size, each with a foil."""
        state, label = question["state"], float(question["label"])
        pairs, foil = (self._tensor(question[name]) for name in ("pairs", "foil"))
        size = len(next(iter(self._batches[state["situation"]].rows.values())))
        room = max(1, size - 1)  # a single pair has no foil beside it
        filled = torch.cat([pairs, pairs[-1:].repeat(-len(pairs) % room, 1, 1)]).unflatten(0, (-1, room))
        batches = torch.cat([filled, foil.expand(len(filled), size - room, 2, 2)], dim=1)
        labels = torch.full(batches.shape[:2], label, dtype=torch.float64, device=self._device)
        labels[:, room:] = 1 - label
        terms = self._loss_of(state).define(batches[..., 0, :], batches[..., 1, :], labels)
        return torch.stack([terms.matrix, terms.values], -1)[:, :room].flatten(0, 1)[: len(pairs)].tolist()

    def _classify(self, question: dict) -> list[float]:
        """The log-probability of every class for each of many pairs, [(first, second), …], one after another."""
        pairs = self._tensor(question["pairs"])
        labels = torch.zeros(len(pairs), dtype=torch.float64, device=self._device)
        return self._loss_of(question["state"]).define(pairs[:, 0], pairs[:, 1], labels).matrix.flatten().tolist()


def explore(
    *losses: Loss,
    situation: str | Situation = "start",
    dimension: int = 2,
    engine: str = "page",
    device: str = "cpu",
    compact: bool = False,
    controls: tuple[str, ...] | None = None,
) -> Explorer:
    """An explorer of a loss: drag the sentences, move the parameters, watch loss, mask and gradient.

    ``losses``     any loss of lossviz, or a dataclass of your own that derives from ``Loss``; with several that take
                   the same arguments the reader can switch between them, on the same batch
    ``situation``  the name of the first batch shown, or a ``Situation`` of your own
    ``dimension``  2: points that move in the plane; 384: the sentences' real embeddings, shown by the chart
    ``compact``    the plane with its question, *Play* and the switch between losses, and nothing else
    ``controls``   names of parameters: those that the reader can move, in this order; None for the usual ones
    ``engine``     "page": the loss lowered to JavaScript; "kernel": torch in this kernel, on ``device``

    Raises ValueError for anything else, and UnknownOperator if the loss uses an operator that cannot be lowered
    (engine="kernel" can show it).
    """
    _check_losses(losses)
    _check_controls(controls, losses)
    if dimension not in (2, sentences.DIMENSION):
        raise ValueError(f"dimension: expected 2 or {sentences.DIMENSION}, got {dimension}")
    if engine not in ("page", "kernel"):
        raise ValueError(f'engine: expected "page" or "kernel", got {engine!r}')
    batches = _starting_with(situation, losses)
    if dimension != 2:
        batches = batches[:1]  # the others differ in where points stand in the plane
    if compact:
        batches = batches[:1]
    return Explorer(losses, batches, dimension, engine, device, compact, controls)


def _check_losses(losses: tuple[Loss, ...]) -> None:
    if not losses:
        raise ValueError("losses: expected at least one Loss, got none")
    for loss in losses:
        if not isinstance(loss, Loss):
            raise ValueError(f"losses: expected a Loss, got {type(loss).__name__}")


def _check_controls(controls: tuple[str, ...] | None, losses: tuple[Loss, ...]) -> None:
    movable = dict.fromkeys(name for loss in losses for name in _movable(loss))
    if isinstance(controls, str):
        raise wrong("controls", "a tuple of names", repr(controls))
    for name in controls or ():
        if name not in movable:
            raise wrong("controls", f"names out of {', '.join(movable) or 'none'}", repr(name))


def _starting_with(situation: str | Situation, losses: tuple[Loss, ...]) -> tuple[Situation, ...]:
    """The situations whose batch every loss takes, the wanted one first."""
    if isinstance(situation, Situation):
        _check_accepted(situation, losses)
        return (situation,)
    names = {type(loss).__name__ for loss in losses}
    known = [each for each in _common_situations(losses) if each.loss is None or each.loss in names]
    first = [each for each in known if each.name == situation]
    if not first:
        raise ValueError(f"situation: expected one of {', '.join(each.name for each in known)}, got {situation!r}")
    return (*first, *(each for each in known if each.listed and each is not first[0]))


def _common_situations(losses: tuple[Loss, ...]) -> list[Situation]:
    """Those of the losses' input types that every loss takes. Raises ValueError if there is none."""
    kinds = list(dict.fromkeys(loss.inputs.name for loss in losses))
    if len(kinds) == 1:
        return list(situations(kinds[0]))
    found: dict[str, Situation] = {}
    for each in (each for kind in kinds for each in SITUATIONS.get(kind, ())):
        if all(_accepts(loss, each) for loss in losses):
            found.setdefault(each.name, each)
    if not found:
        raise ValueError(f"losses: expected losses of one input type, got {' and '.join(sorted(kinds))}")
    return list(found.values())


def _accepts(loss: Loss, batch: Situation) -> bool:
    """Whether a loss takes the arguments of a batch."""
    inputs = loss.inputs.fitted(_argument_count(batch))
    if inputs.rows != tuple(batch.rows) or (inputs.labels is None) != (batch.labels is None):
        return False
    return batch.labels is None or bool(inputs.labels.allowed(torch.tensor(batch.labels)).all())


def _check_accepted(batch: Situation, losses: tuple[Loss, ...]) -> None:
    for loss in losses:
        if not _accepts(loss, batch):
            arguments = [*batch.rows, *(["labels"] if batch.labels else [])]
            expected = f"the arguments of {type(loss).__name__}, {loss.inputs.shape}"
            raise ValueError(f"situation: expected {expected}, got ({', '.join(arguments)})")


def _argument_count(batch: Situation) -> int:
    return len(batch.rows) + (batch.labels is not None)


def _plain_parameters(loss: Loss) -> dict[str, float | str | bool | tuple | None]:
    """The parameters that the page can hold as they are; a 0-d tensor is its number, a function stays in Python."""
    real = {each.name for each in fields(loss) if each.type in (float, "float")}
    choices = {name: each.choices for name, each in catalogue.parameters(loss).items()}
    values = {name: value.item() if _is_scalar(value) else value for name, value in loss.parameters().items()}
    values |= {name: float(value) for name, value in values.items() if name in real and type(value) is int}
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, (float, int, str, bool)) or value in choices.get(name, ())
    }


def _is_scalar(value: object) -> bool:
    return isinstance(value, Tensor) and value.ndim == 0


def _tensors(loss: Loss) -> dict[str, list]:
    """The parameters that are trained with the sentences: name → nested lists."""
    tensors = {name: value for name, value in loss.parameters().items() if isinstance(value, Tensor) and value.ndim}
    return {name: value.detach().double().tolist() for name, value in tensors.items()}


def _movable(loss: Loss) -> list[str]:
    """The parameters that a page can move: numbers with a range, and choices of which one is made."""
    plain = _plain_parameters(loss)
    return [
        name
        for name, each in catalogue.parameters(loss).items()
        if name in plain and (isinstance(plain[name], float) or plain[name] in each.choices)
    ]


def _word(choice: float | str | bool | tuple | None) -> str:
    """A choice as its part of a variant's key: what JavaScript makes of it with String()."""
    if isinstance(choice, tuple):
        return ",".join(choice)
    return "null" if choice is None else str(choice).lower() if isinstance(choice, bool) else str(choice)


class _Lowered:
    """A loss as the page knows it: its controls, and every variant that its controls and its situations can reach."""

    def __init__(
        self, loss: Loss, counts: list[int], lower: bool, dimension: int, controls: tuple[str, ...] | None
    ) -> None:
        self.loss, self.counts, self.lower, self.dimension = loss, counts, lower, dimension
        self.plane = dimension == 2
        self.plain = _plain_parameters(loss)
        known = {name: catalogue.parameters(loss)[name] for name in _movable(loss)}
        wanted = [name for name, each in known.items() if each.control] if controls is None else controls
        self.offered = {name: known[name] for name in wanted if name in known}
        self.statics = [name for name, each in self.offered.items() if each.choices]  # these choose a variant
        self.numbers = [name for name, value in self.plain.items() if isinstance(value, float)]

    def variants(self) -> Iterator[tuple[str, Loss, int]]:
        """(key, loss, number of arguments) of every combination; state.js builds the same key."""
        for values in product(*(self.offered[name].choices for name in self.statics)):
            chosen = dict(zip(self.statics, values, strict=True))
            if self.loss.allows() and not self.loss.allows(**chosen):  # a loss that is wrong itself says so when called
                continue
            for count in self.counts:
                yield "|".join([*map(_word, values), str(count)]), self.loss.changed(**chosen), count

    def beginning(self, batch: Situation) -> dict[str, float | str | bool | tuple | None]:
        """The parameters with which a situation begins; state.js does the same when a reader enters it."""
        own = (*self.numbers, *self.statics)
        return self.plain | {name: value for name, value in batch.parameters.items() if name in own}

    def description(self) -> dict:
        controls = [
            {"name": name, **{key: value for key, value in asdict(parameter).items() if value not in (None, ())}}
            for name, parameter in self.offered.items()
        ]
        return {
            "chart": catalogue.chart(self.loss),
            "matrix": catalogue.matrix(self.loss),
            "label": self.loss.inputs.label,
            "axes": list(self.loss.axes),
            "parameters": self.plain,
            "controls": controls,
            "statics": self.statics,
            "variants": {key: self._describe(key, variant, count) for key, variant, count in self.variants()},
        }

    def _describe(self, key: str, variant: Loss, count: int) -> dict:
        module = f"{type(variant).__name__} {key}"
        tensors = _tensors(variant)
        return {
            "shape": "circle" if ignores_length(variant, self.dimension) else "free",
            "term": catalogue.term_formulas(variant),
            "inputs": [*variant.inputs.fitted(count).arguments, *self.numbers, *tensors],
            "tensors": tensors,
            "searches": catalogue.searches(variant),
            **({"module": module} if self.lower else {}),
            **({"value": module + " value"} if self.lower and self.plane else {}),
        }

    def modules(self) -> dict[str, str]:
        """Every variant lowered; with a plane, its value-only form too, for the loss behind a moving point."""
        if not self.lower:
            return {}
        found = {}
        for key, variant, count in self.variants():
            module = f"{type(variant).__name__} {key}"
            found[module] = _lowered(variant, count, self.dimension, gradients=True)
            if self.plane:
                found[module + " value"] = _lowered(variant, count, self.dimension, gradients=False)
        return found


_LOWERED: dict[tuple, str] = {}


def _lowered(loss: Loss, count: int, dimension: int, gradients: bool) -> str:
    """One variant's JavaScript, lowered once in a session: numbers are its inputs, so they are not part of the key."""
    baked = tuple(value for value in loss.parameters().values() if not isinstance(value, (float, Tensor)))
    key = (type(loss), baked, count, gradients)
    if key not in _LOWERED:
        extra = count - len(loss.inputs.arguments)
        example = loss.inputs.example(dimension=dimension, **({loss.inputs.more + "s": extra} if extra else {}))
        _LOWERED[key] = to_javascript(loss, *example, gradients=gradients)
    return _LOWERED[key]


def _describe_situation(situation: Situation, dimension: int, batches: tuple[Situation, ...], losses: set[str]) -> dict:
    found = [sentences.sentence(key) for key in situation.keys]
    return {
        "name": situation.name,
        "title": situation.title,
        "sentences": [{"text": each.text, "short": each.short} for each in found],
        "rows": {name: list(rows) for name, rows in situation.rows.items()},
        "labels": None if situation.labels is None else list(situation.labels),
        "classes": list(situation.classes),
        "points": situation.points(dimension).tolist(),
        "chosen": situation.chosen,
        "watched": situation.watched,
        "parameters": dict(situation.parameters),
        "loss": situation.loss,
        "question": situation.question and asdict(situation.question),
        "symptom": situation.symptom,
        "cures": [asdict(each) for each in situation.cures if _can_apply(each, batches, losses)],
    }


def _can_apply(cure: Cure, batches: tuple[Situation, ...], losses: set[str]) -> bool:
    """Whether an explorer of these batches and losses can offer a cure."""
    there = cure.situation is None or cure.situation in {each.name for each in batches}
    return there and (cure.loss is None or cure.loss in losses)


def ignores_length(loss: Loss, dimension: int = 2) -> bool:
    """Whether a loss sees directions only, so that its points belong on the circle."""
    arguments = loss.inputs.example(dimension=dimension)
    count = len(loss.inputs.rows)
    factors = torch.linspace(0.5, 2.0, len(arguments[0]), dtype=torch.float64)[:, None]
    scaled = [row * factors for row in arguments[:count]]
    before, after = loss.terms(*arguments).loss, loss.terms(*scaled, *arguments[count:]).loss
    return torch.allclose(before, after, rtol=1e-9)


def _listed(value: Tensor | dict) -> list | float | dict:
    if isinstance(value, dict):
        return {name: _listed(each) for name, each in value.items()}
    return value.item() if value.ndim == 0 else value.double().flatten().tolist()
