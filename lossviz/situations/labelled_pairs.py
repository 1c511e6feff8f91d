"""Batches of (anchor, other, label)."""

from lossviz.situations.base import (
    NONE_NEEDED,
    Cure,
    Question,
    Situation,
    active,
    adds,
    at,
    hardest_at,
    on_circle,
    part_of_hardest,
    push,
)

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
        on_circle(100, 60, 15, 238, 300, 214),
        chosen=2,
        parameters={"distance": "cosine", "margin": 0.5},
        question=Question(
            "terms",
            "Tap every pair that is active: that passes a gradient on. Solid: label 1. Dashed: label 0. The margin is "
            "0.5, which is 60° under the cosine distance.",
            "A pair passes none on where the slope of its cost is 0: here the negatives beyond the margin. So does a "
            "positive that has met; and so do, though they cost the most, a negative exactly on its partner and a "
            "positive exactly opposite.",
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
            options=("On A itself", "In between", "At the margin"),
            replies=(
                "There the pair costs most, but cost is not push. The push is the slope of the cost, and at 0° the "
                "cosine is flat.",
                "",
                "There the push only begins: at the margin the cost leaves 0, and it rises slowly at first, as a "
                "square does.",
            ),
            keys=(
                hardest_at("A–C", on=2).nearest(0),
                hardest_at("A–C", on=2).nearest(33),
                hardest_at("A–C", on=2).nearest(60),
            ),
            moves={2: at(132.53)},
        ),
    ),
    _pairs(
        "push hardest",
        "Predict: put C where A pushes hardest",
        on_circle(100, 0, 190, 250, 295, 330),
        chosen=2,
        parameters={"distance": "cosine", "margin": 0.5},
        loss="ContrastiveLoss",
        question=Question(
            "place",
            "A–C is a negative pair, and the margin is 0.5, which is 60° under the cosine distance. Put C where A "
            "pushes it hardest.",
            "At 60° the push begins, and on A itself it is 0 again: there the pair costs most, but the cosine is flat.",
            point=2,
            truth="hardest",
            pushing="A–C",
        ),
    ),
    _pairs(
        "two pushes",
        "Predict: two pushes",
        ((-0.5, 0.5), (0.6, 0.5), (0.0, 0.2), (-0.7, -0.7), (0.3, -0.9), (-0.9, -0.1)),
        chosen=2,
        parameters={"distance": "euclidean", "margin": 1.0},
        loss="ContrastiveLoss",
        question=Question(
            "draw",
            "The distance is Euclidean, and the margin is 1. C is a negative of A and of B, and nearer to A. Draw "
            "where it goes.",
            "Each pushes straight away from itself, the nearer one harder. A step is their sum: sideways the two all "
            "but cancel.",
            point=2,
        ),
    ),
    _pairs(
        "opposite",
        "Predict: at rest",
        on_circle(70, 110, 10, 290, 250, 350),
        chosen=2,
        parameters={"distance": "cosine", "margin": 2.0},
        loss="ContrastiveLoss",
        question=Question(
            "place",
            "The margin is 2: only exact opposites are that far apart. Put C where training leaves it.",
            "C goes to the side opposite A, and so does D: 80° apart at first, they come nearer and nearer, though no "
            "label says that they are alike.",
            point=2,
            truth="rest",
        ),
    ),
    _pairs(
        "come to rest",
        "Predict: where C comes to rest",
        on_circle(90, 60, 112),
        chosen=2,
        keys=("ran_the_bank", "headed_lender", "ran_to_bank"),
        rows={"anchor": (0, 0), "other": (1, 2)},
        labels=(1, 0),
        parameters={"distance": "cosine", "margin": 0.5},
        loss="ContrastiveLoss",
        question=Question(
            "place",
            "A and B mean the same, A and C do not. The margin is 0.5: 60° under the cosine distance. Where will Play "
            "leave C? Drag a ghost of it there, or use the arrow keys.",
            "A push fades as the margin comes near and ends there: C is left about 60° from A, no farther. And A has "
            "moved, too: B pulled it.",
            point=2,
            truth="rest",
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
            keys=(adds("D–E").equals(0), adds("D–E").stays(), adds("D–E").rises()),
            moves={2: at(-20)},
        ),
    ),
    _pairs(
        "half off",
        "Do: one counts, one does not",
        on_circle(90, 190, 2, 270, 170, 40),
        chosen=1,
        loss="OnlineContrastiveLoss",
        rows={"anchor": (0, 3, 0, 3), "other": (1, 4, 2, 5)},
        labels=(1, 1, 0, 0),
        question=Question(
            "reach",
            "A–B and D–E both count, for both are farther than A–C, the nearest negative. Let D–E count, and A–B not. "
            "The margin is 0.5. B and C may move.",
            "The nearest negative stands between the two positives: what is nearer than it is done, what is farther "
            "still counts.",
            goal=(adds("D–E").above(0), adds("A–B").equals(0)),
            movable=(1, 2),
            moves={1: at(170)},
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
        "something to teach",
        "Do: something to teach",
        on_circle(90, 78, 350, 210, 200, 290),
        chosen=2,
        parameters={"distance": "cosine", "margin": 0.5},
        loss="OnlineContrastiveLoss",
        question=Question(
            "reach",
            "Both positives are nearer than the nearest negative, so nothing counts. The margin is 0.5. Give the batch "
            "something to teach: let A–C count. C alone may move.",
            "C had to be nearer to A than the farthest positive: 12°. The margin, 60°, was far too wide a gate.",
            goal=(adds("A–C").above(0),),
            movable=(2,),
            moves={2: at(101)},
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
        "one place",
        "Predict: all labelled 1",
        on_circle(60, 10, 30, 120, 170, 150),
        labels=(1, 1, 1, 1, 1, 1),
        chosen=3,
        loss="ContrastiveLoss",
        question=Question(
            "place",
            "Every label is 1, so every pair pulls. Put D where training leaves it.",
            "Nothing pushes, so all six drift to one place, slower and slower.",
            point=3,
            truth="rest",
        ),
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
        "where c goes",
        "Predict: all on one point",
        (at(60),) * 6,
        chosen=2,
        parameters={"distance": "cosine", "margin": 0.5},
        loss="ContrastiveLoss",
        question=Question(
            "draw",
            "All six stand on one point. C is a negative of A and of B, and costs as much as it can. Draw where it "
            "goes.",
            "Under the cosine distance a push fades with the angle, and at 0° it is gone. The loss is 0.0833, and "
            "nothing moves.",
            point=2,
        ),
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
        "another distance",
        "Predict: another distance",
        on_circle(58, 63, 60, 56, 61, 58),
        parameters={"distance": "cosine", "margin": 0.5},
        loss="ContrastiveLoss",
        chosen=2,
        question=Question(
            "choice",
            "All six stand within seven degrees, under the cosine distance. You switch to the Euclidean one. What "
            "becomes of the push of A on C?",
            "A length has a slope however short it is; a cosine is flat at 0°.",
            options=("It stays as it is", "It gets weaker", "It gets stronger"),
            replies=(
                "The points stay, and both distances see the same small angle. But a push is a slope, and near 0 the "
                "two have very different slopes.",
                "At a small angle the Euclidean distance is the larger one, so the pair costs less. But a push is the "
                "slope of the cost, and that is another matter.",
                "",
            ),
            keys=(push("A–C", on=2).stays(), push("A–C", on=2).falls(), push("A–C", on=2).rises()),
            parameters={"distance": "euclidean"},
        ),
    ),
    _pairs(
        "same reach",
        "Do: the same reach",
        on_circle(100, 45, 145, 238, 286, 308),
        chosen=2,
        parameters={"distance": "euclidean", "margin": 0.5},
        loss="ContrastiveLoss",
        question=Question(
            "reach",
            "The distance is Euclidean, and the margin is 0.5. Set the margin so that A–C counts, which is 45° apart, "
            "and D–F does not, which is 70° apart.",
            "The Euclidean distance is 0.77 at 45° and 1.15 at 70°: the margin must lie between. Among cosine "
            "distances, 0.29 and 0.66, a margin of 0.5 does the same.",
            goal=(active("A–C").equals(1), active("D–F").equals(0)),
            settable=("margin",),
            parameters={"margin": 1.0},
        ),
    ),
    _pairs(
        "dear not pulled",
        "Do: dear, and not pulled",
        on_circle(100, 45, 200, 240, 252, 330),
        chosen=1,
        parameters={"distance": "cosine", "margin": 0.5},
        loss="ContrastiveLoss",
        question=Question(
            "reach",
            "A–B is a positive pair, and the margin is 0.5. Find where it costs most and A does not pull B at all. B "
            "alone may move.",
            "Exactly opposite A no direction is better than another: a cosine is flat at 180°, as it is at 0°.",
            goal=(adds("A–B").above(0.3), part_of_hardest("A–B", on=1).below(0.05)),
            movable=(1,),
            moves={1: at(280)},
        ),
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
