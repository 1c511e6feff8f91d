"""address.js: a state as an address and back, exactly; what is malformed or not there changes nothing and is said."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lossviz
from lossviz import catalogue
from lossviz.situations import SITUATIONS
from lossviz.widgets import address as widget_address
from tests.widgets.conftest import QUICK

VIEWS = ("chart", "mask", "sum", "strip", "surface", "gradient", "run", "sentences", "code")
NUMBERS = st.floats(-3, 3, allow_nan=False, allow_infinity=False)
HOSTILE = (
    "situation=no-such&loss=Nothing&scale=NaN&A=1e999&view=<b>x</b>&chosen=ZZ&ask=maybe&step=-1&play=1",
    "scale=Infinity&margin=1e9&A=NaN,NaN&A=1,2,3,4&B=&weight=1,2&directions=up,down",
    "<script>alert(1)</script>&%E0%A4%A&__proto__=1&constructor=x&toString=1&&&=&===",
    "&".join(f"P{number}=1,1" for number in range(5000)),
    "A=" + "1," * 400_000,
    "situation=start" + "&step=2" * 3 + "&step=100000000",
)
READ = """(() => {
  const before = state.begin(given.spec, given.state);
  return given.queries.map((query) => {
    const wanted = address.readAddress(given.spec, before, query);
    const after = state.follow(given.spec, before, wanted);
    return { after, before, notes: wanted.notes };
  });
})()"""
ROUND = """given.states.map((lasting) => {
  const full = { ...state.begin(given.spec, lasting), view: lasting.view, chosen: lasting.chosen };
  const text = address.addressOf(given.spec, full);
  const { name, query } = address.splitAddress(text);
  const begun = state.begin(given.spec, given.state);
  const fresh = { ...begun, view: "mask", chosen: begun.points.length - 1 };
  const read = address.readAddress(given.spec, fresh, query);
  const after = state.follow(given.spec, fresh, read);
  return { text, name, notes: read.notes, before: { ...state.lastingOf(full), view: full.view, chosen: full.chosen },
           after: { ...state.lastingOf(after), view: after.view, chosen: after.chosen } };
})"""


def explorers() -> dict[str, lossviz.Explorer]:
    """Input type → an explorer of all its losses; torch computes, so nothing is lowered."""
    losses = [each.default() for each in catalogue.ENTRIES]
    kinds = {kind: [each for each in losses if each.inputs.name == kind] for kind in SITUATIONS}
    return {kind: lossviz.explore(*own, engine="kernel", name=kind.replace("_", "-")) for kind, own in kinds.items()}


@pytest.fixture(scope="module")
def families():
    return explorers()


@st.composite
def lasting(draw, spec: dict) -> dict:
    """A state that an explorer can be in: any situation and loss, parameters of a control, points anywhere."""
    situation = draw(st.sampled_from(range(len(spec["situations"]))))
    starts = spec["situations"][situation]["starts"]
    loss = draw(st.sampled_from(sorted(starts)))
    start, known = starts[loss], spec["losses"][loss]
    count = len(spec["situations"][situation]["rows"]) + (spec["situations"][situation]["labels"] is not None)
    variant = draw(st.sampled_from([each for each in known["variants"] if each["count"] == count]))
    parameters = {**start["parameters"], **variant["choices"]}
    for control in known["controls"]:
        if control["minimum"] is not None and draw(st.booleans()):
            parameters[control["name"]] = draw(st.floats(control["minimum"], control["maximum"]))
    same = all(start["parameters"][name] == choice for name, choice in variant["choices"].items())
    tensors = start["tensors"] if same else variant["tensors"]
    points = [draw(place(each, variant["shape"])) for each in start["points"]]
    if draw(st.booleans()):
        tensors = {name: filled(each, draw) for name, each in tensors.items()}
    view, chosen = draw(st.sampled_from(VIEWS)), draw(st.integers(0, len(points) - 1))
    return {"situation": situation, "loss": loss, "parameters": parameters, "tensors": tensors, "points": points,
            "view": view, "chosen": chosen}  # fmt: skip


def place(standing: list[float], shape: str) -> st.SearchStrategy:
    if shape == "free":
        return st.one_of(st.just(standing), st.lists(NUMBERS, min_size=2, max_size=2))
    turned = st.floats(0, 2 * math.pi).map(lambda angle: on_circle(math.cos(angle), math.sin(angle)))
    return st.one_of(st.just(standing if abs(math.hypot(*standing) - 1) < 1e-15 else on_circle(*standing)), turned)


def on_circle(x: float, y: float) -> list[float]:
    length = math.hypot(x, y)
    return [x / length, y / length]


def filled(tensor, draw):
    return [filled(each, draw) for each in tensor] if isinstance(tensor, list) else draw(NUMBERS)


@pytest.mark.parametrize("kind", SITUATIONS)
def test_every_lasting_state_comes_back_exactly(javascript, families, kind):
    widget = families[kind]
    spec = json.loads(json.dumps(widget.spec))

    @QUICK
    @given(st.lists(lasting(spec), min_size=5, max_size=10))
    def check(states):
        for found in javascript(ROUND, {"spec": spec, "state": widget.state, "states": states}):
            assert found["notes"] == []
            assert found["after"] == found["before"], found["text"]
            assert found["name"] == spec["name"]

    check()


@pytest.mark.parametrize("kind", SITUATIONS)
def test_real_embeddings_come_back_exactly(javascript, families, kind):
    losses = [each.default() for each in catalogue.ENTRIES if each.default().inputs.name == kind]
    fitting = [type(each).initial(384, 3, seed=0) if hasattr(each, "initial") else each for each in losses]
    widget = lossviz.explore(*fitting, dimension=384, engine="kernel")
    moved = {**widget.state, "points": [[value + 0.1 for value in each] for each in widget.state["points"]]}
    given = {"spec": widget.spec, "state": widget.state, "states": [{**moved, "view": "sum", "chosen": 1}]}
    (found,) = javascript(ROUND, given)
    assert found["notes"] == [] and found["after"] == found["before"]


@pytest.mark.parametrize("kind", SITUATIONS)
def test_a_hostile_address_changes_nothing_and_is_noted(javascript, families, kind):
    widget = families[kind]
    given = {"spec": widget.spec, "state": widget.state, "queries": list(HOSTILE)}
    for query, found in zip(HOSTILE, javascript(READ, given), strict=True):
        assert found["notes"], query[:60]
        assert all(len(note) < 80 for note in found["notes"])
        same = ("loss", "parameters", "tensors", "view", "chosen", "asked")
        assert {name: found["after"][name] for name in same} == {name: found["before"][name] for name in same}
        assert found["after"]["situation"] == 0 and found["after"]["points"] == found["before"]["points"]


MALFORMED = ("scale=0x1", "scale=20,7", "scale=1_0", "scale=", "scale= 20", "scale=2e", "A=0x1F", "A=1,2,3",
             "A=infinity", "step=2.0", "step=+2", "step=0", "step=1001", "view=Mask", "play=1",
             "loss=toString")  # fmt: skip


@pytest.mark.parametrize("query", MALFORMED)
def test_what_an_author_is_told_a_reader_is_told(javascript, families, query):
    widget = families["positive_pairs"]
    before = widget_address.first(widget.spec)
    with pytest.raises(ValueError):
        widget_address.follow(widget.spec, before, f"#positive-pairs?{query}")
    (found,) = javascript(READ, {"spec": widget.spec, "state": widget.state, "queries": [query]})
    assert len(found["notes"]) == 1
    assert found["after"]["parameters"] == found["before"]["parameters"]


def test_a_link_leaves_what_it_does_not_name(javascript, families):
    widget = families["positive_pairs"]
    (found,) = javascript(READ, {"spec": widget.spec, "state": widget.state, "queries": ["view=mask&chosen=B"]})
    before, after = found["before"], found["after"]
    assert (after["view"], after["chosen"], found["notes"]) == ("mask", 1, [])
    assert {**after, "view": before["view"], "chosen": before["chosen"]} == before


def test_an_angle_stands_for_a_place_on_the_circle(javascript, families):
    widget = families["positive_pairs"]
    (found,) = javascript(READ, {"spec": widget.spec, "state": widget.state, "queries": ["A=30&B=-0.6,0.8"]})
    assert found["after"]["points"][0] == pytest.approx([math.cos(math.pi / 6), 0.5], abs=1e-15)
    assert found["after"]["points"][1] == [-0.6, 0.8]


def test_at_the_angle_of_another_point_it_stands_exactly_there(javascript, families):
    """A last digit beside it, a Euclidean distance would push it with all its might."""
    widget = families["labelled_pairs"]
    queries = ["situation=start&distance=euclidean&C=100", "situation=start&F=238"]  # where A and D stand
    onto_a, onto_d = javascript(READ, {"spec": widget.spec, "state": widget.state, "queries": queries})
    assert onto_a["after"]["points"][2] == onto_a["after"]["points"][0]
    assert onto_d["after"]["points"][5] == onto_d["after"]["points"][3]


@pytest.mark.parametrize(("named", "shown"), [("", "chart"), ("&view=code", "code")])
def test_what_is_asked_beside_the_code_is_answered_by_the_picture(javascript, families, named, shown):
    widget = families["positive_pairs"]
    queries = ["situation=add-pairs&ask" + named]
    begun = "state.begin(given.spec, given.state)"
    follow = READ.replace(begun, f"{{ ...{begun}, view: 'code' }}")
    (found,) = javascript(follow, {"spec": widget.spec, "state": widget.state, "queries": queries})
    assert found["before"]["view"] == "code" and found["after"]["view"] == shown


@pytest.mark.parametrize("query, asked", [("situation=add-pairs", False), ("situation=add-pairs&ask", True)])
def test_a_question_is_asked_where_a_link_asks_it(javascript, families, query, asked):
    widget = families["positive_pairs"]
    (found,) = javascript(READ, {"spec": widget.spec, "state": widget.state, "queries": [query]})
    after = found["after"]
    names = [each["name"] for each in widget.spec["situations"]]
    assert (names[after["situation"]], after["asked"], after["guess"]) == ("add pairs", asked, None)
    assert after["posed"] == (after["situation"] if asked else None)
