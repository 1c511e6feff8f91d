"""readings/: what a result says to a reader, of every loss in every situation, and of a reader's own."""

import json
import math
import re
from itertools import combinations

import numpy as np
import pytest
import torch

import lossviz
from lossviz import Batch, catalogue
from lossviz.situations import SITUATIONS
from lossviz.widgets import kernel
from tests.widgets import own_losses
from tests.widgets.printed import unknown, worth
from tests.widgets.seen import Seen

SEEN = 1e-9  # a gradient that is longer can be seen
SIDES = ("positive", "negative")
MOVES = re.compile(r"\b(is|are) (pulled|pushed|drawn|weighed)\b")
STATES = """(() => {
  const begun = state.begin(given.spec, given.state);
  const entered = given.spec.situations.map((_, index) => state.enter(given.spec, begun, index));
  const names = Object.keys(given.spec.losses);
  return entered.flatMap((each) => names.map((name) => state.switchLoss(given.spec, each, name)));
})()"""
READ = """given.cases.map(([now, answer]) =>
  readings_reading.read(given.spec, now, engine.resultOf(given.spec, now, answer)))"""


def explored(*losses: lossviz.Loss, **options) -> lossviz.Explorer:
    return lossviz.explore(*losses, engine="kernel", **options)


def of_kind(kind: str) -> list[lossviz.Loss]:
    return [each.default() for each in catalogue.ENTRIES if each.loss.inputs.name == kind]


@pytest.fixture(scope="module")
def readings(javascript):
    """readings(explorer, states) → [(what the page reads in torch's result, what torch sees), …].

    States that differ only in what is lit are one to torch: they share an answer, and what it sees."""

    def read(explorer: lossviz.Explorer, states: list[dict], **changes) -> list[tuple[dict, Seen]]:
        spec = json.loads(json.dumps(explorer.spec)) | changes
        asked, cases = {}, []
        for now in states:
            key = json.dumps({**now, "lit": None})
            if key not in asked:
                situation = spec["situations"][now["situation"]]
                own = {name: situation[name] for name in ("rows", "labels")}
                question = {"state": now, "points": now["points"], "gradients": True, "felt": True, **own}
                asked[key] = (*kernel.answer(question, explorer._losses, "cpu"), Seen(explorer._losses, spec, now))
            cases.append([now, *asked[key]])
        found = javascript(READ, {"spec": spec, "cases": [case[:2] for case in cases]})
        return [(each, seen) for each, (_, _, seen) in zip(found, cases, strict=True)]

    return read


@pytest.fixture(scope="module")
def every(javascript, readings):
    """every(kind) → the readings of all losses of an input type in all situations."""
    known = {}

    def of(kind: str) -> list[tuple[dict, Seen]]:
        if kind not in known:
            explorer = explored(*of_kind(kind))
            states = javascript(STATES, {"spec": explorer.spec, "state": explorer.state})
            known[kind] = readings(explorer, states)
        return known[kind]

    return of


@pytest.fixture(scope="module")
def pairs():
    return explored(lossviz.ContrastiveLoss(margin=0.4), lossviz.OnlineContrastiveLoss())


@pytest.fixture
def begun(javascript):
    return lambda explorer: javascript(
        "state.begin(given.spec, given.state)", {"spec": explorer.spec, "state": explorer.state}
    )


every_kind = pytest.mark.parametrize("kind", SITUATIONS)

# --- every loss in every situation


@every_kind
def test_every_situation_is_read_as_torch_sees_it(every, kind):
    """In the chart of the loss; each term's formula gives what it adds; no sentence has a number of its own."""
    for read, seen in every(kind):
        assert read["chart"] == seen.spec["losses"][seen.state["loss"]]["chart"] != "none"
        assert [term["index"] for term in read["terms"]] == [k for k, each in enumerate(seen.flat("valid")) if each]
        assert [term["value"] for term in read["ranked"]] == pytest.approx(seen.ranked())
        for term in read["terms"]:
            assert term["place"] == [int(each) for each in np.unravel_index(term["index"], seen.terms.values.shape)]
            assert (term["formula"] is None) == (abs(term["value"]) <= 1e-12)
            if term["formula"]:
                assert worth(term["formula"]) == pytest.approx(term["value"], rel=1e-2, abs=2e-5), term["formula"]
        said = [read["caption"], *(term["note"] for term in read["terms"])]
        assert {each for text in said for each in unknown(text, seen.numbers(), seen.shares())} == set()


