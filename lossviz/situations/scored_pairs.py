"""Batches of (sentence, sentence, score)."""

from math import acos, degrees

from lossviz.situations.base import LOSS, NONE_NEEDED, Cure, Question, Situation, at, on_circle

_EGGS_AND_ACCOUNTS = (
    "boil_egg_q", "cook_egg_q", "fry_egg_q", "open_account_q", "new_account_q", "close_account_q",
)  # fmt: skip
_FIVE = {"first": (0, 0, 3, 3, 0), "second": (1, 2, 4, 5, 3)}
_SCORES = (0.7, 0.4, 0.9, 0.35, 0.0)
_THREE = {"first": (0, 2, 4), "second": (1, 3, 5)}
_NOISE_EGGS_SALT = (
    "dog_barks", "drum_upstairs", "boil_egg_q", "cook_egg_q", "soup_too_salty", "heavy_hand",
)  # fmt: skip


def _pairs(name, title, places, keys=_EGGS_AND_ACCOUNTS, rows=_FIVE, scores=_SCORES, **others) -> Situation:
    return Situation(name, title, keys, rows, scores, places, **others)


def _turn(cosine: float) -> float:
    """The angle, in degrees, at which a pair has this cosine."""
    return degrees(acos(cosine))


def _three_pairs(*cosines: float) -> tuple[float, ...]:
    """The angles of three pairs far from each other, with these cosines."""
    a, b, c = map(_turn, cosines)
    return (90, 90 + a, 210, 210 + b, 330, 330 + c)


