"""Tasks, guesses by placing, and choices that the loss grades: what the page says of them is what torch says."""

import json
import math
import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from playwright.sync_api import expect
from torch.nn.functional import normalize

import lossviz
from lossviz import catalogue
from lossviz.situations import SITUATIONS, Question, Situation, at
from lossviz.situations.base import part_of_hardest
from lossviz.widgets import address
from tests.widgets import measured
from tests.widgets.page import Explorer
from tests.widgets.seen import Seen
from tools.host_page import write_page


def centre(explorer: Explorer, degrees: float) -> tuple[float, float]:
    """The pixel of a place on the circle."""
    x, y, unit = explorer.stage()
    return x + unit * math.cos(math.radians(degrees)), y - unit * math.sin(math.radians(degrees))


@pytest.fixture
def task(mounted):
    """ "Bring what C costs below 0.1: move D, nothing else"."""
    return mounted(lossviz.explore(lossviz.MultipleNegativesRankingLoss(), situation="find its answer", name="tasks"))


def press(explorer: Explorer, key: str) -> None:
    """A key, once what the one before did is shown."""
    explorer.shown()
    explorer.page.keyboard.press(key)


def costs_of_c(explorer: Explorer) -> float:
    terms = explorer.torch.terms
    return (terms.values[1] * len(terms.values)).item()


def said(explorer: Explorer) -> str:
    return explorer.find(".verdict").text_content()


# ---- a task


def test_a_task_waits_with_all_in_sight(task):
    assert task.state["asked"]
    assert task.find(".value").is_visible() and task.find(".score-matrix").is_visible()
    assert said(task).startswith(f"C still costs {costs_of_c(task):.4f}: less than 0.1 is asked.")
    assert not task.find(".run").is_visible()


def test_a_mouse_reaches_the_goal(task):
    x, y = task.centre(3)
    task.page.mouse.move(x, y)
    task.page.mouse.down()
    task.page.mouse.move(*centre(task, 160), steps=4)
    assert costs_of_c(task) > 0.1 and said(task).startswith("C still costs ")
    task.page.mouse.move(*centre(task, 190), steps=4)
    expect(task.root.locator(".verdict")).to_contain_text("Done: C costs 0.")
    task.page.mouse.up()
    task.wait_until("root => !root.explorer.state.asked")
    assert costs_of_c(task) < 0.1 and task.state["guess"] is True


def test_keys_reach_it_too(task):
    task.point(3).focus()
    for _ in range(5):
        press(task, "Shift+ArrowLeft")
    task.wait_until("root => !root.explorer.state.asked")
    assert costs_of_c(task) < 0.1


def test_what_was_done_is_told_while_it_is_so(task):
    """A hand that goes on has left what was said."""
    x, y = task.centre(3)
    task.page.mouse.move(x, y)
    task.page.mouse.down()
    task.page.mouse.move(*centre(task, 190), steps=4)
    task.wait_until("root => !root.explorer.state.asked")
    task.page.mouse.move(*centre(task, 200), steps=2)
    expect(task.root.locator(".verdict")).to_contain_text("Done: C costs 0.")
    task.page.mouse.move(*centre(task, 120), steps=4)
    task.page.mouse.up()
    expect(task.root.locator(".verdict")).to_have_text("")
    assert costs_of_c(task) > 0.1


def test_what_it_leaves_fixed_stays_and_is_named(task):
    before = task.state["points"]
    task.point(0).focus()
    press(task, "ArrowLeft")
    expect(task.root.locator(".verdict")).to_contain_text("A stays here: D moves.")
    assert task.state["points"] == before
    task.point(3).focus()
    press(task, "ArrowLeft")
    expect(task.root.locator(".verdict")).not_to_contain_text("stays here")
    assert task.state["points"] != before


def test_it_is_shown_to_who_gives_up(task):
    task.point(3).focus()
    press(task, "ArrowRight")
    task.show_answer()
    assert said(task).startswith("One way: C costs ")
    assert costs_of_c(task) < 0.1
    assert not task.state["asked"]


def test_a_finger_reaches_the_goal(task):
    hand = task.page.context.new_cdp_session(task.page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in places]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", task.centre(3))
    for degrees in (140, 160, 180, 200):
        touch("touchMove", centre(task, degrees))
    expect(task.root.locator(".verdict")).to_contain_text("Done: C costs 0.")
    touch("touchEnd")
    task.wait_until("root => !root.explorer.state.asked")
    assert costs_of_c(task) < 0.1


