"""Runs the inputs of one job: several in one process if the program is plain (see `plain`), else each in a fork."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import closing
from typing import NamedTuple

from sandbox.runner import compiled, plain, program
from sandbox.runner.bounds import file_limit
from sandbox.runner.channel import Outbox
from sandbox.runner.forker import Forker, start_forker
from sandbox.runner.frames import LARGEST_SHARED, STDERR_TAIL, Limits
from sandbox.runner.jail import Jail, JailUnusable
from sandbox.runner.processes import ENDED, Process
from sandbox.runner.records import Execution, SharedRecords, judged
from sandbox.runner.surroundings import Library
from sandbox.runner.tasks import COMPILE, EXECUTE, NOT_COMPILED, SHARE, Tasks
from sandbox.runner.verdict import Ending, OomKills, judge
from sandbox.runner.zygote import Starter

COMPILE_LIMITS = Limits(cpu_s=10, wall_s=20, memory=1 << 30, output=64 << 20, processes=1)
COMPILE_ERROR = "compile error"
SHARES = 2
"""Maximum number of processes of a job that run several inputs each; further inputs get forks of their own."""
SLOW = 0.05
"""Share of the CPU limit after which an input counts as slow.

A shared process is then ended, and the input runs again in a fork; after a slow fork, the remaining inputs are handed
back to the host.
"""
SLOW_WALL_S = 0.2
"""Wall seconds after which an input in a fork counts as slow."""
STUCK_WALL_S = 1.0
"""Wall seconds without progress after which a shared process is ended, even if it used little CPU time."""
LOOK_S = 0.025
"""Seconds between two polls of a shared process."""
MOST_FORKED = 64
"""Maximum number of executions whose files are made together: a request to the zygote is limited to MOST_FILES."""
LARGEST_UNCOMPILED = 1 << 14
"""Maximum bytes of a source that the first execution may compile itself, which takes about COMPILE_SLACK_S at most."""
COMPILE_SLACK_S = 0.1
"""Additional CPU seconds of an execution that compiles; the time that compiling really took is subtracted later."""
COMPILE_S = 1.0
"""CPU seconds after which a shared process that is still compiling is ended."""


class Job(NamedTuple):
    """A program, and a file with its inputs, one after another."""

    number: int
    source: bytes
    limits: Limits
    strict: bool
    table: list[tuple[int, int]]
    """Index and size of each input."""
    inputs: int
    """Descriptor of the file with the inputs."""


class CompileFailure(NamedTuple):
    """A program that does not compile."""

    error: str
    stderr: bytes


class Jobs:
    """Runs jobs in a jail and puts a record for each input into the outbox."""

    def __init__(self, jail: Jail, outbox: Outbox) -> None:
        self.jail = self._jail = jail
        self._outbox = outbox
        self._report = jail.report
        self._oom_kills = OomKills()
        self.interpreter = program.Interpreter()
        self.interpreter.install()
        self.library = Library()
        self._starter = Starter(jail, Tasks(jail, self.interpreter, self.library))

    def run(self, job: Job) -> bool:
        """Run the inputs and return whether all were run.

        After a slow input the remaining ones are left to the host, which can distribute them over several slots.

        Raises JailUnusable where the slot must be replaced.
        """
        code = os.memfd_create("code")
        try:
            return self._run(job, code)
        finally:
            os.close(code)

    def _run(self, job: Job, code: int) -> bool:
        shares = 0 if job.strict or len(job.source) > plain.LARGEST else SHARES
        is_left_to_first = self._jail.can_fork_from_child and len(job.source) <= LARGEST_UNCOMPILED
        position, offset = 0, 0
        while position < len(job.table):
            if shares and len(job.table) - position > 1:
                shares -= 1
                done = self._share(job, position, offset)
                is_left_to_first = is_left_to_first and self._report.was_compiled
                if self._report.is_not_plain:
                    shares = 0
                offset += sum(size for _, size in job.table[position : position + done])
                position += done
                if position == len(job.table):
                    break
            if compiled.head(code) is None and not is_left_to_first:
                failed = self._compile(job.source, code)
                if failed is not None:
                    for index, _ in job.table[position:]:
                        self._record_compile_error(job, failed, index)
                    break
            is_left_to_first = False
            done, slow = self._alone(job, code, position, offset, 1 if shares else MOST_FORKED)
            offset += sum(size for _, size in job.table[position : position + done])
            position += done
            if slow and position < len(job.table):
                return False
        return True

    def _alone(self, job: Job, code: int, first: int, offset: int, most: int) -> tuple[int, bool]:
        """Run at most `most` inputs, each in its own fork; returns how many were run, and whether the last was slow.

        No input is run if the program was not compiled and the first execution failed to compile it.
        """
        runs = []
        try:
            for index, size in job.table[first : first + most]:
                runs.append(Execution(index))
                runs[-1].fill(job.inputs, offset, size)
                offset += size
            execute = self._execute_forked if self._jail.can_fork_from_child else self._execute
            # The generator is closed before the files, because closing it ends the processes that may still use them.
            with closing(execute(job, code, runs)) as endings:
                done = 0
                for ending in endings:
                    self._record(job, runs[done], ending)
                    done += 1
                    if ending.killed or ending.cpu_s > SLOW * job.limits.cpu_s or ending.wall_s > SLOW_WALL_S:
                        return done, True
            return done, False
        finally:
            for run in runs:
                run.close()

    def _execute(self, job: Job, code: int, runs: list[Execution]) -> Generator[Ending, None, None]:
        """Yield how each of these executions ended, once it has; the starter starts a process for each."""
        bounds = self._jail.kernel.bounds(job.limits)
        for run in runs:
            self._report.reset()
            process = self._starter.start(EXECUTE, (bounds,), (*run.files, code))
            yield self._jail.watch(process, job.limits, self._outbox.flush)

    def _execute_forked(self, job: Job, code: int, runs: list[Execution]) -> Generator[Ending, None, None]:
        """Yield how each of these executions ended, once it has; a forker, one process for many of them, forks each.

        Yields nothing if the program was not compiled and the first execution failed to compile it.
        """
        bounds = self._jail.kernel.bounds(job.limits)
        forker: Forker | None = None
        try:
            for position in range(len(runs)):
                if forker is None or not forker.lives:
                    files = [fd for run in runs[position:] for fd in run.files]
                    forker = start_forker(self._jail, self._starter, (job.source, bounds), (code, *files))
                self._report.reset()
                if compiled.head(code) is not None:
                    yield forker.execute(job.limits, self._outbox.flush)
                    continue
                extended = job.limits._replace(cpu_s=job.limits.cpu_s + COMPILE_SLACK_S)
                ending = forker.execute(extended, self._outbox.flush)
                head = compiled.head(code)
                if head is None:
                    self._jail.entering_failed()
                    self._oom_kills.rose()
                    return
                yield ending._replace(cpu_s=max(0.0, ending.cpu_s - head.cpu_s))
        finally:
            if forker is not None:
                forker.finish()

    def _record(self, job: Job, run: Execution, ending: Ending) -> None:
        _, stdout, stderr = run.files
        written, complained = os.fstat(stdout).st_size, os.fstat(stderr).st_size
        if ending.status and self._jail.entering_failed():
            verdict, reason = "sandbox_error", f"could not start the program: {self._report.name}"
        else:
            verdict, reason = judge(ending, job.limits, written, complained, self._report, self._oom_kills)
        tail, kept = min(complained, STDERR_TAIL), min(written, job.limits.output)
        head = judged(job.number, run.index, verdict, reason, ending, tail, kept)
        self._outbox.put(head, (stderr, complained - tail, tail), (stdout, 0, kept))

    def _record_compile_error(self, job: Job, failed: CompileFailure, index: int) -> None:
        tail = failed.stderr[-STDERR_TAIL:]
        ending = Ending(1 << 8, "", 0.0, 0.0, 0)
        self._outbox.put(judged(job.number, index, "crash", failed.error, ending, len(tail), 0) + tail)

    def _share(self, job: Job, first: int, offset: int) -> int:
        """Run inputs from `first` on in one process, which compiles the program first; returns how many were run."""
        table = job.table[first:]
        scratch, results = os.memfd_create("scratch"), os.memfd_create("results")
        try:
            self._report.reset()
            size = min(len(table) * file_limit(job.limits), LARGEST_SHARED)
            bounds = self._jail.kernel.bounds(job.limits, len(table), size)
            arguments = (job.source, bounds, tuple(job.limits), job.number, table, offset)
            process = self._starter.start(SHARE, arguments, (job.inputs, results, scratch))
            sent = SharedRecords(results, job.number, [index for index, _ in table])
            self._watch_shared(process, job.limits, sent)
            self._forward(sent)
            if sent.count < len(table):
                # Read and so reset: what ended the process must not count again against the input that runs again.
                self._oom_kills.rose()
                self._jail.entering_failed()
            return sent.count
        finally:
            os.close(scratch)
            os.close(results)

    def _watch_shared(self, process: Process, limits: Limits, sent: SharedRecords) -> None:
        """Wait for a shared process; end it when one of its inputs is slow."""
        before, since = (-1, 0.0), time.monotonic()
        while not process.ended_within(LOOK_S):
            self._forward(sent)
            self._outbox.flush()
            progress = self._report.progress
            if progress != before:
                before, since = progress, time.monotonic()
            most = COMPILE_S if progress[0] < 0 else SLOW * limits.cpu_s
            if process.cpu_s() - progress[1] > most or time.monotonic() - since > max(STUCK_WALL_S, most):
                process.kill()
                break
        process.wait()
        self._jail.clean()

    def _forward(self, sent: SharedRecords) -> None:
        start, size = sent.start, sent.advance()
        if size:
            self._outbox.put(b"", (sent.fd, start, size))

    def _compile(self, source: bytes, code: int) -> CompileFailure | None:
        """Have the program compiled in a process of its own; returns the failure, or None."""
        failed, was_killed = self._try_to_compile(source, code)
        # A compiler that was killed is started once more: perhaps it died only because the zygote was killed.
        return self._try_to_compile(source, code)[0] if was_killed else failed

    def _try_to_compile(self, source: bytes, code: int) -> tuple[CompileFailure | None, bool]:
        stdin, stderr = os.memfd_create("stdin"), os.memfd_create("stderr")
        try:
            os.ftruncate(code, 0)
            self._report.reset()
            bounds = self._jail.kernel.bounds(COMPILE_LIMITS)
            process = self._starter.start(COMPILE, (source, bounds), (stdin, code, stderr))
            ending = self._jail.watch(process, COMPILE_LIMITS, self._outbox.flush)
            self._oom_kills.rose()
            if compiled.head(code) is not None:
                return None, False
            if self._jail.entering_failed():
                raise JailUnusable(f"a compiler process did not start: {self._report.name}")
            error = COMPILE_ERROR
            if os.WIFSIGNALED(ending.status) or os.waitstatus_to_exitcode(ending.status) != NOT_COMPILED:
                error = f"{COMPILE_ERROR}: the source is too large or too deep to compile"
            failed = CompileFailure(error, os.pread(stderr, os.fstat(stderr).st_size, 0))
            return failed, ending.status == ENDED and not ending.killed
        finally:
            os.close(stdin)
            os.close(stderr)
