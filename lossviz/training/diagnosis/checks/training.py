"""What is wrong with the encoder, or with what the loss can do."""

import math

import torch

from lossviz.training.diagnosis.checks.base import ENOUGH, SHOWN, Case, check, tells_nothing, true
from lossviz.training.diagnosis.look import Look

FEW_ACTIVE = 0.1  # of the terms: fewer, and most of a batch's work is for nothing
CARRIED = 0.5  # of the gradient …
BY_FEW = 0.05  # … in no more than this part of the rows
NEAR_COLLAPSE = 0.9  # mean cosine: what trains at a temperature of .01 ends between .6 and .85
FLAT = 2.0  # directions that the points spread in: a line has one
NEAR_LOSS = 0.5  # of the loss of a collapsed batch: what has learned two classes is flat too, and far below it
SMALL_MARGIN = 0.01  # of the median distance: the loss rests when near and far are all but equally far
LOW_SCALE = 2.0  # a temperature of .5, the highest that a paper trains with
MARGINS = {  # input type → where its margins are spoken of
    "labelled_pairs": "labelled_pairs#which-margin-pairs",
    "labelled_sentences": "labelled_sentences#which-margin-sentences",
    "triplets": "triplets#which-margin-triplets",
}


@check(
    "The encoder gives NaN or infinity",
    "Look at these texts alone. In half precision the encoder may overflow: try float32 or bfloat16. If all rows are "
    "concerned, the weights are lost: go back to an earlier checkpoint, with a smaller learning rate.",
    "labelled_pairs#nan",
)
def not_finite(look: Look) -> Case | None:
    if look.finite:
        return None
    bad = true(~torch.stack([torch.isfinite(each).all(-1) for each in look.rows.values()]).all(0))
    return Case(f"{len(bad)} of {look.count} rows of the batch have an embedding that is not finite.", bad)


@check(
    "The encoder gets no gradient",
    "Give the loss what the model's forward gives, not model.encode(…), which keeps no gradient; unfreeze at least "
    "some parameters (requires_grad); leave out torch.no_grad().",
    "positive_pairs#stuck-at-ln-b",
)
def no_gradient(look: Look) -> Case | None:
    if look.learns is not False:
        return None
    return Case("From the embeddings no way leads back to a parameter of the encoder: training would not change it.")


def _stuck_page(look: Look) -> str:
    return "positive_pairs#stuck-at-ln-b" if look.in_batch else "labelled_sentences#stuck-at-the-margin"


@check(
    "The embeddings have collapsed",
    "Start again from a checkpoint that tells sentences apart, with a smaller learning rate and a warm-up. Look at the "
    "pooling, and at labels that contradict each other.",
    _stuck_page,
)
def collapse(look: Look) -> Case | None:
    if not has_collapsed(look):
        return None
    return Case(
        f"Two different sentences have a cosine of {look.mean_cosine:.3f} on average, and the points spread in "
        f"{look.rank:.1f} directions. {_beside_collapse(look)}",
        range(look.count),
        shown=(),
    )


def has_collapsed(look: Look) -> bool:
    is_flat = look.rank < FLAT and look.value > NEAR_LOSS * look.collapsed
    return len(look.points) >= ENOUGH and (look.mean_cosine > NEAR_COLLAPSE or is_flat)


def _beside_collapse(look: Look) -> str:
    """The loss, beside what it is when all rows stand at one point, and what that number is called."""
    numbers = [("ln 2", math.log(2)), (f"ln {look.count}", math.log(look.count))]
    numbers += [(name, float(value)) for name, value in look.loss.settings().items() if name.endswith("margin")]
    called = (f" ({name})" for name, each in numbers if math.isclose(each, look.collapsed, rel_tol=1e-3))
    return f"The loss is {look.value:.4g}; with all rows at one point it is {look.collapsed:.4g}{next(called, '')}."


@check(
    "The model tells no pair from the others",
    "See whether the columns belong together row by row: one that was sorted or shuffled alone does this. If they do, "
    "the model has not learned anything yet.",
    _stuck_page,
)
def stuck(look: Look) -> Case | None:
    """Pairs as far apart as any two rows, without a collapse."""
    if has_collapsed(look) or not tells_nothing(look):
        return None
    said = (
        "The cosine of a pair is higher than that of its first sentence to the second of another row in "
        f"{look.ranks.mean():.0%} of all cases; by chance in 50%. {_beside_collapse(look)}"
    )
    return Case(said, range(look.count), shown=())


