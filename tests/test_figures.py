"""The drawings of the chapters: drawn from the losses, and every axis says what it is."""

import pytest
import torch

from lossviz import AnglELoss, CachedMultipleNegativesRankingLoss, CosineSimilarityLoss, figures

CURVES = {"cosine": (CosineSimilarityLoss(), 2), "AnglE": (AnglELoss(), 2), "AnglE, 384": (AnglELoss(), 384)}
DRAWINGS = {
    "similarity_by_turn": (lambda: figures.similarity_by_turn(CURVES), 1),
    "cells_seen": (figures.cells_seen, 2),
    "three_passes": (lambda: figures.three_passes(CachedMultipleNegativesRankingLoss), 1),
}
DEGREES = torch.tensor([0.0, 30.0, 90.0, 135.0, 180.0], dtype=torch.float64)


@pytest.mark.parametrize(("draw", "count"), DRAWINGS.values(), ids=DRAWINGS)
def test_every_axis_is_named(draw, count):
    figure = draw()
    figure.canvas.draw()
    assert len(figure.axes) == count
    assert all(axes.get_xlabel() and axes.get_ylabel() and axes.has_data() for axes in figure.axes)


@pytest.mark.parametrize("dimension", [2, 384])
def test_a_turned_sentence_has_the_cosine_of_its_angle(dimension):
    found = figures.turned(CosineSimilarityLoss(), dimension, DEGREES)
    torch.testing.assert_close(found, DEGREES.deg2rad().cos())


def test_in_two_dimensions_angle_peaks_at_45_degrees():
    found = figures.turned(AnglELoss(), 2, DEGREES)
    torch.testing.assert_close(found, 2**0.5 * (DEGREES - 45).deg2rad().cos().abs())


@pytest.mark.parametrize(("batch", "mini_batch"), [(8, 2), (6, 3)])
def test_accumulation_sees_blocks_on_the_diagonal(batch, mini_batch):
    whole, accumulation = figures.cells_seen(batch, mini_batch).axes
    assert f"{batch * batch} cells" in whole.get_title()
    assert f"{batch * mini_batch} cells" in accumulation.get_title()


def test_a_cached_step_keeps_a_mini_batch_and_goes_three_times_through_the_encoder():
    whole, cached = figures.three_passes(CachedMultipleNegativesRankingLoss, batch=16, mini_batch=4).axes[0].lines[:2]
    assert max(whole.get_ydata()) == 32 and max(cached.get_ydata()) == 4
    assert max(cached.get_xdata()) == 1.5 * max(whole.get_xdata())
