"""Files and columns: what each is taken for, which losses fit, what is wrong with a cell."""

import json

import datasets
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import lossviz
from lossviz.catalogue import ENTRIES
from lossviz.training import diagnosis
from lossviz.training.diagnosis import diagnose, read
from lossviz.training.diagnosis.table import Table, table
from tests.training.diagnosis.given import (
    ByHeart,
    classified_pairs,
    labelled_pairs,
    labelled_sentences,
    positive_pairs,
    scored_pairs,
    triplets,
)

DATA = {
    "labelled_pairs": (labelled_pairs, ("sentence1", "sentence2", "label")),
    "labelled_sentences": (labelled_sentences, ("text", "category")),
    "scored_pairs": (scored_pairs, ("sentence1", "sentence2", "score")),
    "classified_pairs": (classified_pairs, ("premise", "hypothesis", "label")),
    "triplets": (triplets, ("anchor", "positive", "negative")),
    "positive_pairs": (positive_pairs, ("question", "answer")),
    "unlabelled": (lambda: [(text,) for text, _ in labelled_sentences()], ("text",)),
}


def columns(name: str) -> dict[str, list]:
    rows, names = DATA[name]
    return dict(zip(names, map(list, zip(*rows(), strict=True)), strict=True))


def kinds(source: Table) -> dict[str, str]:
    return {each.name: each.kind for each in source.columns}


# ---- one answer, however the data come


def as_csv(data, path):
    data.to_csv(path / "data.csv", index=False)
    return path / "data.csv"


def as_tsv(data, path):
    data.to_csv(path / "data.tsv", index=False, sep="\t")
    return path / "data.tsv"


def as_jsonl(data, path):
    data.to_json(path / "data.jsonl", orient="records", lines=True)
    return str(path / "data.jsonl")


def as_parquet(data, path):
    data.to_parquet(path / "data.parquet")
    return path / "data.parquet"


def as_saved(data, path):
    data.save_to_disk(path / "saved")
    return path / "saved"


def as_splits(data, path):
    return datasets.DatasetDict({"test": data.select([0]), "train": data})


FORMS = [
    lambda data, path: data,
    lambda data, path: data.to_iterable_dataset(),
    lambda data, path: data.to_dict(),
    lambda data, path: data.to_list(),
    as_csv,
    as_tsv,
    as_jsonl,
    as_parquet,
    as_saved,
    as_splits,
]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_data_gives_the_same_report(form, tmp_path):
    data = datasets.Dataset.from_dict(columns("labelled_pairs"))
    expected = diagnose(ByHeart(), None, columns("labelled_pairs"), batch_size=8)
    assert str(diagnose(ByHeart(), None, form(data, tmp_path), batch_size=8)) == str(expected)


# ---- columns


@pytest.mark.parametrize("name", DATA)
def test_the_input_type_is_found_and_a_loss_is_proposed(name):
    first = {each.loss.inputs.name: each.loss for each in ENTRIES if each.first}
    wanted = first.get(name, first["positive_pairs"])  # the book begins with the ranking loss for triplets too
    report = diagnose(ByHeart(), None, columns(name))
    assert type(report.loss) is wanted


def test_the_book_says_the_same_of_where_to_begin():
    with open("book/index.ipynb", encoding="utf-8") as file:
        cells = ["".join(cell["source"]) for cell in json.load(file)["cells"]]
    table = next(cell for cell in cells if "| begin with |" in cell).replace("<wbr>", "")
    rows = [line.split("|")[2].strip() for line in table.splitlines() if line.startswith("| [")]
    assert set(rows) == {each.loss.__name__ for each in ENTRIES if each.first}


@pytest.mark.parametrize("name", DATA)
def test_the_order_of_columns_with_known_names_does_not_matter(name):
    given = columns(name)
    turned = {key: given[key] for key in reversed(given)}
    expected, found = (diagnose(ByHeart(), None, each) for each in (given, turned))
    assert found.looks[0].texts == expected.looks[0].texts
    assert found.looks[0].value == expected.looks[0].value


def test_negatives_come_last_in_their_order():
    texts = [f"text {k}" for k in range(9)]
    given = {"hard_negative_1": texts, "neg": texts, "answer": texts, "passage_negative": texts, "query": texts}
    taken = read.roles(lossviz.MultipleNegativesRankingLoss.inputs, table(given).columns)
    assert [each.name for each in taken.values()] == ["query", "answer", "hard_negative_1", "neg", "passage_negative"]


def test_names_that_say_nothing_keep_their_order():
    given = columns("positive_pairs")
    named = dict(zip(("foo", "bar"), given.values(), strict=True))
    taken = read.roles(lossviz.MultipleNegativesRankingLoss.inputs, table(named).columns)
    assert [each.name for each in taken.values()] == ["foo", "bar"]


def test_what_only_counts_the_rows_is_not_used():
    given = {"id": list(range(len(positive_pairs()))), **columns("positive_pairs")}
    assert kinds(table(given)) == {"id": "unused", "question": "text", "answer": "text"}


