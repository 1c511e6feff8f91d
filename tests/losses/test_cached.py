"""A cached loss with a real encoder: the uncached gradients, dropout and all, and its errors."""

import copy
import functools
import warnings
from collections import UserDict

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from lossviz.losses import AnglELoss, CachedMultipleNegativesRankingLoss, MultipleNegativesRankingLoss, SoftmaxLoss
from lossviz.training import Cached, for_trainer
from tests.losses.batches import DOUBLE, every_loss
from tests.losses.peers import peer_module
from tests.training import tiny

BATCH, WORDS, DIMENSION = 7, 11, 6
FORMS = ("tensor", "dict", "list")
every_size = pytest.mark.parametrize("size", (1, 3, BATCH, BATCH + 2))
every_form = pytest.mark.parametrize("form", FORMS)


class Encoder(nn.Module):
    """Bags of words through two layers with dropout between; it reads columns of every form."""

    device = torch.device("cpu")

    def __init__(self, dropout: float):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(WORDS, 9), nn.Tanh(), nn.Dropout(dropout), nn.Linear(9, DIMENSION))
        self.lengths = []

    def forward(self, column) -> Tensor:
        self.lengths.append(len(column["words"]) if isinstance(column, dict) else len(column))
        if isinstance(column, dict):
            return self.layers(column["words"] * column["weight"].unsqueeze(-1))
        return self.layers(torch.stack(column) if isinstance(column, list) else column)


class AsThePeerCalls(nn.Module):
    def __init__(self, encoder: Encoder):
        super().__init__()
        self.encoder = encoder

    device = torch.device("cpu")

    def forward(self, features: dict) -> dict:
        return {"sentence_embedding": self.encoder(features)}

    def __getitem__(self, place: int) -> nn.Module:
        return self


def encoder(dropout: float = 0.0) -> Encoder:
    torch.manual_seed(5)
    return Encoder(dropout).to(DOUBLE)


def columns(form: str, count: int = 2, batch: int = BATCH) -> list:
    rows = torch.randn(count, batch, WORDS, generator=torch.Generator().manual_seed(1), dtype=DOUBLE)
    weights = torch.linspace(0.5, 2, batch, dtype=DOUBLE)
    forms = {"tensor": lambda each: each, "list": list, "dict": lambda each: {"words": each, "weight": weights}}
    return [forms[form](each) for each in rows]


def parameter_gradients(model: nn.Module) -> list[Tensor]:
    gradients = [each.grad.clone() for each in model.parameters()]
    model.zero_grad()
    return gradients


@every_size
@every_form
@pytest.mark.parametrize("negatives", (0, 2))
def test_gradients_of_the_encoder_are_the_uncached_ones(negatives, form, size):
    encode = encoder()
    loss, batch = CachedMultipleNegativesRankingLoss(encode, mini_batch_size=size), columns(form, 2 + negatives)
    value = loss(*batch)
    assert max(encode.lengths) == min(size, BATCH)
    value.backward()
    found = parameter_gradients(encode)
    uncached = loss.uncached(*(encode(each) for each in batch))
    uncached.backward()
    assert_close(value.detach(), uncached.detach(), rtol=1e-12, atol=0)
    assert_close(found, parameter_gradients(encode), rtol=1e-6, atol=1e-12)
    assert all(each.any() for each in found)


