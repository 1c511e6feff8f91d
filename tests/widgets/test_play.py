"""Play does what the text says: every loss in every situation that an explorer offers it with, played to its end."""

import json

import numpy as np
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
    OnlineContrastiveLoss,
    SoftmaxLoss,
    catalogue,
)
from tests.widgets.in_the_book import PLAYED
from tests.widgets.printed import shows
from tests.widgets.seen import Seen

STILL = 5e-5  # what a step must move something by

# What Play finds for each state, and where ten times as many steps of a tenth end.
RUNS = """(async () => {
  const page = engine.pageEngine(given.spec, given.modules);
  const found = [];
  for (const lasting of given.states) {
    const begun = { ...state.begin(given.spec, lasting), asked: false };
    const { frames, when, ...told } = await run.findRun(given.spec, page, begun);
    const wanted = descent.descentOf(begun, state.shapeOf(given.spec, begun), told.rate / 10);
    const small = { ...wanted, steps: 10 * (frames.length - 1), least: 0 };
    const fine = await page.answer({ ...engine.ownQuestion(given.spec, begun), descent: small });
    const losses = frames.map(({ loss }) => loss);
    found.push({ ...told, losses, last: frames.at(-1), next: frames[1] ?? null, fine: fine.at(-1).loss });
  }
  return found;
})()"""

LOSSES = [
    pytest.param(entry.default().changed(**settings), id=" ".join(map(str, (entry.loss.__name__, *settings.values()))))
    for entry in catalogue.ENTRIES
    for settings in PLAYED[entry.loss.__name__]
]
# What counts in them changes all at once: where they end depends on the step.
JUMPING = {"OnlineContrastiveLoss", "BatchAllTripletLoss", "BatchSemiHardTripletLoss"}


@pytest.fixture(scope="module")
def played(javascript):
    """played(loss, situations) → [(what torch sees at the start, the run), …]; None for every situation. Each is played
    once."""
    known = {}

    def play(loss, names=None):
        if names and all((repr(loss), name) in known for name in names):
            return [known[repr(loss), name] for name in names]
        explorer = lossviz.explore(loss, controls=())
        spec, name = json.loads(json.dumps(explorer.spec)), type(loss).__name__
        offered = [(k, each) for k, each in enumerate(spec["situations"]) if names is None or each["name"] in names]
        states = [each["starts"][name] | {"loss": name, "situation": k} for k, each in offered]
        runs = javascript(RUNS, {"spec": spec, "modules": explorer.modules, "states": states})
        seen = [(Seen(explorer._losses, spec, state), run) for state, run in zip(states, runs, strict=True)]
        known.update({(repr(loss), start.situation["name"]): (start, run) for start, run in seen})
        return seen

    return play


def farthest(before: Seen, rate: float) -> float:
    """How far one step of torch moves what it moves most."""
    moved = (before.after_step(rate) - before.points).norm(dim=-1).tolist()
    return max(*moved, *(rate * each.norm().item() for each in before.tensor_gradients.values()))


@pytest.mark.parametrize("loss", LOSSES)
def test_play_goes_down_and_ends_where_small_steps_end(played, loss):
    jumps = type(loss).__name__ in JUMPING
    for start, run in played(loss):
        about = f"{start.situation['name']}, {run['ended']} at step size {run['rate']}"
        first, last = run["losses"][0], run["losses"][-1]
        assert first == pytest.approx(start.terms.loss.item(), abs=1e-9)
        at_end = Seen(
            start.losses, start.spec, start.state | {name: run["last"][name] for name in ("points", "tensors")}
        )
        assert last == pytest.approx(at_end.terms.loss.item(), abs=1e-9)
        assert last <= first + 1e-12, about
        if run["ended"] == "still":
            assert farthest(start, run["rate"]) < STILL, about
            continue
        assert len(run["losses"]) > 30, about
        assert np.array(run["next"]["points"]) == pytest.approx(start.after_step(run["rate"]).numpy(), abs=1e-9)
        assert (run["ended"] == "arrived") == (farthest(at_end, run["rate"]) < STILL), about
        assert run["ended"] in ("arrived", "falling"), about
        if not jumps:
            assert (run["rises"], run["jumps"]) == (0, 0), about
            assert last == pytest.approx(run["fine"], abs=0.01 * first), about
        elif abs(last - run["fine"]) > 0.01 * first:
            assert run["jumps"] or run["rises"], about  # and the page says so


