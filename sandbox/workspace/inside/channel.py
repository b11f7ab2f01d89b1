"""The supervisor's connection to the host: frames over pipes; only `wait` blocks the supervisor, which is PID 1."""

from __future__ import annotations

import os
import select
from contextlib import suppress
from typing import Any

from sandbox.workspace.inside import wire

FULL = 4 << 20
"""Unsent bytes above which no further output of a command is read from its pipe."""


class Channel:
    """Two descriptors to the host, which are read and written without blocking."""

    def __init__(self, source: int, target: int) -> None:
        self.source = source
        self.target = target
        self._incoming = bytearray()
        self._outgoing = bytearray()
        os.set_blocking(source, False)
        os.set_blocking(target, False)

    @property
    def waiting(self) -> int:
        """Number of bytes that were not sent yet."""
        return len(self._outgoing)

    def send(self, kind: int, head: dict[str, Any] | None = None, body: bytes = b"") -> None:
        """Queue a frame, and send as much as the pipe takes now."""
        self._outgoing += wire.pack(kind, head, body)
        self.flush()

    def flush(self) -> None:
        """Send as much as the pipe takes now."""
        with suppress(BlockingIOError):
            while self._outgoing:
                sent = os.write(self.target, memoryview(self._outgoing)[: 1 << 16])
                del self._outgoing[:sent]

    def fill(self) -> None:
        """Receive bytes that the host has sent. Raises EOFError when the host has closed the connection."""
        with suppress(BlockingIOError):
            chunk = os.read(self.source, 1 << 20)
            if not chunk:
                raise EOFError
            self._incoming += chunk

    def frame(self) -> tuple[int, dict[str, Any], bytes] | None:
        """The next frame if it has arrived completely, else None. Raises ValueError for a malformed frame."""
        start = wire.HEAD.size
        if len(self._incoming) < start:
            return None
        kind, text, body = wire.sizes(bytes(self._incoming[:start]))
        if len(self._incoming) < start + text + body:
            return None
        head = wire.head_of(bytes(self._incoming[start : start + text]))
        data = bytes(self._incoming[start + text : start + text + body])
        del self._incoming[: start + text + body]
        return kind, head, data

    def wait(self) -> tuple[int, dict[str, Any], bytes]:
        """The next frame, after waiting for it; queued frames are sent meanwhile. Raises EOFError like `fill`."""
        while (frame := self.frame()) is None:
            poller = select.poll()
            poller.register(self.source, select.POLLIN)
            if self._outgoing:
                poller.register(self.target, select.POLLOUT)
            poller.poll()
            self.flush()
            self.fill()
        return frame
