"""The view "Code": the definition, a term in numbers, and cells of Python that rebuild what is shown when they are run.

The page writes the cells; Python runs them, and sentence-transformers says what theirs print.
"""

import ast
import io
from contextlib import redirect_stdout

import pytest
import torch
from playwright.sync_api import expect

import lossviz
from lossviz.catalogue import ENTRIES, Entry
from lossviz.inputs import LABELLED_PAIRS
from lossviz.losses import Loss, OnlineContrastiveLoss
from tests.losses.batches import of_embeddings
from tests.losses.peers import as_the_peer_reads
from tests.widgets.own_losses import SMALLEST, GammaLoss
from tests.widgets.test_every_loss import BATCHES

DOUBLE = torch.float64
PRINTED = "given.map(([scene, cell]) => views_python.cellOf(cell, scene))"


def explorer_of(loss: Loss, dimension: int = 2) -> lossviz.Explorer:
    return lossviz.explore(loss, situation=BATCHES[loss.inputs.name].name, engine="kernel", dimension=dimension)


def moved(explorer: lossviz.Explorer, situation: int = 0, **parameters: object) -> lossviz.Explorer:
    """At random places, with other numbers for what a slider sets and what is trained."""
    random = torch.Generator().manual_seed(len(str(explorer.state)))
    loss = explorer.spec["losses"][explorer.state["loss"]]
    sliders = {each["name"]: each for each in loss["controls"] if not each["choices"]}
    numbers = {name: each["minimum"] + (each["maximum"] - each["minimum"]) / 3 for name, each in sliders.items()}
    parameters = explorer.state["parameters"] | numbers | parameters
    variant = next(
        each for each in loss["variants"] if all(parameters[name] == value for name, value in each["choices"].items())
    )

    def anywhere(values: list) -> list:
        return torch.randn(torch.tensor(values).shape, generator=random, dtype=DOUBLE).tolist()

    points = explorer.spec["situations"][situation]["starts"][explorer.state["loss"]]["points"]
    explorer.state = explorer.state | {
        "situation": situation,
        "parameters": parameters,
        "tensors": {name: anywhere(values) for name, values in variant["tensors"].items()},
        "points": anywhere(points),
    }
    return explorer


def cases(entry: Entry):
    """Every option of a loss in its first batch, and in the one with most arguments."""
    for settings in entry.variants():
        explorer = explorer_of(entry.default().changed(**(settings if settings in entry.also else {})))
        rows = [len(each["rows"]) for each in explorer.spec["situations"]]
        for situation in {0, rows.index(max(rows))}:
            yield moved(explorer_of(explorer.loss), situation, **settings)


@pytest.fixture
def written(javascript):
    """written(explorer, …) → the two cells of each, as the page writes them; None for one that there is not."""

    def write(*explorers: lossviz.Explorer) -> list[list[str | None]]:
        given = []
        for each in explorers:
            spec, state = each.spec, each.state
            scene = {"state": state, "situation": spec["situations"][state["situation"]]}
            given += [[scene, cell] for cell in spec["losses"][state["loss"]]["cells"]]
        texts = iter(javascript(PRINTED, [each for each in given if each[1]["text"]]))
        found = [next(texts) if cell["text"] else None for _, cell in given]
        return [found[k : k + 2] for k in range(0, len(found), 2)]

    return write


def run(cell: str, **names: object) -> tuple[float, object]:
    """What a cell prints, and what its last line shows."""
    *lines, last = ast.parse(cell).body
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(ast.Module(lines, []), "cell", "exec"), names)
        shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    return float(said.getvalue()), shown


def close(number: float, wanted: float, digits: float) -> None:
    assert abs(wanted) > 1e-3
    assert number == pytest.approx(wanted, rel=digits, abs=0)


def check_ours(cell: str, explorer: lossviz.Explorer, **names: object) -> None:
    """It prints the figure's loss, and opens an explorer on the same batch and loss."""
    printed, shown = run(cell, **names)
    close(printed, explorer.terms().loss.item(), 1e-12)
    ours, theirs = (each.spec["situations"][each.state["situation"]] for each in (explorer, shown))
    for name in ("rows", "labels", "classes"):
        assert theirs[name] == ours[name]
    assert [each["text"] for each in theirs["sentences"]] == [each["text"] for each in ours["sentences"]]
    assert {name: shown.state[name] for name in ("loss", "parameters", "tensors")} == {
        name: explorer.state[name] for name in ("loss", "parameters", "tensors")
    }
    close(shown.terms().loss.item(), printed, 1e-12)


