"""A batch that lies on several processes, one part on each, as ``torchrun`` starts them."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch import distributed as dist
from torch.nn.functional import pad

from lossviz._torch import all_gather
from lossviz.inputs import InputType
from lossviz.losses import Loss


@dataclass(frozen=True, eq=False)
class Gathered:
    """The loss of the whole batch, on every process: each row meets those of all the others.

    Under ``DistributedDataParallel``, which takes the mean of what the processes found, the gradient is that of one
    process with the whole batch, and so is the value. In one process it is the loss itself.

    Takes what the loss takes, on each process the rows and labels that lie there, as many as there are.
    Source: sentence-transformers' ``gather_across_devices``, there for the losses that rank a batch; the value there is
    that of the process's own anchors.
    """

    loss: Loss

    def __call__(self, *tensors: Tensor, check: bool = True) -> Tensor:
        return self.loss(*(_all_rows(each) for each in tensors), check=check)

    @property
    def inputs(self) -> InputType:
        return self.loss.inputs

    def settings(self) -> dict[str, object]:
        return self.loss.settings()


def processes() -> int:
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def _all_rows(tensor: Tensor) -> Tensor:
    """The rows of every process, in the order of their ranks; a gradient goes back to where its row came from."""
    if processes() == 1:
        return tensor
    counts = all_gather(torch.tensor([len(tensor)], device=tensor.device)).tolist()
    padded = pad(tensor, (0, 0) * (tensor.ndim - 1) + (0, max(counts) - len(tensor)))  # they have to be of one shape
    parts = all_gather(padded.contiguous()).split(max(counts))
    return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])


def in_step(parameter: Tensor) -> Tensor:
    """A parameter that no ``DistributedDataParallel`` holds: its gradient is the mean over the processes."""
    if processes() == 1 or not parameter.requires_grad:
        return parameter
    held = parameter.clone()
    held.register_hook(_mean)
    return held


def _mean(gradient: Tensor) -> Tensor:
    total = gradient.clone()
    dist.all_reduce(total)
    return total / processes()
