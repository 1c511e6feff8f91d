"""The Python side of the explorer, and both engines against torch: what Python says is what the page shows."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import Tensor

import lossviz
from lossviz import (
    BatchHardTripletLoss,
    ContrastiveLoss,
    Loss,
    MultipleNegativesRankingLoss,
    OnlineContrastiveLoss,
    SoftmaxLoss,
    Terms,
    explore,
    sentences,
)
from lossviz.catalogue import ENTRIES, Entry
from lossviz.inputs import LABELLED_PAIRS
from lossviz.lowering import UnknownOperator
from lossviz.situations import Situation, on_circle, situations
from tests.widgets.expected import BATCHES, FAMILIES, Expected

DOUBLE = torch.float64
CASES = [
    pytest.param(entry, each, id=f"{entry.loss.__name__}-{each.name}")
    for entry in ENTRIES
    for each in situations(entry.loss.inputs.name)
    if each.loss in (None, entry.loss.__name__)
]
every_situation = pytest.mark.parametrize(("entry", "situation"), CASES)


@dataclass(frozen=True, eq=False)
class LinearContrastiveLoss(Loss):
    """A reader's own: no square, no catalogue entry."""

    margin: float = 0.5
    only_far: bool = False
    inputs = LABELLED_PAIRS
    axes = ("pair",)

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        return self.terms_of(lossviz.distances.euclidean(anchor, other), labels)

    def terms_of(self, distance: Tensor, labels: Tensor) -> Terms:
        shortfall = torch.relu(self.margin - distance)
        values = (1 - labels) * shortfall if self.only_far else labels * distance + (1 - labels) * shortfall
        positive, negative = labels > 0, labels < 1
        active = (positive & (distance > 0)) | (negative & (shortfall > 0))
        return Terms(distance, positive, negative, positive | negative, active, values, values.sum(-1))


class GammaLoss(LinearContrastiveLoss):
    """Uses an operator that nobody lowers."""

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        return self.terms_of(torch.lgamma(1.5 + lossviz.distances.euclidean(anchor, other)), labels)


