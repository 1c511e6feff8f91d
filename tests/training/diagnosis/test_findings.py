"""Every fault is planted, named, and its rows are listed; clean data are quiet."""

import math
import random
import zlib

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_transformers.sentence_transformer import losses as theirs

import lossviz
from lossviz import sentences
from lossviz.catalogue import ENTRIES
from lossviz.losses.wrappers import Cached
from lossviz.training import Gathered, for_trainer
from lossviz.training.diagnosis import diagnose
from lossviz.training.diagnosis.checks import CHECKS, findings
from lossviz.training.diagnosis.checks.rows import floor
from lossviz.training.diagnosis.look import Look
from tests.training import tiny
from tests.training.diagnosis.given import (
    ByHeart,
    classified_pairs,
    false_negatives,
    labelled_pairs,
    labelled_sentences,
    positive_pairs,
    scored_pairs,
    triplets,
)
from tests.widgets.own_losses import SMALLEST, StrangeAxesLoss

IN_BATCH = [
    lossviz.MultipleNegativesRankingLoss(),
    lossviz.MultipleNegativesRankingLoss(directions=("query_to_doc", "doc_to_query"), partition_mode="per_direction"),
    lossviz.MultipleNegativesRankingLoss(directions=("query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc")),
    lossviz.MultipleNegativesRankingLoss(hardness_mode="all_negatives", hardness_strength=5.0),
    lossviz.MultipleNegativesSymmetricRankingLoss(),
]
EVERY = [*(each.default() for each in ENTRIES), *SMALLEST, StrangeAxesLoss()]
RANKING = lossviz.MultipleNegativesRankingLoss()
FOUND = 0.9  # of the planted rows that have to be listed


def named(report) -> dict:
    return {each.name: each for each in report.findings}


def whole(loss, data, model=None, **settings):
    """All rows in one batch, in their order."""
    return diagnose(model or ByHeart(), loss, data, batches=None, batch_size=len(data), seed=None, **settings)


CLEAN = {
    "positive pairs": (RANKING, positive_pairs),
    "labelled pairs": (lossviz.ContrastiveLoss(), labelled_pairs),
    "labelled sentences": (lossviz.BatchHardTripletLoss(margin=0.5), labelled_sentences),
    "scored pairs": (lossviz.CosineSimilarityLoss(), scored_pairs),
    "classified pairs": (lossviz.SoftmaxLoss.initial(384, 3), classified_pairs),
    "triplets": (lossviz.TripletLoss(triplet_margin=1.0), triplets),
}


@pytest.mark.parametrize(("loss", "data"), CLEAN.values(), ids=CLEAN)
def test_clean_data_are_quiet(loss, data):
    assert whole(loss, data()).findings == []


@pytest.mark.parametrize(("loss", "data"), CLEAN.values(), ids=CLEAN)
def test_clean_data_are_quiet_in_small_batches(loss, data):
    """But for classes that a small batch holds once."""
    report = diagnose(ByHeart(), loss, data(), batches=None, batch_size=8)
    assert named(report).keys() <= {"alone"}


def with_duplicates():
    rows = positive_pairs()
    return RANKING, [*rows, rows[0], rows[3], (rows[5][0], rows[6][1])], {0, 3, 5, 6, *range(len(rows), len(rows) + 3)}


def with_false_negatives():
    rows, planted = positive_pairs(), false_negatives()
    return RANKING, rows + planted, set(range(len(rows), len(rows) + len(planted)))


def with_contradictions():
    rows = labelled_pairs()
    (a, b, label), (c, d, other) = rows[1], rows[4]
    return lossviz.ContrastiveLoss(), [*rows, (a, b, 1 - label), (d, c, 1 - other)], {1, 4, len(rows), len(rows) + 1}


def with_classes_alone():
    rows = labelled_sentences()
    planted = (3, 20, 40)
    rows = [(text, 10 + k) if k in planted else (text, label) for k, (text, label) in enumerate(rows)]
    return lossviz.BatchHardTripletLoss(margin=0.5), rows, set(planted)


def with_one_class():
    rows = [(text, 1) for text, label in labelled_sentences() if label == 1]
    return lossviz.BatchHardTripletLoss(margin=0.5), rows, set(range(len(rows)))


