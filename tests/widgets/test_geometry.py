"""geometry.js, held against numpy and torch."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.widgets.conftest import QUICK, rows

TAU = 2 * math.pi
angles = st.floats(-30, 30)
points = st.tuples(st.floats(-3, 3), st.floats(-3, 3))


def numbers(path: str) -> np.ndarray:
    """The points of an SVG path made of lines, (n, 2)."""
    return np.array(re.findall(r"-?\d+\.?\d*", path), dtype=float).reshape(-1, 2)


def at(angle: float, radius: float = 1.0) -> np.ndarray:
    return radius * np.array([math.cos(angle), math.sin(angle)])


# angles and steps


def test_an_angle_and_its_place_on_the_circle(javascript):
    turns = np.linspace(-3.14, 3.14, 33).tolist()
    assert javascript("given.map(geometry.atAngle)", turns) == pytest.approx(np.array([at(each) for each in turns]))
    assert javascript("given.map((a) => geometry.angleOf(geometry.atAngle(a)))", turns) == pytest.approx(turns)


@pytest.mark.parametrize(
    ("point", "nearest"),
    [((3, 4), (0.6, 0.8)), ((-2, 0), (-1, 0)), ((0, -1e-9), (0, -1)), ((1e200, 1e200), at(TAU / 8)), ((0, 0), (1, 0))],
)
def test_the_nearest_point_of_the_circle(javascript, point, nearest):
    assert javascript("geometry.ontoCircle(given)", list(point)) == pytest.approx(nearest)


@QUICK
@given(rows(angles, angles))
def test_a_turn_goes_the_short_way(javascript, cases):
    for (start, end), turn in zip(cases, javascript("given.map(([a, b]) => geometry.turn(a, b))", cases), strict=True):
        assert -math.pi < turn <= math.pi
        assert at(start + turn) == pytest.approx(at(end), abs=1e-12)


def test_half_a_turn_is_positive(javascript):
    assert javascript("given.map(([a, b]) => geometry.turn(a, b))", [[0, math.pi], [0, -math.pi]]) == [math.pi, math.pi]


@pytest.mark.parametrize("shape", ["circle", "free"])
@pytest.mark.parametrize("dimension", [2, 3, 384])
def test_a_step_is_that_of_torch(javascript, shape, dimension):
    generator = torch.Generator().manual_seed(dimension)
    start, gradient = torch.randn(2, dimension, generator=generator, dtype=torch.float64)
    point = torch.nn.Parameter(start.clone())
    point.grad = gradient
    torch.optim.SGD([point], lr=0.37).step()
    expected = torch.nn.functional.normalize(point, dim=0) if shape == "circle" else point
    given = [start.tolist(), gradient.tolist(), 0.37, shape]
    assert javascript("geometry.descend(...given)", given) == pytest.approx(expected.tolist(), abs=1e-14)


def test_a_step_into_the_centre_of_the_circle_stays(javascript):
    assert javascript("geometry.descend([1, 0], [2, 0], 0.5, 'circle')") == [1, 0]


@QUICK
@given(st.integers(50, 900), st.integers(50, 900), st.floats(0.5, 4), points)
def test_the_frame_between_plane_and_pixels(javascript, width, height, extent, point):
    middle, pixel, back, unit = javascript(
        """(() => { const f = geometry.frame(given[0], given[1], given[2]);
        return [f.toPixel([0, 0]), f.toPixel(given[3]), f.toPlane(f.toPixel(given[3])), f.unit]; })()""",
        [width, height, extent, point],
    )
    assert middle == pytest.approx([width / 2, height / 2])
    assert unit * extent == pytest.approx(min(width, height) / 2)
    assert pixel == pytest.approx([width / 2 + unit * point[0], height / 2 - unit * point[1]])  # y points up
    assert back == pytest.approx(point, abs=1e-9)


@pytest.mark.parametrize(
    ("farthest", "reach"), [(0, 1.6), (1.6, 1.6), (1.601, 2.4), (2.5, 3.2), (3.2, 3.2), (-5, 6.4), (100, 102.4)]
)
def test_the_plane_reaches_as_far_as_its_points(javascript, farthest, reach):
    assert javascript("geometry.reachOf(given)", [[0.1, 0.2], [0.3, farthest]]) == pytest.approx(reach)


# what is drawn


@pytest.mark.parametrize(
    ("places", "path"),
    [([], ""), ([[1, 2]], "M1,2"), ([[0, 0], [1.234, -5.678], [3, 4.5]], "M0,0L1.23,-5.68L3,4.5")],
)
def test_a_polyline(javascript, places, path):
    assert javascript("geometry.polyline(given)", places) == path


@QUICK
@given(st.tuples(st.floats(0, 300), st.floats(0, 300)), angles, st.floats(1, 200))
def test_a_straight_arrow_points_from_one_pixel_to_the_other(javascript, start, direction, length):
    start, forward = np.array(start), at(direction)
    end = start + length * forward
    arrow = javascript("geometry.straightArrow(...given)", [start.tolist(), end.tolist()])
    shaft, (tip, left, right) = numbers(arrow["shaft"]), numbers(arrow["head"])
    assert shaft[0] == pytest.approx(start, abs=0.01)
    assert tip == pytest.approx(end, abs=0.01)
    assert (tip - (left + right) / 2) @ forward == pytest.approx(min(9, length), abs=0.02)  # the tip leads
    assert 0 <= (shaft[1] - start) @ forward < length  # the shaft does not blunt the tip
    for place in arrow["places"]:
        assert np.linalg.norm(place - start) + np.linalg.norm(place - end) == pytest.approx(length)


@QUICK
@given(st.floats(20, 200), angles, st.floats(0.1, 3).flatmap(lambda size: st.sampled_from([size, -size])))
def test_an_arc_arrow_runs_beside_the_circle_the_short_way(javascript, radius, start, turn):
    centre = np.array([210.0, 190.0])
    end = start + turn
    arrow = javascript("geometry.arcArrow(...given)", [centre.tolist(), radius, start, end])
    flip = np.array([1, -1])  # pixels point down
    shaft, (tip, left, right) = ((numbers(arrow[part]) - centre) * flip for part in ("shaft", "head"))
    assert np.linalg.norm(shaft, axis=1) == pytest.approx(np.full(len(shaft), radius), abs=0.02)
    assert shaft[0] == pytest.approx(at(start, radius), abs=0.02)
    assert tip == pytest.approx(at(end, radius), abs=0.02)
    along = [math.remainder(math.atan2(y, x) - start, TAU) / turn for x, y in shaft[1:-1]]
    assert all(0 < each < 1.001 for each in along) and along == sorted(along)
    assert np.linalg.norm((left + right) / 2) == pytest.approx(radius, abs=0.12)  # the head follows the bend
    onward = math.copysign(1, turn) * np.array([-math.sin(end), math.cos(end)])  # the circle's direction at the tip
    size = min(9, abs(turn) * radius)
    assert (tip - (left + right) / 2) @ onward == pytest.approx(size * math.cos(size / 2 / radius), abs=0.03)


def test_what_is_too_short_to_see_has_no_arrow(javascript):
    assert javascript("geometry.straightArrow([5, 5], [5.3, 5.3])") is None
    assert javascript("geometry.arcArrow([0, 0], 100, 1, 1.004)") is None
    assert javascript("geometry.arcArrow([0, 0], 100, 1, 1.006)") is not None


@pytest.mark.parametrize("level", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("columns", [21, 40])
def test_a_contour_of_a_paraboloid_is_a_circle(javascript, level, columns):
    """x² + y² on a grid from −2 to 2, drawn in 200 × 200 pixels; y up in the grid, down in the picture."""
    axis = np.linspace(-2, 2, columns)
    shifted = (axis[None, :] - 0.2) ** 2 + (axis[:, None] - 0.3) ** 2
    path = javascript("geometry.contour(...given)", [shifted.ravel().tolist(), columns, columns, level, 200, 200])
    places = (numbers(path) - 100) / 50 * [1, -1] - [0.2, 0.3]
    cell = 4 / (columns - 1)
    inside = math.sqrt(level) < 1.7  # else the circle leaves the picture
    assert np.linalg.norm(places, axis=1) == pytest.approx(np.full(len(places), math.sqrt(level)), abs=cell / 4)
    directions = np.sort(np.arctan2(places[:, 1], places[:, 0]))
    below = np.lib.stride_tricks.sliding_window_view(shifted < level, (2, 2)).sum((-1, -2))
    assert path.count("M") == ((below > 0) & (below < 4)).sum()  # a piece in every cell that the line crosses
    assert not inside or np.diff(directions).max() < 2 * cell / math.sqrt(level)  # all the way round


def test_no_contour_where_no_value_crosses(javascript):
    assert javascript("geometry.contour([1, 2, 3, 4], 2, 2, 5, 10, 10)") == ""
    assert javascript("geometry.contour([3, 3, 3, 3], 2, 2, 3, 10, 10)") == ""


def test_a_contour_through_a_saddle_is_two_lines(javascript):
    path = javascript("geometry.contour([0, 1, 1, 0], 2, 2, 0.5, 10, 10)")
    assert path.count("M") == 2
    assert sorted(map(tuple, numbers(path))) == [(0, 5), (5, 0), (5, 10), (10, 5)]


@QUICK
@given(st.lists(points, min_size=1, max_size=4), points)
def test_the_distance_to_a_polyline_is_that_of_its_nearest_place(javascript, line, place):
    along = torch.linspace(0, 1, 2001, dtype=torch.float64)[:, None]
    corners = torch.tensor(line, dtype=torch.float64)
    places = [a + along * (b - a) for a, b in zip(corners, corners[1:], strict=False)] or [corners]
    wanted = (torch.cat(places) - torch.tensor(place, dtype=torch.float64)).norm(dim=-1).min().item()
    assert javascript("geometry.distanceTo(...given)", [line, place]) == pytest.approx(wanted, abs=2e-3)


@QUICK
@given(st.lists(points, max_size=8), points, st.floats(0.1, 3))
def test_the_nearest_point_within_reach(javascript, places, place, reach):
    found = javascript("geometry.nearest(...given)", [places, place, reach])
    gaps = [math.dist(each, place) for each in places]
    if not gaps or min(gaps) > reach:
        assert found == -1
    else:
        assert gaps[found] == pytest.approx(min(gaps))


@QUICK
@given(st.lists(points, min_size=1, max_size=9), st.floats(0.1, 3))
def test_stacks_are_what_a_chain_of_short_gaps_joins(javascript, places, reach):
    found = javascript("geometry.stacks(...given)", [places, reach])
    near = np.array([[math.dist(a, b) < reach for b in places] for a in places], dtype=float)
    joined = np.linalg.matrix_power(near, len(places)) > 0
    assert sorted(map(tuple, found)) == sorted({tuple(np.flatnonzero(row).tolist()) for row in joined})


@QUICK
@given(angles, st.integers(0, 20))
def test_a_point_on_the_circle_stays_the_same_point(javascript, angle, times):
    """To the last bit, however often it is put there: else two points never coincide."""
    place = javascript("geometry.ontoCircle(given)", [3 * math.cos(angle), 3 * math.sin(angle)])
    again = f"Array({times}).fill(0).reduce(geometry.ontoCircle, given)"
    assert javascript(again, place) == place


@QUICK
@given(st.lists(st.floats(0, 300), max_size=12), st.floats(1, 20))
def test_marks_that_would_pass_the_end_move_back(javascript, places, gap):
    marks = [{"at": place} for place in places]
    asked = "[given.slice(0, 2), given].map((each) => geometry.spread(...each).map((mark) => mark.at))"
    free, held = javascript(asked, [marks, gap, 300])
    limit = 300
    for place, at in zip(reversed(free), reversed(held), strict=True):  # no farther back than the marks after it need
        assert at == pytest.approx(min(place, limit), abs=1e-9)
        limit = at - gap


@QUICK
@given(st.lists(st.floats(0, 300), max_size=12), st.floats(1, 20))
def test_marks_are_spread_as_little_as_they_need(javascript, places, gap):
    marks = [{"at": place, "index": k} for k, place in enumerate(places)]
    spread = javascript("geometry.spread(...given)", [marks, gap])
    assert [each["index"] for each in spread] == [each["index"] for each in sorted(marks, key=lambda mark: mark["at"])]
    last = -math.inf
    for mark in spread:
        assert mark["at"] == pytest.approx(max(places[mark["index"]], last + gap), abs=1e-9)
        last = mark["at"]


ROUND = (1, 1.5, 2, 3, 4, 5, 7.5)


@QUICK
@given(st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=25))
def test_a_nice_ceiling_is_the_next_round_number(javascript, values):
    for value, ceiling in zip(values, javascript("given.map(geometry.niceCeiling)", values), strict=True):
        nice = [digits * 10.0**power for power in range(-14, 14) for digits in ROUND]
        assert ceiling == pytest.approx(min(each for each in nice if each >= value * (1 - 1e-12)))


@pytest.mark.parametrize("value", [0, -3, math.nan])
def test_a_scale_of_nothing_ends_at_one(javascript, value):
    assert javascript("geometry.niceCeiling(given)", value) == 1


@pytest.mark.parametrize("value", [0.1, 0.2, 0.3, 1, 1.5, 1000, 1e-7, 7.5e5])
def test_a_round_number_is_its_own_ceiling(javascript, value):
    assert javascript("geometry.niceCeiling(given)", value) == pytest.approx(value)