def only(played, loss, name: str) -> tuple[Seen, dict]:
    return played(loss, [name])[0]


# The situations to which the text sends a reader, in torch: small steps from the same start.


def test_the_five_pairs_reach_their_scores(played):
    start, run = only(played, CosineSimilarityLoss(), "start")
    assert run["losses"][0] > 0.3 and run["losses"][-1] < 1e-6 and run["ended"] == "arrived"
    losses, _ = start.descent(10 * len(run["losses"]), run["rate"] / 10)
    assert losses[-1] < 1e-6


def test_an_easy_batch_gets_easier(played):
    start, run = only(played, ContrastiveLoss(), "easy")
    assert shows("5.9·10⁻⁵", run["losses"][0]) and run["losses"][-1] < 1e-5
    losses, _ = start.descent(10 * len(run["losses"]), run["rate"] / 10)
    assert run["losses"][-1] == pytest.approx(losses[-1], abs=0.01 * losses[0])


def test_where_all_cosines_are_near_1_little_moves_at_first(played):
    """As the symptom says, beside a batch that is not stuck."""
    (stuck, slow), (start, fast) = (only(played, ContrastiveLoss(), name) for name in ("all alike", "start"))
    assert stuck.gradient.norm(dim=-1).max() < 0.1 * start.gradient.norm(dim=-1).max()
    assert slow["losses"][2] > 0.99 * slow["losses"][0] and fast["losses"][2] < 0.9 * fast["losses"][0]
    assert slow["losses"][-1] < 1e-5


def test_at_a_margin_of_2_the_pairs_gather_in_two_places(played):
    """As an answer of the chapter says: A, B and F opposite C, D and E, and no pair is left to pay."""
    start, run = only(played, ContrastiveLoss(margin=2.0), "start")
    assert run["losses"][-1] < 1e-3 * run["losses"][0]
    _, points = start.descent(400, run["rate"])
    sides = torch.tensor([1.0, 1.0, -1.0, -1.0, -1.0, 1.0], dtype=torch.float64)
    assert (points @ points.T * torch.outer(sides, sides)).min() > 0.7


def test_a_right_order_rests(played):
    start, run = only(played, CoSENTLoss(), "easy")
    assert run["ended"] == "still" and shows("4.8·10⁻⁵", run["losses"][0])
    _, points = start.descent(400, run["rate"])
    assert (points - start.points).norm(dim=-1).max() < 0.01


# ---- both engines


@pytest.mark.parametrize(
    "loss",
    [ContrastiveLoss(), BatchHardTripletLoss(), SoftmaxLoss.initial(2, 3), MultipleNegativesRankingLoss()],
    ids=lambda loss: type(loss).__name__,
)
@pytest.mark.parametrize("change", [{}, {"trains": False}, {"rate": 1e6}, {"least": 0.05}], ids=str)
def test_torch_descends_as_the_page_does(javascript, loss, change):
    explorer = lossviz.explore(loss, controls=())
    spec = json.loads(json.dumps(explorer.spec))
    ask = """(async () => {
      const begun = state.begin(given.spec, given.state);
      const descent_ = { ...descent.descentOf(begun, state.shapeOf(given.spec, begun), 0.01), steps: 40 };
      const question = { ...engine.ownQuestion(given.spec, begun), descent: { ...descent_, ...given.change } };
      const frames = await engine.pageEngine(given.spec, given.modules).answer(question);
      return [{ ...question, state: state.lastingOf(begun) }, frames];
    })()"""
    given = {"spec": spec, "modules": explorer.modules, "state": explorer.state, "change": change}
    question, frames = javascript(ask, given)
    answers = explorer.answer(question)
    assert len(frames) == len(answers) and (change or len(frames) == 41)
    for frame, answer in zip(frames, answers, strict=True):
        assert set(frame) == set(answer) == {"loss", "points", "tensors"}
        assert frame["loss"] == pytest.approx(answer["loss"], rel=1e-9, abs=1e-12)
        assert np.array(frame["points"]) == pytest.approx(np.array(answer["points"]), rel=1e-9, abs=1e-9)
        for name, tensor in answer["tensors"].items():
            assert np.array(frame["tensors"][name]) == pytest.approx(np.array(tensor), rel=1e-9, abs=1e-9)


# ---- pure functions


