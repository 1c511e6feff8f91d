"""Losses on (anchor, positive)."""

from torch import Tensor

from lossviz.catalogue.papers import GAO, OORD, RADFORD
from lossviz.catalogue.parameters import SCALE, SIMILARITY, Parameter
from lossviz.catalogue.peers import OF_SEARCH, ONE_DEVICE, Peer, encoder_of
from lossviz.catalogue.schema import Entry
from lossviz.losses import (
    CachedMultipleNegativesRankingLoss,
    Loss,
    MultipleNegativesRankingLoss,
    MultipleNegativesSymmetricRankingLoss,
)

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


def as_given(rows: Tensor) -> Tensor:
    """An encoder of rows that are embeddings already."""
    return rows


def _search(loss: Loss) -> dict[str, str]:
    return {"anchor": "−½ · (ln {p} + ln {q}) / {B}" if len(loss.blocks()) > 1 else "−ln {p} / {B}"}


SOFTMAX_OF_ROWS = (
    r"\mathcal{L} = \frac{1}{B} \sum_{i=1}^{B} \left[\, \ln \sum_{j} e^{s_{ij}} - s_{ii} \,\right],"
    r"\qquad s_{ij} = \mathrm{scale} \cdot \cos(a_i, c_j)"
)
SOFTMAX_BOTH_WAYS = (
    r"\mathcal{L} = \frac{1}{2B} \sum_{i=1}^{B} \left[\, \ln \sum_{j} e^{s_{ij}}"
    r" + \ln \sum_{j} e^{s_{ji}} - 2 s_{ii} \,\right]"
)
# A softmax of cosines: where two lie in one direction a share pushes nothing.
PUSH = "push: share · sin(angle); pull: the rest · sin(angle)"

ENTRIES = (
    Entry(
        loss=MultipleNegativesRankingLoss,
        first=True,
        formula=SOFTMAX_OF_ROWS,
        term=_search,
        push=PUSH,
        parameters=RANKING,
        changes=(("5.3", "directions, partition_mode, hardness_mode and hardness_strength"),),
        paper=OORD,
        peer=Peer(OF_SEARCH, only_theirs=ONE_DEVICE),
        also=RANKING_ALSO,
    ),
    Entry(
        loss=MultipleNegativesSymmetricRankingLoss,
        formula=SOFTMAX_BOTH_WAYS,
        term=lambda loss: {"anchor": "−ln {p} / {B}"},
        push=PUSH,
        parameters={"scale": SCALE, "similarity": SIMILARITY},
        changes=(("5.3", "deprecated: MultipleNegativesRankingLoss with both directions, per_direction, is the same"),),
        paper=RADFORD,
        peer=Peer(
            OF_SEARCH,
            note="Theirs is deprecated: it is MultipleNegativesRankingLoss with both directions.",
            only_theirs=ONE_DEVICE,
        ),
    ),
    Entry(
        loss=CachedMultipleNegativesRankingLoss,
        formula=SOFTMAX_OF_ROWS,
        term=_search,
        push=PUSH,
        parameters={
            "encode": Parameter("f", "the encoder: a slice of the batch → embeddings", control=False),
            "scale": SCALE,
            "mini_batch_size": Parameter("b", "how many rows the encoder reads at a time", 1, 256, 1, control=False),
            **{name: each for name, each in RANKING.items() if name != "scale"},
        },
        changes=(("5.3", "directions, partition_mode, hardness_mode and hardness_strength"),),
        paper=GAO,
        peer=Peer(
            OF_SEARCH,
            only_ours=("encode",),
            found={"encode": encoder_of},
            only_theirs={**ONE_DEVICE, "mini_batch_num_tokens": "None", "show_progress_bar": "False"},
        ),
        make=lambda: CachedMultipleNegativesRankingLoss(encode=as_given),
        also=({"directions": BOTH},),  # the rest is the uncached loss's
    ),
)
