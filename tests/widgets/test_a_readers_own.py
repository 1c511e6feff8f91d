"""Losses as a reader writes them, at home in an explorer on either engine."""

import re

import pytest
from playwright.sync_api import expect

import lossviz
from tests.widgets.own_losses import SMALLEST, GammaLoss, NamedBlocksLoss, StrangeAxesLoss, UniformLoss
from tests.widgets.page import Explorer
from tests.widgets.printed import shows
from tests.widgets.seen import Seen

OWN = [(loss, engine) for loss in (*SMALLEST, StrangeAxesLoss(), GammaLoss(), NamedBlocksLoss())
       for engine in ("page", "kernel") if engine == "kernel" or not isinstance(loss, GammaLoss)]  # fmt: skip
OWN_CHARTS = {
    "labelled_pairs": ".distance-line", "unlabelled_pairs": ".distance-line", "scored_pairs": ".score-plane",
    "classified_pairs": ".class-bars", "triplets": ".triplet-plane", "positive_pairs": ".score-matrix",
    "unlabelled": ".score-matrix",
}  # fmt: skip
SHADES = """canvas => new Set(new Uint32Array(
  canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""


@pytest.mark.parametrize(("loss", "engine"), OWN, ids=[f"{type(loss).__name__}-{engine}" for loss, engine in OWN])
def test_a_loss_of_a_readers_own_is_at_home(mounted, loss, engine):
    """Chart, lines, sum, mask, heat map or strip, and Play, from its definition alone."""
    explorer = mounted(lossviz.explore(loss, engine=engine))
    explorer.show_answer()
    wanted = explorer.says_what_torch_says()
    if loss.inputs.name in OWN_CHARTS:
        expect(explorer.find(OWN_CHARTS[loss.inputs.name])).to_be_visible()
    says_its_numbers(explorer, wanted)
    assert explorer.find(".lines .pair.active").count() > 0
    if wanted.on_circle:
        explorer.open("strip")
        expect(explorer.find(".strip .curve")).to_have_attribute("d", re.compile("^M"))
    else:
        explorer.shades_what_torch_says(wanted, 1.6)
        assert explorer.find(".plane canvas").evaluate(SHADES) > 2
    explorer.sentence(0).hover()
    explorer.wait_until("root => root.explorer.state.lit?.index === 0")
    explorer.says_what_torch_says()
    explorer.page.mouse.move(0, 0)
    explorer.open("chart")
    explorer.play("state.at > 30")
    played = explorer.says_what_torch_says()
    assert played.terms.loss.item() < wanted.terms.loss.item() - 1e-3
    explorer.tab("Mask").click()
    assert explorer.says_what_torch_says().state["view"] == "mask"
    assert explorer.find("table.mask tbody tr").count() >= len(wanted.terms.matrix)


HOLD_BACK = """() => {
  const ask = window.askPython;
  window.askPython = (text) => new Promise((resolve) => {
    window.release = async () => resolve(await ask(text));
  });
}"""
RELEASE = """async () => {
  await window.release();
  for (let k = 0; k < 2; k++) await new Promise(requestAnimationFrame);
}"""


def test_a_late_answer_about_what_was_undone_meanwhile_is_not_shown(mounted):
    explorer = mounted(lossviz.explore(SMALLEST[0], engine="kernel"))
    explorer.show_answer()
    wanted = explorer.says_what_torch_says()
    points = explorer.state["points"]
    explorer.page.evaluate(HOLD_BACK)
    explorer.change(points=[points[-1], *points[1:]])
    explorer.page.wait_for_function("() => window.release")
    assert explorer.root.get_attribute("data-ready") is None
    explorer.change(points=points)
    explorer.wait_until_shown()  # torch is not asked again what it has answered
    explorer.page.evaluate(RELEASE)
    assert explorer.root.evaluate("root => root.explorer.result.loss") == pytest.approx(wanted.terms.loss.item())
    explorer.says_what_torch_says()


@pytest.mark.parametrize("engine", ["page", "kernel"])
def test_a_matrix_may_leave_out_entries_as_minus_infinity(mounted, engine):
    """JSON has no such number."""
    explorer = mounted(lossviz.explore(UniformLoss(), engine=engine))
    explorer.show_answer()
    assert explorer.root.evaluate("root => root.explorer.result.terms.matrix[0] === -Infinity")
    explorer.says_what_torch_says()


def says_what_it_reads(explorer: Explorer, wanted: Seen) -> None:
    entries = wanted.terms.matrix.detach().flatten().tolist()
    with explorer.opened("sum"):
        rows = explorer.find(".sum li .formula").all_text_contents()
    assert rows and all(row.startswith(wanted.loss.reads) for row in rows)
    for row in rows:
        said, _, in_all = row.removeprefix(wanted.loss.reads).partition(", … ")
        said = said.split(", ")
        assert in_all in ("", f"({wanted.terms.matrix.shape[-1]} in all)") and len(said) <= 4
        assert all(any(shows(each.strip(), entry) for entry in entries) for each in said)


def says_its_numbers(explorer: Explorer, wanted: Seen) -> None:
    """Without a formula in the catalogue, a term of the sum has the names and the values of its numbers; without such
    numbers what it reads of the matrix."""
    numbers = wanted.terms.numbers
    if not numbers:
        return says_what_it_reads(explorer, wanted)
    values = {name: each.detach().expand_as(wanted.terms.values).flatten() for name, each in numbers.items()}
    with explorer.opened("sum"):
        rows = explorer.find(".sum li .formula").all_text_contents()
    assert rows
    for row in rows:
        said = dict(re.findall(r"(\w+) (−?[\d.]+(?:·10\S+)?)", row))
        assert list(said) == list(values)
        assert all(any(shows(text, each) for each in values[name].tolist()) for name, text in said.items())
