"""MultipleNegativesRankingLoss: a batch worked by hand, a naive loop, the article's code, pytorch-metric-learning."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.losses import NTXentLoss
from torch.testing import assert_close

from lossviz.catalogue import entry
from lossviz.losses import MultipleNegativesRankingLoss, MultipleNegativesSymmetricRankingLoss
from lossviz.losses.base import VISIBLE
from tests.losses import batches as make
from tests.losses.batches import DOUBLE, SWEEP, value_and_gradients
from tests.losses.naive import tensor, worked_out
from tests.losses.peers import peer

POSITIVE_PAIRS = MultipleNegativesRankingLoss.inputs
parameters = st.fixed_dictionaries({"scale": st.floats(0.5, 80), "similarity": st.sampled_from(("cosine", "dot"))})


def test_worked_by_hand():
    anchor, positive, negative = tensor([[1, 0], [0, 1]]), tensor([[3, 0], [0, 0.5]]), tensor([[0, 2], [0, -1]])
    loss = MultipleNegativesRankingLoss(scale=math.log(2))
    terms = loss.terms(anchor, positive, negative)
    # Cosines 1 0 | 0 0 and 0 1 | 1 −1: weights 2 1 1 1 and 1 2 2 ½.
    assert_close(terms.matrix / math.log(2), tensor([[1, 0, 0, 0], [0, 1, 1, -1]]))
    assert_close(terms.values, tensor([math.log(5 / 2), math.log(5.5 / 2)]) / 2)
    assert terms.positive.tolist() == [[True, False, False, False], [False, True, False, False]]
    assert torch.equal(terms.negative, ~terms.positive)
    assert terms.valid.all() and terms.active.all()
    assert terms.chosen == terms.thresholds == {}


def test_defaults():
    assert MultipleNegativesRankingLoss().settings() == {
        "scale": 20.0,
        "similarity": "cosine",
        "directions": ("query_to_doc",),
        "partition_mode": "joint",
        "hardness_mode": None,
        "hardness_strength": 0.0,
    }


def naive_values(anchor, candidates, scale, similarity):
    for place, x in enumerate(anchor.tolist()):
        logits = []
        for y in candidates.tolist():
            dot = sum(a * b for a, b in zip(x, y, strict=True))
            lengths = math.hypot(*x) * math.hypot(*y)
            logits.append(scale * (dot if similarity == "dot" else dot / lengths if lengths else 0.0))
        top = max(logits)
        yield (top - logits[place] + math.log(sum(math.exp(each - top) for each in logits))) / len(anchor)


@SWEEP
@given(make.batches(POSITIVE_PAIRS, sizes=(1, 8), spreads=(0.1, 1.0)), parameters)
def test_naive_loop(tensors, given_parameters):
    terms = MultipleNegativesRankingLoss(**given_parameters).terms(*tensors)
    values = list(naive_values(tensors[0], torch.cat(tensors[1:]), **given_parameters))
    assert_close(terms.values, tensor(values), rtol=1e-10, atol=1e-10)
    # A candidate's share of the softmax is what its logit is pulled by: nothing to pull without a rival.
    alone = terms.matrix.shape[-1] == 1
    assert terms.active.any() <= (not alone)
    for value, active in zip(values, terms.active.tolist(), strict=True):
        assert active == (value > VISIBLE) or abs(value - VISIBLE) < 1e-14


def articles_code(anchor, *candidates, scale, similarity):
    """Scores of every anchor against every candidate, and a cross entropy whose class is the anchor's own place."""
    candidates = torch.cat(candidates)
    if similarity == "cosine":
        anchor, candidates = F.normalize(anchor), F.normalize(candidates)
    return F.cross_entropy(scale * anchor @ candidates.T, torch.arange(len(anchor)))


