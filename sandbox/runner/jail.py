"""A PID namespace of the runner's own: one process enters at a time, and nothing it starts outlives it."""

from __future__ import annotations

import importlib
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from sandbox.runner import confine
from sandbox.runner.bounds import this_kernel, without_processes
from sandbox.runner.clean import Directory
from sandbox.runner.frames import Limits
from sandbox.runner.report import Report
from sandbox.runner.verdict import Ending

CLEAN_LIMITS = Limits(cpu_s=10, wall_s=15, memory=1 << 30, output=1 << 20, processes=1)
PATIENCE_S = 0.01
"""How long results wait for the next before they are sent."""
LONGEST_PAUSE_S = 0.01
"""Between two looks at a child where the kernel has no descriptor for it to wait on."""
MOST_STARVED = 8
"""Times the wall guard that it may be put off, for a program that other programs of the machine keep from running."""
TICKS = os.sysconf("SC_CLK_TCK")


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
        self._failures = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            self._children: Children | None = Children(1)
        except OSError:
            self._children = None
        self.kernel = this_kernel()
        self._is_mapped = confine.is_mapped()
        self._late: confine.Bounds = ()
        confine.join_group(uid)
        # Programs start here; so does their search for modules.
        os.chdir(directories[0])

    def enter(
        self,
        bounds: confine.Bounds,
        files: tuple[int, int, int],
        keep: tuple[int, ...] = (),
        dumpable: bool = False,
    ) -> None:
        """Turn the calling process, just forked, into one of the jail's; it ends if that fails."""
        try:
            confine.streams(*files, (self._failures, *keep))
            self.prepare(bounds)
            confine.drop_to(self._uid, dumpable)
            os.close(self._failures)
        except BaseException as error:
            self._fail(error)

    def prepare(self, bounds: confine.Bounds, forks: bool = False) -> None:
        """Do what a process of the jail may inherit from its parent; the calling process ends if that fails.

        Where an engine maps user ids (rootless, userns-remap), a process that `forks` shares its own with much else,
        and would fail to fork within a program's limit: `enter_prepared` sets that later.
        """
        try:
            # First, while it may still open files.
            confine.offer_to_oom_killer(self._uid, self._is_mapped)
            if forks and self._is_mapped:
                bounds, self._late = without_processes(bounds)
            confine.limit(bounds)
            set_handler(signal.SIGINT, signal.default_int_handler)
        except BaseException as error:
            self._fail(error)

    def enter_prepared(self, stdin: int, stdout: int, stderr: int, dumpable: bool) -> None:
        """Like `enter`, in a process forked from one that is prepared, whose user id is its own.

        The functions it is made of are not called but written out, for every call costs copies of pages.
        """
        uid, failures = self._uid, self._failures
        assert uid is not None
        try:
            os.dup2(stdin, 0)
            os.dup2(stdout, 1)
            os.dup2(stderr, 2)
            os.closerange(3, failures)
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
        os.eventfd_write(self._failures, 1)
        os._exit(1)

    def entering_failed(self) -> bool:
        """Whether a process failed to enter since the last call. No program can say so: it has no such descriptor."""
        try:
            return os.eventfd_read(self._failures) > 0
        except BlockingIOError:
            return False

    def watch(self, pid: int, limits: Limits, idle: Callable[[], None]) -> Ending:
        """How process `pid` ended; every other process of the jail is gone as well. `idle` is called while it runs."""
        started = time.monotonic()
        killed = ""
        with self.watching(pid) as watched:
            if not watched.ended_within(PATIENCE_S):
                idle()
                remaining = limits.cpu_s
                until = started + limits.wall_s
                while not watched.ended_within(min(remaining, until - time.monotonic())):
                    remaining = limits.cpu_s - watched.cpu_s()
                    until = started + limits.wall_s + min(starved_seconds(pid), MOST_STARVED * limits.wall_s)
                    if remaining <= 0:
                        killed = "cpu"
                    elif time.monotonic() >= until:
                        killed = "wall"
                    if killed:
                        watched.kill()
                        break
        usage = watched.usage
        return Ending(watched.status, killed, usage[0] + usage[1], time.monotonic() - started, usage[2])

    @contextmanager
    def watching(self, pid: int) -> Iterator[Watched]:
        """Process `pid`, just forked. Leaving the context waits for its end, and ends and removes what it left."""
        watched = Watched(pid)
        try:
            yield watched
        finally:
            watched.wait()
            self.end_all()
        self.clean()

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

    def is_down_to(self, child: Children) -> bool:
        """Whether this child and PID 1 are the only processes."""
        # Whoever loses its parent becomes a child of PID 1, ended or not.
        return self._children is not None and self._children.are(child.pid) and child.are()

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
        watched = Watched(pid)
        if not watched.ended_within(CLEAN_LIMITS.wall_s):
            watched.kill()
        watched.wait()
        for directory in self._directories:
            directory.restore()
        if any(directory.changed() for directory in self._directories):
            raise Sick("files of a program could not be removed")


class Children:
    """The children of a process of the jail, ended ones that nobody waited for included."""

    def __init__(self, pid: int) -> None:
        """Raises OSError where the kernel does not tell."""
        self.pid = pid
        self._fd = os.open(f"/proc/{pid}/task/{pid}/children", os.O_RDONLY | os.O_CLOEXEC)

    def are(self, *pids: int) -> bool:
        """Whether these are all."""
        return self.pids() == list(pids)

    def pids(self) -> list[int]:
        """All of them, none if the process is gone."""
        try:
            return [int(pid) for pid in os.pread(self._fd, 1 << 16, 0).split()]
        except OSError:
            return []

    def close(self) -> None:
        os.close(self._fd)


class Watched:
    """A child process."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._pidfd = -1
        self._poll = select.poll()
        # Not in every kernel: gVisor's has none.
        with suppress(OSError):
            self._pidfd = os.pidfd_open(pid)
            self._poll.register(self._pidfd, select.POLLIN)
        self.status = 0
        self.usage: tuple[float, float, int] = (0.0, 0.0, 0)
        """User and system CPU seconds with waited-for children, peak kB; known after `wait`."""

    def ended_within(self, seconds: float) -> bool:
        """Whether it has ended, after waiting at most this long."""
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
        """See `cpu_seconds`."""
        return cpu_seconds(self._pid)

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> None:
        """Wait for its end and keep how it ended."""
        if self._pidfd >= 0:
            os.close(self._pidfd)
        _, self.status, usage = os.wait4(self._pid, 0)
        self.usage = (usage.ru_utime, usage.ru_stime, usage.ru_maxrss)


def cpu_seconds(pid: int) -> float:
    """CPU seconds of process `pid`, all its threads, and the children it has waited for; 0 when it has just ended."""
    try:
        # The process's CPU clock, as clock_getcpuclockid(3) computes it.
        own = time.clock_gettime((~pid << 3) | 2)
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return own + (int(fields[13]) + int(fields[14])) / TICKS


def starved_seconds(pid: int) -> float:
    """Seconds that process `pid` could have run and had no core to run on; 0 where the kernel does not tell.

    And 0 for one with children, which may be what keeps it from running.
    """
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb") as children:
            if children.read():
                return 0.0
        with open(f"/proc/{pid}/schedstat", "rb") as schedstat:
            return int(schedstat.read().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0
