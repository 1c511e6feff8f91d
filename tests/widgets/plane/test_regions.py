"""Borders between regions: where a choice changes, in the plane and on the circle."""

import math

import numpy as np
import pytest

SEEDS = [[-0.9, 0.5], [0.7, 0.6], [0.1, -0.8]]
NEAREST = """(places) => Float64Array.from(places, (place) => {
  const away = given.seeds.map((seed) => Math.hypot(seed[0] - place[0], seed[1] - place[1]));
  return away.indexOf(Math.min(...away));
})"""


@pytest.mark.parametrize("extent", [1.6, 6.4])
def test_borders_lie_where_two_choices_are_as_good(javascript, extent):
    """The choice is the nearest of three seeds: a border is as far from two of them, and each name is among its own."""
    lines, named, cuts = javascript(
        f"""plane_regions.regions(plane_regions.planeGrid(given.extent), {NEAREST}).then((found) =>
          [plane_regions.borderLines(found), plane_regions.namePlaces(found, given.seeds, given.extent),
           found.cuts.length])""",
        {"seeds": SEEDS, "extent": extent},
    )
    near = np.sort(np.linalg.norm(np.array(lines)[:, :, None] - np.array(SEEDS), axis=-1), axis=-1)
    apart = near[..., 1] - near[..., 0]
    step = extent / 20
    assert len(lines) > 40 and cuts > 40
    assert np.sort(apart.ravel())[:-3].max() < step / 20  # but where three meet, in the middle of a cell
    assert apart.max() < step
    assert sorted(each["choice"] for each in named) == [0, 1, 2]
    for each in named:
        away = np.linalg.norm(np.array(SEEDS) - each["place"], axis=-1)
        assert away.argmin() == each["choice"] and away.min() > 0.1
        assert np.abs(each["place"]).max() < extent - 0.1


def test_borders_on_the_circle(javascript):
    found = javascript(f"plane_regions.regions(plane_regions.roundGrid(), {NEAREST})", {"seeds": SEEDS})
    angles = np.array([place for ((place,),) in [(cut["place"],) for cut in found["cuts"]]])
    places = np.stack([np.cos(angles), np.sin(angles)], -1)
    near = np.sort(np.linalg.norm(places[:, None] - np.array(SEEDS), axis=-1), axis=-1)
    assert len(angles) == 3
    assert near[:, 1] - near[:, 0] == pytest.approx(np.zeros(3), abs=0.01)


def test_one_choice_everywhere_has_no_border(javascript):
    found = javascript(f"plane_regions.regions(plane_regions.planeGrid(1.6), {NEAREST})", {"seeds": SEEDS[:1]})
    assert found["cuts"] == [] and set(found["choices"]) == {0}


def test_regions_that_are_no_longer_wanted(javascript):
    assert javascript("plane_regions.regions(plane_regions.planeGrid(1.6), () => null)") is None


@pytest.mark.parametrize(("here", "home"), [(0.3, 0.0), (0.3, 2.0), (-0.5, -0.9)])
def test_the_circle_within_a_level(javascript, here, home):
    """cos(angle − 1) as the value: the stretches end where it is at the level, and lie on home's side of it."""
    angles = np.array(javascript("scan.roundAngles(181)"))
    values = np.cos(angles - 1)
    found = javascript("plane_reach.stretches(given)", {"here": here, "home": home, "values": values.tolist()})
    inner = np.concatenate([each[1:-1] for each in found])
    assert ((np.cos(inner - 1) < here) == (home < here)).all()
    ends = [end for each in found for end in (each[0], each[-1]) if abs(end) < math.pi - 1e-9]
    assert np.cos(np.array(ends) - 1) == pytest.approx(np.full(2, here), abs=1e-3)
    within = ((values < here) == (home < here)).sum()
    assert len(inner) + sum(abs(each[k]) > math.pi - 1e-9 for each in found for k in (0, -1)) == within
