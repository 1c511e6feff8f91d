"""The triplet plane: how triplets are read out of any loss that has them, and what is asked to draw its slope."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from lossviz.catalogue import ENTRIES
from lossviz.distances import pairwise
from lossviz.inputs import LABELLED_SENTENCES, TRIPLETS
from lossviz.losses import (
    BatchAllTripletLoss,
    BatchHardSoftMarginTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
    ContrastiveLoss,
    TripletLoss,
)
from lossviz.losses.base import Loss, Terms
from lossviz.situations import SITUATIONS
from tests.widgets.charts.given import given_of

READ = "triplet_plane_read.read(given, readings_terms.termsOf(given), readings_terms.createGeneric(given))"
FITS = "triplet_plane_ends.fits(given)"
LINE = torch.tensor([[0.0, 0.0], [1.0, 0.0], [4.0, 0.0], [6.0, 0.0], [2.5, 0.0]], dtype=torch.float64)
LABELS = torch.tensor([0, 0, 0, 1, 2])


@pytest.mark.parametrize("kind", [BatchHardTripletLoss, BatchHardSoftMarginTripletLoss])
def test_an_anchor_stands_at_its_hardest_distances(javascript, kind):
    read = javascript(READ, given_of(kind(), LINE, LABELS))
    assert [(term["toPositive"], term["toNegative"]) for term in read][:3] == [(4, 2.5), (3, 1.5), (4, 1.5)]
    assert [term["letters"] for term in read] == list("ABCDE")
    assert read[0]["who"] == "cat ▲ cow ▼ bee"
    assert read[0]["note"].startswith(
        "A, “cat”, has its hardest positive “cow” at 4.0000 and its hardest negative “bee” at"
    )
    assert [(link["from"], link["to"], link["side"]) for link in read[0]["links"]] == [
        (0, 2, "positive"),
        (0, 4, "negative"),
    ]


def minus_dot(one: Tensor, other: Tensor) -> Tensor:
    return -(one * other).sum(-1)


@pytest.mark.parametrize("distance", ["euclidean", "cosine", minus_dot], ids=["euclidean", "cosine", "minus_dot"])
@pytest.mark.parametrize("kind", [BatchHardTripletLoss, BatchSemiHardTripletLoss])
def test_what_stands_in_is_counted_at_the_number_of_torch(javascript, kind, distance):
    """One class: no anchor has a negative. Also for a distance that nobody foresaw, and for a zero row."""
    given = given_of(kind(distance=distance), LINE, torch.zeros(5, dtype=torch.long))
    counted = given["result"]["terms"]["numbers"]["d_an"]
    for term in javascript(READ, given):
        assert term["toNegative"] == counted[term["index"]]
        assert f"no negative, counted at {javascript('words.fixed(given)', term['toNegative'])};" in term["note"]
        assert "▼ none" in term["who"]
        assert [link["side"] for link in term["links"]] == ["positive"]
        assert [each["side"] for each in term["lacking"]] == ["negative"]


def test_what_the_batch_lacks_is_said_below_the_mask(javascript):
    given = given_of(BatchHardTripletLoss(margin=1.0), LINE, LABELS)
    said = javascript(f"triplet_plane_mask.lackOf({READ})", given)
    assert said == "No positive in the batch. Counted instead: D at 0.0000, E at 0.0000."
    whole = given_of(BatchHardTripletLoss(margin=1.0), LINE[:4], torch.tensor([0, 0, 1, 1]))
    assert javascript(f"triplet_plane_mask.lackOf({READ})", whole) == ""


def test_a_semi_hard_negative_lies_beyond_the_positive_or_is_the_farthest(javascript):
    read = javascript(READ, given_of(BatchSemiHardTripletLoss(), LINE, LABELS))
    notes = {term["letters"]: term["note"] for term in read}
    assert "the nearest negative beyond it, “bee”, at 2.5000" in notes["ABE"]
    assert "its farthest negative “bee”, none being beyond, at 1.5000" not in notes["BAE"]
    assert "its farthest negative “hen”, none being beyond, at 2.0000" in notes["CAD"]
    assert next(term["reach"] for term in read if term["letters"] == "CAD") == {"from": 2, "to": 0}


def test_every_triplet_shares_its_anchors_pull(javascript):
    """A link is as strong as the share of the anchor's triplets over it: the links of one pair add up to one."""
    read = javascript(READ, given_of(BatchAllTripletLoss(), LINE, LABELS))
    assert len(read) == 3 * 2 * 2
    assert read[0]["letters"] == "ABD" and read[0]["note"].startswith(
        "A, “cat”, has its positive “dog” at 1.0000 and its"
    )
    pulls = {}
    for term in read:
        for link in term["links"]:
            pair = (link["from"], link["to"])
            pulls[pair] = pulls.get(pair, 0) + link["weight"]
    assert all(total == pytest.approx(1) for total in pulls.values())


