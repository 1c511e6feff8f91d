"""The score plane: how pairs with scores are read, alone and in order, and what is drawn of them."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from lossviz.distances import cosine_similarity
from lossviz.inputs import LABELLED_PAIRS, SCORED_PAIRS
from lossviz.losses import AnglELoss, CoSENTLoss, CosineSimilarityLoss, SoftmaxLoss, TripletLoss
from lossviz.losses.base import Loss, Terms
from tests.widgets.charts.given import given_of

DOUBLE = torch.float64
READ = "score_plane_read.read(given, readings_terms.termsOf(given), readings_terms.createGeneric(given))"
SCENE = f"{{ ...given, lit: null, reading: {{ terms: {READ} }} }}"
MASK = f"score_plane_mask.mask({SCENE})"
DRAWN = f"""(() => {{
  const view = score_plane_draw.createScorePlane({{}}, {{}}, {{ light() {{}} }});
  view.draw({SCENE});
  const count = (selector) => view.root.querySelectorAll(selector).length;
  return {{
    dots: count(".dot"), segments: count(".segments > g"), falling: count(".segments > .falling"),
    drops: count(".drops > path"), crowd: count(".crowd > g > path"), html: view.root.innerHTML,
    softmax: !view.root.querySelector(".shares").hasAttribute("visibility"),
  }};
}})()"""


def pairs(*cosines: float, scores: list[float]) -> tuple[Tensor, Tensor, Tensor]:
    """Pairs with these cosines, on the unit circle."""
    first = torch.tensor([[1.0, 0.0]] * len(cosines), dtype=DOUBLE)
    second = torch.tensor([[each, math.sqrt(1 - each**2)] for each in cosines], dtype=DOUBLE)
    return first, second, torch.tensor(scores, dtype=DOUBLE)


ARTICLE = pairs(0.3, 0.4, 0.2, scores=[0.1, 0.7, 0.9])


@dataclass(frozen=True, eq=False)
class Gaps(Loss):
    """A reader's own, of pairs alone: no numbers."""

    inputs = SCORED_PAIRS
    axes = ("pair",)
    reads = "cosine"

    def define(self, first: Tensor, second: Tensor, scores: Tensor) -> Terms:
        similarity = cosine_similarity(first, second)
        return Terms(similarity, (similarity - scores).abs())


@dataclass(frozen=True, eq=False)
class Farther(Loss):
    """A reader's own, of orders: reads distances, knows no softmax."""

    inputs = SCORED_PAIRS
    axes = ("lower_pair", "higher_pair")

    def define(self, first: Tensor, second: Tensor, scores: Tensor) -> Terms:
        distance = (first - second).norm(dim=-1)
        valid = scores.unsqueeze(-1) < scores.unsqueeze(-2)
        gap = distance.unsqueeze(-2) - distance.unsqueeze(-1)
        return Terms(distance, torch.where(valid, gap.relu(), 0.0), valid=valid)


# ---- pairs by themselves


def test_a_pair_is_drawn_to_its_score(javascript):
    given = given_of(CosineSimilarityLoss(), *pairs(0.3, 0.8, 0.5, scores=[0.9, 0.5, 0.5]))
    closer, apart, there = javascript(READ, given)
    assert [each["kind"] for each in (closer, apart)] == ["positive", "negative"]
    assert closer["links"] == [{"from": 0, "to": 3, "side": "positive", "weight": 1}]
    assert closer["note"] == (
        "A–D, “cat” and “hen”, has the score 0.9 and the cosine 0.3000: it is drawn closer and adds 0.12000."
    )
    assert apart["note"].endswith("it is drawn apart and adds 0.03000.")
    assert there["note"].endswith("and the cosine 0.5000: it stands where it should.")


