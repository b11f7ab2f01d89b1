"""The verdict on one execution, from what the kernel reports first, and then from the report of the process itself."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import NamedTuple

from sandbox.runner.frames import Limits
from sandbox.runner.report import Report

OOM_TAKES_S = 0.05
"""Wall seconds below which an execution cannot have filled the memory of a jail."""
INTERPRETER = 32 << 20
"""Bytes of peak memory allowed beyond the limit, since the limit covers neither libraries nor shared mappings."""


class Ending(NamedTuple):
    """The end of a watched process."""

    status: int
    """Wait status, see wait(2)."""
    killed: str
    """`cpu` or `wall` when the process was killed for using up its time, else empty."""
    cpu_s: float
    wall_s: float
    peak_kb: int


class OomKills:
    """Counts the kernel's out-of-memory kills in this jail's control group (cgroup v2 or v1), if there is one."""

    FILES = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")

    def __init__(self, files: tuple[str, ...] = FILES) -> None:
        self._fd = -1
        for path in files:
            with suppress(OSError):
                self._fd = os.open(path, os.O_RDONLY)
                break
        self._seen = self._read()

    def rose(self) -> bool:
        """Whether the kernel killed a process for lack of memory since the last call."""
        if self._fd < 0:
            return False
        before, self._seen = self._seen, self._read()
        return self._seen > before

    def _read(self) -> int:
        if self._fd < 0:
            return 0
        for line in os.pread(self._fd, 4096, 0).splitlines():
            if line.startswith(b"oom_kill "):
                return int(line.split()[1])
        return 0


def judge(
    ending: Ending, limits: Limits, written: int, complained: int, report: Report, oom_kills: OomKills
) -> tuple[str, str]:
    """Verdict and reason of an execution that wrote this many bytes to standard output and standard error."""
    status = ending.status
    # Reading the counter takes time, so it is read only where a kill may have happened.
    if (status or ending.wall_s > OOM_TAKES_S) and oom_kills.rose():
        return "memory", "killed by the kernel for the memory of the sandbox"
    if ending.peak_kb << 10 > limits.memory + INTERPRETER:
        return "memory", "more memory in use than its limit"
    if ending.killed == "wall":
        return "timeout", "wall"
    if ending.killed or status == signal.SIGXCPU or ending.cpu_s > limits.cpu_s:
        return "timeout", "cpu"
    if written > limits.output:
        return "output_limit", "stdout"
    if status == 0:
        return "ok", ""
    # Writing past the limit fails with EFBIG, which can end a program in many ways.
    if written >= limits.output:
        return "output_limit", "stdout"
    if complained >= limits.output:
        return "output_limit", "stderr"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return "crash", signal.Signals(number).name if number < signal.SIGRTMIN else f"signal {number}"
    if report.ran_out_of_memory:
        return "memory", "MemoryError"
    return "crash", report.name or f"exit status {os.waitstatus_to_exitcode(status)}"
