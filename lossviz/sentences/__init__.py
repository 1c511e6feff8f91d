"""The book's sentences, their real embeddings, and examples of the seven input types.

Everything refers to a sentence by its key:

    >>> sentence("ran_to_bank").text
    'He ran to the bank.'
    >>> embeddings(["ran_the_bank", "ran_to_bank"]).shape
    torch.Size([2, 384])
    >>> examples("labelled_pairs")[0]
    ('soup_too_salty', 'heavy_hand', 1, 'paraphrase')

The sentences are our own (`sentences.json`); the embeddings are all-MiniLM-L6-v2's (`make_embeddings.py` wrote
`embeddings.npy`). Labels and scores are a person's judgement, so the model does not always agree with them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import numpy as np
import torch

__all__ = ["DIMENSION", "EXAMPLES", "Sentence", "embeddings", "examples", "sentence", "sentences", "topics"]

SENTENCES_FILE = Path(__file__).parent / "sentences.json"
EMBEDDINGS_FILE = Path(__file__).parent / "embeddings.npy"
DIMENSION = 384

# What `examples` can give: the seven input types, and one list that goes with the positive pairs.
EXAMPLES = (
    "labelled_pairs",
    "labelled_sentences",
    "scored_pairs",
    "classified_pairs",
    "triplets",
    "positive_pairs",
    "unlabelled",
    "false_negatives",
)


@dataclass(frozen=True)
class Sentence:
    """A sentence: its key, its text, a label of at most 16 characters for a point in a plot, and its topic."""

    key: str
    text: str
    short: str
    topic: str


def sentences() -> tuple[Sentence, ...]:
    """All sentences, in the order of the rows of `embeddings()`."""
    return tuple(_by_key().values())


def sentence(key: str) -> Sentence:
    """The sentence with this key. Raises KeyError, with the closest keys, when there is none."""
    found = _by_key().get(key) if isinstance(key, str) else None
    if found is None:
        raise KeyError(f"key: expected the key of a sentence, got {key!r}{_closest(key, _by_key())}")
    return found


def topics() -> tuple[str, ...]:
    """The names of the topics; a label of `examples("labelled_sentences")` is an index into them."""
    return tuple(_document()["topics"])


def embeddings(keys: Iterable[str] | None = None) -> torch.Tensor:
    """The embeddings of these sentences, in this order; of all sentences when `keys` is None.

    Returns a new float32 tensor of shape (len(keys), 384) whose rows have length 1.
    Raises ValueError when `keys` is not a sequence of keys, KeyError when a key is unknown.
    """
    if keys is None:
        return _all_embeddings().clone()
    if isinstance(keys, str) or not isinstance(keys, Iterable):
        raise ValueError(f"keys: expected a sequence of keys, such as ['cat_naps', 'dog_walk'], got {keys!r}")
    row = {key: index for index, key in enumerate(_by_key())}
    rows = [row[sentence(key).key] for key in keys]
    return _all_embeddings()[torch.tensor(rows, dtype=torch.long)]


def examples(input_type_name: str) -> tuple[tuple, ...]:
    """The examples of one input type, a tuple each; sentences are given by their keys.

    ====================  =============================  ==========================================================
    name                  each example                   where
    ====================  =============================  ==========================================================
    labelled_pairs        (anchor, other, label, kind)   label 1 near, 0 far; kind "paraphrase", "duplicate" (1),
                                                         "hard negative" (shared words), "easy negative" (0)
    labelled_sentences    (sentence, label)              label is the index of the sentence's topic in `topics()`
    scored_pairs          (first, second, score)         score from 0 (unrelated) to 1 (the same)
    classified_pairs      (first, second, label)         0 entailment, 1 neutral, 2 contradiction
    triplets              (anchor, positive, negative)   the negative is a hard one
    positive_pairs        (anchor, positive)             one anchor has two positives, one positive two anchors
    unlabelled            (sentence,)
    false_negatives       (anchor, positive)             the positive of *another* row of positive_pairs, right for
                                                         this anchor too: in one batch it would count as a negative
    ====================  =============================  ==========================================================

    Raises ValueError for any other name.
    """
    if input_type_name not in EXAMPLES:
        expected = f"input_type_name: expected one of {', '.join(EXAMPLES)}"
        raise ValueError(f"{expected}, got {input_type_name!r}{_closest(input_type_name, EXAMPLES)}")
    return tuple(tuple(row) for row in _document()[input_type_name])


@cache
def _document() -> dict:
    return json.loads(SENTENCES_FILE.read_text(encoding="utf-8"))


@cache
def _by_key() -> dict[str, Sentence]:
    return {row["key"]: Sentence(**row) for row in _document()["sentences"]}


@cache
def _all_embeddings() -> torch.Tensor:
    stored = torch.from_numpy(np.load(EMBEDDINGS_FILE))
    expected = (len(_by_key()), DIMENSION)
    if stored.shape != expected:
        raise RuntimeError(
            f"{EMBEDDINGS_FILE.name}: expected shape {expected}, got {tuple(stored.shape)}; the sentences have "
            "changed since it was made: run python -m lossviz.sentences.make_embeddings"
        )
    return stored


def _closest(name: object, known: Iterable[str]) -> str:
    """The end of an error message: the known names that look most like this one, if any do."""
    close = get_close_matches(str(name), known)
    return f"; did you mean {' or '.join(close)}?" if close else ""
