"""What is wrong between the rows of a batch: what its texts say, and where they stand."""

import math
from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from lossviz.inputs import CLASSIFIED_PAIRS
from lossviz.training.diagnosis.checks.base import ENOUGH, Case, check, groups, quoted, tells_nothing
from lossviz.training.diagnosis.look import Look

BEYOND = 1.0  # standard deviations more than the farthest of as many random pairs has: one batch in 500 gets there


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
    if not look.in_batch or look.count < ENOUGH or tells_nothing(look):
        return None
    cosines, own, other = look.to_candidates, look.to_candidates.diagonal()[:, None], _unrelated(look)
    unrelated = cosines[other]
    if len(unrelated) < ENOUGH:
        return None
    unusual = math.sqrt(2 * math.log(len(unrelated))) + BEYOND
    near = other & (cosines >= own) & (cosines > unrelated.mean() + unusual * unrelated.std())
    pairs = [tuple(pair) for pair in near.nonzero().tolist()]
    if not pairs:
        return None
    pairs.sort(key=lambda pair: (cosines[pair] - own[pair[0], 0]).item(), reverse=True)
    return Case(
        "Candidates of other rows stand nearer to an anchor than its own positive, and much nearer than unrelated "
        f"sentences do: {len(pairs)} of them. If they are right answers, the loss pushes them away.",
        [row for i, j in pairs for row in (i, j % look.count)],
        [_nearer(look, i, j) for i, j in pairs],
    )


def _unrelated(look: Look) -> Tensor:
    """Whether the texts leave it open that a candidate is right for an anchor, (B, candidates): where they say so, it
    is the row's own, or a duplicate."""
    numbers = {}
    anchors, positives, candidates = (
        torch.tensor([numbers.setdefault(text, len(numbers)) for text in side]) for side in _sides(look)
    )
    rows = torch.arange(len(candidates)) % look.count
    asked, wanted = anchors[:, None], positives[:, None]
    own = rows == torch.arange(look.count)[:, None]
    return ~(own | (candidates == wanted) | (candidates == asked) | (anchors[rows] == asked))


def _nearer(look: Look, i: int, j: int) -> str:
    anchors, positives, candidates = _sides(look)
    return (
        f"row {look.places[i]}: {quoted(anchors[i])} is nearer to {quoted(candidates[j])} of row "
        f"{look.places[j % look.count]} (cosine {look.to_candidates[i, j]:.2f}) than to its own {quoted(positives[i])} "
        f"({look.to_candidates[i, i]:.2f})"
    )


@check(
    "Negatives are right answers",
    "Drop these negatives, or mine others: leave out all that is known to be right for the anchor.",
    "triplets#explicit-negatives",
)
def right_negatives(look: Look) -> Case | None:
    """A row's negative that the data call right: the anchor, or a positive of it in any row."""
    if not look.has_negatives:
        return None
    anchors, positives, *negatives = look.texts.values()
    right = {anchor: {anchor, *(positives[row] for row in rows)} for anchor, rows in groups(anchors).items()}
    given = zip(anchors, *negatives, strict=True)
    rows = [row for row, (anchor, *said) in enumerate(given) if right[anchor] & set(said)]
    if not rows:
        return None
    return Case(f"In {len(rows)} of {look.count} rows a negative says what the anchor or a positive of it says.", rows)


@check(
    "Labels contradict each other",
    "Decide which label is right, and drop the other row.",
    "labelled_sentences#stuck-at-the-margin",
)
def contradictions(look: Look) -> Case | None:
    """The same texts under two labels; in either order, but for classes, which may ask for one (entailment)."""
    if look.labels is None:
        return None
    labels, key = look.labels.tolist(), tuple if look.loss.inputs.name == CLASSIFIED_PAIRS.name else frozenset
    same = groups(key(each) for each in zip(*look.texts.values(), strict=True)).values()
    rows = [row for group in same if len({labels[row] for row in group}) > 1 for row in group]
    if not rows:
        return None
    said = f"{len(rows)} of {look.count} rows say the same as another row, with another label: the loss has a floor."
    return Case(said, rows)
