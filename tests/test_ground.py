"""The ground: what a newcomer meets before the first page. Plain messages, exact pins, two commands."""

import ast
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from tools import bench, browser, environment, serve, strip
from tools.build import cause

ROOT = Path(__file__).resolve().parents[1]
PIN = re.compile(r"[A-Za-z0-9_.-]+==[0-9][0-9a-z.]*")


def lines(name: str) -> list[str]:
    return [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-"))]


def make(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)


# What is written down


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt", "constraints.txt"])
def test_every_requirement_is_pinned_exactly(name):
    assert lines(name)
    assert [line for line in lines(name) if not PIN.fullmatch(line)] == []


def test_the_constraints_agree_with_the_requirements():
    frozen = dict(line.lower().split("==") for line in lines("constraints.txt"))
    wanted = dict(line.lower().split("==") for line in lines("requirements.txt") + lines("requirements-test.txt"))
    assert wanted.keys() - frozen.keys() <= {"setuptools"}  # pip freeze leaves it out
    assert {name: version for name, version in wanted.items() if frozen.get(name, version) != version} == {}


def test_the_readme_starts_with_the_two_commands():
    first_block = (ROOT / "README.md").read_text().split("```")[1].split("\n")
    assert [line.split("#")[0].strip() for line in first_block if line] == ["make book", "make test"]


def test_the_readme_names_every_command_and_only_those():
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z]+)`", (ROOT / "README.md").read_text()))
    assert named == targets


def test_contributing_fits_a_screen():
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 45


def test_the_package_carries_its_scripts_styles_and_data(tmp_path):
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "lossviz", tmp_path / "lossviz", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", "dist", "."]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("lossviz-*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("lossviz/")}
    files = (path for path in (tmp_path / "lossviz").rglob("*") if path.is_file())
    assert packed == {path.relative_to(tmp_path).as_posix() for path in files}


# One way of writing

WIDTH = 120  # as pyproject.toml has it for Python
LOSSVIZ = ROOT / "lossviz"
SCRIPTS = [*(ROOT / "book" / "_static").rglob("*.js"), *(LOSSVIZ / "widgets" / "static").rglob("*.js")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_javascript_keeps_the_length_of_a_line(script):
    lengths = {number: len(line) for number, line in enumerate(script.read_text().splitlines(), start=1)}
    assert {number: length for number, length in lengths.items() if length > WIDTH} == {}


BEHIND = LOSSVIZ / "_torch.py"
PACKAGE = {path: path.read_text() for path in LOSSVIZ.rglob("*.py")}
OURS = set(re.findall(r"(?:def |class |import |self\.|^)(_\w+)", "\n".join(PACKAGE.values()), re.MULTILINE))


def hidden_names(code: str) -> set[str]:
    """What the code takes from torch's private modules, and the private attributes it reads that are not ours."""
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{each.name}" for each in node.names}
        elif isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.Attribute):
            names.add(ast.unparse(node))
    return {name for name in names if hidden_parts(name)}


def hidden_parts(name: str) -> set[str]:
    parts = {part for part in name.split(".") if re.fullmatch(r"_[A-Za-z]\w*|experimental", part)}
    return parts if name.startswith(("torch.", "aten.")) else parts - OURS


def test_hidden_names_are_found():
    assert hidden_names("from torch._dynamo import source") == {"torch._dynamo.source"}
    assert hidden_names("from torch import _dynamo") == {"torch._dynamo"}
    assert hidden_names("import torch.fx.experimental.proxy_tensor as p") == {"torch.fx.experimental.proxy_tensor"}
    assert hidden_names("from torch.nn.modules import _BatchNorm") == {"torch.nn.modules._BatchNorm"}
    assert hidden_names("torch.ops.aten._softmax(x)") == {"torch.ops.aten._softmax"}
    assert hidden_names("node.target._schema") == {"node.target._schema"}
    assert hidden_names("from torch import fx, nn\nx.dtype, torch.__version__, sizes._require") == set()
    assert hidden_names(PACKAGE[BEHIND])


def test_private_names_of_torch_stand_in_one_file():
    elsewhere = [path for path in PACKAGE if path != BEHIND]
    found = {path.name: hidden_names(PACKAGE[path]) for path in elsewhere}
    assert {name: names for name, names in found.items() if names} == {}


# Plain messages


def stops_with(message: str):
    """The program ends with this sentence and no traceback."""
    return pytest.raises(SystemExit, match=re.escape(message))


def test_a_port_in_use_is_said_plainly(site):
    with socket.socket() as taken:
        taken.bind((serve.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = make("serve", f"PORT={port}")
    assert said.returncode != 0
    assert f"Port {port} is already in use. Choose another: make serve PORT={port + 1}" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("port", ["", "eighty", "0", "65536", "-1"])
def test_a_port_that_is_none_is_said_plainly(port):
    with stops_with(f"PORT={port} is not a port number"):
        serve.read_port(port)


def test_serving_before_building_is_said_plainly(monkeypatch, tmp_path):
    monkeypatch.setattr(serve, "SITE", tmp_path)
    with stops_with("There is no built book yet. Run: make book"):
        serve.main()


def test_an_old_python_is_said_plainly():
    with stops_with("Python 3.11 or newer is needed; this is Python 3.9."):
        environment.check_version((3, 9))


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A project folder without a virtual environment."""
    (tmp_path / "requirements.txt").write_text("-c constraints.txt\nsome-package==1.0\n")
    (tmp_path / "constraints.txt").write_text("other==2.0\n")
    venv = tmp_path / ".venv"
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "PYTHON", venv / "bin" / "python")
    return tmp_path


def fake_python(folder: Path, script: str) -> str:
    """A program that behaves as the shell script says, in python's place."""
    program = folder / "fake-python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def test_a_missing_venv_module_is_said_plainly(bare, monkeypatch):
    script = "mkdir -p .venv/bin; touch .venv/bin/python; echo 'ensurepip is not available' >&2; exit 1"
    monkeypatch.setattr(sys, "executable", fake_python(bare, script))
    monkeypatch.chdir(bare)
    for _ in range(2):  # a half-made environment is not taken for a whole one
        with stops_with("sudo apt-get install python3-venv"):
            environment.make_venv()


def test_another_trouble_with_venv_is_shown_as_it_is(bare, monkeypatch):
    monkeypatch.setattr(sys, "executable", fake_python(bare, "echo 'No space left on device' >&2; exit 1"))
    with stops_with("No space left on device"):
        environment.make_venv()


UNREACHABLE = "WARNING: Retrying after connection broken by 'NewConnectionError(Failed to establish a new connection)'"
NOT_THERE = "ERROR: No matching distribution found for some-package==1.0"


@pytest.mark.parametrize(
    ("error", "message"),
    [(UNREACHABLE, environment.NO_NETWORK), (NOT_THERE, environment.NO_PACKAGE.format(names="requirements.txt"))],
)
def test_pip_failing_is_said_plainly(bare, monkeypatch, error, message):
    (bare / ".venv").mkdir()
    monkeypatch.setattr(environment, "PYTHON", fake_python(bare, f'echo "{error}" >&2; exit 1'))
    with stops_with(message):
        environment.install("requirements.txt")
    assert not (bare / ".venv" / ".requirements.txt.stamp").exists()


def test_no_network_for_the_real_pip_is_said_plainly(tmp_path):
    """The real pip against an index that nobody serves, as it prints it today."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        index = f"http://127.0.0.1:{nobody.getsockname()[1]}/simple"
        command = [sys.executable, "-m", "pip", "--isolated", "install", "--retries", "1", "--timeout", "2"]
        command += ["--target", tmp_path, "--index-url", index, "a-package-that-is-not-installed"]
        asked = subprocess.run(command, capture_output=True, text=True, env={"PIP_CONFIG_FILE": "/dev/null"})
    assert asked.returncode and environment.is_unreachable(asked.stderr)


def test_nothing_is_installed_twice_until_a_file_changes(bare, monkeypatch):
    calls = bare / "calls"
    (bare / ".venv").mkdir()
    monkeypatch.setattr(environment, "PYTHON", fake_python(bare, f'echo "$@" >> {calls}'))
    environment.install("requirements.txt")
    environment.install("requirements.txt")
    assert len(calls.read_text().splitlines()) == 1
    (bare / "constraints.txt").write_text("other==2.1\n")
    environment.install("requirements.txt")
    assert len(calls.read_text().splitlines()) == 2


def test_a_missing_browser_is_said_plainly(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    assert browser.find() is None
    with stops_with("The browser tests need Chromium."):
        browser.main([])


def test_a_named_browser_is_not_replaced_by_another(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    monkeypatch.setattr(browser, "install", lambda: pytest.fail("installed one"))
    with stops_with("The browser tests need Chromium."):
        browser.main(["--install"])


def test_a_headless_shell_is_preferred_but_where_time_is_measured(monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(browser.shutil, "which", lambda name: f"/bin/{name}" if "chrom" in name else None)
    assert browser.find() == "/bin/chromium-headless-shell"
    assert browser.find(whole=True) == "/bin/chromium"


def test_apt_is_asked_only_by_those_who_may(monkeypatch):
    monkeypatch.setattr(browser.shutil, "which", lambda name: name if name == "apt-get" else None)
    monkeypatch.setattr(browser.os, "geteuid", lambda: 1000)
    assert not any("apt-get" in " ".join(way) for way in browser.ways_to_install())
    monkeypatch.setattr(browser.os, "geteuid", lambda: 0)
    assert "apt-get" in " ".join(browser.ways_to_install()[0])


def test_a_failed_build_shows_its_cause():
    log = """reading sources... [ 50%] book/index
[91m/book/index.ipynb: WARNING: Executing notebook failed: CellExecutionError [mystnb.exec][39;49;00m
nbclient.exceptions.CellExecutionError: An error occurred while executing the following cell:
------------------
1 / 0
------------------


[31m---------------------------------------------------------------------------[39m
[31mZeroDivisionError[39m                         Traceback (most recent call last)
[36mCell[39m[36m [39m[32mIn[1][39m[32m, line 1[39m
[32m----> [39m[32m1[39m [32m1[39m / [32m0[39m

ZeroDivisionError: division by zero


The above exception was the direct cause of the following exception:
    a long traceback of jupyter-book
"""
    shown = cause(log)
    assert "WARNING: Executing notebook failed" in shown and "1 / 0" in shown and "ZeroDivisionError" in shown
    assert "long traceback" not in shown and "reading sources" not in shown


# The bench


def test_a_line_of_the_bench_says_whether_its_target_is_met():
    assert str(bench.Line("page", 0.5, "s", target=1.0)).split() == ["page", "0.5", "s", "≤", "1", "s", "ok"]
    assert str(bench.Line("page", 1.5, "s", target=1.0)).endswith("over")
    assert str(bench.Line("page", 1.5, "s")).split() == ["page", "1.5", "s"]


def test_a_section_of_the_bench_that_is_not_there_is_said_plainly():
    with stops_with("There is no section speed. Sections: building"):
        bench.main(["speed"])


# Notebooks are kept as text


def test_stripping_keeps_what_nbval_compares():
    v4 = nbformat.v4
    outputs = [
        v4.new_output("stream", name="stdout", text="loss 0.250000\n"),
        v4.new_output("stream", name="stderr", text="a warning"),
        v4.new_output("stream", name="stdout", text="and more\n"),
        v4.new_output("execute_result", data={"text/plain": "0.25", "text/html": "<b>0.25</b>"}, execution_count=1),
        v4.new_output("display_data", data={"image/png": "iVBORw0KGgo="}),
        v4.new_output("display_data", data={"text/plain": "Explorer()", strip.DRAWN[0]: {}}),
    ]
    compared = v4.new_code_cell("loss", outputs=outputs, execution_count=1)
    ignored = v4.new_code_cell("figure", outputs=outputs[:1], metadata={"tags": ["nbval-ignore-output"]})
    notebook = v4.new_notebook(cells=[compared, ignored])
    notebook.metadata.widgets = {"state": {}}
    strip.strip(notebook)
    kept = notebook.cells[0].outputs
    assert [output.output_type for output in kept] == ["stream", "execute_result"]
    assert kept[0].text == "loss 0.250000\nand more\n"
    assert kept[1].data == {"text/plain": "0.25"}
    assert notebook.cells[0].execution_count == 1
    assert notebook.cells[1].outputs == [] and "widgets" not in notebook.metadata
