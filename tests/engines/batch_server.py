"""A real HTTP server with `/files` and `/batches`, which answers well or misbehaves in one of the usual ways.

The first part of the path names the fault: at `http://127.0.0.1:PORT/expired/v1` every batch expires, at
`/expired-1/v1` the first. `submitted` counts the samples of every batch that was not refused: what a provider bills.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.engines.faulty_server import CutError

FAULTS = (
    "ok",
    "shuffled",
    "missing",  # a third of the lines is in no file and counts neither as completed nor as failed
    "bad_lines",  # a third of the lines is refused for good
    "busy_lines",  # a third of the lines fails with a temporary error (503)
    "duplicate",  # every line comes twice, the second time with another answer
    "unknown",  # the output also has lines that nobody asked for, and malformed ones
    "cut_line",  # the last line of the output is cut, however often it is fetched
    "expired",  # half of the lines are answered
    "cancelled",  # half of the lines are answered
    "invalid",  # the batch is refused, without naming a line
    "invalid_line",  # the batch is refused because of its second line
    "no_model",  # the batch is refused because the model does not exist
    "no_model_lines",  # every line is refused because the model does not exist
    "quota_lines",  # a third of the lines is refused because a quota is spent
    "too_much",  # a batch is refused if it has more than three lines or another batch waits
    "poll_500",
    "poll_429",
    "poll_garbage",
    "cut_download",  # the connection breaks in mid-file
    "short_download",  # the file ends early, and the connection is closed properly
    "slow",  # every state of a batch that succeeds, most of them for several status checks
    "never",  # the batch never ends
    "lost_create",  # the batch is made, the answer is a 500
    "lost_create_unlisted",  # the batch is made, the answer is a 500, and batches cannot be listed
    "hang_upload",  # the file is stored, but the answer never comes
    "hang_before_create",
    "hang_after_create",
    "unauthorized",
    "no_batches",  # a server without the API
    "rejects_n",
    "ignores_n",
)


def plain_answer(body: dict[str, Any], choice: int) -> str:
    """A text that differs for every prompt and seed; each further choice of a request has the next seed."""
    prompt = json.dumps(body.get("messages") or body.get("prompt"))
    return f"{hashlib.sha256(prompt.encode()).hexdigest()[:8]} seed {body['seed'] + choice}"


@dataclass
class Made:
    """A batch that was created with the fault `mode`: its API record and lines, and its state at each status check."""

    record: dict[str, Any]
    mode: str
    rows: list[dict[str, Any]]
    looks: int = 0
    states: list[str] = field(default_factory=list)


class Batches:
    """Files and batches of the server, and the application that answers requests about them."""

    def __init__(self, answer: Callable[[dict[str, Any], int], str]) -> None:
        self._answer = answer
        self._used: Counter[str] = Counter()
        self.files: dict[str, bytes] = {}
        self.made: dict[str, Made] = {}
        self.submitted: Counter[str] = Counter()
        """How often each sample (prompt and seed) was in a batch that the server began."""
        self.calls: Counter[str] = Counter()
        self.sizes: list[int] = []
        """Number of lines of each batch, refused ones included, in order of creation."""
        self.mended = False
        """Whether all faults are switched off."""
        prefix = "/{mode}/v1"
        self.app = Starlette(
            routes=[
                Route(prefix + "/files", self._upload, methods=["POST"]),
                Route(prefix + "/files/{file}/content", self._content),
                Route(prefix + "/batches", self._create, methods=["POST"]),
                Route(prefix + "/batches", self._list),
                Route(prefix + "/batches/{batch}", self._retrieve),
            ]
        )

    def _mode(self, request: Request, call: str) -> str:
        """The fault that this call meets. A fault with a number, such as `expired-1`, ends after that many calls of the
        kind in which it shows."""
        self.calls[call] += 1
        prefix = request.path_params["mode"]
        mode, _, times = prefix.partition("-")
        assert mode in FAULTS, f"unknown fault {mode!r}"
        shows = {"poll": "retrieve", "hang_upload": "upload", "cut_download": "content", "short_download": "content"}
        where = next((where for name, where in shows.items() if mode.startswith(name)), "create")
        if times and call == where:
            self._used[prefix] += 1
        if self.mended or (times and self._used[prefix] > int(times)):
            return "ok"
        return mode if call == where or mode in _EVERYWHERE else "ok"

    async def _upload(self, request: Request) -> Response:
        mode = self._mode(request, "upload")
        if mode == "unauthorized":
            return _error(401, "Incorrect API key provided", "invalid_api_key")
        if mode == "no_batches":
            return _error(404, "Not Found")
        form = await request.form()
        assert form["purpose"] == "batch"
        name = f"file-{len(self.files)}"
        self.files[name] = await form["file"].read()
        if mode == "hang_upload":
            await asyncio.sleep(3600)
        return JSONResponse({"id": name, "object": "file", "purpose": "batch", "bytes": len(self.files[name])})

    async def _create(self, request: Request) -> Response:
        mode = self._mode(request, "create")
        asked = await request.json()
        if mode == "hang_before_create":
            await asyncio.sleep(3600)
        made = self._make(mode, asked)
        if mode == "hang_after_create":
            await asyncio.sleep(3600)
        if mode.startswith("lost_create"):
            return _error(500, "the server had an error")
        return JSONResponse(made.record)

    def _make(self, mode: str, asked: dict[str, Any]) -> Made:
        rows = [json.loads(line) for line in self.files[asked["input_file_id"]].splitlines()]
        assert len({row["custom_id"] for row in rows}) == len(rows)
        assert all(row["url"] == asked["endpoint"] and "stream" not in row["body"] for row in rows)
        record = {
            "id": f"batch_{len(self.made)}",
            "object": "batch",
            "created_at": 1000 + len(self.made),
            "status": "validating",
            **asked,
        }
        made = Made(record, mode, rows)
        self.made[record["id"]] = made
        self.sizes.append(len(rows))
        self._settle(made)
        return made

    def _settle(self, made: Made) -> None:
        """Decide how the batch ends, and count what it costs."""
        refused = {
            "invalid": [_complaint("invalid_batch", "something is wrong", None)],
            "invalid_line": [_complaint("invalid_request", "line 2 is not nice", 2)],
            "no_model": [_complaint("model_not_found", "The model `nobody` does not exist", 1, "body.model")],
            "too_much": [_complaint("token_limit_exceeded", "Enqueued token limit reached", None)],
        }
        waiting = [one for one in self.made.values() if one.record["status"] == "validating" and one is not made]
        fits = made.mode == "too_much" and not waiting and len(made.rows) <= 3
        if made.mode in refused and not fits:
            made.states = ["failed"]
            made.record["errors"] = {"object": "list", "data": refused[made.mode]}
            return
        for row in made.rows:
            body = row["body"]
            prompt = json.dumps(body.get("messages") or body.get("prompt"))
            for choice in range(body.get("n", 1)):
                self.submitted[f"{prompt} {body['seed'] + choice}"] += 1
        states = {
            "slow": ["validating"] * 2 + ["in_progress"] * 3 + ["finalizing"] * 2 + ["completed"],
            "never": ["in_progress"] * 100_000,
            "expired": ["expired"],
            "cancelled": ["cancelling", "cancelled"],
        }
        made.states = states.get(made.mode, ["in_progress", "completed"])
        self._results(made)

    def _results(self, made: Made) -> None:
        output, errors = [], []
        for number, row in enumerate(made.rows):
            third, half = number % 3 == 1, number >= len(made.rows) / 2
            if made.mode == "missing" and third:
                continue
            refusal = {
                "bad_lines": (400, "this prompt is not allowed", None) if third else None,
                "busy_lines": (503, "overloaded", None) if third else None,
                "no_model_lines": (404, "The model `nobody` does not exist", "model_not_found"),
                "quota_lines": (429, "You exceeded your current quota", "insufficient_quota") if third else None,
                "rejects_n": (400, "n must be 1 for this model", None) if row["body"].get("n", 1) > 1 else None,
            }.get(made.mode)
            if made.mode in ("expired", "cancelled") and half:
                error = {"code": f"batch_{made.mode}", "message": "This request could not be executed in time."}
                errors.append({"id": f"r{number}", "custom_id": row["custom_id"], "response": None, "error": error})
            elif refusal is not None:
                status, message, code = refusal
                body = {"error": {"message": message, "code": code}}
                errors.append(_row(row["custom_id"], status, body))
            else:
                output.append(_row(row["custom_id"], 200, self._body(made.mode, row["body"])))
        if made.mode == "shuffled":
            random.Random(1).shuffle(output)
        if made.mode == "unknown":
            output += [_row(f"{'0' * 32}-7-1", 200, output[0]["response"]["body"]), _row("x", 200, {}), [1]]
        if made.mode == "duplicate":
            other = {"choices": [{"index": 0, "message": {"content": "the second"}, "finish_reason": "stop"}]}
            output += [_row(row["custom_id"], 200, other) for row in output]
        counts = {"total": len(made.rows), "completed": len(output), "failed": len(errors)}
        made.record["request_counts"] = counts
        for name, rows in (("output", output), ("error", errors)):
            if rows:
                content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
                if made.mode == "cut_line" and name == "output":
                    content = content[:-40]
                made.record[f"_{name}"] = f"{name}-{made.record['id']}"
                self.files[made.record[f"_{name}"]] = content

    def _body(self, mode: str, body: dict[str, Any]) -> dict[str, Any]:
        n = 1 if mode == "ignores_n" else body.get("n", 1)
        texts = [self._answer(body, choice) for choice in range(n)]
        choices = [{"index": i, "message": {"content": t}, "finish_reason": "stop"} for i, t in enumerate(texts)]
        return {"choices": choices, "usage": {"prompt_tokens": 11, "completion_tokens": 7 * n}}

    async def _list(self, request: Request) -> Response:
        self._mode(request, "list")
        if request.path_params["mode"].startswith("lost_create_unlisted"):
            return _error(404, "Not Found")
        newest = list(reversed(self.made.values()))
        after = request.query_params.get("after")
        start = next((i + 1 for i, made in enumerate(newest) if made.record["id"] == after), 0)
        # Two batches a page, whatever limit is asked for, so that the client has to ask for further pages.
        page = [made.record for made in newest[start : start + 2]]
        return JSONResponse({"object": "list", "data": page, "has_more": start + 2 < len(newest)})

    async def _retrieve(self, request: Request) -> Response:
        mode = self._mode(request, "retrieve")
        if mode == "poll_500":
            return _error(500, "the server had an error")
        if mode == "poll_429":
            return _error(429, "slow down", headers={"retry-after": "0.1"})
        if mode == "poll_garbage":
            return Response("<html>login</html>", media_type="text/html")
        made = self.made.get(request.path_params["batch"])
        if made is None:
            return _error(404, "No such batch")
        record = made.record
        record["status"] = made.states[min(made.looks, len(made.states) - 1)]
        made.looks += 1
        if record["status"] in ("completed", "expired", "cancelled"):
            record[f"{record['status']}_at"] = record["created_at"] + 60
            for name in ("output", "error"):
                record[f"{name}_file_id"] = record.get(f"_{name}")
        return JSONResponse(record)

    async def _content(self, request: Request) -> Response:
        mode = self._mode(request, "content")
        content = self.files[request.path_params["file"]]
        if mode == "short_download":
            content = content[: len(content) // 2]
        if mode == "cut_download":
            return _Cut(content)
        return Response(content, media_type="application/octet-stream")


_EVERYWHERE = {"unauthorized", "no_batches"}


class _Cut(Response):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
        raise CutError


def _row(name: str, status: int, body: dict[str, Any]) -> Any:
    return {"id": "r", "custom_id": name, "response": {"status_code": status, "body": body}, "error": None}


def _complaint(code: str, message: str, line: int | None, param: str | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "line": line, "param": param}


def _error(status: int, message: str, code: str | None = None, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"message": message, "code": code}}, status, headers)


class BatchServer:
    """The server in a thread of its own: `with BatchServer() as server: server.url("expired-1")`."""

    def __init__(self, answer: Callable[[dict[str, Any], int], str] = plain_answer) -> None:
        self.batches = Batches(answer)
        self._listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(self.batches.app, log_level=100, lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True)

    def url(self, mode: str) -> str:
        """A model spec whose requests meet the fault `mode`."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/{mode}/v1#nobody"

    def __enter__(self) -> BatchServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._listener.close()