def with_scores_out_of_range():
    rows = [(first, second, score * 5) for first, second, score in scored_pairs()]
    return lossviz.CosineSimilarityLoss(), rows, {k for k, (*_, score) in enumerate(rows) if score > 1}


def with_swapped_labels():
    rows, planted = labelled_pairs(), (2, 10, 31)
    rows = [(a, b, 1 - label if k in planted else label) for k, (a, b, label) in enumerate(rows)]
    assert {rows[k][2] for k in planted} == {0, 1}
    return lossviz.ContrastiveLoss(), rows, set(planted)


def with_all_labels_swapped():
    rows = [(a, b, 1 - label) for a, b, label in labelled_pairs()]
    return lossviz.ContrastiveLoss(), rows, set(range(len(rows)))


def with_columns_exchanged():
    rows = [(anchor, negative, positive) for anchor, positive, negative in triplets()]
    return lossviz.TripletLoss(triplet_margin=1.0), rows, set(range(len(rows)))


def with_right_negatives():
    rows = triplets()
    rows[2], rows[5], rows[9] = (*rows[2][:2], rows[2][1]), (*rows[5][:2], rows[5][0]), (rows[8][0], *rows[9][1:])
    rows[8] = (*rows[8][:2], rows[9][1])  # a positive of the same anchor, in another row
    return RANKING, rows, {2, 5, 8}


def with_right_negatives_of_triplets():
    return lossviz.TripletLoss(triplet_margin=1.0), *with_right_negatives()[1:]


def with_broken_cells():
    rows = positive_pairs()
    return RANKING, [*rows, (rows[0][0], "  "), (None, rows[1][1])], {len(rows), len(rows) + 1}


PLANTED = {
    "duplicates": with_duplicates,
    "false_negatives": with_false_negatives,
    "contradictions": with_contradictions,
    "alone": with_classes_alone,
    "one_class": with_one_class,
    "out_of_range": with_scores_out_of_range,
    "wrong_side": with_swapped_labels,
    "swapped, all": with_all_labels_swapped,
    "swapped, triplets": with_columns_exchanged,
    "right_negatives": with_right_negatives,
    "right_negatives, triplets": with_right_negatives_of_triplets,
    "cells": with_broken_cells,
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_named_and_its_rows_are_listed(fault):
    loss, data, planted = PLANTED[fault]()
    found = named(whole(loss, data))[fault.partition(",")[0]]
    assert len(planted & set(found.rows)) >= FOUND * len(planted)
    assert found.title and found.said and found.change


@pytest.mark.parametrize("fault", ["duplicates", "contradictions", "right_negatives", "alone", "out_of_range", "cells"])
def test_what_texts_and_labels_say_is_listed_exactly(fault):
    loss, data, planted = PLANTED[fault]()
    assert set(named(whole(loss, data))[fault].rows) == planted


def test_faults_do_not_hide_each_other():
    """Seven in two sets of data."""
    rows = [*positive_pairs(), *false_negatives()]
    false = set(range(len(positive_pairs()), len(rows)))
    data = [*rows, rows[0], rows[3], ("", rows[1][1]), (rows[1][0], None)]
    loss, frozen = lossviz.MultipleNegativesRankingLoss(scale=1.0), ByHeart().requires_grad_(False)
    found = named(diagnose(frozen, loss, data, batches=None, batch_size=len(data)))
    assert found.keys() == {"duplicates", "false_negatives", "cells", "low_scale", "no_gradient"}
    assert set(found["duplicates"].rows) == {0, 3, len(rows), len(rows) + 1}
    assert set(found["cells"].rows) == {len(rows) + 2, len(rows) + 3}
    assert len(false & set(found["false_negatives"].rows)) >= FOUND * len(false)

    rows = labelled_sentences()
    data = [*rows, (rows[0][0], 3), (rows[9][0], 99)]
    found = named(whole(lossviz.BatchHardTripletLoss(), data))
    assert found.keys() == {"contradictions", "alone", "margin"}
    assert set(found["contradictions"].rows) == {0, 9, len(rows), len(rows) + 1}
    assert found["alone"].rows == (len(rows) + 1,)


def test_planted_faults_are_found_in_whatever_batches():
    loss, data, planted = with_scores_out_of_range()
    report = diagnose(ByHeart(), loss, data, batches=None, batch_size=8)
    assert len(report.looks) == math.ceil(len(data) / 8)
    assert set(named(report)["out_of_range"].rows) == planted


# ---- what no batch holds together


def planted_far_apart(name: str) -> tuple[object, list[tuple], set[int]]:
    """A thousand rows, and 60 that say what an earlier row says, with another case, other spaces or another label."""
    rows, many = made(1000, "a", "b"), random.Random(0).sample(range(1000), 60)
    if name == "duplicates":
        again = [(rows[k][0].upper(), f"  {rows[k][1]} ") for k in many]
        return RANKING, [*rows, *again], {*many, *range(1000, 1060)}
    loss, labelled = lossviz.ContrastiveLoss(), [(*row, k % 2) for k, row in enumerate(rows)]
    if name == "labelled duplicates":
        return loss, [*labelled, *(labelled[k] for k in many)], {*many, *range(1000, 1060)}
    if name == "classes":
        sentences_of_classes = [(a, k % 7) for k, (a, _) in enumerate(rows)]
        again = [(rows[k][0], (k + 1) % 7) for k in many]
        return HARDEST(margin=0.5), [*sentences_of_classes, *again], {*many, *range(1000, 1060)}
    return loss, [*labelled, *((rows[k][1], rows[k][0], 1 - k % 2) for k in many)], {*many, *range(1000, 1060)}


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("duplicates", "copies"),
        ("labelled duplicates", "copies"),
        ("contradictions", "contradictions"),
        ("classes", "contradictions"),
    ],
)
def test_what_no_batch_holds_together_is_found_in_the_whole_of_the_data(name, called):
    loss, data, planted = planted_far_apart(name)
    found = named(diagnose(topics(0.7), loss, data))[called]
    assert set(found.rows) == planted and found.shown[0].startswith("rows ")


