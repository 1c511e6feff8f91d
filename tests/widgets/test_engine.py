"""engine.js: between points and rows, and what an answer is made of; test_explorer.py holds the answers to torch's."""

import json

import numpy as np
import pytest
import torch

import lossviz
from lossviz.losses.base import VISIBLE
from lossviz.widgets import scene


def test_rows_are_gathered_from_points_and_gradients_summed_back(javascript):
    """The gradient of gathering is summing: what index_select and its backward do."""
    for dimension in (2, 5):
        generator = torch.Generator().manual_seed(dimension)
        points = torch.randn(4, dimension, generator=generator, dtype=torch.float64, requires_grad=True)
        index = {"anchor": [0, 2, 0, 3], "other": [1, 0, 3, 3]}  # point 3 stands in three rows, twice in one
        gathered = {name: points[each] for name, each in index.items()}
        pulls = {name: torch.randn(4, dimension, generator=generator, dtype=torch.float64) for name in index}
        sum((gathered[name] * pulls[name]).sum() for name in index).backward()
        found, gradients = javascript(
            """[Object.values(given.index).map((rows) => [...engine.gather(given.points, rows)]),
            engine.scatter(given.pulls, given.index, given.points.length, given.points[0].length)]""",
            {
                "points": points.tolist(),
                "index": index,
                "pulls": {name: each.flatten().tolist() for name, each in pulls.items()},
            },
        )
        assert found == [each.flatten().tolist() for each in gathered.values()]
        assert np.array(gradients) == pytest.approx(points.grad.numpy())


def test_both_engines_draw_the_line_in_the_same_places(javascript):
    """Between what can be seen, of a gradient and of a value, and what cannot."""
    found = javascript("[engine.UNSEEN, engine.STEP, engine.VISIBLE]")
    assert found == [scene.UNSEEN, scene.STEP, VISIBLE]


@pytest.fixture(scope="module")
def given():
    """An explorer of one variant, and what the page would ask about its batch."""
    explorer = lossviz.explore(lossviz.ContrastiveLoss(), controls=())
    situation = explorer.spec["situations"][0]
    own = {name: situation[name] for name in ("rows", "labels")}
    question = {"state": explorer.state, "points": explorer.state["points"], **own}
    values = {name: getattr(explorer, name) for name in ("spec", "modules", "state")}
    (answer,) = explorer.answer({**question, "gradients": True})
    return json.loads(json.dumps({**values, "own": question, "answer": answer}))


def test_an_answer_keeps_its_numbers_when_the_next_is_asked(javascript, given):
    """A lowered function writes into the same arrays each time."""
    asked = """(async () => {
      const page = engine.pageEngine(given.spec, given.modules);
      const [first] = await page.answer({ ...given.own, gradients: true });
      const before = JSON.stringify(first);
      await page.answer({ ...given.own, points: given.own.points.map(([x, y]) => [y, x + 1]) });
      return JSON.stringify(first) === before;
    })()"""
    assert javascript(asked, given)


def test_the_kernel_hears_what_lasts_and_the_page_gets_arrays(javascript, given):
    asked = """(async () => {
      const sent = [];
      let hear;
      const kernel = engine.kernelEngine(given.spec, engine.createAsking({
        on: (_, callback) => { hear = callback; }, send: (message) => sent.push(message),
      }));
      const promised = kernel.answer(engine.ownQuestion(given.spec, state.begin(given.spec, given.state)));
      hear({ id: sent[0].id, answer: [given.answer] });
      const [{ loss, terms, shapes, gradients }] = await promised;
      const arrays = [terms.matrix, gradients.anchor].map((value) => value instanceof Float64Array);
      return [Object.keys(sent[0].question.state), loss, ...arrays, Array.isArray(shapes.matrix)];
    })()"""
    wanted = [["loss", "parameters", "tensors", "situation", "points"], given["answer"]["loss"], True, True, True]
    assert javascript(asked, given) == wanted
