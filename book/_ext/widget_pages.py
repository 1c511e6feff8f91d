"""What a page carries for its widgets: the same bytes on every build, and every long text once.

Pure functions on strings and JSON.
"""

import html
import json
import re

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


def keep_places(body: str) -> str:
    """Put each view into a place of its own, which says so where no script runs."""
    return VIEW.sub(lambda view: f'<div class="widget-place">{NO_SCRIPT}{view.group()}</div>', body)


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
