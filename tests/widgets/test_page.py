"""Explorers on a page of their own, used as a reader would: every loss, both engines, questions, cures and charts.

The published pages are tested in tests/site; here an explorer is whatever a test makes of it.
"""

import math
import re

import pytest
import torch
from playwright.sync_api import expect

import lossviz
from lossviz import (
    BatchAllTripletLoss,
    BatchHardTripletLoss,
    ContrastiveLoss,
    CoSENTLoss,
    CosineSimilarityLoss,
    MultipleNegativesRankingLoss,
    MultipleNegativesSymmetricRankingLoss,
    OnlineContrastiveLoss,
    SoftmaxLoss,
    catalogue,
)
from lossviz.catalogue.positive_pairs import ALL_FOUR, BOTH, OWN_SIDE
from lossviz.situations import SITUATIONS, Situation, on_circle
from tests.widgets.in_the_book import FAMILIES
from tests.widgets.page import IN_A_CROWD, PATIENCE, SHOWN, Explorer, letter
from tests.widgets.printed import NUMBER, shows, shows_share
from tests.widgets.seen import Seen

LASTING = {"loss", "parameters", "tensors", "situation", "points"}
SEEN = "element => element.checkVisibility({ visibilityProperty: true })"


STARTS = [(loss, engine) for losses in FAMILIES.values() for loss in losses for engine in ("page", "kernel")]
every_start = pytest.mark.parametrize(
    ("loss", "engine"), STARTS, ids=[f"{type(loss).__name__}-{engine}" for loss, engine in STARTS]
)


FAMILIAR = [loss for losses in FAMILIES.values() for loss in losses]


@pytest.mark.parametrize("loss", FAMILIAR, ids=lambda loss: type(loss).__name__)
def test_every_situation_says_what_torch_says(mounted, loss):
    explorer = mounted(lossviz.explore(loss))
    for situation in explorer.spec["situations"]:
        explorer.choose("Situation", situation["title"])
        explorer.show_answer()
        wanted = explorer.says_what_torch_says()
        assert wanted.situation == situation
        diagnosis = explorer.find(".diagnosis")
        assert diagnosis.is_visible() == (situation["symptom"] is not None)
        if situation["symptom"]:
            symptom, measured = diagnosis.locator("p").all_text_contents()
            solved = situation["question"] and situation["question"]["kind"] == "reach"  # "Show me" did the task
            assert symptom == f"Symptom{' at the start' if solved else ''}: {situation['symptom']}"
            assert measured.startswith("Measured now: " if solved else "Measured: ")
            measures_what_torch_measures(measured, wanted)


def measures_what_torch_measures(text: str, wanted: Seen) -> None:
    terms = wanted.terms
    counted = terms.positive | terms.negative
    active, valid = sum(wanted.flat("active")), sum(wanted.flat("valid"))
    assert re.search(rf"; {active} of {valid} [a-z– ]+ active\.$", text)
    mean, norm = (found[0] for found in NUMBER.finditer(text))
    length = wanted.gradient.norm().item()
    assert shows(mean, terms.matrix[counted].mean().item()) and shows(norm, length if length > 1e-9 else 0)  # unseen


@every_start
def test_a_step_and_play_are_those_of_torch(mounted, loss, engine):
    explorer = mounted(lossviz.explore(loss, engine=engine))
    start = explorer.torch
    explorer.button("Step").click()
    explorer.has_run("1 step: loss")
    stepped, rate = explorer.says_what_torch_says(), explorer.rate
    assert torch.allclose(stepped.points, start.after_step(rate), rtol=0, atol=1e-12)
    assert explorer.history == [pytest.approx(start.terms.loss.item())]
    explorer.play(enough="state.at > 5")
    expect(explorer.button("Play")).to_be_visible()
    end = explorer.says_what_torch_says()
    losses, points = start.descent(end.state["at"], rate)
    assert explorer.history == pytest.approx(losses, abs=1e-9)
    assert torch.allclose(end.points, points, rtol=0, atol=1e-6)


def ranking(name: str, controls: tuple[str, ...], engine: str) -> lossviz.Explorer:
    asked = lossviz.situations.situation("positive_pairs", name)
    return lossviz.explore(MultipleNegativesRankingLoss(), situation=asked, controls=controls, engine=engine)


DISABLED = "options => options.map(option => option.disabled)"


@pytest.mark.parametrize("engine", ["page", "kernel"])
def test_directions_are_chosen_and_what_does_not_exist_is_not_on_offer(mounted, engine):
    explorer = mounted(ranking("way back", ("directions", "partition_mode"), engine))
    explorer.show_answer()
    names = [each.get_attribute("aria-label").split(":")[0] for each in explorer.find(".parameters select").all()]
    assert names == ["directions", "partition_mode"]
    both, losses = BOTH, []
    choices = catalogue.parameters(MultipleNegativesRankingLoss())["directions"].choices
    for directions in (OWN_SIDE, both, ALL_FOUR):
        explorer.find("select[aria-label^='directions']").select_option(index=choices.index(directions))
        wanted = explorer.says_what_torch_says()
        assert wanted.loss.directions == directions
        losses.append(wanted.terms.loss.item())
        alone = explorer.find("select[aria-label^='partition_mode'] option").evaluate_all(DISABLED)
        assert alone == [False, directions != both]
    assert losses[0] < 0.001 < losses[1] < losses[2]
    explorer.find("select[aria-label^='directions']").press("ArrowUp")  # as any select
    assert explorer.says_what_torch_says().loss.directions == both
    explorer.choose("partition_mode", "per direction")
    assert explorer.says_what_torch_says().loss.partition_mode == "per_direction"
    assert explorer.find("select[aria-label^='directions'] option").evaluate_all(DISABLED) == [False, True, False, True]
    heads = explorer.find(".score-matrix .blocks text").all_text_contents()
    assert heads == ["anchor → document", "positive → anchor"]
    explorer.tab("Mask").click()
    assert explorer.find(".mask th[scope=colgroup]").all_text_contents() == heads