def check_theirs(cell: str, explorer: lossviz.Explorer) -> None:
    close(run(cell)[0], as_the_peer_reads(of_embeddings(explorer.loss))(*explorer.inputs()).item(), 1e-6)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.loss.__name__)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # the symmetric loss, theirs
def test_both_cells_rebuild_batch_and_loss_in_every_option(written, entry):
    explorers = list(cases(entry))
    assert len(explorers) >= len(entry.variants())
    for explorer, (ours, theirs) in zip(explorers, written(*explorers), strict=True):
        check_ours(ours, explorer)
        check_theirs(theirs, explorer)


ONE_OF_EACH = {entry.loss.inputs.name: entry for entry in reversed(ENTRIES)}.values()


@pytest.mark.parametrize("entry", ONE_OF_EACH, ids=lambda entry: entry.loss.inputs.name)
def test_both_cells_rebuild_real_embeddings(written, entry):
    loss = entry.loss.initial(384, 3) if hasattr(entry.loss, "initial") else entry.default()
    explorer = moved(explorer_of(loss, dimension=384))
    ((ours, theirs),) = written(explorer)
    check_ours(ours, explorer)
    check_theirs(theirs, explorer)


@pytest.mark.parametrize("loss", [*SMALLEST, GammaLoss()], ids=lambda loss: type(loss).__name__)
def test_a_loss_of_a_readers_own(written, loss):
    explorer = moved(explorer_of(loss))
    ((ours, theirs),) = written(explorer)
    check_ours(ours, explorer)
    assert theirs is None
    spec = explorer.spec["losses"][type(loss).__name__]
    assert spec["cells"][1]["why"] == f"Sentence-transformers has no {type(loss).__name__}."
    assert spec["code"].startswith("def define(self, ")
    assert loss.inputs is not LABELLED_PAIRS or "\n\ndef costs(self, distance, labels):\n" in spec["code"]


IN_A_CELL = """
from dataclasses import dataclass
from lossviz import Loss, Terms
from lossviz.distances import cosine
from lossviz.inputs import LABELLED_PAIRS

@dataclass(frozen=True, eq=False)
class MineLoss(Loss):
    margin: float = 0.5
    inputs = LABELLED_PAIRS
    axes = ("pair",)

    def define(self, anchor, other, labels):
        distance = cosine(anchor, other)
        return Terms(distance, (distance - self.margin * labels).square())
"""


def test_a_loss_of_which_no_source_is_kept(mounted, written):
    """Of a cell that was run by ``exec``: the page says so in words, and the cell needs the reader's own."""
    notebook = {"__name__": "__main__"}
    exec(IN_A_CELL, notebook)
    explorer = moved(explorer_of(notebook["MineLoss"]()))
    ((ours, _),) = written(explorer)
    assert "# MineLoss is your own: run the cell that defines it first.\n" in ours
    check_ours(ours, explorer, MineLoss=notebook["MineLoss"])
    shown = mounted(explorer)
    shown.tab("Code").click()
    expect(shown.find(".code pre p")).to_contain_text("not kept")
    assert shown.find(".code code").text_content() == ""
    expect(shown.find(".code .copies")).to_contain_text("Sentence-transformers has no MineLoss.")
    assert shown.find(".code .copies button:visible").all_text_contents() == ["Copy as lossviz"]


def test_what_has_no_name_elsewhere_is_said_in_words():
    explorer = explorer_of(OnlineContrastiveLoss(distance=lambda one, other: (one - other).abs().sum(-1)))
    ours, theirs = explorer.spec["losses"]["OnlineContrastiveLoss"]["cells"]
    assert ours["text"] is theirs["text"] is None
    assert ours["why"].startswith("Its distance is ") and "<lambda>" in ours["why"]
    assert theirs["why"].startswith("Its distance is a function of your own")


def test_where_the_page_computes_the_cell_opens_such_an_explorer(written):
    explorer = lossviz.explore(OnlineContrastiveLoss())
    ((ours, _),) = written(explorer)
    assert ours.endswith("\nlossviz.explore(loss, batch=batch)\n")
    assert run(ours)[1].spec["engine"]["name"] == "page"


# ---- on the page

COPIES = """() => {
  window.copied = [];
  Object.defineProperty(navigator, "clipboard", {
    configurable: true, value: { writeText: async (text) => { copied.push(text); } } });
}"""
REFUSES = """() => Object.defineProperty(navigator, "clipboard", {
  configurable: true, value: { writeText: () => Promise.reject(new Error("no")) } })"""
