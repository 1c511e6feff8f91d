"""Watch, under the real trainer: what it looks at, what it leaves alone, and the film."""

import math

import pytest
import torch
from datasets import Dataset
from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer import losses as theirs
from transformers import TrainerCallback, TrainerState

import lossviz
from lossviz.training import for_trainer, watch
from lossviz.training.diagnosis import diagnose
from lossviz.training.watch import Watch
from tests.training import tiny
from tests.training.diagnosis.given import classified_pairs, positive_pairs

RANKING = lossviz.MultipleNegativesRankingLoss()
PAIRS = dict(zip(("anchor", "positive"), map(list, zip(*positive_pairs(), strict=True)), strict=True))
CLASSIFIED = dict(
    zip(("premise", "hypothesis", "label"), map(list, zip(*classified_pairs(), strict=True)), strict=True)
)


def trained(model, loss, data, folder, *callbacks):
    arguments = SentenceTransformerTrainingArguments(
        str(folder), max_steps=14, per_device_train_batch_size=8, learning_rate=0.01, logging_steps=7, seed=1,
        report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True,
    )  # fmt: skip
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=Dataset.from_dict(data), loss=loss, callbacks=list(callbacks)
    )
    trainer.train()
    return trainer


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A trainer of a ranking loss, with its watch."""
    model = tiny.model()
    loss = for_trainer(RANKING, model)
    own = Watch(loss, PAIRS, every=5, batch_size=8)
    return trained(model, loss, PAIRS, tmp_path_factory.mktemp("watched"), own), own


def looks(trainer) -> list[dict]:
    return [each for each in trainer.state.log_history if "watch_loss" in each]


def test_it_looks_before_after_and_in_between(watched):
    trainer, own = watched
    assert [each["step"] for each in looks(trainer)] == [0, 5, 10, 14] == [each.step for each in own.frames]
    found = looks(trainer)
    assert found[-1]["watch_loss"] < found[0]["watch_loss"]
    assert {each["watch_terms"] for each in found} == {8}
    assert all(isinstance(value, (int, float)) for each in found for value in each.values())


def test_what_it_says_is_what_a_diagnosis_says(watched):
    trainer, own = watched
    rows = [[PAIRS[name][place] for name in PAIRS] for place in own.rows.places]
    report = diagnose(trainer.model, RANKING, rows, seed=None)
    for name, value in report.looks[0].measures().items():
        assert looks(trainer)[-1][f"watch_{name}"] == pytest.approx(value, rel=1e-6)


def test_it_changes_nothing_of_the_training(watched, tmp_path):
    model = tiny.model()
    alone = trained(model, for_trainer(RANKING, model), PAIRS, tmp_path)
    curve = [each["loss"] for each in alone.state.log_history if "loss" in each]
    assert curve == [each["loss"] for each in watched[0].state.log_history if "loss" in each]
    for name, each in watched[0].model.state_dict().items():
        assert torch.equal(each, model.state_dict()[name])


def test_the_trainers_own_log_shows_it_once(watched):
    trainer, own = watched
    own.said = {"watch_loss": 2.0}
    first, second = {"loss": 1.0}, {"loss": 0.9}
    for logs in (first, second):
        own.on_log(trainer.args, trainer.state, trainer.control, logs=logs)
    assert first == {"loss": 1.0, "watch_loss": 2.0} and second == {"loss": 0.9}


class Reporter(TrainerCallback):
    """As TensorBoard's: it writes down what it is given to log."""

    def __init__(self):
        self.written = []

    def on_log(self, args, state, control, logs=None, **given):
        self.written += [logs["watch_loss"]] if "watch_loss" in logs else []


def test_a_reporter_after_it_logs_what_it_says(tmp_path):
    model, after = tiny.model(), Reporter()
    loss = for_trainer(RANKING, model)
    trainer = trained(model, loss, PAIRS, tmp_path, Watch(loss, PAIRS, every=7, batch_size=8), after)
    assert after.written == [each["watch_loss"] for each in looks(trainer)[1:]]


