"""Splits the body of an answer into events, whatever its content type: server-sent events, JSON, or lines of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

_FIELD = re.compile(rb"\s*(?:(?:data|event|id|retry|error)\s*(?::|$)|:)", re.IGNORECASE)
_DONE = (b"[DONE]", b'"[DONE]"')


class GarbageError(ValueError):
    """The server's answer does not follow the protocol."""


class NoAnswerError(GarbageError):
    """The body is no answer at all, such as a web page; the message is its text."""


@dataclass(frozen=True)
class Event:
    """A part of an answer."""

    kind: Literal["chunk", "whole", "done"]
    """`chunk`: an event of a stream; `whole`: the complete answer in one object; `done`: the end of a stream."""
    data: object = None


async def events(body: AsyncIterable[bytes]) -> AsyncGenerator[Event, None]:
    """The events of a body as they come.

    Raises GarbageError for an event that is no JSON, NoAnswerError for a body that is neither events nor JSON, and
    another ValueError for malformed JSON that stands in the place of events.

    Comments, names of events and blank lines yield nothing. Servers that leave out blank lines between events are
    understood, since each line of data that is JSON by itself is an event. A line `error: …` (earlier llama.cpp), and
    an event whose name contains `error` and whose data is not JSON, yield a chunk `{"error": …}`.
    """
    async with aclosing(_lines(body)) as lines:
        async for event in _events(lines):
            yield event


async def _events(lines: AsyncIterable[bytes]) -> AsyncGenerator[Event, None]:
    rest: list[bytes] = []
    pending = event_name = b""
    is_stream = is_done = False
    async for line in lines:
        if is_done:  # A body that is read to its end leaves the connection usable.
            continue
        if not is_stream and (rest or (line.strip() and not _FIELD.match(line))):
            rest.append(line)
            continue
        is_stream |= bool(line.strip())
        name, value = _field(line)
        if name == b"error":
            yield Event("chunk", {"error": _loaded(value, value.decode(errors="replace"))})
            continue
        if name == b"event":
            event_name = value.lower()
        if name == b"data":
            pending = pending + b"\n" + value if pending else value
        elif line.strip() in _DONE:
            pending = line
        elif line.strip() or not pending:
            continue
        if pending.strip() in _DONE:
            yield Event("done")
            is_done, pending = True, b""
            continue
        try:
            data = _json(pending)
        except ValueError as error:
            if line.strip():
                continue
            if b"error" in event_name:
                data = {"error": pending.decode(errors="replace")}
            elif event_name in (b"", b"message"):
                raise GarbageError(f"{error}: {pending[:80]!r}") from None
            else:  # such as `ping`
                data = None
        pending = event_name = b""
        for part in data if isinstance(data, list) else [data]:
            yield Event("chunk", part)
    if pending.strip():
        raise GarbageError(f"an event that is no JSON: {pending[:80]!r}")
    for event in _whole(b"\n".join(rest)) if rest else ():
        yield event


def _field(line: bytes) -> tuple[bytes, bytes]:
    """Name in small letters and value of a line; a prefix `data:` that a proxy wrote twice counts once."""
    name, _, value = line.partition(b":")
    name, value = name.strip().lower(), value.removeprefix(b" ")
    while name == b"data" and value.startswith(b"data:"):
        value = value.removeprefix(b"data:").removeprefix(b" ")
    return name, value


def _json(text: bytes) -> object:
    """The value of JSON; bytes that are no UTF-8 are replaced, and control characters in texts are allowed."""
    return json.loads(text.decode(errors="replace"), strict=False)


def _loaded(text: bytes, otherwise: object) -> object:
    try:
        return _json(text)
    except ValueError:
        return otherwise


def _whole(text: bytes) -> list[Event]:
    text = text.strip()
    if text[:1] not in (b"{", b"["):
        raise NoAnswerError(text.decode(errors="replace"))
    try:
        return _parts(_json(text))
    except ValueError:
        lines = [line.removeprefix(b"data:") for line in text.splitlines() if line.strip()]
        if len(lines) == 1:
            raise
        return [*(Event("chunk", _json(line)) for line in lines if line.strip() not in _DONE), Event("done")]


def _parts(answer: object) -> list[Event]:
    """The events of an answer that is one JSON value: a `whole`; for a list of chunks each `chunk`, then `done`."""
    if isinstance(answer, list) and answer and all(isinstance(part, Mapping) and "choices" in part for part in answer):
        return [*(Event("chunk", part) for part in answer), Event("done")]
    return [Event("whole", answer)]


async def _lines(body: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """The lines of a body without their ends, which are \\n, \\r\\n or \\r, then an empty line, which ends
    the last event.
    """
    rest: list[bytes] = []
    is_first = True
    async for piece in body:
        rest.append(piece.removeprefix(b"\xef\xbb\xbf") if is_first else piece)
        is_first = False
        if b"\n" not in piece and b"\r" not in piece:
            continue
        # A \r at the end may be half of \r\n.
        *lines, last = re.split(rb"\r\n|\n|\r(?!\Z)", b"".join(rest))
        rest = [last]
        for line in lines:
            yield line
    yield b"".join(rest).removesuffix(b"\r")
    yield b""
