"""A sentence-transformer that trains in milliseconds, with random weights; the book's sentences as data sets for it."""

import copy
import random
import re
import tempfile
from functools import cache
from pathlib import Path

import torch
from datasets import Dataset
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from lossviz import sentences
from lossviz.inputs import InputType

WIDTH = 16


def model() -> SentenceTransformer:
    """Always the same weights, without dropout."""
    return copy.deepcopy(_model())


@cache
def _model() -> SentenceTransformer:
    found = {word for each in sentences.sentences() for word in re.findall(r"\w+|[^\w\s]", each.text.lower())}
    words = {word: place for place, word in enumerate(["[PAD]", "[UNK]", *sorted(found)])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=2 * WIDTH,
        max_position_embeddings=64,
        hidden_dropout_prob=0,
        attention_probs_dropout_prob=0,
        initializer_range=0.5,  # sentences lie apart
    )
    with tempfile.TemporaryDirectory() as folder:
        BertModel(config).save_pretrained(folder)
        fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
        fast.save_pretrained(folder)
        transformer = Transformer(folder)
    return SentenceTransformer(modules=[transformer, Pooling(WIDTH)], device="cpu")


def dataset(inputs: InputType, rows: int = 48) -> Dataset:
    """The book's examples of an input type, shuffled, from the first again when they are used up."""
    examples = sentences.examples("unlabelled" if inputs.twins else inputs.name)
    found = [each[: len(inputs.arguments)] for each in examples]
    if inputs.twins and inputs.labels:  # each with itself, and with the one before
        alone = [one for (one,) in found]
        found = [(one, other, float(one == other)) for k, one in enumerate(alone) for other in (one, alone[k - 1])]
    random.Random(0).shuffle(found)
    columns = zip(*(found[k % len(found)] for k in range(rows)), strict=True)
    named = zip((*inputs.rows, "label"), columns, strict=False)
    return Dataset.from_dict({name: list(map(_text, values)) for name, values in named})


def _text(value: str | float) -> str | float:
    return sentences.sentence(value).text if isinstance(value, str) else value


def load(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu")
