"""What a page carries for its widgets: the same bytes on every build, and every long text once.

Pure functions on strings and JSON.
"""

import html
import json
import re
from collections.abc import Iterator
from itertools import count, pairwise

LONG = 1000  # characters; shorter texts cost less in place than through the table

VIEW = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.DOTALL)


def stable_page(body: str, document: dict) -> tuple[str, dict]:
    """Rename the random model ids to w0, w1, … as a reader meets them, and drop the models that have no view."""
    state = document["state"]
    names = {model: f"w{number}" for number, model in enumerate(each for each in views(body) if each in state)}
    for model, name in names.items():
        body = body.replace(model, name)
    kept = {name: without_references(state[model]) for model, name in names.items()}
    return body, {**document, "state": kept}


def views(body: str) -> list[str]:
    """The model ids that the page shows, from top to bottom, each once."""
    return list(dict.fromkeys(json.loads(view)["model_id"] for view in VIEW.findall(body)))


NO_SCRIPT = '<p class="without-script">Here stands a picture to move. It needs JavaScript; the text does not.</p>'
Heights = list[tuple[int, int]]  # (width of the column, height of the widget): one after the other, from narrow to wide


def keep_places(body: str, heights: list[Heights]) -> str:
    """Put each view into a place that is as high from the first paint as the widget when it has drawn."""
    numbers = count()
    body = VIEW.sub(
        lambda view: f'<div class="widget-place" data-place="{next(numbers)}">{NO_SCRIPT}{view.group()}</div>', body
    )
    rules = "\n".join(rule for place, known in enumerate(heights) for rule in rules_of(place, known))
    return f"<style>\n{rules}\n</style>\n{body}" if rules else body


def rules_of(place: int, heights: Heights) -> Iterator[str]:
    """Between two widths that were measured, a line."""
    selector = f'.widget-place[data-place="{place}"]'
    yield f"{selector} {{ min-height: {heights[0][1]}px; }}"
    for (width, height), (wider, other) in pairwise(heights):
        slope = (other - height) / (wider - width)
        line = f"calc({height}px + (100cqw - {width}px) * {slope:.4f})"
        yield f"@container (min-width: {width}px) {{ {selector} {{ min-height: {line}; }} }}"
    width, height = heights[-1]
    yield f"@container (min-width: {width}px) {{ {selector} {{ min-height: {height}px; }} }}"


FORMULA = re.compile(r'<(span|div) class="math notranslate nohighlight">(.*?)</\1>', re.DOTALL)
DELIMITERS = re.compile(r"^\s*\\[(\[]|\\[)\]]\s*$")


def keep_formulas(body: str, sizes: dict[str, float]) -> str:
    """Give each formula the width, or the height if it has a line of its own, that it has when MathJax has set it."""

    def sized(found: re.Match) -> str:
        size = sizes.get(DELIMITERS.sub("", html.unescape(found[2])).strip())
        return found.group() if size is None else found.group().replace(">", f' style="--set: {size}em">', 1)

    return FORMULA.sub(sized, body)


def without_references(model: dict) -> dict:
    """The model without its layout, or whatever else names a model by its random id: the page's host reads none."""
    values = {name: value for name, value in model["state"].items() if not str(value).startswith("IPY_MODEL_")}
    return {**model, "state": values}


def share_texts(document: dict) -> dict:
    """Move every long string of the state into a table, `texts`, and leave {"$text": its place}.

    Ten explorers on a page then carry one copy of their module and style sheet. widget_host.js puts the strings back.
    """
    places: dict[str, int] = {}

    def share(value):
        if isinstance(value, str) and len(value) > LONG:
            return {"$text": places.setdefault(value, len(places))}
        if isinstance(value, dict):
            return {key: share(item) for key, item in value.items()}
        if isinstance(value, list):
            return [share(item) for item in value]
        return value

    return {**document, "state": share(document["state"]), "texts": list(places)}


def script_json(document: dict) -> str:
    """JSON that may stand inside a <script>: no `</script>` and no `<!--` can end or hide it."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
