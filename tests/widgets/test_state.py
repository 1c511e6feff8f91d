"""state.js: what lasts, what passes, and the pure functions from one state to the next."""

import json
import math

import numpy as np
import pytest

import lossviz
from lossviz import catalogue
from lossviz.situations import SITUATIONS
from tests.widgets.conftest import STATIC

LASTING = ("loss", "parameters", "tensors", "situation", "points")
EUCLIDEAN = {"margin": 0.4, "distance": "euclidean", "size_average": True}
RUN = {"loss": "OnlineContrastiveLoss", "rate": 0.1, "losses": [3.0, 2.0, 1.0]}


@pytest.fixture(scope="module")
def families():
    """Input type → an explorer of all its losses; torch computes, so nothing is lowered."""
    losses = [each.default() for each in catalogue.ENTRIES]
    return {
        kind: lossviz.explore(*(each for each in losses if each.inputs.name == kind), engine="kernel")
        for kind in SITUATIONS
    }


@pytest.fixture(scope="module")
def widget():
    losses = lossviz.ContrastiveLoss(margin=0.4), lossviz.OnlineContrastiveLoss()
    return lossviz.explore(*losses, engine="kernel")


@pytest.fixture(scope="module")
def spec(widget):
    return json.loads(json.dumps(widget.spec))  # a list, no tuple, as JavaScript has it


@pytest.fixture
def state(javascript, widget):
    return javascript("state.begin(given.spec, given.state)", {"spec": widget.spec, "state": widget.state})


@pytest.fixture
def next_state(javascript, spec):
    """next_state(state, "states function", …) → the state after it."""
    return lambda state, name, *given: javascript(
        f"state.{name}(given.spec, given.state, ...given.rest)", {"spec": spec, "state": state, "rest": list(given)}
    )


def place_of(spec: dict, name: str) -> int:
    return [each["name"] for each in spec["situations"]].index(name)


def lasting_of(state: dict) -> dict:
    return {name: state[name] for name in LASTING}


# --- beginning


def test_an_explorer_begins_with_what_lasts(javascript, widget, state):
    given = {"spec": widget.spec, "state": widget.state}
    lasting = json.loads(json.dumps(widget.state))
    assert lasting_of(state) == javascript("state.lastingOf(state.begin(given.spec, given.state))", given) == lasting
    first = widget.spec["situations"][0]
    passing = {name: value for name, value in state.items() if name not in LASTING}
    assert passing == {
        "chosen": first["chosen"], "lit": None, "view": "chart", "trains": True, "pace": 1, "speed": 1, "magnified": 1,
        "playing": False, "origin": lasting["points"], "posed": 0, "asked": first["question"] is not None,
        "guess": None, "run": None, "at": 0, "runs": [], "named": [], "notes": [], "refused": None, "past": False,
    }  # fmt: skip


def test_the_types_name_every_field_of_a_state(state):
    text = (STATIC / "types.d.ts").read_text(encoding="utf-8")
    for interface, names in (("Lasting", {*LASTING}), ("Passing", {*state} - {*LASTING})):
        body = text.partition(f"interface {interface} {{\n")[2].partition("\n}")[0]
        assert {line.strip().partition(":")[0] for line in body.splitlines()} == names


@pytest.mark.parametrize("wrong", [{"situation": 99}, {"situation": -1}, {"loss": "NoSuchLoss"}])
def test_python_cannot_begin_where_nothing_is(javascript, spec, state, wrong):
    given = {"spec": spec, "lasting": {**lasting_of(state), **wrong}, "before": state}
    assert javascript("state.begin(given.spec, given.lasting, given.before)", given) == state


