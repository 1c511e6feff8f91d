"""What README tells to type runs, with a tiny model in the place of the reader's."""

import re
from pathlib import Path

import torch

from lossviz.inputs import POSITIVE_PAIRS
from tests.training import tiny

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()
A_MODEL = 'SentenceTransformer("a-model-of-yours")'


def test_the_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the trainer leaves its files
    model, pairs = tiny.model(), tiny.dataset(POSITIVE_PAIRS, 8)
    anchor, positive = (torch.randn(4, 3, requires_grad=True) for _ in range(2))
    there = {"anchor": anchor, "positive": positive, "pairs": pairs, "tiny": tiny}
    there |= {"questions": model.preprocess(pairs["anchor"]), "answers": model.preprocess(pairs["positive"])}
    there["encode"] = lambda features: there["model"](dict(features))["sentence_embedding"]
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert any(A_MODEL in block for block in blocks)
    for block in blocks:
        exec(block.replace(A_MODEL, "tiny.model()"), there)
    assert anchor.grad.any() and there["loss"].scale == 30
    assert any(each.grad is not None for each in there["model"].parameters())  # a trainer leaves none