def test_step_sizes_are_round_and_small_enough_for_a_typical_gradient(javascript):
    for typical in (0, 1e-6, 0.25, 0.5, 0.9, 1, 26, 3e5):
        sizes = javascript("descent.stepSizes(given)", typical)
        assert len(sizes) == 8 and sizes == sorted(sizes, reverse=True)
        assert all(f"{size:e}"[:2] in ("1.", "2.", "5.") and float(f"{size:.0e}") == size for size in sizes)
        largest = 0.5 / typical if typical else 1
        assert 0.4 * largest <= sizes[0] <= largest * (1 + 1e-12)
        assert sizes[0] / sizes[-1] >= 99


def test_scattered_points_are_as_far_out_as_those_they_stand_for(javascript):
    for points in ([[3, 4], [0, 1]], [[0, 0, 0]], [[1.0] * 384] * 5):
        found = np.array(javascript("descent.scattered(given, 6)", points))
        mean = np.linalg.norm(points, axis=1).mean() or 1
        assert found.shape == (6, *np.shape(points))
        assert np.linalg.norm(found, axis=2) == pytest.approx(mean)
        assert len({tuple(each) for each in found.reshape(-1, found.shape[2]).round(9)}) == 6 * len(points)


def frames(*losses: float, way: float = 0.1) -> list[dict]:
    """Of one point that moves so far at each step."""
    return [{"points": [[way * step, 0]], "tensors": {}, "loss": loss} for step, loss in enumerate(losses)]


@pytest.mark.parametrize(
    ("losses", "way", "steps", "ended", "rises", "jumps"),
    [
        ([1], 0.1, 9, "still", 0, 0),
        ([1, 0.99, 0.98], 0.1, 9, "arrived", 0, 0),
        ([1, 0.99, 0.98], 0.1, 2, "falling", 0, 0),
        ([1, 0.98, 0.99], 0.1, 2, "restless", 1, 0),
        ([1, 0.99, 0.97, 0.9701], 0.1, 9, "arrived", 0, 0),  # a rise that does not matter
        ([1, 0.99, 0.2, 0.19], 0.1, 9, "arrived", 0, 1),  # by far more than 0.1² / 1
        ([1, 0.9, 1.5], 60, 9, "apart", 1, 0),
    ],
)
def test_how_a_run_went(javascript, losses, way, steps, ended, rises, jumps):
    run = javascript("descent.runOf(...given)", [frames(*losses, way=way), {"rate": 1, "steps": steps}])
    assert [run[name] for name in ("ended", "rises", "jumps")] == [ended, rises, jumps]
    assert run["when"] == pytest.approx([k / max(1, len(losses) - 1) for k in range(len(losses))])


def test_half_of_the_time_goes_by_the_way(javascript):
    there = [[0, 0], [3, 4], [3, 4.5], [3, 5]]  # 5, then 0.5 and 0.5
    given = [{"points": [place], "tensors": {}, "loss": 1} for place in there]
    run = javascript("descent.runOf(given, { rate: 1, steps: 9 })", given)
    assert run["when"] == pytest.approx([0, 1 / 6 + 5 / 12, 2 / 6 + 5.5 / 12, 1])


def test_which_run_is_watched(javascript):
    """Long enough before all; then the one that ends lower, and where they end alike the larger step."""
    long = [1 - 0.01 * k for k in range(40)]
    better = """given.map(([one, other]) => descent.isBetter(
      ...[one, other].map((losses) => losses && descent.runOf(losses, { rate: 1, steps: 400 }))))"""
    jumpy = [*long, 0.9]
    cases = [
        (frames(1, 0), None), (frames(*long), frames(1, 0)), (frames(*jumpy), frames(1, 0)),
        (frames(1, 0), frames(*jumpy)), (frames(*jumpy, 0.1), frames(*jumpy)), (frames(*jumpy), frames(*jumpy, 0.1)),
        (frames(*jumpy, 0.89999), frames(*jumpy)),
    ]  # fmt: skip
    assert javascript(better, cases) == [True, True, True, False, True, False, False]


# ---- on the page

# Which frames are shown, and when.
WATCH = """(root) => {
  window.seen = [];
  const look = () => {
    const { at, run } = root.explorer.scene.state;
    if (run && at !== seen.at(-1)?.at) seen.push({ at, time: performance.now() });
    requestAnimationFrame(look);
  };
  look();
}"""


