"""Widgets in a real JupyterLab: what is moved in the browser, Python sees."""

import nbformat
import pytest
from playwright.sync_api import expect

DRAGGED = '''
import anywidget, traitlets
class Dot(anywidget.AnyWidget):
    _esm = """
    export default { render({ model, el }) {
      const dot = document.createElement("button");
      dot.className = "dot";
      const place = () => { dot.style.cssText = `position:relative; left:${model.get("x")}px; touch-action:none`; };
      dot.onpointerdown = event => dot.setPointerCapture(event.pointerId);
      dot.onpointermove = event => {
        if (!dot.hasPointerCapture(event.pointerId)) return;
        model.set("x", model.get("x") + event.movementX);
        model.save_changes();
      };
      model.on("change:x", place);
      place();
      el.append(dot);
    } }
    """
    x = traitlets.Float(0).tag(sync=True)
dot = Dot()
dot'''


def write_notebook(folder, name: str, *cells: str) -> str:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}  # or JupyterLab asks for one
    nbformat.write(notebook, folder / name)
    return name


def drag(page, locator, dx: float, dy: float) -> None:
    box = locator.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=5)
    page.mouse.up()


def test_python_sees_a_drag_and_the_browser_sees_python(lab, lab_page):
    name = write_notebook(lab.folder, "dot.ipynb", DRAGGED, "answer = 6 * 7")
    lab.run_notebook(lab_page, name)
    dot = lab_page.locator(".dot")
    expect(dot).to_be_visible()
    assert lab.evaluate(name, "[dot.x, answer]") == [0, 42]

    drag(lab_page, dot, 120, 0)
    assert lab.wait_for(name, "dot.x", lambda x: x > 100)

    lab.evaluate(name, "dot.set_trait('x', 7.0)")
    expect(dot).to_have_css("left", "7px")


def test_a_cell_that_fails_is_told_at_once(lab, lab_page):
    name = write_notebook(lab.folder, "fails.ipynb", "loss = 1 / 0", "loss")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        lab.run_notebook(lab_page, name)
