"""A picture of a state where nothing moves, in print or without JavaScript: the plane, the loss and its largest terms.

The explorer's sibling: its colours, dashes and signs, its scale of arrows. Lengths are pixels of a page.
"""

import io
import math
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Self

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from lossviz.batches import Batch
from lossviz.catalogue import ENTRIES
from lossviz.losses import Terms
from lossviz.situations import Question
from lossviz.situations.offered import ignores_length
from lossviz.widgets.scene import UNSEEN, Scene

INK, QUIET, LINE, PAPER = "#1b1f24", "#59636e", "#d5dae0", "#ffffff"
SIDES = {"positive": "#0072b2", "negative": "#b84e00", "both": "#7a5195", "class": "#59636e"}
SIGNS = {"positive": "▲", "negative": "▼"}
KEY = {"both": "pulled or pushed", "negative": "▼ pushed apart", "positive": "▲ pulled together"}
DASHES = {"negative": (0, (4, 3)), "both": (0, (8, 3))}
HUES = ("#1b1f24", "#007a5a", "#a3467f", "#7a5c00")  # of classes
MARKS = "os^D"

WIDTH, PLANE, ROW = 430, 212, 18
AROUND = 34  # between the circle and the edge, for arrows
RADIUS = 10  # of a point
COVERED = 12  # nearer than this one point hides the letter of the other
SHORTEST = 3  # of an arrow
MOST_BARS = 5
LONGEST_ARROW, FAINTEST, PLACES = 0.35, 20, 8  # as in static/run.js
ROUNDING = 1e-12

Pixel = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Still:
    """What there is to see of a state. ``scale`` is the length of an arrow for each unit of the gradient."""

    title: str
    scene: Scene
    terms: Terms
    gradients: Tensor
    slopes: Tensor  # by what the loss reads
    ropes: dict[tuple[int, int, str], float]  # (point, point, side) → how strong, up to 1; 0 for what moves nothing
    circle: bool
    scale: float
    question: Question | None = None  # that is asked: then no answer is shown

    @classmethod
    def of(cls, spec: dict, state: dict, asks: bool = False) -> Self:
        """A state of an explorer's spec, as JSON holds both."""
        situation = spec["situations"][state["situation"]]
        scene = scene_of(spec, state)
        begun = scene_of(spec, {**state, **situation["starts"][state["loss"]]})
        terms, (gradients, slopes) = scene.terms(), pulled(scene)
        longest = max(longest_pull(begun), typical(begun) / FAINTEST)
        return cls(
            situation["title"], scene, terms, gradients, slopes, ropes(scene, terms, slopes),
            ignores_length(scene.loss, spec["dimension"]), LONGEST_ARROW / longest if longest > UNSEEN else 1.0,
            situation["question"] and Question(**situation["question"]) if asks else None,
        )  # fmt: skip


def knows(loss: str) -> bool:
    """Whether it is of the catalogue: what a notebook defines can be drawn only there."""
    return any(each.loss.__name__ == loss for each in ENTRIES)


def scene_of(spec: dict, state: dict) -> Scene:
    """The state as torch reads it, with the losses of the catalogue."""
    situation = spec["situations"][state["situation"]]
    texts, names = ([each[kind] for each in situation["sentences"]] for kind in ("text", "short"))
    batch = Batch(state["points"], situation["rows"], situation["labels"], texts, situation["classes"], names)
    return Scene.of(state, {each.loss.__name__: each.default() for each in ENTRIES}, batch)


# ---- what torch tells


def pulled(scene: Scene) -> tuple[Tensor, Tensor]:
    """The gradient of the loss by every point, and by what the loss reads."""
    points = scene.points.detach().clone().requires_grad_()
    terms = scene.loss.complete(*scene.batch.inputs(points))
    return torch.autograd.grad(terms.loss, [points, terms.matrix], allow_unused=True, materialize_grads=True)


def longest_pull(scene: Scene) -> float:
    return pulled(scene)[0].norm(dim=-1).max().item()


