"""A report in every form, its links, and the explorer that it opens."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch

import lossviz
from lossviz.situations.offered import MOST_POINTS, MOST_TERMS
from lossviz.training.diagnosis import checks, diagnose, text
from lossviz.training.diagnosis import page as html
from lossviz.training.diagnosis import report as reports
from lossviz.training.diagnosis.look import Look
from lossviz.training.diagnosis.report import neighbourhood
from tests.training.diagnosis.given import ByHeart, labelled_sentences, positive_pairs, scored_pairs
from tests.training.diagnosis.test_findings import EVERY

BOOK = Path(__file__).resolve().parents[3] / "book"
HOSTILE = '<img src="https://example.org/x.png" onerror="alert(1)">&amp;'


def hostile_report():
    rows = positive_pairs()
    model = ByHeart()
    model.known[HOSTILE] = 0
    data = {
        HOSTILE: [row[0] for row in rows] + [HOSTILE] * 2 + [""],
        "answer": [row[1] for row in rows] + [HOSTILE] * 3,
    }
    return diagnose(model, lossviz.MultipleNegativesRankingLoss(scale=1.0), data, batch_size=40)


class Tags(HTMLParser):
    """Tags with their attributes, all words, and what is left open."""

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.words, self.open = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_file_is_whole_asks_for_nothing_and_escapes_every_text(tmp_path):
    report = hostile_report()
    page = report.save(tmp_path / "report.html").read_text(encoding="utf-8")
    parsed = Tags(page)
    assert parsed.open == [] and page.startswith("<!doctype html>")
    assert not {"script", "img", "link", "iframe", "object", "base"} & {tag for tag, _ in parsed.tags}
    assert "@import" not in page and "url(" not in page
    for _, attributes in parsed.tags:
        assert not {"src", "srcset", "data", "onerror", "onload"} & attributes.keys()
    assert HOSTILE in "".join(parsed.words) and HOSTILE not in page
    assert "color-scheme: light dark" in page
    for found in report.findings:
        assert found.title in "".join(parsed.words)


def test_half_a_character_is_saved(tmp_path):
    model = ByHeart()
    model.known["half \ud83d"] = 0
    report = diagnose(model, None, [*positive_pairs(), ("half \ud83d", positive_pairs()[0][1])])
    assert "half \\ud83d" in report.save(tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_notebook_shows_what_the_file_shows(tmp_path):
    report = hostile_report()
    assert report._repr_html_() in report.save(tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_bar_for_every_row_shows_its_share():
    report = diagnose(ByHeart(), None, positive_pairs())
    bars = re.findall(r"<title>row (\d+): ([\d.]+)%</title>", report._repr_html_())
    shares = dict(zip(report.looks[0].places, report.looks[0].shares.tolist(), strict=True))
    assert {int(row): float(share) for row, share in bars} == {
        row: round(100 * each, 1) for row, each in shares.items()
    }


def test_of_very_many_batches_the_first_are_shown():
    report = diagnose(ByHeart(), lossviz.CosineSimilarityLoss(), scored_pairs() * 2, batches=None, batch_size=1)
    assert len(report.looks) == 82
    assert "batch 9: " in str(report) and "batch 10: " not in str(report) and "and 72 more batches" in str(report)
    page = report._repr_html_()
    assert page.count("<svg") == 50 and "and 32 more batches" in page


def test_the_terminal_shows_every_finding_with_rows_change_and_link():
    report = hostile_report()
    said = " ".join(str(report).split())
    assert len(report.findings) == 3 and f"{len(report.findings)} findings" in said
    for found in report.findings:
        assert found.title in said and " ".join(found.change.split()) in said and text.address(found) in said
    assert max(len(line) for line in str(report).splitlines()[5:]) <= text.WIDTH
    assert str(diagnose(ByHeart(), None, positive_pairs())).endswith("0 findings.")


# ---- links


def anchors(page: str) -> set[str]:
    """The labels that stand in the source of a page."""
    path = BOOK / f"{page}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {each for cell in cells for each in re.findall(r"^\(([a-z0-9-]+)\)=$", "".join(cell["source"]), re.M)}


@pytest.mark.parametrize("link", checks.QUESTIONS)
def test_the_book_has_the_place_that_a_finding_names(link):
    page, anchor = link.split("#")
    assert anchor in anchors(page)


def test_every_finding_names_a_known_place_and_no_place_is_left_over():
    files = [*Path(checks.__file__).parent.glob("*.py"), Path(reports.__file__)]
    sources = "".join(each.read_text(encoding="utf-8") for each in files)
    named = Counter(re.findall(r'"([a-z_]+#[a-z0-9-]+)"', sources))
    assert named.keys() == checks.QUESTIONS.keys()
    assert {each for each, times in named.items() if times == 1} == set()  # once in QUESTIONS itself


def page_of(found) -> str:
    return html._finding(found)


@pytest.mark.parametrize("page", sorted({each.partition("#")[0] for each in checks.QUESTIONS}))
def test_a_chapter_is_called_as_the_book_calls_it(page):
    cells = json.loads((BOOK / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    title = next(line for each in cells for line in "".join(each["source"]).splitlines() if line.startswith("# "))
    assert title == f"# {page.replace('_', ' ').capitalize()}"


def test_where_the_book_is_can_be_said(monkeypatch, tmp_path):
    found = hostile_report().findings[0]
    page, anchor = found.book.split("#")
    monkeypatch.delenv("LOSSVIZ_BOOK", raising=False)
    monkeypatch.setattr(text, "BUILT", tmp_path)
    assert text.address(found) == "" and "href" not in page_of(found)
    assert text.place(found) in " ".join(str(hostile_report()).split())
    (tmp_path / f"{page}.html").touch()
    assert text.address(found) == f"{tmp_path.as_uri()}/{page}.html#{anchor}" and "href" in page_of(found)
    monkeypatch.setenv("LOSSVIZ_BOOK", "https://losses.example/en/")
    assert text.address(found) == f"https://losses.example/en/{page}.html#{anchor}"


# ---- moving it


def test_a_batch_that_fits_is_explored_whole_and_exactly():
    loss = lossviz.MultipleNegativesRankingLoss()
    report = diagnose(ByHeart(), loss, positive_pairs(), batch_size=8)
    look = report.looks[1]
    explorer = report.explore(look.places[2], engine="kernel")
    assert explorer.embeddings.shape[1] == 384
    assert explorer.terms().loss.item() == pytest.approx(look.value, abs=1e-12)


def test_a_large_batch_is_explored_in_part_and_says_so():
    rows = [(f"a {k}", f"b {k}") for k in range(100)]
    generator = torch.Generator().manual_seed(0)
    points = {name: torch.randn(8, generator=generator) for row in rows for name in row}
    report = diagnose(lambda texts: torch.stack([points[each] for each in texts]), None, rows, batch_size=100)
    with pytest.warns(UserWarning, match="row 7: its batch of 100 rows is too large .* with the 31 rows"):
        explorer = report.explore(7, engine="kernel")
    (situation,) = explorer.spec["situations"]
    assert len(explorer.embeddings) == MOST_POINTS
    assert situation["sentences"][situation["chosen"]]["text"] == "a 7"


def test_the_rows_that_are_kept_are_those_that_the_row_pulls_at_most():
    """With a softmax over all: those with the largest shares of the row's own term."""
    rows = [(f"a {k}", f"b {k}") for k in range(100)]
    generator = torch.Generator().manual_seed(1)
    points = {name: torch.randn(8, generator=generator) for row in rows for name in row}
    report = diagnose(lambda texts: torch.stack([points[each] for each in texts]), None, rows, batch_size=100)
    look = report.looks[0]
    own = look.places.index(7)
    shares = look.terms.shares["row"][own].clone()
    shares[own] = 2
    lengths = torch.stack([points[f"b {place}"] for place in look.places]).double().norm(dim=-1)
    kept = neighbourhood(look, own)
    assert own in kept and len(kept) == 32
    sines = (1 - look.to_candidates[own].square()).sqrt()
    pull = (shares * sines / lengths).where(torch.arange(100) != own, torch.inf)
    assert set(kept) == set(pull.topk(32).indices.tolist())