SCORED_PAIRS = (
    _pairs("start", "Start", on_circle(90, 40, 110, 175, 300, 235), chosen=2),
    _pairs(
        "which way",
        "Predict: which way?",
        on_circle(90, 90 + _turn(0.7), 90 - _turn(0.4), 240, 240 + _turn(0.9), 240 - _turn(0.35)),
        chosen=3,
        loss="CosineSimilarityLoss",
        question=Question(
            "choice",
            "A–D has the score 0: nothing in common. The two stand 150° apart. Where does training take them?",
            "A score of 0 asks for a cosine of 0, which is 90°. Unrelated is not opposite.",
            options=("Farther apart", "Neither way", "Closer together"),
            replies=(
                "Opposite is a cosine of −1. The score asks for 0, and at 150° the cosine is −0.87: below it already.",
                "They would rest where the cosine is the score. At 150° it is −0.87, and the score is 0.",
                "",
            ),
            answer=2,
            moves={3: at(180), 4: at(180 + _turn(0.9)), 5: at(180 - _turn(0.35))},
        ),
    ),
    _pairs(
        "all higher",
        "Predict: all cosines at once",
        on_circle(*_three_pairs(0.3, 0.4, 0.2)),
        chosen=5,
        keys=_NOISE_EGGS_SALT,
        rows=_THREE,
        scores=(0.1, 0.7, 0.9),
        parameters={"scale": 20.0},
        loss="CoSENTLoss",
        question=Question(
            "choice",
            "B, D and F turn towards their partners, until each cosine is 0.3 higher. What happens to the loss?",
            "CoSENT reads differences of cosines alone, and each difference is what it was.",
            options=("It falls", "It stays", "It rises"),
            replies=(
                "The cosines come nearer to some of the scores, but CoSENT never compares a cosine with a score, only "
                "with another cosine.",
                "",
                "It would rise if an order had got worse. All three cosines rose alike, and so the orders are as they "
                "were.",
            ),
            keys=(LOSS.falls(), LOSS.stays(), LOSS.rises()),
            moves=dict(zip((1, 3, 5), map(at, _three_pairs(0.6, 0.7, 0.5)[1::2]), strict=True)),
        ),
    ),
    _pairs(
        "worst order",
        "Predict: the costliest order",
        on_circle(*_three_pairs(0.3, 0.4, 0.2)),
        chosen=5,
        keys=_NOISE_EGGS_SALT,
        rows=_THREE,
        scores=(0.1, 0.7, 0.9),
        parameters={"scale": 20.0},
        loss="CoSENTLoss",
        question=Question(
            "choice",
            "Scores 0.1, 0.7, 0.9 for A–B, C–D, E–F; cosines 0.3, 0.4, 0.2. The scale is 20. Which wrong order costs "
            "most?",
            "Its gap of 0.2 is the widest, and takes 86 % of the sum. See it: E–F raised, both orders are right.",
            options=("A–B above E–F", "C–D above E–F", "Both cost alike"),
            replies=(
                "Its scores differ most, 0.1 and 0.9, but CoSENT does not weigh by scores. It weighs by the gap of the "
                "cosines, and that is 0.1 here.",
                "",
                "Wrong orders are not counted, they are weighed: by e to the power of 20 times the gap of the cosines, "
                "0.1 and 0.2.",
            ),
            answer=1,
            moves={5: at(330 + _turn(0.9))},
        ),
    ),
    _pairs(
        "quarter turn",
        "Predict: another similarity",
        on_circle(90, 80, 150, 250, 300, 200),
        chosen=1,
        loss="AnglELoss",
        question=Question(
            "choice",
            "AnglE adds two cosines: of A and B, and of A and B after a quarter turn. You turn B clockwise, away from "
            "A. At which angle is the sum largest?",
            "In two dimensions it peaks at 45°, at √2. Its sign is dropped: opposite points score 1, as equal ones do.",
            options=("At 0°", "At 45°", "At 90°"),
            replies=(
                "That is where the cosine alone is largest. The second part is 0 there, and it grows faster than the "
                "cosine falls.",
                "",
                "There the second part is largest, 1, but nothing is left of the cosine. In between both have a share.",
            ),
            answer=1,
            moves={1: at(45)},
        ),
    ),
    _pairs(
        "easy",
        "Right order, wrong cosines",
        on_circle(*_three_pairs(-0.95, -0.3, 0.2)),
        chosen=1,
        keys=_NOISE_EGGS_SALT,
        rows=_THREE,
        scores=(0.1, 0.7, 0.9),
        parameters={"scale": 20.0},
        loss="CoSENTLoss",
        symptom="The loss is nearly 0, and every cosine is far below its score.",
        cures=(
            Cure("Ask for the scores themselves: CosineSimilarityLoss", loss="CosineSimilarityLoss"),
            Cure("Pairs that are harder to order", situation="hard negatives"),
        ),
    ),
    _pairs(
        "hard negatives",
        "Shared words, low scores",
        on_circle(100, 35, 118, 250, 320, 230),
        chosen=2,
        keys=("ran_the_bank", "headed_lender", "river_bank", "stock_falls", "shares_crash", "stock_simmers"),
        rows={"first": (0, 0, 3, 3), "second": (1, 2, 4, 5)},
        scores=(0.9, 0.0, 0.9, 0.0),
        loss="CoSENTLoss",
        symptom="The pairs with a score of 0 have higher cosines than those with 0.9.",
        cures=(Cure(NONE_NEEDED, moves={1: at(75), 2: at(10), 4: at(275), 5: at(160)}),),
    ),
    _pairs(
        "a single pair",
        "A single pair",
        on_circle(100, 40),
        keys=("dog_barks", "noisy_hound"),
        rows={"first": (0,), "second": (1,)},
        scores=(0.8,),
        loss="CoSENTLoss",
        symptom="The loss is 0 whatever the model does: there is no other pair to compare with.",
        cures=(
            Cure("A larger batch", situation="start"),
            Cure("A loss that needs no other pair: CosineSimilarityLoss", loss="CosineSimilarityLoss"),
        ),
    ),
    _pairs(
        "one class",
        "One score for all",
        on_circle(90, 40, 110, 250, 300, 235),
        scores=(0.5, 0.5, 0.5, 0.5, 0.5),
        loss="CoSENTLoss",
        symptom="The loss is 0 and nothing moves: no pair has a higher score than another.",
        cures=(
            Cure("Scores that differ", situation="start"),
            Cure("A loss that needs no order: CosineSimilarityLoss", loss="CosineSimilarityLoss"),
        ),
    ),
    _pairs(
        "collapsed",
        "Everything collapsed",
        (at(60),) * 6,
        loss="CosineSimilarityLoss",
        symptom="The loss stands at 0.3765, the mean of (1 − score)², and nothing moves.",
        cures=(
            Cure("Nudge C and F by ten degrees", moves={2: at(70), 5: at(50)}),
            Cure("A similarity that has a slope here: AnglELoss", loss="AnglELoss"),
        ),
    ),
    _pairs(
        "duplicates",
        "One pair with two scores",
        on_circle(100, 40, 250, 318),
        chosen=1,
        keys=("dog_barks", "noisy_hound", "tax_form", "rainbow"),
        rows={"first": (0, 0, 2), "second": (1, 1, 3)},
        scores=(0.9, 0.5, 0.0),
        parameters={"scale": 20.0},
        loss="CoSENTLoss",
        symptom="The loss falls towards ln 2 = 0.6931, and never below it: the pair is above itself and below itself.",
        cures=(Cure("One score for every pair", situation="start"),),
    ),
)
