"""Batches of (sentence, label)."""

from lossviz.situations.base import LOSS, NONE_NEEDED, Cure, Question, Situation, adds, at, on_circle, push

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
            "The hardest negative of C is D, the nearest. You drag E nearer to C, but not as near as D. What becomes "
            "of C's term?",
            "C looks at its nearest negative alone. Drag E over the border: now E is the nearest, and the term grows.",
            options=("It grows", "It shrinks", "It stays"),
            replies=(
                "E is a negative of C too, and it came nearer. But of all negatives this loss takes one for each "
                "anchor, the nearest. That is still D.",
                "A negative that comes nearer could only cost more. And in C's term it costs nothing: D is nearer.",
                "",
            ),
            keys=(adds("C").rises(), adds("C").falls(), adds("C").stays()),
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
            "The margin is 5, the distance the cosine one, which is 2 at most. Place the points on the circle as you "
            "like: how small can the loss get?",
            "No positive is nearer than 0 and no negative farther than 2, so the best there is costs 0 − 2 + 5 = 3.",
            options=("0", "2", "3"),
            replies=(
                "For 0 a negative must be 5 farther away than the positive. The cosine distance ends at 2.",
                "2 is how far a negative can get. What the margin asks beyond that is left to pay.",
                "",
            ),
            keys=(LOSS.nearest(0), LOSS.nearest(2), LOSS.nearest(3)),
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
            "The margin is 1. Three triplets cost something, one of them only 0.05. The loss is the mean of those that "
            "cost something. You move D until the cheap one costs nothing. What does the loss do?",
            "0.98 over three triplets is 0.33, and 0.92 over two is 0.46. The cheap one left the mean, and the mean "
            "jumped up.",
            options=("It falls a little", "It stays as it is", "It rises a lot"),
            replies=(
                "The costs add up to a little less, 0.92 after 0.98. But the loss is their mean, and the mean lost "
                "its smallest number.",
                "The sum hardly changes, and a mean is not a sum: now two triplets share it, not three.",
                "",
            ),
            keys=(LOSS.falls(), LOSS.stays(), LOSS.rises()),
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
            "Every anchor's negatives are farther away than its positives, and there is no margin. Now D, E and F move "
            "still farther away. What does the loss do?",
            "ln(1 + eˣ) falls with x = d(a, p) − d(a, n) and never reaches 0: no anchor is ever done.",
            options=("It reaches zero and rests", "It falls and still pulls", "It stays where it is"),
            replies=(
                "That is what max(0, …) does. This cost is ln(1 + eˣ), and eˣ is never zero.",
                "",
                "It would, if an anchor could be done. Without a margin, farther is always better: x falls, and the "
                "cost with it.",
            ),
            keys=(LOSS.equals(0), LOSS.falls(), LOSS.stays()),
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
            "For the positive pair A–B the loss takes the nearest negative that is farther from A than B is: C. You "
            "drag C nearer to A than B is. How hard does this term push C then?",
            "C is released: only negatives beyond B are looked for, and the nearest of those is D now.",
            options=("Not at all any more", "As hard as before", "Harder than before"),
            replies=(
                "",
                "A Euclidean push is equally hard near and far, as long as C is the one chosen. It is not any more.",
                "Nearer costs more only for the chosen negative. It is chosen beyond B, and C is nearer than B now.",
            ),
            keys=(push("AB", on=2).equals(0), push("AB", on=2).stays(), push("AB", on=2).rises()),
            moves={2: (-0.25, -0.2)},
        ),
    ),
    _classes(
        "two triplets",
        "Two triplets",
        ((-0.35, 0.0), (0.35, 0.0), (0.9, 0.5)),
        keys=("no_interest", "bills_piling", "stock_simmers"),
        labels=(0, 0, 1),
        rows=(0, 1, 2),
        chosen=2,
        parameters={"distance": "euclidean", "margin": 0.3},
        loss="BatchAllTripletLoss",
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
        symptom="The loss is above the margin: the negatives are nearer than the positives.",
        cures=(Cure(NONE_NEEDED, moves={0: (-1.1, 0.7), 1: (-1.1, 0.2), 3: (0.4, -0.3), 4: (0.8, -0.6)}),),
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
        "One class in the batch",
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
