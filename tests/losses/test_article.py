"""The article that the book grew out of: its code for each loss, read from its text, and the examples that it works.

On the article's page the lines of each function have run together. They are taken apart again where a statement
begins, and executed with the parts of ``self`` that they read.
"""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from sentence_transformers.sentence_transformer import losses as sentence_transformers
from sentence_transformers.util import cos_sim, pairwise_cos_sim
from torch import Tensor
from torch.testing import assert_close

from lossviz import losses
from lossviz.distances import pairwise
from tests.losses.batches import split, value_and_gradients
from tests.losses.naive import on_a_line, tensor
from tests.losses.peers import SIAMESE, SQUARE

ROOT = Path(__file__).resolve().parents[2]
SEED = next((each / "shared" / "seed" for each in ROOT.parents if (each / "shared" / "seed").is_dir()), None)

# --- its code --------------------------------------------------------------------------------------------------------

# The article's functions in their order, and the beginnings of their statements.
FUNCTIONS = {
    "ContrastiveLoss": ("reps = ", "assert ", "rep_anchor, ", "distances = ", "losses = ", "return "),
    "OnlineContrastiveLoss": (
        *("embeddings = ", "distance_matrix = ", "negs = ", "poss = ", "negative_pairs = ", "positive_pairs = "),
        *("positive_loss = ", "negative_loss = ", "loss = positive", "return "),
    ),
    "BatchAllTripletLoss": (
        *("pairwise_dist = ", "anchor_positive_dist = ", "anchor_negative_dist = ", "triplet_loss = ", "mask = Batch"),
        *("triplet_loss[triplet_loss < 0] = ", "valid_triplets = ", "num_positive_triplets = ", "return "),
    ),
    "BatchHardSoftMarginTripletLoss": (
        *("pairwise_dist = ", "mask_anchor_positive = ", "anchor_positive_dist = ", "hardest_positive_dist, _ = "),
        *("mask_anchor_negative = ", "max_anchor_negative_dist, _ = ", "anchor_negative_dist = "),
        *("hardest_negative_dist, _ = ", "tl = torch", "triplet_loss = ", "return "),
    ),
    "CosineSimilarityLoss": ("embeddings = ", "output = ", "return "),
    "CoSENTLoss": ("embeddings = ", "scores = ", "labels = ", "loss = ", "return "),
    "SoftmaxLoss": (
        *("reps = ", "rep_a, rep_b = ", "vectors_concat = ", "vectors_concat.append", "if self", "features = "),
        *("output = ", "if labels", "loss = ", "return ", "else:"),
    ),
    "TripletLoss": ("reps = ", "rep_anchor, ", "distance_pos = ", "distance_neg = ", "losses = ", "return "),
    "MultipleNegativesRankingLoss": (
        *("embeddings = ", "anchors = ", "candidates = ", "scores = ", "range_labels = ", "return "),
    ),
}
OF_A_BRANCH = ("vectors_concat.append", "loss = self.loss_fct(output", "return loss", "return reps")


def statements(squeezed: str, beginnings: tuple[str, ...]) -> list[str]:
    """What stands after the signature, a statement each; comments end where the next statement begins."""
    body = squeezed[squeezed.index(":", squeezed.index(") ->")) + 1 :]
    places, place = [], 0
    while place < len(body):
        found = next((each for each in (*beginnings, "#") if body.startswith(each, place)), "")
        if found and not body[:place].endswith(("_", "self.", " ", "(", "[")):
            places.append(place)
        place += len(found) or 1
    parts = [body[one:other].strip() for one, other in zip(places, [*places[1:], None], strict=True)]
    return [each for each in parts if not each.startswith("#")]


def source(squeezed: str, beginnings: tuple[str, ...]) -> str:
    lines, branch = [squeezed[: squeezed.index(":", squeezed.index(") ->")) + 1].strip()], False
    for each in statements(squeezed, beginnings):
        head, colon, rest = each.partition(":") if each.startswith(("if ", "else:")) else (each, "", "")
        inside = branch and each.startswith(OF_A_BRANCH)
        lines += [("        " if inside else "    ") + head + colon] + ([f"        {rest}"] if rest else [])
        branch = bool(colon) or inside
    return "\n".join(lines)


