"""A real JupyterLab with a kernel, driven as a reader would: open a notebook, run it, move things, ask Python."""

import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
from jupyter_client import BlockingKernelClient
from playwright.sync_api import Page

PLACES = ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")  # not the reader's own
PATIENCE = 180  # seconds, for a busy machine


class Lab:
    """A server on a folder, with its own settings, until the `with` ends."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.runtime = folder / ".runtime"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Lab":
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={self.port}",
                   "--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.folder}", "--IdentityProvider.token=",
                   "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
        places = {name: str(self.runtime / name.lower()) for name in PLACES}
        environment = {**os.environ, **places, "JUPYTER_RUNTIME_DIR": str(self.runtime)}
        self.runtime.mkdir(exist_ok=True)
        self.log = (self.runtime / "log").open("w")
        self.process = subprocess.Popen(
            command, env=environment, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
        self.wait_until_it_answers()
        return self

    def __exit__(self, *error) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()

    def wait_until_it_answers(self) -> None:
        until(lambda: self.ask("/api/status") or self.process.poll(), lambda answer: answer is not None, "JupyterLab")
        if self.process.poll() is not None:
            raise RuntimeError("JupyterLab did not start:\n" + (self.runtime / "log").read_text()[-3000:])

    def ask(self, path: str):
        try:
            with urlopen(self.address + path, timeout=5) as answer:
                return json.load(answer)
        except (URLError, OSError):
            return None

    def run_notebook(self, page: Page, name: str) -> None:
        """Open the notebook in the page, run every cell, and wait until the last one is done."""
        page.goto(f"{self.address}/lab/tree/{name}?reset")
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=PATIENCE * 1000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        cells = nbformat.read(self.folder / name, as_version=4).cells
        count = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in cells)
        self.wait_for(name, "len(In) - 1", lambda run: run >= count)

    def wait_for(self, name: str, expression: str, right):
        """Ask the kernel until its answer is right, and return that answer."""
        return until(lambda: self.evaluate(name, expression), right, f"{name}: {expression}")

    def evaluate(self, name: str, expression: str):
        """What Python in the notebook's kernel says to an expression whose value JSON can hold."""
        with ThreadPoolExecutor(1) as apart:  # playwright's event loop has this thread
            return apart.submit(self._evaluate, self.kernel(name), expression).result()

    def kernel(self, name: str) -> str:
        sessions = until(self.sessions, lambda known: name in known, f"the sessions, without {name},")
        return sessions[name]["kernel"]["id"]

    def sessions(self) -> dict[str, dict]:
        return {session["path"]: session for session in self.ask("/api/sessions") or []}

    def _evaluate(self, kernel: str, expression: str):
        client = BlockingKernelClient(connection_file=str(self.runtime / f"kernel-{kernel}.json"))
        client.load_connection_file()
        client.start_channels()
        try:
            wanted = {"answer": f"__import__('json').dumps({expression})"}
            answer = client.execute("", silent=True, user_expressions=wanted, reply=True, timeout=PATIENCE)
        finally:
            client.stop_channels()
        result = answer["content"]["user_expressions"]["answer"]
        if result["status"] != "ok":
            raise RuntimeError(f"{expression}: {result['ename']}: {result['evalue']}")
        return json.loads(json.loads(f'"{result["data"]["text/plain"][1:-1]}"'))


def until(ask, right, what: str):
    """Ask until the answer is right, and return it."""
    deadline = time.monotonic() + PATIENCE
    while not right(answer := ask()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} is still {answer}")
        time.sleep(0.1)  # between two questions
    return answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
