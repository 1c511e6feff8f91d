"""What the readers of charts are given, made of torch's own terms: a batch of letters, a loss, its result."""

import torch

from lossviz.losses.base import Loss

NAMES = ("cat", "dog", "cow", "hen", "bee", "fox", "owl", "elk", "ant", "eel", "jay", "ram")


def flat(tensor: torch.Tensor) -> list:
    return tensor.detach().double().flatten().tolist()


def given_of(loss: Loss, *tensors: torch.Tensor, formulas: dict[str, str] | None = None) -> dict:
    """Every row of every argument is a sentence of its own."""
    inputs = loss.inputs.fitted(len(tensors))
    size = tensors[0].shape[0]
    rows = {name: list(range(k * size, (k + 1) * size)) for k, name in enumerate(inputs.rows)}
    labels = flat(tensors[-1]) if inputs.labels else None
    terms = loss.terms(*tensors)
    dictionaries = {name: getattr(terms, name) for name in ("chosen", "numbers", "shares")}
    names = ("matrix", "positive", "negative", "valid", "active", "values", "pulls")
    result = {
        "loss": terms.loss.item(),
        "terms": {
            **{name: flat(getattr(terms, name)) for name in names},
            **{name: {key: flat(each) for key, each in named.items()} for name, named in dictionaries.items()},
            "thresholds": {name: value.item() for name, value in terms.thresholds.items()},
        },
        "shapes": {
            "matrix": list(terms.matrix.shape),
            "values": list(terms.values.shape),
            **{name: {key: list(each.shape) for key, each in named.items()} for name, named in dictionaries.items()},
        },
    }
    settings = {name: value for name, value in loss.settings().items() if isinstance(value, (int, float, str))}
    return {
        "situation": {
            "rows": rows, "labels": labels, "classes": [],
            "sentences": [{"text": f"A {name}.", "short": name} for name in (NAMES * 3)[: size * len(rows)]],
        },
        "loss": {"axes": list(loss.axes), "reads": loss.reads, "label": inputs.label},
        "variant": {"formulas": formulas, "blocks": loss.blocks(), "shape": "free"},
        "state": {"parameters": settings, "tensors": {}, "lit": None},
        "result": result,
    }  # fmt: skip
