"""Runs the inputs of one job: several in a process where its program is plain, each in a fork of its own where not."""

from __future__ import annotations

import marshal
import os
import sys
import time
from collections.abc import Generator
from contextlib import closing, suppress
from typing import NamedTuple, NoReturn

from sandbox.runner import confine, plain, program
from sandbox.runner.bounds import file_limit
from sandbox.runner.channel import Outbox, copy
from sandbox.runner.forker import Forker
from sandbox.runner.frames import (
    JUDGED,
    JUDGED_BODY,
    LARGEST_SHARED,
    NONE,
    RECORD_HEAD,
    SHARED,
    SHARED_BODY,
    STDERR_TAIL,
    VERDICTS,
    Limits,
)
from sandbox.runner.jail import Jail, Sick
from sandbox.runner.shared import NotPlain, SharedProgram
from sandbox.runner.surroundings import Library
from sandbox.runner.verdict import Ending, OomKills, judge

COMPILE_LIMITS = Limits(cpu_s=10, wall_s=20, memory=1 << 30, output=64 << 20, processes=1)
COMPILE_ERROR = "compile error"
NOT_COMPILED = 3
SHARES = 2
"""Processes that the inputs of one job may share before the rest gets forks of their own."""
SLOW = 0.05
"""Share of its CPU seconds after which an input counts as slow: it is run again, alone, and holds up no other."""
SLOW_WALL_S = 0.2
STUCK_WALL_S = 1.0
"""Seconds without progress after which a process that runs several inputs is ended, little CPU time used or not."""
LOOK_S = 0.025
"""How often a process that runs several inputs is looked at."""
COMPILE_S = 1.0
"""CPU seconds for compiling where inputs are to share a process."""


class Job(NamedTuple):
    """A program, and the inputs it is to run on, which lie one after another in a file."""

    number: int
    source: bytes
    limits: Limits
    strict: bool
    table: list[tuple[int, int]]
    """Index and size of each input."""
    inputs: int
    """Descriptor of the file."""


class Compiled(NamedTuple):
    """A compiled program; `code` is marshalled and is never unmarshalled in PID 1."""

    code: bytes
    error: str = ""
    """Why it did not compile."""
    stderr: bytes = b""
    is_quiet: bool = False
    """A plain program without generators, that opens no file: it needs no /dev/stdin, and its end does nothing more."""


