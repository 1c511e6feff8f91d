"""An explorer in a browser, as a reader uses it: what it shows, beside the state behind it and torch's view of that."""

from functools import cached_property

import torch
from playwright.sync_api import Locator, expect
from torch import Tensor

from lossviz import Terms
from tests.widgets.expected import Expected, Term, brief, fixed, percent

# Where the points are drawn, from the middle of the plane, in its units.
PLACES = r"""(root) => {
  const middle = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return { x: x + width / 2, y: y + height / 2, width };
  };
  const plane = middle(root.querySelector(".stage"));
  const circle = root.querySelector(".ring .circle");
  const [, from, to] = root.querySelector(".unit path").getAttribute("d").match(/M([\d.]+),.*L([\d.]+),/).map(Number);
  const length = parseFloat(root.querySelector(".unit text").textContent.replace("length ", ""));
  const unit = circle.hasAttribute("visibility") ? (to - from) / length : plane.width / 2 - 44;
  // A triangle's box is not centred on its point, so the place is that of the group's own origin.
  const dots = [...root.querySelectorAll(".point")].map((point) => point.getScreenCTM());
  return dots.map(({ e, f }) => [(e - plane.x) / unit, (plane.y - f) / unit]);
}"""
PARTS = "items => items.map(item => [...item.children].slice(1).map(part => part.textContent))"
ACTIVE = "dots => dots.map(dot => dot.classList.contains('active'))"
SAID = "dots => dots.map(dot => dot.getAttribute('aria-label'))"
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

# A change is drawn in the next frame. Play changes the state in every frame, and ends when it ends.
SHOWN = """async (root) => {
  const state = () => (VALUES)(root).state;
  const end = performance.now() + PATIENCE;
  while (!root.dataset.ready && !state().playing) {
    if (performance.now() > end) throw new Error("the explorer does not show its state");
    await new Promise(requestAnimationFrame);
  }
  return state();
}"""
# Look and press in one task of the page: between two of a test, Play may end by itself.
PLAYED = """(root) => {
  const { state } = (VALUES)(root);
  if (state.playing && (ENOUGH)) root.querySelector(".buttons .primary").click();
  return !state.playing && root.dataset.ready;
}"""
MARKS = {
    "distance line": ".distance-line .dot",
    "triplet plane": ".triplet-plane .dots > .dot",
    "score plane": ".score-plane .dot",
    "class regions": ".class-bars g[tabindex]",
    "score matrix": ".score-matrix .rows > g",
}
# What a crowd draws: outlines in a few paths.
IN_A_CROWD = "paths => paths.reduce((sum, path) => sum + path.getAttribute('d').split('M').length - 1, 0)"
PATIENCE = 60_000  # milliseconds: Play is at most 400 frames, on a busy machine


def hardest(terms: Terms) -> Tensor:
    """(d(a, p), d(a, n)) of every anchor: its farthest positive, its nearest negative."""
    distance = terms.matrix.detach()
    to_positive = distance.where(terms.positive, 0.0).amax(-1)
    nearest = distance.where(terms.negative, torch.inf).amin(-1)
    return torch.stack([to_positive, nearest.where(nearest < torch.inf, distance.amax(-1))], -1)