def typical(scene: Scene) -> float:
    """The longest gradient with the sentences anywhere: beside what the loss can do, small arrows look small."""
    generator = torch.Generator().manual_seed(0)
    size = scene.points.norm(dim=-1).mean()
    ways = torch.randn(PLACES, *scene.points.shape, generator=generator, dtype=torch.float64)
    return max(longest_pull(replace(scene, points=size * way)) for way in torch.nn.functional.normalize(ways, dim=-1))


def ropes(scene: Scene, terms: Terms, slopes: Tensor) -> dict[tuple[int, int, str], float]:
    """Whom the loss pulls together and pushes apart: what lies between two points, as strong as the slope there."""
    if scene.batch.classes and len(scene.batch.rows) == 2:
        return {(one, other, "class"): 0.5 for one, other in zip(*scene.batch.rows.values(), strict=True)}
    found: dict[tuple[int, int, str], float] = {}
    strongest = slopes.abs().max().item() or 1.0
    every = terms.matrix.numel() == terms.values.numel() or terms.matrix.shape[-1] == 2  # an entry for each term
    for place, one, other in entries(scene, terms.matrix):
        slope = slopes[place].item()
        side = side_of(scene, terms, slopes, place)
        if one != other and side and (every or abs(slope) > UNSEEN):
            key = (min(one, other), max(one, other), side)
            found[key] = min(1.0, found.get(key, 0.0) + abs(slope) / strongest)
    return found


def side_of(scene: Scene, terms: Terms, slopes: Tensor, place: tuple[int, ...]) -> str | None:
    """What the labels say of an entry; where they say neither or both, where its slope leads."""
    positive, negative = terms.positive[place].item(), terms.negative[place].item()
    if positive != negative:
        return "positive" if positive else "negative"
    if scene.batch.classes or (not positive and (terms.positive.any() or terms.negative.any())):
        return None
    nearer = slopes[place].item() * (1 if scene.loss.reads == "distance" else -1)
    return "both" if abs(nearer) < UNSEEN else "positive" if nearer > 0 else "negative"


def entries(scene: Scene, matrix: Tensor) -> list[tuple[tuple[int, ...], int, int]]:
    """(place in the matrix, point, point), for what lies between two points."""
    rows = scene.batch.rows
    first, *others = rows.values()
    if matrix.ndim == 1 and others:
        return [((k,), *ends) for k, ends in enumerate(zip(first, others[0], strict=True))]
    if list(rows) == ["anchor", "positive", "negative"] and matrix.shape[1] == 2:
        return [((k, side), first[k], others[side][k]) for k in range(len(first)) for side in range(2)]
    columns = columns_of(scene, matrix.shape[1])
    return [((k, c), start[k], end) for k in range(len(first)) for c, (start, end) in enumerate(columns)]


def columns_of(scene: Scene, width: int) -> list[tuple[tuple[int, ...], int]]:
    """Who looks, row by row, and who is found in each column; [] where the columns are no sentences."""
    first, *others = scene.batch.rows.values()
    documents = [*chain(*others)] or list(first)
    looks, found = {"query": first, "doc": (others or [first])[0]}, {"query": first, "doc": documents}
    ways = [each.split("_to_") for each in chain(*scene.loss.blocks())] or [["query", "doc"]]
    columns = [(looks[one], point) for one, other in ways for point in found[other]]
    return columns if len(columns) == width and not scene.batch.classes else []


# ---- in words


