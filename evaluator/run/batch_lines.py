"""The lines of a batch: one request each on the way out, one result each on the way back, joined by `custom_id`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from engines import Completion, Request
from engines.http.attempt import estimated_tokens
from engines.http.wire import Dialect, GarbageError, Piece, read_chunk, request_body
from engines.protocol import Finish, Usage
from engines.stop import cut_at_stop
from evaluator.run.samples import Role

# As safe as an id can be, and under the 64 characters that some servers allow.
_ID = re.compile(r"(coder|tester)-(\d{1,9})-(\d{1,9})-(\d{1,9})-([0-9a-f]{32})")
_PASSING = {408, 409, 425, 429}
_PASSING_CODES = {"batch_expired", "batch_cancelled", "batch_canceled", "rate_limit_exceeded", "server_error"}
HOPELESS_CODES = {
    *("insufficient_quota", "billing_hard_limit_reached", "invalid_api_key", "model_not_found", "invalid_model"),
    "unsupported_model",
}
"""What no request of this model and key gets around."""
_LONGEST_REASON = 300


@dataclass(frozen=True)
class Asked:
    """Which samples one line asks for: `first` … `first + n - 1` of a problem."""

    role: Role
    problem: int
    first: int
    n: int
    key: str
    """Of the first of these samples."""

    @property
    def id(self) -> str:
        """The line's `custom_id`."""
        return f"{self.role}-{self.problem}-{self.first}-{self.n}-{self.key}"

    @property
    def indices(self) -> range:
        """Of the samples."""
        return range(self.first, self.first + self.n)

    @staticmethod
    def read(text: object) -> Asked | None:
        """What a `custom_id` asked for; None where it is none of ours."""
        found = _ID.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            return None
        role, problem, first, n, key = found.groups()
        return Asked(cast(Role, role), int(problem), int(first), int(n), key)


def request_line(asked: Asked, request: Request, model: str, offset: int, dialect: Dialect) -> tuple[str, bytes]:
    """The endpoint and the line that ask for these samples, `offset` being the first one's place in `request`.

    Raises UnicodeEncodeError where the prompt is no Unicode text.
    """
    path, body = request_body(model, request.prompt, request.sampling, asked.n, offset, dialect)
    # There is nobody to stream to.
    body = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
    line = {"custom_id": asked.id, "method": "POST", "url": f"/v1{path}", "body": body}
    return f"/v1{path}", json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@dataclass(frozen=True)
class Answer:
    """A line that was answered."""

    id: str
    pieces: tuple[Piece, ...]
    usage: Usage | None


@dataclass(frozen=True)
class Refusal:
    """A line that was not. `passing`: asking again may help. `hopeless`: no other line would fare better."""

    id: str
    reason: str
    kind: Literal["passing", "permanent", "hopeless"]
    status: int = 0


def read_result(line: bytes) -> Answer | Refusal:
    """One line of an output or error file; raises GarbageError."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise GarbageError(str(error)) from None
    if not isinstance(row, Mapping) or not isinstance(row.get("custom_id"), str):
        raise GarbageError(f"no custom_id in {str(row)[:80]!r}")
    name, response = row["custom_id"], row.get("response")
    if not isinstance(response, Mapping):
        return _refusal(name, row.get("error"), 0)
    status, body = response.get("status_code", 200), response.get("body")
    if not isinstance(status, int):
        raise GarbageError(f"no status in {str(row)[:80]!r}")
    if status >= 300:
        said = body.get("error") if isinstance(body, Mapping) else None
        return _refusal(name, said or body or row.get("error"), status)
    pieces, usage = read_chunk(body)
    return Answer(name, tuple(pieces), usage)


def _refusal(name: str, error: object, status: int) -> Refusal:
    said: Mapping[str, Any] = error if isinstance(error, Mapping) else {"message": error}
    code = str(said.get("code") or "")
    text = " ".join(str(said.get("message") or code or "no reason given").split())[:_LONGEST_REASON]
    reason = f"HTTP {status}: {text}" if status else text
    if code in HOPELESS_CODES or status in (401, 403, 404):
        return Refusal(name, reason, "hopeless", status)
    passing = status in _PASSING or status >= 500 or (not status and not code.startswith("invalid"))
    return Refusal(name, reason, "passing" if passing or code in _PASSING_CODES else "permanent", status)


def completions(asked: Asked, answer: Answer, stop: tuple[str, ...]) -> Iterator[Completion]:
    """The samples that are whole in an answer; `index` is that in the problem.

    The server counts the tokens of all choices together: each gets a share by its length, and the sum is exact.
    """
    whole: dict[int, Piece] = {}
    for piece in answer.pieces:
        # "error" and "abort" are said of a sample that was lost.
        if 0 <= piece.index < asked.n and piece.finish and piece.finish not in ("error", "abort"):
            whole.setdefault(piece.index, piece)
    lengths = {index: max(1, estimated_tokens(piece.text)) for index, piece in whole.items()}
    total, spent, passed = sum(lengths.values()), 0, 0
    for place, (index, piece) in enumerate(sorted(whole.items())):
        usage = Usage(0, lengths[index], estimated=True)
        if answer.usage is not None:
            passed += lengths[index]
            upto = answer.usage.completion_tokens * passed // total
            prompt = answer.usage.prompt_tokens if place == 0 else 0
            usage = Usage(prompt, upto - spent, estimated=len(whole) > 1)
            spent = upto
        yield _completion(asked, piece, usage, stop)


def _completion(asked: Asked, piece: Piece, usage: Usage, stop: tuple[str, ...]) -> Completion:
    text, stopped = cut_at_stop(piece.text, stop)
    index = asked.first + piece.index
    if piece.finish == "content_filter":
        reason = "the server's content filter cut the answer"
        return Completion(asked.id, index, text, "error", usage, error=reason)
    finish: Finish = "length" if piece.finish in ("length", "max_tokens") and not stopped else "stop"
    return Completion(asked.id, index, text, finish, usage)


def count_whole(path: Path) -> tuple[int, int]:
    """How many lines of a file are results, and how many are not."""
    whole = broken = 0
    with path.open("rb") as file:
        for line in file:
            if not line.strip():
                continue
            try:
                read_result(line)
                whole += 1
            except GarbageError:
                broken += 1
    return whole, broken
