"""A film: Play shows a training that was watched, frame by frame, until a reader moves something."""

import pytest
import torch
from playwright.sync_api import expect

import lossviz

LOSS = lossviz.MultipleNegativesRankingLoss()
STEPS = [0, 100, 200, 250]


def film(dimension: int) -> tuple[lossviz.Explorer, list[torch.Tensor]]:
    """An explorer with a film of points that come nearer to their partners, and the points of each frame."""
    anchor, positive = LOSS.inputs.example(batch=4, dimension=dimension)
    batch = lossviz.Batch.of_rows(anchor=anchor, positive=positive)
    explorer = lossviz.explore(LOSS, batch=batch)
    partners = batch.embeddings.view(4, 2, dimension).flip(1).reshape(8, dimension)
    frames = [torch.lerp(batch.embeddings, partners, part) for part in (0.0, 0.1, 0.2, 0.4)]
    played = [{"loss": LOSS(*batch.inputs(each)).item(), "points": each.tolist(), "tensors": {}} for each in frames]
    explorer.spec = {**explorer.spec, "film": {"steps": STEPS, "frames": played}}
    return explorer, frames


@pytest.mark.parametrize("dimension", [2, 8])
def test_play_shows_the_training_that_was_watched(mounted, dimension):
    explorer, frames = film(dimension)
    shown = mounted(explorer)
    shown.play()
    state = shown.state
    assert [each["points"] for each in state["run"]["frames"]] == [each.tolist() for each in frames]
    assert state["at"] == len(frames) - 1 and state["points"] == frames[-1].tolist()
    shown.says_what_torch_says()
    expect(shown.find(".bar-of-run input")).to_have_attribute("aria-valuetext", f"step 250 of 250, loss {said(shown)}")
    with shown.opened("run"):
        told = shown.find(".history").text_content()
    assert "250 steps: loss" in told and "looked at every 100 steps of a training" in told
    assert "Here the training that was watched ends." in shown.root.text_content()


def said(shown) -> str:
    return shown.find(".value").text_content().split()[-1]


def test_a_film_is_played_again_from_its_start_and_gone_through(mounted):
    explorer, frames = film(8)
    shown = mounted(explorer)
    shown.play()
    shown.find(".bar-of-run input").fill("1")
    assert shown.state["points"] == frames[1].tolist()
    shown.play()
    shown.play()
    assert shown.state["at"] == len(frames) - 1


def test_what_a_reader_moves_goes_its_own_way(mounted):
    explorer, frames = film(2)
    shown = mounted(explorer)
    moved = [frames[0][0].flip(0).tolist(), *frames[0][1:].tolist()]
    shown.change(points=moved, origin=moved)
    shown.play(enough="state.at > 3")
    assert "steps" not in shown.state["run"] and shown.rate > 0
