"""The page's own JavaScript where there is no page, in QuickJS: what ``static/asked.js`` exports."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

import quickjs

from lossviz.widgets.bundle import bundle
from lossviz.widgets.kernel import plain

ASKED = Path(__file__).parent / "static" / "asked.js"
AROUND = """
function URLSearchParams(query) { return JSON.parse(pairsOf(query)); }  // which is a browser's
function ask(name, given) {
  const torch = (question) => JSON.parse(answerOf(JSON.stringify(question)));
  (async () => ({ first, follow, address, picture })[name](JSON.parse(given), torch))()
    .then((value) => tell(JSON.stringify({ value })), (error) => tell(JSON.stringify({ error: `${error}` })));
}
"""


def call(name: str, torch: Callable[[dict], list[dict]] | None = None, **given):
    """What that function makes of these values, as JSON holds them; ``torch`` answers the engine's questions."""
    return _page()(name, torch, json.dumps(given))


@cache
def _page() -> Callable:
    """One context for all calls: its functions keep nothing from one to the next."""
    context, told, kernel = quickjs.Context(), [], [None]
    context.add_callable("pairsOf", lambda query: json.dumps(parse_qsl(query, keep_blank_values=True)))
    context.add_callable("answerOf", lambda question: json.dumps(plain(kernel[0](json.loads(question)))))
    context.add_callable("tell", told.append)
    context.eval(bundle(ASKED) + AROUND)
    ask = context.get("ask")

    def called(name: str, torch: Callable | None, given: str):
        kernel[0] = torch
        ask(name, given)
        while context.execute_pending_job():
            pass
        answer = json.loads(told.pop())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    return called