@pytest.mark.parametrize("engine", ["page", "kernel"])
def test_a_strength_is_there_for_a_mode_and_a_question_sets_the_mode(mounted, engine):
    explorer = mounted(ranking("harder rivals", ("hardness_mode", "hardness_strength"), engine))
    explorer.show_answer()
    strength = explorer.slider("hardness_strength")
    expect(strength).to_be_disabled()
    before = explorer.says_what_torch_says().terms.loss.item()
    explorer.button("See it").click()
    wanted = explorer.says_what_torch_says()
    assert wanted.loss.hardness_mode == "in_batch_negatives" and wanted.terms.loss.item() > before
    expect(strength).to_be_enabled()
    strength.press("End")
    assert explorer.says_what_torch_says().loss.hardness_strength == 10
    explorer.choose("hardness_mode", "none")
    assert explorer.says_what_torch_says().terms.loss.item() == pytest.approx(before)


PIECES = "marks => marks.map(mark => mark.getAttribute('class').replace('piece ', ''))"


@every_start
def test_a_touched_point_shows_a_piece_for_every_term_that_pulls_it(mounted, loss, engine):
    """By the kind of the term; one piece alone is the arrow itself and is not drawn."""
    explorer = mounted(lossviz.explore(loss, engine=engine))
    wanted, terms, most = explorer.torch, explorer.terms, 0
    for point in range(len(wanted.points)):
        explorer.sentence(point).hover()
        pulled = wanted.pieces[:, point].norm(dim=-1) > 1e-9
        kinds = [term["kind"] for term in terms if pulled[term["index"]]]
        kinds = kinds if len(kinds) > 1 else []
        pieces = explorer.find(".pieces > g")
        expect(pieces).to_have_count(len(kinds))
        assert pieces.evaluate_all(PIECES) == kinds
        explorer.says_what_torch_says()
        explorer.page.mouse.move(0, 0)
        explorer.open("chart")
        explorer.change(lit={"kind": "point", "index": point})
        explorer.says_what_torch_says()
        most = max(most, len(kinds))
    assert most > 1


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.loss.__name__)
def test_every_loss_shows_what_torch_says_and_steps_as_torch_does(mounted, entry):
    explorer = mounted(lossviz.explore(entry.default(), situation=SITUATIONS[entry.loss.inputs.name][0]))
    explorer.says_what_torch_says()
    start = explorer.torch
    explorer.button("Step").click()
    explorer.has_run("1 step: loss")
    after, rate = explorer.state, explorer.rate
    assert torch.allclose(torch.tensor(after["points"], dtype=torch.float64), start.after_step(rate), atol=1e-9)
    for name, tensor in start.trained(rate).items():
        assert torch.allclose(torch.tensor(after["tensors"][name], dtype=torch.float64), tensor, rtol=0, atol=1e-9)
    explorer.says_what_torch_says()
    explorer.play("state.at > 3")
    wanted = explorer.says_what_torch_says()
    losses, points = start.descent(wanted.state["at"], rate)
    assert explorer.history == pytest.approx(losses, abs=1e-9)
    assert torch.allclose(wanted.points, points, rtol=0, atol=1e-6)
    explorer.tab("Mask").click()
    assert explorer.find("table.mask tbody tr").count() == mask_rows(wanted)


def mask_rows(wanted: Seen) -> int:
    """One for each row of the matrix, and two for the columns that search."""
    return len(wanted.terms.matrix) + (2 if wanted.loss.axes[0] == "direction" else 0)


def test_orders_are_drawn_as_wide_as_their_share(mounted):
    explorer = mounted(lossviz.explore(CoSENTLoss(scale=3.0), situation=SITUATIONS["scored_pairs"][0]))
    terms = explorer.torch.terms
    similarity = terms.matrix.detach()
    shares = (terms.values / terms.loss * (1 - terms.thresholds["the_1"])).detach()
    lines = explorer.find(".score-plane .segments > g")
    found = sorted(
        float(each) for each in lines.locator(".shown").evaluate_all("l => l.map(p => p.getAttribute('stroke-width'))")
    )
    fallen = similarity[:, None] > similarity
    wide = [1.5 + 6 * share for share in shares[terms.valid & fallen].tolist()]
    assert wide and found == pytest.approx(sorted(wide + [1.0] * int((terms.valid & ~fallen).sum())), abs=0.006)
    assert lines.evaluate_all("l => l.filter(p => p.classList.contains('falling')).length") == len(wide)
    expect(explorer.find(".score-plane .shares text").last).to_have_text(
        f"the 1: {100 * terms.thresholds['the_1'].item():.0f}\u00a0%"
    )


