"""The explorer in a real JupyterLab: Python sees what the browser moves, and the browser shows what Python sets."""

import math

import nbformat
import pytest
import torch
from playwright.sync_api import expect

from tests.conftest import watch
from tests.widgets.page import PLACES
from tests.widgets.printed import shows

CELLS = (
    "import torch, lossviz\npage = lossviz.explore(lossviz.ContrastiveLoss(margin=0.5))\npage",
    'kernel = lossviz.explore(lossviz.ContrastiveLoss(margin=0.5), situation="easy", engine="kernel")\nkernel',
    """\
from dataclasses import dataclass
from lossviz import Loss, Terms
from lossviz.distances import euclidean
from lossviz.inputs import LABELLED_PAIRS

@dataclass(frozen=True, eq=False)
class HalfwayLoss(Loss):
    margin: float = 0.5
    inputs = LABELLED_PAIRS
    axes = ("pair",)

    def define(self, anchor, other, labels):
        distance = euclidean(anchor, other)
        shortfall = torch.relu(self.margin - distance)
        return Terms(distance, labels * distance + (1 - labels) * shortfall)

own = lossviz.explore(HalfwayLoss())
own""",
    """\
from lossviz.catalogue import ENTRIES
family = [entry.default() for entry in ENTRIES if entry.loss.inputs.name == "labelled_pairs"]
switch = lossviz.explore(*family)
switch""",
    'question = lossviz.explore(*family, situation="which pairs count", engine="kernel")\nquestion',
)
PROSE = "[A wider margin](#contrastive-easy?margin=1.5&A=30&view=mask) makes it [0.00](#contrastive-easy?live=loss)."
NAMES = ("page", "kernel", "own", "switch", "question")
every_explorer = pytest.mark.parametrize("name", ("page", "kernel", "own"))
NOTEBOOK = "explorers.ipynb"
SOON = 20_000  # milliseconds, for a busy machine


class InLab:
    """One explorer: the Python object in the kernel, and what the browser shows of it."""

    def __init__(self, lab, root, name: str):
        self.lab, self.root, self.name = lab, root, name

    def ask(self, expression: str):
        return self.lab.evaluate(NOTEBOOK, expression.format(self.name))

    @property
    def embeddings(self) -> list[list[float]]:
        return self.ask("{}.embeddings.tolist()")

    def places(self) -> torch.Tensor:
        return torch.tensor(self.root.evaluate(PLACES), dtype=torch.float64)

    def shows_what_python_says(self) -> None:
        """Loss, every term, and where each point stands."""
        self.settle()
        loss, values = self.ask("[{0}.terms().loss.item(), {0}.terms().values.tolist()]")
        assert shows(self.root.locator(".value").text_content(), loss)
        self.root.get_by_role("tab", name="Sum").click()
        self.settle()
        said = self.root.locator(".sum .number").all_text_contents()
        adding = sorted((value for value in values if value), reverse=True)
        assert all(shows(*each) for each in zip(said, adding, strict=True))
        assert self.stands_at(self.embeddings)

    def stands_at(self, points: list[list[float]]) -> bool:
        return torch.allclose(self.places(), torch.tensor(points, dtype=torch.float64), rtol=0, atol=0.01)

    def settle(self) -> None:
        """Wait until the browser shows its newest state: torch in the kernel may be behind."""
        expect(self.root).to_have_attribute("data-ready", "yes", timeout=SOON)

    def python_sees(self, expression: str, right):
        """What Python says of the newest state in the browser, once it is right."""
        self.settle()
        return self.lab.wait_for(NOTEBOOK, expression.format(self.name), right)


@pytest.fixture(scope="module")
def notebook(lab, chromium):
    """A notebook with explorers, run in JupyterLab."""
    cells = [*map(nbformat.v4.new_code_cell, CELLS), nbformat.v4.new_markdown_cell(PROSE)]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, lab.folder / NOTEBOOK)
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    watch(page, lab.address, complaints)
    page.goto(f"{lab.address}/lab/tree/{NOTEBOOK}?reset")
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)  # what is run before that is not run
    lab.run_notebook(page, NOTEBOOK)
    expect(page.locator(".lossviz-explorer[data-ready]")).to_have_count(len(NAMES), timeout=60_000)
    yield page
    context.close()
    assert not [each for each in complaints if each.startswith(("asked", "threw"))], "\n".join(complaints)


