"""Every loss is in the catalogue once, and the catalogue says of it what its code and its peer say."""

import math
import string
from dataclasses import fields

import pytest

from lossviz import catalogue, losses
from lossviz.catalogue import ENTRIES, Parameter, entry
from lossviz.inputs import LABELLED_PAIRS
from lossviz.losses import ContrastiveLoss, Loss
from tests.losses.peers import as_the_peer_says, only_the_peers, peer_class, peer_defaults

EXPORTED = [each for each in vars(losses).values() if isinstance(each, type) and issubclass(each, Loss)]
LOSSES = [each for each in EXPORTED if each is not Loss]
every_entry = pytest.mark.parametrize("known", ENTRIES, ids=lambda known: known.loss.__name__)


def test_every_loss_has_exactly_one_entry():
    assert LOSSES
    assert sorted(each.__name__ for each in LOSSES) == sorted(each.loss.__name__ for each in ENTRIES)
    assert {each.__name__ for each in LOSSES} == set(losses.__all__) - {"Loss", "Terms"}


@every_entry
def test_entries_are_found_by_their_loss(known):
    assert entry(known.default()) is known


def test_a_loss_of_ones_own_has_no_entry():
    class Mine(ContrastiveLoss):
        pass

    assert entry(Mine()) is None


@every_entry
def test_parameters_are_the_dataclasss_fields_in_order(known):
    assert list(known.parameters) == [each.name for each in fields(known.loss)]


@every_entry
def test_a_parameter_is_a_slider_or_a_choice_and_its_default_is_on_it(known):
    for name, default in known.default().settings().items():
        parameter = known.parameters[name]
        assert parameter.meaning and (parameter.symbol or name == "scale")  # which formulas write out
        if parameter.choices:
            assert default in parameter.choices
            assert (parameter.minimum, parameter.maximum, parameter.step) == (None, None, None)
        elif parameter.minimum is None:  # neither: weights, an encoder
            assert not parameter.control and (parameter.maximum, parameter.step) == (None, None)
        else:
            assert parameter.minimum <= default <= parameter.maximum
            steps = (default - parameter.minimum) / parameter.step
            assert steps == pytest.approx(round(steps), abs=1e-9)


@every_entry
def test_words_are_there(known):
    assert known.paper.title and known.paper.authors and known.paper.venue
    assert 1900 < known.paper.year < 2100
    assert all(version and change for version, change in known.changes)


@every_entry
def test_docstrings_tell_formula_shapes_errors_and_source(known):
    for word in ("loss =", "(…, B", "ValueError", "Source:"):
        assert word in known.loss.__doc__


@every_entry
def test_terms_are_written_with_numbers_that_exist(known):
    for choices in known.variants():
        loss = known.default().changed(**choices)
        there = loss.complete(*loss.inputs.example()).numbers.keys() | loss.settings().keys() | {"B", "loss"}
        for formula in known.term(loss).values():
            names = {name for _, name, _, _ in string.Formatter().parse(formula) if name is not None}
            assert names and names <= there


@every_entry
def test_the_peer_has_the_same_name_and_defaults(known):
    name = peer_class(known).__name__
    assert name == known.loss.__name__
    ours = as_the_peer_says(known, known.default().settings())
    assert ours | only_the_peers(known) == peer_defaults(known)
    assert not ours.keys() & only_the_peers(known).keys()


@every_entry
def test_variants_are_every_choice_that_an_explorer_offers_and_some_more(known):
    offered = [set(each.choices) for each in known.parameters.values() if each.choices and each.control]
    variants = known.variants()
    assert len({str(each) for each in variants}) == len(variants)
    of_offered = variants[: len(variants) - len(known.also)]
    for choices, name in zip(offered, of_offered[0], strict=True):
        assert {each[name] for each in of_offered} == choices
    missing = 1 if known.loss is losses.SoftmaxLoss else 0  # with every part switched off there is nothing to read
    assert len(of_offered) == math.prod(map(len, offered)) - missing
    for variant in variants:
        assert variant.items() <= known.default().changed(**variant).settings().items()
    for name, parameter in known.parameters.items():  # what is not offered is looked at once, here or uncached
        if parameter.choices and not parameter.control and known.loss is losses.MultipleNegativesRankingLoss:
            assert {each.get(name, getattr(known.default(), name)) for each in variants} == set(parameter.choices)


# --- what the controls are made from ---------------------------------------------------------------------------------


def test_a_loss_of_ones_own_gets_controls_from_its_defaults():
    class Mine(Loss):
        inputs = LABELLED_PAIRS
        axes = ("pair",)

        def settings(self):
            return {"small": 0.1, "large": 5.0, "below": -2.0, "flag": True, "distance": "manhattan", "other": "what"}

    guessed = catalogue.parameters(Mine())
    assert list(guessed) == ["small", "large", "below", "flag", "distance"]
    ranges = {name: (guessed[name].minimum, guessed[name].maximum) for name in ("small", "large", "below")}
    assert ranges == {"small": (0, 1), "large": (0, 10), "below": (-4, 1)}
    assert guessed["flag"].choices == (True, False)
    assert guessed["distance"].choices == ("cosine", "euclidean", "manhattan")
    assert catalogue.entry(Mine()) is None


@every_entry
def test_a_known_loss_gets_controls_from_its_entry(known):
    loss = known.default()
    assert catalogue.parameters(loss) is known.parameters
    assert all(isinstance(each, Parameter) for each in known.parameters.values())
    assert catalogue.entry(loss) is known
