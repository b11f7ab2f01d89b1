"""A real HTTP server that speaks the OpenAI protocol over any engine, and breaks it in all the usual ways.

The first part of the path names the fault: `http://127.0.0.1:PORT/cut/v1` cuts every stream, `/cut-2/v1` the first two;
requests with a further tag (`/cut-2-mine/v1`) are counted apart. To start the server by hand:

    python -m tests.engines.faulty_server --mode flaky --model scripted:FILE
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import sys
import threading
import time
from collections import Counter
from email.utils import formatdate
from typing import Any

import uvicorn

from engines import Engine, open_engine
from engines.serve.app import make_app

FAULTS = (
    "ok",  # no fault
    "rate_limit",  # 429 with Retry-After in seconds
    "rate_limit_date",  # 429 with Retry-After as a date about one second ahead
    "quota",  # 429 because a quota is spent: waiting does not help
    "error_500",
    "cut",  # the stream ends inside a sample, and the connection breaks
    "cut_cleanly",  # the stream ends inside a sample, and the connection is closed properly
    "garbage_sse",
    "garbage_json",
    "bad_finish",  # a finish_reason that is an object
    "bad_finish_list",
    "huge_index",  # an index of 1e999
    "huge_usage",
    "deep_sse",  # JSON nested deeper than a parser goes
    "deep_json",
    "error_event",  # an error in mid-stream
    "silence",  # the connection is taken, nothing ever comes
    "slow_first",  # the first piece takes 0.3 s
    "stall",  # the stream stops inside a sample, and the connection stays open
    "wrong_type",  # a web page
    "unauthorized",
    "ignores_n",  # one sample, whatever n says
    "rejects_n",
    "rejects_usage",  # 400 because of stream_options
    "rejects_max_tokens",  # 400 for chat requests without max_completion_tokens, as OpenAI's reasoning models answer
    "no_usage",
    "no_stream",  # answers in one piece of JSON
    "flaky",  # every request fails the first time it is made, in turns by another fault
)
_FLAKY = ("rate_limit", "error_500", "cut", "garbage_sse", "wrong_type", "error_event")
_PIECES_BEFORE = 3


class CutError(Exception):
    """Raised to make uvicorn drop the connection."""


class Faulty:
    """ASGI middleware that spoils answers.

    `seen` holds (fault, body) of every POST request, `headers` its headers, and `keys` its API key. `under_way` counts
    the requests that are being answered, and `most_under_way` is the largest value of that count so far. `gone` counts
    requests whose client closed the connection before the answer was complete or, if the fault is one that shows in
    mid-stream, before the answer began.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._count: Counter[str] = Counter()
        self._made: set[str] = set()
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.gone = 0
        self.keys: list[str] = []
        self.headers: list[dict[bytes, bytes]] = []
        self.under_way = 0
        self.most_under_way = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        _, prefix, rest = scope["path"].split("/", 2)
        inner = {**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}
        mode, _, times = prefix.partition("-")
        assert mode in FAULTS, f"unknown fault {mode!r}"
        if scope["method"] != "POST":
            await self._app(inner, receive, send)
            return
        body = json.loads(await _read(receive))
        self._count[prefix] += 1
        number = self._count[prefix]
        if times and number > int(times.partition("-")[0]):
            mode = "ok"
        elif mode == "flaky":
            made = json.dumps(body, sort_keys=True)
            mode = "ok" if made in self._made else _FLAKY[len(self._made) % len(_FLAKY)]
            self._made.add(made)
        self.seen.append((mode, body))
        self.headers.append(dict(scope["headers"]))
        self.keys.append(dict(scope["headers"]).get(b"authorization", b"").decode().removeprefix("Bearer "))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self._answer(mode, inner, body, receive, send)
        finally:
            self.under_way -= 1

    async def _answer(self, mode: str, scope: Any, body: dict[str, Any], receive: Any, send: Any) -> None:
        early = {
            "rate_limit": (429, "slow down", None, {"retry-after": "0.2"}),
            "rate_limit_date": (429, "slow down", None, {"retry-after": formatdate(time.time() + 1.5, usegmt=True)}),
            "quota": (429, "you exceeded your quota", "insufficient_quota", {}),
            "error_500": (500, "out of memory", None, {}),
            "unauthorized": (401, "wrong key", "invalid_api_key", {}),
        }
        if mode in early:
            return await _refuse(send, *early[mode])
        if mode == "rejects_n" and body.get("n", 1) > 1:
            return await _refuse(send, 400, "n must be 1 for this model", None, {})
        if mode == "rejects_usage" and "stream_options" in body:
            return await _refuse(send, 400, "unknown field stream_options", None, {})
        if mode == "rejects_max_tokens" and "max_completion_tokens" not in body and "messages" in body:
            return await _refuse(send, 400, "use max_completion_tokens instead of max_tokens", None, {})
        if mode == "wrong_type":
            return await _respond(send, 200, b"<html>Please log in</html>", {"content-type": "text/html"})
        if mode == "garbage_json":
            return await _respond(send, 200, b'{"choices": [', {"content-type": "application/json"})
        if mode == "deep_json":
            return await _respond(send, 200, _DEEP, {"content-type": "application/json"})
        if mode == "silence":
            return await self._wait_until_gone(receive)
        if mode == "slow_first":
            await asyncio.sleep(0.3)
        changed = dict(body)
        if mode == "ignores_n":
            changed["n"] = 1
        if mode == "no_usage":
            changed.pop("stream_options", None)
        if mode == "no_stream":
            changed["stream"] = False
        await self._pass_on(mode, scope, changed, receive, send)
        return None

    async def _pass_on(self, mode: str, scope: Any, body: dict[str, Any], receive: Any, send: Any) -> None:
        """Let the application answer, and spoil what it sends."""
        content = json.dumps(body).encode()
        given = False
        pieces = 0

        async def replay() -> Any:
            nonlocal given
            if not given:
                given = True
                return {"type": "http.request", "body": content, "more_body": False}
            message = await receive()
            self.gone += message["type"] == "http.disconnect" and pieces == 0
            return message

        async def spoil(message: Any) -> None:
            nonlocal pieces
            if message["type"] == "http.response.body" and mode in _SPOILING:
                pieces += 1
                if pieces > _PIECES_BEFORE:
                    await self._spoil(mode, message, receive, send)
                    return
            await send(message)

        with contextlib.suppress(_EndError):
            await self._app(scope, replay, spoil)

    async def _spoil(self, mode: str, message: Any, receive: Any, send: Any) -> None:
        if mode == "cut":
            raise CutError
        if mode == "stall":
            await asyncio.sleep(3600)
        if mode == "cut_cleanly":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            raise _EndError
        spoilt = {
            "garbage_sse": b'data: {"choices": [{"ind\n\n',
            "error_event": b'data: {"error": {"message": "boom"}}\n\n',
            "bad_finish": b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": {"a": 1}}]}\n\n',
            "bad_finish_list": b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": ["stop"]}]}\n\n',
            "huge_index": b'data: {"choices": [{"index": 1e999, "delta": {}}]}\n\n',
            "huge_usage": b'data: {"choices": [], "usage": {"prompt_tokens": 1e999}}\n\n',
            "deep_sse": b"data: " + _DEEP + b"\n\n",
        }
        await send({"type": "http.response.body", "body": spoilt[mode], "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        raise _EndError

    async def _wait_until_gone(self, receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone += 1


class _EndError(Exception):
    """Ends the application's answer after a spoilt piece."""


_SPOILING = {
    *("cut", "stall", "cut_cleanly", "garbage_sse", "error_event"),
    *("bad_finish", "bad_finish_list", "huge_index", "huge_usage", "deep_sse"),
}
_DEEP = b'{"choices": ' + b"[" * 200_000


async def _read(receive: Any) -> bytes:
    content = b""
    while True:
        message = await receive()
        content += message.get("body", b"")
        if not message.get("more_body"):
            return content


async def _refuse(send: Any, status: int, message: str, code: str | None, headers: dict[str, str]) -> None:
    body = json.dumps({"error": {"message": message, "type": "error", "param": None, "code": code}}).encode()
    await _respond(send, status, body, {"content-type": "application/json", **headers})


async def _respond(send: Any, status: int, body: bytes, headers: dict[str, str]) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class FaultyServer:
    """The server in a thread of its own: `with FaultyServer(engine) as server: server.url("cut")`."""

    def __init__(self, engine: Engine, model: str = "scripted", port: int = 0) -> None:
        self.faults = Faulty(make_app(engine, model))
        self._listener = socket.create_server(("127.0.0.1", port))
        config = uvicorn.Config(self.faults, log_level=100, lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True)
        self._tags = 0

    def url(self, mode: str, times: int | None = None, model: str = "scripted") -> str:
        """A model spec whose requests meet the fault: the first `times` requests, or all if None."""
        self._tags += 1
        prefix = mode if times is None else f"{mode}-{times}-{self._tags}"
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/{prefix}/v1#{model}"

    def __enter__(self) -> FaultyServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._listener.close()


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=FAULTS, default="flaky")
    parser.add_argument("--times", type=int, metavar="N", help="break only the first N requests")
    parser.add_argument("--model", default="micro", help="model spec whose answers are spoilt")
    arguments = parser.parse_args()
    with FaultyServer(await open_engine(arguments.model), "faulty") as server:
        print(server.url(arguments.mode, arguments.times, "faulty"), flush=True)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(_main())
    except KeyboardInterrupt:
        sys.exit(130)
