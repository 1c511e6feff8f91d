"""A look at one batch, every so many steps of a training: in the trainer's log, and as a film."""

import math
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from lossviz.batches import Batch
from lossviz.inputs import check_count, wrong
from lossviz.losses import Loss
from lossviz.training.diagnosis import ours, read, taken_by
from lossviz.training.diagnosis.encode import as_trained, embedded, encoder
from lossviz.training.diagnosis.look import Look
from lossviz.training.diagnosis.report import room
from lossviz.training.diagnosis.table import table

if TYPE_CHECKING:
    from lossviz.widgets import Explorer, spec

MOST_FRAMES = 100  # of a film: when there are more, every other is dropped
DIGITS = 7  # of the places in a film: what float32 has


@dataclass(frozen=True, eq=False)
class Frame:
    step: int
    look: Look
    tensors: dict[str, Tensor]  # what the loss had learned


class Watch(TrainerCallback):
    """Looks at the same batch every so many steps, and once before and after: what changes is the model alone.

    The measures are those of :func:`lossviz.diagnose`: loss, active terms, gradient, mean cosine, effective rank. They
    stand in ``trainer.state.log_history``, each with "watch_" before its name, and are printed with the trainer's own.
    What the trainer reports to by itself (TensorBoard, W&B) has logged before its callbacks are called. With
    ``report_to="none"`` and ``callbacks=[watch, TensorBoardCallback()]``, in this order, it has these measures too.

    ``loss``        the loss that is trained with: ours, for a trainer, or sentence-transformers'
    ``data``        as for ``diagnose``: rows are drawn from it once
    ``every``       steps between two looks
    ``batch_size``  rows that are looked at; so few that an explorer has room for them
    ``seed``        of the draw; None for the first rows

    A look encodes its rows once, without a gradient; the model's mode and its random numbers stay as they are. Of
    several processes the first one looks. Two passes of a sentence, for a loss with a copy of the model, are both made
    by the model. Raises ValueError naming what does not fit.
    """

    def __init__(
        self, loss: Loss | nn.Module, data: object, every: int = 100, batch_size: int = 16, seed: int | None = 0
    ) -> None:
        check_count("every", every)
        check_count("batch_size", batch_size)
        check_count("seed", seed, least=0, none=True)
        self.trained, self.every, self.seed = loss, every, seed
        source, self.inputs = table(data), ours(loss).inputs
        found = read.batches_for(ours(loss), source, taken_by(ours(loss), source), 1, batch_size, seed)
        if not found.batches:
            raise wrong("data", "at least one row that can be used", f"none of {found.count}")
        self.rows = found.batches[0]
        self.frames: list[Frame] = []
        self.said: dict[str, float] = {}  # what is not printed yet

    # ---- what the trainer calls

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: object
    ) -> None:
        self.frames.clear()
        self.look(given["model"], state)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: object
    ) -> None:
        if state.global_step % self.every == 0 or state.global_step == state.max_steps:
            self.look(given["model"], state)

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: object) -> None:
        given["logs"].update(self.said)
        self.said = {}

    # ---- a look

    def look(self, model: nn.Module, state: TrainerState) -> None:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of settings without a counterpart, which was said before
            loss = ours(self.trained)  # on every process: what is learned may be their mean
        if not state.is_world_process_zero or any(each.step == state.global_step for each in self.frames):
            return
        with as_trained(model, self.inputs, self.seed):
            rows = embedded(encoder(model), self.rows, self.inputs)
        tensors = {name: each.detach().cpu().double().clone() for name, each in _tensors(loss).items()}
        look = Look(loss.changed(**tensors), rows, self.rows.labels, self.rows.texts, self.rows.places)
        measures = look.measures() if look.finite else {"loss": math.nan}
        self.said = {f"watch_{name}": value for name, value in measures.items()}
        state.log_history.append({**self.said, "epoch": state.epoch, "step": state.global_step})
        if look.finite:
            self.frames.append(Frame(state.global_step, look, tensors))
        if len(self.frames) > MOST_FRAMES:
            self.frames = [*self.frames[:-1:2], self.frames[-1]]

    # ---- the film

    def film(self, **settings: object) -> "Explorer":
        """An explorer that plays what was seen, at the model's own dimension; ``settings`` are those of ``explore``."""
        from lossviz.widgets import explore

        if not self.frames:
            raise wrong("film", "a training that was watched", "none")
        shown = room(self.frames[0].look)
        if shown < len(self.rows.places):
            warnings.warn(f"film: an explorer has room for {shown} of the rows, so the loss is theirs", stacklevel=2)
        frames = [replace(each, look=_rounded(each.look.part(list(range(shown))))) for each in self.frames]
        batch = frames[0].look.batch()
        explorer = explore(frames[0].look.loss, batch=batch, **settings)
        film: spec.Film = {"steps": [each.step for each in frames], "frames": [_played(each, batch) for each in frames]}
        explorer.spec = {**explorer.spec, "film": film}
        return explorer


def _tensors(loss: Loss) -> dict[str, Tensor]:
    return {name: each for name, each in loss.settings().items() if isinstance(each, Tensor)}


def _rounded(look: Look) -> Look:
    """To the digits that were there; more would make the film long."""
    rows = {
        name: [[float(f"{x:.{DIGITS}g}") for x in row] for row in each.tolist()] for name, each in look.rows.items()
    }
    return replace(look, rows={name: torch.tensor(each, dtype=torch.float64) for name, each in rows.items()})


def _played(frame: Frame, batch: Batch) -> "spec.Frame":
    """A frame as the explorer's run has them: the loss, and where points and tensors stand."""
    places = (batch.rows_of(point)[0] for point in range(len(batch.embeddings)))
    points = [frame.look.rows[name][row].tolist() for name, row in places]
    tensors = {name: each.tolist() for name, each in frame.tensors.items()}
    return {"loss": frame.look.value, "points": points, "tensors": tensors}
