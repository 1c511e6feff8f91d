"""The Python side of the explorer, and both engines against torch: what Python says is what the page shows."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from playwright.sync_api import expect
from torch import Tensor

import lossviz
from lossviz import ContrastiveLoss, Loss, Terms, explore, sentences
from lossviz.catalogue import ENTRIES
from lossviz.inputs import LABELLED_PAIRS
from lossviz.lowering import UnknownOperator
from lossviz.situations import Situation, situations
from tests.widgets.expected import fixed

DOUBLE = torch.float64
CASES = [
    pytest.param(entry.loss, each, id=f"{entry.loss.__name__}-{each.name}")
    for entry in ENTRIES
    for each in situations(entry.loss.inputs.name)
]
every_situation = pytest.mark.parametrize(("kind", "situation"), CASES)


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


@dataclass(frozen=True, eq=False)
class SquareLoss(Loss):
    """Reads every anchor with every other, so its terms are no pairs."""

    inputs = LABELLED_PAIRS
    axes = ("anchor",)

    def define(self, anchor: Tensor, other: Tensor, labels: Tensor) -> Terms:
        matrix = lossviz.distances.pairwise("euclidean", anchor, other)
        values = labels * matrix.sum(-1)
        positive = (labels > 0).unsqueeze(-1) & (matrix > 0)
        return Terms(matrix, positive, ~positive, labels > 0, labels > 0, values, values.sum(-1))


def squared(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().sum(-1)


def by_hand(points: Tensor, situation: Situation, loss: Loss) -> tuple[Tensor, ...]:
    """The arguments of the loss, gathered row by row."""
    gathered = [torch.stack([points[k] for k in situation.rows[name]]) for name in loss.inputs.rows]
    labels = [] if situation.labels is None else [torch.tensor(situation.labels, dtype=DOUBLE)]
    return (*gathered, *labels)


# What explore() gives


@every_situation
def test_it_starts_in_the_situation_asked_for(kind, situation):
    explorer = explore(kind(), situation.name)
    titles = [each["title"] for each in explorer.spec["situations"]]
    assert titles[0] == situation.title
    assert sorted(titles) == sorted(each.title for each in situations(kind.inputs.name))
    assert explorer.embeddings.tolist() == situation.points(2).tolist()
    assert explorer.state["chosen"] == situation.chosen < len(situation.keys)
    assert [each["text"] for each in explorer.spec["situations"][0]["sentences"]] == [
        sentences.sentence(key).text for key in situation.keys
    ]


@every_situation
def test_inputs_and_terms_are_those_of_the_loss_called_by_hand(kind, situation):
    explorer = explore(kind(), situation.name)
    expected = by_hand(situation.points(2), situation, kind())
    assert all(map(torch.equal, explorer.inputs(), expected))
    assert len(explorer.inputs()) == len(expected)
    assert torch.equal(explorer.terms().loss, kind()(*expected))
    assert explorer.terms().values.sum().item() == pytest.approx(explorer.terms().loss.item())


@every_situation
def test_the_first_step_moves_no_point_far(kind, situation):
    """The step size is chosen so that the arrows fit the plane."""
    explorer = explore(kind(), situation.name)
    points = explorer.embeddings.requires_grad_()
    (gradient,) = torch.autograd.grad(kind()(*by_hand(points, situation, kind())), points)
    farthest = (explorer.state["rate"] * gradient.norm(dim=-1)).max().item()
    assert farthest == pytest.approx(0.35, rel=0.06) or gradient.abs().max() < 1e-12 and explorer.state["rate"] == 1


def test_every_choice_has_a_variant_and_a_control():
    loss = explore(ContrastiveLoss()).spec["losses"]["ContrastiveLoss"]
    assert sorted(loss["variants"]) == [
        f"{distance}|{flag}" for distance in ("cosine", "euclidean", "manhattan") for flag in ("false", "true")
    ]
    shapes = {key.split("|")[0]: variant["shape"] for key, variant in loss["variants"].items()}
    assert shapes == {"cosine": "circle", "euclidean": "free", "manhattan": "free"}
    assert [each["name"] for each in loss["controls"]] == ["margin", "distance", "size_average"]
    assert (loss["controls"][0]["minimum"], loss["controls"][0]["maximum"]) == (0.0, 2.0)


def test_a_situation_of_ones_own():
    own = Situation("own", "Own", ("ran_the_bank", "ran_to_bank"), {"anchor": (0, 0), "other": (1, 0)}, (0, 1), (0, 90))
    explorer = explore(ContrastiveLoss(margin=2.0), own)
    assert len(explorer.spec["situations"]) == 1
    assert explorer.terms().values.tolist() == pytest.approx([0.25, 0])  # ½ · (2 − 1)² / 2


def test_real_embeddings():
    explorer = explore(ContrastiveLoss(), "easy", dimension=384)
    keys = situations("labelled_pairs")[0].keys
    assert torch.equal(explorer.embeddings, sentences.embeddings(keys).double())
    assert explorer.terms().matrix.shape == (6,)
    assert len(explorer.spec["situations"]) == 1
    assert not [name for name in explorer.modules if name.endswith("value")]  # no plane, no heat map


# Errors


WRONG = [
    (("ContrastiveLoss",), {}, "loss: expected a Loss, got str"),
    ((ContrastiveLoss,), {}, "loss: expected a Loss, got type"),
    ((ContrastiveLoss(), "nowhere"), {},
     "situation: expected one of start, easy, hard negatives, collapsed, got 'nowhere'"),
    ((ContrastiveLoss(),), {"dimension": 3}, "dimension: expected 2 or 384, got 3"),
    ((ContrastiveLoss(),), {"engine": "gpu"}, 'engine: expected "page" or "kernel", got \'gpu\''),
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


def test_setting_the_embeddings_moves_the_points_and_forgets_the_steps():
    explorer = explore(ContrastiveLoss())
    heard = []
    explorer.observe(lambda change: heard.append(change.new["points"]), "state")
    from_the_browser(explorer, history=[0.5])
    points = torch.linspace(-1, 1, 12, dtype=torch.float32).reshape(6, 2)
    explorer.embeddings = points
    assert torch.equal(explorer.embeddings, points.double())
    assert explorer.state["history"] == [] and heard[-1] == points.double().tolist()
    expected = ContrastiveLoss()(*by_hand(points.double(), situations("labelled_pairs")[0], ContrastiveLoss()))
    assert torch.equal(explorer.terms().loss, expected)


def test_python_sees_what_the_browser_moves():
    explorer = explore(ContrastiveLoss())
    turned = explorer.embeddings.flip(0)
    from_the_browser(explorer, points=turned.tolist(), parameters={
        "margin": 0.9, "distance": "euclidean", "size_average": False}, situation=2)  # fmt: skip
    assert torch.equal(explorer.embeddings, turned)
    assert explorer.loss.parameters() == {"margin": 0.9, "distance": "euclidean", "size_average": False}
    third = next(each for each in situations("labelled_pairs") if each.name == "hard negatives")
    assert torch.equal(explorer.terms().loss, explorer.loss(*by_hand(turned, third, explorer.loss)))


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
    """(explorer, state) → what engine.js answers with the lowered loss: evaluate, scan, probe."""

    def answers(explorer: lossviz.Explorer, state: dict) -> dict:
        return javascript(
            """(async () => {
              const { spec, modules, state, point, positions, pairs } = given;
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
                probe: [await page.probe(state, 1, pairs), await page.probe(state, 0, pairs)],
              };
            })()""",
            {"spec": explorer.spec, "modules": explorer.modules, "state": state, **QUESTIONS},
        )

    return answers


QUESTIONS = {
    "point": 2,
    "positions": [[0.3 * k - 1.5, 0.7 - 0.1 * k] for k in range(11)],
    "pairs": [[[1.0, 0.0], [1.0 + 0.2 * k, 0.1]] for k in range(15)],  # not a multiple of the batch's six
}


def answers_of_torch(explorer: lossviz.Explorer, state: dict) -> dict:
    """The same by hand, one position and one pair at a time."""
    title = explorer.spec["situations"][state["situation"]]["title"]
    situation = next(each for each in situations("labelled_pairs") if each.title == title)
    loss = type(explorer.loss)(**{**explorer.loss.parameters(), **state["parameters"]})
    points = torch.tensor(state["points"], dtype=DOUBLE)
    anchor, other, labels = by_hand(points, situation, loss)
    rows = {"anchor": anchor.requires_grad_(), "other": other.requires_grad_()}
    terms = loss.define(*rows.values(), labels)
    row_gradients = dict(zip(rows, torch.autograd.grad(terms.loss, list(rows.values())), strict=True))
    pulled = points.clone().requires_grad_()
    (point_gradients,) = torch.autograd.grad(loss.define(*by_hand(pulled, situation, loss)).loss, pulled)

    def moved(position: list[float]) -> Tensor:
        places = points.clone()
        places[QUESTIONS["point"]] = torch.tensor(position, dtype=DOUBLE)
        return loss.define(*by_hand(places, situation, loss)).loss

    def probed(label: float, pair: list) -> list[float]:
        first, second = torch.tensor(pair, dtype=DOUBLE).unsqueeze(1)
        size = len(labels)  # the mean is over a batch of the state's size
        found = loss.define(first.expand(size, 2), second.expand(size, 2), torch.full((size,), label, dtype=DOUBLE))
        return [found.matrix[0].item(), found.values[0].item()]

    return {
        "loss": terms.loss.item(),
        "rowGradients": {name: each.flatten().tolist() for name, each in row_gradients.items()},
        "pointGradients": point_gradients.tolist(),
        "terms": {name: value for name, value in vars(terms).items() if name != "loss"},
        "scan": [moved(each).item() for each in QUESTIONS["positions"]] if points.shape[1] == 2 else False,
        "probe": [[probed(label, pair) for pair in QUESTIONS["pairs"]] for label in (1.0, 0.0)],
    }


def assert_alike(found: dict, expected: dict) -> None:
    evaluated = found["evaluate"]
    assert evaluated["loss"] == pytest.approx(expected["loss"], rel=1e-12)
    assert evaluated["shapes"]["matrix"] == list(expected["terms"]["matrix"].shape)
    if "pointGradients" in evaluated:  # the kernel leaves the sum over rows to the page
        close(evaluated["pointGradients"], expected["pointGradients"])
    for name, gradient in expected["rowGradients"].items():
        close(evaluated["rowGradients"][name], gradient)
    for name, value in leaves(expected["terms"]).items():
        close(leaves(evaluated["terms"])[name], value.detach().double().flatten().tolist())
    assert bool(found["scan"]) == bool(expected["scan"])
    close(found["scan"], expected["scan"])
    close(found["probe"], expected["probe"])


def leaves(terms: dict) -> dict:
    """Name → value, with "thresholds margin" for a value within a dict."""
    flat = {}
    for name, value in terms.items():
        flat |= {f"{name} {key}": each for key, each in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def close(found: list, expected: list) -> None:
    found, expected = np.ravel(np.array(found, dtype=float)), np.ravel(np.array(expected, dtype=float))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def kernel_answers(explorer: lossviz.Explorer, state: dict) -> dict:
    """What Python sends back when the page asks."""
    sent = []
    explorer.send = sent.append
    plane = explorer.spec["dimension"] == 2
    questions = {
        "evaluate": {},
        "scan": {"point": QUESTIONS["point"], "positions": QUESTIONS["positions"]},
        "probe": {"label": 1, "pairs": QUESTIONS["pairs"]},
        "probe far": {"label": 0, "pairs": QUESTIONS["pairs"]},
    }
    for k, (name, question) in enumerate(questions.items()):
        if plane or name != "scan":
            message = {"id": 70 + k, "ask": name.split()[0], "state": state, **question}
            explorer._handle_custom_msg(message, [])
            assert sent[-1]["id"] == 70 + k
    answers = [each["answer"] for each in sent]
    evaluated = {**answers[0], "rowGradients": answers[0]["gradients"]}
    return {"evaluate": evaluated, "scan": plane and answers[1], "probe": answers[-2:]}


def assert_answers_are_torchs(explorer: lossviz.Explorer, state: dict) -> None:
    assert_alike(kernel_answers(explorer, state), answers_of_torch(explorer, state))


STATES = [
    {},
    {"situation": 3, "parameters": {"margin": 1.2}},
    {"situation": 1, "parameters": {"distance": "euclidean", "margin": 1.7}, "points": "scattered"},
    {"parameters": {"distance": "manhattan", "size_average": False}, "points": "scattered"},
    {"parameters": {"size_average": False, "margin": 0.0}, "points": "scattered"},
]


def at_state(explorer: lossviz.Explorer, change: dict) -> dict:
    generator = torch.Generator().manual_seed(1)
    scattered = torch.randn(6, 2, generator=generator, dtype=DOUBLE).tolist()
    situation = change.get("situation", 0)
    points = scattered if "points" in change else explorer.spec["situations"][situation]["points"]
    parameters = {**explorer.state["parameters"], **change.get("parameters", {})}
    return {**explorer.state, "situation": situation, "points": points, "parameters": parameters}


@pytest.mark.parametrize("change", STATES)
@pytest.mark.parametrize("engine", ["page", "kernel"])
def test_both_engines_answer_as_torch_does(answers_of_the_page, engine, change):
    explorer = explore(ContrastiveLoss(), engine=engine)
    state = at_state(explorer, change)
    answer = answers_of_the_page if engine == "page" else kernel_answers
    assert_alike(answer(explorer, state), answers_of_torch(explorer, state))


@pytest.mark.parametrize("engine", ["page", "kernel"])
def test_real_embeddings_are_answered_as_torch_does(answers_of_the_page, engine):
    explorer = explore(ContrastiveLoss(margin=0.9), dimension=384, engine=engine)
    answer = answers_of_the_page if engine == "page" else kernel_answers
    assert_alike(answer(explorer, explorer.state), answers_of_torch(explorer, explorer.state))


@pytest.mark.parametrize("engine", ["page", "kernel"])
@pytest.mark.parametrize("only_far", [False, True])
def test_a_readers_own_loss(answers_of_the_page, engine, only_far):
    explorer = explore(LinearContrastiveLoss(margin=0.8, only_far=only_far), engine=engine)
    described = explorer.spec["losses"]["LinearContrastiveLoss"]
    assert described["chart"] == "distance line"
    assert [each["name"] for each in described["controls"]] == ["margin", "only_far"]
    assert described["controls"][0]["minimum"] <= 0.8 <= described["controls"][0]["maximum"]
    assert [variant["term"] for variant in described["variants"].values()] == [None, None]
    state = {**explorer.state, "parameters": {"margin": 1.1, "only_far": only_far}}
    answer = answers_of_the_page if engine == "page" else kernel_answers
    assert_alike(answer(explorer, state), answers_of_torch(explorer, state))


def test_the_matrix_of_a_loss_whose_terms_are_no_pairs(rendered):
    explorer = explore(SquareLoss())
    page = rendered(explorer)
    cells = page.locator("table.mask tbody td")
    expect(cells).to_have_text([fixed(value, 2) for value in explorer.terms().matrix.flatten().tolist()])
    expect(page.locator(".sum h4")).to_have_text(f"The loss is {fixed(explorer.terms().loss.item())}")
    expect(page.get_by_role("tab")).to_have_text(["Mask"])


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
    assert imported == [explorer.modules["ContrastiveLoss cosine|true"]]


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
