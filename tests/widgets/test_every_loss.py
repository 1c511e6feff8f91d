"""What the explorer makes of every loss of the catalogue, held against torch; and the pure functions of its charts."""

import math
import re

import numpy as np
import pytest
import torch

import lossviz
from lossviz import CoSENTLoss, SoftmaxLoss, catalogue
from lossviz.losses import Loss
from lossviz.situations import Situation, on_circle
from tests.widgets.expected import BATCHES, Expected, percent

DOUBLE = torch.float64
CASES = [
    pytest.param(entry, choices, id=f"{entry.loss.__name__} {' '.join(map(str, choices.values()))}")
    for entry in catalogue.ENTRIES
    for choices in ({}, *entry.also)
]
MASKED = -1e300  # what a search leaves out has the lowest number there is


def softened(loss: Loss) -> Loss:
    """With a scale or a margin at which several terms count, and some do not."""
    wanted = {"scale": 3.0, "margin": 0.6, "triplet_margin": 0.6}
    return loss.changed(**{name: value for name, value in wanted.items() if name in loss.settings()})


def explorer_of(loss: Loss, **options) -> lossviz.Explorer:
    return lossviz.explore(loss, situation=BATCHES[loss.inputs.name], **options)


def states_of(explorer: lossviz.Explorer) -> list[dict]:
    """As it starts, with everything in one place, and at random places."""
    shape = explorer.embeddings.shape
    places = [torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE) for seed in range(3)]
    return [explorer.state | {"points": each.tolist()} for each in (explorer.embeddings, torch.ones(shape), *places)]


class Seen(Expected):
    """Torch's view of a state of one loss, with all that the page leaves as it was made."""

    @property
    def loss(self) -> Loss:
        return self.spec["loss"].changed(**self.parameters, **self.tensors)


def result_of(wanted: Expected) -> dict:
    """What an engine answers."""
    terms = wanted.terms
    names = ("matrix", "positive", "negative", "valid", "active", "values")
    found = {name: getattr(terms, name).double().flatten().tolist() for name in names}
    found["matrix"] = [max(each, MASKED) for each in found["matrix"]]  # JSON holds no larger ones
    found["chosen"] = {role: places.flatten().tolist() for role, places in terms.chosen.items()}
    found["thresholds"] = {name: value.item() for name, value in terms.thresholds.items()}
    return {
        "loss": terms.loss.item(),
        "terms": found,
        "pointGradients": wanted.gradient.tolist(),
        "shapes": {"matrix": list(terms.matrix.shape)},
    }


@pytest.fixture
def readings_of(javascript):
    """readings_of(explorer) → [(what the page reads in torch's result, what torch says), …]."""

    def read(explorer: lossviz.Explorer, states: list[dict]) -> list[tuple[dict, Seen]]:
        (loss,) = explorer._losses.values()
        seen = [Seen(type(loss), {**explorer.spec, "loss": loss}, state) for state in states]
        given = {"spec": explorer.spec, "cases": [[each.state, result_of(each)] for each in seen]}
        found = javascript("given.cases.map(([s, result]) => reading.read(given.spec, s, result))", given)
        return list(zip(found, seen, strict=True))

    return read


# ---- the terms


@pytest.mark.parametrize(("entry", "choices"), CASES)
def test_the_terms_are_those_of_torch_and_move_the_points_they_name(readings_of, entry, choices):
    explorer = explorer_of(softened(entry.default().changed(**choices)), engine="kernel")
    for read, wanted in readings_of(explorer, states_of(explorer)):
        terms, values = read["terms"], wanted.terms.values.flatten().tolist()
        valid, active = (getattr(wanted.terms, name).flatten().tolist() for name in ("valid", "active"))
        assert [term["index"] for term in terms] == [k for k, each in enumerate(valid) if each]
        assert [term["value"] for term in terms] == [values[term["index"]] for term in terms]
        assert [term["active"] for term in terms] == [active[term["index"]] for term in terms]
        assert sum(term["value"] for term in terms) == pytest.approx(wanted.terms.loss.item(), abs=1e-12)
        weights = [link["weight"] for term in terms for link in term["links"]]
        assert all(0 <= each <= 1 for each in weights)
        if entry.loss.axes == ("lower pair", "higher pair"):
            continue  # a share of a logarithm moves with every other share
        for point, pieces in enumerate(all_pieces(wanted)):
            for term in terms:
                pull = (pieces[term["index"]].norm() * wanted.points[point].norm()).item()
                unnamed = 0.01 * 3 * 4 / len(terms) if term["kind"] == "anchor" else 1e-9  # rivals of less than 1 %
                assert point in term["points"] or pull < unnamed


