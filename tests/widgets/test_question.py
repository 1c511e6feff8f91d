"""verdict.js: what is said when a reader has answered."""

import json
import math

import pytest
import torch

import lossviz
from lossviz.situations import SITUATIONS
from lossviz.widgets import kernel
from tests.widgets.seen import Seen

RATE = 2.0
VERDICT = """(() => {
  const { spec, lasting, index, guess } = given;
  const entered = state.enter(spec, state.begin(spec, lasting), index);
  const now = { ...state.switchLoss(spec, entered, given.loss), guess, ...given.others };
  const result = engine.resultOf(spec, now, given.answer);
  const [shape, loss, reading] = [state.shapeOf(spec, now), state.lossOf(spec, now),
    readings_reading.read(spec, now, result)];
  return verdict.verdict({ spec, state: now, result, rate: given.rate, shape, loss, reading },
    given.facts);
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

    def said(name: str, situation: str, guess, loss: str | None = None, facts=None, **others) -> tuple[str, Seen]:
        explorer = explorers[name]
        spec = json.loads(json.dumps(explorer.spec))
        index = [each["name"] for each in spec["situations"]].index(situation)
        loss = loss or spec["situations"][index]["loss"] or explorer.state["loss"]
        start = spec["situations"][index]["starts"][loss]
        seen = Seen(explorer._losses, spec, {"loss": loss, "situation": index, **start, **others})
        batch = {name: seen.situation[name] for name in ("rows", "labels")}
        question = {"state": seen.state, "points": seen.state["points"], "gradients": True, **batch}
        (answer,) = kernel.answer(question, explorer._losses, "cpu")
        given = {"spec": spec, "lasting": explorer.state, "index": index, "guess": guess, "loss": loss, "rate": RATE,
                 "answer": answer, "others": others, "facts": facts}  # fmt: skip
        return javascript(VERDICT, given), seen

    return said


@pytest.mark.parametrize("guess", [0, 1, 2, None])
def test_the_verdict_on_a_choice(verdict, guess):
    """A wrong answer has a reply of its own before the right one."""
    (question,) = (each.question for each in SITUATIONS["labelled_pairs"] if each.name == "strongest push")
    right = "In between. Measured: the angle of the hardest push, 32.5°."
    numbers = [{"before": 32.53, "now": 32.53}] * 3
    words = {None: f"The answer: {right}", 1: f"Right: {right}"}
    for wrong in (0, 2):
        words[wrong] = f"You said: {question.options[wrong]}. {question.replies[wrong]} The answer: {right}"
    assert verdict("start", "strongest push", guess, facts={"numbers": numbers})[0] == words[guess]


def test_a_question_of_ones_own_needs_no_replies(javascript):
    question = {"kind": "choice", "options": ["one", "two"], "replies": [], "answer": 1}
    given = {"spec": {"situations": [{"loss": None, "question": question}]}, "state": {"posed": 0, "guess": 0}}
    assert javascript("verdict.verdict(given)", given) == "You said: one. The answer: two."


ACTIVE = "Active: A–B, D–E, D–F, B–C."
OPEN = "it is positive, and its two have not met."
NEAR = "it is negative, and {} is nearer than the margin, 0.5."
FAR = "it is negative, and {} is not nearer than the margin, 0.5."


@pytest.mark.parametrize(
    ("guess", "replies"),
    [
        ([0, 2, 3, 5], f"A–C adds nothing: {FAR.format(0.913)} You missed D–E: {OPEN}"),
        ([0, 1, 3, 4], f"A–D adds nothing: {FAR.format(1.743)} You missed B–C: {NEAR.format(0.293)}"),
        ([], f"You missed A–B: {OPEN} You missed D–E: {OPEN} You missed D–F: {NEAR.format(0.086)} And 1 more."),
    ],
)
def test_each_wrong_mark_is_told_why(verdict, guess, replies):
    """A–B, D–E, D–F and B–C are active."""
    marked = ", ".join("A–B D–E A–C D–F A–D B–C".split()[each] for each in guess) or "none"
    assert verdict("start", "which pairs count", guess)[0] == f"You marked {marked}. {replies} {ACTIVE}"


def test_the_thresholds_of_the_loss_at_hand_are_told(verdict):
    """Online, a pair must pass those of the other label's pairs too."""
    said, seen = verdict("start", "which pairs count", [0, 3], "OnlineContrastiveLoss")
    farthest, nearest = (round(seen.terms.thresholds[name].item(), 3)
                         for name in ("farthest_positive", "nearest_negative"))  # fmt: skip
    assert f"D–E: it is positive, and {farthest} is farther than the nearest negative, {nearest}." in said
    assert "B–C: it is negative, and 0.293 is nearer than the margin, 0.5, and the farthest positive" in said
    said, _ = verdict("start", "which pairs count", [0, 1, 2, 3, 5], "OnlineContrastiveLoss")
    assert f"adds nothing: {FAR.format(0.913)[:-1]}, or the farthest positive, {farthest}." in said


