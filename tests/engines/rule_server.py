"""A real HTTP server in which a rule says what is refused, in which words, and how an answer is written.

A rule has an address of its own, so that one server serves all tests: `server.spec(Rule(refuse="top_p", ...))`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TEXT = "```python\nprint(sum(map(int, input().split())))\n```"
Body = dict[str, Any]


def sse(*chunks: object, done: bool = True) -> bytes:
    """A stream of server-sent events, one for each chunk, followed by the end mark [DONE] if `done`."""
    lines = b"".join(b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in chunks)
    return lines + (b"data: [DONE]\n\n" if done else b"")


def chunk(text: object = TEXT, finish: object = "stop", index: object = 0, **fields: Any) -> Body:
    """A chunk of a chat stream."""
    return {"choices": [{"index": index, "delta": {"content": text}, "finish_reason": finish, **fields}]}


def streamed(body: Body) -> bytes:
    """The ordinary answer: each of n samples in two chunks, and the usage if it was asked for."""
    chunks: list[Body] = []
    for index in range(body.get("n", 1)):
        chunks += [chunk(TEXT[:9], None, index), chunk(TEXT[9:], "stop", index)]
    if body.get("stream_options"):
        chunks.append({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 20 * body.get("n", 1)}})
    return sse(*chunks)


REFUSED: dict[str, Callable[[Body], bool]] = {
    "n>1": lambda body: body.get("n", 1) > 1,
    "system": lambda body: any(message["role"] == "system" for message in body["messages"]),
    "both": lambda body: "temperature" in body and "top_p" in body,
    "top_p=1": lambda body: body.get("top_p", 0.5) >= 1,
    "n=1": lambda body: body.get("n", 2) == 1,
    "null": lambda body: None in body.values(),
    "empty": lambda body: [] in body.values(),
    "limit>99": lambda body: max(body.get("max_tokens", 0), body.get("max_completion_tokens", 0)) > 99,
    "always": lambda body: True,
}


@dataclass(kw_only=True)
class Rule:
    """What is refused and how requests are answered at one address."""

    refuse: str = ""
    """A parameter, or a key of REFUSED; requests with it are refused."""
    status: int = 400
    error: object = None
    """The body of a refusal: a text as it is, anything else as JSON."""
    times: int = 10**9
    """How many further requests are refused."""
    path: str = "/v1/chat/completions"
    """The only path, with its query, at which requests are answered; the list of models is beside it."""
    missing: object = field(default_factory=lambda: {"detail": "Not Found"})
    """The body of the answer 404 to a POST at any other path; a text as it is, anything else as JSON."""
    answer: Callable[[Body], bytes] | None = None
    """Makes the body of an answer; None: a stream if the request asks for a stream, else the whole answer as JSON."""
    pieces: Sequence[bytes | float] = ()
    """In place of `answer`: the body in pieces, and seconds to wait between them."""
    kind: str = "text/event-stream"
    """Content type of the answers, except for the whole answer as JSON."""
    serial_s: float = 0.0
    """Seconds that each answer takes while all others wait."""
    owner: str = ""
    """Who owns the model in the list of models."""
    requests: list[tuple[str, Body]] = field(default_factory=list)
    """Path and body of each POST so far."""
    busy: Any = field(default_factory=threading.Lock)

    def refuses(self, body: Body) -> bool:
        """Whether the request is refused; a refusal uses up one of `times`."""
        if not self.refuse or self.times <= 0:
            return False
        hit = REFUSED[self.refuse](body) if self.refuse in REFUSED else self.refuse in body
        self.times -= hit
        return hit


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RuleServer

    def log_message(self, *_: Any) -> None:
        pass

    def _send(self, status: int, kind: str, content: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(content))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _rule(self) -> tuple[Rule, str]:
        _, number, rest = self.path.split("/", 2)
        return self.server.rules[int(number)], f"/{rest}"

    def do_GET(self) -> None:
        rule, path = self._rule()
        if path.partition("?")[0] != rule.path.partition("?")[0].replace("/chat/completions", "/models"):
            self._send(404, "application/json", b'{"detail": "Not Found"}')
            return
        rows = {"data": [{"id": "toy", "owned_by": rule.owner}]}
        self._send(200, "application/json", json.dumps(rows).encode())

    def do_POST(self) -> None:
        rule, path = self._rule()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        rule.requests.append((path, body))
        if path != rule.path:
            self._fail(404, rule.missing)
        elif rule.refuses(body):
            self._fail(rule.status, rule.error)
        elif rule.serial_s:
            with rule.busy:
                time.sleep(rule.serial_s)
                self._send(200, rule.kind, streamed(body))
        elif rule.pieces:
            self._send_pieces(rule)
        elif rule.answer:
            self._send(200, rule.kind, rule.answer(body))
        elif body.get("stream"):
            self._send(200, rule.kind, streamed(body))
        else:
            choices = [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}]
            self._send(200, "application/json", json.dumps({"choices": choices}).encode())

    def _fail(self, status: int, error: object) -> None:
        is_text = isinstance(error, str)
        content = error.encode() if isinstance(error, str) else json.dumps(error).encode()
        self._send(status, "text/html" if is_text else "application/json", content)

    def _send_pieces(self, rule: Rule) -> None:
        self.send_response(200)
        self.send_header("Content-Type", rule.kind)
        self.send_header("Connection", "close")
        self.end_headers()
        for piece in rule.pieces:
            if isinstance(piece, bytes):
                self.wfile.write(piece)
                self.wfile.flush()
            else:
                time.sleep(piece)
        self.close_connection = True


class RuleServer(ThreadingHTTPServer):
    """The server in a thread of its own."""

    daemon_threads = True
    request_queue_size = 128
    """Connections that may wait to be accepted. Beyond them, the kernel answers with SYN cookies and may reset."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.rules: list[Rule] = []
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def url(self, rule: Rule) -> str:
        """The rule's address, without `/v1`; the rule is added to the server."""
        self.rules.append(rule)
        return f"http://127.0.0.1:{self.server_address[1]}/{len(self.rules) - 1}"

    def spec(self, rule: Rule) -> str:
        """The model spec of the rule's address; the rule is added to the server."""
        return f"{self.url(rule)}/v1#toy"

    def __enter__(self) -> RuleServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join(5)
        self.server_close()
