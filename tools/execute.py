"""Run notebooks top to bottom, in place: `execute.py book/*.ipynb`."""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}  # without it JupyterLab asks which


def main(paths: list[str]) -> None:
    for path in map(Path, paths):
        started = time.perf_counter()
        execute(path)
        print(f"{path}  {time.perf_counter() - started:.1f} s", flush=True)


def execute(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}})
    try:
        client.execute()
    except CellExecutionError as error:
        sys.exit(f"{path} stopped in a cell:\n{error}")
    notebook.metadata.kernelspec = KERNEL
    nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1:])
