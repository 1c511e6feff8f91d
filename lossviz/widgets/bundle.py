"""One ES module out of several: a widget's ``_esm`` is one text, its source small files that import each other."""

import re
from pathlib import Path

_IMPORT = re.compile(
    r'^import (?:\{(?P<names>[^}]*)\}|\* as (?P<name>\w+)) from "\./(?P<file>[\w.]+)";\n', re.MULTILINE
)
_EXPORT = re.compile(r"^export (?!default)((?:async )?(?:function|const|let|class) (\w+))", re.MULTILINE)


def bundle(entry: Path) -> str:
    """The text of ``entry`` and of all that it imports from its own folder, each once, importers after the imported.

    Every imported file keeps a scope of its own. Supports ``import {a, b} from "./file.js"``,
    ``import * as name from "./file.js"`` and exported declarations. Raises ValueError for files that import each other.
    """
    texts: dict[str, str] = {}
    _collect(entry, texts, [])
    *modules, main = texts
    return "\n".join([_module(name, texts[name]) for name in modules] + [_body(texts[main])])


def _collect(file: Path, texts: dict[str, str], importers: list[str]) -> None:
    if file.name in importers:
        raise ValueError(f"{file.name}: expected no circle of imports, got {' → '.join([*importers, file.name])}")
    if file.name in texts:
        return
    text = file.read_text(encoding="utf-8")
    for match in _IMPORT.finditer(text):
        _collect(file.with_name(match["file"]), texts, [*importers, file.name])
    texts[file.name] = text


def _variable(file: str) -> str:
    return re.sub(r"\W", "_", file)


def _module(file: str, text: str) -> str:
    exported = ", ".join(match[2] for match in _EXPORT.finditer(text))
    return f"const {_variable(file)} = (() => {{\n{_body(text)}\nreturn {{ {exported} }};\n}})();"


def _body(text: str) -> str:
    return _EXPORT.sub(r"\1", _IMPORT.sub(_imported, text))


def _imported(match: re.Match) -> str:
    names = match["name"] or f"{{{match['names']}}}"
    return f"const {names} = {_variable(match['file'])};\n"
