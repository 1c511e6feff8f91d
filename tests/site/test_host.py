"""The host that runs widgets on a page without a kernel, on small pages of its own, opened from file://."""

import anywidget
import ipywidgets
import pytest
import traitlets
from playwright.sync_api import expect

from tests.site.host_page import write_page

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
    function render({ model, el, signal }) {
      const button = document.createElement("button");
      const show = () => { button.textContent = `count ${model.get("count")}`; };
      button.onclick = () => {
        model.set("count", model.get("count") + model.get("step"));
        model.save_changes();
        model.send({});
      };
      model.on("change:count", show);
      window.models = [...(window.models ?? []), model];
      window.buttons = [...(window.buttons ?? []), button];
      signal.addEventListener("abort", () => heard.push("aborted"));
      el.append(button);
      show();
      return () => heard.push("cleaned up");
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

    def show(*widgets, gap=0, **options):
        page = open_page(write_page(tmp_path, *widgets, gap=gap), **options)
        page.wait_for_selector("html[data-widgets=ready]", state="attached")
        return page

    return show


# Anywidgets


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


def test_each_value_is_told_and_then_the_change_once(show):
    page = show(Counter())
    page.evaluate("heard.length = 0; models[0].set({count: 7, step: 2})")
    assert page.evaluate("heard") == ["count 7 step 2", "count 7 step 2", "change"]


def test_setting_the_same_value_tells_nobody(show):
    page = show(Counter())
    page.evaluate("models[0].set('list', [1, {a: 2}]); heard.length = 0")
    page.evaluate("models[0].set('count', 1); models[0].set('list', [1, {a: 2}])")
    assert page.evaluate("heard") == []
    page.evaluate("models[0].set('list', [1, {a: 3}])")
    assert page.evaluate("heard") == ["change"]


def test_a_value_set_while_telling_is_told_before_the_change(show):
    page = show(Counter())
    page.evaluate("""() => {
      const [model] = models;
      model.once("change:count", () => model.set("step", 9));
      heard.length = 0;
      model.set("count", 2);
    }""")
    assert page.evaluate("heard") == ["count 2 step 1", "count 2 step 9", "change"]


def test_once_hears_once_and_off_hears_no_more(show):
    page = show(Counter())
    heard = page.evaluate("""() => {
      const [model] = models, heard = [], always = () => heard.push("always");
      model.once("change:count", () => heard.push("once"));
      model.on("change:count", always);
      model.set("count", 2);
      model.off("change:count", always);
      model.set("count", 3);
      return heard;
    }""")
    assert heard == ["once", "always"]


def test_text_that_looks_like_markup_and_bytes_arrive_whole(show):
    page = show(Counter())
    assert page.evaluate("models[0].get('about')") == "</script><!--"
    assert page.evaluate("[...new Uint8Array(models[0].get('numbers').buffer)]") == [1, 2, 255]


def test_a_widget_mounts_another_through_the_manager(show):
    class Parent(anywidget.AnyWidget):
        _esm = """export default { async render({ model, el }) {
          const child = await model.widget_manager.get_model(model.get("child").slice("IPY_MODEL_".length));
          el.append((await model.widget_manager.create_view(child)).el);
        } }"""
        child = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)

    page = show(Parent(child=Counter(count=3)))
    page.get_by_role("button").click()
    expect(page.get_by_role("button")).to_have_text("count 4")


def test_a_broken_widget_says_so_and_leaves_the_others_alone(chromium, tmp_path):
    class Broken(anywidget.AnyWidget):
        _esm = "export default { render() { throw new Error('no luck') } }"

    page = chromium.new_page()
    page.goto(write_page(tmp_path, Broken(), Counter()).as_uri())
    expect(page.locator(".widget-unknown")).to_have_text("This widget could not start: no luck")
    expect(page.get_by_role("button")).to_have_text("count 1")
    page.close()


class Emptier(anywidget.AnyWidget):
    """A button that empties a box."""

    _esm = """export default { render({ model, el }) {
      const button = Object.assign(document.createElement("button"), { textContent: "empty" });
      button.onclick = async () => {
        const box = await model.widget_manager.get_model(model.get("box").slice("IPY_MODEL_".length));
        box.set("children", []);
      };
      el.append(button);
    } }"""
    box = traitlets.Instance(ipywidgets.Box).tag(sync=True, **ipywidgets.widget_serialization)


def test_a_view_that_goes_is_cleaned_up_and_hears_no_more(show):
    counter = Counter()
    box = ipywidgets.VBox([counter])
    page = show(box, Emptier(box=box))
    page.get_by_role("button", name="empty").click()
    expect(page.get_by_role("button", name="count")).to_have_count(0)
    assert sorted(page.evaluate("heard.slice(-2)")) == ["aborted", "cleaned up"]
    page.evaluate("heard.length = 0; models[0].set('count', 5)")
    assert page.evaluate("buttons[0].textContent") == "count 1"
    assert page.evaluate("heard") == ["count 5 step 1", "change"]  # from initialize(), which stays


# Controls


def read(widget) -> ipywidgets.Label:
    """A text that follows the widget's value, so that a test sees the model and not only its own input."""
    label = ipywidgets.Label()
    ipywidgets.jsdlink((widget, "value"), (label, "value"))
    return label


@pytest.mark.parametrize(
    ("control", "key", "shown"),
    [
        (ipywidgets.FloatSlider(value=2, min=0, max=10, step=0.5, description="x"), "ArrowRight", "2.5"),
        (ipywidgets.IntSlider(value=2, min=0, max=3, description="x"), "End", "3"),
    ],
)
def test_a_slider_moves_by_keyboard(show, control, key, shown):
    page = show(control, read(control))
    page.get_by_role("slider", name="x").press(key)
    expect(page.locator(".widget-view").nth(1)).to_have_text(shown)


