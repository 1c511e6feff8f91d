"""A real JupyterLab with a kernel, driven as a reader would: open a notebook, run it, move things, ask Python."""

import ast
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

from jupyter_client import BlockingKernelClient
from playwright.sync_api import Page

SETTINGS = (
    "--ServerApp.port_retries=0",
    "--IdentityProvider.token=",
    "--LabApp.news_url=",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.expose_app_in_browser=True",  # window.jupyterapp, so that a test can wait for a run to end
)
PLACES = ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")  # not the reader's own
PATIENCE = 180  # seconds, for a busy machine
RUN_ALL = """async () => {  // returns what the first failed cell says
  const { shell, commands, restored } = window.jupyterapp;
  await restored;
  const notebook = shell.currentWidget;
  await notebook.context.ready;
  await notebook.sessionContext.ready;
  await commands.execute("notebook:run-all-cells");
  const outputs = [...notebook.content.model.cells].flatMap(cell => cell.toJSON().outputs ?? []);
  const error = outputs.find(output => output.output_type === "error");
  return error && `${error.ename}: ${error.evalue}`;
}"""


class Lab:
    """A server on a folder, with its own settings, until the `with` ends."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.runtime = folder / ".runtime"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.clients: dict[str, BlockingKernelClient] = {}
        self.apart = ThreadPoolExecutor(1)  # playwright's event loop has the main thread

    def __enter__(self) -> "Lab":
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *SETTINGS]
        command += [f"--ServerApp.port={self.port}", f"--ServerApp.root_dir={self.folder}"]
        places = {name: str(self.runtime / name.lower()) for name in PLACES}
        environment = {**os.environ, **places, "JUPYTER_RUNTIME_DIR": str(self.runtime)}
        self.runtime.mkdir(exist_ok=True)
        self.log = (self.runtime / "log").open("w")
        self.process = subprocess.Popen(
            command, env=environment, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
        try:
            self.wait_until_it_answers()
        except RuntimeError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error) -> None:
        for client in self.clients.values():
            self.apart.submit(client.stop_channels).result()
        self.apart.shutdown()
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
        """Open the notebook in the page and run every cell to its end."""
        page.goto(f"{self.address}/lab/tree/{name}?reset", timeout=PATIENCE * 1000)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE * 1000)
        if failed := page.evaluate(RUN_ALL):
            raise RuntimeError(f"a cell of {name} failed: {failed}")

    def wait_for(self, name: str, expression: str, right):
        """Ask the kernel until its answer is right, and return that answer."""
        return until(lambda: self.evaluate(name, expression), right, f"{name}: {expression}")

    def evaluate(self, name: str, expression: str):
        """What Python in the notebook's kernel says to an expression whose value JSON can hold."""
        return self.apart.submit(self._evaluate, self.kernel(name), expression).result()

    def kernel(self, name: str) -> str:
        sessions = until(self.sessions, lambda known: name in known, f"the sessions, without {name},")
        return sessions[name]["kernel"]["id"]

    def sessions(self) -> dict[str, dict]:
        return {session["path"]: session for session in self.ask("/api/sessions") or []}

    def client(self, kernel: str) -> BlockingKernelClient:
        """One connection per kernel, kept: each costs sockets."""
        if kernel not in self.clients:
            client = BlockingKernelClient(connection_file=str(self.runtime / f"kernel-{kernel}.json"))
            client.load_connection_file()
            client.start_channels(iopub=False, stdin=False, hb=False, control=False)
            self.clients[kernel] = client
        return self.clients[kernel]

    def _evaluate(self, kernel: str, expression: str):
        wanted = {"answer": f"__import__('json').dumps({expression})"}
        reply = self.client(kernel).execute("", silent=True, user_expressions=wanted, reply=True, timeout=PATIENCE)
        result = reply["content"]["user_expressions"]["answer"]
        if result["status"] != "ok":
            raise RuntimeError(f"{expression}: {result['ename']}: {result['evalue']}")
        return json.loads(ast.literal_eval(result["data"]["text/plain"]))


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
