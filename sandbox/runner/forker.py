"""A process that forks one execution of a program after another.

The process serves that program only: executions inherit the limits that the process has set, and the streams and the
code that it holds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from sandbox.runner.frames import Limits
from sandbox.runner.jail import Jail, JailUnusable
from sandbox.runner.processes import ANSWER, ForkedOnRequest
from sandbox.runner.tasks import FORK
from sandbox.runner.verdict import Ending
from sandbox.runner.zygote import Starter, Zygote


class Forker(ForkedOnRequest):
    """PID 1's handle on the forker of one program; the forker is a child of the zygote, see `sandbox.runner.zygote`."""

    def __init__(self, jail: Jail, zygote: Zygote, pid: int, go: int, done: int) -> None:
        self._jail = jail
        self._zygote = zygote
        self._go = go
        self._done = done
        self._is_busy = False
        super().__init__(pid, done, zygote.end)

    def execute(self, limits: Limits, idle: Callable[[], None]) -> Ending:
        """The ending of the next execution.

        All processes that the execution started have ended as well; the forker may have been ended with them.
        """
        self._is_busy = True
        with suppress(BrokenPipeError):
            os.write(self._go, b"x")
        ending = self._jail.watch(self, limits, idle)
        self._is_busy = False
        return ending

    def is_alone(self) -> bool:
        return self._jail.has_only(self._zygote.parent) and self.children.are()

    def finish(self) -> None:
        """Let the forker end, if it has not ended already; an execution under way is ended with it."""
        if self._is_busy:
            self.end()
        elif self.lives:
            self.lives = False
            self.children.close()
            self.close()
            self._zygote.wait()

    def close(self) -> None:
        os.close(self._go)
        os.close(self._done)


def start_forker(jail: Jail, starter: Starter, arguments: tuple[object, ...], files: tuple[int, ...]) -> Forker:
    """A forker that is ready for its first execution. Raises JailUnusable when it does not start."""
    go, to_go = os.pipe()
    from_done, done = os.pipe()
    zygote = starter.fork_in_zygote(FORK, arguments, (go, done, *files))
    os.close(go)
    os.close(done)
    hello = os.read(from_done, ANSWER.size)
    if len(hello) != ANSWER.size:
        raise JailUnusable(f"the process that forks executions did not start: {jail.report.name}")
    return Forker(jail, zygote, ANSWER.unpack(hello)[0], to_go, from_done)
