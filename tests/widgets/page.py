"""An explorer in a browser, as a reader uses it: what it shows, beside the state behind it and torch's view of that."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import pytest
import torch
from playwright.sync_api import Locator, expect
from torch import Tensor

from lossviz.losses import Loss
from tests.widgets.printed import shows, shows_share, unknown, worth
from tests.widgets.seen import Seen

# Where the points are drawn, from the middle of the plane, in its units.
PLACES = r"""(root) => {
  const middle = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2, width };
  };
  const plane = middle(root.querySelector(".stage"));
  const circle = root.querySelector(".ring .circle");
  const length = () => {
    const [, from, to] = root.querySelector(".unit path").getAttribute("d").match(/M([\d.]+),.*L([\d.]+),/).map(Number);
    return (to - from) / parseFloat(root.querySelector(".unit text").textContent.replace("length ", ""));
  };
  const unit = circle.hasAttribute("visibility") ? length() : plane.width / 2 - 44;
  // A triangle's box is not centred on its point, so the place is that of the group's own origin.
  const dots = [...root.querySelectorAll(".point")].map((point) => point.getScreenCTM());
  return dots.map(({ e, f }) => [(e - plane.x) / unit, (plane.y - f) / unit]);
}"""
PARTS = "items => items.map(item => [...item.children].slice(1).map(part => part.textContent))"
ACTIVE = "dots => dots.map(dot => dot.classList.contains('active'))"
# The distances at which the dots of the triplet plane stand, read off its axes and their last number.
TRIPLETS = """(root) => {
  const [top, corner, right] = root.querySelector(".triplet-plane .axis").getAttribute("d").slice(1).split("L")
    .map((place) => place.split(",").map(Number));
  const reach = Number([...root.querySelectorAll(".triplet-plane .axes .quiet")].at(-1).textContent);
  return [...root.querySelectorAll(".triplet-plane .dot")].map((dot) => {
    const { e, f } = dot.transform.baseVal.consolidate().matrix;
    return [(e - corner[0]) / (right[0] - corner[0]) * reach, (corner[1] - f) / (corner[1] - top[1]) * reach];
  });
}"""

# What the page has read: of each term the plain part.
READ = """(root) => JSON.stringify(root.explorer.scene.reading.terms.map(
  ({ index, points, links, kind, letters, active }) => ({ index, points, links, kind, letters, active })))"""
HISTORY = """(root) => {
  const { run, at } = root.explorer.state;
  return run ? run.frames.slice(0, at).map(({ loss }) => loss) : [];
}"""
ACROSS = "dots => dots.map(dot => dot.transform.baseVal[0].matrix.e)"
SHOWN_CELLS = """rows => rows.map((row) => [...row.querySelector('.cells').children].map((cell) =>
  cell.getAttribute('visibility') === 'hidden' ? null
    : ['.share', '.logit', '.down'].map((part) => cell.querySelector(part).textContent)))"""

# A change is drawn in the next frame. Play changes the state in every frame, and ends when it ends.
SHOWN = """async (root, patience) => {
  const end = performance.now() + patience;
  while (!root.dataset.ready && !root.explorer.state.playing) {
    if (performance.now() > end) throw new Error("the explorer does not show its state");
    await new Promise(requestAnimationFrame);
  }
}"""
# Long answers come as JSON: playwright looks at each number of another.
STATE = f"""async (root, patience) => {{
  await ({SHOWN})(root, patience);
  return JSON.stringify(root.explorer.state);
}}"""
# What is said of the state that is shown, in one go. The sum is opened for it, unless mouse or keyboard is on something
# beside the plane, which another view would take away from under them.
SAID = rf"""async (root, patience) => {{
  const shown = {SHOWN};
  await shown(root, patience);
  const {{ explorer }} = root;
  const {{ state }} = explorer;
  const text = (selector) => root.querySelector(selector)?.textContent;
  const garbage = () => root.innerHTML.match(/.{{0,60}}(NaN|undefined|Infinity|∞).{{0,60}}/)?.[0] ?? null;
  const said = {{
    state, value: text(".value"), caption: text(".caption"), garbage: [garbage()], sum: null,
    places: explorer.spec.dimension === 2 ? ({PLACES})(root) : null,
    byTemplate: explorer.scene.variant.formulas !== null,
  }};
  const panel = root.querySelector("[role=tabpanel]");
  const touched = panel?.matches(":hover") || panel?.contains(document.activeElement);
  if (!panel || (touched && state.view !== "sum")) return JSON.stringify(said);
  explorer.change({{ ...explorer.state, view: "sum" }});
  await shown(root, patience);
  const rows = ({PARTS})([...root.querySelectorAll(".sum li")]);
  said.sum = {{ rows, heading: text(".sum h3"), rest: text(".sum .rest") }};
  said.garbage.push(garbage());
  explorer.change({{ ...explorer.state, view: state.view }});
  await shown(root, patience);
  return JSON.stringify(said);
}}"""
# Look and press in one task of the page: between two of a test, Play may end by itself.
PLAYED = """(root) => {
  const { state } = root.explorer;
  if (state.playing && (ENOUGH)) root.querySelector(".buttons .primary").click();
  return !state.playing && root.dataset.ready;
}"""
MARKS = {
    "distance_line": ".distance-line .dot",
    "triplet_plane": ".triplet-plane .dots > .dot",
    "score_plane": ".score-plane .dot",
    "class_regions": ".class-bars g[tabindex]",
    "score_matrix": ".score-matrix .rows > g",
}
# What a crowd draws: outlines in a few paths.
IN_A_CROWD = "paths => paths.reduce((sum, path) => sum + path.getAttribute('d').split('M').length - 1, 0)"
PATIENCE = 60_000  # milliseconds: Play is at most 8 seconds, on a busy machine more
MOST = 12  # terms that the sum tells one by one; one more is told too


def letter(index: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[index]


def ends(wanted: Seen) -> Tensor:
    """(d(a, p), d(a, n)) of every triplet that there is: of a batch of triplets, its matrix."""
    terms = wanted.terms
    if "d_ap" not in terms.numbers:
        return terms.matrix.detach()
    both = [terms.numbers[name].expand_as(terms.values)[terms.valid] for name in ("d_ap", "d_an")]
    return torch.stack(both, -1).detach()


class Explorer:
    """One explorer on a page, through the door of its element; ``losses`` are those that Python made it with, by name.

    What a test looks at or takes hold of is that of the newest state: ``state`` and ``find`` wait until it is shown.
    """

    def __init__(self, root: Locator, losses: dict[str, Loss]):
        self.root, self.losses = root, losses
        self.page = root.page

    @cached_property
    def spec(self) -> dict:
        return json.loads(self.root.evaluate("root => JSON.stringify(root.explorer.spec)"))

    @property
    def state(self) -> dict:
        return json.loads(self.root.evaluate(STATE, PATIENCE))

    @property
    def rate(self) -> float:
        """The step size of the run."""
        return self.shown().evaluate("root => root.explorer.state.run.rate")

    @property
    def scale(self) -> float:
        """How long an arrow is for each unit of the gradient."""
        return self.shown().evaluate("root => root.explorer.scene.rate")

    @property
    def history(self) -> list[float]:
        """The losses of the run before each step that was taken."""
        return self.shown().evaluate(HISTORY)

    @property
    def terms(self) -> list[dict]:
        return json.loads(self.shown().evaluate(READ))

    def wait_until_shown(self) -> None:
        self.root.evaluate(SHOWN, PATIENCE)

    @property
    def torch(self) -> Seen:
        return Seen(self.losses, self.spec, self.state)

    def change(self, **changes) -> None:
        """Through the door, as another script of the page would."""
        self.root.evaluate("({ explorer }, changes) => explorer.change({ ...explorer.state, ...changes })", changes)

    def open(self, view: str) -> None:
        """A view beside the plane, through the door."""
        self.change(view=view)

    @contextmanager
    def opened(self, view: str) -> Iterator[None]:
        """A view for a while; then the one that was open before."""
        before = self.state["view"]
        self.open(view)
        yield
        self.open(before)

    def has_run(self, words: str) -> None:
        """Wait until the view of the run says so."""
        with self.opened("run"):
            expect(self.find(".history span")).to_contain_text(words)

    def sentence(self, index: int) -> Locator:
        """Its button, in the view of the sentences."""
        self.open("sentences")
        return self.find(".legend button").nth(index)

    def wait_until(self, condition: str) -> None:
        self.page.wait_for_function(condition, arg=self.root.element_handle(), timeout=PATIENCE)

    def shown(self) -> Locator:
        """The explorer, once it shows its newest state."""
        self.wait_until_shown()
        return self.root

    def find(self, selector: str) -> Locator:
        return self.shown().locator(selector)

    def button(self, name: str) -> Locator:
        return self.shown().get_by_role("button", name=name, exact=True)

    def tab(self, name: str) -> Locator:
        return self.shown().get_by_role("tab", name=name)

    @property
    def note(self) -> Locator:
        """What stands of the plane below it."""
        return self.find(".message > .note:not(.tally)")

    def point(self, index: int) -> Locator:
        return self.find(".point").nth(index)

    def choose(self, label: str, option: str) -> None:
        """By its words; what was answered bears a tick."""
        select = self.find(f"select[aria-label^='{label}']:visible")
        words = [each.removesuffix(" ✓ done") for each in select.locator("option").all_text_contents()]
        select.select_option(index=words.index(option))

    def switch(self, label: str) -> Locator:
        return self.find(f"input[type=checkbox][aria-label^='{label}']:visible")

    def slider(self, label: str) -> Locator:
        return self.find(f"input[type=range][aria-label^='{label}']:visible")

    def show_answer(self) -> None:
        """Press "Show me", where a question waits."""
        if self.state["asked"]:
            self.button("Show me").click()
            self.wait_until("root => !root.explorer.state.playing && root.dataset.ready")  # a ghost's truth is played

    def play(self, enough: str = "false", speed: float = 4) -> None:
        """Play until it ends by itself, or until a condition on ``state`` holds: then Pause."""
        self.change(speed=speed)
        self.button("Play").click()
        self.wait_until(PLAYED.replace("ENOUGH", enough))

    def centre(self, index: int) -> tuple[float, float]:
        matrix = self.point(index).evaluate("e => { const { e: x, f: y } = e.getScreenCTM(); return [x, y]; }")
        return tuple(matrix)

    def stage(self) -> tuple[float, float, float]:
        """The centre of the plane in pixels of the window, and the pixels of one unit."""
        box = self.find(".stage").bounding_box()
        size = box["width"]
        unit = size / 2 - 44 if self.torch.on_circle else size / 2 / 1.6
        return box["x"] + size / 2, box["y"] + size / 2, unit

    # What it says, and what torch says

    def says_what_torch_says(self) -> Seen:
        """To the digits shown: the loss, its sum, the sentence, the marks of the chart, and where the points stand.

        The sum is opened for it, unless that would take away what is touched.
        """
        said = json.loads(self.root.evaluate(SAID, PATIENCE))
        wanted = Seen(self.losses, self.spec, said["state"])
        assert shows(said["value"], wanted.terms.loss.item())
        assert not any(said["garbage"]), said["garbage"]
        if not self.spec["compact"]:
            self._says(said["caption"], wanted)
            if said["sum"]:
                self._adds_up(said["sum"], said["byTemplate"], wanted)
            if wanted.state["view"] == "chart":
                self._draws(wanted)
        if said["places"]:
            places = torch.tensor(said["places"], dtype=torch.float64)
            assert torch.allclose(places, wanted.points, rtol=0, atol=0.01)
        return wanted

    def shades_what_torch_says(self, wanted: Seen, extent: float) -> None:
        """The note below the plane names the lowest and the highest loss, once they are of this state: of a grid, of a
        finer one about either end, and of the points."""
        axis = torch.linspace(-extent, extent, 101, dtype=torch.float64)
        grid, chosen = torch.cartesian_prod(axis, axis), wanted.state["chosen"]
        losses = wanted.values_at(chosen, grid)
        step = torch.linspace(-extent / 50, extent / 50, 21, dtype=torch.float64)
        finer = [grid[k] + torch.cartesian_prod(step, step) for k in (losses.argmin(), losses.argmax())]
        places = torch.cat([*finer, wanted.points]).clamp(-extent, extent)
        losses = torch.cat([losses, wanted.values_at(chosen, places)])
        ends, note = [losses.min().item(), losses.max().item()], self.note
        deadline, said = time.monotonic() + PATIENCE / 1000, None
        while not (said and all(map(shows, said.groups(), ends))):
            assert time.monotonic() < deadline, f"{note.text_content()}, but it goes from {ends[0]} to {ends[1]}"
            self.page.wait_for_timeout(50)
            said = re.search(r"from (\S+) \(clear\) to (\S+) \(full shade\)\.", note.text_content())

    @staticmethod
    def _adds_up(said: dict, by_template: bool, wanted: Seen) -> None:
        """Each number of the sum, the formula beside it, and the heading above."""
        values = wanted.ranked()
        told = values if len(values) <= MOST + 1 else values[:MOST]
        assert len(said["rows"]) == len(told)
        for (_, _, formula, number), value in zip(said["rows"], told, strict=True):
            assert shows(number, value)
            assert not by_template or worth(formula) == pytest.approx(value, rel=2e-3, abs=2e-5)
        heading = said["heading"]
        if not values:
            assert heading == ("The sum: every term is 0" if any(wanted.flat("valid")) else heading)
        else:
            count, loss = re.fullmatch(r"The sum: (\d+) terms? adds? up to (.*)", heading).groups()
            assert int(count) == len(values) and shows(loss, wanted.terms.loss.item())
        if len(told) < len(values):
            count, more = re.fullmatch(r"and (\d+) more add (.*)", said["rest"]).groups()
            assert int(count) == len(values) - MOST and shows(more, sum(values[MOST:]))

    @staticmethod
    def _says(caption: str, wanted: Seen) -> None:
        """The sentence counts what counts, and its numbers are torch's."""
        assert unknown(caption, wanted.numbers(), wanted.shares()) == []
        counted = re.match(r"(\d+) of (\d+) \D+ (active|the wrong way round)\b", caption)
        if counted and counted[3] == "active":
            assert [int(counted[1]), int(counted[2])] == [sum(wanted.flat(name)) for name in ("active", "valid")]
        assert counted or wanted.state["lit"] or not any(wanted.flat("valid"))

    def _draws(self, wanted: Seen) -> None:
        """A mark for each term, or for each row of the matrix."""
        chart = self.root.evaluate("root => root.explorer.scene.reading.chart")
        if chart == "none":
            return
        pairs, terms = len(wanted.terms.matrix), sum(wanted.flat("valid"))
        marks = {"distance_line": terms, "triplet_plane": terms, "score_plane": pairs, "class_regions": pairs}
        crowd = self.find(".triplet-plane .crowd > g path").evaluate_all(IN_A_CROWD)
        expect(self.find(MARKS[chart])).to_have_count(marks.get(chart, pairs) - crowd)
        draws = {"distance_line": self._line, "triplet_plane": self._triplets, "score_matrix": self._cells}
        if chart in draws and not crowd:
            draws[chart](wanted)

    def _line(self, wanted: Seen) -> None:
        """Dots stand evenly by their distances: a straight line tells where."""
        dots = self.find(".distance-line .dot")
        assert dots.evaluate_all(ACTIVE) == wanted.flat("active")
        across = torch.tensor(dots.evaluate_all(ACROSS), dtype=torch.float64)[:, None]
        matrix = wanted.terms.matrix.detach()
        if matrix.max() - matrix.min() > 1e-3:
            straight = torch.stack([torch.ones_like(matrix), matrix], -1)
            solution = torch.linalg.lstsq(straight, across).solution
            assert solution[1] > 0 and torch.allclose(straight @ solution, across, rtol=0, atol=0.05)

    def _triplets(self, wanted: Seen) -> None:
        dots = self.find(".triplet-plane .dot")
        active = zip(wanted.flat("active"), wanted.flat("valid"), strict=True)
        assert dots.evaluate_all(ACTIVE) == [each for each, valid in active if valid]
        stand = torch.tensor(self.root.evaluate(TRIPLETS), dtype=torch.float64)
        assert torch.allclose(stand, ends(wanted), rtol=0, atol=0.01)

    def _cells(self, wanted: Seen) -> None:
        """Of each cell its share, its number and its share of the column; a crowd has no cells."""
        terms = wanted.terms
        rows = self.find(".score-matrix .rows > g").evaluate_all(SHOWN_CELLS)
        share, column = (terms.shares.get(name) for name in ("row", "column"))
        for row, cells in enumerate(rows):
            for at, cell in enumerate(cells):
                counts = bool(terms.positive[row, at] or terms.negative[row, at])
                assert counts == (cell is not None)
                if counts and share is not None:
                    assert shows_share(cell[0].removeprefix("→ "), share[row, at].item())
                    assert not cell[1] or shows(cell[1], terms.matrix[row, at].item())
                if cell and cell[2]:
                    assert shows_share(cell[2].removeprefix("↓ "), column[row, at].item())
