"""What can be wrong with a batch: one small function a fault. Each reads a ``Look`` and gives a ``Finding`` or None.

A threshold is named, with its reason. Where two are possible the quieter one was taken: a finding is to be looked at.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from lossviz.losses import Loss
from lossviz.training.diagnosis.look import Look

FEW_ACTIVE = 0.1  # of the terms: fewer, and most of a batch's work is for nothing
CARRIED = 0.5  # of the gradient …
BY_FEW = 0.05  # … in no more than this part of the rows
ENOUGH = 8  # rows from which a share or a rank says anything
UNUSUAL = 3  # standard deviations over unrelated sentences: of a thousand pairs about one gets there by chance
NEAR_COLLAPSE = 0.9  # mean cosine: what trains at a temperature of .01 ends between .6 and .85
FLAT = 2.0  # directions that the points spread in: a line has one
STUCK = 0.02  # of the loss of a collapsed batch: what is stuck there differs in the third digit
LOW_SCALE = 2.0  # a temperature of .5, the highest that a paper trains with
SUSPECTS = 0.15  # of the rows: where more stand on the wrong side, the model cannot tell yet
SHOWN = 5  # examples of one finding

QUESTIONS = {  # page and anchor → what the book answers there
    "labelled_pairs#why-online-is-0": "Why does online contrastive give 0?",
    "labelled_pairs#nan": "Why is it NaN, or its gradient?",
    "labelled_pairs#which-margin-pairs": "Which margin, for which distance?",
    "labelled_sentences#one-class": "Why is the gradient zero when the batch has one class?",
    "labelled_sentences#stuck-at-the-margin": "Why is it stuck at the margin?",
    "labelled_sentences#which-margin-sentences": "Which margin, for which distance?",
    "triplets#which-margin-triplets": "Which margin, for which distance?",
    "triplets#explicit-negatives": "Are explicit negatives used beside the in-batch ones, or instead?",
    "positive_pairs#duplicates": "Are duplicates in a batch false negatives?",
    "positive_pairs#several-positives": "Several positives for one anchor?",
    "positive_pairs#stuck-at-ln-b": "Why is it stuck at ln B, and not decreasing?",
    "positive_pairs#tiny-loss": "Tiny from the first step, or exactly 0 for ever: a collapse?",
    "positive_pairs#why-20": "Why a scale of 20, and what is it to temperature?",
    "positive_pairs#evaluation-batch-size": "Does the evaluation loss depend on its batch size?",
    "scored_pairs#grades-0-to-5": "A similarity grade of 0-5: divide by 5?",
    "scored_pairs#cosent-or-cosine": "CoSENT or cosine, and which sign?",
}
MARGINS = {  # input type → where its margins are spoken of
    "labelled_pairs": "labelled_pairs#which-margin-pairs",
    "labelled_sentences": "labelled_sentences#which-margin-sentences",
    "triplets": "triplets#which-margin-triplets",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    ``name``    what it is called in code
    ``title``   what it is
    ``said``    with the numbers of the batch
    ``rows``    the rows of the data that it is about, from 0, worst first
    ``shown``   some of them, with their sentences
    ``change``  what to change
    ``book``    the page and the anchor where the book speaks of it, "positive_pairs#duplicates"
    """

    name: str
    title: str
    said: str
    rows: tuple[int, ...]
    shown: tuple[str, ...]
    change: str
    book: str


Check = Callable[[Look], Finding | None]
CHECKS: list[Check] = []


def check(function: Check) -> Check:
    CHECKS.append(function)
    return function


def findings(look: Look) -> list[Finding]:
    """All that is wrong with a batch. Rows that are not finite leave nothing else to look at."""
    if not look.finite:
        return [_not_finite(look)]
    return [found for each in CHECKS if (found := each(look))]


# ---- words


def _quoted(text: str, longest: int = 70) -> str:
    return f"“{text if len(text) <= longest else text[: longest - 1].rstrip() + '…'}”"


def _row(look: Look, row: int) -> str:
    """A row with its sentences, and its label."""
    texts = " | ".join(_quoted(each[row]) for each in look.texts.values())
    label = "" if look.labels is None else f" | {look.loss.inputs.label.removesuffix('s')} {look.labels[row].item():g}"
    return f"row {look.places[row]}: {texts}{label}"


def _shown(look: Look, rows: Iterable[int]) -> tuple[str, ...]:
    return tuple(_row(look, row) for row in list(rows)[:SHOWN])


def _places(look: Look, rows: Iterable[int]) -> tuple[int, ...]:
    return tuple(look.places[row] for row in dict.fromkeys(rows))


