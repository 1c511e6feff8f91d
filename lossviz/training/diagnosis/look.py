"""What is measured of one batch: where its rows stand, what the loss makes of them, which rows its gradient moves."""

import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from lossviz.batches import Batch
from lossviz.distances import similarities, unit
from lossviz.inputs import POSITIVE_PAIRS
from lossviz.losses import Loss, Terms

# Terms that are taken apart: beyond it (a cube of 161 rows) only value and gradient are known.
MOST_TERMS = 2**22


@dataclass(frozen=True, eq=False)
class Look:
    """One batch as a loss sees it; what is asked for is computed once.

    ``rows``    argument → embeddings (B, d), float64 on the CPU
    ``labels``  (B,) or None
    ``texts``   argument → B texts
    ``places``  the number of each row in the data, from 0
    ``learns``  whether the encoder's parameters get a gradient; None where that was not tried
    """

    loss: Loss
    rows: dict[str, Tensor]
    labels: Tensor | None
    texts: dict[str, tuple[str, ...]]
    places: tuple[int, ...]
    learns: bool | None = None

    @property
    def count(self) -> int:
        return len(self.places)

    def inputs(self, rows: list[Tensor] | None = None) -> tuple[Tensor, ...]:
        """The arguments of the loss, with other rows in place of its own where they are given."""
        rows = list(self.rows.values()) if rows is None else rows
        return (*rows, *([] if self.labels is None else [self.labels]))

    def part(self, kept: list[int]) -> Self:
        """Some rows of it, as a batch of their own."""
        return replace(
            self,
            rows={name: each[kept] for name, each in self.rows.items()},
            labels=None if self.labels is None else self.labels[kept],
            texts={name: tuple(each[row] for row in kept) for name, each in self.texts.items()},
            places=tuple(self.places[row] for row in kept),
        )

    def batch(self) -> Batch:
        """As an explorer shows it."""
        return Batch.of_rows(labels=self.labels, texts=self.texts, **self.rows)

    def check(self) -> None:
        """Raises ValueError where the loss does not take these rows, labels or its own settings."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it warns of is found below, with its rows
            self.loss._checked(self.inputs(), check=self.finite)

    @cached_property
    def finite(self) -> bool:
        return all(torch.isfinite(each).all() for each in self.rows.values())

    # ---- the loss

    @cached_property
    def terms(self) -> Terms | None:
        """The loss taken apart; None where it has too many terms."""
        with torch.no_grad():
            return self.loss.complete(*self.inputs()) if self._is_small else None

    @property
    def _is_small(self) -> bool:
        return self.count ** len(self.loss.axes) <= MOST_TERMS

    @cached_property
    @torch.enable_grad()
    def _slope(self) -> tuple[float, list[Tensor]]:
        rows = [each.detach().clone().requires_grad_() for each in self.rows.values()]
        inputs = self.inputs(rows)
        value = self._value(inputs)
        if not value.requires_grad:
            return value.item(), [torch.zeros_like(each) for each in rows]
        return value.item(), list(torch.autograd.grad(value, rows, allow_unused=True, materialize_grads=True))

    def _value(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """By the definition, or, where that builds too much, by the fast road."""
        return self.loss.value(*inputs) if self._is_small else self.loss(*inputs, check=False)

    @property
    def value(self) -> float:
        return self._slope[0]

    @cached_property
    def pulls(self) -> Tensor:
        """How hard the gradient pulls at each row of the data, all its arguments together: (B,)."""
        return sum(each.norm(dim=-1) for each in self._slope[1])

    @property
    def shares(self) -> Tensor:
        """The part of all pulls that each row has: (B,), which sum to 1, or all 0."""
        return self.pulls / self.pulls.sum().clamp(min=torch.finfo(self.pulls.dtype).tiny)

    @cached_property
    def collapsed(self) -> float:
        """The loss of this batch with every row at one point."""
        first = next(iter(self.rows.values()))
        point = unit(first.mean(0, keepdim=True) + 1e-3).expand_as(first)
        with torch.no_grad():
            return self._value(self.inputs([point.clone() for _ in self.rows])).item()

    # ---- where the rows stand

    @cached_property
    def points(self) -> Tensor:
        """Unit rows, one of each text: (points, d)."""
        words = [text for name in self.rows for text in self.texts[name]]
        first = {text: k for k, text in reversed(list(enumerate(words)))}
        return unit(torch.cat(list(self.rows.values())))[sorted(first.values())]

    @cached_property
    def mean_cosine(self) -> float:
        """Of two different sentences; 1 where there is only one."""
        count = len(self.points)
        return ((self.points.sum(0).square().sum() - count) / (count * (count - 1))).item() if count > 1 else 1.0

    @cached_property
    def rank(self) -> float:
        """In how many directions the points spread: the exponential of the entropy of their variances."""
        variances = torch.linalg.svdvals(self.points - self.points.mean(0)).square()
        parts = variances / variances.sum().clamp(min=torch.finfo(variances.dtype).tiny)
        return torch.special.entr(parts).sum().exp().item()

    @property
    def in_batch(self) -> bool:
        """Whether the other rows are the negatives."""
        return self.loss.inputs.masks is POSITIVE_PAIRS.masks

    @property
    def has_negatives(self) -> bool:
        """Whether rows bring negatives of their own."""
        return self.labels is None and len(self.rows) > 2

    @cached_property
    def ranks(self) -> Tensor:
        """Which part of the other rows' second sentences is farther from a row's first than its own second: (B,)."""
        first, second, *_ = self.rows.values()
        cosines = similarities("cosine", first, second)
        ahead = torch.sign(cosines.diagonal()[:, None] - cosines).sum(1)
        return 0.5 + ahead / (2 * max(1, self.count - 1))

    @cached_property
    def to_candidates(self) -> Tensor:
        """The cosine of every anchor to every candidate, the positives first: (B, candidates)."""
        anchor, *documents = self.rows.values()
        return similarities("cosine", anchor, torch.cat(documents))

    @cached_property
    def to_others(self) -> Tensor:
        """The cosine of each row's first sentence to each of its others: (others, B)."""
        anchor, *others = self.rows.values()
        return torch.stack([(unit(anchor) * unit(each)).sum(-1) for each in others])

    def measures(self) -> dict[str, float]:
        """The numbers that a log keeps."""
        found = {"loss": self.value, "loss_if_collapsed": self.collapsed}
        if self.terms:
            found |= {"terms": int(self.terms.valid.sum()), "active": int((self.terms.valid & self.terms.active).sum())}
        return found | {
            "gradient": self.pulls.sum().item(),
            "largest_share": self.shares.max().item(),
            "mean_cosine": self.mean_cosine,
            "effective_rank": self.rank,
        }
