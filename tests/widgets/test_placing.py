"""marks/placing.js: labels touch nothing, and stand beside their places or are joined to them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.widgets.conftest import QUICK

boxes = st.fixed_dictionaries(
    {"x": st.integers(-50, 350), "y": st.integers(-50, 350), "width": st.integers(5, 120), "height": st.integers(5, 40)}
)
lines = st.fixed_dictionaries({"places": st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1)})
candidates = st.lists(boxes, min_size=1, max_size=5)
labels = st.lists(st.fixed_dictionaries({"candidates": candidates, "insists": st.booleans()}), max_size=10)


def overlap(a: dict, b: dict) -> bool:
    return all(a[s] < b[s] + b[size] and b[s] < a[s] + a[size] for s, size in (("x", "width"), ("y", "height")))


def meets(box: dict, line: dict) -> bool:
    """Whether any of many places of a line lies in a box."""
    corners = np.array(line["places"], dtype=float)
    ends = np.concatenate([corners[:1], corners])
    share = np.linspace(0, 1, 400)[:, None, None]
    places = (ends[:-1] + share * (ends[1:] - ends[:-1])).reshape(-1, 2)
    low, size = np.array([box["x"], box["y"]]), np.array([box["width"], box["height"]])
    return bool(((places > low) & (places < low + size)).all(-1).any())


def touches(box: dict, obstacle: dict) -> bool:
    return meets(box, obstacle) if "places" in obstacle else overlap(box, obstacle)


@QUICK
@given(
    st.lists(st.tuples(st.tuples(st.integers(15, 285), st.integers(15, 285)), st.integers(20, 110)), max_size=8),
    st.lists(lines, max_size=4),
)
def test_labels_of_points_find_a_place(javascript, points, obstacles):
    """Off the points, the lines, the frame and one another; joined to their own where another is nearer or all are far.

    Where each stood before, it stands again.
    """
    bounds = {"x": 0, "y": 0, "width": 300, "height": 300}
    dots = [{"x": x - 12, "y": y - 12, "width": 24, "height": 24} for (x, y), _ in points]
    asked = """(() => {
      const [points, obstacles, bounds] = given;
      const labels = points.map(([place, width]) => ({ place, candidates: marks_labels.rings(place, width, 12) }));
      const placed = marks_placing.placeLabels(labels, obstacles, bounds);
      const before = labels.map((label, k) => ({ ...label, before: placed[k]?.at }));
      return [placed, marks_placing.placeLabels(before, obstacles, bounds)];
    })()"""
    placed, again = javascript(asked, [points, [*dots, *obstacles], bounds])
    assert again == placed
    assert obstacles or not points or placed[0]
    for k, box in enumerate(placed):
        if not box:
            continue
        assert 0 <= box["x"] <= 300 - box["width"] and 0 <= box["y"] <= 300 - box["height"]
        assert not any(touches(box, each) for each in [*dots, *obstacles])
        assert not any(overlap(box, other) for other in placed[:k] if other)
        assert not any(meets(box, {"places": other["leader"]}) for other in placed[:k] if other and other.get("leader"))
        gaps = [gap(box, place) for place, _ in points]
        if not box.get("leader"):
            others = [(each, math.dist(place, points[k][0])) for each, (place, _) in zip(gaps, points, strict=True)]
            beside = all(each >= gaps[k] + min(4, apart / 2) - 1e-9 for each, apart in others)
            assert gaps[k] <= 17 or (gaps[k] <= 36 and beside)


def gap(box: dict, place: tuple[float, float]) -> float:
    (x, y), (left, top) = place, (box["x"], box["y"])
    return math.hypot(max(left - x, 0, x - left - box["width"]), max(top - y, 0, y - top - box["height"]))


@QUICK
@given(labels, st.lists(boxes, max_size=6))
def test_labels_stay_inside_and_touch_nothing(javascript, labels, obstacles):
    bounds = {"x": 0, "y": 10, "width": 300, "height": 280}
    placed = javascript("marks_placing.placeLabels(...given)", [labels, obstacles, bounds])
    assert len(placed) == len(labels)
    assert all(box for box, label in zip(placed, labels, strict=True) if label["insists"])
    for box in filter(None, placed):
        assert 0 <= box["x"] <= 300 - box["width"] and 10 <= box["y"] <= 290 - box["height"]
    free = [box for box, label in zip(placed, labels, strict=True) if box and not label["insists"]]
    insisting = [box for box, label in zip(placed, labels, strict=True) if label["insists"]]
    for k, box in enumerate(free):
        assert not any(overlap(box, other) for other in [*obstacles, *insisting, *free[:k]])


def placed(javascript, given: list) -> list[dict | None]:
    """The boxes, without what they say nothing of."""
    boxes = javascript("marks_placing.placeLabels(...given)", given)
    return [box and {key: value for key, value in box.items() if value is not None} for box in boxes]


@pytest.mark.parametrize(
    ("candidates", "insists", "expected"),
    [
        ([(0, 0), (50, 0)], False, (50, 0)),  # the first that is free
        ([(60, 0), (50, 0)], False, (60, 0)),
        ([(0, 0), (5, 5)], False, None),  # none is free
        ([(0, 0), (5, 5)], True, (0, 0)),  # none is free, but it must be seen
        ([(-30, 95)], False, (0, 90)),  # pushed inside
    ],
)
def test_where_a_label_goes(javascript, candidates, insists, expected):
    def box(place):
        return {"x": place[0], "y": place[1], "width": 10, "height": 10}

    label = {"candidates": [box(each) for each in candidates], "insists": insists}
    given = [[label], [box((1, 1))], {"x": 0, "y": 0, "width": 100, "height": 100}]
    assert placed(javascript, given) == [expected and box(expected)]


def test_a_label_with_room_beside_its_place_comes_before_one_from_afar(javascript):
    box = {"x": 40, "y": 20, "width": 20, "height": 10}
    labels = [{"place": place, "candidates": [box]} for place in ((5, 80), (50, 42))]
    bounds = {"x": 0, "y": 0, "width": 100, "height": 100}
    assert placed(javascript, [labels, [], bounds]) == [None, {"at": 0, **box}]


def test_a_label_that_insists_comes_first(javascript):
    box = {"x": 0, "y": 0, "width": 10, "height": 10}
    given = [[{"candidates": [box], "insists": insists} for insists in (False, True)], [], {**box, "width": 50}]
    assert placed(javascript, given) == [None, box]
