"""What the explorer makes of every loss of the catalogue, held against torch."""

import re

import numpy as np
import pytest
import torch

import lossviz
from lossviz import SoftmaxLoss, catalogue
from lossviz.losses import Loss
from lossviz.situations import SITUATIONS, Situation
from tests.widgets.printed import shows_share, unknown, worth
from tests.widgets.seen import Seen

DOUBLE = torch.float64
CASES = [
    pytest.param(entry.default().changed(**choices), id=" ".join(map(str, (entry.loss.__name__, *choices.values()))))
    for entry in catalogue.ENTRIES
    for choices in ({}, *entry.also)
]
# One batch of each input type: where it starts.
BATCHES = {name: each[0] for name, each in SITUATIONS.items()}
READ = """given.cases.map(([lasting, answer]) => {
  const now = state.begin(given.spec, lasting);
  const { caption, ...read } = readings_reading.read(given.spec, now, engine.resultOf(given.spec, now, answer));
  return { caption, measures: read.measures, terms: read.terms };
})"""


def softened(loss: Loss) -> Loss:
    """With a scale or a margin at which several terms count, and some do not."""
    wanted = {"scale": 3.0, "margin": 0.6, "triplet_margin": 0.6}
    return loss.changed(**{name: value for name, value in wanted.items() if name in loss.settings()})


def explorer_of(loss: Loss, **options) -> lossviz.Explorer:
    return lossviz.explore(loss, situation=BATCHES[loss.inputs.name], engine="kernel", **options)


def states_of(explorer: lossviz.Explorer) -> list[dict]:
    """As it starts, with everything in one place, and at random places."""
    shape = explorer.embeddings.shape
    places = [torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE) for seed in range(3)]
    return [explorer.state | {"points": each.tolist()} for each in (explorer.embeddings, torch.ones(shape), *places)]


def own_answer(explorer: lossviz.Explorer, lasting: dict) -> dict:
    """What the kernel engine says of a state."""
    situation = explorer.spec["situations"][lasting["situation"]]
    batch = {name: situation[name] for name in ("rows", "labels")}
    question = {"state": lasting, "points": lasting["points"], "gradients": True, "felt": True}
    (answer,) = explorer.answer({**question, **batch})
    return answer


@pytest.fixture
def readings_of(javascript):
    """readings_of(explorer, states) → [(what the page reads in torch's result, what torch says), …]."""

    def read(explorer: lossviz.Explorer, states: list[dict]) -> list[tuple[dict, Seen]]:
        given = {"spec": explorer.spec, "cases": [[each, own_answer(explorer, each)] for each in states]}
        seen = [Seen(explorer._losses, explorer.spec, each) for each in states]
        return list(zip(javascript(READ, given), seen, strict=True))

    return read


# ---- the terms


@pytest.mark.parametrize("loss", CASES)
def test_the_terms_are_those_of_torch_and_move_the_points_they_name(readings_of, loss):
    explorer = explorer_of(softened(loss))
    for read, wanted in readings_of(explorer, states_of(explorer)):
        terms, values, active = read["terms"], wanted.flat("values"), wanted.flat("active")
        assert [term["index"] for term in terms] == [k for k, each in enumerate(wanted.flat("valid")) if each]
        assert [term["value"] for term in terms] == [values[term["index"]] for term in terms]
        assert [term["active"] for term in terms] == [active[term["index"]] for term in terms]
        assert sum(term["value"] for term in terms) == pytest.approx(wanted.terms.loss.item(), abs=1e-12)
        for term in terms:
            pulls = (wanted.pieces[term["index"]].norm(dim=-1) * wanted.points.norm(dim=-1)).tolist()
            unnamed = 0.01 * 3 * 4 / len(terms) if term["kind"] == "anchor" else 1e-9  # rivals of less than 1 %
            assert all(pull < unnamed for point, pull in enumerate(pulls) if point not in term["points"])
            assert all(0 <= link["weight"] <= 1 for link in term["links"])
            assert {end for link in term["links"] for end in (link["from"], link["to"])} <= set(range(len(pulls)))


