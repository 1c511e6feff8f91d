"""Small losses that live only here: between them they use every row of the operators' table.

They take the shapes that the book's losses take: hardest rows, triplets in a cube, logits over candidates, a
classifier's weights.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from lossviz.distances import cosine_similarity, pairwise, unit
from lossviz.inputs import InputType, LabelSet
from lossviz.losses.base import Loss, Terms, scalar

CLASSES = LabelSet("class numbers 0, 1 or 2", lambda labels: (labels == 0) | (labels == 1) | (labels == 2))
SCORES = LabelSet("finite scores", torch.isfinite)


def _rows(number: int, batch: int, dimension: int, seed: int) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(number, batch, dimension, generator=generator, dtype=torch.float64))


def _type(rows: tuple[str, ...], labels: LabelSet | None = None) -> InputType:
    def example(batch: int = 6, dimension: int = 2, seed: int = 0) -> tuple[Tensor, ...]:
        return _rows(len(rows), batch, dimension, seed) + ((torch.arange(batch).double() % 2,) if labels else ())

    return InputType("zoo", str(rows), rows, labels, example)


ONE = _type(("embeddings",))
PAIR = _type(("first", "second"))
CLASSIFIED = _type(("embeddings",), CLASSES)
CLASSIFIED_PAIR = _type(("first", "second"), CLASSES)
SCORED_PAIR = _type(("first", "second"), SCORES)
CANDIDATES = _type(("anchor", "positive", "negative"))


def _terms(matrix: Tensor, values: Tensor, active: Tensor | None = None, **rest) -> Terms:
    everything = torch.ones_like(values, dtype=torch.bool)
    positive = rest.pop("positive", torch.ones_like(matrix, dtype=torch.bool))
    active = everything if active is None else active
    return Terms(matrix, values, positive, ~positive, everything, active, loss=values.sum(), **rest)


def _same(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of one class, and the same without each row itself."""
    same = labels.unsqueeze(-1) == labels.unsqueeze(-2)
    place = torch.arange(labels.shape[-1])
    return same, same & (place.unsqueeze(-1) != place)


@dataclass(frozen=True, eq=False)
class HardestRows(Loss):
    """Batch-hard: the largest and the smallest along a row, with their places."""

    margin: float = 1.0
    distance: str = "euclidean"
    inputs = CLASSIFIED
    axes = ("anchor",)

    def define(self, embeddings, labels):
        distance = pairwise(self.distance, embeddings, embeddings)
        same, positive = _same(labels)
        far, far_place = torch.where(positive, distance, 0.0).max(-1)
        largest = distance.max(-1, keepdim=True).values
        near, near_place = torch.where(same, distance + largest, distance).min(-1)
        values = F.relu(far - near + scalar(self.margin, distance)) / distance.shape[-1]
        chosen = {"hardest_positive": far_place, "hardest_negative": near_place}
        return _terms(
            distance,
            values,
            values > 0,
            positive=positive,
            chosen=chosen,
            thresholds={"margin": scalar(self.margin, far)},
        )


@dataclass(frozen=True, eq=False)
class Cube(Loss):
    """Batch-all: every (anchor, positive, negative), averaged over those that are active."""

    margin: float = 0.5
    squared: bool = False
    inputs = CLASSIFIED
    axes = ("anchor", "positive", "negative")

    def define(self, embeddings, labels):
        distance = pairwise("euclidean", embeddings, embeddings)
        distance = distance**2 if self.squared else distance
        same, positive = _same(labels)
        valid = positive.unsqueeze(-1) & ~same.unsqueeze(-2)
        hinge = distance.unsqueeze(-1) - distance.unsqueeze(-2) + self.margin
        active = valid & (hinge > 1e-16)
        values = torch.where(active, hinge, 0.0) / active.sum((-3, -2, -1), keepdim=True).clamp(min=1)
        return Terms(distance, values, positive, ~same, valid, active)


