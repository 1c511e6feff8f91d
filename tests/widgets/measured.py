"""The quantities that questions are graded by, as torch sees them: by the definitions, autograd and brute force. An
oracle for the page's goals.js and quantities.js: both follow what situations/base.py says of quantities and conditions.
"""

import math

import torch
from torch import Tensor

from lossviz.situations import Condition, Quantity
from tests.widgets.page import letter
from tests.widgets.seen import Seen

ROUND = 7201  # places on the circle that are tried
SAME = 1e-6  # equal to six digits after the point
EDGE = 1e-5  # of a threshold: nearer to it than this, rounding may decide


def names(seen: Seen) -> list[str]:
    """How a question names each term, in the order of the values laid out flat: a pair "A–C", a search "C"."""
    rows = list(seen.situation["rows"].values())
    axes = seen.spec["losses"][seen.state["loss"]]["axes"]
    if axes == ["pair"]:
        return ["–".join(letter(each[row]) for each in rows) for row in range(len(rows[0]))]
    if axes in (["anchor"], ["triplet"]):
        told = rows[: 3 if axes == ["triplet"] else 1]
        return ["".join(letter(each[row]) for each in told) for row in range(len(rows[0]))]
    if axes == ["direction", "anchor"]:  # each row searches, then each column
        return [letter(point) for row in rows[:2] for point in row]
    assert set(axes) <= {"anchor", "positive", "negative"} and len(rows) == 1
    found = [""]
    for _ in axes:
        found = [before + letter(point) for before in found for point in rows[0]]
    return found


def among(seen: Seen, terms: tuple[str, ...]) -> Tensor:
    """Which terms are named."""
    wanted = [any(name.startswith(each) for each in terms) for name in names(seen)]
    return torch.tensor(wanted) & seen.terms.valid.flatten()


def gradients(seen: Seen, terms: tuple[str, ...], point: int, places: Tensor) -> Tensor:
    """How long the gradient of some terms together is at a point, with the point at each of these places: (n,)."""
    points = seen.points.repeat(len(places), 1, 1)
    points[:, point] = places
    points.requires_grad_()
    found = seen.loss.complete(*seen.scene.batch.inputs(points))
    if terms:
        aim = found.pulls.flatten(1)[:, among(seen, terms)].sum()
    else:
        aim = found.loss.sum()
    return torch.autograd.grad(aim, points)[0][:, point].norm(dim=-1)


def around() -> Tensor:
    angle = torch.linspace(0, 2 * math.pi, ROUND, dtype=torch.float64)
    return torch.stack([angle.cos(), angle.sin()], dim=-1)


def degrees(one: Tensor, other: Tensor) -> float:
    return math.degrees(torch.nn.functional.cosine_similarity(one, other, dim=0).clamp(-1, 1).arccos())


def hardest(seen: Seen, term: str, point: int) -> tuple[float, Tensor]:
    """How hard a term pushes a point at most, and all places where it does."""
    pushes = gradients(seen, (term,), point, around())
    peak = (pushes >= pushes.roll(1)) & (pushes >= pushes.roll(-1))
    return pushes.max().item(), around()[peak & (pushes > pushes.max() * (1 - 1e-4))]  # twins, as far as the grid sees


def measure(seen: Seen, quantity: Quantity) -> float:
    name, terms, points = quantity.name, quantity.terms, quantity.points
    found = seen.terms
    values, active = found.values.flatten(), found.active.flatten()
    if name in ("adds", "costs"):
        return values[among(seen, terms)].sum().item() * (found.valid.sum().item() if name == "costs" else 1)
    if name == "active":
        return (active & among(seen, terms or ("",))).sum().item()
    if name == "angle":
        return degrees(*seen.points[list(points)])
    if name in ("push", "part"):
        here = gradients(seen, terms, points[0], seen.points[points[0]][None]).item()
        return here if name == "push" else here / max(hardest(seen, terms[0], points[0])[0], 1e-12)
    if name == "hardest":
        (other,) = {ord(each) - 65 for each in terms[0].split("–")} - set(points)
        _, places = hardest(seen, terms[0], points[0])
        return degrees(places[0], seen.points[other])
    assert name == "loss"
    return found.loss.item()


def holds(condition: Condition, now: float, before: float | None = None) -> bool:
    """By what Quantity says of each relation."""
    value = condition.value
    return {
        "below": lambda: now < value,
        "above": lambda: now > value,
        "equals": lambda: abs(now - value) < SAME,
        "falls": lambda: now < before - SAME,
        "stays": lambda: abs(now - before) <= SAME,
        "rises": lambda: now > before + SAME,
    }[condition.relation]()


def is_near_edge(condition: Condition, now: float, before: float | None = None) -> bool:
    """Whether rounding could decide it."""
    if condition.relation in ("falls", "stays", "rises"):
        return SAME / 10 < abs(now - before) < 10 * SAME
    if condition.relation == "equals":
        return SAME / 10 < abs(now - condition.value) < 10 * SAME
    return condition.value is not None and abs(now - condition.value) < EDGE


def right(keys: tuple[Condition, ...], before: list[float], now: list[float]) -> list[int]:
    """The options whose condition holds, by what Quantity says of it."""
    relations = {each.relation for each in keys}
    if relations == {"nearest"}:
        gaps = [abs(number - each.value) for each, number in zip(keys, now, strict=True)]
        return [k for k, gap in enumerate(gaps) if gap == min(gaps) and gaps.count(gap) == 1]
    if relations == {"largest"}:
        return [k for k, number in enumerate(now) if number == max(now) and now.count(number) == 1]
    assert not relations & {"nearest", "largest"}, "all options are compared, or none"
    return [k for k, each in enumerate(keys) if holds(each, now[k], before[k])]


def is_close(keys: tuple[Condition, ...], before: list[float], now: list[float]) -> bool:
    """Whether rounding could decide which option is right."""
    if keys[0].relation == "nearest":
        gaps = sorted(abs(number - each.value) for each, number in zip(keys, now, strict=True))
        return gaps[1] - gaps[0] < (0.2 if keys[0].quantity.name == "hardest" else EDGE)  # degrees; units of the loss
    if keys[0].relation == "largest":
        return sorted(now)[-1] - sorted(now)[-2] < EDGE
    return any(is_near_edge(each, now[k], before[k]) for k, each in enumerate(keys))
