"""The class regions: what a classifier gives every pair, and what is asked to shade the plane."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

from lossviz.inputs import CLASSIFIED_PAIRS
from lossviz.losses import CoSENTLoss, SoftmaxLoss
from lossviz.losses.base import Loss, Terms
from tests.widgets.charts.given import given_of

DOUBLE = torch.float64
READ = "class_regions_read.read(given, readings_terms.termsOf(given), readings_terms.createGeneric(given))"
SCENE = f"{{ ...given, lit: null, reading: {{ terms: {READ} }} }}"
FIRST = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]], dtype=DOUBLE)
SECOND = torch.tensor([[0.5, 0.5], [-0.6, 0.8], [-1.0, 0.0]], dtype=DOUBLE)
LABELS = torch.tensor([0, 1, 2])
CLASSIFIER = SoftmaxLoss.initial(dimension=2, classes=3)


@dataclass(frozen=True, eq=False)
class Nearest(Loss):
    """A reader's own: logits of three classes, no shares, no target."""

    inputs = CLASSIFIED_PAIRS
    axes = ("pair",)
    reads = "logit"

    def define(self, first: Tensor, second: Tensor, labels: Tensor) -> Terms:
        logits = torch.stack([first.sum(-1), second.sum(-1), (first * second).sum(-1)], -1)
        target = labels.unsqueeze(-1) == torch.arange(3)
        its = torch.where(target, logits, 0.0).sum(-1, keepdim=True)
        return Terms(logits, (logits - its).relu().sum(-1))


def test_a_pair_has_the_shares_of_torchs_softmax(javascript):
    given = given_of(CLASSIFIER, FIRST, SECOND, LABELS)
    assert javascript("class_regions_read.fits(given)", given)
    logits = torch.nn.functional.linear(CLASSIFIER.features(FIRST, SECOND), CLASSIFIER.weight, CLASSIFIER.bias)
    shares = logits.softmax(-1)
    read = javascript(READ, given)
    assert np.array([term["shares"] for term in read]) == pytest.approx(shares.numpy())
    assert [term["lengths"] for term in read] == [term["shares"] for term in read]
    assert [term["target"] for term in read] == [0, 1, 2]
    assert [term["sign"] for term in read] == ["●", "■", "▲"]
    for k, term in enumerate(read):
        (link,) = term["links"]
        assert link == {"from": k, "to": k + 3, "side": "class", "weight": pytest.approx(1 - shares[k, k].item())}
        best = "the most of all" in term["note"]
        assert best == (shares[k].argmax().item() == k)


def test_a_classifier_of_a_readers_own_has_bars_of_its_numbers(javascript):
    """From the smallest to the largest of all; the label is the true class."""
    given = given_of(Nearest(), FIRST, SECOND, LABELS)
    assert javascript("class_regions_read.fits(given)", given)
    read = javascript(READ, given)
    matrix = torch.tensor(given["result"]["terms"]["matrix"], dtype=DOUBLE).reshape(3, 3)
    lengths = (matrix - matrix.min()) / (matrix.max() - matrix.min())
    assert np.array([term["lengths"] for term in read]) == pytest.approx(lengths.numpy())
    assert all(term["shares"] is None and term["links"][0]["weight"] == 1 for term in read)
    assert read[1]["note"] == (
        "B–E, “dog” and “bee”, is labelled class 1; the classifier gives that the logit 0.2000, "
        "less than class 0, the logit 1.4000."
    )
    assert javascript(READ, given_of(Nearest(), FIRST, SECOND, torch.tensor([0, 5, 1])))[1]["note"].endswith(
        "is labelled class 5; the classifier has no such class."
    )


def test_two_numbers_that_print_alike_are_not_called_less(javascript):
    """In *One pair with two classes* both end at one half: "50 %, less than …, 50 %" says nothing."""
    third = torch.tensor([[-0.001, 0.0, -9.0]], dtype=DOUBLE)
    loss = CLASSIFIER.changed(weight=torch.zeros_like(CLASSIFIER.weight), bias=third[0])
    notes = [term["note"] for term in javascript(READ, given_of(loss, FIRST, SECOND, LABELS))]
    assert notes[0].endswith("gives that 50\u00a0%, a little less than class 1.")
    assert notes[1].endswith("gives that 50\u00a0%, the most of all.")


