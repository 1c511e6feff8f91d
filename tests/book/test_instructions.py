"""An instruction in the prose is a link that does it: no reader is told to drag or press, and left to find where."""

import re
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"
PAGES = sorted([*BOOK.glob("*.ipynb"), *BOOK.glob("*.md")])

DONE = "‹done›"  # what stands for a link that moves a figure
NOT_PROSE = (
    (r"(?ms)^```.*?^```", ""),
    (r"(?s)\$\$.*?\$\$", ""),
    (r"(?m)^(?:#+ .*|\(\S+\)=|:::.*|%.*)$", ""),  # a title is a name
    (r"you will\n\n(?:(?:\d\.|-) .*\n?(?:  +.*\n?)*)+", ""),  # what a reader will do, not now
    (r"!?\[[^\]]*\]\((?:\w+(?:\.ipynb|\.md)?)?#[\w-]+\?[^)]*\)", DONE),
    (r"\[([^\]]*)\]\([^)]*\)", r"\1"),
    (r"\{\w+\}`([^`<]*)(?:<[^`]*>)?`", r"\1"),
    (r"\\\n", "\n"),
)

# What a hand does, whatever it is done to; and what it does where it is done to something of a figure.
HAND = "choose|select|press|click|tap|touch|drag|open|play|switch|swap|exchange|nudge|undo|unfold|slide"
MOVES = "move|set|put|pull|push|turn|raise|lower|stretch|mark|pick|look|watch|read"
POINT = r"(?:[A-Z]|(?:a |the |two |all )?points?|it|both|one|everything|an? sentence|the row)\b(?!-)"
PART = (
    r"(?:the |its |each |every )?\*{0,2}(?:slider|scale|margin|distance|strength|temperature|mode|step size|sliders|"
    r"controls?|situation|parameter|plane|circle|surface)\*{0,2}(?=\s+(?:to|of|from|down|up|in|round|on|and)\b|[.,:;!?]|$)"
)
SIGHT = r"(?:at |in )?(?:the |its |both )?\*{0,2}(?:strip|mask|sum|folds?|chart|gradient norm|plane)\b"
BUTTON = r"\*(?:Play|Step|Reset|See it|Show me|Nudge [^*]*)\*"

# Where an imperative can stand: first in its sentence or item, after "and" or "then", or after what leads up to it.
LEAD = r"(?:If|When|In|At|On|Under|With|Without|From|Then|First|Now|Here|After|Again)\b[^.:;?!]*?, "
START = rf"(?:^|(?<=[.:;?!] )|(?<=[(*]))\W*(?:{LEAD})?(?:Then |First,? |Now |And |Or )?\*{{0,2}}"
JOINED = r"(?:, and |, then |, or | and | then |; )\*{0,2}"
SUBJECT = re.compile(r"\b(?:you|we|they|who|which|that|will|can|may|could|would|to|training)\b(?:\W+\w+){0,5}\W*$")

TOLD = re.compile(rf"\b(?P<verb>{HAND}|{MOVES})\b(?=(?P<rest>[^.:;?!]*))", re.IGNORECASE)
PLACES = re.compile(
    r"\b(?:explorer|picture|plane|chart|fold)s? (?:above|below)|\bthe folds?\b|\b(?:first|second) explorer\b|"
    r"(?:above|below|under) the (?:plane|chart)"
)


def source(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    cells = nbformat.reads(text, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def plain(text: str) -> str:
    """What a reader reads, an action link as one word."""
    for pattern, instead in NOT_PROSE:
        text = re.sub(pattern, instead, text)
    return text


def sentences(text: str) -> list[str]:
    """One after the other, each on a line of its own: an item, a cell of a table and a paragraph end one."""
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:-|\d+\.) )|\s\|\s", text)
    joined = (re.sub(r"^\s*(?:[-|]|\d+\.)?\s+|\s+", " ", each).strip() for each in blocks)
    ends = r"(?<=[.:;?!])\*{0,2}\)?\s+(?=[^a-z])|(?<=[:;])\s+"
    return [each for block in joined for each in re.split(ends, block) if each]


def instructions(text: str) -> list[str]:
    """Every clause that tells a hand what to do with a figure, and every place that a figure no longer has."""
    found = []
    for sentence in sentences(plain(text)):
        found += [sentence[each.start() :] for each in TOLD.finditer(sentence) if is_told(sentence, each)]
        found += [each[0] for each in re.finditer(rf"{BUTTON}(?=\W*$|[.,:;]| (?:it|one|both|again|and)\b)", sentence)]
        found += [each[0] for each in PLACES.finditer(sentence)]
    return found


