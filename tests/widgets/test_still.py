"""The picture of a state: its numbers are those of the loss, its arrows lead down, and it weighs little."""

import json
import math
import re

import pytest
import torch
from torch.nn.functional import cosine_similarity, cross_entropy, normalize

from lossviz import (
    BatchHardTripletLoss,
    ContrastiveLoss,
    CosineSimilarityLoss,
    MultipleNegativesRankingLoss,
    MultipleNegativesSymmetricRankingLoss,
    explore,
)
from lossviz.catalogue import ENTRIES
from lossviz.losses import Terms
from lossviz.widgets import address, still
from tests.widgets.printed import shows

MOST = 15_000  # bytes
each_loss = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.loss.__name__)


def spec_of(loss, **options) -> dict:
    """Nothing is lowered: torch draws."""
    return json.loads(json.dumps(explore(loss, name="here", engine="kernel", **options).spec))


def seen(spec: dict, query: str = "situation=start") -> still.Still:
    _, asked = address.split(f"#here?{query}")
    return still.Still.of(spec, address.follow(spec, address.first(spec), f"#here?{query}"), "ask" in asked)


def torch_terms(picture: still.Still) -> Terms:
    return picture.scene.terms()


def ends(rope: dict) -> tuple[int, int, str]:
    return (*sorted((rope["from"], rope["to"])), rope["side"])


