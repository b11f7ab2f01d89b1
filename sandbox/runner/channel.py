"""The two descriptors that lead to the host, and results that wait to be sent."""

from __future__ import annotations

import os
import select

from sandbox.runner.frames import HEADER, LARGEST_BATCH, RESULTS

COPY = 1 << 16
"""Maximum bytes that are copied at a time where the kernel cannot splice."""


class Channel:
    """Reads from and writes to the host; never reads more than it was asked for."""

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._splice = True
        self._poll = select.poll()
        self._poll.register(source, select.POLLIN)

    def take(self, size: int) -> bytes:
        """The next `size` bytes. Raises EOFError when the host has closed the connection."""
        data = os.read(self._source, size) if size else b""
        if len(data) == size:
            return data
        parts, missing = [data], size - len(data)
        while missing:
            if not parts[-1]:
                raise EOFError
            parts.append(os.read(self._source, min(missing, 1 << 20)))
            missing -= len(parts[-1])
        return b"".join(parts)

    def has_more(self) -> bool:
        """Whether the host has sent more already, or has closed the connection."""
        return bool(self._poll.poll(0))

    def pour(self, fd: int, size: int) -> None:
        """Move the next `size` bytes into file `fd`. Raises EOFError when the host has closed the connection.

        The bytes do not enter the memory of this process, where children would find them; where the kernel cannot
        splice, they pass through a buffer that is wiped at once.
        """
        while size:
            moved = self._move(fd, size)
            if not moved:
                raise EOFError
            size -= moved

    def _move(self, fd: int, size: int) -> int:
        if self._splice:
            try:
                return os.splice(self._source, fd, size)
            except OSError:
                # No pipe, or a kernel without splice (gVisor): copy, and wipe the copy.
                self._splice = False
        buffer = bytearray(min(size, COPY))
        got = os.readv(self._source, [buffer])
        view = memoryview(buffer)[:got]
        while view:
            view = view[os.write(fd, view) :]
        buffer[:] = bytes(len(buffer))
        return got

    def send(self, kind: int, payload: bytes) -> None:
        """Write a frame."""
        self._write(HEADER.pack(kind, len(payload)) + payload)

    def send_file(self, kind: int, fd: int, size: int) -> None:
        """Write the first `size` bytes of file `fd`, which begin with room for the head, as a frame."""
        os.pwrite(fd, HEADER.pack(kind, size - HEADER.size), 0)
        # Head and payload in one write, since each write wakes the process that reads the other end.
        copy(self._sink, fd, 0, size)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._sink, data) :]


class Outbox:
    """Records that were not sent yet, in a file: in memory, programs that are forked later would find them."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._fd = os.memfd_create("outbox")
        self._size = 0
        self._empty()

    def put(self, head: bytes, *parts: tuple[int, int, int]) -> None:
        """Add a record: its head, then parts of files, each given as descriptor, offset and size.

        Sends all records once they have LARGEST_BATCH bytes together.
        """
        self._size += os.write(self._fd, head)
        for fd, start, size in parts:
            if size:
                copy(self._fd, fd, start, size)
                self._size += size
        if self._size >= LARGEST_BATCH:
            self.flush()

    def flush(self) -> None:
        """Send all records."""
        if self._size > HEADER.size:
            self._channel.send_file(RESULTS, self._fd, self._size)
            self._empty()

    def _empty(self) -> None:
        """Empty the file but for room for the head of a frame."""
        os.ftruncate(self._fd, 0)
        self._size = os.lseek(self._fd, HEADER.size, os.SEEK_SET)


def copy(sink: int, fd: int, start: int, size: int) -> None:
    """Append `size` bytes of file `fd` to `sink`, inside the kernel. Raises EOFError when the file is shorter."""
    while size:
        sent = os.sendfile(sink, fd, start, size)
        if not sent:
            raise EOFError
        start += sent
        size -= sent
