"""The kernel engine: torch answers the page's one question. engine.js asks the lowered loss the same."""

import math
from collections.abc import Callable, Iterator
from dataclasses import fields

import torch
from torch import Tensor

from lossviz.batches import Batch
from lossviz.losses import Loss, Terms
from lossviz.widgets.scene import Scene

NAMES = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
AT_A_TIME = 2**24  # how many numbers of the batches asked about are in memory at once

Numbers = list[float] | float
Path = tuple[str, ...]  # where a number stands in an answer, such as ("terms", "chosen", "target")


def answer(question: dict, losses: dict[str, Loss], device: torch.device | str) -> list[dict]:
    """What a loss makes of these batches: an answer for each position of the moving point, for each term, for each
    frame of a descent, or just one.

    ``question`` is that of types.d.ts. An answer holds what ``keep`` names of {loss, terms, shapes}, and the gradients
    where they are wanted. With ``felt`` only terms that move a point are active.
    """
    batch = Batch(question["points"], question["rows"], question["labels"])
    scene = Scene.of({**question["state"], "points": question["points"]}, losses, batch, device)
    if "descent" in question:
        return list(_descended(scene, **question["descent"]))
    keep = [tuple(each) for each in question.get("keep", [])]
    places = _placed(scene.points, question.get("moving"))
    with torch.no_grad():
        here = _leaves(scene.loss.complete(*scene.inputs()))
    size = sum(each.numel() for each in here.values())
    asked = question.get("terms", [-1])
    if question.get("gradients") and "moving" in question:
        found = _all_pulled(scene, places, *asked, keep, size)
    elif question.get("gradients"):
        found = list(_pulled(scene, scene.points, asked, keep))
    else:
        found = _evaluated(scene, places, keep, size)
    if question.get("felt"):
        for each, points in zip(found, places, strict=True):
            each["terms", "active"] = scene.felt(points).flatten().double().tolist()
    shapes = _kept({("shapes", *path[1:]): list(each.shape) for path, each in here.items() if len(path) > 1}, keep)
    return [_nested(each | shapes) for each in found]


def plain(value: object) -> object:
    """An answer as JSON can hold it: a number that is not finite by its name, which engine.js reads."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        usual = all(isinstance(each, float) and math.isfinite(each) for each in value)
        return value if usual else list(map(plain, value))
    return NAMES.get(str(value), value) if isinstance(value, float) else value


def _placed(points: Tensor, moving: dict | None) -> Tensor:
    """The batches asked about, (n, points, d): one point at each of its positions, or all as they stand."""
    if moving is None:
        return points[None]
    positions = points.new_tensor(moving["positions"])
    places = points.repeat(len(positions), 1, 1)
    places[:, moving["point"]] = positions
    return places


def _evaluated(scene: Scene, places: Tensor, keep: list[Path], size: int) -> list[dict[Path, Numbers]]:
    """Without gradients. ``size`` counts the numbers of one batch's terms."""

    def one(points: Tensor) -> dict[Path, Tensor]:
        return _kept(_leaves(scene.loss.complete(*scene.batch.inputs(points))), keep)

    with torch.no_grad():
        try:
            return _at_once(scene, one, places, size)
        except RuntimeError:  # torch.func cannot transform a function of the loss: one batch after the other
            return [_listed(one(points)) for points in places]


def _all_pulled(scene: Scene, places: Tensor, term: int, keep: list[Path], size: int) -> list[dict[Path, Numbers]]:
    """With the gradient, by every row and every tensor of the loss, of one term, as one point moves."""
    names, tensors = list(scene.batch.rows), scene.tensors

    def pulled(rows: list[Tensor], tensors: dict[str, Tensor], rest: tuple[Tensor, ...]) -> tuple[Tensor, dict]:
        terms = scene.loss.changed(**tensors).complete(*rows, *rest)
        return _aim(terms, term), _kept(_leaves(terms), keep)

    def one(points: Tensor) -> dict[Path, Tensor]:
        inputs = scene.batch.inputs(points)
        rows, rest = list(inputs[: len(names)]), inputs[len(names) :]
        (by_row, by_tensor), known = torch.func.grad(pulled, argnums=(0, 1), has_aux=True)(rows, tensors, rest)
        named = dict(zip(names, by_row, strict=True)) | by_tensor
        return known | {("gradients", name): each for name, each in named.items()}

    try:
        return _at_once(scene, one, places, size)
    except RuntimeError:
        return [each for points in places for each in _pulled(scene, points, [term], keep)]


