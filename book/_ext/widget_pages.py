"""What a page carries for its widgets: the same bytes on every build, and every long text once.

Pure functions on strings and JSON.
"""

import json
import re

LONG = 1000  # characters; shorter texts cost less in place than through the table

LINKS = ("LinkModel", "DirectionalLinkModel")
VIEW = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>', re.DOTALL)


def stable_page(body: str, document: dict) -> tuple[str, dict]:
    """Rename the random model ids to w0, w1, … as a reader meets them, and drop the models that nobody can see."""
    state = document["state"]
    names = {model: f"w{number}" for number, model in enumerate(reading_order(views(body), state))}
    if not names:
        return body, {**document, "state": {}}
    known = re.compile("|".join(map(re.escape, names)))

    def rename(text: str) -> str:
        return known.sub(lambda found: names[found.group()], text)

    renamed = {names[model]: json.loads(rename(json.dumps(state[model]))) for model in names}
    return VIEW.sub(lambda view: rename(view.group()), body), {**document, "state": renamed}


def views(body: str) -> list[str]:
    """The model ids that the page shows, from top to bottom."""
    return [json.loads(view)["model_id"] for view in VIEW.findall(body)]


def reading_order(roots: list[str], state: dict) -> list[str]:
    """The models behind the views, each followed by what it refers to; then the links that tie them to others."""
    order: dict[str, None] = {}

    def visit(model: str) -> None:
        if model not in order and model in state:
            order[model] = None
            for reference in references(state[model]):
                visit(reference)

    for root in roots:
        visit(root)
    while links := links_from(order, state):
        for link in links:
            visit(link)
    return list(order)


def references(model: dict) -> list[str]:
    return re.findall(r"(?:IPY_MODEL_|anywidget:)([0-9a-zA-Z-]+)", json.dumps(model, sort_keys=True))


def links_from(order: dict[str, None], state: dict) -> list[str]:
    """The jslinks that start or end at a model of the order, sorted by what they tie: their own ids are random."""
    places = {model: f"{place:06}" for place, model in enumerate(order)}

    def ends(link: str) -> list[str]:
        return [places.get(end, "") for end in references(state[link])]

    def text(link: str) -> str:
        values = json.dumps(state[link]["state"], sort_keys=True)
        return re.sub(r"IPY_MODEL_([0-9a-zA-Z-]+)", lambda found: places.get(found[1], ""), values)

    links = (model for model in state if state[model]["model_name"] in LINKS and model not in order)
    return sorted((link for link in links if any(ends(link))), key=text)


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
