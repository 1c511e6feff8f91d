"""Questions that take longer than a frame: where they ask, when they ask again, and what is shown meanwhile."""

import math

import numpy as np
import pytest

STATE = {
    "loss": "ContrastiveLoss", "parameters": {"margin": 0.5, "distance": "cosine"}, "tensors": {}, "situation": 0,
    "points": [[1, 0], [0, 1], [-1, 0]], "chosen": 2, "lit": None, "view": "chart", "playing": False, "history": [],
}  # fmt: skip
CHANGED = [
    ({}, False),
    ({"view": "mask", "lit": {"kind": "point", "index": 0}, "pace": 3, "playing": True, "history": [1]}, False),
    ({"points": [[1, 0], [0, 1], [0, -1]]}, False),
    ({"points": [[1, 0], [0, -1], [-1, 0]]}, True),
    ({"chosen": 0}, True),
    ({"situation": 1}, True),
    ({"parameters": {"margin": 0.5, "distance": "euclidean"}}, True),
    ({"tensors": {"weight": [[1, 2]]}}, True),
    ({"loss": "AnotherLoss"}, True),
]


@pytest.mark.parametrize(("change", "again"), CHANGED)
def test_a_scan_starts_again_when_anything_but_its_own_point_changes(javascript, change, again):
    keys = javascript("given.map((state) => scan.scanKey(state, state.chosen))", [STATE, {**STATE, **change}])
    assert (keys[0] != keys[1]) == again


@pytest.mark.parametrize("size", [13, 101])
def test_the_grid_of_the_heat_map(javascript, size):
    axis = np.linspace(-1.6, 1.6, size)
    x, y = np.meshgrid(axis, axis)  # row by row, y growing
    found = np.array(javascript("scan.gridPositions(given, 1.6)", size))
    assert found == pytest.approx(np.stack([x, y], -1).reshape(-1, 2), abs=1e-12)


def test_the_strip_goes_once_round(javascript):
    assert javascript("scan.roundAngles(181)") == pytest.approx(np.linspace(-math.pi, math.pi, 181))


# What is asked, answered and shown. `tell(text)` answers what was asked last; each question has two answers, a and b.
ASKED = """(async () => {
  const log = [];
  let tell;
  const later = () => new Promise((resolve) => { tell = resolve; });
  async function* answers(name, signal) {
    for (const part of ["a", "b"]) {
      log.push(`ask ${name}${part}`);
      await later();
      if (signal.aborted) return void log.push(`drop ${name}${part}`);
      yield name + part;
    }
  }
  const asked = scan.createScan(() => log.push("late"));
  const ask = (key, subject = "it") =>
    log.push(`see ${asked(key && { subject, key, answers: (signal) => answers(key, signal) })}`);
  const answer = async () => { tell(); await new Promise((resolve) => setTimeout(resolve, 150)); };
  STEPS
  return log;
})()"""


def asked(javascript, steps: str) -> list[str]:
    return javascript(ASKED.replace("STEPS", steps))


def test_answers_come_one_after_the_other(javascript):
    found = asked(javascript, "ask('1'); await answer(); ask('1'); await answer(); ask('1');")
    assert found == ["ask 1a", "see null", "late", "ask 1b", "see 1a", "late", "see 1b"]


def test_the_first_answer_is_waited_for_and_then_only_the_newest_question_is_put(javascript):
    found = asked(javascript, "ask('1'); ask('2'); ask('3'); await answer(); ask('3'); await answer(); ask('3');")
    assert found == [
        "ask 1a", "see null", "see null", "see null", "late", "ask 3a", "see 1a", "late", "ask 3b", "see 3a",
    ]  # fmt: skip


def test_a_finer_answer_gives_way(javascript):
    found = asked(javascript, "ask('1'); await answer(); ask('2'); await answer(); ask('2'); await answer();")
    assert found == ["ask 1a", "see null", "late", "ask 1b", "see 1a", "drop 1b", "ask 2a", "see 1a", "late", "ask 2b"]


@pytest.mark.parametrize("after", ["ask('2', 'another');", "ask(null);"])
def test_what_is_about_something_else_is_neither_shown_nor_waited_for(javascript, after):
    found = asked(javascript, f"ask('1'); await answer(); ask('1'); {after} await answer();")
    assert found[:6] == ["ask 1a", "see null", "late", "ask 1b", "see 1a", "see null"]
    assert found[6:] == ["drop 1b", "ask 2a"] if "2" in after else ["drop 1b"]


def test_a_question_that_comes_back_is_put_again(javascript):
    found = asked(javascript, "ask('1'); ask(null); ask('1'); await answer(); ask('1'); await answer(); ask('1');")
    assert found[:3] == ["ask 1a", "see null", "see null"]
    assert found[-1] == "see 1a" and "drop 1a" in found