def test_what_comes_once_is_quiet_and_one_negative_more_is_no_copy():
    rows = made(1000, "a", "b", "c")
    report = diagnose(topics(0.7), RANKING, [*rows, *((a, b, f"{c} too") for a, b, c in rows[:50])])
    assert not {"copies", "contradictions"} & named(report).keys()


def test_of_very_many_rows_the_first_are_compared(monkeypatch):
    monkeypatch.setattr("lossviz.training.diagnosis.copies.MOST_COMPARED", 50)
    monkeypatch.setattr("lossviz.training.diagnosis.text.MOST_COMPARED", 50)
    rows = made(100, "a", "b")
    report = diagnose(topics(0.7), RANKING, [*rows[:30], rows[3], *rows[30:], rows[5]], batches=1, batch_size=8)
    assert named(report)["copies"].rows == (3, 30)
    assert "copies were looked for among the first 50" in str(report)


# ---- honest data of other shapes, by the hundred


def drawn(text: str) -> torch.Tensor:
    return torch.randn(384, generator=torch.Generator().manual_seed(zlib.crc32(text.encode())))


def topics(noise: float, clusters: int = 0):
    """Texts "topic|rest": about the place of their topic, and of its cluster where there are any."""

    def place(text: str) -> torch.Tensor:
        topic = text.partition("|")[0]
        near = 1.5 * drawn(f"cluster {zlib.crc32(topic.encode()) % clusters}") if clusters else 0.0
        return drawn(topic) + near + noise * drawn(text)

    return lambda texts: torch.stack([place(text) for text in texts]).requires_grad_()


def alone(texts: list[str]) -> torch.Tensor:
    """Every text in a direction of its own."""
    return torch.stack([drawn(text) for text in texts]).requires_grad_()


def made(count: int, *rests: str) -> list[tuple]:
    return [tuple(f"t{k}|{rest}" for rest in rests) for k in range(count)]


def two_classes(count: int) -> list[tuple]:
    return [(f"class {k % 2}|{k}", "ab"[k % 2]) for k in range(count)]


def guessed(count: int, positives: float) -> list[tuple]:
    draw = random.Random(0)
    return [(*row, int(draw.random() < positives)) for row in made(count, "a", "b")]


def entailed_one_way() -> list[tuple]:
    rows = [(f"t{k}|a", f"t{k}|b") for k in range(32)]
    return [(a, b, 0) for a, b in rows] + [(b, a, 1) for a, b in rows]


