"""The pure functions of the explorer's JavaScript, each held against Python: math, numpy, torch."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Error

import lossviz
from lossviz import distances
from lossviz.situations import situations
from tests.widgets import expected
from tests.widgets.conftest import STATIC
from tests.widgets.expected import Expected

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
def widget():
    return lossviz.explore(lossviz.ContrastiveLoss(margin=0.4))


@pytest.fixture
def state(widget):
    return dict(widget.state)


@pytest.fixture
def next_state(javascript, widget):
    """next_state(state, "states function", …) → the state after it."""
    return lambda state, name, *given: javascript(
        f"state.{name}(given.spec, given.state, ...given.rest)",
        {"spec": widget.spec, "state": state, "rest": list(given)},
    )


EUCLIDEAN = {"margin": 0.4, "distance": "euclidean", "size_average": True}


def test_the_variant_of_a_state(javascript, widget, state):
    asked = {"spec": widget.spec, "states": [state, {**state, "parameters": {**EUCLIDEAN, "size_average": False}}]}
    found = javascript("given.states.map((s) => state.variantOf(given.spec, s))", asked)
    variants = widget.spec["losses"]["ContrastiveLoss"]["variants"]
    assert found == [variants["cosine|true"], variants["euclidean|false"]]
    assert javascript("given.states.map((s) => state.shapeOf(given.spec, s))", asked) == ["circle", "free"]


def test_entering_a_situation_starts_it_and_keeps_the_parameters(next_state, widget, state):
    busy = {**state, "parameters": {**state["parameters"], "margin": 0.9}, "playing": True, "history": [1.0], "rate": 3}
    entered = next_state({**busy, "lit": {"kind": "point", "index": 1}}, "enter", 2)
    situation = widget.spec["situations"][2]
    started = {"situation": 2, "chosen": situation["chosen"], "lit": None, "playing": False, "history": []}
    assert entered == {**busy, **started, "points": entered["points"]}
    assert np.array(entered["points"]) == pytest.approx(np.array(situation["points"]))


def test_a_situation_may_bring_its_own_parameters(javascript, widget, state):
    spec = dict(widget.spec)
    spec["situations"] = [{**spec["situations"][0], "parameters": {"distance": "euclidean"}}]
    entered = javascript("state.enter(given.spec, given.state, 0)", {"spec": spec, "state": state})
    assert entered["parameters"] == {**state["parameters"], "distance": "euclidean"}


def test_reset_brings_back_everything_but_the_situation(next_state, widget, state):
    moved = {**state, "situation": 1, "rate": 9, "parameters": EUCLIDEAN, "history": [1], "chosen": 5, "tab": "mask"}
    back = next_state(moved, "reset")
    assert back == next_state({**state, "tab": "mask"}, "enter", 1)


def test_a_moved_point_stays_on_the_circle_only_where_there_is_one(next_state, state):
    moved = next_state({**state, "playing": True, "history": [1, 2]}, "move", 4, [0.0, 0.5])
    assert moved["points"][4] == pytest.approx([0, 1])
    assert moved["points"][:4] + moved["points"][5:] == state["points"][:4] + state["points"][5:]
    assert [moved[name] for name in ("chosen", "playing", "history")] == [4, False, []]
    free = next_state({**state, "parameters": EUCLIDEAN}, "move", 4, [0.3, 0.5])
    assert free["points"][4] == [0.3, 0.5]


def test_a_parameter_that_brings_the_circle_back_brings_the_points_back(next_state, state):
    free = {**state, "parameters": EUCLIDEAN, "points": [[0.6 * (k + 1), -0.8 * (k + 1)] for k in range(6)]}
    still_free = next_state(free, "setParameter", "margin", 0.9)
    assert still_free["points"] == free["points"] and still_free["parameters"]["margin"] == 0.9
    back = next_state({**free, "history": [1]}, "setParameter", "distance", "cosine")
    assert np.array(back["points"]) == pytest.approx(np.array([[0.6, -0.8]] * 6))
    assert back["history"] == [] and back["parameters"] == {**EUCLIDEAN, "distance": "cosine"}


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


# reading.js


def value_of(text: str) -> float:
    """The number that a written one stands for."""
    mantissa, _, power = text.replace("−", "-").partition("·10⁻")
    return float(mantissa) * 10.0 ** -int(power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")) or 0)


values = st.one_of(st.floats(-2, 2), st.floats(1e-300, 1e-2), st.floats(-1e6, 1e6), st.just(0.0))


@QUICK
@given(rows(values, st.integers(2, 6)))
def test_a_number_is_written_with_its_digits_and_never_as_zero(javascript, cases):
    fixed, brief = (javascript(f"given.map((g) => reading.{name}(...g))", cases) for name in ("fixed", "brief"))
    for (value, digits), long, short in zip(cases, fixed, brief, strict=True):
        assert long == expected.fixed(value, digits)
        for text in (long, short):
            assert (value_of(text) == 0) == (value == 0)
            assert value_of(text) == pytest.approx(value, rel=0.051, abs=0.5 * 10.0**-digits * (abs(value) > 0.01))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.5, 3, "0.5"), (2, 3, "2"), (10, 2, "10"), (100.0, 2, "100"), (-0.25, 2, "−0.25"), (0, 3, "0"),
     (0.0625, 3, "0.063"), (0.00012, 3, "1.2·10⁻⁴"), (1e-12, 4, "1.0·10⁻¹²")],
)  # fmt: skip
def test_a_brief_number_has_no_idle_zeros(javascript, value, digits, text):
    assert javascript("reading.brief(...given)", [value, digits]) == text


def test_points_are_lettered(javascript):
    assert javascript("[0, 1, 25].map(reading.letter)") == ["A", "B", "Z"]


def test_a_formula_is_filled_with_numbers(javascript):
    given = ["½ · ({margin} − {d})² / {B}", {"margin": "0.5", "d": "0.03407", "B": 6}]
    assert javascript("reading.fill(...given)", given) == "½ · (0.5 − 0.03407)² / 6"


def test_a_formula_with_an_unknown_name_says_so(javascript):
    with pytest.raises(Error, match=re.escape("formula: expected one of d,B, got {marign}")):
        javascript("reading.fill('{d} − {marign}', {d: '1', B: 2})")


@pytest.fixture
def reading_of(javascript, widget):
    """reading_of(state) → (what the page reads in torch's result, what Python expects)."""

    def read(state: dict, spec: dict = widget.spec) -> tuple[dict, Expected]:
        wanted = Expected(lossviz.ContrastiveLoss, spec, state)
        names = ("matrix", "positive", "negative", "valid", "active", "values")
        terms = {name: getattr(wanted.terms, name).double().tolist() for name in names}
        given = {"spec": spec, "state": state, "result": {"loss": wanted.terms.loss.item(), "terms": terms}}
        return javascript("reading.read(given.spec, given.state, given.result)", given), wanted

    return read


def test_the_terms_are_those_of_torch(reading_of, state):
    read, wanted = reading_of(state)
    pairs = wanted.pairs()
    assert {pair.active for pair in pairs} == {True, False}
    for term, pair in zip(read["terms"], pairs, strict=True):
        known = ("letters", "names", "sign", "distance", "active", "value", "formula")
        assert [term[name] for name in known] == [getattr(pair, name) for name in known]
    assert [each["points"] for each in read["terms"]] == [[0, 1], [3, 4], [0, 2], [3, 5], [0, 3], [1, 2]]
    ranked = sorted((pair for pair in pairs if pair.value), key=lambda pair: -pair.value)
    assert [each["letters"] for each in read["ranked"]] == [pair.letters for pair in ranked]


def test_each_formula_gives_what_its_term_adds(reading_of, state):
    read, _ = reading_of(state)
    for term in read["terms"]:
        if term["active"]:
            python = term["formula"].replace("½ · ", "0.5 * ").replace("−", "-").replace("²", "**2")
            assert eval(python) == pytest.approx(term["value"], abs=1e-5)


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


@pytest.mark.parametrize("kind", [None, "point", "term"])
def test_the_sentence_says_what_is_seen(reading_of, state, kind):
    for situation in range(4):
        for index in range(6 if kind else 1):
            lit = kind and {"kind": kind, "index": index}
            entered = {"situation": situation, "points": points_of(situation), "lit": lit}
            read, wanted = reading_of({**state, **entered})
            assert read["caption"] == wanted.caption()


def points_of(situation: int) -> list[list[float]]:
    return situations("labelled_pairs")[situation].points(2).tolist()


def test_the_sentence_when_nothing_is_active(reading_of, state):
    right, up, left, down = [1, 0], [0, 1], [-1, 0], [0, -1]
    read, _ = reading_of({**state, "points": [right, right, up, left, left, down]})
    assert read["caption"] == "0 of 6 pairs are active: nothing pulls and nothing pushes, so no point will move."


def test_the_sentence_about_the_start(reading_of, state):
    """Once word for word, so that a reader of this file sees one."""
    read, _ = reading_of(state)
    assert read["caption"] == (
        "4 of 6 pairs are active; 42 % of the loss comes from pair D–E, the positive pair of “cats and dogs” and "
        "“pouring rain”."
    )


def test_a_label_between_0_and_1_weighs_both_halves(reading_of, widget, state):
    spec = {**widget.spec, "situations": [{**widget.spec["situations"][0], "labels": [0.25] * 6}]}
    read, wanted = reading_of(state, spec)
    d = expected.fixed(wanted.terms.matrix[0].item(), 5)
    assert read["terms"][0]["sign"] == "both"
    assert read["terms"][0]["formula"] == f"0.25 · ½ · {d}² / 6 + 0.75 · ½ · (0.4 − {d})² / 6"


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


# heat.js, distance_line.js: where the loss is asked


CHANGED = [
    ({}, False),
    ({"tab": "mask", "lit": {"kind": "point", "index": 0}, "rate": 2, "playing": True, "history": [1]}, False),
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


@pytest.mark.parametrize(
    ("shape", "distance", "farthest"), [("circle", "cosine", 2), ("free", "euclidean", 3), ("free", "manhattan", 7.5)]
)
def test_synthetic_pairs_cover_the_axis_of_distances(javascript, shape, distance, farthest):
    pairs = torch.tensor(javascript("distance_line.samplePairs(...given)", [shape, farthest]), dtype=torch.float64)
    found = distances.paired(distance)(pairs[:, 0], pairs[:, 1])
    assert found[0] == pytest.approx(0, abs=1e-12) and found[-1] == pytest.approx(farthest)
    gaps = found.diff()
    assert (gaps > 0).all() and gaps.max() < farthest / 50