def is_told(sentence: str, found: re.Match) -> bool:
    before, verb, rest = sentence[: found.start("verb")], found["verb"].lower(), found["rest"].lstrip()
    first = re.fullmatch(START, before) is not None
    joined = re.search(rf"(?:{JOINED})$", before) and not SUBJECT.search(re.sub(rf"(?:{JOINED})$", "", before))
    if not (first or joined) or re.match(r"[`‹]", rest) or re.search(rf"{BUTTON}$", sentence[: found.end("verb") + 1]):
        return False
    if verb in HAND.split("|"):
        return True
    if verb in ("look", "watch", "read"):
        return DONE not in sentence and re.match(SIGHT, rest) is not None
    return re.match(rf"{POINT}|{PART}", rest) is not None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_no_instruction_is_without_its_link(path):
    assert instructions(source(path)) == []


TOLD_BEFORE = (
    "Choose **Perfect, but not 0**. Every question stands on its answer.",
    "In [the explorer](#the-explorer), choose **Predict: one move**; it brings its loss along.",
    "Choose the situation **Everything collapsed** and the loss **ContrastiveLoss**.",
    "Drag E towards C yourself and watch the chart.",
    "1. In **Start**, set the margin to 0. When is the loss 0?",
    "Nothing pulls and nothing pushes. *Play*: everything runs onto one point.",
    "Press the cure, which nudges two points by ten degrees, then *Play*.",
    "*Reset*, press the cure, and read the norm again.",
    "Open the folds and look for the creases.",
    "Switch [the explorer](#labelled-sentences-explorer) to BatchAllTripletLoss.",
    "Touch the dot of A, *stock falls*.",
    "Answer, and then drag C round the circle.",
    "The chart is exact there too. Move the scale down to 1 and watch the shares level out.",
    "Put a point exactly opposite its positive partner.",
    "Look at both fields, and turn B towards A.",
    "Then switch to **MultipleNegativesRankingLoss**.",
    "Set **distance** to *euclidean*.",
    "Watch the strip below the plane.",
    "If the loss is 0, press a cure.",
    "[Play it](#triplets?situation=start&play), then move the margin to 2.",
    "One on the scale of the gaps. Move it: [labelled pairs](#which-margin-pairs).",
    "- **A single sentence.** In the first explorer nothing moves.",
)

DONE_OR_NONE = (
    "[Choose a batch](#triplets?situation=easy) that is easy. The loss is 0.",
    "[Drag E towards C](#labelled-sentences?situation=not-the-hardest&E=0.75,0.45) and watch the chart.",
    "First, [predict what C notices](#labelled-sentences?situation=start&ask).",
    "Move [A](triplets.ipynb#triplets?situation=start&A=0,0).",
    "## Move it",
    "*Play* takes the steps of training, one after the other.",
    "You drag F right beside A, and the loss stays.",
    "Set `scale=20.0`; the default is 20.",
    "In sentence-transformers, set `batch_sampler=BatchSamplers.GROUP_BY_LABEL`.",
    "Take a margin of the size of these gaps.",
    "Whichever point you choose, borders show where it would have another hardest negative.",
    "A loss pulls one positive and pushes one negative, and leaves all the others alone.",
    "For each loss you will\\n\\n1. tap, draw, or put a point where it goes,\\n2. read the code.".replace("\\n", "\n"),
    "Put them into different rows, and never two of them into one batch.",
    "Read it like this:",
    "```python\nexplorer.play()\n```",
    "Turned by half, the surface is the same.",
    "The number of steps can be set to 5, and played again.",
)


@pytest.mark.parametrize("text", TOLD_BEFORE)
def test_an_instruction_is_found(text):
    assert instructions(text)


@pytest.mark.parametrize("text", DONE_OR_NONE)
def test_what_is_done_by_a_link_or_is_none_is_not_found(text):
    assert instructions(text) == []


def test_every_page_is_looked_through():
    assert {"index", "labelled_pairs", "positive_pairs", "questions", "triplets"} <= {path.stem for path in PAGES}
    assert sum(len(sentences(plain(source(path)))) for path in PAGES) > 500
