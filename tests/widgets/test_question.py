"""question.js: what is said when a reader has answered."""

import json
import math

import pytest
import torch

import lossviz
from tests.widgets.seen import Seen

RATE = 2.0
VERDICT = """(() => {
  const { spec, lasting, index, guess, terms } = given;
  const entered = state.enter(spec, state.begin(spec, lasting), index);
  const now = { ...state.switchLoss(spec, entered, given.loss), guess, ...given.others };
  const result = { pointGradients: given.gradient };
  const shape = state.shapeOf(spec, now);
  return question.verdict({ spec, state: now, result, rate: given.rate, shape, reading: { terms } });
})()"""


@pytest.fixture(scope="module")
def explorers():
    margin = {"margin": 1.0, "distance": "euclidean"}
    return {
        "start": lossviz.explore(
            lossviz.ContrastiveLoss(margin=0.4), lossviz.OnlineContrastiveLoss(), engine="kernel"
        ),
        "first": lossviz.explore(
            lossviz.ContrastiveLoss(**margin), lossviz.OnlineContrastiveLoss(**margin), situation="first",
            engine="kernel",
        ),
    }  # fmt: skip


@pytest.fixture
def verdict(javascript, explorers):
    """verdict(explorer, situation, guess, …) → the sentence, and what torch sees there."""

    def said(name: str, situation: str, guess, loss: str | None = None, **others) -> tuple[str, Seen]:
        explorer = explorers[name]
        spec = json.loads(json.dumps(explorer.spec))
        index = [each["name"] for each in spec["situations"]].index(situation)
        loss = loss or spec["situations"][index]["loss"] or explorer.state["loss"]
        start = spec["situations"][index]["starts"][loss]
        seen = Seen(explorer._losses, spec, {"loss": loss, "situation": index, **start, **others})
        rows = zip(*seen.situation["rows"].values(), strict=True)
        letters = ["–".join("ABCDEF"[point] for point in row) for row in rows]
        active = enumerate(zip(letters, seen.flat("active"), strict=True))
        terms = [{"index": k, "letters": pair, "active": counts} for k, (pair, counts) in active]
        given = {"spec": spec, "lasting": explorer.state, "index": index, "guess": guess, "loss": loss, "rate": RATE,
                 "terms": terms, "gradient": seen.gradient.tolist(), "others": others}  # fmt: skip
        return javascript(VERDICT, given), seen

    return said


@pytest.mark.parametrize(
    ("guess", "words"),
    [
        (1, "Right: About 33° away from A."),
        (0, "You said: On top of A, at 0°. It is: About 33° away from A."),
        (None, "The answer: About 33° away from A."),
    ],
)
def test_the_verdict_on_a_choice(verdict, guess, words):
    assert verdict("start", "strongest push", guess)[0] == words


@pytest.mark.parametrize(
    ("guess", "words"),
    [
        ([3, 0, 1, 2], "Right: A–B, D–E, A–C, D–F."),
        ([0, 5], "You marked A–B, B–C. Active: A–B, D–E, A–C, D–F."),
        ([], "You marked none. Active: A–B, D–E, A–C, D–F."),
        (None, "Active: A–B, D–E, A–C, D–F."),
    ],
)
def test_the_verdict_on_marked_terms(verdict, guess, words):
    """The first four of six pairs count at the start."""
    assert verdict("start", "which pairs count", guess)[0] == words


@pytest.mark.parametrize("degrees", range(-175, 180, 35))
@pytest.mark.parametrize("loss", ["ContrastiveLoss", "OnlineContrastiveLoss"])
def test_a_drawn_arrow_is_off_by_the_angle_to_torchs_step(verdict, loss, degrees):
    drawn = [0.7 * math.cos(math.radians(degrees)), 0.7 * math.sin(math.radians(degrees))]
    said, seen = verdict("first", "first", drawn, loss)
    step = seen.after_step(RATE)[0] - seen.points[0]
    off = torch.arccos(torch.nn.functional.cosine_similarity(step, torch.tensor(drawn, dtype=torch.float64), dim=0))
    assert said == f"Dashed: yours. Solid: where A goes. They are {math.floor(math.degrees(off) + 0.5)}° apart."


def test_an_arrow_for_a_point_that_does_not_move(verdict):
    apart = [[0, 0], [0, 0], [3, 0]]  # the positive is met, the negative out of reach
    assert verdict("first", "first", [1, 0], points=apart)[0] == "A does not move at all: nothing pulls it."
    assert verdict("first", "first", None)[0] == "The solid arrow shows where A goes."
