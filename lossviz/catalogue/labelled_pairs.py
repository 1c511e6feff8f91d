"""Losses on (anchor, positive or negative, label 1/0)."""

from lossviz.catalogue.papers import HADSELL
from lossviz.catalogue.parameters import DISTANCE, YES_OR_NO, Parameter
from lossviz.catalogue.peers import ADDS_EPSILON, SIAMESE, Peer
from lossviz.catalogue.schema import Entry
from lossviz.losses import ContrastiveLoss, OnlineContrastiveLoss

FAR_ENOUGH = Parameter("m", "the distance from which a negative pair is left alone", 0.0, 2.0, 0.01)

PEER = Peer(SIAMESE, note=ADDS_EPSILON)

ENTRIES = (
    Entry(
        loss=ContrastiveLoss,
        first=True,
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{i=1}^{B} \tfrac12 \left[\, y_i\, d_i^2"
        r" + (1 - y_i)\, \max(0,\ m - d_i)^2 \,\right]",
        term=lambda loss: {
            "positive": "½ · {d}²" + (" / {B}" if loss.size_average else ""),
            "negative": "½ · ({margin} − {d})²" + (" / {B}" if loss.size_average else ""),
            "both": "½ · ({y} · {d}² + (1 − {y}) · max(0, {margin} − {d})²)" + (" / {B}" if loss.size_average else ""),
        },
        parameters={
            "margin": FAR_ENOUGH,
            "distance": DISTANCE,
            "size_average": Parameter("1/B", "average over the pairs, or sum them", choices=YES_OR_NO),
        },
        changes=(("6.2", "labels other than 0 and 1 warn, and weigh both halves of the loss"),),
        paper=HADSELL,
        peer=PEER,
    ),
    Entry(
        loss=OnlineContrastiveLoss,
        formula=r"\mathcal{L} = \sum_{i \in P:\ d_i > \min_N d} d_i^2"
        r" + \sum_{i \in N:\ d_i < \max_P d} \max(0,\ m - d_i)^2",
        term=lambda loss: {"positive": "{d}²", "negative": "({margin} − {d})²"},
        parameters={"margin": FAR_ENOUGH, "distance": DISTANCE},
        changes=(("6.2", "a batch with a single positive or a single negative pair no longer compares with a mean"),),
        paper=HADSELL,
        peer=PEER,
    ),
)