def test_python_changes_what_lasts_and_leaves_what_passes(next_state, javascript, spec, state):
    """Where it still makes sense: a question of another batch does not, nor does a run from elsewhere."""
    busy = {**state, "chosen": 3, "view": "mask", "pace": 2, "lit": {"kind": "point", "index": 1}, "playing": True,
            "runs": [RUN], "guess": 1, "trains": False, "speed": 2, "magnified": 10}  # fmt: skip
    busy = running(busy, 1, 3.0, 2.0)
    begin = "state.begin(given.spec, given.lasting, given.before)"
    moved = {**lasting_of(state), "points": [[0, 1]] * 6}
    found = javascript(begin, {"spec": spec, "lasting": moved, "before": busy})
    run = {"origin": moved["points"], "playing": False, "run": None, "at": 0, "runs": []}
    assert found == {**busy, **moved, **run}
    free = {**moved, "parameters": EUCLIDEAN}
    found = javascript(begin, {"spec": spec, "lasting": free, "before": busy})
    assert found == {**busy, **free, **run, "lit": None, "pace": 1}
    other = lasting_of(next_state(state, "enter", 1))
    found = javascript(begin, {"spec": spec, "lasting": other, "before": busy})
    forgotten = {"lit": None, "guess": None, "pace": 1, "magnified": 1, "run": None}
    assert {name: found[name] for name in forgotten} == forgotten
    assert (found["view"], found["trains"], found["speed"], found["posed"]) == ("mask", False, 2, 1)
    same = {"spec": spec, "lasting": lasting_of(busy), "before": busy}
    assert javascript(f"{begin} === given.before", same)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"lit": {"kind": "point", "index": 1}, "view": "mask", "pace": 2, "run": {}, "chosen": 4}, True),
        ({"points": [[1, 0]] * 6}, False),
        ({"parameters": EUCLIDEAN}, False),
        ({"tensors": {"weight": [[1]]}}, False),
        ({"situation": 1}, False),
        ({"loss": "OnlineContrastiveLoss"}, False),
    ],
)
def test_whether_two_states_are_the_same_in_what_lasts(javascript, state, change, same):
    """By value: what Python sends back is a copy."""
    given = [state, json.loads(json.dumps({**state, **change}))]
    assert javascript("state.sameLasting(...given)", given) == same


# --- variants


def test_the_variant_of_a_state(javascript, spec, state):
    online = {"loss": "OnlineContrastiveLoss", "parameters": {"margin": 0.4, "distance": "manhattan"}}
    states = [state, {**state, "parameters": {**EUCLIDEAN, "size_average": False}}, {**state, **online}]
    asked = {"spec": spec, "states": states}
    found = javascript("given.states.map((s) => state.variantOf(given.spec, s))", asked)
    assert [each["choices"] for each in found] == [
        {"distance": "cosine", "size_average": True}, {"distance": "euclidean", "size_average": False},
        {"distance": "manhattan"},
    ]  # fmt: skip
    shapes = javascript("given.states.map((s) => state.shapeOf(given.spec, s))", asked)
    assert shapes == ["circle", "free", "free"]


def test_explicit_negatives_choose_a_variant_of_their_own(javascript, families, next_state):
    widget = families["positive_pairs"]
    given = {
        "spec": widget.spec, "state": widget.state,
        "places": [place_of(widget.spec, name) for name in ("start", "hard negatives")],
    }  # fmt: skip
    found = javascript(
        """(() => {
          const begun = state.begin(given.spec, given.state);
          return given.places.map((k) => state.variantOf(given.spec, state.enter(given.spec, begun, k)));
        })()""",
        given,
    )
    assert [each["count"] for each in found] == [2, 3]


CHOICES = [True, False, None, "true", "null", 1, ["a"], ["a", "b"], "a,b"]


def test_a_choice_is_found_by_its_value_and_not_by_its_words(javascript):
    """A list, a flag or nothing is none of the words that it reads as."""
    found = javascript("given.map((one) => given.map((other) => state.alike(one, other)))", CHOICES)
    assert np.array(found).tolist() == np.eye(len(CHOICES), dtype=bool).tolist()


# --- situations


def test_entering_a_situation_starts_it_as_the_spec_says(next_state, spec, state):
    busy = {**state, "parameters": {**state["parameters"], "margin": 0.9}, "playing": True, "pace": 3}
    busy = {**running(busy, 1, 2.0, 1.0), "magnified": 100}
    lit = {"kind": "point", "index": 1}
    for index, situation in enumerate(spec["situations"]):
        entered = next_state({**busy, "lit": lit, "runs": [RUN], "guess": 1}, "enter", index)
        loss = situation["loss"] or state["loss"]
        start = situation["starts"][loss]
        assert entered == {
            **busy, **start, "loss": loss, "situation": index, "chosen": situation["chosen"], "lit": None,
            "playing": False, "origin": start["points"], "run": None, "at": 0, "runs": [], "guess": None,
            "posed": index, "asked": situation["question"] is not None, "pace": 1, "magnified": 1,
        }  # fmt: skip


