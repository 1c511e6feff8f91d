"""Losses that rank the candidates of a batch: a softmax along the rows of their logits, and along the columns."""

from collections.abc import Callable

import torch
from torch import Tensor

from lossviz import losses
from lossviz.fast import slices
from lossviz.fast.measures import Unit
from lossviz.fast.road import keep_digits, known, road


@road(losses.MultipleNegativesRankingLoss)
def _ranking(loss: losses.MultipleNegativesRankingLoss, *rows: Tensor) -> Tensor | None:
    if loss.directions != ("query_to_doc",) or loss.hardness_mode is not None:
        return None
    return _softmax_of_rows(loss.similarity, float(loss.scale), False, *rows)


@road(losses.MultipleNegativesSymmetricRankingLoss)
def _symmetric(loss: losses.MultipleNegativesSymmetricRankingLoss, *rows: Tensor) -> Tensor | None:
    return _softmax_of_rows(loss.similarity, float(loss.scale), True, *rows)


@road(losses.ContrastiveTensionLossInBatchNegatives)
def _tension(loss: losses.ContrastiveTensionLossInBatchNegatives, *rows: Tensor) -> Tensor | None:
    return _softmax_of_rows("cosine", float(loss.scale), True, *rows)


def _softmax_of_rows(
    similarity: str, scale: float, both_ways: bool, anchor: Tensor, *documents: Tensor
) -> Tensor | None:
    """The mean of −log softmax at the diagonal of the logits; ``both_ways`` also along the columns of the positives."""
    count, terms = len(anchor), len(anchor) * (1 + both_ways)
    queries, candidates = anchor.detach(), _joined([each.detach() for each in documents])
    if similarity == "cosine":
        query_directions, candidate_directions = Unit(queries), Unit(candidates)
        queries, candidates = query_directions.rows, candidate_directions.rows
    logits = _Logits(queries, candidates, scale)
    columns = logits.columns(count) if both_ways else None
    for_queries, for_candidates, total, excesses = torch.empty_like(queries), torch.zeros_like(candidates), 0, []
    for rows in logits.slices:
        scores = logits.rows(rows)
        log_share = scores.log_softmax(1)
        targets = log_share.diagonal(rows.start)
        surprise, excess = targets.sum(dtype=torch.float64), targets.expm1()
        share = log_share.exp_()
        if both_ways:
            of_column = columns(scores)
            targets = of_column.diagonal(rows.start)
            surprise, excess = surprise + targets.sum(dtype=torch.float64), excess + targets.expm1()
            share[:, :count] += of_column.exp_()
        share.diagonal(rows.start).copy_(excess)
        excesses.append(excess)
        total -= surprise
        _product(share, candidates, scale / terms, out=for_queries[rows])
        for_candidates.addmm_(share.T, queries[rows], alpha=scale / terms)
    if similarity == "cosine":
        for_queries, for_candidates = query_directions.pull(for_queries), candidate_directions.pull(for_candidates)
    else:
        pulls = torch.cat(excesses).unsqueeze(1) * candidates[:count] * (scale / terms)
        keep_digits(pulls, for_queries)
    value = (total / terms).to(anchor.dtype)
    return known(value, lambda: (for_queries, *for_candidates.split(count)), anchor, *documents)


def _joined(parts: list[Tensor]) -> Tensor:
    return torch.cat(parts) if len(parts) > 1 else parts[0]


def _product(x: Tensor, y: Tensor, scale: float, out: Tensor) -> Tensor:
    return torch.addmm(out, x, y, beta=0, alpha=scale, out=out)


class _Logits:
    """A product of matrices, times the scale, by slices of its rows."""

    def __init__(self, queries: Tensor, candidates: Tensor, scale: float) -> None:
        self.queries, self.candidates, self.scale = queries, candidates.T, scale
        self.slices = list(slices.rows_of(len(queries), len(candidates), slices.LOGITS))

    def rows(self, rows: slice) -> Tensor:
        few = self.queries[rows]
        return _product(few, self.candidates, self.scale, out=few.new_empty(len(few), self.candidates.shape[1]))

    def columns(self, count: int) -> Callable[[Tensor], Tensor]:
        """What turns a slice of logits into the log of their share along each of the first columns. It needs the
        largest logit of each, and the log of the sum of exponentials above it: apart, for in their sum digits would be
        lost."""
        if len(self.slices) == 1:
            return lambda scores: scores[:, :count].log_softmax(0)
        peaks, sums = [], []
        for rows in self.slices:
            scores = self.rows(rows)[:, :count]
            peaks.append(scores.amax(0))
            sums.append((scores - peaks[-1]).exp_().sum(0))
        peaks, sums = torch.stack(peaks), torch.stack(sums)
        peak = peaks.amax(0)
        log_sum = (sums * (peaks - peak).exp()).sum(0).log()
        return lambda scores: scores[:, :count].sub_(peak).sub_(log_sum)