def with_hard_negatives(count: int) -> list[tuple]:
    """Half of the negatives are of the topic, and about as near as the positive."""
    return [(f"t{k}|a", f"t{k}|b", f"t{k if k % 2 else k + count}|c") for k in range(count)]


PAIRS, TRIPLET, HARDEST = made(512, "a", "b"), lossviz.TripletLoss(triplet_margin=1.0), lossviz.BatchHardTripletLoss
HONEST = {  # name → loss, data, encoder, rows of a batch, what is right to be said
    "pairs": (RANKING, PAIRS, topics(0.7), 32, set()),
    "pairs far apart": (RANKING, PAIRS, topics(2.5), 32, set()),
    "a large batch": (RANKING, PAIRS, topics(2.5), 256, set()),
    "clusters": (RANKING, PAIRS, topics(0.9, clusters=8), 32, set()),
    "clusters in a large batch": (RANKING, PAIRS, topics(0.9, clusters=8), 256, set()),
    "a last batch of one": (RANKING, PAIRS[:33], topics(0.7), 32, {"single_row"}),
    "a last batch of two": (HARDEST(margin=0.5), two_classes(34), topics(0.7), 32, {"inactive"}),
    "two classes learned": (HARDEST(margin=0.5), two_classes(64), topics(0.1), 32, {"inactive"}),
    "entailment in one direction": (lossviz.SoftmaxLoss.initial(384, 3), entailed_one_way(), topics(0.7), 64, set()),
    "hard negatives": (TRIPLET, with_hard_negatives(256), topics(0.7), 32, {"inactive"}),
    "hard negatives in the batch": (RANKING, with_hard_negatives(256), topics(0.7), 32, set()),
    "random pairs": (RANKING, PAIRS, alone, 32, {"stuck"}),
    "random triplets": (TRIPLET, made(256, "a", "b", "c"), alone, 32, {"stuck"}),
    "random, three negatives": (RANKING, made(256, "a", "b", "c", "d", "e"), alone, 32, {"stuck"}),
    "random labels": (lossviz.ContrastiveLoss(), guessed(512, 0.5), alone, 32, {"stuck"}),
    "random labels, few positives": (
        lossviz.ContrastiveLoss(),
        guessed(512, 0.15),
        alone,
        32,
        {"stuck", "inactive", "carried"},
    ),
    "random scores": (lossviz.CoSENTLoss(), [(*row, k / 512) for k, row in enumerate(PAIRS)], topics(0.7), 32, set()),
}


@pytest.mark.parametrize(("loss", "data", "model", "size", "right"), HONEST.values(), ids=HONEST)
def test_honest_data_are_quiet(loss, data, model, size, right):
    for seed in range(3):
        assert named(diagnose(model, loss, data, batches=None, batch_size=size, seed=seed)).keys() <= right


def cosines(count: int, apart: float, swapped: float, seed: int) -> Look:
    """Pairs of two labels, whose cosines are normal and so many standard deviations apart; some labels are swapped."""
    generator = torch.Generator().manual_seed(seed)
    near, wrong = (torch.rand(count, generator=generator) < part for part in (0.5, swapped))
    cosine = (0.2 + 0.08 * (torch.randn(count, generator=generator) + apart * near)).double()
    rows = {"anchor": torch.tensor([[1.0, 0.0]]).double().expand(count, 2)}
    rows["other"] = torch.stack([cosine, (1 - cosine.square()).clamp(min=0).sqrt()], 1)
    texts = {name: tuple(f"{name} {k}" for k in range(count)) for name in rows}
    return Look(lossviz.ContrastiveLoss(), rows, (near ^ wrong).double(), texts, tuple(range(count)))


