"""What is wrong with the labels of a batch, and with the order that they ask for."""

import math

import torch
from torch import Tensor

from lossviz.training.diagnosis.checks.base import ENOUGH, Case, check, groups, true
from lossviz.training.diagnosis.look import Look

SUSPECTS = 0.15  # of the rows: where more stand on the wrong side, the model cannot tell yet


def _has_classes(look: Look) -> bool:
    return look.labels is not None and len(look.rows) == 1


@check(
    "Classes stand alone in a batch",
    "Group the batch by class (BatchSamplers.GROUP_BY_LABEL), take a larger batch, or drop such classes.",
    "labelled_sentences#one-class",
)
def alone(look: Look) -> Case | None:
    if not _has_classes(look):
        return None
    classes = groups(look.labels.tolist()).values()
    rows = sorted(row for group in classes if len(group) == 1 for row in group)
    if not rows or len(classes) == 1:
        return None
    return Case(
        f"{len(rows)} of {look.count} sentences are the only one of their class: they have no positive, and are "
        "nothing but negatives for others.",
        rows,
    )


@check(
    "The batch has one label only",
    "Shuffle the data, so that each batch holds several labels, or let a sampler see to it.",
    "labelled_sentences#one-class",
)
def one_class(look: Look) -> Case | None:
    if look.labels is None or look.count < 2 or look.labels.unique().numel() > 1:
        return None
    return Case(
        f"All {look.count} rows have the label {look.labels[0].item():g}; the loss is {look.value:.4g}. There is "
        "nothing to tell apart.",
        range(look.count),
        shown=(),
    )


@check(
    "A batch has one row",
    "Leave out the last, short batch (dataloader_drop_last=True), or take another batch size.",
    "positive_pairs#evaluation-batch-size",
)
def single_row(look: Look) -> Case | None:
    if look.count > 1 or not (look.in_batch or _has_classes(look)):
        return None
    return Case(f"Its loss is {look.value:.4g}, whatever the model does: there is no row to be told from.", [0])


@check(
    "Scores are out of a cosine's range",
    "Bring the scores to 0 … 1 (divide all by the largest there can be), or take a loss that only compares them.",
    "scored_pairs#grades-0-to-5",
)
def out_of_range(look: Look) -> Case | None:
    """Scores that no cosine can reach, where a cosine is to become the score."""
    rows = [] if look.labels is None else true(look.labels.abs() > look.loss.inputs.labels.largest)
    if not rows:
        return None
    low, high = look.labels.min().item(), look.labels.max().item()
    return Case(
        f"{len(rows)} of {look.count} {look.loss.inputs.label} lie outside −1 to 1 (from {low:g} to {high:g}). All "
        "above 1 ask for the same angle, 0°, and can never be content.",
        rows,
    )


# ---- the order


def _page(look: Look) -> str:
    if look.labels is None:
        return "triplets#explicit-negatives"
    return "scored_pairs#cosent-or-cosine" if _is_scored(look) else "labelled_sentences#stuck-at-the-margin"


@check(
    "Labels look swapped: positives farther than negatives",
    "Read some of the rows. If near pairs are labelled 0, or the columns are exchanged, turn them round; a distance "
    "given as a score needs its sign changed. If the rows are right, these negatives are hard.",
    _page,
)
def swapped(look: Look) -> Case | None:
    """All of them, or some."""
    order = _order(look)
    if order is None:
        return None
    agreement, wrong = order
    rows = true(wrong)
    if agreement < 0.5 - 1 / math.sqrt(look.count):  # two standard deviations of guessing
        said = f"Where one pair shall be nearer than another, it is in {agreement:.0%} of all cases; by chance in 50%."
        return Case(said, rows)
    if not 0 < len(rows) <= SUSPECTS * look.count:
        return None
    return Case(f"{len(rows)} of {look.count} rows stand where the other label would be; all others do not.", rows)


def _is_scored(look: Look) -> bool:
    return look.labels.unique().numel() > 2


def _order(look: Look) -> tuple[float, Tensor] | None:
    """In which part of the comparisons the nearer one is that which shall be nearer; and the rows on the wrong side."""
    if look.labels is None and len(look.rows) > 2:
        to_positive, *to_negatives = look.to_others
        wrong = torch.stack(to_negatives).amax(0) > to_positive
        return 1 - wrong.double().mean().item(), wrong
    if look.labels is None or len(look.rows) != 2 or look.loss.inputs.matrix_axes != 1:
        return None
    order = _of_scores if _is_scored(look) else _of_two_labels
    return order(look.to_others[0], look.labels)


def _of_scores(cosines: Tensor, scores: Tensor) -> tuple[float, Tensor]:
    """A row is wrong that disagrees with most others, where all together do."""
    lower = scores[:, None] < scores
    right = lower & (cosines[:, None] < cosines)
    involved, agreed = (each.sum(0) + each.sum(1) for each in (lower, right))
    agreement = (right.sum() / lower.sum()).item()
    return agreement, (agreed < 0.5 * involved) & (agreement < 0.5)


def _of_two_labels(cosines: Tensor, labels: Tensor) -> tuple[float, Tensor] | None:
    """The wrong side is beyond the middle of the two medians."""
    positive = labels > labels.min()
    near, far = cosines[positive], cosines[~positive]
    if min(len(near), len(far)) < ENOUGH / 2:
        return None
    agreement = (near[:, None] > far).double().mean().item()
    middle = (near.median() + far.median()) / 2
    return agreement, torch.where(positive, cosines < middle, cosines > middle)