def test_the_regions_are_coloured_by_the_class_of_the_moving_sentence(mounted):
    explorer = mounted(lossviz.explore(SoftmaxLoss.initial(2, 3), situation=SITUATIONS["classified_pairs"][0]))
    wanted = explorer.torch
    expect(explorer.find(".class-bars .target")).to_have_count(len(wanted.terms.matrix))
    found = explorer.find(".class-bars .part").evaluate_all("p => p.map(b => Number(b.getAttribute('width')))")
    rooms = explorer.find(".class-bars .room").evaluate_all("p => p.map(b => Number(b.getAttribute('width')))")
    shares = torch.tensor(found).div(torch.tensor(rooms)).view(-1, 3)
    assert torch.allclose(shares, wanted.terms.matrix.detach().exp().float(), atol=1e-3)
    expect(explorer.find(".class-names li")).to_have_text(["entailment", "neutral", "contradiction"])
    said = re.compile("is labelled entailment")
    expect(explorer.find(".class-bars [role=button]").first).to_have_attribute("aria-label", said)
    expect(explorer.find(".regions .border")).to_have_attribute("d", re.compile("^M"))
    colours = explorer.find("[role=tabpanel] canvas").evaluate(
        "c => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size"
    )
    assert colours > 2


ROPES = "lines => lines.map(line => [line.getAttribute('class'), line.getAttribute('stroke-width')])"


@pytest.mark.parametrize("losses", FAMILIES.values(), ids=list(FAMILIES))
def test_a_rope_is_as_thick_as_its_links_weigh_together(mounted, losses):
    explorer = mounted(lossviz.explore(*losses))
    joined = {}  # (two points, side) → the weights of its active links
    for term in explorer.terms:
        for link in term["links"]:
            ends = frozenset((link["from"], link["to"]))
            joined.setdefault((ends, link["side"]), []).extend([link["weight"]] if term["active"] else [])
    links = [(bool(weights), side, min(1, sum(weights))) for (_, side), weights in joined.items()]
    drawn = explorer.find(".lines .pair").evaluate_all(ROPES)
    assert len(drawn) == len(links)
    for (classes, width), (active, side, weight) in zip(drawn, links, strict=True):
        assert classes.split()[1] == side and ("active" in classes) == active
        assert float(width) == pytest.approx(0.75 + 2.75 * weight if active else 1.25, abs=0.006)


# Several losses


def test_the_switch_keeps_the_batch_and_the_run_of_the_other_loss(mounted):
    explorer = mounted(lossviz.explore(ContrastiveLoss(), OnlineContrastiveLoss()))
    explorer.point(1).press("ArrowUp")
    begun = explorer.state["points"]
    for count in ("1 step", "2 steps"):
        explorer.button("Step").click()
        explorer.has_run(f"{count}: loss")
    before, history = explorer.says_what_torch_says(), explorer.history
    explorer.choose("Loss", "OnlineContrastiveLoss")
    explorer.open("run")
    span = explorer.find(".history span")
    said = re.fullmatch(r"0 steps; dashed: ContrastiveLoss, 2 steps: loss (\S+) → (\S+)", span.text_content())
    assert shows(said[1], history[0]) and shows(said[2], before.terms.loss.item())
    after = explorer.says_what_torch_says()
    assert after.situation == before.situation and type(after.loss) is OnlineContrastiveLoss
    assert torch.allclose(after.points, torch.tensor(begun, dtype=torch.float64), rtol=0, atol=1e-12)
    expect(explorer.find(".history .curve.before")).to_have_count(1)
    labels = explorer.find(".parameters:visible label span").all_text_contents()
    assert [label.split()[0] for label in labels] == ["margin", "distance", "step"]
    title = explorer.find(".history .axes text").first
    expect(title).to_have_text("loss, % of its start")  # two losses have no common unit
    explorer.choose("Loss", "ContrastiveLoss")
    explorer.says_what_torch_says()
    expect(explorer.find(".history span")).to_have_text("0 steps")  # the other one did not run
    expect(title).to_have_text("loss")


# Questions


HIDDEN = (".value", ".caption", ".message > .note:not(.tally)", ".controls", ".arrows", ".plane canvas")


SEEN_IN_VIEWS = f"""async (root, [parts, patience]) => {{
  const [shown, seen] = [{SHOWN}, {SEEN}];
  const {{ explorer }} = root;
  const found = Object.fromEntries(parts.map((part) => [part, seen(root.querySelector(part))]));
  const before = explorer.state.view;
  const views = [...root.querySelectorAll("[role=tab]:not([hidden])")].map((tab) => tab.dataset.view);
  for (const view of [...views, before]) {{
    explorer.change({{ ...explorer.state, view }});
    await shown(root, patience);
    found[view] = seen(root.querySelector("[role=tabpanel] > *"));
  }}
  return found;
}}"""


def seen(explorer: Explorer) -> dict[str, bool]:
    """Of each part that may give an answer away, and of each view beside the plane, whether it can be seen."""
    found = explorer.shown().evaluate(SEEN_IN_VIEWS, [HIDDEN, PATIENCE])
    assert len(found) > len(HIDDEN) + 4
    return found


