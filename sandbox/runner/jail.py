"""The jail, the runner's PID namespace: confines processes that run programs, and ends whatever these leave behind."""

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
"""Seconds that finished results wait for further ones before they are sent."""
MOST_STARVED = 8
"""Maximum delay of the time-out of a program that waits for a core, as a multiple of its wall-clock limit."""


# The function behind `signal.signal`, without its slow conversion to and from enumerations.
set_handler = importlib.import_module("_signal").signal


class JailUnusable(Exception):
    """The jail must be replaced: it cannot be cleaned, its priority was changed, or a process did not start in it."""


class Jail:
    """Confines processes and waits for their end; with PID 1 they are the only ones of their PID namespace."""

    def __init__(self, uid: int | None, directories: list[str]) -> None:
        """Programs run under `uid` (None: this process's) and may write to `directories`.

        Raises RuntimeError unless this process is PID 1, OSError where the kernel refuses something.
        """
        confine.require_pid_1()
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
        # Programs start in the first directory, and search it first for modules.
        os.chdir(directories[0])
        # Not every kernel has autogroups: gVisor's has none.
        self._autogroup = -1
        with suppress(OSError):
            self._autogroup = os.open("/proc/self/autogroup", os.O_RDONLY | os.O_CLOEXEC)
        self._scheduling = self._current_scheduling()

    def prepare(self) -> None:
        """Set the OOM score and the handler of SIGINT of the calling process, which its children inherit.

        Does nothing where the parent did so before its fork. Ends the calling process if that fails.
        """
        try:
            if not self._is_prepared:
                confine.offer_to_oom_killer(self._uid, self._is_mapped)
                set_handler(signal.SIGINT, signal.default_int_handler)
                self._is_prepared = True
        except BaseException as error:
            self._fail(error)

    def limit(self, bounds: confine.Bounds, forks: bool = False) -> None:
        """Set resource limits of the calling process, after `prepare`; ends the calling process if that fails.

        Where a container engine maps user ids (rootless, userns-remap), a process that `forks` shares its user id with
        processes outside and could not fork within a program's limit on processes: `enter_prepared` sets that limit
        later.
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
        """Confine the calling process, which was just forked; ends it if that fails.

        `files` become its standard streams; of other descriptors only `keep` stay open.
        """
        # First: this opens a file, which the limits and the other user id may forbid later.
        self.prepare()
        self.limit(bounds)
        try:
            confine.leave_session()
            confine.streams(*files, (self.failures, *keep))
            confine.drop_to(self._uid, dumpable)
            os.close(self.failures)
        except BaseException as error:
            self._fail(error)

    def enter_prepared(self, stdin: int, stdout: int, stderr: int, dumpable: bool, first: int = 3) -> None:
        """Confine the calling process like `enter` does, where its parent has limits and a session of its own already.

        Ends the process if that fails. Descriptors from `first` on are closed. Most functions that `enter` calls are
        written out here, since each call in a forked process would copy pages of memory.
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
        """Whether a process could not be confined since the last call. Programs lack `failures`, so cannot fake it."""
        try:
            return os.eventfd_read(self.failures) > 0
        except BlockingIOError:
            return False

    def watch(self, process: Process, limits: Limits, idle: Callable[[], None]) -> Ending:
        """How a process ended, by itself or at a limit; processes and files that it left behind are removed.

        `idle` is called if the process runs longer than PATIENCE_S. Raises JailUnusable where files cannot be removed.
        """
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
        """Kill and reap every other process of this PID namespace; returns the largest peak memory of one, in kB."""
        peak_kb = 0
        if not confine.kill_all_others():
            return peak_kb
        # Orphans become children of PID 1, so no child left means no process left.
        with suppress(ChildProcessError):
            while True:
                peak_kb = max(peak_kb, os.wait4(-1, 0)[2].ru_maxrss)
        return peak_kb

    @property
    def can_fork_from_child(self) -> bool:
        """Whether children of PID 1 may fork programs.

        True where programs have a user id of their own, so that they cannot signal those children, and where the kernel
        lists the children of PID 1, among them processes that lost their parent.
        """
        return self._uid is not None and self._children is not None

    def has_only(self, child: int) -> bool:
        """Whether `child` is the only child of PID 1. Processes that lost their parent count, ended ones too."""
        return self._children is not None and self._children.are(child)

    def check(self) -> None:
        """Raise JailUnusable where a program has changed how the kernel schedules this process."""
        if self._current_scheduling() != self._scheduling:
            raise JailUnusable("the priority of the runner was changed")

    def _current_scheduling(self) -> tuple[bytes, int, int]:
        group = os.pread(self._autogroup, 100, 0) if self._autogroup >= 0 else b""
        return group, os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0)

    def clean(self) -> None:
        """Empty the directories that programs may write to. Raises JailUnusable where that fails."""
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
            raise JailUnusable("files of a program could not be removed")
