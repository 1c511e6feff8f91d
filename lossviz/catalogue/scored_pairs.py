"""Losses on (sentence, sentence, score)."""

from lossviz.catalogue.papers import HUANG, LI, REIMERS
from lossviz.catalogue.parameters import SCALE
from lossviz.catalogue.peers import Peer
from lossviz.catalogue.schema import Entry
from lossviz.losses import (
    AnglELoss,
    CoSENTLoss,
    CosineSimilarityLoss,
)

IN_ORDER = r"\mathcal{L} = \ln\left(1 + \sum_{y_i < y_j} e^{\,\mathrm{scale} \cdot (s_i - s_j)}\right)"

ENTRIES = (
    Entry(
        loss=CosineSimilarityLoss,
        formula=r"\mathcal{L} = \frac{1}{B} \sum_{i=1}^{B} (s_i - y_i)^2,\qquad s_i = \cos(u_i, v_i)",
        term=lambda loss: {"pair": "({s} − {y})² / {B}"},
        parameters={},
        changes=(),
        paper=REIMERS,
        peer=Peer(
            note="Theirs reads the scores in float32.",
            only_theirs={"loss_fct": "torch.nn.MSELoss()", "cos_score_transformation": "torch.nn.Identity()"},
        ),
    ),
    Entry(
        loss=CoSENTLoss,
        first=True,
        formula=IN_ORDER + r",\qquad s_i = \cos(u_i, v_i)",
        term=lambda loss: {"order": "{loss} · e^({scale} · ({s_low} − {s_high})) / {sum}"},
        parameters={"scale": SCALE},
        changes=(
            ("6.2", "sorts the scores instead of comparing every pair with every other"),
            ("6.2", "half-precision scores are computed in float32"),
        ),
        paper=HUANG,
        peer=Peer(only_theirs={"similarity_fct": "util.pairwise_cos_sim"}),
    ),
    Entry(
        loss=AnglELoss,
        formula=IN_ORDER + r",\qquad s_i = |\cos(u_i, v_i) + \cos(u_i, -\mathrm{i}\, v_i)|",
        term=lambda loss: {"order": "{loss} · e^({scale} · ({s_low} − {s_high})) / {sum}"},
        parameters={"scale": SCALE},
        changes=(("6.2", "sorts the scores instead of comparing every pair with every other"),),
        paper=LI,
        peer=Peer(),
    ),
)
