"""What ``lossviz.Watch`` costs a training: the section ``watching`` of the benchmark.

The book's small model is trained by the real trainer on the book's pairs. The fastest look, and the fastest step
between two looks, are compared: whatever else the machine does troubles both.
"""

import tempfile
import time

from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from transformers import TrainerCallback

import lossviz
from lossviz import sentences
from lossviz.sentences.make_embeddings import model_folder
from lossviz.training import for_trainer

BATCH, STEPS = 32, 6


class Timed(TrainerCallback):
    """How long each step takes, callbacks left out."""

    def __init__(self) -> None:
        self.steps: list[float] = []

    def on_step_begin(self, *_: object, **__: object) -> None:
        self.began = time.perf_counter()

    def on_step_end(self, *_: object, **__: object) -> None:
        self.steps.append(time.perf_counter() - self.began)


class TimedWatch(lossviz.Watch):
    """How long each look takes."""

    def look(self, *given: object) -> None:
        began = time.perf_counter()
        super().look(*given)
        self.looks = [*getattr(self, "looks", []), time.perf_counter() - began]


def share() -> float:
    """Of a hundred steps, and so of a training with the defaults, the part that goes into a look, in %."""
    rows = sentences.examples("positive_pairs")
    texts = {name: [sentences.sentence(row[k]).text for row in rows] for k, name in enumerate(("anchor", "positive"))}
    data = Dataset.from_dict({name: (each * BATCH)[: STEPS * BATCH] for name, each in texts.items()})
    model = SentenceTransformer(str(model_folder()), device="cpu")
    loss = for_trainer(next(each.default() for each in lossviz.catalogue.ENTRIES if each.loss.inputs.more), model)
    steps, looks = Timed(), TimedWatch(loss, data)
    every, looks.every = looks.every, 2
    with tempfile.TemporaryDirectory() as folder:
        arguments = SentenceTransformerTrainingArguments(
            folder, max_steps=STEPS, per_device_train_batch_size=BATCH, report_to=[], save_strategy="no",
            use_cpu=True, disable_tqdm=True,
        )  # fmt: skip
        SentenceTransformerTrainer(
            model=model, args=arguments, train_dataset=data, loss=loss, callbacks=[steps, looks]
        ).train()
    return 100 * min(looks.looks) / (every * min(steps.steps))
