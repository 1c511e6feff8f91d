"""What an explorer must say of a state: computed by torch, put into words by Python."""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

import torch
from torch import Tensor

from lossviz import (
    AnglELoss,
    BatchHardTripletLoss,
    ContrastiveLoss,
    ContrastiveTensionLossInBatchNegatives,
    CoSENTLoss,
    CosineSimilarityLoss,
    Loss,
    MultipleNegativesRankingLoss,
    OnlineContrastiveLoss,
    Terms,
    catalogue,
)
from lossviz.situations import SITUATIONS

DOUBLE = torch.float64
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
ROUNDING = 1e-12
SIGNS = {"positive": "▲", "negative": "▼"}

# One explorer for each input type, as a reader would make it.
FAMILIES = {
    "labelled_pairs": (ContrastiveLoss(margin=0.4), OnlineContrastiveLoss()),
    "labelled_sentences": (BatchHardTripletLoss(margin=1.0),),
    "positive_pairs": (MultipleNegativesRankingLoss(scale=5.0),),
}
IN_WORDS = {type(loss) for losses in FAMILIES.values() for loss in losses}  # whose sentences are told here too
# One batch of each: where it starts.
BATCHES = {name: each[0] for name, each in SITUATIONS.items()}
KINDS = {entry.loss.__name__: entry.loss for entry in catalogue.ENTRIES}
ONLY_COSINE = (AnglELoss, ContrastiveTensionLossInBatchNegatives, CoSENTLoss, CosineSimilarityLoss)


def fixed(value: float, digits: int = 4) -> str:
    """Rounded to so many digits; too small to show two of them, or very large, as a power of ten."""
    sign, size = "−" * (value < -ROUNDING), abs(value)
    if size < ROUNDING or 10.0 ** (1 - digits) <= size < 1e7:
        return sign + str(Decimal(size).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
    mantissa, power = two_digits(size)
    return f"{sign}{mantissa}·10{str(power).translate(RAISED)}" if power else f"{sign}{mantissa}"


def two_digits(size: float) -> tuple[Decimal, int]:
    """A mantissa with one digit after the point, and its power of ten."""
    exact = Decimal(size)
    rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), ROUND_HALF_UP)
    power = rounded.adjusted()
    return rounded.scaleb(-power).quantize(Decimal("0.1")), power


