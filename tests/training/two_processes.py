"""What two processes find of a batch that lies on both; the first one writes it down. Started by torchrun."""

import sys

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from lossviz.catalogue import ENTRIES
from lossviz.losses import Loss, MultipleNegativesRankingLoss
from lossviz.training import Cached, Gathered
from lossviz.training.distributed import in_step

BATCH, WORDS, DIMENSION = 8, 7, 4
PARTS = (5, 3)  # rows on either process


def encoder(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(WORDS, 6), nn.Tanh(), nn.Linear(6, DIMENSION)).double()


def whole_batch(loss: Loss) -> tuple[list, list]:
    """Columns, and labels if there are any."""
    generator = torch.Generator().manual_seed(1)
    columns = [torch.randn(BATCH, WORDS, generator=generator, dtype=torch.float64) for _ in loss.inputs.rows]
    return columns, [*loss.inputs.example(BATCH, DIMENSION)[len(columns) :]]


def default(entry) -> Loss:
    return entry.loss.initial(DIMENSION, 3) if hasattr(entry.loss, "initial") else uncached(entry.default())


def uncached(loss: Loss) -> Loss:
    return getattr(loss, "uncached", loss)


def own(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.split(PARTS)[distributed.get_rank()]


class Counted:
    """An encoder on every process, and how often its gradients were brought together."""

    def __init__(self, module: nn.Module, **options) -> None:
        self.times, self.model = 0, DistributedDataParallel(module, **options)
        self.model.register_comm_hook(None, self._count)

    def _count(self, state, bucket):
        self.times += bucket.is_last()
        handed = distributed.all_reduce(bucket.buffer().div_(distributed.get_world_size()), async_op=True)
        return handed.get_future().then(lambda done: done.value()[0])

    def found(self, value: torch.Tensor) -> dict:
        value.backward()
        gradients = [None if each.grad is None else each.grad.clone() for each in self.model.parameters()]
        self.model.zero_grad()
        times, self.times = self.times, 0
        return {"value": value.detach().clone(), "gradients": gradients, "times": times}


def gathered(loss: Loss) -> dict:
    counted, (columns, labels) = Counted(encoder()), whole_batch(loss)
    columns, labels = [own(each) for each in columns], [own(each) for each in labels]
    plain = counted.found(Gathered(loss)(*(counted.model(each) for each in columns), *labels))
    cached = counted.found(Cached(Gathered(loss), counted.model, 2)(*columns, *labels))
    return {"plain": plain, "cached": cached}


def alone(mini_batch_size: int | None) -> dict:
    """Each process with its own rows; cached through a function, or not."""
    counted, loss = Counted(encoder()), MultipleNegativesRankingLoss()
    columns = [own(each) for each in whole_batch(loss)[0]]
    if mini_batch_size is None:
        return counted.found(loss(*map(counted.model, columns)))
    return counted.found(Cached(loss, lambda part: counted.model(part), mini_batch_size, counted.model)(*columns))


def a_frozen_tower_last() -> dict:
    counted, loss = Counted(encoder()), MultipleNegativesRankingLoss()
    queries, documents = (own(each) for each in whole_batch(loss)[0])

    def encode(part):
        return part[:, :DIMENSION] if part.shape[1] > WORDS else counted.model(part)

    frozen = nn.functional.pad(documents, (0, 1))
    return counted.found(Cached(loss, encode, 2, counted.model)(queries, frozen))


def two_towers() -> dict:
    """Each column has an encoder of its own; the columns differ in kind."""
    queries, documents = whole_batch(MultipleNegativesRankingLoss())[0]
    towers = nn.ModuleList([Counted(encoder(seed)).model for seed in (0, 1)])

    def read(part):
        return towers[1](torch.stack(part)) if isinstance(part, list) else towers[0](part)

    loss = Cached(MultipleNegativesRankingLoss(), read, 2, towers)
    loss(own(queries), list(own(documents))).backward()
    return {"gradients": [each.grad for each in towers.parameters()]}


def a_learned_scale() -> torch.Tensor:
    loss = MultipleNegativesRankingLoss()
    scale = torch.tensor(20.0, dtype=torch.float64, requires_grad=True)
    rows = [own(each) for each in whole_batch(loss)[0]]
    loss.changed(scale=in_step(scale))(*rows).backward()
    return scale.grad


def main(path: str) -> None:
    distributed.init_process_group("gloo")
    found = {entry.loss.__name__: gathered(default(entry)) for entry in ENTRIES}
    found |= {"alone": alone(None), "cached": alone(2), "frozen": a_frozen_tower_last(), "scale": a_learned_scale()}
    found["towers"] = two_towers()
    if distributed.get_rank() == 0:
        torch.save(found, path)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1])
