"""What a column of data holds, by its header and by its cells."""

import math
import re
from collections import Counter
from dataclasses import dataclass

MOST = 0.9  # of its cells that have to be of that kind: a few broken ones do not change what it is
RARE = 0.01  # of its cells: a number beside 1 and 0 is a class of its own from there on, and below it a mistake
FILLED = 0.5  # of its cells, or a column whose header says nothing is a remark on a few rows
FEW_CLASSES = 0.5  # of the cells: short words that are repeated at least twice on average are classes, not sentences
MOST_CLASSES = 100  # of words, unless the header says that they are classes
LONGEST_CLASS = 40  # letters
LONGEST_HEADER = 3  # words
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
NUMBERS = {"id", "idx", "index", "guid", "pair_id", "row", "unnamed: 0", "__index_level_0__"}  # the latter of pandas
TRUTH = {"true": 1.0, "false": 0.0}
NEGATION = re.compile(r"(?:not|non|no)[ _-]*(.+)", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """``kind``: "text", "label" (1 or 0), "class", "score" or "unused"; ``why`` it was taken for that; the names of
    ``classes``, or of the labels 0 and 1, where they are words; ``usual``: the lowest and the highest number of nearly
    all cells."""

    name: str
    kind: str
    why: str
    classes: tuple[str, ...] = ()
    usual: tuple[float, float] | None = None


def column_of(name: str, cells: list[object]) -> Column:
    """What its header says, where this is known; else what its cells say."""
    filled = [each for each in cells if not is_empty(each)]
    numbers = [number for each in filled if (number := number_in(each)) is not None]
    said = [each for each in filled if isinstance(each, (str, int, float))]
    header = name.strip().lower()
    if not filled:
        return Column(name, "unused", "it is empty")
    if header in NUMBERS:
        return Column(name, "unused", "the header")
    if len(said) < MOST * len(filled):
        return Column(name, "unused", f"it holds {type(filled[0]).__name__}")
    if header in PLACES:
        return Column(name, "text", "the header")
    if header in SCORES:
        return Column(name, "score", "the header", usual=_usual(numbers))
    if len(numbers) >= MOST * len(filled):
        return _of_numbers(name, header, numbers)
    if len(filled) < FILLED * len(cells):
        return Column(name, "unused", f"{len(filled)} of {len(cells)} cells are filled")
    return _of_words(name, header, [str(each) for each in said])


def _of_words(name: str, header: str, words: list[str]) -> Column:
    kinds = sorted(set(words))
    few = len(kinds) <= min(MOST_CLASSES, FEW_CLASSES * len(words))
    if max(map(len, kinds)) <= LONGEST_CLASS and (few or header in LABELS):
        if said := _yes_and_no(words):
            return Column(name, "label", f"{said[1]} and its negation", said, usual=(0, 1))
        known = [each for each in NLI if each in {kind.lower() for kind in kinds}]
        if len(known) == len(kinds):
            kinds = sorted(kinds, key=lambda each: NLI.index(each.lower()))
        return Column(name, "class", f"{len(kinds)} words, repeated: {', '.join(kinds[:4])}", tuple(kinds))
    header_too = "; so does the header: is it a row?" if len(header.split()) > LONGEST_HEADER else ""
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
