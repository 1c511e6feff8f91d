"""The pure functions of the explorer's JavaScript, each held against Python: math, numpy, torch."""

import json
import math
import re

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Error

import lossviz
from tests.widgets import expected
from tests.widgets.conftest import STATIC
from tests.widgets.expected import FAMILIES, KINDS, Expected

TAU = 2 * math.pi
QUICK = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
angles = st.floats(-30, 30)
points = st.tuples(st.floats(-3, 3), st.floats(-3, 3))


def rows(*elements) -> st.SearchStrategy[list]:
    """Several cases at once: one question to the browser answers them all."""
    return st.lists(st.tuples(*elements), min_size=1, max_size=25)


def numbers(path: str) -> np.ndarray:
    """The points of an SVG path made of lines, (n, 2)."""
    return np.array(re.findall(r"-?\d+\.?\d*", path), dtype=float).reshape(-1, 2)


def at(angle: float, radius: float = 1.0) -> np.ndarray:
    return radius * np.array([math.cos(angle), math.sin(angle)])


# geometry.js: angles and steps


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
    ("farthest", "reach"), [(0, 1.6), (1.6, 1.6), (1.601, 3.2), (3.2, 3.2), (-5, 6.4), (100, 102.4)]
)
def test_the_plane_reaches_as_far_as_its_points(javascript, farthest, reach):
    assert javascript("geometry.reachOf(given)", [[0.1, 0.2], [0.3, farthest]]) == pytest.approx(reach)


# geometry.js: what is drawn


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


boxes = st.fixed_dictionaries(
    {"x": st.integers(-50, 350), "y": st.integers(-50, 350), "width": st.integers(5, 120), "height": st.integers(5, 40)}
)
candidates = st.lists(boxes, min_size=1, max_size=5)
labels = st.lists(st.fixed_dictionaries({"candidates": candidates, "insists": st.booleans()}), max_size=10)


def overlap(a: dict, b: dict) -> bool:
    return all(a[s] < b[s] + b[size] and b[s] < a[s] + a[size] for s, size in (("x", "width"), ("y", "height")))


@QUICK
@given(labels, st.lists(boxes, max_size=6))
def test_labels_stay_inside_and_touch_nothing(javascript, labels, obstacles):
    bounds = {"x": 0, "y": 10, "width": 300, "height": 280}
    placed = javascript("geometry.placeLabels(...given)", [labels, obstacles, bounds])
    assert len(placed) == len(labels)
    assert all(box for box, label in zip(placed, labels, strict=True) if label["insists"])
    for box in filter(None, placed):
        assert 0 <= box["x"] <= 300 - box["width"] and 10 <= box["y"] <= 290 - box["height"]
    free = [box for box, label in zip(placed, labels, strict=True) if box and not label["insists"]]
    insisting = [box for box, label in zip(placed, labels, strict=True) if label["insists"]]
    for k, box in enumerate(free):
        assert not any(overlap(box, other) for other in [*obstacles, *insisting, *free[:k]])


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
    assert javascript("geometry.placeLabels(...given)", given) == [expected and box(expected)]


def test_a_label_that_insists_comes_first(javascript):
    box = {"x": 0, "y": 0, "width": 10, "height": 10}
    given = [[{"candidates": [box], "insists": insists} for insists in (False, True)], [], {**box, "width": 50}]
    assert javascript("geometry.placeLabels(...given)", given) == [None, box]


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


# colour.js, and the palette of explorer.css


@pytest.mark.parametrize(
    ("text", "channels"), [("#0072b2", [0, 114, 178]), (" #FFF ", [255, 255, 255]), ("a1b2c3", [161, 178, 195])]
)
def test_a_colour_is_three_numbers(javascript, text, channels):
    assert javascript("colour.parseHex(given)", text) == channels


@pytest.mark.parametrize("text", ["#12345", "red", "", "#gggggg"])
def test_what_is_no_colour_says_so(javascript, text):
    with pytest.raises(Error, match=f"colour: expected #rrggbb, got {text}"):
        javascript("colour.parseHex(given)", text)


@pytest.mark.parametrize("steps", [2, 7, 256])
def test_a_ramp_goes_evenly_from_one_colour_to_the_other(javascript, steps):
    ramp = np.array(javascript("colour.ramp([20, 24, 28], [174, 96, 112], given)", steps))
    even = np.linspace([20, 24, 28], [174, 96, 112], steps)
    assert ramp.shape == (steps, 3)
    assert np.abs(ramp - even).max() <= 0.5 + 1e-9


@QUICK
@given(rows(st.floats(-2, 3), st.floats(-1, 1), st.floats(0, 2), st.integers(2, 256)))
def test_the_step_of_a_value(javascript, cases):
    given = [[value, low, low + size, steps] for value, low, size, steps in cases]
    found = javascript("given.map((g) => colour.stepOf(...g))", given)
    for (value, low, high, steps), step in zip(given, found, strict=True):
        share = np.clip((value - low) / (high - low), 0, 1) if high > low else 0
        assert abs(step - share * (steps - 1)) <= 0.5 + 1e-9
        assert step == int(step)