def test_words_of_nli_become_the_numbers_of_the_field():
    names = ("entailment", "neutral", "contradiction")
    given = columns("classified_pairs")
    worded = given | {"label": [names[k] for k in given["label"]]}
    expected, found = (diagnose(ByHeart(), None, each) for each in (given, worded))
    assert torch.equal(found.looks[0].labels, expected.looks[0].labels)


@pytest.mark.parametrize("name", DATA)
def test_every_loss_fits_or_says_why_not(name):
    source = table(columns(name))
    why = {each.loss: diagnosis.unfit(each.loss, source) for each in ENTRIES}
    fitting = {loss for loss, each in why.items() if not each}
    own = {each.loss for each in ENTRIES if each.loss.inputs.name == name}
    assert own <= fitting
    for loss in fitting:
        made = diagnosis.made(loss, source, ByHeart())
        assert diagnose(ByHeart(), made, source).looks[0].value >= 0


def test_no_fitting_column_is_an_error_that_says_what_there_is():
    with pytest.raises(ValueError, match=r"data: expected columns for TripletLoss, got text \(text\): it takes 3 sent"):
        diagnose(ByHeart(), lossviz.TripletLoss(), columns("unlabelled"))
    with pytest.raises(ValueError, match="data: expected columns that some loss takes, got n .class."):
        diagnose(ByHeart(), None, {"n": [1, 1, 2, 2]})


# ---- cells


def faults_of(name: str, **changed) -> list[str]:
    """The faults of a table in which some cells (row → what it holds) are others."""
    given = columns(name)
    for column, cells in changed.items():
        for row, cell in cells.items():
            given[column][row] = cell
    report = diagnose(ByHeart(), None, given, batches=None)
    left_out = {each.row for each in report.faults if each.left_out}
    assert sum(each.count for each in report.looks) == report.count - len(left_out)  # nothing is lost
    return [str(each) for each in report.faults]


@pytest.mark.parametrize("empty", ["", " \n", None, float("nan")])
def test_a_text_that_is_none_is_told_with_row_and_column(empty):
    (said,) = faults_of("positive_pairs", answer={3: empty})
    assert said.startswith("row 3, column answer: ") and said.endswith("the row was left out")


def test_a_score_of_7_is_told_though_it_can_be_used():
    (said,) = faults_of("scored_pairs", score={5: 7.0})
    assert said == "row 5, column score: 7, where nearly all others lie between 0 and 1"


@pytest.mark.parametrize("cell", ["nan", "seven", float("nan"), float("inf"), None])
def test_a_score_that_is_no_number_is_told(cell):
    (said,) = faults_of("scored_pairs", score={5: cell})
    assert said.startswith("row 5, column score: ") and said.endswith("left out")


def test_a_label_outside_its_set_is_told():
    (said,) = faults_of("labelled_pairs", label={2: 3})
    assert said == "row 2, column label: expected labels from 0 (far) to 1 (near), got 3; the row was left out"


def test_a_word_that_is_no_class_is_told():
    given = columns("classified_pairs")
    given["label"] = [("entailment", "neutral", "contradiction")[k] for k in given["label"]]
    given["label"][4] = None
    (fault,) = diagnose(ByHeart(), None, given).faults
    assert (fault.row, fault.column, fault.left_out) == (4, "label", True)


def test_a_class_that_comes_late_is_a_class_but_for_a_classifier():
    rows = [("a text", f"kind {k // 1100}") for k in range(3300)]
    source = table({"text": [text for text, _ in rows], "label": [kind for _, kind in rows]})
    report = diagnose(lambda texts: torch.eye(len(texts)), lossviz.BatchHardTripletLoss(), source, batches=2)
    assert report.faults == [] and report.looks[0].labels.max() == 2
    rows = {"premise": ["x"] * 3300, "hypothesis": ["y"] * 3300, "label": [kind for _, kind in rows]}
    loss = lossviz.SoftmaxLoss.initial(2, 2)
    report = diagnose(lambda texts: torch.ones(len(texts), 2), loss, rows, batches=2)
    assert [each.row for each in report.faults] == list(range(2200, 3300))
    assert report.faults[0].said == "class kind 2, which the first rows do not have" and report.faults[0].left_out


@pytest.mark.parametrize("numbers", [torch.tensor, np.array])
def test_numbers_of_torch_and_numpy_are_numbers(numbers):
    given = columns("labelled_pairs")
    expected = diagnose(ByHeart(), None, given)
    assert str(diagnose(ByHeart(), None, given | {"label": numbers(given["label"])})) == str(expected)


def test_rows_that_come_once_are_all_looked_at():
    expected = diagnose(ByHeart(), None, positive_pairs())
    assert str(diagnose(ByHeart(), None, iter(positive_pairs()))) == str(expected)