def waits(explorer: Explorer) -> None:
    """Nothing that would give the answer away can be seen, and nothing moves."""
    before = explorer.state["points"]
    assert not any(seen(explorer).values())
    assert not explorer.find(".verdict").text_content()
    explorer.point(0).press("ArrowUp")
    assert explorer.state["points"] == before
    classes = explorer.find(".lines .pair").evaluate_all("lines => lines.map(line => line.getAttribute('class'))")
    assert classes and not [each for each in classes if "active" in each.split()]


def answered(explorer: Explorer, said: str) -> None:
    """All can be seen, and the verdict is told with what the question reveals."""
    expect(explorer.root).not_to_have_class(re.compile(r"\basking\b"))
    assert all(seen(explorer).values())
    reveal = re.escape(explorer.torch.situation["question"]["reveal"])
    measured = "( Measured: .*)?" if explorer.torch.situation["question"]["keys"] else ""
    expect(explorer.find(".verdict")).to_have_text(re.compile(f"^{re.escape(said)}{measured} {reveal}$"))
    expect(explorer.button("Show me")).to_be_hidden()
    explorer.says_what_torch_says()


CHOICES = [
    (ContrastiveLoss(), "strongest push"),
    (OnlineContrastiveLoss(), "one move"),
    (BatchHardTripletLoss(), "not the hardest"),
    (BatchHardTripletLoss(), "out of reach"),
    (MultipleNegativesRankingLoss(), "add pairs"),
    (MultipleNegativesRankingLoss(), "who pushes"),
]


WAYS = (True, False, None)  # a right answer, a wrong one, "Show me"
ASKED = [(*each, way) for each, way in zip(CHOICES, 2 * WAYS, strict=True)] + [
    (*CHOICES[k], way) for k in (1, 4) for way in (True, None)
]


@pytest.mark.parametrize(("loss", "name", "right"), ASKED, ids=[f"{name}-{right}" for _, name, right in ASKED])
def test_a_question_with_choices(mounted, loss, name, right):
    explorer = mounted(lossviz.explore(loss, situation=name))
    question = explorer.torch.situation["question"]
    expect(explorer.find(".prompt")).to_have_text(question["prompt"])
    waits(explorer)
    right_one = question["replies"].index("")
    answer, wrong = question["options"][right_one], question["options"][right_one - 1]
    explorer.button({True: answer, False: wrong, None: "Show me"}[right]).press("Enter")
    said = f"You said: {wrong}. {question['replies'][right_one - 1]} The answer: {answer}."
    told = {True: f"Right: {answer}.", False: said, None: f"The answer: {answer}."}
    answered(explorer, told[right])
    verdict = explorer.find(".verdict").inner_text()
    explorer.button("See it").click()
    shown = explorer.says_what_torch_says()
    expect(explorer.find(".prompt")).to_have_text(question["prompt"])
    expect(explorer.find(".verdict")).to_have_text(verdict)
    for point, place in question["moves"].items():
        assert shown.state["points"][int(point)] == pytest.approx(place)
    assert shown.state["parameters"].items() >= question["parameters"].items()
    assert shown.situation["name"] == (question["situation"] or name)


@pytest.mark.parametrize("way", ["lines", "keyboard"])
def test_a_question_of_which_terms_count(mounted, way):
    explorer = mounted(lossviz.explore(ContrastiveLoss(), OnlineContrastiveLoss(), situation="which pairs count"))
    waits(explorer)
    for index, name in ((0, "A–B"), (2, "A–C")):
        if way == "keyboard":
            explorer.button(name).press("Enter")
        else:
            explorer.find(".lines .pair").nth(index).dispatch_event("click")
        expect(explorer.button(name)).to_have_attribute("aria-pressed", "true")
    expect(explorer.find(".lines .pair.marked")).to_have_count(2)
    waits(explorer)
    active = [term["letters"] for term in explorer.terms if term["active"]]
    assert active == ["A–B", "D–E", "D–F", "B–C"]
    near, far = (f"{explorer.torch.flat('matrix')[k]:.3f}" for k in (3, 2))
    replies = (f"A–C adds nothing: it is negative, and {far} is not nearer than the margin, 0.5. You missed D–E: it is "
               f"positive, and its two have not met. You missed D–F: it is negative, and {near} is nearer than the "
               "margin, 0.5. And 1 more.")  # fmt: skip
    explorer.button("Done").press("Enter")
    answered(explorer, f"You marked A–B, A–C. {replies} Active: {', '.join(active)}.")


