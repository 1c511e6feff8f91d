"""Batches of (sentence, label)."""

from lossviz.situations.base import Cure, Question, Situation, at, on_circle

_MONEY_AND_COOKING = (
    "stock_falls", "no_interest", "bills_piling", "stock_simmers", "slow_stew", "dough_rises",
)  # fmt: skip
_SPREAD = ((-0.7, 0.6), (-0.9, -0.2), (0.25, 0.75), (0.1, 0.1), (0.8, -0.3), (0.35, -0.9))
_APART = ((-1.1, 0.7), (-1.3, 0.1), (-0.75, 0.25), (1.0, 0.1), (0.7, -0.5), (1.3, -0.6))


def _classes(
    name, title, places, keys=_MONEY_AND_COOKING, labels=(0, 0, 0, 1, 1, 1), rows=(0, 1, 2, 3, 4, 5), **others
) -> Situation:
    return Situation(name, title, keys, {"embeddings": rows}, labels, places, **others)


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
        "over the line",
        "Predict: over the line",
        ((-0.55, -0.05), (-1.2, -0.25), (0.15, 1.05), (1.0, 0.9)),
        keys=_MONEY_AND_COOKING[1:5],
        labels=(0, 0, 1, 1),
        rows=(0, 1, 2, 3),
        chosen=3,
        parameters={"distance": "euclidean", "margin": 1.0},
        loss="BatchAllTripletLoss",
        question=Question(
            "choice",
            "Three triplets cost something, one of them only 0.05. You push D until that one costs nothing. The loss?",
            "The loss is a mean over the triplets that cost something. The cheap one left, and the mean jumped up.",
            options=("It falls a little", "It stays as it is", "It jumps up"),
            answer=2,
            moves={3: (1.0, 1.0)},
        ),
    ),
    _classes(
        "all satisfied",
        "Predict: all satisfied, no margin",
        _APART,
        chosen=3,
        loss="BatchHardSoftMarginTripletLoss",
        question=Question(
            "choice",
            "Every anchor's negatives are farther away than its positives. There is no margin. What does the loss do?",
            "ln(1 + e^x) never reaches 0. D, E and F moved farther away: the loss is smaller, and still pulls.",
            options=("It is 0, and nothing moves", "It is not 0: it still pulls", "It is 0.6931, and nothing moves"),
            answer=1,
            moves={3: (1.5, 0.1), 4: (1.2, -0.5), 5: (1.8, -0.6)},
        ),
    ),
    _classes(
        "released",
        "Predict: inside the circle",
        ((-0.6, 0.0), (-0.2, 0.45), (0.05, -0.2), (0.6, 0.4), (0.9, -0.5)),
        keys=("stock_falls", "no_interest", "stock_simmers", "slow_stew", "dough_rises"),
        labels=(0, 0, 1, 1, 1),
        rows=(0, 1, 2, 3, 4),
        chosen=2,
        watched=0,
        parameters={"distance": "euclidean", "margin": 1.0},
        loss="BatchSemiHardTripletLoss",
        question=Question(
            "choice",
            "C is the chosen negative of A and B. You drag C nearer to A than B is. Does A push it harder?",
            "C is released: only negatives beyond B are looked for, and the nearest of those is D now.",
            options=("Yes: nearer costs more", "Just as hard", "No: it is released for a farther one"),
            answer=2,
            moves={2: (-0.25, -0.2)},
        ),
    ),
    _classes(
        "easy",
        "Easy batch",
        _APART,
        chosen=3,
        parameters={"margin": 0.6},
        loss="BatchHardTripletLoss",
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
        loss="BatchHardTripletLoss",
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
        loss="BatchHardTripletLoss",
        symptom="A sentence alone in its class is pushed away, and nothing pulls it.",
        cures=(Cure("Three sentences of each class", situation="start"),),
    ),
    _classes(
        "one class",
        "One class: stuck",
        _SPREAD,
        labels=(0, 0, 0, 0, 0, 0),
        loss="BatchHardTripletLoss",
        symptom="The loss is exactly the margin, and nothing moves.",
        cures=(Cure("Put two classes into the batch", situation="start"),),
    ),
    _classes(
        "one class, no triplet",
        "One class: no triplet",
        _SPREAD,
        labels=(0, 0, 0, 0, 0, 0),
        loss="BatchAllTripletLoss",
        symptom="The loss is 0 whatever the model does: without a negative there is no triplet.",
        cures=(Cure("Put two classes into the batch", situation="start"),),
    ),
    _classes(
        "one class, shrinking",
        "One class: shrinking",
        _SPREAD,
        labels=(0, 0, 0, 0, 0, 0),
        loss="BatchSemiHardTripletLoss",
        symptom="The loss falls towards the margin, never below it, and the sentences drift together.",
        cures=(Cure("Put two classes into the batch", situation="start"),),
    ),
    _classes(
        "collapsed",
        "Everything collapsed",
        ((0.3, 0.2),) * 6,
        symptom="The loss is exactly the margin, or ln 2 = 0.6931 where there is none, and nothing moves.",
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
        loss="BatchHardTripletLoss",
        symptom="The loss falls towards the margin, never below it, and the sentences drift together.",
        cures=(Cure("One label for every sentence", situation="start"),),
    ),
)
