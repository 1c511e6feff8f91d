"""Files and columns: what each is taken for, which losses fit, what is wrong with a cell."""

import csv
import json
import sys
import zlib
from itertools import permutations

import datasets
import numpy as np
import pandas
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers.base.data_collator import BaseDataCollator

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
    lambda data, path: data.to_pandas(),
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


# ---- files as people have them


FILES = {
    "the index of pandas": ("x.csv", ",anchor,positive\n0,q 0,a 0\n1,q 1,a 1\n"),
    "an index of which rows come twice": ("x.csv", ",anchor,positive\n0,q 0,a 0\n0,q 1,a 1\n"),
    "rows that end in a comma": ("x.csv", "anchor,positive\nq 0,a 0,\nq 1,a 1,\n"),
    "all lines end in a comma": ("x.csv", "anchor,positive,\nq 0,a 0,\nq 1,a 1,\n"),
    "semicolons": ("x.csv", "anchor;positive\nq 0;a 0\nq 1;a 1\n"),
    "pipes": ("x.csv", "anchor|positive\nq 0|a 0\nq 1|a 1\n"),
    "tabs": ("x.csv", "anchor\tpositive\nq 0\ta 0\nq 1\ta 1\n"),
    "commas": ("x.tsv", "anchor,positive\nq 0,a 0\nq 1,a 1\n"),
    "empty lines": ("x.csv", "\n  \nanchor,positive\n\nq 0,a 0\nq 1,a 1\n\n"),
    "a mark of the order of bytes": ("x.csv", "\ufeffanchor,positive\nq 0,a 0\nq 1,a 1\n"),
    "a star and brackets": ("x[1]*.csv", "anchor,positive\nq 0,a 0\nq 1,a 1\n"),
    "a question mark": ("x?.jsonl", "".join(f'{{"anchor": "q {k}", "positive": "a {k}"}}\n' for k in (0, 1))),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_pairs_is_read_as_such(name, tmp_path):
    file, words = FILES[name]
    (tmp_path / file).write_text(words)
    for other in ("x1.csv", "x1*.csv", "xa.jsonl"):  # what the name would also stand for, as a pattern
        (tmp_path / other).write_text(words.replace("q", "other"))
    (found,) = read.read(*reading(tmp_path / file), batches=None, batch_size=9, seed=None).batches
    assert found.texts == {"anchor": ("q 0", "q 1"), "positive": ("a 0", "a 1")}


WORDS = st.text(st.sampled_from('ab ,;\t"\n'), min_size=1).filter(str.strip)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5), st.sampled_from(",;\t"), st.booleans())
@settings(max_examples=30, deadline=None, derandomize=True, database=None)
def test_what_pandas_wrote_comes_back(tmp_path_factory, rows, separator, index):
    path = tmp_path_factory.mktemp("written") / "data.csv"
    pandas.DataFrame(rows, columns=["anchor", "positive"]).to_csv(path, sep=separator, index=index)
    assert [(row["anchor"], row["positive"]) for row in table(path).rows] == rows


def test_rows_that_a_stray_quote_swallows_are_told(tmp_path):
    lines = [f"q {k}\ta {k}\n" for k in range(42)]
    lines[20], lines[31] = '"open\tb\n', '"other\tb\n'
    (tmp_path / "data.tsv").write_text("anchor\tpositive\n" + "".join(lines))
    (fault,) = diagnose(some_rows, None, tmp_path / "data.tsv").faults
    assert str(fault).startswith("row 20, column anchor: 12 lines in one cell; where a stray quote begins it")


