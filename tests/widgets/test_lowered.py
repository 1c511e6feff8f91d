"""What is lowered is kept: a loss of this package on this machine, while its code is the same."""

import os
import time

import pytest
import torch
from torch import Tensor

from lossviz.losses import ContrastiveLoss, CosineSimilarityLoss, MultipleNegativesRankingLoss
from lossviz.lowering import to_javascript
from lossviz.widgets import lowered
from tests.widgets.own_losses import LinearContrastiveLoss


def squared(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().sum(-1)


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What is lowered from here on, as in a new session with an empty cache folder."""
    names = []

    def counted(loss, *example):
        names.append(type(loss).__name__)
        return to_javascript(loss, *example)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(lowered, "_LOWERED", {})
    monkeypatch.setattr(lowered, "to_javascript", counted)
    return names


@pytest.fixture
def in_a_new_session(asked, monkeypatch):
    def lower(loss, count=3):
        monkeypatch.setattr(lowered, "_LOWERED", {})
        return lowered.lowered(loss, count, 2)

    return lower


def test_a_new_session_reads_what_an_earlier_one_lowered(asked, in_a_new_session):
    first = in_a_new_session(ContrastiveLoss())
    assert in_a_new_session(ContrastiveLoss(margin=0.7)) == first  # a number is an input of what is lowered
    assert in_a_new_session(ContrastiveLoss(size_average=False)) != first
    assert asked == ["ContrastiveLoss", "ContrastiveLoss"]


def test_a_learned_scale_is_not_a_number(asked, in_a_new_session):
    """Its gradient is one more output."""
    fixed = in_a_new_session(MultipleNegativesRankingLoss(), 2)
    learned = in_a_new_session(MultipleNegativesRankingLoss(scale=torch.tensor(20.0, requires_grad=True)), 2)
    assert len(asked) == 2 and learned != fixed


def test_other_code_reads_nothing(asked, in_a_new_session, monkeypatch):
    first = in_a_new_session(ContrastiveLoss())
    monkeypatch.setattr(lowered, "CODE", "after an edit")
    assert in_a_new_session(ContrastiveLoss()) == first
    assert len(asked) == 2


def test_a_readers_own_loss_and_distance_are_lowered_in_each_session(asked, in_a_new_session, tmp_path):
    for loss in (LinearContrastiveLoss(), ContrastiveLoss(distance=squared)):
        in_a_new_session(loss)
        in_a_new_session(loss)
    assert len(asked) == 4 and not any(tmp_path.iterdir())


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b'{"whole": "export"}', b"\xff"])
def test_a_file_that_cannot_be_read_is_written_again(asked, in_a_new_session, tmp_path, text):
    whole = in_a_new_session(CosineSimilarityLoss())
    (file,) = tmp_path.rglob("*.json")
    file.write_bytes(text)
    assert in_a_new_session(CosineSimilarityLoss()) == whole
    assert in_a_new_session(CosineSimilarityLoss()) == whole
    assert len(asked) == 2


def test_where_no_folder_can_be_made_it_is_lowered_all_the_same(asked, in_a_new_session, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert in_a_new_session(CosineSimilarityLoss()).whole
    assert len(asked) == 1


def test_what_nobody_used_for_a_month_goes(asked, in_a_new_session, tmp_path):
    old, young = (tmp_path / "lossviz" / name for name in ("old", "young"))
    for folder, days in ((old, 31), (young, 29)):
        folder.mkdir(parents=True)
        os.utime(folder, times=(time.time() - days * 24 * 3600,) * 2)
    in_a_new_session(CosineSimilarityLoss())
    assert not old.exists() and young.exists()
