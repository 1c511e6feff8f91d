"""What a chapter prints of a definition still computes the loss, in a few lines that its column shows whole."""

import ast
import functools
import sys
from types import SimpleNamespace

import pytest
import torch

from lossviz.catalogue import ENTRIES
from lossviz.listing import WIDTH, code, definition, listing
from lossviz.losses import Loss, labelled_sentences, positive_pairs, scored_pairs

LINES = 12
HELPERS = [
    labelled_sentences._Hardest.of,
    positive_pairs.both_ways,
    positive_pairs.log_share,
    scored_pairs._angle_similarity,
    scored_pairs._in_order,
]
every_loss = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.loss.__name__)


def run(function, *arguments):
    """The printed lines, run in place of the function's own."""
    room = dict(vars(sys.modules[function.__module__]))
    exec(listing(function).replace(", ...)", ")"), room)
    return room[function.__name__](*arguments)


@every_loss
def test_the_printed_lines_compute_the_loss(entry):
    loss, example = entry.default(), entry.loss.inputs.example()
    found = run(entry.loss.define, loss, *example)
    value = found.values.sum() if found.loss is None else found.loss
    torch.testing.assert_close(value, loss(*example), rtol=1e-12, atol=0)


# Beside the definition: what it calls, and what that calls; those of a branch last.
CALLED = {
    "OnlineContrastiveLoss": ["_largest_or_mean"],
    "BatchHardTripletLoss": ["of"],
    "BatchHardSoftMarginTripletLoss": ["of"],
    "BatchSemiHardTripletLoss": ["_semi_hard"],
    "CoSENTLoss": ["_in_order"],
    "AnglELoss": ["_in_order", "_angle_similarity"],
    "SoftmaxLoss": ["features"],
    "MultipleNegativesRankingLoss": ["log_share", "_further", "_hardness", "_ways"],
    "CachedMultipleNegativesRankingLoss": ["define", "log_share", "_further", "_hardness", "_ways"],
    "MultipleNegativesSymmetricRankingLoss": ["both_ways", "log_share"],
    "ContrastiveTensionLossInBatchNegatives": ["both_ways", "log_share"],
}


@every_loss
def test_the_code_of_a_loss_is_its_definition_and_what_it_calls(entry):
    text = code(entry.default())
    assert listing(entry.loss.define) in text
    found = [each.name for each in ast.parse(text.replace(", ...)", ")")).body]
    called = ["__call__"] * (entry.loss.__call__ is not Loss.__call__)  # the cached loss hands its columns on
    assert found == [*called, "define", *CALLED.get(entry.loss.__name__, [])]
    assert all("*columns, check)" in listing(entry.loss.__call__) for _ in called)
    for helper in HELPERS:
        assert (listing(helper) in text) == (helper.__name__ in found)


def test_a_function_that_returns_on_its_way_or_not_at_all_is_shown_as_it_computes():
    def early(one, two):
        """Not printed."""
        if one:
            return two
        return one

    def yields(one):
        """Not printed."""
        while one:
            yield one

    assert listing(early) == "def early(one, two):\n    if one:\n        return two\n    return one"
    assert listing(yields) == "def yields(one):\n    while one:\n        yield one"


def test_a_loss_without_source_has_no_code():
    class Silent(Loss):
        define = functools.partial(int)

    class Short(Loss):
        define = lambda self, one: one  # noqa: E731

    assert code(Silent()) == code(Short()) == ""


def test_the_printed_lines_find_the_hardest():
    labels = torch.tensor([0, 0, 0, 1, 1, 2])
    distance = torch.cdist(*2 * [torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))])
    found = run(labelled_sentences._Hardest.of.__func__, lambda *each: each, distance, labels)
    hardest = labelled_sentences._Hardest.of(distance, labels)
    torch.testing.assert_close(found[1:3], (hardest.to_positive, hardest.to_negative))


def test_a_list_that_grows_keeps_what_it_is_given():
    def grows(flag, one):
        """Not printed."""
        unused = one + 1  # noqa: F841
        parts = [one]
        if flag:
            parts.append(2 * one)
        return SimpleNamespace(parts=parts, numbers={"one": one})

    assert listing(grows) == (
        "def grows(flag, one):\n    parts = [one]\n    if flag:\n        parts.append(2 * one)\n"
        "    return SimpleNamespace(parts=parts, ...)"
    )


@pytest.mark.parametrize("function", [*(each.loss.define for each in ENTRIES), *HELPERS], ids=lambda f: f.__qualname__)
def test_the_column_shows_it_whole(function):
    lines = listing(function).splitlines()
    assert len(lines) <= LINES + 2 and max(map(len, lines)) <= WIDTH


def test_several_stand_below_each_other():
    assert definition(*HELPERS[:2]).data.count("\n\n") == 1