@every_kind
def test_a_term_is_active_where_it_moves_a_point(every, kind):
    """Not where its slope ends in coincident points; and nothing is said to move that has no gradient."""
    for read, seen in every(kind):
        moved = seen.pieces.norm(dim=-1).amax(-1)
        for term in read["terms"]:
            if not SEEN / 30 < moved[term["index"]] < 30 * SEEN:  # there it depends on where it points
                assert term["active"] == (moved[term["index"]] > SEEN)
        for term in read["terms"]:
            assert term["active"] or not MOVES.search(term["note"]), term["note"]
        if seen.gradient.norm() < SEEN:
            assert not MOVES.search(read["caption"]) and "gradient norm 0.0000" in read["measures"]
            assert re.search("no point moves|There is no", read["caption"]), read["caption"]
        if seen.terms.loss < 1e-12:
            assert re.search("the loss is 0.0000(, and no point moves)?[.]$", read["caption"]), read["caption"]


@every_kind
def test_a_point_that_stays_is_not_pulled(readings, every, kind):
    """What the sentence about a point says of it is so: a term has a gradient by it, or its links cancel out."""
    explorer = explored(*of_kind(kind))
    states = [seen.state for _, seen in every(kind)]
    touched = [{**each, "lit": {"kind": "point", "index": k}} for each in states for k in range(len(each["points"]))]
    for now, (read, seen) in zip(touched, readings(explorer, touched), strict=True):
        index = now["lit"]["index"]
        felt = (seen.pieces[:, index].norm(dim=-1) > SEEN).any()
        moves = seen.gradient[index].norm() > SEEN
        assert felt or "cancels out" in read["caption"] or not MOVES.search(read["caption"]), read["caption"]
        assert moves or re.search("stays where it is", read["caption"]), read["caption"]


def counted(kind: str, seen: Seen) -> str:
    """How many pairs of each side a batch has, in the words of its input type."""
    rows, labels = list(seen.situation["rows"].values()), seen.situation["labels"]
    several = lambda count, one: f"{count} {one}" + ("" if count == 1 else "s")  # noqa: E731
    if kind in ("labelled_pairs", "unlabelled_pairs"):
        sides = sum(labels), len(labels) - sum(labels)
        return f"{int(sides[0])} positive and {several(int(sides[1]), 'negative pair')}"
    if kind == "labelled_sentences":
        same = [labels[a] == labels[b] for a, b in combinations(range(len(labels)), 2)]
        sides = sum(same), len(same) - sum(same)
        return f"{sides[0]} positive and {several(sides[1], 'negative pair')}"
    if kind in ("scored_pairs", "classified_pairs", "triplets"):
        return several(len(rows[0]), "triplet" if kind == "triplets" else "pair")
    sides = seen.terms.positive.sum(), seen.terms.negative.sum()
    return " and ".join(several(int(n), side) for n, side in zip(sides, SIDES, strict=True))


@every_kind
def test_what_is_measured_is_what_torch_measures(every, kind):
    for read, seen in every(kind):
        masks = [torch.tensor(seen.flat(name)).bool() for name in ("positive", "negative")]
        entries = torch.tensor(seen.flat("matrix"), dtype=torch.float64)[masks[0] | masks[1]]
        found = re.fullmatch(
            r"(.+); mean [\w -]+ (\S+); gradient norm (\S+); (\d+) of (\d+) [a-z– ]+ active\.", read["measures"]
        )
        assert found[1] == counted(kind, seen)
        measured = [entries.mean().item() if len(entries) else 0.0, seen.gradient.norm().item()]
        assert [worth(found[2]), worth(found[3])] == pytest.approx(measured, rel=0.051, abs=6e-5)
        active = sum(each and allowed for each, allowed in zip(seen.flat("active"), seen.flat("valid"), strict=True))
        assert [int(found[4]), int(found[5])] == [active, sum(seen.flat("valid"))]


