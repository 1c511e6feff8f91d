"""From a file, a data set or columns to rows that a loss can take: what each column is, which losses fit, what is
wrong. A row that cannot be used is told with its number and its column; the first is row 0, as ``dataset[0]`` has it.
"""

import csv
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from lossviz.inputs import InputType, wrong

SAMPLE = 2000  # rows from which a column's kind is read
MOST = 0.9  # of its cells that have to be of that kind: a few broken ones do not change what it is
FEW_CLASSES = 0.5  # of the cells: short words that are repeated at least twice on average are classes, not sentences
LONGEST_CLASS = 40  # letters
NLI = ("entailment", "neutral", "contradiction")  # the order of the numbers that the field gives them

# Words of headers, in the order of the arguments. What is not here keeps its place in the file.
HEADERS = (
    "anchor query question sentence sentence1 sentence_1 sentence_a sentencea text text1 text_1 text_a premise first",
    "positive pos answer other sentence2 sentence_2 sentence_b sentenceb text2 text_2 text_b hypothesis second "
    "document passage response context",
    "negative neg negative_1 hard_negative sentence3 sentence_3 third",
)
PLACES = {word: place for place, words in enumerate(HEADERS) for word in words.split()}
SCORES = {"score", "scores", "similarity", "similarity_score", "sim", "rating", "grade"}
LABELS = {"label", "labels", "class", "category", "target", "gold_label", "is_duplicate"}
NUMBERS = {"id", "idx", "index", "guid", "pair_id", "row"}

READERS = {  # the end of a file's name → the field's reader
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}

# What labels of a kind are made from, what suits them best first.
KINDS = {"label": ("label",), "score": ("score", "label"), "class": ("class", "label")}


@dataclass(frozen=True)
class Column:
    """``kind``: "text", "label" (1 or 0), "class", "score" or "unused"; ``why`` it was taken for that; the names of
    ``classes``, where they are words; ``usual``: the lowest and the highest number of nearly all cells."""

    name: str
    kind: str
    why: str
    classes: tuple[str, ...] = ()
    usual: tuple[float, float] | None = None


@dataclass(frozen=True)
class Table:
    """Columns, and rows as dicts, which can be gone through again; ``count`` where it is known beforehand."""

    columns: tuple[Column, ...]
    rows: Callable[[], Iterable[Mapping]]
    count: int | None = None

    def of(self, *kinds: str) -> list[Column]:
        return [each for each in self.columns if each.kind in kinds]


