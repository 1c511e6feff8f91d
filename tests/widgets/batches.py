"""A small batch of real sentences for each input type, in the plane."""

from lossviz.sentences import examples
from lossviz.situations import LABELLED_PAIRS, LABELLED_SENTENCES, POSITIVE_PAIRS, Situation, on_circle

FREE = ((-0.7, 0.6), (-0.9, -0.2), (0.25, 0.75), (0.1, 0.1), (0.8, -0.3), (0.35, -0.9), (1.2, 0.4), (-0.3, -1.1))


def _batch(kind: str, rows: tuple[str, ...], chosen: tuple[int, ...], places, labelled: bool = False) -> Situation:
    """Some examples of an input type, each sentence once."""
    chosen = [examples(kind)[k] for k in chosen]
    keys = tuple(dict.fromkeys(key for example in chosen for key in example[: len(rows)]))
    places = (places * 2)[: len(keys)]
    found = {name: tuple(keys.index(example[k]) for example in chosen) for k, name in enumerate(rows)}
    labels = tuple(example[len(rows)] for example in chosen) if labelled else None
    return Situation("start", "Start", keys, found, labels, places)


_KEYS = tuple(key for (key,) in examples("unlabelled")[:4])
SCORED = (0, 15, 22, 33)  # with the scores 1, 0.7, 0.4, 0.1
ROUND = on_circle(95, 40, 215, 130, 330, 270, 12, 160)

BATCHES = {
    "labelled_pairs": LABELLED_PAIRS[0],
    "labelled_sentences": LABELLED_SENTENCES[0],
    "positive_pairs": POSITIVE_PAIRS[0],
    "scored_pairs": _batch("scored_pairs", ("first", "second"), SCORED, ROUND, labelled=True),
    "classified_pairs": _batch("classified_pairs", ("first", "second"), (0, 1, 2), FREE, labelled=True),
    "triplets": _batch("triplets", ("anchor", "positive", "negative"), (0, 1), FREE),
    # Every sentence is encoded twice: a point for each pass.
    "unlabelled": Situation(
        "start", "Start", _KEYS[:3] * 2, {"first": (0, 1, 2), "second": (3, 4, 5)}, None,
        on_circle(95, 215, 330, 60, 250, 310),
    ),
    "unlabelled_pairs": Situation(
        "start", "Start", _KEYS[:3] * 2, {"first": (0, 1, 2, 0), "second": (3, 4, 5, 4)}, (1, 1, 1, 0), FREE[:6]
    ),
}  # fmt: skip
