"""The host that runs widgets on a page without a kernel, on small pages of its own, opened from file://."""

import anywidget
import ipywidgets
import pytest
import traitlets
from playwright.sync_api import expect

from tools.host_page import write_page

FILLER = "// a long comment makes the module long enough to be shared\n" * 40


class Counter(anywidget.AnyWidget):
    """Shows `count`, adds one at each click, and tells the window what it hears."""

    _esm = FILLER + """
    window.loads = (window.loads ?? 0) + 1;
    const heard = window.heard = window.heard ?? [];
    function initialize({ model }) {
      heard.push("initialize");
      document.addEventListener("widgets-in-sight", () => heard.push("in sight"));
      model.on("change:count change:step", () => heard.push(`count ${model.get("count")} step ${model.get("step")}`));
      model.on("change", () => heard.push("change"));
    }
    function render({ model, el }) {
      const button = document.createElement("button");
      const show = () => { button.textContent = `count ${model.get("count")}`; };
      button.onclick = () => {
        model.set("count", model.get("count") + model.get("step"));
        model.save_changes();
        model.send({});
      };
      model.on("change:count", show);
      window.models = [...(window.models ?? []), model];
      el.append(button);
      show();
    }
    export default { initialize, render };
    """
    _css = "button { border: 3px solid rgb(1, 2, 3) }" + "/* </style> </script> */" * 50
    count = traitlets.Float(1).tag(sync=True)
    step = traitlets.Float(1).tag(sync=True)
    about = traitlets.Unicode("</script><!--").tag(sync=True)
    numbers = traitlets.Bytes(b"\x01\x02\xff").tag(sync=True)


@pytest.fixture
def show(open_page, tmp_path):
    """show(*widgets) → the page with those widgets, all mounted."""

    def show(*widgets, gap=0):
        page = open_page(write_page(tmp_path, *widgets, gap=gap))
        page.wait_for_selector("html[data-widgets=ready]", state="attached")
        return page

    return show


def test_a_click_changes_the_model_and_the_view(show):
    page = show(Counter(count=4))
    page.get_by_role("button").click()
    expect(page.get_by_role("button")).to_have_text("count 5")


def test_two_widgets_share_one_module_and_one_style_and_keep_their_own_state(show):
    page = show(Counter(count=1), Counter(count=10))
    page.get_by_role("button").nth(1).click()
    expect(page.get_by_role("button")).to_have_text(["count 1", "count 11"])
    assert page.evaluate("loads") == 1
    assert page.locator("head style").count() == 1
    assert page.get_by_role("button").first.evaluate("b => getComputedStyle(b).borderTopColor") == "rgb(1, 2, 3)"
    assert page.content().count("window.loads =") == 1


def test_two_views_of_one_model_follow_each_other_and_initialize_once(show):
    counter = Counter()
    page = show(counter, counter)
    page.get_by_role("button").first.click()
    expect(page.get_by_role("button")).to_have_text(["count 2", "count 2"])
    assert page.evaluate("heard.filter(word => word === 'initialize').length") == 1


def test_a_value_is_told_and_then_the_change(show):
    page = show(Counter())
    page.evaluate("heard.length = 0; models[0].set('count', 7)")
    assert page.evaluate("heard") == ["count 7 step 1", "change"]


def test_setting_the_same_value_tells_nobody(show):
    page = show(Counter())
    page.evaluate("models[0].set('list', [1, {a: 2}]); heard.length = 0")
    page.evaluate("models[0].set('count', 1); models[0].set('list', [1, {a: 2}])")
    assert page.evaluate("heard") == []
    page.evaluate("models[0].set('list', [1, {a: 3}])")
    assert page.evaluate("heard") == ["change"]


OFF = {
    "off('change:count', always)": ["other"],
    "off('change:count')": ["other"],
    "off(null, always)": ["other"],
    "off('change:step change')": ["always"],
    "off()": [],
}


@pytest.mark.parametrize(("off", "heard"), OFF.items(), ids=OFF)
def test_off_hears_no_more(show, off, heard):
    page = show(Counter())
    assert heard == page.evaluate("""off => {
      const [model] = models, heard = [], always = () => heard.push("always"), other = () => heard.push("other");
      model.on("change:count change:step", always);
      model.on("change", other);
      eval(`model.${off}`);
      model.set("count", 2);
      return heard;
    }""", off)


def test_text_that_looks_like_markup_and_bytes_arrive_whole(show):
    page = show(Counter())
    assert page.evaluate("models[0].get('about')") == "</script><!--"
    assert page.evaluate("[...new Uint8Array(models[0].get('numbers').buffer)]") == [1, 2, 255]


class Broken(anywidget.AnyWidget):
    _esm = "export default { render() { throw new Error('no luck') } }"


class Unreadable(anywidget.AnyWidget):
    _esm = "export default {"


NO_START = {
    Broken: "no luck",
    Unreadable: "Unexpected end of input",
    ipywidgets.DatePicker: "DatePickerModel needs a live kernel",
}


@pytest.mark.parametrize(("widget", "why"), NO_START.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_a_widget_that_cannot_start_says_so_and_leaves_the_others_alone(chromium, tmp_path, widget, why):
    page = chromium.new_page()
    page.goto(write_page(tmp_path, widget(), Counter()).as_uri())
    expect(page.locator(".widget-unknown")).to_have_text(f"This widget could not start: {why}")
    expect(page.get_by_role("button")).to_have_text("count 1")
    page.close()


def test_a_module_may_export_a_function_that_makes_the_widget(show):
    class Made(anywidget.AnyWidget):
        _esm = "export default async () => ({ render({ el, signal }) { el.textContent = `made, ${signal.aborted}`; } })"

    expect(show(Made()).locator(".widget-view")).to_have_text("made, false")


def test_widgets_out_of_sight_are_mounted_too(show):
    page = show(Counter(count=6), Counter(count=7), gap=5000)
    expect(page.get_by_role("button")).to_have_text(["count 6", "count 7"])


def test_a_widget_in_sight_does_not_wait_for_those_that_are_not(open_page, tmp_path):
    class Endless(anywidget.AnyWidget):
        _esm = "export default { render: () => new Promise(() => {}) }"

    page = open_page(write_page(tmp_path, Counter(), Endless(), gap=500), viewport={"width": 800, "height": 800})
    page.wait_for_function("window.heard?.includes('in sight')")  # MathJax waits for this
    assert page.evaluate("document.documentElement.dataset.widgets") is None
