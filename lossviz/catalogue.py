"""What the book knows of each loss besides its mathematics: symbols, ranges, term formulas, history, papers.

The chooser, the controls, the API page, and the cases of the parity, fuzz, robustness and speed checks come from here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from lossviz.losses import (
    AnglELoss,
    BatchAllTripletLoss,
    BatchHardSoftMarginTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
    CachedMultipleNegativesRankingLoss,
    ContrastiveLoss,
    ContrastiveTensionLoss,
    ContrastiveTensionLossInBatchNegatives,
    CoSENTLoss,
    CosineSimilarityLoss,
    Loss,
    MultipleNegativesRankingLoss,
    MultipleNegativesSymmetricRankingLoss,
    OnlineContrastiveLoss,
    SoftmaxLoss,
    TripletLoss,
)
from lossviz.losses.positive_pairs import DIRECTIONS, PARTITIONS


@dataclass(frozen=True)
class Parameter:
    """A parameter as a reader meets it: its symbol, its meaning, and a slider's range or a list of choices.

    ``control`` says whether an explorer offers it unasked; one with neither range nor choices has none to offer.
    ``needs`` names the parameter without which it has no effect: while that one is None.
    """

    symbol: str
    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple = ()
    control: bool = True
    needs: str | None = None


@dataclass(frozen=True)
class Paper:
    authors: str
    title: str
    venue: str
    year: int


@dataclass(frozen=True)
class Entry:
    """What is known of one loss.

    ``chart`` names the chart that shows it first, ``matrix`` what the numbers are that it reads. ``term(loss)`` gives,
    for each kind of term, the formula of what it adds; names in braces stand for numbers: {d} the distance of a pair,
    {z} its dot product, {s} its similarity and {y} its score, {d_ap} and {d_an} the distances of a triplet, {s_low} and
    {s_high} the similarities of two pairs in order, {sum} the sum of all exponentials and {loss} the loss, {p} the
    probability of a target and {q} that in a second sum, {B} the number of valid terms, {A} that of active ones, or a
    parameter. ``changes`` says what changed in sentence-transformers, by version.

    ``default()`` makes the loss with its defaults. ``variants()`` are the settings that are looked at one by one, in
    explorers and in tests: every combination of the choices that an explorer offers, then ``also``.
    """

    loss: type[Loss]
    chart: str
    peer: str
    formula: str
    term: Callable[[Loss], dict[str, str]]
    parameters: dict[str, Parameter]
    changes: tuple[tuple[str, str], ...]
    paper: Paper
    make: Callable[[], Loss] | None = None  # where the class alone does not make one
    also: tuple[dict[str, object], ...] = ()
    matrix: str = "distance"

    def default(self) -> Loss:
        return (self.make or self.loss)()

    def variants(self) -> list[dict[str, object]]:
        offered = {name: each.choices for name, each in self.parameters.items() if each.choices and each.control}
        combinations = (dict(zip(offered, values, strict=True)) for values in product(*offered.values()))
        return [*(each for each in combinations if self.default().allows(**each)), *self.also]


DISTANCE = Parameter(
    "d", "how the distance of two embeddings is measured", choices=("cosine", "euclidean", "manhattan")
)
FAR_ENOUGH = Parameter("m", "the distance from which a negative pair is left alone", 0.0, 2.0, 0.01)
NEARER_BY = Parameter("m", "how much nearer the positive must be than the negative", 0.0, 6.0, 0.05)
SCALE = Parameter("1/τ", "what similarities are multiplied by: 1 / temperature", 1.0, 50.0, 0.5)
SIMILARITY = Parameter("cos", "how the similarity is measured", choices=("cosine", "dot"))
OWN_SIDE = ("query_to_doc", "query_to_query")
BOTH = ("query_to_doc", "doc_to_query")
ALL_FOUR = ("query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc")
RANKING = {
    "scale": SCALE,
    "similarity": SIMILARITY,
    "directions": Parameter(
        "D", "who looks for whom", choices=(("query_to_doc",), OWN_SIDE, BOTH, ALL_FOUR), control=False
    ),
    "partition_mode": Parameter(
        "Z", "one sum for all directions, or one for each", choices=("joint", "per_direction"), control=False
    ),
    "hardness_mode": Parameter(
        "h",
        "which negatives weigh more the nearer they are",
        choices=(None, "in_batch_negatives", "hard_negatives", "all_negatives"),
        control=False,
    ),
    "hardness_strength": Parameter(
        "α", "how much more they weigh", 0.0, 10.0, 0.5, control=False, needs="hardness_mode"
    ),
}
RANKING_ALSO = (
    {"directions": OWN_SIDE},
    {"directions": BOTH},
    {"directions": BOTH, "partition_mode": "per_direction"},
    {"directions": ALL_FOUR},
    *({"hardness_mode": mode, "hardness_strength": 5.0} for mode in RANKING["hardness_mode"].choices[1:]),
)
YES_OR_NO = (True, False)


def _share(loss: Loss) -> str:
    return " / {B}" if getattr(loss, "size_average", True) else ""


def _search(loss: Loss) -> dict[str, str]:
    return {"anchor": "−½ · (ln {p} + ln {q}) / {B}" if len(searches(loss)) > 1 else "−ln {p} / {B}"}


HADSELL = Paper(
    "Raia Hadsell, Sumit Chopra, Yann LeCun",
    "Dimensionality Reduction by Learning an Invariant Mapping",
    "CVPR",
    2006,
)
HERMANS = Paper(
    "Alexander Hermans, Lucas Beyer, Bastian Leibe",
    "In Defense of the Triplet Loss for Person Re-Identification",
    "arXiv:1703.07737",
    2017,
)
SCHROFF = Paper(
    "Florian Schroff, Dmitry Kalenichenko, James Philbin",
    "FaceNet: A Unified Embedding for Face Recognition and Clustering",
    "CVPR",
    2015,
)
REIMERS = Paper(
    "Nils Reimers, Iryna Gurevych",
    "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks",
    "EMNLP",
    2019,
)
OORD = Paper(
    "Aäron van den Oord, Yazhe Li, Oriol Vinyals",
    "Representation Learning with Contrastive Predictive Coding",
    "arXiv:1807.03748",
    2018,
)
CARLSSON = Paper(
    "Fredrik Carlsson, Amaru Cuba Gyllensten, Evangelia Gogoulou, Erik Ylipää Hellqvist, Magnus Sahlgren",
    "Semantic Re-tuning with Contrastive Tension",
    "ICLR",
    2021,
)
SOFTMAX_OF_ROWS = (
    r"\mathcal{L} = \frac{1}{B} \sum_{i=1}^{B} \left[\, \ln \sum_{j} e^{s_{ij}} - s_{ii} \,\right],"
    r"\qquad s_{ij} = \mathrm{scale} \cdot \cos(a_i, c_j)"
)
SOFTMAX_BOTH_WAYS = (
    r"\mathcal{L} = \frac{1}{2B} \sum_{i=1}^{B} \left[\, \ln \sum_{j} e^{s_{ij}}"
    r" + \ln \sum_{j} e^{s_{ji}} - 2 s_{ii} \,\right]"
)
IN_ORDER = r"\mathcal{L} = \ln\left(1 + \sum_{y_i < y_j} e^{\,\mathrm{scale} \cdot (s_i - s_j)}\right)"

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
            "margin": FAR_ENOUGH,
            "distance": DISTANCE,
            "size_average": Parameter("1/B", "average over the pairs, or sum them", choices=YES_OR_NO),
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
        parameters={"margin": FAR_ENOUGH, "distance": DISTANCE},
        changes=(("6.2", "a batch with a single positive or a single negative pair no longer compares with a mean"),),
        paper=HADSELL,
    ),
    Entry(
        loss=BatchAllTripletLoss,
        chart="triplet plane",
        peer="BatchAllTripletLoss",
        formula=r"\begin{gathered} \mathcal{L} = \frac{1}{|A|} \sum_{(a,p,n)}"
        r" \max\left(0,\ d(a,p) - d(a,n) + m\right), \\ A = \text{the triplets that cost something} \end{gathered}",
        term=lambda loss: {"triplet": "({d_ap} − {d_an} + {margin}) / {A}"},
        parameters={"margin": NEARER_BY, "distance": DISTANCE},
        changes=(("6.2", "no longer builds a cube of B³ numbers"),),
        paper=HERMANS,
    ),
    Entry(
        loss=BatchHardTripletLoss,
        chart="triplet plane",
        peer="BatchHardTripletLoss",
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{a=1}^{B} \max\left(0,\ \max_{p} d(a,p) - \min_{n} d(a,n) + m\right)",
        term=lambda loss: {"triplet": "({d_ap} − {d_an} + {margin}) / {B}"},
        parameters={"margin": NEARER_BY, "distance": DISTANCE},
        changes=(),
        paper=HERMANS,
    ),
    Entry(
        loss=BatchHardSoftMarginTripletLoss,
        chart="triplet plane",
        peer="BatchHardSoftMarginTripletLoss",
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{a=1}^{B} \ln\left(1 + e^{\,\max_{p} d(a,p) - \min_{n} d(a,n)}\right)",
        term=lambda loss: {"triplet": "ln(1 + e^({d_ap} − {d_an})) / {B}"},
        parameters={"distance": DISTANCE},
        changes=(("5.1", "the exponential still overflowed where the two distances were 89 apart; 6.2 uses softplus"),),
        paper=HERMANS,
    ),
    Entry(
        loss=BatchSemiHardTripletLoss,
        chart="triplet plane",
        peer="BatchSemiHardTripletLoss",
        formula=r"\begin{gathered} \mathcal{L} = \frac{1}{|P|} \sum_{(a,p)}"
        r" \max\left(0,\ d(a,p) - d(a,n_{ap}) + m\right), \\"
        r" n_{ap} = \text{the nearest negative beyond } p \text{, else the farthest} \end{gathered}",
        term=lambda loss: {"triplet": "({d_ap} − {d_an} + {margin}) / {B}"},
        parameters={"margin": NEARER_BY, "distance": DISTANCE},
        changes=(),
        paper=SCHROFF,
    ),
    Entry(
        loss=CosineSimilarityLoss,
        chart="score plane",
        matrix="cosine",
        peer="CosineSimilarityLoss",
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{i=1}^{B} (s_i - y_i)^2,\qquad s_i = \cos(u_i, v_i)",
        term=lambda loss: {"pair": "({s} − {y})² / {B}"},
        parameters={},
        changes=(),
        paper=REIMERS,
    ),
    Entry(
        loss=CoSENTLoss,
        chart="score plane",
        matrix="cosine",
        peer="CoSENTLoss",
        formula=IN_ORDER + r",\qquad s_i = \cos(u_i, v_i)",
        term=lambda loss: {"order": "{loss} · e^({scale} · ({s_low} − {s_high})) / {sum}"},
        parameters={"scale": SCALE},
        changes=(
            ("6.2", "sorts the scores instead of comparing every pair with every other"),
            ("6.2", "half-precision scores are computed in float32"),
        ),
        paper=Paper(
            "Xiang Huang, Hao Peng, Dongcheng Zou, Zhiwei Liu, Jianxin Li, Kay Liu, Jia Wu, Jianlin Su, Philip S. Yu",
            "CoSENT: Consistent Sentence Embedding via Similarity Ranking",
            "IEEE/ACM Transactions on Audio, Speech, and Language Processing",
            2024,
        ),
    ),
    Entry(
        loss=AnglELoss,
        chart="score plane",
        matrix="angle similarity",
        peer="AnglELoss",
        formula=IN_ORDER + r",\qquad s_i = |\cos(u_i, v_i) + \cos(u_i, -\mathrm{i}\, v_i)|",
        term=lambda loss: {"order": "{loss} · e^({scale} · ({s_low} − {s_high})) / {sum}"},
        parameters={"scale": SCALE},
        changes=(("6.2", "sorts the scores instead of comparing every pair with every other"),),
        paper=Paper(
            "Xianming Li, Jing Li",
            "AoE: Angle-optimized Embeddings for Semantic Textual Similarity",
            "ACL",
            2024,
        ),
    ),
    Entry(
        loss=SoftmaxLoss,
        chart="class regions",
        matrix="log-probability",
        peer="SoftmaxLoss",
        formula=r"\mathcal{L} = -\frac{1}{B} \sum_{i=1}^{B} \ln \mathrm{softmax}"
        r"\left(W\, [u_i;\ v_i;\ |u_i - v_i|] + b\right)_{y_i}",
        term=lambda loss: {"class": "−ln {p} / {B}"},
        parameters={
            "weight": Parameter("W", "the classifier's weights, trained with the sentences", control=False),
            "bias": Parameter("b", "one number per class, or none", control=False),
            "concatenation_sent_rep": Parameter("u; v", "whether it reads both rows", choices=YES_OR_NO),
            "concatenation_sent_difference": Parameter("|u − v|", "whether it reads the difference", choices=YES_OR_NO),
            "concatenation_sent_multiplication": Parameter("u · v", "whether it reads the product", choices=YES_OR_NO),
        },
        changes=(),
        paper=REIMERS,
        make=lambda: SoftmaxLoss.initial(dimension=2, classes=3),
    ),
    Entry(
        loss=TripletLoss,
        chart="triplet plane",
        peer="TripletLoss",
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{i=1}^{B} \max\left(0,\ d(a_i, p_i) - d(a_i, n_i) + m\right)",
        term=lambda loss: {"triplet": "({d_ap} − {d_an} + {triplet_margin}) / {B}"},
        parameters={"triplet_margin": NEARER_BY, "distance": DISTANCE},
        changes=(
            ("5.1", "the Euclidean distance had the wrong sign; 6.2 has the right one"),
            ("6.2", "coincident points no longer give a gradient of NaN"),
        ),
        paper=SCHROFF,
    ),
    Entry(
        loss=MultipleNegativesRankingLoss,
        chart="score matrix",
        matrix="logit",
        peer="MultipleNegativesRankingLoss",
        formula=SOFTMAX_OF_ROWS,
        term=_search,
        parameters=RANKING,
        changes=(("5.3", "directions, partition_mode, hardness_mode and hardness_strength"),),
        paper=OORD,
        also=RANKING_ALSO,
    ),
    Entry(
        loss=MultipleNegativesSymmetricRankingLoss,
        chart="score matrix",
        matrix="logit",
        peer="MultipleNegativesSymmetricRankingLoss",
        formula=SOFTMAX_BOTH_WAYS,
        term=lambda loss: {"anchor": "−ln {p} / {B}"},
        parameters={"scale": SCALE, "similarity": SIMILARITY},
        changes=(("5.3", "deprecated: MultipleNegativesRankingLoss with both directions, per_direction, is the same"),),
        paper=Paper(
            "Alec Radford et al.",
            "Learning Transferable Visual Models From Natural Language Supervision",
            "ICML",
            2021,
        ),
    ),
    Entry(
        loss=CachedMultipleNegativesRankingLoss,
        chart="score matrix",
        matrix="logit",
        peer="CachedMultipleNegativesRankingLoss",
        formula=SOFTMAX_OF_ROWS,
        term=_search,
        parameters={
            "encode": Parameter("f", "the encoder: a slice of the batch → embeddings", control=False),
            "scale": SCALE,
            "mini_batch_size": Parameter("b", "how many rows the encoder reads at a time", 1, 256, 1, control=False),
            **{name: each for name, each in RANKING.items() if name != "scale"},
        },
        changes=(("5.3", "directions, partition_mode, hardness_mode and hardness_strength"),),
        paper=Paper(
            "Luyu Gao, Yunyi Zhang, Jiawei Han, Jamie Callan",
            "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup",
            "RepL4NLP",
            2021,
        ),
        make=lambda: CachedMultipleNegativesRankingLoss(encode=lambda rows: rows),
        also=({"directions": BOTH},),  # the rest is the uncached loss's
    ),
    Entry(
        loss=ContrastiveTensionLoss,
        chart="distance line",
        matrix="dot product",
        peer="ContrastiveTensionLoss",
        formula=r"\mathcal{L} = \sum_{i=1}^{B} \left[\, y_i \ln\left(1 + e^{-z_i}\right)"
        r" + (1 - y_i) \ln\left(1 + e^{z_i}\right) \,\right],\qquad z_i = u_i \cdot v_i",
        term=lambda loss: {"positive": "ln(1 + e^−({z}))", "negative": "ln(1 + e^({z}))"},
        parameters={},
        changes=(),
        paper=CARLSSON,
    ),
    Entry(
        loss=ContrastiveTensionLossInBatchNegatives,
        chart="score matrix",
        matrix="logit",
        peer="ContrastiveTensionLossInBatchNegatives",
        formula=SOFTMAX_BOTH_WAYS,
        term=lambda loss: {"anchor": "−ln {p} / {B}"},
        parameters={"scale": SCALE},
        changes=(),
        paper=CARLSSON,
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


def matrix(loss: Loss) -> str:
    """What the numbers of the matrix are; a reader's own loss is taken to read distances."""
    known = entry(loss)
    return known.matrix if known else "distance"


def searches(loss: Loss) -> list[list[str]]:
    """The directions in which a ranking loss searches, block by block of its matrix; those of one sum together."""
    asked = getattr(loss, "directions", DIRECTIONS[:1])
    blocks = [each for each in DIRECTIONS if each in asked]
    joint = getattr(loss, "partition_mode", PARTITIONS[0]) == PARTITIONS[0]
    return [blocks] if joint else [[each] for each in blocks]
