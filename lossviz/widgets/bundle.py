"""One ES module out of several: a widget's ``_esm`` is one text, its source small files that import each other."""

import posixpath
import re
from pathlib import Path

_IMPORT = re.compile(
    r'^import (?:\{(?P<names>[^}]*)\}|\* as (?P<name>\w+)) from "(?P<file>\.\.?/[\w./]+)";\n', re.MULTILINE
)
_EXPORT = re.compile(r"^export (?!default)((?:async )?(?:function\*?|const|let|class) (\w+))", re.MULTILINE)


def bundle(entry: Path) -> str:
    """The text of ``entry`` and of all that it imports, each once, importers after the imported.

    Every imported file keeps a scope of its own, named by its path from the folder of ``entry``. Supports
    ``import {a, b} from "./file.js"``, ``import * as name from "../folder/file.js"`` and exported declarations.
    Raises ValueError for files that import each other.
    """
    texts: dict[str, str] = {}
    _collect(entry.parent, entry.name, texts, [])
    *modules, main = texts
    return "\n".join([_module(name, texts[name]) for name in modules] + [_body(main, texts[main])])


def _collect(folder: Path, file: str, texts: dict[str, str], importers: list[str]) -> None:
    if file in importers:
        raise ValueError(f"{file}: expected no circle of imports, got {' → '.join([*importers, file])}")
    if file in texts:
        return
    text = (folder / file).read_text(encoding="utf-8")
    for match in _IMPORT.finditer(text):
        _collect(folder, _imported_by(file, match), texts, [*importers, file])
    texts[file] = text


def _imported_by(file: str, match: re.Match) -> str:
    """The path of what a file imports: as the file names it, seen from the folder of the entry."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), match["file"]))


def _variable(file: str) -> str:
    return re.sub(r"[^\w$]", "_", file.replace("/", "$"))


def _module(file: str, text: str) -> str:
    exported = ", ".join(match[2] for match in _EXPORT.finditer(text))
    return f"const {_variable(file)} = (() => {{\n{_body(file, text)}\nreturn {{ {exported} }};\n}})();"


def _body(file: str, text: str) -> str:
    def declared(match: re.Match) -> str:
        names = match["name"] or f"{{{match['names']}}}"
        return f"const {names} = {_variable(_imported_by(file, match))};\n"

    return _EXPORT.sub(r"\1", _IMPORT.sub(declared, text))