@pytest.fixture
def explorer(lab, notebook, name) -> InLab:
    return InLab(lab, notebook.locator(".lossviz-explorer").nth(NAMES.index(name)), name)


@every_explorer
def test_it_starts_with_what_python_says(explorer):
    explorer.shows_what_python_says()


@every_explorer
def test_python_sees_a_drag(explorer):
    before = explorer.embeddings
    explorer.root.locator(".stage").scroll_into_view_if_needed()
    box = explorer.root.locator(".point .dot").nth(1).bounding_box()
    mouse = explorer.root.page.mouse
    mouse.move(box["x"] + 12, box["y"] + 12)
    mouse.down()
    mouse.move(box["x"] + 50, box["y"] + 110, steps=5)
    mouse.up()
    after = explorer.python_sees("{}.embeddings.tolist()", explorer.stands_at)
    assert math.dist(after[1], before[1]) > 0.3
    assert [after[0], *after[2:]] == [before[0], *before[2:]]
    explorer.shows_what_python_says()


@every_explorer
def test_python_sees_the_margin_and_the_steps(explorer):
    explorer.root.locator(".parameters input[type=range]").first.fill("1")
    explorer.python_sees("float({}.loss.margin)", lambda margin: margin == 1)
    explorer.shows_what_python_says()
    loss = explorer.ask("{}.terms().loss.item()")
    explorer.root.get_by_role("button", name="Step", exact=True).click()
    explorer.python_sees("{}.terms().loss.item()", lambda after: after != loss)
    before = explorer.root.evaluate("root => root.explorer.state.run.frames[0].loss")
    assert before == pytest.approx(loss)
    explorer.shows_what_python_says()


@every_explorer
def test_the_browser_shows_what_python_sets(explorer):
    turns = torch.linspace(0, 5, 6, dtype=torch.float64)
    places = torch.stack([turns.cos(), turns.sin()], -1)
    explorer.ask("setattr({}, 'embeddings', torch.tensor(" + str(places.tolist()) + ", dtype=torch.float64))")
    loss = explorer.ask("{}.terms().loss.item()")
    handle = explorer.root.element_handle()
    explorer.root.page.wait_for_function(
        "([root, loss]) => Math.abs(root.explorer.result.loss - loss) < 1e-9", arg=[handle, loss], timeout=SOON
    )
    explorer.settle()
    assert explorer.stands_at(places.tolist())
    explorer.shows_what_python_says()


ON_THE_SURFACE = """([root, loss]) => {
  const { data, layout } = root.querySelector(".plot");
  if (!data) return false;
  const [low, high] = layout.scene.zaxis.range;
  const diamond = data[1].marker.symbol.indexOf("diamond");
  return Math.abs(data[1].z[diamond] - 0.02 * (high - low) - loss) < 1e-9;
}"""


@pytest.mark.parametrize("name", ["page", "kernel"])
def test_the_surface_comes_with_plotly_from_the_kernel(explorer):
    explorer.root.get_by_role("tab", name="Surface").click()
    expect(explorer.root.locator(".plot canvas").first).to_be_visible(timeout=SOON)
    loss = explorer.ask("{}.terms().loss.item()")
    handle = explorer.root.element_handle()
    explorer.root.page.wait_for_function(ON_THE_SURFACE, arg=[handle, loss], timeout=SOON)
    explorer.root.get_by_role("tab", name="Sum").click()


