"""Build the book into _build/html. Sphinx's own words go to _build/build.log; only the cause of a failure is shown."""

import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOG = ROOT / "_build" / "build.log"

COLOURS = re.compile(r"\x1b\[[\d;]*m")
COMPLAINT = re.compile(r"(WARNING|ERROR):")
FAILED_CELL = re.compile(r"An error occurred while executing.*?^\w+: [^\n]*", re.DOTALL | re.MULTILINE)


def main() -> None:
    started = time.perf_counter()
    print("Building the book (notebooks are run when they or lossviz changed)", flush=True)
    if build(ROOT, LOG):
        print(cause(LOG.read_text()), file=sys.stderr)
        sys.exit(f"The book was not built. The whole log: {LOG.relative_to(ROOT)}")
    print(f"Built _build/html in {time.perf_counter() - started:.1f} s", flush=True)


def build(book: Path, log: Path) -> int:
    """Build the book in that folder; warnings (a broken link, a missing figure) count as errors."""
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", "-W", "--keep-going", book]
    with log.open("w") as output:
        return subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).returncode


def cause(log: str) -> str:
    """The complaints of a log and the cell that failed, or its end where it has neither."""
    text = COLOURS.sub("", log)
    complaints = [line for line in text.splitlines() if COMPLAINT.search(line)]
    cell = FAILED_CELL.search(text)
    return "\n".join([*complaints, *([cell.group()] if cell else [])]) or "\n".join(text.splitlines()[-20:])


if __name__ == "__main__":
    main()
