"""A process that forks one execution after another, so that PID 1, which has more to do, need not.

After a fork every page that parent or child writes is copied or faulted in again. The forker is ready for its program
and touches little; PID 1 keeps its pages. What an execution leaves behind is looked for by PID 1, between executions.
"""

from __future__ import annotations

import os
import select
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from sandbox.runner.frames import Limits
from sandbox.runner.jail import MOST_STARVED, PATIENCE_S, Children, Jail, cpu_seconds, starved_seconds
from sandbox.runner.verdict import Ending

DONE = struct.Struct("<iddq")
"""Wait status, user and system CPU seconds, peak kB."""
ENDED = 9
"""Wait status of an execution whose forker was killed under it."""


class Forker:
    """The forker of one program. Only where programs run under another user id, so that none can signal it."""

    def __init__(self, jail: Jail, prepare: Callable[[], None], execute: Callable[[int], NoReturn]) -> None:
        """`prepare` is called in the forker, `execute` with a position in each process it forks."""
        self._jail = jail
        go, self._go = os.pipe()
        self._done, done = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _fork(go, done, prepare, execute)
        os.close(go)
        os.close(done)
        self._poll = select.poll()
        self._poll.register(self._done, select.POLLIN)
        self._children = Children(self._pid)
        self.lives = True

    def execute(self, limits: Limits, idle: Callable[[], None]) -> Ending:
        """How the next execution ended. Every process it started has ended too, and perhaps the forker with them."""
        started = time.monotonic()
        with suppress(BrokenPipeError):
            os.write(self._go, b"x")
        killed = ""
        cpu_s = 0.0
        if not self._answers_within(PATIENCE_S):
            idle()
            remaining, until = limits.cpu_s, started + limits.wall_s
            while not self._answers_within(min(remaining, until - time.monotonic())):
                pids = self._children.pids()
                cpu_s = max(cpu_s, sum(map(cpu_seconds, pids), 0.0))
                starved_s = sum(map(starved_seconds, pids), 0.0)
                remaining = limits.cpu_s - cpu_s
                until = started + limits.wall_s + min(starved_s, MOST_STARVED * limits.wall_s)
                if remaining <= 0:
                    killed = "cpu"
                elif time.monotonic() >= until:
                    killed = "wall"
                if killed:
                    break
        answer = b"" if killed else os.read(self._done, DONE.size)
        wall_s = time.monotonic() - started
        if len(answer) == DONE.size:
            status, user_s, system_s, peak_kb = DONE.unpack(answer)
            if not self._jail.is_down_to(self._children):
                self.end()
            return Ending(status, killed, user_s + system_s, wall_s, peak_kb)
        # It was killed with its execution: by us, or for want of memory.
        peak_kb = self.end()
        return Ending(ENDED, killed, cpu_s, wall_s, peak_kb)

    def end(self) -> int:
        """End it and every other process; the peak kB of the largest of them."""
        if not self.lives:
            return 0
        self.lives = False
        os.close(self._go)
        os.close(self._done)
        self._children.close()
        return self._jail.end_all()

    def _answers_within(self, seconds: float) -> bool:
        return bool(self._poll.poll(max(1.0, 1000 * seconds)))


def _fork(go: int, done: int, prepare: Callable[[], None], execute: Callable[[int], NoReturn]) -> NoReturn:
    """Fork an execution for every byte that comes, and answer how it ended."""
    fork, wait, read, write, pack = os.fork, os.wait4, os.read, os.write, DONE.pack
    try:
        prepare()
        position = 0
        while read(go, 1):
            pid = fork()
            if pid == 0:
                execute(position)
            _, status, usage = wait(pid, 0)
            write(done, pack(status, usage.ru_utime, usage.ru_stime, usage.ru_maxrss))
            position += 1
    finally:
        os._exit(0)
