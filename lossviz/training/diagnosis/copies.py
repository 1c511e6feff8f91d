"""Rows that say the same, anywhere in the data: a batch seldom holds both."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from lossviz.inputs import CLASSIFIED_PAIRS, InputType
from lossviz.training.diagnosis.checks.base import SHOWN, Finding, quoted

MOST_COMPARED = 2**19  # rows: at most 200 MB, whatever the data; those that follow are not compared


@dataclass
class Copies:
    """What the rows of data say, as one number each. Texts are compared without case, and with one space for many; of
    labelled pairs in either order, but for classes, which may ask for one (entailment).

    ``first``  what a row says → the first such row, and its label
    ``again``  the same, where several rows say it → each row and its label
    ``texts``  the same → its texts, to be shown
    """

    inputs: InputType
    first: dict[int, tuple[int, float | None]] = field(default_factory=dict)
    again: dict[int, dict[int, float | None]] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    compared: int = 0

    def add(self, place: int, cells: Mapping[str, object]) -> None:
        """A row: argument → its text, or its label."""
        if self.compared == MOST_COMPARED:
            return
        self.compared += 1
        texts = [cells[name] for name in self.inputs.rows]
        label = cells[self.inputs.label] if self.inputs.labels else None
        said = hash(self._key(texts))
        row, other = self.first.setdefault(said, (place, label))
        if row != place:
            self.again.setdefault(said, {row: other})[place] = label
            self.texts.setdefault(said, " | ".join(map(quoted, texts)))

    def _key(self, texts: list[str]) -> Hashable:
        plain = (" ".join(text.casefold().split()) for text in texts)
        ordered = self.inputs.labels is None or self.inputs.name == CLASSIFIED_PAIRS.name
        return tuple(plain) if ordered else frozenset(plain)

    def findings(self, told: Iterable[Finding]) -> list[Finding]:
        """What no batch has told whole of: copies, and labels that contradict each other."""
        apart = {said for said, rows in self.again.items() if len(set(rows.values())) > 1}
        listed = {each.name: set(each.rows) for each in told}
        copies, contradictions = self._copies(self.again.keys() - apart), self._contradictions(apart)
        in_batches = {copies: listed.get("duplicates", set()), contradictions: listed.get("contradictions", set())}
        return [each for each, known in in_batches.items() if not known.issuperset(each.rows)]

    def _copies(self, keys: set[int]) -> Finding:
        rows = self._rows(keys)
        return Finding(
            "copies",
            "Rows come several times in the data",
            f"{len(rows)} rows say what another row says, {len(rows) - len(keys)} of them again. Each counts again, "
            "and in one batch copies may be each other's negatives.",
            rows,
            self._shown(keys),
            "Drop the copies, or keep them out of one batch (BatchSamplers.NO_DUPLICATES in sentence-transformers).",
            "positive_pairs#duplicates",
        )

    def _contradictions(self, keys: set[int]) -> Finding:
        rows = self._rows(keys)
        return Finding(
            "contradictions",
            "Labels contradict each other",
            f"{len(rows)} rows of the data say the same as another row, with another label: the loss has a floor.",
            rows,
            self._shown(keys),
            "Decide which label is right, and drop the other row.",
            "labelled_sentences#stuck-at-the-margin",
        )

    def _rows(self, keys: Iterable[int]) -> tuple[int, ...]:
        return tuple(sorted(row for said in keys for row in self.again[said]))

    def _shown(self, keys: set[int]) -> tuple[str, ...]:
        """Some of them, each with at most so many rows."""
        found = [said for said in self.again if said in keys][:SHOWN]
        rows = [[self._with_label(*each) for each in self.again[said].items()] for said in found]
        return tuple(
            f"rows {', '.join(each[:SHOWN])}{', …' if len(each) > SHOWN else ''}: {self.texts[said]}"
            for said, each in zip(found, rows, strict=True)
        )

    @staticmethod
    def _with_label(row: int, label: float | None) -> str:
        return f"{row}" if label is None else f"{row} (label {label:g})"
