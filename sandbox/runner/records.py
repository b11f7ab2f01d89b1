"""Records of executions: those that PID 1 makes, and those that a process for several executions wrote to a file."""

from __future__ import annotations

import os

from sandbox.runner.channel import copy
from sandbox.runner.frames import JUDGED, JUDGED_BODY, NONE, RECORD_HEAD, SHARED, SHARED_BODY, VERDICTS
from sandbox.runner.verdict import Ending


class Execution:
    """The files of one execution."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.files = (os.memfd_create("stdin"), os.memfd_create("stdout"), os.memfd_create("stderr"))

    def fill(self, inputs: int, offset: int, size: int) -> None:
        """Copy `size` bytes of file `inputs` from `offset` into the file for standard input."""
        copy(self.files[0], inputs, offset, size)
        os.lseek(self.files[0], 0, os.SEEK_SET)

    def close(self) -> None:
        for fd in self.files:
            os.close(fd)


class SharedRecords:
    """The valid records in a results file: complete, of this job, and in the order of its inputs."""

    def __init__(self, fd: int, number: int, indices: list[int]) -> None:
        self.fd = fd
        self.start = 0
        self.count = 0
        self._number = number
        self._indices = indices

    def advance(self) -> int:
        """The size of valid records that are new since the last call; moves `start` to their end.

        Anything from the first invalid record on is ignored: the inputs that are missing get forks of their own.
        """
        available = os.fstat(self.fd).st_size
        size = RECORD_HEAD.size + SHARED_BODY.size
        at = self.start
        while at + size <= available and self.count < len(self._indices):
            head = os.pread(self.fd, size, at)
            body = SHARED_BODY.unpack_from(head, RECORD_HEAD.size)
            end = at + size + sum(body[3:])
            if RECORD_HEAD.unpack_from(head) != (SHARED, self._number, self._indices[self.count]) or end > available:
                break
            at = end
            self.count += 1
        moved, self.start = at - self.start, at
        return moved


def judged(number: int, index: int, verdict: str, reason: str, ending: Ending, tail: int, kept: int) -> bytes:
    """A record without the standard error (`tail` bytes) and standard output (`kept` bytes) that must follow it."""
    words = reason.encode(errors="replace")
    status, natural = ending.status, not ending.killed
    body = JUDGED_BODY.pack(
        VERDICTS.index(verdict),
        os.WEXITSTATUS(status) if natural and os.WIFEXITED(status) else NONE,
        os.WTERMSIG(status) if natural and os.WIFSIGNALED(status) else NONE,
        ending.cpu_s,
        ending.wall_s,
        ending.peak_kb,
        len(words),
        tail,
        kept,
    )
    return RECORD_HEAD.pack(JUDGED, number, index) + body + words
