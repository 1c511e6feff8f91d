"""What is wrong with the labels of a batch, and with the order that they ask for."""

import math

import torch
from torch import Tensor

from lossviz.training.diagnosis.checks.base import ENOUGH, Case, check, groups, true
from lossviz.training.diagnosis.look import Look

SURE = 3.5  # standard deviations of guessing: one batch of random rows in four thousand gets there
MISLABELLED = 0.05  # the part of the labels that is taken for wrong, against none
EVIDENCE = 5.0  # log of how much likelier the batch is so: without a wrong label one in 150 gets there
DOUBT = 6.0  # the most that one row adds to it: a few far rows are not a few wrong labels
APART = 3.5  # spreads between two labels: nearer ones overlap, and each has rows on the other's side
SPREAD = 1.4826  # of a normal distribution, in median deviations


def _has_classes(look: Look) -> bool:
    return look.labels is not None and len(look.rows) == 1


@check(
    "Classes stand alone in a batch",
    "Group the batch by class (BatchSamplers.GROUP_BY_LABEL), take a larger batch, or drop such classes.",
    "labelled_sentences#one-class",
)
def alone(look: Look) -> Case | None:
    if not _has_classes(look) or look.count < ENOUGH:
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
    if look.labels is None or look.count < ENOUGH or look.labels.unique().numel() > 1:
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
    """Most of them."""
    order = _order(look)
    if order is None:
        return None
    agreement, deviation, wrong = order
    if agreement >= 0.5 - SURE * deviation:
        return None
    said = f"Where one pair shall be nearer than another, it is in {agreement:.0%} of all cases; by chance in 50%."
    return Case(said, true(wrong))


@check(
    "Rows stand where the other label would be: hard, or mislabelled",
    "Read them. Turn round those whose label, or whose columns, are wrong; keep those that are right: they are hard.",
    _page,
)
def wrong_side(look: Look) -> Case | None:
    """Some of them, where all others are well apart."""
    sides = _sides(look)
    if sides is None:
        return None
    usual = sides.median()
    spread = SPREAD * (sides - usual).abs().median()
    if 2 * usual <= APART * spread or _evidence(sides, usual, spread) < EVIDENCE:
        return None
    rows = [row for row in sides.argsort().tolist() if sides[row] < 0]
    return Case(f"{len(rows)} of {look.count} rows stand nearer to where the other label is; all others do not.", rows)


def _has_two(look: Look) -> bool:
    """Whether a row is two sentences and a label that says how near they are."""
    return look.labels is not None and len(look.rows) == 2 and look.loss.inputs.matrix_axes == 1


def _is_scored(look: Look) -> bool:
    return look.labels.unique().numel() > 2


def _order(look: Look) -> tuple[float, float, Tensor] | None:
    """In which part of the comparisons the nearer one is that which shall be nearer; the standard deviation of that
    part where all is guessed; and the rows that are on the wrong side of most others."""
    if look.has_negatives:
        to_positive, *to_negatives = look.to_others
        ahead = torch.sign(to_positive - torch.stack(to_negatives))
        negatives, count = ahead.shape
        deviation = math.sqrt((negatives + 2) / (12 * negatives * count))
        return 0.5 + ahead.mean().item() / 2, deviation, ahead.sum(0) < 0
    if not _has_two(look) or look.labels.unique().numel() < 2:
        return None
    lower, cosines = look.labels[:, None] < look.labels, look.to_others[0]
    ahead, compared = lower * torch.sign(cosines - cosines[:, None]), lower.sum().item()
    return 0.5 + ahead.sum().item() / (2 * compared), _guessed(look.labels) / compared, ahead.sum(0) + ahead.sum(1) < 0


def _guessed(labels: Tensor) -> float:
    """The standard deviation of how many comparisons of labels are right by chance (Kendall's, with ties)."""
    weights = (n * (n - 1) * (2 * n + 5) for n in labels.unique(return_counts=True)[1].tolist())
    count = len(labels)
    return math.sqrt((count * (count - 1) * (2 * count + 5) - sum(weights)) / 72)


def _sides(look: Look) -> Tensor | None:
    """How far each row stands on the side of its label: below 0 where it stands on the other's."""
    if look.count < ENOUGH:
        return None
    if look.has_negatives:
        to_positive, *to_negatives = look.to_others
        return to_positive - torch.stack(to_negatives).amax(0)
    if not _has_two(look) or _is_scored(look):
        return None
    cosines, positive = look.to_others[0], look.labels > look.labels.min()
    near, far = cosines[positive], cosines[~positive]
    if min(len(near), len(far)) < ENOUGH / 2:
        return None
    middle = (near.median() + far.median()) / 2
    return torch.where(positive, cosines - middle, middle - cosines)


def _evidence(sides: Tensor, usual: Tensor, spread: Tensor) -> float:
    """Log of how much likelier the rows are where some labels are wrong than where none is. A row with the right label
    is normal about ``usual``, one with a wrong label about the same place on the other side."""
    doubt = (-2 * usual * sides / spread.clamp(min=torch.finfo(sides.dtype).eps).square()).clamp(max=DOUBT)
    return torch.log(1 - MISLABELLED + MISLABELLED * doubt.exp()).sum().item()
