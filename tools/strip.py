"""Keep of each notebook what nbval compares: `strip.py book/*.ipynb` drops images, figures, widgets and timings."""

import sys

import nbformat

IGNORED = "nbval-ignore-output"  # what nobody compares goes stale unseen
DRAWN = ("application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json")


def main(paths: list[str]) -> None:
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        strip(notebook)
        nbformat.write(notebook, path)


def strip(notebook: nbformat.NotebookNode) -> None:
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            outputs = [] if IGNORED in cell.metadata.get("tags", []) else cell.outputs
            cell.outputs = joined([kept for output in outputs if (kept := keep(output)) is not None])


def keep(output: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """The output reduced to its text, or None where nothing comparable is left."""
    if output.output_type == "stream":
        return output if output.name == "stdout" else None
    if output.output_type == "error":
        return output
    if any(kind in output.data for kind in DRAWN) or "text/plain" not in output.data:
        return None
    output.data = {"text/plain": output.data["text/plain"]}
    output.metadata = {}
    return output


def joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Prints that follow each other as one output: where the kernel cuts them is chance."""
    together: list[nbformat.NotebookNode] = []
    for output in outputs:
        if together and output.output_type == together[-1].output_type == "stream":
            together[-1].text += output.text
        else:
            together.append(output)
    return together


if __name__ == "__main__":
    main(sys.argv[1:])