def squared(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().sum(-1)


def by_hand(points: Tensor, situation: Situation, loss: Loss) -> tuple[Tensor, ...]:
    """The arguments of the loss, gathered row by row."""
    gathered = [torch.stack([points[k] for k in rows]) for rows in situation.rows.values()]
    labels = [] if situation.labels is None else [torch.tensor(situation.labels, dtype=DOUBLE)]
    return (*gathered, *labels)


# What explore() gives


def by_themselves(entry: Entry, situation: Situation) -> Loss:
    """The loss with its own parameters and those that the situation brings for it."""
    loss = entry.default()
    known = loss.parameters()
    return loss.changed(**{name: value for name, value in situation.parameters.items() if name in known})


def numbers_of(loss: Loss) -> dict[str, object]:
    """Its parameters, without functions and tensors."""
    return {name: each for name, each in loss.parameters().items() if not (callable(each) or torch.is_tensor(each))}


@every_situation
def test_it_starts_in_the_situation_asked_for(entry, situation):
    kind = entry.loss
    explorer = explore(entry.default(), situation=situation.name, engine="kernel")
    titles = [each["title"] for each in explorer.spec["situations"]]
    others = [each for each in situations(kind.inputs.name) if each.listed and each.loss in (None, kind.__name__)]
    assert titles[0] == situation.title
    assert titles[1:] == [each.title for each in others if each is not situation]
    assert explorer.embeddings.tolist() == explorer.state["origin"]
    wanted = situation.points(2)
    if Expected(kind, explorer.spec, explorer.state).on_circle:
        wanted = torch.nn.functional.normalize(wanted)
    assert torch.allclose(explorer.embeddings, wanted, rtol=0, atol=1e-12)
    assert explorer.state["chosen"] == situation.chosen < len(situation.keys)
    assert explorer.state["asked"] == (situation.question is not None)
    assert numbers_of(explorer.loss) == numbers_of(by_themselves(entry, situation))
    assert [each["text"] for each in explorer.spec["situations"][0]["sentences"]] == [
        sentences.sentence(key).text for key in situation.keys
    ]


@every_situation
def test_inputs_and_terms_are_those_of_the_loss_called_by_hand(entry, situation):
    explorer = explore(entry.default(), situation=situation.name, engine="kernel")
    loss = by_themselves(entry, situation)
    expected = by_hand(explorer.embeddings, situation, loss)
    assert all(map(torch.equal, explorer.inputs(), expected))
    assert len(explorer.inputs()) == len(expected)
    assert torch.allclose(explorer.terms().loss, loss.terms(*expected).loss, rtol=1e-12, atol=0)
    assert explorer.terms().values.sum().item() == pytest.approx(explorer.terms().loss.item())


VARIANTS = {
    "ContrastiveLoss": {
        f"{distance}|{flag}|3": shape
        for distance, shape in (("cosine", "circle"), ("euclidean", "free"), ("manhattan", "free"))
        for flag in ("false", "true")
    },
    "OnlineContrastiveLoss": {"cosine|3": "circle", "euclidean|3": "free", "manhattan|3": "free"},
    "BatchHardTripletLoss": {"cosine|2": "circle", "euclidean|2": "free", "manhattan|2": "free"},
    # with explicit negatives the loss takes three arguments
    "MultipleNegativesRankingLoss": {"cosine|2": "circle", "cosine|3": "circle", "dot|2": "free", "dot|3": "free"},
}
CONTROLS = {
    "ContrastiveLoss": {"margin": (0.0, 2.0), "distance": None, "size_average": None},
    "OnlineContrastiveLoss": {"margin": (0.0, 2.0), "distance": None},
    "BatchHardTripletLoss": {"margin": (0.0, 6.0), "distance": None},
    "MultipleNegativesRankingLoss": {"scale": (1.0, 50.0), "similarity": None},
}


@pytest.mark.parametrize("losses", FAMILIES.values(), ids=list(FAMILIES))
def test_every_choice_has_a_variant_and_a_control(losses):
    explorer = explore(*losses)
    assert list(explorer.spec["losses"]) == [type(loss).__name__ for loss in losses]
    for name, loss in explorer.spec["losses"].items():
        assert {key: variant["shape"] for key, variant in loss["variants"].items()} == VARIANTS[name]
        ranges = {each["name"]: (each["minimum"], each["maximum"]) for each in loss["controls"] if "minimum" in each}
        assert {each["name"]: ranges.get(each["name"]) for each in loss["controls"]} == CONTROLS[name]
    modules = {f"{name} {key}" for name in explorer.spec["losses"] for key in VARIANTS[name]}
    assert set(explorer.modules) == modules | {f"{module} value" for module in modules}


def test_a_situation_about_one_loss_is_offered_where_that_loss_is():
    both = explore(ContrastiveLoss(), OnlineContrastiveLoss())
    alone = [explore(loss) for loss in (ContrastiveLoss(), OnlineContrastiveLoss())]
    names = [{each["name"] for each in explorer.spec["situations"]} for explorer in (both, *alone)]
    assert names[1] == names[0] - {"one move", "a single positive"}
    assert names[2] == names[0] - {"strongest push", "collapsed", "all alike"}
    assert "first" not in names[0]  # not listed: only an explorer that begins with it has it


@pytest.mark.parametrize("order", [1, -1])
def test_the_first_loss_is_the_one_that_the_situation_is_about(order):
    losses = [ContrastiveLoss(), OnlineContrastiveLoss()][::order]
    assert explore(*losses).state["loss"] == type(losses[0]).__name__
    assert explore(*losses, situation="one move").state["loss"] == "OnlineContrastiveLoss"


def test_a_compact_explorer_has_one_batch_and_cures_only_what_it_can():
    explorer = explore(ContrastiveLoss(), OnlineContrastiveLoss(), situation="easy", compact=True)
    (situation,) = explorer.spec["situations"]
    assert explorer.spec["compact"] and situation["name"] == "easy"
    assert [cure["loss"] for cure in situation["cures"]] == ["ContrastiveLoss"]  # "hard negatives" is not there


def test_a_cure_that_needs_another_loss_is_offered_where_that_loss_is():
    offered = {}
    for count, losses in ((1, [OnlineContrastiveLoss()]), (2, [OnlineContrastiveLoss(), ContrastiveLoss()])):
        (easy,) = (each for each in explore(*losses).spec["situations"] if each["name"] == "easy")
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


# Errors


MNRL = [
    each.name for each in situations("positive_pairs") if each.loss in (None, "MultipleNegativesRankingLoss")
]
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
     "situation: expected one of start, first, which pairs count, strongest push, easy, hard negatives, one class, "
     "collapsed, all alike, duplicates, got 'one move'"),
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
    explorer = explore(ContrastiveLoss())
    before = explorer.state
    with pytest.raises(ValueError, match=message):
        explorer.embeddings = points
    assert explorer.state == before