def test_where_a_loss_does_not_say_what_shall_be_nothing_is_made_up(javascript):
    given = given_of(Gaps(), *pairs(0.3, 0.5, scores=[0.9, 0.5]))
    assert javascript("score_plane_read.fits(given)", given)
    first, second = javascript(READ, given)
    assert not first["aimed"]
    assert first["note"].endswith("has the score 0.9 and the cosine 0.3000: it adds 0.60000.")
    assert second["note"].endswith("it adds nothing.")
    drawn = javascript(DRAWN, given)
    assert (drawn["dots"], drawn["drops"], drawn["segments"]) == (2, 0, 0)
    assert javascript(DRAWN, given_of(CosineSimilarityLoss(), *ARTICLE))["drops"] == 3


# ---- orders


def test_the_articles_example_and_the_share_of_the_one(javascript):
    given = given_of(CoSENTLoss(), *ARTICLE)
    assert given["result"]["loss"] == pytest.approx(4.145, abs=5e-4)
    read = javascript(READ, given)
    shares = {term["letters"]: term["share"] for term in read}
    assert shares["B–E < C–F"] == pytest.approx(0.865, abs=5e-4)
    one = given["result"]["terms"]["thresholds"]["the_1"]
    assert one == pytest.approx(0.016, abs=5e-4)
    assert sum(shares.values()) + one == pytest.approx(1)
    parts = javascript("score_plane_draw.shares(...given)", [read, one])
    assert [each["words"] for each in parts] == ["B–E < C–F", "A–D < C–F", "in order", "the 1"]
    assert sum(each["share"] for each in parts) == pytest.approx(1)
    worst = next(term for term in read if term["letters"] == "B–E < C–F")
    assert worst["who"] == "dog / bee < cow / fox"
    assert worst["note"].startswith("B–E (score 0.7) has the cosine 0.4000, C–F (score 0.9) has the cosine 0.2000: ")
    assert worst["note"].endswith(": the wrong way round. It adds 3.64302.")


@pytest.mark.parametrize("loss", [CoSENTLoss(scale=3.0), AnglELoss(scale=3.0)])
def test_an_order_pulls_as_strongly_as_its_share(javascript, loss):
    """Torch's gradient of its pull, by what it reads, is ± scale · share."""
    read = javascript(READ, given_of(loss, *ARTICLE))
    first, second, scores = ARTICLE
    terms = loss.complete(first.clone().requires_grad_(), second, scores)
    for term in read:
        pull = terms.pulls.flatten()[term["index"]]
        (slope,) = torch.autograd.grad(pull, terms.matrix, retain_graph=True)
        (lower, higher), (away, closer) = term["pairs"], term["links"]
        assert (away["side"], closer["side"]) == ("negative", "positive")
        assert slope[lower].item() == pytest.approx(3 * away["weight"])
        assert slope[higher].item() == pytest.approx(-3 * closer["weight"])


def test_orders_of_distances_are_wrong_where_the_higher_score_is_farther(javascript):
    """And without a softmax, an order is as wide as its part of the loss, and its links have no weight to tell."""
    given = given_of(Farther(), *ARTICLE)
    assert javascript("score_plane_read.fits(given)", given)
    read = javascript(READ, given)
    assert {term["letters"]: term["wrong"] for term in read} == {
        "A–D < B–E": False, "A–D < C–F": True, "B–E < C–F": True,
    }  # fmt: skip
    assert sum(term["strength"] for term in read) == pytest.approx(1)
    assert {link["weight"] for term in read for link in term["links"]} == {1}
    assert "in order. It adds 0.00000." in read[0]["note"]
    drawn = javascript(DRAWN, given)
    assert (drawn["segments"], drawn["falling"], drawn["softmax"]) == (3, 2, False)
    assert javascript(DRAWN, given_of(CoSENTLoss(), *ARTICLE))["softmax"]


def test_many_orders_are_a_crowd(javascript):
    given = given_of(CoSENTLoss(), *pairs(*(k / 8 for k in range(7)), scores=[(3 * k) % 7 for k in range(7)]))
    drawn = javascript(DRAWN, given)
    assert drawn["segments"] == 0 and drawn["crowd"] > 1 and drawn["dots"] == 7


# ---- the axes


