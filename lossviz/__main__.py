"""``python -m lossviz diagnose --model FOLDER data.csv``: what is wrong with a file, a model and a loss."""

import argparse
import ast
import os
import sys
from difflib import get_close_matches
from pathlib import Path

from lossviz.catalogue import ENTRIES
from lossviz.inputs import wrong
from lossviz.losses import Loss
from lossviz.training import diagnosis
from lossviz.training.diagnosis import encode
from lossviz.training.diagnosis.table import Table, table

EPILOG = "Ends with 0 where nothing was found, 1 where something was, 2 where the command could not be done. "
EPILOG += "LOSSVIZ_BOOK=URL (of the folder of chapters) makes links of the places in the book."

BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def main(arguments: list[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        return diagnosed(asked)
    except (ValueError, ImportError, OSError) as error:
        print(f"lossviz: {error}", file=sys.stderr)
        return 2


def diagnosed(asked: argparse.Namespace) -> int:
    """Prints the report, and which losses fit; 1 where something was found."""
    if asked.html and not Path(asked.html).resolve().parent.is_dir():  # before all is done
        raise wrong("html", "a file in a folder that exists", asked.html)
    source = table(asked.data, lambda rows: _with_bar(rows, "rows"))
    if asked.loss:
        _loss_class(asked.loss)  # before the model is loaded, which takes its time
    model = _model(asked.model)
    loss = _loss(asked, source, encode.encoder(model))
    seed = None if asked.in_order else asked.seed
    batches = asked.batches or None
    report = diagnosis.diagnose(model, loss, source, batches, asked.batch_size, seed, _with_bar)
    print(report, _fitting(source), sep="\n\n")
    if asked.html:
        print(f"\nAlso written to {report.save(asked.html)}")
    return 1 if report.findings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lossviz", description="Losses You Can Move")
    commands = parser.add_subparsers(required=True, metavar="diagnose")
    command = commands.add_parser("diagnose", help="what is wrong with data, a model and a loss", epilog=EPILOG)
    command.add_argument("data", help="CSV, TSV, JSON lines, Parquet, or the folder of a saved data set")
    command.add_argument("--model", required=True, help="the folder of a SentenceTransformer")
    command.add_argument("--loss", help="its name; left out, one that fits the columns is taken")
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting, as scale=1")
    command.add_argument("--batches", type=int, default=8, help="how many are looked at; 0 for all (default: 8)")
    command.add_argument("--batch-size", type=int, default=32, help="rows of each (default: 32)")
    command.add_argument("--seed", type=int, default=0, help="of the order of the rows (default: 0)")
    command.add_argument("--in-order", action="store_true", help="take the rows as they stand in the file")
    command.add_argument("--html", metavar="FILE", help="write the report there too")
    return parser


def _with_bar(rows: object, what: str) -> object:
    from tqdm import tqdm

    return tqdm(rows, desc=what, unit=f" {what}", disable=None)  # None: not where nobody watches


def _model(path: str) -> object:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise ImportError("model: run pip install sentence-transformers") from None
    try:
        return SentenceTransformer(path, local_files_only=True)
    except Exception as error:  # the field's loaders raise many
        there = "which does not exist" if not Path(path).exists() else f"where {str(error).strip().splitlines()[0]}"
        raise wrong("model", "the folder of a SentenceTransformer", f"{path}, {there}") from None


def _loss_class(name: str) -> type[Loss]:
    known = {each.loss.__name__: each.loss for each in ENTRIES}
    found = {each.lower().removesuffix("loss"): each for each in known}
    close = found.get(name.lower().removesuffix("loss"))
    if close:
        return known[close]
    near = get_close_matches(name, known, n=3)
    raise wrong("loss", f"one of {', '.join(near or known)}", name)


def _loss(asked: argparse.Namespace, source: Table, encoder: encode.Encoder) -> Loss:
    if asked.loss is None:
        loss = diagnosis.proposed(source, encoder)
    else:
        loss = diagnosis.made(_loss_class(asked.loss), source, encoder)
    return loss.changed(**dict(_setting(each, loss) for each in asked.set))


def _setting(said: str, loss: Loss) -> tuple[str, object]:
    name, _, value = said.partition("=")
    if name not in loss.settings():
        raise wrong("set", f"a setting of {type(loss).__name__} ({', '.join(loss.settings()) or 'none'})", said)
    own = loss.settings()[name]
    try:
        value = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        pass  # a word, such as cosine
    if isinstance(own, bool):
        value = BOOLEANS.get(str(value).lower(), value)
        if not isinstance(value, bool):
            raise wrong(name, "True or False", repr(value))
    elif isinstance(own, float) and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise wrong(name, "a number", repr(value))
    elif isinstance(own, tuple) and isinstance(value, str):
        value = tuple(each.strip() for each in value.split(","))
    return name, value


def _fitting(source: Table) -> str:
    """Every loss: whether it takes these columns, and if not, why."""
    why = {each.loss.__name__: diagnosis.unfit(each.loss, source) for each in ENTRIES}
    fitting = [name for name, each in why.items() if not each]
    lines = [f"Losses that read all of these columns: {', '.join(fitting) or 'none'}", "The others:"]
    return "\n".join([*lines, *(f"  {name} {each}" for name, each in why.items() if each)])


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.stdout.reconfigure(errors="backslashreplace")  # not every terminal can show every letter
    sys.exit(main())
