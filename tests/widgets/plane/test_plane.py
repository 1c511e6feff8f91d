"""The plane of real explorers: what it asks the engine is what torch says, and what is not there breaks nothing."""

import re

import pytest
import torch
from playwright.sync_api import expect

import lossviz
from lossviz import (
    BatchAllTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
    ContrastiveLoss,
    MultipleNegativesRankingLoss,
)
from tests.widgets.own_losses import DetachedLoss

DOUBLE = torch.float64
EDGE = 14  # pixels from a point to where its arrow begins
# The line of a term that is touched, once it is that term's.
LINE_OF = """([root, k]) => {
  const { scene: { state, reading } } = root.explorer;
  const line = root.querySelector(".within").getAttribute("d");
  return root.dataset.ready && state.lit?.index === reading.terms[k].index && line?.startsWith("M") && line;
}"""
# Where each point stands in pixels, and where each arrow of a layer ends.
POINTS = "marks => marks.map(mark => mark.getAttribute('transform').match(/-?[\\d.]+/g).map(Number))"
TIPS = "heads => heads.map(head => (head.getAttribute('d').match(/-?[\\d.]+/g) ?? []).slice(0, 2).map(Number))"


@pytest.fixture
def shown(mounted):
    """shown(explorer) → its element, its question answered."""

    def show(widget: lossviz.Explorer):
        explorer = mounted(widget)
        explorer.show_answer()
        return explorer.root

    return show


def steps(root, layer: str, start: torch.Tensor) -> torch.Tensor:
    """How far each arrow of a layer moves its point, in pixels; zeros for one that is too short to be drawn."""
    tips = root.locator(f".{layer} .head").evaluate_all(TIPS)
    ends = torch.tensor([tip or begin for tip, begin in zip(tips, start.tolist(), strict=True)], dtype=DOUBLE)
    away = ends - start
    length = away.norm(dim=-1, keepdim=True)
    return torch.where(length > 0, away * (length - EDGE) / length, 0.0)


def places(root) -> torch.Tensor:
    return torch.tensor(root.locator(".point").evaluate_all(POINTS), dtype=DOUBLE)


def pulling(explorer: lossviz.Explorer) -> torch.Tensor:
    """How many terms pull each point."""
    points = explorer.embeddings.requires_grad_()
    pulls = explorer.loss.complete(*explorer.scene.batch.inputs(points)).pulls.flatten()
    each = [torch.autograd.grad(pull, points, retain_graph=True)[0].norm(dim=-1) > 1e-9 for pull in pulls]
    return torch.stack(each).sum(0)


RANKING = MultipleNegativesRankingLoss(similarity="dot", scale=1.0)
FREE = [
    ContrastiveLoss(distance="euclidean"),
    DetachedLoss(),
    BatchHardTripletLoss(margin=5.0),
    BatchAllTripletLoss(),
    RANKING,
    RANKING.changed(hardness_mode="in_batch_negatives", hardness_strength=2.0),
]


@pytest.mark.parametrize("engine", ["page", "kernel"])
@pytest.mark.parametrize("loss", FREE, ids=lambda loss: type(loss).__name__)
def test_the_pieces_of_an_arrow_add_up_to_it(shown, loss, engine):
    """Each is drawn as a Step of its own: in pixels their sum is the arrow."""
    explorer = lossviz.explore(loss, engine=engine)
    root = shown(explorer)
    root.get_by_role("tab", name="Sentences").click()
    pixels = places(root)
    whole = steps(root, "arrows", pixels)
    for point, terms in enumerate(pulling(explorer).tolist()):
        button, pieces = root.locator(".legend button").nth(point), root.locator(".pieces > g")
        button.focus()
        count = 0 if terms < 2 else min(terms, 8)  # one alone is the arrow itself
        expect(pieces).to_have_count(count)
        if count:
            parts = steps(root, "pieces", pixels[point].expand(count, 2))
            assert torch.allclose(parts.sum(0), whole[point], atol=0.05 + 0.6 * count)  # what is too short is not drawn
        button.blur()
        expect(pieces).to_have_count(0)


