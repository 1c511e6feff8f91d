"""Batches of (sentence, sentence, class): the second follows from the first (0), may be so (1), contradicts it (2)."""

from lossviz.situations.base import Cure, Question, Situation

_BREAD_AND_DOG = (
    "slicing_bread", "preparing_food", "empty_kitchen", "dog_swims", "animal_in_water", "dog_fetches",
)  # fmt: skip
_CLASSES = ("entailment", "neutral", "contradiction")
_FOUR = {"first": (0, 0, 3, 3), "second": (1, 2, 4, 5)}
_SPREAD = ((-0.7, 0.6), (-0.9, -0.2), (0.25, 0.75), (0.1, 0.1), (0.8, -0.3), (0.35, -0.9))


def _pairs(name, title, places=_SPREAD, keys=_BREAD_AND_DOG, rows=_FOUR, labels=(0, 2, 0, 1), **others) -> Situation:
    return Situation(name, title, keys, rows, labels, places, classes=_CLASSES, **others)


CLASSIFIED_PAIRS = (
    _pairs("start", "Start", chosen=1),
    _pairs(
        "rotate both",
        "Predict: rotate both",
        chosen=1,
        question=Question(
            "choice",
            "You turn A and B by half a turn around the centre. Their cosine and their distance stay. Does the class "
            "of A–B stay too?",
            "The classifier reads where the two stand. Angle and distance have not changed, the places have.",
            options=("No: it reads the places", "Yes: the cosine stays", "Yes: the distance stays"),
            replies=(
                "",
                "The cosine is no input of the classifier. It reads u, v and |u − v|, and both u and v are elsewhere.",
                "|u − v| stays, but it is a third of what the classifier reads. The other two, u and v, do not.",
            ),
            answer=0,
            moves={0: (0.7, -0.6), 1: (0.9, 0.2)},
        ),
    ),
    _pairs(
        "borders",
        "Predict: without |u − v|",
        chosen=1,
        parameters={"concatenation_sent_difference": False},
        question=Question(
            "choice",
            "|u − v| is off. Wherever B stands, A–B gets one of the classes; between them run borders. You drag A. "
            "What do the borders do?",
            "Without |u − v| a border has one direction, wherever A stands: what is near A plays no part.",
            options=("They turn with A", "They only slide", "They stay in place"),
            replies=(
                "To turn, a border must know how B stands to A. That is what |u − v| told. Without it A adds the same "
                "number at every place of B.",
                "",
                "A is still read: it adds its number to each class, so the borders between the classes move.",
            ),
            answer=1,
            moves={0: (-0.4, -0.2)},
        ),
    ),
    _pairs(
        "trained",
        "Predict: trained, then compared",
        chosen=4,
        question=Question(
            "choice",
            "The sentences are trained until all four pairs have their right class. D–E is an entailment, D–F is "
            "neutral. Has D–E the higher cosine then?",
            "With the weights kept, training can end where D–F has the higher cosine. With the weights trained too, "
            "D–E ends higher. Either way the four classes are right.",
            options=(
                "That is open: the loss asks for classes alone",
                "Yes: an entailment is nearer in meaning",
                "No: a neutral pair is the nearer one",
            ),
            replies=(
                "",
                "Entailments often end closer, but nothing in the loss asks for it. The classifier is content with any "
                "places that it can tell apart.",
                "It can end so. But nothing in the loss asks for that either: it compares no cosines.",
            ),
            answer=0,
            moves={
                0: (0.68, 1.96),
                1: (-1.46, 1.58),
                2: (1.28, -2.69),
                3: (-0.34, -0.11),
                4: (1.91, 2.6),
                5: (-0.48, -0.21),
            },
        ),
    ),
    _pairs(
        "hard negatives",
        "Shared words, opposite meaning",
        ((-0.7, 0.6), (0.5, 0.9), (-0.5, 0.35), (0.6, -0.5), (-0.6, -0.8), (0.85, -0.3)),
        keys=("caught_train", "went_by_train", "missed_train", "soup_too_salty", "salt_in_soup", "soup_needs_salt"),
        labels=(0, 2, 0, 2),
        chosen=2,
    ),
    _pairs(
        "one class",
        "One class in the batch",
        labels=(0, 0, 0, 0),
        chosen=1,
        symptom="The loss falls towards 0, and soon every pair is an entailment, right or wrong.",
        cures=(Cure("Put all three classes into the batch", situation="start"),),
    ),
    _pairs(
        "collapsed",
        "Everything collapsed",
        ((0.3, 0.2),) * 6,
        symptom="Every pair is given the same answer.",
        cures=(
            Cure("Begin from a spread-out model", situation="start"),
            Cure("Nudge B, C and F", moves={1: (0.55, 0.2), 2: (0.1, 0.4), 5: (0.3, -0.1)}),
        ),
    ),
    _pairs(
        "duplicates",
        "One pair with two classes",
        ((-0.6, 0.4), (0.5, -0.3)),
        keys=("dog_swims", "dog_fetches"),
        rows={"first": (0, 0), "second": (1, 1)},
        labels=(0, 1),
        chosen=1,
        symptom="The loss falls towards ln 2 = 0.6931, and never below it.",
        cures=(Cure("One class for every pair", situation="start"),),
    ),
)
