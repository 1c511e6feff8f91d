"""What the book knows of each loss besides its mathematics: symbols, ranges, term formulas, history, papers.

The chooser, the controls, the API page, and the cases of the parity, fuzz, robustness and speed checks come from here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lossviz.losses import ContrastiveLoss, Loss


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

    ``chart`` names the chart that shows it first. ``term(loss)`` gives, for a positive and for a negative term, the
    formula of what it adds; names in braces stand for numbers: {d} the term's distance, {B} the number of pairs, or a
    parameter. ``changes`` says what changed in sentence-transformers, by version.
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


def _contrastive_term(loss: ContrastiveLoss) -> dict[str, str]:
    share = " / {B}" if loss.size_average else ""
    return {"positive": "½ · {d}²" + share, "negative": "½ · ({margin} − {d})²" + share}


ENTRIES = (
    Entry(
        loss=ContrastiveLoss,
        chart="distance line",
        peer="ContrastiveLoss",
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{i=1}^{B} \tfrac12 \left[\, y_i\, d_i^2"
        r" + (1 - y_i)\, \max(0,\ m - d_i)^2 \,\right]",
        term=_contrastive_term,
        parameters={
            "margin": Parameter("m", "the distance from which a negative pair is left alone", 0.0, 2.0, 0.01),
            "distance": DISTANCE,
            "size_average": Parameter("1/B", "average over the pairs, or sum them", choices=(True, False)),
        },
        changes=(("6.2", "labels other than 0 and 1 warn, and weigh both halves of the loss"),),
        paper=Paper(
            "Raia Hadsell, Sumit Chopra, Yann LeCun",
            "Dimensionality Reduction by Learning an Invariant Mapping",
            "CVPR",
            2006,
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
