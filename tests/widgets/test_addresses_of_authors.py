"""What an address in the prose means, and how it says what there is not."""

import json
import math
from random import Random

import pytest

from lossviz import (
    ContrastiveLoss,
    CosineSimilarityLoss,
    MultipleNegativesRankingLoss,
    MultipleNegativesSymmetricRankingLoss,
    SoftmaxLoss,
    explore,
)
from lossviz.catalogue import ENTRIES
from lossviz.widgets import address


def spec_of(*losses, **options) -> dict:
    """As the page has it: a tuple is a list. Nothing is lowered, for nothing is evaluated."""
    return json.loads(json.dumps(explore(*losses, engine="kernel", **options).spec))


@pytest.fixture(scope="module")
def ranking() -> dict:
    return spec_of(MultipleNegativesRankingLoss(), MultipleNegativesSymmetricRankingLoss(), name="positive-pairs")


@pytest.fixture(scope="module")
def pairs() -> dict:
    return spec_of(ContrastiveLoss(), name="labelled-pairs")


def follow(spec: dict, query: str, before: dict | None = None) -> dict:
    return address.follow(spec, before or address.first(spec), f"#{spec['name']}?{query}")


def test_it_begins_as_the_explorer_does():
    explorer = explore(MultipleNegativesRankingLoss(), situation="scale 1", engine="kernel")
    spec = json.loads(json.dumps(explorer.spec))
    begun = address.first(spec)
    assert {name: begun[name] for name in explorer.state} == json.loads(json.dumps(explorer.state))


@pytest.mark.parametrize("other", ["#where-from", "#", "index.html", "#a b?situation=start", "where-from?x"])
def test_a_link_to_something_else_is_none(other):
    assert address.split(other) is None


def test_what_is_asked_is_decoded():
    assert address.split("#a?A=1%2C2&ask") == ("a", {"A": "1,2", "ask": ""})


def test_a_situation_is_entered_from_its_start_under_its_own_loss(ranking):
    moved = follow(ranking, "A=10&scale=3&loss=MultipleNegativesSymmetricRankingLoss")
    state = follow(ranking, "situation=who-pushes", moved)
    there = next(each for each in ranking["situations"] if each["name"] == "who pushes")
    assert state["loss"] == there["loss"] == "MultipleNegativesRankingLoss"
    assert state["points"] == there["starts"][state["loss"]]["points"]
    assert state["parameters"]["scale"] == 1.0 and state["chosen"] == there["chosen"]


def test_what_it_does_not_name_it_leaves(ranking):
    before = follow(ranking, "A=10&scale=3&chosen=B")
    state = follow(ranking, "B=200", before)
    assert state["points"][0] == before["points"][0] and state["parameters"] == before["parameters"]
    assert state["chosen"] == 1


def test_another_loss_keeps_the_batch_and_what_both_have(ranking):
    before = follow(ranking, "A=10&scale=3")
    state = follow(ranking, "loss=MultipleNegativesSymmetricRankingLoss", before)
    assert state["points"] == before["points"] and state["parameters"]["scale"] == 3.0
    assert state["parameters"].keys() == {"scale", "similarity"}


def test_reset_goes_back_to_the_start(ranking):
    assert follow(ranking, "reset", follow(ranking, "A=10&scale=3")) == address.first(ranking)


def test_a_point_stands_at_an_angle_or_a_place(pairs):
    state = follow(pairs, "A=30&B=0,-2&distance=cosine")
    assert state["points"][0] == pytest.approx([math.sqrt(3) / 2, 0.5]) and state["points"][1] == [0.0, -1.0]
    free = follow(pairs, "distance=euclidean&A=0.5,-0.25&margin=0.25")
    assert free["points"][0] == [0.5, -0.25] and free["parameters"]["margin"] == 0.25


def test_at_the_angle_of_another_point_it_stands_exactly_there(pairs):
    """A last digit beside it, the Euclidean distance would push it."""
    state = follow(pairs, "distance=euclidean&C=100")
    assert state["points"][2] == state["points"][0] == pytest.approx([math.cos(math.radians(100)), 0.9848], abs=1e-4)


@pytest.mark.parametrize(("text", "value"), [("false", False), ("true", True)])
def test_a_choice_is_written_as_in_a_url(text, value):
    spec = spec_of(ContrastiveLoss(), controls=("size_average",), name="pairs")
    assert follow(spec, f"size_average={text}")["parameters"]["size_average"] is value