def test_a_kernel_grades_too(mounted):
    """Its answers come late: what is said is of the state that is shown, all the same."""
    (given,) = (each for each in SITUATIONS["labelled_pairs"] if each.name == "push hardest")
    goal, way = part_of_hardest("A–C", on=2).above(0.98), {2: at(132.53)}
    question = Question("reach", "Move C to where A–C pushes it hardest.", "", goal=(goal,), movable=(2,), moves=way)
    given = replace(given, question=question, chosen=2)
    explorer = mounted(lossviz.explore(lossviz.ContrastiveLoss(), situation=given, engine="kernel"))
    expect(explorer.root.locator(".verdict")).to_contain_text("A–C pushes C with only 0")
    explorer.show_answer()
    expect(explorer.root.locator(".verdict")).to_contain_text("One way: A–C pushes C with 100")


def test_a_hand_that_only_passes_has_not_found_it(task):
    """A goal must hold for a moment."""
    ways = [[math.cos(math.radians(each)), math.sin(math.radians(each))] for each in (190, 130)]
    task.root.evaluate(
        """async (root, ways) => {
      for (const place of ways) {
        const { state } = root.explorer;
        root.explorer.change({ ...state, points: state.points.map((each, k) => (k === 3 ? place : each)) });
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
      }
    }""",
        ways,
    )
    task.page.wait_for_timeout(500)
    assert task.state["asked"]


def test_every_way_leads_to_its_goal(mounted):
    """Under the loss, with the parameters, with which it begins: not reached at the start, but as it is shown."""
    for kind, batch in TASKS:
        widget = explorer_of(kind, batch)
        explorer = mounted(widget)
        goal = batch.question.goal
        for reached in (False, True):
            seen = explorer.torch
            now = [measured.measure(seen, each.quantity) for each in goal]
            assert all(map(measured.holds, goal, now)) == reached, (batch.name, now)
            explorer.show_answer()
        assert said(explorer).startswith("One way: ")
        pairs = zip(widget.embeddings.tolist(), seen.points.tolist(), strict=True)
        moved = {k for k, (one, other) in enumerate(pairs) if math.dist(one, other) > 1e-9}
        assert moved <= set(batch.question.movable) and set(batch.question.parameters) <= set(batch.question.settable)
        controls = {each["name"] for each in explorer.spec["losses"][explorer.state["loss"]]["controls"]}
        assert set(batch.question.settable) <= controls, "there is a control for it"
        assert seen.on_circle or not {each.quantity.name for each in goal} & {"part", "hardest"}


# ---- a guess by placing


@pytest.fixture
def ghost(mounted):
    """ "Where will Play leave C?" """
    return mounted(lossviz.explore(lossviz.ContrastiveLoss(), situation="come to rest"))


def drag(explorer: Explorer, *places: tuple[float, float]) -> None:
    explorer.page.mouse.move(*places[0])
    explorer.page.mouse.down()
    for each in places[1:]:
        explorer.page.mouse.move(*each, steps=3)
    explorer.page.mouse.up()


def test_a_ghost_is_placed_and_the_point_comes_to_rest_beside_it(ghost):
    before = ghost.state["points"]
    assert not ghost.find(".value").is_visible() and ghost.button("Done").is_disabled()
    drag(ghost, ghost.centre(2), centre(ghost, 150))
    drag(ghost, centre(ghost, 150), centre(ghost, 170))  # the ghost is taken up again
    assert ghost.state["points"] == before
    assert ghost.state["guess"] == pytest.approx([math.cos(math.radians(170)), math.sin(math.radians(170))], abs=0.02)
    ghost.button("Done").click()
    ghost.wait_until(
        "({ explorer: { state } }) => state.run && !state.playing && state.at === state.run.frames.length - 1"
    )
    seen = ghost.torch
    off = measured.degrees(seen.points[2], seen.points.new_tensor(ghost.state["guess"]))
    assert f"Yours is {round(off)}° off." in said(ghost) and off > 30
    assert measured.degrees(*seen.points[[0, 2]]) == pytest.approx(60, abs=0.5), "that of the margin"
    matrix = ghost.find(".ghost").evaluate("e => { const { e: x, f: y } = e.getScreenCTM(); return [x, y]; }")
    assert matrix == pytest.approx(centre(ghost, 170), abs=4)