def brief(value: float, digits: int = 3) -> str:
    """Without idle zeros; from a ten-thousandth on, a small number keeps two digits that count."""
    size = abs(value)
    if 1e-4 <= size < 10.0 ** (1 - digits):
        mantissa, power = two_digits(size)
        text = "−" * (value < 0) + format(mantissa.scaleb(power), "f")
    else:
        text = fixed(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text and "·" not in text else text


def percent(share: float) -> str:
    """Never nothing or all where it is not; the space does not break."""
    if 0 < share < 0.005:
        return "<1\u00a0%"
    return ">99\u00a0%" if 0.995 <= share < 1 else f"{math.floor(100 * share + 0.5)}\u00a0%"


def probability(share: float) -> str:
    """Five digits that count, or two of what is missing to 1."""
    if 0.99999 <= share < 1 - ROUNDING:
        return f"(1 − {fixed(1 - share)})"
    if 0 < share < 1e-4:
        mantissa, power = f"{share:.4e}".split("e")
        return f"{mantissa}·10{str(int(power)).translate(RAISED)}"
    return f"{share:.5g}" if share < 0.1 else fixed(share, 5)


def letter(index: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[index]


@dataclass(frozen=True)
class Term:
    """What reading.js says of one term; ``links`` are (from, to, side, weight), ``who`` is its name in the sum."""

    index: int
    kind: str
    points: list[int]
    letters: str
    links: list[tuple[int, int, str, float]]
    active: bool
    value: float
    formula: str | None
    who: str
    note: str


@dataclass(frozen=True)
class Expected:
    """Torch's view of a state. ``kind`` is the class of the loss, ``spec`` what the widget was made with."""

    kind: type[Loss]
    spec: dict
    state: dict

    @property
    def situation(self) -> dict:
        return self.spec["situations"][self.state["situation"]]

    @property
    def chart(self) -> str:
        return self.spec["losses"][self.state["loss"]]["chart"]

    @cached_property
    def loss(self) -> Loss:
        known = next((entry.default() for entry in catalogue.ENTRIES if entry.loss is self.kind), None)
        loss = known.changed(**self.parameters) if known else self.kind(**self.parameters)
        return loss.changed(**self.tensors) if self.tensors else loss

    @property
    def parameters(self) -> dict:
        """As the loss takes them: a list is JSON's tuple."""
        listed = self.state["parameters"].items()
        return {name: tuple(value) if isinstance(value, list) else value for name, value in listed}

    @property
    def in_words(self) -> bool:
        """Whether a test here knows all that is said about it."""
        return self.kind in IN_WORDS and len(self.parameters.get("directions", ())) <= 1

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """What the loss trains beside the points."""
        return {
            name: torch.tensor(numbers, dtype=DOUBLE, requires_grad=True)
            for name, numbers in self.state["tensors"].items()
        }

    @cached_property
    def points(self) -> Tensor:
        return torch.tensor(self.state["points"], dtype=DOUBLE, requires_grad=True)

    def inputs(self, points: Tensor) -> tuple[Tensor, ...]:
        """The arguments of the loss with the points at other places, (…, points, d)."""
        gathered = [points[..., rows, :] for rows in self.situation["rows"].values()]
        labels = self.situation["labels"]
        return (
            (*gathered, torch.tensor(labels, dtype=DOUBLE).expand(*points.shape[:-2], -1)) if labels else (*gathered,)
        )

    @cached_property
    def terms(self) -> Terms:
        return self.loss.terms(*self.inputs(self.points))

    def values_at(self, point: int, places: Tensor) -> Tensor:
        """The loss with one point moved to each of many places, (n, d) → (n,)."""
        points = self.points.detach().repeat(len(places), 1, 1)
        points[:, point] = places
        return self.loss.define(*self.inputs(points)).loss

    @cached_property
    def gradient(self) -> Tensor:
        (gradient,) = torch.autograd.grad(self.terms.loss, self.points, retain_graph=True)
        return gradient

    def pieces(self, point: int) -> Tensor:
        """The gradient of every term by one point, (terms, d)."""
        values = self.terms.values.flatten()
        each = [torch.autograd.grad(value, self.points, retain_graph=True)[0] for value in values]
        return torch.stack(each)[:, point]

    @property
    def on_circle(self) -> bool:
        parameters = self.state["parameters"]
        named = parameters.get("distance") or parameters.get("similarity")
        return named == "cosine" or self.kind in ONLY_COSINE

    @property
    def calm(self) -> float | None:
        """The step size, to two digits, at which the first step moves the farthest point by a quarter."""
        pull = max(each.norm().item() for each in (*self.gradient, *self.tensor_gradients.values()))
        return float(f"{0.25 / pull:.2g}") if pull > 1e-9 else None

    def after_step(self) -> Tensor:
        """Where one step of SGD puts the points; back on the circle where the loss sees directions only."""
        moved = self.points.detach() - self.state["rate"] * self.gradient
        return torch.nn.functional.normalize(moved) if self.on_circle else moved

    @cached_property
    def tensor_gradients(self) -> dict[str, Tensor]:
        if not self.tensors:
            return {}
        found = torch.autograd.grad(self.terms.loss, list(self.tensors.values()), retain_graph=True)
        return dict(zip(self.tensors, found, strict=True))

    def trained(self) -> dict[str, Tensor]:
        """What one step of SGD makes of the tensors."""
        return {
            name: tensor.detach() - self.state["rate"] * self.tensor_gradients[name]
            for name, tensor in self.tensors.items()
        }

    def descent(self, steps: int) -> tuple[list[float], Tensor]:
        """The losses of so many steps, and the points after the last."""
        losses, at = [], self
        for _ in range(steps):
            losses.append(at.terms.loss.item())
            tensors = {name: tensor.tolist() for name, tensor in at.trained().items()}
            after = {**self.state, "points": at.after_step().tolist(), "tensors": tensors}
            at = Expected(self.kind, self.spec, after)
        return losses, at.points.detach()

    # The terms, one by one

    def read(self) -> list[Term]:
        readers = {"distance line": self.pairs, "triplet plane": self.triplets, "score matrix": self.anchors}
        return readers[self.chart]()

    def ranked(self) -> list[Term]:
        return sorted((term for term in self.read() if term.value), key=lambda term: -abs(term.value))

    def short(self, point: int) -> str:
        return self.situation["sentences"][point]["short"]

    def formula(self, kind: str, k: int, **numbers: str) -> str | None:
        templates = catalogue.term_formulas(self.loss)
        if templates is None or self.terms.values[k] == 0:
            return None
        parameters = self.state["parameters"].items()
        own = {name: brief(value, 4) for name, value in parameters if type(value) in (int, float)}
        return templates[kind].format(B=len(self.terms.values), **own, **numbers)

    def term(self, k: int, **others) -> Term:
        return Term(index=k, active=bool(self.terms.active[k]), value=self.terms.values[k].item(), **others)

    def pairs(self) -> list[Term]:
        first, second = self.situation["rows"].values()
        return [self.pair(k, a, b) for k, (a, b) in enumerate(zip(first, second, strict=True))]

    def pair(self, k: int, a: int, b: int) -> Term:
        kind = "positive" if self.terms.positive[k] else "negative"
        distance, value = self.terms.matrix[k].item(), self.terms.values[k].item()
        letters, names = f"{letter(a)}–{letter(b)}", [self.short(a), self.short(b)]
        stand = (
            f"{letters}, the {kind} pair of “{names[0]}” and “{names[1]}”, stands at distance {fixed(distance)} and is"
        )
        verb = {"positive": "pulled together", "negative": "pushed apart"}[kind]
        note = f"{stand} {verb}: it adds {fixed(value, 5)}." if self.terms.active[k] else f"{stand} left alone."
        formula = self.formula(kind, k, d=fixed(distance, 5))
        return self.term(k, kind=kind, points=[a, b], letters=letters, links=[(a, b, kind, 1)],
                         formula=formula, who=" / ".join(names), note=note)  # fmt: skip

    def triplets(self) -> list[Term]:
        (rows,) = self.situation["rows"].values()
        return [self.triplet(k, rows) for k in range(len(rows))]

    def triplet(self, k: int, rows: list[int]) -> Term:
        anchor, distances = rows[k], self.terms.matrix[k]
        found = {}  # side → the hardest of it, where there is one
        for side in ("positive", "negative"):
            if getattr(self.terms, side)[k].any():
                found[side] = self.terms.chosen[f"hardest {side}"][k].item()
        missing = {"positive": 0.0, "negative": distances.max().item()}
        away = {side: distances[found[side]].item() if side in found else missing[side] for side in missing}
        told, who = [], [self.short(anchor)]
        for side in missing:
            name = self.short(rows[found[side]]) if side in found else None
            there = f"its hardest {side} “{name}” at {fixed(away[side])}"
            told.append(there if name else f"no {side}, counted at {fixed(away[side])}")
            who.append(f"{SIGNS[side]} {name or 'none'}")
        points = [anchor, *(rows[place] for place in found.values())]
        value = self.terms.values[k].item()
        adds = f"it adds {fixed(value, 5)}" if value else "it adds nothing"
        moves = "" if self.terms.active[k] or not value else ", and moves nothing"
        note = f"{letter(anchor)}, “{self.short(anchor)}”, has {' and '.join(told)}; {adds}{moves}."
        formula = self.formula("triplet", k, d_ap=fixed(away["positive"], 5), d_an=fixed(away["negative"], 5))
        links = [(anchor, rows[place], side, 1) for side, place in found.items()]
        return self.term(k, kind="triplet", points=points, letters=letter(anchor), links=links,
                         formula=formula, who=" ".join(who), note=note)  # fmt: skip

    def anchors(self) -> list[Term]:
        anchors, *others = self.situation["rows"].values()
        candidates = [point for rows in others for point in rows]
        return [self.anchor(k, anchor, candidates) for k, anchor in enumerate(anchors)]

    def anchor(self, k: int, anchor: int, candidates: list[int]) -> Term:
        shares = self.terms.matrix[k].softmax(-1).tolist()
        target = candidates[k]
        rivals = [j for j in range(len(candidates)) if j != k]
        rival = max(rivals, key=lambda j: shares[j], default=None)
        names = [self.short(anchor), self.short(target)]
        against = "it has no rival" if rival is None else (
            f"its strongest rival “{self.short(candidates[rival])}” has {percent(shares[rival])}"
        )  # fmt: skip
        weights = [1 - share if j == k else share for j, share in enumerate(shares)]
        sides = ["positive" if j == k else "negative" for j in range(len(candidates))]
        strong = [point for point, share in zip(candidates, shares, strict=True) if share >= 0.01]
        gives = f"{letter(anchor)}, “{names[0]}”, gives its positive “{names[1]}” a share of {percent(shares[k])}"
        note = f"{gives}; {against}."
        return self.term(k, kind="anchor", points=list(dict.fromkeys([anchor, target, *strong])),
                         letters=letter(anchor), formula=self.formula("anchor", k, p=probability(shares[k])), note=note,
                         links=[(anchor, *link) for link in zip(candidates, sides, weights, strict=True)],
                         who=" → ".join(names))  # fmt: skip

    # What is said of all of them

    @property
    def measures(self) -> str:
        terms, read = self.terms, self.read()
        counted = terms.positive | terms.negative
        mean = terms.matrix[counted].mean().item() if counted.any() else 0.0
        name = "mean logit" if self.chart == "score matrix" else "mean distance"
        return (
            f"{int(terms.positive.sum())} positive and {int(terms.negative.sum())} negative entries; "
            f"{name} {fixed(mean)}; gradient norm {fixed(self.gradient.norm().item())}; "
            f"{sum(term.active for term in read)} of {len(read)} terms active."
        )

    def caption(self) -> str:
        lit, terms = self.state["lit"], self.read()
        if lit and lit["kind"] == "term":
            return terms[lit["index"]].note
        if lit:
            return self.describe_point(lit["index"])
        active = sum(term.active for term in terms)
        axis = self.kind.axes[-1]
        count = f"{active} of 1 {axis} is active" if len(terms) == 1 else f"{active} of {len(terms)} {axis}s are active"
        if not active:
            return f"{count}: nothing pulls and nothing pushes, so no point will move."
        if not self.ranked():
            return f"{count}."
        largest = self.ranked()[0]
        share = percent(largest.value / self.terms.loss.item())
        return f"{count}. The largest term, {share} of the loss: {largest.note}"

    def describe_point(self, index: int) -> str:
        own = [term for term in self.read() if index in term.points]
        noun = "pair" if self.kind.axes[-1] == "pair" else "term"
        stands = f"{letter(index)}, “{self.short(index)}”, stands in {len(own)} {noun}{'s' * (len(own) != 1)}"
        forces = {"positive": "pulled to", "negative": "pushed from"}
        felt = [
            f"{forces[side]} {letter(end if start == index else start)}"
            for term in own
            if term.active
            for start, end, side, _ in term.links
            if index in (start, end)
        ]
        if not any(term.active for term in own):
            return f"{stands}; none is active, so it stays where it is."
        return f"{stands} and is {', '.join(dict.fromkeys(felt))}."
