"""Several JavaScript files, one module: what a bundle does to imports, exports and names."""

import re

import pytest

from lossviz import Explorer
from lossviz.widgets.bundle import bundle
from tests.widgets.conftest import STATIC

SMALL = {
    "entry.js": """\
import { double } from "./arithmetic.js";
import * as words from "./words.js";
const twice = double(21);
export default { twice, said: words.say(twice), words: Object.keys(words) };
""",
    "words.js": """\
import {
  double,
  LEAST,
} from "./arithmetic.js";
const prefix = "it is ";
export const say = (number) => prefix + Math.max(LEAST, number);
export async function later() { return double(1); }
""",
    "arithmetic.js": """\
export const LEAST = 40;
export function double(x) { return 2 * x; }
""",
}


@pytest.fixture
def write(tmp_path):
    """write({name: text}) → the entry, "entry.js"."""

    def write(files: dict[str, str]):
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / "entry.js"

    return write


@pytest.fixture
def imported(chromium):
    """imported(text, "expression of module") → its value in Chromium."""
    page = chromium.new_page()
    yield lambda text, expression: page.evaluate(
        f"""async (text) => {{
          const module = await import(URL.createObjectURL(new Blob([text], {{ type: "text/javascript" }})));
          return {expression};
        }}""",
        text,
    )
    page.close()


def headings(text: str) -> list[str]:
    return re.findall(r"^// ---- (.+)$", text, re.MULTILINE)


def test_each_file_stands_once_after_what_it_imports(write):
    text = bundle(write(SMALL))
    assert headings(text) == ["arithmetic.js", "words.js", "entry.js"]
    assert "import" not in text
    assert re.findall(r"^export.*", text, re.MULTILINE) == [
        "export default { twice, said: words.say(twice), words: Object.keys(words) };"
    ]


def test_the_bundle_does_what_the_files_do(write, imported):
    found = imported(bundle(write(SMALL)), "module.default")
    assert found == {"twice": 42, "said": "it is 42", "words": ["say", "later"]}


@pytest.mark.parametrize("declaration", ["const double = 2;", "function double() {}", "let double;", "class double {}"])
def test_two_files_with_one_name_are_told_apart_by_name(write, declaration):
    with pytest.raises(ValueError, match="words.js: double is declared in arithmetic.js too; a bundle has one scope"):
        bundle(write({**SMALL, "words.js": SMALL["words.js"] + declaration}))


def test_a_name_within_a_function_clashes_with_nothing(write, imported):
    words = SMALL["words.js"] + "export function inner() {\n  const twice = 1;\n  return twice;\n}\n"
    assert imported(bundle(write({**SMALL, "words.js": words})), "module.default.words") == ["say", "later", "inner"]


def test_a_missing_file_is_named(write):
    with pytest.raises(FileNotFoundError, match="arithmetic.js"):
        bundle(write({name: text for name, text in SMALL.items() if name != "arithmetic.js"}))


def test_the_explorer_is_every_file_of_static_and_exports_render(imported):
    text = Explorer._esm
    assert sorted(headings(text)) == sorted(path.name for path in STATIC.glob("*.js"))
    for number, name in enumerate(headings(text)):
        wanted = re.findall(r'from "\./([\w.]+)"', (STATIC / name).read_text(encoding="utf-8"))
        assert set(wanted) <= set(headings(text)[:number])
    assert imported(text, "[Object.keys(module), Object.keys(module.default), typeof module.default.render]") == [
        ["default"], ["render"], "function",
    ]  # fmt: skip
