"""A picture of a state where nothing moves, in print or without JavaScript: the plane, the loss and its largest terms.

The explorer's sibling: its colours, dashes and signs, its scale of arrows. Lengths are pixels of a page.
"""

import io
import math
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self, TypedDict

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lossviz.batches import Batch
from lossviz.catalogue import ENTRIES
from lossviz.situations import Question
from lossviz.widgets import javascript, kernel
from lossviz.widgets.scene import UNSEEN, Scene

STYLE = Path(__file__).with_name("static") / "explorer.css"
COLOURS = dict(re.findall(r"--([\w-]+): (#\w+);", STYLE.read_text(encoding="utf-8").partition("}")[0]))  # by day
INK, QUIET, LINE, PAPER = (COLOURS[name] for name in ("ink", "quiet", "line", "paper"))
SIDES = {name: COLOURS[name] for name in ("positive", "negative", "both")} | {"class": QUIET}
SIGNS = {"positive": "▲", "negative": "▼"}
KEY = {"both": "pulled or pushed", "negative": "▼ pushed apart", "positive": "▲ pulled together"}
DASHES = {"negative": (0, (4, 3)), "both": (0, (8, 3))}
HUES = [COLOURS[f"class{k}"] for k in range(4)]
MARKS = "os^D"

WIDTH, PLANE, ROW = 430, 212, 18
AROUND = 34  # between the circle and the edge, for arrows
RADIUS = 10  # of a point
COVERED = 12  # nearer than this one point hides the letter of the other
SHORTEST = 3  # of an arrow
MOST_BARS = 5

Pixel = tuple[float, float]


class Told(TypedDict):
    """A term: what it adds, and that as it is printed; a side for pairs."""

    letters: str
    value: float
    said: str
    side: str | None


# A line: between two points, as thick as its weight, up to 1; 0 for what moves nothing.
Rope = TypedDict("Rope", {"from": int, "to": int, "side": str, "weight": float})


@dataclass(frozen=True, eq=False)
class Still:
    """What there is to see of a state: of ``asked.js``, all but ``title``, ``scene`` and ``question``.

    ``terms``     the largest of them; ``rest`` tells of the others
    ``ropes``     the lines
    ``classes``   of each point, where sentences have labels of their own
    ``gradients`` of the loss by each point
    ``scale``     how long an arrow is for each unit of them; none is longer than ``longest``, in units of the plane
    ``letters``   what each point is called
    """

    title: str
    scene: Scene
    loss: str
    caption: str
    count: str
    terms: list[Told]
    rest: str
    ropes: list[Rope]
    classes: list[int] | None
    gradients: list[list[float]]
    scale: float
    longest: float
    letters: list[str]
    circle: bool
    question: Question | None = None  # that is asked: then no answer is shown

    @classmethod
    def of(cls, spec: dict, state: dict, asks: bool = False) -> Self:
        """A state of an explorer's spec, as JSON holds both."""
        situation = spec["situations"][state["situation"]]
        losses = {each.loss.__name__: each.default() for each in ENTRIES}
        texts, names = ([each[kind] for each in situation["sentences"]] for kind in ("text", "short"))
        batch = Batch(state["points"], situation["rows"], situation["labels"], texts, situation["classes"], names)
        torch = partial(kernel.answer, losses=losses, device="cpu")
        seen = javascript.call("picture", torch, spec=spec, state=state, most=MOST_BARS)
        question = situation["question"] and Question(**situation["question"]) if asks else None
        return cls(situation["title"], Scene.of(state, losses, batch), **seen, question=question)


def knows(loss: str) -> bool:
    """Whether it is of the catalogue: what a notebook defines can be drawn only there."""
    return any(each.loss.__name__ == loss for each in ENTRIES)


# ---- in words