@dataclass(frozen=True, eq=False)
class NearestBeyond(Loss):
    """Semi-hard: a minimum over a masked cube, with a fallback, and a lookup by place."""

    margin: float = 0.3
    inputs = CLASSIFIED
    axes = ("anchor", "positive")

    def define(self, embeddings, labels):
        distance = pairwise("manhattan", embeddings, embeddings)
        same, positive = _same(labels)
        beyond = ~same.unsqueeze(-2) & (distance.unsqueeze(-2) > distance.unsqueeze(-1))
        nearest, place = torch.where(beyond, distance.unsqueeze(-2), torch.inf).min(-1)
        farthest, last = torch.where(same, 0.0, distance).max(-1, keepdim=True)
        found = beyond.any(-1)
        chosen = torch.where(found, place, last)
        negative = torch.where(found, distance.gather(-1, chosen), farthest)
        hinge = torch.where(positive, F.relu(distance - negative + self.margin), 0.0)
        values = hinge / positive.sum((-2, -1), keepdim=True).clamp(min=1)
        return _terms(distance, values, hinge > 0, positive=positive, chosen={"negative": chosen})


@dataclass(frozen=True, eq=False)
class Candidates(Loss):
    """MNRL: each anchor against all positives and negatives; softmax over the row and over the column."""

    scale: float = 20.0
    inputs = CANDIDATES
    axes = ("anchor",)

    def define(self, anchor, positive, negative):
        candidates = torch.cat([positive, negative], -2)
        logits = unit(anchor) @ unit(candidates).transpose(-1, -2) * self.scale
        paired = cosine_similarity(anchor, positive) * self.scale
        down = (unit(anchor) @ unit(positive).transpose(-1, -2) * self.scale).logsumexp(-2)
        values = (logits.logsumexp(-1) - paired + down - paired) / paired.shape[-1]
        target = torch.arange(anchor.shape[-2])
        shares = {"row": logits.softmax(-1), "column": logits.log_softmax(-2), "scale": scalar(self.scale, paired)}
        positive = target.unsqueeze(-1) == torch.arange(logits.shape[-1])
        return _terms(logits, values, positive=positive, thresholds=shares, chosen={"target": target})


