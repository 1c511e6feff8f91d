"""What the book knows of each loss besides its mathematics: symbols, ranges, term formulas, history, papers.

The chooser, the controls, the API page, and the cases of the parity, fuzz, robustness and speed checks come from here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lossviz.losses import (
    BatchHardTripletLoss,
    ContrastiveLoss,
    Loss,
    MultipleNegativesRankingLoss,
    OnlineContrastiveLoss,
)


@dataclass(frozen=True)
class Parameter:
    """A parameter as a reader meets it: its symbol, its meaning, and a slider's range or a list of choices."""

    symbol: str
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple = ()


@dataclass(frozen=True)
class Paper:
    authors: str
    title: str
    venue: str
    year: int


@dataclass(frozen=True)
class Entry:
    """What is known of one loss.

    ``chart`` names the chart that shows it first. ``term(loss)`` gives, for each kind of term, the formula of what it
    adds; names in braces stand for numbers: {d} a pair's distance, {d_ap} and {d_an} those of a triplet, {p} the
    probability of an anchor's target, {B} the number of terms, or a parameter. ``changes`` says what changed in
    sentence-transformers, by version.
    """

    loss: type[Loss]
    chart: str
    peer: str
    formula: str
    term: Callable[[Loss], dict[str, str]]
    parameters: dict[str, Parameter]
    changes: tuple[tuple[str, str], ...]
    paper: Paper


DISTANCE = Parameter(
    "d", "how the distance of two embeddings is measured", choices=("cosine", "euclidean", "manhattan")
)



def _share(loss: Loss) -> str:
    return " / {B}" if getattr(loss, "size_average", True) else ""


HADSELL = Paper(
    "Raia Hadsell, Sumit Chopra, Yann LeCun",
    "Dimensionality Reduction by Learning an Invariant Mapping",
    "CVPR",
    2006,
)

ENTRIES = (
    Entry(
        loss=ContrastiveLoss,
        chart="distance line",
        peer="ContrastiveLoss",
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{i=1}^{B} \tfrac12 \left[\, y_i\, d_i^2"
        r" + (1 - y_i)\, \max(0,\ m - d_i)^2 \,\right]",
        term=lambda loss: {
            "positive": "½ · {d}²" + _share(loss),
            "negative": "½ · ({margin} − {d})²" + _share(loss),
        },
        parameters={
            "margin": Parameter("m", "the distance from which a negative pair is left alone", 0.0, 2.0, 0.01),
            "distance": DISTANCE,
            "size_average": Parameter("1/B", "average over the pairs, or sum them", choices=(True, False)),
        },
        changes=(("6.2", "labels other than 0 and 1 warn, and weigh both halves of the loss"),),
        paper=HADSELL,
    ),
    Entry(
        loss=OnlineContrastiveLoss,
        chart="distance line",
        peer="OnlineContrastiveLoss",
        formula=r"\mathcal{L} = \sum_{i \in P:\ d_i > \min_N d} d_i^2"
        r" + \sum_{i \in N:\ d_i < \max_P d} \max(0,\ m - d_i)^2",
        term=lambda loss: {"positive": "{d}²", "negative": "({margin} − {d})²"},
        parameters={
            "margin": Parameter("m", "the distance from which a negative pair is left alone", 0.0, 2.0, 0.01),
            "distance": DISTANCE,
        },
        changes=(("6.2", "a batch with a single positive or a single negative pair no longer compares with a mean"),),
        paper=HADSELL,
    ),
    Entry(
        loss=BatchHardTripletLoss,
        chart="triplet plane",
        peer="BatchHardTripletLoss",
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{a=1}^{B} \max\left(0,\ \max_{p} d(a,p) - \min_{n} d(a,n) + m\right)",
        term=lambda loss: {"triplet": "({d_ap} − {d_an} + {margin}) / {B}"},
        parameters={
            "margin": Parameter("m", "how much nearer the positive must be than the negative", 0.0, 6.0, 0.05),
            "distance": DISTANCE,
        },
        changes=(),
        paper=Paper(
            "Alexander Hermans, Lucas Beyer, Bastian Leibe",
            "In Defense of the Triplet Loss for Person Re-Identification",
            "arXiv:1703.07737",
            2017,
        ),
    ),
    Entry(
        loss=MultipleNegativesRankingLoss,
        chart="score matrix",
        peer="MultipleNegativesRankingLoss",
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{i=1}^{B} \left[\, \log \sum_{j} e^{s_{ij}} - s_{ii} \,\right],"
        r"\qquad s_{ij} = \mathrm{scale} \cdot \cos(a_i, c_j)",
        term=lambda loss: {"anchor": "−ln {p} / {B}"},
        parameters={
            "scale": Parameter("s", "what similarities are multiplied by: 1 / temperature", 1.0, 50.0, 0.5),
            "similarity": Parameter("cos", "how the similarity is measured", choices=("cosine", "dot")),
        },
        changes=(),
        paper=Paper(
            "Aäron van den Oord, Yazhe Li, Oriol Vinyals",
            "Representation Learning with Contrastive Predictive Coding",
            "arXiv:1807.03748",
            2018,
        ),
    ),
)


def entry(loss: Loss) -> Entry | None:
    """The catalogue's entry for a loss, or None for a loss of a reader's own."""
    return next((each for each in ENTRIES if type(loss) is each.loss), None)


def parameters(loss: Loss) -> dict[str, Parameter]:
    """What a reader may change of a loss: the catalogue's parameters; for a reader's own, ranges from defaults."""
    known = entry(loss)
    if known:
        return known.parameters
    guessed = {name: _guessed(name, value) for name, value in loss.parameters().items()}
    return {name: parameter for name, parameter in guessed.items() if parameter}


def _guessed(name: str, default: object) -> Parameter | None:
    if isinstance(default, bool):
        return Parameter("", name, choices=(True, False))
    if isinstance(default, float):
        low, high = min(0.0, 2 * default), max(1.0, 2 * default)
        return Parameter("", name, low, high, (high - low) / 200)
    return DISTANCE if default in DISTANCE.choices else None


CHART_OF_AXES = {("pair",): "distance line"}


def chart(loss: Loss) -> str | None:
    """The chart that shows a loss first; None where only the mask can."""
    known = entry(loss)
    return known.chart if known else CHART_OF_AXES.get(loss.axes)


def term_formulas(loss: Loss) -> dict[str, str] | None:
    """The formula of one term, by side; None for a loss of a reader's own."""
    known = entry(loss)
    return known.term(loss) if known else None