def test_an_operator_that_cannot_be_lowered_is_named_and_torch_shows_the_loss_all_the_same(javascript):
    with pytest.raises(UnknownOperator, match="lgamma|digamma"):
        explore(GammaLoss())
    explorer = explore(GammaLoss(), engine="kernel")
    assert explorer.modules == {}
    assert_answers_are_torchs(explorer, explorer.state)


# Moving: from Python, and from the browser


def from_the_browser(explorer: lossviz.Explorer, **changes) -> None:
    """What the page sends when a reader moves something."""
    explorer.set_state({"state": {**explorer.state, **changes}})


def place_of(explorer: lossviz.Explorer, name: str) -> int:
    return [each["name"] for each in explorer.spec["situations"]].index(name)


def test_setting_the_embeddings_moves_the_points_and_forgets_the_steps():
    explorer = explore(ContrastiveLoss())
    heard = []
    explorer.observe(lambda change: heard.append(change.new["points"]), "state")
    run = {"loss": "OnlineContrastiveLoss", "history": [0.5, 0.25]}
    from_the_browser(explorer, history=[0.5], runs=[run], playing=True)
    points = torch.linspace(-1, 1, 12, dtype=torch.float32).reshape(6, 2)
    explorer.embeddings = points
    assert torch.equal(explorer.embeddings, points.double())
    assert heard[-1] == explorer.state["origin"] == points.double().tolist()
    assert [explorer.state[name] for name in ("history", "runs", "playing")] == [[], [], False]
    arguments = by_hand(points.double(), situations("labelled_pairs")[0], ContrastiveLoss())
    assert torch.equal(explorer.terms().loss, ContrastiveLoss().terms(*arguments).loss)


def test_python_sees_what_the_browser_moves():
    explorer = explore(ContrastiveLoss())
    turned = explorer.embeddings.flip(0)
    parameters = {"margin": 0.9, "distance": "euclidean", "size_average": False}
    place = place_of(explorer, "hard negatives")
    from_the_browser(explorer, points=turned.tolist(), parameters=parameters, situation=place)
    assert torch.equal(explorer.embeddings, turned)
    assert explorer.loss.parameters() == {"margin": 0.9, "distance": "euclidean", "size_average": False}
    third = next(each for each in situations("labelled_pairs") if each.name == "hard negatives")
    arguments = by_hand(turned, third, explorer.loss)
    assert torch.equal(explorer.terms().loss, explorer.loss.terms(*arguments).loss)


def test_a_distance_of_ones_own_stays_in_python(answers_of_the_page):
    explorer = explore(ContrastiveLoss(distance=squared))
    assert "distance" not in explorer.state["parameters"]
    from_the_browser(explorer, parameters={"margin": 0.9, "size_average": False})
    assert explorer.loss.distance is squared and explorer.loss.margin == 0.9
    anchor, other, _ = explorer.inputs()
    assert torch.equal(explorer.terms().matrix, squared(anchor, other))
    assert_alike(answers_of_the_page(explorer, explorer.state), answers_of_torch(explorer, explorer.state))


# The two engines


@pytest.fixture
def answers_of_the_page(javascript):
    """(explorer, state) → what engine.js answers with the lowered loss: evaluate, scan, pieces, probe."""

    def answers(explorer: lossviz.Explorer, state: dict) -> dict:
        return javascript(
            """(async () => {
              const { spec, modules, state, point, positions, pairs, foil } = given;
              const { chart } = spec.losses[state.loss];
              const page = engine.pageEngine(spec, modules);
              await page.ready(state);
              const list = (value) => value instanceof Float64Array ? [...value]
                : value && typeof value === "object" && !Array.isArray(value)
                ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, list(each)])) : value;
              const result = await new Promise((done) => page.evaluate(state, done));
              const never = new AbortController().signal;
              const plane = spec.dimension === 2;
              return {
                evaluate: list(result),
                scan: plane && list(await page.scan(state, point, positions, never)),
                pieces: plane && await page.pieces(state, point),
                probe: plane && chart === "distance line" &&
                  [await page.probe(state, 1, pairs, foil), await page.probe(state, 0, pairs, foil)],
                classes: plane && chart === "class regions" && list(await page.classify(state, pairs)),
              };
            })()""",
            {"spec": explorer.spec, "modules": explorer.modules, "state": state, **QUESTIONS},
        )

    return answers