# Once word for word, so that a reader of this file sees one of each.
SENTENCES = {
    "labelled_pairs": (
        lossviz.ContrastiveLoss(margin=0.4),
        "4 of 6 pairs are active. The largest term, 42\u00a0% of the loss: D–E, the positive pair of “cats and dogs”"
        " and “pouring rain”, stands at distance 0.5305 and is pulled together: it adds 0.02346.",
    ),
    "labelled_sentences": (
        lossviz.BatchHardTripletLoss(margin=1.0),
        "6 of 6 anchors are active. The largest term, 27\u00a0% of the loss: C, “unpaid bills”, has its hardest"
        " positive “no interest” at 1.4916 and its hardest negative “stock simmers” at 0.6671; it adds 0.30409.",
    ),
    "positive_pairs": (
        lossviz.MultipleNegativesRankingLoss(scale=5.0),
        "3 of 3 anchors are active. The largest term, 52\u00a0% of the loss: C, “open account?”, gives its positive"
        " “bring your ID” a share of 8\u00a0%; its strongest rival “take the bus” has 92\u00a0%.",
    ),
}


@pytest.mark.parametrize("kind", SENTENCES)
def test_the_sentence_about_the_start(readings, begun, kind):
    loss, said = SENTENCES[kind]
    explorer = explored(loss)
    ((read, _),) = readings(explorer, [begun(explorer)])
    assert read["caption"] == said


def test_the_sentence_about_a_touched_point(readings, begun, pairs):
    state = begun(pairs)
    ((read, _),) = readings(pairs, [{**state, "lit": {"kind": "point", "index": 0}}])
    assert read["caption"] == ("A, “ran the bank”, stands in 3 pairs and is pulled to B, pushed from C.")
    ((read, _),) = readings(pairs, [{**state, "lit": {"kind": "term", "index": 3}}])
    (touched,) = [term for term in read["terms"] if term["index"] == 3]
    assert read["caption"] == touched["note"]


def test_the_sentence_about_a_touched_pair_among_orders(readings, begun):
    explorer = explored(lossviz.CoSENTLoss())
    ((read, seen),) = readings(explorer, [{**begun(explorer), "lit": {"kind": "pair", "index": 0}}])
    own = [term for term in read["terms"] if 0 in term["pairs"]]
    wrong = sum(term["wrong"] for term in own)
    end = f"it stands in {len(own)} orders, {wrong} of them the wrong way round."
    assert own and read["caption"].startswith("A–B, “boil an egg?” and “egg in shell?”, has the score 0.7")
    assert read["caption"].endswith(end) and unknown(read["caption"], seen.numbers(), []) == []


def test_the_sentence_when_nothing_is_active(readings, begun, pairs):
    right, up, left, down = [1, 0], [0, 1], [-1, 0], [0, -1]
    state = {**begun(pairs), "points": [right, right, up, left, left, down]}
    ((read, _),) = readings(pairs, [state])
    assert read["caption"] == "0 of 6 pairs are active: the loss is 0.0000, and no point moves."


def test_the_sentence_when_the_loss_has_no_slope(readings, begun, pairs):
    state = {**begun(pairs), "points": [[1, 0]] * 6}
    ((read, _),) = readings(pairs, [state])
    assert read["caption"] == "0 of 6 pairs are active. The loss is 0.0533, but it has no slope here: no point moves."


def test_active_terms_that_add_nothing_are_counted(javascript, begun, pairs):
    """A loss of a reader's own may say so."""
    zeros, ones = [0.0] * 6, [1.0] * 6
    terms = {"matrix": ones, "positive": ones, "negative": zeros, "valid": ones, "active": ones, "values": zeros}
    shapes = {"matrix": [6], "values": [6]}
    answer = {"loss": 0.5, "terms": terms, "shapes": shapes, "gradients": {"anchor": [1] * 12, "other": [0] * 12}}
    given = {"spec": pairs.spec, "cases": [[begun(pairs), answer]]}
    assert javascript(f"{READ}[0].caption", given) == "6 of 6 pairs are active."