@pytest.mark.parametrize("loss", CASES)
def test_each_formula_gives_what_its_term_adds(readings_of, loss):
    explorer = explorer_of(softened(loss))
    count = 0
    for read, wanted in readings_of(explorer, states_of(explorer)):
        for term in read["terms"]:
            for name, number in term["numbers"].items():
                of_all = wanted.terms.numbers[name].expand_as(wanted.terms.values).flatten()
                assert number == of_all[term["index"]].item()
            if abs(term["value"]) > 1e-12:
                count += 1
                assert worth(term["formula"]) == pytest.approx(term["value"], rel=2e-3, abs=2e-5)
    assert count


@pytest.mark.parametrize("loss", CASES)
def test_the_sentences_count_what_counts_and_their_numbers_are_torchs(readings_of, loss):
    explorer = explorer_of(softened(loss))
    for read, wanted in readings_of(explorer, states_of(explorer)):
        terms = wanted.terms
        counts = [sum(wanted.flat(name)) for name in ("active", "valid")]
        if all("wrong" in term for term in read["terms"]):  # orders of two pairs
            counts[0] = sum(term["wrong"] for term in read["terms"])
        count = re.match(r"(\d+) of (\d+) [a-z– ]+ (?:is|are) (?:active|the wrong way round)\b", read["caption"])
        assert [int(count[1]), int(count[2])] == counts
        assert re.search(rf"; {sum(wanted.flat('active'))} of {counts[1]} [a-z– ]+ active\.$", read["measures"])
        assert f"mean {loss.reads} " in read["measures"]
        for said in (read["caption"], *(term["note"] for term in read["terms"])):
            assert unknown(said, wanted.numbers(), wanted.shares()) == []
            assert not re.search("NaN|undefined|Infinity|∞", said)
        largest = re.search("The largest term, (.*) of the loss: (.*)", read["caption"])
        if terms.active.any() and largest:
            assert shows_share(largest[1], wanted.ranked()[0] / terms.loss.item())
            assert largest[2] in [term["note"] for term in read["terms"]]


# ---- semi-hard, batch-all: who stands where


def test_a_semi_hard_negative_is_the_nearest_beyond_the_positive_or_the_farthest(readings_of):
    explorer = explorer_of(lossviz.BatchSemiHardTripletLoss(margin=1.0))
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
        assert [each["side"] for each in term["lacking"]] == ["negative"]
    everything = lossviz.explore(lossviz.BatchAllTripletLoss(), situation=alone, engine="kernel")
    ((read, _),) = readings_of(everything, [everything.state])
    assert read["terms"] == []
    assert read["caption"] == "There is no triplet in this batch: the loss is 0.0000."


def test_a_link_of_batch_all_is_as_strong_as_the_share_of_its_triplets(readings_of):
    explorer = explorer_of(lossviz.BatchAllTripletLoss(margin=6.0))  # so large that every one counts
    ((read, _),) = readings_of(explorer, [explorer.state])
    pulls = {}
    for term in read["terms"]:
        for link in term["links"]:
            key = (link["from"], link["to"], link["side"])
            pulls[key] = pulls.get(key, 0) + link["weight"]
    assert len(pulls) == 6 * 5 and list(pulls.values()) == pytest.approx([1] * 30)


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


def trained(explorer: lossviz.Explorer) -> dict:
    return {"spec": explorer.spec, "lasting": explorer.state | {"tensors": {"weight": [[1.0] * 6] * 3}}}


def test_another_concatenation_brings_weights_of_its_own_and_reset_the_first(javascript):
    explorer = explorer_of(SoftmaxLoss.initial(dimension=2, classes=3))
    (loss,) = explorer.spec["losses"].values()
    after, moved, reset = javascript(
        """((begun) => [
          state.setParameter(given.spec, begun, "concatenation_sent_multiplication", true),
          state.move(given.spec, begun, 0, [0, 1]), state.reset(given.spec, begun),
        ])(state.begin(given.spec, given.lasting))""",
        trained(explorer),
    )
    (variant,) = (each for each in loss["variants"] if all(each["choices"].values()) and each["count"] == 3)
    assert after["tensors"] == variant["tensors"] and np.array(after["tensors"]["weight"]).shape == (3, 8)
    assert moved["tensors"] == trained(explorer)["lasting"]["tensors"]
    assert reset["tensors"] == explorer.state["tensors"]


