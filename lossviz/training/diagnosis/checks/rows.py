"""What is wrong between the rows of a batch: what its texts say, and where they stand."""

import math
from collections import Counter
from collections.abc import Sequence

import torch

from lossviz.training.diagnosis.checks.base import ENOUGH, Case, check, groups, quoted
from lossviz.training.diagnosis.look import Look

UNUSUAL = 3  # standard deviations over unrelated sentences: of a thousand pairs about one gets there by chance


@check(
    "Duplicates are each other's negatives",
    "Keep them out of one batch (BatchSamplers.NO_DUPLICATES in sentence-transformers), or mask them.",
    "positive_pairs#duplicates",
)
def duplicates(look: Look) -> Case | None:
    """Rows that are each other's negatives and say the same."""
    if not look.in_batch:
        return None
    anchors, positives, candidates = _sides(look)
    alike = list(groups(anchors).values())
    for rows in groups(candidates).values():
        if min(rows) < look.count:  # one of them is a positive
            alike.append([row % look.count for row in rows])
    rows = [row for group in alike if len(set(group)) > 1 for row in group]
    if not rows:
        return None
    count = len(set(rows))
    return Case(
        f"{count} of {look.count} rows say what another row says. The loss cannot fall below {floor(look):.4f}, "
        f"however good the model; it is {look.value:.4f}.",
        rows,
    )


def _sides(look: Look) -> tuple[Sequence[str], Sequence[str], list[str]]:
    """The texts of anchors and positives, and of all candidates."""
    anchors, positives, *negatives = look.texts.values()
    return anchors, positives, [*positives, *(text for column in negatives for text in column)]


def floor(look: Look) -> float:
    """What duplicates alone cost, at best. Anchors that are one text share one softmax among all that they look for,
    and each of those is split again among the candidates that are its copies."""
    anchors, positives, candidates = _sides(look)
    there = _entropy(anchors, positives, candidates)
    one_way = "direction" not in look.loss.axes and len(look.loss.blocks()) < 2
    return there if one_way else (there + _entropy(positives, anchors, anchors)) / 2


def _entropy(seekers: Sequence[str], sought: Sequence[str], candidates: Sequence[str]) -> float:
    pairs = list(zip(seekers, sought, strict=True))
    copies, asked, wanted = Counter(candidates), Counter(seekers), Counter(pairs)
    return sum(math.log(copies[t] * asked[s] / wanted[s, t]) for s, t in pairs) / len(pairs)


@check(
    "Suspected false negatives",
    "Read them. If they are right: put them into different batches, mask them (a guide model, or a known group), or "
    "drop them.",
    "positive_pairs#several-positives",
)
def false_negatives(look: Look) -> Case | None:
    """Another row's candidate that is nearer to the anchor than its own positive, and unusually near."""
    if not look.in_batch or look.count < ENOUGH:
        return None
    cosines, own = look.to_candidates, look.to_candidates.diagonal()[:, None]
    other = torch.arange(cosines.shape[1]) % look.count != torch.arange(look.count)[:, None]
    unrelated = cosines[other]
    near = other & (cosines >= own) & (cosines > unrelated.mean() + UNUSUAL * unrelated.std())
    pairs = [(i, j) for i, j in near.nonzero().tolist() if not _says_so(look, i, j)]
    if not pairs:
        return None
    pairs.sort(key=lambda pair: (cosines[pair] - own[pair[0], 0]).item(), reverse=True)
    return Case(
        "Candidates of other rows stand nearer to an anchor than its own positive, and much nearer than unrelated "
        f"sentences do: {len(pairs)} of them. If they are right answers, the loss pushes them away.",
        [row for i, j in pairs for row in (i, j % look.count)],
        [_nearer(look, i, j) for i, j in pairs],
    )


def _says_so(look: Look, i: int, j: int) -> bool:
    """Whether the texts say already that the candidate is right: then it is a duplicate."""
    anchors, positives, candidates = _sides(look)
    return candidates[j] in (positives[i], anchors[i]) or anchors[i] == anchors[j % look.count]


def _nearer(look: Look, i: int, j: int) -> str:
    anchors, positives, candidates = _sides(look)
    return (
        f"row {look.places[i]}: {quoted(anchors[i])} is nearer to {quoted(candidates[j])} of row "
        f"{look.places[j % look.count]} (cosine {look.to_candidates[i, j]:.2f}) than to its own {quoted(positives[i])} "
        f"({look.to_candidates[i, i]:.2f})"
    )


@check(
    "Labels contradict each other",
    "Decide which label is right, and drop the other row.",
    "labelled_sentences#stuck-at-the-margin",
)
def contradictions(look: Look) -> Case | None:
    """The same texts under two labels."""
    if look.labels is None:
        return None
    labels = look.labels.tolist()
    same = groups(frozenset(each) for each in zip(*look.texts.values(), strict=True)).values()
    rows = [row for group in same if len({labels[row] for row in group}) > 1 for row in group]
    if not rows:
        return None
    said = f"{len(rows)} of {look.count} rows say the same as another row, with another label: the loss has a floor."
    return Case(said, rows)
