"""What the extension does to a page's widget state: pure functions, no build."""

import json

import pytest
from widget_pages import script_json, share_texts, stable_page

IDS = {"first": "a" * 32, "second": "b" * 32, "box": "c" * 32, "link": "d" * 32, "hidden": "e" * 32, "unseen": "f" * 32}


def model(name="AnyModel", **values) -> dict:
    return {"model_name": name, "model_module": "anywidget", "state": values}


def view(name: str, ids: dict) -> str:
    return f'<script type="application/vnd.jupyter.widget-view+json">{json.dumps({"model_id": ids[name]})}</script>'


def page(ids: dict, models: list[str]) -> tuple[str, dict]:
    """A page that shows `box`, which holds `second`, and `first`, which is linked to a hidden model."""
    ref = {name: f"IPY_MODEL_{id}" for name, id in ids.items()}
    every = {
        "first": model(x=1),
        "second": model(x=2),
        "box": model("VBoxModel", children=[ref["second"]]),
        "link": model("LinkModel", source=[ref["first"], "x"], target=[ref["hidden"], "x"]),
        "hidden": model(x=3),
        "unseen": model(x=4, big="y" * 5000),
    }
    body = f"<p>{view('box', ids)}</p><p>{view('first', ids)}</p>"
    return body, {"version_major": 2, "state": {ids[name]: every[name] for name in models}}


def test_models_are_named_in_reading_order():
    body, document = stable_page(*page(IDS, list(IDS)))
    assert body.index('"w0"') < body.index('"w2"')
    assert list(document["state"]) == ["w0", "w1", "w2", "w3", "w4"]
    assert document["state"]["w0"]["state"]["children"] == ["IPY_MODEL_w1"]
    assert document["state"]["w3"]["state"] == {"source": ["IPY_MODEL_w2", "x"], "target": ["IPY_MODEL_w4", "x"]}


def test_other_ids_and_another_order_make_the_same_page():
    others = {name: f"{number:032x}" for number, name in enumerate(reversed(IDS))}
    assert stable_page(*page(IDS, list(IDS))) == stable_page(*page(others, sorted(IDS)))


def test_models_that_nobody_sees_are_dropped():
    _, document = stable_page(*page(IDS, list(IDS)))
    assert "y" * 5000 not in json.dumps(document)


def test_a_page_without_views_keeps_no_state():
    assert stable_page("<p>text</p>", {"state": {IDS["first"]: model()}}) == ("<p>text</p>", {"state": {}})


def test_long_texts_are_kept_once_at_any_depth():
    module, style = "export default {}" + " " * 2000, "p {}" + " " * 2000
    state = {name: model(_esm=module, _css=style, modules={"ContrastiveLoss": [module]}) for name in ("a", "b", "c")}
    shared = share_texts({"state": state})
    assert shared["texts"] == [module, style]
    assert shared["state"]["b"]["state"] == {
        "_esm": {"$text": 0},
        "_css": {"$text": 1},
        "modules": {"ContrastiveLoss": [{"$text": 0}]},
    }
    assert state["a"]["state"]["_esm"] == module  # the caller's own document is left alone


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!-- <script>", "a < b"])
def test_no_text_can_leave_its_script(text):
    written = script_json({"text": text})
    assert "<" not in written
    assert json.loads(written) == {"text": text}