def test_a_classifier_that_reads_nothing_cannot_be_chosen(javascript):
    explorer = explorer_of(SoftmaxLoss.initial(dimension=2, classes=3))
    only = explorer.state["parameters"] | {"concatenation_sent_difference": False}
    given = {"spec": explorer.spec, "lasting": explorer.state | {"parameters": only}}
    refused = """((begun) => state.setParameter(given.spec, begun, "concatenation_sent_rep", false) === begun)(
      state.begin(given.spec, given.lasting))"""
    assert javascript(refused, given)


# ---- what a batch does not have


# In every situation, every transition with every index and with garbage: what comes back is the same state, or one that
# can be read. Returns how many were the same, how many were not, and what went wrong.
MONKEY = """given.cases.map(([lasting, answer]) => {
  const { spec } = given;
  const begun = state.begin(spec, lasting);
  const result = engine.resultOf(spec, begun, answer);
  const indices = [...Array(40).keys(), 99, 1e9, -1, 0.5, NaN, Infinity, null, undefined, "1", "length", {}, [0]];
  const place = begun.points[0];
  const acts = indices.flatMap((index) => [
    ...["point", "term", "pair", "toString"].map((kind) => (now) => state.light(spec, now, { kind, index })),
    (now) => state.move(spec, now, index, place), (now) => state.move(spec, now, 0, [index, index]),
    (now) => state.choose(spec, now, index), (now) => state.mark(spec, now, index),
    (now) => state.sketch(spec, now, [index, index]), (now) => state.answer(spec, now, index),
    (now) => state.open(spec, now, index), (now) => state.setPace(spec, now, index),
    ...["scrub", "setSpeed", "magnify"].map((name) => (now) => state[name](spec, now, index)),
    (now) => state.switchLoss(spec, now, index), (now) => state.setParameter(spec, now, index, 1),
  ]);
  const told = { same: 0, other: 0, wrong: [] };
  for (const act of acts) {
    try {
      const next = act(begun);
      told[next === begun ? "same" : "other"] += 1;
      const { lit, terms, caption } = readings_reading.read(spec, next, result);
      readings_reading.litPoints(next, terms, readings_reading.litTerms(next, terms));
      if (/NaN|undefined/.test(caption + JSON.stringify(next))) told.wrong.push(caption);
    } catch (error) {
      told.wrong.push(error.stack);
    }
  }
  return told;
})"""


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.loss.__name__)
def test_what_a_batch_does_not_have_changes_nothing(javascript, entry):
    explorer = explorer_of(entry.default())
    name = entry.loss.__name__
    starts = [
        each["starts"][name] | {"loss": name, "situation": k} for k, each in enumerate(explorer.spec["situations"])
    ]
    cases = [[each, own_answer(explorer, each)] for each in starts]
    for told in javascript(MONKEY, {"spec": explorer.spec, "cases": cases}):
        assert told["wrong"] == []
        assert told["same"] > 200 and told["other"] > 20


# ---- losses that share a batch


def test_losses_share_an_explorer_where_they_take_the_same_arguments():
    losses = [lossviz.TripletLoss(), lossviz.MultipleNegativesRankingLoss()]
    explorer = lossviz.explore(*losses, engine="kernel")
    assert len(explorer.spec["situations"]) > 3
    assert {tuple(each["rows"]) for each in explorer.spec["situations"]} == {("anchor", "positive", "negative")}
    for name, loss in zip(explorer.spec["losses"], losses, strict=True):
        explorer.state = explorer.state | {"loss": name, "parameters": {}}
        assert torch.equal(explorer.terms().loss, loss.terms(*explorer.inputs()).loss)
    wrong = r"situation: expected the arguments of TripletLoss, .*, got anchor, positive"
    with pytest.raises(ValueError, match=wrong):
        lossviz.explore(*losses, situation=BATCHES["positive_pairs"])
    with pytest.raises(ValueError, match="losses: expected losses of one input type, got labelled_pairs and triplets"):
        lossviz.explore(lossviz.TripletLoss(), lossviz.ContrastiveLoss())