def test_given_triplets_are_read_row_by_row(javascript):
    first, *_ = javascript(READ, given_of(TripletLoss(), LINE[:2], LINE[1:3], LINE[3:]))
    assert (first["letters"], first["toPositive"], first["toNegative"]) == ("ACE", 1, 6)
    assert first["who"] == "cat ▲ cow ▼ bee"


# ---- losses of a reader's own: no numbers, no thresholds; told by the matrix, the axes and what they chose


@dataclass(frozen=True, eq=False)
class Rows(Loss):
    inputs = TRIPLETS
    axes = ("triplet",)

    def define(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Terms:
        near, far = (anchor - positive).square().sum(-1), (anchor - negative).square().sum(-1)
        return Terms(torch.stack([near, far], -1), near / (far + 1))


@dataclass(frozen=True, eq=False)
class Hardest(Loss):
    inputs = LABELLED_SENTENCES
    axes = ("anchor",)

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        distance = pairwise("euclidean", embeddings, embeddings)
        alike = labels.unsqueeze(-1) == labels.unsqueeze(-2)
        far, near = torch.where(alike, distance, -1.0).max(-1), torch.where(alike, torch.inf, distance).min(-1)
        chosen = {"hardest_positive": far.indices, "hardest_negative": near.indices}
        return Terms(distance, far.values / near.values, chosen=chosen)


@dataclass(frozen=True, eq=False)
class Pairwise(Loss):
    """An anchor with each negative, against the farthest positive: axes that no loss of ours has."""

    inputs = LABELLED_SENTENCES
    axes = ("anchor", "negative")

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        distance = pairwise("euclidean", embeddings, embeddings)
        alike = labels.unsqueeze(-1) == labels.unsqueeze(-2)
        far = torch.where(alike, distance, -1.0).max(-1, keepdim=True)
        place = far.indices.expand(distance.shape)
        return Terms(distance, far.values + 0 * distance, valid=~alike, chosen={"hardest_positive": place})


def test_a_loss_of_a_readers_own_is_told_by_its_matrix(javascript):
    read = javascript(READ, given_of(Rows(), LINE[:2], LINE[1:3], LINE[3:]))
    assert [(term["toPositive"], term["toNegative"]) for term in read] == [(1, 36), (9, 2.25)]
    read = javascript(READ, given_of(Hardest(), LINE[:4], torch.tensor([0, 0, 1, 1])))
    assert [(term["toPositive"], term["toNegative"]) for term in read] == [(1, 4), (1, 3), (2, 3), (2, 5)]
    read = javascript(READ, given_of(Pairwise(), LINE[:4], torch.tensor([0, 0, 1, 1])))
    assert [(term["letters"], term["toPositive"], term["toNegative"]) for term in read][:2] == [
        ("ABC", 1, 4),
        ("ABD", 1, 6),
    ]


@pytest.mark.parametrize("loss", [Rows(), TripletLoss()])
def test_triplets_fit(javascript, loss):
    assert javascript(FITS, given_of(loss, LINE[:2], LINE[1:3], LINE[3:]))


@pytest.mark.parametrize("loss", [Hardest(), Pairwise(), BatchAllTripletLoss(), BatchHardSoftMarginTripletLoss()])
def test_labelled_sentences_fit(javascript, loss):
    given = given_of(loss, LINE, LABELS)
    assert javascript(FITS, given)
    nameless = {**given["result"]["terms"], "numbers": {}, "chosen": {}}
    told = loss.axes == ("anchor", "positive", "negative")
    assert javascript(FITS, {**given, "result": {**given["result"], "terms": nameless}}) == told
    assert not javascript(FITS, {**given, "loss": {**given["loss"], "axes": ["unheard of"] * len(loss.axes)}})


def test_pairs_do_not_fit(javascript):
    labels = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    assert not javascript(FITS, given_of(ContrastiveLoss(), LINE[:3], LINE[1:4], labels))


# ---- drawing


def test_the_lattice_is_every_positive_with_every_negative(javascript):
    row = [(0.0, 0, 0), (1.5, 1, 0), (0.5, 0, 1), (2.5, 1, 0), (3.0, 0, 1)]
    matrix, positive, negative = ([0.0] * 5 + list(column) for column in zip(*row, strict=True))
    given = {"matrix": matrix, "positive": positive, "negative": negative}
    found = [[1.5, 0.5], [1.5, 3], [2.5, 0.5], [2.5, 3]]
    assert javascript("triplet_plane_draw.lattice(given, 5, 1)", given) == found
    assert javascript("triplet_plane_draw.lattice(given, 5, 0)", given) == []


@pytest.mark.parametrize("dimension", [2, 4])
@pytest.mark.parametrize(("shape", "distance", "reach"), [("circle", "cosine", 2), ("free", "euclidean", 7.5)])
def test_the_slope_is_that_of_the_loss(javascript, shape, distance, reach, dimension):
    """Synthetic triplets reach from a negative far away to a positive far away; their slope is the one of torch."""
    loss = BatchHardSoftMarginTripletLoss(distance=distance)
    situation = given_of(loss, LINE, LABELS)["situation"]
    gaps = []
    for side in ("positive", "negative"):
        given = {"state": {"points": [[0.0] * dimension]}, "situation": situation, "side": side, "ends": [shape, reach]}
        question = javascript(
            "triplet_plane_slope.slopeQuestion(given, given.side, triplet_plane_slope.places(...given.ends))", given
        )
        for position in question["moving"]["positions"]:
            points = torch.tensor(question["points"], dtype=torch.float64)
            points[question["moving"]["point"]] = torch.tensor(position, dtype=torch.float64)
            numbers = loss.terms(points[question["rows"]["embeddings"]], torch.tensor(question["labels"])).numbers
            gaps.append((numbers["d_ap"] - numbers["d_an"])[0].item())
            assert numbers["slope"][0].item() == pytest.approx(torch.tensor(gaps[-1]).sigmoid().item())
    assert min(gaps) == pytest.approx(-reach) and max(gaps) == pytest.approx(reach) and 0 in gaps


@pytest.mark.parametrize(
    ("margin", "line", "words"),
    [
        (0.5, [(0, 0.5), (1.5, 2)], "shaded, below y = x + 0.5: what costs"),
        (-0.5, [(0.5, 0), (2, 1.5)], "shaded, below y = x + −0.5: what costs"),
        (0, [(0, 0), (2, 2)], "shaded, below y = x + 0: what costs"),
        (2.5, [], "y = x + 2.5 lies above: all of this costs"),
    ],
)
def test_what_costs_lies_below_the_margin(javascript, margin, line, words):
    found = javascript("triplet_plane_region.lineOf(given, {low: 0, reach: 2, x: (d) => d, y: (d) => d})", margin)
    assert list(map(tuple, found["line"])) == line and found["words"] == words


@pytest.mark.parametrize(("value", "wanted"), [(0.2, 0.5), (0.0, None)])
def test_a_margin_that_a_loss_uses_otherwise_is_no_line(javascript, value, wanted):
    """One triplet below y = x + 0.5, which costs or does not."""
    terms = [{"value": value, "toPositive": 0.4, "toNegative": 0.7}]
    scene = {"reading": {"terms": terms}, "result": {"terms": {"thresholds": {"margin": 0.5}}}}
    assert javascript("triplet_plane_region.marginOf(given) ?? null", scene) == wanted


DROPS = """given.map(([scene, width]) => {
  const { dropsOf, layoutOf } = triplet_plane_draw;
  const terms = triplet_plane_read.read(scene, readings_terms.termsOf(scene), readings_terms.createGeneric(scene));
  const full = { ...scene, reading: { terms } };
  const layout = layoutOf(full, width, false);
  const lengths = new Map(dropsOf(full, layout).map(({ index, places: [[, top], [, foot]] }) => [index, foot - top]));
  const tops = dropsOf(full, layout).map(({ places: [[, top]] }) => top);
  return [terms.map(({ index, value }) => [value, lengths.get(index) ?? 0]), Math.min(...tops), layout.y(layout.reach)];
})"""


@pytest.mark.parametrize("kind", ["labelled_sentences", "triplets"])
@pytest.mark.parametrize("margin", [None, 5.0])
def test_what_adds_more_drops_farther_below_the_line(javascript, kind, margin):
    """In proportion, whatever the margin, and within the frame: of every loss in every situation."""
    losses = [entry.default() for entry in ENTRIES if entry.loss.inputs.name == kind]
    scenes = []
    for loss in losses:
        names = [name for name in ("margin", "triplet_margin") if name in loss.settings()]
        changed = loss.changed(**({names[0]: margin} if margin else {})) if names else None
        batches = [each.inputs(each.points(2)) for each in SITUATIONS[kind]]
        scenes += [[given_of(changed, *inputs), width] for inputs in batches for width in (300, 640) if changed]
    assert scenes
    for terms, highest, edge in (each for each in javascript(DROPS, scenes) if each[0]):
        values, drawn = torch.tensor(terms, dtype=torch.float64).unbind(-1)
        if values.max() > 1e-12:
            torch.testing.assert_close(drawn / drawn.max(), values / values.max())
            assert highest >= edge - 1e-9
