"""Batches of (anchor, other, label)."""

from lossviz.situations.base import NONE_NEEDED, Cure, Question, Situation, at, on_circle

_BANK_AND_RAIN = (
    "ran_the_bank", "headed_lender", "ran_to_bank", "rain_cats_dogs", "rain_pours", "pets_hate_rain",
)  # fmt: skip
_PAIRS = {"anchor": (0, 3, 0, 3, 0, 1), "other": (1, 4, 2, 5, 3, 2)}
_LABELS = (1, 1, 0, 0, 0, 0)


def _pairs(name, title, places, labels=_LABELS, keys=_BANK_AND_RAIN, rows=_PAIRS, **others) -> Situation:
    return Situation(name, title, keys, rows, labels, places, **others)


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
        cures=(Cure(NONE_NEEDED, moves={1: at(80), 2: at(190), 4: at(225), 5: at(130)}),),
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
        (at(60),) * 6,
        loss="ContrastiveLoss",
        symptom="The loss is large and does not move.",
        cures=(Cure("Nudge C and F by ten degrees", moves={2: at(70), 5: at(50)}),),
    ),
    _pairs(
        "all alike",
        "All cosines near 1",
        on_circle(58, 63, 60, 56, 61, 58),
        parameters={"distance": "cosine", "margin": 0.5},
        loss="ContrastiveLoss",
        chosen=2,
        symptom="Every pair, positive or negative, has a cosine above 0.99, and training hardly moves.",
        cures=(Cure("The Euclidean distance: it pushes near points, too", parameters={"distance": "euclidean"}),),
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
