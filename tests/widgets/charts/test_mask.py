"""The mask of a loss that no chart knows: its matrix, and what becomes of each row where a row is a term."""

from dataclasses import dataclass

import torch
from torch import Tensor

from lossviz.inputs import LABELLED_SENTENCES, TRIPLETS
from lossviz.losses.base import Loss, Terms
from tests.widgets.charts.given import given_of

TABLE = "charts_mask.matrixTable({...given, reading: {terms: readings_terms.termsOf(given)}})"
SENTENCES = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], dtype=torch.float64)


@dataclass(frozen=True, eq=False)
class Spread(Loss):
    """Every sentence on an axis that nobody has heard of."""

    inputs = LABELLED_SENTENCES
    axes = ("corner",)

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        likeness = embeddings @ embeddings.mT
        return Terms(likeness, likeness.sum(-1))


@dataclass(frozen=True, eq=False)
class Volume(Loss):
    """Three numbers a row, of which no label says a side."""

    inputs = TRIPLETS
    axes = ("row", "kind")

    def define(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Terms:
        sizes = torch.stack([each.square().sum(-1) for each in (anchor, positive, negative)], -1)
        return Terms(sizes, sizes)


def words(rows: list[dict]) -> list[list[str]]:
    return [[cell["words"] for cell in row["cells"]] for row in rows]


def test_a_row_that_is_a_term_has_its_flags(javascript):
    table = javascript(TABLE, given_of(Spread(), SENTENCES, torch.tensor([0, 0, 1])))
    assert [name for name, _ in table["columns"]] == ["", "A", "B", "C", "valid", "active", "adds"]
    assert words(table["rows"])[0][1:] == ["·", "0.00", "0.60", "●", "●", "1.60000"]
    assert [row["index"] for row in table["rows"]] == [0, 1, 2]
    assert "positive" in table["rows"][0]["cells"][2]["look"] and "negative" in table["rows"][0]["cells"][3]["look"]


def test_a_matrix_without_sides_is_shown_as_it_is(javascript):
    table = javascript(TABLE, given_of(Volume(), SENTENCES[:2], SENTENCES[1:], 2 * SENTENCES[:2]))
    assert [name for name, _ in table["columns"]] == ["", "1", "2", "3"]
    assert words(table["rows"]) == [["1", "1.00", "1.00", "4.00"], ["2", "1.00", "1.00", "4.00"]]
    assert [row["index"] for row in table["rows"]] == [None, None]


def test_the_table_keeps_its_rows(javascript):
    """The row under the pointer stays while numbers change, and lights its term."""
    given = [given_of(Spread(), scale * SENTENCES, torch.tensor([0, 0, 1])) for scale in (1, 2)]
    found = javascript(
        """(() => {
          const lit = [];
          const view = charts_mask.createMask({}, {}, { light: (what) => lit.push(what) });
          const { termsOf, createGeneric } = readings_terms;
          const scenes = given.map((each) => ({
            ...each, lit: new Set([1]),
            reading: { chart: "none", terms: termsOf(each).map(createGeneric(each)) },
          }));
          view.draw(scenes[0]);
          const row = view.root.querySelectorAll("tbody tr")[1];
          row.dispatchEvent(new Event("pointerenter"));
          view.draw(scenes[1]);
          row.dispatchEvent(new Event("pointerleave"));
          const rows = [...view.root.querySelectorAll("tbody tr")];
          return { lit, kept: rows[1] === row, words: row.textContent, looks: rows.map((each) => each.className) };
        })()""",
        given,
    )
    assert found["lit"] == [{"kind": "term", "index": 1}, None]
    assert found["kept"] and found["words"] == "B0.00·3.20●yes●yes7.20000"
    assert found["looks"] == ["active faded", "active", "active faded"]
