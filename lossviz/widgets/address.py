"""An address in the prose, ``#name?situation=start&scale=20&A=30&ask``: the state of an explorer that it names.

What it means ``static/address.js`` and ``state.js`` say; they run here as they do on a page, in QuickJS. Where a page
leaves out what it does not know, an author is told with ValueError. Explorers are given by their specs, as JSON.
"""

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

import quickjs

from lossviz.inputs import wrong
from lossviz.widgets.bundle import bundle

State = dict  # what lasts, as the widget has it: situation, loss, parameters, tensors, points; and chosen

ADDRESS = Path(__file__).parent / "static" / "address.js"
ASKED = """
function URLSearchParams(query) { return JSON.parse(pairsOf(query)); }  // which is a browser's

const lasting = (state) => ({ ...state_js.lastingOf(state), chosen: state.chosen });
const whole = (spec, state) => ({ ...state_js.begin(spec, state), chosen: state.chosen });

const asked = {
  first({ spec }) {
    const [loss] = Object.keys(spec.losses);
    return lasting(state_js.begin(spec, state_js.startOf(spec, { situation: 0, loss }, {})));
  },
  follow({ spec, state, query }) {
    const before = whole(spec, state);
    const wanted = readAddress(spec, before, query);
    const after = state_js.follow(spec, before, wanted);
    const missed = wanted.missed.map(([key, text]) => {
      const expected = expectedOf(spec, after, key);
      return expected ? [key, expected, text] : ["address", oneOf(namesOf(spec, after)), key];
    });
    return { missed, notes: after.notes, state: lasting(after) };
  },
  address: ({ spec, state }) => addressOf({ ...spec, compact: true }, whole(spec, state)),
};
function answer(name, given) { return JSON.stringify(asked[name](JSON.parse(given))); }
"""


def split(address: str) -> tuple[str, dict[str, str]] | None:
    """The name of an explorer, and key → text of what is asked of it; None for an address of something else."""
    found = re.fullmatch(r"#([A-Za-z0-9-]+)\?(.*)", address, re.DOTALL)
    return found and (found[1], dict(parse_qsl(found[2], keep_blank_values=True)))


def first(spec: dict) -> State:
    """The state that an explorer begins with."""
    return _ask("first", spec=spec)


def follow(spec: dict, before: State, address: str) -> State:
    """The state after that address. What it does not name it leaves. Raises ValueError naming what there is not."""
    found = _ask("follow", spec=spec, state=before, query=address.partition("?")[2])
    for key, expected, text in found["missed"]:
        raise wrong(key, expected, repr(text))
    if found["notes"]:
        raise ValueError(" ".join(found["notes"]))
    return found["state"]


def of(spec: dict, state: State) -> str:
    """The address of a state, exactly: its situation and loss, and whatever is not as it begins."""
    return _ask("address", spec=spec, state=state)


def _ask(name: str, **given):
    return json.loads(_quickjs().get("answer")(name, json.dumps(given)))


@cache
def _quickjs() -> quickjs.Context:
    context = quickjs.Context()
    context.add_callable("pairsOf", lambda query: json.dumps(parse_qsl(query, keep_blank_values=True)))
    context.eval(bundle(ADDRESS) + ASKED)
    return context
