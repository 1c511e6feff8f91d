"""The drawings of the chapters: drawn from the losses, and every axis says what it is."""

from itertools import combinations

import numpy as np
import pytest
import torch
from matplotlib.contour import ContourSet
from matplotlib.quiver import Quiver

from lossviz import (
    AnglELoss,
    CachedMultipleNegativesRankingLoss,
    CosineSimilarityLoss,
    MultipleNegativesRankingLoss,
    MultipleNegativesSymmetricRankingLoss,
    TripletLoss,
    figures,
)
from lossviz.catalogue import ENTRIES
from lossviz.situations import situation, situations

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


@pytest.mark.parametrize("loss, turns_only", [(CosineSimilarityLoss(), True), (TripletLoss(triplet_margin=1.0), False)])
def test_arrows_that_only_turn_are_left_out_at_the_centre(loss, turns_only):
    batch = situation(loss.inputs.name, "start")
    drawn = figures.gradient_field(loss, batch, point=2).axes[0].collections
    (arrows,) = (each for each in drawn if isinstance(each, Quiver))
    lengths = torch.tensor(arrows.U).hypot(torch.tensor(arrows.V))
    near = torch.tensor(arrows.XY).norm(dim=-1) < 0.5
    assert lengths[~near].max() > 0
    assert (lengths[near].max() == 0) == turns_only


def test_the_names_of_near_points_do_not_cover_each_other():
    batch = situation("positive_pairs", "rows and columns")  # C and D stand ten degrees apart
    figure = figures.gradient_field(MultipleNegativesSymmetricRankingLoss(), batch, point=1)
    figure.canvas.draw()
    boxes = [name.get_window_extent() for name in figure.axes[0].texts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


# --- landscapes: of every loss, as its chapter draws it

LANDSCAPES = [(entry, situations(entry.loss.inputs.name)[0]) for entry in ENTRIES]
landscapes = pytest.mark.parametrize(("entry", "batch"), LANDSCAPES, ids=lambda each: getattr(each, "name", None))


@landscapes
def test_a_field_has_a_title_named_axes_and_every_point_by_its_letter(entry, batch):
    axes, scale = figures.gradient_field(entry.default(), batch, point=0, resolution=5).axes
    assert axes.get_title().endswith(entry.loss.__name__) and "A, hollow" in axes.get_title()
    assert (axes.get_xlabel(), axes.get_ylabel(), scale.get_ylabel()) == ("x", "y", "loss")
    assert [name.get_text() for name in axes.texts] == list("ABCDEFGHIJKL")[: len(batch.keys)]
    drawn = [line.get_xydata()[0].tolist() for line in axes.lines]
    assert drawn == pytest.approx(np.array(batch.points(2)))


@landscapes
def test_a_surface_has_a_title_named_axes_and_every_point_by_its_letter(entry, batch):
    """Each a little above the height that the loss has with the moving point in its place."""
    figure = figures.loss_surface(entry.default(), batch, point=0, resolution=5).figure
    surface, marks = figure.data
    assert figure.layout.title.text == f"{entry.loss.__name__} as A moves"
    titles = [getattr(figure.layout.scene, f"{name}axis").title.text for name in "xyz"]
    assert titles == ["x", "y", "loss"]
    names = figure.layout.scene.annotations
    assert [name.text for name in names] == [f"<b>{letter}</b>" for letter in "ABCDEFGHIJKL"[: len(batch.keys)]]
    assert [(name.x, name.y, name.z) for name in names] == list(zip(marks.x, marks.y, marks.z, strict=True))
    lift = 0.02 * (np.max(surface.z) - np.min(surface.z))
    for place, height in zip(batch.points(2), marks.z, strict=True):
        points = batch.points(2)
        points[0] = place
        assert height == pytest.approx(entry.default().value(*batch.inputs(points)).item() + lift, abs=1e-5)


def test_two_fields_to_compare_have_one_scale():
    """Of shades and of arrows."""
    batch = situation("positive_pairs", "rows and columns")
    one, other = MultipleNegativesSymmetricRankingLoss(scale=5.0), MultipleNegativesRankingLoss(scale=5.0)
    *both, scale = figures.gradient_field(one, batch, point=1, beside=other, resolution=5).axes
    assert len(both) == 2 and scale.get_ylabel() == "loss"
    arrows = [next(each for each in axes.collections if isinstance(each, Quiver)) for axes in both]
    shades = [next(each for each in axes.collections if isinstance(each, ContourSet)) for axes in both]
    assert arrows[0].scale == arrows[1].scale and len({tuple(each.levels) for each in shades}) == 1