class Explorer:
    """One explorer on a page. ``values`` is JavaScript that finds {spec, state} for its element.

    What a test looks at or takes hold of is that of the newest state: ``state`` and ``find`` wait until it is shown.
    """

    def __init__(self, root: Locator, losses: dict[str, type], values: str):
        self.root, self.losses, self.values = root, losses, values
        self.page = root.page

    @cached_property
    def spec(self) -> dict:
        return self.root.evaluate(f"root => ({self.values})(root).spec")

    @property
    def state(self) -> dict:
        return self.wait_until_shown()

    def wait_until_shown(self) -> dict:
        return self.root.evaluate(SHOWN.replace("VALUES", self.values).replace("PATIENCE", str(PATIENCE)))

    @property
    def torch(self) -> Expected:
        state = self.state
        return Expected(self.losses[state["loss"]], self.spec, state)

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

    def point(self, index: int) -> Locator:
        return self.find(".point").nth(index)

    def choose(self, label: str, option: str) -> None:
        self.find(f"select[aria-label^='{label}']:visible").select_option(label=option)

    def slider(self, label: str) -> Locator:
        return self.find(f"input[type=range][aria-label^='{label}']:visible")

    def show_answer(self) -> None:
        """Press "Show me", where a question waits."""
        if self.state["asked"]:
            self.button("Show me").click()

    def play(self, enough: str = "false") -> None:
        """Play until it ends by itself, or until a condition on ``state`` holds: then Pause."""
        self.button("Play").click()
        self.wait_until(PLAYED.replace("VALUES", self.values).replace("ENOUGH", enough))

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

    def says_what_torch_says(self) -> Expected:
        """Loss, sum, sentence, chart and plane, to the digits shown; of other losses than IN_WORDS the numbers."""
        wanted = self.torch
        if not wanted.in_words:
            return self.shows_what_torch_says()
        loss = fixed(wanted.terms.loss.item())
        adding = wanted.ranked()
        count = "1 term adds" if len(adding) == 1 else f"{len(adding)} terms add"
        heading = f"The sum: {count} up to {loss}" if adding else "The sum: every term is 0"
        expect(self.find(".value")).to_have_text(loss)
        expect(self.find(".caption")).to_have_text(wanted.caption())
        expect(self.find(".sum h3")).to_have_text(heading)
        rows = self.find(".sum li").evaluate_all(PARTS)
        said = [[term.letters, term.who, term.formula or "", fixed(term.value, 5)] for term in adding]
        assert sorted(rows) == sorted(said)
        assert [row[3] for row in rows] == [each[3] for each in said]  # largest first
        if wanted.state["tab"] == "chart":
            draw = {"distance line": self.line, "triplet plane": self.triplets, "score matrix": self.matrix}
            draw[wanted.chart](wanted, wanted.read())
        self.plane(wanted)
        return wanted

    def plane(self, wanted: Expected) -> None:
        if self.spec["dimension"] == 2:
            places = torch.tensor(self.root.evaluate(PLACES), dtype=torch.float64)
            assert torch.allclose(places, wanted.points, rtol=0, atol=0.01)

    def shows_what_torch_says(self) -> Expected:
        """The loss, its largest terms, a mark for each where the chart has one, and the points in their places."""
        wanted = self.torch
        expect(self.find(".value")).to_have_text(fixed(wanted.terms.loss.item()))
        values = wanted.terms.values.flatten()
        largest = sorted((each for each in values.tolist() if each), key=lambda each: -abs(each))
        told = largest if len(largest) <= 13 else largest[:12]
        assert self.find(".sum .number").all_text_contents() == [fixed(each, 5) for each in told]
        if len(told) < len(largest):
            words = f"and {len(largest) - 12} more add {fixed(sum(largest[12:]), 5)}"
            expect(self.find(".sum .rest")).to_have_text(words)
        pairs, terms = len(wanted.terms.matrix), int(wanted.terms.valid.sum())
        marks = {"distance line": terms, "triplet plane": terms, "score plane": pairs, "class regions": pairs}
        if wanted.state["tab"] == "chart":
            crowd = self.find(".triplet-plane .crowd > g path").evaluate_all(IN_A_CROWD)
            expect(self.find(MARKS[wanted.chart])).to_have_count(marks.get(wanted.chart, pairs) - crowd)
        assert self.root.evaluate("root => /NaN|undefined|Infinity/.test(root.innerHTML)") is False
        self.plane(wanted)
        return wanted

    def line(self, wanted: Expected, terms: list[Term]) -> None:
        dots = self.find(".distance-line .dot")
        assert dots.evaluate_all(SAID) == [term.note for term in terms]
        assert dots.evaluate_all(ACTIVE) == [term.active for term in terms]

    def triplets(self, wanted: Expected, terms: list[Term]) -> None:
        dots = self.find(".triplet-plane .dot")
        assert dots.evaluate_all(SAID) == [term.note for term in terms]
        assert dots.evaluate_all(ACTIVE) == [term.active for term in terms]
        stand = torch.tensor(self.root.evaluate(TRIPLETS), dtype=torch.float64)
        assert torch.allclose(stand, hardest(wanted.terms), rtol=0, atol=0.01)

    def matrix(self, wanted: Expected, terms: list[Term]) -> None:
        logits = wanted.terms.matrix.detach()
        rows = self.find(".score-matrix .rows > g")
        assert rows.evaluate_all(SAID) == [term.note for term in terms]
        for name, numbers, words in (
            (".share", logits.softmax(-1), percent),
            (".logit", logits, lambda x: brief(x, 1)),
        ):
            found = rows.evaluate_all(
                f"rows => rows.map(r => [...r.querySelectorAll('{name}')].map(t => t.textContent))"
            )
            assert found == [[words(each) for each in row] for row in numbers.tolist()]
