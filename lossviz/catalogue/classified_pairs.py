"""Losses on (sentence, sentence, class)."""

from operator import attrgetter

from lossviz.catalogue.papers import REIMERS
from lossviz.catalogue.parameters import YES_OR_NO, Parameter
from lossviz.catalogue.peers import Peer
from lossviz.catalogue.schema import Entry
from lossviz.losses import SoftmaxLoss

ENTRIES = (
    Entry(
        loss=SoftmaxLoss,
        first=True,
        formula=r"\mathcal{L} = -\frac{1}{B} \sum_{i=1}^{B} \ln \mathrm{softmax}"
        r"\left(W\, [u_i;\ v_i;\ |u_i - v_i|] + b\right)_{y_i}",
        term=lambda loss: {"class": "−ln {p} / {B}"},
        parameters={
            "weight": Parameter("W", "the classifier's weights, trained with the sentences", control=False),
            "bias": Parameter("b", "one number per class, or none", control=False),
            "concatenation_sent_rep": Parameter("u; v", "whether it reads both rows", choices=YES_OR_NO),
            "concatenation_sent_difference": Parameter("|u − v|", "whether it reads the difference", choices=YES_OR_NO),
            "concatenation_sent_multiplication": Parameter("u ∗ v", "whether it reads the products", choices=YES_OR_NO),
        },
        changes=(),
        paper=REIMERS,
        peer=Peer(
            only_ours=("weight", "bias"),
            more={"embedding_dimension": "points.shape[1]", "num_labels": "len(weight)"},
            then="loss.classifier.weight = nn.Parameter(weight)\n"
            "loss.classifier.bias = None if bias is None else nn.Parameter(bias)",
            found={"weight": attrgetter("classifier.weight"), "bias": attrgetter("classifier.bias")},
            only_theirs={"loss_fct": "torch.nn.CrossEntropyLoss()"},
        ),
        make=lambda: SoftmaxLoss.initial(dimension=2, classes=3),
    ),
)