@pytest.mark.parametrize(("loss", "name"), [(CosineSimilarityLoss(), "which way"), (CoSENTLoss(), "worst order")])
def test_a_question_about_the_way_of_a_pair_does_not_colour_it(mounted, loss, name):
    explorer = mounted(lossviz.explore(loss, situation=name))
    waits(explorer)
    told = explorer.find(".lines :is(.positive, .negative)")
    expect(told).to_have_count(0)
    explorer.button("Show me").press("Enter")
    expect(told.first).to_be_attached()


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_a_question_that_wants_an_arrow(mounted, way):
    margin = {"margin": 1.0, "distance": "euclidean"}
    explorer = mounted(lossviz.explore(ContrastiveLoss(**margin), situation="first"))
    waits(explorer)
    if way == "mouse":
        x, y = explorer.centre(0)
        mouse = explorer.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + 60, y - 25, steps=3)
        mouse.up()
        drawn = (60, 25)
    else:
        slider = explorer.slider("direction of the arrow")
        slider.focus()
        for _ in range(6):
            explorer.page.keyboard.press("ArrowRight")
        drawn = (math.cos(math.radians(30)), math.sin(math.radians(30)))
        assert explorer.state["guess"] == pytest.approx([0.4 * each for each in drawn])
        explorer.button("Done").press("Enter")
    wanted = explorer.torch
    step = (-wanted.gradient)[0].tolist()
    off = math.remainder(math.atan2(step[1], step[0]) - math.atan2(drawn[1], drawn[0]), 2 * math.pi)
    told = f"Dashed: yours. Solid: where A goes. Yours is {round(abs(math.degrees(off)))}° off."
    near = abs(math.degrees(off)) <= 10
    answered(explorer, f"Right. {told}" if near else f"{told} Yours follows B alone, which pulls; C pushes too.")
    assert explorer.find(".guess .shaft").get_attribute("d")  # beside the true one
    assert explorer.find(".arrows .shaft").first.get_attribute("d")


# Cures


CURES = [(type(loss), "easy") for losses in FAMILIES.values() for loss in losses] + [
    (OnlineContrastiveLoss, "a single positive"),
    (ContrastiveLoss, "collapsed"),
    (BatchHardTripletLoss, "out of reach"),
    (BatchHardTripletLoss, "collapsed"),
    (MultipleNegativesRankingLoss, "perfect"),
]


@pytest.mark.parametrize(("kind", "name"), CURES, ids=[f"{kind.__name__}-{name}" for kind, name in CURES])
def test_a_cure_is_one_click_away(mounted, kind, name):
    losses = next(losses for losses in FAMILIES.values() if kind in map(type, losses))
    ordered = sorted(losses, key=lambda loss: type(loss) is not kind)
    explorer = mounted(lossviz.explore(*ordered, situation=name))
    explorer.show_answer()
    sick = explorer.torch
    assert type(sick.loss) is kind
    cures = [cure for cure in sick.situation["cures"] if cure["loss"] != kind.__name__]
    expect(explorer.find(".cures button")).to_have_text([f"Cure: {cure['title']}" for cure in cures])
    assert cures
    for cure in cures:
        explorer.button(f"Cure: {cure['title']}").click()
        explorer.has_run("0 steps")
        cured = explorer.says_what_torch_says()
        if cure["moves"] or cure["parameters"]:
            symptom, measured = explorer.find(".diagnosis p").all_text_contents()
            assert symptom == f"Symptom at the start: {sick.situation['symptom']}"
            assert measured.startswith("Measured now: ")
            measures_what_torch_measures(measured, cured)
        assert cured.situation["name"] == (cure["situation"] or name)
        assert cured.state["loss"] == (cure["loss"] or kind.__name__)
        assert cured.state["parameters"].items() >= cure["parameters"].items()
        if len(losses) > 1:
            explorer.choose("Loss", kind.__name__)
        explorer.choose("Situation", sick.situation["title"])
        explorer.show_answer()


# The charts


NUMBERS = "(element) => element.getAttribute('d').match(/-?[0-9.]+/g).map(Number)"


@pytest.mark.parametrize("margin", ["0.5", "2.5", "6"])
def test_the_line_of_the_triplet_plane_stands_at_the_margin(mounted, margin):
    explorer = mounted(lossviz.explore(BatchHardTripletLoss(margin=1.0)))
    explorer.slider("margin").fill(margin)
    explorer.says_what_torch_says()
    size = float(margin)
    corner = explorer.find(".triplet-plane .axis").evaluate(NUMBERS)
    (left, top), (right, base) = corner[:2], corner[4:]
    reach = float(explorer.find(".triplet-plane .axes .quiet").last.text_content())
    words = explorer.find(".triplet-plane .region text")
    line = explorer.find(".triplet-plane .region .line")
    if size >= reach:
        expect(words).to_have_text(f"y = x + {margin} lies above: all of this costs")
        assert line.get_attribute("d") == ""
        return
    expect(words).to_have_text(f"shaded, below y = x + {margin}: what costs")
    ends = line.evaluate(NUMBERS)
    places = [((x - left) / (right - left) * reach, (base - y) / (base - top) * reach) for x, y in (ends[:2], ends[2:])]
    assert places == [pytest.approx((0, size), abs=0.01), pytest.approx((reach - size, reach), abs=0.01)]


# The plane: what is drawn behind the points


def test_play_zooms_out_instead_of_losing_points(mounted):
    explorer = mounted(lossviz.explore(BatchHardTripletLoss(margin=5.0)))
    unit = explorer.find(".unit text")
    expect(unit).to_have_text("length 1")
    explorer.play()
    wanted = explorer.says_what_torch_says()  # and each point stands where the bar says
    reach = wanted.points.abs().max().item()
    assert 1.6 < reach < 2.4
    expect(unit).to_have_text("length 1, zoomed out 1.5×")
    explorer.shades_what_torch_says(wanted, 2.4)
    for index in range(6):
        x, y = explorer.centre(index)
        box = explorer.find(".stage").bounding_box()
        assert box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]
    explorer.button("Reset").click()
    expect(unit).to_have_text("length 1")
    explorer.shades_what_torch_says(explorer.torch, 1.6)


