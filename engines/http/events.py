"""Splits the body of an answer into events, whatever its content type: server-sent events, JSON, or lines of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass
from typing import Literal

_FIELD = re.compile(rb"(?:data|event|id|retry)\s*(?::|$)|:")


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
    understood, since each line of data that is JSON by itself is an event.
    """
    rest: list[bytes] = []
    pending = b""
    is_stream = is_done = False
    async for line in _lines(body):
        if is_done:  # A body that is read to its end leaves the connection usable.
            continue
        if not is_stream and (rest or (line.strip() and not _FIELD.match(line))):
            rest.append(line)
            continue
        is_stream |= bool(line.strip())
        name, _, value = line.partition(b":")
        if name.strip() == b"data":
            pending = pending + b"\n" + value.removeprefix(b" ") if pending else value.removeprefix(b" ")
        elif line.strip() or not pending:
            continue
        if pending.strip() == b"[DONE]":
            yield Event("done")
            is_done, pending = True, b""
            continue
        try:
            event = Event("chunk", json.loads(pending))
        except ValueError as error:
            if not line.strip():
                raise GarbageError(f"{error}: {pending[:80]!r}") from None
            continue
        pending = b""
        yield event
    if pending.strip():
        raise GarbageError(f"an event that is no JSON: {pending[:80]!r}")
    for event in _whole(b"\n".join(rest)) if rest else ():
        yield event


def _whole(text: bytes) -> list[Event]:
    text = text.removeprefix(b"\xef\xbb\xbf").strip()
    if text[:1] not in (b"{", b"["):
        raise NoAnswerError(text.decode(errors="replace"))
    try:
        return [Event("whole", json.loads(text))]
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) == 1:
            raise
        return [*(Event("chunk", json.loads(line)) for line in lines), Event("done")]


async def _lines(body: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """The lines of a body without their ends, which are \\n, \\r\\n or \\r; the last one ends with the body."""
    rest: list[bytes] = []
    async for piece in body:
        rest.append(piece)
        if b"\n" not in piece and b"\r" not in piece:
            continue
        # A \r at the end may be half of \r\n.
        *lines, last = re.split(rb"\r\n|\n|\r(?!\Z)", b"".join(rest))
        rest = [last]
        for line in lines:
            yield line
    yield b"".join(rest).removesuffix(b"\r")
    yield b""