def channels_of(colour: str) -> list[int]:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(each * 2 for each in digits)
    return [int(digits[k : k + 2], 16) for k in (0, 2, 4)]


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 defines it."""

    def luminance(colour: str) -> float:
        shares = np.array(channels_of(colour)) / 255
        linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    dark, light = sorted(luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#0072b2", "#0072b2", 1), ("#050505", "#fff", 20.38)],
)
def test_contrast_is_that_of_wcag(javascript, one, other, expected):
    assert contrast(one, other) == pytest.approx(expected, abs=0.005)
    given = [channels_of(one), channels_of(other)]
    assert javascript("colour.contrast(...given)", given) == pytest.approx(contrast(one, other))


def palette(theme: str) -> dict[str, str]:
    """Name → colour, as explorer.css gives them for light, and then for dark."""
    blocks = re.findall(r"\{([^{}]*--ink:[^{}]*)\}", (STATIC / "explorer.css").read_text(encoding="utf-8"))
    assert len(blocks) == 2
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", blocks[["light", "dark"].index(theme)]))


TEXT = ("ink", "quiet", "positive", "negative")
GRAPHICS = (*TEXT, "both", "focus")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
def test_the_palette_can_be_seen(theme, ground):
    colours = palette(theme)
    faint = {name: contrast(colours[name], colours[ground]) for name in GRAPHICS}
    assert {name: found for name, found in faint.items() if found < (4.5 if name in TEXT else 3)} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_ink_can_be_read_on_the_deepest_shade_of_the_heat_map(theme):
    colours = palette(theme)
    assert contrast(colours["ink"], colours["heat-high"]) >= 4.5
    assert colours["heat-low"] == colours["paper"]


# state.js


@pytest.fixture(scope="module")
def families():
    """Input type → its explorer."""
    return {name: lossviz.explore(*losses) for name, losses in FAMILIES.items()}


@pytest.fixture(scope="module")
def widget(families):
    return families["labelled_pairs"]


@pytest.fixture
def state(widget):
    return {**widget.state, "rate": 2.0, "calm": 2.0}


@pytest.fixture
def next_state(javascript, widget):
    """next_state(state, "states function", …) → the state after it."""
    return lambda state, name, *given: javascript(
        f"state.{name}(given.spec, given.state, ...given.rest)",
        {"spec": widget.spec, "state": state, "rest": list(given)},
    )


EUCLIDEAN = {"margin": 0.4, "distance": "euclidean", "size_average": True}
RUN = {"loss": "OnlineContrastiveLoss", "history": [3.0, 2.0, 1.0]}


def place_of(spec: dict, name: str) -> int:
    return [each["name"] for each in spec["situations"]].index(name)


def test_the_variant_of_a_state(javascript, widget, state):
    online = {"loss": "OnlineContrastiveLoss", "parameters": {"margin": 0.4, "distance": "manhattan"}}
    asked = {
        "spec": widget.spec,
        "states": [state, {**state, "parameters": {**EUCLIDEAN, "size_average": False}}, {**state, **online}],
    }
    found = javascript("given.states.map((s) => state.variantOf(given.spec, s))", asked)
    losses = widget.spec["losses"]
    assert found == [
        losses["ContrastiveLoss"]["variants"]["cosine|true|3"],
        losses["ContrastiveLoss"]["variants"]["euclidean|false|3"],
        losses["OnlineContrastiveLoss"]["variants"]["manhattan|3"],
    ]
    shapes = javascript("given.states.map((s) => state.shapeOf(given.spec, s))", asked)
    assert shapes == ["circle", "free", "free"]


def test_explicit_negatives_choose_a_variant_of_their_own(javascript, families):
    widget = families["positive_pairs"]
    states = [{**widget.state, "situation": place_of(widget.spec, name)} for name in ("start", "hard negatives")]
    found = javascript(
        "given.states.map((s) => state.variantOf(given.spec, s))", {"spec": widget.spec, "states": states}
    )
    numbers = ["scale", "hardness_strength"]
    assert [each["inputs"] for each in found] == [
        ["anchor", "positive", *numbers], ["anchor", "positive", "negative", *numbers],
    ]  # fmt: skip


def test_entering_a_situation_starts_it_with_the_losss_own_parameters(next_state, widget, state):
    busy = {**state, "parameters": {**state["parameters"], "margin": 0.9}, "playing": True, "history": [1.0], "rate": 3}
    lit = {"kind": "point", "index": 1}
    for index, situation in enumerate(widget.spec["situations"]):
        entered = next_state({**busy, "lit": lit, "runs": [RUN], "guess": 1}, "enter", index)
        loss = situation["loss"] or state["loss"]
        own = widget.spec["losses"][loss]["parameters"]
        parameters = {name: situation["parameters"].get(name, value) for name, value in own.items()}
        started = {"situation": index, "chosen": situation["chosen"], "lit": None, "playing": False, "history": [],
                   "runs": [], "guess": None, "posed": index, "asked": situation["question"] is not None, "rate": None,
                   "loss": loss, "parameters": parameters}  # fmt: skip
        places = {name: entered[name] for name in ("points", "origin")}
        assert entered == {**busy, **started, **places}
        for each in places.values():
            assert np.array(each) == pytest.approx(np.array(situation["points"]))


def test_a_situation_may_bring_its_own_parameters(javascript, widget, state):
    spec = dict(widget.spec)
    own = {"distance": "euclidean", "temperature": 3}  # the loss has no temperature
    spec["situations"] = [{**spec["situations"][0], "parameters": own}]
    entered = javascript("state.enter(given.spec, given.state, 0)", {"spec": spec, "state": state})
    assert entered["parameters"] == {**state["parameters"], "distance": "euclidean"}


def test_reset_brings_back_everything_but_the_situation(next_state, widget, state):
    moved = {**state, "situation": 1, "rate": 9, "parameters": EUCLIDEAN, "history": [1], "chosen": 5, "tab": "mask"}
    back = next_state({**moved, "asked": False, "guess": [1], "runs": [RUN]}, "reset")
    assert back == next_state({**state, "tab": "mask"}, "enter", 1)


def test_a_moved_point_stays_on_the_circle_only_where_there_is_one(next_state, state):
    moved = next_state({**state, "playing": True, "history": [1, 2], "runs": [RUN]}, "move", 4, [0.0, 0.5])
    assert moved["points"][4] == pytest.approx([0, 1])
    assert moved["points"][:4] + moved["points"][5:] == state["points"][:4] + state["points"][5:]
    assert [moved[name] for name in ("chosen", "playing", "history", "runs")] == [4, False, [], []]
    assert moved["origin"] == moved["points"]  # what runs from here is compared from here
    free = next_state({**state, "parameters": EUCLIDEAN}, "move", 4, [0.3, 0.5])
    assert free["points"][4] == [0.3, 0.5]


# Another loss on the same batch


def test_another_loss_begins_where_this_ones_run_began(next_state, widget, state):
    """The batch and the margin stay; the run is kept to be compared with."""
    moved = next_state(next_state(state, "move", 4, [0.0, 1.0]), "setParameter", "margin", 0.9)
    origin = moved["points"]
    run = {
        **moved,
        "points": [[1, 0]] * 6,
        "history": [0.5, 0.25],
        "playing": True,
        "lit": {"kind": "term", "index": 1},
    }
    other = next_state(run, "switchLoss", "OnlineContrastiveLoss")
    assert other == {
        **run, "loss": "OnlineContrastiveLoss", "parameters": {"margin": 0.9, "distance": "cosine"}, "points": origin,
        "rate": None, "playing": False, "history": [], "lit": None,
        "runs": [{"loss": "ContrastiveLoss", "history": [0.5, 0.25]}],
    }  # fmt: skip
    assert np.array(other["origin"]) == pytest.approx(np.array(origin))
    back = next_state({**other, "history": [2.0, 1.0, 0.5]}, "switchLoss", "ContrastiveLoss")
    assert back["parameters"] == run["parameters"]  # size_average is the loss's own
    assert back["runs"] == [{"loss": "OnlineContrastiveLoss", "history": [2.0, 1.0, 0.5]}]


def test_a_loss_that_did_not_run_leaves_no_run(next_state, state):
    for history in ([], [0.5]):
        other = next_state({**state, "history": history}, "switchLoss", "OnlineContrastiveLoss")
        assert other["runs"] == []


def test_the_loss_that_is_shown_changes_nothing(javascript, widget, state):
    given = {"spec": widget.spec, "state": state}
    assert javascript("state.switchLoss(given.spec, given.state, 'ContrastiveLoss') === given.state", given)


@pytest.mark.parametrize(("name", "still"), [("which pairs count", True), ("strongest push", False)])
def test_a_question_about_one_loss_waits_under_no_other(next_state, widget, state, name, still):
    asked = next_state(state, "enter", place_of(widget.spec, name))
    assert asked["asked"]
    assert next_state(asked, "switchLoss", "OnlineContrastiveLoss")["asked"] == still


# Questions and cures


def test_an_answer_ends_the_question(javascript, state):
    given = {**state, "asked": True, "guess": [2]}
    found = javascript("[state.answer(given, 1), state.answer(given, null), state.answer(given, undefined)]", given)
    assert found == [{**given, "asked": False, "guess": guess} for guess in (1, None, [2])]


def test_a_term_is_marked_and_marked_no_longer(javascript, state):
    marks = [2, 0, 2, 5]
    found = {**state, "guess": None}
    for index, guess in zip(marks, ([2], [2, 0], [0], [0, 5]), strict=True):
        found = next_marked(javascript, found, index)
        assert found == {**state, "guess": guess}
    assert javascript("state.sketch(given, [0.3, -0.2])", state) == {**state, "guess": [0.3, -0.2]}


def next_marked(javascript, state: dict, index: int) -> dict:
    return javascript("state.mark(given.state, given.index)", {"state": state, "index": index})


def changes_of(situation: dict) -> list[dict]:
    """What the cures of a situation do, and what its question shows."""
    return situation["cures"] + ([situation["question"]] if situation["question"] else [])


def test_what_a_cure_or_an_answer_shows(javascript, families):
    """Another batch, another loss, other parameters, points elsewhere: exactly those that it names."""
    seen = set()
    for widget in families.values():
        spec = widget.spec
        cases = [(k, each) for k, situation in enumerate(spec["situations"]) for each in changes_of(situation)]
        given = {"spec": spec, "state": widget.state, "cases": cases}
        found = javascript(
            """given.cases.map(([index, change]) => {
              const before = state.enter(given.spec, given.state, index);
              return [before, state.apply(given.spec, before, change)];
            })""",
            given,
        )
        for (_, change), (before, after) in zip(cases, found, strict=True):
            seen |= {name for name in ("situation", "loss", "parameters", "moves") if change.get(name)}
            name = change["situation"]
            index = before["situation"] if name is None else place_of(spec, name)
            batch = spec["situations"][index]
            moved = dict(enumerate(batch["points"])) | {int(k): place for k, place in change["moves"].items()}
            assert after["situation"] == index
            assert np.array(after["points"]) == pytest.approx(np.array(list(moved.values())))
            assert np.array(after["origin"]) == pytest.approx(np.array(after["points"]))
            assert (after["rate"], after["history"], after["runs"]) == (None, [], [])
            assert after["loss"] == (change.get("loss") or batch["loss"] or before["loss"])
            own = json.loads(json.dumps(spec["losses"][after["loss"]]["parameters"]))  # a list, no tuple
            wanted = {key: batch["parameters"].get(key, value) for key, value in own.items()}
            assert after["parameters"] == wanted | change["parameters"]
    assert seen == {"situation", "loss", "parameters", "moves"}


def test_question_and_answer_stay_beside_what_they_show(javascript, families):
    batches = set()
    for widget in families.values():
        for index, situation in enumerate(widget.spec["situations"]):
            if (situation["question"] or {}).get("kind") != "choice":
                continue
            shown, applied = javascript(
                """(() => {
                  const asked = state.enter(given.spec, given.state, given.index);
                  const { question } = given.spec.situations[given.index];
                  const answered = state.answer(asked, 1);
                  return [state.demonstrate(given.spec, answered), state.apply(given.spec, answered, question)];
                })()""",
                {"spec": widget.spec, "state": widget.state, "index": index},
            )
            assert shown == {**applied, "posed": index, "guess": 1, "asked": False}
            batches.add(shown["situation"] == index)
    assert batches == {True, False}


@pytest.mark.parametrize(
    ("change", "began"),
    [
        ({}, True),
        ({"rate": 9, "lit": {"kind": "point", "index": 1}, "tab": "mask"}, True),
        ({"parameters": EUCLIDEAN}, False),
        ({"points": [[0, 1]] * 6}, False),
    ],
)
def test_whether_a_situation_is_as_it_began(next_state, state, change, began):
    assert next_state({**state, **change}, "asItBegan") == began


def test_a_parameter_that_brings_the_circle_back_brings_the_points_back(next_state, state):
    free = {**state, "parameters": EUCLIDEAN, "points": [[0.6 * (k + 1), -0.8 * (k + 1)] for k in range(6)]}
    still_free = next_state(free, "setParameter", "margin", 0.9)
    assert still_free["points"] == free["points"] and still_free["parameters"]["margin"] == 0.9
    back = next_state({**free, "history": [1]}, "setParameter", "distance", "cosine")
    assert np.array(back["points"]) == pytest.approx(np.array([[0.6, -0.8]] * 6))
    assert back["history"] == [] and back["parameters"] == {**EUCLIDEAN, "distance": "cosine"}
    assert (still_free["rate"], back["rate"]) == (state["rate"], None)  # another distance has another length


def test_real_embeddings_are_never_put_on_a_circle(javascript):
    explorer = lossviz.explore(lossviz.ContrastiveLoss(), dimension=384)
    points = [[2 * value for value in point] for point in explorer.state["points"]]
    given = {"spec": explorer.spec, "state": {**explorer.state, "points": points}}
    assert javascript("state.setParameter(given.spec, given.state, 'margin', 1).points", given) == points


def test_lighting_what_is_lit_changes_nothing(javascript, state):
    asked = {"dark": state, "lit": {**state, "lit": {"kind": "term", "index": 2}}}
    assert javascript("state.light(given.dark, null) === given.dark", asked)
    assert javascript("state.light(given.lit, {kind: 'term', index: 2}) === given.lit", asked)
    for lit in ({"kind": "term", "index": 3}, {"kind": "point", "index": 2}, None):
        found = javascript("state.light(given.state, given.lit)", {"state": asked["lit"], "lit": lit})
        assert found == {**state, "lit": lit}
    assert javascript("state.choose(given.dark, 3)", asked) == {**state, "chosen": 3}


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
def test_a_step_moves_every_point_and_remembers_the_loss(next_state, state, distance):
    state["parameters"] = {**EUCLIDEAN, "distance": distance}
    gradients = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(6, 2)
    moved = torch.tensor(state["points"], dtype=torch.float64) - state["rate"] * gradients
    if distance == "cosine":
        moved = torch.nn.functional.normalize(moved)
    after = next_state({**state, "history": [0.5]}, "step", {"loss": 0.25, "pointGradients": gradients.tolist()})
    assert np.array(after["points"]) == pytest.approx(moved.numpy())
    assert after["history"] == [0.5, 0.25]
    assert {**after, "points": 0, "history": 0} == {**state, "points": 0, "history": 0}


@pytest.mark.parametrize(
    ("pull", "rate", "steps", "reach", "finished"),
    [
        (0, 1, 0, 1, True),  # nothing pulls
        (1e-5, 1, 0, 1, True),
        (1e-5, 100, 0, 1, False),
        (1, 1, 399, 1, False),
        (1, 1, 400, 1, True),
        (1, 1, 0, 1e3, True),  # the points fly apart
    ],
)
def test_when_play_ends(javascript, pull, rate, steps, reach, finished):
    state = {"rate": rate, "history": [1] * steps, "points": [[0, 0], [0, -reach]]}
    given = [state, {"pointGradients": [[0, 0], [pull * 0.6, -pull * 0.8]]}]
    assert javascript("state.finished(...given)", given) == finished


# words.js and reading.js


def value_of(text: str) -> float:
    """The number that a written one stands for."""
    written = text.replace("−", "-").replace("⁻", "-").replace("·10", "e")
    return float(written.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")))


values = st.one_of(st.floats(-2, 2), st.floats(1e-300, 1e-2), st.floats(-1e6, 1e6), st.floats(1e6, 1e20), st.just(0.0))


@QUICK
@given(rows(values, st.integers(1, 6)))
def test_a_number_is_written_with_its_digits_and_never_as_zero(javascript, cases):
    fixed, brief = (javascript(f"given.map((g) => words.{name}(...g))", cases) for name in ("fixed", "brief"))
    for (value, digits), long, short in zip(cases, fixed, brief, strict=True):
        assert (long, short) == (expected.fixed(value, digits), expected.brief(value, digits))
        for text in (long, short):
            assert (value_of(text) == 0) == (abs(value) < 1e-12)  # smaller is the rounding of numbers near 1
            rounding = 0.5 * 10.0**-digits if abs(value) > 0.01 else 1e-12
            assert value_of(text) == pytest.approx(value, rel=0.051, abs=rounding)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.5, 3, "0.5"), (2, 3, "2"), (10, 2, "10"), (100.0, 2, "100"), (-0.25, 2, "−0.25"), (0, 3, "0"),
     (0.0625, 3, "0.063"), (0.00123, 3, "0.0012"), (0.00012, 3, "0.00012"), (0.000012, 3, "1.2·10⁻⁵"),
     (-0.00012, 3, "−0.00012"), (1e-12, 4, "1.0·10⁻¹²"), (-1e-17, 4, "0"), (12345678.0, 2, "1.2·10⁷")],
)  # fmt: skip
def test_a_brief_number_has_no_idle_zeros(javascript, value, digits, text):
    assert javascript("words.brief(...given)", [value, digits]) == text


def test_points_are_lettered(javascript):
    assert javascript("[0, 1, 25].map(words.letter)") == ["A", "B", "Z"]


def test_a_formula_is_filled_with_numbers(javascript):
    given = ["½ · ({margin} − {d})² / {B}", {"margin": "0.5", "d": "0.03407", "B": 6}]
    assert javascript("words.fill(...given)", given) == "½ · (0.5 − 0.03407)² / 6"


def test_a_formula_with_an_unknown_name_says_so(javascript):
    with pytest.raises(Error, match=re.escape("formula: expected one of d,B, got {marign}")):
        javascript("words.fill('{d} − {marign}', {d: '1', B: 2})")


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.001, "<1 %"), (0.005, "1 %"), (0.42, "42 %"), (0.994, "99 %"), (0.9999, ">99 %"), (1, "100 %")],
)
def test_a_share_is_nothing_or_all_only_where_it_is(javascript, share, text):
    unbroken = text.replace(" ", "\u00a0")
    assert javascript("words.percent(given)", share) == unbroken == expected.percent(share)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.5, "0.50000"), (0.31096, "0.31096"), (0.0033812, "0.0033812"), (0.00021315, "0.00021315"), (0, "0"),
     (2.1315e-7, "2.1315·10⁻⁷"), (0.99998, "0.99998"), (1 - 3.6e-11, "(1 − 3.6·10⁻¹¹)"), (1, "1.00000")],
)  # fmt: skip
def test_a_probability_has_the_digits_that_its_logarithm_needs(javascript, share, text):
    assert javascript("words.probability(given)", share) == text == expected.probability(share)


@pytest.fixture
def readings_of(javascript):
    """readings_of(spec, states) → [(what the page reads in torch's result, what Python expects), …]."""

    def result_of(wanted: Expected) -> dict:
        names = ("matrix", "positive", "negative", "valid", "active", "values")
        terms = {name: getattr(wanted.terms, name).double().flatten().tolist() for name in names}
        terms["chosen"] = {role: places.tolist() for role, places in wanted.terms.chosen.items()}
        shapes = {"matrix": list(wanted.terms.matrix.shape)}
        return {
            "loss": wanted.terms.loss.item(), "terms": terms, "pointGradients": wanted.gradient.tolist(),
            "shapes": shapes,
        }  # fmt: skip

    def read(spec: dict, states: list[dict]) -> list[tuple[dict, Expected]]:
        wanted = [Expected(KINDS[each["loss"]], spec, each) for each in states]
        given = {"spec": spec, "cases": [[each.state, result_of(each)] for each in wanted]}
        found = javascript("given.cases.map(([s, result]) => reading.read(given.spec, s, result))", given)
        return list(zip(found, wanted, strict=True))

    return read


@pytest.fixture
def reading_of(readings_of, widget):
    return lambda state, spec=widget.spec: readings_of(spec, [state])[0]


def states_of(widget) -> list[dict]:
    """Every loss in every situation, each as it begins."""
    return [
        {**widget.state, "loss": name, "situation": k, "points": situation["points"],
         "parameters": {key: situation["parameters"].get(key, value) for key, value in loss["parameters"].items()}}
        for name, loss in widget.spec["losses"].items()
        for k, situation in enumerate(widget.spec["situations"])
    ]  # fmt: skip


every_family = pytest.mark.parametrize("family", FAMILIES)
KNOWN = ("index", "kind", "points", "letters", "who", "active", "value", "formula", "note")


@every_family
def test_the_terms_are_those_of_torch(readings_of, families, family):
    """What they are called, whom they join and how strongly, what they add, and the sentence about each."""
    flags = set()
    for read, wanted in readings_of(families[family].spec, states_of(families[family])):
        terms = wanted.read()
        flags |= {term.active for term in terms}
        assert read["loss"] == wanted.terms.loss.item()
        for found, term in zip(read["terms"], terms, strict=True):
            assert {name: found[name] for name in KNOWN} == {name: getattr(term, name) for name in KNOWN}
            ropes = [[link["from"], link["to"], link["side"]] for link in found["links"]]
            assert ropes == [list(link[:3]) for link in term.links]
            assert [link["weight"] for link in found["links"]] == pytest.approx([link[3] for link in term.links])
        assert [each["index"] for each in read["ranked"]] == [term.index for term in wanted.ranked()]
    assert flags == {True, False}


@every_family
def test_each_formula_gives_what_its_term_adds(readings_of, families, family):
    count = 0
    for read, _ in readings_of(families[family].spec, states_of(families[family])):
        for term in read["terms"]:
            if term["formula"] is None:
                assert term["value"] == 0
                continue
            count += 1
            if term["kind"] == "anchor":
                share, size = re.fullmatch(r"−ln (.*) / (\d+)", term["formula"]).groups()
                parts = [value_of(part) for part in share.strip("()").split(" − ")]
                cost = -math.log(parts[0]) if len(parts) == 1 else -math.log1p(-parts[1])
                assert cost / int(size) == pytest.approx(term["value"], rel=0.05, abs=1e-12)
                assert cost / int(size) == pytest.approx(term["value"], abs=2e-5)
                continue
            python = term["formula"].replace("½ · ", "0.5 * ").replace("−", "-").replace("²", "**2")
            assert eval(python) == pytest.approx(term["value"], abs=2e-5)
    assert count > 10


@every_family
def test_what_is_measured_is_what_torch_measures(readings_of, families, family):
    for read, wanted in readings_of(families[family].spec, states_of(families[family])):
        assert read["measures"] == wanted.measures


LIT = [
    (None, None, None),
    ({"kind": "point", "index": 2}, [2, 5], [0, 1, 2]),
    ({"kind": "term", "index": 3}, [3], [3, 5]),
    ({"kind": "point", "index": 4}, [1], [3, 4]),
]


@pytest.mark.parametrize(("lit", "terms", "points"), LIT)
def test_touching_one_thing_lights_what_belongs_to_it(javascript, reading_of, state, lit, terms, points):
    read, _ = reading_of(state)
    given = [{**state, "lit": lit}, read["terms"]]
    for name, among in (("litTerms", terms), ("litPoints", points)):
        found = javascript(f"(() => {{ const f = reading.{name}(...given); return f && [...f].sort(); }})()", given)
        assert found == among


@every_family
def test_the_sentence_says_what_is_seen(readings_of, families, family):
    spec = families[family].spec
    for start in states_of(families[family]):
        terms = len(next(iter(spec["situations"][start["situation"]]["rows"].values())))
        touched = [("term", k) for k in range(terms)] + [("point", k) for k in range(len(start["points"]))]
        lit = [None, *({"kind": kind, "index": index} for kind, index in touched)]
        for read, wanted in readings_of(spec, [{**start, "lit": each} for each in lit]):
            assert read["caption"] == wanted.caption()


def test_the_sentence_when_nothing_is_active(reading_of, state):
    right, up, left, down = [1, 0], [0, 1], [-1, 0], [0, -1]
    read, _ = reading_of({**state, "points": [right, right, up, left, left, down]})
    assert read["caption"] == "0 of 6 pairs are active: nothing pulls and nothing pushes, so no point will move."


# Once word for word, so that a reader of this file sees one of each.
SENTENCES = {
    "labelled_pairs": "4 of 6 pairs are active. The largest term, 42\u00a0% of the loss: D–E, the positive pair of "
    "“cats and dogs” and “pouring rain”, stands at distance 0.5305 and is pulled together: it adds 0.02346.",
    "labelled_sentences": "6 of 6 anchors are active. The largest term, 27\u00a0% of the loss: C, “unpaid bills”, has "
    "its hardest positive “no interest” at 1.4916 and its hardest negative “stock simmers” at 0.6671; it adds 0.30409.",
    "positive_pairs": "3 of 3 anchors are active. The largest term, 52\u00a0% of the loss: C, “open account?”, gives "
    "its positive “bring your ID” a share of 8\u00a0%; its strongest rival “take the bus” has 92\u00a0%.",
}


@every_family
def test_the_sentence_about_the_start(readings_of, families, family):
    widget = families[family]
    start = widget.spec["situations"][0]
    assert start["name"] == "start"
    ((read, _),) = readings_of(widget.spec, [widget.state])
    assert read["caption"] == SENTENCES[family]


def test_active_terms_that_add_nothing_are_counted(javascript, state, readings_of, widget):
    """A loss of a reader's own may say so."""
    ((_, wanted),) = readings_of(widget.spec, [state])
    zeros, ones = [0.0] * 6, [1.0] * 6
    terms = {"matrix": ones, "positive": ones, "negative": zeros, "valid": ones, "active": ones, "values": zeros}
    result = {"loss": 0.0, "terms": terms, "pointGradients": wanted.gradient.tolist()}
    given = {"spec": widget.spec, "state": state, "result": result}
    assert (
        javascript("reading.read(given.spec, given.state, given.result).caption", given) == "6 of 6 pairs are active."
    )


def test_a_label_between_0_and_1_weighs_both_halves(reading_of, widget, state):
    spec = {**widget.spec, "situations": [{**widget.spec["situations"][0], "labels": [0.25] * 6}]}
    read, wanted = reading_of(state, spec)
    d = expected.fixed(wanted.terms.matrix[0].item(), 5)
    assert read["terms"][0]["kind"] == "both"
    assert read["terms"][0]["formula"] == f"0.25 · ½ · {d}² / 6 + 0.75 · ½ · (0.4 − {d})² / 6"


# question.js: verdicts


def verdict(javascript, widget, name: str, guess, **others) -> str:
    """What is said when a reader has answered the question of a situation."""
    spec = widget.spec
    index = place_of(spec, name)
    situation = spec["situations"][index]
    loss = situation["loss"] or widget.state["loss"]
    parameters = widget.spec["losses"][loss]["parameters"] | situation["parameters"]
    state = {**widget.state, "situation": index, "posed": index, "loss": loss, "parameters": parameters,
             "points": situation["points"], "rate": 2.0, "guess": guess, **others}  # fmt: skip
    wanted = Expected(KINDS[loss], spec, state)
    result = {"pointGradients": wanted.gradient.tolist()}
    terms = [{"index": term.index, "letters": term.letters, "active": term.active} for term in wanted.read()]
    given = {"spec": spec, "state": state, "result": result, "reading": {"terms": terms}}
    return javascript("question.verdict(given.spec, given.state, given.result, given.reading)", given)


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        (1, "Right: About 33° away from A."),
        (0, "You said: On top of A, at 0°. It is: About 33° away from A."),
        (None, "The answer: About 33° away from A."),
    ],
)
def test_the_verdict_on_a_choice(javascript, widget, guess, said):
    assert verdict(javascript, widget, "strongest push", guess) == said