@pytest.mark.parametrize(
    ("values", "low", "high", "found"),
    [([0.2, 0.9], 0, 1, [0, 1]), ([-0.2, 1.41], 0, 1, [-0.5, 1.5]), ([-1, 3], -1, 1, [-1, 3]), ([], 0, 1, [0, 1])],
)
def test_an_axis_reaches_as_far_as_it_must(javascript, values, low, high, found):
    assert javascript("score_plane_draw.span(...given)", [values, low, high]) == found


@pytest.mark.parametrize("ends", [[0, 1], [-1, 1], [-0.5, 1.5], [0, 5], [-40, 60], [0, 1000]])
def test_an_axis_has_numbers_but_not_too_many(javascript, ends):
    ticks = javascript("score_plane_draw.ticks(given)", ends)
    assert 3 <= len(ticks) <= 11
    assert ticks[0] == ends[0] and ticks[-1] <= ends[1]


# ---- which losses, and the mask


def test_what_fits_has_one_number_and_one_score_a_pair(javascript):
    first, second, scores = ARTICLE
    for loss in (CosineSimilarityLoss(), CoSENTLoss(), AnglELoss()):
        assert javascript("score_plane_read.fits(given)", given_of(loss, *ARTICLE))
    classifier = given_of(SoftmaxLoss.initial(dimension=2, classes=3), first, second, torch.tensor([0, 1, 2]))
    assert not javascript("score_plane_read.fits(given)", classifier)
    assert not javascript("score_plane_read.fits(given)", given_of(TripletLoss(), first, second, first))


def test_the_mask_of_pairs(javascript):
    table = javascript(MASK, given_of(CosineSimilarityLoss(), *ARTICLE))
    assert [name for name, _ in table["columns"]] == ["", "score", "cosine", "valid", "active", "adds"]
    assert [cell["words"] for cell in table["rows"][0]["cells"]] == ["A–D", "0.1", "0.3000", "●", "●", "0.01333"]


def test_the_mask_of_orders_is_sorted_by_score(javascript):
    given = given_of(CoSENTLoss(), *pairs(0.4, 0.2, 0.3, scores=[0.7, 0.9, 0.1]))
    table = javascript(MASK, given)
    assert [name for name, _ in table["columns"]] == ["lower \\ higher", "score", "C–F", "A–D", "B–E"]
    words = [[cell["words"] for cell in row["cells"]] for row in table["rows"]]
    assert words[1] == ["A–D", "0.7", "·", "·", "86\u00a0%"]
    assert table["rows"][1]["cells"][4]["look"] == "number cell negative chosen"
    assert table["note"].endswith("framed: the wrong way round. The 1 has 2\u00a0%.")
    own = javascript(MASK, given_of(Farther(), *ARTICLE))
    assert own["note"] == "A cell is what an order adds; framed: the wrong way round."


@pytest.mark.parametrize("loss", [CosineSimilarityLoss(), CoSENTLoss(), AnglELoss(), Gaps(), Farther()])
def test_a_single_pair_is_drawn(javascript, loss):
    """Nothing to compare it with, and maybe nothing to add."""
    given = given_of(loss, *pairs(0.5, scores=[0.5]))
    drawn = javascript(DRAWN, given)
    assert drawn["dots"] == 1
    assert not any(each in drawn["html"] for each in ("NaN", "undefined", "Infinity"))
    assert len(javascript(MASK, given)["rows"]) == 1


def test_labels_of_no_use_to_an_axis_do_not_make_a_score_plane(javascript):
    @dataclass(frozen=True, eq=False)
    class Whole(Loss):
        inputs = LABELLED_PAIRS
        axes = ("batch",)

        def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
            distance = (anchor - other).norm(dim=-1)
            return Terms(distance, distance.mean(-1, keepdim=True))

    first, second, _ = ARTICLE
    given = given_of(Whole(), first, second, torch.tensor([1.0, 0.0, 1.0], dtype=DOUBLE))
    assert not javascript("score_plane_read.fits(given)", given)