QUESTIONS = {
    "point": 1,
    "positions": [[0.3 * k - 1.5, 0.7 - 0.1 * k] for k in range(11)],
    "pairs": [[[1.0, 0.0], [1.0 + 0.2 * k, 0.1]] for k in range(1, 15)],  # not a multiple of what a batch holds
    "foil": [[0.8, 0.3], [0.4, 0.9]],
}


def answers_of_torch(explorer: lossviz.Explorer, state: dict) -> dict:
    """The same by hand, one position and one pair at a time."""
    situation = explorer._batches[state["situation"]]
    tensors = {
        name: torch.tensor(each, dtype=DOUBLE, requires_grad=True) for name, each in state.get("tensors", {}).items()
    }
    loss = replace(explorer._losses[state["loss"]], **state["parameters"], **tensors)
    points = torch.tensor(state["points"], dtype=DOUBLE)
    count = len(situation.rows)
    arguments = by_hand(points, situation, loss)
    rows = dict(zip(situation.rows, (each.requires_grad_() for each in arguments[:count]), strict=True))
    terms = loss.define(*rows.values(), *arguments[count:])
    trained = rows | tensors
    row_gradients = dict(zip(trained, torch.autograd.grad(terms.loss, list(trained.values())), strict=True))
    pulled = points.clone().requires_grad_()
    values = loss.define(*by_hand(pulled, situation, loss)).values.flatten()
    pieces = torch.stack([torch.autograd.grad(value, pulled, retain_graph=True)[0] for value in values])

    def moved(position: list[float]) -> Tensor:
        places = points.clone()
        places[QUESTIONS["point"]] = torch.tensor(position, dtype=DOUBLE)
        return loss.define(*by_hand(places, situation, loss)).loss

    def probed(label: float, pair: list) -> list[float]:
        """The pair alone with its foil, in a batch of the state's size, over which the mean is taken."""
        size = len(arguments[0])
        batch = torch.tensor([pair] * max(1, size - 1) + [QUESTIONS["foil"]] * (size > 1), dtype=DOUBLE)
        labels = torch.full((size,), label, dtype=DOUBLE)
        labels[max(1, size - 1) :] = 1 - label
        found = loss.define(batch[:, 0], batch[:, 1], labels)
        return [found.matrix[0].item(), found.values[0].item()]

    plane, chart = points.shape[1] == 2, explorer.spec["losses"][state["loss"]]["chart"]
    sides = zip(*(torch.tensor(pair, dtype=DOUBLE) for pair in QUESTIONS["pairs"]), strict=True)
    first, second = map(torch.stack, sides)
    return {
        "loss": terms.loss.item(),
        "rowGradients": {name: each.flatten().tolist() for name, each in row_gradients.items()},
        "pointGradients": pieces.sum(0).tolist(),
        "terms": {name: value for name, value in vars(terms).items() if name != "loss"},
        "shape": list(terms.matrix.shape),
        "scan": plane and [moved(each).item() for each in QUESTIONS["positions"]],
        "pieces": plane and pieces[:, QUESTIONS["point"]].tolist(),
        "probe": plane
        and chart == "distance line"
        and [[probed(label, pair) for pair in QUESTIONS["pairs"]] for label in (1.0, 0.0)],
        "classes": plane
        and chart == "class regions"
        and loss.define(first, second, torch.zeros(len(first))).matrix.flatten().tolist(),
    }


