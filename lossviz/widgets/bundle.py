"""One ES module out of several: a widget's ``_esm`` is one text, its source small files that import each other."""

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(?P<file>[\w.]+)";\n', re.MULTILINE)
_NAMESPACE = re.compile(r'^import \* as (?P<name>\w+) from "\./(?P<file>[\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
_DECLARED = re.compile(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)
_EXPORTED = re.compile(r"^export (?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)


def bundle(entry: Path) -> str:
    """The text of ``entry`` and of all that it imports from its own folder, each once, importers after the imported.

    Supports ``import {a, b} from "./file.js"`` and ``import * as name from "./file.js"``. All files share one scope, so
    raises ValueError where two of them declare the same name.
    """
    texts: dict[str, str] = {}
    _collect(entry, texts)
    _check_names(texts)
    return "\n".join(f"// ---- {name}\n{_stripped(text, texts)}" for name, text in texts.items())


def _collect(file: Path, texts: dict[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for match in re.finditer(r'from "\./([\w.]+)";', text):
        if match[1] not in texts:
            _collect(file.with_name(match[1]), texts)
    texts[file.name] = text


def _check_names(texts: dict[str, str]) -> None:
    owner: dict[str, str] = {}
    for file, text in texts.items():
        for name in _DECLARED.findall(text):
            if owner.setdefault(name, file) != file:
                raise ValueError(f"{file}: {name} is declared in {owner[name]} too; a bundle has one scope")


def _stripped(text: str, texts: dict[str, str]) -> str:
    def gathered(match: re.Match) -> str:
        return f"const {match['name']} = {{ {', '.join(_EXPORTED.findall(texts[match['file']]))} }};\n"

    return _EXPORT.sub("", _NAMESPACE.sub(gathered, _IMPORT.sub("", text)))