@pytest.mark.parametrize("name", ["switch"])
def test_python_sees_the_switch_between_losses(explorer):
    explorer.root.locator(".parameters input[type=range]:visible").first.fill("1.25")
    explorer.python_sees("{}.loss.margin", lambda margin: margin == 1.25)
    points = explorer.embeddings
    switch = explorer.root.locator("select[aria-label='Loss']")
    losses = switch.locator("option").all_text_contents()
    assert len(losses) > 1
    for loss in [*losses[1:], losses[0]]:
        switch.select_option(label=loss)
        explorer.python_sees("type({}.loss).__name__", lambda kind, loss=loss: kind == loss)
        assert explorer.ask("{}.loss.margin") == 1.25
        assert explorer.embeddings == points
        explorer.shows_what_python_says()


@pytest.mark.parametrize("name", ["question"])
def test_torch_in_the_kernel_answers_a_question(explorer):
    verdict = explorer.root.locator(".verdict")
    expect(explorer.root.locator(".value")).to_be_hidden()
    expect(verdict).to_have_text("")
    for letters in ("A–B", "A–C"):
        explorer.root.get_by_role("button", name=letters, exact=True).click()
    explorer.root.get_by_role("button", name="Done", exact=True).click()
    explorer.settle()
    expect(explorer.root.locator(".value")).to_be_visible()
    active = explorer.ask("[index for index, active in enumerate({}.terms().active.tolist()) if active]")
    rows = explorer.ask("{}.spec['situations'][0]['rows']")
    said = ", ".join("–".join(chr(ord("A") + rows[role][index]) for role in rows) for index in active)
    expect(verdict).to_contain_text("You marked A–B, A–C. A–C adds nothing: ")
    expect(verdict).to_contain_text(f"Active: {said}.")
    explorer.shows_what_python_says()


@pytest.mark.parametrize("name", ["kernel"])
@pytest.mark.parametrize("act", ["click", "press"])
def test_a_link_in_the_words_moves_the_explorer_of_its_name(notebook, explorer, act):
    """And a number in the words follows it; pressed again, the link does the same again."""
    explorer.ask("setattr({0}, 'embeddings', -{0}.embeddings)")
    explorer.settle()
    link = notebook.get_by_role("link", name="A wider margin")
    link.focus()
    link.click() if act == "click" else notebook.keyboard.press("Enter")
    explorer.python_sees("float({}.loss.margin)", lambda margin: margin == 1.5)
    assert explorer.embeddings[0] == pytest.approx([math.cos(math.pi / 6), 0.5])
    assert explorer.root.get_by_role("tab", name="Mask").get_attribute("aria-selected") == "true"
    loss = explorer.ask("{}.terms().loss.item()")
    expect(notebook.locator("a[data-live]")).to_have_text(f"{loss:.2f}")


def test_an_i_names_engine_and_device(notebook):
    said = notebook.locator(".lossviz-explorer .about span").all_text_contents()
    by_torch = [name for name, each in zip(NAMES, said, strict=True) if "torch in the kernel, on cpu" in each]
    assert by_torch == ["kernel", "question"]


def test_no_two_explorers_share_an_id(notebook):
    """Each draws its curves within an outline of its own, which it names."""
    for tab in notebook.locator(".lossviz-explorer").get_by_role("tab", name="Chart").all():
        tab.click()
    outlines = notebook.locator(".lossviz-explorer clipPath")
    expect(outlines).to_have_count(len(NAMES))
    named = notebook.locator(".lossviz-explorer [id]:not(.js-plotly-plot *)")
    ids = named.evaluate_all("all => all.map(({ id }) => id)")
    assert len(ids) >= len(NAMES) and len(set(ids)) == len(ids)


def test_the_heat_map_follows_the_theme_of_jupyterlab(notebook):
    """The body says which theme it is."""
    root = notebook.locator(".lossviz-explorer").nth(NAMES.index("own"))
    corner = "root => root.querySelector('canvas').getContext('2d').getImageData(3, 3, 1, 1).data[0]"
    handle = root.element_handle()
    notebook.wait_for_function(f"root => ({corner})(root) > 128", arg=handle, timeout=SOON)
    notebook.evaluate("document.body.dataset.jpThemeLight = 'false'")
    notebook.wait_for_function(f"root => ({corner})(root) < 128", arg=handle, timeout=SOON)
    notebook.evaluate("document.body.dataset.jpThemeLight = 'true'")
