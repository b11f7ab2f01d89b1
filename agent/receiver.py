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
from typing import TypeVar

from agent.errors import ListenError
from cure.errors import ProblemError

HOST = "127.0.0.1"
_LARGEST = 64 * 2**20  # bytes of a request
_PATIENCE_S = 30.0
_OURS = ("127.0.0.1", "localhost", "[::1]")

Received = TypeVar("Received")


@contextmanager
def receiving(port: int, read: Callable[[object], Received], deliver: Callable[[Received], object]) -> Iterator[int]:
    """Run a server in a thread that reads the JSON of requests; yields its port: `port`, or a free one if that is 0.

    `read` converts a JSON value into a problem, or raises ProblemError, whose text is then the HTTP answer. `deliver`
    receives each problem after its request is answered. Raises ListenError when the port cannot be opened.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE_S

        def do_POST(self) -> None:
            try:
                found, status, answer = [read(self._json())], 200, b"received\n"
            except _Refused as error:
                found, status, answer = [], error.status, f"{error}\n".encode()
            except ProblemError as error:
                found, status, answer = [], 400, f"{error}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            for problem in found:
                deliver(problem)

        def _json(self) -> object:
            """The JSON value of the request. Raises _Refused for a request of a web site or to another host, for a
            length that is missing or above 64 MiB, and for invalid JSON.
            """
            if self.headers.get("Origin", "").startswith(("http://", "https://")) or not self._meant_for_us():
                raise _Refused(403, "only the browser extension may send problems here")
            length = self.headers.get("Content-Length", "")
            if not length.isascii() or not length.isdigit() or int(length[:20]) > _LARGEST:
                raise _Refused(413, "a Content-Length of at most 64 MiB is needed")
            try:
                return json.loads(self.rfile.read(int(length)))
            except (ValueError, RecursionError):
                raise _Refused(400, "the request is not valid JSON") from None

        def _meant_for_us(self) -> bool:
            return re.sub(r":\d+$", "", self.headers.get("Host", HOST)) in _OURS

        def log_message(self, *_: object) -> None:
            """Write nothing: `read` and `deliver` report what arrives."""

    try:
        server = _Server((HOST, port), Handler)
    except OSError as error:
        remedy = "close the other tool, or choose a port with --port and name it in the extension's settings"
        raise ListenError(f"cannot listen on {HOST}:{port}: {error.strerror or error}; {remedy}") from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    """Connections that may wait to be accepted: the problems of a whole contest come at once, and beyond the default of
    5 the kernel answers with SYN cookies and may reset connections."""


class _Refused(Exception):
    """A request that is not read, with the HTTP status of its answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
