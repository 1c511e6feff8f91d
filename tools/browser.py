"""Find Chromium: `python3 tools/browser.py` prints its path; --install first installs one where there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The headless shell draws what Chromium draws, in two thirds of its time: it has no window to draw for.
SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
MISSING = (
    "The browser tests need Chromium. Install it (apt-get install chromium), "
    "or name one: make test CHROMIUM=/path/to/chromium"
)
INSTALL = "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends"
APT = f"apt-get update -qq; {INSTALL} {SHELLS[0]} || {INSTALL} {NAMES[0]}"  # Ubuntu has no shell


def main(arguments: list[str]) -> None:
    named = os.environ.get("CHROMIUM")  # whoever names one wants that one
    path = find() or (install() if "--install" in arguments and not named else None)
    sys.exit(MISSING) if path is None else print(path)


def find(whole: bool = False) -> str | None:
    """A Chromium: a headless shell before a ``whole`` browser, unless that is asked for, as where time is measured."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    names = (*NAMES, *SHELLS) if whole else (*SHELLS, *NAMES)
    return next(filter(None, map(shutil.which, names)), None) or playwrights_own()


def playwrights_own() -> str | None:
    """The Chromium that `playwright install` keeps, if that was run here."""
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    patterns = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
    return next((str(found) for pattern in patterns for found in sorted(cache.glob(pattern), reverse=True)), None)


def install() -> str | None:
    for command in ways_to_install():
        print("Installing Chromium:", *command, file=sys.stderr, flush=True)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        if done.returncode == 0 and find():
            return find()
    return None


def ways_to_install() -> list[list[str]]:
    ways = []
    if shutil.which("apt-get"):
        prefix = [] if os.geteuid() == 0 else ["sudo", "-n"] if shutil.which("sudo") else None
        if prefix is not None:
            ways.append([*prefix, "sh", "-c", APT])
    ways.append([sys.executable, "-m", "playwright", "install", "chromium"])
    return ways


if __name__ == "__main__":
    main(sys.argv[1:])