def _true(mask: Tensor) -> list[int]:
    return mask.nonzero().flatten().tolist()


def _groups(keys: Sequence[object]) -> dict[object, list[int]]:
    """Key → the rows that have it."""
    found = defaultdict(list)
    for row, key in enumerate(keys):
        found[key].append(row)
    return dict(found)


# ---- the encoder


def _not_finite(look: Look) -> Finding:
    bad = _true(~torch.stack([torch.isfinite(each).all(-1) for each in look.rows.values()]).all(0))
    return Finding(
        "not_finite",
        "The encoder gives NaN or infinity",
        f"{len(bad)} of {look.count} rows of the batch have an embedding that is not finite.",
        _places(look, bad),
        _shown(look, bad),
        "Look at these texts alone. In half precision the encoder may overflow: try float32 or bfloat16. If all rows "
        "are concerned, the weights are lost: go back to an earlier checkpoint, with a smaller learning rate.",
        "labelled_pairs#nan",
    )


@check
def no_gradient(look: Look) -> Finding | None:
    if look.learns is not False:
        return None
    return Finding(
        "no_gradient",
        "The encoder gets no gradient",
        "The embeddings come without a way back to any parameter of the encoder: training would change nothing.",
        (),
        (),
        "Give the loss what the model's forward gives, not model.encode(…), which keeps no gradient; unfreeze at least "
        "some parameters (requires_grad); leave out torch.no_grad().",
        "positive_pairs#stuck-at-ln-b",
    )


@check
def collapse(look: Look) -> Finding | None:
    if len(look.points) < ENOUGH or (look.mean_cosine <= NEAR_COLLAPSE and look.rank >= FLAT):
        return None
    return Finding(
        "collapse",
        "The embeddings have collapsed",
        f"Two different sentences have a cosine of {look.mean_cosine:.3f} on average, and the points spread in "
        f"{look.rank:.1f} directions. The loss is {look.value:.4g}; with all rows at one point it is "
        f"{look.collapsed:.4g}{_known_number(look)}.",
        _places(look, range(look.count)),
        (),
        "Start again from a checkpoint that tells sentences apart, with a smaller learning rate and a warm-up. Look at "
        "the pooling, and at labels that contradict each other.",
        "positive_pairs#stuck-at-ln-b" if look.in_batch else "labelled_sentences#stuck-at-the-margin",
    )


@check
def stuck(look: Look) -> Finding | None:
    """The loss of a collapsed batch, without its collapse."""
    if look.mean_cosine > NEAR_COLLAPSE or low_scale(look) or not (look.in_batch and look.count >= ENOUGH):
        return None
    if abs(look.value - look.collapsed) > STUCK * look.collapsed:
        return None
    return Finding(
        "stuck",
        "The loss is that of a model that tells nothing apart",
        f"The loss is {look.value:.4g}; with all rows at one point it is {look.collapsed:.4g}{_known_number(look)}. "
        f"The embeddings have not collapsed (mean cosine {look.mean_cosine:.3f}).",
        _places(look, range(look.count)),
        (),
        "See whether the columns belong together row by row: one that was sorted or shuffled alone does this.",
        "positive_pairs#stuck-at-ln-b",
    )


def _known_number(look: Look) -> str:
    """What the number of a collapsed batch is called."""
    numbers = [("ln 2", math.log(2)), (f"ln {look.count}", math.log(look.count))]
    numbers += [(name, float(value)) for name, value in look.loss.settings().items() if name.endswith("margin")]
    return next((f" ({name})" for name, each in numbers if math.isclose(each, look.collapsed, rel_tol=1e-3)), "")


# ---- what the loss can do


@check
def inactive(look: Look) -> Finding | None:
    if not look.terms or not look.terms.valid.any():
        return None
    valid, active = (int(each.sum()) for each in (look.terms.valid, look.terms.valid & look.terms.active))
    if active >= FEW_ACTIVE * valid:
        return None
    moved = _true(look.pulls > 0)
    return Finding(
        "inactive",
        "Few terms are active",
        f"{active} of {valid} terms pass a gradient on; the loss is {look.value:.4g}.",
        _places(look, moved),
        _shown(look, moved),
        "The batch is easy, and teaches little. Take harder negatives, a larger batch, or a larger margin.",
        "positive_pairs#tiny-loss" if look.in_batch else "labelled_pairs#why-online-is-0",
    )


