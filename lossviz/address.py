"""An address in the prose, ``#name?situation=start&scale=20&A=30&ask``: the state of an explorer that it names.

The page's own reader is ``static/address.js``; where that leaves out what it does not know, this one raises ValueError
naming it, for authors. Pure functions on an explorer's spec, as JSON holds it.
"""

import math
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote

from lossviz.inputs import wrong

VIEWS = ("chart", "mask", "sum", "strip", "surface", "gradient", "run", "sentences", "code")
FLAGS = ("ask", "play", "reset")
FARTHEST = 1e6  # of a number
MOST_STEPS = 1000
DECIMAL = re.compile(r"-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
ON = 1e-15  # from the circle
DIGITS = 1e-12  # nearer than this two places are one

State = dict  # what lasts, as the widget has it: situation, loss, parameters, tensors, points; and chosen


def split(address: str) -> tuple[str, dict[str, str]] | None:
    """The name of an explorer, and key → text of what is asked of it; None for an address of something else."""
    found = re.fullmatch(r"#([A-Za-z0-9-]+)\?(.*)", address, re.DOTALL)
    return found and (found[1], dict(parse_qsl(found[2], keep_blank_values=True)))


def first(spec: dict) -> State:
    """The state that an explorer begins with."""
    return enter(spec, 0, None, next(iter(spec["losses"])))


def enter(spec: dict, index: int, loss: str | None, before: str) -> State:
    """A situation from its start, under that loss; without one, under its own, or under the one that stood before."""
    situation = spec["situations"][index]
    loss = next(each for each in (loss, situation["loss"], before) if each in situation["starts"])
    return {"situation": index, "loss": loss, "chosen": situation["chosen"], **situation["starts"][loss]}


def follow(spec: dict, before: State, asked: dict[str, str]) -> State:
    """The state after that address. What it does not name it leaves. Raises ValueError naming what there is not."""
    state = _whole(spec, before, asked)
    letters = [letter(index) for index in range(len(state["points"]))]
    parameters, points, tensors = dict(state["parameters"]), list(state["points"]), {}
    for key, text in _others(asked):
        if key == "chosen":
            state["chosen"] = letters.index(_among(key, text, letters))
        elif key in letters:
            points[letters.index(key)] = _place(key, text, spec["dimension"], state["points"])
        elif key in state["tensors"]:
            tensors[key] = _tensor(key, text, state["tensors"][key])
        else:
            _among("address", key, [*parameters, *letters, *state["tensors"]])
            parameters[key] = _parameter(spec["losses"][state["loss"]], key, text)
    if "live" in asked:
        _check_live(asked["live"], parameters, letters)
    was, now = (variant(spec, {**state, "parameters": each}) for each in (state["parameters"], parameters))
    if now["shape"] == "circle" and spec["dimension"] == 2:
        points = [_on_circle(each) for each in points]
    trained = state["tensors"] if was is now else now["tensors"]
    return {**state, "parameters": parameters, "points": points, "tensors": {**trained, **tensors}}


def of(spec: dict, state: State) -> str:
    """The address of a state, exactly: its situation and loss, and whatever is not as it begins."""
    start = enter(spec, state["situation"], state["loss"], state["loss"])
    told = {"situation": spec["situations"][state["situation"]]["name"].replace(" ", "-"), "loss": state["loss"]}
    for part in ("parameters", "tensors"):
        told |= {name: each for name, each in state[part].items() if each != start[part].get(name)}
    places = zip(state["points"], start["points"], strict=True)
    told |= {letter(index): place for index, (place, begun) in enumerate(places) if place != begun}
    if state["chosen"] != start["chosen"]:
        told["chosen"] = letter(state["chosen"])
    written = (f"{name}={quote(_written(each), safe='~()*!.,')}" for name, each in told.items())
    return f"#{spec['name']}?{'&'.join(written)}"


def variant(spec: dict, state: State) -> dict:
    """The variant of the loss that these parameters choose, for the batch of the situation."""
    situation, loss, chosen = spec["situations"][state["situation"]], spec["losses"][state["loss"]], state["parameters"]
    count = len(situation["rows"]) + (situation["labels"] is not None)
    for each in loss["variants"]:
        if each["count"] == count and all(each["choices"][name] == chosen[name] for name in each["choices"]):
            return each
    raise wrong("parameters", "some that go together", _written(list(chosen.values())))


def letter(point: int) -> str:
    """What a point is called: A to Z, then A1 to Z1, and so on."""
    return chr(ord("A") + point % 26) + (str(point // 26) if point >= 26 else "")


# ---- the parts of an address

WHOLE = ("situation", "loss", "view", "step", "live", *FLAGS)


def _others(asked: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((key, text) for key, text in asked.items() if key not in WHOLE)


def _whole(spec: dict, before: State, asked: dict[str, str]) -> State:
    """Situation and loss; of the rest that no lasting state has, whether it can be."""
    names = [each["name"].replace(" ", "-") for each in spec["situations"]]
    loss = _among("loss", asked["loss"], spec["losses"]) if "loss" in asked else None
    if "view" in asked:
        _among("view", asked["view"], VIEWS)
    if "step" in asked and not re.fullmatch(r"|[1-9]\d*", asked["step"]) or int(asked.get("step") or 1) > MOST_STEPS:
        raise wrong("step", f"a number from 1 to {MOST_STEPS}", repr(asked["step"]))
    for flag in FLAGS:
        if asked.get(flag):
            raise wrong(flag, "no value", repr(asked[flag]))
    if "situation" in asked:
        return enter(spec, names.index(_among("situation", asked["situation"], names)), loss, before["loss"])
    if "reset" in asked:
        return enter(spec, before["situation"], loss, before["loss"])
    return dict(before) if loss in (None, before["loss"]) else _switched(spec, before, loss)


def _switched(spec: dict, before: State, loss: str) -> State:
    """Another loss on the same batch; parameters that both have stay as they are, if they go together."""
    start = enter(spec, before["situation"], loss, loss)
    movable = [name for name, value in start["parameters"].items() if type(value) in (int, float)]
    movable += spec["losses"][loss]["variants"][0]["choices"]
    kept = {name: value for name, value in before["parameters"].items() if name in movable}
    state = {**start, "points": before["points"], "chosen": before["chosen"]}
    try:
        both = {**state, "parameters": {**state["parameters"], **kept}}
        return {**both, "tensors": variant(spec, both)["tensors"]}
    except ValueError:
        return state


def _check_live(text: str, parameters: dict, letters: list[str]) -> None:
    """What a number in the prose follows: the loss, how many terms are active, a parameter, a term, an angle."""
    kind, colon, points = text.partition(":")
    known = all(each in letters for each in points.split("-")) if colon else not points
    if kind not in (("adds", "angle") if colon else ("loss", "active", *parameters)) or not known:
        raise wrong("live", f"loss, active, {', '.join(parameters)}, adds:A-B or angle:A-B", repr(text))


def _among(name: str, text: str, known) -> str:
    if text not in known:
        raise wrong(name, f"one of {', '.join(known)}", repr(text))
    return text


def _numbers(text: str) -> list[float]:
    words = text.split(",")
    numbers = [float(each) for each in words if DECIMAL.fullmatch(each)]
    return numbers if len(numbers) == len(words) and all(abs(each) <= FARTHEST for each in numbers) else []


def _place(name: str, text: str, dimension: int, points: list[list[float]]) -> list[float]:
    """At the angle of another point it stands exactly there: a last digit beside it, it would be pushed."""
    numbers = _numbers(text)
    if len(numbers) == dimension:
        return numbers
    if len(numbers) != 1 or dimension != 2:
        raise wrong(name, "degrees or x,y" if dimension == 2 else f"{dimension} numbers", repr(text))
    angle = math.radians(numbers[0])
    place = [math.cos(angle), math.sin(angle)]
    return next((each for each in points if math.dist(each, place) < DIGITS), place)


def _on_circle(place: list[float]) -> list[float]:
    length = math.hypot(*place)
    if abs(length - 1) < ON:  # there already: the same numbers, so that points can coincide
        return place
    return [each / length for each in place] if length else [1.0, 0.0]


def _parameter(loss: dict, name: str, text: str):
    """The choice that is written so, or a number that the control could have."""
    control = next((each for each in loss["controls"] if each["name"] == name), None)
    variants = [each["choices"][name] for each in loss["variants"] if name in each["choices"]]
    choices = {_written(each): each for each in [*(control["choices"] if control else ()), *variants]}
    if text in choices:
        return choices[text]
    given = loss["parameters"][name]
    if type(given) not in (int, float):
        raise wrong(name, f"one of {', '.join(choices)}" if choices else "no change: it has no control", repr(text))
    low, high = (control["minimum"], control["maximum"]) if control else (-FARTHEST, FARTHEST)
    numbers = _numbers(text)
    if len(numbers) != 1 or not (numbers[0] == given or low <= numbers[0] <= high):
        raise wrong(name, f"a number from {low:g} to {high:g}", repr(text))
    return numbers[0]


def _written(value) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_written, value))
    text = str(value).removesuffix(".0")
    return {"None": "none", "True": "true", "False": "false"}.get(text, text)


def _tensor(name: str, text: str, like: list) -> list:
    """Numbers laid out as they are in another value of the same shape."""
    numbers, size = _numbers(text), len(_flat(like))
    if len(numbers) != size:
        raise wrong(name, f"{size} numbers", repr(text))
    rest = iter(numbers)

    def fill(part):
        return [fill(each) for each in part] if isinstance(part, list) else next(rest)

    return fill(like)


def _flat(value) -> list[float]:
    return [each for part in value for each in _flat(part)] if isinstance(value, list) else [value]
