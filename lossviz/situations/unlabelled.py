"""Batches of sentences alone. Each is encoded twice, so each is two points: its first pass and its second."""

from lossviz.situations.base import NONE_NEEDED, Cure, Question, Situation, adds, at, on_circle


def _twice(*keys: str) -> tuple[str, ...]:
    return tuple(key for key in keys for _ in range(2))


_WARM_AND_TAX = _twice("hot_night", "heatwave", "tax_form")
_PASSES = {"first": (0, 2, 4), "second": (1, 3, 5)}


def _passes(name, title, places, keys=_WARM_AND_TAX, rows=_PASSES, **others) -> Situation:
    return Situation(name, title, keys, rows, None, places, **others)


UNLABELLED = (
    _passes("start", "Start", on_circle(120, 88, 55, 72, 300, 265), chosen=1),
    _passes(
        "noise 0",
        "Predict: no noise",
        on_circle(110, 140, 80, 55, 300, 265),
        chosen=1,
        question=Question(
            "choice",
            "You switch dropout off: both passes of a sentence are now the same point. A–B and C–D, two sentences, "
            "stand 30° apart. Is the loss 0?",
            "Nothing is left to pull together, but sentences that stand near each other still push each other away.",
            options=(
                "No: the neighbours still push",
                "Yes: every sentence finds itself",
                "No: two passes never agree",
            ),
            replies=(
                "",
                "It finds itself first, but first is not alone: a neighbour 30° away keeps a share, and that costs.",
                "It was the noise that kept them apart. Without it both passes compute the same, and are one point.",
            ),
            answer=0,
            moves={1: at(110), 3: at(80), 5: at(300)},
        ),
    ),
    _passes(
        "without dropout",
        "Without dropout",
        on_circle(110, 110, 70, 70, 290, 290),
        chosen=0,
        symptom="The two passes of every sentence are one point: nothing is pulled together, and what moves is pushed.",
        cures=(Cure("Roll the noise", moves={1: at(98), 3: at(84), 5: at(270)}),),
    ),
    _passes(
        "easy",
        "Easy batch",
        on_circle(98, 82, 218, 202, 338, 322),
        chosen=1,
        keys=_twice("hot_night", "tax_form", "jazz_cellar"),
        parameters={"scale": 20.0},
        symptom="The loss is nearly 0 from the first step, and nothing moves.",
        cures=(
            Cure("Sentences that are alike", situation="hard negatives"),
            Cure("Less of a spotlight: a scale of 2", parameters={"scale": 2.0}),
        ),
    ),
    _passes(
        "hard negatives",
        "Sentences that are alike",
        on_circle(118, 70, 82, 100, 290, 260),
        chosen=1,
        symptom="A and C find the other sentence before they find themselves.",
        cures=(Cure(NONE_NEEDED, moves={1: at(135), 2: at(50), 3: at(30)}),),
    ),
    _passes(
        "one sentence",
        "A single sentence",
        on_circle(95, 35),
        keys=_twice("hot_night"),
        rows={"first": (0,), "second": (1,)},
        symptom="The loss is 0 whatever the model does: there is nothing to choose from.",
        cures=(Cure("A larger batch", situation="start"),),
    ),
    _passes(
        "collapsed",
        "Everything collapsed",
        (at(60),) * 6,
        symptom="The loss is ln 3 = 1.0986, the ln B of these three, and nothing moves.",
        cures=(Cure("Nudge B and D", moves={1: at(75), 3: at(45)}),),
    ),
    _passes(
        "duplicates",
        "One sentence in two rows",
        on_circle(110, 60, 20, 325),
        keys=_twice("heatwave", "tax_form"),
        rows={"first": (0, 0, 2), "second": (1, 1, 3)},
        chosen=1,
        parameters={"scale": 20.0},
        symptom="The loss falls towards (2/3) · ln 2 = 0.4621, never below it: each of the two rows can have one half.",
        cures=(Cure("No duplicates in a batch", situation="start"),),
    ),
)

_WITH_ITSELF_OR_ANOTHER = {"first": (0, 0, 2, 2, 4, 4), "second": (1, 3, 3, 5, 5, 1)}
_LABELS = (1, 0, 1, 0, 1, 0)
_NEAR_THE_CENTRE = ((-0.5, 0.7), (-0.2, 0.9), (0.3, 0.8), (0.6, 0.6), (0.3, -0.7), (-0.2, -0.8))


