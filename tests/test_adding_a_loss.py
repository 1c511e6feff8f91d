"""Adding a loss is a dataclass and a catalogue entry. Here one is added from outside the package, and the checks that
are derived from the two run on it: catalogue, terms, robustness, lowering, surface, explorer, the page "Every loss"."""

import inspect
from dataclasses import dataclass

import every_loss
import pytest
import torch
from torch import Tensor
from torch.nn.functional import relu

from lossviz import catalogue, explore, surface
from lossviz.catalogue import Entry, Parameter
from lossviz.catalogue.papers import SCHROFF
from lossviz.catalogue.parameters import DISTANCE
from lossviz.distances import Distance, paired
from lossviz.inputs import TRIPLETS
from lossviz.losses import Loss, Terms
from lossviz.lowering import to_javascript
from tests import test_catalogue
from tests.losses import test_breakages, test_every_loss
from tests.losses.batches import Variant
from tests.lowering import fuzz_batches, harness
from tests.lowering.test_fuzz import assert_equal, one_term


@dataclass(frozen=True, eq=False)
class SquaredTripletLoss(Loss):
    """The positive must be nearer than the negative, by the margin; what is missing counts squared.

    With d(a, p) and d(a, n) the distances of an anchor to its positive and to its negative,

        loss = mean over triplets of  max(0, d(a, p) − d(a, n) + margin)²

    ``(anchor, positive, negative)``: each (…, B, d). Raises ValueError as ``Loss`` says. Source: this test.
    """

    margin: float = 1.0
    distance: Distance = "euclidean"
    inputs = TRIPLETS
    axes = ("triplet",)

    def define(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Terms:
        measure = paired(self.distance)
        distance = torch.stack([measure(anchor, positive), measure(anchor, negative)], dim=-1)
        to_positive, to_negative = distance.unbind(-1)
        costs = relu(to_positive - to_negative + self.margin).square()
        numbers = {"d_ap": to_positive, "d_an": to_negative}
        return Terms(distance, costs / costs.shape[-1], numbers=numbers)


ENTRY = Entry(
    loss=SquaredTripletLoss,
    formula=r"\mathcal{L} = \frac{1}{B} \sum_{i=1}^{B} \max\left(0,\ d(a_i, p_i) - d(a_i, n_i) + m\right)^2",
    term=lambda loss: {"triplet": "({d_ap} − {d_an} + {margin})² / {B}"},
    parameters={"margin": Parameter("m", "how much nearer it must be", 0.0, 6.0, 0.05), "distance": DISTANCE},
    changes=(),
    paper=SCHROFF,
)
VARIANTS = [Variant(ENTRY, settings) for settings in ENTRY.variants()]
every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)


@pytest.fixture(autouse=True)
def added(monkeypatch):
    monkeypatch.setattr(catalogue, "ENTRIES", (*catalogue.ENTRIES, ENTRY))


# These ask sentence-transformers, or another machine.
NOT_HERE = ("sentence_transformers", "peer", "examples_are_compared", "cuda", "gpu")


def checks(module, *arguments: str) -> list:
    """The tests of a module that ask for these arguments alone, and that one can ask of a loss with no peer."""
    tests = [each for name, each in vars(module).items() if name.startswith("test_")]
    own = [each for each in tests if not any(part in each.__name__ for part in NOT_HERE)]
    return [each for each in own if set(inspect.signature(each).parameters) - {"data"} == set(arguments)]


OF_A_LOSS = checks(test_every_loss, "variant") + checks(test_breakages, "variant")
OF_AN_ENTRY = checks(test_catalogue, "known")


@pytest.mark.parametrize("check", OF_A_LOSS, ids=lambda each: each.__name__)
def test_the_checks_of_every_loss_hold(check):
    check(variant=VARIANTS[0])


@pytest.mark.parametrize("check", OF_AN_ENTRY, ids=lambda each: each.__name__)
def test_the_checks_of_every_entry_hold(check):
    check(known=ENTRY)


def test_there_are_checks():
    assert len(OF_A_LOSS) > 10 and len(OF_AN_ENTRY) > 5


@pytest.fixture(scope="module")
def lowered_page(chromium):
    page = chromium.new_page()
    page.add_script_tag(content=harness.SCRIPT)
    yield page
    page.close()


@every_variant
def test_it_is_lowered(lowered_page, variant):
    fuzzed = fuzz_batches.Variant(str(variant), 20, lambda dimension, choose: variant(dimension))
    batches = fuzz_batches.batches(fuzzed)
    batches += [one_term(batch, k) for k, batch in enumerate(batches)]
    code = to_javascript(variant(), *TRIPLETS.example()).whole
    for batch, found in zip(batches, harness.in_javascript(lowered_page, code, batches), strict=True):
        for path, numbers in harness.in_torch(batch).items():
            assert_equal(path, found[path], numbers, batch)


@every_variant
def test_it_has_a_surface(variant):
    loss, inputs = variant(), TRIPLETS.example()
    found = surface(loss, inputs, ("anchor", 1), resolution=5)
    moved = inputs[0].clone()
    moved[1] = torch.stack([found.x[3], found.y[1]])
    torch.testing.assert_close(found.loss[1, 3], loss(moved, *inputs[1:]))


def test_it_has_an_explorer_with_chart_controls_and_formulas():
    spec = explore(SquaredTripletLoss(), engine="kernel").spec["losses"]["SquaredTripletLoss"]
    assert spec["chart"] == "triplet_plane"
    assert [each["name"] for each in spec["controls"]] == ["margin", "distance"]
    assert [each["formulas"] for each in spec["variants"]] == [ENTRY.term(SquaredTripletLoss())] * len(VARIANTS)


def test_it_is_on_the_page_of_every_loss():
    page = every_loss.every_loss(catalogue.ENTRIES)
    assert "## SquaredTripletLoss" in page and ENTRY.formula in page