@check
def carried(look: Look) -> Finding | None:
    shares, rows = look.shares.sort(descending=True)
    few = int((shares.cumsum(0) < CARRIED).sum()) + 1
    if few > BY_FEW * look.count or not shares[0]:
        return None
    heaviest = rows[:few].tolist()
    told = ", ".join(f"row {look.places[row]} {look.shares[row]:.0%}" for row in heaviest[:SHOWN])
    return Finding(
        "carried",
        "A few rows carry the gradient",
        f"{few} of {look.count} rows have more than half of all pulls: {told}.",
        _places(look, heaviest),
        _shown(look, heaviest),
        "Read these rows: a wrong label, a false negative or a broken text is found here first. If they are right, a "
        "smaller scale lets more rows have a say.",
        "positive_pairs#why-20",
    )


@check
def low_scale(look: Look) -> Finding | None:
    scale = look.loss.settings().get("scale")
    if scale is None or look.loss.settings().get("similarity", "cosine") != "cosine" or float(scale) > LOW_SCALE:
        return None
    first, *others = look.rows.values()
    apart = torch.eye(look.count * len(look.rows), dtype=first.dtype)[: look.count]
    best = [apart, apart, *(apart.roll((k + 1) * look.count, 1) for k in range(len(others) - 1))][: len(look.rows)]
    best = [torch.cat([each, each.new_zeros(look.count, 1)], -1) for each in best]
    value = look.loss.value(*look.inputs(best)).item()
    return Finding(
        "low_scale",
        "The scale is too low",
        f"The scale is {float(scale):g}, a temperature of {1 / float(scale):g}. Even if each pair stood on one point, "
        f"at a right angle to all others, the loss would be {value:.4g}; collapsed it is {look.collapsed:.4g}.",
        (),
        (),
        "Take a scale of 20 (a temperature of 0.05), or learn it from there.",
        "positive_pairs#stuck-at-ln-b",
    )


@check
def margin(look: Look) -> Finding | None:
    named = {name: float(each) for name, each in look.loss.settings().items() if name.endswith("margin")}
    if not named or not look.terms or look.loss.reads != "distance" or look.count < ENOUGH:
        return None
    ((name, value),) = named.items()
    largest = look.terms.matrix.max().item()
    if value <= largest:
        return None
    return Finding(
        "margin",
        "The margin is out of reach",
        f"{name} is {value:g}, and the largest distance of the batch is {largest:.3g}: no negative can be far enough, "
        "so the loss never rests.",
        (),
        (),
        f"Take a margin on the scale of the gaps between your distances, about {largest / 4:.2g}, or a distance of "
        "embeddings that are not normalised.",
        MARGINS[look.loss.inputs.name],
    )


# ---- the rows


@check
def duplicates(look: Look) -> Finding | None:
    """Rows that are each other's negatives and say the same."""
    if not look.in_batch:
        return None
    anchors, positives, *negatives = look.texts.values()
    candidates = _groups([*positives, *(each for column in negatives for each in column)])
    same = [rows for rows in _groups(anchors).values() if len(rows) > 1]
    same += [[k % look.count for k in rows] for rows in candidates.values() if set(rows) & set(range(look.count))]
    same = [sorted(set(rows)) for rows in same if len(set(rows)) > 1]
    if not same:
        return None
    rows = list(dict.fromkeys(row for group in same for row in group))  # those of a group stay together
    return Finding(
        "duplicates",
        "Duplicates are each other's negatives",
        f"{len(rows)} of {look.count} rows say what another row says. The loss cannot fall below {floor(look):.4f}, "
        f"however good the model; it is {look.value:.4f}.",
        _places(look, rows),
        _shown(look, rows),
        "Keep them out of one batch (BatchSamplers.NO_DUPLICATES in sentence-transformers), or mask them.",
        "positive_pairs#duplicates",
    )


def floor(look: Look) -> float:
    """What duplicates alone cost, at best. Anchors that are one text share one softmax among all that they look for,
    and each of those is split again among the candidates that are its copies."""
    anchors, positives, *negatives = look.texts.values()
    there = _entropy(anchors, positives, [*positives, *(each for column in negatives for each in column)])
    if "direction" not in look.loss.axes and len(look.loss.blocks()) < 2:
        return there
    return (there + _entropy(positives, anchors, anchors)) / 2


def _entropy(seekers: Sequence[str], sought: Sequence[str], candidates: Sequence[str]) -> float:
    copies, asked, wanted = Counter(candidates), Counter(seekers), Counter(zip(seekers, sought, strict=True))
    pairs = zip(seekers, sought, strict=True)
    return sum(math.log(copies[t] * asked[s] / wanted[s, t]) for s, t in pairs) / len(seekers)