@pytest.mark.parametrize(
    ("guess", "said"),
    [
        ([3, 0, 1, 2], "Right: A–B, D–E, A–C, D–F."),
        ([0, 5], "You marked A–B, B–C. Active: A–B, D–E, A–C, D–F."),
        ([], "You marked none. Active: A–B, D–E, A–C, D–F."),
        (None, "Active: A–B, D–E, A–C, D–F."),
    ],
)
def test_the_verdict_on_marked_terms(javascript, widget, guess, said):
    """The first four of six pairs count at the start."""
    assert verdict(javascript, widget, "which pairs count", guess) == said


@pytest.fixture(scope="module")
def first():
    margin = {"margin": 1.0, "distance": "euclidean"}
    return lossviz.explore(
        lossviz.ContrastiveLoss(**margin), lossviz.OnlineContrastiveLoss(**margin), situation="first"
    )


@pytest.mark.parametrize("degrees", range(-175, 180, 35))
@pytest.mark.parametrize("loss", ["ContrastiveLoss", "OnlineContrastiveLoss"])
def test_a_drawn_arrow_is_off_by_the_angle_to_torchs_step(javascript, first, loss, degrees):
    drawn = [0.7 * math.cos(math.radians(degrees)), 0.7 * math.sin(math.radians(degrees))]
    parameters = first.spec["losses"][loss]["parameters"]
    wanted = Expected(KINDS[loss], first.spec, {**first.state, "loss": loss, "rate": 2.0, "parameters": parameters})
    step = wanted.after_step()[0] - wanted.points[0].detach()
    off = torch.arccos(torch.nn.functional.cosine_similarity(step, torch.tensor(drawn, dtype=torch.float64), dim=0))
    said = verdict(javascript, first, "first", drawn, loss=loss, parameters=parameters)
    assert said == f"Dashed: yours. Solid: where A goes. They are {math.floor(math.degrees(off) + 0.5)}° apart."


