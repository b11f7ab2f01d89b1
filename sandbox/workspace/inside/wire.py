"""Frames between host and supervisor: kind, lengths, a JSON object, bytes. Nothing is ever unpickled."""

from __future__ import annotations

import json
import struct
from typing import Any

HEAD = struct.Struct("<BIQ")
"""Kind, bytes of JSON, bytes that follow it."""

# Host to supervisor.
RUN, STOP, WORK, MORE, END = 1, 2, 3, 4, 5
# Supervisor to host.
READY, OUTPUT, DONE, NEXT, DATA, FAILED = 16, 17, 18, 19, 20, 21

CHUNK = 1 << 20
"""Bytes of a stream of files sent before the other side has to ask for more."""
LARGEST = 1 << 28
"""Bytes of a frame beyond which its sender is not what it should be."""


def pack(kind: int, head: dict[str, Any] | None = None, body: bytes = b"") -> bytes:
    """One frame."""
    text = json.dumps(head or {}).encode()
    return HEAD.pack(kind, len(text), len(body)) + text + body


def sizes(head: bytes) -> tuple[int, int, int]:
    """Kind, bytes of JSON, bytes of body; ValueError where they cannot be."""
    kind, text, body = HEAD.unpack(head)
    if text > LARGEST or body > LARGEST:
        raise ValueError("a frame larger than any")
    return kind, text, body


def head_of(text: bytes) -> dict[str, Any]:
    """The JSON object of a frame."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("a frame without an object")
    return value
