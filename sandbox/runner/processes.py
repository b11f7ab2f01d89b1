"""Processes of the jail as PID 1 sees them: their time and memory, their end, and the processes that they leave."""

from __future__ import annotations

import os
import resource
import select
import signal
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

LONGEST_PAUSE_S = 0.01
"""Seconds between two polls of a child on kernels without pidfd."""
TICKS = os.sysconf("SC_CLK_TCK")
ANSWER = struct.Struct("<iddq")
"""A parent's report on a child that ended: wait status, user and system CPU seconds, peak kB."""
ENDED = 9
"""Wait status (SIGKILL) noted for a process that was killed with its parent."""


class Process(Protocol):
    """A process that PID 1 waits for."""

    status: int
    """Wait status, see wait(2); known after `wait`."""
    usage: tuple[float, float, int]
    """User and system CPU seconds, with those of children waited for, and peak kB; known after `wait`."""

    def ended_within(self, seconds: float) -> bool:
        """Whether the process has ended; waits for its end, at most this long, or 1 ms where that is longer."""

    def cpu_s(self) -> float:
        """CPU seconds that the process has used so far, see `cpu_seconds`."""

    def starved_s(self) -> float:
        """Seconds that the process was ready to run and had no core, see `starved_seconds`."""

    def kill(self) -> None:
        """End the process; `wait` must follow."""

    def wait(self) -> None:
        """Wait for the end of the process, record its status and usage, and end processes that it left behind."""


class Children:
    """The children of a process, including ended ones that it has not waited for."""

    def __init__(self, pid: int) -> None:
        """Raises OSError where the kernel does not list children."""
        self._fd = os.open(f"/proc/{pid}/task/{pid}/children", os.O_RDONLY | os.O_CLOEXEC)

    def are(self, *pids: int) -> bool:
        """Whether these are all children, in this order."""
        return self.pids() == list(pids)

    def pids(self) -> list[int]:
        """Process ids of all children; empty if the process has ended."""
        try:
            return [int(pid) for pid in os.pread(self._fd, 1 << 16, 0).split()]
        except OSError:
            return []

    def close(self) -> None:
        os.close(self._fd)


class Watched:
    """A Process that is a child of this process."""

    def __init__(self, pid: int, end_others: Callable[[], object]) -> None:
        self._pid = pid
        self._end_others = end_others
        self._pidfd = -1
        self._poll = select.poll()
        # Not every kernel has pidfds: gVisor's has none.
        with suppress(OSError):
            self._pidfd = os.pidfd_open(pid)
            self._poll.register(self._pidfd, select.POLLIN)
        self.status = 0
        self.usage = (0.0, 0.0, 0)

    def ended_within(self, seconds: float) -> bool:
        if self._pidfd >= 0:
            return bool(self._poll.poll(max(1.0, 1000 * seconds)))
        until, pause = time.monotonic() + max(0.001, seconds), 0.0005
        while not os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            left = until - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, pause))
            pause = min(2 * pause, LONGEST_PAUSE_S)
        return True

    def cpu_s(self) -> float:
        return cpu_seconds(self._pid)

    def starved_s(self) -> float:
        return starved_seconds(self._pid)

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> None:
        if self._pidfd >= 0:
            os.close(self._pidfd)
        _, self.status, usage = os.wait4(self._pid, 0)
        self.usage = (usage.ru_utime, usage.ru_stime, usage.ru_maxrss)
        self._end_others()


class ForkedOnRequest:
    """A Process that a trusted parent forked on request; the parent reports the end of its child.

    One object stands for all such children of a parent, one after another, as long as the parent lives.
    """

    def __init__(self, parent: int, answers: int, end_all: Callable[[], int]) -> None:
        """`answers` is the descriptor from which each ANSWER of the parent comes."""
        self.parent = parent
        self.children = Children(parent)
        self.lives = True
        """Whether the parent lives."""
        self._answers = answers
        self._end_all = end_all
        self._poll = select.poll()
        self._poll.register(answers, select.POLLIN)
        self._killed = False
        self._cpu_s = 0.0
        self.status = 0
        self.usage = (0.0, 0.0, 0)

    def ended_within(self, seconds: float) -> bool:
        return bool(self._poll.poll(max(1.0, 1000 * seconds)))

    def cpu_s(self) -> float:
        self._cpu_s = max(self._cpu_s, sum(map(cpu_seconds, self.children.pids()), 0.0))
        return self._cpu_s

    def starved_s(self) -> float:
        return sum(map(starved_seconds, self.children.pids()), 0.0)

    def kill(self) -> None:
        self._killed = True

    def wait(self) -> None:
        answer = b"" if self._killed else self._answer()
        if len(answer) == ANSWER.size:
            self.status, *usage = ANSWER.unpack(answer)
            self.usage = (usage[0], usage[1], usage[2])
            self._cpu_s = 0.0
            if not self.is_alone():
                self.end()
        else:
            # Killed with its parent: by `end`, or by the kernel when memory ran out.
            self.status, self.usage = ENDED, (self._cpu_s, 0.0, self.end())

    def _answer(self) -> bytes:
        try:
            return os.read(self._answers, ANSWER.size)
        except ConnectionError:
            return b""

    def is_alone(self) -> bool:
        """Whether only trusted processes live in the jail: a child that ended may have left others behind."""
        raise NotImplementedError

    def end(self) -> int:
        """End the parent and every other process of the jail; returns the largest peak memory of one, in kB."""
        if not self.lives:
            return 0
        self.lives = False
        self.children.close()
        self.close()
        return self._end_all()

    def close(self) -> None:
        """Close the descriptors that lead to the parent."""
        raise NotImplementedError


def cpu_and_peak() -> tuple[float, int]:
    """CPU seconds and peak kB of this process.

    `time.process_time` would be too coarse: under a limit on CPU time the kernel advances it only at clock ticks.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def cpu_seconds(pid: int) -> float:
    """CPU seconds of process `pid` with its threads and the children it has waited for; 0 when it has just ended."""
    try:
        # The process's CPU clock, as clock_getcpuclockid(3) computes it.
        own = time.clock_gettime((~pid << 3) | 2)
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return own + (int(fields[13]) + int(fields[14])) / TICKS


def starved_seconds(pid: int) -> float:
    """Seconds that process `pid` was ready to run and had no core; 0 where the kernel does not say.

    Also 0 for a process with children, since these may be what keeps it from running.
    """
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb") as children:
            if children.read():
                return 0.0
        with open(f"/proc/{pid}/schedstat", "rb") as schedstat:
            return int(schedstat.read().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0