def test_an_arrow_for_a_point_that_does_not_move(javascript, first):
    apart = [[0, 0], [0, 0], [3, 0]]  # the positive is met, the negative out of reach
    said = verdict(javascript, first, "first", [1, 0], points=apart)
    assert said == "A does not move at all: nothing pulls it."
    assert verdict(javascript, first, "first", None) == "The solid arrow shows where A goes."


# engine.js: rows and points


@pytest.mark.parametrize("dimension", [2, 5])
def test_rows_are_gathered_from_points_and_gradients_summed_back(javascript, dimension):
    """The gradient of gathering is summing: what index_select and its backward do."""
    generator = torch.Generator().manual_seed(dimension)
    points = torch.randn(4, dimension, generator=generator, dtype=torch.float64, requires_grad=True)
    index = {"anchor": [0, 2, 0, 3], "other": [1, 0, 3, 3]}  # point 3 stands in three rows, twice in one
    gathered = {name: points[each] for name, each in index.items()}
    pulls = {name: torch.randn(4, dimension, generator=generator, dtype=torch.float64) for name in index}
    sum((gathered[name] * pulls[name]).sum() for name in index).backward()
    found, gradients = javascript(
        """[Object.values(given.index).map((rows) => [...engine.gather(given.points, rows)]),
        engine.scatter(given.pulls, given.index, given.points.length, given.points[0].length)]""",
        {
            "points": points.tolist(),
            "index": index,
            "pulls": {name: each.flatten().tolist() for name, each in pulls.items()},
        },
    )
    assert found == [each.flatten().tolist() for each in gathered.values()]
    assert np.array(gradients) == pytest.approx(points.grad.numpy())


