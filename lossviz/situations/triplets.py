"""Batches of (anchor, positive, negative)."""

from lossviz.situations.base import LOSS, NONE_NEEDED, Cure, Question, Situation, at, on_circle

_TRAIN_AND_SOUP = (
    "missed_train", "train_gone", "caught_train", "soup_too_salty", "heavy_hand", "soup_needs_salt",
)  # fmt: skip
_BANK_AND_RAIN = (
    "ran_the_bank", "headed_lender", "ran_to_bank", "rain_cats_dogs", "rain_pours", "pets_hate_rain",
)  # fmt: skip
_TWO = {"anchor": (0, 3), "positive": (1, 4), "negative": (2, 5)}
_APART = ((-0.8, 0.6), (0.1, 0.9), (-0.5, 0.2), (0.4, -0.6), (-0.6, -0.8), (0.9, -0.2))


def _triplets(name, title, places, keys=_TRAIN_AND_SOUP, rows=_TWO, **others) -> Situation:
    return Situation(name, title, keys, rows, None, places, **others)


TRIPLETS = (
    _triplets("start", "Start", _APART, chosen=2),
    _triplets(
        "out of reach",
        "Predict: a margin of 5",
        on_circle(70, 110, 150, 250, 290, 330),
        parameters={"distance": "cosine", "triplet_margin": 5.0},
        loss="TripletLoss",
        question=Question(
            "choice",
            "The margin is 5, and points stay on the circle, where a cosine distance is 2 at most. How small can the "
            "cost of a triplet get?",
            "No positive is nearer than 0 and no negative farther than 2, so the best there is costs 0 − 2 + 5 = 3.",
            options=("0", "3", "5"),
            replies=(
                "For 0 the negative must be 5 farther away than the positive. On the circle it is 2 farther at most.",
                "",
                "5 is what a triplet costs where both are equally far. A farther negative takes up to 2 off.",
            ),
            keys=(LOSS.nearest(0), LOSS.nearest(3), LOSS.nearest(5)),
            moves={0: at(90), 1: at(90), 2: at(270), 3: at(250), 4: at(250), 5: at(70)},
        ),
        symptom="The loss falls to 3 and stays there.",
        cures=(Cure("A margin of 0.5", parameters={"triplet_margin": 0.5}),),
    ),
    _triplets(
        "not its negative",
        "Predict: somebody else's negative",
        ((-0.8, 0.6), (0.1, 0.9), (-0.9, -0.3), (0.6, -0.7), (-0.3, -0.9), (1.2, 0.3)),
        chosen=5,
        parameters={"distance": "euclidean", "triplet_margin": 1.0},
        loss="TripletLoss",
        question=Question(
            "choice",
            "A, B and C are one triplet, D, E and F the other; F is the negative of D. You drag F right beside A. What "
            "does A feel of it?",
            "A triplet compares its own three. A loss that shares the negatives of a batch would count F for A too.",
            options=("Nothing at all", "A pull towards F", "A push from F"),
            replies=(
                "",
                "Only a positive pulls, and the positive of A is B.",
                "F is near and means something else, but it is the negative of D. Of A it is nothing: the row of A "
                "holds A, B and C.",
            ),
            answer=0,
            moves={5: (-0.55, 0.6)},
        ),
    ),
    _triplets(
        "easy",
        "Easy batch",
        ((-0.9, 0.7), (-0.6, 0.9), (1.2, 0.6), (0.6, -0.8), (0.9, -0.6), (-1.1, -0.6)),
        chosen=2,
        parameters={"triplet_margin": 1.0},
        loss="TripletLoss",
        symptom="The loss is 0: every triplet is satisfied.",
        cures=(
            Cure("Negatives that are hard to tell from the positive", situation="hard negatives"),
            Cure("Ask for more: a margin of 3", parameters={"triplet_margin": 3.0}),
        ),
    ),
    _triplets(
        "hard negatives",
        "Hard negatives",
        ((-0.8, 0.6), (0.6, 0.8), (-0.6, 0.4), (0.5, -0.6), (-0.9, -0.7), (0.75, -0.45)),
        chosen=2,
        loss="TripletLoss",
        symptom="The loss is above the margin: the negatives are nearer than the positives.",
        cures=(Cure(NONE_NEEDED, moves={1: (-0.5, 0.8), 2: (0.9, 1.2), 4: (0.2, -0.7), 5: (-0.9, -1.0)}),),
    ),
    _triplets(
        "collapsed",
        "Everything collapsed",
        ((0.3, 0.2),) * 6,
        loss="TripletLoss",
        symptom="The loss is exactly the margin, and nothing moves.",
        cures=(
            Cure("Begin from a spread-out model", situation="start"),
            Cure("Nudge two points", moves={0: (0.25, 0.25), 3: (0.4, 0.15)}),
        ),
    ),
    _triplets(
        "duplicates",
        "One sentence, positive and negative",
        ((-0.8, 0.6), (0.1, 0.9), (0.4, -0.6), (-0.6, -0.8), (0.9, -0.2)),
        keys=("flight_late", "flight_late_again", "soup_too_salty", "heavy_hand", "soup_needs_salt"),
        rows={"anchor": (0, 2), "positive": (1, 3), "negative": (1, 4)},
        chosen=1,
        loss="TripletLoss",
        symptom="One triplet costs the margin wherever its sentences stand, and moves none of them.",
        cures=(Cure("Negatives that mean something else", situation="start"),),
    ),
    _triplets(
        "from labelled pairs",
        "Made of labelled pairs",
        on_circle(100, 190, 30, 238, 300, 214),
        keys=_BANK_AND_RAIN,
        chosen=2,
        parameters={"distance": "cosine", "triplet_margin": 0.5},
    ),
    _triplets(
        "which triplets count",
        "Predict: which triplets count?",
        on_circle(100, 70, 20, 238, 300, 214),
        keys=_BANK_AND_RAIN,
        chosen=1,
        parameters={"distance": "cosine", "triplet_margin": 0.5},
        loss="TripletLoss",
        question=Question(
            "terms",
            "You know these sentences as labelled pairs. Tap each triplet that still moves something. The margin is "
            "0.5, and A–B are 30° apart, A–C 80°, D–E 62°, D–F 24°.",
            "A–B have not met, and as a labelled pair they would still be pulled. A triplet is content once its "
            "positive is nearer than its negative by the margin.",
        ),
    ),
)