def test_keys_place_a_ghost_too(ghost):
    ghost.point(2).focus()
    for _ in range(3):
        press(ghost, "ArrowLeft")
    angle = math.radians(112) + 0.15
    assert ghost.state["guess"] == pytest.approx([math.cos(angle), math.sin(angle)])
    ghost.point(0).focus()
    press(ghost, "ArrowLeft")  # no other point moves
    assert ghost.state["guess"] == pytest.approx([math.cos(angle), math.sin(angle)])
    expect(ghost.root.get_by_role("button", name="Done")).to_be_enabled()


def test_the_place_of_the_hardest_push(mounted):
    """Not stored: the point goes to where the engine finds it."""
    (given,) = (each for each in SITUATIONS["labelled_pairs"] if each.name == "push hardest")
    question = Question("place", "Where does A–C push C hardest?", "There.", point=2, truth="hardest", pushing="A–C")
    explorer = mounted(lossviz.explore(lossviz.ContrastiveLoss(), situation=replace(given, question=question)))
    drag(explorer, explorer.centre(2), centre(explorer, 60))
    explorer.button("Done").click()
    assert "Yours is " in said(explorer) and not explorer.state["asked"]
    seen = explorer.torch
    here, most = measured.gradients(seen, ("A–C",), 2, seen.points[2][None]).item(), measured.hardest(seen, "A–C", 2)[0]
    assert here == pytest.approx(most, rel=1e-5)
    assert measured.degrees(seen.points[2], seen.points.new_tensor(explorer.state["guess"])) < 15, "the nearer of two"


# ---- what is done

LINKS = """() => document.body.insertAdjacentHTML("beforeend", `<p id="links">
  <a href="#tasks?situation=find-its-answer&ask">do it</a>
  <a href="#tasks?situation=find-its-answer">see it</a>
  <a href="#tasks?situation=add-pairs&ask">predict</a>
  <a href="#other?situation=find-its-answer&ask">elsewhere</a></p>`)"""
TICKED = "() => [...document.querySelectorAll('#links [aria-label=done]')].map((tick) => tick.parentNode.textContent)"


def situation_shown(page) -> str:
    return page.locator(".situations select").evaluate("e => e.selectedOptions[0].textContent")


def test_what_is_done_is_remembered_ticked_and_forgotten(open_page, tmp_path):
    explorer = lossviz.explore(lossviz.MultipleNegativesRankingLoss(), situation="find its answer", name="tasks")
    page = open_page(write_page(tmp_path, explorer))
    root = page.locator(".lossviz-explorer[data-ready]")
    expect(root).to_be_visible()
    page.evaluate(LINKS)
    assert page.evaluate(TICKED) == [] and not page.locator(".tally").is_visible()
    page.get_by_role("button", name="Show me").click()
    expect(page.locator(".tally")).to_contain_text("1 of ")
    assert page.evaluate(TICKED) == ["do it✓"]
    assert situation_shown(page).endswith("✓ done")
    page.reload()
    expect(root).to_be_visible()
    page.evaluate(LINKS)  # links may come after the explorer
    page.wait_for_function(f"({TICKED})().length === 1")
    assert situation_shown(page).endswith("✓ done")
    page.get_by_role("button", name="Show me").click()
    page.get_by_role("button", name="Forget").click()
    expect(page.locator(".tally")).to_be_hidden()
    assert page.evaluate(TICKED) == [] and page.evaluate("localStorage.length") == 0
    assert not situation_shown(page).endswith("done")


@pytest.mark.parametrize("kept", ["{", "null", "7", '"find its answer"', '[1, {}, "no such one"]'])
def test_what_is_kept_may_be_anything(open_page, tmp_path, kept):
    explorer = lossviz.explore(lossviz.ContrastiveLoss(), situation="come to rest", name="tasks")
    page = open_page(write_page(tmp_path, explorer))
    page.evaluate("kept => localStorage.setItem('lossviz.done.tasks', kept)", kept)
    page.reload()
    expect(page.locator(".lossviz-explorer[data-ready]")).to_be_visible()
    assert not situation_shown(page).endswith("done")


def test_where_nothing_can_be_kept_nothing_is_thrown(task):
    """An empty page has no storage, and throws where it is asked for it."""
    assert task.page.evaluate("() => { try { return Boolean(localStorage); } catch { return null; } }") is None
    task.show_answer()
    assert situation_shown(task.page).endswith("✓ done")
    task.button("Forget").click()
    task.wait_until("root => root.querySelector('.tally').hidden")


# ---- every question that the loss grades, with its batch perturbed: no wrong key

GRADED = [(kind, each) for kind, batch in SITUATIONS.items() for each in batch if each.question and (
    each.question.keys or each.question.kind in ("reach", "place"))]  # fmt: skip
