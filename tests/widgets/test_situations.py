"""Every situation is what it says it is: its answer is right, its symptom is there, and each of its cures helps.

A reader believes what a situation says. So each has a line in CLAIMS, and torch checks that line for every loss that
the situation is offered with.
"""

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from lossviz import Explorer, catalogue, explore, sentences
from lossviz.losses import Loss
from lossviz.situations import SITUATIONS, Cure, Question, Situation, situation, situations
from lossviz.situations.offered import ignores_length
from lossviz.widgets.scene import Scene
from tests.widgets.in_the_book import IN_THE_BOOK

OVERLAP_IS_THE_POINT = {
    "collapsed", "nearly collapsed", "where c goes", "all alike", "another distance", "perfect", "without dropout",
}  # fmt: skip
NOTHING_MOVES_IS_THE_POINT = {"where c goes", "something to teach"}
EVERY = [(kind, each) for kind, batch in SITUATIONS.items() for each in batch]
DEFAULTS = [entry.default() for entry in catalogue.ENTRIES]
LOSSES = {  # one that is given an encoder is, in the plane, the same without
    type(each).__name__: each for each in DEFAULTS if not any(map(callable, each.settings().values()))
}


def named(cases: list) -> list:
    return [pytest.param(*case, id=f"{case[0]}, {case[1].name}") for case in cases]


# --- states: made by state.js, read by torch --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class State(Scene):
    """A situation under a loss; ``after`` it, what its answer shows, and each of its cures by its title. Where it is
    ``shaken``, the numbers of its prompt hold no more, but its answer does."""

    situation: Situation
    after: dict[str, "State"] = field(default_factory=dict)
    shaken: bool = False

    def apply(self, change: Question | Cure) -> "State":
        """What an answer or a cure makes of it."""
        return self.after[change.title if isinstance(change, Cure) else "answer"]

    def value_and_gradient(self) -> tuple[float, Tensor]:
        """The loss, and its gradient at every point: (), (points, 2)."""
        points = self.points.clone().requires_grad_()
        loss = self.loss.value(*self.batch.inputs(points))
        return loss.item(), torch.autograd.grad(loss, points)[0]

    def shake(self, seed: int, degrees: float = 2.0) -> "State":
        """All points up to so many degrees aside, or as far in the free plane; but not where the answer puts one."""
        generator = torch.Generator().manual_seed(seed)
        most = max(len(self.points), len(self.apply(self.situation.question).points))
        aside = (2 * torch.rand(most, 2, generator=generator, dtype=torch.float64) - 1) * math.radians(degrees)

        def moved(state: "State", still: set[int]) -> "State":
            free = torch.tensor([[k not in still] for k in range(len(state.points))])
            if seen_by_angle(state.loss):
                angle = torch.atan2(state.points[:, 1], state.points[:, 0]) + aside[: len(free), 0]
                places = torch.stack([angle.cos(), angle.sin()], dim=-1)
            else:
                places = state.points + aside[: len(free)]
            return replace(state, points=torch.where(free, places, state.points), shaken=True)

        after = {"answer": moved(self.apply(self.situation.question), set(self.situation.question.moves))}
        return replace(moved(self, set()), after=after)

    def pull(self) -> float:
        return self.value_and_gradient()[1].norm(dim=-1).max().item()

    def play(self, steps: int = 400, first: float = 0.25) -> tuple["State", list[float]]:
        """Gradient descent, with a first step of this length: where it ends, and the losses on the way."""
        state, losses = self, []
        rate = first / max(self.pull(), 1e-9)
        for _ in range(steps):
            loss, gradient = state.value_and_gradient()
            losses.append(loss)
            if not gradient.any():
                break
            state = replace(state, points=settled(self.loss, state.points - rate * gradient))
        return state, [*losses, state.terms().loss.item()]

    def spread(self) -> float:
        """The mean distance between two sentences in the plane."""
        return torch.pdist(self.points).mean().item()


seen_by_angle = cache(ignores_length)


def settled(loss: Loss, points: Tensor) -> Tensor:
    """On the circle where the loss sees directions only."""
    return torch.nn.functional.normalize(points, dim=-1) if seen_by_angle(loss) else points


ENTERED = """(() => {
  const { spec, lasting, index } = given;
  const entered = state.enter(spec, state.begin(spec, lasting), index);
  const { question, cures } = spec.situations[index];
  const after = Object.fromEntries(cures.map((cure) => [cure.title, state.apply(spec, entered, cure)]));
  return { entered, after: question ? { ...after, answer: state.demonstrate(spec, entered) } : after };
})()"""


@pytest.fixture(scope="module")
def states(javascript):
    """states(kind, batch) → the situation as it is entered, under every loss that it speaks of, with every set of
    parameters in the book."""

    @cache
    def explorer(first: str, number: int, beginning: str, controls: tuple[str, ...] | None) -> Explorer:
        loss = LOSSES[first]
        chosen = loss.changed(**IN_THE_BOOK[first][number])
        others = [each for each in LOSSES.values() if each.inputs.name == loss.inputs.name and each is not loss]
        return explore(chosen, *others, situation=beginning, controls=controls, engine="kernel")

    def read(shown: Explorer, now: dict, kind: str, **others) -> State:
        shown.state = {name: now[name] for name in shown.state}
        name = shown.spec["situations"][now["situation"]]["name"]
        return State(**vars(shown.scene), situation=situation(kind, name), **others)

    def entered(kind: str, batch: Situation, first: str, number: int) -> State:
        needed = tuple(batch.question.parameters) if batch.question and not batch.listed else ()
        shown = explorer(first, number, "start" if batch.listed else batch.name, needed or None)
        index = [each["name"] for each in shown.spec["situations"]].index(batch.name)
        found = javascript(ENTERED, {"spec": shown.spec, "lasting": shown.state, "index": index})
        after = {title: read(shown, now, kind) for title, now in found["after"].items()}
        return read(shown, found["entered"], kind, after=after)

    @cache
    def of(kind: str, name: str) -> list[State]:
        batch = situation(kind, name)
        known = [each for each, loss in LOSSES.items() if loss.inputs.name == kind and batch.loss in (None, each)]
        found = [entered(kind, batch, each, k) for each in known for k in range(len(IN_THE_BOOK[each]))]
        return list({f"{each.loss}": each for each in found}.values())  # many situations bring their own parameters

    return lambda kind, batch: of(kind, batch.name)


# --- questions: the authored answer, checked -------------------------------------------------------------------------