@pytest.mark.parametrize("engine", ["page", "kernel"])
def test_a_run_can_be_watched(mounted, engine):
    explorer = mounted(lossviz.explore(MultipleNegativesRankingLoss(scale=1.0), engine=engine, controls=()))
    explorer.show_answer()
    explorer.root.evaluate(WATCH)
    explorer.play(speed=1)
    seen = explorer.page.evaluate("seen")
    steps = explorer.state["at"]
    assert len(seen) >= 30 and seen[-1]["at"] == steps
    assert seen[-1]["time"] - seen[0]["time"] > 1800  # the first step is seen a little later than it is due
    assert explorer.find(".ending").text_content().startswith("Arrived: a step moves nothing that one could see.")


def test_the_bar_goes_through_the_run(mounted):
    explorer = mounted(lossviz.explore(ContrastiveLoss(), controls=()))
    explorer.show_answer()
    bar = explorer.slider("step of the run")
    expect(bar).to_be_disabled()
    start = explorer.torch
    explorer.button("Step").click()
    expect(bar).to_be_enabled()
    last = explorer.state["run"]["frames"]
    bar.press("End")
    assert explorer.says_what_torch_says().points.tolist() == last[-1]["points"]
    bar.press("ArrowLeft")
    here = explorer.says_what_torch_says()
    assert here.state["at"] == len(last) - 2
    said = bar.get_attribute("aria-valuetext")
    assert said.startswith(f"step {len(last) - 2} of {len(last) - 1}, loss ")
    assert shows(said.split()[-1], here.terms.loss.item())
    bar.press("Home")
    assert explorer.says_what_torch_says().points.tolist() == start.points.tolist()
    explorer.point(0).press("ArrowUp")
    assert explorer.state["run"] is None
    expect(bar).to_be_disabled()


def test_a_run_that_is_over_is_played_again_and_one_that_is_not_goes_on(mounted):
    explorer = mounted(lossviz.explore(CoSENTLoss(), CosineSimilarityLoss(), controls=()))
    explorer.show_answer()
    explorer.choose("speed", "4 ×")
    explorer.play()
    expect(explorer.find(".ending")).to_contain_text("Not arrived: the loss still falls.")
    assert explorer.state["at"] == 400
    before = explorer.torch.terms.loss
    explorer.button("Step").click()
    explorer.has_run("401 steps")
    assert explorer.says_what_torch_says().terms.loss < before
    explorer.play()
    assert explorer.state["at"] == 800
    explorer.play("state.at > 800")
    assert explorer.state["at"] > 800
    explorer.choose("Loss", "CosineSimilarityLoss")
    explorer.play()
    steps = explorer.state["at"]
    explorer.choose("speed", "0.25 ×")
    explorer.button("Play").click()
    explorer.wait_until("root => root.explorer.state.playing && root.explorer.state.at < 9")
    explorer.button("Pause").click()
    assert len(explorer.state["run"]["frames"]) == steps + 1


def test_what_jumps_says_so_and_what_does_not_move_too(mounted):
    explorer = mounted(lossviz.explore(ContrastiveLoss(), OnlineContrastiveLoss(), controls=()))
    explorer.choose("Loss", "OnlineContrastiveLoss")
    explorer.show_answer()
    explorer.play()
    ending, run = explorer.find(".ending"), explorer.state["run"]
    said = f"The loss jumps at {run['jumps']} of {len(run['frames']) - 1} steps: other terms count from there."
    expect(ending).to_contain_text(said)
    explorer.choose("Situation", next(s["title"] for s in explorer.spec["situations"] if s["name"] == "collapsed"))
    explorer.show_answer()
    explorer.play()
    expect(ending).to_have_text("Nothing moves: the gradient is 0, or too small for a step that can be seen.")


def test_a_step_size_of_the_readers_own_may_be_too_large(mounted):
    explorer = mounted(lossviz.explore(CosineSimilarityLoss(), controls=()))
    explorer.show_answer()
    explorer.play()
    found = explorer.rate
    explorer.slider("step size").fill("1")
    assert explorer.state["run"] is None and explorer.state["at"] == 0
    explorer.play()
    assert explorer.rate == pytest.approx(10 * found)
    expect(explorer.find(".ending")).to_contain_text("this step size is too large")


# ---- arrows

