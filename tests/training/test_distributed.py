"""Two real processes, which torchrun starts and ends on a port that it finds free, against one with the whole batch."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import datasets
import pytest
import torch
from torch.testing import assert_close

from lossviz.catalogue import ENTRIES
from lossviz.losses import MultipleNegativesRankingLoss
from lossviz.training import Gathered
from tests.training import tiny
from tests.training.two_processes import PARTS, default, encoder, whole_batch

ROOT = Path(__file__).resolve().parents[2]
TWO = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
every_entry = pytest.mark.parametrize("known", ENTRIES, ids=lambda known: known.loss.__name__)


def run_on_two(home: Path, script: str, *arguments: str) -> None:
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    alone = {
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(home),
        "PYTHONPATH": paths,
    }
    command = [*TWO, str(ROOT / script), *arguments]
    found = subprocess.run(command, capture_output=True, text=True, env=os.environ | alone, timeout=300)
    assert found.returncode == 0, found.stderr[-3000:]


@pytest.fixture(scope="module")
def of_two(tmp_path_factory) -> dict:
    home = tmp_path_factory.mktemp("two")
    run_on_two(home, "tests/training/two_processes.py", str(home / "found.pt"))
    return torch.load(home / "found.pt")


@pytest.mark.parametrize("way", ("plain", "cached"))
@every_entry
def test_gathered_it_is_one_process_with_the_whole_batch(of_two, known, way):
    loss, model = default(known), encoder()
    columns, labels = whole_batch(loss)
    value = loss(*map(model, columns), *labels)
    found = of_two[known.loss.__name__][way]
    assert_close(found["value"], value.detach(), rtol=1e-12, atol=1e-12)
    assert_close(found["gradients"], list(torch.autograd.grad(value, list(model.parameters()))), rtol=1e-9, atol=1e-12)
    assert found["times"] == 1


def by_parts(loss, model, frozen: bool = False) -> list[torch.Tensor]:
    """What each process finds with its own rows alone."""
    queries, documents = (each.split(PARTS) for each in whole_batch(loss)[0])
    return [loss(model(q), d[:, :4] if frozen else model(d)) for q, d in zip(queries, documents, strict=True)]


@pytest.mark.parametrize("way", ("alone", "cached"))
def test_alone_each_process_ranks_its_own_rows_and_the_mean_is_taken_once(of_two, way):
    loss, model = MultipleNegativesRankingLoss(), encoder()
    values = by_parts(loss, model)
    assert_close(of_two[way]["value"], values[0].detach(), rtol=1e-12, atol=0)
    expected = torch.autograd.grad(sum(values) / 2, list(model.parameters()))
    assert_close(of_two[way]["gradients"], list(expected), rtol=1e-9, atol=1e-12)
    assert of_two[way]["times"] == 1


def test_a_frozen_encoder_that_comes_last_leaves_nothing_unsynchronised(of_two):
    loss, model = MultipleNegativesRankingLoss(), encoder()
    expected = torch.autograd.grad(sum(by_parts(loss, model, frozen=True)) / 2, list(model.parameters()))
    assert_close(of_two["frozen"]["gradients"], list(expected), rtol=1e-9, atol=1e-12)
    assert of_two["frozen"]["times"] == 1


def test_two_encoders_are_both_synchronised(of_two):
    loss, towers = MultipleNegativesRankingLoss(), [encoder(seed) for seed in (0, 1)]
    queries, documents = (each.split(PARTS) for each in whole_batch(loss)[0])
    values = [loss(towers[0](q), towers[1](d)) for q, d in zip(queries, documents, strict=True)]
    expected = torch.autograd.grad(sum(values) / 2, [each for tower in towers for each in tower.parameters()])
    assert_close(of_two["towers"]["gradients"], list(expected), rtol=1e-9, atol=1e-12)


def test_what_the_loss_learns_is_learned_in_step(of_two):
    scale = torch.tensor(20.0, dtype=torch.float64, requires_grad=True)
    loss = MultipleNegativesRankingLoss()
    columns = [each.split(PARTS) for each in whole_batch(loss)[0]]
    values = [loss.changed(scale=scale)(*parts) for parts in zip(*columns, strict=True)]
    assert_close(of_two["scale"], torch.autograd.grad(sum(values) / 2, scale)[0], rtol=1e-9, atol=0)


def test_in_one_process_it_is_the_loss():
    rows = MultipleNegativesRankingLoss.inputs.example()
    loss = MultipleNegativesRankingLoss()
    assert Gathered(loss)(*rows) == loss(*rows)


def test_the_script_trains_on_two_processes_as_on_one(tmp_path, monkeypatch):
    """Two batches of eight, gathered, are one batch of sixteen: the same log, the same model."""
    tiny.model().save(str(tmp_path / "tiny"))
    data = tiny.dataset(MultipleNegativesRankingLoss.inputs)
    lines = [json.dumps(row) for row in data]
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path))
    script, logs, models = "examples/train.py", [], []
    for processes, batch in ((1, 16), (2, 8)):
        out = tmp_path / f"trained{batch}"
        given = {"model": tmp_path / "tiny", "data": tmp_path / "pairs.jsonl", "out": out, "learning-rate": 1e-3}
        asked = [f"--{name}={value}" for name, value in (given | {"batch": batch, "mini-batch": 3}).items()]
        if processes == 1:
            monkeypatch.setattr(sys, "argv", [script, *asked])
            runpy.run_path(str(ROOT / script), run_name="__main__")
        else:
            run_on_two(tmp_path, script, *asked)
        history = json.loads((out / "trainer_state.json").read_text())["log_history"]
        logs.append([each["loss"] for each in history if "loss" in each])
        models.append(tiny.load(out))
    assert len(logs[0]) == 3
    assert_close(torch.tensor(logs[1]), torch.tensor(logs[0]), rtol=1e-4, atol=1e-5)
    text = ["The cat naps."]
    assert_close(models[1].encode(text), models[0].encode(text), rtol=1e-2, atol=1e-3)