def test_a_choice_may_be_a_list():
    spec = spec_of(MultipleNegativesRankingLoss(), controls=("directions", "hardness_mode"), name="ways")
    state = follow(spec, "directions=query_to_doc,doc_to_query&hardness_mode=none")
    assert state["parameters"]["directions"] == ["query_to_doc", "doc_to_query"]
    assert state["parameters"]["hardness_mode"] is None


def test_what_is_trained_can_be_set():
    spec = spec_of(SoftmaxLoss.initial(2, 3, seed=0), name="classes")
    ((name, like),) = list(address.first(spec)["tensors"].items())[:1]
    numbers = [0.5 * index for index in range(len(like) * len(like[0]))]
    found = follow(spec, f"{name}={','.join(map(str, numbers))}")["tensors"][name]
    assert [each for row in found for each in row] == numbers and len(found) == len(like)


def test_a_state_can_be_computed(pairs):
    """The loss that torch gives is that of the state."""
    explorer = explore(ContrastiveLoss(), name="labelled-pairs", engine="kernel")
    state = follow(pairs, "situation=start&margin=0.9&A=77")
    explorer.state = {name: state[name] for name in explorer.state}
    assert explorer.loss.margin == 0.9
    assert explorer.embeddings[0].tolist() == pytest.approx([math.cos(math.radians(77)), math.sin(math.radians(77))])


WRONG = {
    "situation=nowhere": "situation: expected one of start",
    "loss=NoLoss": "loss: expected one of MultipleNegativesRankingLoss",
    "margin=2": "address: expected one of scale",
    "Z=30": "address: expected one of scale",
    "A=north": "A: expected degrees or x,y, got 'north'",
    "A=1,2,3": "A: expected degrees or x,y",
    "A=nan": "A: expected degrees or x,y",
    "A=1e9": "A: expected degrees or x,y",
    "chosen=Z": "chosen: expected one of A, B, C, D, E, F, got 'Z'",
    "scale=much": "scale: expected a number from",
    "scale=-1": "scale: expected a number from",
    "similarity=near": "similarity: expected one of cosine",
    "directions=doc_to_doc": "directions: expected one of query_to_doc, ",
    "view=cellar": "view: expected one of chart",
    "step=0": "step: expected a number from 1 to 1000, got '0'",
    "step=1001": "step: expected a number from 1 to 1000",
    "ask=yes": "ask: expected no value, got 'yes'",
    "live=gain": "live: expected loss, active",
    "live=adds:A-Z": "live: expected loss, active",
}


@pytest.mark.parametrize(("query", "said"), WRONG.items(), ids=WRONG)
def test_what_there_is_not_is_named(ranking, query, said):
    with pytest.raises(ValueError) as error:
        follow(ranking, query)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize("query", ["view=mask", "step", "step=5", "play", "ask", "live=loss", "live=scale",
                                   "live=adds:A-B", "live=angle:A-B", "live=active"])  # fmt: skip
def test_what_passes_changes_nothing_that_lasts(ranking, query):
    assert follow(ranking, query) == address.first(ranking)


def test_beyond_two_dimensions_a_point_has_as_many_numbers():
    spec = spec_of(CosineSimilarityLoss(), dimension=384, name="real")
    with pytest.raises(ValueError, match="A: expected 384 numbers"):
        follow(spec, "A=30")
    assert follow(spec, f"A={','.join(['0.5'] * 384)}")["points"][0] == [0.5] * 384


# ---- back again


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.loss.__name__)
def test_the_address_of_a_state_leads_to_it_from_anywhere(entry):
    spec = spec_of(entry.default(), name="here")
    random = Random(entry.loss.__name__)
    for index in range(len(spec["situations"])):
        state = follow(spec, f"situation={spec['situations'][index]['name'].replace(' ', '-')}")
        if index % 2:
            places = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in state["points"]]
            state = follow(spec, "&".join(f"{chr(65 + k)}={x},{y}" for k, (x, y) in enumerate(places)), state)
            control = next((each for each in spec["losses"][state["loss"]]["controls"] if not each["choices"]), None)
            if control:
                state = follow(
                    spec, f"{control['name']}={random.uniform(control['minimum'], control['maximum'])}", state
                )
            state["chosen"] = random.randrange(len(state["points"]))
        elsewhere = follow(spec, "A=123&chosen=B")
        told = address.of(spec, state)
        assert told.startswith("#here?") and address.follow(spec, elsewhere, told) == state