@pytest.mark.parametrize("apart", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
@pytest.mark.parametrize(("count", "batches"), [(32, 200), (256, 25)])
def test_rows_on_the_wrong_side_are_rare_where_all_labels_are_right(count, batches, apart):
    looks = [cosines(count, apart, 0.0, seed) for seed in range(batches)]
    assert sum(CHECKS["wrong_side"](each) is not None for each in looks) <= 0.02 * batches
    assert not any(CHECKS["swapped"](each) for each in looks)


@pytest.mark.parametrize("apart", [4.0, 5.0, 6.0])
def test_a_twentieth_of_labels_swapped_is_found(apart):
    looks = [cosines(256, apart, 0.05, seed) for seed in range(25)]
    assert sum(CHECKS["wrong_side"](each) is not None for each in looks) >= 0.8 * len(looks)
    assert "mislabelled" in next(filter(None, map(CHECKS["wrong_side"], looks))).title


def shuffled(count: int) -> list[str]:
    return [f"t{k}|b" for k in random.Random(0).sample(range(count), count)]


SHUFFLED = {
    "pairs": (RANKING, ()),
    "labelled pairs": (lossviz.ContrastiveLoss(), ([k % 2 for k in range(256)],)),
    "scored pairs": (lossviz.CosineSimilarityLoss(), ([k / 256 for k in range(256)],)),
    "triplets": (TRIPLET, ([f"t{k}|c" for k in range(256, 512)],)),
}


@pytest.mark.parametrize(("loss", "more"), SHUFFLED.values(), ids=SHUFFLED)
@pytest.mark.parametrize("noise", [0.4, 0.7, 1.5])
def test_a_column_that_was_shuffled_alone_is_named_in_its_rows(loss, more, noise):
    data = list(zip([f"t{k}|a" for k in range(256)], shuffled(256), *more, strict=True))
    found = named(diagnose(topics(noise), loss, data, batches=None))
    assert "stuck" in found and "false_negatives" not in found
    if loss is RANKING:
        assert len(found["stuck"].rows) >= FOUND * len(data)


def test_a_class_that_is_asked_of_one_order_alone_can_contradict_itself():
    rows = entailed_one_way()
    found = named(whole(lossviz.SoftmaxLoss.initial(384, 3), [*rows, (*rows[4][:2], 1 - rows[4][2])], topics(0.7)))
    assert found["contradictions"].rows == (4, len(rows))


# ---- the encoder and the loss


def spread(towards: float) -> torch.Tensor:
    rows = sentences.embeddings()
    return rows + towards * rows.mean(0) / rows.mean(0).norm()


def test_a_collapse_is_named_with_the_number_that_it_costs():
    rows = positive_pairs()
    found = named(whole(RANKING, rows, ByHeart(spread(100.0))))["collapse"]
    assert f"ln {len(rows)}" in found.said
    assert "(margin)" in named(whole(*with_margin(), ByHeart(spread(100.0))))["collapse"].said


def test_a_line_that_tells_no_classes_apart_is_a_collapse():
    """Two classes at both ends of it would be learned; these are at one place."""
    rows = [(f"t{k}|a", "ab"[k % 2]) for k in range(32)]

    def line(texts: list[str]) -> torch.Tensor:
        return torch.outer(torch.arange(len(texts)) - 15.5, drawn("up")).requires_grad_()

    assert "collapse" in named(whole(lossviz.BatchHardTripletLoss(margin=0.5), rows, line))


def with_margin():
    return lossviz.BatchHardTripletLoss(margin=0.01), labelled_sentences()


def test_columns_that_do_not_belong_together_are_not_taken_for_a_collapse():
    all_apart = ByHeart(torch.eye(len(sentences.sentences())))
    assert {"stuck"} == named(whole(RANKING, positive_pairs(), all_apart)).keys()


def test_a_scale_of_1_is_named_with_what_it_can_reach():
    loss, rows = lossviz.MultipleNegativesRankingLoss(scale=1.0), positive_pairs()
    found = named(whole(loss, rows))["low_scale"]
    reachable = math.log(1 + (len(rows) - 1) * math.exp(-1))
    assert f"{reachable:.4g}" in found.said and f"{math.log(len(rows)):.4g}" in found.said


def test_an_encoder_without_a_gradient_is_named():
    frozen = ByHeart().requires_grad_(False)
    assert {"no_gradient"} == named(whole(RANKING, positive_pairs(), frozen)).keys()
    learned = ByHeart()
    assert {"no_gradient"} == named(whole(RANKING, positive_pairs(), lambda texts: learned(texts).detach())).keys()


def test_a_margin_out_of_reach_is_named():
    found = named(whole(lossviz.BatchHardTripletLoss(), labelled_sentences()))
    assert {"margin"} == found.keys() and "today no negative is far enough" in found["margin"].said


@pytest.mark.parametrize("value", [0.0, -0.5, 0.001])
@pytest.mark.parametrize("name", ["labelled pairs", "labelled sentences", "triplets"])
def test_a_margin_that_is_next_to_nothing_is_named(name, value):
    loss, data = CLEAN[name]
    setting = "triplet_margin" if name == "triplets" else "margin"
    found = named(whole(loss.changed(**{setting: value}), data()))
    assert f"{setting} is {value:g}, and half of the distances" in found["small_margin"].said
    assert "margin" not in found


@pytest.mark.parametrize("loss", [lossviz.CoSENTLoss(scale=1.0), lossviz.AnglELoss(scale=0.5)])
def test_a_scale_of_1_is_named_where_pairs_are_compared(loss):
    assert "The scale is" in named(whole(loss, scored_pairs()))["low_scale"].said
    assert "low_scale" not in named(whole(loss.changed(scale=20.0), scored_pairs()))


def test_an_easy_batch_is_named():
    rows = [row for row in labelled_pairs() if row[2] == 0] + [(text, text, 1) for text, *_ in labelled_pairs()[:5]]
    found = named(whole(lossviz.ContrastiveLoss(), rows))["inactive"]
    assert found.said.startswith("0 of ")


def test_the_rows_that_carry_the_gradient_are_named():
    rows = scored_pairs()
    look = whole(lossviz.CoSENTLoss(), rows).looks[0]
    found = named(whole(lossviz.CoSENTLoss(), rows))["carried"]
    assert found.rows == (int(look.shares.argmax()),) and look.shares[list(found.rows)].sum() > 0.5


def test_a_batch_of_one_row_is_named():
    rows = positive_pairs()[:5]
    report = diagnose(ByHeart(), RANKING, rows, batches=None, batch_size=4, seed=None)
    assert named(report)["single_row"].rows == (4,)


def test_embeddings_that_are_not_finite_are_named_with_their_rows():
    rows, model = positive_pairs(), ByHeart()
    with torch.no_grad():
        model.rows.weight[model.known[rows[3][1]]] = torch.nan
    report = whole(RANKING, rows, model)
    assert {each.name: each.rows for each in report.findings} == {"not_finite": (3,)}
    assert "nan" not in str(report).lower().replace("nan or infinity", "").replace("#nan", "").replace("is it nan", "")


def test_every_check_is_tried_here():
    tried = {each.partition(",")[0] for each in PLANTED}
    tried |= {
        "collapse",
        "stuck",
        "low_scale",
        "no_gradient",
        "margin",
        "small_margin",
        "inactive",
        "carried",
        "single_row",
    }
    assert CHECKS.keys() == (tried - {"cells"}) | {"not_finite"}


# ---- numbers


def test_the_floor_of_identical_pairs_is_that_of_the_book():
    """k identical pairs in B cost (k / B) · ln k."""
    rows = positive_pairs()[:12]
    data = rows + [rows[0]] * 3
    found = named(whole(RANKING, data))["duplicates"]
    assert f"{4 / 15 * math.log(4):.4f}" in found.said


@given(
    texts=st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=2, max_size=8),
    seed=st.integers(0, 9),
    scale=st.sampled_from([1.0, 20.0, 200.0]),
    loss=st.sampled_from(IN_BATCH),
)
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_no_embeddings_get_below_the_floor(texts, seed, scale, loss):
    """Wherever the texts stand, copies on one point: anchors, positives, and a negative for each."""
    points = torch.nn.functional.normalize(torch.randn(4, 3, generator=torch.Generator().manual_seed(seed))).double()
    columns = list(zip(*texts, strict=True))
    rows = {name: points[list(each)] for name, each in zip(("anchor", "positive", "negative"), columns, strict=True)}
    words = {name: tuple(map(str, each)) for name, each in zip(rows, columns, strict=True)}
    look = Look(loss.changed(scale=scale), rows, None, words, tuple(range(len(texts))))
    assert look.value >= floor(look) - 1e-9