SETTINGS = (
    {},
    {"similarity": "dot", "scale": 0.5},
    {"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "per_direction"},
    {"hardness_mode": "all_negatives", "hardness_strength": 5.0},
)


@every_size
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_sentence_transformers(settings, size):
    encode = encoder()
    loss = CachedMultipleNegativesRankingLoss(encode, mini_batch_size=size, **settings)
    batch = columns("dict", 3)
    value = loss(*batch)
    value.backward()
    found = parameter_gradients(encode)
    expected = peer_module(loss, AsThePeerCalls(encode))(batch, None)
    expected.backward()
    assert_close(value.detach(), expected.detach(), rtol=1e-9, atol=0)
    assert_close(found, parameter_gradients(encode), rtol=1e-6, atol=1e-12)


no_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
RANDOM_STATES = {"cpu": torch.get_rng_state, "cuda": torch.cuda.get_rng_state}


@every_size
@pytest.mark.parametrize("device", ("cpu", pytest.param("cuda", marks=(pytest.mark.gpu, no_cuda))))
def test_dropout_draws_the_same_masks_again(device, size):
    """The uncached answer to the very numbers that dropout drew: the encoder is called in the same order twice."""
    encode, batch = encoder(dropout=0.5).to(device), [each.to(device) for each in columns("tensor", 3)]
    loss, random_state = CachedMultipleNegativesRankingLoss(encode, mini_batch_size=size), RANDOM_STATES[device]
    torch.manual_seed(3)
    value = loss(*batch)
    after = random_state()
    torch.rand(10, device=device)  # what happens between must not matter
    between = random_state()
    value.backward()
    assert torch.equal(random_state(), between), "the random numbers of the caller go on as if nothing was"
    found = parameter_gradients(encode)
    torch.manual_seed(3)
    uncached = loss.uncached(*(torch.cat([encode(part) for part in each.split(size)]) for each in batch))
    assert torch.equal(random_state(), after)
    uncached.backward()
    assert_close(value.detach(), uncached.detach(), rtol=1e-12, atol=0)
    assert_close(found, parameter_gradients(encode), rtol=1e-6, atol=1e-12)


def test_nothing_is_kept_of_the_first_run():
    seen = []

    def encode(part):
        seen.append(torch.is_grad_enabled())
        return part * weight

    weight = torch.ones(WORDS, dtype=DOUBLE, requires_grad=True)
    value = CachedMultipleNegativesRankingLoss(encode, mini_batch_size=4)(*columns("tensor"))
    assert seen == [False] * 4
    value.backward()
    assert seen == [False] * 4 + [True] * 4


def test_gradients_add_up_and_follow_what_the_loss_is_multiplied_by():
    encode = encoder()
    loss, batch = CachedMultipleNegativesRankingLoss(encode, mini_batch_size=3), columns("tensor")
    loss(*batch).backward()
    once = [each.grad.clone() for each in encode.parameters()]
    (2 * loss(*batch)).backward()
    assert_close([each.grad for each in encode.parameters()], [3 * each for each in once])


def test_two_batches_may_wait_for_their_backward():
    encode = encoder()
    loss = CachedMultipleNegativesRankingLoss(encode, mini_batch_size=3)
    one, other = columns("tensor"), columns("tensor", batch=4)
    (loss(*one) + loss(*other)).backward()
    together = parameter_gradients(encode)
    for each in (one, other):
        loss(*each).backward()
    assert_close(together, parameter_gradients(encode))


def test_without_gradients_there_is_the_value_alone():
    encode = encoder()
    loss, batch = CachedMultipleNegativesRankingLoss(encode, mini_batch_size=3), columns("tensor")
    with torch.no_grad():
        value = loss(*batch)
    assert not value.requires_grad and value == loss(*batch)


def test_a_frozen_encoder_gets_no_gradient_and_stops_no_other():
    """Queries and documents are often encoded by two towers, one of them frozen."""
    encode = encoder()
    queries, documents = columns("tensor")

    def towers(part):
        return part[:, :DIMENSION] if part.shape[-1] == WORDS + 1 else encode(part)

    frozen = torch.nn.functional.pad(queries, (0, 1))
    loss = CachedMultipleNegativesRankingLoss(towers, mini_batch_size=3)
    loss(frozen, documents).backward()
    found = parameter_gradients(encode)
    loss.uncached(frozen[:, :DIMENSION], encode(documents)).backward()
    assert_close(found, parameter_gradients(encode), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("dtype", (torch.float16, torch.bfloat16, torch.float32), ids=str)
def test_an_encoder_of_narrow_numbers(dtype):
    encode = encoder().to(dtype)
    batch = [each.to(dtype) for each in columns("tensor")]
    loss = CachedMultipleNegativesRankingLoss(encode, mini_batch_size=3)
    value = loss(*batch)
    assert value.dtype == torch.float32
    (8 * value).backward()  # as a gradient scaler does
    found = parameter_gradients(encode)
    (8 * loss.uncached(*map(encode, batch))).backward()
    assert all(torch.isfinite(each).all() and each.dtype == dtype for each in found)
    roundings = {torch.float16: 2e-2, torch.bfloat16: 2e-1, torch.float32: 1e-5}[dtype]
    for each, expected in zip(found, parameter_gradients(encode), strict=True):
        assert (each - expected).double().norm() <= roundings * expected.double().norm()


def test_autocast_is_replayed():
    encode = encoder().float()
    dtypes = []

    def watched(part):
        embeddings = encode(part)
        dtypes.append(embeddings.dtype)
        return embeddings

    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = CachedMultipleNegativesRankingLoss(watched, mini_batch_size=4)(*(c.float() for c in columns("tensor")))
    value.backward()
    assert dtypes == [torch.bfloat16] * 8


# --- any loss --------------------------------------------------------------------------------------------------------


@every_loss
def test_any_loss_may_be_cached(variant):
    loss = variant(DIMENSION)
    loss = getattr(loss, "uncached", loss)
    encode, given = encoder(), columns("tensor", len(loss.inputs.rows))
    labels = loss.inputs.example(BATCH, DIMENSION)[len(given) :]
    value = Cached(loss, encode, 3)(*given, *labels)
    value.backward()
    found = parameter_gradients(encode)
    whole = loss(*map(encode, given), *labels)
    whole.backward()
    assert_close(value.detach(), whole.detach(), rtol=1e-12, atol=1e-12)
    assert_close(found, parameter_gradients(encode), rtol=1e-6, atol=1e-12)


def test_triplets_for_angle_may_be_cached():
    encode, given = encoder(), columns("dict", 3)
    value = Cached(AnglELoss(), encode, 3)(*given)
    assert_close(value.detach(), AnglELoss()(*map(encode, given)).detach(), rtol=1e-12, atol=0)


# --- what the loss learns --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", (1, 3.0))
def test_a_scale_gets_the_uncached_gradient(times):
    encode, given = encoder(), columns("tensor")
    logarithm = torch.tensor(3.0, dtype=DOUBLE, requires_grad=True)

    def gradient(ask) -> Tensor:
        (times * ask(MultipleNegativesRankingLoss(scale=logarithm.exp()))).backward()
        found, logarithm.grad = logarithm.grad, None
        return found

    found = gradient(lambda loss: Cached(loss, encode, 3)(*given))
    assert_close(found, gradient(lambda loss: loss(*map(encode, given))), rtol=1e-9, atol=0)
    scale = torch.tensor(20.0, requires_grad=True)
    CachedMultipleNegativesRankingLoss(encode, scale=scale, mini_batch_size=3)(*given).backward()
    (expected,) = torch.autograd.grad(MultipleNegativesRankingLoss(scale=scale)(*map(encode, given)), scale)
    assert_close(scale.grad, expected)


def test_a_classifier_gets_the_uncached_gradient():
    encode, given = encoder(), columns("tensor")
    start = SoftmaxLoss.initial(DIMENSION, 3)
    labels = start.inputs.example(BATCH, DIMENSION)[-1]
    weights = [each.requires_grad_() for each in (start.weight, start.bias)]
    Cached(start, encode, 3)(*given, labels).backward()
    expected = torch.autograd.grad(start(*map(encode, given), labels), weights)
    assert_close([each.grad for each in weights], list(expected), rtol=1e-9, atol=1e-12)


def test_twenty_steps_of_adam_move_the_scale():
    torch.manual_seed(0)
    encode, scale = encoder(), nn.Parameter(torch.tensor(20.0))
    optimiser = torch.optim.Adam(MultipleNegativesRankingLoss(scale=scale).parameters(), lr=0.5)
    loss = CachedMultipleNegativesRankingLoss(encode, scale=scale, mini_batch_size=3)
    for _ in range(20):
        optimiser.zero_grad()
        loss(*columns("tensor")).backward()
        optimiser.step()
    assert abs(scale.item() - 20) > 5


# --- what encoders read ----------------------------------------------------------------------------------------------


class Tokens(UserDict):
    """As a tokenizer's BatchEncoding: a mapping that is no dict."""


@pytest.mark.parametrize("kind", (dict, Tokens))
@pytest.mark.parametrize("batch", (4, BATCH))  # of four, as many as there are letters in "text"
def test_what_is_no_tensor_is_passed_on(batch, kind):
    encode, seen = encoder(), []

    def watched(part):
        seen.append({name: each for name, each in part.items() if not isinstance(each, Tensor)} | {"kind": type(part)})
        return encode(part["words"])

    other = {"modality": "text", "prompt_length": 3, "none": None, "number": torch.tensor(5)}
    given = [kind({"words": each, **other}) for each in columns("tensor", batch=batch)]
    value = Cached(MultipleNegativesRankingLoss(), watched, 3)(*given)
    value.backward()
    assert all(each == {"modality": "text", "prompt_length": 3, "none": None, "kind": kind} for each in seen)
    whole = MultipleNegativesRankingLoss()(*(encode(each["words"]) for each in given))
    assert_close(value.detach(), whole.detach(), rtol=1e-12, atol=0)


def test_what_sentence_transformers_and_a_tokenizer_give():
    model, loss = tiny.model(), MultipleNegativesRankingLoss()
    texts = [tiny.dataset(loss.inputs, 5)[name] for name in ("anchor", "positive")]

    def embeddings(features):
        return model(dict(features))["sentence_embedding"]

    expected = loss(*(embeddings(model.preprocess(each)) for each in texts)).detach()
    tokenised = [model.tokenizer(list(each), padding=True, return_tensors="pt") for each in texts]
    for given in ([model.preprocess(each) for each in texts], tokenised, texts):
        read = embeddings if given is not texts else lambda part: embeddings(model.preprocess(list(part)))
        assert_close(Cached(loss, read, 2)(*map(as_list, given)).detach(), expected, rtol=1e-5, atol=0)


def as_list(column):
    return column if hasattr(column, "keys") else list(column)


# --- an encoder without a gradient -----------------------------------------------------------------------------------


def test_an_encoder_that_keeps_no_gradient_is_named():
    encode = encoder()
    for read in (lambda part: encode(part).detach(), torch.no_grad()(encode)):
        value = CachedMultipleNegativesRankingLoss(read, mini_batch_size=3)(*columns("tensor"))
        with pytest.raises(ValueError, match=r"^encode: expected embeddings with a gradient .*, got none with one$"):
            value.backward()


def test_an_encoder_that_keeps_no_gradient_is_named_though_a_scale_is_learned():
    encode, scale = encoder(), torch.tensor(20.0, requires_grad=True)
    for read in (lambda part: encode(part).detach(), torch.no_grad()(encode)):
        value = CachedMultipleNegativesRankingLoss(read, scale=scale, mini_batch_size=3)(*columns("tensor"))
        with pytest.raises(ValueError, match=r"^encode: expected embeddings with a gradient .*, got none with one$"):
            value.backward()


def test_what_is_no_loss_of_ours_and_no_count_is_named():
    with pytest.raises(ValueError, match=r"^loss: expected a loss of lossviz .*, got Linear$"):
        Cached(nn.Linear(1, 1), encoder())(*columns("tensor"))
    with pytest.raises(ValueError, match="^mini_batch_size: expected a whole number of at least 1, got True$"):
        Cached(MultipleNegativesRankingLoss(), encoder(), True)(*columns("tensor"))
    with pytest.raises(ValueError, match="^loss: expected the loss alone .*, got Cached$"):
        for_trainer(Cached(MultipleNegativesRankingLoss(), encoder()), encoder())


def test_a_pairwise_similarity_is_named():
    given = torch.randn(2, 4, 3)
    for similarity in (torch.nn.functional.cosine_similarity, lambda a, b: (a * b).sum(-1)):
        with pytest.raises(ValueError, match=r"^similarity: expected a function of every row .* \(B, C\)"):
            MultipleNegativesRankingLoss(similarity=similarity)(*given)


def test_a_scale_may_be_learned_on_a_frozen_encoder():
    encode, scale = encoder().requires_grad_(False), torch.tensor(20.0, requires_grad=True)
    CachedMultipleNegativesRankingLoss(encode, scale=scale, mini_batch_size=3)(*columns("tensor")).backward()
    assert scale.grad.abs() > 0


# --- half precision, autocast, random numbers, BatchNorm -------------------------------------------------------------


def test_a_small_gradient_is_not_lost_before_the_scaler_has_made_it_large():
    """fp16 has nothing below 6e-8: the embeddings' gradient is kept in float32."""
    encode = encoder().half()
    given = [each.half() for each in columns("tensor")]
    loss = MultipleNegativesRankingLoss(scale=1e-3)
    (2.0**16 * Cached(loss, encode, 3)(*given)).backward()
    found = parameter_gradients(encode)
    exact = copy.deepcopy(encode).double()
    (2.0**16 * loss(*(exact(each.double()) for each in given))).backward()
    for each, expected in zip(found, parameter_gradients(exact), strict=True):
        assert (each - expected).norm() <= 0.02 * expected.norm()


def test_what_overflows_is_infinite():
    encode = encoder().half()
    loss = CachedMultipleNegativesRankingLoss(encode, mini_batch_size=3)
    (2.0**20 * loss(*(each.half() for each in columns("tensor")))).backward()
    assert any(each.isinf().any() or each.isnan().any() for each in parameter_gradients(encode))


def test_backward_inside_autocast_reaches_the_weights():
    """Autocast keeps its half-precision copies of the weights; those of the first run have no graph."""
    encode, given = encoder().float(), [each.float() for each in columns("tensor")]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        CachedMultipleNegativesRankingLoss(encode, mini_batch_size=3)(*given).backward()
        found = parameter_gradients(encode)
        MultipleNegativesRankingLoss()(*map(encode, given)).backward()
    for each, expected in zip(found, parameter_gradients(encode), strict=True):
        assert (each - expected).norm() <= 0.2 * expected.norm()


@pytest.mark.gpu
@no_cuda
def test_random_numbers_of_a_gpu_that_the_columns_do_not_name():
    encode, words = encoder(dropout=0.5).cuda(), columns("tensor")
    texts = [[str(k) for k in range(BATCH)] for _ in words]

    def read(part):
        return encode(torch.stack([words[0][int(each)] for each in part]).cuda())

    loss = CachedMultipleNegativesRankingLoss(read, mini_batch_size=3)
    torch.manual_seed(3)
    loss(*texts).backward()
    found = parameter_gradients(encode)
    torch.manual_seed(3)
    loss.uncached(*(torch.cat([read(each[k : k + 3]) for k in range(0, BATCH, 3)]) for each in texts)).backward()
    assert_close(found, parameter_gradients(encode), rtol=1e-6, atol=1e-12)


def test_batch_norm_is_warned_of():
    encode = nn.Sequential(nn.Linear(WORDS, DIMENSION), nn.BatchNorm1d(DIMENSION)).to(DOUBLE)
    loss = MultipleNegativesRankingLoss()
    for ask in (
        Cached(loss, encode, 4),
        Cached(loss, lambda part: encode(part), 4, model=encode),
        Cached(loss, encode.forward, 4),
        Cached(loss, functools.partial(encode.forward), 4),
        Cached(loss, torch.enable_grad()(encode.forward), 4),
        CachedMultipleNegativesRankingLoss(encode.forward, mini_batch_size=4),
    ):
        with pytest.warns(UserWarning, match="^BatchNorm in training mode takes the statistics of each mini-batch"):
            ask(*columns("tensor"))
    encode.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Cached(loss, encode, 4)(*columns("tensor"))


# --- errors ----------------------------------------------------------------------------------------------------------

GOOD = torch.ones(4, 3)
WRONG_COLUMNS = {
    "no columns": ((), "anchor: expected the arguments (anchor, positive), got only 0 of them"),
    "one column": ((GOOD,), "positive: expected the arguments (anchor, positive), got only 1 of them"),
    "lengths": ((GOOD, GOOD[:3]), "positive: expected the length of anchor, 4, got 3"),
    "one row, that would broadcast": ((GOOD, GOOD[:1]), "positive: expected the length of anchor, 4, got 1"),
    "a negative's length": ((GOOD, GOOD, GOOD[:3]), "negative: expected the length of anchor, 4, got 3"),
    "empty": ((GOOD[:0], GOOD[:0]), "anchor: expected at least one example, got none"),
    "an empty list": (([], []), "anchor: expected at least one example, got none"),
    "an empty dict": (({}, {}), "anchor: expected at least one example, got none"),
    "a text": (("dog", GOOD), "anchor: expected a list, a tensor or a dict of tensors, got str"),
    "None": ((GOOD, None), "positive: expected a list, a tensor or a dict of tensors, got NoneType"),
    "a dict of two lengths": (
        ({"a": GOOD, "b": GOOD[:2]}, GOOD),
        "anchor: expected tensors of one length, got a 4, b 2",
    ),
    "one number": ((GOOD[0, 0], GOOD), "anchor: expected a tensor with an axis of examples, got one number"),
}


@pytest.mark.parametrize("check", (True, False), ids=("checked", "unchecked"))
@pytest.mark.parametrize(("given", "text"), WRONG_COLUMNS.values(), ids=WRONG_COLUMNS)
def test_wrong_columns(given, text, check):
    with pytest.raises(ValueError) as caught:
        CachedMultipleNegativesRankingLoss(lambda rows: rows)(*given, check=check)
    assert str(caught.value) == text


WRONG_ENCODERS = {
    "a row too few": (lambda part: part[1:], "encode: expected a function that returns (2, d), got shape (1, 3)"),
    "one row alone": (lambda part: part[0], "encode: expected a function that returns (2, d), got shape (3,)"),
    "three axes": (lambda part: part[None], "encode: expected a function that returns (2, d), got shape (1, 2, 3)"),
    "one number": (lambda part: part.sum(), "encode: expected a function that returns (2, d), got shape ()"),
    "a list": (lambda part: list(part), "encode: expected a function that returns (2, d), got list"),
    "a dict": (lambda part: {"a": part}, "encode: expected a function that returns (2, d), got dict"),
}


@pytest.mark.parametrize(("encode", "text"), WRONG_ENCODERS.values(), ids=WRONG_ENCODERS)
def test_wrong_encoders(encode, text):
    with pytest.raises(ValueError) as caught:
        CachedMultipleNegativesRankingLoss(encode, mini_batch_size=2)(GOOD, GOOD)
    assert str(caught.value) == text


def test_embeddings_of_two_widths():
    def encode(part):
        return part if len(part) == 2 else part[:, :2]

    with pytest.raises(ValueError, match=r"^encode: expected embeddings of one width, got 2, 3$"):
        CachedMultipleNegativesRankingLoss(encode, mini_batch_size=2)(GOOD[:3], GOOD[:3])


@pytest.mark.parametrize("size", (0, -1, 1.5, float("nan"), "3", None))
def test_a_mini_batch_size_that_is_none(size):
    with pytest.raises(ValueError) as caught:
        CachedMultipleNegativesRankingLoss(lambda rows: rows, mini_batch_size=size)(GOOD, GOOD)
    assert str(caught.value) == f"mini_batch_size: expected a whole number of at least 1, got {size!r}"


def test_bad_embeddings_are_named_like_the_uncached_ones():
    bad = GOOD.clone()
    bad[2, 1] = torch.nan
    with pytest.raises(ValueError, match=r"^positive: expected finite numbers, got nan at \[2, 1\]$"):
        CachedMultipleNegativesRankingLoss(lambda rows: rows, mini_batch_size=3)(GOOD, bad)
