"""python -m lossviz diagnose, as someone calls it who has a file."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lossviz import __main__ as command
from lossviz.catalogue import ENTRIES
from tests.training.diagnosis.given import ByHeart, labelled_pairs, positive_pairs, scored_pairs

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def by_heart(monkeypatch):
    monkeypatch.setattr(command, "_model", lambda path: ByHeart())


def written(path: Path, header: tuple[str, ...], rows: list[tuple]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return str(path)


def asked(*arguments: str) -> int:
    return command.main(["diagnose", "--model", "model", *arguments])


def test_clean_data_end_with_0_and_a_proposed_loss(by_heart, tmp_path, capsys):
    data = written(tmp_path / "data.csv", ("question", "answer"), positive_pairs())
    assert asked(data) == 0
    said = capsys.readouterr().out
    assert "column question: text (the header), for anchor" in said and "0 findings" in said
    assert all(each.loss.__name__ in said for each in ENTRIES)
    assert "TripletLoss takes 3 sentences a row, and there are only question, answer" in said


def test_columns_in_another_order_are_found(by_heart, tmp_path, capsys):
    data = written(tmp_path / "data.csv", ("answer", "question"), [row[::-1] for row in positive_pairs()])
    assert asked(data) == 1
    said = capsys.readouterr().out
    assert "column question: text (the header), for anchor" in said
    assert "change: Give the trainer data.select_columns(['question', 'answer'])." in said


def test_what_is_found_ends_with_1_and_goes_into_a_file(by_heart, tmp_path, capsys):
    rows = [*scored_pairs(), (*scored_pairs()[0][:2], 7), ("", *scored_pairs()[0][1:])]
    data = written(tmp_path / "data.csv", ("sentence1", "sentence2", "score"), rows)
    report = tmp_path / "report.html"
    assert asked(data, "--html", str(report)) == 1
    said = capsys.readouterr().out
    for line in ("row 41, column score: 7, where nearly", "row 42, column sentence1: an empty text"):
        assert line in said and line in report.read_text(encoding="utf-8")


def test_a_loss_is_named_as_one_likes_and_set(by_heart, tmp_path, capsys):
    data = written(tmp_path / "data.csv", ("a", "b"), positive_pairs())
    assert asked(data, "--loss", "multiplenegativesranking", "--set", "scale=1", "--set", "similarity=cosine") == 1
    assert "The scale is too low" in capsys.readouterr().out


def test_settings_that_are_no_numbers_are_read(by_heart, tmp_path, capsys):
    pairs = written(tmp_path / "pairs.csv", ("a", "b"), positive_pairs())
    asked(pairs, "--loss", "multiplenegativesranking", "--set", "directions=query_to_doc, doc_to_query")
    assert "directions=('query_to_doc', 'doc_to_query')" in capsys.readouterr().out
    labelled = written(tmp_path / "labelled.csv", ("a", "b", "label"), labelled_pairs())
    asked(labelled, "--loss", "contrastive", "--set", "size_average=no")
    assert "ContrastiveLoss(size_average=False)" in capsys.readouterr().out


def test_batches_are_as_asked(by_heart, tmp_path, capsys):
    data = written(tmp_path / "data.csv", ("a", "b"), positive_pairs())
    asked(data, "--batches", "2", "--batch-size", "4", "--in-order")
    assert "8 of 15 rows, in 2 batches of at most 4" in capsys.readouterr().out
    asked(data, "--batches", "0", "--batch-size", "4", "--seed", "3")
    assert "15 of 15 rows, in 4 batches of at most 4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--loss", "TripletLos"], "loss: expected one of TripletLoss, "),
        (
            ["--loss", "Triplet"],
            "data: expected columns for TripletLoss, got a (text), b (text), label (label): it takes 3",
        ),
        (
            ["--set", "scal=1"],
            "set: expected a setting of ContrastiveLoss (margin, distance, size_average), got scal=1",
        ),
        (["--set", "margin=wide"], "margin: expected a number, got 'wide'"),
        (["--set", "size_average=perhaps"], "size_average: expected True or False, got 'perhaps'"),
        (["--html", "/no/such/folder/x.html"], "html: expected a file in a folder that exists, got /no/such/folder/x"),
        (["--batch-size", "0"], "batch_size: expected a whole number of at least 1, got 0"),
    ],
)
def test_what_cannot_be_done_ends_with_2_and_one_line(by_heart, tmp_path, capsys, arguments, said):
    data = written(tmp_path / "data.csv", ("a", "b", "label"), labelled_pairs())
    assert asked(data, *arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"lossviz: {said}") and error.count("\n") == 1


def test_a_classifier_without_classes_is_an_error_about_the_data(by_heart, tmp_path, capsys):
    data = written(tmp_path / "data.csv", ("a", "b"), positive_pairs())
    assert asked(data, "--loss", "Softmax") == 2
    said = capsys.readouterr().err
    assert said.startswith("lossviz: data: expected columns for SoftmaxLoss, got a (text), b (text): it takes")


def test_no_file_and_no_model_end_with_2(tmp_path, capsys):
    data = written(tmp_path / "data.csv", ("a", "b"), positive_pairs())
    assert command.main(["diagnose", "--model", str(tmp_path / "none"), data]) == 2
    assert "lossviz: model: expected the folder of a SentenceTransformer" in capsys.readouterr().err
    assert command.main(["diagnose", "--model", str(tmp_path), "none.csv"]) == 2
    assert "lossviz: data: expected a file or the folder of a data set, got none.csv" in capsys.readouterr().err


def test_the_command_runs_as_a_program_with_a_real_model(tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    from lossviz.sentences.make_embeddings import model_folder

    words = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    SentenceTransformer(modules=[StaticEmbedding(words, embedding_dim=8)], device="cpu").save(str(tmp_path / "model"))
    rows = [("\t".join((*row, "")),) for row in positive_pairs()]
    data = written(tmp_path / "data.tsv", ("question\tanswer\trémark",), rows)
    call = [sys.executable, "-m", "lossviz", "diagnose", "--model", str(tmp_path / "model"), data]
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(call, capture_output=True, text=True, cwd=tmp_path, env=offline, timeout=120)
    assert ended.returncode in (0, 1), ended.stderr
    assert "column question: text (the header), for anchor" in ended.stdout and "15 of 15 rows" in ended.stdout
    assert "column r\\xe9mark: unused" in ended.stdout  # a terminal that has no é
    assert "rows:" not in ended.stderr  # no bar where nobody watches