@pytest.mark.parametrize("loss", EVERY, ids=lambda each: type(each).__name__)
def test_every_loss_has_a_neighbourhood_that_an_explorer_takes(loss):
    inputs = loss.inputs.example(batch=120, dimension=2)
    names, labels = loss.inputs.rows, inputs[-1] if loss.inputs.labels else None
    texts = {name: tuple(f"{name} {k}" for k in range(120)) for name in names}
    look = Look(loss, dict(zip(names, inputs, strict=False)), labels, texts, tuple(range(120)))
    kept = neighbourhood(look, 5)
    assert 5 in kept and len(set(kept)) == len(kept) > 10
    part = loss.terms(*(each[kept] for each in inputs))
    assert len(kept) * len(names) <= MOST_POINTS and part.valid.sum() <= MOST_TERMS


def test_classes_and_scores_are_kept_in_the_batch():
    for data in (labelled_sentences(), scored_pairs()):
        report = diagnose(ByHeart(), None, data, batch_size=12)
        look = report.looks[0]
        explorer = report.explore(look.places[0], engine="kernel")
        assert explorer.spec["situations"][0]["labels"] == tuple(look.labels.tolist())


def test_a_row_that_was_not_looked_at_is_an_error():
    report = diagnose(ByHeart(), None, positive_pairs(), batches=1, batch_size=4)
    missing = next(k for k in range(99) if k not in report.looks[0].places)
    with pytest.raises(
        ValueError, match=f"row: expected a row of one of the batches that were looked at, got {missing}"
    ):
        report.explore(missing)


# ---- the model is left alone


def test_nothing_is_trained_and_the_model_is_left_as_it_was():
    model = torch.nn.ModuleDict({"rows": ByHeart(), "drop": torch.nn.Dropout()})
    model.forward = lambda texts: model["drop"](model["rows"](texts))
    model.train()
    before, state = {name: each.clone() for name, each in model.state_dict().items()}, torch.random.get_rng_state()
    diagnose(model, None, [(text,) for text, _ in labelled_sentences()])
    assert model.training and model["drop"].training
    assert all(torch.equal(each, before[name]) for name, each in model.state_dict().items())
    assert all(each.grad is None for each in model.parameters())
    assert torch.equal(state, torch.random.get_rng_state())


def test_two_passes_of_a_sentence_differ_by_the_models_dropout():
    model = torch.nn.ModuleDict({"rows": ByHeart(), "drop": torch.nn.Dropout(0.1)})
    model.forward = lambda texts: model["drop"](model["rows"](texts))
    look = diagnose(model, None, [(text,) for text, _ in labelled_sentences()]).looks[0]
    first, second = look.rows.values()
    assert not torch.equal(first, second) and look.texts["first"] == look.texts["second"]
