"""The two descriptors that lead to the host, and the results on their way there."""

from __future__ import annotations

import os

from sandbox.runner.frames import HEADER, LARGEST_BATCH, RESULTS

COPY = 1 << 16


class Channel:
    """Reads exactly what was asked for and keeps nothing."""

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._splice = True

    def take(self, size: int) -> bytes:
        """The next `size` bytes; EOFError when the host is gone."""
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

    def pour(self, fd: int, size: int) -> None:
        """Move the next `size` bytes into file `fd`, past this process's memory, where its children would find them."""
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
                # Not a pipe, or a kernel without splice (gVisor): copy, and wipe the copy.
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
        """Write a frame whose payload is the first `size` bytes of file `fd`."""
        self._write(HEADER.pack(kind, size))
        copy(self._sink, fd, 0, size)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._sink, data) :]


class Outbox:
    """Records not sent yet. They lie in a file, not in the memory that later programs are forked from."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._fd = os.memfd_create("outbox")
        self._size = 0

    def put(self, head: bytes, *parts: tuple[int, int, int]) -> None:
        """Add a record: its head, then bytes of files, each a descriptor, an offset and a size."""
        self._size += os.write(self._fd, head)
        for fd, start, size in parts:
            if size:
                copy(self._fd, fd, start, size)
                self._size += size
        if self._size >= LARGEST_BATCH:
            self.flush()

    def flush(self) -> None:
        """Send what is there."""
        if self._size:
            self._channel.send_file(RESULTS, self._fd, self._size)
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
            self._size = 0


def copy(sink: int, fd: int, start: int, size: int) -> None:
    """Append `size` bytes of file `fd` to `sink`, inside the kernel. EOFError when the file is shorter."""
    while size:
        sent = os.sendfile(sink, fd, start, size)
        if not sent:
            raise EOFError
        start += sent
        size -= sent