@dataclass(frozen=True)
class Fault:
    """A cell that cannot be used, or is to be looked at."""

    row: int
    column: str
    said: str
    left_out: bool = True

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.said}{'; the row was left out' if self.left_out else ''}"


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of the data: the number of each, argument → texts, labels."""

    places: tuple[int, ...]
    texts: dict[str, tuple[str, ...]]
    labels: Tensor | None


@dataclass
class Found:
    """What one pass through the data found: batches, faults, how many rows there are."""

    batches: list[Rows] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    count: int = 0


# ---- the data


def table(data: object) -> Table:
    """The data as a table: the path of a file or of a saved data set, a ``datasets.Dataset``, a dict of columns, or a
    list of dicts, of tuples or of texts. Raises ValueError for anything else, and for what cannot be read."""
    if isinstance(data, Table):
        return data
    if isinstance(data, (str, Path)):
        data = _opened(Path(data))
    if isinstance(data, Mapping):
        data = _of_mapping(data)
    if isinstance(data, Sequence) and not isinstance(data, str):
        data = [_as_dict(each) for each in data]
    if not isinstance(data, Iterable) or isinstance(data, str):
        raise wrong("data", "a path, a Dataset, columns or rows", type(data).__name__)
    count = len(data) if hasattr(data, "__len__") else None
    sample = list(islice(iter(data), SAMPLE))
    if not sample:
        raise wrong("data", "at least one row", "none")
    names = dict.fromkeys(name for row in sample for name in row)
    return Table(tuple(_column(name, [row.get(name) for row in sample]) for name in names), lambda: data, count)


def _opened(path: Path) -> object:
    datasets = _datasets()
    if not path.exists():
        raise wrong("data", "a file or the folder of a data set", f"{path}, which does not exist")
    if path.is_dir():
        return _chosen(datasets.load_from_disk(str(path)))
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise wrong("data", f"a file that ends in {', '.join(READERS)}, or a folder", path.name)
    settings = {"data_files": str(path), "split": "train", "streaming": True}

    def load() -> Iterable[Mapping]:
        words = _as_written(path, "\t" if suffix == ".tsv" else ",") if READERS[suffix] == "csv" else {}
        return datasets.load_dataset(READERS[suffix], **settings, **words)

    return _Stream(path, load)


def _as_written(path: Path, separator: str) -> dict[str, object]:
    """How cells are read as words, whatever they look like: "NA" is a word too, and a number may be wrong."""
    from datasets import Features, Value

    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file, delimiter=separator), [])
    if len(set(names)) < len(names):
        raise ValueError(f"two columns of one name among {', '.join(names)}")
    features = Features({name: Value("string") for name in names})
    return {"sep": separator, "keep_default_na": False, "encoding": "utf-8-sig", "features": features}


class _Stream:
    """A file that is read as it is gone through. What stops the reading is said with the name of the file."""

    def __init__(self, path: Path, load: Callable[[], Iterable[Mapping]]) -> None:
        self.path, self.load = path, load

    def __iter__(self) -> Iterator[Mapping]:
        try:
            yield from self.load()
        except Exception as error:  # of the field's readers, which have many
            cause = error.__cause__ or error.__context__ or error
            raise wrong("data", f"a file that can be read to its end, {self.path}", str(cause).strip()) from None


def _datasets() -> object:
    try:
        import datasets
    except ImportError:
        raise ImportError("data: files are read by datasets: run pip install datasets") from None
    return datasets


def _chosen(data: object) -> object:
    """Of several splits the one to train on."""
    return (data.get("train") or next(iter(data.values()))) if isinstance(data, Mapping) else data


def _of_mapping(data: Mapping) -> object:
    if all(hasattr(each, "column_names") for each in data.values()):
        return _chosen(data)
    lengths = {name: len(each) for name, each in data.items()}
    if len(set(lengths.values())) > 1:
        raise wrong("data", "columns of one length", ", ".join(f"{name} {each}" for name, each in lengths.items()))
    return [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]


def _as_dict(row: object) -> Mapping:
    if isinstance(row, Mapping):
        return row
    cells = row if isinstance(row, (list, tuple)) else [row]
    return {f"column {k}": cell for k, cell in enumerate(cells)}


# ---- what a column is


def _column(name: str, cells: list[object]) -> Column:
    filled = [each for each in cells if not _is_empty(each)]
    numbers = [number for each in filled if (number := _number(each)) is not None]
    header = name.strip().lower()
    if not filled:
        return Column(name, "unused", "it is empty")
    if len(numbers) >= MOST * len(filled):
        return _of_numbers(name, header, numbers)
    words = [each for each in filled if isinstance(each, str)]
    if len(words) < MOST * len(filled):
        return Column(name, "unused", f"it holds {type(filled[0]).__name__}")
    return _of_words(name, header, words)


def _of_words(name: str, header: str, words: list[str]) -> Column:
    kinds = sorted(set(words))
    few = len(kinds) <= FEW_CLASSES * len(words) and max(map(len, kinds)) <= LONGEST_CLASS
    if header in LABELS or (few and header not in PLACES):
        known = [each for each in NLI if each in {kind.lower() for kind in kinds}]
        if len(known) == len(kinds):
            kinds = sorted(kinds, key=lambda each: NLI.index(each.lower()))
        return Column(name, "class", f"{len(kinds)} words, repeated: {', '.join(kinds[:4])}", tuple(kinds))
    return Column(name, "text", "the header" if header in PLACES else "words")


def _of_numbers(name: str, header: str, numbers: list[float]) -> Column:
    usual = _usual(numbers)
    whole = all(each == int(each) for each in numbers)
    says = f"numbers from {usual[0]:g} to {usual[1]:g}"
    if header in NUMBERS or (whole and len(set(numbers)) == len(numbers) > 2 and header not in SCORES | LABELS):
        return Column(name, "unused", "numbers that only count the rows")
    binary = sum(each in (0, 1) for each in numbers) >= MOST * len(numbers)
    if binary and header not in SCORES:
        return Column(name, "label", "1 and 0", usual=(0, 1))
    if whole and header not in SCORES:
        seen = (min(numbers), max(numbers))
        return Column(name, "class", f"whole numbers, {len(set(numbers))} of them", usual=seen)
    return Column(name, "score", says, usual=usual)


def _usual(numbers: list[float]) -> tuple[float, float]:
    """The lowest and the highest, without the few that lie far out: the range of scores is one that people use."""
    for low, high in ((0, 1), (-1, 1), (0, 5), (1, 5), (0, 10), (0, 100)):
        if sum(low <= each <= high for each in numbers) >= MOST * len(numbers):
            return (low, high)
    return (min(numbers), max(numbers))


def _is_empty(cell: object) -> bool:
    if isinstance(cell, str):
        return not cell.strip()
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def _number(cell: object) -> float | None:
    """What a cell says as a finite number; None for anything else."""
    try:
        number = float(cell) if isinstance(cell, (str, int, float)) else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None


# ---- which loss takes them


def roles(inputs: InputType, columns: Sequence[Column]) -> dict[str, Column]:
    """Argument → the column that it is made from. Raises ValueError saying why these columns do not fit."""
    texts = _in_order([each for each in columns if each.kind == "text"])
    alone = inputs.twins and inputs.labels is None
    needed = 1 if alone else len(inputs.rows)
    if len(texts) < needed:
        raise ValueError(f"takes {_sentences(needed)} a row, and there {_is_of_text(texts)}")
    if alone:
        found = dict.fromkeys(inputs.rows, texts[0])
    else:
        more = texts if inputs.more else texts[:needed]
        found = dict(zip(inputs.fitted(len(more) + (inputs.labels is not None)).rows, more, strict=True))
    if inputs.labels is None:
        return found
    kinds = KINDS[inputs.labels.kind]
    labels = [each for kind in kinds for each in columns if each.kind == kind]
    if not labels:
        raise ValueError(f"takes {inputs.labels.meaning}, and no column has them")
    return found | {inputs.label: labels[0]}


def spare(inputs: InputType, columns: Sequence[Column]) -> str | None:
    """Why the loss would leave out a part of the data; None where it reads all of it, in the way that suits it best."""
    found = roles(inputs, columns)
    if inputs.twins and inputs.labels:
        return f"takes {inputs.shape}"
    left = [each for each in columns if each.kind != "unused" and each not in found.values()]
    if left:
        return f"would leave out {', '.join(each.name for each in left)}"
    if inputs.labels and found[inputs.label].kind != KINDS[inputs.labels.kind][0]:
        return f"takes {inputs.labels.meaning}; {found[inputs.label].name} holds 1 and 0 alone"
    return None


def _sentences(count: int) -> str:
    return "one sentence" if count == 1 else f"{count} sentences"


def _is_of_text(texts: list[Column]) -> str:
    names = ", ".join(each.name for each in texts)
    return "is no column of text" if not texts else f"{'is' if len(texts) == 1 else 'are'} only {names}"


def _in_order(texts: list[Column]) -> list[Column]:
    """By their headers, where these are known; the others fill what is left, as they stand in the file."""
    places = [_place(each.name.strip().lower()) for each in texts]
    free = iter(sorted(set(range(len(texts))) - set(places)))
    found = [(next(free, len(texts)) if place is None else place, k) for k, place in enumerate(places)]
    return [texts[k] for _, k in sorted(found)]


def _place(header: str) -> int | None:
    return 2 if header.startswith("neg") else PLACES.get(header)


# ---- the rows


def read(
    source: Table,
    taken: dict[str, Column],
    inputs: InputType,
    batches: int | None,
    batch_size: int,
    seed: int | None,
    seen: Callable[[Iterable[Mapping]], Iterable[Mapping]] = iter,
) -> Found:
    """Goes through all rows once. ``batches``: of so many rows each, drawn from all with the seed, or, without one, the
    first ones in their order; None for all of them. ``seen`` goes along, to show how far it is."""
    found, kept = Found(), []
    most = math.inf if batches is None else batches * batch_size
    draw = random.Random(seed)
    good = 0
    for place, row in enumerate(seen(source.rows())):
        found.count += 1
        cells, faults = _cells(place, row, taken, inputs)
        found.faults += faults
        if cells is None:
            continue
        good += 1
        if len(kept) < most:
            kept.append((place, cells))
        elif seed is not None and (k := draw.randrange(good)) < most:
            kept[k] = (place, cells)
    if seed is not None:
        draw.shuffle(kept)
    found.batches = [_rows(kept[k : k + batch_size], taken, inputs) for k in range(0, len(kept), batch_size)]
    return found


def _cells(place: int, row: Mapping, taken: dict[str, Column], inputs: InputType) -> tuple[dict | None, list[Fault]]:
    """Argument → what its cell says, or None; and what is wrong with them."""
    cells, faults = {}, []
    for name, column in taken.items():
        cell = row.get(column.name)
        value, said = _label(cell, column, inputs) if name == inputs.label and inputs.labels else _text(cell)
        cells[name] = value
        if said and not any(each.column == column.name for each in faults):
            faults.append(Fault(place, column.name, said, left_out=value is None))
    return (None if None in cells.values() else cells), faults


def _text(cell: object) -> tuple[str | None, str]:
    if isinstance(cell, str) and cell.strip():
        return cell, ""
    if _is_empty(cell):
        return None, "no text" if cell is None or isinstance(cell, float) else "an empty text"
    return None, f"expected a text, got {cell!r:.40}"


def _label(cell: object, column: Column, inputs: InputType) -> tuple[float | None, str]:
    if column.classes:
        known = cell in column.classes
        return (float(column.classes.index(cell)), "") if known else (None, f"expected a class, got {cell!r:.40}")
    number = _number(cell)
    if number is None:
        return None, "no label" if _is_empty(cell) else f"expected a number, got {cell!r:.40}"
    if not inputs.labels.allowed(torch.tensor([number])).all():
        return None, f"expected {inputs.labels.meaning}, got {number:g}"
    if column.usual is None or column.usual[0] <= number <= column.usual[1]:
        return number, ""
    if column.kind == "class":  # new classes are classes too, but for a classifier, which has one output for each
        new = f"class {number:g}, where the first rows have {column.usual[0]:g} to {column.usual[1]:g}"
        return (number, "") if inputs.labels.compared else (None, new)
    return number, f"{number:g}, where nearly all lie between {column.usual[0]:g} and {column.usual[1]:g}"


def _rows(kept: list[tuple[int, dict]], taken: dict[str, Column], inputs: InputType) -> Rows:
    names = [name for name in taken if not (inputs.labels and name == inputs.label)]
    labels = None
    if inputs.labels:
        labels = torch.tensor([cells[inputs.label] for _, cells in kept], dtype=torch.float64)
    texts = {name: tuple(cells[name] for _, cells in kept) for name in names}
    return Rows(tuple(place for place, _ in kept), texts, labels)
