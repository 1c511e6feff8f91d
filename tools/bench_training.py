"""Whole training steps, encoder included, against sentence-transformers': the section ``training`` of the benchmark.

The encoder is the book's own, all-MiniLM-L6-v2, and reads the book's sentences. One loss for each kind of training
data, forward and backward, theirs and ours in turn. Beside it what the loss alone would promise.
"""

import os
from collections.abc import Callable, Iterator

from torch import Tensor, nn

from lossviz import sentences
from lossviz.catalogue import ENTRIES
from lossviz.losses import Loss
from lossviz.sentences.make_embeddings import model_folder
from lossviz.training import for_trainer
from tests.losses.peers import peer_module
from tests.losses.targets import training_steps
from tools.bench_losses import DEVICE, DIMENSION, SIZES, Ratio, a_batch, fastest, peak_memory

TURNS = {64: 5, 256: 3, 1024: 1}  # a large batch takes a processor most of a minute


def lines() -> Iterator[Ratio]:
    model = encoder()
    first = {known.loss.inputs.name: known for known in reversed(ENTRIES)}
    for known in reversed(first.values()):
        initial = getattr(known.loss, "initial", None)
        loss = initial(DIMENSION, 3) if initial else known.default()
        for size in SIZES:
            yield from compared(loss, model, size)


def compared(loss: Loss, model: nn.Module, size: int) -> Iterator[Ratio]:
    more = {"embedding_dimension": DIMENSION, "num_labels": 3} if hasattr(loss, "initial") else {}
    batch = a_batch(loss, size, None)
    labels = batch[-1] if loss.inputs.labels else None
    features = [columns(model, size, k) for k in range(len(loss.inputs.rows))]
    steps = [step(module, features, labels) for module in (peer_module(loss, model, **more), for_trainer(loss, model))]
    name = f"{type(loss).__name__} B={size}"
    theirs, ours = fastest(*steps, turns=TURNS[size])
    alone_ours, alone_theirs = fastest(*training_steps(loss, batch))
    yield Ratio(f"{name}: a whole step of {ours:.2g} s", theirs / ours, None)
    yield Ratio(f"{name}: its loss alone, {alone_ours:.2g} s", alone_theirs / alone_ours, None)
    if size == SIZES[1]:
        yield Ratio(f"{name}: peak memory of a whole step", peak_memory(steps[0]) / peak_memory(steps[1]), None)


def encoder() -> nn.Module:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(model_folder()), device=DEVICE).eval()  # without dropout both draw no numbers


def columns(model: nn.Module, size: int, shift: int) -> dict[str, Tensor]:
    texts = [each.text for each in sentences.sentences()]
    features = model.preprocess([texts[(k + 7 * shift) % len(texts)] for k in range(size)])
    return {name: each.to(DEVICE) if isinstance(each, Tensor) else each for name, each in features.items()}


def step(module: nn.Module, features: list[dict], labels: Tensor | None) -> Callable[[], None]:
    module.to(DEVICE)
    if labels is not None and hasattr(module, "num_labels"):  # theirs takes class numbers alone
        labels = labels.long()

    def run() -> None:
        module(features, labels).backward()
        module.zero_grad()

    return run
