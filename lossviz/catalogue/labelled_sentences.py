"""Losses on (sentence, label)."""

from dataclasses import replace

from lossviz.catalogue.papers import HERMANS, SCHROFF
from lossviz.catalogue.parameters import DISTANCE, NEARER_BY
from lossviz.catalogue.peers import AS_TRIPLET_MARGIN, LOSES_DIGITS, SQUARE, Peer
from lossviz.catalogue.schema import Entry
from lossviz.losses import (
    BatchAllTripletLoss,
    BatchHardSoftMarginTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
)

PEER = Peer(SQUARE, note=LOSES_DIGITS)
OF_TRIPLET_MARGIN = replace(PEER, found=AS_TRIPLET_MARGIN)

ENTRIES = (
    Entry(
        loss=BatchAllTripletLoss,
        formula=r"\begin{gathered} \mathcal{L} = \frac{1}{|A|} \sum_{(a,p,n)}"
        r" \max\left(0,\ d(a,p) - d(a,n) + m\right), \\ A = \text{the triplets that cost something} \end{gathered}",
        term=lambda loss: {"triplet": "({d_ap} − {d_an} + {margin}) / {A}"},
        parameters={"margin": NEARER_BY, "distance": DISTANCE},
        changes=(("6.2", "no longer builds a cube of B³ numbers"),),
        paper=HERMANS,
        peer=OF_TRIPLET_MARGIN,
    ),
    Entry(
        loss=BatchHardTripletLoss,
        first=True,
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{a=1}^{B} \max\left(0,\ \max_{p} d(a,p) - \min_{n} d(a,n) + m\right)",
        term=lambda loss: {"triplet": "({d_ap} − {d_an} + {margin}) / {B}"},
        parameters={"margin": NEARER_BY, "distance": DISTANCE},
        changes=(),
        paper=HERMANS,
        peer=OF_TRIPLET_MARGIN,
    ),
    Entry(
        loss=BatchHardSoftMarginTripletLoss,
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{a=1}^{B} \ln\left(1 + e^{\,\max_{p} d(a,p) - \min_{n} d(a,n)}\right)",
        term=lambda loss: {"triplet": "ln(1 + e^({d_ap} − {d_an})) / {B}"},
        parameters={"distance": DISTANCE},
        changes=(("5.1", "the exponential still overflowed where the two distances were 89 apart; 6.2 uses softplus"),),
        paper=HERMANS,
        peer=PEER,
    ),
    Entry(
        loss=BatchSemiHardTripletLoss,
        formula=r"\begin{gathered} \mathcal{L} = \frac{1}{|P|} \sum_{(a,p)}"
        r" \max\left(0,\ d(a,p) - d(a,n_{ap}) + m\right), \\"
        r" n_{ap} = \text{the nearest negative beyond } p \text{, else the farthest} \end{gathered}",
        term=lambda loss: {"triplet": "({d_ap} − {d_an} + {margin}) / {B}"},
        parameters={"margin": NEARER_BY, "distance": DISTANCE},
        changes=(),
        paper=SCHROFF,
        peer=PEER,
    ),
)