SELECTED = """area => document.activeElement === area
  && area.value.slice(area.selectionStart, area.selectionEnd) === area.value && area.value"""
TOLD = "root => { const { lit, reading } = root.explorer.scene; return [lit && [...lit], reading.ranked[0].index]; }"


@pytest.fixture
def opened(mounted):
    explorer = mounted(lossviz.explore(OnlineContrastiveLoss(margin=1.2), engine="kernel"))
    explorer.show_answer()
    explorer.tab("Code").click()
    return explorer


def test_it_shows_the_definition_and_what_it_calls(opened):
    code = opened.spec["losses"]["OnlineContrastiveLoss"]["code"]
    assert opened.find(".code code").text_content().rstrip("\n") == code
    assert [each in code for each in ("def define(self, ", "\n\ndef _largest_or_mean(")] == [True, True]
    assert opened.find(".code .keyword").all_text_contents().count("def") == 2


def test_the_term_that_is_touched_is_told_in_numbers(opened):
    """The largest unless one is lit, in letters, in numbers, and what it adds; and it follows what is moved."""
    terms = opened.terms
    value = "root => root.explorer.scene.reading.terms.map(({ letters, formula, value }) => [letters, formula, value])"
    told = opened.find(".code .told")

    def says(index: int) -> str:
        letters, formula, adds = opened.find("xpath=.").evaluate(value)[[each["index"] for each in terms].index(index)]
        expect(told.locator("b")).to_have_text(letters)
        text = told.locator(".formula").text_content()
        assert (formula or "") in text and text.endswith(f"{adds:.5f}"), text
        return text

    largest = opened.root.evaluate(TOLD)[1]
    before = says(largest)
    assert before.count(" = ") == 2 and before.startswith(("d² = ", "(margin − d)² = "))
    other = next(each for each in terms if each["active"] and each["index"] != largest)
    opened.change(lit={"kind": "term", "index": other["index"]})
    says(other["index"])
    opened.change(lit=None)
    opened.slider("margin").fill("1.5")
    says(opened.root.evaluate(TOLD)[1])


def test_a_press_copies_and_the_text_is_there_to_read(opened):
    opened.page.evaluate(COPIES)
    for title in ("Copy as lossviz", "Copy for sentence-transformers"):
        opened.button(title).click()
        expect(opened.find(".code [role=status]")).to_have_text("Copied: paste it into a cell.")
    copied = opened.page.evaluate("copied")
    assert ["import lossviz" in each for each in copied] == [True, False]
    opened.find(".code summary").click()
    areas = opened.find(".code textarea")
    assert [areas.nth(k).input_value() for k in range(2)] == copied
    opened.slider("margin").fill("0.7")
    expect(areas.nth(0)).to_have_value(copied[0].replace("margin=1.2,", "margin=0.7,"))
    expect(opened.find(".code [role=status]")).to_have_text("")


def test_where_a_page_may_not_copy_the_text_is_selected(opened):
    opened.page.evaluate(REFUSES)
    opened.button("Copy for sentence-transformers").press("Enter")
    expect(opened.find(".code [role=status]")).to_contain_text("press Ctrl+C")
    area = opened.find(".code textarea").nth(1)
    expect(area).to_be_in_viewport()
    text = area.evaluate(SELECTED)
    assert "losses.OnlineContrastiveLoss(\n" in text
    printed, _ = run(text)
    close(printed, opened.torch.terms.loss.item(), 1e-6)


def test_nothing_is_cut_where_it_is_narrow(opened):
    opened.page.set_viewport_size({"width": 360, "height": 640})
    for selector in ("[role='tabpanel']", ".code", ".code pre", ".code .told"):
        width, room = opened.find(selector).evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert width <= room, selector
    heights = opened.find(".code :is(button, summary)").evaluate_all("all => all.map((e) => e.offsetHeight)")
    assert min(heights) >= 44
    opened.page.set_viewport_size({"width": 1200, "height": 1400})


def test_a_line_keeps_its_letters_when_it_is_coloured(javascript):
    lines = sorted({line for entry in ENTRIES for line in lossviz.listing.code(entry.default()).split("\n")})
    found = javascript("given.map((line) => views_python.tokensOf(line))", lines)
    assert ["".join(text for _, text in tokens) for tokens in found] == lines
    (tokens,) = javascript("given.map((line) => views_python.tokensOf(line))", ['return fit("in x", 0.5e-3)  # or'])
    assert [each for each in tokens if each[0]] == [
        ["keyword", "return"], ["string", '"in x"'], ["number", "0.5e-3"], ["comment", "# or"],
    ]  # fmt: skip
