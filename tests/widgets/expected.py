"""What an explorer must say of a state: computed by torch, put into words by Python."""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

import torch
from torch import Tensor

from lossviz import catalogue
from lossviz.losses import Loss, Terms

DOUBLE = torch.float64
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def fixed(value: float, digits: int = 4) -> str:
    """Rounded to so many digits; too small to show two of them, as a power of ten."""
    sign, size = "−" * (value < 0), abs(value)
    if size == 0 or size >= 10.0 ** (1 - digits):
        return sign + str(Decimal(size).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
    mantissa, power = f"{size:.1e}".split("e-")
    return f"{sign}{mantissa}·10⁻{str(int(power)).translate(RAISED)}"


def brief(value: float, digits: int) -> str:
    text = fixed(value, digits)
    return text if "·" in text else text.rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Term:
    letters: str
    names: list[str]
    sign: str
    distance: float
    active: bool
    value: float
    formula: str | None

    @property
    def pair(self) -> str:
        return "“{}” and “{}”".format(*self.names)


@dataclass(frozen=True)
class Expected:
    """Torch's view of a state. ``kind`` is the class of the loss, ``spec`` what the widget was made with."""

    kind: type[Loss]
    spec: dict
    state: dict

    @property
    def situation(self) -> dict:
        return self.spec["situations"][self.state["situation"]]

    @cached_property
    def loss(self) -> Loss:
        return self.kind(**self.state["parameters"])

    @cached_property
    def points(self) -> Tensor:
        return torch.tensor(self.state["points"], dtype=DOUBLE, requires_grad=True)

    @cached_property
    def terms(self) -> Terms:
        gathered = [self.points[rows, :] for rows in self.situation["rows"].values()]
        return self.loss.terms(*gathered, torch.tensor(self.situation["labels"], dtype=DOUBLE))

    @cached_property
    def gradient(self) -> Tensor:
        (gradient,) = torch.autograd.grad(self.terms.loss, self.points, retain_graph=True)
        return gradient

    def after_step(self) -> Tensor:
        """Where one step of SGD puts the points; back on the circle where the loss sees directions only."""
        moved = self.points.detach() - self.state["rate"] * self.gradient
        return torch.nn.functional.normalize(moved) if self.on_circle else moved

    @property
    def on_circle(self) -> bool:
        return self.state["parameters"].get("distance", "cosine") == "cosine"

    def descent(self, steps: int) -> tuple[list[float], Tensor]:
        """The losses of so many steps, and the points after the last."""
        losses, at = [], self
        for _ in range(steps):
            losses.append(at.terms.loss.item())
            at = Expected(self.kind, self.spec, {**self.state, "points": at.after_step().tolist()})
        return losses, at.points.detach()

    def pairs(self) -> list[Term]:
        first, second = self.situation["rows"].values()
        shorts = [each["short"] for each in self.situation["sentences"]]
        return [
            Term(
                letters=f"{letter(a)}–{letter(b)}",
                names=[shorts[a], shorts[b]],
                sign="positive" if self.terms.positive[k] else "negative",
                distance=self.terms.matrix[k].item(),
                active=bool(self.terms.active[k]),
                value=self.terms.values[k].item(),
                formula=self.formula(k),
            )
            for k, (a, b) in enumerate(zip(first, second, strict=True))
        ]

    def formula(self, k: int) -> str | None:
        templates = catalogue.term_formulas(self.loss)
        if templates is None or not self.terms.active[k]:
            return None
        parameters = self.state["parameters"].items()
        numbers = {name: brief(value, 4) for name, value in parameters if type(value) in (int, float)}
        template = templates["positive" if self.terms.positive[k] else "negative"]
        return template.format(d=fixed(self.terms.matrix[k].item(), 5), B=len(self.terms.values), **numbers)

    def caption(self) -> str:
        lit, pairs = self.state["lit"], self.pairs()
        if lit and lit["kind"] == "term":
            return describe_pair(pairs[lit["index"]])
        if lit:
            return self.describe_point(lit["index"])
        active = sum(pair.active for pair in pairs)
        count = f"{active} of {len(pairs)} pairs {'is' if active == 1 else 'are'} active"
        if not active:
            return f"{count}: nothing pulls and nothing pushes, so no point will move."
        largest = max(pairs, key=lambda pair: pair.value)
        if largest.value == 0:
            return f"{count}."
        share = math.floor(100 * largest.value / self.terms.loss.item() + 0.5)
        of = f"{share} % of the loss comes from pair {largest.letters}"
        return f"{count}; {of}, the {largest.sign} pair of {largest.pair}."

    def describe_point(self, index: int) -> str:
        own = [pair for pair in self.pairs() if letter(index) in pair.letters]
        name = f"{letter(index)}, “{self.situation['sentences'][index]['short']}”, stands in"
        pairs = "1 pair" if len(own) == 1 else f"{len(own)} pairs"
        forces = {"positive": "pulled to", "negative": "pushed from"}
        felt = [f"{forces[p.sign]} {p.letters.replace(letter(index), '').strip('–')}" for p in own if p.active]
        end = f" and is {', '.join(felt)}." if felt else "; none is active, so it stays where it is."
        return f"{name} {pairs}{end}"


def describe_pair(pair: Term) -> str:
    start = f"{pair.letters}, the {pair.sign} pair of {pair.pair}, stands at distance {fixed(pair.distance)} and is"
    if not pair.active:
        return f"{start} left alone."
    verb = {"positive": "pulled together", "negative": "pushed apart"}[pair.sign]
    return f"{start} {verb}: it adds {fixed(pair.value, 5)}."


def letter(index: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[index]
