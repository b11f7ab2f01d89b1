"""Frames between host and supervisor: kind, lengths, a JSON object, bytes; never pickle."""

from __future__ import annotations

import json
import struct
from typing import Any

HEAD = struct.Struct("<BIQ")
"""Kind, bytes of JSON, bytes of body."""

# Host to supervisor.
RUN, STOP, MORE, END = 1, 2, 3, 4
# Supervisor to host.
READY, OUTPUT, DONE, NEXT = 16, 17, 18, 19

CHUNK = 1 << 20
"""Bytes of a stream of files that the host sends until the supervisor asks for more."""
LARGEST = 1 << 28
"""Most bytes of the JSON, and of the body, of a valid frame."""


def pack(kind: int, head: dict[str, Any] | None = None, body: bytes = b"") -> bytes:
    """One frame."""
    text = json.dumps(head or {}).encode()
    return HEAD.pack(kind, len(text), len(body)) + text + body


def sizes(head: bytes) -> tuple[int, int, int]:
    """Kind, bytes of JSON, bytes of body. Raises ValueError where a frame cannot have them."""
    kind, text, body = HEAD.unpack(head)
    if text > LARGEST or body > LARGEST:
        raise ValueError("a frame larger than any")
    return kind, text, body


def head_of(text: bytes) -> dict[str, Any]:
    """The JSON object of a frame. Raises ValueError where it is none."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("a frame without an object")
    return value