@check(
    "Few terms are active",
    "The batch is easy, and teaches little. Take harder negatives, a larger batch, or, if the loss has one, a larger "
    "margin.",
    lambda look: "positive_pairs#tiny-loss" if look.in_batch else "labelled_pairs#why-online-is-0",
)
def inactive(look: Look) -> Case | None:
    if look.count < ENOUGH or not look.terms or not look.terms.valid.any():
        return None
    valid, active = (int(each.sum()) for each in (look.terms.valid, look.terms.valid & look.terms.active))
    if active >= FEW_ACTIVE * valid:
        return None
    return Case(f"{active} of {valid} terms pass a gradient on; the loss is {look.value:.4g}.", true(look.pulls > 0))


@check(
    "A few rows carry the gradient",
    "Read these rows: a wrong label, a false negative or a broken text is found here first. If they are right, a "
    "smaller scale lets more rows have a say.",
    "",
)
def carried(look: Look) -> Case | None:
    shares, rows = look.shares.sort(descending=True)
    few = int((shares.cumsum(0) < CARRIED).sum()) + 1
    if few > BY_FEW * look.count or not shares[0]:
        return None
    heaviest = rows[:few].tolist()
    parts = ", ".join(f"row {look.places[row]} {look.shares[row]:.0%}" for row in heaviest[:SHOWN])
    return Case(f"More than half of all pulls is in {few} of {look.count} rows: {parts}.", heaviest)


@check(
    "The scale is too low",
    "Take a scale of 20 (a temperature of 0.05), or learn it from there.",
    "positive_pairs#why-20",
)
def low_scale(look: Look) -> Case | None:
    settings = look.loss.settings()
    if settings.get("similarity", "cosine") != "cosine" or float(settings.get("scale", math.inf)) > LOW_SCALE:
        return None
    scale = float(settings["scale"])
    if not look.in_batch:
        said = (
            f"The scale is {scale:g}, a temperature of {1 / scale:g}. Cosines lie within 2 of one another: between the"
        )
        return Case(
            f"{said} best and the worst order an exponential changes by no more than {math.exp(2 * scale):.3g}."
        )
    return Case(
        f"The scale is {scale:g}, a temperature of {1 / scale:g}. Even if each pair stood on one point, at a right "
        f"angle to all others, the loss would be {_at_best(look):.4g}; collapsed it is {look.collapsed:.4g}."
    )


def _at_best(look: Look) -> float:
    """The loss where the second row of each pair stands on the first, and everything else at right angles."""
    apart = torch.eye(look.count * len(look.rows), dtype=torch.float64).split(look.count)
    return look.loss.value(*look.inputs([apart[0], apart[0], *apart[2:]])).item()


@check(
    "The margin is out of reach",
    "Take a margin on the scale of the gaps between your distances (a quarter of the largest is a beginning).",
    lambda look: MARGINS[look.loss.inputs.name],
)
def margin(look: Look) -> Case | None:
    if not (named := _margin(look)) or named[1] <= look.terms.matrix.max().item():
        return None
    (name, value), largest = named, look.terms.matrix.max().item()
    return Case(
        f"{name} is {value:g}, and the largest distance of the batch is {largest:.3g}: today no negative is far "
        "enough, and the loss does not rest."
    )


def _margin(look: Look) -> tuple[str, float] | None:
    """The name and the size of a margin that distances are held against."""
    named = [(name, float(each)) for name, each in look.loss.settings().items() if name.endswith("margin")]
    known = look.loss.inputs.name in MARGINS and look.loss.reads == "distance"
    return named[0] if named and known and look.terms and look.count >= ENOUGH else None


@check(
    "The margin is next to nothing",
    "Take a margin on the scale of the gaps between your distances (a quarter of the largest is a beginning).",
    lambda look: MARGINS[look.loss.inputs.name],
)
def small_margin(look: Look) -> Case | None:
    named, usual = _margin(look), look.terms.matrix.median().item() if look.terms else 0.0
    if not named or named[1] > SMALL_MARGIN * usual:
        return None
    return Case(
        f"{named[0]} is {named[1]:g}, and half of the distances of the batch are above {usual:.3g}: the loss rests "
        "where near and far are all but equally far."
    )