def _aim(terms: Terms, term: int) -> Tensor:
    """What a gradient is taken of: a term's pull, or −1, the whole loss."""
    return terms.loss if term < 0 else terms.pulls.flatten()[term : term + 1].sum()


def _at_once(
    scene: Scene, one: Callable[[Tensor], dict[Path, Tensor]], places: Tensor, size: int
) -> list[dict[Path, Numbers]]:
    """What ``one`` finds for each of many batches: as many at once as fit into memory."""
    rows = len(next(iter(scene.batch.rows.values())))
    size += rows**2 * scene.points.shape[1]  # some distances need the differences of all pairs of rows
    found = torch.func.vmap(one, chunk_size=max(1, AT_A_TIME // size))(places)
    lists = {path: (each.flatten(1) if each.ndim > 1 else each).double().tolist() for path, each in found.items()}
    return [dict(zip(lists, each, strict=True)) for each in zip(*lists.values(), strict=True)]


def _pulled(scene: Scene, points: Tensor, asked: list[int], keep: list[Path]) -> Iterator[dict[Path, Numbers]]:
    """With the gradient, by every row and every tensor of the loss, of each term asked for; −1 is the whole loss."""
    inputs, names = scene.batch.inputs(points), list(scene.batch.rows)
    wanted = dict(zip(names, inputs[: len(names)], strict=True)) | scene.tensors
    for each in wanted.values():
        each.requires_grad_()
    terms = scene.loss.complete(*inputs)
    known = {path: each.detach() for path, each in _kept(_leaves(terms), keep).items()}
    for term in asked:
        gradients = torch.autograd.grad(
            _aim(terms, term), list(wanted.values()), retain_graph=True, allow_unused=True, materialize_grads=True
        )
        yield _listed(known | {("gradients", name): each for name, each in zip(wanted, gradients, strict=True)})


def _listed(found: dict[Path, Tensor]) -> dict[Path, Numbers]:
    return {path: (each.flatten() if each.ndim else each).double().tolist() for path, each in found.items()}


def _descended(
    scene: Scene, rate: float, steps: int, shape: str, trains: bool, least: float, farthest: float
) -> Iterator[dict]:
    """The frames of gradient descent at one step size, until nothing moves by ``least``, or a point is too far away."""
    at = {"points": scene.points} | scene.tensors
    for taken in range(steps + 1):
        loss, gradients = _slope(scene, at)
        tensors = {name: each.tolist() for name, each in at.items() if name != "points"}
        yield {"loss": loss, "points": at["points"].tolist(), "tensors": tensors}
        if taken == steps or at["points"].norm(dim=-1).max() > farthest:
            return
        moving = gradients if trains else gradients | {name: torch.zeros_like(at[name]) for name in tensors}
        after = {name: each - rate * moving[name] for name, each in at.items()}
        if shape == "circle":
            after["points"] = _onto_circle(after["points"], at["points"])
        moved = [(after["points"] - at["points"]).norm(dim=-1).max(), *((after[n] - at[n]).norm() for n in tensors)]
        if not max(moved) >= least:
            return
        at = after


def _slope(scene: Scene, at: dict[str, Tensor]) -> tuple[float, dict[str, Tensor]]:
    """The loss with points and tensors there, and its gradients."""
    at = {name: each.detach().requires_grad_() for name, each in at.items()}
    loss = scene.loss.changed(**{name: at[name] for name in scene.tensors})
    value = loss.complete(*scene.batch.inputs(at["points"])).loss
    found = torch.autograd.grad(value, list(at.values()), allow_unused=True, materialize_grads=True)
    return value.item(), dict(zip(at, found, strict=True))


def _onto_circle(points: Tensor, before: Tensor) -> Tensor:
    length = points.norm(dim=-1, keepdim=True)
    return torch.where(length > 0, points / length, before)


def _leaves(terms: Terms) -> dict[Path, Tensor]:
    """Every tensor of the terms by its path in an answer."""
    found = {("loss",): terms.loss}
    for name in (each.name for each in fields(terms) if each.name != "loss"):
        value = getattr(terms, name)
        named = value if isinstance(value, dict) else {"": value}
        found |= {("terms", name, key) if key else ("terms", name): each for key, each in named.items()}
    return found


def _kept(found: dict[Path, object], keep: list[Path]) -> dict[Path, object]:
    """What lies at or under one of the paths to keep; none of them keep all."""
    return {path: each for path, each in found.items() if not keep or any(path[: len(at)] == at for at in keep)}


def _nested(flat: dict[Path, object]) -> dict:
    tree: dict = {}
    for path, value in flat.items():
        place = tree
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return tree
