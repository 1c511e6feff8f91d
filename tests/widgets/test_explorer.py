"""The Python side of the explorer, and both engines against torch: what Python says is what the page shows."""

import json
import math
import re

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import glu

import lossviz
from lossviz import (
    BatchAllTripletLoss,
    BatchHardTripletLoss,
    ContrastiveLoss,
    CosineSimilarityLoss,
    Loss,
    MultipleNegativesRankingLoss,
    OnlineContrastiveLoss,
    SoftmaxLoss,
    TripletLoss,
    explore,
    sentences,
)
from lossviz.batches import Batch
from lossviz.catalogue import ENTRIES, Entry
from lossviz.lowering import UnknownOperator, to_javascript
from lossviz.situations import SITUATIONS, Situation, on_circle, situation, situations
from lossviz.situations.offered import MOST_NUMBERS, MOST_POINTS, MOST_TERMS, ignores_length
from tests.widgets.in_the_book import FAMILIES
from tests.widgets.own_losses import (
    SMALLEST,
    DetachedLoss,
    FixedLoss,
    GammaLoss,
    HalvedLoss,
    HeldBackLoss,
    LinearContrastiveLoss,
    OldFunctionLoss,
    OwnTripletLoss,
    SignedLoss,
    SpreadLoss,
    StrangeAxesLoss,
    SumLoss,
)

DOUBLE = torch.float64
CASES = [
    pytest.param(entry, each, id=f"{entry.loss.__name__}-{each.name}")
    for entry in ENTRIES
    for each in situations(entry.loss.inputs.name)
    if each.loss in (None, entry.loss.__name__)
]
every_loss = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.loss.__name__)