@check
def false_negatives(look: Look) -> Finding | None:
    """Another row's candidate that is nearer to the anchor than its own positive, and unusually near."""
    if not look.in_batch or look.count < ENOUGH:
        return None
    cosines, own = look.to_candidates, look.to_candidates.diagonal()[:, None]
    anchors, positives, *negatives = look.texts.values()
    candidates = [*positives, *(each for column in negatives for each in column)]
    rows = torch.arange(cosines.shape[1]) % look.count
    other = rows[None, :] != torch.arange(look.count)[:, None]
    unrelated = cosines[other]
    near = other & (cosines >= own) & (cosines > unrelated.mean() + UNUSUAL * unrelated.std())
    pairs = [(i, j) for i, j in near.nonzero().tolist() if not _alike(anchors, positives, candidates, i, j)]
    if not pairs:
        return None
    pairs.sort(key=lambda each: (cosines[each] - own[each[0], 0]).item(), reverse=True)
    shown = [
        f"row {look.places[i]}: {_quoted(anchors[i])} is nearer to {_quoted(candidates[j])} of row "
        f"{look.places[j % look.count]} (cosine {cosines[i, j]:.2f}) than to its own {_quoted(positives[i])} "
        f"({own[i, 0]:.2f})"
        for i, j in pairs[:SHOWN]
    ]
    concerned = [row for i, j in pairs for row in (i, j % look.count)]
    return Finding(
        "false_negatives",
        "Suspected false negatives",
        f"Candidates of other rows stand nearer to an anchor than its own positive, and much nearer than unrelated "
        f"sentences do: {len(pairs)} of them. If they are right answers, the loss pushes them away.",
        _places(look, concerned),
        tuple(shown),
        "Read them. If they are right: put them into different batches, mask them (a guide model, or a known group), "
        "or drop them.",
        "positive_pairs#several-positives",
    )


def _alike(anchors: Sequence[str], positives: Sequence[str], candidates: Sequence[str], i: int, j: int) -> bool:
    """Whether the texts say already that the candidate is right: then it is a duplicate."""
    return candidates[j] in (positives[i], anchors[i]) or anchors[i] == anchors[j % len(anchors)]


@check
def contradictions(look: Look) -> Finding | None:
    """The same texts under two labels."""
    if look.labels is None:
        return None
    labels = look.labels.tolist()
    groups = _groups([frozenset(each) for each in zip(*look.texts.values(), strict=True)])
    rows = sorted(row for group in groups.values() if len({labels[row] for row in group}) > 1 for row in group)
    if not rows:
        return None
    return Finding(
        "contradictions",
        "Labels contradict each other",
        f"{len(rows)} of {look.count} rows say the same as another row, with another label: the loss has a floor.",
        _places(look, rows),
        _shown(look, sorted(rows, key=lambda row: [each[row] for each in look.texts.values()])),
        "Decide which label is right, and drop the other row.",
        "labelled_sentences#stuck-at-the-margin",
    )


# ---- the labels


def _classes(look: Look) -> bool:
    return look.labels is not None and len(look.rows) == 1


@check
def alone(look: Look) -> Finding | None:
    if not _classes(look):
        return None
    groups = _groups(look.labels.tolist())
    rows = sorted(row for group in groups.values() if len(group) == 1 for row in group)
    if not rows or len(groups) == 1:
        return None
    return Finding(
        "alone",
        "Classes stand alone in a batch",
        f"{len(rows)} of {look.count} sentences are the only one of their class: they have no positive, and are "
        "nothing but negatives for others.",
        _places(look, rows),
        _shown(look, rows),
        "Group the batch by class (BatchSamplers.GROUP_BY_LABEL), take a larger batch, or drop such classes.",
        "labelled_sentences#one-class",
    )


@check
def one_class(look: Look) -> Finding | None:
    if look.labels is None or look.count < 2 or look.labels.unique().numel() > 1:
        return None
    return Finding(
        "one_class",
        "The batch has one label only",
        f"All {look.count} rows have the label {look.labels[0].item():g}; the loss is {look.value:.4g}. There is "
        "nothing to tell apart.",
        _places(look, range(look.count)),
        (),
        "Shuffle the data, so that each batch holds several labels, or let a sampler see to it.",
        "labelled_sentences#one-class",
    )


@check
def single_row(look: Look) -> Finding | None:
    if look.count > 1 or not (look.in_batch or _classes(look)):
        return None
    return Finding(
        "single_row",
        "A batch has one row",
        f"Its loss is {look.value:.4g}, whatever the model does: there is no other row to be told from.",
        _places(look, [0]),
        _shown(look, [0]),
        "Leave out the last, short batch (dataloader_drop_last=True), or take another batch size.",
        "positive_pairs#evaluation-batch-size",
    )


