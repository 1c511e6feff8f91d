"""Our losses against sentence-transformers': the section ``losses`` of the benchmark.

Both take turns on one batch, forward and backward, so that whatever else the machine does troubles both; the fastest of
each counts. A classifier is trained along; so is an encoder of two layers, whose time is nearly all of it. Peak memory
is what torch allocates on top of the batch, by its own profiler (on CUDA: its allocator). The floor is three bare
products of matrices, in slices of the size that a road takes.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from lossviz.catalogue import ENTRIES, Entry
from lossviz.fast import slices
from lossviz.losses import Loss
from tests.losses.targets import LEARN_MORE, TARGETS, Target, training_steps

DEVICE = os.environ.get("DEVICE", "cpu")
DIMENSION = 384
SIZES = (64, 256, 1024)
NEVER_BELOW = 0.95  # 1, less what the noise takes
FEWEST_TURNS = 7  # of a comparison; the fastest of fewer is still noise
SECONDS = 0.5  # spent on a comparison, at least


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
                yield from compared(loss, Target(known.loss, size, times=NEVER_BELOW))
    for target in TARGETS:
        with ProcessPoolExecutor(1, get_context("spawn")) as alone:
            yield from alone.submit(of_target, target).result()


def of_target(target: Target) -> list[Ratio]:
    """For a process of its own. What ran before leaves a heap in which sentence-transformers' large squares take up to
    a quarter less time, and so the ratio would depend on the order of the lines."""
    return list(compared(target.loss(), target))


def measured(known: Entry) -> list[Loss]:
    """The loss with its defaults and with each other distance."""
    loss = known.default()
    distances = known.parameters["distance"].choices if "distance" in known.parameters else ()
    return [loss.changed(distance=each) for each in distances] or [loss]


def compared(loss: Loss, target: Target) -> Iterator[Ratio]:
    batch = a_batch(loss, target.rows, target.classes)
    measure, classes = loss.settings().get("distance", ""), f"{target.classes} classes" if target.classes else ""
    name = " ".join(filter(None, [type(loss).__name__, measure, f"B={target.rows}", classes]))
    ask_ours, ask_theirs = training_steps(loss, batch)
    if target.times:
        theirs, ours, floor = fastest(ask_theirs, ask_ours, products(loss, batch))
        yield Ratio(f"{name}: time", theirs / ours, target.times)
        if floor:
            yield Floor(f"{name}: time, for three products", ours / floor, target.products)
    if target.lighter or target.rows == SIZES[-1]:
        yield Ratio(f"{name}: peak memory", peak_memory(ask_theirs) / peak_memory(ask_ours), target.lighter)


def a_batch(loss: Loss, size: int, classes: int | None) -> tuple[Tensor, ...]:
    """Random rows; classes of four, or as many as asked for; otherwise the labels of the example."""
    inputs, generator = loss.inputs, torch.Generator().manual_seed(size)
    rows = [torch.randn(size, DIMENSION, generator=generator).to(DEVICE).requires_grad_() for _ in inputs.rows]
    if not inputs.labels:
        return tuple(rows)
    in_classes = torch.arange(size) % (classes or size // 4)
    labels = in_classes if inputs.name == "labelled_sentences" else inputs.example(size, 2)[-1].float()
    return (*rows, labels.to(DEVICE))


def products(loss: Loss, batch: tuple[Tensor, ...]) -> Callable[[], None] | None:
    """One product for the square, two for its gradient, by slices; None for a loss that takes no such products."""
    of_products = loss.inputs.name in ("labelled_sentences", "positive_pairs") and type(loss) not in LEARN_MORE
    if not of_products or loss.settings().get("distance") == "manhattan":
        return None
    first, second = batch[0].detach(), batch[min(1, len(loss.inputs.rows) - 1)].detach()
    sizes = slices.sizes(first)
    numbers = sizes.distances if len(loss.inputs.rows) == 1 else sizes.logits
    parts = list(sizes.rows(len(first), len(second), numbers))
    out = torch.zeros_like(second)

    def multiply() -> None:
        for rows in parts:
            square = first[rows] @ second.T
            square @ second
            out.addmm_(square.T, first[rows])

    return multiply


def fastest(*functions: Callable[[], None] | None, turns: int = FEWEST_TURNS) -> list[float | None]:
    """Seconds that each takes at best, all taking turns."""
    best: list[float] = [float("inf")] * len(functions)
    started, taken = time.perf_counter(), 0
    while taken < turns or time.perf_counter() - started < SECONDS:
        for place, function in enumerate(functions):
            if function:
                best[place] = min(best[place], seconds(function))
        taken += 1
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