class Jobs:
    """Runs jobs in a jail and puts a record for each input into the outbox."""

    def __init__(self, jail: Jail, outbox: Outbox) -> None:
        self._jail = jail
        self._outbox = outbox
        self._report = jail.report
        self._oom_kills = OomKills()
        self.interpreter = program.Interpreter()
        self.interpreter.install()
        self.library = Library()

    def run(self, job: Job) -> bool:
        """Whether all inputs were run; not if one was slow, and then the host may give the others to several slots."""
        compiled: Compiled | None = None
        shares = 0 if job.strict or len(job.source) > plain.LARGEST else SHARES
        position, offset = 0, 0
        while position < len(job.table):
            if shares and len(job.table) - position > 1:
                shares -= 1
                compiled, done = self._share(job, position, offset, compiled)
                if self._report.is_not_plain:
                    shares = 0
                offset += sum(size for _, size in job.table[position : position + done])
                position += done
                if position == len(job.table):
                    break
            if compiled is None:
                compiled = self._compile(job.source)
                shares = 0 if compiled.error else shares
            most = 1 if shares else len(job.table)
            done, slow = self._alone(job, compiled, position, offset, most)
            offset += sum(size for _, size in job.table[position : position + done])
            position += done
            if slow and position < len(job.table):
                return False
        return True

    def _alone(self, job: Job, compiled: Compiled, first: int, offset: int, most: int) -> tuple[int, bool]:
        """Run at most this many inputs in forks of their own: how many were run, and whether the last was slow."""
        if compiled.error:
            for index, _ in job.table[first : first + most]:
                self._record_compile_error(job, compiled, index)
            return min(most, len(job.table) - first), False
        runs = []
        try:
            for index, size in job.table[first : first + most]:
                runs.append(_Execution(index))
                runs[-1].fill(job.inputs, offset, size)
                offset += size
            # Closed before the files are, because closing ends what may still use them.
            with closing(self._execute(job, compiled, runs)) as endings:
                for done, ending in enumerate(endings, 1):
                    self._record(job, runs[done - 1], ending)
                    if ending.killed or ending.cpu_s > SLOW * job.limits.cpu_s or ending.wall_s > SLOW_WALL_S:
                        return done, True
            return len(runs), False
        finally:
            for run in runs:
                run.close()

    def _execute(self, job: Job, compiled: Compiled, runs: list[_Execution]) -> Generator[Ending, None, None]:
        """How each ended, as it ends."""
        jail, limits, idle = self._jail, job.limits, self._outbox.flush
        bounds = self._jail.kernel.bounds(limits)
        if not jail.can_fork_from_child:
            for run in runs:
                self._report.reset()
                pid = os.fork()
                if pid == 0:
                    jail.enter(bounds, run.files, dumpable=True)
                    self.interpreter.renew()
                    program.allow_recursion(2)
                    program.run(compiled.code, self.interpreter, self._report)
                yield jail.watch(pid, limits, idle)
            return
        forker: Forker | None = None
        try:
            for position in range(len(runs)):
                if forker is None or not forker.lives:
                    forker = self._forker(compiled, bounds, runs[position:])
                self._report.reset()
                ending = forker.execute(limits, idle)
                jail.clean()
                yield ending
        finally:
            if forker is not None:
                forker.end()

    def _forker(self, compiled: Compiled, bounds: confine.Bounds, runs: list[_Execution]) -> Forker:
        enter, run = self._jail.enter_prepared, program.run
        jail, interpreter, report = self._jail, self.interpreter, self._report
        code, quiet = compiled.code, compiled.is_quiet

        def prepare() -> None:
            jail.prepare(bounds, forks=True)
            interpreter.renew()
            program.allow_recursion(3)

        def execute(position: int) -> NoReturn:
            enter(*runs[position].files, not quiet)
            run(code, interpreter, report, quiet)

        return Forker(jail, prepare, execute)

    def _record(self, job: Job, run: _Execution, ending: Ending) -> None:
        _, stdout, stderr = run.files
        written, complained = os.fstat(stdout).st_size, os.fstat(stderr).st_size
        if ending.status and self._jail.entering_failed():
            verdict, reason = "sandbox_error", f"could not start the program: {self._report.name}"
        else:
            verdict, reason = judge(ending, job.limits, written, complained, self._report, self._oom_kills)
        tail, kept = min(complained, STDERR_TAIL), min(written, job.limits.output)
        head = _judged(job.number, run.index, verdict, reason, ending, tail, kept)
        self._outbox.put(head, (stderr, complained - tail, tail), (stdout, 0, kept))

    def _record_compile_error(self, job: Job, compiled: Compiled, index: int) -> None:
        tail = compiled.stderr[-STDERR_TAIL:]
        failed = Ending(1 << 8, "", 0.0, 0.0, 0)
        self._outbox.put(_judged(job.number, index, "crash", compiled.error, failed, len(tail), 0) + tail)

    def _share(self, job: Job, first: int, offset: int, compiled: Compiled | None) -> tuple[Compiled | None, int]:
        """Run inputs from `first` on in one process: the compiled program if that worked, and how many were run."""
        table = job.table[first:]
        scratch, code, results = os.memfd_create("scratch"), os.memfd_create("code"), os.memfd_create("results")
        try:
            self._report.reset()
            pid = os.fork()
            if pid == 0:
                self._share_here(job, table, offset, compiled, (scratch, code, results))
            sent = _Sent(results, job.number, [index for index, _ in table])
            self._watch_shared(pid, job.limits, sent)
            self._forward(sent)
            if sent.count < len(table):
                # Whatever ended it, the input it ended with is not to be blamed for it twice.
                self._oom_kills.rose()
                self._jail.entering_failed()
            size = os.fstat(code).st_size
            if compiled is None and size:
                compiled = Compiled(os.pread(code, size, 0))
            return compiled, sent.count
        finally:
            os.close(scratch)
            os.close(code)
            os.close(results)

    def _share_here(
        self,
        job: Job,
        table: list[tuple[int, int]],
        offset: int,
        compiled: Compiled | None,
        files: tuple[int, int, int],
    ) -> NoReturn:
        try:
            scratch, code_file, results = files
            size = min(len(table) * file_limit(job.limits), LARGEST_SHARED)
            bounds = self._jail.kernel.bounds(job.limits, len(table), size)
            keep = (job.inputs, code_file, results)
            self._jail.enter(bounds, (scratch, scratch, scratch), keep)
            if compiled is None:
                code = compile(job.source, program.FILE, "exec", dont_inherit=True)
                dumped = marshal.dumps(code)
                if os.write(code_file, dumped) != len(dumped):
                    os._exit(1)
            else:
                code = marshal.loads(compiled.code)
            os.close(code_file)
            try:
                shared = SharedProgram(code, self.library, job.limits, self._report)
            except NotPlain:
                self._report.not_plain()
                os._exit(0)
            shared.run(job.inputs, table, results, job.number, offset)
        finally:
            os._exit(0)

    def _watch_shared(self, pid: int, limits: Limits, sent: _Sent) -> None:
        """Wait for a process that runs several inputs; end it when one of them is slow."""
        before, since = (-1, 0.0), time.monotonic()
        with self._jail.watching(pid) as watched:
            while not watched.ended_within(LOOK_S):
                self._forward(sent)
                self._outbox.flush()
                progress = self._report.progress
                if progress != before:
                    before, since = progress, time.monotonic()
                most = COMPILE_S if progress[0] < 0 else SLOW * limits.cpu_s
                if watched.cpu_s() - progress[1] > most or time.monotonic() - since > max(STUCK_WALL_S, most):
                    watched.kill()
                    break

    def _forward(self, sent: _Sent) -> None:
        start, size = sent.start, sent.advance()
        if size:
            self._outbox.put(b"", (sent.fd, start, size))

    def _compile(self, source: bytes) -> Compiled:
        """The program, compiled in a process of its own."""
        stdin, stdout, stderr = os.memfd_create("stdin"), os.memfd_create("code"), os.memfd_create("stderr")
        try:
            self._report.reset()
            bounds = self._jail.kernel.bounds(COMPILE_LIMITS)
            pid = os.fork()
            if pid == 0:
                self._compile_here(source, bounds, stdin, stdout, stderr)
            ending = self._jail.watch(pid, COMPILE_LIMITS, self._outbox.flush)
            self._oom_kills.rose()
            if ending.status == 0:
                code = os.pread(stdout, os.fstat(stdout).st_size, 0)
                return Compiled(code, is_quiet=self._report.is_quiet)
            if self._jail.entering_failed():
                raise Sick(f"a compiler process did not start: {self._report.name}")
            error = COMPILE_ERROR
            if os.WIFSIGNALED(ending.status) or os.waitstatus_to_exitcode(ending.status) != NOT_COMPILED:
                error = f"{COMPILE_ERROR}: the source is too large or too deep to compile"
            return Compiled(b"", error, os.pread(stderr, os.fstat(stderr).st_size, 0))
        finally:
            for fd in (stdin, stdout, stderr):
                os.close(fd)

    def _compile_here(self, source: bytes, bounds: confine.Bounds, stdin: int, stdout: int, stderr: int) -> NoReturn:
        status = NOT_COMPILED
        try:
            self._jail.enter(bounds, (stdin, stdout, stderr))
            try:
                code = compile(source, program.FILE, "exec", dont_inherit=True)
                dumped = marshal.dumps(code)
                while dumped:
                    dumped = dumped[os.write(1, dumped) :]
                closes = plain.suspends(code) or b"open" in source
                if not closes and plain.imports_of(code, self.library.reachable) is not None:
                    self._report.quiet()
                status = 0
            except BaseException as error:
                sys.excepthook(type(error), error.with_traceback(None), None)
                with suppress(BaseException):
                    sys.stderr.flush()
        finally:
            os._exit(status)


