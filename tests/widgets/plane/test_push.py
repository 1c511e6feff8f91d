"""push.js: the gradient of one term by the chosen point, as that goes round; and where it is strongest."""

import json
import math

import pytest
import torch

import lossviz
from tests.widgets.seen import Seen

PUSHES = """(async () => {
  const { spec, modules, now, index } = given;
  const page = engine.pageEngine(spec, modules);
  let found;
  for await (const each of plane_push.pushes(spec, page, state.begin(spec, now), index, new AbortController().signal)) {
    found = each;
  }
  return { ...found, degrees: found.peaks.map((peak) => plane_push.degreesOf(peak, given.term, given.now)) };
})()"""
SITUATIONS = [
    (lossviz.ContrastiveLoss(margin=0.5), "strongest push", 2, 2),
    (lossviz.MultipleNegativesRankingLoss(scale=5.0), "start", 3, 1),
    (lossviz.CoSENTLoss(scale=5.0), "start", 3, 1),
]


def explored(loss: lossviz.Loss, situation: str) -> lossviz.Explorer:
    return lossviz.explore(loss, situation=situation, controls=())


def asked(explorer: lossviz.Explorer, chosen: int, index: int) -> dict:
    now = {**explorer.state, "chosen": chosen}
    term = {"points": [0, 2], "index": index}
    given = {"spec": explorer.spec, "modules": explorer.modules, "now": now, "index": index, "term": term}
    return json.loads(json.dumps(given))


@pytest.mark.parametrize(("loss", "situation", "chosen", "index"), SITUATIONS)
def test_the_push_is_the_gradient_of_that_term_alone(javascript, loss, situation, chosen, index):
    explorer = explored(loss, situation)
    given = asked(explorer, explorer.spec["situations"][0]["chosen"], index)
    chosen = given["spec"]["situations"][0]["chosen"]
    found = javascript(PUSHES, given)
    for k in range(0, 181, 12):
        angle = -math.pi + 2 * math.pi * k / 180
        points = [list(each) for each in given["now"]["points"]]
        points[chosen] = [math.cos(angle), math.sin(angle)]
        seen = Seen(explorer._losses, given["spec"], {**given["now"], "points": points})
        wanted = seen.pieces[index][chosen].norm().item()
        assert found["values"][k] == pytest.approx(wanted, abs=1e-12)


def test_the_strongest_push_of_a_pair_is_named_by_its_angle(javascript):
    """At margin ½ it is where sin · (½ − 1 + cos) is largest: 32.534° to either side."""
    explorer = explored(lossviz.ContrastiveLoss(margin=0.5), "strongest push")
    degrees = torch.linspace(0, 60, 60_001, dtype=torch.float64)
    push = degrees.deg2rad().sin() * (degrees.deg2rad().cos() - 0.5)
    strongest = degrees[push.argmax()].item()
    found = javascript(PUSHES, asked(explorer, 2, 2))
    assert found["degrees"] == pytest.approx([strongest, strongest], abs=2e-3)
    assert strongest == pytest.approx(32.534, abs=1e-3)


TERM = """(() => {
  const { spec, now, terms } = given;
  const scene = { spec, state: { ...state.begin(spec, now), ...given.more }, reading: { terms } };
  return plane_push.pushedTerm(scene)?.letters ?? null;
})()"""
TERMS = [{"index": 0, "letters": "A–B", "points": [0, 1]}, {"index": 2, "letters": "A–C", "points": [0, 2]}]
CASES = [
    ({"asked": True}, None),  # it would tell the answer
    ({"asked": False}, "A–C"),  # the question names it
    ({"asked": False, "lit": {"kind": "term", "index": 0}}, None),  # C is not in it
    ({"asked": False, "lit": {"kind": "term", "index": 0}, "chosen": 0}, "A–B"),
    ({"asked": False, "chosen": 1}, None),
]


@pytest.mark.parametrize(("more", "letters"), CASES)
def test_which_term_is_drawn(javascript, more, letters):
    explorer = explored(lossviz.ContrastiveLoss(margin=0.5), "strongest push")
    given = {"spec": explorer.spec, "now": explorer.state, "terms": TERMS, "more": more}
    assert javascript(TERM, json.loads(json.dumps(given))) == letters


def test_a_plateau_has_no_peak(javascript):
    flat, none = [1.0] * 181, [0.0] * 181
    hills = [math.cos(3 * 2 * math.pi * k / 180) + 1 for k in range(181)]
    assert javascript("given.map(plane_push.peaksOf)", [flat, none, hills]) == [[], [], [0, 60, 120]]
