"""What people used to torch and sentence-transformers write: it works, or an error says what to write instead."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cosine_similarity, pairwise_distance
from torch.testing import assert_close

from lossviz.inputs import SCORED_PAIRS, TRIPLETS
from lossviz.losses import (
    BatchHardTripletLoss,
    ContrastiveLoss,
    CosineSimilarityLoss,
    MultipleNegativesRankingLoss,
    SoftmaxLoss,
    TripletLoss,
)
from tests.losses.batches import DOUBLE, every_loss, example, leaves, split, value_and_gradients
from tests.losses.peers import peer, theirs

ROWS = TRIPLETS.example(6, 8)


def refused(start: str):
    return pytest.raises(ValueError, match=f"^{start}")


# --- a model, features, tokens ---------------------------------------------------------------------------------------


@every_loss
def test_a_model_as_the_first_argument_is_named(variant):
    if hasattr(variant(), "encode"):
        return  # its first setting is an encoder
    with pytest.raises(ValueError) as caught:
        type(variant())(nn.Linear(2, 2))(*example(variant()))
    assert "for_trainer" in str(caught.value) or str(caught.value).startswith("weight: expected a tensor")


def test_a_trainers_features_are_named():
    features = [{"sentence_embedding": ROWS[0]}, {"sentence_embedding": ROWS[1]}]
    for given in ((features, None), tuple(features)):
        with refused(r"anchor: expected a tensor of embeddings \(a trainer gives features: see .*for_trainer\), got"):
            MultipleNegativesRankingLoss()(*given)


@every_loss
def test_token_embeddings_are_not_taken_for_several_batches(variant):
    loss = variant()
    rows, labels = split(loss, example(loss))
    if hasattr(loss, "encode"):
        return  # which reads columns, and whose encoder is asked for (m, d)
    tokens = [torch.stack([each, each], dim=1) for each in rows]  # (B, 2, d)
    with refused(f"({'|'.join(loss.inputs.fitted(len(rows) + len(labels)).arguments)}): expected "):
        loss(*tokens, *labels)


def test_token_embeddings_are_told_where_to_go():
    with refused(
        r"anchor: expected embeddings of shape \(B, d\) \(token embeddings are pooled first; several batches "
    ):
        MultipleNegativesRankingLoss()(torch.ones(4, 5, 8), torch.ones(4, 5, 8))


# --- a distance, a similarity, scores --------------------------------------------------------------------------------

NO_DISTANCES = {
    "a cosine": cosine_similarity,
    "a dot product": lambda x, y: (x * y).sum(-1),
    "a negative distance": lambda x, y: -pairwise_distance(x, y),
}


@pytest.mark.parametrize("similarity", NO_DISTANCES.values(), ids=NO_DISTANCES)
def test_a_similarity_in_the_place_of_a_distance_is_named(similarity):
    with refused("distance: expected 0 from a row to itself and nothing below"):
        TripletLoss(triplet_margin=0.5, distance=similarity)(*ROWS)


DISTANCES = {
    "cosine": lambda x, y: 1 - cosine_similarity(x, y, dim=-1),
    "with an epsilon": lambda x, y: pairwise_distance(x, y, p=1),
    "squared": lambda x, y: (x - y).square().sum(-1),
}


@pytest.mark.parametrize("dtype", (DOUBLE, torch.float32, torch.float16), ids=str)
@pytest.mark.parametrize("distance", DISTANCES.values(), ids=DISTANCES)
def test_a_distance_is_a_distance(distance, dtype):
    rows = [each.to(dtype) for each in TRIPLETS.example(6, 1024)]
    assert TripletLoss(distance=distance)(*rows).isfinite()


def test_a_distance_in_the_place_of_a_similarity_is_named():
    with refused("similarity: expected more from a row to itself than to another"):
        MultipleNegativesRankingLoss(similarity=torch.cdist)(*ROWS[:2])
    for similarity in (lambda x, y: -torch.cdist(x, y), lambda x, y: x @ y.transpose(-1, -2)):
        assert MultipleNegativesRankingLoss(similarity=similarity)(*ROWS[:2]).isfinite()


def test_a_distance_of_all_rows_at_once_is_named():
    distance = theirs("losses.BatchHardTripletLossDistanceFunction.euclidean_distance")
    with refused("distance: expected a function of two tensors of rows, got one that raises "):
        BatchHardTripletLoss(distance=distance)(ROWS[0], torch.tensor([0, 0, 1, 1, 2, 2]))


@pytest.mark.parametrize("largest", (5, -2.0))
def test_scores_that_no_cosine_reaches_are_warned_of(largest):
    first, second, scores = SCORED_PAIRS.example()
    scores[0] = largest
    with pytest.warns(
        UserWarning, match=f"^scores: {abs(largest):g} came, and no cosine reaches it: divide all scores"
    ):
        CosineSimilarityLoss()(first, second, scores)


def test_scores_from_minus_one_to_one_are_not(recwarn):
    first, second, scores = SCORED_PAIRS.example()
    for given in (scores, 2 * scores - 1, scores > 0.5, scores.round().byte()):
        CosineSimilarityLoss()(first, second, given)
    assert not recwarn


# --- a module's idioms -----------------------------------------------------------------------------------------------


def test_an_optimiser_takes_what_is_learned():
    scale = nn.Parameter(torch.tensor(20.0))
    loss = MultipleNegativesRankingLoss(scale=scale)
    optimiser = torch.optim.SGD(loss.parameters(), lr=1.0)
    loss(*ROWS[:2]).backward()
    optimiser.step()
    assert scale != 20
    assert list(ContrastiveLoss().parameters()) == []
    with refused(r"weight: expected a tensor to learn \(loss.weight.requires_grad_\(\)\), got one without gradient"):
        torch.optim.SGD(SoftmaxLoss.initial(8, 3).parameters())


def test_a_loss_is_moved_as_a_module_is():
    loss = SoftmaxLoss.initial(8, 3)
    weight = loss.weight.requires_grad_()
    assert loss.to(torch.float32) is loss and loss.weight is weight and weight.dtype == torch.float32
    assert weight.is_leaf and weight.requires_grad
    plain = ContrastiveLoss()
    assert plain.to("cuda") is plain


@pytest.mark.parametrize("kind", (TripletLoss, MultipleNegativesRankingLoss), ids=lambda kind: kind.__name__)
def test_it_may_be_compiled(kind):
    torch.compiler.reset()
    loss = kind()
    tensors = example(loss)
    compiled = torch.compile(lambda *each: loss(*each), backend="aot_eager")
    assert_close(value_and_gradients(loss, tensors, compiled), value_and_gradients(loss, tensors))
    rows, labels = split(loss, tensors)
    assert_close(torch.compile(loss, backend="aot_eager")(*leaves(rows), *labels), loss(*tensors))


# --- half precision --------------------------------------------------------------------------------------------------


def test_a_gradient_scaler_sees_what_overflows():
    """fp16, with the scaler's usual start: it skips and halves until the gradient fits, as with the peer's loss."""

    def scales(ask) -> list[float]:
        torch.manual_seed(0)
        encode, rows = nn.Linear(16, 8, bias=False), 0.05 * torch.randn(2, 16, 16)
        optimiser, scaler = torch.optim.SGD(encode.parameters(), lr=1e-3), torch.amp.GradScaler("cpu")
        found = []
        for _ in range(12):
            optimiser.zero_grad()
            with torch.autocast("cpu", dtype=torch.float16):
                value = ask(*map(encode, rows))
            scaler.scale(value).backward()
            scaler.step(optimiser)
            scaler.update()
            found.append(scaler.get_scale())
        return found

    loss = MultipleNegativesRankingLoss(scale=50.0)
    found = scales(loss)
    assert found == scales(peer(loss))
    assert found[0] == 2**15 and found[-1] == found[-2] < found[0]