def test_gathering_into_an_array_uses_it(javascript):
    assert javascript("""(() => { const into = new Float64Array(4);
      return [engine.gather([[1, 2], [3, 4]], [1, 0], into) === into, [...into]]; })()""") == [True, [3, 4, 1, 2]]


# borders.js: where a choice changes


@pytest.mark.parametrize(("role", "term"), [("hardest positive", 4), ("hardest negative", 2)])
def test_what_a_term_chooses_is_what_torch_chooses(javascript, role, term):
    """In the page and in the kernel, with one point moved to many places."""
    explorer = lossviz.explore(lossviz.BatchHardTripletLoss(margin=1.0))
    positions = torch.rand(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64).mul(3).sub(1.5)
    points = explorer.embeddings.repeat(len(positions), 1, 1)
    points[:, 3] = positions
    labels = torch.tensor(explorer.spec["situations"][0]["labels"]).expand(len(positions), -1)
    wanted = explorer.loss.define(points, labels).chosen[role][:, term].tolist()
    question = {"state": explorer.state, "point": 3, "role": role, "term": term, "positions": positions.tolist()}
    found = javascript(
        """(async () => {
          const page = engine.pageEngine(given.spec, given.modules);
          await page.ready(given.state);
          return Array.from(await page.choices(given.state, 3, given, given.positions, { aborted: false }));
        })()""",
        {"spec": explorer.spec, "modules": explorer.modules, **question},
    )
    assert found == wanted == explorer._choices(question)
    assert len(set(found)) > 1


