"""What sentence-transformers calls what a loss is given, as Python that runs beside their ``losses`` and ``util``."""

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter


@dataclass(frozen=True)
class Measure:
    """A distance or a similarity: our parameter, theirs, and our names → theirs; whether a function that theirs takes
    is one that ours takes."""

    ours: str
    theirs: str
    names: dict[str, str]
    alike: bool = True


@dataclass(frozen=True)
class Peer:
    """Sentence-transformers' loss of the same name.

    ``measure``    the parameter whose values have other names there
    ``only_ours``  parameters that theirs finds elsewhere: its classifier is a layer, its encoder the model
    ``more``       what theirs takes besides
    ``then``       what is done to theirs, ``loss``, before it is asked
    ``note``       where its numbers differ
    ``found``      parameters of ours → where an object of theirs has them, unless under the name that it takes
    ``only_theirs``  what theirs takes and ours does not → the value at which ours is theirs
    """

    measure: Measure | None = None
    only_ours: tuple[str, ...] = ()
    more: dict[str, str] = field(default_factory=dict)
    then: str = ""
    note: str = ""
    found: dict[str, Callable[[object], object]] = field(default_factory=dict)
    only_theirs: dict[str, str] = field(default_factory=dict)


SIAMESE = Measure(
    "distance",
    "distance_metric",
    {
        "cosine": "losses.SiameseDistanceMetric.COSINE_DISTANCE",
        "euclidean": "losses.SiameseDistanceMetric.EUCLIDEAN",
        "manhattan": "losses.SiameseDistanceMetric.MANHATTAN",
    },
)
OF_TRIPLETS = Measure(
    "distance",
    "distance_metric",
    {
        "cosine": "losses.TripletDistanceMetric.COSINE",
        "euclidean": "losses.TripletDistanceMetric.EUCLIDEAN",
        "manhattan": "losses.TripletDistanceMetric.MANHATTAN",
    },
)
SQUARE = Measure(
    "distance",
    "distance_metric",
    {
        "cosine": "losses.BatchHardTripletLossDistanceFunction.cosine_distance",
        "euclidean": "losses.BatchHardTripletLossDistanceFunction.euclidean_distance",
        "manhattan": "lambda rows: torch.cdist(rows, rows, p=1)",  # theirs has none: one that its users would write
    },
    alike=False,  # theirs takes all rows at once
)
OF_SEARCH = Measure("similarity", "similarity_fct", {"cosine": "util.cos_sim", "dot": "util.dot_score"})

ADDS_EPSILON = "Unless the distance is cosine, theirs adds 0.000001 to each difference of two coordinates."
LOSES_DIGITS = "Their Euclidean distance is √(x² − 2xy + y²): where it is near 0 it loses half of its digits."

AS_TRIPLET_MARGIN = {"margin": attrgetter("triplet_margin")}
ONE_DEVICE = {"gather_across_devices": "False"}


def encoder_of(theirs: object) -> Callable:
    """What a slice of the features becomes: the embeddings of their model."""
    return lambda features: theirs.model(dict(features))["sentence_embedding"]
