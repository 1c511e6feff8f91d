"""The score matrix: who finds whom, along rows and down columns, in one sum or in several."""

import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor

import lossviz
from lossviz.distances import similarities
from lossviz.inputs import LABELLED_SENTENCES, POSITIVE_PAIRS, UNLABELLED
from lossviz.losses import (
    ContrastiveTensionLossInBatchNegatives,
    MultipleNegativesRankingLoss,
    MultipleNegativesSymmetricRankingLoss,
)
from lossviz.losses.base import Loss, Terms
from lossviz.situations import on_circle
from tests.widgets.charts.given import given_of

DOUBLE = torch.float64
READ = "score_matrix_read.read(given, readings_terms.termsOf(given), readings_terms.createGeneric(given))"
SCENE = f"{{ ...given, lit: null, reading: {{ terms: {READ} }} }}"
MASK = f"score_matrix_mask.mask({SCENE})"
BOTH = ("query_to_doc", "doc_to_query")
ALL_FOUR = ("query_to_doc", "query_to_query", "doc_to_query", "doc_to_doc")
LOWEST = -1e300  # what a search leaves out has the lowest number there is, which JSON has not


def at(*angles: float) -> Tensor:
    return torch.tensor(on_circle(*angles), dtype=DOUBLE)


ANCHORS, POSITIVES, NEGATIVES = at(90, 190, 290), at(30, 140, 250), at(100, 200, 320)


def ranking(**options: object) -> MultipleNegativesRankingLoss:
    return MultipleNegativesRankingLoss(scale=3.0, **options)


def given_to(loss: Loss, *rows: Tensor) -> dict:
    given = given_of(loss, *(rows or (ANCHORS, POSITIVES)))
    terms = given["result"]["terms"]
    terms["matrix"] = [max(each, LOWEST) for each in terms["matrix"]]
    return given


@dataclass(frozen=True, eq=False)
class Margins(Loss):
    """A reader's own: every rival within a margin costs; no shares, no target."""

    inputs = POSITIVE_PAIRS
    axes = ("anchor",)
    reads = "cosine"

    def define(self, anchor: Tensor, positive: Tensor, *negatives: Tensor) -> Terms:
        cosine = similarities("cosine", anchor, torch.cat([positive, *negatives], -2))
        own = cosine.diagonal(dim1=-2, dim2=-1).unsqueeze(-1)
        return Terms(cosine, (cosine - own + 0.3).relu().sum(-1))


@dataclass(frozen=True, eq=False)
class Passes(Loss):
    """A reader's own, of two passes, searched both ways."""

    inputs = UNLABELLED
    axes = ("direction", "anchor")

    def define(self, first: Tensor, second: Tensor) -> Terms:
        distance = 1 - similarities("cosine", first, second)
        own = distance.diagonal(dim1=-2, dim2=-1)
        return Terms(distance, torch.stack([own - distance.mean(-1), own - distance.mean(-2)], -2))


@dataclass(frozen=True, eq=False)
class Neighbours(Loss):
    """A reader's own, of sentences among each other."""

    inputs = LABELLED_SENTENCES
    axes = ("anchor",)
    chart = "score_matrix"
    reads = "cosine"

    def define(self, embeddings: Tensor, labels: Tensor) -> Terms:
        cosine = similarities("cosine", embeddings, embeddings)
        return Terms(cosine, cosine.mean(-1) + 1)


# ---- one search a row


@pytest.mark.parametrize("rows", [(ANCHORS, POSITIVES), (ANCHORS, POSITIVES, NEGATIVES)])
def test_the_shares_of_an_anchor_are_the_softmax_of_its_logits(javascript, rows):
    """It is pulled by what its positive lacks, and pushed by what each rival has, as torch says of their similarity."""
    given = given_to(ranking(), *rows)
    assert javascript("score_matrix_read.fits(given)", given)
    terms = ranking().complete(rows[0].clone().requires_grad_(), *rows[1:])
    shares = terms.matrix.detach().softmax(-1)
    read = javascript(READ, given)
    assert np.array([[each["share"] for each in term["candidates"]] for term in read]) == pytest.approx(shares.numpy())
    assert [[each["positive"] for each in term["candidates"]] for term in read] == terms.positive.tolist()
    for row, term in enumerate(read):
        (slope,) = torch.autograd.grad(3 * terms.values[row], terms.matrix, retain_graph=True)
        signed = [each["weight"] * (1 if each["side"] == "negative" else -1) for each in term["links"]]
        assert signed == pytest.approx(slope[row].tolist())
        assert [each["to"] for each in term["links"]] == list(range(3, 3 * len(rows)))


