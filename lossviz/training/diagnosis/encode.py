"""Texts to embeddings, as training would make them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lossviz.inputs import InputType, wrong
from lossviz.training.diagnosis.read import Rows

AT_A_TIME = 64  # texts that are encoded together

Encoder = Callable[[Sequence[str]], Tensor]


def encoder(model: object) -> Encoder:
    """Texts → (B, d), with a gradient where the model gives one. Raises ValueError for what is no model."""
    if hasattr(model, "preprocess") and callable(model):
        return lambda texts: _forward(model, texts)
    if callable(model):
        return lambda texts: _checked(model(list(texts)), len(texts))
    raise wrong("model", "a SentenceTransformer, or a function of texts that gives (B, d)", type(model).__name__)


def _forward(model: nn.Module, texts: Sequence[str]) -> Tensor:
    device = next((each.device for each in model.parameters()), torch.device("cpu"))
    features = model.preprocess(list(texts))
    features = {name: each.to(device) if isinstance(each, Tensor) else each for name, each in features.items()}
    return _checked(model(features)["sentence_embedding"], len(texts))


def _checked(rows: object, count: int) -> Tensor:
    if not isinstance(rows, Tensor):
        rows = torch.as_tensor(rows)
    if rows.ndim != 2 or len(rows) != count or not rows.is_floating_point():
        raise wrong("model", f"embeddings of shape ({count}, d)", f"{rows.dtype} of shape {tuple(rows.shape)}")
    return rows


def embedded(encode: Encoder, rows: Rows, inputs: InputType) -> dict[str, Tensor]:
    """Argument → (B, d), float64 on the CPU, each text encoded once. Two passes of one sentence are two passes."""
    if inputs.twins:
        return {name: _encoded(encode, texts) for name, texts in rows.texts.items()}
    words = list(dict.fromkeys(text for texts in rows.texts.values() for text in texts))
    points, where = _encoded(encode, words), {text: k for k, text in enumerate(words)}
    return {name: points[[where[text] for text in texts]] for name, texts in rows.texts.items()}


def _encoded(encode: Encoder, texts: Sequence[str]) -> Tensor:
    with torch.no_grad():
        parts = [encode(texts[k : k + AT_A_TIME]) for k in range(0, len(texts), AT_A_TIME)]
    return torch.cat([each.detach().cpu().double() for each in parts])


@contextmanager
def as_trained(model: object, inputs: InputType, seed: int | None) -> Iterator[None]:
    """A model in the mode that its inputs ask for: with dropout where two passes must differ, else without. Afterwards
    all is as it was, random numbers too."""
    modules = list(model.modules()) if isinstance(model, nn.Module) else []
    modes = [each.training for each in modules]
    devices = sorted({each.device.index for module in modules[:1] for each in module.parameters() if each.is_cuda})
    with torch.random.fork_rng(devices):
        for device in devices:
            torch.cuda.default_generators[device].manual_seed(seed or 0)
        torch.default_generator.manual_seed(seed or 0)
        for each in modules[:1]:
            each.train(inputs.twins)
        try:
            yield
        finally:
            for each, mode in zip(modules, modes, strict=True):
                each.training = mode


@torch.enable_grad()
def learns(model: object, encode: Encoder, texts: Sequence[str]) -> bool:
    """Whether a gradient finds its way from the embeddings to a parameter. Leaves no gradient behind."""
    rows = encode(texts)
    if not rows.requires_grad or not isinstance(model, nn.Module):
        return rows.requires_grad
    trained = [each for each in model.parameters() if each.requires_grad]
    found = torch.autograd.grad(rows.square().sum(), trained, allow_unused=True) if trained else ()
    return any(each is not None for each in found)
