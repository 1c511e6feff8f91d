"""SoftmaxLoss: a batch worked by hand, torch's linear layer and cross entropy, sentence-transformers' classifier."""

import itertools
import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from lossviz.catalogue import entry
from lossviz.losses import SoftmaxLoss
from tests.losses.batches import DOUBLE, value_and_gradients
from tests.losses.naive import tensor, worked_out
from tests.losses.peers import columns, softmax_module

CLASSIFIED_PAIRS = SoftmaxLoss.inputs
NAMES = ("concatenation_sent_rep", "concatenation_sent_difference", "concatenation_sent_multiplication")
PARTS = [dict(zip(NAMES, each, strict=True)) for each in itertools.product((True, False), repeat=3) if any(each)]
every_concatenation = pytest.mark.parametrize(
    "parts", PARTS, ids=lambda parts: "".join(str(+x) for x in parts.values())
)


def test_worked_by_hand():
    first, second, labels = tensor([[1.0, 2], [0, 1]]), tensor([[3.0, 1], [0, 1]]), torch.tensor([1, 0])
    ln2 = math.log(2)
    # Reads |u − v| alone, (2, 1) and (0, 0): class 0 its first coordinate, class 1 its second, class 2 its bias.
    loss = SoftmaxLoss(tensor([[ln2, 0], [0, ln2], [0, 0]]), tensor([0, 0, ln2]), False, True, False)
    terms = loss.terms(first, second, labels)
    # Weights 4, 2, 2 and 1, 1, 2.
    assert_close(terms.matrix.exp(), tensor([[4, 2, 2], [2, 2, 4]]) / 8)
    assert_close(terms.values, tensor([math.log(4), math.log(4)]) / 2)
    assert terms.positive.tolist() == [[False, True, False], [True, False, False]]
    assert torch.equal(terms.negative, ~terms.positive) and terms.valid.all() and terms.active.all()
    assert terms.chosen == terms.thresholds == {}


def test_the_parts_stand_in_order():
    """u; v; |u − v|; u ∗ v: a weight that reads one number at a time says where it stands."""
    first, second = tensor([[2.0, 3.0]]), tensor([[5.0, -1.0]])
    numbers = [2, 3, 5, -1, 3, 4, 10, -3]
    for place, number in enumerate(numbers):
        weight = torch.zeros(2, 8, dtype=DOUBLE)
        weight[1, place] = 1
        terms = SoftmaxLoss(weight, None, True, True, True).terms(first, second, torch.tensor([0]))
        assert (terms.matrix[0, 1] - terms.matrix[0, 0]).item() == pytest.approx(number)


def plain(loss, weight, bias, first, second, labels):
    """With a layer and a loss of torch's."""
    parts = {NAMES[0]: (first, second), NAMES[1]: ((first - second).abs(),), NAMES[2]: (first * second,)}
    features = torch.cat([each for name in NAMES if getattr(loss, name) for each in parts[name]], dim=1)
    return nn.functional.cross_entropy(nn.functional.linear(features, weight, bias), labels)


@every_concatenation
@pytest.mark.parametrize("with_bias", (True, False))
def test_gradients_by_the_weights_are_torchs_and_sentence_transformers(with_bias, parts):
    start = SoftmaxLoss.initial(4, 3, seed=2, **parts)
    weight = start.weight.clone().requires_grad_()
    bias = start.bias.clone().requires_grad_() if with_bias else None
    loss, tensors = start.changed(weight=weight, bias=bias), CLASSIFIED_PAIRS.example(7, 4)
    learned = [weight, bias] if with_bias else [weight]
    value, (of_first, of_second) = value_and_gradients(loss, tensors)
    found = [each.grad.clone() for each in learned]

    expected, of_rows = value_and_gradients(loss, tensors, lambda *each: plain(loss, weight, bias, *each))
    for each, twice in zip(found, learned, strict=True):
        assert_close(twice.grad, 2 * each, rtol=1e-12, atol=1e-15)
    assert_close((value, (of_first, of_second)), (expected, of_rows), rtol=1e-12, atol=1e-15)

    module = softmax_module(loss)
    expected, of_rows = value_and_gradients(loss, tensors, lambda u, v, labels: module(columns((u, v)), labels))
    assert_close((value, (of_first, of_second)), (expected, of_rows), rtol=1e-12, atol=1e-15)
    assert_close(found, [each.grad for each in module.classifier.parameters()], rtol=1e-12, atol=1e-15)