def test_nothing_zooms_under_a_hand(mounted):
    """The farthest point is dragged home: the plane zooms in when it is let go."""
    explorer = mounted(lossviz.explore(BatchHardTripletLoss(margin=1.0)))
    explorer.change(points=[[0.1 * k, 0.3] for k in range(5)] + [[2.0, 0.0]])
    unit = explorer.find(".unit text")
    expect(unit).to_have_text("length 1, zoomed out 1.5×")
    x, y = explorer.centre(5)
    mouse = explorer.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x - 50, y, steps=4)
    explorer.wait_until("root => root.explorer.state.points[5][0] < 1.6")
    expect(unit).to_have_text("length 1, zoomed out 1.5×")
    mouse.up()
    expect(unit).to_have_text("length 1")


@pytest.mark.parametrize("engine", ["page", "kernel"])
def test_the_border_where_a_choice_changes(mounted, engine):
    """E becomes the hardest negative of C where it is as near to C as D: on a circle round C."""
    explorer = mounted(lossviz.explore(BatchHardTripletLoss(), situation="not the hardest", engine=engine))
    border, named = explorer.find(".borders path"), explorer.find(".borders text")
    assert not explorer.find(".borders").evaluate(SEEN)
    assert not border.get_attribute("d")
    explorer.show_answer()
    expect(named).to_have_text(["▼D", "▼E"])
    expect(explorer.note).to_contain_text("▼ between the borders: the hardest negative of C.")
    left, top, unit = explorer.stage()
    box = explorer.find(".stage").bounding_box()
    places = torch.tensor(border.evaluate(NUMBERS)).view(-1, 2) + torch.tensor([box["x"], box["y"]])
    centre = torch.tensor(explorer.centre(2))
    away = (places - centre).norm(dim=-1) / unit
    assert len(away) > 40
    assert torch.allclose(away, torch.full_like(away, 0.7), rtol=0, atol=0.01)


def test_a_touched_anchor_unfolds_its_lattice(mounted):
    explorer = mounted(lossviz.explore(BatchHardTripletLoss(margin=1.0)))
    wanted = explorer.torch
    explorer.find(".triplet-plane .dot").nth(2).focus()
    marks = explorer.find(".triplet-plane .lattice circle")
    positives, negatives = (int(mask[2].sum()) for mask in (wanted.terms.positive, wanted.terms.negative))
    expect(marks).to_have_count(positives * negatives)
    places = marks.evaluate_all("marks => marks.map(mark => [mark.cx.baseVal.value, mark.cy.baseVal.value])")
    x, y = (
        explorer.find(".triplet-plane .dot")
        .nth(2)
        .evaluate("dot => { const { e, f } = dot.transform.baseVal.consolidate().matrix; return [e, f]; }")
    )
    assert max(place[0] for place in places) == pytest.approx(x, abs=0.01)  # the hardest is the bottom-right corner
    assert max(place[1] for place in places) == pytest.approx(y, abs=0.01)


@pytest.mark.parametrize("name", ["start", "hard negatives"])
def test_a_row_of_the_score_matrix_is_shared_out(mounted, name):
    """The bars of a row add up to its height; the positive is outlined."""
    explorer = mounted(lossviz.explore(MultipleNegativesRankingLoss(scale=5.0), situation=name))
    wanted = explorer.says_what_torch_says()
    shares = wanted.terms.matrix.detach().softmax(-1)
    bars = explorer.find(".score-matrix .rows > g").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('.bar')].map(bar => Number(bar.getAttribute('height'))))"
    )
    heights = torch.tensor(bars, dtype=torch.float64)
    full = 64 - 6 - 6  # a row without its gaps
    assert torch.allclose(heights, (shares * full).clamp(min=1), rtol=0, atol=1e-6)
    targets = explorer.find(".score-matrix .rows > g").evaluate_all(
        "rows => rows.map(row => [...row.querySelector('.cells').children].map(e => e.classList.contains('target')))"
    )
    assert targets == wanted.terms.positive.tolist()
    heads = [letter(point) for rows in list(wanted.situation["rows"].values())[1:] for point in rows]
    expect(explorer.find(".score-matrix .heads text")).to_have_text(heads)


# Crowds: a path for each look


def twelve(inputs) -> Situation:
    """Twelve rows of twelve sentences, not all where the others are."""
    labels = inputs.example(batch=12)[-1].tolist() if inputs.labels else None
    rows = {name: tuple((k + 5 * role) % 12 for k in range(12)) for role, name in enumerate(inputs.rows)}
    keys = tuple(each.key for each in lossviz.sentences.sentences()[:12])
    return Situation(name="t", title="T", keys=keys, rows=rows, labels=labels, places=on_circle(*range(3, 330, 28)))


def crowded(mounted, loss) -> Explorer:
    return mounted(lossviz.explore(loss, situation=twelve(loss.inputs)))