def settings(still: Still) -> str:
    """The numbers and choices of the loss, but for those that are usual and rarely moved."""
    known = next(each for each in ENTRIES if each.loss is type(still.scene.loss))
    usual = known.default().settings()
    told = {
        name: value
        for name, value in still.scene.loss.settings().items()
        if name in known.parameters and isinstance(value, (bool, int, float, str, tuple))
        if value != usual[name] or (known.parameters[name].control and not isinstance(value, bool))
    }
    return ", ".join(f"{name.replace('_', ' ')} {said(value)}" for name, value in told.items())


def said(value) -> str:
    if isinstance(value, tuple):
        return " + ".join(map(said, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, (int, float)) else value.replace("_", " ")


def description(still: Still) -> str:
    """For those who do not see it."""
    name, names = type(still.scene.loss).__name__, still.scene.batch.names
    who = ", ".join(f"{letter} “{each}”" for letter, each in zip(still.letters, names, strict=True))
    if still.question:
        return f"{still.title}. {still.question.prompt} The sentences: {who}."
    told = f"{name}, {settings(still)}" if settings(still) else name
    return f"{still.title}: {told}, is {still.loss}. {still.caption} {who}."


def head(still: Still) -> list[str]:
    """The lines under the name of the loss."""
    return textwrap.wrap(" · ".join(each for each in (still.title, settings(still)) if each), 60)


def above_plane(still: Still) -> int:
    """How far down the plane begins: pixels."""
    return 26 + ROW * len(head(still))


# ---- drawn


def draw(still: Still) -> Figure:
    """A figure 430 pixels wide: lines of words, the plane beside the terms, and what the letters stand for."""
    flat = still.scene.points.shape[1] == 2
    words, above = head(still), above_plane(still)
    middle = PLANE if flat else (2 + len(still.terms)) * ROW + 14
    names = [f"{letter}  {each}" for letter, each in zip(still.letters, still.scene.batch.names, strict=True)]
    columns = 3 if len(names) > 8 and max(map(len, names)) < 20 else 2
    rows = math.ceil(len(names) / columns)
    height = above + middle + rows * ROW + 6
    with plt.rc_context({"lines.scale_dashes": False, "font.sans-serif": ["DejaVu Sans"]}):
        figure = plt.figure(figsize=(WIDTH / 72, height / 72), dpi=72)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(height - above, -above))
        axes.axis("off")
        write(axes, 0, 15 - above, type(still.scene.loss).__name__, weight="bold", size=14)
        for k, line in enumerate(words):
            write(axes, 0, 15 - above + (k + 1) * ROW, line, color=QUIET)
        if not still.question:
            write(axes, WIDTH, 16 - above, still.loss, weight="bold", size=18, ha="right")
        if flat:
            draw_plane(axes, still, *place_of(still))
        (ask if still.question else draw_terms)(axes, still, PLANE + 14 if flat else 0)
        for k, name in enumerate(names):
            write(axes, k // rows * WIDTH / columns, middle + (k % rows + 0.75) * ROW, name)
    plt.close(figure)  # shown once, by whoever returns it
    return figure


def write(axes: Axes, x: float, y: float, words: str, **look) -> None:
    axes.text(x, y, words, **{"size": 13, "color": INK, "family": "sans-serif", "parse_math": False} | look)


def place_of(still: Still) -> tuple[Callable, float]:
    """From the plane to pixels, and how many a unit has."""
    reach = still.scene.points.abs().max().item()
    unit = PLANE / 2 - AROUND if still.circle else (PLANE / 2 - RADIUS - 4) / (max(reach, 0.5) + still.longest)
    return lambda x, y: (PLANE / 2 + unit * x, PLANE / 2 - unit * y), unit


def draw_plane(axes: Axes, still: Still, to_pixel: Callable, unit: float) -> None:
    if still.circle:
        axes.add_patch(plt.Circle((PLANE / 2, PLANE / 2), unit, fill=False, color=LINE, lw=1.5))
    else:
        axes.add_patch(plt.Rectangle((1, 1), PLANE - 2, PLANE - 2, fill=False, color=LINE, lw=1))
    pixels = [to_pixel(*each) for each in still.scene.points.tolist()]
    for rope in still.ropes:
        ends, side = (pixels[rope["from"]], pixels[rope["to"]]), rope["side"]
        strong = rope["weight"] > 0 and not still.question
        look = {"lw": 0.9 + 2.4 * rope["weight"] if strong else 1.2, "alpha": None if strong else 0.55}
        axes.plot(*zip(*ends, strict=True), color=SIDES[side], ls=DASHES.get(side, "-"), **look)
    if not still.question:
        for point, gradient in zip(still.scene.points.tolist(), still.gradients, strict=True):
            draw_arrow(axes, way_of(still, point, gradient, to_pixel, unit))
    kinds = still.classes or [0] * len(pixels)
    for k, (x, y) in enumerate(pixels):
        hollow = not still.question and math.hypot(*still.gradients[k]) < UNSEEN
        hue = HUES[kinds[k] % 4]
        look = {"mfc": PAPER if hollow else hue, "mec": hue if hollow else PAPER, "mew": 1.5}
        axes.plot(x, y, MARKS[kinds[k] % 4], ms=2 * RADIUS, zorder=3, **look)
        inside = {"color": hue if hollow else PAPER, "ha": "center", "weight": "bold", "zorder": 3}
        write(axes, x, y + 4.5, still.letters[k], **inside)
    draw_stacks(axes, pixels, still.letters)


def draw_stacks(axes: Axes, pixels: list[Pixel], letters: list[str]) -> None:
    """All letters of points that cover one another, beside them towards the middle of the plane."""
    waiting = list(range(len(pixels)))
    while waiting:
        x, y = pixels[waiting[0]]
        near = [k for k in waiting if math.dist(pixels[k], (x, y)) < COVERED]
        waiting = [k for k in waiting if k not in near]
        if len(near) > 1:
            words = " ".join(letters[k] for k in near)
            angle = math.atan2(PLANE / 2 - y, PLANE / 2 - x)
            far = RADIUS + 6 + 5 * len(words) * abs(math.cos(angle)) + 6 * abs(math.sin(angle))
            at = x + far * math.cos(angle), y + 4 + far * math.sin(angle)
            write(axes, *at, words, ha="center", weight="bold", zorder=4)


def way_of(still: Still, point: Pixel, gradient: Pixel, to_pixel: Callable, unit: float) -> list[Pixel]:
    """Against the gradient, as far as the scale tells, at most 1: beside the circle, or from the edge of the point."""
    length = math.hypot(*gradient)
    if length < UNSEEN:
        return []
    if still.circle:
        turn = still.scale * (gradient[0] * point[1] - gradient[1] * point[0])
        start, out = math.atan2(point[1], point[0]), 1 + (RADIUS + 8) / unit
        angles = [start + max(-1, min(1, turn)) * k / 8 for k in range(9)]
        return [to_pixel(out * math.cos(each), out * math.sin(each)) for each in angles]
    (x, y), ahead = to_pixel(*point), (-gradient[0] / length, gradient[1] / length)
    begin, end = RADIUS + 2, RADIUS + 2 + min(1, still.scale * length) * unit
    return [(x + each * ahead[0], y + each * ahead[1]) for each in (begin, end)]


def draw_arrow(axes: Axes, way: list[Pixel]) -> None:
    """What is too small to see is a ring."""
    if not way:
        return
    if math.dist(way[0], way[-1]) < SHORTEST:
        axes.plot(*way[0], "o", ms=5, mfc="none", mec=INK, mew=1.5)
        return
    (x0, y0), (x, y) = way[-2:]
    angle, size = math.atan2(y - y0, x - x0), min(8, math.dist(way[0], way[-1]))
    neck, left, right = (
        (x - size * far * math.cos(angle + side), y - size * far * math.sin(angle + side))
        for far, side in ((0.7, 0), (1, 0.42), (1, -0.42))
    )
    shaft = [each for each in way[:-1] if math.dist(each, (x, y)) > 0.7 * size]
    axes.plot(*zip(*shaft, neck, strict=True), color=INK, lw=2)
    axes.add_patch(plt.Polygon([(x, y), left, right], color=INK, lw=0))


def draw_terms(axes: Axes, still: Still, left: float) -> None:
    """How many are active, what the largest add, and what the lines mean."""
    said = textwrap.wrap(still.count, int((WIDTH - left) / 6.8))
    for k, line in enumerate(said):
        write(axes, left, 14 + k * ROW, line)
    label = 8 + 9 * max((len(each["letters"]) + 2 * (each["side"] in SIGNS) for each in still.terms), default=0)
    most = max((abs(each["value"]) for each in still.terms), default=1.0)
    for k, each in enumerate(still.terms):
        y, side = 14 + (k + len(said)) * ROW, each["side"]
        colour = SIDES.get(side, QUIET)
        words = f"{SIGNS[side]} {each['letters']}" if side in SIGNS else each["letters"]
        write(axes, left, y, words, weight="bold", color=SIDES.get(side, INK))
        length = (WIDTH - left - label - 62) * abs(each["value"]) / most
        fill = {"hatch": "////", "fc": PAPER} if side == "negative" else {"fc": colour}
        axes.add_patch(plt.Rectangle((left + label, y - 11), length, 12, ec=colour, lw=1, **fill))
        write(axes, left + label + length + 6, y, each["said"])
    write(axes, left, 14 + (len(still.terms) + len(said)) * ROW, still.rest, color=QUIET)
    if left:
        draw_key(axes, still, left)


def draw_key(axes: Axes, still: Still, left: float) -> None:
    """What lines and arrows mean: under the terms, from the bottom up."""
    y = PLANE - 6
    if any(math.hypot(*each) > UNSEEN for each in still.gradients):
        draw_arrow(axes, [(left, y - 4), (left + 18, y - 4)])
        write(axes, left + 26, y, "where a step goes", color=QUIET)
        y -= ROW
    for side in [each for each in KEY if any(each == rope["side"] for rope in still.ropes)]:
        axes.plot([left, left + 18], [y - 4, y - 4], color=SIDES[side], ls=DASHES.get(side, "-"), lw=2)
        write(axes, left + 26, y, KEY[side], color=SIDES[side])
        y -= ROW


def ask(axes: Axes, still: Still, left: float) -> None:
    """The question in place of its answer."""
    question = still.question
    lines = textwrap.wrap(question.prompt, int((WIDTH - left) / 6.8)) + [f"○ {each}" for each in question.options]
    for k, line in enumerate(lines):
        write(axes, left, 14 + k * (ROW - 1), line)


# ---- as a file

LEFT_OUT = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>"
    r'|<clipPath.*?</clipPath>| clip-path="[^"]*"| id="[a-z0-9]+_\d+"| transform="rotate\(-?0 [^"]*"'
    r'|font-size: 13px; |font-family: [^;"]*; |text-anchor: start; |(?<=\d)pt(?=")',
    re.DOTALL,
)
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"


def as_svg(figure: Figure) -> str:
    """The same bytes whenever it is drawn, in the font of the page; its text stays text."""
    file = io.StringIO()
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "lossviz"}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = LEFT_OUT.sub("", file.getvalue()).replace("*{", f"text {{ font: 13px {FONT} }} * {{")
    return re.sub(r">\s+<", "><", re.sub(r"<[^>]*>", lambda tag: shorter(tag.group()), text)).strip() + "\n"


def shorter(tag: str) -> str:
    """A tag with one digit after the point, and no more blanks than it needs."""
    tag = re.sub(r"\d+\.\d+", lambda number: f"{float(number.group()):.1f}".removesuffix(".0"), tag)
    return re.sub(r"(?<=[;:])\s|\s+(?=[\"/])", "", re.sub(r"\s+", " ", tag))