def words(picture: still.Still) -> list[str]:
    """What stands in the picture as it is published."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", still.as_svg(still.draw(picture)))


# ---- numbers


@each_loss
def test_it_says_the_loss_as_the_explorer_does_and_weighs_little(entry):
    explorer = explore(entry.default(), name="here", engine="kernel")
    spec = json.loads(json.dumps(explorer.spec))
    most = max(range(len(spec["situations"])), key=lambda index: len(spec["situations"][index]["sentences"]))
    for index in (0, most):
        name = spec["situations"][index]["name"].replace(" ", "-")
        state = address.follow(spec, address.first(spec), f"#here?situation={name}")
        explorer.state = {name: state[name] for name in explorer.state}
        picture = still.Still.of(spec, state)
        value = picture.loss
        assert shows(value, explorer.terms().loss.item())
        assert f"{entry.loss.__name__}" in still.description(picture)
        assert f" is {value}. " in still.description(picture)
        assert spec["situations"][index]["title"] in still.description(picture)
        published = still.as_svg(still.draw(picture))
        assert value in words(picture) and entry.loss.__name__ in words(picture)
        assert len(published.encode()) < MOST


def test_the_loss_is_that_of_torch():
    picture = seen(spec_of(MultipleNegativesRankingLoss()), "situation=start&scale=5&A=10")
    anchors, positives = (normalize(each, dim=-1) for each in picture.scene.inputs())
    assert anchors[0].tolist() == pytest.approx([math.cos(math.radians(10)), math.sin(math.radians(10))])
    expected = cross_entropy(5 * anchors @ positives.T, torch.arange(3))
    assert f"{expected:.4f}" in words(picture)


def test_the_terms_are_those_of_torch_the_largest_first():
    picture = seen(spec_of(CosineSimilarityLoss()))
    first, second, scores = picture.scene.inputs()
    costs = (cosine_similarity(first, second) - scores) ** 2 / len(scores)
    expected = costs.sort(descending=True).values.tolist()
    assert [each["value"] for each in picture.terms] == pytest.approx(expected)
    shown = [each for each in words(picture) if re.fullmatch(r"0\.\d{4}|\d\.\d·10⁻.", each)]
    assert [shows(*each) for each in zip(shown, (sum(expected), *expected), strict=True)] == [True] * len(shown)


@each_loss
def test_the_terms_sum_to_the_loss(entry):
    picture = seen(spec_of(entry.default()))
    values = [*torch_terms(picture).values[torch_terms(picture).valid].tolist()]
    rest = sum(sorted(values, key=abs)[: -still.MOST_BARS])
    assert sum(each["value"] for each in picture.terms) + rest == pytest.approx(sum(values), abs=1e-9)
    assert abs(rest) < 1e-11 or shows(picture.rest.split(" more add ")[1], rest)


# ---- letters, lines, arrows


def test_a_term_is_called_by_its_letters():
    both = seen(spec_of(MultipleNegativesSymmetricRankingLoss()))
    assert {each["letters"] for each in both.terms} < set("ABCDEF")
    pairs = seen(spec_of(CosineSimilarityLoss()))
    rows = zip(*pairs.scene.batch.rows.values(), strict=True)
    assert {each["letters"] for each in pairs.terms} == {"–".join(map("ABCDEFGH".__getitem__, row)) for row in rows}


def test_the_side_of_a_line_is_what_the_label_says():
    picture = seen(spec_of(ContrastiveLoss()))
    batch = picture.scene.batch
    expected = {
        (min(ends), max(ends), "positive" if label else "negative")
        for *ends, label in zip(*batch.rows.values(), batch.labels, strict=True)
    }
    assert set(map(ends, picture.ropes)) == expected


def test_a_line_is_strong_where_the_pair_has_a_gradient():
    picture = seen(spec_of(ContrastiveLoss()))
    first, second, labels = picture.scene.inputs()
    distance = 1 - cosine_similarity(first, second)
    felt = torch.where(labels == 1, distance, (0.5 - distance).clamp(min=0))
    strong = {ends(each) for each in picture.ropes if each["weight"] > 0}
    rows = list(zip(*picture.scene.batch.rows.values(), strict=True))
    assert {tuple(sorted(rows[k])) for k in felt.nonzero().flatten().tolist()} == {key[:2] for key in strong}
    assert 0 < len(strong) < len(picture.ropes)


@pytest.mark.parametrize("loss", [MultipleNegativesRankingLoss(), BatchHardTripletLoss()], ids=["circle", "free"])
def test_a_little_way_along_an_arrow_the_loss_is_lower(loss):
    picture = seen(spec_of(loss))
    assert picture.circle == isinstance(loss, MultipleNegativesRankingLoss)
    to_pixel, unit = still.place_of(picture)
    places, gradients = picture.scene.points.tolist(), picture.gradients
    arrows = 0
    for index, (place, gradient) in enumerate(zip(places, gradients, strict=True)):
        way = still.way_of(picture, place, gradient, to_pixel, unit)
        if len(way) and math.dist(way[0], way[-1]) > still.SHORTEST:
            step = [1e-4 * (way[1][0] - way[0][0]), -1e-4 * (way[1][1] - way[0][1])]
            moved = picture.scene.points.clone()
            moved[index] += torch.tensor(step)
            assert picture.scene.loss(*picture.scene.batch.inputs(moved)) < torch_terms(picture).loss
            arrows += 1
    assert arrows > 2


def test_points_that_cover_one_another_are_named_beside_them():
    assert "A B C D E F" in words(seen(spec_of(MultipleNegativesRankingLoss()), "situation=collapsed"))


# ---- what it leaves out


def test_a_question_is_asked_and_not_answered():
    spec = spec_of(MultipleNegativesRankingLoss())
    asked, answered = (seen(spec, f"situation=add-pairs{flag}") for flag in ("&ask", ""))
    value = asked.loss
    assert value in words(answered) and value not in " ".join(words(asked))
    assert "active" not in " ".join(words(asked)) and value not in still.description(asked)
    for option in asked.question.options:
        assert f"○ {option}" in words(asked)
    assert asked.question.prompt in still.description(asked)


def test_beyond_two_dimensions_there_are_the_terms_alone():
    flat, real = seen(spec_of(CosineSimilarityLoss())), seen(spec_of(CosineSimilarityLoss(), dimension=384))
    assert {"A", "B"} <= set(words(flat)) and not {"A", "B"} & set(words(real))
    assert still.draw(real).get_size_inches()[1] < still.draw(flat).get_size_inches()[1]
    assert f"{torch_terms(real).loss:.4f}" in words(real)


def test_it_is_drawn_the_same_every_time():
    spec = spec_of(BatchHardTripletLoss())
    assert still.as_svg(still.draw(seen(spec))) == still.as_svg(still.draw(seen(spec)))