# Of each point: how long its arrow is, in pixels from tail to tip; null for a ring, 0 for nothing.
LENGTHS = """root => [...root.querySelectorAll(".arrows > g")].map((mark) => {
  const [shaft, head, ring] = mark.children;
  if (ring.getAttribute("visibility") !== "hidden") return null;
  if (!head.getAttribute("d")) return 0;
  const [x, y] = head.getAttribute("d").match(/M([-\\d.]+),([-\\d.]+)/).slice(1).map(Number);
  const start = shaft.getPointAtLength(0);
  const middle = root.querySelector(".stage").viewBox.baseVal.width / 2;
  const angle = (px, py) => Math.atan2(middle - py, px - middle);
  const turned = Math.abs(angle(x, y) - angle(start.x, start.y));
  const round = !root.querySelector(".ring .circle").hasAttribute("visibility");
  return round ? Math.min(turned, 2 * Math.PI - turned) : Math.hypot(x - start.x, y - start.y);
})"""


def assert_arrows_tell(explorer, magnified: int = 1) -> list:
    """Each is the gradient times the stated scale; a ring where that is too small, cut where it is too long."""
    seen, scale, unit = explorer.torch, explorer.scale * magnified, explorer.stage()[2]
    lengths = explorer.shown().evaluate(LENGTHS)
    pixel = 1 / unit
    for length, gradient in zip(lengths, seen.gradient.norm(dim=-1).tolist(), strict=True):
        wanted = scale * gradient
        if gradient < 1e-9:
            assert length == 0
        elif wanted < 3 * pixel:
            assert length is None
        else:
            drawn = length if seen.on_circle else length * pixel
            assert drawn == pytest.approx(min(wanted, 1), abs=1.5 * pixel)
    return lengths


@pytest.mark.parametrize(
    "loss",
    [ContrastiveLoss(), BatchAllTripletLoss(), MultipleNegativesRankingLoss(), SoftmaxLoss.initial(2, 3)],
    ids=lambda loss: type(loss).__name__,
)
def test_arrows_have_one_scale_in_a_situation(mounted, loss):
    explorer = mounted(lossviz.explore(loss))
    for situation in explorer.spec["situations"][:6]:
        explorer.choose("Situation", situation["title"])
        explorer.show_answer()
        scale = explorer.scale
        assert_arrows_tell(explorer)
        explorer.point(0).press("Shift+ArrowUp")
        assert_arrows_tell(explorer)
        for slider in explorer.find(".parameters:visible input[type=range]:enabled").all()[:1]:
            slider.press("End")
            assert_arrows_tell(explorer)
        assert explorer.scale == scale
        said = explorer.note.text_content().removeprefix("Arrows: ").split()[0]
        assert shows(said, scale) or float(said) == pytest.approx(scale, rel=0.05)


def test_what_is_too_small_is_a_ring_with_its_number_until_it_is_magnified(mounted):
    explorer = mounted(lossviz.explore(CosineSimilarityLoss(), CoSENTLoss(), situation="easy"))
    explorer.choose("Loss", "CoSENTLoss")
    explorer.show_answer()
    lengths = assert_arrows_tell(explorer)
    assert None in lengths
    chosen = explorer.torch.state["chosen"]
    text = explorer.find(".arrows > g").nth(chosen).locator("text")
    gradient = explorer.torch.gradient[chosen].norm().item()
    assert lengths[chosen] is None and shows(text.text_content(), gradient)
    button = explorer.find(".magnifier:visible")
    times = 1
    while not any(assert_arrows_tell(explorer, times)):
        button.click()
        times *= 10
        expect(button).to_have_text(f"Arrows × {times}")
    assert button.get_attribute("aria-pressed") == "true"
    explorer.button("Reset").click()
    explorer.show_answer()
    assert explorer.state["magnified"] == 1
    expect(button).to_have_text("Magnify")


def test_the_note_says_how_far_a_step_goes_beside_its_arrow(mounted):
    explorer = mounted(lossviz.explore(ContrastiveLoss()))
    explorer.show_answer()
    note = explorer.note
    expect(note).to_contain_text("Step goes the same way, by a length of its own.")
    explorer.button("Step").click()
    expect(note).to_contain_text("times as far")
    said = float(note.text_content().partition("the same way, ")[2].split()[0])
    assert said == pytest.approx(explorer.rate / explorer.scale, rel=0.05)