def functions() -> dict[str, Callable]:
    text = "\n".join(each.read_text() for each in SEED.glob("*.txt"))
    squeezed = [line for line in text.splitlines() if line.strip().startswith("def ")]
    found = {}
    for (name, beginnings), each in zip(FUNCTIONS.items(), squeezed, strict=True):
        known = {
            "torch": torch,
            "F": F,
            "BatchHardTripletLoss": sentence_transformers.BatchHardTripletLoss,
            "Tensor": Tensor,
            "Iterable": list,
        }
        exec(source(each.strip(), beginnings), known)
        found[name] = known[each.strip().removeprefix("def ").split("(")[0]]
    return found


@pytest.fixture(scope="module")
def article():
    if SEED is None:
        pytest.skip("the article's text lies in shared/seed, beside the repository; it is not here")
    return functions()


def features(*rows):
    return [{"sentence_embedding": each} for each in rows]


def itself(loss, **others):
    """What the article's functions read of ``self``."""
    return SimpleNamespace(model=lambda feature: feature, **others)


CASES = {
    "ContrastiveLoss": [
        (losses.ContrastiveLoss(0.7, size_average=average), {"margin": 0.7, "size_average": average})
        for average in (True, False)
    ],
    "OnlineContrastiveLoss": [(losses.OnlineContrastiveLoss(0.7), {"margin": 0.7})],
    "BatchAllTripletLoss": [(losses.BatchAllTripletLoss(margin), {"triplet_margin": margin}) for margin in (0.5, 5.0)],
    "BatchHardSoftMarginTripletLoss": [(losses.BatchHardSoftMarginTripletLoss(), {})],
    "CosineSimilarityLoss": [(losses.CosineSimilarityLoss(), {})],
    "CoSENTLoss": [(losses.CoSENTLoss(scale), {"scale": scale}) for scale in (1.0, 20.0)],
    "SoftmaxLoss": [
        (losses.SoftmaxLoss.initial(4, 3, **parts), parts)
        for parts in (
            dict(
                zip(
                    ("concatenation_sent_rep", "concatenation_sent_difference", "concatenation_sent_multiplication"),
                    each,
                    strict=True,
                )
            )
            for each in ((True, True, False), (True, False, True), (False, True, True))
        )
    ],
    "TripletLoss": [(losses.TripletLoss(margin), {"triplet_margin": margin}) for margin in (0.5, 5.0)],
    "MultipleNegativesRankingLoss": [
        (losses.MultipleNegativesRankingLoss(scale), {"scale": scale}) for scale in (1.0, 20.0)
    ],
}
PARTS = {
    "ContrastiveLoss": {"distance_metric": SIAMESE["cosine"]},
    "OnlineContrastiveLoss": {"distance_metric": SIAMESE["cosine"]},
    "BatchAllTripletLoss": {"distance_metric": SQUARE["euclidean"]},
    "BatchHardSoftMarginTripletLoss": {"distance_metric": SQUARE["euclidean"]},
    "CosineSimilarityLoss": {"cos_score_transformation": lambda score: score, "loss_fct": F.mse_loss},
    "CoSENTLoss": {"similarity_fct": pairwise_cos_sim},
    "SoftmaxLoss": {"loss_fct": F.cross_entropy},
    "TripletLoss": {"distance_metric": lambda x, y: (x - y).norm(dim=-1)},
    "MultipleNegativesRankingLoss": {"similarity_fct": cos_sim, "cross_entropy_loss": F.cross_entropy},
}


def asked(function, loss, others):
    """The article's function with our arguments."""
    if isinstance(loss, losses.SoftmaxLoss):
        others = others | {"classifier": lambda rows: F.linear(rows, loss.weight, loss.bias)}
    myself = itself(loss, **others)

    def ask(*tensors):
        rows, labels = split(loss, tensors)
        if loss.inputs is losses.BatchAllTripletLoss.inputs:
            return function(myself, labels[0], rows[0])
        return function(myself, features(*rows), *(labels or [None]))

    return ask


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("seed", range(5))
def test_its_code(seed, name, article):
    for loss, numbers in CASES[name]:
        further = {"negatives": seed % 3} if loss.inputs.more else {}
        tensors = loss.inputs.example(8, 4, seed, **further)
        value, gradients = value_and_gradients(loss, tensors)
        expected, expected_gradients = value_and_gradients(
            loss, tensors, asked(article[name], loss, PARTS[name] | numbers)
        )
        assert_close(value, expected, rtol=1e-7, atol=1e-9)  # the labels are float32 there
        assert_close(gradients, expected_gradients, rtol=1e-6, atol=1e-8)