def test_a_search_in_words(javascript):
    read = javascript(READ, given_to(ranking()))
    shares = ranking().terms(ANCHORS, POSITIVES).matrix.softmax(-1)
    told = [shares[0, k].item() for k in (0, shares[0, 1:].argmax().item() + 1)]
    own, rival = javascript("given.map(words.percent)", told)
    assert read[0]["who"] == "cat → hen"
    assert read[0]["note"] == (
        f"A, “cat”, gives its positive “hen” a share of {own}; its strongest rival “bee” has {rival}."
    )
    (alone,) = javascript(READ, given_to(ranking(), ANCHORS[:1], POSITIVES[:1]))
    assert alone["note"] == "A, “cat”, gives its positive “dog” a share of 100\u00a0%; it has no rival."


# ---- several directions


def test_each_direction_has_its_block_of_columns(javascript):
    """Shares of one sum add up to 1, and a search leaves itself out."""
    loss = ranking(directions=ALL_FOUR)
    expected = loss.terms(ANCHORS, POSITIVES).matrix.softmax(-1)
    anchors, positives = range(3), range(3, 6)
    for row, term in enumerate(javascript(READ, given_to(loss))):
        found = {each["column"]: each for each in term["candidates"]}
        assert set(range(12)) - set(found) == {3 + row, 9 + row}
        for column, each in found.items():
            block, place = divmod(column, 3)
            assert each["from"] == (anchors if block < 2 else positives)[row]
            assert each["point"] == (positives if block in (0, 3) else anchors)[place]
            assert each["share"] == pytest.approx(expected[row, column].item())
        assert sum(each["share"] for each in term["candidates"]) == pytest.approx(1)


