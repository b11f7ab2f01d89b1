"""Forks, watches and judges: one process that compiles a program, one process for each execution of it."""

from __future__ import annotations

import marshal
import os
import select
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from sandbox.runner import confine, program
from sandbox.runner.clean import empty, littered
from sandbox.runner.frames import Limits

COMPILE_LIMITS = Limits(cpu_s=10, wall_s=20, memory=1 << 30, output=64 << 20, processes=1)
CLEAN_LIMITS = Limits(cpu_s=10, wall_s=15, memory=1 << 30, output=1 << 20, processes=1)
COMPILE_ERROR = "compile error"
NOT_COMPILED = 3
OOM_TAKES_S = 0.05
"""Filling the memory of a jail takes longer than this."""
TICKS = os.sysconf("SC_CLK_TCK")


class Sick(Exception):
    """The slot cannot be made clean again and must be replaced."""


@dataclass(frozen=True)
class Ending:
    """How a watched process ended."""

    status: int
    """As `wait` returns it."""
    killed: str
    """`cpu` or `wall` when it was killed for its time, else empty."""
    cpu_s: float
    wall_s: float
    peak_kb: int


@dataclass(frozen=True)
class Outcome:
    """One execution: verdict and figures, and the files that hold its output."""

    verdict: str
    reason: str
    ending: Ending
    stdout: int
    stderr: int


@dataclass(frozen=True)
class Program:
    """A compiled program; `code` is marshalled and is never unmarshalled in PID 1."""

    number: int
    limits: Limits
    code: bytes
    error: str = ""
    """Why it did not compile."""
    stderr: bytes = b""


