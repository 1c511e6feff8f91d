"""Losses on (anchor, positive, negative)."""

from lossviz.catalogue.papers import SCHROFF
from lossviz.catalogue.parameters import DISTANCE, NEARER_BY
from lossviz.catalogue.peers import OF_TRIPLETS, Peer
from lossviz.catalogue.schema import Entry
from lossviz.losses import TripletLoss

ENTRIES = (
    Entry(
        loss=TripletLoss,
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{i=1}^{B} \max\left(0,\ d(a_i, p_i) - d(a_i, n_i) + m\right)",
        term=lambda loss: {"triplet": "({d_ap} − {d_an} + {triplet_margin}) / {B}"},
        parameters={"triplet_margin": NEARER_BY, "distance": DISTANCE},
        changes=(
            ("5.1", "the Euclidean distance had the wrong sign; 6.2 has the right one"),
            ("6.2", "coincident points no longer give a gradient of NaN"),
        ),
        paper=SCHROFF,
        peer=Peer(OF_TRIPLETS),
    ),
)