def assert_alike(found: dict, expected: dict) -> None:
    evaluated = found["evaluate"]
    assert evaluated["loss"] == pytest.approx(expected["loss"], rel=1e-12)
    assert evaluated["shapes"]["matrix"] == expected["shape"]
    if "pointGradients" in evaluated:  # the kernel leaves the sum over rows to the page
        close(evaluated["pointGradients"], expected["pointGradients"])
    for name, gradient in expected["rowGradients"].items():
        close(evaluated.get("rowGradients", evaluated.get("gradients"))[name], gradient)
    for name, value in expected["terms"].items():
        pairs = [(evaluated["terms"].get(name, {}).get(key), each) for key, each in value.items()] if isinstance(
            value, dict) else [(evaluated["terms"][name], value)]  # fmt: skip
        for one, other in pairs:
            close(one, other.detach().double().flatten().tolist() if other.ndim else other.item())
    close(found["scan"], expected["scan"])
    close(found["probe"], expected["probe"])
    close(found["classes"], expected["classes"])
    close(found["pieces"], expected["pieces"], 1e-7)  # the page takes differences
    if expected["pieces"]:
        close(np.sum(found["pieces"], axis=0), expected["pointGradients"][QUESTIONS["point"]], 1e-7)


def close(found: list, expected: list, tolerance: float = 1e-12) -> None:
    one, other = (np.array(each, dtype=float) for each in (found, expected))
    np.testing.assert_allclose(one, other, rtol=100 * tolerance, atol=tolerance)


def kernel_answers(explorer: lossviz.Explorer, state: dict) -> dict:
    """What Python sends back when the page asks."""
    sent = []
    explorer.send = sent.append

    def ask(name: str, **question):
        explorer._handle_custom_msg({"id": 70 + len(sent), "ask": name, "state": state, **question}, [])
        assert sent[-1]["id"] == 69 + len(sent)
        return sent[-1]["answer"]

    plane = explorer.spec["dimension"] == 2
    chart = explorer.spec["losses"][state["loss"]]["chart"]
    pairs = {"pairs": QUESTIONS["pairs"], "foil": QUESTIONS["foil"]}
    return {
        "evaluate": ask("evaluate"),
        "scan": plane and ask("scan", point=QUESTIONS["point"], positions=QUESTIONS["positions"]),
        "pieces": plane and ask("pieces", point=QUESTIONS["point"], part="values"),
        "probe": plane and chart == "distance line" and [ask("probe", label=label, **pairs) for label in (1, 0)],
        "classes": plane and chart == "class regions" and ask("classify", pairs=QUESTIONS["pairs"]),
    }


def assert_answers_are_torchs(explorer: lossviz.Explorer, state: dict) -> None:
    assert_alike(kernel_answers(explorer, state), answers_of_torch(explorer, state))


# (input type, loss, situation, parameters that are not the situation's); "free" points lie off the circle.
STATES = [
    ("labelled_pairs", "ContrastiveLoss", "start", {}, "start"),
    ("labelled_pairs", "ContrastiveLoss", "collapsed", {"margin": 1.2}, "start"),
    ("labelled_pairs", "ContrastiveLoss", "easy", {"distance": "euclidean", "margin": 1.7}, "free"),
    ("labelled_pairs", "ContrastiveLoss", "start", {"distance": "manhattan", "size_average": False}, "free"),
    ("labelled_pairs", "ContrastiveLoss", "start", {"size_average": False, "margin": 0.0}, "free"),
    ("labelled_pairs", "OnlineContrastiveLoss", "start", {}, "start"),
    ("labelled_pairs", "OnlineContrastiveLoss", "a single positive", {"margin": 1.5}, "free"),
    ("labelled_pairs", "OnlineContrastiveLoss", "one class", {"distance": "euclidean"}, "free"),
    ("labelled_sentences", "BatchHardTripletLoss", "start", {}, "start"),
    ("labelled_sentences", "BatchHardTripletLoss", "a single positive", {"distance": "manhattan"}, "free"),
    ("labelled_sentences", "BatchHardTripletLoss", "duplicates", {"distance": "cosine", "margin": 0.3}, "free"),
    ("labelled_sentences", "BatchHardTripletLoss", "one class", {}, "start"),
    ("positive_pairs", "MultipleNegativesRankingLoss", "start", {}, "start"),
    ("positive_pairs", "MultipleNegativesRankingLoss", "start", {"scale": 20.0}, "free"),
    ("positive_pairs", "MultipleNegativesRankingLoss", "hard negatives", {"similarity": "dot"}, "free"),
    ("positive_pairs", "MultipleNegativesRankingLoss", "one pair", {}, "start"),
    ("positive_pairs", "MultipleNegativesRankingLoss", "duplicates", {"scale": 1.5}, "start"),
]
every_state = pytest.mark.parametrize("given", STATES, ids=lambda given: " ".join(map(str, given[1:])))