SEEDS = [[-0.9, 0.5], [0.7, 0.6], [0.1, -0.8]]
NEAREST = """(places) => Float64Array.from(places, (place) => {
  const away = given.seeds.map((seed) => Math.hypot(seed[0] - place[0], seed[1] - place[1]));
  return away.indexOf(Math.min(...away));
})"""


@pytest.mark.parametrize("extent", [1.6, 6.4])
def test_borders_lie_where_two_choices_are_as_good(javascript, extent):
    """The choice is the nearest of three seeds: a border is as far from two of them, and each name is among its own."""
    lines, named, cuts = javascript(
        f"""borders.regions(borders.planeGrid(given.extent), {NEAREST}).then((found) =>
          [borders.borderLines(found), borders.names(found, given.seeds, given.extent), found.cuts.length])""",
        {"seeds": SEEDS, "extent": extent},
    )
    near = np.sort(np.linalg.norm(np.array(lines)[:, :, None] - np.array(SEEDS), axis=-1), axis=-1)
    apart = near[..., 1] - near[..., 0]
    step = extent / 20
    assert len(lines) > 40 and cuts > 40
    assert np.sort(apart.ravel())[:-3].max() < step / 20  # but where three meet, in the middle of a cell
    assert apart.max() < step
    assert sorted(each["choice"] for each in named) == [0, 1, 2]
    for each in named:
        away = np.linalg.norm(np.array(SEEDS) - each["place"], axis=-1)
        assert away.argmin() == each["choice"] and away.min() > 0.1
        assert np.abs(each["place"]).max() < extent - 0.1