def test_a_label_between_0_and_1_weighs_both_halves(readings, begun, pairs):
    situations = [{**json.loads(json.dumps(pairs.spec["situations"][0])), "labels": [0.25] * 6}]
    ((read, seen),) = readings(pairs, [begun(pairs)], situations=situations)
    term = read["terms"][0]
    d = f"{seen.terms.matrix[0].item():.5f}".rstrip("0")
    assert term["kind"] == "both" and term["value"] > 0
    assert term["formula"] == f"½ · (0.25 · {d}² + (1 − 0.25) · max(0, 0.4 − {d})²) / 6"
    for each in read["terms"]:
        assert worth(each["formula"]) == pytest.approx(each["value"], abs=1e-5)


# --- what is lit

LIT = [
    (None, None, None),
    ({"kind": "point", "index": 2}, [2, 5], [0, 1, 2]),
    ({"kind": "term", "index": 3}, [3], [3, 5]),
    ({"kind": "point", "index": 4}, [1], [3, 4]),
    ({"kind": "pair", "index": 1}, [1], [3, 4]),
    ({"kind": "term", "index": 99}, None, None),  # what is not there lights nothing, and nothing stands back
]


@pytest.mark.parametrize(("lit", "terms", "points"), LIT)
def test_touching_one_thing_lights_what_belongs_to_it(javascript, readings, begun, pairs, lit, terms, points):
    ((read, _),) = readings(pairs, [begun(pairs)])
    found = javascript(
        """(() => {
          const { litTerms, litPoints } = readings_reading;
          const among = litTerms(given, given.terms);
          return [among, litPoints(given, given.terms, among)].map((set) => set && [...set].sort());
        })()""",
        {"lit": lit, "terms": read["terms"]},
    )
    assert found == [terms, points]


# --- a reader's own loss

OWN = {type(each).__name__: each for each in (*own_losses.SMALLEST, own_losses.OwnOrderLoss(),
       own_losses.OwnCrossLoss(), own_losses.StrangeAxesLoss(), own_losses.PlainHardestLoss(),
       own_losses.PlainRowsLoss(), own_losses.PlainTripletsLoss())}  # fmt: skip
# The first has no negative for a triplet plane.
WITHOUT_A_CHART = ("SpreadLoss", "StrangeAxesLoss", "OwnCrossLoss", "PlainRowsLoss")


def batch_of(loss: lossviz.Loss) -> Batch:
    example = loss.inputs.example(dimension=2)
    rows = dict(zip(loss.inputs.rows, example, strict=False))
    return Batch.of_rows(labels=example[-1] if loss.inputs.labels else None, **rows)


@pytest.mark.parametrize("name", OWN)
def test_a_readers_own_loss_is_read(readings, begun, name):
    """With its numbers in place of a formula, or else what it reads of the matrix, whatever its axes and roles are."""
    explorer = explored(OWN[name], batch=batch_of(OWN[name]))
    state = begun(explorer)
    touched = [None, {"kind": "point", "index": 0}, {"kind": "term", "index": 0}]
    for read, seen in readings(explorer, [{**state, "lit": lit} for lit in touched]):
        assert [term["index"] for term in read["terms"]] == [k for k, each in enumerate(seen.flat("valid")) if each]
        assert [term["value"] for term in read["ranked"]] == pytest.approx(seen.ranked())
        assert (read["chart"] == "none") == (name in WITHOUT_A_CHART)
        said = [read["caption"], read["measures"], *(term[key] for term in read["terms"] for key in ("note", "who"))]
        assert all(said) and not any(re.search("NaN|undefined|null|Infinity", text) for text in said)
        assert all(term["formula"] for term in read["ranked"])
        for term in read["ranked"] if seen.terms.numbers else ():
            told = re.findall(r"(\w+) ([^,]+)", term["formula"] or "")
            assert [name for name, _ in told] == [*seen.terms.numbers]
            assert [worth(number) for _, number in told] == pytest.approx([*term["numbers"].values()], abs=1e-5)