def test_by_direction_each_block_shares_out_the_whole(javascript):
    read = javascript(READ, given_to(ranking(directions=BOTH, partition_mode="per_direction")))
    assert [term["letters"] for term in read] == ["A–D", "B–E", "C–F"]
    for term in read:
        there, back = (each for each in term["candidates"] if each["positive"])
        own, other = javascript("given.map(({ share }) => words.percent(share))", [there, back])
        assert f"a share of {own}, which gives back {other};" in term["note"]
        for block in (0, 1):
            shares = [each["share"] for each in term["candidates"] if each["column"] // 3 == block]
            assert sum(shares) == pytest.approx(1)
        assert sum(each["weight"] for each in term["links"]) == pytest.approx(2 - there["share"] - back["share"])


def test_in_a_joint_sum_the_way_back_is_one_more_rival_of_the_pair(javascript):
    """The pull on a pair is what torch says of its similarity: 1 − 2 · share."""
    loss = ranking(directions=BOTH)
    shares = loss.terms(ANCHORS, POSITIVES).matrix.softmax(-1)
    for row, term in enumerate(javascript(READ, given_to(loss))):
        (pull,) = (link["weight"] for link in term["links"] if link["side"] == "positive")
        assert pull == pytest.approx(1 - 2 * shares[row, row].item())
        assert "and as much again for the way back;" in term["note"]
        pushed = sum(link["weight"] for link in term["links"] if link["side"] == "negative")
        assert pushed == pytest.approx(pull)


@pytest.mark.parametrize(
    ("loss", "wanted"),
    [
        (MultipleNegativesSymmetricRankingLoss(), ["its positive", "its anchor"]),
        (ContrastiveTensionLossInBatchNegatives(), ["its second pass", "its first pass"]),
    ],
)
def test_both_ways_of_a_search_are_a_row_and_a_column(javascript, loss, wanted):
    """The batch whose rows are right and one column wrong: anchors 0°, 110°; positives 60°, 120°."""
    anchors, positives = at(0, 110), at(60, 120)
    read = javascript(READ, given_to(loss, anchors, positives))
    matrix = loss.terms(anchors, positives).matrix
    shares = [[each["share"] for each in term["candidates"]] for term in read]
    assert np.array(shares[:2]) == pytest.approx(matrix.softmax(1).numpy())
    assert np.array(shares[2:]) == pytest.approx(matrix.softmax(0).T.numpy())
    assert [term["letters"] for term in read] == ["A", "B", "C", "D"]
    assert [term["candidates"][k % 2]["share"] > 0.5 for k, term in enumerate(read)] == [True, True, False, True]
    assert [f"gives {wanted[k // 2]} " in term["note"] for k, term in enumerate(read)] == [True] * 4
    assert all(each["weight"] <= 0.5 for term in read for each in term["links"])  # each way is half of the loss


# ---- a reader's own


def test_a_search_without_shares_is_told_by_its_numbers(javascript):
    given = given_to(Margins(), ANCHORS, POSITIVES, NEGATIVES)
    assert javascript("score_matrix_read.fits(given)", given)
    first = javascript(READ, given)[0]
    cosine = Margins().terms(ANCHORS, POSITIVES, NEGATIVES).matrix[0]
    assert first["note"] == (
        f"A, “cat”, has the cosine {cosine[0]:.4f} with its positive “hen”; "
        f"with its rivals from {cosine[1:].min():.4f} to {cosine[1:].max():.4f}.".replace("-", "−")
    )
    assert {each["weight"] for each in first["links"]} == {1}
    assert first["points"] == [0, 3, 4, 5, 6, 7, 8]


def test_both_ways_without_shares(javascript):
    given = given_to(Passes())
    assert javascript("score_matrix_read.fits(given)", given)
    read = javascript(READ, given)
    assert [term.get("row") for term in read] == [0, 1, 2, None, None, None]
    assert [term.get("column") for term in read] == [None, None, None, 0, 1, 2]
    assert "with its first pass “cat”" in read[3]["note"]


def test_a_search_among_the_sentences_themselves(javascript):
    """No one is its own candidate; a class of one has no positive, and a batch of such classes is no search."""
    given = given_to(Neighbours(), ANCHORS, torch.tensor([0, 0, 1]))
    assert javascript("score_matrix_read.fits(given)", given)
    read = javascript(READ, given)
    assert [[each["point"] for each in term["candidates"]] for term in read] == [[1, 2], [0, 2], [0, 1]]
    assert [term["who"] for term in read] == ["cat → dog", "dog → cat", "cow"]
    assert "C, “cow”, has no positive in this batch; with its rivals from " in read[2]["note"]
    assert not javascript("score_matrix_read.fits(given)", given_to(Neighbours(), ANCHORS, torch.tensor([0, 1, 2])))


# ---- the picture and the mask

DRAWN = f"""(() => {{
  const view = score_matrix_draw.createScoreMatrix({{}}, {{ answer: async () => null }}, {{ light() {{}} }});
  const scene = {SCENE};
  const state = {{ ...scene.state, points: [], lit: {{ kind: "term", index: 1 }} }};
  view.draw({{ ...scene, lit: new Set([1]), state }});
  const texts = (selector) => [...view.root.querySelectorAll(selector)].map((each) => each.textContent);
  const shown = [...view.root.querySelectorAll(".cells > g:not([visibility])")];
  return {{
    cells: shown.length, shares: shown.map((cell) => cell.querySelector(".share").textContent),
    targets: shown.filter((cell) => cell.classList.contains("target")).length,
    heads: texts(".heads text"), blocks: texts(".blocks text"), told: texts(".many .share"), foot: texts(".foot text"),
    wrong: /NaN|undefined|Infinity/.test(view.root.innerHTML),
    lying: shown.filter((cell) => !cell.querySelector(".across").hasAttribute("visibility")).length,
  }};
}})()"""


@pytest.mark.parametrize(
    ("loss", "cells", "blocks", "targets"),
    [
        (ranking(), 9, [], 3),
        (ranking(directions=ALL_FOUR), 30,
         ["anchor → document", "anchor → anchor", "positive → anchor", "positive → document"], 6),
        (ranking(directions=BOTH, partition_mode="per_direction"), 18, ["anchor → document", "positive → anchor"], 6),
        (MultipleNegativesSymmetricRankingLoss(scale=3.0), 9, [], 3),
        (Margins(), 9, [], 3),
        (Passes(), 9, [], 3),
    ],
)  # fmt: skip
def test_a_cell_for_each_candidate(javascript, loss, cells, blocks, targets):
    drawn = javascript(DRAWN, given_to(loss))
    assert (drawn["cells"], drawn["blocks"], drawn["targets"], drawn["wrong"]) == (cells, blocks, targets, False)
    assert drawn["lying"] == (9 if isinstance(loss, MultipleNegativesSymmetricRankingLoss) else 0)
    if not isinstance(loss, MultipleNegativesRankingLoss):
        assert drawn["heads"] == ["D", "E", "F"]


def test_without_shares_a_cell_holds_its_number(javascript):
    drawn = javascript(DRAWN, given_to(Margins()))
    cosine = Margins().terms(ANCHORS, POSITIVES).matrix.flatten()
    assert [float(each.replace("−", "-")) for each in drawn["shares"]] == pytest.approx(cosine.tolist(), abs=5e-3)
    assert drawn["foot"] == ["in a cell: the cosine", ""]
    assert javascript(DRAWN, given_to(ranking()))["foot"][0] == "below the share: the logit it is made from (scale 3)"


@pytest.mark.parametrize("loss", [ranking(), Margins()])
def test_of_many_cells_only_the_touched_ones_have_numbers(javascript, loss):
    angles = torch.arange(9) * 37.0
    drawn = javascript(DRAWN, given_to(loss, at(*angles.tolist()), at(*(angles + 20).tolist())))
    assert drawn["cells"] == 0 and len(drawn["told"]) == 9


def test_the_mask_of_a_search(javascript):
    table = javascript(MASK, given_to(ranking(directions=BOTH)))
    assert table["groups"] == [["anchor → document", 3], ["positive → anchor", 3]]
    assert [name for name, _ in table["columns"]] == ["", "D", "E", "F", "A", "B", "C", "valid", "active"]
    looks = [cell["look"] for cell in table["rows"][1]["cells"][1:7]]
    assert [look.split()[-2:] for look in looks].count(["positive", "chosen"]) == 1
    assert "positive chosen" in looks[1] and "positive" in looks[4]
    both = javascript(MASK, given_to(MultipleNegativesSymmetricRankingLoss()))
    assert [row["cells"][0]["words"] for row in both["rows"]] == ["A", "B", "C", "valid ↓", "active ↓"]
    assert len({len(row["cells"]) for row in both["rows"]}) == 1


# ---- how hard each candidate is pushed

PUSHES = """(async () => {
  const { spec, modules, lasting } = given;
  const page = engine.pageEngine(spec, modules);
  const now = state.begin(spec, lasting);
  await page.ready(now);
  const result = await new Promise((done) => page.evaluate(now, done));
  const scene = { spec, state: now, situation: spec.situations[0], reading: readings_reading.read(spec, now, result) };
  const { along, down, strongest } = await score_matrix_push.pushesOf(page, scene);
  return { along: [...along], down: [...down], strongest };
})()"""


@pytest.mark.parametrize(
    "loss",
    [ranking(), MultipleNegativesSymmetricRankingLoss(scale=2.0), ContrastiveTensionLossInBatchNegatives(scale=2.0)],
    ids=lambda loss: type(loss).__name__,
)
def test_a_push_is_a_share_times_the_sine_of_the_angle(javascript, loss):
    """On the circle: of a positive what its share lacks. So equal shares need not push alike."""
    explorer = lossviz.explore(loss, controls=())
    values = {"spec": explorer.spec, "modules": explorer.modules, "lasting": explorer.state}
    found = javascript(PUSHES, json.loads(json.dumps(values)))
    terms, scale = explorer.terms(), loss.scale
    sine = (1 - (terms.matrix / scale) ** 2).clamp(min=0).sqrt()
    size, halves = len(terms.matrix), 2 if found["down"] else 1
    for name, key in (("along", "row"), ("down", "column")):
        for place, pushes in found[name]:
            share = terms.shares[key][place] if name == "along" else terms.shares[key][:, place]
            angle = sine[place] if name == "along" else sine[:, place]
            lacking = torch.where(torch.arange(len(share)) == place, 1 - share, share)
            assert pushes == pytest.approx((scale * lacking * angle / size / halves).tolist(), abs=1e-12)
    assert found["strongest"] == max(each for _, row in found["along"] + found["down"] for each in row)