def test_borders_on_the_circle(javascript):
    found = javascript(f"borders.regions(borders.roundGrid(), {NEAREST})", {"seeds": SEEDS})
    angles = np.array([place for ((place,),) in [(cut["place"],) for cut in found["cuts"]]])
    near = np.sort([np.linalg.norm(np.array(SEEDS) - at(each), axis=-1) for each in angles], axis=-1)
    assert len(angles) == 3
    assert near[:, 1] - near[:, 0] == pytest.approx(np.zeros(3), abs=0.01)


def test_one_choice_everywhere_has_no_border(javascript):
    found = javascript(f"borders.regions(borders.planeGrid(1.6), {NEAREST})", {"seeds": SEEDS[:1]})
    assert found["cuts"] == [] and set(found["choices"]) == {0}


def test_a_scan_of_borders_that_is_no_longer_wanted(javascript):
    assert javascript("borders.regions(borders.planeGrid(1.6), () => null)") is None


# heat.js, distance_line.js: where the loss is asked


CHANGED = [
    ({}, False),
    ({"tab": "mask", "lit": {"kind": "point", "index": 0}, "rate": 3, "playing": True, "history": [1]}, False),
    ({"points": "own"}, False),
    ({"points": "other"}, True),
    ({"chosen": 0}, True),
    ({"situation": 1}, True),
    ({"parameters": EUCLIDEAN}, True),
    ({"loss": "AnotherLoss"}, True),
]


