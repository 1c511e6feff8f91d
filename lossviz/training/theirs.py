"""A loss of sentence-transformers as ours, with its settings; what has no counterpart is named."""

import warnings
from dataclasses import fields

import torch
from torch import nn

from lossviz.catalogue import ENTRIES, Entry
from lossviz.catalogue.peers import Measure
from lossviz.inputs import wrong
from lossviz.losses import Loss

# Settings that change no number of a loss of given embeddings, and what takes their place here.
INSTEAD = {
    "gather_across_devices": "give for_trainer gather=True",
    "mini_batch_num_tokens": "mini-batches are counted in rows, mini_batch_size",
    "show_progress_bar": "there is no bar",
}


def from_sentence_transformers(loss: nn.Module) -> Loss:
    """Ours for one of sentence-transformers' losses, with its settings; what it has learned so far comes along.

    Raises ValueError for a loss that is not in the catalogue, and for a setting that changes numbers and has no
    counterpart here (another ``loss_fct``, a ``similarity_fct`` of one's own …). Warns of one that changes none.
    """
    known = _entry(loss)
    for name, alike in known.peer.only_theirs.items():
        _check_without(type(loss).__name__, name, getattr(loss, name), _named(alike))
    found = known.peer.found
    settings = {name: found[name](loss) for name in found}
    for name in (each.name for each in fields(known.loss) if each.name not in found):
        measure = known.peer.measure
        settings[name] = _measure(loss, measure) if measure and name == measure.ours else getattr(loss, name)
    return known.loss(**settings)


def is_theirs(loss: object) -> bool:
    return type(loss).__module__.partition(".")[0] == "sentence_transformers"


def _entry(loss: nn.Module) -> Entry:
    if not is_theirs(loss):
        raise wrong("loss", "a loss of sentence-transformers as it is, not one derived from it", type(loss).__name__)
    family = type(loss).__module__.split(".")[1]
    if family in ("cross_encoder", "sparse_encoder"):
        raise wrong("loss", "a loss of a SentenceTransformer", f"{type(loss).__name__} of a {family.replace('_', ' ')}")
    names = [each.__name__ for each in type(loss).__mro__]  # what has been merged into another derives from it
    known = {each.loss.__name__: each for each in ENTRIES if each.peer}
    found = next((known[name] for name in names if name in known), None)
    if not found:
        raise wrong("loss", f"one of {', '.join(known)}", names[0])
    return found


def _measure(loss: nn.Module, measure: Measure) -> object:
    """Our name of their distance or similarity; a function of the user's own, where ours would call it alike."""
    function = getattr(loss, measure.theirs)
    for ours, text in measure.names.items():
        if _named(text) is function:
            return ours
    if not measure.alike:
        expected = f"one that {type(loss).__name__} comes with (give {measure.ours} a function of two tensors)"
        raise wrong(measure.theirs, expected, _said(function))
    return function


def _named(text: str) -> object:
    """What the catalogue's text for theirs stands for."""
    from sentence_transformers import util
    from sentence_transformers.sentence_transformer import losses

    return eval(text, {"losses": losses, "util": util, "torch": torch})


def _check_without(loss: str, name: str, value: object, alike: object) -> None:
    if _same(value, alike):
        return
    if name not in INSTEAD:
        raise wrong(name, f"{_said(alike)}, all that lossviz's {loss} has", _said(value))
    warnings.warn(f"{name}={value!r} has no counterpart in lossviz: {INSTEAD[name]}", stacklevel=3)


def _same(value: object, other: object) -> bool:
    """One value, one function, or two modules with the same settings."""
    if isinstance(value, nn.Module) and type(value) is type(other):
        return _settings(value) == _settings(other) and not value.state_dict()
    return value is other or (not callable(value) and value == other)


def _settings(module: nn.Module) -> dict[str, object]:
    return {name: value for name, value in vars(module).items() if not name.startswith("_") and name != "training"}


def _said(value: object) -> str:
    if isinstance(value, nn.Module):
        said = ", ".join(f"{name}={each!r}" for name, each in _settings(value).items())
        return f"{type(value).__name__}({said})"
    return getattr(value, "__name__", repr(value))
