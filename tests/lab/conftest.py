import pytest

from tests.conftest import ROOT, watch
from tests.lab.jupyterlab import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A running JupyterLab; put notebooks into lab.folder."""
    with Lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture
def lab_page(lab, chromium):
    """An empty browser page that must not leave the server. (JupyterLab's own console is its own affair.)"""
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 1300, "height": 1000})
    page = context.new_page()
    watch(page, lab.address, complaints)
    yield page
    context.close()
    assert not [each for each in complaints if each.startswith(("asked", "threw"))], "\n".join(complaints)


@pytest.fixture
def book_notebook(lab):
    """book_notebook("labelled_pairs.ipynb") → its name after copying it to the lab's folder."""

    def copy(name: str) -> str:
        (lab.folder / name).write_bytes((ROOT / "book" / name).read_bytes())
        return name

    return copy