TASKS = [case for case in GRADED if case[1].question.kind == "reach"]
DEFAULTS = [entry.default() for entry in catalogue.ENTRIES]
STATES = 10  # of each

# Each state is asked about, then answered with its guess: what is said, and whether a task that waits says it is done.
ASKED = """async (root, states) => {
  const { explorer } = root;
  const said = () => root.querySelector(".verdict").textContent;
  const wait = async (condition, about) => {
    const end = performance.now() + 20_000;
    while (!condition()) {
      if (performance.now() > end) throw new Error(`no verdict on ${JSON.stringify(about)}: ${said()}`);
      await new Promise(requestAnimationFrame);
    }
  };
  const question = explorer.spec.situations[explorer.state.posed].question;
  const found = [];
  for (const { guess, ...changes } of states) {
    const fresh = { origin: changes.points, run: null, at: 0, playing: false };
    explorer.change({ ...explorer.state, ...changes, ...fresh, posed: changes.situation, asked: true, guess: null });
    await wait(() => root.dataset.ready, changes);
    if (question.kind === "place") {
      explorer.change({ ...explorer.state, guess });
      await wait(() => !root.querySelector(".answers button").disabled, changes);
      root.querySelector(".answers button").click();
    } else if (question.kind === "reach") {
      explorer.change({ ...explorer.state, asked: false, guess: true });
    } else explorer.change({ ...explorer.state, asked: false, guess });
    await wait(() => said() && (question.truth === "rest" ? explorer.state.run : root.dataset.ready), changes);
    const { state } = explorer;
    found.push({ said: said(), run: state.run && { rate: state.run.rate, steps: state.run.frames.length - 1 } });
    if (state.playing) explorer.change({ ...explorer.state, playing: false });
  }
  return found;
}"""


def explorer_of(kind: str, batch: Situation, engine: str = "page") -> lossviz.Explorer:
    """The situation under the loss that it is about, or the first that takes it."""
    (loss,) = [each for each in DEFAULTS if type(each).__name__ == batch.loss] or [
        next(each for each in DEFAULTS if each.inputs.name == kind)
    ]
    movable = {**batch.parameters, **batch.question.parameters} if batch.question.parameters else ()
    return lossviz.explore(loss, situation=batch.name, controls=tuple(movable) or None, engine=engine)


def perturbed(points: list, on_circle: bool, most: float, chance: random.Random) -> list:
    """Each point a little aside, or a good deal."""

    def aside(point: list) -> list:
        if not on_circle:
            return [value + chance.uniform(-most, most) for value in point]
        angle = math.atan2(point[1], point[0]) + chance.uniform(-most, most) * math.pi / 2
        return [math.cos(angle), math.sin(angle)]

    return [aside(each) for each in points]


def asked_states(beginning: Seen, seed: int) -> list[dict]:
    chance = random.Random(seed)
    start, on_circle = beginning.state["points"], beginning.on_circle
    sizes = [0.02, 0.1, 0.3, 0.6]
    lasting = {name: beginning.state[name] for name in ("situation", "parameters", "tensors")}
    return [lasting | {"points": perturbed(start, on_circle, sizes[k % len(sizes)], chance)} for k in range(STATES)]


def to_the_edge(beginning: Seen, batch: Situation, state: dict) -> list[dict]:
    """A task's way from a state, halved until its goal is nearly reached, and just reached."""
    on_circle = beginning.on_circle

    def along(share: float) -> dict:
        points = torch.tensor(state["points"], dtype=torch.float64)
        for point, place in batch.question.moves.items():
            points[point] += share * (points.new_tensor(place) - points[point])
        parameters = dict(state["parameters"])
        for name in set(batch.question.settable) & set(batch.question.parameters):
            parameters[name] += share * (batch.question.parameters[name] - parameters[name])
        placed = (normalize(points) if on_circle else points).tolist()
        return state | {"points": placed, "parameters": parameters}

    def is_reached(at: dict) -> bool:
        seen = replace(beginning, state=beginning.state | at)
        return all(measured.holds(each, measured.measure(seen, each.quantity)) for each in batch.question.goal)

    before, after = 0.0, 1.0
    if is_reached(along(before)) or not is_reached(along(after)):
        return [state]
    for _ in range(9):
        middle = (before + after) / 2
        before, after = (before, middle) if is_reached(along(middle)) else (middle, after)
    return [along(before), along(after)]