def test_a_slider_shows_its_value_as_it_is_asked_to(show):
    page = show(ipywidgets.FloatSlider(value=0.5, max=1, step=0.001, readout_format=".3f", description="x"))
    expect(page.locator("output")).to_have_text("0.500")


@pytest.mark.parametrize(
    ("control", "typed", "kept"),
    [
        (ipywidgets.FloatText(value=1, description="x"), "-2.25", "-2.25"),
        (ipywidgets.IntText(value=1, description="x"), "3", "3"),
        (ipywidgets.BoundedFloatText(value=1, min=0, max=4, description="x"), "9", "4"),
        (ipywidgets.FloatText(value=1, description="x"), "", "1"),
    ],
)
def test_a_number_is_typed_and_kept_in_its_bounds(show, control, typed, kept):
    page = show(control, read(control))
    field = page.get_by_role("spinbutton", name="x")
    field.fill(typed)
    field.blur()
    expect(page.locator(".widget-view").nth(1)).to_have_text(kept)
    expect(field).to_have_value(kept)


def test_a_checkbox_is_ticked_by_keyboard(show):
    box = ipywidgets.Checkbox(value=False, description="heat map", indent=False)
    page = show(box, read(box))
    page.get_by_role("checkbox", name="heat map").press("Space")
    expect(page.locator(".widget-view").nth(1)).to_have_text("true")


def test_a_dropdown_and_toggle_buttons_choose_together(show):
    menu = ipywidgets.Dropdown(options=["cosine", "euclidean"], description="distance")
    buttons = ipywidgets.ToggleButtons(options=["cosine", "euclidean"], description="the same")
    ipywidgets.jslink((menu, "index"), (buttons, "index"))
    page = show(menu, buttons)
    page.get_by_role("combobox", name="distance").select_option("euclidean")
    expect(page.get_by_role("radio", name="euclidean")).to_be_checked()
    page.get_by_role("radio", name="cosine").check()
    expect(page.get_by_role("combobox", name="distance")).to_have_value("cosine")
    assert page.get_by_role("group", name="the same").count() == 1


def test_jslink_goes_both_ways_and_starts_from_its_source(show):
    source, target = (ipywidgets.FloatSlider(value=value, max=10, description=str(value)) for value in (3, 8))
    ipywidgets.jslink((source, "value"), (target, "value"))
    page = show(source, target)
    expect(page.get_by_role("slider")).to_have_count(2)
    expect(page.locator("output")).to_have_text(["3.00", "3.00"])
    page.get_by_role("slider").nth(1).press("Home")
    expect(page.locator("output")).to_have_text(["0.00", "0.00"])


def test_boxes_hold_boxes(show):
    inner = ipywidgets.HBox([ipywidgets.Label("one"), ipywidgets.HTML("<b>two</b>")])
    page = show(ipywidgets.VBox([inner, ipywidgets.Label("three")]))
    expect(page.locator(".widget-column > div")).to_have_text(["onetwo", "three"])
    assert page.locator(".widget-column .widget-row b").inner_text() == "two"


def test_a_button_says_that_it_needs_a_kernel(show):
    page = show(ipywidgets.Button(description="Train"))
    expect(page.get_by_role("button", name="Train")).to_be_disabled()
    assert "live kernel" in page.get_by_role("button").get_attribute("title")


def test_an_output_shows_what_it_held(show):
    held = ipywidgets.Output(outputs=(
        {"output_type": "stream", "name": "stdout", "text": "loss 0.25\n"},
        {"output_type": "display_data", "data": {"text/html": "<i>slanted</i>", "text/plain": "x"}, "metadata": {}},
    ))
    page = show(held)
    expect(page.locator(".widget-output pre")).to_have_text("loss 0.25\n")
    assert page.locator(".widget-output i").inner_text() == "slanted"


def test_an_unknown_widget_gets_a_plain_sentence(show):
    page = show(ipywidgets.DatePicker())
    expect(page.locator(".widget-unknown")).to_have_text(
        "This DatePicker widget needs a live kernel: open this page as a notebook in JupyterLab."
    )


def test_a_layout_width_is_kept(show):
    page = show(ipywidgets.Label("wide", layout={"width": "321px"}))
    assert page.get_by_text("wide").evaluate("e => e.offsetWidth") == 321


@pytest.mark.parametrize(
    "control",
    [
        ipywidgets.FloatSlider(description="x"),
        ipywidgets.FloatText(description="x"),
        ipywidgets.Checkbox(description="x"),
        ipywidgets.Dropdown(options=["a"], description="x"),
        ipywidgets.ToggleButtons(options=["a"]),
        ipywidgets.Button(description="x"),
    ],
    ids=lambda control: type(control).__name__,
)
def test_a_finger_can_hit_every_control(show, control):
    page = show(control, viewport={"width": 360, "height": 640})
    target = page.locator(".widget-view :is(label, button)").first
    assert target.bounding_box()["height"] >= 44


def test_widgets_out_of_sight_are_mounted_too(show):
    page = show(Counter(count=6), Counter(count=7), gap=5000)
    expect(page.get_by_role("button")).to_have_text(["count 6", "count 7"])


def test_a_widget_in_sight_does_not_wait_for_those_that_are_not(open_page, tmp_path):
    class Endless(anywidget.AnyWidget):
        _esm = "export default { render: () => new Promise(() => {}) }"

    page = open_page(write_page(tmp_path, Counter(), Endless(), gap=500), viewport={"width": 800, "height": 800})
    page.wait_for_function("window.heard?.includes('in sight')")  # MathJax waits for this
    assert page.evaluate("document.documentElement.dataset.widgets") is None