@check
def out_of_range(look: Look) -> Finding | None:
    """Scores that no cosine can reach, where a cosine is to become the score."""
    rows = [] if look.labels is None else _true(look.labels.abs() > look.loss.inputs.labels.largest)
    if not rows:
        return None
    low, high = look.labels.min().item(), look.labels.max().item()
    return Finding(
        "out_of_range",
        "Scores are out of a cosine's range",
        f"{len(rows)} of {look.count} {look.loss.inputs.label} lie outside −1 to 1 (from {low:g} to {high:g}). "
        "All above 1 ask for the same angle, 0°, and can never be content.",
        _places(look, rows),
        _shown(look, rows),
        f"Bring the scores to 0 … 1 (divide by {high:g}), or take a loss that only compares them.",
        "scored_pairs#grades-0-to-5",
    )


@check
def swapped(look: Look) -> Finding | None:
    """Positives that are farther than negatives: all of them, or some."""
    sides = _sides(look)
    if sides is None:
        return None
    agreement, wrong = sides
    everywhere = agreement < 0.5 - 1 / math.sqrt(look.count)  # two standard deviations of guessing
    rows = _true(wrong)
    if not everywhere and not 0 < len(rows) <= SUSPECTS * look.count:
        return None
    if everywhere:
        said = f"Where one pair shall be nearer than another, it is in {agreement:.0%} of all cases; by chance in 50%."
    else:
        said = f"{len(rows)} of {look.count} rows stand where the other label would be, while all others do not."
    return Finding(
        "swapped",
        "Labels look swapped: positives farther than negatives",
        said,
        _places(look, rows),
        _shown(look, rows),
        "Read some of the rows. If near pairs are labelled 0, or the columns are exchanged, turn them round; a "
        "distance given as a score needs its sign changed. If the rows are right, these negatives are hard.",
        _of_order(look),
    )


def _of_order(look: Look) -> str:
    if look.labels is None:
        return "triplets#explicit-negatives"
    return "scored_pairs#cosent-or-cosine" if _is_scored(look) else "labelled_sentences#stuck-at-the-margin"


def _is_scored(look: Look) -> bool:
    return look.labels is not None and look.labels.unique().numel() > 2


def _sides(look: Look) -> tuple[float, Tensor] | None:
    """In which part of the comparisons the nearer one is that which shall be nearer; and the rows on the wrong side."""
    if look.labels is None and len(look.rows) > 2:
        to_positive, *to_negatives = look.to_others
        wrong = torch.stack(to_negatives).amax(0) > to_positive
        return 1 - wrong.double().mean().item(), wrong
    if look.labels is None or len(look.rows) != 2 or look.loss.inputs.matrix_axes != 1:
        return None
    order = _in_order if _is_scored(look) else _apart
    return order(look.to_others[0], look.labels)


def _in_order(cosines: Tensor, scores: Tensor) -> tuple[float, Tensor]:
    """Of three scores or more: a row is wrong that disagrees with most others, where all together do."""
    lower = scores[:, None] < scores
    right = lower & (cosines[:, None] < cosines)
    involved, agreed = (each.sum(0) + each.sum(1) for each in (lower, right))
    agreement = (right.sum() / lower.sum()).item()
    return agreement, (agreed < 0.5 * involved) & (agreement < 0.5)


def _apart(cosines: Tensor, labels: Tensor) -> tuple[float, Tensor] | None:
    """Of two labels: the wrong side is beyond the middle of the two medians."""
    positive = labels > labels.min()
    near, far = cosines[positive], cosines[~positive]
    if min(len(near), len(far)) < ENOUGH / 2:
        return None
    agreement = (near[:, None] > far).double().mean().item()
    middle = (near.median() + far.median()) / 2
    return agreement, torch.where(positive, cosines < middle, cosines > middle)


def told(loss: Loss) -> str:
    """The loss as it would be made: with the settings that are not its defaults; what is long is left out."""
    defaults = {each.name: each.default for each in fields(loss)}
    settings = loss.settings().items()
    changed = [each for each in settings if isinstance(each[1], Tensor) or each[1] != defaults[each[0]]]
    said = (f"{name}={_value(value)}" for name, value in changed)
    return f"{type(loss).__name__}({', '.join(said)})"


def _value(value: object) -> str:
    if isinstance(value, Tensor):
        return f"{value.item():.4g}" if value.ndim == 0 else "…"
    return getattr(value, "__name__", type(value).__name__) if callable(value) else repr(value)