def test_reset_brings_back_everything_but_the_situation(next_state, state):
    moved = {**state, "situation": 1, "pace": 9, "parameters": EUCLIDEAN, "chosen": 5, "view": "mask"}
    moved = running(moved, 1, 2.0, 1.0)
    back = next_state({**moved, "asked": False, "guess": [1], "runs": [RUN]}, "reset")
    assert back == next_state({**state, "view": "mask"}, "enter", 1)


@pytest.mark.parametrize(
    ("change", "began"),
    [
        ({}, True),
        ({"pace": 9, "lit": {"kind": "point", "index": 1}, "view": "mask"}, True),
        ({"parameters": EUCLIDEAN}, False),
        ({"points": [[0, 1]] * 6}, False),
    ],
)
def test_whether_a_situation_is_as_it_began(next_state, state, change, began):
    assert next_state({**state, **change}, "asItBegan") == began


# --- points and parameters


def test_a_moved_point_stays_on_the_circle_only_where_there_is_one(next_state, state):
    ran = running(state, 2, 3.0, 2.0, 1.0)
    moved = next_state({**ran, "playing": True, "runs": [RUN], "magnified": 10}, "move", 4, [0.0, 0.5])
    assert moved["points"][4] == pytest.approx([0, 1])
    assert moved["points"][:4] + moved["points"][5:] == ran["points"][:4] + ran["points"][5:]
    assert [moved[name] for name in ("chosen", "playing", "run", "at", "runs")] == [4, False, None, 0, []]
    assert moved["origin"] == moved["points"]  # what runs from here is compared from here
    assert moved["magnified"] == 10  # the arrows' scale stays, whatever moves
    free = next_state({**state, "parameters": EUCLIDEAN}, "move", 4, [0.3, 0.5])
    assert free["points"][4] == [0.3, 0.5]


def test_a_parameter_that_brings_the_circle_back_brings_the_points_back(next_state, state):
    free = {**state, "parameters": EUCLIDEAN, "points": [[0.6 * (k + 1), -0.8 * (k + 1)] for k in range(6)], "pace": 2}
    still_free = next_state(free, "setParameter", "margin", 0.9)
    assert still_free["points"] == free["points"] and still_free["parameters"]["margin"] == 0.9
    back = next_state({**free, "run": {}, "at": 1}, "setParameter", "distance", "cosine")
    assert np.array(back["points"]) == pytest.approx(np.array([[0.6, -0.8]] * 6))
    assert back["run"] is None and back["parameters"] == {**EUCLIDEAN, "distance": "cosine"}
    assert still_free["pace"] == back["pace"] == 2  # a multiple of what is found for either


def test_real_embeddings_are_never_put_on_a_circle(javascript):
    explorer = lossviz.explore(lossviz.ContrastiveLoss(), dimension=384, engine="kernel")
    points = [[2 * value for value in point] for point in explorer.state["points"]]
    given = {"spec": explorer.spec, "state": {**explorer.state, "points": points}}
    changed = "state.setParameter(given.spec, state.begin(given.spec, given.state), 'margin', 1)"
    assert javascript(f"{changed}.points", given) == points
    assert javascript(f"{changed}.parameters.margin", given) == 1


def test_the_pace_of_a_reader_has_its_ends(next_state, state):
    found = [next_state(state, "setPace", pace)["pace"] for pace in (0.5, 0, 1e9, 10)]
    assert found == [0.5, 0.1, 10, 10]


@pytest.mark.parametrize(("name", "field", "some"), [("setSpeed", "speed", 4), ("magnify", "magnified", 1000)])
def test_speed_and_magnifier_are_one_of_a_few(next_state, state, name, field, some):
    assert next_state(state, name, some) == {**state, field: some}
    for other in (0, 3, -1, math.inf, None, "4", [4]):
        assert next_state(state, name, other) == state


def test_lighting_what_is_lit_changes_nothing(javascript, spec, state):
    asked = {"spec": spec, "dark": state, "lit": {**state, "lit": {"kind": "term", "index": 2}}}
    assert javascript("state.light(given.spec, given.dark, null) === given.dark", asked)
    assert javascript("state.light(given.spec, given.lit, {kind: 'term', index: 2}) === given.lit", asked)
    for lit in ({"kind": "term", "index": 3}, {"kind": "point", "index": 2}, {"kind": "pair", "index": 5}, None):
        found = javascript("state.light(given.spec, given.lit, given.next)", {**asked, "next": lit})
        assert found == {**state, "lit": lit}
    assert javascript("state.choose(given.spec, given.dark, 3)", asked) == {**state, "chosen": 3}