def test_words_that_look_like_nothing_are_words(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("anchor,positive\nNone,NA\nnull,nan\n1,2\nTrue,x\n" + "a,b\n" * 40)
    found = read.read(*reading(path), batches=None, batch_size=99, seed=None)
    assert found.faults == []
    assert found.batches[0].texts["anchor"][:4] == ("None", "null", "1", "True")


def reading(path):
    source, inputs = table(path), lossviz.MultipleNegativesRankingLoss.inputs
    return source, read.roles(inputs, source.columns), inputs


@pytest.mark.parametrize(
    ("bytes_", "said"),
    [
        (b'a,b\nx,y\n"open,z\n', "EOF inside string"),
        (b"a,b\nx,y\nx,y,z\n", "Expected 2 fields in line 3, saw 3"),
        (b"a,a\nx,y\n", "two columns of one name among a, a"),
        (b"a,b\nx,\xff\n", "can't decode byte 0xff"),
        (b"", "No columns to parse"),
    ],
)
def test_a_file_that_is_broken_is_told_with_its_name(tmp_path, bytes_, said):
    path = tmp_path / "broken.csv"
    path.write_bytes(bytes_)
    with pytest.raises(
        ValueError, match=f"data: expected a file that can be read to its end, .*broken.csv, got .*{said}"
    ):
        table(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("no/such/file.csv", "does not exist"),
        ([], "at least one row, got none"),
        ({}, "at least one row, got none"),
        ({"a": ["x"], "b": []}, "columns of one length"),
        (5, "a path, a Dataset, columns or rows, got int"),
    ],
)
def test_what_is_no_data_is_an_error(data, said):
    with pytest.raises(ValueError, match=f"^data: expected .*{said}"):
        diagnose(ByHeart(), None, data)


def test_a_file_of_another_kind_is_an_error(tmp_path):
    (tmp_path / "data.xlsx").write_bytes(b"")
    with pytest.raises(ValueError, match=r"data: expected a file that ends in \.csv, .*got data.xlsx"):
        table(tmp_path / "data.xlsx")


def test_without_datasets_an_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(ImportError, match="pip install datasets"):
        table("data.csv")


# ---- batches


CELL = st.sampled_from(["a text", "another", "", " ", None, float("nan"), 3.5])
LABEL = st.sampled_from([0, 1, 1.0, "1", True, 2, -1, None, "", "x", float("inf")])


@given(st.lists(st.tuples(CELL, CELL, LABEL), min_size=1, max_size=40), st.integers(1, 9))
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_every_row_is_in_a_batch_or_told(rows, batch_size):
    good = [("anchor text", "other text", k % 2) for k in range(400)]
    source = table([dict(zip(("anchor", "other", "label"), row, strict=True)) for row in [*good, *rows]])
    inputs = lossviz.OnlineContrastiveLoss.inputs
    found = read.read(source, read.roles(inputs, source.columns), inputs, None, batch_size, 0)
    places = [place for batch in found.batches for place in batch.places]
    left_out = {each.row for each in found.faults if each.left_out}
    assert sorted([*places, *left_out]) == list(range(400 + len(rows)))
    assert all(set(batch.labels.tolist()) <= {0, 1} for batch in found.batches)
    assert all(text.strip() for batch in found.batches for texts in batch.texts.values() for text in texts)


def test_a_draw_is_even_and_repeats_with_its_seed():
    rows = [{"anchor": f"a {k}", "positive": f"b {k}"} for k in range(200)]
    source, inputs = table(rows), lossviz.MultipleNegativesRankingLoss.inputs
    taken = read.roles(inputs, source.columns)

    def drawn(seed):
        found = read.read(source, taken, inputs, 2, 10, seed)
        return [place for batch in found.batches for place in batch.places]

    assert drawn(1) == drawn(1) != drawn(2)
    assert len(set(drawn(1))) == 20
    often = torch.tensor([place for seed in range(400) for place in drawn(seed)]).bincount(minlength=200).double()
    assert (often.sum(), often.argmin() // 20 * 0) == (8000, 0)
    assert 0.5 * 40 < often.view(10, 20).mean(1).min() and often.view(10, 20).mean(1).max() < 1.5 * 40
    assert read.read(source, taken, inputs, 2, 10, None).batches[1].places == tuple(range(10, 20))


@pytest.mark.parametrize(
    ("name", "value"), [("batches", 0), ("batches", 1.5), ("batch_size", None), ("batch_size", -1)]
)
def test_counts_that_are_none_are_errors(name, value):
    with pytest.raises(ValueError, match=f"^{name}: expected a whole number"):
        diagnose(ByHeart(), None, columns("positive_pairs"), **{name: value})


@pytest.mark.parametrize("model", [None, 5, "all-MiniLM"])
def test_what_is_no_model_is_an_error(model):
    with pytest.raises(ValueError, match="^model: expected a SentenceTransformer"):
        diagnose(model, None, columns("positive_pairs"))


def test_a_model_that_gives_something_else_is_an_error():
    with pytest.raises(ValueError, match=r"model: expected embeddings of shape \(15, d\), got .*\(15, 2, 2\)"):
        diagnose(lambda texts: torch.ones(len(texts), 2, 2), None, columns("positive_pairs"))
