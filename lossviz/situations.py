"""Named small batches of real sentences: where an explorer starts, and the states that teach.

A situation says which sentences there are, in which rows they stand (a sentence in three rows is one point), their
labels, and where the points start in the plane.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lossviz import sentences

Place = tuple[float, float]


@dataclass(frozen=True)
class Question:
    """What a reader predicts before the answer is shown.

    ``kind``     "choice": one of ``options``, ``answer`` is the index of the right one; "terms": which terms are
                 active, answered by the state itself; "draw": where point ``point`` will go, answered by its gradient
    ``reveal``   what is said with the answer
    ``moves``    point → place, ``parameters`` name → value, ``situation`` another batch: what is then changed, so that
                 the answer can be seen
    """

    kind: str
    prompt: str
    reveal: str
    options: tuple[str, ...] = ()
    answer: int | None = None
    point: int | None = None
    moves: dict[int, Place] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    situation: str | None = None


@dataclass(frozen=True)
class Cure:
    """What helps, one click away: other places, parameters, another loss, or another batch (a situation's name)."""

    title: str
    moves: dict[int, Place] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    loss: str | None = None
    situation: str | None = None


@dataclass(frozen=True)
class Situation:
    """A batch to explore.

    ``keys``        the sentences, one point each
    ``rows``        argument → indices into ``keys``, one per row of the batch
    ``labels``      one per row, or None where the input type has none
    ``places``      where each point starts in the plane
    ``chosen``      the point whose loss is drawn first
    ``watched``     the anchor whose choice is drawn as the chosen point moves; None for the chosen point itself
    ``parameters``  name → value, where the situation needs its own
    ``loss``        the name of the loss that the situation is about; None where it suits every loss of the input type
    ``question``    what to predict first
    ``symptom``     what a reader would report of a training run in this state; its measured cause is shown beside it
    ``cures``       what helps
    ``listed``      whether every explorer of the input type offers it, or only one that begins with it
    """

    name: str
    title: str
    keys: tuple[str, ...]
    rows: dict[str, tuple[int, ...]]
    labels: tuple[float, ...] | None
    places: tuple[Place, ...]
    chosen: int = 0
    watched: int | None = None
    parameters: dict[str, float | str | bool] = field(default_factory=dict)
    loss: str | None = None
    question: Question | None = None
    symptom: str | None = None
    cures: tuple[Cure, ...] = ()
    listed: bool = True

    def points(self, dimension: int) -> Tensor:
        """The sentences' positions, (points, dimension), float64: in the plane, or their real embeddings at 384."""
        if dimension == 2:
            return torch.tensor(self.places, dtype=torch.float64)
        return sentences.embeddings(self.keys).double()

    def inputs(self, points: Tensor) -> tuple[Tensor, ...]:
        """The arguments of a loss: rows gathered from points (…, points, d), then the labels."""
        rows = [points[..., rows, :] for rows in self.rows.values()]
        if self.labels is None:
            return tuple(rows)
        return (*rows, torch.tensor(self.labels, dtype=points.dtype, device=points.device))

    def rows_of(self, point: int) -> list[tuple[str, int]]:
        """The rows that a sentence stands in, as (argument, row)."""
        return [(name, row) for name, points in self.rows.items() for row, each in enumerate(points) if each == point]

    def sentence(self, point: int) -> sentences.Sentence:
        """The sentence of a point."""
        return sentences.sentence(self.keys[point])


def on_circle(*degrees: float) -> tuple[Place, ...]:
    """Places on the unit circle, anticlockwise from the right."""
    return tuple((math.cos(math.radians(each)), math.sin(math.radians(each))) for each in degrees)


def at(degrees: float) -> Place:
    """One place on the unit circle."""
    return on_circle(degrees)[0]


# ---- (anchor, other, label)

_BANK_AND_RAIN = (
    "ran_the_bank", "headed_lender", "ran_to_bank", "rain_cats_dogs", "rain_pours", "pets_hate_rain",
)  # fmt: skip
_PAIRS = {"anchor": (0, 3, 0, 3, 0, 1), "other": (1, 4, 2, 5, 3, 2)}
_LABELS = (1, 1, 0, 0, 0, 0)


def _pairs(name, title, places, labels=_LABELS, keys=_BANK_AND_RAIN, rows=_PAIRS, **others) -> Situation:
    return Situation(name, title, keys, rows, labels, places, **others)


_COLLAPSED = on_circle(60, 60, 60, 60, 60, 60)

LABELLED_PAIRS = (
    _pairs("start", "Start", on_circle(100, 45, 122, 238, 300, 214), chosen=2),
    _pairs(
        "first",
        "First: draw an arrow",
        ((-0.15, -0.1), (0.95, 0.55), (-0.6, 0.25)),
        listed=False,
        keys=("ran_the_bank", "headed_lender", "ran_to_bank"),
        rows={"anchor": (0, 0), "other": (1, 2)},
        labels=(1, 0),
        parameters={"distance": "euclidean", "margin": 1.0},
        question=Question(
            "draw",
            "A and B mean the same, A and C do not. Draw where A goes: drag from A.",
            "B pulls and C pushes, each along its own line. Press Play, then swap the loss.",
            point=0,
        ),
    ),
    _pairs(
        "which pairs count",
        "Predict: which pairs count?",
        on_circle(100, 45, 122, 238, 300, 214),
        chosen=2,
        question=Question(
            "terms",
            "Tap every pair that you think adds to the loss. Solid: label 1. Dashed: label 0.",
            "ContrastiveLoss counts positives until they meet, and negatives within the margin. "
            "OnlineContrastiveLoss keeps only the hard ones of these.",
        ),
    ),
    _pairs(
        "strongest push",
        "Predict: the strongest push",
        on_circle(100, 45, 190, 250, 300, 340),
        chosen=2,
        parameters={"distance": "cosine", "margin": 0.5},
        loss="ContrastiveLoss",
        question=Question(
            "choice",
            "A–C is a negative pair. You drag C onto A. Where is the push from A strongest on the way?",
            "On top of A the pair costs most, but there the slope is zero. See it, then drag C: the strip below "
            "shows the slope.",
            options=("On top of A, at 0°", "About 33° away from A", "Where the margin begins, at 60°"),
            answer=1,
            moves={2: at(132.5)},
        ),
    ),
    _pairs(
        "one move",
        "Predict: one move",
        on_circle(90, 190, 2, 270, 170, 40),
        chosen=2,
        loss="OnlineContrastiveLoss",
        rows={"anchor": (0, 3, 0, 3), "other": (1, 4, 2, 5)},
        labels=(1, 1, 0, 0),
        question=Question(
            "choice",
            "A–C is a negative pair, 88° apart. You drag C until they are 110° apart. What happens to the pair D–E?",
            "A–C is the nearest negative. Once it is farther than the farthest positive, at 100°, no pair is "
            "hard and none counts.",
            options=("Nothing: C is not in it", "It costs more", "It switches off, and so does every other"),
            answer=2,
            moves={2: at(-20)},
        ),
    ),
    _pairs(
        "easy",
        "Easy batch",
        on_circle(90, 78, 350, 210, 200, 290),
        chosen=2,
        parameters={"distance": "cosine", "margin": 0.5},
        symptom="The loss is 0, or nearly, from the first step.",
        cures=(
            Cure("Put harder pairs into the batch", situation="hard negatives"),
            Cure("Use every pair: ContrastiveLoss", loss="ContrastiveLoss"),
        ),
    ),
    _pairs(
        "hard negatives",
        "Hard negatives",
        on_circle(90, 350, 101, 235, 325, 224),
        chosen=2,
        symptom="Pairs with label 0 stand nearer than pairs with label 1.",
        cures=(
            Cure(
                "None needed, this is what to train on; see where it should lead",
                moves={1: at(80), 2: at(190), 4: at(225), 5: at(130)},
            ),
        ),
    ),
    _pairs(
        "a single positive",
        "A single positive",
        on_circle(100, 60, 122, 238, 300, 214),
        labels=(1, 0, 0, 0, 0, 0),
        chosen=1,
        loss="OnlineContrastiveLoss",
        symptom="One positive pair decides how many negatives count.",
        cures=(Cure("Two positive pairs in the batch", situation="start"),),
    ),
    _pairs(
        "one class",
        "Positives alone",
        on_circle(100, 45, 122, 238, 300, 214),
        labels=(1, 1, 1, 1, 1, 1),
        chosen=2,
        symptom="The loss falls to 0, and every sentence ends in the same place.",
        cures=(Cure("Add negative pairs", situation="start"),),
    ),
    _pairs(
        "collapsed",
        "Everything collapsed",
        _COLLAPSED,
        loss="ContrastiveLoss",
        symptom="The loss is large and does not move.",
        cures=(Cure("Nudge C and F by ten degrees", moves={2: at(70), 5: at(50)}),),
    ),
    _pairs(
        "duplicates",
        "Duplicates with label 0",
        on_circle(100, 60, 114, 238, 300, 214),
        keys=("blue_sky", "fog_harbour", "blue_sky_again", "rain_cats_dogs", "rain_pours", "pets_hate_rain"),
        labels=(0, 1, 0, 0, 0, 0),
        chosen=2,
        symptom="The loss pushes apart two sentences that say the same.",
        cures=(Cure("A batch without such a pair", situation="start"),),
    ),
)

# ---- (sentence, label)

_MONEY_AND_COOKING = (
    "stock_falls", "no_interest", "bills_piling", "stock_simmers", "slow_stew", "dough_rises",
)  # fmt: skip
_SPREAD = ((-0.7, 0.6), (-0.9, -0.2), (0.25, 0.75), (0.1, 0.1), (0.8, -0.3), (0.35, -0.9))


def _classes(name, title, places, labels=(0, 0, 0, 1, 1, 1), rows=(0, 1, 2, 3, 4, 5), **others) -> Situation:
    return Situation(name, title, _MONEY_AND_COOKING, {"embeddings": rows}, labels, places, **others)


LABELLED_SENTENCES = (
    _classes("start", "Start", _SPREAD, chosen=3),
    _classes(
        "not the hardest",
        "Predict: not the hardest",
        ((-0.9, 0.5), (-0.9, -0.5), (-0.3, 0.0), (0.4, 0.0), (1.3, 0.9), (1.3, -0.7)),
        chosen=4,
        watched=2,
        parameters={"distance": "euclidean", "margin": 1.0},
        loss="BatchHardTripletLoss",
        question=Question(
            "choice",
            "The hardest negative of C is D. You drag E nearer to C, but not as near as D. Does the term of C change?",
            "E is a negative of C too, but C looks at its nearest alone. Drag E over the border: now E is "
            "the nearest.",
            options=("Yes, it grows", "Yes, it shrinks", "No, not until E is nearer than D"),
            answer=2,
            moves={4: (0.75, 0.45)},
        ),
    ),
    _classes(
        "out of reach",
        "Predict: a margin of 5",
        on_circle(70, 100, 130, 250, 280, 310),
        chosen=0,
        parameters={"distance": "cosine", "margin": 5.0},
        loss="BatchHardTripletLoss",
        question=Question(
            "choice",
            "The margin is 5, and points stay on the circle. Place them as you like: how small can the loss get?",
            "No positive is nearer than 0 and no negative farther than 2, so the best there is costs 0 − 2 + 5 = 3.",
            options=("0", "2", "3"),
            answer=2,
            moves={0: at(100), 1: at(100), 2: at(100), 3: at(280), 4: at(280), 5: at(280)},
        ),
        symptom="The loss falls to 3 and stays there.",
        cures=(Cure("A margin of 0.5", parameters={"margin": 0.5}),),
    ),
    _classes(
        "easy",
        "Easy batch",
        ((-1.1, 0.7), (-1.3, 0.1), (-0.75, 0.25), (1.0, 0.1), (0.7, -0.5), (1.3, -0.6)),
        chosen=3,
        parameters={"margin": 0.6},
        symptom="The loss is 0: every anchor is satisfied.",
        cures=(
            Cure("Put harder sentences into the batch", situation="hard negatives"),
            Cure("Ask for more: a margin of 2", parameters={"margin": 2.0}),
        ),
    ),
    _classes(
        "hard negatives",
        "Hard negatives",
        ((-0.9, 0.8), (-1.1, -0.4), (-0.2, 0.5), (-0.6, 0.2), (0.7, -0.7), (1.1, 0.3)),
        chosen=3,
        symptom="The loss is above the margin.",
        cures=(Cure("Move D to its own class", moves={3: (1.2, -0.3)}),),
    ),
    _classes(
        "a single positive",
        "A class of one",
        _SPREAD,
        labels=(0, 0, 0, 0, 1, 2),
        chosen=4,
        parameters={"margin": 1.0},
        symptom="A sentence alone in its class is pushed away, and nothing pulls it.",
        cures=(Cure("Three sentences of each class", situation="start"),),
    ),
    _classes(
        "one class",
        "One class in the batch",
        _SPREAD,
        labels=(0, 0, 0, 0, 0, 0),
        symptom="The loss is exactly the margin, and nothing moves.",
        cures=(Cure("Put two classes into the batch", situation="start"),),
    ),
    _classes(
        "collapsed",
        "Everything collapsed",
        ((0.3, 0.2),) * 6,
        symptom="The loss is exactly the margin, and nothing moves.",
        cures=(
            Cure("Begin from a spread-out model", situation="start"),
            Cure("Nudge two points", moves={0: (0.25, 0.25), 3: (0.4, 0.15)}),
        ),
    ),
    _classes(
        "duplicates",
        "One sentence in two classes",
        ((-1.0, 0.6), (-0.9, -0.5), (0.05, 0.35), (0.5, 0.9), (1.1, 0.1), (0.6, -0.8)),
        labels=(0, 0, 0, 1, 1, 1, 1),
        rows=(0, 1, 2, 2, 3, 4, 5),
        chosen=2,
        symptom="The loss falls towards the margin, never below it, and the sentences drift together.",
        cures=(Cure("One label for every sentence", situation="start"),),
    ),
)

# ---- (anchor, positive), with explicit negatives or without

_QUESTIONS = (
    "boil_egg_q", "boil_egg_a", "open_account_q", "open_account_a", "airport_q", "airport_a",
)  # fmt: skip
_THREE = {"anchor": (0, 2, 4), "positive": (1, 3, 5)}


def _positives(name, title, places, keys=_QUESTIONS, rows=_THREE, **others) -> Situation:
    return Situation(name, title, keys, rows, None, places, **others)


POSITIVE_PAIRS = (
    _positives("start", "Start", on_circle(95, 35, 215, 130, 330, 270), chosen=3),
    _positives(
        "add pairs",
        "Predict: add a pair",
        on_circle(95, 35, 215, 130),
        keys=_QUESTIONS[:4],
        rows={"anchor": (0, 2), "positive": (1, 3)},
        chosen=0,
        question=Question(
            "choice",
            "A batch of two pairs. You add a third pair and move nothing. What happens to the loss?",
            "The answer of the third pair, F, becomes a rival for C, nearer than its own answer D. A rival can "
            "only raise a cost.",
            options=("It falls: there is more to learn from", "It stays the same: nothing moved", "It rises"),
            answer=2,
            situation="start",
        ),
    ),
    _positives(
        "who pulls",
        "Predict: who pulls?",
        on_circle(95, 35, 215, 130, 290, 166),
        chosen=0,
        parameters={"scale": 1.0, "similarity": "cosine"},
        question=Question(
            "choice",
            "At a scale of 1, D and F push A about equally hard. At a scale of 20, which of them push A?",
            "At a high scale the softmax sees only the nearest rival. Move the scale and watch the lines from A.",
            options=("Both, twenty times as hard", "Only the nearer one, D", "Neither"),
            answer=1,
            parameters={"scale": 20.0},
        ),
    ),
    _positives(
        "easy",
        "Easy batch",
        on_circle(98, 82, 218, 202, 338, 322),
        chosen=1,
        parameters={"scale": 20.0},
        symptom="The loss is nearly 0 from the first step, and nothing moves.",
        cures=(Cure("Candidates that are hard to tell apart", situation="hard negatives"),),
    ),
    _positives(
        "perfect",
        "Perfect, but not 0",
        on_circle(90, 90, 210, 210, 330, 330),
        chosen=1,
        parameters={"scale": 1.0, "similarity": "cosine"},
        symptom="Every question stands on its answer, no other answer can be farther away, and the loss is not 0.",
        cures=(Cure("A scale of 20", parameters={"scale": 20.0}),),
    ),
    _positives(
        "hard negatives",
        "With explicit negatives",
        on_circle(100, 60, 122, 250, 300, 228),
        keys=("boil_egg_q", "boil_egg_a", "fry_egg_a", "open_account_q", "open_account_a", "close_account_q"),
        rows={"anchor": (0, 3), "positive": (1, 4), "negative": (2, 5)},
        chosen=2,
        symptom="The explicit negatives, C and F, take most of the shares.",
        cures=(
            Cure("None needed, this is what to train on; see where it should lead", moves={2: at(190), 5: at(170)}),
        ),
    ),
    _positives(
        "one pair",
        "A single pair",
        on_circle(95, 35),
        keys=("boil_egg_q", "boil_egg_a"),
        rows={"anchor": (0,), "positive": (1,)},
        symptom="The loss is 0 whatever the model does: there is nothing to choose from.",
        cures=(Cure("A larger batch", situation="start"),),
    ),
    _positives(
        "collapsed",
        "Everything collapsed",
        _COLLAPSED,
        symptom="The loss is ln B, and nothing moves.",
        cures=(Cure("Nudge B and D", moves={1: at(75), 3: at(45)}),),
    ),
    _positives(
        "duplicates",
        "Duplicates in the batch",
        on_circle(100, 45, 160, 330, 250),
        keys=("airport_q", "airport_a", "airport_again_q", "boil_egg_q", "boil_egg_a"),
        rows={"anchor": (0, 2, 3), "positive": (1, 1, 4)},
        chosen=1,
        parameters={"scale": 20.0},
        symptom="The loss falls to (2/3) · ln 2 = 0.4621 and no further, however long you train.",
        cures=(Cure("No duplicates in a batch", situation="start"),),
    ),
)

SITUATIONS: dict[str, tuple[Situation, ...]] = {
    "labelled_pairs": LABELLED_PAIRS,
    "labelled_sentences": LABELLED_SENTENCES,
    "positive_pairs": POSITIVE_PAIRS,
}


def situation(input_type: str, name: str) -> Situation:
    """One situation of an input type by its name. Raises ValueError, with the names there are."""
    known = situations(input_type)
    found = [each for each in known if each.name == name]
    if not found:
        raise ValueError(f"name: expected one of {', '.join(each.name for each in known)}, got {name!r}")
    return found[0]


def situations(input_type: str) -> tuple[Situation, ...]:
    """The situations of an input type, the start first. Raises ValueError when there are none."""
    if input_type not in SITUATIONS:
        raise ValueError(f"input_type: expected one of {', '.join(SITUATIONS)}, got {input_type!r}")
    return SITUATIONS[input_type]