# --- what does not exist

GARBAGE = (-1, 1.5, 999, None, math.nan, math.inf, "0", "length", [], [0], {}, True)
NOWHERE = ([], [0], [0, 0, 0], [math.nan, 0], [math.inf, 1], "ab", None, 7)
TRANSITIONS = {
    "enter": [(each,) for each in GARBAGE],
    "choose": [(each,) for each in GARBAGE],
    "move": [(each, [0, 1]) for each in GARBAGE] + [(1, each) for each in NOWHERE],
    "light": [({"kind": kind, "index": each},) for kind in ("point", "term", "pair") for each in GARBAGE]
    + [({"kind": kind, "index": 0},) for kind in ("constructor", None, 1)],
    "mark": [(each,) for each in GARBAGE],
    "answer": [(each,) for each in GARBAGE if each is not None],
    "sketch": [(each,) for each in NOWHERE],
    "open": [(each,) for each in GARBAGE],
    "switchLoss": [(each,) for each in (*GARBAGE, "constructor", "AnotherLoss")],
    "setPace": [(each,) for each in (math.nan, math.inf, None, "1", [], {})],
    "setParameter": [("margin", each) for each in GARBAGE[3:]]
    + [("distance", each) for each in GARBAGE]
    + [(each, 1) for each in (*GARBAGE, "constructor", "scale")],
    "apply": [(None,)],  # a cure that is offered no longer
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSITIONS)
@pytest.mark.parametrize("asked", ["start", "which pairs count", "strongest push"])
def test_what_does_not_exist_changes_nothing(javascript, next_state, spec, state, name, asked):
    """A mark from before a change of situation may still be touched: the same state comes back, whatever it names."""
    begun = next_state(state, "enter", place_of(spec, asked))
    found = javascript(
        f"given.cases.map((each) => state.{name}(given.spec, given.state, ...each) === given.state)",
        {"spec": spec, "state": begun, "cases": TRANSITIONS[name]},
    )
    assert [each for each, same in zip(TRANSITIONS[name], found, strict=True) if not same] == []


def test_without_a_question_there_is_no_answer_to_see(javascript, spec, state):
    begun = "state.enter(given.spec, given.state, given.spec.situations.findIndex(({ question }) => !question))"
    found = javascript(
        f"""(() => {{
          const now = {begun};
          return [state.demonstrate(given.spec, now), state.answer(given.spec, now, null)].map((next) => next === now);
        }})()""",
        {"spec": spec, "state": state},
    )
    assert found == [True, True]


def test_what_another_batch_has_changes_nothing_in_a_smaller_one(javascript, families):
    """Every index of the largest batch, in every batch: what it has not got, it does not light, choose or move."""
    for widget in families.values():
        found = javascript(
            """given.spec.situations.map((situation, k) => {
              const now = state.enter(given.spec, state.begin(given.spec, given.state), k);
              const [rows] = Object.values(situation.rows);
              const tried = (index) => ({
                point: [state.light(given.spec, now, { kind: "point", index }), state.choose(given.spec, now, index),
                        state.move(given.spec, now, index, [0.6, 0.8])],
                pair: [state.light(given.spec, now, { kind: "pair", index })],
              });
              return [now.points.length, rows.length, now.chosen, Array.from({ length: 16 }, (_, index) =>
                Object.values(tried(index)).map((each) => each.map((next) => next === now)))];
            })""",
            {"spec": widget.spec, "state": widget.state},
        )
        for points, pairs, chosen, cases in found:
            for index, ((lit, chose, moved), (pair,)) in enumerate(cases):
                assert lit == (index >= points) and pair == (index >= pairs)
                assert chose == (index >= points or index == chosen) and moved == (index >= points)


def test_no_more_terms_than_there_are_are_lit(javascript, families):
    for widget in families.values():
        for name in widget.spec["losses"]:
            widget.state = {**widget.state, "loss": name, **{
                key: value for key, value in widget.spec["situations"][0]["starts"][name].items()
            }}  # fmt: skip
            count = widget.terms().values.numel()
            found = javascript(
                """given.ends.map((index) => {
                  const now = state.begin(given.spec, given.state);
                  return state.light(given.spec, now, { kind: "term", index }) === now;
                })""",
                {"spec": widget.spec, "state": widget.state, "ends": [count - 1, count]},
            )
            assert found == [False, True], name


