"""Batches of (anchor, positive), with explicit negatives or without."""

import math

from lossviz.situations.base import LOSS, NONE_NEEDED, Cure, Question, Situation, at, costs, on_circle

_QUESTIONS = (
    "boil_egg_q", "boil_egg_a", "open_account_q", "open_account_a", "airport_q", "airport_a",
)  # fmt: skip
_THREE = {"anchor": (0, 2, 4), "positive": (1, 3, 5)}
_FAR_APART = dict(enumerate(on_circle(60, 60, 300, 300, 180, 180)))


def _positives(name, title, places, keys=_QUESTIONS, rows=_THREE, **others) -> Situation:
    return Situation(name, title, keys, rows, None, places, **others)


POSITIVE_PAIRS = (
    _positives("start", "Start", on_circle(95, 35, 215, 130, 330, 270), chosen=3),
    _positives(
        "find its answer",
        "Do: let C find its answer",
        on_circle(95, 35, 215, 130, 330, 270),
        chosen=3,
        parameters={"scale": 20.0, "similarity": "cosine"},
        loss="MultipleNegativesRankingLoss",
        question=Question(
            "reach",
            "C looks for D, and F is nearer. The scale is 20. Bring what C costs below 0.1: move D, nothing else.",
            "F still stands 55° from C. It is no rival any more because D is nearer, and by enough for this scale: a "
            "search compares, and nothing has to be far away.",
            goal=(costs("C").below(0.1),),
            movable=(3,),
            moves={3: at(180)},
        ),
    ),
    _positives(
        "own question",
        "Predict: found, and pushed",
        on_circle(100, 35, 115, 130),
        keys=_QUESTIONS[:4],
        rows={"anchor": (0, 2), "positive": (1, 3)},
        chosen=3,
        parameters={"scale": 20.0, "similarity": "cosine"},
        loss="MultipleNegativesRankingLoss",
        question=Question(
            "draw",
            "D stands 15° from C, its own question, and C has found it. But D is also nearer to A than A's own answer, "
            "B. Draw where D goes.",
            "C has what it wants, so it pulls no more. A gives D nearly all of its share, so A pushes it away, from "
            "itself and from C too.",
            point=3,
        ),
    ),
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
            "A third pair joins the batch, E–F. Nothing else moves. F lands 55° from C, whose own answer D is 85° "
            "away. What happens to the cost of C?",
            "F becomes a rival for C, nearer than its own answer. A new rival can only raise what an anchor costs. The "
            "loss is the mean of the anchors: with a pair that costs little, it can fall.",
            options=("It falls", "It stays", "It rises"),
            replies=(
                "More pairs may teach more, but they make the search harder: the sum in which D must stand out has one "
                "term more.",
                "C and D have not moved, but C chooses among all answers of the batch, and F is one now.",
                "",
            ),
            keys=(costs("C").falls(), costs("C").stays(), costs("C").rises()),
            situation="start",
        ),
    ),
    _positives(
        "who still learns",
        "Predict: who still learns?",
        on_circle(175, 165, 110, 135, 330, 270),
        chosen=4,
        parameters={"scale": 20.0, "similarity": "cosine"},
        loss="MultipleNegativesRankingLoss",
        question=Question(
            "terms",
            "A is 10° from its answer, C 25°, E 60°. The nearest rivals are 40° from A, 55° from C, 165° from E. The "
            "scale is 20. Which searches still move something? Mark them.",
            "E is farthest from its answer, and moves nothing that can be seen: its rivals are so far behind that the "
            "gradient is below 10⁻⁹, and counts as none. A and C have found theirs, but with a rival so close behind "
            "they go on.",
        ),
    ),
    _positives(
        "hardest push",
        "Predict: the hardest push",
        on_circle(90, 150, 250, 310, 200, 340),
        chosen=5,
        parameters={"scale": 20.0, "similarity": "cosine"},
        loss="MultipleNegativesRankingLoss",
        question=Question(
            "place",
            "A's own answer, B, stands 60° from it. F answers another question. The scale is 20. Take F to where A "
            "pushes it hardest.",
            "Just nearer than B, at 50°. Farther out, B has the share, and F has none. Nearer, F has it all already, "
            "and the cosine grows flat.",
            point=5,
            truth="hardest",
            pushing="A",
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
            "See it: in the first mini-batch F is gone, the rival that pushed C hardest. And E–F alone has no rival.",
            options=("No: rivals are missing", "Yes: gradients add up", "No: it is too large"),
            replies=(
                "",
                "Gradients of the same terms add up. But a term depends on its batch: without F, the term of C is "
                "another one.",
                "A factor would leave every direction as it is. Here E–F alone has no gradient at all.",
            ),
            answer=0,
            situation="add pairs",
        ),
    ),
    _positives(
        "who pushes",
        "Predict: who pushes?",
        on_circle(95, 35, 215, 130, 290, 166),
        chosen=0,
        parameters={"scale": 1.0, "similarity": "cosine"},
        loss="MultipleNegativesRankingLoss",
        question=Question(
            "choice",
            "A push is the rival's share times the sine of its angle to A. At a scale of 1, D (43 % at 35°) and F "
            "(26 % at 71°) push A about equally hard. And at a scale of 20?",
            "D has more than 99 % of the shares then. At a high scale the softmax sees only the nearest rival. Move "
            "the scale and watch the lines from A.",
            options=("D does nearly all of it", "F does nearly all of it", "Both push equally hard"),
            replies=(
                "",
                "F has the larger sine, and that does not change. But its share does: to less than 1 %, for D is much "
                "nearer to A.",
                "The scale multiplies the cosines before the softmax takes e to their power. A gap between them grows "
                "into nearly all or nothing.",
            ),
            answer=0,
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
            "A stands at 0°, B at 60°, C at 110°, D at 120°. Each question, A and C, is nearest to its own answer, B "
            "and D. Does each answer find its question, too?",
            "B is 60° from its own question, A, and 50° from C. Only the columns of the score matrix can tell.",
            options=("Yes, both do", "No: B finds C", "No: D finds A"),
            replies=(
                "A row asks which answer is nearest to a question. The way back is another search: which question is "
                "nearest to an answer?",
                "",
                "D is 120° from A and 10° from its own question, C.",
            ),
            answer=1,
            moves={1: at(35)},
        ),
    ),
    _positives(
        "wrong way back",
        "Do: right one way, wrong back",
        on_circle(0, 45, 110, 120),
        keys=_QUESTIONS[:4],
        rows={"anchor": (0, 2), "positive": (1, 3)},
        chosen=1,
        parameters={"scale": 20.0, "similarity": "cosine"},
        loss="MultipleNegativesSymmetricRankingLoss",
        question=Question(
            "reach",
            "All four searches find what they look for. The scale is 20. Move B alone, so that A still finds B for "
            "less than 0.01, while B, on its way back, costs more than 2.",
            "A compares B with D, and D is far. B compares A with C, and C is nearer now. The one-way loss sees only "
            "the first of the two.",
            goal=(costs("A").below(0.01), costs("B").above(2.0)),
            movable=(1,),
            moves={1: at(65)},
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
            "The scale is 20, each question is nearest to its own answer, and the loss is 0.0005. Let each answer look "
            "for its question too, in one joint sum. How low can training bring the loss then?",
            "The pair stands in the sum twice, there and back. So it gets one half at best, twice.",
            options=("To ln 1 = 0.0000", "To ln 2 = 0.6931", "To ln 4 = 1.3863"),
            replies=(
                "In one sum the shares add up to 1, and the pair is in it twice. Neither of the two can have it all.",
                "",
                "ln 4 is four equal shares. Training takes them from the two rivals, and the pair's own two are left.",
            ),
            keys=(LOSS.nearest(0), LOSS.nearest(0.6931), LOSS.nearest(1.3863)),
            parameters={"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "joint"},
            moves={0: at(30), 1: at(30), 2: at(210), 3: at(210)},
        ),
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
            "Cosines with A: its positive B 0.77, its own negative C 0.93, and of the other row E −0.53, F 0.64. The "
            "scale is 5, and C has the largest share. Now negatives of other rows gain 5 times their cosine. Who has "
            "it then?",
            "F's logit rises from 3.2 to 6.4. E gets lighter, for its cosine is below 0. C keeps its 4.6.",
            options=("B, its positive", "C, its own negative", "F, another's negative"),
            replies=(
                "A positive is never made harder: B keeps its logit of 3.8.",
                "C is nearest, and keeps its logit of 4.6. But only negatives of other rows are made harder, and F "
                "passes it.",
                "",
            ),
            answer=2,
            parameters={"hardness_mode": "in_batch_negatives"},
        ),
    ),
    _positives(
        "not its negative",
        "Predict: somebody else's negative",
        on_circle(100, 60, 190, 250, 290, 310),
        keys=("boil_egg_q", "boil_egg_a", "fry_egg_a", "open_account_q", "open_account_a", "close_account_q"),
        rows={"anchor": (0, 3), "positive": (1, 4), "negative": (2, 5)},
        chosen=5,
        parameters={"scale": 20.0, "similarity": "cosine"},
        loss="MultipleNegativesRankingLoss",
        question=Question(
            "choice",
            "A, B and C are one row, D, E and F the other; F is the negative of D. You drag F right beside A. The "
            "scale is 20. What does A feel of it?",
            "See it: F is 15° from A, its own answer B 40°. Every column of the batch is a candidate of every row, "
            "explicit negatives too.",
            options=("Nothing at all", "A pull towards F", "A push from F"),
            replies=(
                "So it is under TripletLoss, where a row compares its own three. Here the batch shares its negatives.",
                "Only its own positive pulls an anchor, and that is B.",
                "",
            ),
            answer=2,
            moves={5: at(115)},
        ),
    ),
    _positives(
        "easy",
        "Easy batch",
        on_circle(98, 82, 218, 202, 338, 322),
        chosen=1,
        parameters={"scale": 20.0},
        question=Question(
            "reach",
            "The loss is nearly 0, but nothing has collapsed: every rival is far away. The scale is 20. Move F alone, "
            "and bring the loss above 1.",
            "F left E, its question, and came too near to another. One hard candidate is enough to teach again.",
            goal=(LOSS.above(1.0),),
            movable=(5,),
            moves={5: at(225)},
        ),
        symptom="The loss is nearly 0 from the first step, and nothing moves.",
        cures=(Cure("Candidates that are hard to tell apart", situation="hard negatives"),),
    ),
    _positives(
        "perfect",
        "Perfect, but not 0",
        on_circle(90, 90, 210, 210, 330, 330),
        chosen=1,
        parameters={"scale": 1.0, "similarity": "cosine"},
        question=Question(
            "reach",
            "Every question stands on its answer, and no answer can be farther from the others. The loss is 0.3690. "
            "Bring it below 0.05 with the scale alone.",
            "No point has moved. The scale alone widens the gap between two cosines until the softmax takes it for "
            "certain.",
            goal=(LOSS.below(0.05),),
            settable=("scale",),
            parameters={"scale": 3.0},
        ),
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
        "one row",
        "One row, its own negative",
        on_circle(100, 60, 125),
        keys=("boil_egg_q", "boil_egg_a", "fry_egg_a"),
        rows={"anchor": (0,), "positive": (1,), "negative": (2,)},
        chosen=2,
        parameters={"scale": 20.0, "similarity": "cosine"},
    ),
    _positives(
        "filler",
        "A filler for a missing negative",
        on_circle(100, 75, 130, 250, 290),
        keys=("boil_egg_q", "boil_egg_a", "fry_egg_a", "open_account_q", "open_account_a"),
        rows={"anchor": (0, 3), "positive": (1, 4), "negative": (2, 2)},
        chosen=2,
        parameters={"scale": 20.0, "similarity": "cosine"},
    ),
    _positives(
        "negatives in rows",
        "Two negatives, in two rows",
        on_circle(100, 60, 145, 190),
        keys=("boil_egg_q", "boil_egg_a", "fry_egg_a", "cook_egg_a"),
        rows={"anchor": (0, 0), "positive": (1, 1), "negative": (2, 3)},
        chosen=1,
        parameters={"scale": 20.0, "similarity": "cosine"},
        loss="MultipleNegativesRankingLoss",
        symptom="The loss comes to rest just above ln 2 = 0.6931: B is a rival of itself, for it stands in both rows.",
        cures=(Cure("Never two such rows in one batch", situation="one row"),),
    ),
    _positives(
        "several positives",
        "Two positives for one anchor",
        on_circle(100, 60, 145, 330, 250),
        keys=("cat_naps", "cat_naps_again", "kitten_dozes", "boil_egg_q", "boil_egg_a"),
        rows={"anchor": (0, 0, 3), "positive": (1, 2, 4)},
        chosen=0,
        parameters={"scale": 20.0},
        question=Question(
            "reach",
            "B and C both belong to A, in two rows of one batch. The scale is 20. Bring the loss below 0.47, by A, B "
            "and C. Can you get it below 0.46?",
            "No: each of the two rows of A can have one half, and not more. (2/3) · ln 2 = 0.4621 is the least there "
            "is.",
            goal=(LOSS.below(0.47),),
            movable=(0, 1, 2),
            moves={0: at(100), 1: at(85), 2: at(115)},
        ),
        symptom="The loss comes to rest just above (2/3) · ln 2 = 0.4621: B and C are rivals for A.",
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
        symptom="The loss is ln B, ln 3 = 1.0986 here and ln 16 = 2.7726 in a batch of 16, and nothing moves.",
        cures=(
            Cure("Begin from a spread-out model", situation="start"),
            Cure("Nudge B and D", moves={1: at(75), 3: at(45)}),
        ),
    ),
    _positives(
        "nearly collapsed",
        "Nearly collapsed",
        on_circle(60, 61, 59, 60.5, 61.5, 59.5),
        parameters={"scale": 20.0, "similarity": "cosine"},
        symptom="The loss is about ln 3 = 1.0986, as in a collapsed batch, but the gradient is not 0.",
        cures=(Cure("None needed, training gets out of it; see where it should lead", moves=_FAR_APART),),
    ),
    _positives(
        "scale 1",
        "A scale of 1",
        on_circle(90, 168, 210, 290, 330, 46),
        parameters={"scale": 1.0, "similarity": "cosine"},
        symptom="The loss begins near ln 3 = 1.0986, with a gradient (magnify the arrows), and ends no lower than "
        "0.3690.",
        cures=(Cure("A scale of 20", parameters={"scale": 20.0}),),
    ),
    _positives(
        "shuffled rows",
        "Rows out of step",
        on_circle(95, 35, 215, 130),
        keys=_QUESTIONS[:4],
        rows={"anchor": (0, 0, 2, 2), "positive": (1, 3, 1, 3)},
        chosen=1,
        parameters={"scale": 20.0, "similarity": "cosine"},
        loss="MultipleNegativesRankingLoss",
        symptom="The loss falls to ln 4 = 1.3863, the ln B of these four rows, and rests there: over time every "
        "question has had every answer.",
        cures=(Cure("Each question beside its own answer", situation="start"),),
    ),
    _positives(
        "duplicates",
        "Duplicates in the batch",
        on_circle(100, 45, 160, 330, 250),
        keys=("airport_q", "airport_a", "airport_again_q", "boil_egg_q", "boil_egg_a"),
        rows={"anchor": (0, 2, 3), "positive": (1, 1, 4)},
        chosen=1,
        parameters={"scale": 20.0},
        question=Question(
            "choice",
            "A and C ask the same, and B answers both: it stands in two of the three rows. The scale is 20. How low "
            "can training bring the loss?",
            "For A, B stands among the candidates twice, with one score: as its answer, and as that of C. Each gets "
            "one half at best. Two of three rows cost ln 2.",
            options=("To 0.0000", "To 0.4621", "To 0.6931"),
            replies=(
                "B cannot beat itself. Whatever the model does, both copies of B have the same score.",
                "",
                "So much do the rows of A and C cost, each. The third row costs next to nothing, and the loss is the "
                "mean.",
            ),
            keys=(LOSS.nearest(0.0), LOSS.nearest(2 / 3 * math.log(2)), LOSS.nearest(math.log(2))),
            moves={0: at(100), 1: at(100), 2: at(100), 3: at(280), 4: at(280)},
        ),
        symptom="The loss comes to rest just above (2/3) · ln 2 = 0.4621: each of the two rows can have one half.",
        cures=(Cure("No duplicates in a batch", situation="start"),),
    ),
)