@pytest.fixture
def numbers(javascript):
    """numbers(question, seen) → those of its keys: in a state that is asked about, and in what its answer shows."""

    def measure(question: Question, seen: Seen) -> tuple[list[float], list[float]]:
        shown = "state.demonstrate(given.spec, state.begin(given.spec, given.state))"
        then = replace(seen, state=javascript(shown, {"spec": seen.spec, "state": seen.state}))
        before, now = ([measured.measure(each, key.quantity) for key in question.keys] for each in (seen, then))
        return before, now

    return measure


def check_choice(batch: Situation, seen: Seen, guess: int | None, found: dict, numbers: Callable) -> bool:
    """Whether it could be checked: what rounding decides is no mistake."""
    question, said = batch.question, found["said"]
    before, now = numbers(question, seen)
    if measured.is_close(question.keys, before, now):
        return False
    right = measured.right(question.keys, before, now)
    named = ", or ".join(question.options[k] for k in right)
    wanted = f"The answer: {named}." if right else "Here it is none of these."
    assert (f"Right: {question.options[guess]}." if guess in right else wanted) in said, (said, before, now)
    assert said.startswith("Right") == (guess in right)
    return True


def check_task(batch: Situation, seen: Seen, guess: None, found: dict, _) -> bool:
    goal, said = batch.question.goal, found["said"]
    now = [measured.measure(seen, each.quantity) for each in goal]
    if any(measured.is_near_edge(each, number) for each, number in zip(goal, now, strict=True)):
        return False
    missing = [each for each, number in zip(goal, now, strict=True) if not measured.holds(each, number)]
    assert said.startswith("Done:") == (not missing), (said, now)
    assert all(name in said for each in missing for name in each.quantity.terms), "it names the term that is missing"
    return True


def check_place(batch: Situation, seen: Seen, guess: list, found: dict, _) -> bool:
    question, said = batch.question, found["said"]
    guess = seen.points.new_tensor(guess)
    if question.truth == "rest":
        places = seen.descent(found["run"]["steps"], found["run"]["rate"])[1][question.point][None]
    else:
        most, places = measured.hardest(seen, question.pushing, question.point)
        if most < 1e-9:
            assert said.startswith("There is no such place here.")
            return True
    if seen.on_circle:
        off, told = min(measured.degrees(each, guess) for each in places), r"Yours is (\d+)° off"
        near, close = off <= 10, 0.6
    else:
        off, told = min((each - guess).norm().item() for each in places), r"Yours is ([\d.]+) off"
        near, close = off <= 0.15, 0.006
    assert float(re.search(told, said)[1]) == pytest.approx(off, abs=close), said
    assert abs(off - (10 if seen.on_circle else 0.15)) < 0.1 or said.startswith("Right") == near
    return True


CHOICES = [case for case in GRADED if case[1].question.keys]


@pytest.mark.parametrize("kind, batch", CHOICES, ids=[f"{kind}, {batch.name}" for kind, batch in CHOICES])
def test_as_it_stands_the_right_option_is_that_without_a_correction(kind, batch, numbers):
    widget = explorer_of(kind, batch, engine="kernel")
    spec, question = json.loads(json.dumps(widget.spec)), batch.question
    entered = address.follow(spec, address.first(spec), f"?situation={batch.name.replace(' ', '-')}")
    before, now = numbers(question, Seen(widget._losses, spec, entered))
    assert measured.right(question.keys, before, now) == [question.replies.index("")], (before, now)


CHECKS = {"choice": check_choice, "reach": check_task, "place": check_place}


@pytest.mark.parametrize("kind, batch", [pytest.param(*each, id=f"{each[0]}, {each[1].name}") for each in GRADED])
def test_no_key_is_wrong_however_the_batch_stands(mounted, numbers, kind, batch):
    explorer = mounted(explorer_of(kind, batch))
    beginning = explorer.torch
    states = asked_states(beginning, seed=len(batch.name))
    if batch.question.kind == "reach":
        states = [each for state in states for each in to_the_edge(beginning, batch, state)]
        assert len(states) >= STATES + 2, "some on either side of the edge"
    guesses = random.Random(1)
    for state in states:
        if batch.question.kind == "place":
            guess = [state["points"][batch.question.point]]
            state["guess"] = perturbed(guess, beginning.on_circle, 1, guesses)[0]
        else:
            state["guess"] = guesses.choice([0, 1, 2, None])
    found = explorer.root.evaluate(ASKED, states)
    then, checked = explorer.torch, 0
    for state, each in zip(states, found, strict=True):
        seen = replace(then, state=then.state | state)
        checked += CHECKS[batch.question.kind](batch, seen, state["guess"], each, numbers)
    assert checked >= STATES / 2