def squared(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (x - y).square().sum(-1)


@pytest.mark.parametrize(("distance", "engine"), [
    ("euclidean", "page"), ("euclidean", "kernel"), ("manhattan", "page"), ("cosine", "page"), ("cosine", "kernel"),
    (squared, "kernel"),
])  # fmt: skip
def test_the_reach_of_an_anchor_is_where_its_positive_could_stand(shown, distance, engine):
    """Whatever the distance, also one of a reader's own: the line is as far from the anchor as the positive is."""
    explorer = lossviz.explore(BatchSemiHardTripletLoss(margin=0.5, distance=distance), engine=engine)
    root = shown(explorer)
    crowd = root.locator(".triplet-plane .crowd")  # twelve names have no room
    last = root.evaluate("root => root.explorer.scene.reading.terms.length") - 1
    for term in (0, last):
        crowd.focus()
        if term:
            crowd.press("ArrowLeft")  # round to the last
        drawn = root.page.wait_for_function(LINE_OF, arg=[root.element_handle(), term]).json_value()
        reach = root.evaluate(
            "(root, k) => { const { scene } = root.explorer; return scene.reading.terms[k].reach; }", term
        )
        size = root.locator(".stage").evaluate("stage => stage.clientWidth")
        unit = size / 2 - 44 if distance == "cosine" else size / 2 / 1.6
        corners = torch.tensor([float(each) for each in re.findall(r"-?[\d.]+", drawn)], dtype=DOUBLE)
        ends = (corners.view(-1, 2) - size / 2) / unit * torch.tensor([1, -1])
        points = explorer.embeddings
        measure = distance if callable(distance) else lossviz.distances.paired(distance)
        wanted = measure(points[reach["from"]], points[reach["to"]])
        found = measure(points[reach["from"]].expand(ends.shape), ends)
        if distance == "cosine":  # an arc, whose ends are as far
            assert (found < wanted + 1e-3).all() and ((found - wanted).abs() < 1e-3).sum() == 2
        else:
            assert len(ends) > 20
            assert torch.allclose(found, wanted.expand(len(ends)), atol=0.02 * max(1.0, wanted.item()))
        crowd.blur()
        expect(root.locator(".within")).to_have_attribute("d", "")


@pytest.mark.parametrize(("role", "term"), [("hardest_positive", 4), ("hardest_negative", 2)])
def test_what_a_term_chooses_is_what_torch_chooses(javascript, role, term):
    """In the page and in the kernel, with one point moved to many places."""
    explorer = lossviz.explore(BatchHardTripletLoss(margin=1.0))
    positions = torch.rand(200, 2, generator=torch.Generator().manual_seed(0), dtype=DOUBLE).mul(3).sub(1.5)
    points = explorer.embeddings.repeat(len(positions), 1, 1)
    points[:, 3] = positions
    situation = explorer.spec["situations"][0]
    labels = torch.tensor(situation["labels"]).expand(len(positions), -1)
    wanted = explorer.loss.complete(points, labels).chosen[role][:, term].tolist()
    question = {
        "state": explorer.state, "points": explorer.embeddings.tolist(), "rows": situation["rows"],
        "labels": situation["labels"], "moving": {"point": 3, "positions": positions.tolist()},
        "keep": [["terms", "chosen", role]],
    }  # fmt: skip
    found = javascript(
        "engine.pageEngine(given.spec, given.modules).answer(given.question).then((answers) => "
        f"answers.map(({{ terms }}) => terms.chosen.{role}[{term}]))",
        {"spec": explorer.spec, "modules": explorer.modules, "question": question},
    )
    assert found == wanted == [each["terms"]["chosen"][role][term] for each in explorer.answer(question)]
    assert len(set(found)) > 1


@pytest.mark.parametrize("similarity", ["cosine", "dot"])
def test_a_batch_that_changes_under_a_hand_breaks_nothing(shown, similarity):
    """A point is held, and lit, that the next batch does not have."""
    explorer = lossviz.explore(MultipleNegativesRankingLoss(similarity=similarity))
    root = shown(explorer)
    box = root.locator(".point .dot").last.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = root.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 8, y + 8)
    lone = next(each for each in explorer.spec["situations"] if len(each["sentences"]) == 2)
    root.locator("select[aria-label^='Situation']:visible").select_option(label=lone["title"])
    expect(root.locator(".point")).to_have_count(2)
    mouse.move(x + 40, y + 8, steps=3)
    mouse.up()
    expect(root).to_have_attribute("data-ready", "yes")
    state = root.evaluate("root => root.explorer.state")
    start = lone["starts"]["MultipleNegativesRankingLoss"]
    assert state["points"] == [pytest.approx(each) for each in start["points"]] and state["lit"] is None