@pytest.mark.parametrize(("change", "again"), CHANGED)
def test_the_scan_starts_again_when_anything_but_its_own_point_changes(javascript, state, change, again):
    moved = {"own": state["chosen"], "other": (state["chosen"] + 1) % 6}.get(change.get("points"))
    if moved is not None:
        change = {"points": [[0, 1] if k == moved else point for k, point in enumerate(state["points"])]}
    keys = javascript("given.map(heat.scanKey)", [state, {**state, **change}])
    assert (keys[0] != keys[1]) == again


@pytest.mark.parametrize("size", [13, 101])
def test_the_grid_of_the_heat_map(javascript, size):
    axis = np.linspace(-1.6, 1.6, size)
    x, y = np.meshgrid(axis, axis)  # row by row, y growing
    found = np.array(javascript("heat.gridPositions(given, 1.6)", size))
    assert found == pytest.approx(np.stack([x, y], -1).reshape(-1, 2), abs=1e-12)


def test_the_strip_goes_once_round(javascript):
    found = javascript("heat.stripAngles")
    assert found == pytest.approx(np.linspace(-math.pi, math.pi, len(found)))


# ---- elements


HEIGHTS = """(async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const inside = dom.html("i", { style: "display: block" });
  const element = document.body.appendChild(dom.html("p", { style: "margin: 0" }, inside));
  const forget = dom.neverLower(element);
  const heights = [];
  for (const height of given) {
    if (height === null) forget();
    else inside.style.height = `${height}px`;
    await drawn();
    heights.push(element.offsetHeight);
  }
  element.remove();
  return heights;
})()"""


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([40, 20, 60, 10], [40, 40, 60, 60]),
        ([60, 20, None, 30], [60, 60, 20, 30]),
        ([60, None, 20], [60, 60, 60]),  # told to forget, it keeps the height it has
    ],
)
def test_an_element_never_gets_lower_until_told_to_forget(javascript, given, found):
    assert javascript(HEIGHTS, given) == found
