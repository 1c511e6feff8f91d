"""Losses that rank the candidates of a batch: a softmax along the rows of their logits, and along the columns."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from lossviz import losses
from lossviz.fast import slices
from lossviz.fast.measures import Unit
from lossviz.fast.road import by_scale, factor, keep_digits, known, watched
from lossviz.losses.base import Loss

LOG_2 = math.log(2)
PADDING = 64  # numbers after each row of logits: rows a power of two apart would crowd one place of the cache


def ranking(loss: losses.MultipleNegativesRankingLoss, *rows: Tensor) -> Tensor | None:
    if loss.directions != ("query_to_doc",) or loss.hardness_mode is not None:
        return None
    return _softmax_of_rows(loss.similarity, loss.scale, False, *rows)


def both_ways(loss: Loss, *rows: Tensor) -> Tensor | None:
    return _softmax_of_rows(loss.settings().get("similarity", "cosine"), loss.scale, True, *rows)


def _softmax_of_rows(
    similarity: str, given_scale: float | Tensor, both_ways: bool, anchor: Tensor, *documents: Tensor
) -> Tensor | None:
    """The mean of −log softmax at the diagonal of the logits; ``both_ways`` also along the columns of the positives."""
    scale = factor(given_scale, anchor)
    count, terms = len(anchor), len(anchor) * (1 + both_ways)
    queries, candidates = anchor.detach(), _joined([each.detach() for each in documents])
    if similarity == "cosine":
        query_directions, candidate_directions = Unit(queries), Unit(candidates)
        queries, candidates = query_directions.rows, candidate_directions.rows
    by_number, by_tensor = (1.0, scale) if isinstance(scale, Tensor) else (scale, None)
    queries = queries if by_tensor is None else queries * by_tensor
    logits = _Logits(queries, candidates, by_number)
    of_columns = logits.softmax_of_columns(count) if both_ways else None
    for_queries, for_candidates, total, excesses = torch.empty_like(queries), torch.zeros_like(candidates), 0, []
    for rows in logits.slices:
        bits = logits.rows(rows)
        column = of_columns(bits, rows) if of_columns else None
        share, log_share = _softmax(bits, rows, 1)
        surprise, excess = log_share.sum(dtype=torch.float64), log_share.expm1()
        if column:
            share[:, :count] += column[0]
            surprise, excess = surprise + column[1].sum(dtype=torch.float64), excess + column[1].expm1()
        share.diagonal(rows.start).copy_(excess)
        excesses.append(excess)
        total -= surprise
        _product(share, candidates, by_number / terms, out=for_queries[rows])
        for_candidates.addmm_(share.T, queries[rows], alpha=by_number / terms)
    of_scale = by_scale(given_scale, lambda: (queries * for_queries).sum(dtype=torch.float64) / scale)
    for_queries = for_queries if by_tensor is None else for_queries * by_tensor
    if similarity == "cosine":
        for_queries, for_candidates = query_directions.pull(for_queries), candidate_directions.pull(for_candidates)
    else:
        pulls = torch.cat(excesses).unsqueeze(1) * candidates[:count] * (by_number / terms)
        keep_digits(watched(pulls), for_queries)
    value = (total / terms).to(anchor.dtype)
    gradients = for_queries, *for_candidates.split(count), *of_scale.values()
    return known(value, lambda: gradients, anchor, *documents, *of_scale)


def _joined(parts: list[Tensor]) -> Tensor:
    return torch.cat(parts) if len(parts) > 1 else parts[0]


def _product(x: Tensor, y: Tensor, scale: float, out: Tensor) -> Tensor:
    return torch.addmm(out, x, y, beta=0, alpha=scale, out=out)


def _softmax(
    bits: Tensor, rows: slice, dim: int, peak: Tensor | None = None, total: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Turns some rows of logits into shares, in place; also the log of those at the diagonal. The peak and the total of
    the exponentials above it are by default those of these rows. They stay apart, for their sum would lose digits."""
    above = bits.sub_(bits.amax(dim, keepdim=True) if peak is None else peak).diagonal(rows.start).clone()
    powers = bits.exp2_()
    total = powers.sum(dim, keepdim=True) if total is None else total
    log_share = above * LOG_2 - total.expand_as(bits).diagonal(rows.start).log()
    return powers.div_(total), log_share


class _Logits:
    """A product of matrices, times the scale, by slices of its rows. The unit is the bit, for exp2 is three times as
    fast as exp; all slices take turns in one place."""

    def __init__(self, queries: Tensor, candidates: Tensor, scale: float) -> None:
        self.queries, self.candidates, self.scale = queries, candidates.T, scale / LOG_2
        self.sizes = slices.sizes(queries)
        self.slices = list(self.sizes.rows(len(queries), len(candidates), self.sizes.logits))
        width = len(candidates)
        self.place = queries.new_empty(self.slices[0].stop, width + PADDING)[:, :width]

    def rows(self, rows: slice) -> Tensor:
        few = self.queries[rows]
        logits = self.place[: len(few)]
        for start in range(0, logits.shape[1], self.sizes.width):
            columns = slice(start, start + self.sizes.width)
            _product(few, self.candidates[:, columns], self.scale, out=logits[:, columns])
        return logits

    def softmax_of_columns(self, count: int) -> Callable[[Tensor, slice], tuple[Tensor, Tensor]]:
        """The same along the first columns, which needs their peaks and totals beforehand."""
        if len(self.slices) == 1:
            return lambda bits, rows: _softmax(bits[:, :count].clone(), rows, 0)
        peaks, totals = [], []
        for rows in self.slices:
            bits = self.rows(rows)[:, :count]
            peaks.append(bits.amax(0))
            totals.append((bits - peaks[-1]).exp2_().sum(0))
        peaks, totals = torch.stack(peaks), torch.stack(totals)
        peak = peaks.amax(0)
        total = (totals * (peaks - peak).exp2()).sum(0)
        return lambda bits, rows: _softmax(bits[:, :count].clone(), rows, 0, peak, total)