def test_the_film_is_the_training_frame_by_frame(watched):
    trainer, own = watched
    explorer = own.film(engine="kernel")
    assert explorer.spec["film"]["steps"] == [0, 5, 10, 14] and explorer.embeddings.shape[1] == tiny.WIDTH
    for frame, said in zip(explorer.spec["film"]["frames"], looks(trainer), strict=True):
        explorer.embeddings = torch.tensor(frame["points"], dtype=torch.float64)
        assert explorer.terms().loss.item() == pytest.approx(frame["loss"], abs=1e-12)
        assert frame["loss"] == pytest.approx(said["watch_loss"], rel=1e-5)


def test_another_training_is_another_film():
    own, model, state = Watch(RANKING, PAIRS, batch_size=4), tiny.model(), TrainerState(epoch=0.0)
    for _ in range(2):
        own.on_train_begin(None, state, None, model=model)
        assert [each.step for each in own.frames] == [0]
    assert len(state.log_history) == 2


def test_a_film_begins_where_its_explorer_does(watched):
    explorer = watched[1].film(engine="kernel")
    assert explorer.spec["film"]["frames"][0]["points"] == explorer.state["points"]


def test_a_classifier_is_filmed_as_it_learns_and_theirs_is_watched_too(tmp_path):
    model = tiny.model()
    loss = theirs.SoftmaxLoss(model, tiny.WIDTH, 3)
    own = Watch(loss, CLASSIFIED, every=10, batch_size=6)
    trained(model, loss, CLASSIFIED, tmp_path, own)
    frames = own.film(engine="kernel").spec["film"]["frames"]
    assert torch.equal(torch.tensor(frames[-1]["tensors"]["weight"]), loss.classifier.weight.detach())
    assert frames[0]["tensors"]["weight"] != frames[1]["tensors"]["weight"]


def test_of_very_many_looks_every_other_is_kept(monkeypatch):
    monkeypatch.setattr(watch, "MOST_FRAMES", 5)
    own, model, state = Watch(RANKING, PAIRS, batch_size=4), tiny.model(), TrainerState(epoch=0.0)
    for step in range(12):
        state.global_step = step
        own.look(model, state)
    steps = [each.step for each in own.frames]
    assert len(steps) <= 5 and steps[0] == 0 and steps[-1] == 11 and steps == sorted(set(steps))
    assert len(state.log_history) == 12


def test_a_film_of_more_rows_than_an_explorer_has_room_for_says_so():
    rows = {name: each * 4 for name, each in PAIRS.items()}
    own, state = Watch(RANKING, rows, batch_size=40, seed=None), TrainerState(epoch=0.0)
    own.look(tiny.model(), state)
    with pytest.warns(UserWarning, match="room for 32 of the rows"):
        explorer = own.film(engine="kernel")
    assert explorer.terms().values.shape == (32,) and state.log_history[0]["watch_terms"] == 40


def test_only_one_process_looks():
    own, state = Watch(RANKING, PAIRS), TrainerState(is_world_process_zero=False)
    own.look(tiny.model(), state)
    assert own.frames == [] and state.log_history == []


def test_embeddings_that_are_not_finite_are_told_and_not_filmed():
    own, model, state = Watch(RANKING, PAIRS), tiny.model(), TrainerState(epoch=0.0)
    for each in model.parameters():
        each.data.fill_(torch.nan)
    own.look(model, state)
    assert math.isnan(state.log_history[0]["watch_loss"]) and own.frames == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"every": 0}, "every: expected a whole number of at least 1, got 0"),
        ({"every": True}, "every: expected a whole number of at least 1, got True"),
        ({"seed": "x"}, "seed: expected a whole number of at least 0 or None, got 'x'"),
        ({"seed": -1}, "seed: expected a whole number of at least 0 or None, got -1"),
        ({"batch_size": 2.5}, "batch_size: expected a whole number of at least 1, got 2.5"),
        ({"loss": lossviz.TripletLoss()}, "data: expected columns for TripletLoss"),
        ({"data": {"a": ["x", ""], "b": ["", "y"]}}, "data: expected at least one row that can be used"),
        ({"loss": torch.nn.Linear(2, 2)}, "loss: expected a loss of sentence-transformers"),
    ],
)
def test_what_does_not_fit_is_an_error(settings, said):
    with pytest.raises(ValueError, match=f"^{said}"):
        Watch(**{"loss": RANKING, "data": PAIRS} | settings)


def test_no_film_without_a_training():
    with pytest.raises(ValueError, match="^film: expected a training that was watched, got none"):
        Watch(RANKING, PAIRS).film()
