"""Losses on sentences alone."""

from lossviz.catalogue.papers import CARLSSON
from lossviz.catalogue.parameters import SCALE
from lossviz.catalogue.peers import Peer
from lossviz.catalogue.positive_pairs import PUSH, SOFTMAX_BOTH_WAYS
from lossviz.catalogue.schema import Entry
from lossviz.losses import ContrastiveTensionLoss, ContrastiveTensionLossInBatchNegatives

ENTRIES = (
    Entry(
        loss=ContrastiveTensionLoss,
        formula=r"\mathcal{L} = \sum_{i=1}^{B} \left[\, y_i \ln\left(1 + e^{-z_i}\right)"
        r" + (1 - y_i) \ln\left(1 + e^{z_i}\right) \,\right],\qquad z_i = u_i \cdot v_i",
        term=lambda loss: {"positive": "ln(1 + e^−({z}))", "negative": "ln(1 + e^({z}))"},
        parameters={},
        changes=(),
        paper=CARLSSON,
        peer=Peer(),
    ),
    Entry(
        loss=ContrastiveTensionLossInBatchNegatives,
        first=True,
        formula=SOFTMAX_BOTH_WAYS,
        term=lambda loss: {"anchor": "−ln {p} / {B}"},
        push=PUSH,
        parameters={"scale": SCALE},
        changes=(),
        paper=CARLSSON,
        peer=Peer(
            then="loss.model1.forward = lambda _: features[0]\n"
            "loss.model2.forward = lambda _: features[1]\n"
            "loss.logit_scale.data = torch.tensor(«scale», dtype=torch.float64).log()",
            note="Each of their two models makes one of the passes, and the logarithm of the scale is learned.",
            found={"scale": lambda theirs: theirs.logit_scale.detach().exp().item()},
            only_theirs={"similarity_fct": "util.cos_sim"},
        ),
        learned=("scale",),
    ),
)