def test_batch_hard_with_a_margin_is_the_soft_one_but_for_its_end(article):
    """The article gives no code of its own: “d(a, p) − d(a, n) + margin, and what is below 0 becomes 0”."""
    hard, soft = losses.BatchHardTripletLoss(0.5), losses.BatchHardSoftMarginTripletLoss()
    tensors = hard.inputs.example(8, 4)
    gaps = torch.expm1(8 * soft.terms(*tensors).values).log()
    assert_close(hard(*tensors), (gaps + 0.5).clamp(min=0).mean())


def test_its_online_loss_is_that_of_before_6_2_where_a_side_is_single(article):
    loss = losses.OnlineContrastiveLoss()
    anchor, other, _ = loss.inputs.example(6, 4)
    single = torch.tensor([1, 0, 0, 0, 0, 0])
    function = asked(article["OnlineContrastiveLoss"], loss, PARTS["OnlineContrastiveLoss"] | {"margin": 0.5})
    terms = loss.terms(anchor, other, single)
    negatives = terms.matrix[1:]
    hard = negatives[negatives < negatives.mean()]
    positive = terms.matrix[:1][terms.matrix[:1] > negatives.min()]
    assert_close(function(anchor, other, single), positive.square().sum() + (0.5 - hard).clamp(min=0).square().sum())


# --- its examples ----------------------------------------------------------------------------------------------------


def pairs_at(cosines: list[float]) -> tuple[Tensor, Tensor]:
    """Unit rows in the plane with these cosines."""
    similar = tensor(cosines)
    first = torch.stack([torch.ones_like(similar), torch.zeros_like(similar)], -1)
    return first, torch.stack([similar, (1 - similar.square()).sqrt()], -1)


def test_three_pairs_of_cosent():
    """Scores 0.3, 0.4, 0.2 for the labels 0.1, 0.7, 0.9: of the orders (1, 2), (1, 3) and (2, 3), two are wrong."""
    loss, labels = losses.CoSENTLoss(), tensor([0.1, 0.7, 0.9])
    terms = loss.terms(*pairs_at([0.3, 0.4, 0.2]), labels)
    assert terms.valid.nonzero().tolist() == [[0, 1], [0, 2], [1, 2]]
    low, high = terms.valid.nonzero().unbind(-1)
    assert_close(terms.matrix[low] - terms.matrix[high], tensor([-0.1, 0.1, 0.2]))
    assert terms.loss.item() == pytest.approx(4.145, abs=5e-4)
    exponentials = tensor([-2.0, 2, 4]).exp()
    assert_close(terms.loss, (1 + exponentials.sum()).log())
    assert_close(terms.values[low, high], terms.loss * exponentials / exponentials.sum())
    # Each order's share of the softmax: 0.2 %, 11.7 %, 86.5 %; what is left, 1.6 %, is the 1's.
    shares = exponentials / (1 + exponentials.sum())
    assert shares.tolist() == pytest.approx([0.002, 0.117, 0.865], abs=5e-4)
    assert terms.thresholds["the_1"].item() == pytest.approx(0.016, abs=5e-4)
    assert terms.thresholds["the_1"].item() == pytest.approx(1 - shares.sum().item())


def test_four_sentences_of_batch_all():
    """a and b of label 1, c and d of label 2: “with a as the anchor, ab − ac + margin is one of the terms”."""
    rows, labels = on_a_line([0.0, 1.0, 3.0, 7.0]), torch.tensor([1, 1, 2, 2])
    terms = losses.BatchAllTripletLoss(margin=3.0).terms(rows, labels)
    assert terms.matrix.tolist() == [[0, 1, 3, 7], [1, 0, 2, 6], [3, 2, 0, 4], [7, 6, 4, 0]]
    assert_close(terms.matrix, pairwise("euclidean", rows, rows))
    a, b, c, d = range(4)
    triplets = [(a, b, c), (a, b, d), (b, a, c), (b, a, d), (c, d, a), (c, d, b), (d, c, a), (d, c, b)]
    assert sorted(map(tuple, terms.valid.nonzero().tolist())) == sorted(triplets)
    costs = {each: terms.matrix[each[:2]] - terms.matrix[each[0], each[2]] + 3 for each in triplets}
    assert costs[a, b, c] == 1 - 3 + 3  # ab − ac + margin
    assert [cost.item() for cost in costs.values()] == [1, -3, 2, -2, 4, 5, 0, 1]
    active = [each for each in triplets if costs[each] > 0]
    assert sorted(map(tuple, terms.active.nonzero().tolist())) == sorted(active)
    assert terms.loss == (1 + 2 + 4 + 5 + 1) / 5  # easy triplets, also the one at the margin, are not counted
    assert all(terms.values[each] == costs[each] / 5 for each in active)
