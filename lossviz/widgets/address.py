"""An address in the prose, ``#name?situation=start&scale=20&A=30&ask``: the state of an explorer that it names.

What it means ``static/address.js`` and ``state.js`` say; they run here as on a page. Where a page leaves out what it
does not know, an author is told with ValueError. Explorers are given by their specs, as JSON.
"""

import re
from urllib.parse import parse_qsl

from lossviz.inputs import wrong
from lossviz.widgets import javascript

State = dict  # what lasts, as the widget has it: situation, loss, parameters, tensors, points; and chosen


def split(address: str) -> tuple[str, dict[str, str]] | None:
    """The name of an explorer, and key → text of what is asked of it; None for an address of something else."""
    found = re.fullmatch(r"#([A-Za-z0-9-]+)\?(.*)", address, re.DOTALL)
    return found and (found[1], dict(parse_qsl(found[2], keep_blank_values=True)))


def first(spec: dict) -> State:
    """The state that an explorer begins with."""
    return javascript.call("first", spec=spec)


def follow(spec: dict, before: State, address: str) -> State:
    """The state after that address. What it does not name it leaves. Raises ValueError naming what there is not."""
    found = javascript.call("follow", spec=spec, state=before, query=address.partition("?")[2])
    for key, expected, text in found["missed"]:
        raise wrong(key, expected, repr(text))
    if found["notes"]:
        raise ValueError(" ".join(found["notes"]))
    return found["state"]


def of(spec: dict, state: State) -> str:
    """The address of a state, exactly: its situation and loss, and whatever is not as it begins."""
    return javascript.call("address", spec=spec, state=state)
