"""Serve the built book on this machine: `python3 tools/serve.py` (PORT=8000)."""

import errno
import os
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
HOST = "127.0.0.1"

NO_SITE = "There is no built book yet. Run: make book"
BAD_PORT = "PORT={port} is not a port number. Use one from 1 to 65535: make serve PORT=8001"
PORT_IN_USE = "Port {port} is already in use. Choose another: make serve PORT={other}"
NOT_ALLOWED = "This user may not open port {port}. Use one above 1023: make serve PORT=8000"


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a line per request, and tells the browser to ask again after a rebuild."""

    def log_message(self, *arguments):
        pass

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def main() -> None:
    if not (SITE / "index.html").exists():
        sys.exit(NO_SITE)
    with open_server(read_port(os.environ.get("PORT") or "8000"), SITE) as server:
        print(f"The book is at http://{HOST}:{server.server_port}/ (stop with Ctrl+C)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def read_port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        sys.exit(BAD_PORT.format(port=text))
    return int(text)


def open_server(port: int, site: Path) -> ThreadingHTTPServer:
    try:
        return ThreadingHTTPServer((HOST, port), partial(Quiet, directory=str(site)))
    except OSError as error:
        messages = {errno.EADDRINUSE: PORT_IN_USE, errno.EACCES: NOT_ALLOWED}
        if error.errno not in messages:
            raise
        sys.exit(messages[error.errno].format(port=port, other=port + 1 if port < 65535 else 8000))


if __name__ == "__main__":
    main()
