"""What a column of data holds, by its header and by its cells."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lossviz.inputs import wrong

MOST = 0.9  # of its cells that have to be of that kind: a few broken ones do not change what it is
RARE = 0.01  # of its cells: a number beside 1 and 0 is a class of its own from there on, and below it a mistake
FILLED = 0.5  # of its cells, or a column whose header says nothing is a remark on a few rows
FEW_CLASSES = 0.5  # of the cells: short words that are repeated at least twice on average are classes, not sentences
MOST_CLASSES = 100  # of words, unless the header says that they are classes
LONGEST_CLASS = 40  # letters
LONGEST_HEADER = 3  # words
AS_A_ROW = "so does the header: is it a row?"
NLI = ("entailment", "neutral", "contradiction")  # the order of the numbers that the field gives them

# Words of headers, in the order of the arguments. What is not here keeps its place in the file.
HEADERS = (
    "anchor query question sentence sentence1 sentence_1 sentence_a sentencea text text1 text_1 text_a premise first",
    "positive pos answer other sentence2 sentence_2 sentence_b sentenceb text2 text_2 text_b hypothesis second "
    "document passage response context",
    "negative neg sentence3 sentence_3 third",
)
PLACES = {word: place for place, words in enumerate(HEADERS) for word in words.split()}
SCORES = {"score", "scores", "similarity", "similarity_score", "sim", "rating", "grade"}
LABELS = {"label", "labels", "class", "category", "target", "gold_label", "is_duplicate"}
NAMES_LABELS = {"label", "labels", "class", "category", "intent", "sentiment", "topic", "emotion", "relation"}  # a word
NUMBERS = {"key", "row", "qid", "pid", "docid", "unnamed: 0", "__index_level_0__"}  # the latter of pandas
IDS = {"id", "ids", "uuid", "guid", "idx", "index"}  # the last word of a header
WITHOUT_HEADER = re.compile(r"column \d+")

# What stands beside texts and is none: what it is → words of a header, and whether their cells have to be numbers.
BESIDE = {
    "a date": ({"date", "time", "timestamp", "datetime", "year"}, False),
    "an address": ({"url", "uri", "link", "href", "path", "file", "filename"}, False),
    "a language": ({"lang", "language", "locale"}, False),
    "a count": ({"votes", "count", "counts", "views", "length", "len", "likes", "upvotes", "clicks", "tokens"}, True),
}
LOOKS = {  # what it is → how nearly all of its cells look
    "an id": re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|(?=.*\d)[0-9a-f]{16,}", re.IGNORECASE),
    "a date": re.compile(
        r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([T ].*)?"
        r"|\d{1,2}\.? [A-Z]\w+\.?,? \d{4}|[A-Z]\w+\.? \d{1,2},? \d{4}"
    ),
    "an address": re.compile(r"(\w+://|www\.)\S+|(\.{0,2}/|[A-Za-z]:[\\/])\S+|\S+/\S+\.\w{1,5}|\S+@\S+\.\w+"),
}
LANGUAGE = re.compile(r"[a-z]{2}([-_]\w{2,4})?", re.IGNORECASE)
LANGUAGES = set(
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv nl no pl pt ro ru sk sl sr sv ta te th tr "
    "uk ur vi zh".split()
)
TRUTH = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}
NEGATION = re.compile(r"(?:not|non|no|dis|un|in|im|il|ir)[ _-]*(.+)", re.IGNORECASE)
FEW_WORDS = 5  # classes: beside so few, a rare word is a mistake ("-" of SNLI, where no two agreed)
NOTHING = set("NA N/A #N/A <NA> nan NaN None none null NULL".split())  # what an empty cell is written as


@dataclass(frozen=True)
class Column:
    """``kind``: "text", "label" (1 or 0), "class", "score" or "unused"; ``why`` it was taken for that; the names of
    ``classes``, or of the labels 0 and 1, where they are words; ``usual``: the lowest and the highest number of nearly
    all cells; ``otherwise``: the kind that its cells alone would make it, to a loss that asks for one; ``worded``:
    whether numbers came as yes and no."""

    name: str
    kind: str
    why: str
    classes: tuple[str, ...] = ()
    usual: tuple[float, float] | None = None
    otherwise: str = ""
    worded: bool = False

    def is_of(self, kind: str, asked: bool = False) -> bool:
        return kind == self.kind or (asked and kind == self.otherwise)


def columns_of(cells: dict[str, list[object]]) -> tuple[Column, ...]:
    """What each column holds, by its header, its cells and the columns beside it: an id, a date or an address beside a
    text is none, and beside two texts what repeats is a class only where the header says so."""
    found = {name: column_of(name, each) for name, each in cells.items()}
    beside = {name: _beside(each, cells[name]) for name, each in found.items() if each.kind != "unused"}
    texts = [name for name, said in beside.items() if found[name].kind == "text" and not said]
    for name, said in beside.items() if texts else ():
        if not said and len(texts) > 1 and found[name].kind == "class" and not _says_class(name):
            said = f"{found[name].why}; the header names no label"
        if said:
            found[name] = replace(found[name], kind="unused", why=said, otherwise=found[name].kind)
    return tuple(found.values())


def _words(header: str) -> list[str]:
    """ "pageViews", "page_views" → page, views."""
    return [each.lower() for each in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+|\d+", header)]


def _says_class(header: str) -> bool:
    known = header.strip().lower() in LABELS or NAMES_LABELS.intersection(_words(header))
    return bool(known or WITHOUT_HEADER.fullmatch(header))


def _beside(column: Column, cells: list[object]) -> str:
    """What a column is that is no text, label or score, though its cells could be; "" for one that is."""
    header = column.name.strip().lower()
    if header in PLACES or header in SCORES or _says_class(column.name):
        return ""
    filled = [each for each in cells if not is_empty(each)]
    words, said = set(_words(column.name)), [str(each).strip() for each in filled]
    is_number = column.kind in ("label", "class", "score")
    for what, (names, numbers) in BESIDE.items():
        if words & names and (is_number or not numbers) and len(words) <= LONGEST_HEADER:
            return f"{what}, by the header"
    for what, looks in LOOKS.items():
        if sum(bool(looks.fullmatch(each)) for each in said) >= MOST * len(said):
            return f"{what}, by its cells"
    if column.classes and all(LANGUAGE.fullmatch(each) and each[:2].lower() in LANGUAGES for each in said):
        return "a language, by its cells"
    return f"all cells are {said[0]!r:.40}" if len(said) > 2 and len(set(said)) == 1 else ""


def column_of(name: str, cells: list[object]) -> Column:
    """What its header says, where this is known; else what its cells say. Raises ValueError for lists of texts where
    the header says text."""
    filled = [each for each in cells if not is_empty(each)]
    numbers = [number for each in filled if (number := number_in(each)) is not None]
    said = [each for each in filled if isinstance(each, (str, int, float))]
    header = name.strip().lower()
    if not filled:
        return Column(name, "unused", "it is empty")
    if header in NUMBERS or (IDS.intersection(_words(name)[-1:]) and not _says_class(name)):
        return Column(name, "unused", "an id, by the header")
    lists = [each for each in filled if isinstance(each, (list, tuple))]
    if len(lists) > (1 - MOST) * len(filled):
        _check_no_texts(name, lists)
    if len(said) < MOST * len(filled):
        return Column(name, "unused", f"it holds {type(filled[0]).__name__}")
    if header in PLACES:
        return Column(name, "text", "the header")
    if header in SCORES:
        return Column(name, "score", "the header", usual=_usual(numbers))
    if len(numbers) >= MOST * len(filled):
        worded = any(str(each).strip().lower() in ("yes", "no") for each in said)
        return replace(_of_numbers(name, header, numbers), worded=worded)
    if len(filled) < FILLED * len(cells):
        return Column(name, "unused", f"{len(filled)} of {len(cells)} cells are filled")
    return _of_words(name, header, [str(each) for each in said])


def _check_no_texts(name: str, lists: Sequence[Sequence]) -> None:
    if place_of(name) is not None and any(isinstance(each, str) for cell in lists for each in cell):
        expected = f"one text in each cell of {name} (a row for each: the explode({name!r}) of a DataFrame, say)"
        raise wrong("data", expected, "lists of texts")


def place_of(name: str) -> int | None:
    """Which argument, in their order, a header names; None where it names none."""
    header = name.strip().lower()
    return 2 if header.startswith("neg") or "negative" in header else PLACES.get(header)


def _of_words(name: str, header: str, words: list[str]) -> Column:
    kinds = sorted(set(words))
    few = len(kinds) <= min(MOST_CLASSES, FEW_CLASSES * len(words))
    if max(map(len, kinds)) <= LONGEST_CLASS and (few or header in LABELS):
        if said := _yes_and_no(words):
            return Column(name, "label", f"{said[1]} and its negation", said, usual=(0, 1))
        counts, class_from = Counter(words), max(2, RARE * len(words))
        usual = [each for each in kinds if counts[each] >= class_from]
        if 1 < len(usual) <= FEW_WORDS and sum(counts[each] for each in usual) >= MOST * len(words):
            kinds = usual
        known = [each for each in NLI if each in {kind.lower() for kind in kinds}]
        if len(known) == len(kinds):
            kinds = sorted(kinds, key=lambda each: NLI.index(each.lower()))
        return Column(name, "class", f"{len(kinds)} words, repeated: {', '.join(kinds[:4])}", tuple(kinds))
    header_too = f"; {AS_A_ROW}" if len(header.split()) > LONGEST_HEADER else ""
    return Column(name, "text", f"words{header_too}")


def _yes_and_no(words: list[str]) -> tuple[str, str] | None:
    """Of two words of which one negates the other, where nearly all are these, the one for 0 and the one for 1."""
    (one, ones), (other, others) = [*Counter(words).most_common(2), ("", 0)][:2]
    for no, yes in ((one, other), (other, one)) if ones + others >= MOST * len(words) else ():
        if NEGATION.fullmatch(no) and NEGATION.fullmatch(no)[1].lower() == yes.lower():
            return no, yes
    return None


def _of_numbers(name: str, header: str, numbers: list[float]) -> Column:
    whole = all(each == int(each) for each in numbers)
    if whole and len(set(numbers)) == len(numbers) > 2 and header not in LABELS:
        return Column(name, "unused", "numbers that only count the rows")
    if _binary(numbers):
        return Column(name, "label", "1 and 0", usual=(0, 1))
    if whole:
        known = [each for each in numbers if each >= 0]  # a few below say that the class is not known
        seen = known if len(known) >= MOST * len(numbers) else numbers
        return Column(name, "class", f"whole numbers, {len(set(numbers))} of them", usual=(min(seen), max(seen)))
    usual = _usual(numbers)
    return Column(name, "score", f"numbers from {usual[0]:g} to {usual[1]:g}", usual=usual)


def _binary(numbers: list[float]) -> bool:
    """Nearly all are 1 or 0, and what else there is forms no class."""
    others = Counter(each for each in numbers if each not in (0, 1))
    class_from = max(2, RARE * len(numbers))
    return others.total() <= (1 - MOST) * len(numbers) and all(
        count < class_from for each, count in others.items() if each == int(each)
    )


def _usual(numbers: list[float]) -> tuple[float, float]:
    """The lowest and the highest, without the few that lie far out: the range of scores is one that people use."""
    for low, high in ((0, 1), (-1, 1), (0, 5), (1, 5), (0, 10), (0, 100)):
        if sum(low <= each <= high for each in numbers) >= MOST * len(numbers):
            return (low, high)
    return (min(numbers), max(numbers))


def plain(cell: object) -> object:
    """A number of numpy or torch as one of Python."""
    return cell.item() if hasattr(cell, "item") and getattr(cell, "ndim", 0) == 0 else cell


def is_empty(cell: object) -> bool:
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def number_in(cell: object) -> float | None:
    """What a cell says as a finite number, "True" as 1; None for anything else."""
    if isinstance(cell, str):
        cell = TRUTH.get(cell.strip().lower(), cell)
    try:
        number = float(cell) if isinstance(cell, (str, int, float)) else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None