def test_a_text_of_several_lines_is_none_in_a_csv(tmp_path):
    with (tmp_path / "data.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("anchor", "positive"), *((f"q\n{k}", f"a {k}") for k in range(9))])
    assert diagnose(some_rows, None, tmp_path / "data.csv").faults == []


def test_a_header_that_is_a_row_is_said(tmp_path):
    (tmp_path / "data.tsv").write_text("".join(f"how do I fry {k} eggs?\tin a pan, as {k + 1}\n" for k in range(9)))
    report = diagnose(some_rows, None, tmp_path / "data.tsv")
    assert "“how do I fry 0 eggs?”" in next(each.said for each in report.findings if each.name == "header")
    said = str(report)
    assert "column how do I fry 0 eggs?: text (words; so does the header: is it a row?)" in said


def some_rows(texts):
    """A model that has a gradient, and another embedding for each text."""
    numbers = [[zlib.crc32(f"{text} {k}".encode()) % 1000 / 1000 for k in range(16)] for text in texts]
    return torch.tensor(numbers).requires_grad_()


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


MANY = range(40)
UUIDS = [f"{zlib.crc32(str(k).encode()):08x}-0000-4000-8000-{k:012x}" for k in range(40)]
PAIRS = {"question": [f"q {k}" for k in MANY], "answer": [f"a {k}" for k in MANY]}


BESIDE = {  # header → cells that are no text, label or score beside two texts, and what is said of them
    "query_id": ([k // 4 for k in MANY], "an id, by the header"),
    "docId": ([f"D{k // 2}" for k in MANY], "an id, by the header"),
    "key": ([f"k {k}" for k in MANY], "an id, by the header"),
    "who": (UUIDS, "an id, by its cells"),
    "line": (list(MANY), "numbers that only count the rows"),
    "date": ([f"{k} May" for k in MANY], "a date, by the header"),
    "seen": ([f"2024-01-{1 + k % 28:02d}T10:00" for k in MANY], "a date, by its cells"),
    "url": ([f"page {k}" for k in MANY], "an address, by the header"),
    "where": ([f"https://example.org/{k}" for k in MANY], "an address, by its cells"),
    "from": ([f"data/part/{k}.html" for k in MANY], "an address, by its cells"),
    "source": (["forum"] * 40, "all cells are 'forum'"),
    "split": ([3] * 40, "all cells are '3'"),
    "votes": ([k // 3 for k in MANY], "a count, by the header"),
    "pageViews": ([k % 2 for k in MANY], "a count, by the header"),
    "answer_length": ([k / 3 for k in MANY], "a count, by the header"),
    "lang": (["en", "de"] * 20, "a language, by the header"),
    "tongue": (["en", "pt-BR"] * 20, "a language, by its cells"),
    "colour": (["red", "green", "blue", "grey"] * 10, "words, repeated: blue, green, grey, red; the header names no"),
    "kind": ([k % 3 for k in MANY], "whole numbers, 3 of them; the header names no label"),
}


@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_column_that_is_neither_text_nor_label_is_not_used_and_said(name, place):
    cells, said = BESIDE[name]
    names = [*PAIRS]
    names.insert(place, name)
    given = {each: cells if each == name else PAIRS[each] for each in names}
    report = diagnose(some_rows, None, given)
    assert type(report.loss) is lossviz.MultipleNegativesRankingLoss
    assert [each.name for each in report.taken.values()] == ["question", "answer"]
    assert said in next(line for line in str(report).splitlines() if line.startswith(f"column {name}: unused"))
    told = next(each for each in report.findings if each.name == "columns")
    assert told.change == "Give the trainer data.select_columns(['question', 'answer'])."


@pytest.mark.parametrize("name", ["title", "foo"])
def test_an_address_is_no_second_text(name):
    given = {name: PAIRS["question"], "url": [f"https://example.org/{k}" for k in MANY]}
    assert type(diagnose(some_rows, None, given).loss).inputs.rows == ("first", "second")


def test_what_was_set_aside_is_taken_where_a_loss_asks_for_it():
    given = PAIRS | {"kind": [k % 3 for k in MANY], "url": [f"https://example.org/{k}" for k in MANY]}
    report = diagnose(some_rows, lossviz.SoftmaxLoss.initial(16, 3), given)
    assert {name: each.name for name, each in report.taken.items()} == {
        "first": "question",
        "second": "answer",
        "labels": "kind",
    }
    report = diagnose(some_rows, lossviz.TripletLoss(), given)
    assert [each.name for each in report.taken.values()] == ["question", "answer", "url"]


def test_rows_without_a_header_are_taken_as_they_stand():
    rows = [(f"q {k}", f"a {k}", k % 3) for k in MANY]
    assert [each.kind for each in table(rows).columns] == ["text", "text", "class"]


@pytest.mark.parametrize("names", [("query", "pos", "neg"), ("query", "pos")])
def test_lists_of_texts_are_said(names):
    rows = [dict(zip(names, (f"q {k}", [f"a {k}", f"b {k}"], [f"n {k}"]), strict=False)) for k in MANY]
    with pytest.raises(ValueError, match=r"data: expected one text in each cell of pos .*explode\('pos'\).*got lists"):
        diagnose(some_rows, None, rows)


@pytest.mark.parametrize("cells", ["0,{k}", "{k}%", "1,{k:03d}"])
def test_a_score_that_is_written_otherwise_is_no_text(cells):
    given = PAIRS | {"score": [cells.format(k=k) for k in MANY]}
    with pytest.raises(ValueError, match="row 0, column score: expected a number, got '"):
        diagnose(some_rows, None, given)


@pytest.mark.parametrize("name", ["id", "idx", "guid", "Unnamed: 0"])
def test_words_that_name_the_rows_are_not_used(name):
    assert kinds(table({name: [f"abc{k}" for k in MANY], **PAIRS}))[name] == "unused"


@pytest.mark.parametrize("name", ["answer", "positive", "negative", "text2", "response"])
def test_numbers_where_the_header_says_text_are_texts(name):
    given = {"question": PAIRS["question"], name: [str(k % 7) for k in MANY]}
    assert kinds(table(given)) == {"question": "text", name: "text"}


def test_true_and_false_are_1_and_0():
    given = columns("labelled_pairs")
    words = [str(each == 1) for each in given["label"]]
    expected, found = (diagnose(ByHeart(), None, each) for each in (given, given | {"label": words}))
    assert torch.equal(found.looks[0].labels, expected.looks[0].labels)
    assert type(found.loss) is type(expected.loss)


def test_classes_below_0_are_no_classes_of_a_classifier():
    given = PAIRS | {"label": [1 - 2 * (k % 2) for k in MANY]}
    with pytest.raises(ValueError, match="SoftmaxLoss takes whole numbers, 0 and up; label holds -1 to 1"):
        diagnose(some_rows, None, given)


def test_a_class_that_is_not_known_is_told_and_no_class():
    given = PAIRS | {"label": [-1 if k == 9 else k % 3 for k in MANY]}
    report = diagnose(some_rows, None, given)
    assert type(report.loss) is lossviz.SoftmaxLoss and [each.row for each in report.faults] == [9]


def test_a_remark_on_a_few_rows_is_no_text():
    given = PAIRS | {"remark": [f"seen by {k}" if k % 20 == 0 else "" for k in MANY]}
    report = diagnose(some_rows, None, given)
    assert list(report.taken) == ["anchor", "positive"] and report.faults == []
    assert "column remark: unused (2 of 40 cells are filled)" in str(report)


@given(st.integers(0, 300), st.integers(1, 300), st.integers(0, 300))
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_a_number_that_repeats_is_a_class_and_a_rare_one_a_mistake(zeros, ones, twos):
    cells = [0] * zeros + [1] * ones + [2] * twos
    (column,) = table({"label": cells}).columns
    assert column.kind == ("label" if twos < max(2, len(cells) / 100) and twos <= 0.1 * len(cells) else "class")


@pytest.mark.parametrize("loss", [lossviz.BatchHardTripletLoss(), None])
def test_a_rare_class_is_one(loss):
    given = {"text": [f"text {k}" for k in range(200)], "label": [2 if k % 20 == 0 else k % 2 for k in range(200)]}
    assert diagnose(some_rows, loss, given).faults == []
    assert diagnosis.made(lossviz.SoftmaxLoss, table({"other": given["text"], **given}), some_rows).weight.shape[0] == 3


def test_scores_from_0_to_1_are_weights_to_a_loss_that_takes_them():
    given = PAIRS | {"score": [k / 39 for k in MANY]}
    report = diagnose(some_rows, lossviz.ContrastiveLoss(), given)
    assert report.taken["labels"].name == "score" and report.faults == []


def test_a_loss_is_proposed_with_a_margin_that_distances_reach():
    report = diagnose(ByHeart(), None, columns("labelled_sentences"))
    assert 0 < report.loss.margin < 1 and f"margin={report.loss.margin}" in str(report)
    assert "margin" not in [each.name for each in report.findings]


def test_of_several_data_sets_none_is_taken_in_silence():
    data = datasets.Dataset.from_dict(columns("positive_pairs"))
    with pytest.raises(
        ValueError, match="^data: expected one data set, or splits of which one is train, got nli, qa: "
    ):
        diagnose(ByHeart(), None, {"nli": data, "qa": data})


def test_a_diagnosis_without_gradients_around_it_is_the_same():
    expected = str(diagnose(ByHeart(), None, columns("positive_pairs")))
    with torch.no_grad():
        assert str(diagnose(ByHeart(), None, columns("positive_pairs"))) == expected


def test_labels_that_are_words_are_told_with_the_change_to_make():
    report = diagnose(some_rows, None, PAIRS | {"label": [("similar", "dissimilar")[k % 2] for k in MANY]})
    (told,) = (each for each in report.findings if each.name == "words")
    assert "{'dissimilar': 0, 'similar': 1}[row['label']]" in told.change


def test_a_rare_word_beside_few_classes_is_a_mistake():
    words = ["-" if k == 9 else ("entailment", "neutral", "contradiction")[k % 3] for k in MANY]
    report = diagnose(some_rows, None, PAIRS | {"label": words})
    assert report.taken["labels"].classes == ("entailment", "neutral", "contradiction")
    assert [(each.row, each.left_out) for each in report.faults] == [(9, True)]


def test_1_and_0_beside_yes_and_no_are_one_label():
    given = columns("labelled_pairs")
    mixed = [("yes" if each else "no") if k % 2 else each for k, each in enumerate(given["label"])]
    expected, found = (diagnose(ByHeart(), None, each) for each in (given, given | {"label": mixed}))
    assert torch.equal(found.looks[0].labels, expected.looks[0].labels)
    assert [each.name for each in found.findings if each not in expected.findings] == ["words"]


def test_a_class_that_is_written_in_two_ways_is_told():
    kinds = ["cat" if k == 9 or k == 11 else ("Cat", "dog")[k % 2] for k in MANY]
    report = diagnose(some_rows, None, {"text": PAIRS["question"], "label": kinds})
    assert [(each.row, each.said) for each in report.faults] == [
        (k, "class 'cat', which is also written 'Cat'") for k in (9, 11)
    ]


def test_a_positive_that_is_its_anchor_is_told():
    given = PAIRS | {"answer": ["q 3" if k == 3 else f"a {k}" for k in MANY]}
    (fault,) = diagnose(some_rows, None, given).faults
    assert str(fault) == "row 3, column answer: the same text as anchor"


def test_two_classes_of_sentences_are_classes():
    given = {"text": [f"text {k}" for k in MANY], "label": [k % 2 for k in MANY]}
    assert type(diagnose(some_rows, None, given).loss) is lossviz.BatchHardTripletLoss


def test_scores_are_read_from_all_rows_though_they_are_sorted():
    scores = [k / 2400 for k in range(12000)]
    given = {"sentence1": [f"q {k}" for k in range(12000)], "sentence2": ["a"] * 12000, "score": scores}
    assert diagnose(some_rows, None, given, batches=1).faults == []


def test_scores_that_scatter_beyond_0_and_1_are_right():
    scores = (0.45 + 0.25 * torch.randn(300, generator=torch.Generator().manual_seed(0))).tolist()
    assert min(scores) < 0 and max(scores) > 1
    given = {"sentence1": [f"q {k}" for k in range(300)], "sentence2": ["a"] * 300, "score": scores}
    assert diagnose(some_rows, None, given).faults == []


def test_numbers_that_are_no_classes_make_no_classifier():
    given = PAIRS | {"label": [1_700_000_000 + k // 2 for k in MANY]}
    with pytest.raises(
        ValueError, match="data: expected at most 100 classes for SoftmaxLoss, got 1700000020 by column label"
    ):
        diagnose(some_rows, None, given)


def test_short_answers_that_repeat_are_texts_to_a_loss_that_was_asked_for():
    given = {"said": PAIRS["question"], "reply": [("yes", "no", "thanks", "bye")[k % 4] for k in MANY]}
    assert type(diagnose(some_rows, None, given).loss) is lossviz.BatchHardTripletLoss
    report = diagnose(some_rows, lossviz.MultipleNegativesRankingLoss(), given)
    assert {name: each.name for name, each in report.taken.items()} == {"anchor": "said", "positive": "reply"}
    with pytest.raises(ValueError, match="takes 2 sentences a row, and there is only said"):
        diagnose(some_rows, lossviz.MultipleNegativesRankingLoss(), {"said": given["said"], "label": given["reply"]})


# ---- what a trainer takes


COLUMNS = PAIRS | {"id": [f"x{k}" for k in MANY], "label": [k % 2 for k in MANY]}
LOSSES = [lossviz.MultipleNegativesRankingLoss(), lossviz.ContrastiveLoss()]


@pytest.mark.parametrize(
    "names", [each for n in (2, 3, 4) for each in permutations(COLUMNS, n) if set(PAIRS) <= {*each}]
)
@pytest.mark.parametrize("loss", LOSSES)
def test_columns_that_a_trainer_takes_otherwise_are_told(loss, names):
    given = {name: COLUMNS[name] for name in names}
    if loss.inputs.labels and "label" not in names:
        return
    report, seen = diagnose(some_rows, loss, given), []
    collator = BaseDataCollator(preprocess_fn=lambda texts, **_: seen.append(texts[0]) or {})
    collator([{name: cells[0] for name, cells in given.items()}])
    told = [each for each in report.findings if each.name == "columns"]
    assert (seen != ["q 0", "a 0"]) == bool(told)
    if told:
        chosen = ["question", "answer"] + ["label"] * bool(loss.inputs.labels)
        assert told[0].change == f"Give the trainer data.select_columns({chosen})."


def test_a_label_that_a_trainer_takes_for_a_text_is_told():
    report = diagnose(some_rows, None, {"text": PAIRS["question"], "category": ["ab"[k % 2] for k in MANY]})
    (told,) = (each for each in report.findings if each.name == "columns")
    assert told.change.endswith("select_columns(['text', 'category']).rename_column('category', 'label').")


def test_words_of_nli_become_the_numbers_of_the_field():
    names = ("entailment", "neutral", "contradiction")
    given = columns("classified_pairs")
    worded = given | {"label": [names[k] for k in given["label"]]}
    expected, found = (diagnose(ByHeart(), None, each) for each in (given, worded))
    assert torch.equal(found.looks[0].labels, expected.looks[0].labels)


@pytest.mark.parametrize(
    "words",
    [
        ("duplicate", "not_duplicate"),
        ("Equivalent", "not equivalent"),
        ("toxic", "non-toxic"),
        ("similar", "dissimilar"),
        ("relevant", "irrelevant"),
        ("related", "unrelated"),
        ("yes", "no"),
    ],
)
@pytest.mark.parametrize("name", ["labelled_pairs", "labelled_sentences"])
def test_a_word_and_its_negation_are_1_and_0(name, words):
    """As GLUE has them."""
    given = columns("labelled_pairs") if name == "labelled_pairs" else {"text": PAIRS["question"]}
    numbers = given.get("label", [k % 2 for k in MANY])
    worded = given | {"label": [words[0] if k else words[1] for k in numbers]}
    encoder = ByHeart() if name == "labelled_pairs" else some_rows
    expected, found = (diagnose(encoder, None, each) for each in (given | {"label": numbers}, worded))
    assert type(found.loss) is type(expected.loss)
    assert torch.equal(found.looks[0].labels, expected.looks[0].labels)


def test_a_word_beside_1_and_0_is_told():
    given = columns("labelled_pairs")
    given["label"] = ["duplicate" if k else "not_duplicate" for k in given["label"]]
    given["label"][3] = "maybe"
    (said,) = map(str, diagnose(ByHeart(), None, given).faults)
    assert said == "row 3, column label: expected not_duplicate or duplicate, got 'maybe'; the row was left out"


def test_angle_takes_triplets_as_pairs_that_score_1_and_0():
    given, loss = columns("triplets"), lossviz.AnglELoss()
    report = diagnose(ByHeart(), loss, given, batches=1, batch_size=8, seed=None)
    rows = [ByHeart()(given[name][:8]).detach().double() for name in ("anchor", "positive", "negative")]
    (look,) = report.looks
    assert look.value == pytest.approx(loss(*rows).item(), rel=1e-9)
    assert look.labels.tolist() == 8 * [1.0] + 8 * [0.0] and set(look.places) == set(range(8))
    assert list(report.taken) == ["anchor", "positive", "negative"]
    assert "8 of " in str(report) and "in 1 batch of at most 8" in str(report)
    assert not [each for each in report.findings if each.name == "columns"]
    report.explore(3)
    with pytest.raises(ValueError, match="AnglELoss, got question .text., answer .text.: it takes finite scores"):
        diagnose(ByHeart(), loss, columns("positive_pairs"))


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


def test_a_class_that_is_rare_is_a_class_but_for_a_classifier(monkeypatch):
    monkeypatch.setattr(sys.modules["lossviz.training.diagnosis.table"], "SAMPLE", 50)
    rows = [("a text", f"kind {2 if k == 3000 else k % 2}") for k in range(3300)]
    source = table({"text": [text for text, _ in rows], "label": [kind for _, kind in rows]})
    report = diagnose(lambda texts: torch.eye(len(texts)), lossviz.BatchHardTripletLoss(), source, None, 3300)
    assert report.faults == [] and report.looks[0].labels.max() == 2
    rows = {"premise": ["x"] * 3300, "hypothesis": ["y"] * 3300, "label": [kind for _, kind in rows]}
    loss = lossviz.SoftmaxLoss.initial(2, 2)
    report = diagnose(lambda texts: torch.ones(len(texts), 2), loss, rows, batches=2)
    (fault,) = report.faults
    assert (fault.row, fault.left_out) == (3000, True) and fault.said.startswith("class kind 2, which is too rare")


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
    told = [(each.row, each.column, each.left_out) for each in found.faults]
    assert told == [(0, "anchor", False), (0, "positive", False), (1, "anchor", False), (1, "positive", False)]
    assert found.batches[0].texts["anchor"][:4] == ("None", "null", "1", "True")


def reading(path):
    source, inputs = table(path), lossviz.MultipleNegativesRankingLoss.inputs
    return source, read.roles(inputs, source.columns), inputs


@pytest.mark.parametrize(
    ("bytes_", "said"),
    [
        (b'a,b\nx,y\n"open,z\n', "EOF inside string"),
        (b"a,b\nx,y\nx,y,z\n", "Expected 2 fields in line 3, saw 3"),
        (b"a,b\nx,y,\nx,y,z,\n", "Expected 3 fields in line 3, saw 4"),
        (b"a,b\nx,y,z\nx,y\n", "3 cells in the first row, where the header has 2"),
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
        ({"a": ["x"], "b": 5}, "columns that are lists of cells, got b, of type int"),
        ({"a": "xy", "b": "uv"}, "columns that are lists of cells, got a, of type str"),
        (np.array([["x", "y"], ["u", "v"]]), "rows as dicts, got ndarray"),
        (torch.utils.data.DataLoader([("x", "y")]), "rows as dicts, got list"),
        (5, "a path, a Dataset, columns or rows, got int"),
    ],
)
def test_what_is_no_data_is_an_error(data, said):
    with pytest.raises(ValueError, match=f"^data: expected .*{said}"):
        diagnose(ByHeart(), None, data)


OBJECTS = [json.dumps({"question": f"q {k}", "answer": f"a {k}"}) for k in range(5)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"question": "x", }', "Expecting property name"),
        ('{"question": "x"', "Expecting ',' delimiter"),
        ("[1]", "a list, which is no object of columns"),
    ],
)
@pytest.mark.parametrize("row", [0, 3])
def test_a_broken_line_is_told_with_its_row(tmp_path, line, said, row):
    (tmp_path / "data.jsonl").write_text("\n\n".join([*OBJECTS[:row], line, *OBJECTS[row:]]))
    with pytest.raises(ValueError, match=rf"^data: .*data.jsonl, got row {row} \(line {2 * row + 1}\): {said}"):
        table(tmp_path / "data.jsonl")


@pytest.mark.parametrize("words", ["[{}]".format(",\n".join(OBJECTS)), "\n".join(OBJECTS)])
def test_json_is_a_list_or_lines(tmp_path, words):
    (tmp_path / "data.json").write_text(words)
    assert [json.dumps(row) for row in table(tmp_path / "data.json").rows] == OBJECTS


@pytest.mark.parametrize("indent", [None, 1])
def test_json_may_be_an_object_of_columns(tmp_path, indent):
    (tmp_path / "data.json").write_text(json.dumps(PAIRS, indent=indent))
    assert list(table(tmp_path / "data.json").rows)[3] == {"question": "q 3", "answer": "a 3"}


def test_what_comes_late_in_a_long_file_is_told_with_row_and_column(tmp_path):
    """Beyond 10 MB, from which datasets takes the types of all rows."""
    rows = [{"question": f"q {k} {'x' * 2000}", "answer": f"a {k}"} for k in range(6000)]
    rows[5990] |= {"remark": "seen"}
    rows[5995]["answer"] = 7
    rows[5996]["answer"] = ["a", "b"]
    (tmp_path / "data.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    said = list(map(str, diagnose(some_rows, None, tmp_path / "data.jsonl", batches=1).faults))
    assert said == [
        "row 5995, column answer: expected a text, got 7; the row was left out",
        "row 5996, column answer: expected a text, got ['a', 'b']; the row was left out",
    ]


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
    names = ("anchor", "other", "label")
    good = [dict(zip(names, ("anchor text", "other text", k % 2), strict=True)) for k in range(400)]
    source = table([*good, *(dict(zip(names, row, strict=True)) for row in rows)])
    inputs = lossviz.OnlineContrastiveLoss.inputs
    found = read.read(source, read.roles(inputs, table(good).columns), inputs, None, batch_size, 0)
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


@pytest.mark.parametrize("loss", ["MultipleNegativesRankingLoss", 5, lambda a, b: 0])
def test_what_is_no_loss_is_an_error(loss):
    with pytest.raises(ValueError, match="^loss: expected a loss of lossviz or of sentence-transformers, got"):
        diagnose(ByHeart(), loss, columns("positive_pairs"))


def test_a_gradient_is_looked_for_in_two_texts_alone():
    asked = []
    diagnose(lambda texts: asked.append((len(texts), torch.is_grad_enabled())) or some_rows(texts), None, PAIRS)
    assert [count for count, graph in asked if graph] == [2]


def test_a_model_that_gives_something_else_is_an_error():
    with pytest.raises(ValueError, match=r"model: expected embeddings of shape \(2, d\), got .*\(2, 2, 2\)"):
        diagnose(lambda texts: torch.ones(len(texts), 2, 2), None, columns("positive_pairs"))
