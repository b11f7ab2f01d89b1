"""The lines of a batch's files: a request each in the input, a result each in the output, matched by `custom_id`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from engines.http.dialect import Dialect
from engines.http.drafts import estimated_tokens
from engines.http.events import GarbageError
from engines.http.report import Report, is_error, read_report, shortened
from engines.http.retry import HOPELESS_CODES, PASSING
from engines.http.wire import INTERRUPTED, Piece, outcome, read_chunk, request_body
from engines.protocol import ChatPrompt, Completion, Prompt, Request, Usage
from engines.text import prompt_text

_PASSING_CODES = {"batch_expired", "batch_cancelled", "batch_canceled", "rate_limit_exceeded", "server_error"}
HOPELESS = {*HOPELESS_CODES, "invalid_api_key", "model_not_found", "invalid_model", "unsupported_model"}
"""Error codes that every request with this model and key would get."""

SampleId = tuple[str, int]
"""A sample's identity: the name of its request and a number under that name, its place (see `identity`)."""


@dataclass(frozen=True)
class Line:
    """One line of a batch's file: a request for the samples `(name, first)` … `(name, first + n - 1)`."""

    name: str
    first: int
    n: int

    @property
    def id(self) -> str:
        """The line's `custom_id`, at most 64 characters, which is the limit of some servers."""
        return f"{self.name}-{self.first}-{self.n}"

    @property
    def samples(self) -> list[SampleId]:
        """The samples that the line asks for, in the order of the choices that answer it."""
        return [(self.name, place) for place in range(self.first, self.first + self.n)]


def identity(request: Request) -> SampleId:
    """The request's name and the place of its first sample.

    The name is a hash (32 hex digits) of prompt and sampling parameters without the seed. With a seed, places are
    seeds: a later request for some of the samples has the same name and places. Without a seed, the hash includes the
    request's key, and places are indices. Raises UnicodeEncodeError for lone surrogates.
    """
    seed = request.sampling.seed
    parts = [endpoint_of(request.prompt), prompt_text(request.prompt), asdict(replace(request.sampling, seed=None))]
    text = json.dumps([*parts, *([request.key] if seed is None else [])], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32], seed or 0


def endpoint_of(prompt: Prompt) -> str:
    """The endpoint for prompts of this type; all lines of a batch have the same endpoint."""
    return "/v1/chat/completions" if isinstance(prompt, ChatPrompt) else "/v1/completions"


def request_line(line: Line, request: Request, offset: int, model: str, dialect: Dialect) -> bytes:
    """The line as bytes; `offset` is the index, within the request, of the first sample that the line asks for."""
    path, body = request_body(model, request.prompt, request.sampling, line.n, offset, dialect)
    # Answers to a batch are not streamed.
    body = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
    record = {"custom_id": line.id, "method": "POST", "url": f"/v1{path}", "body": body}
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@dataclass(frozen=True)
class Answer:
    """A line that was answered."""

    id: str
    pieces: tuple[Piece, ...]
    usage: Usage | None


@dataclass(frozen=True)
class Refusal:
    """A line that was answered with an error.

    `passing`: a retry may help. `permanent`: this line would fail again. `hopeless`: other lines would fail too.
    """

    id: str
    reason: str
    kind: Literal["passing", "permanent", "hopeless"]
    status: int
    report: Report


def read_result(line: bytes) -> Answer | Refusal:
    """The result in one line of an output or error file; raises GarbageError for a malformed line."""
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
    if status >= 300 or is_error(body):
        return _refusal(name, body or row.get("error"), status if status >= 300 else 0)
    pieces, usage = read_chunk(body)
    if not pieces:
        raise GarbageError(f"no choices in {str(body)[:80]!r}")
    return Answer(name, tuple(pieces), usage)


def _refusal(name: str, error: object, status: int) -> Refusal:
    report = read_report(error)
    status = status or report.status
    text = shortened(report.text)
    reason = f"HTTP {status}: {text}" if status else text
    if report.code in HOPELESS or status in (401, 403, 404):
        return Refusal(name, reason, "hopeless", status, report)
    passing = status in PASSING or status >= 500 or (not status and not report.code.startswith("invalid"))
    kind: Literal["passing", "permanent"] = "passing" if passing or report.code in _PASSING_CODES else "permanent"
    return Refusal(name, reason, kind, status, report)


def results(path: Path) -> Iterator[Answer | Refusal | None]:
    """The results in a file, line by line; None for a malformed line."""
    with path.open("rb") as file:
        for line in filter(bytes.strip, file):
            try:
                yield read_result(line)
            except GarbageError:
                yield None


def completions(answer: Answer, n: int, stop: tuple[str, ...]) -> Iterator[Completion]:
    """The complete samples of an answer to a line for `n` samples; `index` is the choice's number, `key` is empty.

    The server counts the tokens of all choices together: each choice gets a share by its length; the sum is exact.
    """
    complete: dict[int, Piece] = {}
    for piece in answer.pieces:
        index = 0 if piece.index is None or n == 1 else piece.index
        if index < n and piece.finish not in INTERRUPTED and (piece.finish or piece.text or piece.reasoning):
            complete.setdefault(index, piece)
    lengths = {index: max(1, estimated_tokens(piece.text)) for index, piece in complete.items()}
    total, given, passed = sum(lengths.values()), 0, 0
    for number, (index, piece) in enumerate(sorted(complete.items())):
        usage = Usage(0, lengths[index], estimated=True)
        if answer.usage is not None:
            passed += lengths[index]
            upto = answer.usage.completion_tokens * passed // total
            usage = Usage(0 if number else answer.usage.prompt_tokens, upto - given, estimated=len(complete) > 1)
            given = upto
        text, finish, error = outcome(piece.text, piece.reasoning, piece.finish, stop)
        yield Completion("", index, text, finish, usage=usage, error=error)
