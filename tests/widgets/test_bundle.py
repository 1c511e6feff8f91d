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
            (tmp_path / name).parent.mkdir(exist_ok=True)
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


def modules(text: str) -> list[str]:
    """The files of a bundle but its entry, in their order, as the variables that hold what they export."""
    return re.findall(r"^const ([\w$]+) = \(\(\) => \{$", text, re.MULTILINE)


def test_each_file_stands_once_after_what_it_imports(write):
    text = bundle(write(SMALL))
    assert modules(text) == ["arithmetic_js", "words_js"]
    assert "import" not in text
    assert re.findall(r"^export.*", text, re.MULTILINE) == [
        "export default { twice, said: words.say(twice), words: Object.keys(words) };"
    ]


def test_the_bundle_does_what_the_files_do(write, imported):
    found = imported(bundle(write(SMALL)), "module.default")
    assert found == {"twice": 42, "said": "it is 42", "words": ["say", "later"]}


@pytest.mark.parametrize(
    "declaration", ["const twice = 2;", "function twice() {}", "let twice;", "class twice {}", "const words = 0;"]
)
def test_each_file_has_names_of_its_own(write, imported, declaration):
    """What one file declares for itself another may declare too; the entry sees neither."""
    files = {
        **SMALL,
        "words.js": SMALL["words.js"] + declaration,
        "arithmetic.js": SMALL["arithmetic.js"] + declaration,
    }
    assert imported(bundle(write(files)), "module.default") == {
        "twice": 42, "said": "it is 42", "words": ["say", "later"],
    }  # fmt: skip


def test_what_a_file_does_not_export_cannot_be_imported(write, imported):
    entry = 'import { prefix, say } from "./words.js";\nexport default [typeof prefix, say(50)];\n'
    assert imported(bundle(write({**SMALL, "entry.js": entry})), "module.default") == ["undefined", "it is 50"]


def test_a_file_that_several_import_runs_once(write, imported):
    """Both see the same counter."""
    files = {
        "entry.js": 'import { next } from "./left.js";\nimport { count } from "./right.js";\n'
        "export default [next(), next(), count()];\n",
        "left.js": 'import { up } from "./counter.js";\nexport const next = () => up();\n',
        "right.js": 'import { read } from "./counter.js";\nexport const count = () => read();\n',
        "counter.js": "let value = 0;\nexport const up = () => ++value;\nexport const read = () => value;\n",
    }
    text = bundle(write(files))
    assert modules(text) == ["counter_js", "left_js", "right_js"]
    assert imported(text, "module.default") == [1, 2, 2]


FOLDERS = {
    "entry.js": """\
import { say } from "./words/words.js";
import * as far from "./far/words.js";
export default [say(2), far.say(3), far.twice(4)];
""",
    "words/words.js": """\
import { double } from "../arithmetic.js";
import { name } from "./name.js";
export const say = (number) => `${name} ${double(number)}`;
""",
    "words/name.js": 'export const name = "near";\n',
    "far/words.js": """\
import { name } from "../words/name.js";
import { double } from "../arithmetic.js";
export const say = (number) => `not ${name} ${number}`;
export const twice = (number) => double(number);
""",
    "arithmetic.js": SMALL["arithmetic.js"],
}


def test_files_of_several_folders_may_have_one_name(write, imported):
    text = bundle(write(FOLDERS))
    assert modules(text) == ["arithmetic_js", "words$name_js", "words$words_js", "far$words_js"]
    assert imported(text, "module.default") == ["near 4", "not near 3", 8]


CIRCLES = [
    ({"a.js": "b.js", "b.js": "a.js"}, "a.js: expected no circle of imports, got entry.js → a.js → b.js → a.js"),
    ({"a.js": "a.js"}, "a.js: expected no circle of imports, got entry.js → a.js → a.js"),
    ({"a.js": "entry.js"}, "entry.js: expected no circle of imports, got entry.js → a.js → entry.js"),
    ({"a.js": "far/b.js", "far/b.js": "../a.js"},
     "a.js: expected no circle of imports, got entry.js → a.js → far/b.js → a.js"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "message"), CIRCLES)
def test_files_that_import_each_other_are_named(write, files, message):
    wanted = {"entry.js": "a.js", **files}
    with pytest.raises(ValueError) as error:
        bundle(write({name: f'import {{ x }} from "./{other}";\n' for name, other in wanted.items()}))
    assert str(error.value) == message


def test_a_name_within_a_function_clashes_with_nothing(write, imported):
    words = SMALL["words.js"] + "export function inner() {\n  const twice = 1;\n  return twice;\n}\n"
    assert imported(bundle(write({**SMALL, "words.js": words})), "module.default.words") == ["say", "later", "inner"]


def test_a_missing_file_is_named(write):
    with pytest.raises(FileNotFoundError, match="arithmetic.js"):
        bundle(write({name: text for name, text in SMALL.items() if name != "arithmetic.js"}))


def test_the_explorer_is_every_file_of_static_and_exports_what_a_host_asks_for(imported):
    files = sorted(str(path.relative_to(STATIC)) for path in STATIC.rglob("*.js"))
    files.remove("asked.js")  # what Python asks of them
    variables = sorted(re.sub(r"[./]", lambda match: "$" if match[0] == "/" else "_", file) for file in files)
    text = Explorer._esm
    assert sorted([*modules(text), "explorer_js"]) == variables
    assert imported(text, "[Object.keys(module), Object.keys(module.default), typeof module.default.render]") == [
        ["default"], ["initialize", "render"], "function",
    ]  # fmt: skip