@SWEEP
@given(make.batches(POSITIVE_PAIRS, spreads=(0.1, 1.0)), parameters)
def test_articles_code(tensors, given_parameters):
    ours = MultipleNegativesRankingLoss(**given_parameters)(*tensors)
    assert_close(ours, articles_code(*tensors, **given_parameters), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("negatives", (0, 1, 2))
def test_articles_code_in_gradient(negatives):
    loss, tensors = MultipleNegativesRankingLoss(), POSITIVE_PAIRS.example(5, 3, negatives=negatives)
    _, ours = value_and_gradients(loss, tensors)
    asked = value_and_gradients(loss, tensors, lambda *each: articles_code(*each, scale=20.0, similarity="cosine"))
    for gradient, expected in zip(ours, asked[1], strict=True):
        assert_close(gradient, expected, rtol=1e-10, atol=1e-12)


def test_pytorch_metric_learning():
    """NTXentLoss with the temperature 1 / scale, anchors against positives alone."""
    anchor, positive = POSITIVE_PAIRS.example(6, 4)
    index = torch.arange(6)
    theirs = NTXentLoss(temperature=1 / 20, distance=CosineSimilarity())
    expected = theirs(anchor, index, ref_emb=positive, ref_labels=index.clone())
    assert_close(MultipleNegativesRankingLoss()(anchor, positive), expected, rtol=1e-12, atol=0)


# --- directions, partitions, hardness --------------------------------------------------------------------------------

BOTH = ("query_to_doc", "doc_to_query")
ALL_FOUR = ("query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc")


def pools_by_loop(anchor, positive, *negatives, directions, scale=20.0):
    """For every anchor, {direction: the logits of its candidates}."""
    documents = [positive, *negatives]
    everyone = [(block, place) for block in range(len(documents)) for place in range(len(anchor))]
    for i in range(len(anchor)):
        met = {
            "query_to_doc": [(anchor[i], documents[b][j]) for b, j in everyone],
            "query_to_query": [(anchor[i], anchor[j]) for j in range(len(anchor)) if j != i],
            "doc_to_query": [(positive[i], anchor[j]) for j in range(len(anchor))],
            "doc_to_doc": [(positive[i], documents[b][j]) for b, j in everyone if j != i],
        }
        yield {name: [scale * F.cosine_similarity(x, y, dim=0).item() for x, y in met[name]] for name in directions}


@pytest.mark.parametrize("negatives", (0, 1, 2))
@pytest.mark.parametrize("directions", (BOTH, ALL_FOUR, ("query_to_doc", "doc_to_doc")), ids=len)
def test_directions_add_candidates(directions, negatives):
    tensors = POSITIVE_PAIRS.example(4, 3, negatives=negatives)
    terms = MultipleNegativesRankingLoss(directions=directions).terms(*tensors)
    for i, pools in enumerate(pools_by_loop(*tensors, directions=directions)):
        together = [logit for pool in pools.values() for logit in pool]
        cost = torch.logsumexp(tensor(together), 0).item() - pools["query_to_doc"][i]
        assert 4 * terms.values[i].item() == pytest.approx(cost, rel=1e-9, abs=1e-12)
        candidates = terms.positive[i] | terms.negative[i]
        assert sorted(terms.matrix[i][candidates].tolist()) == pytest.approx(sorted(together), abs=1e-9)
        assert terms.positive[i].sum() == 1 + ("doc_to_query" in directions)


@pytest.mark.parametrize("negatives", (0, 2))
def test_per_direction_each_has_a_logarithm_of_its_own(negatives):
    tensors = POSITIVE_PAIRS.example(4, 3, negatives=negatives)
    terms = MultipleNegativesRankingLoss(directions=BOTH, partition_mode="per_direction").terms(*tensors)
    for i, pools in enumerate(pools_by_loop(*tensors, directions=BOTH)):
        sums = [torch.logsumexp(tensor(pool), 0).item() for pool in pools.values()]
        cost = sum(sums) / 2 - pools["query_to_doc"][i]
        assert 4 * terms.values[i].item() == pytest.approx(cost, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("scale", (20.0, 1000.0))
def test_joint_with_doc_to_query_counts_the_pair_twice_so_its_floor_is_ln_2(scale):
    rows = torch.eye(3, dtype=DOUBLE)  # every pair coincides, and everyone else is at a right angle
    loss = MultipleNegativesRankingLoss(scale, directions=BOTH)
    assert loss(rows, rows).item() == pytest.approx(math.log(2), abs=1e-7)
    assert loss.changed(partition_mode="per_direction")(rows, rows).item() == pytest.approx(0, abs=1e-7)
    assert loss.changed(directions=("query_to_doc",))(rows, rows).item() == pytest.approx(0, abs=1e-7)
    assert all(loss(*POSITIVE_PAIRS.example(3, 3, seed)) > math.log(2) for seed in range(5))


@pytest.mark.parametrize("mode", ("in_batch_negatives", "hard_negatives", "all_negatives"))
@pytest.mark.parametrize("negatives", (0, 1, 2))
def test_hardness_weighs_these_negatives_by_how_near_they_are(negatives, mode):
    tensors = POSITIVE_PAIRS.example(4, 3, negatives=negatives)
    plain = MultipleNegativesRankingLoss().terms(*tensors).matrix
    harder = MultipleNegativesRankingLoss(hardness_mode=mode, hardness_strength=5.0).terms(*tensors).matrix
    for i in range(4):
        for candidate in range(plain.shape[-1]):
            own, target = candidate % 4 == i, candidate == i
            named = {"in_batch_negatives": not own, "hard_negatives": own and not target, "all_negatives": not target}
            expected = plain[i, candidate] * (1 + named[mode] * 5 / 20)
            assert_close(harder[i, candidate], expected)


def test_hardness_is_a_weight_that_no_gradient_passes_through():
    """The gradient is that of the same softmax with the penalty as a number."""
    anchor, positive = POSITIVE_PAIRS.example(4, 3)
    loss = MultipleNegativesRankingLoss(hardness_mode="in_batch_negatives", hardness_strength=5.0)
    penalty = loss.terms(anchor, positive).matrix - MultipleNegativesRankingLoss().terms(anchor, positive).matrix

    def with_numbers(anchor, positive):
        return F.cross_entropy(20 * F.normalize(anchor) @ F.normalize(positive).T + penalty, torch.arange(4))

    _, gradients = value_and_gradients(loss, (anchor, positive))
    _, expected = value_and_gradients(loss, (anchor, positive), with_numbers)
    assert_close(gradients, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("negatives", (0, 2))
def test_the_symmetric_loss_is_both_directions_each_by_itself(negatives):
    tensors = POSITIVE_PAIRS.example(5, 3, negatives=negatives)
    symmetric = MultipleNegativesSymmetricRankingLoss()
    same = MultipleNegativesRankingLoss(directions=BOTH, partition_mode="per_direction")
    assert_close(value_and_gradients(symmetric, tensors), value_and_gradients(same, tensors), rtol=1e-12, atol=1e-15)
    terms = symmetric.terms(*tensors)
    assert terms.values.shape == (2, 5)
    anchor, positive, *_ = tensors
    assert_close(2 * terms.values[1].sum(), MultipleNegativesRankingLoss()(positive, anchor))


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            {"directions": ()},
            "directions: expected query_to_doc, and any of query_to_query, doc_to_query, doc_to_doc, got none",
        ),
        ({"directions": ("doc_to_doc",)}, "directions: expected query_to_doc, and any of .*, got doc_to_doc"),
        (
            {"directions": ("query_to_doc", "up")},
            "directions: expected query_to_doc, and any of .*, got query_to_doc, up",
        ),
        ({"partition_mode": "each"}, "partition_mode: expected one of joint, per_direction, got 'each'"),
        (
            {"directions": ALL_FOUR, "partition_mode": "per_direction"},
            "directions: expected with per_direction only those that hold the positive pair, got query_to_doc, .*",
        ),
        ({"hardness_mode": "hard"}, "hardness_mode: expected one of None, in_batch_negatives, .*, got 'hard'"),
        ({"hardness_strength": -1.0}, "hardness_strength: expected a number of at least 0, got -1.0"),
    ],
)
def test_settings_that_do_not_exist_are_refused(wrong, text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        MultipleNegativesRankingLoss(**wrong)(*POSITIVE_PAIRS.example())


# --- degenerate and extreme ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("negatives", (0, 1, 2))
@pytest.mark.parametrize("size", (1, 4))
def test_a_collapsed_batch_costs_the_logarithm_of_its_candidates(size, negatives):
    tensors = [torch.ones(size, 3, dtype=DOUBLE)] * (2 + negatives)
    value, gradients = value_and_gradients(MultipleNegativesRankingLoss(), tensors)
    assert value.item() == pytest.approx(math.log(size * (1 + negatives)), abs=1e-15)
    assert_close(value, peer(MultipleNegativesRankingLoss())(*tensors), rtol=0, atol=1e-13)
    assert max(each.abs().max() for each in gradients) < 1e-14


def test_one_pair_alone_has_nothing_to_learn():
    terms = MultipleNegativesRankingLoss().terms(*POSITIVE_PAIRS.example(1, 3))
    assert terms.loss == 0 and not terms.active.any()


def test_a_loss_of_nearly_nothing_keeps_its_digits():
    """Beside a logit of 1000 the share of a rival, e^−30, would be lost in the rounding of the logarithm of the sum."""
    anchor, positive = tensor([[1.0, 0], [0, 1]]), tensor([[1000.0, 970], [970, 1000]])
    value = MultipleNegativesRankingLoss(scale=1.0, similarity="dot")(anchor, positive)
    assert value.item() == pytest.approx(math.log1p(math.exp(-30)), rel=1e-2)


@pytest.mark.parametrize("dtype", (DOUBLE, torch.float32, torch.float16, torch.bfloat16), ids=str)
@pytest.mark.parametrize("size", (1e2, 1e4, 1e18, 1e19, 1e30, 1e153, 1e154, 1e300))
def test_extreme_dot_products_are_finite_or_refused(size, dtype):
    rows = tuple((size * each).to(dtype) for each in POSITIVE_PAIRS.example(4, 3, negatives=1))
    try:
        value, gradients = value_and_gradients(MultipleNegativesRankingLoss(similarity="dot"), rows)
    except ValueError as refusal:
        assert size >= 1e18 or dtype == torch.float16
        assert ": expected " in str(refusal)
    else:
        assert torch.isfinite(value) and not any(each.isnan().any() for each in gradients)
        infinite = [each.isinf() for each in gradients]  # of fp16, as everywhere in torch
        assert dtype == torch.float16 and size >= 1e4 or not any(each.any() for each in infinite)


def test_an_unknown_similarity_is_refused():
    for unknown in ("cosin", "euclidean", None, 2, ["cosine"]):
        with pytest.raises(
            ValueError, match="^similarity: expected one of cosine, dot or a function of two tensors, got "
        ):
            MultipleNegativesRankingLoss(similarity=unknown)(*POSITIVE_PAIRS.example())


def test_further_negatives_are_named_when_they_are_wrong():
    rows = POSITIVE_PAIRS.example(4, 3, negatives=2)
    for count, name in ((3, "negative"), (4, "negative_2")):
        with pytest.raises(ValueError, match=rf"^{name}: expected the shape of anchor, \(4, 3\), got shape \(1, 3\)$"):
            MultipleNegativesRankingLoss()(*rows[: count - 1], rows[count - 1][:1])


# --- the catalogue's formula of a term -------------------------------------------------------------------------------


def test_term_formula_gives_the_values():
    loss, tensors = MultipleNegativesRankingLoss(), POSITIVE_PAIRS.example(4, 3, negatives=1)
    terms = loss.terms(*tensors)
    assert entry(loss).term(loss) == {"anchor": "−ln {p} / {B}"}
    shares = terms.matrix.softmax(-1)
    for anchor in range(4):
        assert_close(-math.log(shares[anchor, anchor]) / 4, terms.values[anchor].item())


def test_term_formula_of_both_ways_gives_the_values():
    """2B terms: the search of each anchor, and of each positive."""
    loss, tensors = MultipleNegativesSymmetricRankingLoss(), POSITIVE_PAIRS.example(4, 3, negatives=1)
    terms, formula = loss.terms(*tensors), entry(loss).term(loss)["anchor"]
    assert formula == "−ln {p} / {B}" and terms.valid.sum() == 8
    for share, value in zip(terms.numbers["p"].flatten().tolist(), terms.values.flatten().tolist(), strict=True):
        assert_close(worked_out(formula, {"p": share, "B": 8}), value)


@pytest.mark.parametrize(("partition", "count"), [("joint", 1), ("per_direction", 2)])
def test_term_formula_of_several_directions_gives_the_values(partition, count):
    loss = MultipleNegativesRankingLoss(directions=("query_to_doc", "doc_to_query"), partition_mode=partition)
    terms = loss.terms(*POSITIVE_PAIRS.example(4, 3, negatives=1))
    shares = dict(zip("pq"[:count], (terms.numbers[name].tolist() for name in "pq"[:count]), strict=True))
    for anchor, value in enumerate(terms.values.tolist()):
        numbers = {name: each[anchor] for name, each in shares.items()} | {"B": 4}
        assert_close(worked_out(entry(loss).term(loss)["anchor"], numbers), value)


@pytest.mark.parametrize("scale", [0.0, -20.0])
def test_a_scale_that_is_not_positive_is_refused(scale):
    loss = MultipleNegativesRankingLoss(scale=scale)
    with pytest.raises(ValueError, match=f"scale: expected a positive number, got {scale}"):
        loss(*loss.inputs.example())
