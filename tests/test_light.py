"""`import lossviz` is light: what only an explorer or a trainer needs waits until it is asked for."""

import json
import subprocess
import sys

import lossviz

HEAVY = ("sympy", "torch._dynamo", "ipywidgets", "IPython", "matplotlib", "plotly")
HEAVY += ("lossviz.widgets", "lossviz.lowering", "sentence_transformers", "transformers", "datasets", "accelerate")
ASKS = """
import json, sys, torch
before = set(sys.modules)
import lossviz
rows = torch.randn(4, 3, requires_grad=True)
lossviz.MultipleNegativesRankingLoss()(rows, rows).backward()
lossviz.training.for_trainer
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_a_training_step_loads_nothing_that_it_does_not_need():
    found = subprocess.run([sys.executable, "-c", ASKS], capture_output=True, text=True, check=True).stdout
    loaded = json.loads(found)
    assert "lossviz.training.trainer" in loaded
    assert [each for each in loaded if each.startswith(HEAVY)] == []
    assert len([each for each in loaded if not each.startswith("lossviz")]) < 30


def test_every_name_is_there_and_is_completed():
    assert set(lossviz.__all__) <= set(dir(lossviz))
    for name in lossviz.__all__:
        assert getattr(lossviz, name) is getattr(lossviz, name)


def test_a_name_that_is_none_is_said_as_python_says_it():
    assert not hasattr(lossviz, "explorer")


def test_the_function_is_not_taken_for_its_module():
    import lossviz.surface  # noqa: F401

    assert callable(lossviz.surface) and callable(lossviz.explore)
