"""What several rooms of tests share: the built site, a server for it, and a browser that no page can leave."""

import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from filelock import FileLock
from playwright.sync_api import expect, sync_playwright

from tools import browser, build, serve

ROOT = Path(__file__).resolve().parents[1]
expect.set_options(timeout=20_000)  # milliseconds: the machine may be busy
NO_OTHER_HOST = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


# Files that take a minute or more: begun early, so that two workers end together.
LONG = {
    f"test_{name}.py"
    for name in (
        *("breakages", "every_loss", "explorer", "explorer_lab", "fast", "figure", "fuzz", "hand", "links"),
        *("page", "pages", "play", "sight", "situations", "surface_view", "tasks", "trainer"),
    )
}


def pytest_collection_modifyitems(items):
    """Notebooks first: nbval's kernels do not share a thread with a running playwright. Then what is long."""
    items.sort(key=lambda item: 0 if item.path.suffix == ".ipynb" else 1 if item.path.name in LONG else 2)


@pytest.fixture(scope="session")
def chromium():
    """One Chromium for the whole run. It is needed, so its absence fails rather than skips."""
    path = browser.find()
    if path is None:
        pytest.fail(browser.MISSING, pytrace=False)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=[*browser.FLAGS, NO_OTHER_HOST])
        yield running
        running.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id) -> Path:
    """The built book, brought up to date once in a run: building rewrites files that another worker may be reading."""
    run = tmp_path_factory.getbasetemp()
    run = run if worker_id == "master" else run.parent
    log = ROOT / "_build" / "build.log"
    with FileLock(run / "site.lock"):
        if not (run / "site").exists():
            if build.build(ROOT, log):
                pytest.fail(f"{build.cause(log.read_text())}\nThe book was not built; see {log}", pytrace=False)
            (run / "site").touch()
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def served_site(site, tmp_path_factory):
    """The address of the built book, under a sub-path as on GitHub Pages."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "some" / "sub").mkdir(parents=True)
    (folder / "some" / "sub" / "path").symlink_to(site)
    with serving(folder) as address:
        yield f"{address}/some/sub/path/"


class serving:
    """A web server for a folder, for as long as the `with` lasts."""

    def __init__(self, folder: Path):
        self.server = serve.open_server(0, folder)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://{serve.HOST}:{self.server.server_port}"

    def __exit__(self, *error) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def open_page(request, chromium):
    """open_page(address, **context_options) → a playwright page, which must stay at home and say no error.

    The address is a URL, a Path (opened as file://), or a page of the built book such as "book/index.html".
    """
    contexts, complaints = [], []

    def open_one(address: str | Path, **options):
        if isinstance(address, Path):
            address = address.as_uri()
        if "://" not in address:
            address = request.getfixturevalue("served_site") + address
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        watch(page, origin(address), complaints)
        page.goto(address)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def watch(page, home: str, complaints: list[str]) -> None:
    at_home = (home, "data:", "blob:")
    complain = complaints.append
    page.on("request", lambda request: origin(request.url) in at_home or complain(f"asked {request.url}"))
    page.on("response", lambda response: response.status < 400 or complain(f"{response.status} {response.url}"))
    page.on("pageerror", lambda error: complain(f"threw {error}"))
    page.on("console", lambda message: is_harmless(message) or complain(f"console: {message.text}"))


def is_harmless(message) -> bool:
    """Not an error, or the browser asking the bare redirect page's server for an icon."""
    return message.type != "error" or message.location["url"].endswith("/favicon.ico")


def origin(url: str) -> str:
    """http://host:port for a web address; the scheme alone for the rest ("file:", "data:", "blob:")."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