def degrees_between(state: State, one: int, other: int) -> float:
    return math.degrees(math.acos(state.points[one] @ state.points[other]))


def strongest_push(state: State) -> int:
    """On A itself, 0°, in between, 33°, or at the margin, 60°: where the slope of A–C's cost is largest."""
    angle = torch.deg2rad(torch.linspace(0, 180, 180_001, dtype=torch.float64)).requires_grad_()
    anchor = torch.tensor([1.0, 0.0], dtype=torch.float64).expand(len(angle), 2)
    other = torch.stack([angle.cos(), angle.sin()], dim=-1)
    (slope,) = torch.autograd.grad(state.loss.terms(anchor, other, torch.zeros(len(angle))).values.sum(), angle)
    peak = angle[slope.abs().argmax()].rad2deg().item()
    shown = state.apply(state.situation.question)
    if not state.shaken:
        assert degrees_between(shown, 0, 2) == pytest.approx(peak, abs=0.01)
        assert f"{peak:.2f}°" in state.situation.question.reveal
    return min(range(3), key=lambda option: abs((0, 33, 60)[option] - peak))


def one_move(state: State) -> int:
    """What becomes of the positive pair D–E, row 1, when C, which is not in it, moves: nothing left, as much, more."""
    shown = state.apply(state.situation.question)
    if not state.shaken:
        assert [degrees_between(each, 0, 2) for each in (state, shown)] == pytest.approx([88, 110])
        assert [degrees_between(state, *pair) for pair in ((0, 1), (3, 4))] == pytest.approx([100, 100])
    before, after = state.terms(), shown.terms()
    assert before.active[1] and before.matrix[2] == before.thresholds["nearest_negative"]
    if not after.active.any():
        assert after.loss == 0
        return 0
    return 1 + int(after.values[1] > before.values[1])


def another_distance(state: State) -> int:
    """What becomes of the push of the pair A–C, row 2, on C: as much, weaker, stronger."""
    shown = state.apply(state.situation.question)
    if not state.shaken:
        angles = torch.atan2(state.points[:, 1], state.points[:, 0]).rad2deg()
        assert (angles.max() - angles.min()).item() == pytest.approx(7)
    before, after = (term_gradient(each, (2,))[2].norm().item() for each in (state, shown))
    return 0 if after == pytest.approx(before, rel=0.01) else 1 + int(after > before)


def not_the_hardest(state: State) -> int:
    """Whether C's term changes when E comes nearer to it, but not as near as D."""
    before, after = state.terms(), state.apply(state.situation.question).terms()
    assert before.chosen["hardest_negative"][2] == 3
    assert after.matrix[2, 3] < after.matrix[2, 4] < before.matrix[2, 4]
    change = (after.values[2] - before.values[2]).item()
    return 2 if change == 0 else int(change < 0)


def out_of_reach(state: State) -> int:
    """The smallest loss: where the answer shows it, and nowhere lower."""
    shown = state.apply(state.situation.question)
    best = shown.terms().loss.item()
    generator = torch.Generator().manual_seed(0)
    anywhere = settled(state.loss, torch.randn(2000, *state.points.shape, generator=generator, dtype=torch.float64))
    assert (state.loss.complete(*state.batch.inputs(anywhere)).loss >= best).all()
    return list(map(float, state.situation.question.options)).index(round(best, 9))


def add_pairs(state: State) -> int:
    """Falls, stays or rises: what C, the second of the two anchors, costs."""
    before, after = state.terms(), state.apply(state.situation.question).terms()
    cost = before.values * 2, after.values[:2] * 3
    assert (cost[1] >= cost[0] - 1e-12).all() and cost[1][1] > cost[0][1] + 0.1
    assert after.matrix[1].argmax() == 2, "C takes F for its answer"
    shown = state.apply(state.situation.question)
    assert_close(shown.points[:4], state.points)
    if not state.shaken:
        assert [degrees_between(shown, 2, each) for each in (5, 3)] == pytest.approx([55, 85])
    return 1 + int((cost[1] - cost[0])[1].sign().item())


def accumulation(state: State) -> int:
    """Whether the gradients of the mini-batches, weighed by their pairs, are that of the whole batch: no, yes, or too
    large."""
    whole = state.value_and_gradient()[1]
    shown = state.apply(state.situation.question)
    assert_close(shown.points, state.points[:4])
    added = torch.zeros_like(whole)
    for size, part in ((2, slice(0, 4)), (1, slice(4, 6))):
        rows = [state.points[part][k::2].clone().requires_grad_() for k in (0, 1)]
        for k, gradient in enumerate(torch.autograd.grad(state.loss(*rows), rows)):
            added[part][k::2] += gradient * size / 3
    assert not added[4:].any(), "a single pair has no rival"
    if torch.allclose(added, whole):
        return 1
    ratios = (added / whole).flatten()
    return 2 if torch.allclose(ratios, ratios[0]) else 0


def who_pushes(state: State) -> int:
    """D, F or both: who pushes A, its rivals being candidates 1 and 2; and that a push is share times sine."""

    def pushes(at: State) -> tuple[Tensor, Tensor]:
        anchor = at.points[0].clone().requires_grad_()
        candidates = at.points[[1, 3, 5]]
        logits = at.loss.scale * candidates @ anchor
        share = logits.softmax(-1).detach()
        along = torch.stack([-anchor[1], anchor[0]]).detach()
        pieces = torch.stack([torch.autograd.grad(each, anchor, retain_graph=True)[0] for each in logits]) @ along
        push = (share * pieces).abs() / at.loss.scale
        angles = torch.tensor([math.radians(degrees_between(at, 0, each)) for each in (1, 3, 5)], dtype=torch.float64)
        assert_close(push, share * angles.sin())
        return share[1:], push[1:]

    (shares, now), (shares_then, then) = pushes(state), pushes(state.apply(state.situation.question))
    if not state.shaken:
        assert now.max() < 1.05 * now.min(), "equally hard"
        assert [round(100 * each) for each in shares.tolist()] == [43, 26]
        assert [degrees_between(state, 0, each) for each in (3, 5)] == pytest.approx([35, 71])
        assert shares_then[0] > 0.99 and shares_then[1] < 0.01
    part = (then[0] / then.sum()).item()
    return 0 if part > 0.9 else 1 if part < 0.1 else 2