def letter(point: int) -> str:
    """What a point is called: A to Z, then A1 to Z1, and so on, as in static/words.js."""
    return chr(ord("A") + point % 26) + (str(point // 26) if point >= 26 else "")


def fixed(value: float, digits: int = 4) -> str:
    """As static/words.js has it: a power of ten where two digits would not show."""
    size, sign = abs(value), "−" if value < -ROUNDING else ""
    if size < ROUNDING or 10 ** (1 - digits) <= size < 1e7:
        return f"{sign}{size:.{digits}f}"
    mantissa, power = f"{size:.1e}".split("e")
    return f"{sign}{mantissa}·10{str(int(power)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


@dataclass(frozen=True)
class Term:
    letters: str
    value: float
    side: str | None  # of a pair


def largest(still: Still) -> list[Term]:
    """The terms that add something, largest first."""
    terms, scene = still.terms, still.scene
    places = [tuple(each) for each in (terms.valid & (terms.values.abs() > ROUNDING)).nonzero().tolist()]
    pairs = terms.matrix.ndim == 1 and terms.matrix.shape == terms.values.shape
    found = [
        Term(
            letters(scene, place, terms.values.shape),
            terms.values[place].item(),
            side_of(scene, terms, still.slopes, place) if pairs else None,
        )
        for place in places
    ]
    return sorted(found, key=lambda each: -abs(each.value))


def letters(scene: Scene, place: tuple[int, ...], shape: torch.Size) -> str:
    """Whom a term is about: "A–B" for a pair, "ABC" for three sentences on three axes."""
    rows = scene.batch.rows
    parts, ways = [], list(rows.values())
    for axis, k, size in zip(scene.loss.axes, place, shape, strict=True):
        if axis == "direction":
            ways = ways[k : k + 1]
        elif size == len(ways[0]):
            own = [rows[axis]] if axis in rows and len(ways) > 1 else ways
            parts.append("–".join(letter(each[k]) for each in own))
    if scene.loss.axes == ("pair",) and not set(scene.batch.labels or ()) <= {0.0, 1.0} and not scene.batch.classes:
        parts[0] += f" ({scene.batch.labels[place[0]]:g})"  # the score
    return (", " if any("–" in each for each in parts) else "").join(parts)


NOUNS = {
    ("anchor", "positive"): "anchor–positive pair", ("anchor", "positive", "negative"): "triplet",
    ("lower_pair", "higher_pair"): "order", ("direction", "anchor"): "choice",
}  # fmt: skip


def count(still: Still) -> str:
    """How many terms move a point."""
    axes = still.scene.loss.axes
    noun = NOUNS.get(axes, axes[-1].replace("_", " "))
    valid, active = int(still.terms.valid.sum()), int((still.terms.valid & still.terms.active).sum())
    verb = "is" if 1 in (valid, active) else "are"
    return f"{active} of {valid} {noun}{'' if valid == 1 else 's'} {verb} active"


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
    who = ", ".join(f"{letter(k)} “{each}”" for k, each in enumerate(names))
    if still.question:
        return f"{still.title}. {still.question.prompt} The sentences: {who}."
    told = f"{name}, {settings(still)}" if settings(still) else name
    first = [f"the largest term, {each.letters}, adds {fixed(each.value)}" for each in largest(still)[:1]]
    return f"{still.title}: {told}, is {fixed(still.terms.loss.item())}. {'; '.join([count(still), *first])}. {who}."


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
    middle = PLANE if flat else (2 + min(len(largest(still)), MOST_BARS)) * ROW + 14
    names = [f"{letter(k)}  {each}" for k, each in enumerate(still.scene.batch.names)]
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
            write(axes, WIDTH, 16 - above, fixed(still.terms.loss.item()), weight="bold", size=18, ha="right")
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
    unit = PLANE / 2 - AROUND if still.circle else (PLANE / 2 - RADIUS - 4) / (max(reach, 0.5) + LONGEST_ARROW)
    return lambda x, y: (PLANE / 2 + unit * x, PLANE / 2 - unit * y), unit


def draw_plane(axes: Axes, still: Still, to_pixel: Callable, unit: float) -> None:
    if still.circle:
        axes.add_patch(plt.Circle((PLANE / 2, PLANE / 2), unit, fill=False, color=LINE, lw=1.5))
    else:
        axes.add_patch(plt.Rectangle((1, 1), PLANE - 2, PLANE - 2, fill=False, color=LINE, lw=1))
    pixels = [to_pixel(*each) for each in still.scene.points.tolist()]
    for (one, other, side), weight in still.ropes.items():
        strong = weight > 0 and not still.question
        look = {"lw": 0.9 + 2.4 * weight if strong else 1.2, "alpha": None if strong else 0.55}
        axes.plot(*zip(pixels[one], pixels[other], strict=True), color=SIDES[side], ls=DASHES.get(side, "-"), **look)
    if not still.question:
        for point, gradient in zip(still.scene.points.tolist(), still.gradients.tolist(), strict=True):
            draw_arrow(axes, way_of(still, point, gradient, to_pixel, unit))
    kinds = classes(still.scene.batch)
    for k, (x, y) in enumerate(pixels):
        hollow = not still.question and still.gradients[k].norm() < UNSEEN
        hue = HUES[kinds[k] % 4]
        look = {"mfc": PAPER if hollow else hue, "mec": hue if hollow else PAPER, "mew": 1.5}
        axes.plot(x, y, MARKS[kinds[k] % 4], ms=2 * RADIUS, zorder=3, **look)
        inside = {"color": hue if hollow else PAPER, "ha": "center", "weight": "bold", "zorder": 3}
        write(axes, x, y + 4.5, letter(k), **inside)
    draw_stacks(axes, pixels)


def draw_stacks(axes: Axes, pixels: list[Pixel]) -> None:
    """All letters of points that cover one another, beside them towards the middle of the plane."""
    waiting = list(range(len(pixels)))
    while waiting:
        x, y = pixels[waiting[0]]
        near = [k for k in waiting if math.dist(pixels[k], (x, y)) < COVERED]
        waiting = [k for k in waiting if k not in near]
        if len(near) > 1:
            words = " ".join(map(letter, near))
            angle = math.atan2(PLANE / 2 - y, PLANE / 2 - x)
            far = RADIUS + 6 + 5 * len(words) * abs(math.cos(angle)) + 6 * abs(math.sin(angle))
            at = x + far * math.cos(angle), y + 4 + far * math.sin(angle)
            write(axes, *at, words, ha="center", weight="bold", zorder=4)


def classes(batch: Batch) -> list[int]:
    """The class of each point, where sentences have labels of their own."""
    first, *others = batch.rows.values()
    if others or batch.labels is None:
        return [0] * len(batch.names)
    kinds = list(dict.fromkeys(batch.labels))
    return [kinds.index(batch.labels[first.index(k)]) if k in first else 0 for k in range(len(batch.names))]


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
    found = largest(still)
    bars, rest = found[:MOST_BARS], found[MOST_BARS:]
    write(axes, left, 14, count(still))
    label = 8 + 9 * max((len(each.letters) + 2 * (each.side in SIGNS) for each in bars), default=0)
    most = max((abs(each.value) for each in bars), default=1.0)
    for k, each in enumerate(bars):
        y = 14 + (k + 1) * ROW
        colour = SIDES.get(each.side, QUIET)
        words = f"{SIGNS[each.side]} {each.letters}" if each.side in SIGNS else each.letters
        write(axes, left, y, words, weight="bold", color=SIDES.get(each.side, INK))
        length = (WIDTH - left - label - 62) * abs(each.value) / most
        fill = {"hatch": "////", "fc": PAPER} if each.side == "negative" else {"fc": colour}
        axes.add_patch(plt.Rectangle((left + label, y - 11), length, 12, ec=colour, lw=1, **fill))
        write(axes, left + label + length + 6, y, fixed(each.value))
    if rest:
        more = f"{len(rest)} more add {fixed(sum(each.value for each in rest))}"
        write(axes, left, 14 + (len(bars) + 1) * ROW, more, color=QUIET)
    if left:
        draw_key(axes, still, left)


def draw_key(axes: Axes, still: Still, left: float) -> None:
    """What lines and arrows mean: under the terms, from the bottom up."""
    y = PLANE - 6
    if still.gradients.norm(dim=-1).max() > UNSEEN:
        draw_arrow(axes, [(left, y - 4), (left + 18, y - 4)])
        write(axes, left + 26, y, "where a step goes", color=QUIET)
        y -= ROW
    for side in [each for each in KEY if any(each == other for _, _, other in still.ropes)]:
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