def all_pieces(wanted: Expected) -> torch.Tensor:
    """The gradient of every term by every point, (points, terms, d)."""
    values = wanted.terms.values.flatten()
    each = [torch.autograd.grad(value, wanted.points, retain_graph=True)[0] for value in values]
    return torch.stack(each, 1)


DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
SIGNS = {"e^": "E**", "−": "-", "·": "*", "²": "**2", "½": "0.5"}


def worth(formula: str) -> float:
    """The number that a written formula stands for."""
    python = re.sub(r"·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda power: "e" + power[1].translate(DIGITS), formula)
    python = re.sub(r"ln (\(.*?\)|[^\s)]+)", r"ln(\1)", python)
    for written, meant in SIGNS.items():
        python = python.replace(written, meant)
    return eval(python, {"ln": math.log, "E": math.e})


@pytest.mark.parametrize(("entry", "choices"), CASES)
def test_each_formula_gives_what_its_term_adds(readings_of, entry, choices):
    explorer = explorer_of(softened(entry.default().changed(**choices)), engine="kernel")
    count = 0
    for read, _ in readings_of(explorer, states_of(explorer)):
        for term in read["terms"]:
            if term["value"]:
                count += 1
                assert worth(term["formula"]) == pytest.approx(term["value"], rel=2e-3, abs=2e-5)
    assert count


NOUNS = {
    ("anchor", "positive"): "positive pair",
    ("anchor", "positive", "negative"): "triplet",
    ("direction", "anchor"): "choice",
}


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.loss.__name__)
def test_the_sentence_counts_what_counts(readings_of, entry):
    explorer = explorer_of(softened(entry.default()), engine="kernel")
    for read, wanted in readings_of(explorer, states_of(explorer)):
        terms = wanted.terms
        if entry.loss.axes == ("lower pair", "higher pair"):
            fallen = terms.matrix[:, None] > terms.matrix
            start = f"{int((terms.valid & fallen).sum())} of {int(terms.valid.sum())} orders are the wrong way round"
        else:
            noun = NOUNS.get(entry.loss.axes, entry.loss.axes[-1])
            start = f"{int(terms.active.sum())} of {int(terms.valid.sum())} {noun}s are active"
        assert read["caption"].startswith(start)
        assert f"mean {entry.matrix} " in read["measures"]
        largest = max(read["terms"], key=lambda term: abs(term["value"]))
        if terms.active.any():
            share = percent(largest["value"] / terms.loss.item())
            assert f"The largest term, {share} of the loss: {largest['note']}" in read["caption"]


# ---- semi-hard, batch-all: who stands where


def test_a_semi_hard_negative_is_the_nearest_beyond_the_positive_or_the_farthest(readings_of):
    explorer = explorer_of(lossviz.BatchSemiHardTripletLoss(margin=1.0), engine="kernel")
    told = set()
    for read, wanted in readings_of(explorer, states_of(explorer)):
        for term in read["terms"]:
            anchor, other = divmod(term["index"], 6)
            distance = wanted.terms.matrix.detach()[anchor]
            negatives = distance[wanted.terms.negative[anchor]]
            beyond = negatives[negatives > distance[other]]
            assert term["toNegative"] == (beyond.min() if len(beyond) else negatives.max())
            assert ("nearest negative beyond" in term["note"]) == bool(len(beyond))
            assert term["reach"] == {"from": anchor, "to": other}
            told.add(bool(len(beyond)))
    assert told == {True, False}


def test_in_a_batch_of_one_class_semi_hard_takes_the_anchor_itself(readings_of):
    start = BATCHES["labelled_sentences"]
    alone = Situation("alone", "Alone", start.keys, start.rows, (0,) * 6, start.places)
    explorer = lossviz.explore(lossviz.BatchSemiHardTripletLoss(margin=1.0), situation=alone, engine="kernel")
    ((read, _),) = readings_of(explorer, [explorer.state])
    for term in read["terms"]:
        assert (term["toNegative"], len(term["points"])) == (0, 2)
        assert term["standIns"] == ["no negative in the batch: counted as the smallest distance of its row"]
    everything = lossviz.explore(lossviz.BatchAllTripletLoss(), situation=alone, engine="kernel")
    ((read, _),) = readings_of(everything, [everything.state])
    assert read["terms"] == []
    assert read["caption"] == "There is no triplet in this batch: the loss is 0.0000."


