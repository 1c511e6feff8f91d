"""Make .venv and fill it: `python3 tools/environment.py [requirements.txt ...]`. Does nothing when nothing changed.

Runs before the virtual environment exists, so it uses the standard library only.
"""

from __future__ import annotations  # so that an old Python reaches the message about its age

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)

NO_VENV = "This Python cannot make a virtual environment. On Debian or Ubuntu: sudo apt-get install python3-venv"
NO_NETWORK = "pip could not reach its package index. Connect to the network (or set PIP_INDEX_URL) and try again."
NO_PACKAGE = "pip could not install {names}. Its own message is above."
OLD_PYTHON = "Python {}.{} or newer is needed; this is Python {}.{}. Choose another with: make book PYTHON=python3.12"

# What pip prints when it cannot reach an index, as opposed to not finding a version there.
UNREACHABLE = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ProxyError",
    "Network is unreachable",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Connection refused",
)


def main(names: list[str]) -> None:
    check_version()
    make_venv()
    for name in names:
        install(name)
    install_lossviz()


def check_version(version: tuple = sys.version_info[:2]) -> None:
    if version < OLDEST:
        sys.exit(OLD_PYTHON.format(*OLDEST, *version))


def make_venv() -> None:
    if PYTHON.exists():
        return
    print("Making the virtual environment .venv", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", VENV]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if made.returncode:
        PYTHON.unlink(missing_ok=True)  # a half-made environment must not look finished the next time
        sys.exit(NO_VENV if "ensurepip" in made.stdout or "No module named" in made.stdout else made.stdout)


def install(name: str) -> None:
    stamp = VENV / f".{name}.stamp"
    wanted = fingerprint(name)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Installing {name} (the first time this takes some minutes)", flush=True)
    run_pip(["install", "--quiet", "-r", name], what=name)
    stamp.write_text(wanted)


def install_lossviz() -> None:
    stamp = VENV / ".lossviz.stamp"
    described = (ROOT / "pyproject.toml").read_text()
    wanted = hashlib.sha256(f"{ROOT}\n{described}".encode()).hexdigest()  # the folder may have moved
    if stamp.exists() and stamp.read_text() == wanted:
        return
    run_pip(["install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."], what="lossviz")
    stamp.write_text(wanted)


def fingerprint(name: str) -> str:
    """The requirements file and the files it names, so that a change in any of them installs again."""
    text = (ROOT / name).read_text()
    for line in text.splitlines():
        if line.startswith(("-r ", "-c ")):
            text += fingerprint(line.split()[1])
    return hashlib.sha256(text.encode()).hexdigest()


def run_pip(arguments: list[str], what: str) -> None:
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", *arguments]
    pip = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    if pip.returncode:
        sys.exit(NO_NETWORK if is_unreachable(pip.stderr) else f"{pip.stderr}{NO_PACKAGE.format(names=what)}")


def is_unreachable(said: str) -> bool:
    return any(sign in said for sign in UNREACHABLE)


if __name__ == "__main__":
    main(sys.argv[1:] or ["requirements.txt"])
