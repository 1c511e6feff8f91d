"""A loss in JavaScript, lowered once: in a session, and for losses of this package on this machine.

Tracing takes up to a second, and an explorer may need two dozen of them: the second kernel that shows it should not.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import platformdirs
import torch
from torch import Tensor

from lossviz.losses import Loss
from lossviz.lowering import Modules, to_javascript

PACKAGE = Path(__file__).resolve().parents[1]
UNUSED = 30 * 24 * 3600  # seconds: what was lowered by code that is gone so long goes too


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]


# All that decides what comes out, as it is now that it is imported: an edit later changes nothing in this session.
CODE = _hash(b"\0".join(path.read_bytes() for path in sorted(PACKAGE.rglob("*.py"))) + torch.__version__.encode())

_LOWERED: dict[tuple, Modules] = {}


def lowered(loss: Loss, count: int, dimension: int) -> Modules:
    """``to_javascript`` for ``count`` arguments and a dimension as even or odd as this one.

    Numbers are its inputs, so they are not part of what it is known by; of what is learned it is known that it is. A
    reader's own loss, whose code may change, and one with a function of its own are known for this session alone.
    """
    baked = tuple(map(_known_by, loss.settings().values()))
    key = (type(loss), baked, count, dimension % 2)
    if key not in _LOWERED:
        ours = type(loss).__module__.startswith("lossviz.") and all(isinstance(each, str) for each in baked)
        file = platformdirs.user_cache_path("lossviz") / CODE / f"{_hash(repr(key).encode())}.json" if ours else None
        _LOWERED[key] = (file and _read(file)) or _lower(loss, count, dimension, file)
    return _LOWERED[key]


def _known_by(value: object) -> object:
    """A function stays itself; a list has no hash."""
    if isinstance(value, (float, Tensor)):
        return type(value).__name__
    return value if callable(value) else repr(value)


def _lower(loss: Loss, count: int, dimension: int, file: Path | None) -> Modules:
    extra = count - len(loss.inputs.arguments)
    example = loss.inputs.example(dimension=dimension, **({loss.inputs.more + "s": extra} if extra else {}))
    modules = to_javascript(loss, *example)
    if file:
        _write(file, modules)
    return modules


# ---- on this machine


def _read(file: Path) -> Modules | None:
    """None where it is not there, or cannot be read."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Modules(**json.loads(file.read_text(encoding="utf-8")))
    return None


def _write(file: Path, modules: Modules) -> None:
    """Whole or not at all. A folder that nobody may write to costs time, and nothing else."""
    with contextlib.suppress(OSError):
        if not file.parent.exists():
            file.parent.mkdir(parents=True)
            _forget_the_unused(file.parent.parent)
        partial = file.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps({"whole": modules.whole, "value": modules.value}), encoding="utf-8")
        partial.replace(file)


def _forget_the_unused(folder: Path) -> None:
    for each in folder.iterdir():
        if each.stat().st_mtime < time.time() - UNUSED:
            shutil.rmtree(each, ignore_errors=True)
