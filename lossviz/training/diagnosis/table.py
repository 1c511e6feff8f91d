"""Data in the forms in which people have them, as a table that can be gone through again and again."""

import csv
import glob
import heapq
import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from lossviz.inputs import wrong
from lossviz.training.diagnosis.columns import Column, columns_of, plain

SAMPLE = 2000  # rows from which a column's kind is read, drawn from all: a file may be sorted
LONGEST_CELL = 2**31 - 1  # letters
ENDS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet")  # of names of files


@dataclass(frozen=True)
class Table:
    """Columns, and rows as dicts, which can be gone through again; ``lines``: whether a cell may have several."""

    columns: tuple[Column, ...]
    rows: Iterable[Mapping]
    lines: bool = True


def table(data: object, seen: Callable[[Iterable], Iterable] = iter) -> Table:
    """The data as a table: the path of a file or of a saved data set, a ``datasets.Dataset``, a DataFrame, a dict of
    columns, or a list of dicts, of tuples or of texts. ``seen`` goes along, to show how far it is. Raises ValueError
    for anything else, and for what cannot be read."""
    if isinstance(data, Table):
        return data
    if isinstance(data, (str, Path)):
        data = _opened(Path(data))
    if hasattr(data, "itertuples"):  # a DataFrame
        data = data.to_dict("list")
    if isinstance(data, Mapping):
        data = _of_mapping(data)
    if not isinstance(data, Iterable):
        raise wrong("data", "a path, a Dataset, columns or rows", type(data).__name__)
    if isinstance(data, Sequence) or iter(data) is data:  # the latter can be gone through once only
        data = [_as_dict(each) for each in data]
    sample = _drawn(seen(data))
    if not sample:
        raise wrong("data", "at least one row", "none")
    for row in sample:
        if not isinstance(row, Mapping):
            raise wrong("data", "rows as dicts", type(row).__name__)
    names = dict.fromkeys(name for row in sample for name in row)
    cells = {name: [plain(row.get(name)) for row in sample] for name in names}
    return Table(columns_of(cells), data, lines=not (isinstance(data, _Stream) and data.path.suffix.lower() == ".tsv"))


def _drawn(rows: Iterable) -> list:
    """So many of all rows, in their order."""
    draw = random.Random(0)
    places = heapq.nsmallest(SAMPLE, enumerate(rows), key=lambda _: draw.random())
    return [row for _, row in sorted(places, key=lambda each: each[0])]


def _opened(path: Path) -> object:
    datasets = _datasets()
    if not path.exists():
        raise wrong("data", "a file or the folder of a data set", f"{path}, which does not exist")
    if path.is_dir():
        return _chosen(datasets.load_from_disk(str(path)))
    suffix = path.suffix.lower()
    if suffix not in ENDS:
        raise wrong("data", f"a file that ends in {', '.join(ENDS)}, or a folder", path.name)
    if "json" in suffix:
        return _Stream(path, lambda: _of_json(path))
    settings = {"data_files": glob.escape(str(path)), "split": "train", "streaming": True}

    def load() -> Iterable[Mapping]:
        if suffix == ".parquet":
            return datasets.load_dataset("parquet", **settings)
        return datasets.load_dataset("csv", **settings, **_as_written(path, "\t" if suffix == ".tsv" else ","))

    return _Stream(path, load)


def _of_json(path: Path) -> Iterator[Mapping]:
    """An object in each line, read one by one, for ``datasets`` takes the types of the first lines for those of all. A
    file that ends in .json may also hold one list of objects, or one object of columns."""
    with path.open(encoding="utf-8-sig") as file:
        lines = [(k, line) for k, line in enumerate(islice(file, 2), 1)]
        if path.suffix.lower() == ".json" and not _is_by_line([line for _, line in lines]):
            data = json.loads("".join(line for _, line in lines) + file.read())
            yield from table(data).rows
            return
        filled = (each for each in chain(lines, enumerate(file, 3)) if each[1].strip())
        for row, (number, line) in enumerate(filled):
            yield _object(row, number, line)