# --- another loss on the same batch


def test_another_loss_begins_where_this_ones_run_began(next_state, state):
    """The batch and the margin stay; the run is kept to be compared with."""
    moved = next_state(next_state(state, "move", 4, [0.0, 1.0]), "setParameter", "margin", 0.9)
    origin = moved["points"]
    lit = {"kind": "term", "index": 1}
    run = {**running(moved, 2, 1.0, 0.5, 0.25, 0.1), "origin": origin, "playing": True, "lit": lit, "pace": 3}
    other = next_state(run, "switchLoss", "OnlineContrastiveLoss")
    assert other == {
        **run, "tensors": {}, "loss": "OnlineContrastiveLoss", "parameters": {"margin": 0.9, "distance": "cosine"},
        "points": other["points"], "pace": 1, "playing": False, "run": None,
        "at": 0, "lit": None, "runs": [{"loss": "ContrastiveLoss", "rate": 0.5, "losses": [1.0, 0.5, 0.25]}],
    }  # fmt: skip
    assert np.array([other["origin"], other["points"]]) == pytest.approx(np.array([origin, origin]))
    back = next_state(running(other, 2, 2.0, 1.0, 0.5), "switchLoss", "ContrastiveLoss")
    assert back["parameters"] == run["parameters"]  # size_average is the loss's own
    assert back["runs"] == [{"loss": "OnlineContrastiveLoss", "rate": 0.5, "losses": [2.0, 1.0, 0.5]}]


def test_a_loss_that_did_not_run_leaves_no_run(next_state, state):
    for before in (state, running(state, 0, 1.0, 0.5), running(state, 1, 1.0, 0.5)):
        other = next_state(before, "switchLoss", "OnlineContrastiveLoss")
        assert other["runs"] == []


def test_the_loss_that_is_shown_changes_nothing(javascript, spec, state):
    given = {"spec": spec, "state": state}
    assert javascript("state.switchLoss(given.spec, given.state, 'ContrastiveLoss') === given.state", given)


@pytest.mark.parametrize(("name", "still"), [("which pairs count", True), ("strongest push", False)])
def test_a_question_about_one_loss_waits_under_no_other(next_state, spec, state, name, still):
    asked = next_state(state, "enter", place_of(spec, name))
    assert asked["asked"]
    assert next_state(asked, "switchLoss", "OnlineContrastiveLoss")["asked"] == still


# --- questions and cures


def test_an_answer_ends_the_question(javascript, next_state, spec, state):
    asked = next_state(state, "enter", place_of(spec, "strongest push"))
    given = {"spec": spec, "state": {**asked, "guess": [2]}}
    found = javascript("[1, null, undefined].map((guess) => state.answer(given.spec, given.state, guess))", given)
    assert found == [{**asked, "asked": False, "guess": guess} for guess in (1, None, [2])]
    assert next_state(found[0], "answer", 0) == found[0]  # there is no second one


def test_a_term_is_marked_and_marked_no_longer(next_state, spec, state):
    asked = next_state(state, "enter", place_of(spec, "which pairs count"))
    found = asked
    for index, guess in zip((2, 0, 2, 5), ([2], [2, 0], [0], [0, 5]), strict=True):
        found = next_state(found, "mark", index)
        assert found == {**asked, "guess": guess}
    assert next_state({**asked, "asked": False}, "mark", 1)["guess"] is None


def changes_of(situation: dict) -> list[dict]:
    """What the cures of a situation do, and what its question shows."""
    return situation["cures"] + ([situation["question"]] if situation["question"] else [])