def test_scores_are_no_classes(javascript):
    assert not javascript("class_regions_read.fits(given)", given_of(CoSENTLoss(), FIRST, SECOND, LABELS.double()))


@pytest.mark.parametrize("loss", [CLASSIFIER, Nearest()])
def test_the_regions_are_those_of_the_classifier(javascript, loss):
    """A class leads where torch gives it the most: one batch of a pair for every place of the plane."""
    given = {"situation": given_of(loss, FIRST, SECOND, LABELS)["situation"], "state": {"points": FIRST.tolist()}}
    asked = "class_regions_regions.regionsQuestion(given.state, given.situation, 1, 1.6)"
    question = javascript(asked, given)
    assert question["keep"] == [["terms", "matrix"]]
    points = torch.tensor(question["points"], dtype=DOUBLE)
    held, places = (points[rows] for rows in question["rows"].values())
    assert (held == FIRST[1]).all()
    assert places[0].tolist() == [-1.6, -1.6] and places[-1].tolist() == [1.6, 1.6]
    numbers = loss.terms(held, places, torch.tensor(question["labels"])).matrix
    leads = javascript(
        "[0, 1, 2].map((kind) => class_regions_regions.lead(given, 3, kind))", numbers.flatten().tolist()
    )
    best = numbers.topk(2).values
    clear = (best[:, 0] > best[:, 1]).numpy()
    assert clear.sum() > 3000
    assert ((np.array(leads) > 0).argmax(0) == numbers.argmax(-1).numpy())[clear].all()


def test_the_pair_whose_regions_are_shown(javascript):
    terms = [{"index": 0, "points": [0, 1]}, {"index": 1, "points": [0, 2]}, {"index": 2, "points": [3, 4]}]
    for chosen, lit, index in ((0, None, 0), (2, None, 1), (4, None, 2), (0, {"kind": "term", "index": 2}, 2)):
        found = javascript("class_regions_draw.shownPair(...given)", [{"chosen": chosen, "lit": lit}, terms])
        assert found["index"] == index


@pytest.mark.parametrize("dimension", [2, 5])
def test_without_a_plane_there_are_bars_alone(javascript, dimension):
    rows = [torch.nn.functional.pad(each, (0, dimension - 2)) for each in (FIRST, SECOND)]
    given = given_of(Nearest(), *rows, LABELS)
    given["state"] |= {"points": torch.cat(rows).tolist(), "chosen": 0, "loss": "Nearest", "situation": 0}
    bars, planes, targets, wrong = javascript(
        f"""(() => {{
          const engine = {{ answer: async () => null }};
          const actions = {{ light() {{}} }};
          const view = class_regions_draw.createClassRegions({{ dimension: {dimension} }}, engine, actions);
          view.draw({SCENE});
          const count = (selector) => view.root.querySelectorAll(selector).length;
          const wrong = /NaN|undefined|Infinity/.test(view.root.innerHTML);
          return [count(".class-bars g[tabindex]"), count(".regions"), count(".class-bars .target"), wrong];
        }})()""",
        given,
    )
    assert (bars, planes, targets, wrong) == (3, int(dimension == 2), 3, False)


def test_the_mask_frames_the_true_class(javascript):
    table = javascript(f"class_regions_mask.mask({SCENE})", given_of(CLASSIFIER, FIRST, SECOND, LABELS))
    assert [name for name, _ in table["columns"]] == ["", "ln p(0)", "ln p(1)", "ln p(2)", "valid", "active", "adds"]
    framed = [[("chosen" in cell.get("look", "")) for cell in row["cells"][1:4]] for row in table["rows"]]
    assert framed == np.eye(3, dtype=bool).tolist()
    own = javascript(f"class_regions_mask.mask({SCENE})", given_of(Nearest(), FIRST, SECOND, LABELS))
    assert own["columns"][1] == ["logit(0)", "logit of class 0"]