@pytest.fixture(scope="module", params=["page", "kernel"])
def family(request):
    """family(input type) → its explorer, one for all tests, computed by one engine and then by the other."""
    made = {}

    def explorer(input_type: str) -> lossviz.Explorer:
        if input_type not in made:
            made[input_type] = explore(*FAMILIES[input_type], engine=request.param)
        return made[input_type]

    return explorer


@pytest.fixture
def answers(answers_of_the_page):
    """answers(explorer, state) by whichever engine computes it."""
    return lambda explorer, state: (
        answers_of_the_page if explorer.spec["engine"]["name"] == "page" else kernel_answers
    )(explorer, state)


def at_state(explorer: lossviz.Explorer, loss: str, name: str, parameters: dict, points: str) -> dict:
    place = place_of(explorer, name)
    situation = explorer.spec["situations"][place]
    places = torch.tensor(situation["points"], dtype=DOUBLE)
    if points == "free":
        places = torch.randn(places.shape, generator=torch.Generator().manual_seed(1), dtype=DOUBLE)
    own = explorer.spec["losses"][loss]["parameters"]
    return {
        **explorer.state,
        "loss": loss,
        "situation": place,
        "points": places.tolist(),
        "parameters": own | parameters,
    }


@every_state
def test_both_engines_answer_as_torch_does(family, answers, given):
    explorer = family(given[0])
    state = at_state(explorer, *given[1:])
    assert_alike(answers(explorer, state), answers_of_torch(explorer, state))


@pytest.mark.parametrize("engine", ["page", "kernel"])
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.loss.__name__)
def test_both_engines_answer_for_every_choice_of_every_loss(answers, entry, engine):
    explorer = explore(entry.default(), situation=BATCHES[entry.loss.inputs.name], engine=engine)
    variants = explorer.spec["losses"][entry.loss.__name__]["variants"].values()
    choices = [each for each in entry.variants() if each not in entry.also]
    assert len(choices) == len(variants)
    generator = torch.Generator().manual_seed(2)
    places = torch.randn(explorer.embeddings.shape, generator=generator, dtype=DOUBLE).tolist()
    for chosen, variant in zip(choices, variants, strict=True):
        changes = {"parameters": explorer.state["parameters"] | chosen, "points": places, "tensors": variant["tensors"]}
        state = explorer.state | changes
        assert_alike(answers(explorer, state), answers_of_torch(explorer, state))


def test_controls_are_those_asked_for_and_no_more_is_lowered_than_they_reach():
    explorer = explore(ContrastiveLoss(), OnlineContrastiveLoss(), controls=("size_average", "margin"))
    first, second = explorer.spec["losses"].values()
    assert [[each["name"] for each in loss["controls"]] for loss in (first, second)] == [
        ["size_average", "margin"], ["margin"]
    ]  # fmt: skip
    assert [list(loss["variants"]) for loss in (first, second)] == [["true|3", "false|3"], ["3"]]
    assert explore(ContrastiveLoss(), controls=()).spec["losses"]["ContrastiveLoss"]["controls"] == []


def test_a_situation_sets_only_what_can_be_moved(javascript):
    """Its cosine is not that of a loss made with a dot product, which has no variant for it."""
    options = {"situation": "perfect", "controls": ("scale",), "engine": "kernel"}
    explorer = explore(MultipleNegativesRankingLoss(similarity="dot"), **options)
    assert (explorer.loss.scale, explorer.loss.similarity) == (1.0, "dot")
    given = {"spec": explorer.spec, "state": explorer.state}
    entered = javascript("state.reset(given.spec, given.state)", given)
    assert entered["parameters"] == explorer.state["parameters"] | {"directions": ["query_to_doc"]}
    assert javascript("state.asItBegan(given.spec, given.state)", given)


OPTIONS = {"way back": ("directions", "partition_mode"), "harder rivals": ("hardness_mode", "hardness_strength")}