@every_concatenation
def test_initial_weights_are_those_of_a_fresh_layer(parts):
    loss = SoftmaxLoss.initial(6, 4, seed=1, **parts)
    width = 6 * (2 * parts[NAMES[0]] + parts[NAMES[1]] + parts[NAMES[2]])
    layer = nn.Linear(width, 4)
    assert loss.weight.shape == layer.weight.shape and loss.bias.shape == layer.bias.shape
    assert loss.weight.dtype == loss.bias.dtype == DOUBLE
    for ours, theirs in ((loss.weight, layer.weight), (loss.bias, layer.bias)):
        assert ours.abs().max() <= width**-0.5 >= theirs.abs().max()
    again, other = (SoftmaxLoss.initial(6, 4, seed=seed, **parts).weight for seed in (1, 2))
    assert torch.equal(loss.weight, again) and not torch.equal(loss.weight, other)
    assert loss.weight.std().item() == pytest.approx((width * 3) ** -0.5, rel=0.3)  # uniform, as the layer's


def test_nothing_to_concatenate():
    with pytest.raises(ValueError, match="^concatenation: expected at least one part switched on, got none$"):
        SoftmaxLoss.initial(2, 3, **dict.fromkeys(NAMES, False))


def test_another_concatenation_has_weights_of_its_width():
    loss = SoftmaxLoss.initial(5, 3)
    changed = loss.changed(concatenation_sent_multiplication=True)
    assert changed.weight.shape == (3, 20) and changed(*CLASSIFIED_PAIRS.example(4, 5)).isfinite()
    assert loss.changed(bias=None).weight is loss.weight
    same_width = loss.changed(concatenation_sent_difference=False, concatenation_sent_multiplication=True)
    assert same_width.weight.shape == loss.weight.shape and same_width.concatenation_sent_multiplication


@pytest.mark.parametrize(
    "kind", (torch.int64, torch.int32, torch.uint8, torch.float32, DOUBLE, torch.bfloat16), ids=str
)
def test_labels_of_any_kind_of_whole_number(kind):
    *rows, labels = CLASSIFIED_PAIRS.example(6, 4)
    loss = SoftmaxLoss.initial(4, 3)
    terms = loss.terms(*rows, labels.to(kind))
    assert terms.loss == loss(*rows, labels)
    assert terms.positive.int().argmax(-1).tolist() == labels.tolist()


def test_a_label_without_a_class_is_named_with_the_classes_there_are():
    *rows, labels = CLASSIFIED_PAIRS.example(6, 4)
    with pytest.raises(ValueError, match=r"^labels: expected whole numbers from 0 to 2, got 3$"):
        SoftmaxLoss.initial(4, 3)(*rows, labels + 1)


@pytest.mark.parametrize("label", (3, -1, -100, 0.5))
def test_a_label_without_a_class_adds_nothing_unchecked(label):
    """Torch's own cross entropy would raise, or leave the pair out of the mean."""
    first, second, _ = CLASSIFIED_PAIRS.example(3)
    loss, labels = SoftmaxLoss.initial(2, 3), torch.tensor([0, label, 2])
    assert_close(loss(first, second, labels, check=False), loss.value(first, second, labels))


def test_a_classifier_of_one_class_has_nothing_to_learn():
    *rows, labels = CLASSIFIED_PAIRS.example(6, 4)
    value, gradients = value_and_gradients(SoftmaxLoss.initial(4, 1), (*rows, 0 * labels))
    assert value == 0 and not any(each.any() for each in gradients)


def test_term_formulas_give_the_values():
    loss, tensors = SoftmaxLoss.initial(4, 3), CLASSIFIED_PAIRS.example(5, 4)
    terms = loss.terms(*tensors)
    for pair, target in enumerate(tensors[2].tolist()):
        numbers = {"p": terms.matrix[pair, target].exp().item(), "B": 5}
        assert_close(worked_out(entry(loss).term(loss)["class"], numbers), terms.values[pair].item())
