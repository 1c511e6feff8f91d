"""Our losses against sentence-transformers': the section ``losses`` of the benchmark.

Both take turns on one batch, forward and backward, so that whatever else the machine does troubles both; the fastest of
each counts. Softmax trains its classifier too; cached ranking an encoder of two layers, whose time is nearly all of
it. Peak memory is what torch allocates on top of the batch, by its own profiler (on CUDA: its allocator). The
floor is three bare products of matrices, in slices of the size that a road takes.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from lossviz.catalogue import ENTRIES, Entry
from lossviz.fast import slices
from lossviz.losses import CachedMultipleNegativesRankingLoss, Loss, SoftmaxLoss
from tests.losses.peers import Given, columns, peer, peer_module, softmax_module

DEVICE = os.environ.get("DEVICE", "cpu")
DIMENSION = 384
SIZES = (64, 256, 1024)
NEVER_BELOW = 0.95  # 1, less what the noise takes
FEWEST_TURNS = 7  # of a comparison; the fastest of fewer is still noise
SECONDS = 0.5  # spent on a comparison, at least

# Loss, rows, classes, at least how many times faster and lighter.
TARGETS = (
    ("BatchAllTripletLoss", 1024, 10, 80, 200),
    ("BatchAllTripletLoss", 2048, 512, 4, None),
    ("BatchHardTripletLoss", 2048, 512, 2, 10),
    ("BatchSemiHardTripletLoss", 2048, 512, 2, 10),
    ("MultipleNegativesRankingLoss", 4096, None, 2, None),
    ("MultipleNegativesRankingLoss", 16384, None, None, 15),
    ("MultipleNegativesSymmetricRankingLoss", 1024, None, 2, None),
)


@dataclass(frozen=True)
class Ratio:
    """What sentence-transformers takes for what ours takes; at least the target."""

    name: str
    value: float
    target: float | None

    def __str__(self) -> str:
        target = "" if self.target is None else f"≥ {self.target:g}"
        verdict = "" if self.target is None else "ok" if self.value >= self.target else "short"
        return f"{self.name:<74} {self.value:>8.2f}× {target:<7} {verdict}".rstrip()


@dataclass(frozen=True)
class Floor(Ratio):
    """What ours takes for what three products of matrices take; at most the target."""

    def __str__(self) -> str:
        target = "" if self.target is None else f"≤ {self.target:g}"
        verdict = "" if self.target is None else "ok" if self.value <= self.target else "over"
        return f"{self.name:<74} {self.value:>8.2f}× {target:<7} {verdict}".rstrip()


def lines() -> Iterator[Ratio]:
    for known in ENTRIES:
        for loss in measured(known):
            for size in SIZES:
                yield from compared(loss, size, None, NEVER_BELOW, None)
    for target in TARGETS:
        with ProcessPoolExecutor(1, get_context("spawn")) as alone:
            yield from alone.submit(of_target, *target).result()


def of_target(name: str, *target: float | None) -> list[Ratio]:
    """For a process of its own. What ran before leaves a heap in which sentence-transformers' large squares take up to
    a quarter less time, and so the ratio would depend on the order of the lines."""
    (loss,) = (known.default() for known in ENTRIES if known.loss.__name__ == name)
    return list(compared(loss, *target))


def measured(known: Entry) -> list[Loss]:
    """The loss with its defaults and with each other distance."""
    loss = known.default()
    distances = known.parameters["distance"].choices if "distance" in known.parameters else ()
    return [loss.changed(distance=each) for each in distances] or [loss]


def compared(loss: Loss, size: int, classes: int | None, times: float | None, lighter: float | None) -> Iterator[Ratio]:
    batch = a_batch(loss, size, classes)
    measure = loss.settings().get("distance", "")
    name = " ".join(filter(None, [type(loss).__name__, measure, f"B={size}", f"{classes} classes" if classes else ""]))
    ask_ours, ask_theirs = training_steps(loss, batch)
    square = loss.inputs.name in ("labelled_sentences", "positive_pairs") and measure != "manhattan"
    square = square and not isinstance(loss, CachedMultipleNegativesRankingLoss)
    if times:
        theirs, ours, floor = fastest(ask_theirs, ask_ours, *([products(loss, batch)] if square else []), None)[:3]
        yield Ratio(f"{name}: time", theirs / ours, times)
        if square and floor:
            of_ranking = type(loss).__name__ == "MultipleNegativesRankingLoss" and size > 1024
            yield Floor(f"{name}: time, for three products", ours / floor, 1.5 if of_ranking else None)
    if lighter or size == SIZES[-1]:
        yield Ratio(f"{name}: peak memory", peak_memory(ask_theirs) / peak_memory(ask_ours), lighter)


def a_batch(loss: Loss, size: int, classes: int | None) -> tuple[Tensor, ...]:
    """Random rows; classes of four, or as many as asked for; otherwise the labels of the example."""
    inputs, generator = loss.inputs, torch.Generator().manual_seed(size)
    rows = [torch.randn(size, DIMENSION, generator=generator).to(DEVICE).requires_grad_() for _ in inputs.rows]
    if not inputs.labels:
        return tuple(rows)
    in_classes = torch.arange(size) % (classes or size // 4)
    labels = in_classes if inputs.name == "labelled_sentences" else inputs.example(size, 2)[-1].float()
    return (*rows, labels.to(DEVICE))


def training_steps(loss: Loss, batch: tuple[Tensor, ...]) -> tuple[Callable[[], None], Callable[[], None]]:
    """Forward and backward of ours, and of theirs."""
    if isinstance(loss, SoftmaxLoss):
        return steps_of_softmax(batch)
    if isinstance(loss, CachedMultipleNegativesRankingLoss):
        return steps_of_cached(batch)
    return training_step(loss, batch), training_step(peer(loss), batch)


def training_step(
    ask: Callable[..., Tensor], batch: tuple[Tensor, ...], learned: Sequence[Tensor] = ()
) -> Callable[[], None]:
    wanted = [each for each in (*batch, *learned) if each.requires_grad]
    return lambda: torch.autograd.grad(ask(*batch), wanted)


def steps_of_softmax(batch: tuple[Tensor, ...]) -> tuple[Callable[[], None], Callable[[], None]]:
    initial = SoftmaxLoss.initial(DIMENSION, 3)
    weights = [each.float().to(DEVICE).requires_grad_() for each in (initial.weight, initial.bias)]
    loss = initial.changed(weight=weights[0], bias=weights[1])
    module = softmax_module(loss)

    def ask(first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
        return module(columns((first, second)), labels)

    batch = *batch[:-1], batch[-1].long()
    return training_step(loss, batch, weights), training_step(ask, batch, list(module.parameters()))


class Encoder(Given):
    """Two layers, as both libraries ask for embeddings."""

    def __init__(self):
        super().__init__()
        self.device = torch.device(DEVICE)
        wide = 4 * DIMENSION
        self.layers = nn.Sequential(nn.Linear(DIMENSION, wide), nn.Tanh(), nn.Linear(wide, DIMENSION)).to(DEVICE)

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"sentence_embedding": self.layers(features["sentence_embedding"])}


def steps_of_cached(batch: tuple[Tensor, ...]) -> tuple[Callable[[], None], Callable[[], None]]:
    encoder, sentences = Encoder(), columns(tuple(each.detach() for each in batch))
    loss = CachedMultipleNegativesRankingLoss(encode=lambda column: encoder(column)["sentence_embedding"])
    module = peer_module(loss, encoder)
    return lambda: loss(*sentences).backward(), lambda: module(sentences, None).backward()


def products(loss: Loss, batch: tuple[Tensor, ...]) -> Callable[[], None]:
    """One product for the square, two for its gradient, by slices."""
    first, second = batch[0].detach(), batch[min(1, len(loss.inputs.rows) - 1)].detach()
    numbers = slices.DISTANCES if len(loss.inputs.rows) == 1 else slices.LOGITS
    parts = list(slices.rows_of(len(first), len(second), numbers))
    out = torch.zeros_like(second)

    def multiply() -> None:
        for rows in parts:
            square = first[rows] @ second.T
            square @ second
            out.addmm_(square.T, first[rows])

    return multiply


def fastest(*functions: Callable[[], None] | None) -> list[float | None]:
    """Seconds that each takes at best, all taking turns."""
    best: list[float] = [float("inf")] * len(functions)
    started, turns = time.perf_counter(), 0
    while turns < FEWEST_TURNS or time.perf_counter() - started < SECONDS:
        for place, function in enumerate(functions):
            if function:
                best[place] = min(best[place], seconds(function))
        turns += 1
    return [each if each < float("inf") else None for each in best]


def seconds(function: Callable[[], None]) -> float:
    wait_for_device()
    started = time.perf_counter()
    function()
    wait_for_device()
    return time.perf_counter() - started


def wait_for_device() -> None:
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def peak_memory(function: Callable[[], None]) -> float:
    """The most bytes that are allocated at once while the function runs, beyond what was there before."""
    if DEVICE == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        function()
        return torch.cuda.max_memory_allocated() - before
    function()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        function()
    held = peak = 0
    for event in profiler.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            peak = max(peak, held)
    return peak