def over_the_line(state: State) -> int:
    """Falls, stays or rises: the loss, as the cheapest triplet stops to cost anything and the costs sum to less."""
    before, after = state.terms(), state.apply(state.situation.question).terms()
    costs = [each.values[each.active] * each.active.sum() for each in (before, after)]
    if not state.shaken:
        assert [len(each) for each in costs] == [3, 2] and costs[0].min() == pytest.approx(0.05, abs=0.005)
        assert [each.sum().item() for each in costs] == pytest.approx([0.98, 0.92], abs=0.005)
        assert [each.mean().item() for each in costs] == pytest.approx([0.33, 0.46], abs=0.005)
    assert costs[1].sum() < costs[0].sum()
    return 1 + int((after.loss - before.loss).sign().item())


def all_satisfied_without_margin(state: State) -> int:
    """It reaches 0, it falls and pulls, or it stays."""
    shown = state.apply(state.situation.question)
    for each in (state, shown):
        matrix, chosen = each.terms().matrix, each.terms().chosen
        rows = torch.arange(len(matrix))
        assert (matrix[rows, chosen["hardest_positive"]] < matrix[rows, chosen["hardest_negative"]]).all()
    before, after = (each.terms().loss.item() for each in (state, shown))
    if after == 0:
        return 0
    return 1 if after < before and shown.pull() > 1e-3 else 2


def released(state: State) -> int:
    """Nothing, as much, more: what the term of A and B does to C, as C comes nearer than B."""
    shown = state.apply(state.situation.question)
    before, after = (each.terms().chosen["semi_hard_negative"][0, 1].item() for each in (state, shown))
    assert before == 2 and after == 3 and shown.terms().matrix[0, 2] < shown.terms().matrix[0, 1]
    pushed, then = (term_gradient(each, (0, 1))[2].norm().item() for each in (state, shown))
    assert pushed > 0.01
    return 0 if then == 0 else 1 + int(then > pushed + 1e-9)


def term_gradient(state: State, term: tuple[int, ...]) -> Tensor:
    """The gradient of one term at every point: (points, 2)."""
    points = state.points.clone().requires_grad_()
    return torch.autograd.grad(state.loss.complete(*state.batch.inputs(points)).values[term], points)[0]


def which_way(state: State) -> int:
    """Where the pair A–D, row 4, goes by its own term: apart, nowhere, together."""
    shown = state.apply(state.situation.question)
    if not state.shaken:
        assert [degrees_between(each, 0, 3) for each in (state, shown)] == pytest.approx([150, 90])
        assert shown.terms().loss.item() == pytest.approx(0, abs=1e-12)
        assert state.terms().matrix[4].item() == pytest.approx(-0.87, abs=0.005)
    step = replace(state, points=settled(state.loss, state.points - 0.1 * term_gradient(state, (4,))))
    closer = degrees_between(state, 0, 3) - degrees_between(step, 0, 3)
    return 2 if closer > 0.1 else 1 if closer > -0.1 else 0


def all_higher(state: State) -> int:
    """Falls, stays or rises: CoSENT; and that CosineSimilarityLoss does not stay."""
    shown = state.apply(state.situation.question)
    assert_close(shown.terms().matrix, state.terms().matrix + 0.3)
    other, moved = (replace(each, loss=LOSSES["CosineSimilarityLoss"]).terms().loss for each in (state, shown))
    assert abs(moved - other) > 0.01
    change = (shown.terms().loss - state.terms().loss).item()
    return 1 if abs(change) < 1e-9 else int(change > 0) * 2


def worst_order(state: State) -> int:
    """Which of A–B and C–D above E–F has the larger share; with the numbers of the article's example."""
    terms = state.terms()
    shares, the_1 = terms.values / terms.loss, terms.thresholds["the_1"].item()
    if not state.shaken:
        assert terms.loss.item() == pytest.approx(4.145, abs=5e-4)
        assert terms.matrix.tolist() == pytest.approx([0.3, 0.4, 0.2])
        assert the_1 == pytest.approx(0.016, abs=5e-4)
        assert shares[1, 2].item() == pytest.approx(0.879, abs=5e-4)
        assert shares[1, 2].item() * (1 - the_1) == pytest.approx(0.865, abs=5e-4)
    after = state.apply(state.situation.question).terms().matrix
    assert after[2] > after[:2].max()
    return int(shares[1, 2] > shares[0, 2])


