"""A PID namespace of the runner's own: one process enters at a time, and nothing it starts outlives it."""

from __future__ import annotations

import importlib
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from sandbox.runner import confine
from sandbox.runner.bounds import this_kernel, without_processes
from sandbox.runner.clean import Directory
from sandbox.runner.frames import Limits
from sandbox.runner.processes import Children, Process, Watched
from sandbox.runner.report import Report
from sandbox.runner.verdict import Ending

CLEAN_LIMITS = Limits(cpu_s=10, wall_s=15, memory=1 << 30, output=1 << 20, processes=1)
PATIENCE_S = 0.01
"""How long results wait for the next before they are sent."""
MOST_STARVED = 8
"""Times the wall guard that it may be put off, for a program that other programs of the machine keep from running."""


# The function behind `signal.signal`, without the enumerations that one translates to and from.
set_handler = importlib.import_module("_signal").signal


class Sick(Exception):
    """The slot cannot be made clean again and must be replaced."""


class Jail:
    """Runs processes as the only inhabitant of a PID namespace besides them."""

    def __init__(self, uid: int | None, directories: list[str]) -> None:
        if os.getpid() != 1:
            raise RuntimeError("kill(-1) needs a PID namespace of its own")
        self._uid = uid
        self._directories = [Directory(path) for path in directories]
        self.report = Report()
        self.failures = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            self._children: Children | None = Children(1)
        except OSError:
            self._children = None
        self.kernel = this_kernel()
        self._is_mapped = confine.is_mapped()
        self._is_prepared = False
        self._late: confine.Bounds = ()
        confine.join_group(uid)
        # Programs start here; so does their search for modules.
        os.chdir(directories[0])

    def prepare(self) -> None:
        """Do what all processes of the jail may inherit from their parent; the calling process ends if that fails."""
        try:
            if not self._is_prepared:
                confine.offer_to_oom_killer(self._uid, self._is_mapped)
                set_handler(signal.SIGINT, signal.default_int_handler)
                self._is_prepared = True
        except BaseException as error:
            self._fail(error)

    def limit(self, bounds: confine.Bounds, forks: bool = False) -> None:
        """Bind the calling process, whose parent is prepared, and its children; it ends if that fails.

        Where an engine maps user ids (rootless, userns-remap), a process that `forks` shares its own with much else,
        and would fail to fork within a program's limit: `enter_prepared` sets that later.
        """
        try:
            if forks and self._is_mapped:
                bounds, self._late = without_processes(bounds)
            confine.limit(bounds)
        except BaseException as error:
            self._fail(error)

    def enter(
        self,
        bounds: confine.Bounds,
        files: tuple[int, int, int],
        keep: tuple[int, ...] = (),
        dumpable: bool = False,
    ) -> None:
        """Turn the calling process, just forked, into one of the jail's; it ends if that fails."""
        # First, while it may still open files.
        self.prepare()
        self.limit(bounds)
        try:
            confine.streams(*files, (self.failures, *keep))
            confine.drop_to(self._uid, dumpable)
            os.close(self.failures)
        except BaseException as error:
            self._fail(error)

    def enter_prepared(self, stdin: int, stdout: int, stderr: int, dumpable: bool, first: int = 3) -> None:
        """Like `enter`, in a process forked from one that is limited; files from `first` on are closed.

        The functions it is made of are not called but written out, for every call costs copies of pages.
        """
        uid, failures = self._uid, self.failures
        assert uid is not None
        try:
            os.dup2(stdin, 0)
            os.dup2(stdout, 1)
            os.dup2(stderr, 2)
            os.closerange(first, failures)
            os.closerange(failures + 1, confine.MAX_FD)
            if self._late:
                confine.limit(self._late)
            os.setresuid(uid, uid, uid)
            if dumpable:
                confine.make_dumpable()
            os.close(failures)
        except BaseException as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> NoReturn:
        self.report.died_of(f"{type(error).__name__}: {error}")
        os.eventfd_write(self.failures, 1)
        os._exit(1)

    def entering_failed(self) -> bool:
        """Whether a process failed to enter since the last call. No program can say so: it has no such descriptor."""
        try:
            return os.eventfd_read(self.failures) > 0
        except BlockingIOError:
            return False

    def watch(self, process: Process, limits: Limits, idle: Callable[[], None]) -> Ending:
        """How a process ended; whatever it left is gone as well. `idle` is called while it runs."""
        started = time.monotonic()
        killed = ""
        if not process.ended_within(PATIENCE_S):
            idle()
            remaining = limits.cpu_s
            until = started + limits.wall_s
            while not process.ended_within(min(remaining, until - time.monotonic())):
                remaining = limits.cpu_s - process.cpu_s()
                until = started + limits.wall_s + min(process.starved_s(), MOST_STARVED * limits.wall_s)
                if remaining <= 0:
                    killed = "cpu"
                elif time.monotonic() >= until:
                    killed = "wall"
                if killed:
                    process.kill()
                    break
        wall_s = time.monotonic() - started
        process.wait()
        self.clean()
        usage = process.usage
        return Ending(process.status, killed, usage[0] + usage[1], wall_s, usage[2])

    def end_all(self) -> int:
        """End and reap every process of this PID namespace but this one, which is its PID 1: see `__init__`.

        Returns the peak kB of the largest.
        """
        peak_kb = 0
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return peak_kb
        # Orphans become children of PID 1, so no child left means no process left.
        with suppress(ChildProcessError):
            while True:
                peak_kb = max(peak_kb, os.wait4(-1, 0)[2].ru_maxrss)
        return peak_kb

    @property
    def can_fork_from_child(self) -> bool:
        """Whether a child may do the forking: programs cannot signal it, and the kernel tells what they leave."""
        return self._uid is not None and self._children is not None

    def has_only(self, child: int) -> bool:
        """Whether PID 1 has this child and no other. Whoever loses its parent becomes one, ended or not."""
        return self._children is not None and self._children.are(child)

    def clean(self) -> None:
        """Empty the directories a program may have written to."""
        if any(directory.changed() for directory in self._directories):
            self._clean()

    def _clean(self) -> None:
        for directory in self._directories:
            directory.restore()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                confine.limit(self.kernel.bounds(CLEAN_LIMITS))
                confine.drop_to(self._uid)
                for directory in self._directories:
                    directory.empty()
                status = 0
            finally:
                os._exit(status)
        watched = Watched(pid, lambda: None)
        if not watched.ended_within(CLEAN_LIMITS.wall_s):
            watched.kill()
        watched.wait()
        for directory in self._directories:
            directory.restore()
        if any(directory.changed() for directory in self._directories):
            raise Sick("files of a program could not be removed")
