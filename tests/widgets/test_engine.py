"""engine.js: the page answers each question as torch does in the kernel."""

import json

import numpy as np
import pytest
import torch

import lossviz
from lossviz import Batch, catalogue
from lossviz.widgets import kernel

# The answers of the page engine to several questions about one state; typed arrays as lists.
ANSWERS = """(async () => {
  const plain = (value) => value instanceof Float64Array ? Array.from(value)
    : value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
      : value;
  const page = engine.pageEngine(given.spec, given.modules);
  const answers = [];
  for (const question of given.questions) answers.push((await page.answer(question)).map(plain));
  return answers;
})()"""


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


def explored(loss: lossviz.Loss) -> tuple[lossviz.Explorer, dict]:
    """A loss on the batch of its example, and what the page would ask about it."""
    example = loss.inputs.example(dimension=2)
    rows = dict(zip(loss.inputs.rows, example, strict=False))
    batch = Batch.of_rows(labels=example[-1] if loss.inputs.labels else None, **rows)
    explorer = lossviz.explore(loss, batch=batch, controls=())
    situation = explorer.spec["situations"][0]
    own = {"state": explorer.state, "points": explorer.state["points"], **{
        name: situation[name] for name in ("rows", "labels")
    }}  # fmt: skip
    return explorer, json.loads(json.dumps(own))


def same(found: object, wanted: object) -> bool:
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[name], each) for name, each in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and np.allclose(np.array(found, float), np.array(wanted, float), atol=1e-9)
    return found == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.loss.__name__)
def test_the_page_answers_as_torch_does(javascript, entry):
    """Everything about the batch; the gradient of each term; one point elsewhere; a batch of more rows."""
    explorer, own = explored(entry.default())
    terms = explorer.terms()
    positions = torch.rand(40, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64).mul(3).sub(1.5)
    moving = {"point": 1, "positions": positions.tolist()}
    roles = [["terms", "chosen", role] for role in terms.chosen]
    twice = {
        "rows": {name: 2 * each for name, each in own["rows"].items()}, "labels": own["labels"] and 2 * own["labels"],
    }  # fmt: skip
    questions = [
        own,
        {**own, "gradients": True, "terms": [-1, *range(terms.values.numel())], "keep": [["loss"]]},
        {**own, "moving": moving, "keep": [["loss"]]},
        {**own, "moving": moving, "keep": [["terms", "matrix"], ["shapes", "matrix"], *roles]},
        {**own, **twice, "keep": [["terms", "values"], ["terms", "numbers"], ["nothing", "there"]]},
    ]
    found = javascript(ANSWERS, {"spec": explorer.spec, "modules": explorer.modules, "questions": questions})
    for question, answers in zip(questions, found, strict=True):
        wanted = kernel.answer(question, explorer._losses, "cpu")
        assert len(answers) == len(wanted) and all(map(same, answers, wanted))
    assert [len(each) for each in found] == [1, 1 + terms.values.numel(), 40, 40, 1]


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.loss.__name__)
def test_the_pulls_of_all_terms_add_up_to_the_gradient(entry):
    explorer, own = explored(entry.default())
    asked = {**own, "gradients": True, "terms": [-1, *range(explorer.terms().pulls.numel())], "keep": [["loss"]]}
    whole, *pieces = kernel.answer(asked, explorer._losses, "cpu")
    for name, gradient in whole["gradients"].items():
        assert np.sum([each["gradients"][name] for each in pieces], axis=0) == pytest.approx(np.array(gradient))


@pytest.fixture(scope="module")
def contrastive():
    return explored(lossviz.ContrastiveLoss())


def test_what_nobody_wants_any_more_is_not_answered(javascript, contrastive):
    """Of many positions the first may be answered before the signal says so; none are given."""
    explorer, own = contrastive
    given = {"spec": explorer.spec, "modules": explorer.modules, "own": own}
    asked = """(async () => {
      const page = engine.pageEngine(given.spec, given.modules);
      const stop = new AbortController();
      const moving = { point: 0, positions: Array.from({ length: 10000 }, (_, k) => [Math.cos(k), Math.sin(k)]) };
      const answer = page.answer({ ...given.own, moving, keep: [["loss"]] }, stop.signal);
      stop.abort();
      return [await answer, await page.answer(given.own, stop.signal), (await page.answer(given.own)).length];
    })()"""
    assert javascript(asked, given) == [None, None, 1]


def test_an_answer_keeps_its_numbers_when_the_next_is_asked(javascript, contrastive):
    """A lowered function writes into the same arrays each time."""
    explorer, own = contrastive
    given = {"spec": explorer.spec, "modules": explorer.modules, "own": own}
    asked = """(async () => {
      const page = engine.pageEngine(given.spec, given.modules);
      const [first] = await page.answer({ ...given.own, gradients: true });
      const before = JSON.stringify(first);
      await page.answer({ ...given.own, points: given.own.points.map(([x, y]) => [y, x + 1]) });
      return JSON.stringify(first) === before;
    })()"""
    assert javascript(asked, given)


# A kernel that answers when it is told to, oldest question first.
KERNEL = """(async () => {
  const sent = [];
  let hear;
  const model = { on: (_, callback) => { hear = callback; }, send: (message) => sent.push(message) };
  const asks = engine.kernelEngine(given.spec, model);
  const answer = async (loss) => {
    const { id } = sent[answered++];
    hear({ id, answer: [{ ...given.answer, loss }] });
    await new Promise((done) => setTimeout(done));
  };
  let answered = 0;
  const begun = state.begin(given.spec, given.state);
  return await (TEST)();
})()"""


def kernel_asked(javascript, contrastive, test: str) -> object:
    explorer, own = contrastive
    (answer,) = kernel.answer({**own, "gradients": True}, explorer._losses, "cpu")
    given = {"spec": explorer.spec, "state": explorer.state, "answer": answer}
    return javascript(KERNEL.replace("TEST", f"async () => {{ {test} }}"), given)


def test_while_torch_thinks_only_the_newest_state_waits(javascript, contrastive):
    test = """
      const heard = [];
      for (const name of ["first", "second", "third"]) asks.evaluate(begun, ({ loss }) => heard.push([name, loss]));
      await answer(1);
      await answer(2);
      return [heard, sent.length];
    """
    assert kernel_asked(javascript, contrastive, test) == [[["first", 1], ["third", 2]], 2]


def test_the_kernel_hears_what_lasts_and_the_page_gets_arrays(javascript, contrastive):
    test = """
      const asked = asks.answer(engine.ownQuestion(given.spec, begun));
      await answer(5);
      const [{ loss, terms, shapes, gradients }] = await asked;
      const isArray = (value) => value instanceof Float64Array;
      return [Object.keys(sent[0].question.state), loss, isArray(terms.matrix), isArray(gradients.anchor),
        Array.isArray(shapes.matrix)];
    """
    wanted = [["loss", "parameters", "tensors", "situation", "points"], 5, True, True, True]
    assert kernel_asked(javascript, contrastive, test) == wanted