def test_what_a_cure_or_an_answer_shows(javascript, families):
    """Another batch, another loss, other parameters, points elsewhere: exactly those that it names."""
    seen = set()
    for widget in families.values():
        spec = json.loads(json.dumps(widget.spec))
        cases = [(k, each) for k, situation in enumerate(spec["situations"]) for each in changes_of(situation)]
        found = javascript(
            """given.cases.map(([index, change]) => {
              const before = state.enter(given.spec, state.begin(given.spec, given.state), index);
              return [before, state.apply(given.spec, before, change)];
            })""",
            {"spec": spec, "state": widget.state, "cases": cases},
        )
        for (_, change), (before, after) in zip(cases, found, strict=True):
            seen |= {name for name in ("situation", "loss", "parameters", "moves") if change.get(name)}
            name = change["situation"]
            index = before["situation"] if name is None else place_of(spec, name)
            batch = spec["situations"][index]
            assert after["situation"] == index
            assert after["loss"] == (change.get("loss") or batch["loss"] or before["loss"])
            start = batch["starts"][after["loss"]]
            moved = dict(enumerate(start["points"])) | {int(k): place for k, place in change["moves"].items()}
            assert np.array(after["points"]) == pytest.approx(np.array(list(moved.values())))
            assert np.array(after["origin"]) == pytest.approx(np.array(after["points"]))
            assert [after[name] for name in ("run", "at", "runs", "pace", "magnified")] == [None, 0, [], 1, 1]
            assert after["parameters"] == start["parameters"] | change["parameters"]
    assert seen == {"situation", "loss", "parameters", "moves"}


def test_question_and_answer_stay_beside_what_they_show(javascript, families):
    batches = set()
    for widget in families.values():
        for index, situation in enumerate(widget.spec["situations"]):
            if (situation["question"] or {}).get("kind") != "choice":
                continue
            shown, applied = javascript(
                """(() => {
                  const asked = state.enter(given.spec, state.begin(given.spec, given.state), given.index);
                  const { question } = given.spec.situations[given.index];
                  const answered = state.answer(given.spec, asked, 1);
                  return [state.demonstrate(given.spec, answered), state.apply(given.spec, answered, question)];
                })()""",
                {"spec": widget.spec, "state": widget.state, "index": index},
            )
            assert shown == {**applied, "posed": index, "guess": 1, "asked": False}
            batches.add(shown["situation"] == index)
    assert batches == {True, False}


# --- a run


def frames_of(state: dict, *losses: float) -> list[dict]:
    """The points turn by a tenth of a radian at each step."""
    places = [[[math.cos(k + 0.1 * step), math.sin(k + 0.1 * step)] for k in range(6)] for step in range(len(losses))]
    return [
        {"points": each, "tensors": {"weight": [[step]]}, "loss": loss}
        for step, (each, loss) in enumerate(zip(places, losses, strict=True))
    ]


def running(state: dict, at: int, *losses: float) -> dict:
    frames = frames_of(state, *losses)
    run = {"rate": 0.5, "frames": frames, "rises": 0, "jumps": 0, "ended": "arrived"}
    shown = {name: frames[at][name] for name in ("points", "tensors")}
    return {**state, **shown, "run": run, "at": at, "origin": frames[0]["points"]}


def test_a_frame_of_the_run_is_shown(next_state, state):
    before = {**running(state, 1, 3.0, 2.0, 1.0), "playing": True}
    for at in range(3):
        frame = before["run"]["frames"][at]
        after = next_state(before, "scrub", at)
        assert after == {
            **before, "at": at, "points": frame["points"], "tensors": frame["tensors"], "playing": False,
        }  # fmt: skip
    assert next_state(state, "scrub", 0) == state  # without a run there is one frame, which is shown


@pytest.mark.parametrize(("name", "value"), [("setPace", 3), ("train", False)])
def test_another_step_begins_the_run_anew(next_state, state, name, value):
    """Where it began, tensors too: from its end nothing would move."""
    before = {**running(state, 2, 3.0, 2.0, 1.0), "runs": [RUN]}
    first = before["run"]["frames"][0]
    after = next_state(before, name, value)
    changed = {"setPace": {"pace": 3}, "train": {"trains": False}}[name]
    assert after == {
        **before, **changed, "points": first["points"], "tensors": first["tensors"], "run": None, "at": 0,
    }  # fmt: skip


def test_the_losses_of_a_run_as_far_as_it_is_shown(javascript, state):
    states = [state, running(state, 0, 3.0, 2.0, 1.0), running(state, 2, 3.0, 2.0, 1.0, 0.5)]
    found = javascript("given.map((each) => [state.lossesOf(each), state.lastOf(each)])", states)
    assert found == [[[], 0], [[3.0], 2], [[3.0, 2.0, 1.0], 3]]
