"""Batches of (anchor, positive), with explicit negatives or without."""

from lossviz.situations.base import NONE_NEEDED, Cure, Question, Situation, at, on_circle

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
        loss="MultipleNegativesRankingLoss",
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
        "accumulation",
        "Predict: accumulation",
        on_circle(95, 35, 215, 130, 330, 270),
        chosen=2,
        loss="MultipleNegativesRankingLoss",
        question=Question(
            "choice",
            "Your memory holds two pairs. You take A–B and C–D first, E–F alone after them, and add up the gradients. "
            "Is that the gradient of all three?",
            "Here is the first mini-batch. F is gone, the rival that pushed C hardest. And E–F alone has no rival.",
            options=("Yes: gradients add up", "No: rivals are missing", "Yes, but it comes three times too large"),
            answer=1,
            situation="add pairs",
        ),
    ),
    _positives(
        "who pulls",
        "Predict: who pulls?",
        on_circle(95, 35, 215, 130, 290, 166),
        chosen=0,
        parameters={"scale": 1.0, "similarity": "cosine"},
        loss="MultipleNegativesRankingLoss",
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
        "rows and columns",
        "Predict: rows and columns",
        on_circle(0, 60, 110, 120),
        keys=_QUESTIONS[:4],
        rows={"anchor": (0, 2), "positive": (1, 3)},
        chosen=1,
        parameters={"scale": 20.0, "similarity": "cosine"},
        loss="MultipleNegativesSymmetricRankingLoss",
        question=Question(
            "choice",
            "Each question is nearest to its own answer: the rows are right. Does each answer find its question, too?",
            "B is 60° from its own question, A, and 50° from C. Only the columns of the score matrix can tell.",
            options=("Yes, both do", "No: B finds C", "No: D finds A"),
            answer=1,
            moves={1: at(35)},
        ),
    ),
    _positives(
        "way back",
        "Predict: the way back",
        on_circle(0, 60, 110, 120),
        keys=_QUESTIONS[:4],
        rows={"anchor": (0, 2), "positive": (1, 3)},
        chosen=1,
        parameters={"scale": 20.0},
        loss="MultipleNegativesRankingLoss",
        question=Question(
            "choice",
            "Each question is nearest to its own answer: the loss is 0.0005. Let each answer look for its question "
            "too, in one joint sum. How low can training bring the loss then?",
            "The pair stands in the sum twice, there and back. So it gets one half at best, twice.",
            options=("To 0, as before", "To ln 2 = 0.6931", "To ln 4 = 1.3863"),
            answer=1,
            parameters={"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "joint"},
        ),
        listed=False,
    ),
    _positives(
        "harder rivals",
        "Predict: harder rivals",
        on_circle(100, 60, 122, 190, 222, 150),
        keys=("boil_egg_q", "boil_egg_a", "fry_egg_a", "open_account_q", "open_account_a", "close_account_q"),
        rows={"anchor": (0, 3), "positive": (1, 4), "negative": (2, 5)},
        chosen=0,
        parameters={"scale": 5.0, "hardness_strength": 5.0},
        loss="MultipleNegativesRankingLoss",
        question=Question(
            "choice",
            "C is the explicit negative of A and has the largest share of its row. Now make the in-batch negatives "
            "harder, with a strength of 5. Who has the largest share then?",
            "E and F come from the other row. F gains 5 times its cosine, 0.64. The cosine of E is below 0, so E gets "
            "lighter. The logit of C is what it was.",
            options=("Still C, the nearest", "F, the negative of the other row", "B, the positive"),
            answer=1,
            parameters={"hardness_mode": "in_batch_negatives"},
        ),
        listed=False,
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
        cures=(Cure(NONE_NEEDED, moves={2: at(190), 5: at(170)}),),
    ),
    _positives(
        "several positives",
        "Two positives for one anchor",
        on_circle(100, 60, 145, 330, 250),
        keys=("cat_naps", "cat_naps_again", "kitten_dozes", "boil_egg_q", "boil_egg_a"),
        rows={"anchor": (0, 0, 3), "positive": (1, 2, 4)},
        chosen=0,
        parameters={"scale": 20.0},
        symptom="The loss falls to (2/3) · ln 2 = 0.4621 and no further: B and C are rivals for A.",
        cures=(Cure("Never two of them in one batch", situation="start"),),
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
        (at(60),) * 6,
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