@pytest.fixture(params=OPTIONS)
def ranking(request):
    """An explorer whose controls are options of the ranking loss, and a state for each of its variants."""
    asked = lossviz.situations.situation("positive_pairs", request.param)
    explorer = explore(MultipleNegativesRankingLoss(), situation=asked, controls=OPTIONS[request.param])
    loss, states = explorer.loss, []
    for choices in explorer.spec["losses"]["MultipleNegativesRankingLoss"]["controls"]:
        states += [{choices["name"]: each} for each in choices.get("choices", ())]
    if request.param == "way back":
        states.append({"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "per_direction"})
    generator = torch.Generator().manual_seed(3)
    places = torch.randn(explorer.embeddings.shape, generator=generator, dtype=DOUBLE).tolist()
    parameters = explorer.state["parameters"] | {"scale": 3.0}
    assert all(loss.allows(**each) for each in states)
    return explorer, [explorer.state | {"points": places, "parameters": parameters | each} for each in states]


def test_options_of_a_ranking_are_answered_as_torch_does(answers_of_the_page, ranking):
    explorer, states = ranking
    losses = []
    for state in states:
        page, torchs = answers_of_the_page(explorer, state), answers_of_torch(explorer, state)
        losses.append(torchs["loss"])
        assert_alike(kernel_answers(explorer, state), torchs)
        if state["parameters"]["hardness_mode"]:  # its pieces are made of entries: the next test
            page["pieces"] = torchs["pieces"] = False
        assert_alike(page, torchs)
    assert len(set(losses)) >= 4  # they differ


def test_the_pieces_of_a_ranking_are_torchs_gradients_of_its_terms(javascript, ranking):
    explorer, states = ranking
    asked = """(async () => {
      const { spec, modules, state: now } = given;
      const page = engine.pageEngine(spec, modules);
      await page.ready(now);
      const result = await new Promise((done) => page.evaluate(now, done));
      const { terms } = reading.read(spec, now, result);
      return Promise.all(now.points.map((_, point) => pulls.piecesOf(page, now, terms, point)));
    })()"""
    for state in states:
        found = javascript(asked, {"spec": explorer.spec, "modules": explorer.modules, "state": state})
        for point, pieces in enumerate(found):
            expected = explorer._pieces({"state": state, "point": point, "part": "values"})
            close([each["gradient"] for each in pieces], [each for each in expected if np.hypot(*each) > 1e-9], 1e-7)


@pytest.mark.parametrize("engine", ["page", "kernel"])
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.loss.__name__)
def test_real_embeddings_are_answered_as_torch_does(answers, engine, entry):
    loss = SoftmaxLoss.initial(384, 3) if entry.loss is SoftmaxLoss else entry.default()
    explorer = explore(loss, dimension=384, engine=engine)
    assert_alike(answers(explorer, explorer.state), answers_of_torch(explorer, explorer.state))


@pytest.mark.parametrize("engine", ["page", "kernel"])
@pytest.mark.parametrize("situation", [OWN, ALONE], ids=["two pairs", "one pair"])
@pytest.mark.parametrize("loss", [ContrastiveLoss(margin=2.0), OnlineContrastiveLoss()], ids=["all", "hard"])
def test_a_batch_of_one_or_two_pairs(answers, engine, situation, loss):
    explorer = explore(loss, situation=situation, engine=engine)
    assert_alike(answers(explorer, explorer.state), answers_of_torch(explorer, explorer.state))


@pytest.mark.parametrize("losses", FAMILIES.values(), ids=list(FAMILIES))
def test_the_first_step_moves_the_farthest_point_by_a_quarter(javascript, losses):
    """The step size is set by the first result, to two digits."""
    explorer = explore(*losses)
    asked, wanted = [], []
    for loss in losses:
        for place, situation in enumerate(explorer.spec["situations"]):
            state = {**explorer.state, "situation": place, "points": situation["points"], "loss": type(loss).__name__,
                     "parameters": explorer.spec["losses"][type(loss).__name__]["parameters"], "rate": None,
                     "calm": 3.5}  # fmt: skip
            torchs = Expected(type(loss), explorer.spec, state)
            asked.append([state, {"pointGradients": torchs.gradient.tolist()}])
            wanted.append(torchs.calm or 3.5)  # where nothing pulls, it stays what it was
    assert len(wanted) > 3.5 * len(losses) and 3.5 in wanted
    found = javascript("given.map((each) => state.calmed(...each))", asked)
    assert [(each["rate"], each["calm"]) for each in found] == [(rate, rate) for rate in wanted]
    kept = [{**asked[0][0], "rate": 9}, asked[0][1]]
    assert javascript("state.calmed(...given) === given[0]", kept)


@pytest.mark.parametrize("engine", ["page", "kernel"])
@pytest.mark.parametrize("only_far", [False, True])
def test_a_readers_own_loss(answers, engine, only_far):
    explorer = explore(LinearContrastiveLoss(margin=0.8, only_far=only_far), engine=engine)
    described = explorer.spec["losses"]["LinearContrastiveLoss"]
    assert described["chart"] == "distance line"
    assert [each["name"] for each in described["controls"]] == ["margin", "only_far"]
    assert described["controls"][0]["minimum"] <= 0.8 <= described["controls"][0]["maximum"]
    assert [variant["term"] for variant in described["variants"].values()] == [None, None]
    state = {**explorer.state, "parameters": {"margin": 1.1, "only_far": only_far}}
    assert_alike(answers(explorer, state), answers_of_torch(explorer, state))


def test_the_page_imports_only_the_modules_of_its_state(javascript):
    explorer = explore(ContrastiveLoss(), dimension=384)
    imported = javascript(
        """(async () => {
          const made = URL.createObjectURL, texts = [];
          URL.createObjectURL = (blob) => { texts.push(blob.text()); return made.call(URL, blob); };
          const page = engine.pageEngine(given.spec, given.modules);
          await page.ready(given.state);
          await page.ready(given.state);
          URL.createObjectURL = made;
          return Promise.all(texts);
        })()""",
        {"spec": explorer.spec, "modules": explorer.modules, "state": explorer.state},
    )
    assert imported == [explorer.modules["ContrastiveLoss cosine|true|3"]]


def test_a_scan_that_nobody_wants_any_more_stops(javascript):
    explorer = explore(ContrastiveLoss())
    asked = javascript(
        """(async () => {
          const page = engine.pageEngine(given.spec, given.modules);
          await page.ready(given.state);
          const stop = new AbortController();
          const positions = heat.gridPositions(400, 1.6);
          const scan = page.scan(given.state, 0, positions, stop.signal);
          stop.abort();
          return scan;
        })()""",
        {"spec": explorer.spec, "modules": explorer.modules, "state": explorer.state},
    )
    assert asked is None


def test_while_torch_thinks_only_the_newest_state_waits(javascript):
    """A drag makes a state per frame; torch is asked for the first, and then for the last."""
    explorer = explore(ContrastiveLoss(), engine="kernel")
    answer = kernel_answers(explorer, explorer.state)["evaluate"]
    asked, answered = javascript(
        """(async () => {
          const asked = [], answered = [];
          let hear;
          const model = { on: (event, callback) => { hear = callback; }, send: (question) => asked.push(question) };
          const kernel = engine.kernelEngine(given.spec, model);
          const state = (rate) => ({ ...given.state, rate });
          const done = [1, 2, 3, 4].map((rate) => new Promise((resolve) =>
            kernel.evaluate(state(rate), (result) => { answered.push([rate, result.loss]); resolve(); })));
          hear({ id: asked[0].id, answer: given.answer });
          await done[0];
          hear({ id: asked[1].id, answer: given.answer });
          await done[3];
          return [asked.map((each) => [each.ask, each.state.rate]), answered];
        })()""",
        {"spec": explorer.spec, "state": explorer.state, "answer": answer},
    )
    assert asked == [["evaluate", 1], ["evaluate", 4]]
    assert answered == [[1, answer["loss"]], [4, answer["loss"]]]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_kernel_answers_from_a_gpu():
    explorer = explore(ContrastiveLoss(margin=0.9), dimension=384, engine="kernel", device="cuda")
    assert explorer.embeddings.is_cuda and explorer.terms().loss.is_cuda
    assert_alike(kernel_answers(explorer, explorer.state), answers_of_torch(explorer, explorer.state))