@dataclass(frozen=True, eq=False)
class Classifier(Loss):
    """Softmax: weights of shape (classes, 3 d) whose gradient is wanted too."""

    weight: Tensor
    bias: Tensor | None = None
    inputs = CLASSIFIED_PAIR
    axes = ("pair",)

    @classmethod
    def initial(cls, dimension: int, seed: int) -> "Classifier":
        weight = torch.randn(3, 3 * dimension, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        return cls(weight, weight.sum(-1))

    def define(self, first, second, labels):
        features = torch.cat([first, second, (first - second).abs()], -1)
        logits = F.linear(features, self.weight, self.bias)
        hit = labels.unsqueeze(-1) == torch.arange(self.weight.shape[0])
        values = -torch.where(hit, logits.log_softmax(-1), 0.0).sum(-1) / labels.shape[-1]
        return _terms(logits, values, positive=hit, chosen={"target": labels})


@dataclass(frozen=True, eq=False)
class Ordered(Loss):
    """CoSENT: one log of a sum over all wrongly ordered pairs of pairs."""

    scale: float = 20.0
    inputs = SCORED_PAIR
    axes = ("lower_pair", "higher_pair")

    def define(self, first, second, scores):
        similarity = cosine_similarity(first, second)
        valid = scores.unsqueeze(-1) < scores.unsqueeze(-2)
        gap = self.scale * (similarity.unsqueeze(-1) - similarity.unsqueeze(-2))
        logits = torch.where(valid, gap, -1e9)
        total = F.softplus(logits.logsumexp((-2, -1)), threshold=100)
        values = torch.where(valid, (logits - logits.logsumexp((-2, -1), keepdim=True)).exp() * total, 0.0)
        return Terms(similarity, values, scores > 0, scores < 1, valid, loss=total)


@dataclass(frozen=True, eq=False)
class Halves(Loss):
    """AnglE: the two halves of a row are the parts of complex numbers. Only for even dimensions."""

    scale: float = 2.0
    inputs = PAIR
    axes = ("pair",)

    def define(self, first, second):
        (a, b), (c, d) = first.chunk(2, -1), second.chunk(2, -1)
        real, imaginary = a * c + b * d, b * c - a * d
        values = torch.cat([real, imaginary], -1).sum(-1).abs() * self.scale
        return _terms(values, values)


@dataclass(frozen=True, eq=False)
class Familiar(Loss):
    """What a reader reaches for: torch's own normalisation, losses and statistics."""

    smoothing: float = 0.1
    new: float = 1.0  # a word of JavaScript's
    B: float = 0.5  # the name of a size
    inputs = CLASSIFIED_PAIR
    axes = ("pair",)

    def define(self, first, second, labels):
        x, y = F.normalize(first + 2, dim=-1), F.normalize(second - 3, dim=-1)
        similarity = x @ y.mT / self.smoothing.clamp(min=0.05)
        cross = F.cross_entropy(similarity, torch.arange(similarity.shape[-1]), reduction="none")
        binary = F.binary_cross_entropy_with_logits(similarity.diagonal(), (labels > 0).to(x.dtype), reduction="none")
        spread = F.mse_loss(x, y, reduction="none").mean(-1) + F.smooth_l1_loss(first, second, reduction="none").mean(
            (-1,)
        )
        centred = (x - x.mean(0)).square().sum(-1).sqrt() * self.new + F.logsigmoid(
            similarity
        ).flatten().mean() * self.B
        values = cross + binary + spread + centred + F.pairwise_distance(x, y) + F.cosine_similarity(x, y)
        return _terms(similarity, values)


@dataclass(frozen=True, eq=False)
class Smooth(Loss):
    """The gradient of every function that has one everywhere on its range."""

    power: float = 1.7
    inputs = PAIR
    axes = ("pair",)

    def define(self, first, second):
        inside, above = first.tanh() * 0.9, second.abs() + 0.5
        parts = [
            first.exp(),
            first.expm1(),
            above.log(),
            above.log1p(),
            above.log2(),
            above.log10(),
            first.sin(),
            first.cos(),
        ]
        parts += [
            inside.tan(),
            inside.asin(),
            inside.acos(),
            first.atan(),
            inside.sinh(),
            inside.cosh(),
            inside.atanh(),
        ]
        parts += [first.asinh(), (above + 1).acosh(), torch.atan2(first, above), first.sigmoid(), above.rsqrt()]
        parts += [
            above.reciprocal(),
            above**self.power,
            above**0.5,
            above**-1,
            first**3,
            2**first,
            above.sqrt(),
            -first,
        ]
        parts += [
            torch.maximum(first, second),
            torch.minimum(first, second),
            first.clamp(-0.5, 0.5),
            first.clamp(max=second),
        ]
        parts += [F.silu(first), F.leaky_relu(first), torch.logaddexp(first, second)]
        values = torch.stack(parts).sum(0).sum(-1)
        amount = first.amax(-1) - second.amin(-1) + first.amax() * above.mean()
        return _terms(first @ second.mT, values + amount)


FUNCTIONS = """abs sign floor ceil trunc exp expm1 log log1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh
acosh atanh sigmoid sqrt rsqrt reciprocal neg square relu isnan isinf logical_not""".split()
OF_TWO = "add sub mul div pow maximum minimum atan2 gt ge lt le eq ne logical_and logical_or logical_xor".split()


@dataclass(frozen=True, eq=False)
class Functions(Loss):
    """Every pointwise operator as it is, for numbers that are special."""

    rows_of_the_fuzz = "huge"
    inputs = PAIR
    axes = ("pair",)

    def define(self, first, second):
        found = {name: getattr(first, name)() for name in FUNCTIONS}
        found |= {name: getattr(torch, name)(first, second) for name in OF_TWO}
        positive, long = first > 0, second.abs() > 1
        found |= {"and": positive & long, "or": positive | long, "xor": positive ^ long, "not": ~positive}
        found |= {
            "whole": first.clamp(-9, 9).nan_to_num().long(),
            "truth": first.bool(),
            "low": first.clamp(min=second),
        }
        found |= {
            "both": first.clamp(-1, 1),
            "high": first.clamp(max=0.5),
            "where": torch.where(positive, first, second),
        }
        found |= {
            "square": first**2,
            "cube": first**3,
            "root": first**0.5,
            "one": first**0,
            "inverse": first**-1,
            "itself": first**1,
        }
        found |= {
            "two": 2**first,
            "infinite": torch.full_like(first, torch.inf),
            "undefined": torch.full_like(first, torch.nan),
        }
        found |= {"minus": torch.full_like(first, -torch.inf), "tiny": first + 1e-300, "huge": first + 1e300}
        return _terms(first, first, thresholds=found)


@dataclass(frozen=True, eq=False)
class Statistics(Loss):
    """Every reduction as it is, and division with a rest, with ties and with numbers that are special."""

    rows_of_the_fuzz = "strange"
    inputs = PAIR
    axes = ("pair",)

    def define(self, first, second):
        found = {}
        for axis in (-1, 0):
            for name in "sum mean prod amax amin argmax argmin any all".split():
                found[f"{name} {axis}"] = getattr(first, name)(axis)
        for name in "sum mean prod amax amin argmax argmin any all".split():
            found[f"{name} of all"] = getattr(first, name)().unsqueeze(-1)
        found |= {"kept": first.sum((0, 1), keepdim=True), "both": first.amax((0, 1)).unsqueeze(0)}
        found |= {"rest": torch.remainder(first, second), "floored": first // second}
        found |= {"whole": torch.div(first, second, rounding_mode="trunc")}
        found |= {"how many": (first > second).sum(-1), "share": (first > second).to(first.dtype).mean()}

        return _terms(first, second, thresholds=found)


@dataclass(frozen=True, eq=False)
class Places(Loss):
    """Every view, forwards and backwards."""

    start: int = 1
    inputs = PAIR
    axes = ("pair",)

    def define(self, first, second):
        both = torch.cat([first, second, first * second], -2)
        parts = {
            "stack": torch.stack([first, second], -1).flatten(-2),
            "flat": (first * 2).flatten(),
            "split": torch.stack([first, second], 1).flatten(0, 1) * 3,
            "transposed": both.mT.contiguous(),
            "tail": both[first.shape[0] :],
            "skipped": both[::3],
            "last": both[-1],
            "end": both[-2:],
            "first column": both[:, 0],
            "diagonal": (first @ second.mT).diagonal(),
            "expanded": first.unsqueeze(1).expand(-1, 2, -1),
            "squeezed": first.sum(-1, keepdim=True).squeeze(-1),
            "column": second.sum(0, keepdim=True).squeeze(0),
            "picked": both.gather(0, both.argmax(0, keepdim=True)),
            "scattered": torch.zeros_like(both).scatter(0, both.argmin(0, keepdim=True), 1.0),
            "summed": torch.zeros_like(first).scatter_add(-1, (first > 0).long() * (first.shape[-1] - 1), second),
        }
        weights = torch.arange(1, 1 + both.shape[0], dtype=first.dtype)
        values = sum((part * part).sum() for part in parts.values()) * weights[: first.shape[0]]
        return _terms(both, values, thresholds=parts)


@dataclass(frozen=True, eq=False)
class Counted(Loss):
    """Without a slope: no term has a gradient."""

    limit: float = 1.0
    inputs = PAIR
    axes = ("pair",)

    def define(self, first, second):
        distance = (first - second).abs().sum(-1)
        return _terms(distance, (distance.detach() > self.limit).to(first.dtype))


ZOO = [
    HardestRows,
    Cube,
    NearestBeyond,
    Candidates,
    Classifier,
    Ordered,
    Halves,
    Familiar,
    Smooth,
    Functions,
    Statistics,
    Places,
    Counted,
]