def squared(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().sum(-1)


def minus_dot(x: Tensor, y: Tensor) -> Tensor:
    return -(x * y).sum(-1)


def by_hand(points: Tensor, rows: dict, labels: list | None) -> list[Tensor]:
    """The arguments of a loss, gathered row by row."""
    gathered = [torch.stack([points[k] for k in each]) for each in rows.values()]
    return gathered if labels is None else [*gathered, torch.tensor(labels, dtype=DOUBLE)]


# What explore() gives


def by_themselves(entry: Entry, batch: Situation) -> Loss:
    """The loss with its own parameters and those that the situation brings for it."""
    loss = entry.default()
    return loss.changed(**{name: value for name, value in batch.parameters.items() if name in loss.settings()})


def numbers_of(loss: Loss) -> dict[str, object]:
    """Its parameters, without functions and tensors."""
    return {name: each for name, each in loss.settings().items() if not (callable(each) or torch.is_tensor(each))}


@pytest.mark.parametrize(("entry", "batch"), CASES)
def test_it_starts_in_the_situation_asked_for(entry, batch):
    explorer, loss = explore(entry.default(), situation=batch.name, engine="kernel"), by_themselves(entry, batch)
    others = [each for each in situations(loss.inputs.name) if each.listed and each.loss in (None, entry.loss.__name__)]
    assert [each["title"] for each in explorer.spec["situations"]] == [
        each.title for each in (batch, *(each for each in others if each is not batch))
    ]
    wanted = batch.points(2)
    if ignores_length(loss):
        wanted = torch.nn.functional.normalize(wanted)
    assert torch.allclose(explorer.embeddings, wanted, rtol=0, atol=1e-12)
    assert numbers_of(explorer.loss) == numbers_of(loss)
    assert sorted(explorer.state) == ["loss", "parameters", "points", "situation", "tensors"]
    described = explorer.spec["situations"][0]
    assert described["chosen"] == batch.chosen < len(batch.keys)
    assert [each["text"] for each in described["sentences"]] == [sentences.sentence(key).text for key in batch.keys]
    arguments = by_hand(explorer.embeddings, batch.rows, batch.labels)
    assert all(map(torch.equal, explorer.inputs(), arguments)) and len(explorer.inputs()) == len(arguments)
    assert torch.allclose(explorer.terms().loss, loss.terms(*arguments).loss, rtol=1e-12, atol=0)


ALL_FOUR = ("query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc")
BOTH = ("query_to_doc", "doc_to_query")
ONE_WAY = {"directions": ("query_to_doc",), "partition_mode": "joint", "hardness_mode": None}
VARIANTS = {
    "ContrastiveLoss": [
        ({"distance": distance, "size_average": flag}, 3, shape)
        for distance, shape in (("cosine", "circle"), ("euclidean", "free"), ("manhattan", "free"))
        for flag in (True, False)
    ],
    "OnlineContrastiveLoss": [
        ({"distance": "cosine"}, 3, "circle"),
        ({"distance": "euclidean"}, 3, "free"),
        ({"distance": "manhattan"}, 3, "free"),
    ],
    "BatchHardTripletLoss": [
        ({"distance": "cosine"}, 2, "circle"),
        ({"distance": "euclidean"}, 2, "free"),
        ({"distance": "manhattan"}, 2, "free"),
    ],
    # With explicit negatives the loss takes three arguments. What a situation names besides the controls is lowered for
    # its own batch.
    "MultipleNegativesRankingLoss": [
        *(
            ({"similarity": similarity, **ONE_WAY}, count, shape)
            for count in (2, 3)
            for similarity, shape in (("cosine", "circle"), ("dot", "free"))
        ),
        *(
            ({"similarity": "cosine", **ONE_WAY, "directions": directions, "partition_mode": mode}, 2, "circle")
            for directions, mode in (
                (ALL_FOUR[:1], "per_direction"),
                (ALL_FOUR[:2], "joint"),
                (BOTH, "joint"),
                (BOTH, "per_direction"),
                (ALL_FOUR, "joint"),
            )
        ),
        *(
            ({"similarity": "cosine", **ONE_WAY, "hardness_mode": mode}, 3, "circle")
            for mode in ("in_batch_negatives", "hard_negatives", "all_negatives")
        ),
    ],
}
CONTROLS = {
    "ContrastiveLoss": {"margin": (0.0, 2.0), "distance": (None, None), "size_average": (None, None)},
    "OnlineContrastiveLoss": {"margin": (0.0, 2.0), "distance": (None, None)},
    "BatchHardTripletLoss": {"margin": (0.0, 6.0), "distance": (None, None)},
    "MultipleNegativesRankingLoss": {"scale": (1.0, 50.0), "similarity": (None, None)},
}


@pytest.mark.parametrize("losses", FAMILIES.values(), ids=lambda losses: type(losses[0]).__name__)
def test_every_choice_has_a_variant_and_a_control(losses):
    explorer = explore(*losses)
    assert list(explorer.spec["losses"]) == [type(loss).__name__ for loss in losses]
    variants = []
    for name, loss in explorer.spec["losses"].items():
        variants += loss["variants"]
        assert [(each["choices"], each["count"], each["shape"]) for each in loss["variants"]] == VARIANTS[name]
        assert {each["name"]: (each["minimum"], each["maximum"]) for each in loss["controls"]} == CONTROLS[name]
    names = [each[kind] for each in variants for kind in ("module", "value")]
    assert len(set(names)) == len(names) and set(explorer.modules) == set(names)


ABOUT_CONTRASTIVE = [each.name for each in situations("labelled_pairs") if each.loss == "ContrastiveLoss"]


def test_a_situation_about_one_loss_is_offered_where_that_loss_is():
    both = explore(ContrastiveLoss(), OnlineContrastiveLoss(), engine="kernel")
    alone = [explore(loss, engine="kernel") for loss in (ContrastiveLoss(), OnlineContrastiveLoss())]
    names = [{each["name"] for each in explorer.spec["situations"]} for explorer in (both, *alone)]
    assert names[1] == names[0] - {"one move", "half off", "something to teach", "a single positive"}
    assert names[2] == names[0] - set(ABOUT_CONTRASTIVE)
    assert "first" not in names[0]  # not listed: only an explorer that begins with it has it


@pytest.mark.parametrize("order", [1, -1])
def test_the_first_loss_is_the_one_that_the_situation_is_about(order):
    losses = [ContrastiveLoss(), OnlineContrastiveLoss()][::order]
    assert explore(*losses, engine="kernel").state["loss"] == type(losses[0]).__name__
    about = explore(*losses, situation="one move", engine="kernel")
    assert about.state["loss"] == "OnlineContrastiveLoss"
    assert set(about.spec["situations"][0]["starts"]) == {"ContrastiveLoss", "OnlineContrastiveLoss"}


def test_a_compact_explorer_has_one_batch_and_cures_only_what_it_can():
    explorer = explore(ContrastiveLoss(), OnlineContrastiveLoss(), situation="easy", compact=True, engine="kernel")
    (easy,) = explorer.spec["situations"]
    assert explorer.spec["compact"] and easy["name"] == "easy"
    assert [cure["loss"] for cure in easy["cures"]] == ["ContrastiveLoss"]  # "hard negatives" is not there


def test_a_cure_that_needs_another_loss_is_offered_where_that_loss_is():
    offered = {}
    for count, losses in ((1, [OnlineContrastiveLoss()]), (2, [OnlineContrastiveLoss(), ContrastiveLoss()])):
        found = explore(*losses, engine="kernel").spec["situations"]
        (easy,) = (each for each in found if each["name"] == "easy")
        offered[count] = [(cure["situation"], cure["loss"]) for cure in easy["cures"]]
    assert offered == {1: [("hard negatives", None)], 2: [("hard negatives", None), (None, "ContrastiveLoss")]}


OWN = Situation(
    "own", "Own", ("ran_the_bank", "ran_to_bank"), {"anchor": (0, 0), "other": (1, 0)}, (0, 1), on_circle(0, 90)
)
ALONE = Situation(
    "alone", "Alone", ("ran_the_bank", "ran_to_bank"), {"anchor": (0,), "other": (1,)}, (1,), on_circle(0, 90)
)


def test_a_situation_of_ones_own():
    explorer = explore(ContrastiveLoss(margin=2.0), situation=OWN)
    assert len(explorer.spec["situations"]) == 1
    assert explorer.terms().values.tolist() == pytest.approx([0.25, 0])  # ½ · (2 − 1)² / 2


def test_real_embeddings():
    explorer = explore(ContrastiveLoss(), situation="easy", dimension=384)
    keys = situations("labelled_pairs")[0].keys
    assert torch.equal(explorer.embeddings, sentences.embeddings(keys).double())
    assert explorer.terms().matrix.shape == (6,)
    assert len(explorer.spec["situations"]) == 1
    assert not [name for name in explorer.modules if name.endswith("value")]  # no plane, no heat map


@pytest.mark.parametrize(
    ("loss", "options", "name"),
    [
        (ContrastiveLoss(), {}, "contrastive-start"),
        (ContrastiveLoss(), {"situation": "which pairs count"}, "contrastive-which-pairs-count"),
        (lossviz.CoSENTLoss(), {}, "cosent-start"),
        (lossviz.AnglELoss(), {}, "angle-start"),
        (lossviz.ContrastiveTensionLossInBatchNegatives(), {}, "contrastive-tension-in-batch-negatives-start"),
        (ContrastiveLoss(), {"situation": OWN}, "contrastive-own"),
        (OwnTripletLoss(), {}, "own-triplet-start"),
        (ContrastiveLoss(), {"name": "Two-Lines-1"}, "Two-Lines-1"),
    ],
)
def test_it_has_a_name(loss, options, name):
    explorer = explore(loss, engine="kernel", **options)
    assert explorer.name == explorer.spec["name"] == name


# A batch of one's own


def own_batch(loss: Loss, dimension: int = 3, rows: int = 5) -> Batch:
    """Random rows, with labels as the input type has them."""
    *given, last = loss.inputs.example(batch=rows, dimension=dimension)
    arguments = given if loss.inputs.labels else [*given, last]
    named = dict(zip(loss.inputs.rows, arguments, strict=True))
    return Batch.of_rows(labels=last if loss.inputs.labels else None, **named)


def test_a_batch_of_ones_own_is_shown_as_it_is():
    texts = {"anchor": ["a dog", "a dog"], "other": ["a puppy", "the tax"]}
    anchor, other = torch.tensor([[3.0, 0, 4], [3, 0, 4]]), torch.tensor([[3.0, 0, 3], [0, 1, 0]])
    batch = Batch.of_rows(anchor=anchor, other=other, labels=[True, False], texts=texts, classes=("far", "near"))
    explorer = explore(ContrastiveLoss(distance="euclidean", margin=1.0), batch=batch, name="mine")
    assert explorer.terms().values.tolist() == [0.25, 0] and explorer.spec["dimension"] == 3
    (shown,) = explorer.spec["situations"]
    assert [each["text"] for each in shown["sentences"]] == ["a dog", "a puppy", "the tax"]
    assert (shown["name"], shown["title"], shown["classes"]) == ("batch", "Your batch", ("far", "near"))
    assert explorer.embeddings.tolist() == [[3, 0, 4], [3, 0, 3], [0, 1, 0]]
    assert explore(ContrastiveLoss(), batch=batch, engine="kernel").name == "contrastive-batch"


def test_rows_come_in_the_order_of_the_loss():
    batch = Batch.of_rows(negative=[[3.0, 0]], anchor=[[0.0, 0]], positive=[[1.0, 0]])
    explorer = explore(lossviz.TripletLoss(), batch=batch, engine="kernel")
    assert explorer.terms().matrix.tolist() == [[1, 3]]
    assert list(explorer.spec["situations"][0]["rows"]) == ["anchor", "positive", "negative"]


TWO = [[1.0, 0.0], [0.0, 1.0]]
PAIRS = {"anchor": TWO, "other": TWO}
WRONG_BATCHES = [
    (ContrastiveLoss(), TWO, {}, "batch: expected a Batch, got list"),
    (ContrastiveLoss(), Batch.of_rows(**PAIRS, labels=[1, 0]), {"situation": "easy"},
     "situation: expected none beside a batch, got 'easy'"),
    (ContrastiveLoss(), Batch.of_rows(**PAIRS, labels=[1, 0]), {"situation": OWN},
     "situation: expected none beside a batch, got 'own'"),
    (ContrastiveLoss(), Batch.of_rows(**PAIRS, labels=[1, 0]), {"dimension": 384},
     "dimension: expected that of the batch, 2, got 384"),
    (ContrastiveLoss(), Batch.of_rows(first=TWO, second=TWO, labels=[1, 0]), {},
     "batch: expected the arguments of ContrastiveLoss, anchor, other, got first, second"),
    (MultipleNegativesRankingLoss(), Batch.of_rows(anchor=TWO), {},
     "batch: expected the arguments of MultipleNegativesRankingLoss, anchor, positive, got anchor"),
    (MultipleNegativesRankingLoss(), Batch.of_rows(anchor=TWO, positive=TWO, negatives=TWO), {},
     "batch: expected the arguments of MultipleNegativesRankingLoss, anchor, positive, negative, "
     "got anchor, positive, negatives"),
    (ContrastiveLoss(), Batch.of_rows(**PAIRS), {}, "labels: expected labels from 0 (far) to 1 (near), got none"),
    (MultipleNegativesRankingLoss(), Batch.of_rows(anchor=TWO, positive=TWO, labels=[1, 0]), {},
     "labels: expected none for MultipleNegativesRankingLoss, got 2 of them"),
    (ContrastiveLoss(), Batch.of_rows(**PAIRS, labels=[1, 2]), {},
     "labels: expected labels from 0 (far) to 1 (near), got 2.0 at [1]"),
    (SoftmaxLoss.initial(2, 3), Batch.of_rows(first=TWO, second=TWO, labels=[0, 3]), {},
     "labels: expected whole numbers from 0 to 2, got 3"),
    (SoftmaxLoss.initial(3, 3), Batch.of_rows(first=TWO, second=TWO, labels=[0, 1]), {},
     "weight: expected shape (classes, 6), got shape (3, 9)"),
    (ContrastiveLoss(), Batch.of_rows(anchor=torch.ones(33, 2), other=torch.ones(33, 2), labels=torch.ones(33)), {},
     "batch: expected at most 64 points, got 66"),
    (ContrastiveLoss(), Batch.of_rows(anchor=torch.ones(20, 2048), other=torch.ones(20, 2048), labels=torch.ones(20)),
     {}, "batch: expected at most 65536 numbers in all points, got 40 · 2048"),
    (lossviz.BatchAllTripletLoss(), Batch.of_rows(embeddings=torch.eye(40), labels=torch.arange(40) % 2), {},
     "batch: expected at most 10000 terms of BatchAllTripletLoss, got 15200"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("loss", "batch", "options", "message"), WRONG_BATCHES, ids=[each[3] for each in WRONG_BATCHES]
)
def test_what_does_not_fit_a_loss_is_named(loss, batch, options, message):
    with pytest.raises(ValueError) as error:
        explore(loss, batch=batch, engine="kernel", **options)
    assert str(error.value) == message


def test_the_stated_size_is_the_size():
    stated = f"at most {MOST_POINTS} points with {MOST_NUMBERS:,} numbers in all of them, and {MOST_TERMS:,} terms"
    assert stated in re.sub(r"\s+", " ", explore.__doc__)
    largest = own_batch(MultipleNegativesRankingLoss(), MOST_NUMBERS // MOST_POINTS, MOST_POINTS // 2)
    assert explore(MultipleNegativesRankingLoss(), batch=largest, engine="kernel").embeddings.numel() == MOST_NUMBERS


# Errors


PAIRS_OF_ONE = [each.name for each in situations("labelled_pairs") if each.loss in (None, "ContrastiveLoss")]
MNRL = [each.name for each in situations("positive_pairs") if each.loss in (None, "MultipleNegativesRankingLoss")]
WRONG = [
    ((), {}, "losses: expected at least one Loss, got none"),
    (("ContrastiveLoss",), {}, "losses: expected a Loss, got str"),
    ((ContrastiveLoss,), {}, "losses: expected a Loss, got type"),
    ((ContrastiveLoss(), "start"), {}, "losses: expected a Loss, got str"),
    ((ContrastiveLoss(), BatchHardTripletLoss(), OnlineContrastiveLoss()), {},
     "losses: expected losses of one input type, got labelled_pairs and labelled_sentences"),
    ((MultipleNegativesRankingLoss(),), {"situation": "nowhere"},
     f"situation: expected one of {', '.join(MNRL)}, got 'nowhere'"),
    ((ContrastiveLoss(),), {"situation": "one move"},  # it is about OnlineContrastiveLoss
     f"situation: expected one of {', '.join(PAIRS_OF_ONE)}, got 'one move'"),
    ((MultipleNegativesRankingLoss(),), {"situation": OWN},
     "situation: expected the arguments of MultipleNegativesRankingLoss, anchor, positive, got anchor, other"),
    ((ContrastiveLoss(),), {"dimension": 3}, "dimension: expected 2 or 384, got 3"),
    ((ContrastiveLoss(),), {"engine": "gpu"}, 'engine: expected "page" or "kernel", got \'gpu\''),
    ((ContrastiveLoss(),), {"controls": ("scale",)},
     "controls: expected names out of margin, distance, size_average, got 'scale'"),
    ((SoftmaxLoss.initial(2, 3),), {"controls": ("weight",)},
     "controls: expected names out of concatenation_sent_rep, concatenation_sent_difference, "
     "concatenation_sent_multiplication, got 'weight'"),
    ((ContrastiveLoss(distance=lambda x, y: (x - y).norm(dim=-1)),), {"controls": ("distance",)},
     "controls: expected names out of margin, size_average, got 'distance'"),
    ((ContrastiveLoss(),), {"controls": "margin"}, "controls: expected a tuple of names, got 'margin'"),
    ((ContrastiveLoss(),), {"name": "two lines"}, "name: expected letters, digits and hyphens, got 'two lines'"),
    ((ContrastiveLoss(),), {"name": ""}, "name: expected letters, digits and hyphens, got ''"),
    ((ContrastiveLoss(),), {"name": 1}, "name: expected letters, digits and hyphens, got 1"),
    ((ContrastiveLoss(margin=float("nan")),), {}, "margin: expected a finite number, got nan"),
    ((ContrastiveLoss(distance="cosin"),), {},
     "distance: expected one of cosine, euclidean, manhattan or a function of two tensors, got 'cosin'"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "options", "message"), WRONG)
def test_what_explore_cannot_show_it_names(given, options, message):
    with pytest.raises(ValueError) as error:
        explore(*given, **options)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (torch.zeros(5, 2), r"embeddings: expected shape \(6, 2\), got \(5, 2\)"),
        (torch.zeros(6, 3), r"embeddings: expected shape \(6, 2\), got \(6, 3\)"),
        (torch.full((6, 2), torch.nan), "embeddings: expected finite numbers"),
    ],
)
def test_embeddings_that_do_not_fit_change_nothing(points, message):
    explorer = explore(ContrastiveLoss(), engine="kernel")
    before = explorer.state
    with pytest.raises(ValueError, match=message):
        explorer.embeddings = points
    assert explorer.state == before


# Moving: from Python, and from the browser


def from_the_browser(explorer: lossviz.Explorer, **changes) -> None:
    """What the page sends when a reader moves something."""
    explorer.set_state({"state": json.loads(json.dumps({**explorer.state, **changes}))})


def place_of(explorer: lossviz.Explorer, name: str) -> int:
    return [each["name"] for each in explorer.spec["situations"]].index(name)


def test_setting_the_embeddings_moves_the_points():
    explorer = explore(ContrastiveLoss(), engine="kernel")
    heard = []
    explorer.observe(lambda change: heard.append(change.new["points"]), "state")
    points = torch.linspace(-1, 1, 12, dtype=torch.float32).reshape(6, 2)
    explorer.embeddings = points
    assert torch.equal(explorer.embeddings, points.double())
    assert heard == [points.double().tolist()]
    start = situations("labelled_pairs")[0]
    arguments = by_hand(points.double(), start.rows, start.labels)
    assert torch.equal(explorer.terms().loss, ContrastiveLoss().terms(*arguments).loss)


def test_python_sees_what_the_browser_moves():
    explorer = explore(ContrastiveLoss(), engine="kernel")
    turned = explorer.embeddings.flip(0)
    parameters = {"margin": 0.9, "distance": "euclidean", "size_average": False}
    place = place_of(explorer, "hard negatives")
    from_the_browser(explorer, points=turned.tolist(), parameters=parameters, situation=place)
    assert torch.equal(explorer.embeddings, turned)
    assert explorer.loss.settings() == parameters
    hard = situation("labelled_pairs", "hard negatives")
    arguments = by_hand(turned, hard.rows, hard.labels)
    assert torch.equal(explorer.terms().loss, explorer.loss.terms(*arguments).loss)


def test_a_choice_may_be_a_tuple():
    way_back = situation("positive_pairs", "way back")
    explorer = explore(MultipleNegativesRankingLoss(), situation=way_back, controls=("directions",), engine="kernel")
    both = ("query_to_doc", "doc_to_query")
    from_the_browser(explorer, parameters=explorer.state["parameters"] | {"directions": both})
    assert explorer.loss.directions == both


def test_controls_are_those_asked_for_and_no_more_is_lowered_than_they_reach():
    explorer = explore(ContrastiveLoss(), OnlineContrastiveLoss(), controls=("size_average", "margin"))
    first, second = explorer.spec["losses"].values()
    assert [[each["name"] for each in loss["controls"]] for loss in (first, second)] == [
        ["size_average", "margin"], ["margin"]
    ]  # fmt: skip
    assert [[each["choices"] for each in loss["variants"]] for loss in (first, second)] == [
        [{"size_average": True}, {"size_average": False}], [{}]
    ]  # fmt: skip
    assert explore(ContrastiveLoss(), controls=()).spec["losses"]["ContrastiveLoss"]["controls"] == []


def test_a_situation_sets_only_what_can_be_moved():
    """Its cosine is not that of a loss made with a dot product, which has no variant for it."""
    options = {"situation": "perfect", "controls": ("scale",), "engine": "kernel"}
    explorer = explore(MultipleNegativesRankingLoss(similarity="dot"), **options)
    assert (explorer.loss.scale, explorer.loss.similarity) == (1.0, "dot")


# The two engines, each against torch by hand: one position, one term at a time


def as_json(value: object) -> object:
    return json.loads(json.dumps(value))


def question_of(explorer: lossviz.Explorer, **changes) -> dict:
    """What the page asks about a state's own batch."""
    state = explorer.state | changes
    batch = explorer.spec["situations"][state["situation"]]
    return {"state": state, "points": state["points"], "rows": batch["rows"], "labels": batch["labels"]}


@pytest.fixture(scope="module")
def answers_of_the_page(javascript):
    """(explorer, questions) → what engine.js answers with the lowered loss."""

    def answers(explorer: lossviz.Explorer, questions: list[dict]) -> list[list[dict]]:
        return javascript(
            """(async () => {
              const page = engine.pageEngine(given.spec, given.modules);
              const list = (value) => value instanceof Float64Array ? [...value]
                : Array.isArray(value) ? value.map(list)
                : value && typeof value === "object"
                ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, list(each)])) : value;
              const found = [];
              for (const question of given.questions) found.push(list(await page.answer(question)));
              return found;
            })()""",
            {"spec": explorer.spec, "modules": explorer.modules, "questions": as_json(questions)},
        )

    return answers


def answers_of_the_kernel(explorer: lossviz.Explorer, questions: list[dict]) -> list[list[dict]]:
    return as_json([explorer.answer(as_json(each)) for each in questions])


@pytest.fixture(scope="module")
def answers(answers_of_the_page):
    """answers(explorer, questions) by whichever engine computes it."""
    engines = {"page": answers_of_the_page, "kernel": answers_of_the_kernel}
    return lambda explorer, questions: engines[explorer.spec["engine"]["name"]](explorer, questions)


def flat(value: object, path: tuple = ()) -> dict[tuple, object]:
    """Nested dicts as {path: what is not one}."""
    if not isinstance(value, dict):
        return {path: value}
    return {at: each for name, inner in value.items() for at, each in flat(inner, (*path, name)).items()}


def loss_in(losses: tuple[Loss, ...], state: dict) -> Loss:
    own = next(each for each in losses if type(each).__name__ == state["loss"])
    tensors = {name: torch.tensor(each, dtype=DOUBLE, requires_grad=True) for name, each in state["tensors"].items()}
    settings = {name: tuple(each) if isinstance(each, list) else each for name, each in state["parameters"].items()}
    return own.changed(**settings, **tensors)


def moving_ones(terms: lossviz.Terms, points: Tensor, stands: dict[str, list[int]], rows: dict[str, Tensor]) -> Tensor:
    """1 for the valid terms whose gradients, summed over the rows of each point, are longer than a reader can see; NaN
    for those that are about as long, where it depends on where they point."""
    active, leaves = terms.valid.flatten().double(), [rows[name] for name in stands]
    for index in active.nonzero().flatten():
        named = torch.autograd.grad(terms.pulls.flatten()[index], leaves, retain_graph=True)
        summed = torch.zeros_like(points)
        for place, gradient in zip(stands.values(), named, strict=True):
            summed.index_add_(0, torch.tensor(place), gradient)
        length = summed.norm(dim=-1).max()
        active[index] = math.nan if 3e-11 < length < 3e-8 else length > 1e-9
    return active.view(terms.active.shape)


def answer_by_hand(losses: tuple[Loss, ...], question: dict, position: list | None, term: int) -> dict[tuple, Tensor]:
    """Everything of one answer, by its path; its shapes are those of its tensors."""
    loss, points = loss_in(losses, question["state"]), torch.tensor(question["points"], dtype=DOUBLE)
    if position is not None:
        points[question["moving"]["point"]] = torch.tensor(position, dtype=DOUBLE)
    arguments = by_hand(points, question["rows"], question["labels"])
    rows = dict(zip(question["rows"], (each.requires_grad_() for each in arguments), strict=False))
    rows |= {name: getattr(loss, name) for name in question["state"]["tensors"]}
    terms = loss.complete(*arguments)
    aim = terms.loss if term < 0 else terms.pulls.flatten()[term]
    found = flat({"loss": terms.loss, "terms": {name: each for name, each in vars(terms).items() if name != "loss"}})
    if question.get("felt"):
        found["terms", "active"] = moving_ones(terms, points, question["rows"], rows)
    if question.get("gradients"):
        gradients = torch.autograd.grad(aim, list(rows.values()), allow_unused=True, materialize_grads=True)
        found |= {("gradients", name): each for name, each in zip(rows, gradients, strict=True)}
    keep = [tuple(each) for each in question.get("keep", ())]
    return {path: each.detach() for path, each in found.items()
            if not keep or path[0] == "gradients" or any(path[: len(at)] == at for at in keep)}  # fmt: skip


def assert_torchs(losses: tuple[Loss, ...], questions: list[dict], answers: list[list[dict]], tolerance=1e-10) -> None:
    for question, found in zip(questions, answers, strict=True):
        positions, terms = question.get("moving", {"positions": [None]})["positions"], question.get("terms", [-1])
        asked = [(position, term) for position in positions for term in terms]
        assert len(found) == len(asked)
        for (position, term), one in zip(asked, found, strict=True):
            wanted = answer_by_hand(losses, question, position, term)
            shapes = one.pop("shapes", None)
            given = {path: each for path, each in flat(one).items() if each is not None}
            assert given.keys() == wanted.keys()
            for path, tensor in wanted.items():
                expected, came = np.atleast_1d(tensor.double().flatten().numpy()), np.atleast_1d(given[path])
                if path[:2] == ("terms", "chosen"):  # of a tie, what no term reads may be one or the other
                    kept = answer_by_hand(losses, {**question, "keep": [["terms", "valid"]]}, position, term)
                    valid = kept["terms", "valid"]
                    counts = valid.flatten().numpy() if valid.shape == tensor.shape else slice(None)
                    expected, came = expected[counts], came[counts]
                if path == ("terms", "active"):
                    expected = np.where(np.isnan(expected), came, expected)
                np.testing.assert_allclose(came, expected, rtol=tolerance, atol=1e-12, err_msg=str(path))
            if "keep" not in question:
                assert flat(shapes) == {
                    path[1:]: list(each.shape) for path, each in wanted.items() if path[0] == "terms"
                }


def questions_of(explorer: lossviz.Explorer, losses: tuple[Loss, ...], **changes) -> list[dict]:
    """All that a page asks about a state: the result, a heat map and borders, each term alone, and another batch."""
    own = question_of(explorer, **changes)
    state, points = own["state"], own["points"]
    loss = loss_in(losses, state)
    values = loss.complete(*by_hand(torch.tensor(points, dtype=DOUBLE), own["rows"], own["labels"])).values
    positions = [[0.3 * k - 1.5, 0.7 - 0.1 * k] for k in range(11)]
    names = list(own["rows"])
    *_, labels = loss.inputs.example(batch=9)
    others = {
        "state": state,
        "points": [[1.0 + 0.2 * k, 0.1 - 0.3 * k] for k in range(9 * len(names))],
        "rows": {name: list(range(9 * k, 9 * k + 9)) for k, name in enumerate(names)},
        "labels": labels.tolist() if own["labels"] is not None else None,
        "keep": [["terms", "matrix"], ["terms", "numbers"], ["terms", "shares"]],
    }
    plane = [
        own | {"moving": {"point": 1, "positions": positions}, "keep": [["loss"]]},
        own | {"moving": {"point": 1, "positions": positions}, "gradients": True, "keep": [["loss"]]},
        own | {"moving": {"point": 1, "positions": positions}, "terms": [0], "gradients": True, "keep": [["loss"]]},
        own | {"moving": {"point": 0, "positions": positions}, "keep": [["terms", "chosen"], ["terms", "matrix"]]},
        others,
    ]
    return [
        own | {"gradients": True, "felt": True},
        own | {"gradients": True, "terms": list(range(values.numel())), "keep": [["loss"]]},
        *(plane if len(points[0]) == 2 else []),
    ]


def assert_engine_answers(answers, explorer: lossviz.Explorer, losses: tuple[Loss, ...], **changes) -> None:
    asked = questions_of(explorer, losses, **changes)
    assert_torchs(losses, asked, answers(explorer, asked))


def somewhere(explorer: lossviz.Explorer, seed: int = 1) -> list:
    """Random places for the points of an explorer, off the circle."""
    return torch.randn(explorer.embeddings.shape, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE).tolist()


both_engines = pytest.mark.parametrize("engine", ["page", "kernel"])


@both_engines
@pytest.mark.parametrize(
    "entry, chosen",
    [(entry, chosen) for entry in ENTRIES for chosen in entry.variants()],
    ids=lambda given: given.loss.__name__ if isinstance(given, Entry) else " ".join(map(str, given.values())),
)
def test_both_engines_answer_for_every_choice_of_every_loss(answers, entry, chosen, engine):
    """Each term's own gradient too, where a value is a share of a logarithm, and where hardness adds a weight."""
    loss = entry.default().changed(**chosen)
    loss = loss.changed(**{name: 3.0 for name in ("scale",) if name in loss.settings()})
    explorer = explore(loss, situation=SITUATIONS[loss.inputs.name][0], engine=engine, controls=())
    assert_engine_answers(answers, explorer, (loss,))
    assert_engine_answers(answers, explorer, (loss,), points=somewhere(explorer))


# (family, loss, situation, parameters, whether its points stand elsewhere)
STATES = [
    ("labelled_pairs", "ContrastiveLoss", "collapsed", {"margin": 1.2}, False),
    ("labelled_pairs", "ContrastiveLoss", "easy", {"distance": "euclidean", "margin": 1.7}, True),
    ("labelled_pairs", "ContrastiveLoss", "start", {"distance": "manhattan", "margin": 0, "size_average": False}, True),
    ("labelled_pairs", "OnlineContrastiveLoss", "a single positive", {"margin": 1.5}, True),
    ("labelled_pairs", "OnlineContrastiveLoss", "one class", {"distance": "euclidean"}, True),
    ("labelled_sentences", "BatchHardTripletLoss", "a single positive", {"distance": "manhattan"}, True),
    ("labelled_sentences", "BatchHardTripletLoss", "duplicates", {"distance": "cosine", "margin": 0.3}, True),
    ("labelled_sentences", "BatchHardTripletLoss", "one class", {}, False),
    ("positive_pairs", "MultipleNegativesRankingLoss", "hard negatives", {"similarity": "dot"}, True),
    ("positive_pairs", "MultipleNegativesRankingLoss", "one pair", {}, False),
    ("positive_pairs", "MultipleNegativesRankingLoss", "duplicates", {"scale": 1.5}, False),
]


@pytest.fixture(scope="module", params=["page", "kernel"])
def family(request):
    """family(kind) → its explorer, one for all tests, computed by one engine and then by the other."""
    made = {}

    def explorer(kind: str) -> lossviz.Explorer:
        if kind not in made:
            made[kind] = explore(*FAMILIES[kind], engine=request.param)
        return made[kind]

    return explorer


@pytest.mark.parametrize("given", STATES, ids=lambda given: " ".join(map(str, given[1:])))
def test_both_engines_answer_in_every_state(family, answers, given):
    kind, loss, name, parameters, elsewhere = given
    explorer = family(kind)
    place = place_of(explorer, name)
    start = explorer.spec["situations"][place]["starts"][loss]
    changes = start | {"loss": loss, "situation": place, "parameters": start["parameters"] | parameters}
    if elsewhere:
        count = len(start["points"])
        changes["points"] = torch.randn(count, 2, generator=torch.Generator().manual_seed(1), dtype=DOUBLE).tolist()
    assert_engine_answers(answers, explorer, FAMILIES[kind], **changes)


@both_engines
@every_loss
def test_real_embeddings_are_answered_as_torch_does(answers, engine, entry):
    loss = SoftmaxLoss.initial(384, 3) if entry.loss is SoftmaxLoss else entry.default()
    assert_engine_answers(answers, explore(loss, dimension=384, engine=engine), (loss,))


@both_engines
@pytest.mark.parametrize("dimension", [1, 2, 3, 768])
@every_loss
def test_a_batch_of_ones_own_is_answered_as_torch_does(answers, entry, dimension, engine):
    loss = SoftmaxLoss.initial(dimension, 3) if entry.loss is SoftmaxLoss else entry.default()
    explorer = explore(loss, batch=own_batch(loss, dimension, rows=4), engine=engine, controls=())
    assert explorer.spec["dimension"] == dimension
    assert_engine_answers(answers, explorer, (loss,))


@both_engines
@pytest.mark.parametrize("batch", [OWN, ALONE], ids=["two pairs", "one pair"])
@pytest.mark.parametrize("loss", [ContrastiveLoss(margin=2.0), OnlineContrastiveLoss()], ids=["all", "hard"])
def test_a_batch_of_one_or_two_pairs(answers, engine, batch, loss):
    assert_engine_answers(answers, explore(loss, situation=batch, engine=engine), (loss,))


# A loss written in a cell


@pytest.fixture
def read(javascript):
    """read(explorer, state) → what the page says of torch's own result."""

    def reading(explorer: lossviz.Explorer, **changes) -> dict:
        question = question_of(explorer, **changes) | {"gradients": True, "felt": True}
        (answer,) = answers_of_the_kernel(explorer, [question])
        return javascript(
            """(async () => {
              const { spec, answer, lasting } = given;
              let hear;
              const model = { on: (event, callback) => { hear = callback; }, send: ({ id }) => hear({ id, answer }) };
              const now = state.begin(spec, lasting);
              const kernel = engine.kernelEngine(spec, engine.createAsking(model));
              const result = await new Promise((done) => kernel.evaluate(now, done));
              const found = readings_reading.read(spec, now, result);
              return { ...found, measures: found.measures };
            })()""",
            {"spec": explorer.spec, "answer": answer, "lasting": as_json(question["state"])},
        )

    return reading


@both_engines
@pytest.mark.parametrize("loss", SMALLEST, ids=lambda loss: type(loss).__name__)
def test_the_smallest_loss_of_each_input_type(answers, read, loss, engine):
    explorer = explore(loss, engine=engine)
    described = explorer.spec["losses"][type(loss).__name__]
    assert described["chart"] == loss.inputs.chart
    assert all(each["formulas"] is None for each in described["variants"])
    assert_engine_answers(answers, explorer, (loss,), points=somewhere(explorer))
    found = read(explorer, points=somewhere(explorer))
    assert found["chart"] == loss.inputs.chart
    terms = loss.complete(*explorer.inputs())
    assert len(found["terms"]) == terms.valid.sum()
    assert sum(each["value"] for each in found["ranked"]) == pytest.approx(found["loss"], abs=1e-12)
    assert all(each["points"] and each["letters"] and each["note"] for each in found["ranked"])
    assert all(each["formula"] for each in found["ranked"])


@pytest.mark.parametrize("loss", [*SMALLEST, StrangeAxesLoss()], ids=lambda loss: type(loss).__name__)
def test_only_a_loss_that_sees_directions_has_a_circle(loss):
    directed = type(loss).__name__ in ("AbsoluteScoreLoss", "OwnRankingLoss", "OwnTwoPassesLoss")
    assert ignores_length(loss) == directed


def test_ranges_and_choices_of_a_readers_own_loss_are_guessed():
    explorer = explore(LinearContrastiveLoss(margin=0.8), engine="kernel")
    margin, only_far = explorer.spec["losses"]["LinearContrastiveLoss"]["controls"]
    assert margin["name"] == "margin" and margin["minimum"] <= 0.8 <= margin["maximum"]
    assert only_far["name"] == "only_far" and only_far["choices"] == (True, False)


@both_engines
def test_a_gradient_that_is_held_back_is_held_back_in_each_term(answers, engine):
    """d · d.detach(): the pieces of a point add up to its arrow, in both engines."""
    loss = DetachedLoss()
    explorer = explore(loss, engine=engine)
    whole, terms, *_ = questions_of(explorer, (loss,), points=somewhere(explorer))
    (one,), pieces = answers(explorer, [whole, terms])
    for name, gradient in one["gradients"].items():
        np.testing.assert_allclose(np.sum([each["gradients"][name] for each in pieces], 0), gradient, atol=1e-12)
    assert np.abs(one["gradients"]["anchor"]).max() > 0.1
    assert_torchs((loss,), [whole, terms], [[one], pieces])


ROWS = torch.randn(6, 384, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@both_engines
@pytest.mark.parametrize(
    ("loss", "batch"),
    [
        (ContrastiveLoss(), Batch(torch.cat([ROWS, ROWS]), {"anchor": range(6), "other": range(6, 12)}, [0] * 6)),
        (BatchAllTripletLoss(distance="cosine"), Batch.of_rows([0, 1] * 8, embeddings=ROWS[:1, :2].expand(16, -1))),
    ],
    ids=["384 dimensions", "896 terms"],
)
def test_a_term_without_a_gradient_is_not_active_in_any_dimension(answers, loss, batch, engine):
    """Rows that are one: they cost, and a cosine has no direction in which to part them."""
    explorer = explore(loss, batch=batch, engine=engine)
    assert explorer.terms().loss > 0.1 and not explorer.terms().active.any()
    ((answer,),) = answers(explorer, [question_of(explorer) | {"gradients": True, "felt": True}])
    assert np.any(answer["terms"]["values"]) and not np.any(answer["terms"]["active"])


@both_engines
def test_a_term_that_adds_nothing_and_has_a_gradient_is_active(answers, read, engine):
    """Minus the cosine of near pairs, plus that of far ones: nothing at a right angle, where the slope is steepest."""
    rows = torch.tensor([[1, 0], [1, 0], [0, 1], [1, 0]], dtype=torch.float64)
    batch = Batch(rows, {"anchor": [0, 1], "other": [2, 3]}, [1, 0])
    explorer = explore(SignedLoss(), batch=batch, engine=engine)
    assert explorer.terms().values[0] == 0
    assert explorer.terms().active.tolist() == [True, False]
    assert_engine_answers(answers, explorer, (SignedLoss(),))
    found = read(explorer)
    assert [term["active"] for term in found["terms"]] == [True, False]
    assert "1 of 2 pairs is active" in found["caption"]


def test_what_rounding_leaves_on_the_edge_of_a_margin_is_not_active(answers):
    """0.4 − 0.7 + 0.3 is 5.6e-17, and has the slope of a hinge."""
    batch = Batch.of_rows(anchor=[[0.0, 0]], positive=[[0.4, 0]], negative=[[0.0, 0.7]])
    loss = TripletLoss(triplet_margin=0.3, distance="euclidean")
    for engine in ("page", "kernel"):
        explorer = explore(loss, batch=batch, engine=engine)
        assert 0 < explorer.terms().values[0] < 1e-16 and not explorer.terms().active.any()
        ((answer,),) = answers(explorer, [question_of(explorer) | {"gradients": True, "felt": True}])
        assert np.any(answer["gradients"]["anchor"]) and not np.any(answer["terms"]["active"])


@pytest.mark.parametrize("engine", ["page", "kernel"])
def test_a_square_that_adds_nothing_yet_has_a_gradient_is_active(answers, engine):
    """A cosine 1e-7 off its score adds 1e-14."""
    batch = Batch.of_rows([0.6 + 1e-7], first=[[1.0, 0]], second=[[0.6, 0.8]])
    explorer = explore(CosineSimilarityLoss(), batch=batch, engine=engine)
    assert 0 < explorer.terms().values[0] < 1e-13 and explorer.terms().active.all()
    ((answer,),) = answers(explorer, [question_of(explorer) | {"gradients": True, "felt": True}])
    assert np.all(answer["terms"]["active"])


def by_cdist(x: Tensor, y: Tensor) -> Tensor:
    return torch.cdist(x.unsqueeze(-2), y.unsqueeze(-2)).squeeze(-1).squeeze(-1)


def gated(x: Tensor, y: Tensor) -> Tensor:
    return glu(torch.stack([squared(x, y), squared(x, y)], -1)).squeeze(-1)


# With the engines that can show it. The gradient of cdist cannot be derived again, that of glu not in JavaScript, that
# of a half is derived wrong.
HARD = [
    (HeldBackLoss(margin=3.0), ("page", "kernel")),
    (ContrastiveLoss(distance=by_cdist), ("kernel",)),
    (ContrastiveLoss(distance=gated), ("page", "kernel")),
    (HalvedLoss(margin=3.0), ("page", "kernel")),
    (OldFunctionLoss(margin=3.0), ("kernel",)),
    (ContrastiveLoss(distance=lambda x, y: (x - y).square().sum(-1).mul_(0.1)), ("page", "kernel")),
    (ContrastiveLoss(distance=lambda x, y: torch.zeros_like(x[..., 0]).add_(squared(x, y))), ("page", "kernel")),
]


@pytest.mark.parametrize(("loss", "engines"), HARD)
def test_which_terms_are_active_is_asked_in_some_way_of_every_loss(answers, loss, engines):
    if "page" not in engines:
        with pytest.raises(UnknownOperator, match=f"^{type(loss).__name__}: "):
            explore(loss)
    for engine in engines:
        explorer = explore(loss, engine=engine)
        assert_engine_answers(answers, explorer, (loss,), points=somewhere(explorer))


def test_whether_its_terms_can_be_asked_at_once_is_not_seen_in_the_numbers_of_a_loss():
    """With this margin no far pair of the example costs anything; a reader moves it."""
    loss = HalvedLoss(margin=0.1)
    anchor, other, labels = loss.inputs.example()
    assert not loss.terms(anchor, other, labels).values[labels == 0].any()
    assert "evaluate.along =" not in to_javascript(loss, anchor, other, labels).whole
    assert "evaluate.along =" in to_javascript(LinearContrastiveLoss(margin=0.1), anchor, other, labels).whole


def test_a_loss_that_moves_no_sentence_has_no_active_term():
    explorer = explore(FixedLoss(margin=torch.tensor(0.5, requires_grad=True)), engine="kernel")
    assert explorer.terms().loss > 0 and not explorer.terms().active.any()


def test_a_function_that_cannot_be_differentiated_twice_is_asked_term_by_term():
    explorer = explore(OldFunctionLoss(margin=3.0), engine="kernel")
    terms = explorer.terms()
    assert terms.active.tolist() == (terms.values > 0).tolist() and terms.active.any()


def test_a_point_at_the_centre_of_the_circle_stays_there(javascript):
    """It has no direction: what Python begins with, the page keeps."""
    batch = Batch.of_rows([1, 0], anchor=[[0.0, 0], [2, 0]], other=[[0.0, 1], [0, -3]])
    explorer = explore(ContrastiveLoss(), batch=batch)
    after = javascript(
        "state.setParameter(given.spec, state.begin(given.spec, given.state), 'margin', 0.7)",
        {"spec": explorer.spec, "state": explorer.state},
    )
    assert after["parameters"]["margin"] == 0.7
    assert after["points"] == explorer.state["points"] and [0, 0] in after["points"]


def test_a_point_that_has_a_gradient_is_not_said_to_stay(javascript):
    """A on its partner, under a loss that sees no distance."""
    explorer = explore(SumLoss(), batch=Batch.of_rows([1], anchor=[[1.0, 0]], other=[[1.0, 0]]), engine="kernel")
    (answer,) = explorer.answer(question_of(explorer) | {"gradients": True, "felt": True})
    caption = javascript(
        """(() => {
          const { spec, answer, lasting } = given;
          const now = { ...state.begin(spec, lasting), lit: { kind: "point", index: 0 } };
          return readings_reading.read(spec, now, engine.resultOf(spec, now, answer)).caption;
        })()""",
        {"spec": explorer.spec, "answer": answer, "lasting": as_json(explorer.state)},
    )
    assert caption.startswith("A, ") and "stays" not in caption


def test_losses_of_one_name_are_refused():
    mine = type("TripletLoss", (TripletLoss,), {})
    with pytest.raises(ValueError, match="losses: expected losses of different names"):
        explore(TripletLoss(), mine())


def test_a_batch_of_another_shape_that_the_loss_takes_is_its_own():
    """AnglE of triplets: the same points, in pairs."""
    rows = torch.randn(3, 4, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    batch = Batch.of_rows(anchor=rows[0], positive=rows[1], negative=rows[2])
    explorer = explore(lossviz.AnglELoss(), batch=batch, engine="kernel")
    assert explorer.terms().loss.item() == pytest.approx(lossviz.AnglELoss()(*rows).item(), abs=1e-12)
    assert explorer.spec["situations"][0]["labels"] == (1.0,) * 4 + (0.0,) * 4


@both_engines
def test_what_stands_in_for_a_missing_negative_is_torchs_own(answers, read, engine):
    """Minus the dot product is a distance below 0: the formula that is printed gives the value beside it."""
    loss = BatchHardTripletLoss(distance=minus_dot)
    explorer = explore(loss, situation="one class", engine=engine)
    assert_engine_answers(answers, explorer, (loss,))
    terms, found = explorer.terms(), read(explorer)
    assert found["ranked"] and not terms.negative.any()
    for term in found["terms"]:
        d_ap, d_an = (terms.numbers[name].flatten()[term["index"]].item() for name in ("d_ap", "d_an"))
        assert term["numbers"]["d_an"] == pytest.approx(d_an)
        assert term["value"] == pytest.approx(max(0, d_ap - d_an + loss.margin) / len(terms.values))
    for term in found["ranked"]:
        printed = term["formula"].replace("−", "-")
        assert eval(printed, {"__builtins__": {}}) == pytest.approx(term["value"], abs=1e-4), printed


@both_engines
@pytest.mark.parametrize("loss", [SpreadLoss(), StrangeAxesLoss()], ids=["no negative", "unknown axes and roles"])
def test_what_no_chart_can_show_is_told_in_general_words(answers, read, loss, engine):
    explorer = explore(loss, engine=engine)
    assert_engine_answers(answers, explorer, (loss,), points=somewhere(explorer))
    found = read(explorer)
    assert found["chart"] == "none" and len(found["terms"]) == 36 and found["caption"] and found["measures"]


def test_a_distance_of_ones_own_stays_in_python(answers_of_the_page):
    loss = ContrastiveLoss(distance=squared)
    explorer = explore(loss)
    assert "distance" not in explorer.state["parameters"]
    from_the_browser(explorer, parameters={"margin": 0.9, "size_average": False})
    assert explorer.loss.distance is squared and explorer.loss.margin == 0.9
    anchor, other, _ = explorer.inputs()
    assert torch.equal(explorer.terms().matrix, squared(anchor, other))
    assert_engine_answers(answers_of_the_page, explorer, (loss,))


def test_an_operator_that_cannot_be_lowered_is_named_and_torch_shows_the_loss_all_the_same(answers):
    with pytest.raises(UnknownOperator, match="lgamma|digamma"):
        explore(GammaLoss())
    explorer = explore(GammaLoss(), engine="kernel")
    assert explorer.modules == {}
    assert_engine_answers(answers, explorer, (GammaLoss(),))


# How the page asks


def test_the_result_of_the_page_is_scattered_to_the_points(javascript):
    losses = (BatchHardTripletLoss(),)
    explorer = explore(*losses, situation="duplicates", controls=())
    found = javascript(
        """(async () => {
          const page = engine.pageEngine(given.spec, given.modules);
          await page.ready(given.state);
          const { loss, pointGradients, shapes } =
            await new Promise((done) => page.evaluate(given.state, done));
          return { loss, pointGradients, shapes };
        })()""",
        {"spec": explorer.spec, "modules": explorer.modules, "state": explorer.state},
    )
    points = explorer.embeddings.requires_grad_()
    batch = explorer.spec["situations"][0]
    terms = explorer.loss.complete(*by_hand(points, batch["rows"], batch["labels"]))
    assert found["loss"] == pytest.approx(terms.loss.item(), rel=1e-12)
    np.testing.assert_allclose(found["pointGradients"], torch.autograd.grad(terms.loss, points)[0], atol=1e-12)
    assert found["shapes"]["values"] == list(terms.values.shape)


def test_the_page_imports_only_the_modules_of_its_state_and_once_for_all_its_explorers(javascript):
    explorer = explore(ContrastiveLoss(), dimension=384)
    modules = {name: f"{text}// of this test" for name, text in explorer.modules.items()}
    imported = javascript(
        """(async () => {
          const made = URL.createObjectURL, texts = [];
          URL.createObjectURL = (blob) => { texts.push(blob.text()); return made.call(URL, blob); };
          const pages = [0, 1].map(() => engine.pageEngine(given.spec, given.modules));
          for (const page of [...pages, ...pages]) await page.ready(given.state);
          URL.createObjectURL = made;
          return Promise.all(texts);
        })()""",
        {"spec": explorer.spec, "modules": modules, "state": explorer.state},
    )
    first = explorer.spec["losses"]["ContrastiveLoss"]["variants"][0]
    assert first["choices"] == {"distance": "cosine", "size_average": True}
    assert imported == [modules[first["module"]]]


def test_a_question_that_nobody_wants_any_more_stops(javascript):
    explorer = explore(ContrastiveLoss())
    asked = javascript(
        """(async () => {
          const page = engine.pageEngine(given.spec, given.modules);
          const stop = new AbortController();
          const positions = Array.from({ length: 160000 }, (_, k) => [k / 1e5 - 0.8, 0.5]);
          const moving = { point: 0, positions };
          const answer = page.answer({ ...given.question, moving, keep: [["loss"]] }, stop.signal);
          stop.abort();
          return answer;
        })()""",
        {"spec": explorer.spec, "modules": explorer.modules, "question": question_of(explorer)},
    )
    assert asked is None


def test_while_torch_thinks_only_the_newest_state_waits(javascript):
    """A drag makes a state per frame; torch is asked for the first, and then for the last."""
    explorer = explore(ContrastiveLoss(), engine="kernel")
    answer = explorer.answer(as_json(question_of(explorer) | {"gradients": True}))
    asked, answered = javascript(
        """(async () => {
          const asked = [], answered = [];
          let hear;
          const model = { on: (event, callback) => { hear = callback; }, send: (message) => asked.push(message) };
          const kernel = engine.kernelEngine(given.spec, engine.createAsking(model));
          const state = (margin) => ({ ...given.state, parameters: { ...given.state.parameters, margin }, lit: null });
          const done = [1, 2, 3, 4].map((margin) => new Promise((resolve) =>
            kernel.evaluate(state(margin), (result) => { answered.push([margin, result.loss]); resolve(); })));
          hear({ id: asked[0].id, answer: given.answer });
          await done[0];
          hear({ id: asked[1].id, answer: given.answer });
          await done[3];
          return [asked.map(({ question }) => question), answered];
        })()""",
        {"spec": explorer.spec, "state": explorer.state, "answer": answer},
    )
    assert [each["state"]["parameters"]["margin"] for each in asked] == [1, 4]
    assert all(sorted(each["state"]) == sorted(explorer.state) for each in asked)  # what lasts, and no more
    assert answered == [[1, answer[0]["loss"]], [4, answer[0]["loss"]]]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@every_loss
def test_the_kernel_answers_from_a_gpu(entry):
    loss = entry.default()
    explorer = explore(loss, engine="kernel", device="cuda")
    assert explorer.embeddings.is_cuda and explorer.terms().loss.is_cuda
    assert_engine_answers(answers_of_the_kernel, explorer, (loss,))


def test_the_order_of_arguments_and_losses_outlives_who_sorts_keys():
    """A cache of executed notebooks sorts the keys of what it stores."""
    losses = (OnlineContrastiveLoss(), ContrastiveLoss())
    explorer = explore(*losses, engine="kernel")
    kept = json.loads(json.loads(json.dumps(explorer.get_state(), sort_keys=True, default=str))["spec"])
    assert list(kept["losses"]) == [type(each).__name__ for each in losses]
    negatives = explore(MultipleNegativesRankingLoss(), situation="hard negatives", engine="kernel")
    assert json.loads(negatives.get_state()["spec"]) == json.loads(json.dumps(negatives.spec))