class _Execution:
    """The files of one execution."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.files = (os.memfd_create("stdin"), os.memfd_create("stdout"), os.memfd_create("stderr"))

    def fill(self, inputs: int, offset: int, size: int) -> None:
        """Put standard input where the program finds it."""
        copy(self.files[0], inputs, offset, size)
        os.lseek(self.files[0], 0, os.SEEK_SET)

    def close(self) -> None:
        for fd in self.files:
            os.close(fd)


class _Sent:
    """How far the records in a results file are whole, of this job, and in the order of its inputs."""

    def __init__(self, fd: int, number: int, indices: list[int]) -> None:
        self.fd = fd
        self.start = 0
        self.count = 0
        self._number = number
        self._indices = indices

    def advance(self) -> int:
        """Bytes from `start` of records that are new since the last call; moves `start` behind them.

        What follows a record that is none is left unread: the inputs it stands for get forks of their own.
        """
        available = os.fstat(self.fd).st_size
        size = RECORD_HEAD.size + SHARED_BODY.size
        at = self.start
        while at + size <= available and self.count < len(self._indices):
            head = os.pread(self.fd, size, at)
            body = SHARED_BODY.unpack_from(head, RECORD_HEAD.size)
            end = at + size + body[3] + body[4]
            if RECORD_HEAD.unpack_from(head) != (SHARED, self._number, self._indices[self.count]) or end > available:
                break
            at = end
            self.count += 1
        moved, self.start = at - self.start, at
        return moved


def _judged(number: int, index: int, verdict: str, reason: str, ending: Ending, tail: int, kept: int) -> bytes:
    """A record up to where standard error and output follow."""
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