def quarter_turn(state: State) -> int:
    """Of 0°, 45° and 90°: where AnglE's similarity is largest as B turns clockwise; at 180° it is 1 again. As far as
    90° it is the sum of two cosines, of A and B and after a quarter turn."""
    angle = torch.deg2rad(torch.linspace(0, 180, 1801, dtype=torch.float64))
    first = torch.tensor([0.0, 1.0], dtype=torch.float64).expand(len(angle), 2)
    second = torch.stack([angle.sin(), angle.cos()], dim=-1)
    similarity = state.loss.terms(first, second, torch.zeros(len(angle))).matrix
    assert similarity.max().item() == pytest.approx(math.sqrt(2)) and similarity[-1].item() == pytest.approx(1)
    peak = angle[similarity.argmax()].rad2deg().item()
    first_90 = angle[: len(angle) // 2]
    assert_close(similarity[: len(first_90)], first_90.cos() + (first_90 - math.pi / 2).cos())
    if not state.shaken:
        assert degrees_between(state.apply(state.situation.question), 0, 1) == pytest.approx(peak, abs=0.1)
    return (0, 45, 90).index(round(peak))


def rotate_both(state: State) -> int:
    """No or yes: whether A–B keeps its class when both turn, at the same cosine, distance and |u − v|."""
    shown = state.apply(state.situation.question)
    pairs = [each.points[:2] for each in (state, shown)]
    if not state.shaken:
        assert_close(pairs[1], -pairs[0])
        assert_close(*(torch.nn.functional.cosine_similarity(*pair, dim=0) for pair in pairs))
        assert_close(*((one - other).abs() for one, other in pairs))
    before, after = (each.terms().matrix[0].argmax().item() for each in (state, shown))
    return int(before == after)


def borders(state: State) -> int:
    """What the border between two classes does as A moves. For every place of B the log-odds of two classes are linear:
    their slope is the border's direction, their height its place."""

    def odds(at: State) -> tuple[Tensor, Tensor]:
        def of_b(place: Tensor) -> Tensor:
            points = torch.cat([at.points[:1], place[None], at.points[2:]])
            logs = at.loss.complete(*at.batch.inputs(points)).matrix[0]
            return logs[:-1] - logs[-1]

        corners = torch.tensor([[0, 0], [1, 0], [-1, 2]], dtype=torch.float64)
        slopes = [torch.func.jacrev(of_b)(each) for each in corners]
        assert all(torch.allclose(each, slopes[0]) for each in slopes), "straight"
        return slopes[0], of_b(corners[0])

    def is_in_sight(at: State) -> bool:
        """Whether two classes have a tenth of the plane that is drawn, or more: so there is a border to see."""
        across = torch.linspace(-1.6, 1.6, 81, dtype=torch.float64)
        points = at.points.repeat(81 * 81, 1, 1)
        points[:, 1] = torch.cartesian_prod(across, across)
        classes = at.loss.complete(*at.batch.inputs(points)).matrix[:, 0].argmax(-1)
        return (classes.bincount() >= 0.1 * len(classes)).sum().item() >= 2

    shown = state.apply(state.situation.question)
    assert is_in_sight(state) and is_in_sight(shown)
    (slope, height), (slope_after, height_after) = odds(state), odds(shown)
    if not torch.allclose(slope, slope_after):
        return 0
    return 2 if torch.allclose(height, height_after) else 1


def trained(state: State) -> int:
    """Where training ends: all classes right, and which of D–F and D–E has the higher cosine."""
    shown = state.apply(state.situation.question)
    if state.shaken:
        shown = state.play(steps=20)[0]
    else:
        assert_close(shown.points, state.play(steps=20)[0].points, atol=0.006, rtol=0)
    assert shown.terms().matrix.argmax(-1).tolist() == list(state.situation.labels)
    entailment, neutral = torch.nn.functional.cosine_similarity(shown.points[3], shown.points[4:], dim=-1).tolist()
    assert entailment < 0 and state.situation.labels[2:] == (0, 1)
    loss, points, inputs = state.loss, state.points, state.batch.inputs
    for _ in range(400):  # as Play does: the weights are trained too
        parts = [each.clone().requires_grad_() for each in (points, loss.weight, loss.bias)]
        value = loss.changed(weight=parts[1], bias=parts[2])(*inputs(parts[0]))
        steps = torch.autograd.grad(value, parts)
        points, weight, bias = (each.detach() - 0.5 * step for each, step in zip(parts, steps, strict=True))
        loss = loss.changed(weight=weight, bias=bias)
    ends = torch.nn.functional.cosine_similarity(points[3], points[4:], dim=-1)
    assert ends[0] > ends[1], "with the weights trained, the entailment ends higher"
    return 2 if math.isclose(entailment, neutral) else int(neutral < entailment)


def not_its_negative(state: State) -> int:
    """Nothing, a pull, a push: what A feels of F."""
    shown = state.apply(state.situation.question)
    assert torch.dist(shown.points[0], shown.points[5]) < 0.3 < torch.dist(state.points[0], state.points[5])
    before, after = (each.value_and_gradient()[1][0] for each in (state, shown))
    change = (after - before) @ (shown.points[0] - shown.points[5])
    return 0 if torch.equal(before, after) else 1 + int(change < 0)


def rows_and_columns(state: State) -> int:
    """Both right, or which answer finds the question of the other."""
    scores = state.terms().matrix
    assert scores.argmax(1).tolist() == [0, 1], "the rows are right"
    if not state.shaken:
        assert [degrees_between(state, each, 1) for each in (0, 2)] == pytest.approx([60, 50])
        assert [degrees_between(state, each, 3) for each in (0, 2)] == pytest.approx([120, 10])
    assert state.apply(state.situation.question).terms().matrix.argmax(0).tolist() == [0, 1]
    return [[0, 1], [1, 1], [0, 0]].index(scores.argmax(0).tolist())


def way_back(state: State) -> int:
    """0, ln 2 or ln 4: where training ends with both directions in one sum; with a sum for each it ends at 0."""
    shown = state.apply(state.situation.question)
    joint = replace(state, loss=shown.loss)
    apart = replace(joint, loss=joint.loss.changed(partition_mode="per_direction"))
    assert state.shaken or f"{state.terms().loss:.4f}" == "0.0005"
    assert apart.play()[1][-1] < 1e-3
    assert shown.terms().loss.item() == pytest.approx(joint.play()[1][-1], abs=1e-3)
    return [0, math.log(2), math.log(4)].index(pytest.approx(joint.play()[1][-1], abs=1e-3))


def how_low(state: State) -> int:
    """0, (2/3) ln 2 or ln 2: where training ends, which the answer shows; nowhere is lower."""
    best = state.apply(state.situation.question).terms().loss.item()
    generator = torch.Generator().manual_seed(0)
    anywhere = settled(state.loss, torch.randn(2000, *state.points.shape, generator=generator, dtype=torch.float64))
    assert (state.loss.complete(*state.batch.inputs(anywhere)).loss >= best - 1e-9).all()
    assert state.play(steps=400, first=0.05)[1][-1] == pytest.approx(best, abs=1e-3)
    return [0, 2 / 3 * math.log(2), math.log(2)].index(pytest.approx(best, abs=1e-3))


def harder_rivals(state: State) -> int:
    """B, C or F: who has the largest share of A's row. Its candidates are B, E, C, F."""
    before, after = (each.terms().matrix[0] for each in (state, state.apply(state.situation.question)))
    assert before.argmax() == 2, "C, at first"
    gains = after - before
    assert gains[:3:2].tolist() == [0, 0] and gains[1] < 0
    if not state.shaken:
        assert (before / state.loss.scale).tolist() == pytest.approx([0.77, -0.53, 0.93, 0.64], abs=0.005)
        assert gains[3].item() == pytest.approx(5 * 0.64, abs=0.02)
        assert [before[3].item(), *after[[0, 2, 3]].tolist()] == pytest.approx([3.2, 3.8, 4.6, 6.4], abs=0.05)
    return [0, 2, 3].index(after.argmax())


def noise_0(state: State) -> int:
    """No, or yes: whether the loss is 0 where the passes coincide, and whether anything moves there."""
    shown = state.apply(state.situation.question)
    if state.shaken:
        shown = replace(shown, points=shown.points[0::2].repeat_interleave(2, dim=0))
    assert torch.equal(shown.points[0::2], shown.points[1::2])
    assert state.shaken or degrees_between(shown, 0, 2) == pytest.approx(30)
    return 0 if shown.terms().loss > 1e-3 and shown.pull() > 1e-2 else 1


def stretch(state: State) -> int:
    """Falls, stays, rises: the cost of A–B as both are stretched."""
    shown = state.apply(state.situation.question)
    if not state.shaken:
        assert_close(shown.points[:2], 2 * state.points[:2])
        assert [each.terms().matrix[0].item() for each in (state, shown)] == pytest.approx([0.73, 2.92])
    change = (shown.terms().values[0] - state.terms().values[0]).item()
    return 1 if abs(change) < 0.1 else int(change > 0) * 2


def no_length(state: State) -> int:
    """0, ln 2 or more than that: what each pair of A costs."""
    terms = state.apply(state.situation.question).terms()
    pairs = zip(*state.situation.rows.values(), terms.values, strict=True)
    own = [value for first, second, value in pairs if 0 in (first, second)]
    assert {state.situation.labels[k] for k in (0, 1)} == {0, 1}, "whatever the label"
    assert all(each.item() == pytest.approx(own[0].item()) for each in own)
    return [0, math.log(2), math.log(3)].index(pytest.approx(own[0].item()))


# --- symptoms: true where the situation begins, false after each cure ------------------------------------------------


def nothing_to_learn(state: State, below: float) -> bool:
    return state.terms().loss.item() < below and state.pull() < 0.01


def stuck(state: State, loss: float | None = None) -> bool:
    """Nothing moves, at a loss that is not 0 (at this one)."""
    value = state.terms().loss.item()
    return state.pull() < 1e-9 and value > 0.01 and (loss is None or value == pytest.approx(loss, abs=1e-12))


def all_alike(state: State) -> bool:
    """Every cosine above 0.99, and a pull near nothing."""
    anchor, other, _ = state.batch.inputs(state.points)
    return bool((torch.nn.functional.cosine_similarity(anchor, other) > 0.99).all()) and state.pull() < 0.01


def spreads(before: State, after: State) -> bool:
    end, losses = after.play()
    return after.pull() > 10 * before.pull() and losses[-1] < 1e-9 and end.spread() > 5 * after.spread()


def at_the_margin(state: State) -> bool:
    margin = next((value for name, value in state.loss.settings().items() if "margin" in name), None)
    return stuck(state, math.log(2) if margin is None else margin)


def at_log_b(state: State) -> bool:
    return stuck(state, math.log(len(next(iter(state.situation.rows.values())))))


def near_log_b(state: State) -> bool:
    """ln B to two digits, with a gradient that gets out of it."""
    value, floor = state.terms().loss.item(), math.log(len(state.situation.rows["anchor"]))
    return abs(value - floor) < 0.005 and state.pull() > 0.05 and state.play()[1][-1] < 0.01


def too_low_a_scale(state: State) -> bool:
    """It begins within 0.15 of ln 3, has a gradient, and ends at what three far pairs cost; nothing costs less."""
    floor = math.log(1 + 2 * math.exp(-1.5))
    generator = torch.Generator().manual_seed(0)
    anywhere = settled(state.loss, torch.randn(2000, *state.points.shape, generator=generator, dtype=torch.float64))
    if not (state.loss.complete(*state.batch.inputs(anywhere)).loss >= floor).all():
        return False
    _, losses = state.play()
    assert f"{floor:.4f}" in state.situation.symptom and losses[-1] == pytest.approx(floor, abs=1e-4)
    return abs(losses[0] - math.log(3)) < 0.15 and state.pull() > 0.1


def far_from_the_scores(state: State) -> bool:
    scores = torch.tensor(state.situation.labels, dtype=torch.float64)
    return stuck(state, ((1 - scores) ** 2).mean().item()) and f"{state.terms().loss:.4f}" in state.situation.symptom


def at_log_2_each(state: State) -> bool:
    return stuck(state, len(state.situation.labels) * math.log(2))


def ordered_and_far_off(state: State) -> bool:
    below = state.terms().matrix < torch.tensor(state.situation.labels)
    return nothing_to_learn(state, below=0.01) and bool(below.all())


def above_the_triplet_margin(state: State) -> bool:
    return bool((state.terms().values * 2 > state.loss.triplet_margin).all())


def one_triplet_is_dead(state: State) -> bool:
    """The first triplet costs the margin at any place of its sentences."""
    generator = torch.Generator().manual_seed(0)
    anywhere = torch.randn(20, *state.points.shape, generator=generator, dtype=torch.float64)
    costs = state.loss.complete(*state.batch.inputs(settled(state.loss, anywhere))).values[:, 0]
    always = torch.allclose(costs, torch.tensor(state.loss.triplet_margin / 2, dtype=torch.float64))
    return always and term_gradient(state, (0,)).norm().item() == pytest.approx(0, abs=1e-12)


def only_pushes(state: State) -> bool:
    """Every positive has the highest score there is, with no slope left; something moves all the same."""
    own = state.terms().matrix.diagonal()
    return torch.allclose(own, torch.full_like(own, state.loss.scale)) and state.pull() > 1e-6


def lengths_grow(state: State) -> bool:
    """Playing takes the loss to 0, all sentences to one side, where every dot product is positive, and far out."""
    end, losses = state.play(steps=400)
    before, after = (each.points.norm(dim=-1).mean() for each in (state, end))
    return losses[-1] < 0.01 * losses[0] and after > 2 * before and bool((end.points @ end.points.T > 0).all())


def always_class_0(state: State) -> bool:
    end, losses = state.play(steps=400)
    return losses[-1] < 0.1 * losses[0] and not end.terms().matrix.argmax(-1).any()


def one_answer_for_all(state: State) -> bool:
    matrix = state.terms().matrix
    return torch.allclose(matrix, matrix[:1].expand_as(matrix))


def towards_log_2(state: State) -> bool:
    _, losses = state.play(steps=400)
    return min(losses) >= math.log(2) - 1e-12 and math.log(2) < losses[-1] < min(losses[0], math.log(2) + 0.05)


def one_pair_decides(state: State) -> bool:
    """Closing one positive pair switches every negative off."""
    terms = state.terms()
    assert (terms.active & terms.negative).any()
    closed = state.points.clone()
    closed[1] = closed[0]
    after = replace(state, points=closed).terms()
    return not (after.active & after.negative).any()


def all_in_one_place(state: State) -> bool:
    """Playing takes the loss to 0 and every sentence to the others."""
    end, losses = state.play(steps=500)
    return losses[-1] < 0.01 * losses[0] and end.spread() < 0.4 * state.spread()


def pushes_the_same_apart(state: State) -> bool:
    terms, keys = state.terms(), state.situation.keys
    pairs = zip(*state.situation.rows.values(), terms.negative & terms.active, strict=True)
    same = {frozenset(row[:2]) for row in sentences.examples("labelled_pairs") if row[3] == "duplicate"}
    return any(pushed and frozenset((keys[a], keys[b])) in same for a, b, pushed in pairs)


def all_satisfied(state: State) -> bool:
    terms = state.terms()
    return terms.loss.item() == 0 and not terms.active.any()


def above_the_margin(state: State) -> bool:
    return state.terms().loss.item() > state.loss.margin


def negatives_nearer(state: State) -> bool:
    """At least one negative pair is nearer than every positive pair."""
    terms = state.terms()
    return bool(terms.matrix[terms.negative].min() < terms.matrix[terms.positive].min())


def negatives_win(state: State) -> bool:
    """For every anchor, the explicit negatives have four fifths of the shares or more."""
    explicit = state.terms().matrix.softmax(-1)[:, len(state.situation.rows["positive"]) :].sum(-1)
    return bool((explicit > 0.8).all())


def lower_scores_higher(state: State) -> bool:
    terms, scores = state.terms(), torch.tensor(state.situation.labels)
    return bool(terms.matrix[scores == scores.min()].min() > terms.matrix[scores == scores.max()].max())


def finds_another(state: State) -> bool:
    terms = state.terms()
    return bool((terms.matrix.argmax(-1) != terms.positive.int().argmax(-1)).any())


def another_is_nearer(state: State) -> bool:
    terms = state.terms()
    return bool(terms.matrix[terms.negative].max() > terms.matrix[terms.positive].min())


def pushed_alone(state: State) -> bool:
    """An anchor without a positive, with a term whose gradient on it points away from its nearest negative alone."""
    terms = state.terms()
    alone = terms.active & ~terms.positive.any(-1)
    pieces = torch.func.jacrev(lambda points: state.loss.complete(*state.batch.inputs(points)).values)(state.points)
    for anchor in alone.nonzero().flatten().tolist():
        piece, nearest = pieces[anchor], terms.chosen["hardest_negative"][anchor].item()
        others = [k for k in range(len(state.points)) if k not in (anchor, nearest)]
        assert piece[others].abs().max() == 0
        assert piece[anchor] @ (state.points[anchor] - state.points[nearest]) < 0
    return bool(alone.any())


def never_below_the_margin(state: State) -> bool:
    """Playing takes the loss towards the margin, never below it, and the sentences towards each other."""
    end, losses = state.play(steps=400, first=0.08)
    return min(losses) >= state.loss.margin - 1e-12 and losses[-1] < losses[0] and end.spread() < 0.25 * state.spread()


def falls_to(floor: float, state: State) -> bool:
    """Playing takes the loss to the floor; no places that were tried cost less."""
    generator = torch.Generator().manual_seed(0)
    anywhere = settled(state.loss, torch.randn(500, *state.points.shape, generator=generator, dtype=torch.float64))
    if (state.loss.complete(*state.batch.inputs(anywhere)).loss < floor - 1e-9).any():
        return False
    _, losses = state.play(steps=400, first=0.05)
    return losses[0] > floor + 0.01 and min(losses) >= floor - 1e-9 and losses[-1] == pytest.approx(floor, abs=1e-3)


def not_zero_though_right(state: State) -> bool:
    terms = state.terms()
    right = (terms.matrix.argmax(-1) == terms.positive.int().argmax(-1)).all()
    return bool(right) and terms.loss.item() > 0.1 and state.pull() < 1e-9


def always_zero(state: State) -> bool:
    generator = torch.Generator().manual_seed(0)
    anywhere = torch.randn(20, *state.points.shape, generator=generator, dtype=torch.float64)
    return not state.loss.complete(*state.batch.inputs(anywhere)).loss.any()


def more_active(before: State, after: State) -> bool:
    """What a cure may do instead of taking the symptom away: more terms pass a gradient on, and it is larger."""
    return after.terms().active.sum() > before.terms().active.sum() and after.pull() > max(1e-4, 2 * before.pull())


# --- one line a situation --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """``answer``: what torch answers to the question, an option's index. ``symptom``: whether a state shows it.
    ``helps``: whether a cure helped, where the symptom may stay."""

    answer: Callable[[State], int] | None = None
    symptom: Callable[[State], bool] | None = None
    helps: Callable[[State, State], bool] | None = None


CLAIMS = {
    "labelled_pairs": {
        "start": Claim(),
        "first": Claim(),
        "which pairs count": Claim(),
        "strongest push": Claim(answer=strongest_push),
        "push hardest": Claim(),
        "two pushes": Claim(),
        "opposite": Claim(),
        "come to rest": Claim(),
        "one move": Claim(answer=one_move),
        "half off": Claim(),
        "easy": Claim(symptom=partial(nothing_to_learn, below=0.01), helps=more_active),
        "something to teach": Claim(),
        "hard negatives": Claim(symptom=negatives_nearer),
        "a single positive": Claim(symptom=one_pair_decides),
        "one class": Claim(symptom=all_in_one_place),
        "one place": Claim(),
        "collapsed": Claim(symptom=partial(stuck, loss=4 / 6 * 0.5 * 0.5**2)),
        "where c goes": Claim(),
        "all alike": Claim(symptom=all_alike, helps=spreads),
        "another distance": Claim(answer=another_distance),
        "same reach": Claim(),
        "dear not pulled": Claim(),
        "duplicates": Claim(symptom=pushes_the_same_apart),
    },
    "labelled_sentences": {
        "start": Claim(),
        "not the hardest": Claim(answer=not_the_hardest),
        "out of reach": Claim(answer=out_of_reach, symptom=partial(falls_to, 3.0)),
        "over the line": Claim(answer=over_the_line),
        "all satisfied": Claim(answer=all_satisfied_without_margin),
        "released": Claim(answer=released),
        "two triplets": Claim(),
        "easy": Claim(symptom=all_satisfied),
        "hard negatives": Claim(symptom=above_the_margin),
        "a single positive": Claim(symptom=pushed_alone),
        "one class": Claim(symptom=at_the_margin),
        "one class, no triplet": Claim(symptom=always_zero),
        "one class, shrinking": Claim(symptom=never_below_the_margin),
        "collapsed": Claim(symptom=at_the_margin),
        "duplicates": Claim(symptom=never_below_the_margin),
    },
    "scored_pairs": {
        "start": Claim(),
        "which way": Claim(answer=which_way),
        "all higher": Claim(answer=all_higher),
        "worst order": Claim(answer=worst_order),
        "quarter turn": Claim(answer=quarter_turn),
        "easy": Claim(symptom=ordered_and_far_off),
        "hard negatives": Claim(symptom=lower_scores_higher),
        "a single pair": Claim(symptom=always_zero),
        "one class": Claim(symptom=always_zero),
        "collapsed": Claim(symptom=far_from_the_scores),
        "duplicates": Claim(symptom=partial(falls_to, math.log(2))),
    },
    "classified_pairs": {
        "start": Claim(),
        "rotate both": Claim(answer=rotate_both),
        "borders": Claim(answer=borders),
        "trained": Claim(answer=trained),
        "hard negatives": Claim(),
        "one class": Claim(symptom=always_class_0),
        "collapsed": Claim(symptom=one_answer_for_all),
        "duplicates": Claim(symptom=towards_log_2),
    },
    "triplets": {
        "start": Claim(),
        "out of reach": Claim(answer=out_of_reach, symptom=partial(falls_to, 3.0)),
        "not its negative": Claim(answer=not_its_negative),
        "easy": Claim(symptom=all_satisfied),
        "hard negatives": Claim(symptom=above_the_triplet_margin),
        "collapsed": Claim(symptom=at_the_margin),
        "duplicates": Claim(symptom=one_triplet_is_dead),
        "from labelled pairs": Claim(),
        "which triplets count": Claim(),
    },
    "positive_pairs": {
        "start": Claim(),
        "find its answer": Claim(),
        "own question": Claim(),
        "add pairs": Claim(answer=add_pairs),
        "who still learns": Claim(),
        "hardest push": Claim(),
        "accumulation": Claim(answer=accumulation),
        "who pushes": Claim(answer=who_pushes),
        "rows and columns": Claim(answer=rows_and_columns),
        "wrong way back": Claim(),
        "way back": Claim(answer=way_back),
        "harder rivals": Claim(answer=harder_rivals),
        "not its negative": Claim(answer=not_its_negative),
        "easy": Claim(symptom=partial(nothing_to_learn, below=1e-6)),
        "perfect": Claim(symptom=not_zero_though_right),
        "hard negatives": Claim(symptom=negatives_win),
        "one row": Claim(),
        "filler": Claim(),
        "negatives in rows": Claim(symptom=partial(falls_to, math.log(2))),
        "several positives": Claim(symptom=partial(falls_to, 2 / 3 * math.log(2))),
        "one pair": Claim(symptom=always_zero),
        "collapsed": Claim(symptom=at_log_b),
        "nearly collapsed": Claim(symptom=near_log_b),
        "scale 1": Claim(symptom=too_low_a_scale),
        "shuffled rows": Claim(symptom=partial(falls_to, math.log(4))),
        "duplicates": Claim(answer=how_low, symptom=partial(falls_to, 2 / 3 * math.log(2))),
    },
    "unlabelled": {
        "start": Claim(),
        "noise 0": Claim(answer=noise_0),
        "without dropout": Claim(symptom=only_pushes),
        "easy": Claim(symptom=partial(nothing_to_learn, below=0.01)),
        "hard negatives": Claim(symptom=finds_another),
        "one sentence": Claim(symptom=always_zero),
        "collapsed": Claim(symptom=at_log_b),
        "duplicates": Claim(symptom=partial(falls_to, 2 / 3 * math.log(2))),
    },
    "unlabelled_pairs": {
        "start": Claim(),
        "stretch": Claim(answer=stretch),
        "no length": Claim(answer=no_length),
        "hard negatives": Claim(symptom=another_is_nearer),
        "one class": Claim(symptom=lengths_grow),
        "collapsed": Claim(symptom=at_log_2_each),
        "duplicates": Claim(symptom=pushes_the_same_apart),
    },
}


def test_every_situation_has_its_line():
    assert {kind: [each.name for each in batch] for kind, batch in SITUATIONS.items()} == {
        kind: list(claims) for kind, claims in CLAIMS.items()
    }


@pytest.mark.parametrize("kind, batch", named(EVERY))
def test_what_it_asks_and_reports_has_its_check(kind, batch):
    claim = CLAIMS[kind][batch.name]
    assert (claim.answer is not None) == (batch.question is not None and batch.question.kind == "choice")
    assert (claim.symptom is not None) == (batch.symptom is not None)
    assert bool(batch.cures) == (batch.symptom is not None)


def right(question: Question) -> int:
    """The index of the option that its author holds for right: the one that needs no reply."""
    return question.replies.index("")


ASKED = [case for case in EVERY if CLAIMS[case[0]][case[1].name].answer]
# Three cosines that rise by exactly as much; a triplet that is nearly over the line.
EXACT = {"all higher", "over the line"}


@pytest.mark.parametrize("kind, batch", named(ASKED))
def test_the_answer_is_right(states, kind, batch):
    for state in states(kind, batch):
        assert CLAIMS[kind][batch.name].answer(state) == right(batch.question), state.loss


@pytest.mark.parametrize("kind, batch", named([case for case in ASKED if case[1].name not in EXACT]))
def test_the_answer_is_right_a_little_aside(states, kind, batch):
    """It does not hang on the very places: up to 2 degrees aside it is the same."""
    state = states(kind, batch)[0]
    for seed in range(5):
        assert CLAIMS[kind][batch.name].answer(state.shake(seed)) == right(batch.question), seed


@pytest.mark.parametrize("kind, batch", named([case for case in EVERY if CLAIMS[case[0]][case[1].name].symptom]))
def test_the_symptom_is_there_and_every_cure_helps(states, kind, batch):
    claim = CLAIMS[kind][batch.name]
    for state in states(kind, batch):
        assert claim.symptom(state), state.loss
        for cure in batch.cures:
            if cure.loss == type(state.loss).__name__:
                continue  # the explorer does not offer what is there already
            after = state.apply(cure)
            helped = claim.helps(state, after) if claim.helps else not claim.symptom(after)
            assert helped, (state.loss, cure.title)


@pytest.mark.parametrize("kind, batch", named([case for case in EVERY if CLAIMS[case[0]][case[1].name] == Claim()]))
def test_where_nothing_is_wrong_something_moves(states, kind, batch):
    for state in states(kind, batch):
        moves = batch.name not in NOTHING_MOVES_IS_THE_POINT
        assert (state.pull() > 1e-3) == bool(state.terms().active.any()) == moves, state.loss


def test_after_a_nudge_a_collapsed_batch_recovers(states):
    for kind in SITUATIONS:
        batch = situation(kind, "collapsed")
        for state in states(kind, batch):
            for cure in (each for each in batch.cures if each.moves):
                nudged = state.apply(cure)
                end, losses = nudged.play()
                assert min(losses) < 0.9 * losses[0] and end.spread() > 2 * nudged.spread(), (kind, state.loss)


# --- what each is made of --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, batch", named(EVERY))
def test_its_parts_fit(states, kind, batch):
    assert len(batch.places) == len(batch.keys)
    assert len(set(Counter(batch.keys).values())) == 1, "every sentence is one point, or each is two passes"
    assert len(batch.keys) <= 6, "six points, not twelve"
    lengths = {len(rows) for rows in batch.rows.values()} | ({len(batch.labels)} if batch.labels is not None else set())
    assert len(lengths) == 1
    assert {index for rows in batch.rows.values() for index in rows} == set(range(len(batch.keys)))
    assert 0 <= batch.chosen < len(batch.keys)
    for state in states(kind, batch):  # the loss itself checks names, shapes and labels
        arguments = state.loss.inputs.fitted(len(batch.inputs(state.points))).arguments
        assert [*batch.rows, *([state.loss.inputs.label] if batch.labels is not None else [])] == list(arguments)
        assert math.isfinite(state.terms().loss)
        assert set(batch.parameters) <= set(state.loss.settings())


@pytest.mark.parametrize("kind, batch", named(EVERY))
def test_its_sentences_are_real_and_their_names_short(kind, batch):
    for point in range(len(batch.keys)):
        assert len(batch.sentence(point).short) <= 16
    assert batch.points(sentences.DIMENSION).shape == (len(batch.keys), sentences.DIMENSION)


@pytest.mark.parametrize("kind, batch", named(EVERY))
def test_no_point_hides_another_at_the_start(states, kind, batch):
    if batch.name not in OVERLAP_IS_THE_POINT:
        for state in states(kind, batch):
            assert torch.pdist(state.points).min() > 0.17, state.loss  # two dots of 12 pixels, 140 pixels to a unit


@pytest.mark.parametrize("kind, batch", named(EVERY))
def test_its_question_and_its_cures_name_what_there_is(states, kind, batch):
    for change in (batch.question, *batch.cures):
        if change is None:
            continue
        if change.situation:
            assert situation(kind, change.situation)
        assert set(change.moves) <= set(range(len(batch.keys)))
        if getattr(change, "loss", None):
            assert LOSSES[change.loss].inputs.name == kind
        assert all(set(change.parameters) <= set(state.loss.settings()) for state in states(kind, batch))
    question = batch.question
    if question and question.kind == "choice":
        assert len(question.options) == len(set(question.options)) == 3
        assert [k for k, reply in enumerate(question.replies) if not reply] == [right(question)]
        assert question.answer == (None if question.keys else right(question)), "the loss grades, or one answer is told"
        assert len(question.keys) in (0, 3)
        assert len(question.replies) == len(set(question.replies)) == 3
        assert question.moves or question.parameters or question.situation, "there is nothing to see"
    if question and question.kind == "draw":
        assert 0 <= question.point < len(batch.keys)
        still = batch.name in NOTHING_MOVES_IS_THE_POINT
        for state in states(kind, batch):
            pull = state.value_and_gradient()[1][question.point].norm()
            assert pull == 0 if still else pull > 0.01


@pytest.mark.parametrize("kind, batch", named(ASKED))
def test_no_option_gives_itself_away(kind, batch):
    """By its figures or by its length."""
    options = batch.question.options
    assert len({any(map(str.isdigit, each)) for each in options}) == 1
    lengths = sorted(map(len, options))
    assert lengths[-1] <= max(1.6 * lengths[0], lengths[0] + 2), options


def test_the_right_option_has_no_place_or_length_of_its_own():
    questions = [batch.question for _, batch in ASKED]
    places = Counter(map(right, questions))
    assert min(places[k] for k in range(3)) >= len(questions) / 5 and max(places.values()) <= len(questions) / 2
    longest = [each for each in questions if right(each) == max(range(3), key=lambda k: len(each.options[k]))]
    assert len(longest) <= len(questions) / 2


@pytest.mark.parametrize("kind, batch", named([case for case in EVERY if case[1].question]))
def test_a_question_says_what_its_answer_depends_on(kind, batch, states):
    """A number of the loss with which the answer changes, or the state that is asked about, stands in the prompt."""
    state = states(kind, batch)[0]
    prompt = batch.question.prompt
    for name, value in state.loss.settings().items():
        if isinstance(value, float) and name not in batch.question.parameters and matters(state, name, value):
            word = name.split("_")[-1]
            assert re.search(rf"\b{word} (is|of) {value:g}\b", prompt), f"{name} {value}: {prompt}"


def matters(state: State, name: str, value: float) -> bool:
    """Whether the answer, or which terms are active, is another one at half or twice the value."""

    def answer(at: State) -> list | int:
        claim = CLAIMS[state.loss.inputs.name][state.situation.name].answer
        return claim(at) if claim else at.terms().active.tolist()

    def changed(at: State, factor: float) -> State:
        return replace(at, loss=at.loss.changed(**{name: factor * value}), shaken=True)

    right = answer(replace(state, shaken=True))
    for factor in (0.5, 2.0):
        after = {key: changed(each, factor) for key, each in state.after.items()}
        try:
            if answer(replace(changed(state, factor), after=after)) != right:
                return True
        except (AssertionError, ValueError):  # what it asks about is no longer there
            return True
    return False


@pytest.mark.parametrize("kind", SITUATIONS)
def test_names_and_titles_differ_and_the_start_is_first(kind):
    batch = situations(kind)
    assert batch[0].name == "start"
    assert len({each.name for each in batch}) == len({each.title for each in batch}) == len(batch)


def test_a_sentence_in_two_rows_is_one_point():
    duplicates = situation("labelled_sentences", "duplicates")
    (rows,) = duplicates.inputs(duplicates.points(2))[:1]
    assert_close(rows[2], rows[3])
    assert duplicates.labels[2] != duplicates.labels[3]


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(ValueError, match="name: expected one of start, .* got 'end'"):
        situation("positive_pairs", "end")
    with pytest.raises(ValueError, match="input_type: expected one of labelled_pairs, .* got 'pairs'"):
        situations("pairs")
