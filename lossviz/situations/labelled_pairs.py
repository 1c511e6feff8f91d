"""Batches of (anchor, other, label)."""

from lossviz.situations.base import NONE_NEEDED, Cure, Question, Situation, at, on_circle, part_of_hardest

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
            "B pulls and C pushes, each along its own line, and a step is their sum. Press Play, then swap the loss.",
            point=0,
        ),
    ),
    _pairs(
        "which pairs count",
        "Predict: which pairs count?",
        on_circle(100, 45, 122, 238, 300, 214),
        chosen=2,
        parameters={"distance": "cosine", "margin": 0.5},
        question=Question(
            "terms",
            "Tap every pair that you think adds to the loss. Solid: label 1. Dashed: label 0. The margin is 0.5, "
            "which is 60° under the cosine distance.",
            "Two kinds of pair add nothing: a positive that has met, and a negative beyond the margin.",
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
            "A–C is a negative pair, and the margin is 0.5: 60° under the cosine distance. You drag C onto A. Where on "
            "the way does A push C hardest?",
            "A's push on C is zero at 60°, strongest at 32.53°, and zero again at 0°. See it, then drag C round: the "
            "dashed curve is the push of A–C.",
            options=("At 0°, on A itself", "At 33°, in between", "At 60°, the margin"),
            replies=(
                "There the pair costs most, but cost is not push. The push is the slope of the cost, and at 0° the "
                "cosine is flat.",
                "",
                "There the push only begins: at the margin the cost leaves 0, and it rises slowly at first, as a "
                "square does.",
            ),
            answer=1,
            moves={2: at(132.53)},
        ),
    ),
    _pairs(
        "push hardest",
        "Do: find the hardest push",
        on_circle(100, 45, 190, 250, 300, 340),
        chosen=2,
        parameters={"distance": "cosine", "margin": 0.5},
        loss="ContrastiveLoss",
        question=Question(
            "reach",
            "A–C is a negative pair, and the margin is 0.5: 60° under the cosine distance. Move C to where A–C pushes "
            "it hardest.",
            "At 60° the push begins, and on A itself it is 0 again: there the pair costs most, but the cosine is flat. "
            "In between, near 33°, slope and cost are both large.",
            goal=(part_of_hardest("A–C", on=2).above(0.98),),
            movable=(2,),
            moves={2: at(132.53)},
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
            "A–B and D–E are positive pairs, each 100° apart. A–C, 88° apart, is the nearest negative. You drag C "
            "until it is 110° from A. What does D–E cost then?",
            "A positive counts while it is farther than the nearest negative. That was A–C. At 110° it is beyond "
            "every positive: no pair is hard, and none counts.",
            options=("It costs nothing any more", "It costs as much as before", "It costs more than before"),
            replies=(
                "",
                "D and E stand still, and so does their distance. But whether a positive counts is decided by the "
                "nearest negative of the batch: A–C.",
                "What a positive costs grows with its own distance alone. Another pair decides only whether it counts.",
            ),
            answer=0,
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
        symptom="The loss falls towards 0, and every sentence drifts to the same place.",
        cures=(Cure("Add negative pairs", situation="start"),),
    ),
    _pairs(
        "collapsed",
        "Everything collapsed",
        (at(60),) * 6,
        parameters={"distance": "cosine", "margin": 0.5},
        loss="ContrastiveLoss",
        symptom="The loss stands at 0.0833: four of the six pairs cost ½ · 0.5², and nothing moves.",
        cures=(Cure("Nudge C and F by ten degrees", moves={2: at(70), 5: at(50)}),),
    ),
    _pairs(
        "all alike",
        "All cosines near 1",
        on_circle(58, 63, 60, 56, 61, 58),
        parameters={"distance": "cosine", "margin": 0.5},
        loss="ContrastiveLoss",
        chosen=2,
        symptom="Every pair, positive or negative, has a cosine above 0.99, and training hardly moves at first.",
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