class Jail:
    """Runs processes as the only inhabitant of a PID namespace besides them."""

    def __init__(self, uid: int | None, directories: list[str]) -> None:
        if os.getpid() != 1:
            raise RuntimeError("kill(-1) needs a PID namespace of its own")
        self._uid = uid
        self._directories = directories
        self._report = program.Report()
        self._interpreter = program.Interpreter()
        self._oom_kills = _OomKills()

    def compile(self, number: int, source: bytes, limits: Limits) -> Program:
        """The program, compiled in a process of its own."""
        stdin, stdout, stderr = _memory_file("stdin"), _memory_file("code"), _memory_file("stderr")
        try:
            self._report.reset()
            pid = os.fork()
            if pid == 0:
                self._compile_here(source, stdin, stdout, stderr)
            ending = self._watch(pid, COMPILE_LIMITS)
            if ending.status == 0:
                return Program(number, limits, os.pread(stdout, os.fstat(stdout).st_size, 0))
            if not self._report.started:
                raise Sick("a compiler process did not start")
            error = COMPILE_ERROR
            if os.WIFSIGNALED(ending.status) or os.waitstatus_to_exitcode(ending.status) != NOT_COMPILED:
                error = f"{COMPILE_ERROR}: the source is too large or too deep to compile"
            return Program(number, limits, b"", error, os.pread(stderr, os.fstat(stderr).st_size, 0))
        finally:
            for fd in (stdin, stdout, stderr):
                os.close(fd)

    def execute(self, compiled: Program, stdin: int) -> Outcome:
        """One execution; the caller closes the files of the outcome."""
        stdout, stderr = _memory_file("stdout"), _memory_file("stderr")
        self._report.reset()
        pid = os.fork()
        if pid == 0:
            self._run_here(compiled, stdin, stdout, stderr)
        ending = self._watch(pid, compiled.limits)
        if littered(self._directories):
            self._clean()
        verdict, reason = self._judge(ending, compiled.limits, stdout, stderr)
        return Outcome(verdict, reason, ending, stdout, stderr)

    def _run_here(self, compiled: Program, stdin: int, stdout: int, stderr: int) -> NoReturn:
        self._enter(compiled.limits, stdin, stdout, stderr)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.path.insert(0, os.getcwd())
        self._interpreter.install()
        program.run(compiled.code, self._interpreter, self._report)

    def _compile_here(self, source: bytes, stdin: int, stdout: int, stderr: int) -> NoReturn:
        status = NOT_COMPILED
        try:
            self._enter(COMPILE_LIMITS, stdin, stdout, stderr)
            self._report.running()
            try:
                code = marshal.dumps(compile(source, program.FILE, "exec", dont_inherit=True))
                while code:
                    code = code[os.write(1, code) :]
                status = 0
            except BaseException as error:
                self._interpreter.install()
                sys.excepthook(type(error), error.with_traceback(None), None)
                sys.stderr.flush()
        finally:
            os._exit(status)

    def _enter(self, limits: Limits, stdin: int, stdout: int, stderr: int) -> None:
        try:
            confine.streams(stdin, stdout, stderr)
            confine.limit(limits)
            confine.drop_to(self._uid)
            os.chdir(self._directories[0])
        except BaseException as error:
            self._report.died_of(f"{type(error).__name__}: {error}")
            os._exit(1)

    def _watch(self, pid: int, limits: Limits) -> Ending:
        """How process `pid` ended; every other process of the jail is gone as well."""
        started = time.monotonic()
        killed = ""
        pidfd = os.pidfd_open(pid)
        try:
            poller = select.poll()
            poller.register(pidfd, select.POLLIN)
            remaining = limits.cpu_s
            while not poller.poll(max(1.0, 1000 * min(remaining, started + limits.wall_s - time.monotonic()))):
                remaining = limits.cpu_s - _cpu_seconds(pid)
                if remaining <= 0:
                    killed = "cpu"
                elif time.monotonic() - started >= limits.wall_s:
                    killed = "wall"
                if killed:
                    break
        finally:
            os.close(pidfd)
        if killed:
            os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        wall_s = time.monotonic() - started
        self._end_all()
        return Ending(status, killed, usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss)

    def _end_all(self) -> None:
        """End and reap every process of this PID namespace but this one, which is its PID 1: see `__init__`."""
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return
        # Orphans become children of PID 1, so no child left means no process left.
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)

    def _clean(self) -> None:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                confine.limit(CLEAN_LIMITS)
                confine.drop_to(self._uid)
                for directory in self._directories:
                    empty(directory)
                status = 0
            finally:
                os._exit(status)
        self._watch(pid, CLEAN_LIMITS)
        if littered(self._directories):
            raise Sick("files of a program could not be removed")

    def _judge(self, ending: Ending, limits: Limits, stdout: int, stderr: int) -> tuple[str, str]:
        """Verdict and reason, from what the kernel says first and from the report for the words."""
        signalled = os.WTERMSIG(ending.status) if os.WIFSIGNALED(ending.status) else 0
        written = os.fstat(stdout).st_size
        if not self._report.started and not ending.killed:
            return "sandbox_error", f"could not start the program: {self._report.name or 'it was killed'}"
        if self._oom_kills.rose(suspicious=bool(ending.status) or ending.wall_s > OOM_TAKES_S):
            return "memory", "killed by the kernel for the memory of the sandbox"
        if ending.killed == "wall":
            return "timeout", "wall"
        if ending.killed or signalled == signal.SIGXCPU or ending.cpu_s > limits.cpu_s:
            return "timeout", "cpu"
        if written > limits.output:
            return "output_limit", "stdout"
        if ending.status == 0:
            return "ok", ""
        # Writing past the limit fails with EFBIG, of which a program may die in many ways.
        if written >= limits.output:
            return "output_limit", "stdout"
        if os.fstat(stderr).st_size >= limits.output:
            return "output_limit", "stderr"
        if signalled:
            return "crash", signal.Signals(signalled).name if signalled < signal.SIGRTMIN else f"signal {signalled}"
        if self._report.ran_out_of_memory:
            return "memory", "MemoryError"
        return "crash", self._report.name or f"exit status {os.waitstatus_to_exitcode(ending.status)}"


class _OomKills:
    """Counts the kernel's out-of-memory kills in this jail's control group, where it has one (cgroup v2, v1)."""

    FILES = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")

    def __init__(self) -> None:
        self._fd = -1
        for path in self.FILES:
            with suppress(OSError):
                self._fd = os.open(path, os.O_RDONLY)
                break
        self._seen = self._read()

    def rose(self, suspicious: bool) -> bool:
        """Whether a process was killed since the last call; looked up only where `suspicious`, for it costs time."""
        if self._fd < 0 or not suspicious:
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


def _memory_file(name: str) -> int:
    """A file without a name in any directory, gone when nobody has it open."""
    return os.memfd_create(name)


def _cpu_seconds(pid: int) -> float:
    """CPU seconds of process `pid`, all its threads, and the children it has waited for; 0 when it has just ended."""
    try:
        # The process's CPU clock, as clock_getcpuclockid(3) computes it.
        own = time.clock_gettime((~pid << 3) | 2)
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return own + (int(fields[13]) + int(fields[14])) / TICKS