def test_a_link_of_batch_all_is_as_strong_as_the_share_of_its_triplets(readings_of):
    explorer = explorer_of(lossviz.BatchAllTripletLoss(margin=6.0), engine="kernel")  # so large that every one counts
    ((read, _),) = readings_of(explorer, [explorer.state])
    pulls = {}
    for term in read["terms"]:
        for link in term["links"]:
            key = (link["from"], link["to"], link["side"])
            pulls[key] = pulls.get(key, 0) + link["weight"]
    assert len(pulls) == 6 * 5 and list(pulls.values()) == pytest.approx([1] * 30)


# ---- orders: the article's example


def cosines(*wanted: float) -> tuple[tuple[float, float], ...]:
    """Places of pairs, two by two, with these cosines."""
    turns = [math.degrees(math.acos(each)) for each in wanted]
    return on_circle(*(angle for k, turn in enumerate(turns) for angle in (70 * k, 70 * k + turn)))


ARTICLE = Situation(
    "article", "The article's example", BATCHES["labelled_sentences"].keys, {"first": (0, 2, 4), "second": (1, 3, 5)},
    (0.1, 0.7, 0.9), cosines(0.3, 0.4, 0.2),
)  # fmt: skip


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0.0 %"), (0.0001, "<0.1 %"), (0.0161, "1.6 %"), (0.8649, "86.5 %"), (0.9999, ">99.9 %")]
)
def test_a_share_in_tenths(javascript, share, text):
    assert javascript("words.tenths(given)", share) == text.replace(" ", "\u00a0")


# ---- pulls.js


TERMS = [
    {"index": 0, "active": True, "links": [{"from": 0, "to": 1, "side": "positive", "weight": 0.7}]},
    {"index": 4, "active": True, "links": [{"from": 1, "to": 0, "side": "positive", "weight": 0.6},
                                           {"from": 0, "to": 1, "side": "negative", "weight": 0.2}]},
    {"index": 5, "active": False, "links": [{"from": 0, "to": 2, "side": "negative", "weight": 1}]},
]  # fmt: skip


def test_links_between_two_points_are_one_rope(javascript):
    ropes = javascript("pulls.ropesOf(given, null)", TERMS)
    found = [(rope["ends"], rope["side"], rope["terms"], rope["active"], rope["weight"]) for rope in ropes]
    assert found == [
        ("0,1", "positive", [0, 4], True, 1),  # never more than the whole
        ("0,1", "negative", [4], True, 0.2),
        ("0,2", "negative", [5], False, 0),
    ]
    assert [rope["aside"] for rope in ropes] == [-0.5, 0.5, 0]  # two ropes lie side by side
    lit = javascript("pulls.ropesOf(given, new Set([4]))", TERMS)
    assert [rope["weight"] for rope in lit] == [0.6, 0.2, 0]


@pytest.mark.parametrize("count", [1, 8, 9, 40])
def test_pieces_add_up_however_many_are_shown(javascript, count):
    gradients = torch.randn(count, 2, generator=torch.Generator().manual_seed(count), dtype=DOUBLE)
    given = [{"kind": "triplet", "gradient": each} for each in gradients.tolist()]
    found = javascript("pulls.gathered(given, 8)", given)
    assert len(found) == min(8, count)
    assert np.sum([each["gradient"] for each in found], 0) == pytest.approx(gradients.sum(0).numpy())
    assert [each["kind"] for each in found].count("rest") == (count > 8)


@pytest.mark.parametrize("point", range(6))
def test_the_pieces_of_orders_are_those_of_the_exponents_and_add_up(javascript, readings_of, point):
    explorer = lossviz.explore(CoSENTLoss(scale=3.0), situation=ARTICLE, engine="kernel")
    ((read, wanted),) = readings_of(explorer, [explorer.state])
    slopes = explorer._pieces({"state": explorer.state, "point": point, "part": "matrix"})
    given = {"slopes": slopes, "state": explorer.state, "terms": read["terms"]}
    asked = f"pulls.piecesOf({{ pieces: async () => given.slopes }}, given.state, given.terms, {point})"
    pieces = javascript(asked, given)
    assert len(pieces) == 2  # a pair stands in two of the three orders
    assert np.sum([each["gradient"] for each in pieces], 0) == pytest.approx(wanted.gradient[point].numpy())


@pytest.mark.parametrize("distance", ["euclidean", "manhattan", "cosine"])
def test_the_reach_of_an_anchor_is_where_its_positive_could_stand(javascript, distance):
    centre, through = on_circle(30, 95)
    path = javascript("pulls.reachPath(given.d, given.a, given.b, (p) => [100 * p[0], 100 * p[1]])",
                      {"d": distance, "a": centre, "b": through})  # fmt: skip
    places = torch.tensor(np.array(re.findall(r"-?\d+\.?\d*", path), dtype=float).reshape(-1, 2) / 100)
    measure = lossviz.distances.paired(distance)
    wanted = measure(*(torch.tensor(each, dtype=DOUBLE) for each in (centre, through)))
    ends = places[[0, -1]] if distance == "cosine" else places
    found = measure(torch.tensor(centre, dtype=DOUBLE).expand(ends.shape), ends)
    assert torch.allclose(found, wanted.expand(len(ends)), atol=2e-3)


