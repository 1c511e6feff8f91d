"""What the layers of the plane draw, as pure functions: lines, pieces, zoom."""

import numpy as np
import pytest
import torch

DOUBLE = torch.float64
TERMS = [
    {"index": 0, "active": True, "links": [{"from": 0, "to": 1, "side": "positive", "weight": 0.7}]},
    {"index": 4, "active": True, "links": [{"from": 1, "to": 0, "side": "positive", "weight": 0.6},
                                           {"from": 0, "to": 1, "side": "negative", "weight": 0.2}]},
    {"index": 5, "active": False, "links": [{"from": 0, "to": 2, "side": "negative", "weight": 1}]},
]  # fmt: skip


def test_links_between_two_points_are_one_rope(javascript):
    ropes = javascript("plane_lines.ropesOf(given, null)", TERMS)
    found = [(rope["ends"], rope["side"], rope["terms"], rope["active"], rope["weight"]) for rope in ropes]
    assert found == [
        ("0,1", "positive", [0, 4], True, 1),  # never more than the whole
        ("0,1", "negative", [4], True, 0.2),
        ("0,2", "negative", [5], False, 0),
    ]
    assert [rope["aside"] for rope in ropes] == [-0.5, 0.5, 0]  # two ropes lie side by side
    lit = javascript("plane_lines.ropesOf(given, new Set([4]))", TERMS)
    assert [rope["weight"] for rope in lit] == [0.6, 0.2, 0]


@pytest.mark.parametrize("missing", [0, 3])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 40])
def test_pieces_add_up_however_many_are_shown(javascript, count, missing):
    """Also where some of what pulls is in no piece."""
    gradients = torch.randn(count + missing, 2, generator=torch.Generator().manual_seed(count), dtype=DOUBLE)
    pieces = [{"kind": "triplet", "gradient": each} for each in gradients[:count].tolist()]
    whole = gradients.sum(0)
    found = javascript("plane_pulls.gathered(...given)", [pieces, whole.tolist()])
    rest = count > 8 or missing > 0
    assert len(found) == min(8, count + (missing > 0))
    assert np.sum([each["gradient"] for each in found], 0) == pytest.approx(whole.numpy())
    assert [each["kind"] for each in found].count("rest") == rest
    if count < 8:
        assert found[:count] == pieces  # in the order of the terms


def test_what_does_not_pull_is_no_piece(javascript):
    pieces = [{"kind": "pair", "gradient": each} for each in ([0, 0], [1, 2], [1e-12, 0])]
    assert javascript("plane_pulls.gathered(...given)", [pieces, [1, 2]]) == pieces[1:2]


@pytest.mark.parametrize(
    ("farthest", "extent", "steps", "held", "zoomed"),
    [
        (0.5, 1.6, 0, False, 1.6),
        (2.0, 1.6, 0, False, 2.4),
        (2.0, 1.6, 0, True, 2.4),
        (0.5, 3.2, 0, False, 1.6),
        (0.5, 3.2, 1, False, 3.2),  # not before the run is over
        (0.5, 3.2, 0, True, 3.2),  # never under a hand
    ],
)
def test_the_plane_zooms(javascript, farthest, extent, steps, held, zoomed):
    state = {"points": [[0, 0], [-farthest, 0.1]], "at": steps}
    assert javascript("plane_place.zoomed(...given)", [extent, state, held]) == pytest.approx(zoomed)
