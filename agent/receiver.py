"""An HTTP server for problems that the browser extension competitive-companion sends.

It listens on this machine only. A page in a browser can send requests here too, so requests with a web
site as Origin or with another host as Host are refused.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from agent.errors import ListenError

HOST = "127.0.0.1"
_LARGEST = 64 * 2**20  # bytes of a request
_PATIENCE_S = 30.0
_OURS = ("127.0.0.1", "localhost", "[::1]")

Receive = Callable[[object], str]
"""Takes the JSON value of a request; returns what is wrong with it, empty if nothing is."""


@contextmanager
def receiving(port: int, receive: Receive) -> Iterator[int]:
    """Run a server in a thread that passes each request's JSON to `receive`; yields the port it listens on.

    Port 0 takes any free one. Raises ListenError when the port cannot be opened.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE_S

        def do_POST(self) -> None:
            status, answer = self._answer()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(answer.encode())))
            self.end_headers()
            self.wfile.write(answer.encode())

        def _answer(self) -> tuple[int, str]:
            """Status and text for the request."""
            if self.headers.get("Origin", "").startswith(("http://", "https://")) or not self._meant_for_us():
                return 403, "only the browser extension may send problems here\n"
            length = self.headers.get("Content-Length", "")
            if not length.isascii() or not length.isdigit() or int(length[:20]) > _LARGEST:
                return 413, "a Content-Length of at most 64 MiB is needed\n"
            try:
                value = json.loads(self.rfile.read(int(length)))
            except (ValueError, RecursionError):
                return 400, "the request is not valid JSON\n"
            wrong = receive(value)
            return (400, f"{wrong}\n") if wrong else (200, "received\n")

        def _meant_for_us(self) -> bool:
            return re.sub(r":\d+$", "", self.headers.get("Host", HOST)) in _OURS

        def log_message(self, *_: object) -> None:
            """Write nothing: `receive` reports what arrives."""

    try:
        server = ThreadingHTTPServer((HOST, port), Handler)
    except OSError as error:
        remedy = "close the other tool, or choose a port with --port and name it in the extension's settings"
        raise ListenError(f"cannot listen on {HOST}:{port}: {error.strerror or error}; {remedy}") from None
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
