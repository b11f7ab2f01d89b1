"""Frames between host and supervisor: kind, lengths, a JSON object, bytes; never pickle."""

from __future__ import annotations

import json
import struct
from typing import Any

HEAD = struct.Struct("<BIQ")
"""Head of a frame: kind, bytes of JSON, bytes of body."""

RUN, STOP, MORE, END = 1, 2, 3, 4
"""Host to supervisor: run a command or job; end it; more bytes for its standard input; there are no more."""
READY, OUTPUT, DONE, NEXT = 16, 17, 18, 19
"""Supervisor to host: ready for requests; output of a command; its end; send more bytes for standard input."""

CHUNK = 1 << 20
"""Bytes of a streamed archive that the host sends at a time, on request of the supervisor."""
LARGEST = 1 << 28
"""Maximum bytes of the JSON, and of the body, of a valid frame."""


def pack(kind: int, head: dict[str, Any] | None = None, body: bytes = b"") -> bytes:
    """The bytes of one frame."""
    text = json.dumps(head or {}).encode()
    return HEAD.pack(kind, len(text), len(body)) + text + body


def sizes(head: bytes) -> tuple[int, int, int]:
    """Kind, bytes of JSON, bytes of body, from the head of a frame. Raises ValueError for sizes above LARGEST."""
    kind, text, body = HEAD.unpack(head)
    if text > LARGEST or body > LARGEST:
        raise ValueError("a frame is too large")
    return kind, text, body


def head_of(text: bytes) -> dict[str, Any]:
    """The JSON object of a frame. Raises ValueError for any other text."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("a frame without an object")
    return value