def _is_by_line(lines: list[str]) -> bool:
    """Whether the first line is an object, and no object of columns that would be the whole file."""
    try:
        first = json.loads(lines[0])
    except (json.JSONDecodeError, IndexError):
        return False
    columns = len(lines) == 1 and isinstance(first, Mapping) and all(isinstance(each, list) for each in first.values())
    return isinstance(first, Mapping) and not columns


def _object(row: int, number: int, line: str) -> Mapping:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"row {row} (line {number}): {error.msg}, at letter {error.pos + 1}") from None
    if not isinstance(found, Mapping):
        raise ValueError(f"row {row} (line {number}): a {type(found).__name__}, which is no object of columns")
    return found


def _as_written(path: Path, separator: str) -> dict[str, object]:
    """How cells are read as words, whatever they look like: "NA" is a word too, and a number may be wrong."""
    from datasets import Features, Value

    names, first = _two_rows(path, separator)
    if len(names) == 1 and (others := [each for each in "\t;|," if each in names[0]]):
        separator = others[0]
        names, first = _two_rows(path, separator)
    names, spare = _named(names, first), first[len(names) :]
    if any(spare):
        raise ValueError(f"{len(first)} cells in the first row, where the header has {len(first) - len(spare)}")
    if len(set(names)) < len(names):
        raise ValueError(f"two columns of one name among {', '.join(names)}")
    cells = {"column_names": names, "features": Features({name: Value("string") for name in names})}
    return {"sep": separator, "header": 0, "keep_default_na": False, "encoding": "utf-8-sig", **cells}


def _two_rows(path: Path, separator: str) -> tuple[list[str], list[str]]:
    """The header and the first row, without empty lines."""
    usual = csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = (row for row in csv.reader(file, delimiter=separator) if len(row) > 1 or "".join(row).strip())
            return next(rows, []), next(rows, [])
    finally:
        csv.field_size_limit(usual)


def _named(names: list[str], first: list[str]) -> list[str]:
    """A name for each cell of the first row: pandas writes its index without one, others end all rows in a comma."""
    names = names + [""] * (len(first) - len(names))
    return [name or f"Unnamed: {k}" for k, name in enumerate(names)]


class _Stream:
    """A file that is read as it is gone through. What stops the reading is said with the name of the file."""

    def __init__(self, path: Path, load: Callable[[], Iterable[Mapping]]) -> None:
        self.path, self.load = path, load

    def __iter__(self) -> Iterator[Mapping]:
        try:
            yield from self.load()
        except Exception as error:  # of the field's readers, which have many
            cause = error if error.__suppress_context__ else error.__context__ or error
            cause = error.__cause__ or cause
            coding = " (it is not in UTF-8: save it as that)" if isinstance(cause, UnicodeError) else ""
            raise wrong(
                "data", f"a file that can be read to its end, {self.path}", f"{cause}".strip() + coding
            ) from None


def _datasets() -> object:
    try:
        import datasets
    except ImportError:
        raise ImportError("data: files are read by datasets: run pip install datasets") from None
    return datasets


def _chosen(data: object) -> object:
    """Of several splits the one to train on. Raises ValueError where none of several is called so."""
    if not isinstance(data, Mapping):
        return data
    if "train" not in data and len(data) > 1:
        raise wrong("data", "one data set, or splits of which one is train", f"{', '.join(data)}: give one of them")
    return data.get("train") or next(iter(data.values()))


def _of_mapping(data: Mapping) -> object:
    if data and all(hasattr(each, "column_names") for each in data.values()):
        return _chosen(data)
    for name, each in data.items():
        if isinstance(each, str) or not hasattr(each, "__len__"):
            raise wrong("data", "columns that are lists of cells", f"{name}, of type {type(each).__name__}")
    lengths = {name: len(each) for name, each in data.items()}
    if len(set(lengths.values())) > 1:
        raise wrong("data", "columns of one length", ", ".join(f"{name} {each}" for name, each in lengths.items()))
    return [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]


def _as_dict(row: object) -> Mapping:
    if isinstance(row, Mapping):
        return row
    cells = row if isinstance(row, (list, tuple)) else [row]
    return dict(zip(numbered(len(cells)), cells, strict=True))


def numbered(count: int) -> list[str]:
    """The names of columns that come without."""
    return [f"column {k}" for k in range(count)]