def test_no_model_gets_below_the_floor():
    """Found by training: the points of a batch with copies on both sides."""
    rows = positive_pairs()[:5]
    data = [*rows, rows[0], (rows[1][0], rows[2][1]), (rows[3][0], rows[4][1]), (rows[3][0], rows[4][1])]
    loss = lossviz.MultipleNegativesSymmetricRankingLoss(scale=60.0)
    floor = float(named(whole(loss, data))["duplicates"].said.split("below ")[1].split(",")[0])
    texts = sorted({text for row in data for text in row})
    points = torch.randn(len(texts), 9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    optimizer = torch.optim.Adam([points.requires_grad_()], lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        reached = loss.value(*(points[[texts.index(row[k]) for row in data]] for k in (0, 1)))
        reached.backward()
        optimizer.step()
    assert floor - 1e-4 <= reached.item() <= 1.05 * floor


@pytest.mark.parametrize("loss", EVERY, ids=lambda each: type(each).__name__)
def test_a_look_agrees_with_the_loss_and_its_gradient(loss):
    inputs = loss.inputs.example(batch=9, dimension=2)
    names = loss.inputs.rows
    rows = dict(zip(names, inputs, strict=False))
    labels = inputs[-1] if loss.inputs.labels else None
    texts = {name: tuple(f"{name} {k}" for k in range(9)) for name in names}
    look = Look(loss, rows, labels, texts, tuple(range(9)))
    leaves = [each.clone().requires_grad_() for each in rows.values()]
    value = loss.terms(*leaves, *([] if labels is None else [labels])).loss
    value.backward()
    pulls = sum(each.grad.norm(dim=-1) for each in leaves)
    assert look.value == pytest.approx(value.item(), abs=1e-12)
    torch.testing.assert_close(look.pulls, pulls)
    torch.testing.assert_close(look.shares.sum(), torch.ones((), dtype=torch.float64))
    assert all(math.isfinite(each) for each in look.measures().values())
    assert isinstance(findings(look), list)


def test_rank_and_mean_cosine_are_those_of_their_definitions():
    rows = {"anchor": torch.eye(4, dtype=torch.float64), "positive": torch.eye(4, dtype=torch.float64)}
    texts = {name: ("a", "b", "c", "d") for name in rows}
    look = Look(RANKING, rows, None, texts, (0, 1, 2, 3))
    assert look.mean_cosine == pytest.approx(0)
    assert look.rank == pytest.approx(3)  # four corners of a tetrahedron


def test_where_there_are_too_many_terms_value_and_gradient_are_still_known(monkeypatch):
    loss, rows = lossviz.BatchAllTripletLoss(margin=0.5), labelled_sentences()
    before = whole(loss, rows).looks[0]
    assert before.terms and before.value
    monkeypatch.setattr("lossviz.training.diagnosis.look.MOST_TERMS", 10)
    after = whole(loss, rows).looks[0]
    assert after.terms is None and "active" not in after.measures()
    assert after.value == pytest.approx(before.value, abs=1e-9)
    torch.testing.assert_close(after.pulls, before.pulls)


def test_a_classifier_that_does_not_fit_the_model_is_an_error():
    with pytest.raises(ValueError, match=r"weight: expected shape \(classes, 1152\)"):
        whole(lossviz.SoftmaxLoss.initial(10, 3), classified_pairs())
    with pytest.raises(ValueError, match="scale: expected a positive number"):
        whole(lossviz.MultipleNegativesRankingLoss(scale=-1.0), positive_pairs())


# ---- whose loss it is


def test_one_report_for_every_form_of_a_loss():
    model = tiny.model()
    ours = lossviz.MultipleNegativesRankingLoss(scale=5.0)
    forms = [
        theirs.MultipleNegativesRankingLoss(model, scale=5.0),
        for_trainer(ours, model),
        Cached(ours, model),
        Gathered(ours),
    ]
    expected = diagnose(model, ours, positive_pairs())
    assert [str(diagnose(model, each, positive_pairs())) for each in forms] == [str(expected)] * len(forms)
    cached = diagnose(model, theirs.CachedMultipleNegativesRankingLoss(model, scale=5.0), positive_pairs())
    assert cached.looks[0].value == expected.looks[0].value


@pytest.mark.parametrize(("loss", "said"), [(lossviz.TripletLoss, r"a loss, TripletLoss\(…\), got its class"), (5, "")])
def test_what_is_no_loss_is_an_error(loss, said):
    with pytest.raises(ValueError, match=f"^loss: expected {said}"):
        whole(loss, positive_pairs())
