"""The distance line: how pairs are read, and which pairs are made to ask a loss what such a pair costs."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from lossviz import catalogue, distances
from lossviz.catalogue import ENTRIES
from lossviz.inputs import LABELLED_PAIRS, ZERO_TO_ONE
from lossviz.losses import ContrastiveLoss, ContrastiveTensionLoss, OnlineContrastiveLoss, TripletLoss
from lossviz.losses.base import Loss, Terms
from lossviz.situations import SITUATIONS
from tests.widgets.charts.given import given_of
from tests.widgets.printed import worth

READ = "distance_line_read.read(given, readings_terms.termsOf(given), readings_terms.createGeneric(given))"
FIRST = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]], dtype=torch.float64)
SECOND = torch.tensor([[0.6, 0.8], [0.6, 0.8], [-1.0, 0.0]], dtype=torch.float64)


def pairs(*labels: float) -> tuple[Tensor, Tensor, Tensor]:
    return FIRST, SECOND, torch.tensor(labels, dtype=torch.float64)


def test_a_pair_is_told_by_its_side_and_its_distance(javascript):
    loss = ContrastiveLoss(margin=0.5)
    given = given_of(loss, *pairs(1, 1, 0))
    read = javascript(READ, given)
    assert [term["kind"] for term in read] == ["positive", "positive", "negative"]
    assert [term["letters"] for term in read] == ["A–D", "B–E", "C–F"]
    assert [term["measured"] for term in read] == given["result"]["terms"]["matrix"]
    assert [term["links"][0]["side"] for term in read] == ["positive", "positive", "negative"]
    assert [term["note"] for term in read] == [
        "A–D, the positive pair of “cat” and “hen”, stands at distance 0.4000 and is pulled together: it adds 0.02667.",
        "B–E, the positive pair of “dog” and “bee”, stands at distance 0.0000 and is left alone.",
        "C–F, the negative pair of “cow” and “fox”, stands at distance 1.0000 and is left alone.",
    ]


def test_a_label_between_weighs_a_pair(javascript):
    """With a formula of its own."""
    loss = ContrastiveLoss(margin=0.5)
    weighed, near, _ = javascript(READ, given_of(loss, *pairs(0.25, 1, 0), formulas=catalogue.entry(loss).term(loss)))
    assert weighed["kind"] == "both"
    assert weighed["formula"] == "½ · (0.25 · 0.4² + (1 − 0.25) · max(0, 0.5 − 0.4)²) / 3"
    assert weighed["value"] == pytest.approx(worth(weighed["formula"]))
    assert near["formula"] is None
    assert "the weighed pair" in weighed["note"] and "is pulled and pushed" in weighed["note"]


def test_a_dot_product_is_called_one(javascript):
    (first, *_) = javascript(READ, given_of(ContrastiveTensionLoss(), *pairs(1, 0, 0)))
    assert "has the dot product 0.6000 and is pulled together" in first["note"]


@dataclass(frozen=True, eq=False)
class Squares(Loss):
    """A reader's own: no numbers, no thresholds."""

    inputs = replace(LABELLED_PAIRS, labels=ZERO_TO_ONE)
    axes = ("pair",)
    reads = "cosine"

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        similarity = (anchor * other).sum(-1)
        return Terms(similarity, (similarity - labels).square())


def test_a_loss_of_a_readers_own_fits_by_its_shapes(javascript):
    given = given_of(Squares(), *pairs(1, 0, 0))
    assert javascript("distance_line_read.fits(given)", given)
    first, *_ = javascript(READ, given)
    assert "has the cosine 0.6000 and is pulled together: it adds 0.16000" in first["note"]
    assert not javascript("distance_line_read.fits(given)", given_of(TripletLoss(), FIRST, SECOND, FIRST))


@pytest.mark.parametrize(
    ("shape", "distance", "farthest"), [("circle", "cosine", 2), ("free", "euclidean", 3), ("free", "manhattan", 7.5)]
)
def test_synthetic_pairs_cover_the_axis_of_distances(javascript, shape, distance, farthest):
    given = ["distance", shape, [0, farthest]]
    others = torch.tensor(javascript("distance_line_curves.places(...given)", given), dtype=torch.float64)
    found = distances.paired(distance)(torch.tensor([1.0, 0.0], dtype=torch.float64).expand_as(others), others)
    assert found[0] == pytest.approx(0, abs=1e-12) and found[-1] == pytest.approx(farthest)
    gaps = found.diff()
    assert (gaps > 0).all() and gaps.max() < farthest / 50


@pytest.mark.parametrize("loss", [ContrastiveLoss(margin=0.7), OnlineContrastiveLoss(margin=0.7)])
@pytest.mark.parametrize("side", ["positive", "negative"])
@pytest.mark.parametrize("dimension", [2, 5])
def test_a_curve_is_what_such_a_pair_costs(javascript, loss, side, dimension):
    """In a batch as large as the reader's own, whatever else stands in it: d² beyond the nearest negative, …"""
    situation = given_of(loss, *pairs(1, 1, 0))["situation"]
    given = {"situation": situation, "state": {"points": [[0.0] * dimension]}, "side": side}
    question = javascript(
        "distance_line_curves.curveQuestion(given.state, given.situation, given.side,"
        " distance_line_curves.places('distance', 'circle', [0, 2]))", given,
    )  # fmt: skip
    assert question["keep"] == [["terms", "matrix"], ["terms", "values"]]
    for position in question["moving"]["positions"][1:-1:9]:
        points = torch.tensor(question["points"], dtype=torch.float64)
        points[question["moving"]["point"]] = torch.tensor(position, dtype=torch.float64)
        rows = [points[row] for row in question["rows"].values()]
        terms = loss.terms(*rows, torch.tensor(question["labels"], dtype=torch.float64))
        distance = terms.matrix[0]
        cost = distance**2 if side == "positive" else (0.7 - distance).clamp(min=0) ** 2
        scale = 0.5 / 3 if isinstance(loss, ContrastiveLoss) else 1
        assert terms.values[0].item() == pytest.approx(scale * cost.item(), abs=1e-12)


ORDER = """given.map(([scene, width]) => {
  const { NO_CURVES, dotOf, endsOf, layoutOf } = distance_line_draw;
  const terms = distance_line_read.read(scene, readings_terms.termsOf(scene), readings_terms.createGeneric(scene));
  const full = { ...scene, shape: "free", lit: null, reading: { terms } };
  const layout = layoutOf(full, endsOf(full), NO_CURVES, { width });
  return terms.map((term) => {
    const [, y] = dotOf(term, full, layout).place;
    const side = term.kind === "negative" ? "negative" : "positive";
    return [term.value, (side === "positive" ? -1 : 1) * (y - layout.base[side]), layout.halves[side]];
  });
})"""


@pytest.mark.parametrize("kind", ["labelled_pairs", "unlabelled_pairs"])
def test_what_adds_more_is_drawn_farther_from_the_axis(javascript, kind):
    """On both sides alike, and in proportion: of every loss in every situation, on a phone too."""
    entries = [entry for entry in ENTRIES if entry.loss.inputs.name == kind]
    scenes = []
    for entry in entries:
        for each in SITUATIONS[kind]:
            scene = given_of(entry.default(), *each.inputs(each.points(2)))
            scenes += [[scene, 300], [scene, 640]]
    for marks in javascript(ORDER, scenes):
        values, drawn, room = torch.tensor(marks, dtype=torch.float64).unbind(-1)
        assert (drawn >= 0).all() and (drawn <= room + 1e-9).all()
        if values.max() > 1e-12:
            torch.testing.assert_close(drawn / drawn.max(), values / values.max())