# ---- tensors that are trained


@pytest.mark.parametrize("size", [(3,), (3, 4), (2, 3, 2)])
def test_a_tensor_steps_as_torchs_does(javascript, size):
    tensor, gradient = torch.randn(2, *size, generator=torch.Generator().manual_seed(1), dtype=DOUBLE)
    given = [tensor.tolist(), gradient.flatten().tolist(), 0.3]
    shape, flat, after = javascript(
        "[tensors.shape(given[0]), [...tensors.flat(given[0])], tensors.descended(...given)]", given
    )
    assert shape == list(size) and flat == tensor.flatten().tolist()
    assert np.array(after) == pytest.approx((tensor - 0.3 * gradient).numpy())


def classifier() -> lossviz.Explorer:
    return explorer_of(SoftmaxLoss.initial(dimension=2, classes=3), engine="kernel")


def test_another_concatenation_brings_weights_of_its_own_and_reset_the_first(javascript):
    explorer = classifier()
    (loss,) = explorer.spec["losses"].values()
    trained = {**explorer.state, "tensors": {"weight": [[1.0] * 6] * 3, "bias": [0.0] * 3}, "history": [1.0]}
    given = {"spec": explorer.spec, "state": trained}
    turn = "state.setParameter(given.spec, given.state, 'concatenation_sent_multiplication', true)"
    after, moved, reset = javascript(
        f"[{turn}, state.move(given.spec, given.state, 0, [0, 1]), state.reset(given.spec, given.state)]", given
    )
    assert after["tensors"] == loss["variants"]["true|true|true|3"]["tensors"]
    assert np.array(after["tensors"]["weight"]).shape == (3, 8)
    assert moved["tensors"] == trained["tensors"]
    assert reset["tensors"] == explorer.state["tensors"]


def test_a_classifier_that_reads_nothing_cannot_be_chosen(javascript):
    explorer = classifier()
    only = explorer.state["parameters"] | {"concatenation_sent_difference": False}
    given = {"spec": explorer.spec, "state": {**explorer.state, "parameters": only}}
    refused = "state.setParameter(given.spec, given.state, 'concatenation_sent_rep', false) === given.state"
    assert javascript(refused, given)


@pytest.mark.parametrize("trains", [True, False])
def test_a_step_trains_the_weights_where_it_shall(javascript, trains):
    explorer = classifier()
    state = {**explorer.state, "rate": 0.5, "trains": trains}
    wanted = Expected(SoftmaxLoss, explorer.spec, state)
    gradients = {name: each.flatten().tolist() for name, each in wanted.tensor_gradients.items()}
    result = {"loss": 1.0, "pointGradients": wanted.gradient.tolist(), "rowGradients": gradients}
    given = {"spec": explorer.spec, "state": state, "result": result}
    after = javascript("state.step(given.spec, given.state, given.result)", given)
    expected = wanted.trained() if trains else wanted.tensors
    for name, tensor in expected.items():
        assert np.array(after["tensors"][name]) == pytest.approx(tensor.detach().numpy())
    explorer.set_state({"state": after})
    assert torch.allclose(explorer.loss.weight, expected["weight"].detach())


# ---- losses that share a batch


def test_losses_share_an_explorer_where_they_take_the_same_arguments():
    losses = [lossviz.TripletLoss(), lossviz.MultipleNegativesRankingLoss()]
    explorer = lossviz.explore(*losses, engine="kernel")
    assert len(explorer.spec["situations"]) > 3
    assert {tuple(each["rows"]) for each in explorer.spec["situations"]} == {("anchor", "positive", "negative")}
    for name, loss in zip(explorer.spec["losses"], losses, strict=True):
        explorer.set_state({"state": {**explorer.state, "loss": name, "parameters": {}}})
        assert torch.equal(explorer.terms().loss, loss.terms(*explorer.inputs()).loss)
    wrong = r"situation: expected the arguments of TripletLoss, .*, got \(anchor, positive\)"
    with pytest.raises(ValueError, match=wrong):
        lossviz.explore(*losses, situation=BATCHES["positive_pairs"])
    with pytest.raises(ValueError, match="losses: expected losses of one input type, got labelled_pairs and triplets"):
        lossviz.explore(lossviz.TripletLoss(), lossviz.ContrastiveLoss())
