"""What a point snaps to, as pure functions, and where a margin begins, held against torch."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import lossviz
from lossviz import BatchAllTripletLoss, ContrastiveLoss, OnlineContrastiveLoss, TripletLoss
from tests.widgets.conftest import QUICK

DOUBLE = torch.float64
angles = st.floats(-3.1, 3.1)


def at(angle: float) -> list[float]:
    return [math.cos(angle), math.sin(angle)]


def scene(points: list, shape: str = "circle", reads: str = "distance", partners: tuple = ()) -> dict:
    """The first point is the one that moves."""
    terms = [{"links": [{"from": 0, "to": partner}]} for partner in partners]
    return {"state": {"points": points}, "reading": {"terms": terms}, "shape": shape, "loss": {"reads": reads}}


TARGETS = "plane_targets.targetsOf(given, 0)"


@QUICK
@given(st.lists(angles, min_size=1, max_size=4))
def test_a_point_snaps_onto_others_and_to_angles_from_partners(javascript, turns):
    points = [[1.0, 0.0], *map(at, turns)]
    found = javascript(TARGETS, scene(points, partners=(1,)))
    onto, apart = ([each for each in found if each["first"] == first] for first in (True, False))
    assert [each["position"] for each in onto] == points[1:]  # to the last bit
    assert [each["words"] for each in apart] == [f"{angle}° from B" for angle in (60, 60, 90, 90, 180)]
    cosines = np.array([each["position"] for each in apart]) @ points[1]
    assert cosines == pytest.approx([0.5, 0.5, 0, 0, -1], abs=1e-15)


def test_others_at_one_place_are_said_together(javascript):
    found = javascript(TARGETS, scene([[1, 0], [0, 1], [0, 1], [-1, 0]], "free"))
    assert [each["words"] for each in found] == ["on B C", "on B C", "on D"]


@pytest.mark.parametrize(("reads", "centre"), [("distance", []), ("dot product", ["in the centre"])])
def test_the_centre_counts_where_lengths_do(javascript, reads, centre):
    found = javascript(TARGETS, scene([[1, 0], [0, 1]], "free", reads))
    assert [each["words"] for each in found] == ["on B", *centre]


CAUGHT = "plane_targets.caught(plane_targets.targetsOf(given[0], 0), given[1], 8, { unit: 100 })"


@pytest.mark.parametrize(
    ("degrees", "words"),
    [
        (4.0, "on B"),  # 100 pixels are a radian: 8 are 4.6°
        (-4.5, "on B"),
        (5.0, None),
        (56.0, "60° from B"),
        (94.0, "90° from B"),
        (64.7, None),
        (176.0, "180° from B"),
    ],
)
def test_what_is_within_reach_catches(javascript, degrees, words):
    found = javascript(CAUGHT, [scene([[0, -1], [1, 0]], partners=(1,)), at(math.radians(degrees))])
    assert (found and found["words"]) == words


def test_another_point_goes_before_an_angle_that_is_nearer(javascript):
    points = [[0, -1], [1, 0], at(math.radians(62))]
    found = javascript(CAUGHT, [scene(points, partners=(1,)), at(math.radians(60.2))])
    assert (found["words"], found["position"]) == ("on C", points[2])


def test_two_angles_at_one_place_are_both_said(javascript):
    found = javascript(CAUGHT, [scene([[0, -1], [1, 0], [-1, 0]], partners=(1, 2)), at(math.radians(91))])
    assert found["words"] == "90° from B, 90° from C"


@pytest.mark.parametrize("partners", [1, 5, 12])
def test_two_thirds_of_the_way_are_free_of_angles(javascript, partners):
    points = [[0.0, -1.0], *(at(0.3 + 0.41 * k) for k in range(partners))]
    given = [scene(points, partners=tuple(range(1, partners + 1))), [at(math.tau * k / 720) for k in range(720)]]
    asked = CAUGHT.replace("given[1]", "each")
    words = javascript(f"given[1].map((each) => {asked}?.words ?? '')", given)
    assert sum("°" in each for each in words) <= 720 / 3 + 10 * partners


WAY = "plane_targets.onTheWay(plane_targets.targetsOf(given[0], 0), given[1], given[2], given[3])?.words ?? null"


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (58, 61, "60° from B"),
        (61, 58, "60° from B"),
        (60, 63, None),  # it has stood there
        (57, 59.9, None),
        (50, 95, "60° from B"),  # the first of two
        (179, -178, "180° from B"),  # over the end of the circle
        (-3, 2, "on B"),
    ],
)
def test_a_key_stops_at_the_first_target_on_its_way(javascript, start, end, words):
    given = [scene([[0, -1], [1, 0]], partners=(1,)), *(at(math.radians(each)) for each in (start, end)), True]
    assert javascript(WAY, given) == words


@pytest.mark.parametrize(
    ("start", "end", "words"), [(0.45, 0.5, "on B"), (0.47, 0.52, "on B"), (0.4, 0.45, None), (0.5, 0.55, None)]
)
def test_a_key_in_the_plane_stops_where_it_comes_near(javascript, start, end, words):
    given = [scene([[0, 0], [0.501, 0]], "free"), [start + 0.001, 0], [end + 0.001, 0], False]
    assert javascript(WAY, given) == words


@pytest.mark.parametrize(
    ("speed", "lasts", "slow"),
    [(16, 700, True), (16, 400, False), (4, 900, False), (80, 700, False)],  # pixels a second, milliseconds
)
def test_a_slow_drag(javascript, speed, lasts, slow):
    trace = [{"time": time, "pixel": [speed * time / 1000, 0]} for time in range(0, lasts + 1, 20)]
    assert javascript("plane_targets.isSlow(given)", trace) == slow


# Where a margin begins

CROSSINGS = """(async () => {
  const { spec, modules, state: lasting, index, place, far } = given;
  const page = engine.pageEngine(spec, modules);
  const now = state.begin(spec, lasting);
  await page.ready(now);
  const result = await new Promise((done) => page.evaluate(now, done));
  const reading = readings_reading.read(spec, now, result);
  const shape = state.shapeOf(spec, now);
  const scene = { state: now, result, reading, shape };
  const ways = plane_margins.waysThrough(scene, index, place, far);
  return plane_margins.crossings(spec, page, scene, index, ways);
})()"""


def crossings(javascript, explorer: lossviz.Explorer, index: int, place: list, far: float) -> list[dict]:
    given = {"spec": explorer.spec, "modules": explorer.modules, "state": explorer.state}
    return javascript(CROSSINGS, given | {"index": index, "place": place, "far": far})


@pytest.mark.parametrize("distance", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("loss", [ContrastiveLoss, OnlineContrastiveLoss])
def test_the_margin_of_a_pair_begins_where_its_distance_is_the_margin(javascript, loss, distance):
    explorer = lossviz.explore(loss(margin=0.43, distance=distance), situation="start", controls=())
    a = explorer.embeddings[0]
    measure = lossviz.distances.paired(distance)
    turn = math.acos(0.57) + 0.01
    cosine, sine = math.cos(turn), math.sin(turn)
    place = torch.stack([cosine * a[0] - sine * a[1], sine * a[0] + cosine * a[1]])
    if distance != "cosine":
        way = torch.tensor([0.6, 0.8], dtype=DOUBLE)
        place = a + way * (0.44 / measure(a + way, a))
    found = crossings(javascript, explorer, 2, place.tolist(), 0.05)
    (own,) = [each for each in found if each["words"] == "at the margin of A"]
    reached = measure(torch.tensor(own["position"], dtype=DOUBLE), a).item()
    assert 0 <= reached - 0.43 < 1e-12


@pytest.mark.parametrize("loss", [TripletLoss(triplet_margin=0.3), BatchAllTripletLoss(margin=0.3)])
def test_the_margin_of_a_triplet_begins_where_it_costs_nothing_any_more(javascript, loss):
    explorer = lossviz.explore(loss, controls=())
    point, found = 2, []
    for angle in np.linspace(0, math.tau, 12, endpoint=False):
        for radius in (0.4, 0.8, 1.2):
            place = [radius * math.cos(angle), radius * math.sin(angle)]
            found += crossings(javascript, explorer, point, place, 0.1)
    assert len(found) > 3
    for each in found:
        assert each["words"].startswith("at the margin of ")
        moved = explorer.embeddings.clone()
        moved[point] = torch.tensor(each["position"], dtype=DOUBLE)
        batch = explorer.scene.batch
        terms = loss.complete(*batch.inputs(moved))
        d_ap, d_an = (terms.numbers[name].expand_as(terms.values) for name in ("d_ap", "d_an")) if (
            "d_ap" in terms.numbers
        ) else terms.matrix.unbind(-1)
        gaps = (d_ap - d_an + 0.3)[terms.valid.expand_as(d_ap)]
        assert gaps.abs().min().item() < 1e-9


def test_far_from_a_margin_there_is_none(javascript):
    explorer = lossviz.explore(ContrastiveLoss(margin=0.43), situation="start", controls=())
    assert crossings(javascript, explorer, 2, [-1.0, 0.0], 0.02) == []
