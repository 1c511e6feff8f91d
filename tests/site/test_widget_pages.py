"""What the extension does to a page's widget state: pure functions, no build."""

import json

import pytest
from widget_pages import VIEW, keep_formulas, keep_places, script_json, share_texts, stable_page

IDS = {"first": "a" * 32, "second": "b" * 32, "layout": "c" * 32, "unseen": "d" * 32}


def model(name="AnyModel", **values) -> dict:
    return {"model_name": name, "model_module": "anywidget", "state": values}


def view(name: str, ids: dict) -> str:
    return f'<script type="application/vnd.jupyter.widget-view+json">{json.dumps({"model_id": ids[name]})}</script>'


def page(ids: dict, models: list[str]) -> tuple[str, dict]:
    """A page that shows `second`, then `first`, then `second` again."""
    layout = f"IPY_MODEL_{ids['layout']}"
    every = {
        "first": model(x=1, layout=layout),
        "second": model(x=2, layout=layout),
        "layout": model("LayoutModel"),
        "unseen": model(x=4, big="y" * 5000),
    }
    body = "".join(f"<p>{view(each, ids)}</p>" for each in ("second", "first", "second"))
    return body, {"version_major": 2, "state": {ids[name]: every[name] for name in models}}


def test_models_are_named_in_reading_order():
    body, document = stable_page(*page(IDS, list(IDS)))
    shown = ["w0", "w1", "w0"]
    assert body == "".join(f"<p>{view(each, {each: each})}</p>" for each in shown)
    assert document == {"version_major": 2, "state": {"w0": model(x=2), "w1": model(x=1)}}


def test_other_ids_and_another_order_make_the_same_page():
    others = {name: f"{number:032x}" for number, name in enumerate(reversed(IDS))}
    assert stable_page(*page(IDS, list(IDS))) == stable_page(*page(others, sorted(IDS)))


def test_a_view_whose_model_is_gone_is_left_to_say_so():
    body, document = stable_page(*page(IDS, ["first"]))
    assert IDS["second"] in body and list(document["state"]) == ["w0"]


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


# What is drawn later has its place from the first paint


def test_each_view_gets_a_place():
    body, _ = stable_page(*page(IDS, list(IDS)))
    kept = keep_places(body)
    assert kept.count('<div class="widget-place">') == kept.count("needs JavaScript") == len(VIEW.findall(body))


def test_a_formula_has_its_size_before_it_is_set():
    line = '<span class="math notranslate nohighlight">\\(d &lt; m\\)</span>'
    own = '<div class="math notranslate nohighlight">\n\\[x^2\\]</div>'
    kept = keep_formulas(f"<p>{line}</p>{own}", {"d < m": 2.5, "x^2": 3})
    assert line.replace('light">', 'light" style="--set: 2.5em">') in kept
    assert own.replace('light">', 'light" style="--set: 3em">') in kept
    assert keep_formulas(line, {}) == line