@pytest.mark.parametrize("guess", [[3, 0, 1, 5], None])
def test_what_is_marked_right_needs_no_reply(verdict, guess):
    words = {True: "Right: A–B, D–E, D–F, B–C.", False: ACTIVE}
    assert verdict("start", "which pairs count", guess)[0] == words[guess is not None]


def test_a_pair_that_has_met_is_told_so(verdict):
    points = [[1, 0], [1, 0], [0, 1], [0, -1], [-1, 0], [-0.6, -0.8]]
    said, _ = verdict("start", "which pairs count", [0], points=points)
    assert "A–B adds nothing: it is positive, and its two are one point." in said


@pytest.mark.parametrize("degrees", range(-175, 180, 35))
@pytest.mark.parametrize("loss", ["ContrastiveLoss", "OnlineContrastiveLoss"])
def test_a_drawn_arrow_is_off_by_the_angle_to_torchs_step(verdict, loss, degrees):
    drawn = [0.7 * math.cos(math.radians(degrees)), 0.7 * math.sin(math.radians(degrees))]
    said, seen = verdict("first", "first", drawn, loss)
    step = seen.after_step(RATE)[0] - seen.points[0]
    off = torch.arccos(torch.nn.functional.cosine_similarity(step, torch.tensor(drawn, dtype=torch.float64), dim=0))
    degrees = math.degrees(off)
    told = f"Dashed: yours. Solid: where A goes. Yours is {math.floor(degrees + 0.5)}° off."
    assert said.startswith(f"Right. {told}" if degrees <= 10 else told)
    assert (said in (told, f"Right. {told}")) == (degrees <= 10), "a wrong one is told why"


@pytest.mark.parametrize(
    ("towards", "why"),
    [
        (1, "Yours follows B alone, which pulls; C pushes too."),
        (-1, "Yours leads away from B, but B pulls."),
        (2, "Yours leads to C, but C pushes."),
        (-2, "Yours follows C alone, which pushes; B pulls too."),
        (None, "B pulls, C pushes: the solid arrow is their sum."),
    ],
)
def test_a_wrong_arrow_is_told_whom_it_follows(verdict, towards, why):
    """Of the pulls of the single terms, as torch finds them, the one along which it is drawn."""
    _, seen = verdict("first", "first", None)
    pulls = [-each[0] for each in seen.pieces]
    one, other = (math.atan2(each[1], each[0]) for each in pulls)
    turned = {1: one, -1: one + math.pi, 2: other + math.pi, -2: other, None: (one + other) / 2 + math.pi / 2}[towards]
    drawn = [math.cos(turned), math.sin(turned)]
    assert verdict("first", "first", drawn)[0].endswith(why)


def test_an_arrow_for_a_point_that_does_not_move(verdict):
    """That it stays is an answer, and the right one where nothing moves it."""
    apart = [[0, 0], [0, 0], [3, 0]]  # the positive is met, the negative out of reach
    assert verdict("first", "first", [0, 0], points=apart)[0].startswith("Right: A does not move at all")
    assert verdict("first", "first", [0, 0])[0] == "A does not stay: the solid arrow shows where it goes."
    assert verdict("first", "first", [1, 0], points=apart)[0] == "A does not move at all: its gradient is 0."
    assert verdict("first", "first", None, points=apart)[0] == "A does not move at all: its gradient is 0."
    assert verdict("first", "first", None)[0] == "The solid arrow shows where A goes."