@pytest.mark.parametrize("loss", [BatchAllTripletLoss(margin=0.3), CoSENTLoss(scale=2.0)], ids=["triplets", "orders"])
def test_a_crowd_is_one_stop_of_the_keyboard(mounted, loss):
    explorer = crowded(mounted, loss)
    terms = explorer.torch.terms
    crowd = explorer.find("[role=tabpanel] .crowd")
    assert crowd.locator("> g path").evaluate_all(IN_A_CROWD) == int(terms.valid.sum()) > 12
    looks = crowd.locator("> g path").count()
    assert looks <= 20
    crowd.focus()
    seen = []
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        seen.append(explorer.state["lit"])
        said = explorer.find(".caption").text_content()
        assert explorer.find("[role=tabpanel] .crowd").get_attribute("aria-label") == said
        explorer.page.keyboard.press(key)
    lit = [each["index"] for each in (*seen, explorer.state["lit"])]
    valid = terms.valid.flatten()
    assert all(valid[index] for index in lit) and len(set(lit)) == 4  # on, on, back, back, and round to the last
    assert lit[0] == lit[4] and lit[1] == lit[3]
    crowd.blur()
    assert explorer.state["lit"] is None


def test_a_pointer_touches_the_nearest_of_a_crowd(mounted):
    explorer = crowded(mounted, BatchAllTripletLoss(margin=0.3))
    frame = explorer.find(".triplet-plane").bounding_box()
    axis = [float(each) for each in re.findall(r"[\d.]+", explorer.find(".triplet-plane .axis").get_attribute("d"))]
    (left, top), (right, base) = axis[:2], axis[4:]
    reach = float(explorer.find(".triplet-plane .axes .quiet").last.text_content())
    matrix, valid = explorer.torch.terms.matrix.detach(), explorer.torch.terms.valid
    anchors, positives, negatives = valid.nonzero().unbind(-1)
    places = torch.stack(
        [
            frame["x"] + left + matrix[anchors, positives] / reach * (right - left),
            frame["y"] + base - matrix[anchors, negatives] / reach * (base - top),
        ],
        -1,
    )
    pointer = places[len(places) // 2] + torch.tensor([3.0, 2.0])
    gaps = (places - pointer).norm(dim=-1)
    explorer.page.mouse.move(*pointer.tolist())
    lit = explorer.state["lit"]
    touched = valid.flatten()[: lit["index"]].sum()
    assert lit["kind"] == "term" and gaps[touched] == pytest.approx(gaps.min().item(), abs=0.05)
    expect(explorer.find(".triplet-plane .dots > .dot")).to_have_count(1)
    explorer.page.mouse.move(2, 2)
    assert explorer.state["lit"] is None


def test_a_crowd_of_orders_is_as_wide_as_its_shares_to_half_a_pixel(mounted):
    explorer = crowded(mounted, CoSENTLoss(scale=3.0))
    terms = explorer.torch.terms
    similarity = terms.matrix.detach()
    shares = (terms.values / terms.loss * (1 - terms.thresholds["the_1"])).detach()
    fallen = terms.valid & (similarity[:, None] > similarity)
    paths = explorer.find(".score-plane .crowd .falling").evaluate_all(
        "l => l.map(p => [Number(p.getAttribute('stroke-width')), p.getAttribute('d').split('M').length - 1])"
    )
    drawn = sorted(width for width, count in paths for _ in range(count))
    wanted = sorted(1.5 + 6 * share for share in shares[fallen].tolist())
    assert len(drawn) > 12 and drawn == pytest.approx(wanted, abs=0.2501)
    share = explorer.find(".score-plane .shares path.one").evaluate("p => p.getBBox().width")
    whole = explorer.find(".score-plane").evaluate("p => p.width.baseVal.value") - 4
    assert share == pytest.approx(terms.thresholds["the_1"].item() * whole - 1, abs=0.02)


@pytest.mark.parametrize("kind", [MultipleNegativesRankingLoss, MultipleNegativesSymmetricRankingLoss])
def test_of_a_crowd_of_cells_the_touched_ones_have_numbers(mounted, kind):
    explorer = crowded(mounted, kind(scale=3.0))
    logits = explorer.torch.terms.matrix.detach()
    both = kind is MultipleNegativesSymmetricRankingLoss
    bars = explorer.find(".score-matrix .many .bar").evaluate_all(IN_A_CROWD)
    assert bars == logits.numel() * (2 if both else 1)
    frames = explorer.find(".score-matrix .many .frame")
    assert frames.evaluate_all(IN_A_CROWD) == logits.numel()
    expect(explorer.find(".score-matrix .share")).to_have_count(0)
    explorer.find(".score-matrix .rows > g").nth(4).focus()
    along, down = logits[4].softmax(-1), logits.softmax(0)[4]
    shares = torch.stack([along, down], -1).flatten() if both else along
    words = explorer.find(".score-matrix .many .share").all_text_contents()
    assert [word[0] for word in words if both] == ["→", "↓"] * len(along) * both
    for word, share in zip(words, shares.tolist(), strict=True):
        assert shows_share(word.lstrip("→↓ "), share)


def test_thresholds_stand_beside_the_pairs_that_they_gate(mounted):
    """The nearest negative above the axis, among the positives; margin and farthest positive below, among negatives."""
    explorer = mounted(lossviz.explore(OnlineContrastiveLoss()))
    wanted = explorer.says_what_torch_says()
    marks = explorer.find(".distance-line .threshold")
    thresholds = {name: value.item() for name, value in wanted.terms.thresholds.items()}
    said = [text.rsplit(" ", 1) for text in marks.all_text_contents()]
    said = [(name.replace(" ", "_"), number) for name, number in said]
    assert {name: float(number) for name, number in said} == pytest.approx(thresholds, abs=0.006)
    lines = explorer.find(".distance-line .axis").evaluate_all(f"lines => lines.map({NUMBERS})")
    above, below = lines[0][1], lines[1][1]
    dots = explorer.find(".distance-line .dot").evaluate_all(
        "dots => dots.map(dot => dot.transform.baseVal[0].matrix.e)"
    )
    distances = wanted.terms.matrix.detach()
    slope = (dots[1] - dots[0]) / (distances[1] - distances[0])
    for (name, _), (x, start, _, end) in zip(
        said, marks.locator("path").evaluate_all(f"p => p.map({NUMBERS})"), strict=True
    ):
        assert x == pytest.approx((dots[0] + slope * (thresholds[name] - distances[0])).item(), abs=0.05)
        assert (start == above > end) if name == "nearest_negative" else (start == below < end)


@pytest.mark.parametrize(
    "losses", [FAMILIES["labelled_sentences"], FAMILIES["positive_pairs"]], ids=["square", "scores"]
)
def test_the_mask_of_a_matrix_is_that_of_torch(mounted, losses):
    explorer = mounted(lossviz.explore(*losses))
    explorer.tab("Mask").click()
    wanted = explorer.says_what_torch_says()
    terms = wanted.terms
    rows = explorer.find("table.mask tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('.cell')].map(cell => [cell.textContent, cell.className]))"
    )
    chosen = torch.stack([*terms.chosen.values()] or [terms.positive.int().argmax(-1)], -1)  # or the target
    for k, row in enumerate(rows):
        for column, (text, classes) in enumerate(row):
            side = "positive" if terms.positive[k, column] else "negative" if terms.negative[k, column] else "out"
            assert text == "·" if side == "out" else shows(text, terms.matrix[k, column].item())
            assert side in classes.split()
            assert ("chosen" in classes.split()) == (side != "out" and column in chosen[k])
    assert len(rows) == terms.matrix.shape[0] and len(rows[0]) == terms.matrix.shape[1]


# What Python hears


TOUCHED = (
    ("sentences", ".legend button"), ("sentences", ".points .point"), ("chart", ".distance-line .dot"),
    ("sum", ".sum li"), ("sum", ".lines .pair"),
)  # fmt: skip


def test_a_touch_tells_python_nothing(mounted):
    explorer = mounted(lossviz.explore(ContrastiveLoss(), engine="kernel"))
    before = explorer.state
    for view, part in TOUCHED:
        explorer.open(view)  # views may ask, such as what pulls at the point that is touched; the state does not
        asked = explorer.page.evaluate("asked.length")
        explorer.find(part).nth(1).hover(force=True)
        explorer.wait_until("root => root.explorer.state.lit !== null")
        explorer.page.mouse.move(0, 0)
        explorer.wait_until("root => root.explorer.state.lit === null")
        explorer.says_what_torch_says()
        assert not any(each["question"].get("felt") for each in explorer.page.evaluate("asked")[asked:])
    explorer.sentence(5).click()
    explorer.tab("Mask").click()
    explorer.slider("step size").fill("0.5")
    assert explorer.state["chosen"] == 5 != before["chosen"]
    assert explorer.page.evaluate("saved") == []


def test_what_lasts_is_told_and_nothing_else(mounted):
    explorer = mounted(lossviz.explore(ContrastiveLoss(), OnlineContrastiveLoss()))
    told = (
        lambda: explorer.point(2).press("ArrowUp"),
        lambda: explorer.slider("margin").fill("1.25"),
        lambda: explorer.button("Step").click(),
        lambda: explorer.choose("Loss", "OnlineContrastiveLoss"),
        lambda: explorer.choose("Situation", explorer.spec["situations"][1]["title"]),
    )
    for count, act in enumerate(told, start=1):
        act()
        explorer.page.wait_for_function("count => saved.length >= count", arg=count)  # Step finds its size first
        saved = explorer.page.evaluate("saved")
        assert len(saved) == count and set(saved[-1]) == LASTING
        assert saved[-1] == {name: explorer.state[name] for name in LASTING}


def test_python_has_its_say_while_something_is_touched(mounted):
    """Another batch, with fewer terms than the one that is lit: the mark goes."""
    loss = MultipleNegativesRankingLoss()
    count = {each.name: len(each.rows["anchor"]) for each in SITUATIONS["positive_pairs"] if each.listed}
    explorer = mounted(lossviz.explore(loss, situation=max(count, key=count.get)))
    explorer.show_answer()
    few = [each["name"] for each in explorer.spec["situations"]].index(min(count, key=count.get))
    explorer.find(".score-matrix .rows > g").last.focus()
    lit = explorer.state["lit"]
    assert lit["index"] >= min(count.values())
    start = explorer.spec["situations"][few]["starts"]["MultipleNegativesRankingLoss"]
    explorer.page.evaluate("state => say('state', state)", start | {"loss": type(loss).__name__, "situation": few})
    explorer.show_answer()
    assert explorer.state["lit"] is None
    assert explorer.says_what_torch_says().situation == explorer.spec["situations"][few]