def _copies(
    name, title, places, keys=_WARM_AND_TAX, rows=_WITH_ITSELF_OR_ANOTHER, labels=_LABELS, **others
) -> Situation:
    """Two copies of the model read the sentences: the first pass is one copy's, the second the other's."""
    return Situation(name, title, keys, rows, labels, places, **others)


UNLABELLED_PAIRS = (
    _copies("start", "Start", _NEAR_THE_CENTRE, chosen=1),
    _copies(
        "stretch",
        "Predict: stretch",
        _NEAR_THE_CENTRE,
        chosen=0,
        question=Question(
            "choice",
            "A–B has the label 1, and its dot product is 0.73. You stretch A and B to twice their length and leave the "
            "angle as it is. What happens to the cost of A–B?",
            "The loss reads dot products, and this one is 2.92 now. Lengths count as much as angles do.",
            options=("It falls", "It stays", "It rises"),
            replies=(
                "",
                "The angle is the same, and so is the cosine. But this loss reads the dot product: four times as "
                "large.",
                "That is what a pair with label 0 does. With label 1, a larger dot product z costs less: ln(1 + e^−z).",
            ),
            keys=(adds("A–B").falls(), adds("A–B").stays(), adds("A–B").rises()),
            moves={0: (-1.0, 1.4), 1: (-0.4, 1.8)},
        ),
    ),
    _copies(
        "no length",
        "Predict: no length",
        _NEAR_THE_CENTRE,
        chosen=0,
        question=Question(
            "choice",
            "You drag A into the centre, where it has no length at all. What does each pair of A cost?",
            "Every dot product with it is 0, and ln(1 + e⁰) = ln 2, whatever the label.",
            options=("ln 1 = 0.0000", "ln 2 = 0.6931", "ln 3 = 1.0986"),
            replies=(
                "A dot product of 0 is no answer, not a right one. A pair costs 0 only with a dot product far on its "
                "own side.",
                "",
                "ln 3 is a choice among three. Each pair is a yes or no of its own, and 0 is half way between.",
            ),
            keys=(adds("A–B").nearest(0), adds("A–B").nearest(0.6931), adds("A–B").nearest(1.0986)),
            moves={0: (0.0, 0.0)},
        ),
    ),
    _copies(
        "hard negatives",
        "Sentences that are alike",
        ((-0.3, 0.9), (0.1, 1.0), (0.35, 1.0), (-0.4, 1.1), (0.3, -0.7), (-0.2, -0.8)),
        chosen=1,
        symptom="Two different sentences have a larger dot product than a sentence with itself.",
        cures=(Cure(NONE_NEEDED, moves={2: (1.0, 0.2), 3: (1.1, 0.1)}),),
    ),
    _copies(
        "one class",
        "Positives alone",
        ((0.25, 0.35), (0.45, 0.3), (0.05, 0.5), (0.15, 0.7), (-0.2, 0.35), (-0.15, 0.55)),
        rows=_PASSES,
        labels=(1, 1, 1),
        chosen=4,
        symptom="The loss falls towards 0 while the lengths grow, and unrelated sentences stay on one side.",
        cures=(Cure("Add pairs of different sentences", situation="start"),),
    ),
    _copies(
        "collapsed",
        "Everything in the centre",
        ((0.0, 0.0),) * 6,
        symptom="Every pair costs ln 2 = 0.6931, and nothing moves.",
        cures=(Cure("Nudge the two passes of one sentence", moves={0: (0.2, 0.1), 1: (0.1, 0.2)}),),
    ),
    _copies(
        "duplicates",
        "The same said twice",
        ((-0.5, 0.7), (-0.2, 0.9), (0.3, 0.8), (0.6, 0.6)),
        keys=_twice("blue_sky", "blue_sky_again"),
        rows={"first": (0, 0, 2, 2), "second": (1, 3, 3, 1)},
        labels=(1, 0, 1, 0),
        chosen=1,
        symptom="The loss pushes apart two sentences that say the same.",
        cures=(Cure("A batch without such a pair", situation="start"),),
    ),
)
