"""The article that the book grew out of: its formula for each loss, written out naively, and the examples it works.

Those of ContrastiveLoss and MultipleNegativesRankingLoss are swept in the tests of these losses.
"""

from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.testing import assert_close

from lossviz import losses
from lossviz.distances import pairwise
from tests.losses.batches import value_and_gradients
from tests.losses.naive import on_a_line, tensor

# --- its formulas ----------------------------------------------------------------------------------------------------


def online_contrastive(anchor, other, labels, margin):
    """Hard are positives farther than the nearest negative, and negatives nearer than the farthest positive.
    A side of a single pair sets no bound: the other side's mean does."""
    distance = 1 - F.cosine_similarity(anchor, other)
    far, near = distance[labels == 1], distance[labels == 0]
    nearest = near.min() if len(near) > 1 else far.mean()
    farthest = far.max() if len(far) > 1 else near.mean()
    return far[far > nearest].square().sum() + F.relu(margin - near[near < farthest]).square().sum()


def batch_all(rows, labels, margin):
    """d(a, p) − d(a, n) + margin, for every triplet; the mean of those above 0."""
    triplets = [each for each in product(range(len(rows)), repeat=3) if is_triplet(*each, labels)]
    costs = torch.stack([torch.dist(rows[a], rows[p]) - torch.dist(rows[a], rows[n]) for a, p, n in triplets]) + margin
    return costs[costs > 0].mean()


def is_triplet(anchor, positive, negative, labels):
    return anchor != positive and labels[anchor] == labels[positive] != labels[negative]


def hardest_gaps(rows, labels):
    """Largest d(a, p) − smallest d(a, n), for every anchor."""
    gaps = []
    for a, row in enumerate(rows):
        distances = torch.stack([torch.dist(row, each) for each in rows])
        positives = (labels == labels[a]) & (torch.arange(len(rows)) != a)
        gaps.append(distances[positives].max() - distances[labels != labels[a]].min())
    return torch.stack(gaps)


def batch_hard(rows, labels, margin):
    """What is below 0 becomes 0."""
    return F.relu(hardest_gaps(rows, labels) + margin).mean()


def batch_hard_soft(rows, labels):
    """log(1 + exp(d(a, p) − d(a, n)))"""
    return (1 + hardest_gaps(rows, labels).exp()).log().mean()


def cosine_similarity(first, second, labels):
    return (F.cosine_similarity(first, second) - labels).square().mean()


def cosent(first, second, labels, scale):
    """log(1 + Σ exp(scale (s_i − s_j))), over the pairs of pairs with label i < label j."""
    scores = scale * F.cosine_similarity(first, second)
    ordered = [(i, j) for i, j in product(range(len(labels)), repeat=2) if labels[i] < labels[j]]
    return (1 + sum((scores[i] - scores[j]).exp() for i, j in ordered)).log()


PARTS = {
    "concatenation_sent_rep": lambda u, v: [u, v],
    "concatenation_sent_difference": lambda u, v: [(u - v).abs()],
    "concatenation_sent_multiplication": lambda u, v: [u * v],
}


def softmax(first, second, labels, weight, bias, **chosen):
    """Minus the logarithm of the softmax's share of the label, from the chosen parts of u, v, |u − v| and u ∗ v."""
    parts = [each for name, part in PARTS.items() if chosen[name] for each in part(first, second)]
    logits = torch.cat(parts, -1) @ weight.T + bias
    shares = logits.exp() / logits.exp().sum(-1, keepdim=True)
    return -shares[torch.arange(len(labels)), labels].log().mean()


def triplet(anchor, positive, negative, margin):
    return F.relu((anchor - positive).norm(dim=-1) - (anchor - negative).norm(dim=-1) + margin).mean()


def softmax_case(*chosen):
    """The formula and the loss with these parts; the weights are the loss's."""
    parts = dict(zip(PARTS, chosen, strict=True))
    loss = losses.SoftmaxLoss.initial(4, 3, **parts)
    return softmax, loss, parts | {"weight": loss.weight, "bias": loss.bias}


CASES = [
    (online_contrastive, losses.OnlineContrastiveLoss(0.7), {"margin": 0.7}),
    *((batch_all, losses.BatchAllTripletLoss(margin), {"margin": margin}) for margin in (0.5, 5.0)),
    *((batch_hard, losses.BatchHardTripletLoss(margin), {"margin": margin}) for margin in (0.5, 5.0)),
    (batch_hard_soft, losses.BatchHardSoftMarginTripletLoss(), {}),
    (cosine_similarity, losses.CosineSimilarityLoss(), {}),
    *((cosent, losses.CoSENTLoss(scale), {"scale": scale}) for scale in (1.0, 20.0)),
    *(softmax_case(*each) for each in ((True, True, False), (True, False, True), (False, True, True))),
    *((triplet, losses.TripletLoss(margin), {"margin": margin}) for margin in (0.5, 5.0)),
]


@pytest.mark.parametrize(("formula", "loss", "numbers"), CASES, ids=lambda each: getattr(each, "__name__", ""))
@pytest.mark.parametrize("seed", range(5))
def test_its_formula(seed, formula, loss, numbers):
    """Both the loss that trains, which may have a fast road, and its definition."""
    tensors = loss.inputs.example(8, 4, seed)
    value, gradients = value_and_gradients(loss, tensors, lambda *given: formula(*given, **numbers))
    assert value > 0 and any(each.any() for each in gradients)
    for ours in (loss, lambda *given: loss.terms(*given).loss):
        assert_close(value_and_gradients(loss, tensors, ours), (value, gradients), rtol=1e-10, atol=1e-12)


def test_its_online_loss_is_that_of_before_6_2_where_a_side_is_single():
    """Since then a single pair bounds the other side as several do."""
    loss = losses.OnlineContrastiveLoss(0.5)
    first, second = pairs_at([0.8, 0.9, 0.7, 0.3])
    labels = torch.tensor([1, 0, 0, 0])
    d = 1 - tensor([0.8, 0.9, 0.7, 0.3])  # 0.2, and 0.1, 0.3, 0.7 with a mean of 0.37
    positive, negatives = d[0].square(), (0.5 - d[1:3]).square()
    assert_close(online_contrastive(first, second, labels, margin=0.5), positive + negatives.sum())
    assert_close(loss(first, second, labels), positive + negatives[0])


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
    the_1 = terms.thresholds["the_1"]
    assert the_1.item() == pytest.approx(0.016, abs=5e-4)
    assert the_1.item() == pytest.approx(1 - shares.sum().item())


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