def test_each_axis_of_a_readers_own_is_a_sentence_of_its_own(readings, begun):
    """Query by document: the term at (0, 1) is of the first anchor and the second positive; an order has both numbers
    that it reads."""
    explorer = explored(own_losses.OwnCrossLoss())
    ((found, _),) = readings(explorer, [begun(explorer)])
    (anchor, *_), (_, second, *_) = explorer.spec["situations"][0]["rows"].values()
    assert found["terms"][1]["points"] == [anchor, second]
    assert len(found["terms"][1]["letters"]) == 2
    explorer = explored(own_losses.OwnOrderLoss())
    ((found, seen),) = readings(explorer, [begun(explorer)])
    for term in found["ranked"]:
        told = [worth(each) for each in term["formula"].removeprefix("cosine ").split(", ")]
        assert told == pytest.approx(seen.terms.matrix[torch.tensor(term["pairs"])].tolist(), abs=1e-4)


def test_a_term_without_numbers_tells_what_it_reads_of_a_large_matrix(readings, begun):
    """Of a triplet both distances; of an anchor what it chose, or the first of its row, and how long the row is."""
    for loss in (own_losses.PlainTripletsLoss(), own_losses.PlainHardestLoss(), own_losses.PlainRowsLoss()):
        explorer = explored(loss, batch=batch_of(loss))
        ((found, seen),) = readings(explorer, [begun(explorer)])
        assert found["ranked"]
        for term in found["ranked"]:
            anchor, *others = term["place"]
            chosen = [each[anchor].item() for each in seen.terms.chosen.values()]
            wanted = seen.terms.matrix[anchor][others or chosen or range(4)].tolist()
            told, _, more = term["formula"].removeprefix("distance ").partition(", … ")
            assert [worth(each) for each in told.split(", ")] == pytest.approx(wanted, abs=1e-4)
            assert more == ("" if others or chosen else "(6 in all)")


STRANGE = [
    (("pair",), (4,)), (("anchor", "rival"), (4, 7)), (("direction", "anchor"), (2, 4)), (("a", "b", "c"), (2, 3, 4)),
    (("lower_pair", "higher_pair"), (4, 4)), ((), ()), (("constructor",), (4,)), (("anchor", "positive"), (4, 4)),
]  # fmt: skip


@pytest.mark.parametrize("kind", SITUATIONS)
@pytest.mark.parametrize(("axes", "shape"), STRANGE)
def test_nothing_that_a_loss_may_say_throws(javascript, begun, kind, axes, shape):
    """Axes, shapes, roles and names of which no chart has heard; no shares, no numbers, no labels that fit."""
    explorer = explored(of_kind(kind)[0])
    state, spec = begun(explorer), json.loads(json.dumps(explorer.spec))
    loss = spec["losses"][state["loss"]]
    loss["axes"] = list(axes)
    for variant in loss["variants"]:
        variant["formulas"] = None
    count, cases = math.prod(shape), []
    for matrix in ((4,), (4, 2), (4, 4), (3, 5), ()):
        entries = [0.5] * math.prod(matrix)
        many = [0.25] * count
        terms = {"matrix": entries, "positive": [1.0] * len(entries), "negative": [0.0] * len(entries),
                 "valid": [1.0] * count, "active": many, "values": many, "pulls": many}  # fmt: skip
        roles = {"hardest_negative": [1.0] * count, "target": [99.0] * count, "__proto__x": [0.0]}
        named = {"chosen": roles, "thresholds": {"half": 0.5}, "numbers": {"gap": 0.5}}
        shapes = {"matrix": list(matrix), "values": list(shape), "numbers": {"gap": []}}
        gradients = {name: [0.0] * 2 * len(rows) for name, rows in spec["situations"][0]["rows"].items()}
        for extra in ({}, named):
            answer = {"loss": 1.0, "terms": terms | extra, "shapes": shapes, "gradients": gradients}
            cases += [[{**state, "lit": lit}, answer] for lit in (None, {"kind": "term", "index": 0})]
    words = "({ terms }) => terms.map(({ note, formula, who, letters }) => [note, formula, who, letters])"
    assert all(len(each) == count for each in javascript(f"{READ}.map({words})", {"spec": spec, "cases": cases}))
